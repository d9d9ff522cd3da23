local checks = require "dwsync.checks"
local keys = require "dwsync.cli.configuration_keys"
local options = require "dwsync.client.options"

local CORRECT = "Correct the value named above; nothing was sent."
local VALUE, NAME = "Write the value itself.", "Write name = { … }."
local SOURCE = 'Write "environment", "file", "metadata", … or { source = …, … }.'
local SECRET = " is a secret, and secrets do not belong in this file"
local FUNCTION = " is a function, which only on_change may be"

local function nested(depth)
    local result = {}
    for _ = 2, depth do
        result = { t = result }
    end
    return result
end

local function profile(given)
    return { profiles = { p = given } }
end

local function f() end

describe("what a configuration file may hold", function()
    it("is said with the place of what is wrong, and what to do", function()
        for _, case in ipairs {
            -- functions, depth
            { { alerts = f }, "alerts" .. FUNCTION, VALUE },
            { { clusters = { a = { b = f } } }, "clusters.a.b" .. FUNCTION, VALUE },
            { { [5] = f }, "[5]" .. FUNCTION, VALUE },
            { { [("k"):rep(61)] = f }, ("k"):rep(59) .. "…" .. FUNCTION, VALUE },
            { { clusters = nested(8) }, "clusters.t is a table, expected a text that is not empty", CORRECT },
            { { clusters = nested(9) }, "clusters.t.t.t.t.t.t.t.t is nested too deeply",
                "Write a table of plain values." },
            -- kinds
            { { profile = 5 }, "profile is 5, expected a non-empty text without line breaks", CORRECT },
            { { profiles = 5 }, "profiles is a number, expected a table", CORRECT },
            { { clusters = 5 }, "clusters is a number, expected a table", CORRECT },
            { { thresholds = 5 }, "thresholds is a number, expected a table", CORRECT },
            { { alerts = 5 }, "alerts is a number, expected a table", CORRECT },
            { { history = 5 }, "history is not a path or a postgres:// URL", CORRECT },
            { { show_accounts = 1 }, "show_accounts is a number, expected true or false", CORRECT },
            { { on_change = 1 }, "on_change is a number, expected a function", CORRECT },
            { { pass_environment = "A" }, "pass_environment is a string, expected a list", CORRECT },
            { { all_clusters = {} }, "all_clusters is a table, expected a list of names, ids and patterns such as "
                .. '{ "prod-*" }, not an empty one', CORRECT },
            { { all_clusters = { "a", ("a"):rep(201) } }, 'all_clusters[2] is "' .. ("a"):rep(59)
                .. '…", expected a text of 1 to 200 bytes', CORRECT },
            { profile { regoin = "x" }, "unknown key 'profiles.p.regoin'", "Did you mean 'region'? The keys are "
                .. table.concat(checks.names(options.PLAIN), ", ") .. "." },
            { { profils = 1 }, "unknown key 'profils'", "Did you mean 'profile'? The keys are alerts, all_clusters, "
                .. "clusters, history, on_change, pass_environment, profile, profiles, show_accounts, thresholds." },
            -- names and what they name
            { profile(5), "profiles.p is a number, expected a table" },
            { { profiles = { [""] = {} } }, "profiles:  is not the name of a profile", NAME },
            { { profiles = { [" "] = {} } }, "profiles:   is not the name of a profile", NAME },
            { { profiles = { ["a\n"] = {} } }, "profiles: a  is not the name of a profile", NAME },
            { { clusters = { "a" } }, "clusters: [1] is not the name of a cluster", 'Write name = "its id".' },
            { { clusters = { a = "x/y" } }, 'clusters.a is "x/y", expected letters, digits, "-", "_" and "." only',
                CORRECT },
            { { profile = "q" }, "profile is 'q', which profiles does not have",
                "Add it to profiles, or name one of those." },
            { { profile = "q", profiles = { p = {} } }, "profile is 'q', which profiles does not have",
                "Add it to profiles, or name one of those." },
            { { pass_environment = { "A", {} } }, "pass_environment has a table, expected names of variables",
                'Write { "NAME", … }: the values come from the environment.' },
            { { pass_environment = { "A", "1" } }, "pass_environment has '1', expected names of variables",
                'Write { "NAME", … }: the values come from the environment.' },
            -- what others check
            { { thresholds = { stale = { warning = -1 } } }, "thresholds.stale.warning is -1, expected a length of "
                .. 'time above 0: seconds, or "90m", "6h", "2d", or false', CORRECT },
            { { alerts = { channels = 5 } }, "alerts.channels is a number, expected a table", CORRECT },
            { profile { timeout = 0 }, "profiles.p.timeout is 0, expected a number of seconds above 0 and at most "
                .. "1000000", CORRECT },
            { profile { credentials = { source = "file", path = 5 } },
                "profiles.p.credentials.path is not a non-empty text without line breaks", CORRECT },
            -- credentials
            { profile { credentials = 5 }, "profiles.p.credentials is a number, expected the name of a source or a "
                .. "table", SOURCE },
            { profile { credentials = {} }, "profiles.p.credentials names no source", SOURCE },
            { profile { credentials = { source = "agency", from = 5 } },
                "profiles.p.credentials.from is a number, expected the name of a source or a table", SOURCE },
            { profile { credentials = { source = "agency", from = {} } },
                "profiles.p.credentials.from names no source", SOURCE },
            { { region = "x" }, "'region' belongs in a profile",
                'Write profile = "main", profiles = { main = { region = … } }.' },
        } do
            local checked, err = keys.check(case[1])
            assert.is_nil(checked, case[2])
            assert.same({ "config", case[2] }, { err.kind, err.message })
            if case[3] then
                assert.equal(case[3], err.hint)
            end
        end
    end)

    it("is never a secret: at the top, in a profile, of credentials and of what those rest on", function()
        for _, name in ipairs { "ak", "sk", "security_token", "password", "passcode", "token" } do
            local elsewhere = "Name a source of them: the environment, the credentials file, the metadata service."
            for _, case in ipairs {
                { { [name] = "hidden" }, name, "Use the environment or the credentials file." },
                { profile { [name] = "hidden" }, "profiles.p." .. name, elsewhere },
                { profile { credentials = { [name] = "hidden" } }, "profiles.p.credentials." .. name, elsewhere },
                { profile { credentials = { source = "agency", from = { [name] = "hidden" } } },
                    "profiles.p.credentials.from." .. name, elsewhere },
            } do
                local checked, err = keys.check(case[1])
                assert.is_nil(checked)
                assert.same({ case[2] .. SECRET, case[3] }, { err.message, err.hint })
            end
        end
    end)

    it("is handed on as a copy, with what it leaves out", function()
        assert.same({ profiles = {}, clusters = {} }, keys.check {})
        local given = { profile = "p", profiles = { p = { region = "cn-north-4", credentials = "environment" }, q = {
            credentials = { source = "agency", agency_name = "a", domain = "d", from = "file" } } },
            clusters = { w = "c1" }, all_clusters = { ("a"):rep(200), "b" }, history = "", show_accounts = false,
            on_change = f, pass_environment = { "A", "B" }, thresholds = { stale = { warning = "6h" } },
            alerts = {} }
        local checked = assert(keys.check(given))
        assert.same({ { source = "environment" }, "file", "agency" }, { checked.profiles.p.credentials,
            checked.profiles.q.credentials.from.source, checked.profiles.q.credentials.source })
        assert.same({ "p", "cn-north-4", "c1", "b", "", false, f, { "A", "B" }, "6h" }, { checked.profile,
            checked.profiles.p.region, checked.clusters.w, checked.all_clusters[2], checked.history,
            checked.show_accounts, checked.on_change, checked.pass_environment, checked.thresholds.stale.warning })
        assert.same({}, checked.alerts.channels) -- which is filled in
        assert.equal("environment", given.profiles.p.credentials)
        for _, name in ipairs { "profiles", "clusters", "all_clusters", "pass_environment", "alerts" } do
            assert.are_not.equal(given[name], checked[name])
        end
    end)
end)

describe("the clusters that --all-clusters means", function()
    it("may be one name", function()
        assert.same({ "prod-*" }, assert(keys.check { all_clusters = { "prod-*" } }).all_clusters)
    end)
end)
