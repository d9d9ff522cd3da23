--- What directory servers and LDAP libraries say.
-- Sources: result codes, RFC 4511 section 4.1.9 and appendix A.2, those above 80 as LDAP client libraries number them
-- (draft-ietf-ldapext-ldap-c-api); the codes after "data" in a refused bind are Windows logon errors in hexadecimal.
-- @module dwsync.health.causes.ldap
local INVALID_CREDENTIALS = { "ldap_invalid_credentials",
    "the directory refused the bind user's name or password: invalid credentials (LDAP 49)",
    "Find out whether the bind user's password was changed or has expired, and enter the current one in the "
        .. "identity source." }
local NO_BIND = { "ldap_bind_required", "the directory answers only after a bind, and none succeeded (LDAP 1)",
    "Enter a bind DN and its password in the identity source; the directory allows no anonymous search." }
local FILTER = { "ldap_filter", "the search filter is malformed",
    "Correct the filter of the identity source: count its parentheses, and escape ( ) * \\ in values." }
local LOCKED = { "ldap_account_locked", "the bind user is locked out (LDAP 49, data 775)",
    "Find what uses a wrong password (often this identity source itself), fix it, then unlock the account." }
local DISABLED = { "ldap_account_disabled", "the bind user is disabled (LDAP 49, data 533)",
    "Ask who disabled the bind user and why, then enable it or give the identity source another one." }
local PASSWORD_EXPIRED = { "ldap_password_expired", "the bind user's password has expired (LDAP 49, data 532)",
    "Set a new password for the bind user, enter it in the identity source, and have its expiry monitored." }

local BIND = {
    ["525"] = { "ldap_user_not_found", "the directory does not know the bind user (LDAP 49, data 525)",
        "Check the bind user's name or DN in the identity source; it may have been renamed, moved or deleted." },
    ["52e"] = { "ldap_invalid_credentials",
        "the directory refused the bind user's name or password: invalid credentials (LDAP 49, data 52e)",
        "Find out whether the bind user's password was changed, and enter the current one in the identity source." },
    ["52f"] = { "ldap_account_restricted", "restrictions of the bind user's account forbid this bind "
        .. "(LDAP 49, data 52f)",
        "Look at the bind user's restrictions in the directory, such as Protected Users or an authentication policy." },
    ["530"] = { "ldap_logon_hours", "the bind user may not log on at this time (LDAP 49, data 530)",
        "Widen the bind user's logon hours in the directory, or move the synchronisation into them." },
    ["531"] = { "ldap_workstation", "the bind user may not log on from this machine (LDAP 49, data 531)",
        "Lift the bind user's restriction to certain workstations in the directory." },
    ["532"] = PASSWORD_EXPIRED,
    ["533"] = DISABLED,
    ["701"] = { "ldap_account_expired", "the bind user's account has expired (LDAP 49, data 701)",
        "Extend the account's expiry date in the directory." },
    ["773"] = { "ldap_password_must_change", "the bind user must change its password first (LDAP 49, data 773)",
        "Set the bind user's password without \"must change at next logon\", and enter it in the identity source." },
    ["775"] = LOCKED,
}

