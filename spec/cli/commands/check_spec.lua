local command = require "spec.support.command"
local run = command.run

local C2 = "c2c2c2c2-0000-4000-8000-000000000002"

local function check(records, ...)
    return run({ "check", "c1", ... }, { service = command.service { c1 = records } })
end

local function failing(count)
    local list = command.healthy()
    for i = 1, count do
        list[i].status, list[i].fail_reason = "FAILED", "LDAP: error code 49 - data 52e"
    end
    return list
end

describe("dwsync check", function()
    it("is one line with perfdata and thresholds, and the plugin's status", function()
        local status, out, err = check(failing(0))
        assert.equal(0, status)
        assert.equal("", err)
        assert.matches("^OK %- [^\n|]+ | [^\n]*failing=0;2;4;0[^\n]*\n$", out)
        status, out = check(failing(2))
        assert.equal(1, status)
        assert.matches("^WARNING %- [^\n]+\n$", out)
        status, out = check(failing(4))
        assert.equal(2, status)
        assert.matches("^CRITICAL %- [^\n]+\n$", out)
        status, out = check {}
        assert.equal(3, status)
        assert.matches("^UNKNOWN %- [^\n]+\n$", out)
    end)

    it("follows --set and the configuration file", function()
        local status, out = check(failing(2), "--set", "failing.warning=3")
        assert.equal(0, status, out)
        assert.equal(0, (check(failing(4), "--set", "failing=off", "--set", "stale=off")))
        local files = { ["/c.lua"] = "return { thresholds = { failing = { warning = 1, critical = 2, "
            .. "minimum = 0, critical_minimum = 0 } } }" }
        local world = { service = command.service { c1 = failing(2) }, files = files }
        assert.equal(2, (run({ "check", "c1", "--config", "/c.lua" }, world)))
        assert.equal(1, (run({ "check", "c1", "--config", "/c.lua", "--set", "failing.critical=3" }, world)))
    end)

    describe("of a cluster whose synchronisation is off", function()
        local CLUSTERS = { c1 = failing(0), c2 = command.OFF, c3 = command.OFF }

        local function all(...)
            return run({ "check", "--all-clusters", ... }, { service = command.service(CLUSTERS) })
        end

        it("counts it apart, and is as well as the others are", function()
            local status, out, err = all()
            assert.same({ 0, "" }, { status, err })
            assert.matches("^OK %- 3 clusters: 1 ok, 2 disabled | ", out)
            CLUSTERS.c1 = failing(2)
            status, out = all()
            assert.equal(1, status)
            assert.matches("^WARNING %- 3 clusters: 1 warning, 2 disabled; name%-c1: ", out)
            CLUSTERS.c1 = failing(0)
        end)

        it("is OK, since plugins know no other word, when it alone is meant", function()
            local status, out, err = check(command.OFF)
            assert.same({ 0, "" }, { status, err })
            assert.matches("^OK %- disabled: identity%-source synchronisation is off %(DWS%.5045%)%. [^|\n]+\n$", out)
        end)

        it("is as grave as --set or the configuration file says", function()
            for word, expected in pairs { ok = 0, warning = 1, critical = 2, unknown = 3 } do
                local status, out = check(command.OFF, "--set", "disabled=" .. word)
                assert.equal(expected, status)
                assert.matches("^" .. word:upper() .. (word == "ok" and " %- 1 check ok"
                    or " %- identity%-source synchronisation is off"), out)
                assert.equal(expected, (all("--set", "disabled=" .. word)))
            end
            local world = { service = command.service { c1 = command.OFF },
                files = { ["/c.lua"] = 'return { thresholds = { disabled = "warning" } }' } }
            assert.equal(1, (run({ "check", "c1", "--config", "/c.lua" }, world)))
            assert.equal(0, (run({ "check", "c1", "--config", "/c.lua", "--set", "disabled=disabled" }, world)))
        end)

        it("says nothing of it after --set disabled=off", function()
            local status, out = check(command.OFF, "--set", "disabled=off")
            assert.same({ 0, "OK - disabled: nothing to judge\n" }, { status, out })
            status, out = all("--set", "disabled=off", "--long")
            assert.equal(0, status)
            assert.is_nil(out:find("DWS.5045", 1, true))
        end)
    end)

    it("takes an empty list for unknown, unless the rule never is off", function()
        assert.equal(3, (check {}))
        local status, out = check({}, "--set", "never=off")
        assert.same({ 0, "OK - nothing to judge\n" }, { status, out })
    end)

    it("adds a line about each finding with --long", function()
        local _, out = check(failing(4), "--long")
        local _, lines = out:gsub("\n", "")
        assert.is_true(lines > 1)
    end)

    -- Whatever goes wrong is status 3 and one line on stdout.
    local function gives_up(expected, arguments, world)
        local status, out, err = run(arguments, world)
        assert.equal(3, status)
        assert.matches("^UNKNOWN %- [^\n|]*\n$", out)
        assert.matches(expected, out, 1, true)
        assert.equal("", err)
    end

    it("is UNKNOWN after wrong usage", function()
        gives_up("wrong usage: missing argument 'cluster' (or --all-clusters, or --input FILE); see dwsync check",
            { "check" })
        gives_up("wrong usage: unknown option '--foo'; see dwsync check --help", { "check", "c1", "--foo" })
        gives_up("wrong usage: unknown option '--timout'. Did you mean '--timeout'? See dwsync check --help",
            { "check", "c1", "--timout", "3" })
        gives_up('wrong usage: --set is "a=b", expected rule.option=value', { "check", "c1", "--set", "a=b" })
        gives_up("config: --set: unknown rule 'a'. The rules are", { "check", "c1", "--set", "a.b=1" })
        gives_up("config: unknown cluster 'a/b', looked for at the service. There are no", { "check", "a/b" })
        gives_up("wrong usage: unknown option", { "check", "c1", "--a|b\nc" })
    end)

    it("is UNKNOWN after wrong configuration and without credentials", function()
        gives_up("config: configuration file /nope: No such file or directory", { "check", "c1", "--config", "/nope" })
        gives_up("no credentials found", { "check", "c1" },
            { environment = { DWSYNC_REGION = "cn-north-4", DWSYNC_METADATA = "off" } })
    end)

    it("is UNKNOWN after a failure of the service, and after a timeout", function()
        gives_up("no such cluster", { "check", C2 }, { service = command.service {} })
        gives_up("Server", { "check", "c1", "--retries", "0" }, { service = function()
            return 500, '{"error_code":"DWS.0005","error_msg":"Server failure"}'
        end })
        gives_up("no answer in 5 s", { "check", "c1", "--retries", "0" }, { service = function()
            return nil, nil, { kind = "timeout", message = "no answer in 5 s" }
        end })
        gives_up("not allowed", { "check", "--all-clusters" }, { service = function()
            return 403, '{"error_code":"APIGW.0302","error_msg":"not allowed"}'
        end })
    end)

    it("is UNKNOWN after a record that is none", function()
        gives_up("standard input line 1: not a JSON object", { "check", "--input", "-" }, { stdin = "<html>" })
    end)

    it("is UNKNOWN after a bug, whose traceback goes to stderr", function()
        local status, out, err = run({ "check", "c1" }, { service = function() error "boom" end })
        assert.equal(3, status)
        assert.matches("^UNKNOWN %- [^\n]*boom\n$", out)
        assert.matches("stack traceback:", err, 1, true)
    end)

    it("is UNKNOWN when its output cannot be written", function()
        local full = { write = function() return nil, "No space left on device" end,
            flush = function() return true end }
        assert.equal(3, (run({ "check", "c1" }, { stdout = full, service = command.service { c1 = {} } })))
    end)

    it("lets a critical cluster weigh more than one that cannot be asked", function()
        local status, out = run({ "check", "--all-clusters" },
            { service = command.service { c1 = failing(4), c2 = 403, c3 = failing(0) } })
        assert.equal(2, status)
        assert.matches("^CRITICAL %- 3 clusters: 1 critical, 1 unknown, 1 ok; ", out)
    end)
end)
