local causes = require "dwsync.health.causes"

local function class(text)
    return causes.explain(text).class
end

-- The tables beside init.lua, and the texts of each entry in them.
local VOICES = { "sync", "database", "kerberos", "ldap", "oauth", "scim_http" }

local function entries_of(voice)
    local list = {}
    for _, phrases in ipairs { voice.before, voice.phrases } do
        for _, entry in ipairs(phrases) do
            list[#list + 1] = entry
        end
    end
    for _, codes in ipairs(voice.codes) do
        for _, entry in pairs(codes.by) do
            list[#list + 1] = entry
        end
    end
    return list
end

describe("the cause of a failure", function()
    it("is read from the sub-code of a bind that Active Directory refused", function()
        for code, expected in pairs {
            ["525"] = "ldap_user_not_found", ["52e"] = "ldap_invalid_credentials", ["530"] = "ldap_logon_hours",
            ["531"] = "ldap_workstation", ["532"] = "ldap_password_expired", ["533"] = "ldap_account_disabled",
            ["701"] = "ldap_account_expired", ["773"] = "ldap_password_must_change", ["775"] = "ldap_account_locked",
        } do
            local text = ("[LDAP: error code 49 - 80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext "
                .. "error, data %s, v4563]"):format(code)
            local explained = causes.explain(text)
            assert.equal(expected, explained.class)
            assert.matches("%(LDAP 49, data " .. code .. "%)$", explained.cause)
            assert.equal(expected, class(text:upper()))
        end
    end)

    it("is invalid credentials when the sub-code is unknown or absent", function()
        assert.equal("ldap_invalid_credentials", class "LDAP: error code 49 - AcceptSecurityContext error, data 999")
        assert.equal("ldap_invalid_credentials", class "LDAP: error code 49 - Invalid Credentials")
        assert.equal("ldap_invalid_credentials", class "ldap_bind: Invalid credentials (49)")
        assert.equal("ldap_invalid_credentials", class "LDAP bind failed: invalid credentials")
    end)

    it("is read from an LDAP result code, as libraries write it", function()
        for code, expected in pairs {
            [3] = "ldap_time_limit", [4] = "ldap_size_limit", [8] = "ldap_stronger_auth", [10] = "ldap_referral",
            [11] = "ldap_admin_limit", [32] = "ldap_no_such_object", [34] = "ldap_invalid_dn",
            [50] = "ldap_insufficient_access", [51] = "ldap_busy", [52] = "ldap_unavailable", [81] = "ldap_server_down",
            [85] = "ldap_timeout", [91] = "ldap_connect_error",
        } do
            for _, form in ipairs { "javax.naming.NamingException: [LDAP: error code %d - x]",
                "LDAP result code %d (something)", "LDAPException(resultCode=%d)", "ldap_search_ext: Something (%d)",
                "conn=1 op=2 RESULT ldap tag=97 err=%d text=" } do
                assert.equal(expected, class(form:format(code)), form:format(code))
            end
        end
    end)

    it("takes numbers for LDAP results only in a text about LDAP", function()
        assert.equal("other", class "HTTP error code 49")
        assert.equal("other", class "error code 32: disk full")
        assert.equal("other", class "[LDAP: error code 4711 - x]")
        assert.equal("other", class "[LDAP: error code 99999999999999999999 - x]")
    end)

    it("is read from what other failures say of themselves", function()
        for text, expected in pairs {
            ["Read timed out after 30000 ms: ldaps://directory.example.com:636"] = "timeout",
            ["java.net.SocketTimeoutException: connect"] = "timeout",
            ["context deadline exceeded"] = "timeout",
            ["java.net.UnknownHostException: directory.example.com"] = "name_resolution",
            ["getaddrinfo: Name or service not known"] = "name_resolution",
            ["dial tcp: lookup dc1: no such host"] = "name_resolution",
            ["PKIX path building failed: unable to find valid certification path"] = "certificate",
            ["SSLHandshakeException: certificate has expired"] = "certificate",
            ["x509: certificate signed by unknown authority"] = "certificate",
            ["SSLHandshakeException: Received fatal alert: handshake_failure"] = "tls",
            ["java.net.ConnectException: Connection refused"] = "connection",
            ["ldap_sasl_bind(SIMPLE): Can't contact LDAP server (-1)"] = "connection",
            ["java.net.NoRouteToHostException: No route to host"] = "connection",
            ["2 of 41 accounts skipped: name longer than 63 bytes"] = "other",
        } do
            assert.equal(expected, class(text), text)
        end
    end)

    it("is that nobody gave a reason", function()
        for _, text in ipairs { "", " \n" } do
            assert.equal("no_reason", class(text))
        end
        assert.equal("no_reason", class(nil))
    end)

    it("comes with a next step in one sentence, whenever it is known", function()
        for _, text in ipairs { "", "timeout", "[LDAP: error code 32]", "certificate", "ldap error code 49" } do
            local explained = causes.explain(text)
            assert.matches("^%l[^.]*$", explained.cause)
            assert.matches("^%u.*%.$", explained.next_step)
        end
        assert.same({ class = "other" }, causes.explain "odd")
    end)

    it("is a word fit for a label, whatever the code", function()
        local classes = {}
        for code = 0, 200 do
            local word = causes.explain(("[LDAP: error code %d]"):format(code)).class
            assert.matches("^[%l_]+$", word)
            classes[word] = true
        end
        assert.is_true(classes.other and classes.ldap_timeout and classes.ldap_size_limit)
    end)

    it("is said in one clause, and the next step in sentences, in every table", function()
        local classes, count = {}, 0
        for _, name in ipairs(VOICES) do
            for _, entry in ipairs(entries_of(require("dwsync.health.causes." .. name))) do
                assert.matches("^%l[%l%d_]*$", entry[1])
                assert.is_true(#entry[1] <= 40, entry[1])
                assert.matches("^%l[^.]*$", entry[2])
                assert.matches("^%u.*%.$", entry[3])
                count = count + (classes[entry[1]] and 0 or 1)
                classes[entry[1]] = true
            end
        end
        assert.is_true(count > 50 and count < 120, count) -- labels of a metric
    end)

    it("has phrases and marks in lower case, as the text is when it is searched", function()
        for _, name in ipairs(VOICES) do
            local voice = require("dwsync.health.causes." .. name)
            local lists = { voice.marks }
            for _, entry in ipairs(voice.before) do
                lists[#lists + 1] = entry.phrases
            end
            for _, entry in ipairs(voice.phrases) do
                lists[#lists + 1] = entry.phrases
            end
            for _, list in ipairs(lists) do
                for _, phrase in ipairs(list) do
                    assert.equal(phrase:lower(), phrase)
                end
            end
        end
        for _, entry in ipairs(require "dwsync.health.causes.network") do
            for _, phrase in ipairs(entry.phrases) do
                assert.equal(phrase:lower(), phrase)
            end
        end
    end)

    it("names who was at the other end, when the text does", function()
        for text, expected in pairs {
            ["connection refused"] = { "network", "connection", "the identity source refused the connection" },
            ["ldaps://x: connection refused"] = { "network", "connection", "the directory refused the connection" },
            ["https://x: connection refused"] =
                { "network", "connection", "the identity provider refused the connection" },
            ["jdbc: connection refused"] =
                { "warehouse", "database_connection", "the warehouse refused the connection" },
        } do
            local explained = causes.explain(text)
            assert.same(expected, { explained.speaker, explained.class, explained.cause })
        end
    end)

    it("has a speaker and a next step even where it is unknown", function()
        assert.same({ class = "other", speaker = "warehouse",
            next_step = "Look for the time of the run in the warehouse's log." }, causes.explain "PSQLException: odd")
        assert.same({ class = "other", speaker = "directory",
            next_step = "Look for the time of the run in the directory server's log." }, causes.explain "LDAP: odd")
    end)

    it("costs no more than the beginning of a text, whatever is in it", function()
        for _, piece in ipairs { "ldap_", "ldap_a(", "status ", "error code ", "ldap http jdbc krb token memory ",
            "ldapexception: ", "scimtype:", "(", "401 ", "sqlstate(((" } do
            local made = 0
            debug.sethook(function() made = made + 1 end, "", 1000)
            causes.explain("jdbc krb ldap token http memory " .. piece:rep(100000))
            debug.sethook()
            assert.is_true(made < 100, piece .. " took " .. made)
        end
    end)

    it("is looked for at the beginning of a text only", function()
        assert.equal("other", class(("x"):rep(2000) .. " timed out"))
        assert.equal("timeout", class(("x"):rep(1900) .. " timed out"))
    end)
end)
