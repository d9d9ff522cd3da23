--- What a fail reason most likely means, and what to do about it.
-- It must not look at more than the beginning of a text, nor do work that grows faster than the text.
-- Sources: result codes, RFC 4511 section 4.1.9 and appendix A.2, those above 80 as LDAP client libraries number them
-- (draft-ietf-ldapext-ldap-c-api); the codes after "data" in a refused bind are Windows logon errors in hexadecimal.
-- @module dwsync.health.causes
local M = {}

local EXAMINED = 2000

-- Refused binds of Active Directory (LDAP 49), by the code after "data".
local BIND = {
    ["525"] = { "ldap_user_not_found", "the directory does not know the bind user (LDAP 49, data 525)",
        "Check the bind user's name or DN in the identity source; it may have been renamed, moved or deleted." },
    ["52e"] = { "ldap_invalid_credentials",
        "the directory refused the bind user's name or password: invalid credentials (LDAP 49, data 52e)",
        "Find out whether the bind user's password was changed, and enter the current one in the identity source." },
    ["530"] = { "ldap_logon_hours", "the bind user may not log on at this time (LDAP 49, data 530)",
        "Widen the bind user's logon hours in the directory, or move the synchronisation into them." },
    ["531"] = { "ldap_workstation", "the bind user may not log on from this machine (LDAP 49, data 531)",
        "Lift the bind user's restriction to certain workstations in the directory." },
    ["532"] = { "ldap_password_expired", "the bind user's password has expired (LDAP 49, data 532)",
        "Set a new password for the bind user, enter it in the identity source, and have its expiry monitored." },
    ["533"] = { "ldap_account_disabled", "the bind user is disabled (LDAP 49, data 533)",
        "Ask who disabled the bind user and why, then enable it or give the identity source another one." },
    ["701"] = { "ldap_account_expired", "the bind user's account has expired (LDAP 49, data 701)",
        "Extend the account's expiry date in the directory." },
    ["773"] = { "ldap_password_must_change", "the bind user must change its password first (LDAP 49, data 773)",
        "Set the bind user's password without \"must change at next logon\", and enter it in the identity source." },
    ["775"] = { "ldap_account_locked", "the bind user is locked out (LDAP 49, data 775)",
        "Find what uses a wrong password (often this identity source itself), fix it, then unlock the account." },
}

local RESULTS = {
    [3] = { "ldap_time_limit", "the directory stopped the search at its time limit (LDAP 3)",
        "Narrow the base DN or filter, index the attributes searched for, or raise the directory's time limit." },
    [4] = { "ldap_size_limit", "the search found more entries than the directory returns (LDAP 4)",
        "Narrow the base DN or filter, or raise the directory's size limit; accounts beyond it were not seen." },
    [8] = { "ldap_stronger_auth", "the directory requires a stronger bind, such as over TLS (LDAP 8)",
        "Make the identity source use ldaps:// or StartTLS." },
    [10] = { "ldap_referral", "the directory answered that another server holds these entries (LDAP 10)",
        "Point the identity source at the server or global catalog that holds the base DN." },
    [11] = { "ldap_admin_limit", "the search exceeded a limit set by the directory's administrator (LDAP 11)",
        "Narrow the base DN or filter, enable paged results, or ask for the limit to be raised." },
    [32] = { "ldap_no_such_object", "the base DN or another named entry does not exist (LDAP 32)",
        "Check the base DN and group DNs of the identity source; an organisational unit may have been moved." },
    [34] = { "ldap_invalid_dn", "a DN is malformed (LDAP 34)",
        "Correct the base DN or bind DN of the identity source: commas, equals signs, escapes." },
    [49] = { "ldap_invalid_credentials",
        "the directory refused the bind user's name or password: invalid credentials (LDAP 49)",
        "Find out whether the bind user's password was changed or has expired, and enter the current one in the "
            .. "identity source." },
    [50] = { "ldap_insufficient_access", "the bind user may not read the entries searched for (LDAP 50)",
        "Grant the bind user read access below the base DN." },
    [51] = { "ldap_busy", "the directory is too busy (LDAP 51)",
        "Look at the directory server's load; the next run may succeed by itself." },
    [52] = { "ldap_unavailable", "the directory is shutting down or not ready (LDAP 52)",
        "Check the directory server; once it is up, the next run may succeed by itself." },
    [81] = { "ldap_server_down", "the directory server cannot be reached (LDAP 81)",
        "Check that the server is up and that its port is reachable from the cluster (firewall, route, address)." },
    [85] = { "ldap_timeout", "the directory did not answer in time (LDAP 85)",
        "Check the directory server's load and the network between it and the cluster." },
    [91] = { "ldap_connect_error", "the connection to the directory could not be established (LDAP 91)",
        "Check the address, port and TLS settings of the identity source, and the firewall." },
}

