local alerts = require "dwsync.alerts"
local files = require "dwsync.files"
local health = require "dwsync.health"
local kept = require "spec.golden.kept"

local function shipped(name)
    return assert(files.read("examples/prometheus/" .. name))
end

describe("alert rules", function()
    it("are shipped as the defaults make them", function()
        assert.is_true(alerts.render(assert(health.rules())) == shipped "rules.yml",
            "make it anew: lua/bin/dwsync alert-rules > examples/prometheus/rules.yml")
        assert.is_true(alerts.render_fleet() == shipped "fleet_rules.yml",
            "make it anew: lua/bin/dwsync alert-rules --fleet > examples/prometheus/fleet_rules.yml")
    end)

    it("with other thresholds and options are as kept", function()
        kept.compare("alerts.set.yml", alerts.render(assert(health.rules { stale = false, stuck = { warning = 60 },
            mass_delete = { warning = 5, critical = 20 }, failing = { critical = false } }),
            { job = "other", data_age = 60, patience = 0.5, interval = 15 }))
    end)

    it("with every threshold set are as kept, and those about a fleet with other options", function()
        kept.compare("alerts.all.yml", alerts.render(assert(health.rules {
            churn = { warning = 7, critical = 9 }, data = { warning = 1, critical = 2 }, disabled = "critical",
            failing = { warning = 3, critical = 5, share = 0.5, minimum = 60, critical_minimum = 120 },
            mass_delete = { warning = 5, critical = false, population = 100, warning_ratio = 0.07,
                critical_ratio = 0.5, window = "12h" },
            overlap = { warning = 2, critical = 3 }, partial = { warning = 0.02, critical = 0.3, minimum = 1 },
            slow = { warning = 2.5, critical = 9, runs = 1, minimum = 60 }, stale = { warning = "6h" },
            stuck = { factor = 2.5, critical_factor = 7.5, minimum = 60, critical_minimum = 3600 },
            volume = { warning = 2.5, critical = 4, minimum = 1 } }), { job = [[a"b\c]], patience = 3 }))
        kept.compare("alerts.fleet.yml", alerts.render_fleet { job = [[a"b\c]], patience = 0.1, interval = 1.5 })
    end)
end)
