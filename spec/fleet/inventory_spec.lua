local borders = require "spec.support.borders"
local inventories = require "dwsync.fleet.inventory"

local HQ = { hq = { credentials = { source = "environment" }, regions = { "cn-north-4" } } }

local function refusal(given)
    local inventory, err = inventories.check(given)
    assert.is_nil(inventory)
    assert.equal("config", err.kind)
    return err.message
end

describe("an inventory", function()
    it("fills in how often, how fast and for how long", function()
        local inventory = assert(inventories.check { accounts = HQ })
        assert.same({ 60, 600, 90 }, { inventory.interval, inventory.discovery, inventory.lease })
        assert.same({ 1, 1 }, { inventory.by_name.hq.rate, inventory.by_name.hq.burst })
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
        assert.equal("there are no accounts", refusal { accounts = {} })
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
