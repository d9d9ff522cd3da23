local cases = require "spec.health.causes.cases"

local MESSAGES = {
    { class = "ldap_invalid_credentials", speaker = "directory",
        cause = "the directory refused the bind user's name or password: invalid credentials (LDAP 49, data 52e)",
        next_step = "Find out whether the bind user's password was changed, and enter the current one in the "
            .. "identity source.",
        cases = {
            { "[LDAP: error code 49 - 80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext "
                .. "error, data 52e, v4563]",
                "[LDAP: error code 49 - 80090308: LdapErr: DSID-#, comment: AcceptSecurityContext "
                    .. "error, data 52e, v#]" },
        } },
    { class = "ldap_user_not_found", speaker = "directory",
        cause = "the directory does not know the bind user (LDAP 49, data 525)",
        next_step = "Check the bind user's name or DN in the identity source; it may have been renamed, moved or "
            .. "deleted.",
        cases = {
            { "javax.naming.AuthenticationException: [LDAP: error code 49 - 80090308: LdapErr: "
                .. [=[DSID-0C09044E, comment: AcceptSecurityContext error, data 525, v2580\u0000]]=],
                "javax.naming.AuthenticationException: [LDAP: error code 49 - 80090308: LdapErr: "
                    .. [=[DSID-#, comment: AcceptSecurityContext error, data 525, v#\u#]]=] },
        } },
    { class = "ldap_logon_hours", speaker = "directory",
        cause = "the bind user may not log on at this time (LDAP 49, data 530)",
        next_step = "Widen the bind user's logon hours in the directory, or move the synchronisation into them.",
        cases = {
            { "[LDAP: error code 49 - 80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext "
                .. "error, data 530, v3839]",
                "[LDAP: error code 49 - 80090308: LdapErr: DSID-#, comment: AcceptSecurityContext "
                    .. "error, data 530, v#]" },
        } },
    { class = "ldap_workstation", speaker = "directory",
        cause = "the bind user may not log on from this machine (LDAP 49, data 531)",
        next_step = "Lift the bind user's restriction to certain workstations in the directory.",
        cases = {
            { "[LDAP: error code 49 - 80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext "
                .. "error, data 531, v3839]",
                "[LDAP: error code 49 - 80090308: LdapErr: DSID-#, comment: AcceptSecurityContext "
                    .. "error, data 531, v#]" },
        } },
    { class = "ldap_password_expired", speaker = "directory",
        cause = "the bind user's password has expired (LDAP 49, data 532)",
        next_step = "Set a new password for the bind user, enter it in the identity source, and have its expiry "
            .. "monitored.",
        cases = {
            { 'LDAP Result Code 49 "Invalid Credentials": 80090308: LdapErr: DSID-0C090447, comment: '
                .. "AcceptSecurityContext error, data 532, v3839",
                'LDAP Result Code 49 "Invalid Credentials": 80090308: LdapErr: DSID-#, comment: '
                    .. "AcceptSecurityContext error, data 532, v#" },
        } },
    { class = "ldap_account_disabled", speaker = "directory",
        cause = "the bind user is disabled (LDAP 49, data 533)",
        next_step = "Ask who disabled the bind user and why, then enable it or give the identity source another "
            .. "one.",
        cases = {
            { "InvalidCredentialsError: 80090308: LdapErr: DSID-0C0903A9, comment: "
                .. "AcceptSecurityContext error, data 533, v1db1",
                "InvalidCredentialsError: 80090308: LdapErr: DSID-#, comment: AcceptSecurityContext "
                    .. "error, data 533, v#" },
        } },
    { class = "ldap_account_expired", speaker = "directory",
        cause = "the bind user's account has expired (LDAP 49, data 701)",
        next_step = "Extend the account's expiry date in the directory.",
        cases = {
            { "{'msgtype': 97, 'msgid': 1, 'result': 49, 'desc': 'Invalid credentials', 'ctrls': [], "
                .. "'info': '80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data "
                .. "701, v3839'}",
                "{'msgtype': #, 'msgid': #, 'result': 49, 'desc': 'Invalid credentials', 'ctrls': "
                    .. "[], 'info': '80090308: LdapErr: DSID-#, comment: AcceptSecurityContext error, data "
                    .. "701, v#'}" },
        } },
    { class = "ldap_password_must_change", speaker = "directory",
        cause = "the bind user must change its password first (LDAP 49, data 773)",
        next_step = [=[Set the bind user's password without "must change at next logon", and enter it in the ]=]
            .. "identity source.",
        cases = {
            { "{'result': 49, 'description': 'invalidCredentials', 'dn': '', 'message': '80090308: "
                .. "LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data 773, v3839', "
                .. "'referrals': None, 'saslCreds': None, 'type': 'bindResponse'}",
                "{'result': 49, 'description': 'invalidCredentials', 'dn': <name>, 'message': "
                    .. "'80090308: LdapErr: DSID-#, comment: AcceptSecurityContext error, data 773, v#', "
                    .. "'referrals': None, 'saslCreds': None, 'typ" },
        } },
    { class = "ldap_account_locked", speaker = "directory",
        cause = "the bind user is locked out (LDAP 49, data 775)",
        next_step = "Find what uses a wrong password (often this identity source itself), fix it, then unlock "
            .. "the account.",
        cases = {
            { "LDAPInvalidCredentialsResult - 49 - invalidCredentials - None - 80090308: LdapErr: "
                .. "DSID-0C09042A, comment: AcceptSecurityContext error, data 775, v3839 - bindResponse - "
                .. "None",
                "LDAPInvalidCredentialsResult - 49 - invalidCredentials - None - 80090308: LdapErr: "
                    .. "DSID-#, comment: AcceptSecurityContext error, data 775, v# - bindResponse - None" },
        } },
    { class = "ldap_invalid_credentials", speaker = "directory",
        cause = "the directory refused the bind user's name or password: invalid credentials (LDAP 49)",
        next_step = "Find out whether the bind user's password was changed or has expired, and enter the current "
            .. "one in the identity source.",
        cases = {
            "ldap3.core.exceptions.LDAPBindError: automatic bind not successful - invalidCredentials",
            { "LDAP 凭据无效: cn=sync,dc=example,dc=com",
                "LDAP 凭据无效: <dn>" },
            { "Der LDAP-Server 10.0.0.17 lehnt die Anmeldung ab: Ungültige Anmeldeinformationen",
                "Der LDAP-Server <address> lehnt die Anmeldung ab: Ungültige Anmeldeinformationen" },
        } },
    { class = "ldap_invalid_credentials", speaker = "directory",
        cause = "the directory refused the bind user's name or password: invalid credentials (LDAP 49)",
        next_step = "Find out whether the bind user's password was changed or has expired, and enter the current "
            .. "one in the identity source.",
        cases = {
            "ldap_bind: Invalid credentials (49)",
            { "LDAPException(resultCode=49 (invalid credentials), errorMessage='Invalid credentials "
                .. "for cn=sync,dc=example,dc=com')",
                "LDAPException(resultCode=49 (invalid credentials), errorMessage='Invalid credentials for <dn>')" },
            { "conn=1041 op=0 RESULT tag=97 err=49 text=",
                "conn=# op=# RESULT tag=# err=49 text=" },
        } },
    { class = "ldap_bind_required", speaker = "directory",
        cause = "the directory answers only after a bind, and none succeeded (LDAP 1)",
        next_step = "Enter a bind DN and its password in the identity source; the directory allows no anonymous "
            .. "search.",
        cases = {
            { "[LDAP: error code 1 - 000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform "
                .. "this operation a successful bind must be completed on the connection., data 0, v4563]",
                "[LDAP: error code 1 - 000004DC: LdapErr: DSID-#, comment: In order to perform this "
                    .. "operation a successful bind must be completed on the connection., data 0, v#]" },
        } },
    { class = "ldap_operations_error", speaker = "directory",
        cause = "the directory failed at an operation or at its order (LDAP 1)",
        next_step = "Read the rest of the message; with Active Directory, check the bind DN and that the search "
            .. "has a base DN.",
        cases = {
            'LDAP Result Code 1 "Operations Error": 00002020: Operation unavailable without authentication',
        } },
    { class = "ldap_protocol_error", speaker = "directory",
        cause = "the directory did not understand the request (LDAP 2)",
        next_step = "Check that the identity source uses LDAPv3, and that its port belongs to the directory.",
        cases = {
            "[LDAP: error code 2 - Protocol Error]",
            "ldap_start_tls: Protocol error (2)",
        } },
    { class = "ldap_time_limit", speaker = "directory",
        cause = "the directory stopped the search at its time limit (LDAP 3)",
        next_step = "Narrow the base DN or filter, index the attributes searched for, or raise the directory's "
            .. "time limit.",
        cases = {
            { "javax.naming.TimeLimitExceededException: [LDAP: error code 3 - Timelimit Exceeded]; "
                .. "remaining name 'ou=people,dc=example,dc=com'",
                "javax.naming.TimeLimitExceededException: [LDAP: error code 3 - Timelimit Exceeded]; "
                    .. "remaining name <name>" },
            "ldap_search_ext: Time limit exceeded (3)",
        } },
    { class = "ldap_size_limit", speaker = "directory",
        cause = "the search found more entries than the directory returns (LDAP 4)",
        next_step = "Narrow the base DN or filter, or raise the directory's size limit; accounts beyond it were "
            .. "not seen.",
        cases = {
            { "javax.naming.SizeLimitExceededException: [LDAP: error code 4 - Sizelimit Exceeded]; "
                .. "remaining name 'dc=example,dc=com'",
                "javax.naming.SizeLimitExceededException: [LDAP: error code 4 - Sizelimit Exceeded]; "
                    .. "remaining name <name>" },
            "LDAPSizeLimitExceededResult - 4 - sizeLimitExceeded - None - None - searchResDone - None",
            { "conn=1041 op=2 SEARCH RESULT ldap tag=101 err=4 nentries=500 text=",
                "conn=# op=# SEARCH RESULT ldap tag=# err=4 nentries=# text=" },
        } },
    { class = "ldap_stronger_auth", speaker = "directory",
        cause = "the directory requires a stronger bind, such as over TLS (LDAP 8)",
        next_step = "Make the identity source use ldaps:// or StartTLS.",
        cases = {
            { 'LDAP Result Code 8 "Strong Auth Required": 00002028: LdapErr: DSID-0C090259, comment: '
                .. [=[The server requires binds to turn on integrity checking if SSL\TLS are not already ]=]
                .. "active on the connection, data 0, v4563",
                'LDAP Result Code 8 "Strong Auth Required": 00002028: LdapErr: DSID-#, comment: The '
                    .. [=[server requires binds to turn on integrity checking if SSL\TLS are not already ]=]
                    .. "active on the connection, data 0, v#" },
        } },
    { class = "ldap_stronger_auth", speaker = "directory",
        cause = "the directory requires a stronger bind, such as over TLS (LDAP 8)",
        next_step = "Make the identity source use ldaps:// or StartTLS.",
        cases = {
            "ldap_bind: Strong(er) authentication required (8) additional info: BindSimple: "
                .. "Transport encryption required.",
        } },
    { class = "ldap_referral", speaker = "directory",
        cause = "the directory answered that another server holds these entries (LDAP 10)",
        next_step = "Point the identity source at the server or global catalog that holds the base DN.",
        cases = {
            { "[LDAP: error code 10 - 0000202B: RefErr: DSID-03100768, data 0, 1 access points ref 1: "
                .. "'child.example.com']",
                "[LDAP: error code 10 - 0000202B: RefErr: DSID-#, data 0, # access points ref #: <name>]" },
        } },
    { class = "ldap_referral", speaker = "directory",
        cause = "the answer is incomplete: it refers to entries on other servers (LDAP 10)",
        next_step = "Search a global catalog or a narrower base DN, or make the identity source follow or ignore "
            .. "referrals.",
        cases = {
            { "javax.naming.PartialResultException: Unprocessed Continuation Reference(s); remaining "
                .. "name 'DC=example,DC=com'",
                "javax.naming.PartialResultException: Unprocessed Continuation Reference(s); remaining name <name>" },
        } },
    { class = "ldap_admin_limit", speaker = "directory",
        cause = "the search exceeded a limit set by the directory's administrator (LDAP 11)",
        next_step = "Narrow the base DN or filter, enable paged results, or ask for the limit to be raised.",
        cases = {
            "ldap_search_ext: Administrative limit exceeded (11)",
            { 'LDAP Result Code 11 "Admin Limit Exceeded": ',
                'LDAP Result Code 11 "Admin Limit Exceeded":' },
        } },
    { class = "ldap_extension", speaker = "directory",
        cause = "the directory lacks an extension that the search needs (LDAP 12)",
        next_step = "Switch off paged results or sorting in the identity source, or enable them in the directory.",
        cases = {
            { "[LDAP: error code 12 - 00000057: LdapErr: DSID-0C09079A, comment: Error processing "
                .. "control, data 0, v4563]",
                "[LDAP: error code 12 - 00000057: LdapErr: DSID-#, comment: Error processing control, data 0, v#]" },
        } },
    { class = "ldap_confidentiality", speaker = "directory",
        cause = "the directory answers over encrypted connections only (LDAP 13)",
        next_step = "Make the identity source use ldaps:// or StartTLS.",
        cases = {
            "ldap_bind: Confidentiality required (13) additional info: TLS confidentiality required",
        } },
    { class = "ldap_sasl", speaker = "directory",
        cause = "the directory expected a further step of the SASL bind (LDAP 14)",
        next_step = "Use a simple bind over TLS, or complete the SASL settings of the identity source.",
        cases = {
            { 'LDAP Result Code 14 "SASL Bind In Progress": ',
                'LDAP Result Code 14 "SASL Bind In Progress":' },
        } },
    { class = "ldap_no_such_object", speaker = "directory",
        cause = "the base DN or another named entry does not exist (LDAP 32)",
        next_step = "Check the base DN and group DNs of the identity source; an organisational unit may have "
            .. "been moved.",
        cases = {
            { "[LDAP: error code 32 - 0000208D: NameErr: DSID-03100241, problem 2001 (NO_OBJECT), data "
                .. "0, best match of: 'DC=example,DC=com']; remaining name 'OU=Staff,DC=example,DC=com'",
                "[LDAP: error code 32 - 0000208D: NameErr: DSID-#, problem 2001 (NO_OBJECT), data 0, "
                    .. "best match of: <name>]; remaining name <name>" },
            { "ldap.NO_SUCH_OBJECT: {'msgtype': 101, 'msgid': 2, 'result': 32, 'desc': 'No such "
                .. "object', 'ctrls': []}",
                "ldap.NO_SUCH_OBJECT: {'msgtype': #, 'msgid': #, 'result': 32, 'desc': 'No such "
                    .. "object', 'ctrls': []}" },
        } },
    { class = "ldap_invalid_dn", speaker = "directory",
        cause = "a DN is malformed (LDAP 34)",
        next_step = "Correct the base DN or bind DN of the identity source: commas, equals signs, escapes.",
        cases = {
            "[LDAP: error code 34 - invalid DN]",
            { "javax.naming.InvalidNameException: [LDAP: error code 34 - 0000208F: NameErr: "
                .. "DSID-031001F8, problem 2006 (BAD_NAME), data 8350, best match of: 'sync']",
                "javax.naming.InvalidNameException: [LDAP: error code 34 - 0000208F: NameErr: "
                    .. "DSID-#, problem 2006 (BAD_NAME), data 8350, best match of: <name>]" },
        } },
    { class = "ldap_inappropriate_auth", speaker = "directory",
        cause = "the bind user cannot bind this way, or has no password (LDAP 48)",
        next_step = "Check that the bind DN names an account with a password, and that one is entered in the "
            .. "identity source.",
        cases = {
            "ldap_bind: Inappropriate authentication (48)",
        } },
    { class = "ldap_insufficient_access", speaker = "directory",
        cause = "the bind user may not read the entries searched for (LDAP 50)",
        next_step = "Grant the bind user read access below the base DN.",
        cases = {
            "[LDAP: error code 50 - Insufficient Access Rights]",
            { 'LDAP Result Code 50 "Insufficient Access Rights": 00002098: SecErr: DSID-03150F94, '
                .. "problem 4003 (INSUFF_ACCESS_RIGHTS), data 0",
                'LDAP Result Code 50 "Insufficient Access Rights": 00002098: SecErr: DSID-#, problem '
                    .. "4003 (INSUFF_ACCESS_RIGHTS), data 0" },
        } },
    { class = "ldap_busy", speaker = "directory",
        cause = "the directory is too busy (LDAP 51)",
        next_step = "Look at the directory server's load; the next run may succeed by itself.",
        cases = {
            "LDAP: error code 51 - server is busy",
        } },
    { class = "ldap_unavailable", speaker = "directory",
        cause = "the directory is shutting down or not ready (LDAP 52)",
        next_step = "Check the directory server; once it is up, the next run may succeed by itself.",
        cases = {
            "LDAPBindError: automatic bind not successful - unavailable",
        } },
    { class = "ldap_unavailable", speaker = "directory",
        cause = "the directory is shutting down or not ready (LDAP 52)",
        next_step = "Check the directory server; once it is up, the next run may succeed by itself.",
        cases = {
            { "{'type': 'bindResponse', 'referrals': None, 'description': 'unavailable', 'message': "
                .. "'[Original error=52] Unable to retrieve a backend BIND connection.', 'dn': '', "
                .. "'result': 52, 'saslCreds': None}",
                "{'type': <name>, 'referrals': None, 'description': 'unavailable', 'message': "
                    .. "'[Original error=#] Unable to retrieve a backend BIND connection.', 'dn': <name>, "
                    .. "'result': 52, 'saslCreds': None}" },
        } },
    { class = "ldap_unwilling", speaker = "directory",
        cause = "the directory is unwilling to do what was asked (LDAP 53)",
        next_step = "Read the rest of the message: often an inactive bind user, an empty password or a read-only "
            .. "server.",
        cases = {
            { "[LDAP: error code 53 - 0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0]",
                "[LDAP: error code 53 - 0000001F: SvcErr: DSID-#, problem 5003 (WILL_NOT_PERFORM), data 0]" },
            "ldap_bind: Server is unwilling to perform (53) additional info: unauthenticated bind "
                .. "(DN with no password) disallowed",
        } },
    { class = "ldap_account_disabled", speaker = "directory",
        cause = "the bind user is disabled",
        next_step = "Ask who disabled the bind user and why, then enable it or give the identity source another "
            .. "one.",
        cases = {
            "ldap_bind: Server is unwilling to perform (53) additional info: Account inactivated. "
                .. "Contact system administrator.",
        } },
    { class = "ldap_object_class", speaker = "directory",
        cause = "an entry would break the directory's schema (LDAP 65)",
        next_step = "Compare the object classes and attributes that the identity source uses with the "
            .. "directory's schema.",
        cases = {
            { "[LDAP: error code 65 - object class 'inetOrgPerson' requires attribute 'sn']",
                "[LDAP: error code 65 - object class <name> requires attribute <name>]" },
        } },
    { class = "ldap_entry_exists", speaker = "directory",
        cause = "an entry of that name exists in the directory already (LDAP 68)",
        next_step = "Find the entry with the same name, and rename or remove one of the two.",
        cases = {
            { "[LDAP: error code 68 - 00002071: UpdErr: DSID-03050328, problem 6005 (ENTRY_EXISTS), data 0]",
                "[LDAP: error code 68 - 00002071: UpdErr: DSID-#, problem 6005 (ENTRY_EXISTS), data 0]" },
        } },
    { class = "ldap_other", speaker = "directory",
        cause = "the directory failed for a reason of its own (LDAP 80)",
        next_step = "Look for the time of the run in the directory server's log.",
        cases = {
            "[LDAP: error code 80 - Other]",
        } },
    { class = "ldap_server_down", speaker = "directory",
        cause = "the directory server cannot be reached (LDAP 81)",
        next_step = "Check that the server is up and that its port is reachable from the cluster (firewall, "
            .. "route, address).",
        cases = {
            { "LDAPException(resultCode=81 (server down), errorMessage='The connection to server "
                .. "10.1.2.3:636 was closed')",
                "LDAPException(resultCode=81 (server down), errorMessage='The connection to server "
                    .. "<address> was closed')" },
        } },
    { class = "ldap_timeout", speaker = "directory",
        cause = "the directory did not answer in time (LDAP 85)",
        next_step = "Check the directory server's load and the network between it and the cluster.",
        cases = {
            { "LDAPException(resultCode=85 (timeout), errorMessage='A client-side timeout was "
                .. "encountered while waiting 30000ms for a response')",
                "LDAPException(resultCode=85 (timeout), errorMessage='A client-side timeout was "
                    .. "encountered while waiting #s for a response')" },
        } },
    { class = "ldap_filter", speaker = "directory",
        cause = "the search filter is malformed",
        next_step = [=[Correct the filter of the identity source: count its parentheses, and escape ( ) * \ in ]=]
            .. "values.",
        cases = {
            "ldap_search_ext: Bad search filter (-7)",
            'LDAP Result Code 201 "Filter Compile Error": ldap: unexpected end of filter',
            { "javax.naming.directory.InvalidSearchFilterException: Unbalanced parenthesis; remaining "
                .. "name 'dc=example,dc=com'",
                "javax.naming.directory.InvalidSearchFilterException: Unbalanced parenthesis; remaining name <name>" },
        } },
    { class = "other", speaker = "directory",
        next_step = "Look for the time of the run in the directory server's log.",
        cases = {
            "ldap3.core.exceptions.LDAPSocketOpenError: invalid server address",
        } },
    { class = "ldap_server_down", speaker = "directory",
        cause = "the directory server cannot be reached (LDAP 81)",
        next_step = "Check that the server is up and that its port is reachable from the cluster (firewall, "
            .. "route, address).",
        cases = {
            "The LDAP server is unavailable.",
        } },
    { class = "ldap_account_restricted", speaker = "directory",
        cause = "restrictions of the bind user's account forbid this bind (LDAP 49, data 52f)",
        next_step = "Look at the bind user's restrictions in the directory, such as Protected Users or an "
            .. "authentication policy.",
        cases = {
            { "[LDAP: error code 49 - 80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext "
                .. "error, data 52f, v2580]",
                "[LDAP: error code 49 - 80090308: LdapErr: DSID-#, comment: AcceptSecurityContext "
                    .. "error, data 52f, v#]" },
        } },
    { class = "ldap_auth_method", speaker = "directory",
        cause = "the directory does not support this way to bind (LDAP 7)",
        next_step = "Choose a bind method in the identity source that the directory offers, such as simple over "
            .. "TLS.",
        cases = {
            "ldap_sasl_interactive_bind_s: Unknown authentication method (-6)",
        } },
    { class = "ldap_constraint", speaker = "directory",
        cause = "the directory refused a value or a bind by one of its policies (LDAP 19)",
        next_step = "Read the rest of the message; if passwords were wrong too often, correct it and unlock the "
            .. "bind user.",
        cases = {
            { "[LDAP: error code 19 - 00000056: AtrErr: DSID-03190F80, #1: 0: 00000056: DSID-03190F80, "
                .. "problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)]",
                "[LDAP: error code 19 - 00000056: AtrErr: DSID-#, #: #: 00000056: DSID-#, problem "
                    .. "1005 (CONSTRAINT_ATT_TYPE), data 0, Att # (unicodePwd)]" },
        } },
    { class = "ldap_auth_method", speaker = "directory",
        cause = "the directory does not support this way to bind (LDAP 7)",
        next_step = "Choose a bind method in the identity source that the directory offers, such as simple over "
            .. "TLS.",
        cases = {
            "[LDAP: error code 7 - auth method not supported]",
        } },
}

describe("messages of directory servers and LDAP libraries", function()
    for _, expected in ipairs(MESSAGES) do
        it(cases.title(expected), function()
            cases.check(expected)
        end)
    end
end)