-- Phrases of other failures, in lower case; the first one found decides.
local PHRASES = {
    { "name_resolution", "a host name could not be resolved",
        "Check the host name in the identity source, and the DNS servers of the cluster's network.",
        "unknownhost", "unknown host", "name or service not known", "getaddrinfo", "could not resolve", "nxdomain",
        "nodename nor servname", "name resolution", "no such host", "resolve host" },
    { "certificate", "the identity source's certificate was not accepted",
        "Check its expiry date and the name in it, and that the cluster trusts the authority that issued it.",
        "certificate", "certpath", "pkix", "x509", "self-signed", "self signed", "hostname verification",
        "sslpeerunverified" },
    { "timeout", "the identity source did not answer in time",
        "Check the identity source's load and the network between it and the cluster (firewall, route).",
        "timed out", "timeout", "time-out", "time out", "deadline exceeded" },
    { "tls", "the identity source and the cluster could not agree on TLS",
        "Check which TLS versions and ciphers the identity source accepts, and that its port really speaks TLS.",
        "sslhandshake", "ssl handshake", "tls handshake", "handshake_failure", "handshake failure",
        "sslexception", "plaintext connection" },
    { "connection", "the connection to the identity source was refused or broken",
        "Check that the identity source is up and listening on that port, and that no firewall blocks the way.",
        "connection refused", "connection reset", "connection closed", "broken pipe", "no route to host",
        "network is unreachable", "communicationexception", "can't contact ldap server", "connection aborted",
        "socket closed", "econnrefused", "econnreset", "ehostunreach" },
}

-- How libraries write a result code: JNDI, generic, OpenLDAP's tools, OpenLDAP's log.
local CODE_PATTERNS = { "error code[ :=]*(%d+)", "result code[ :=]*(%d+)", "resultcode[ :=]*(%d+)",
    "ldap_[%w_]+:[^%(]*%((%d+)%)", "err=(%d+)" }

-- Numbers are LDAP results only in a text about LDAP.
local function is_about_ldap(text)
    return text:find("ldap", 1, true) or text:find("javax.naming", 1, true)
        or text:find("acceptsecuritycontext", 1, true)
end

local function ldap_entry(text)
    if not is_about_ldap(text) then
        return nil
    end
    local code
    for _, pattern in ipairs(CODE_PATTERNS) do
        code = code or tonumber(text:match(pattern))
    end
    local bind = text:find("acceptsecuritycontext", 1, true) and text:match "data (%x+)"
    if bind and (code == nil or code == 49) and BIND[bind] then
        return BIND[bind]
    elseif not code and text:find("invalid credentials", 1, true) then
        code = 49
    end
    return RESULTS[code]
end

local function phrase_entry(text)
    for _, entry in ipairs(PHRASES) do
        for i = 4, #entry do
            if text:find(entry[i], 1, true) then
                return entry
            end
        end
    end
end

local NO_REASON = { class = "no_reason", cause = "the service gave no reason",
    next_step = "Look for the run in the identity source's own log." }
local OTHER = { class = "other" }

--- Explains a fail reason.
-- @tparam string|nil text hostile
-- @treturn table `class` (one word of a fixed set; "other" when unknown), `cause` and `next_step` (sentences, or nil)
function M.explain(text)
    if not text or not text:sub(1, EXAMINED):find "%S" then
        return NO_REASON
    end
    local lower = text:sub(1, EXAMINED):lower()
    local entry = ldap_entry(lower) or phrase_entry(lower)
    return entry and { class = entry[1], cause = entry[2], next_step = entry[3] } or OTHER
end

return M
