local cases = require "spec.health.causes.cases"

local MESSAGES = {
    { class = "connection", speaker = "network",
        cause = "the connection to the directory could not be established",
        next_step = "Check the address and port of the directory where they are configured, that it is up, and "
            .. "the firewall.",
        cases = {
            "ldap_sasl_bind(SIMPLE): Can't contact LDAP server (-1)",
            { "LDAPサーバー dc1 に接続できません",
                "LDAPサーバー dc# に接続できません" },
        } },
    { class = "connection", speaker = "network",
        cause = "the directory refused the connection",
        next_step = "Check that the directory is up and listening on that port, and that no firewall rejects the "
            .. "connection.",
        cases = {
            { "LDAPException(resultCode=91 (connect error), errorMessage='Unable to connect to server "
                .. "dc1.example.com:636: java.net.ConnectException: Connection refused')",
                "LDAPException(resultCode=91 (connect error), errorMessage='Unable to connect to "
                    .. "server <address>: java.net.ConnectException: Connection refused')" },
            { 'LDAP Result Code 200 "Network Error": dial tcp 10.0.0.17:636: connect: connection refused',
                'LDAP Result Code 200 "Network Error": dial tcp <address>: connect: connection refused' },
        } },
    { class = "timeout", speaker = "network",
        cause = "the directory did not answer in time",
        next_step = "Check the directory's load and the network between it and the cluster (firewall, route).",
        cases = {
            { "LDAP response read timed out, timeout used: 30000 ms.",
                "LDAP response read timed out, timeout used: # ms." },
            { "javax.naming.CommunicationException: ldap.corp.example:636 [Root exception is "
                .. "java.net.ConnectException: Connection timed out]",
                "javax.naming.CommunicationException: <address> [Root exception is "
                    .. "java.net.ConnectException: Connection timed out]" },
            { "目录服务器 ldaps://dc1.example.com:636 连接超时",
                "目录服务器 <address> 连接超时" },
            "LDAPサーバー: 接続がタイムアウトしました",
        } },
    { class = "certificate", speaker = "network",
        cause = "the certificate of the directory was issued by an authority that is not trusted",
        next_step = "Import the certificate of the authority, and any between, into the trust store for the "
            .. "directory.",
        cases = {
            { "javax.naming.CommunicationException: dc1.example.com:636 [Root exception is "
                .. "javax.net.ssl.SSLHandshakeException: PKIX path building failed: "
                .. "sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid "
                .. "certification path to requested target]",
                "javax.naming.CommunicationException: <address> [Root exception is "
                    .. "javax.net.ssl.SSLHandshakeException: PKIX path building failed: "
                    .. "sun.security.provider.certpath.SunCertPathBuilderException: unable to " },
            'LDAP Result Code 200 "Network Error": tls: failed to verify certificate: x509: '
                .. "certificate signed by unknown authority",
        } },
    { class = "certificate", speaker = "network",
        cause = "the certificate of the directory is made out for another name",
        next_step = "Use the name that the certificate has as the host name of the directory, or have it issued "
            .. "for this one.",
        cases = {
            { "javax.naming.CommunicationException: simple bind failed: dc1.example.com:636 [Root "
                .. "exception is javax.net.ssl.SSLHandshakeException: No subject alternative DNS name "
                .. "matching dc1.example.com found.]",
                "javax.naming.CommunicationException: simple bind failed: <address> [Root exception "
                    .. "is javax.net.ssl.SSLHandshakeException: No subject alternative DNS name matching "
                    .. "<address> found.]" },
        } },
    { class = "connection", speaker = "network",
        cause = "the connection to the directory broke",
        next_step = "Check whether the directory restarted, and whether a firewall or load balancer between "
            .. "closes idle connections.",
        cases = {
            { "javax.naming.ServiceUnavailableException: dc1.example.com:389; socket closed",
                "javax.naming.ServiceUnavailableException: <address>; socket closed" },
            "LDAPSocketOpenError: socket ssl wrapping error: [Errno 104] Connection reset by peer",
            { "org.ldaptive.LdapException: Connection closed by the directory at 10.0.0.17:636",
                "org.ldaptive.LdapException: Connection closed by the directory at <address>" },
        } },
    { class = "name_resolution", speaker = "network",
        cause = "the host name of the directory could not be resolved",
        next_step = "Check the host name of the directory where it is configured, and the DNS servers of the "
            .. "cluster's network.",
        cases = {
            { 'LDAP Result Code 200 "Network Error": dial tcp: lookup dc1.example.com on 10.0.0.2:53: no such host',
                'LDAP Result Code 200 "Network Error": dial tcp: lookup <address> on <address>: no such host' },
            { "org.springframework.ldap.CommunicationException: dc1.example.com:636; nested exception "
                .. "is javax.naming.CommunicationException: dc1.example.com:636 [Root exception is "
                .. "java.net.UnknownHostException: dc1.example.com]",
                "org.springframework.ldap.CommunicationException: <address>; nested exception is "
                    .. "javax.naming.CommunicationException: <address> [Root exception is "
                    .. "java.net.UnknownHostException: <address>]" },
        } },
    { class = "timeout", speaker = "network",
        cause = "the identity provider did not answer in time",
        next_step = "Check the identity provider's load and the network between it and the cluster (firewall, "
            .. "route).",
        cases = {
            { 'Get "https://idp.example.com/.well-known/openid-configuration": dial tcp 10.0.0.3:443: i/o timeout',
                "Get <name>: dial tcp <address>: i/o timeout" },
            { "io.netty.channel.ConnectTimeoutException: connection timed out: "
                .. "idp.example.com/10.0.0.3:443 for https://idp.example.com/scim/v2",
                "io.netty.channel.ConnectTimeoutException: connection timed out: <address>/<address> for <address>" },
        } },
    { class = "certificate", speaker = "network",
        cause = "the certificate of the identity provider has expired or is not valid yet",
        next_step = "Renew the certificate of the identity provider, and check the clocks of both sides.",
        cases = {
            "OneAccess: SSLHandshakeException: certificate has expired",
        } },
    { class = "certificate", speaker = "network",
        cause = "the certificate of the identity source was issued by an authority that is not trusted",
        next_step = "Import the certificate of the authority, and any between, into the trust store for the "
            .. "identity source.",
        cases = {
            "error:0A000086:SSL routines::certificate verify failed:self-signed certificate in certificate chain",
            "curl: (60) SSL certificate problem: unable to get local issuer certificate",
        } },
    { class = "tls", speaker = "network",
        cause = "the port of the identity source does not speak TLS",
        next_step = "Use the port for TLS (636 for ldaps://, 443 for https://), or StartTLS, to reach the "
            .. "identity source.",
        cases = {
            "SSL_connect: error:0A00010B:SSL routines::wrong version number",
        } },
    { class = "certificate", speaker = "network",
        cause = "the certificate of the identity source has expired or is not valid yet",
        next_step = "Renew the certificate of the identity source, and check the clocks of both sides.",
        cases = {
            { "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: "
                .. "current time 2025-05-19T06:55:23Z is after 2025-05-01T00:00:00Z",
                "tls: failed to verify certificate: x509: certificate has expired or is not yet "
                    .. "valid: current time <time> is after <time>" },
            { "java.security.cert.CertPathValidatorException: validity check failed; NotAfter: Mon May "
                .. "19 06:55:23 CST 2025",
                "java.security.cert.CertPathValidatorException: validity check failed; NotAfter: <time>" },
        } },
    { class = "certificate", speaker = "network",
        cause = "the certificate of the identity source is made out for another name",
        next_step = "Use the name that the certificate has as the host name of the identity source, or have it "
            .. "issued for this one.",
        cases = {
            { "x509: certificate is valid for idp.example.com, not sso.example.com",
                "x509: certificate is valid for <address>, not <address>" },
            { "Hostname dc1.example.com not verified: certificate: sha256/AbC= DN: CN=dc2.example.com "
                .. "subjectAltNames: [dc2.example.com]",
                "Hostname <address> not verified: certificate: sha256/AbC= DN: <dn> subjectAltNames: <address>" },
        } },
    { class = "tls", speaker = "network",
        cause = "the identity source and the cluster have no TLS version in common",
        next_step = "Enable TLS 1.2 or later for the identity source and in the synchronisation.",
        cases = {
            "javax.net.ssl.SSLHandshakeException: Received fatal alert: protocol_version",
            "javax.net.ssl.SSLHandshakeException: No appropriate protocol (protocol is disabled or "
                .. "cipher suites are inappropriate)",
        } },
    { class = "tls", speaker = "network",
        cause = "the identity source and the cluster could not agree on TLS",
        next_step = "Check which TLS versions and ciphers the identity source accepts, and that its port really "
            .. "speaks TLS.",
        cases = {
            "javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure",
        } },
    { class = "name_resolution", speaker = "network",
        cause = "the host name of the identity source could not be resolved",
        next_step = "Check the host name of the identity source where it is configured, and the DNS servers of "
            .. "the cluster's network.",
        cases = {
            { "java.net.UnknownHostException: dc1",
                "java.net.UnknownHostException: <address>" },
            { "curl: (6) Could not resolve host: idp.example.com",
                "curl: (6) Could not resolve host: <address>" },
            { "getaddrinfo EAI_AGAIN idp.example.com",
                "getaddrinfo EAI_AGAIN <address>" },
        } },
    { class = "timeout", speaker = "network",
        cause = "the identity source did not answer in time",
        next_step = "Check the identity source's load and the network between it and the cluster (firewall, route).",
        cases = {
            "java.net.SocketTimeoutException: connect timed out",
            { "connect ETIMEDOUT 10.0.0.17:636",
                "connect ETIMEDOUT <address>" },
            "接続がタイムアウトしました",
        } },
    { class = "connection", speaker = "network",
        cause = "the identity source refused the connection",
        next_step = "Check that the identity source is up and listening on that port, and that no firewall "
            .. "rejects the connection.",
        cases = {
            "java.net.ConnectException: Connection refused (Connection refused)",
            { "连接被拒绝: 10.0.0.17:636",
                "连接被拒绝: <address>" },
            "Verbindungsaufbau abgelehnt",
        } },
    { class = "connection", speaker = "network",
        cause = "there is no route to the identity source",
        next_step = "Check the address of the identity source, the routes and security groups of the cluster's "
            .. "network, and the VPN or peering.",
        cases = {
            { "dial tcp 10.0.0.17:389: connect: no route to host",
                "dial tcp <address>: connect: no route to host" },
            "connect: network is unreachable",
        } },
    { class = "connection", speaker = "network",
        cause = "the connection to the identity source broke",
        next_step = "Check whether the identity source restarted, and whether a firewall or load balancer "
            .. "between closes idle connections.",
        cases = {
            "java.net.SocketException: Connection reset",
            { "read tcp 10.0.0.9:40122->10.0.0.17:636: read: connection reset by peer",
                "read tcp <address>-><address>: read: connection reset by peer" },
            "unexpected EOF",
        } },
    { class = "certificate", speaker = "network",
        cause = "the certificate of the directory has expired or is not valid yet",
        next_step = "Renew the certificate of the directory, and check the clocks of both sides.",
        cases = {
            "ldap_sasl_bind(SIMPLE): Can't contact LDAP server (-1) additional info: "
                .. "error:0A000086:SSL routines::certificate verify failed (certificate has expired)",
        } },
}

describe("messages of DNS, TLS and connections", function()
    for _, expected in ipairs(MESSAGES) do
        it(cases.title(expected), function()
            cases.check(expected)
        end)
    end
end)
