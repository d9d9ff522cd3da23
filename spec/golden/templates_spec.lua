-- What is kept of messages when what is particular is masked: each word that a template knows in a sentence of its own,
-- codes, and words at the border of what is an id.
local kept = require "spec.golden.kept"
local template = require "dwsync.health.template"

-- A form, and the words that are put into it.
local FORMS = {
    { "bad entry %s=value9 there", "cn ou dc uid o c l st street sn mail samaccountname userprincipalname member "
        .. "memberof xx CN" },
    { "broken %s was used", "x509 krb5 ldap3 ldapv2 ldapv3 oauth2 saml2 sha1 sha256 sha384 sha512 md5 utf8 ipv4 ipv6 "
        .. "http2 sslv2 sslv3 tls1 aes128 aes256 rc4 base64 psycopg2 xyz9 SHA1" },
    { "cannot read server.%s here", "conf crt pem jks keytab log so dll exe java xml json py go lua cc cpp properties "
        .. "csv yml yaml com" },
    { '{"%s": "abc_12"}', "error code errorcode error_code scimtype status statuscode status_code suberror result "
        .. "description error_subcode sqlstate severity other" },
    { '{"%s": "It is down"}', "message msg detail details error_description errorsummary title desc info reason "
        .. "comment text errormessage error_msg diagnosticmessage hint cause other" },
    { "it said 404 %s now", "Unauthorized Forbidden Not Conflict Too Internal Bad Service Gateway Client Server Gone "
        .. "Method Proxy Request Unprocessable Precondition Payload Other" },
    { "user anna %s it", "already not does is was has cannot could did exists skipped rejected refused failed went" },
    { "role anna %s it", "already exists went" },
    { "the word %s came", "a1b abc1 abcd ab1 1234 12ab a1b2 a1b2c3d a1b2c3d4 abcdefg1 abcdef12 abc1def2 1a2b3c4d5e "
        .. "deadbeef deadbee1 ab:cd ab:cd:ef a::b a:b::c ::1 1:2:3:4:5 1:2:3:4:5:6 10.0.0.1 1.5ms host.example.com "
        .. "Host.Example.Com java.lang.Error a@b.de eyJhb.cd-e =x a=1" },
}

local MESSAGES = { 'Result Code 49 "Invalid Credentials" here', "Error Code: -12ab", "error code=7", "result code 32",
    "ResultCode = 32", "Result - 51 - Busy", "err=49 text", "err=-3", "rc=-1 x", "ldap_bind: refused (49)",
    "bind: refused (49)", "krb5: refused (-17)", "GSS: refused (5)", "Kerberos: refused (5)",
    "AcceptSecurity, data 52e", "problem 2001 x", "80090308: LdapErr: DSID", "Status Code: 404",
    "status 404", "status 4040", "STATUS=500",
    "HTTP/1.1 503 x", "HTTP error 502", "response code: 429", "ServerException: 500 x", "IOException$Bad: 404",
    "error=invalid_grant", "AADSTS50034: x", "E0000014 x", "SQLState: 28P01", "SQLSTATE[08006]", "ERROR [28P01] x",
    "message [28P01] x", "ERROR:  28P01: x", "GAUSS-00105 x", "DWS.5045 x", "ADB.12 x", "error:0A000086:SSL",
    "error:num=20 x", "alert number 42", "KRB-ERROR (6)", "Errno: 111", "errno -5", "Error: 12 x", "code 17 x",
    "code=17", "00002020: x", "curl: (6) x", "0x80090308 x", "0x8009030 x", "TLSv1.3 x", "TLS 1.2", "SSLv3 x",
    "(cn=anna) x", "(&(a=b)(c=d)) x", "(|(a=b)(!(c=d))) x", "pool (total=10, active=10) x", "say “anna” and «ben»",
    "say 「anna」 and 《ben》", "say 'anna' and `ben`", 'say "code 17" and "anna"',
    "ldaps://dc1.example.com:636/x, then http://10.0.0.1.", "cn=anna, ou=people, dc=example; x", "第 anna（ben），。" }

describe("the templates of messages", function()
    it("are as kept", function()
        local lines = {}
        local function show(text)
            lines[#lines + 1] = ("%s\n  %s"):format(text, (template.of(text)))
        end
        for _, form in ipairs(FORMS) do
            for word in form[2]:gmatch "%S+" do
                show(form[1]:format(word))
            end
        end
        for _, text in ipairs(MESSAGES) do
            show(text)
        end
        kept.compare("templates.txt", table.concat(lines, "\n") .. "\n")
    end)
end)
