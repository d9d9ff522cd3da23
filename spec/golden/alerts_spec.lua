local alerts = require "dwsync.alerts"
local health = require "dwsync.health"
local kept = require "spec.golden.kept"

describe("alert rules", function()
    it("are as kept", function()
        kept.compare("alerts.yml", alerts.render(assert(health.rules())))
    end)

    it("with other thresholds and options are as kept", function()
        kept.compare("alerts.set.yml", alerts.render(assert(health.rules { stale = false, stuck = { warning = 60 },
            mass_delete = { warning = 5, critical = 20 }, failing = { critical = false } }),
            { job = "other", data_age = 60, patience = 0.5, interval = 15 }))
    end)
end)
