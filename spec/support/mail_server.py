"""A real SMTP server for specs: aiosmtpd on 127.0.0.1, with AUTH and, with a certificate, STARTTLS.

mail_server.py FOLDER [CERTIFICATE KEY]: prints its port, writes each mail that it takes to FOLDER/N.json as Python's email
package reads it, and ends with its standard input. It must not send anything anywhere.
"""
import asyncio
import email
import email.policy
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

FOLDER = sys.argv[1]


class Handler:
    count = 0
    logins = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone@"):
            return "550 5.1.1 <" + address + "> is gone"
        if address.startswith("grey@"):
            return "450 4.2.0 <" + address + "> is greylisted"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        Handler.count += 1
        with open(os.path.join(FOLDER, "part"), "w") as file:
            json.dump({
                "from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None,
                "login": session.authenticated, "headers": {k.lower(): str(v) for k, v in mail.items()},
                "date": mail["date"].datetime.isoformat(), "defects": [str(d) for d in mail.defects],
                "parts": [[p.get_content_type(), p.get_content()] for p in mail.iter_parts()],
                "longest": max(len(line) for line in envelope.content.split(b"\r\n")),
            }, file)
        os.rename(os.path.join(FOLDER, "part"), os.path.join(FOLDER, "%d.json" % Handler.count))
        return "250 2.0.0 taken"


def authenticate(server, session, envelope, mechanism, data):
    Handler.logins += 1
    with open(os.path.join(FOLDER, "part"), "w") as file:  # who reads must not find half of it
        file.write(str(Handler.logins))
    os.rename(os.path.join(FOLDER, "part"), os.path.join(FOLDER, "logins"))
    good = data.login == b"dwsync" and data.password == "geheim 密码".encode()
    return AuthResult(success=good, handled=False)


def main():
    tls = None
    if len(sys.argv) > 2:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[2], sys.argv[3])

    def protocol():
        return SMTP(Handler(), tls_context=tls, require_starttls=tls is not None, authenticator=authenticate,
                    auth_required=tls is not None, auth_require_tls=tls is not None, hostname="mail.example", loop=loop)

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    server = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0))
    print(server.sockets[0].getsockname()[1], flush=True)
    loop.run_until_complete(loop.run_in_executor(None, sys.stdin.read))
    os._exit(0)


main()
