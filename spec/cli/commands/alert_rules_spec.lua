local alerts = require "dwsync.alerts"
local command = require "spec.support.command"
local health = require "dwsync.health"

local FILES = {
    ["/c.lua"] = "return { thresholds = { stale = { warning = 3600 }, churn = false } }",
    ["/wrong.lua"] = "return { thresholds = { stale = { warning = -1 } } }",
}

local function run(...)
    return command.run({ "alert-rules", ... }, { files = FILES })
end

describe("dwsync alert-rules", function()
    it("prints the rules of the default thresholds, and asks nothing", function()
        local status, out, err, requests = run()
        assert.equal(0, status)
        assert.equal("", err)
        assert.equal(alerts.render(health.rules()), out)
        assert.same({}, requests)
    end)

    it("follows the configuration file, and --set on top of it", function()
        local _, out = run("--config", "/c.lua")
        assert.equal(alerts.render(health.rules { stale = { warning = "1h" }, churn = false }), out)
        _, out = run("--config", "/c.lua", "--set", "stale.critical=1d", "--set", "never=off")
        assert.equal(alerts.render(health.rules { stale = { warning = "1h", critical = "1d" }, churn = false,
            never = false }), out)
    end)

    it("hands on --job, --data-age and --patience", function()
        local _, out = run("--job", "a b", "--data-age", "2h", "--patience", "0.5")
        assert.equal(alerts.render(health.rules(), { job = "a b", data_age = 7200, patience = 0.5 }), out)
    end)

    it("prints those about collectors in place of them", function()
        assert.equal(alerts.render_fleet(), (select(2, run "--fleet")))
        assert.equal(alerts.render_fleet { job = "fleet", patience = 0 },
            (select(2, run("--fleet", "--job", "fleet", "--patience", "0"))))
    end)

    it("refuses what is out of range, with status 2 and nothing on stdout", function()
        local cases = {
            { { "--set", "stale.warning=x" }, '--set: stale.warning is "x", expected a length of time' },
            { { "--set", "odd.warning=1" }, "--set: unknown rule 'odd'" },
            { { "--config", "/wrong.lua" }, "stale.warning is -1" },
            { { "--config", "/none.lua" }, "configuration file /none.lua: No such file or directory" },
            { { "--job", "\195\164" }, '--job is "\195\164", expected a text of printable ASCII' },
            { { "--job", "" }, '--job is "", expected a text of printable ASCII' },
            { { "--data-age", "0" }, "--data-age is 0, expected a length of time above 0" },
            { { "--patience=-1" }, '--patience is "-1", expected a number from 0 to 100' },
            { { "--patience", "nan" }, '--patience is "nan", expected a number from 0 to 100' },
            { { "c1" }, "too many arguments" },
        }
        for _, case in ipairs(cases) do
            local status, out, err = run((table.unpack or unpack)(case[1])) -- luacheck: ignore 113
            assert.equal(2, status, err)
            assert.equal("", out)
            assert.matches(case[2], err, 1, true)
        end
    end)
end)
