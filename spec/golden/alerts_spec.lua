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
end)