local RESULTS = {
    ["1"] = { "ldap_operations_error", "the directory failed at an operation or at its order (LDAP 1)",
        "Read the rest of the message; with Active Directory, check the bind DN and that the search has a base DN." },
    ["2"] = { "ldap_protocol_error", "the directory did not understand the request (LDAP 2)",
        "Check that the identity source uses LDAPv3, and that its port belongs to the directory." },
    ["3"] = { "ldap_time_limit", "the directory stopped the search at its time limit (LDAP 3)",
        "Narrow the base DN or filter, index the attributes searched for, or raise the directory's time limit." },
    ["4"] = { "ldap_size_limit", "the search found more entries than the directory returns (LDAP 4)",
        "Narrow the base DN or filter, or raise the directory's size limit; accounts beyond it were not seen." },
    ["7"] = { "ldap_auth_method", "the directory does not support this way to bind (LDAP 7)",
        "Choose a bind method in the identity source that the directory offers, such as simple over TLS." },
    ["8"] = { "ldap_stronger_auth", "the directory requires a stronger bind, such as over TLS (LDAP 8)",
        "Make the identity source use ldaps:// or StartTLS." },
    ["10"] = { "ldap_referral", "the directory answered that another server holds these entries (LDAP 10)",
        "Point the identity source at the server or global catalog that holds the base DN." },
    ["11"] = { "ldap_admin_limit", "the search exceeded a limit set by the directory's administrator (LDAP 11)",
        "Narrow the base DN or filter, enable paged results, or ask for the limit to be raised." },
    ["12"] = { "ldap_extension", "the directory lacks an extension that the search needs (LDAP 12)",
        "Switch off paged results or sorting in the identity source, or enable them in the directory." },
    ["13"] = { "ldap_confidentiality", "the directory answers over encrypted connections only (LDAP 13)",
        "Make the identity source use ldaps:// or StartTLS." },
    ["14"] = { "ldap_sasl", "the directory expected a further step of the SASL bind (LDAP 14)",
        "Use a simple bind over TLS, or complete the SASL settings of the identity source." },
    ["16"] = { "ldap_attribute", "an attribute that was named is missing (LDAP 16)",
        "Check the attribute mapping of the identity source against a user's entry." },
    ["17"] = { "ldap_attribute", "the directory does not know an attribute that was named (LDAP 17)",
        "Check the attribute mapping of the identity source against the directory's schema." },
    ["18"] = { "ldap_filter", "an attribute cannot be matched the way the filter asks (LDAP 18)",
        "Change the filter of the identity source to a match that the attribute supports." },
    ["19"] = { "ldap_constraint", "the directory refused a value or a bind by one of its policies (LDAP 19)",
        "Read the rest of the message; if passwords were wrong too often, correct it and unlock the bind user." },
    ["21"] = { "ldap_attribute", "a value does not have the syntax of its attribute (LDAP 21)",
        "Correct the value in the filter or attribute mapping of the identity source." },
    ["32"] = { "ldap_no_such_object", "the base DN or another named entry does not exist (LDAP 32)",
        "Check the base DN and group DNs of the identity source; an organisational unit may have been moved." },
    ["34"] = { "ldap_invalid_dn", "a DN is malformed (LDAP 34)",
        "Correct the base DN or bind DN of the identity source: commas, equals signs, escapes." },
    ["48"] = { "ldap_inappropriate_auth", "the bind user cannot bind this way, or has no password (LDAP 48)",
        "Check that the bind DN names an account with a password, and that one is entered in the identity source." },
    ["49"] = INVALID_CREDENTIALS,
    ["50"] = { "ldap_insufficient_access", "the bind user may not read the entries searched for (LDAP 50)",
        "Grant the bind user read access below the base DN." },
    ["51"] = { "ldap_busy", "the directory is too busy (LDAP 51)",
        "Look at the directory server's load; the next run may succeed by itself." },
    ["52"] = { "ldap_unavailable", "the directory is shutting down or not ready (LDAP 52)",
        "Check the directory server; once it is up, the next run may succeed by itself." },
    ["53"] = { "ldap_unwilling", "the directory is unwilling to do what was asked (LDAP 53)",
        "Read the rest of the message: often an inactive bind user, an empty password or a read-only server." },
    ["65"] = { "ldap_object_class", "an entry would break the directory's schema (LDAP 65)",
        "Compare the object classes and attributes that the identity source uses with the directory's schema." },
    ["68"] = { "ldap_entry_exists", "an entry of that name exists in the directory already (LDAP 68)",
        "Find the entry with the same name, and rename or remove one of the two." },
    ["80"] = { "ldap_other", "the directory failed for a reason of its own (LDAP 80)",
        "Look for the time of the run in the directory server's log.", vague = true },
    ["81"] = { "ldap_server_down", "the directory server cannot be reached (LDAP 81)",
        "Check that the server is up and that its port is reachable from the cluster (firewall, route, address).",
        vague = true },
    ["82"] = { "ldap_client", "the LDAP library of the synchronisation failed (LDAP 82)",
        "Read the rest of the message; check TLS and SASL settings of the identity source.", vague = true },
    ["85"] = { "ldap_timeout", "the directory did not answer in time (LDAP 85)",
        "Check the directory server's load and the network between it and the cluster." },
    ["87"] = FILTER,
    ["91"] = { "ldap_connect_error", "the connection to the directory could not be established (LDAP 91)",
        "Check the address, port and TLS settings of the identity source, and the firewall.", vague = true },
}

