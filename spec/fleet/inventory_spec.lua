local borders = require "spec.support.borders"
local inventories = require "dwsync.fleet.inventory"

local HQ = { hq = { credentials = { source = "environment" }, regions = { "cn-north-4" } } }

local function refusal(given)
    local inventory, err = inventories.check(given)
    assert.is_nil(inventory)
    assert.equal("config", err.kind)
    return err.message, err.hint
end

describe("an inventory", function()
    it("fills in how often, how fast and for how long", function()
        local inventory = assert(inventories.check { accounts = HQ })
        assert.same({ 60, 600, 90 }, { inventory.interval, inventory.discovery, inventory.lease })
        assert.same({ 1, 1 }, { inventory.by_name.hq.rate, inventory.by_name.hq.burst })
    end)

    it("is refused for one thing that is wrong, although the rest is right", function()
        for words, wrong in pairs { ["there are no accounts"] = { "accounts", {} }, ["unknown rule"] = { "thresholds",
            { ["no-rule"] = {} } }, ["overrides: expected"] = { "overrides", { 1 } },
            ["history is not a path or a postgres:// URL"] = { "history", 4711 }, -- which may hold a password
            ["alerts.x"] = { "alerts", { x = 1 } } } do
            local given = { accounts = HQ, history = "/h.sqlite", thresholds = {}, overrides = {}, alerts = {} }
            given[wrong[1]] = wrong[2]
            local message = refusal(given)
            assert.is_truthy(message:find(words, 1, true), message)
            assert.is_nil(message:find("4711", 1, true))
        end
    end)

    it("looks at a cluster as often as its override says, else its account, else it", function()
        local inventory = assert(inventories.check { interval = 30, accounts = { hq = { interval = 20 }, shop = {} },
            overrides = { ["often-*"] = { interval = 10 }, ["strict-*"] = { thresholds = { stale = false } } } })
        for _, case in ipairs { { "hq", "often-1", 10 }, { "hq", "strict-1", 20 }, { "hq", "other", 20 },
            { "shop", "often-1", 10 }, { "shop", "strict-1", 30 }, { "shop", "other", 30 }, { "none", "other", 30 },
            { "none", "often-1", 10 } } do
            assert.equal(case[3], (inventory:settings_of(case[1], { id = "1", name = case[2] })), case[2])
        end
    end)

    it("judges anew by another release", function()
        local core = require "dwsync.core"
        local version = core.version
        finally(function() core.version = version end)
        local function mark()
            return (select(3, assert(inventories.check { accounts = HQ }):settings_of("hq", { id = "1" })))
        end
        local before = mark()
        assert.equal(before, mark())
        core.version = version .. "-next"
        assert.not_equal(before, mark())
    end)

    it("takes times up to their borders and none beyond", function()
        local longest = { interval = 30 * 86400, discovery = 30 * 86400, lease = 3600 }
        for name, most in pairs(longest) do
            for _, good in ipairs { 1, most } do
                assert.equal(good, assert(inventories.check { accounts = HQ, [name] = good })[name])
            end
            for _, bad in ipairs { 0.5, most + 1 } do
                assert.matches("^" .. name .. " is ", refusal { accounts = HQ, [name] = bad })
            end
        end
    end)

    it("takes what an account and an override say up to the same borders", function()
        local function of_account(name, value)
            local account = { credentials = HQ.hq.credentials, regions = HQ.hq.regions, [name] = value }
            return (inventories.check { accounts = { hq = account } })
        end
        borders.of_numbers({ interval = { 1, 30 * 86400 }, burst = { 1, 10000 }, rate = { 0.001, 1000, 0.001 } },
            of_account)
        borders.of_texts({ regions = 200, clusters = 200, exclude = 200 }, function(name, value)
            return of_account(name, { value })
        end)
        borders.of_texts({ exclude = 200 }, function(name, value)
            return (inventories.check { accounts = HQ, [name] = { value } })
        end)
        borders.of_numbers({ interval = { 1, 30 * 86400 } }, function(name, value)
            return (inventories.check { accounts = HQ, overrides = { ["prod-*"] = { [name] = value } } })
        end)
    end)

    it("refuses secrets, at any depth, without showing them", function()
        for path, credentials in pairs { ["accounts.hq.credentials.sk"] = { ak = "A", sk = "hidden" },
            ["accounts.hq.credentials.from.password"] = { source = "agency", agency_name = "a", domain = "b",
                from = { source = "password", password = "hidden" } } } do
            local message = refusal { accounts = { hq = { credentials = credentials } } }
            assert.is_nil(message:find("hidden", 1, true))
            local names_it = message:find(path, 1, true) or message:find("credentials.ak", 1, true)
            assert.is_truthy(names_it, message)
        end
    end)

    it("refuses secrets beside the credentials, too", function()
        assert.equal("accounts.hq.sk is a secret, and secrets do not belong in this file",
            refusal { accounts = { hq = { sk = "hidden" } } })
    end)

    it("declares alerts in the words of the configuration file", function()
        local ops = { kind = "slack", url = { env = "OPS" } }
        local inventory = assert(inventories.check { accounts = HQ, alerts = { channels = { ops = ops },
            routes = { { account = "hq", to = "ops" } } } })
        assert.same({ account = { "hq" }, to = { "ops" } }, inventory.alerts.routes[1])
        assert.equal("alerts.routes[1].to[1]: there is no channel 'osp' (did you mean 'ops'?)",
            refusal { accounts = HQ, alerts = { channels = { ops = ops }, routes = { { to = "osp" } } } })
    end)

    it("names the key that is mistyped", function()
        assert.equal("unknown key 'acounts'", refusal { acounts = HQ })
        assert.equal("unknown key 'accounts.hq.region'", refusal { accounts = { hq = { region = "cn-north-4" } } })
        assert.equal("unknown key 'overrides.prod-*.rule'", refusal { accounts = HQ,
            overrides = { ["prod-*"] = { rule = {} } } })
        assert.matches("^overrides%.prod%-%*%.thresholds%.", refusal { accounts = HQ,
            overrides = { ["prod-*"] = { thresholds = { stale = { warning = "x" } } } } })
    end)

    it("refuses each secret where it may be put, and nothing else by these names", function()
        for _, secret in ipairs { "ak", "sk", "security_token", "password", "passcode", "token" } do
            for path, account in pairs { [""] = { [secret] = "hidden" },
                [".credentials"] = { credentials = { [secret] = "hidden" } },
                [".credentials.from"] = { credentials = { from = { [secret] = "hidden" } } } } do
                assert.same({ ("accounts.hq%s.%s is a secret, and secrets do not belong in this file"):format(path,
                    secret), "Name a source of them: a credentials file, an agency, the environment." },
                    { refusal { accounts = { hq = account } } })
            end
        end
        assert.equal("a postgres:// URL", refusal({ accounts = HQ, history = 7 }):match "a postgres:// URL")
    end)

    it("hands on the options of a client, other than those that are a place's", function()
        local given = { credentials = HQ.hq.credentials, timeout = 7, rate = 3, retries = 2 }
        assert.same({ credentials = HQ.hq.credentials, timeout = 7, retries = 2 },
            assert(inventories.check { accounts = { hq = given } }).by_name.hq.client)
        for _, name in ipairs { "region", "project_id" } do
            assert.matches("^unknown key 'accounts.hq." .. name .. "'",
                refusal { accounts = { hq = { [name] = "a" } } })
        end
    end)

    it("says what is missing, or of the wrong kind, and how that is written", function()
        local names, write = "accounts: names are letters, digits, '-', '_' and '.'", "Write accounts = { hq = { … } }."
        local patterns, override = "overrides: expected tables by pattern",
            'Write overrides = { ["prod-*"] = { … } }.'
        for _, case in ipairs {
            { 7, "the inventory is a number, expected a table", "Write return { accounts = { … } }." },
            { nil, "the inventory is a nil, expected a table", "Write return { accounts = { … } }." },
            { {}, "accounts is missing, expected a table" },
            { { accounts = {} }, "there are no accounts",
                "Write accounts = { hq = { credentials = { source = … } } }." },
            { { accounts = { { regions = {} } } }, names, write },
            { { accounts = { ["a b"] = {} } }, names, write },
            { { accounts = { hq = "x" } }, "accounts.hq is a string, expected a table" },
            { { accounts = HQ, overrides = { "x" } }, patterns, override },
            { { accounts = HQ, overrides = { x = 7 } }, patterns, override },
            { { accounts = HQ, overrides = { {} } }, patterns, override },
        } do
            local message, hint = refusal(case[1])
            assert.equal(case[2], message)
            assert.equal(case[3] or hint, hint)
        end
    end)

    it("takes a path for the history, and whether accounts are shown and listed, as such alone", function()
        for name, values in pairs { history = { "/h.sqlite", "" }, show_accounts = { true, false } } do
            for _, value in ipairs(values) do
                assert.equal(value, assert(inventories.check { accounts = HQ, [name] = value })[name])
            end
            assert.matches("^" .. name .. " is ", refusal { accounts = HQ, [name] = 7 })
        end
        for _, value in ipairs { true, false } do
            local hq = { credentials = { source = "environment" }, list_accounts = value }
            assert.equal(value, assert(inventories.check { accounts = { hq = hq } }).by_name.hq.list_accounts)
        end
        assert.is_false(assert(inventories.check { accounts = HQ }).by_name.hq.list_accounts)
        assert.equal("accounts.hq.list_accounts is a string, expected true or false", refusal { accounts = {
            hq = { credentials = { source = "environment" }, list_accounts = "x" } } })
        assert.matches("^thresholds.stale.warning is ", refusal { accounts = HQ,
            thresholds = { stale = { warning = "x" } } })
    end)

    it("lists accounts by name, each with room for as many requests at once as its rate is, at least one", function()
        local given, names, bursts = {}, {}, {}
        for i, rate in ipairs { 0.001, 1, 1.5, 2, 7.2 } do
            given["n" .. 6 - i] = { credentials = { source = "environment" }, rate = rate }
        end
        given.n0 = { credentials = { source = "environment" }, rate = 3, burst = 1 }
        for i, account in ipairs(assert(inventories.check { accounts = given }).accounts) do
            names[i], bursts[i] = account.name, account.burst
        end
        assert.same({ "n0", "n1", "n2", "n3", "n4", "n5" }, names)
        assert.same({ 1, 8, 2, 2, 1, 1 }, bursts)
    end)

    it("merges thresholds rule by rule, option by option, and leaves what it was given alone", function()
        local given = { accounts = HQ, thresholds = { stale = { critical = "3d", warning = "1d" }, churn = false },
            overrides = { a = { thresholds = { stale = { warning = "2d" }, churn = { warning = 7 } } },
                b = { thresholds = { stale = false } }, c = { thresholds = { failing = { warning = 3 } } },
                d = {} } }
        local inventory = assert(inventories.check(given))
        local function rules_of(name)
            local _, rules = inventory:settings_of("hq", { id = "1", name = name })
            return rules
        end
        local day = 86400
        for name, expected in pairs { a = { 2 * day, 3 * day, 7 }, c = { day, 3 * day, false },
            d = { day, 3 * day, false }, other = { day, 3 * day, false } } do
            local rules = rules_of(name)
            assert.same({ expected[1], expected[2], expected[3] }, { rules.stale.warning, rules.stale.critical,
                rules.churn and rules.churn.warning })
        end
        assert.equal(3, rules_of("c").failing.warning)
        assert.is_not.equal(3, rules_of("d").failing.warning)
        assert.is_false(rules_of("b").stale)
        assert.same({ critical = "3d", warning = "1d" }, given.thresholds.stale)
        assert.same({ warning = "2d" }, given.overrides.a.thresholds.stale)
    end)

    it("lets of patterns of one length the later in the alphabet win", function()
        for _, name in ipairs { "ab", "ac" } do
            local inventory = assert(inventories.check { accounts = HQ, overrides = { ["a?"] = { interval = 11 },
                [name] = { interval = 12 }, ["*"] = { interval = 13 } } })
            assert.equal(12, (inventory:settings_of("hq", { id = "1", name = name })))
            assert.equal(11, (inventory:settings_of("hq", { id = "1", name = "ax" })))
            assert.equal(13, (inventory:settings_of("hq", { id = "1", name = "bxx" })))
        end
    end)

    it("sorts patterns by length and then by the alphabet, however many there are", function()
        local names, given = { "z", "aa", "ab", "ba", "zz", "aaa", "aab", "bbb", "zzzz", "aaaaa" }, {}
        for i, name in ipairs(names) do
            given[name] = { interval = i }
        end
        local found = {}
        for i, override in ipairs(assert(inventories.check { accounts = HQ, overrides = given }).overrides) do
            found[i] = override.pattern
        end
        assert.same(names, found)
    end)

    it("leaves out what is excluded, by the fleet or by the account, and all but what an account names", function()
        local inventory = assert(inventories.check { exclude = { "tmp-*" }, accounts = {
            hq = { credentials = { source = "environment" }, exclude = { "hq-old" } },
            shop = { credentials = { source = "environment" }, clusters = { "shop-*" } } } })
        assert.is_true(inventory:has("hq", { id = "1", name = "prod" }))
        assert.is_false(inventory:has("hq", { id = "2", name = "tmp-1" }))
        assert.is_false(inventory:has("hq", { id = "3", name = "hq-old" }))
        assert.is_true(inventory:has("shop", { id = "4", name = "shop-a" }))
        assert.is_false(inventory:has("shop", { id = "5", name = "prod" }))
        assert.is_false(inventory:has("nobody", { id = "6" }))
    end)

    it("lets the longest pattern say how often and by which thresholds", function()
        local inventory = assert(inventories.check { accounts = HQ, interval = "5m",
            thresholds = { stale = { critical = "3d" } }, overrides = {
                ["prod-*"] = { interval = "30s", thresholds = { stale = { critical = "6h" } } },
                ["prod-slow-*"] = { interval = "10m" } } })
        local interval, rules = inventory:settings_of("hq", { id = "1", name = "prod-a" })
        assert.same({ 30, 21600 }, { interval, rules.stale.critical })
        interval, rules = inventory:settings_of("hq", { id = "2", name = "prod-slow-a" })
        assert.same({ 600, 259200 }, { interval, rules.stale.critical })
        interval = inventory:settings_of("hq", { id = "3", name = "other" })
        assert.equal(300, interval)
    end)

    it("marks rules, so that what was judged by others is judged again", function()
        local function marks(thresholds, overrides)
            local inventory = assert(inventories.check { accounts = HQ, thresholds = thresholds,
                overrides = overrides })
            local _, _, plain = inventory:settings_of("hq", { id = "1", name = "test" })
            local _, _, own = inventory:settings_of("hq", { id = "2", name = "prod-a" })
            return plain, own
        end
        local plain, own = marks({}, { ["prod-*"] = { thresholds = { stale = { critical = "6h" } } } })
        assert.are_not.equal(plain, own)
        assert.matches("^" .. ("%x"):rep(16) .. "$", plain)
        assert.equal(plain, (marks({}, { ["prod-*"] = { interval = 10 } })))
        assert.equal(own, (marks({ stale = { critical = "6h" } }, {})))
        assert.equal(own, (marks({ stale = { critical = 21600 } }, {})))
    end)
end)
