local borders = require "spec.support.borders"
local checks = require "dwsync.checks"
local routes = require "dwsync.problems.routes"
local timestamps = require "dwsync.timestamps"

local NAMES = { "am", "cloud", "ops" }
local NOON = assert(timestamps.from_iso "2025-05-19T12:00:00Z") * 1000
local NIGHT = NOON + 11 * 3600000

local function made(list, unrouted)
    for i, route in ipairs(list or {}) do
        local checked, problem = checks.read(routes.OPTIONS, route, { noun = "key", path = "route." })
        list[i] = assert(checked, problem and checks.line(problem))
    end
    return routes.new(list, NAMES, unrouted)
end

local function problem(more)
    local result = { cluster_id = "c-1", cluster_name = "prod-a", source = "s", source_type = "AD", rule = "stale",
        severity = "warning" }
    for name, value in pairs(more or {}) do
        result[name] = value
    end
    return result
end

describe("routes", function()
    it("tell everybody everything where there are none", function()
        local plan = made(nil):plan(problem(), NOON)
        assert.same({ to = NAMES, after = 0, recover = 0, remind = 86400000 }, plan)
    end)

    it("tell those of the first that fits, and nobody where none does", function()
        local some = made { { cluster = "prod-*", severity = "critical", to = { "ops", "cloud" }, remind = "4h" },
            { cluster = "prod-*", to = "am" } }
        assert.same({ to = { "ops", "cloud" }, route = 1, after = 0, recover = 0, remind = 14400000 },
            some:plan(problem { severity = "critical" }, NOON))
        assert.same({ { "am" }, 2 }, { some:plan(problem(), NOON).to, some:plan(problem(), NOON).route })
        local nobody = some:plan(problem { cluster_name = "dev-a" }, NOON)
        assert.same({}, nobody.to)
        assert.is_nil(nobody.route)
    end)

    it("fit by name, id or pattern of the cluster, account, source, its type, rule and severity or worse", function()
        for _, case in ipairs {
            { { cluster = "prod-*" }, true }, { { cluster = { "dev-*", "c-1" } }, true },
            { { cluster = "dev-*" }, false },
            { { account = "hq" }, true, { account = "hq" } }, { { account = "h*" }, true, { account = "hq" } },
            { { account = "hq" }, false }, { { account = "*" }, false },
            { { account = { "hq" } }, true, { account = "hq" } },
            { { account = "hq" }, false, { account = "shop" } },
            { { cluster = "*" }, true, { cluster_id = "account:hq", cluster_name = "account hq" } },
            { { cluster = { "dev-*", "*" } }, true, { cluster_id = "list:eu-de" } },
            { { cluster = "*e*" }, false, { cluster_id = "list:eu-de", cluster_name = "the clusters of eu-de" } },
            { { account = "hq" }, true, { cluster_id = "account:hq", account = "hq" } },
            { {}, true, { cluster_id = "list:hq/cn-north-4", account = "hq" } },
            { { source = "s" }, true }, { { source = "t" }, false }, { { source = { "t", "s" } }, true },
            { { source_type = "AD" }, true }, { { source_type = "LDAP" }, false },
            { { rule = "stale" }, true }, { { rule = { "failing", "stuck" } }, false },
            { { rule = "unreachable" }, true, { rule = "unreachable" } },
            { { severity = "warning" }, true }, { { severity = "critical" }, false },
            { { severity = "unknown" }, true }, { { severity = "critical" }, true, { severity = "critical" } },
            { { cluster = "prod-*", rule = "failing" }, false }, -- all must fit
            { {}, true },
        } do
            case[1].to = "ops"
            local plan = made({ case[1] }):plan(problem(case[3]), NOON)
            assert.equal(case[2], plan.to[1] == "ops", require("dwsync.ordered_json").encode(case[1]))
        end
    end)

    it("fit in their hours only", function()
        local some = made { { hours = { from = "09:00", to = "18:00", days = "mon-fri", zone = "UTC" }, to = "ops" },
            { to = "am" } }
        assert.same({ "ops" }, some:plan(problem(), NOON).to)
        assert.same({ "am" }, some:plan(problem(), NIGHT).to)
        assert.same({ "am" }, some:plan(problem(), NOON + 5 * 86400000).to)
    end)

    it("hold in quiet hours what is not critical, until they end", function()
        local some = made { { to = "ops", quiet = { from = "22:00", to = "07:00", zone = "UTC" } } }
        assert.equal(NIGHT + 8 * 3600000, some:plan(problem(), NIGHT).held_until)
        assert.is_nil(some:plan(problem(), NOON).held_until)
        assert.is_nil(some:plan(problem { severity = "critical" }, NIGHT).held_until)
        local all = made { { to = "ops", quiet = { { from = "22:00", to = "06:00", zone = "UTC", hold_critical = true },
            { from = "06:00", to = "07:00", zone = "UTC" } } } }
        local one = made { { to = "ops", quiet = { { from = "22:00", to = "07:00", zone = "UTC" } } } }
        assert.equal(NIGHT + 8 * 3600000, one:plan(problem(), NIGHT).held_until)
        assert.equal(NIGHT + 7 * 3600000, all:plan(problem { severity = "critical" }, NIGHT).held_until)
        assert.equal(NIGHT + 8 * 3600000, all:plan(problem(), NIGHT).held_until)
    end)

    it("say how patient they are, in milliseconds, and may never remind", function()
        local plan = made({ { to = "ops", after = "10m", recover = "5m", remind = false } }):plan(problem(), NOON)
        assert.same({ 600000, 300000, nil }, { plan.after, plan.recover, plan.remind })
        plan = made({ { to = "ops", after = 1.0006, recover = 2.0009, remind = 60.0001 } }):plan(problem(), NOON)
        assert.same({ 1000, 2000, 60000 }, { plan.after, plan.recover, plan.remind })
    end)

    it("may tell nobody", function()
        local some = made { { cluster = "dev-*", to = {} }, { to = "ops" } }
        assert.same({}, some:plan(problem { cluster_name = "dev-a" }, NOON).to)
        assert.equal(1, some:plan(problem { cluster_name = "dev-a" }, NOON).route)
    end)

    it("tell channels that the configuration does not know everything, once", function()
        local some = made({ { cluster = "prod-*", to = { "am", "ops" } } }, { ops = true })
        assert.same({ "am", "ops" }, some:plan(problem(), NOON).to)
        assert.same({ "ops" }, some:plan(problem { cluster_name = "dev-a" }, NOON).to)
    end)

    it("are patient for a week, and remind every minute or month", function()
        local function is_taken(name, value)
            return (checks.read(routes.OPTIONS, { to = "ops", [name] = value }, { noun = "key" }))
        end
        borders.of_numbers({ after = { 0, 7 * 86400 }, recover = { 0, 7 * 86400 }, remind = { 60, 30 * 86400 } },
            is_taken)
        borders.of_texts({ cluster = 200, account = 200, source = 200, source_type = 200 }, is_taken)
        borders.of_texts({ cluster = 200, account = 200, source = 200, source_type = 200 }, function(name, value)
            return is_taken(name, { "one", value })
        end)
    end)

    it("say what is wrong with them", function()
        for _, case in ipairs {
            { {}, "route.to is missing, expected a channel or a list of them" },
            { { to = "ops", rule = "stael" }, "route.rule is \"stael\", expected one of churn, data, disabled, "
                .. "failing, mass_delete, never, overlap, partial, slow, stale, stuck, unreachable, volume (did you "
                .. "mean 'stale'?)" },
            { { to = "ops", severity = "ok" }, 'route.severity is "ok", expected one of unknown, warning, critical' },
            { { to = "ops", remind = "10s" },
                'route.remind is "10s", expected a length of time from 1 min to 30 d: seconds, or "90m", "6h", "2d", '
                .. "or false" },
            { { to = "ops", cluster = {} }, "route.cluster is a table, expected a list that is not empty" },
            { { to = "ops", clusters = "prod-*" }, "unknown key 'route.clusters'. Did you mean 'cluster'? The keys are "
                .. "account, after, cluster, hours, quiet, recover, remind, rule, severity, source, source_type, to." },
            { { to = "ops", quiet = { from = "22:00" } },
                'route.quiet.to is missing, expected a time such as "22:00"' },
            { { to = "ops", quiet = { { from = "22:00" } } },
                'route.quiet[1].to is missing, expected a time such as "22:00"' },
        } do
            local checked, wrong = checks.read(routes.OPTIONS, case[1], { noun = "key", path = "route." })
            assert.is_nil(checked)
            assert.equal(case[2], checks.line(wrong))
        end
    end)
end)