-- An entry with phrases for those that write no number.
local function also(entry, ...)
    return { entry[1], entry[2], entry[3], phrases = { ... }, vague = entry.vague }
end

-- Other directories than Active Directory say so by words alone.
local function without_code(entry, ...)
    return { entry[1], (entry[2]:gsub(" %(LDAP .*", "")), entry[3], phrases = { ... } }
end

return {
    speaker = "directory",
    peer = "the directory",
    marks = { "ldap", "javax.naming", "acceptsecuritycontext", "active directory", "domain controller", "dsid-",
        "no such object", "bindresponse", "searchresdone", " tag=", "目录服务器" },
    next_step = "Look for the time of the run in the directory server's log.",
    before = {
        also(NO_BIND, "a successful bind must be completed"),
        also(FILTER, "bad search filter", "invalidsearchfilter", "ldapinvalidfiltererror", "filter compile error",
            "malformed filter", "invalid filter", "unbalanced parenthes", "过滤器语法"),
        without_code(DISABLED, "account inactivated", "account is disabled", "account disabled"),
        without_code(LOCKED, "exceed password retry limit", "account is locked", "account locked"),
        without_code(PASSWORD_EXPIRED, "password expired", "password has expired"),
        { "ldap_referral", "the answer is incomplete: it refers to entries on other servers (LDAP 10)",
            "Search a global catalog or a narrower base DN, or make the identity source follow or ignore referrals.",
            phrases = { "unprocessed continuation reference" } },
    },
    codes = {
        { by = BIND, "acceptsecuritycontext error, data (%x+)" },
        -- As JNDI, UnboundID and Go, OpenLDAP's tools, its log, ldap3, python-ldap and ldap3's dictionary write them.
        { by = RESULTS, "error code[ :=]*(%d+)", "result code[ :=]*(%d+)", "resultcode[ :=]*(%d+)",
            "ldap_[%w_]+[^:]?[^:]-:[^%(:]*%((%d+)%)", "ldapexception: [^%(]*%((%d+)%)", "ldap_?%a+: [%a ]+%((%d+)%)",
            "err=(%d+)", "result %- (%d+) %- ", "'result': (%d+)", "ldap error (%d+)", "ldap:? %(?(%d+)%)" },
    },
    phrases = {
        also(INVALID_CREDENTIALS, "invalid credentials", "invalidcredentials", "authenticationexception",
            "凭据无效", "ungültige anmeldeinformationen"),
        also(RESULTS["32"], "no such object", "nosuchobject", "namenotfoundexception"),
        also(RESULTS["3"], "time limit exceeded", "timelimitexceeded"),
        also(RESULTS["4"], "size limit exceeded", "sizelimitexceeded"),
        also(RESULTS["11"], "administrative limit exceeded", "adminlimitexceeded"),
        also(RESULTS["8"], "strong(er) authentication required", "strongerauthrequired",
            "strong authentication required", "requires binds to turn on integrity checking"),
        also(RESULTS["13"], "confidentiality required", "confidentialityrequired"),
        also(RESULTS["48"], "inappropriate authentication", "inappropriateauthentication"),
        also(RESULTS["7"], "auth method not supported", "authenticationnotsupported", "authmethodnotsupported",
            "unknown authentication method"),
        also(RESULTS["50"], "insufficient access", "insufficientaccess", "nopermissionexception"),
        also(RESULTS["34"], "invalid dn syntax", "invaliddnsyntax", "invalidnameexception"),
        also(RESULTS["53"], "unwilling to perform", "unwillingtoperform", "will_not_perform",
            "operationnotsupportedexception"),
        also(RESULTS["65"], "object class violation", "objectclassviolation", "schemaviolationexception"),
        also(RESULTS["68"], "entryalreadyexists", "namealreadyboundexception"),
        also(RESULTS["12"], "critical extension", "unavailablecriticalextension"),
        also(RESULTS["19"], "constraint violation", "constraintviolation"),
        also(RESULTS["10"], "referralexception", "partialresultexception"),
        also(RESULTS["51"], "server is busy", "result - 51", "- busy"),
        also(RESULTS["52"], "- unavailable"),
        also(RESULTS["81"], "server is unavailable", "can't contact ldap server", "serviceunavailableexception",
            "server is not operational"),
    },
}
