--- What Kerberos says: a domain controller or the library that asks it. It speaks for the directory.
-- Source of the numbers: RFC 4120 section 7.5.9, as Java and gokrb5 write them.
-- @module dwsync.health.causes.kerberos
local UNKNOWN_CLIENT = { "kerberos_client_unknown", "the Kerberos server does not know the principal that logs on",
    "Check the principal's name and realm in the identity source; the realm is written in capitals.",
    phrases = { "c_principal_unknown", "client not found in kerberos database" } }
local UNKNOWN_SERVICE = { "kerberos_service_unknown",
    "the Kerberos server does not know the directory's service principal",
    "Use the directory's full host name in the identity source, and register its service principal (SPN).",
    phrases = { "s_principal_unknown", "server not found in kerberos database" } }
local ENCRYPTION = { "kerberos_encryption", "the Kerberos server and the synchronisation share no encryption type",
    "Enable AES for the bind account in the directory, then create its keytab anew.",
    phrases = { "etype_nosupp", "no support for encryption type", "cannot find key of appropriate type",
        "encryption type not permitted" } }
local REVOKED = { "kerberos_account", "the Kerberos account is disabled, expired or locked",
    "Enable or unlock the account in the directory, or give the identity source another one.",
    phrases = { "client_revoked", "credentials have been revoked" } }
local EXPIRED = { "kerberos_password_expired", "the password of the Kerberos account has expired",
    "Set a new password, then create the keytab anew or enter the password in the identity source.",
    phrases = { "kdc_err_key_expired", "password has expired" } }
local PREAUTHENTICATION = { "kerberos_credentials", "the Kerberos server refused the password or key",
    "Enter the account's current password in the identity source, or create its keytab anew.",
    phrases = { "preauth_failed", "pre-authentication information was invalid", "preauthentication failed",
        "password incorrect" } }
local KEY = { "kerberos_keytab", "the key in the keytab is not the account's current one",
    "Create the keytab anew: the account's password was changed after it was made.",
    phrases = { "checksum failed", "integrity check on decrypted field failed", "modified", "badkeyver",
        "specified version of key is not available", "decrypt integrity check failed" } }
local TICKET = { "kerberos_ticket", "the Kerberos ticket has expired or is missing",
    "Check that the synchronisation may renew its ticket: keytab, ticket cache, lifetime.",
    phrases = { "tkt_expired", "ticket expired", "ticket has expired", "failed to find any kerberos tgt",
        "no credentials cache", "no kerberos credentials available", "no valid credentials provided",
        "credentials cache file" } }
local SKEW = { "kerberos_clock_skew", "the clocks of the Kerberos server and the synchronisation differ too much",
    "Synchronise both clocks by NTP; Kerberos allows five minutes.",
    phrases = { "clock skew", "ap_err_skew" } }

return {
    speaker = "directory",
    peer = "the Kerberos server",
    marks = { "kerberos", "kinit", "initial credentials", "krb", "gssapi", "gss-api", "gssexception", "gss_",
        "keytab", "kdc" },
    next_step = "Look for the time of the run in the Kerberos server's log.",
    before = {},
    codes = {
        { by = { ["6"] = UNKNOWN_CLIENT, ["7"] = UNKNOWN_SERVICE, ["14"] = ENCRYPTION, ["18"] = REVOKED,
            ["23"] = EXPIRED, ["24"] = PREAUTHENTICATION, ["31"] = KEY, ["32"] = TICKET, ["37"] = SKEW, ["41"] = KEY,
            ["44"] = KEY }, "krbexception: [^%(]*%((%d+)%)", "krb[_ ]error:? %((%d+)%)", "krb%-error %((%d+)%)",
            "mechanism level: [^%(]*%((%d+)%)", "kdc has no support for encryption type %((%d+)%)" },
    },
    phrases = {
        SKEW, UNKNOWN_CLIENT, UNKNOWN_SERVICE, ENCRYPTION, REVOKED, EXPIRED, PREAUTHENTICATION, KEY,
        { "kerberos_keytab", "the keytab has no key for this principal, or cannot be read",
            "Check the keytab's path and permissions, and that it holds the principal of the identity source.",
            phrases = { "key table entry not found", "key table file", "unable to obtain password from user",
                "no suitable keys", "keytab file", "no key table entry" } },
        { "kerberos_kdc_unreachable", "no Kerberos server of the realm could be found or reached",
            "Check the realm and its servers in krb5.conf or DNS, and that port 88 is open from the cluster.",
            phrases = { "cannot contact any kdc", "cannot find kdc", "cannot locate kdc", "cannot get kdc",
                "cannot resolve network address for kdc", "unable to locate kdc", "receive timed out",
                "no such realm", "cannot locate default realm", "communicating with kdc" } },
        TICKET,
    },
}
