local cases = require "spec.health.causes.cases"

local MESSAGES = {
    { class = "kerberos_clock_skew", speaker = "directory",
        cause = "the clocks of the Kerberos server and the synchronisation differ too much",
        next_step = "Synchronise both clocks by NTP; Kerberos allows five minutes.",
        cases = {
            "KrbException: Clock skew too great (37) - PROCESS_TGS",
            { "GSSAPI Error: Unspecified GSS failure.  Minor code may provide more information (Clock "
                .. "skew too great)",
                "GSSAPI Error: Unspecified GSS failure. Minor code may provide more information "
                    .. "(Clock skew too great)" },
        } },
    { class = "kerberos_client_unknown", speaker = "directory",
        cause = "the Kerberos server does not know the principal that logs on",
        next_step = "Check the principal's name and realm in the identity source; the realm is written in capitals.",
        cases = {
            "[Root cause: KDC_Error] KDC_Error: AS Exchange Error: kerberos error response from KDC: "
                .. "KRB Error: (6) KDC_ERR_C_PRINCIPAL_UNKNOWN Client not found in Kerberos database",
        } },
    { class = "kerberos_service_unknown", speaker = "directory",
        cause = "the Kerberos server does not know the directory's service principal",
        next_step = "Use the directory's full host name in the identity source, and register its service "
            .. "principal (SPN).",
        cases = {
            "GSSException: No valid credentials provided (Mechanism level: Server not found in "
                .. "Kerberos database (7) - LOOKING_UP_SERVER)",
        } },
    { class = "kerberos_credentials", speaker = "directory",
        cause = "the Kerberos server refused the password or key",
        next_step = "Enter the account's current password in the identity source, or create its keytab anew.",
        cases = {
            "kinit: Preauthentication failed while getting initial credentials",
            "javax.security.auth.login.LoginException: Pre-authentication information was invalid (24) krb5",
        } },
    { class = "kerberos_kdc_unreachable", speaker = "directory",
        cause = "no Kerberos server of the realm could be found or reached",
        next_step = "Check the realm and its servers in krb5.conf or DNS, and that port 88 is open from the "
            .. "cluster.",
        cases = {
            "javax.security.auth.login.LoginException: Cannot locate KDC: krb5.conf",
            { "kinit: Cannot contact any KDC for realm 'EXAMPLE.COM' while getting initial credentials",
                "kinit: Cannot contact any KDC for realm <name> while getting initial credentials" },
        } },
    { class = "kerberos_keytab", speaker = "directory",
        cause = "the keytab has no key for this principal, or cannot be read",
        next_step = "Check the keytab's path and permissions, and that it holds the principal of the identity "
            .. "source.",
        cases = {
            "javax.security.auth.login.LoginException: Unable to obtain password from user; keytab "
                .. "/etc/dws/sync.keytab",
            "krb5: Key table entry not found while getting initial credentials",
        } },
    { class = "kerberos_encryption", speaker = "directory",
        cause = "the Kerberos server and the synchronisation share no encryption type",
        next_step = "Enable AES for the bind account in the directory, then create its keytab anew.",
        cases = {
            "KrbException: KDC has no support for encryption type (14)",
        } },
    { class = "kerberos_keytab", speaker = "directory",
        cause = "the key in the keytab is not the account's current one",
        next_step = "Create the keytab anew: the account's password was changed after it was made.",
        cases = {
            "GSSException: Failure unspecified at GSS-API level (Mechanism level: Checksum failed) krb5",
        } },
    { class = "kerberos_account", speaker = "directory",
        cause = "the Kerberos account is disabled, expired or locked",
        next_step = "Enable or unlock the account in the directory, or give the identity source another one.",
        cases = {
            "kinit: Clients credentials have been revoked while getting initial credentials; Kerberos",
        } },
    { class = "kerberos_ticket", speaker = "directory",
        cause = "the Kerberos ticket has expired or is missing",
        next_step = "Check that the synchronisation may renew its ticket: keytab, ticket cache, lifetime.",
        cases = {
            "kerberos: Ticket expired while renewing credentials",
            "GSSException: No valid credentials provided (Mechanism level: Failed to find any Kerberos tgt)",
            { "SASL(-1): generic failure: GSSAPI Error: No Kerberos credentials available (default "
                .. "cache: FILE:/tmp/krb5cc_1001)",
                "SASL(-#): generic failure: GSSAPI Error: No Kerberos credentials available (default "
                    .. "cache: FILE:/tmp/krb#cc_#)" },
        } },
}

describe("messages of Kerberos", function()
    for _, expected in ipairs(MESSAGES) do
        it(cases.title(expected), function()
            cases.check(expected)
        end)
    end
end)
