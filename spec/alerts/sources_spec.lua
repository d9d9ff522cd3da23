local health = require "dwsync.health"
local sources = require "dwsync.alerts.sources"

-- Each alert of rules as "name severity seconds".
local function listed(given)
    local list = {}
    for i, item in ipairs(sources.list(assert(health.rules(given)))) do
        list[i] = ("%s %s %s %d"):format(item.rule, item.alert, item.severity, item.patience)
    end
    return list
end

describe("the alerts about sources", function()
    it("wait as long as their rule and level need, critical first", function()
        assert.same({
            "churn DwsyncChurn critical 300",
            "churn DwsyncChurn warning 300",
            "data DwsyncData critical 900",
            "data DwsyncData warning 900",
            "disabled DwsyncDisabled critical 900",
            "disabled DwsyncDisabled warning 900",
            "failing DwsyncFailing critical 300",
            "failing DwsyncFailing warning 300",
            "mass_delete DwsyncMassDelete critical 0",
            "mass_delete DwsyncMassDelete warning 0",
            "never DwsyncNeverSynchronised warning 3600",
            "overlap DwsyncOverlap critical 900",
            "overlap DwsyncOverlap warning 900",
            "partial DwsyncPartial critical 900",
            "partial DwsyncPartial warning 900",
            "slow DwsyncSlow critical 900",
            "slow DwsyncSlow warning 900",
            "stale DwsyncStale critical 300",
            "stale DwsyncStale warning 300",
            "stale DwsyncStaleUnknown warning 3600",
            "stuck DwsyncStuck critical 300",
            "stuck DwsyncStuck warning 300",
            "volume DwsyncVolume critical 300",
            "volume DwsyncVolume warning 300",
        }, listed { disabled = "critical", churn = { critical = 50 }, data = { critical = 2 },
            overlap = { critical = 2 }, slow = { critical = 4 }, volume = { critical = 9 } })
        local of_disabled = {}
        for _, text in ipairs(listed { disabled = "unknown" }) do
            of_disabled[#of_disabled + 1] = text:match "^disabled .*"
        end
        assert.same({ "disabled DwsyncDisabled warning 900", "disabled DwsyncDisabledUnknown warning 3600" },
            of_disabled)
    end)

    it("are none of rules that are off", function()
        local off = {}
        for name in pairs(health.rules()) do
            off[name] = false
        end
        assert.same({}, listed(off))
        off.never = nil
        assert.same({ "never DwsyncNeverSynchronised warning 3600" }, listed(off))
    end)

    it("say of an overdue success what is known of it", function()
        local stale = {}
        for _, item in ipairs(sources.list(assert(health.rules()))) do
            stale[#stale + 1] = item.rule == "stale" and item or nil
        end
        assert.matches("the one that is late is late as well, at the earliest 4 h after that was due%. Accounts",
            stale[1].description)
        assert.matches("has not been synchronised for", stale[1].summary, 1, true)
        assert.matches("}} has no finished run with a time$", stale[3].summary)
        assert.matches("^The verdict of rule stale is unknown%. Accounts", stale[3].description)
        assert.equal('rule:dwsync_verdict_severity:max{rule="stale"} == 1', stale[3].expr)
        assert.matches("time() >= source:dwsync_stale_critical_timestamp_seconds:max", stale[1].expr, 1, true)
        assert.matches("time() >= source:dwsync_stale_warning_timestamp_seconds:max", stale[2].expr, 1, true)
    end)
end)
