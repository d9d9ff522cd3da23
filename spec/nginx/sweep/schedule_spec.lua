local schedule = require "dwsync.nginx.sweep.schedule"

local SETTINGS = { interval = 60, jitter = 0.1 }

local function middle()
    return 0.5
end

describe("the schedule", function()
    it("is an interval after the beginning of the last sweep", function()
        assert.equal(1060, schedule.next(SETTINGS, { outcome = "complete" }, 0, 1000, 1020, middle))
        assert.equal(1060, schedule.next(SETTINGS, { outcome = "partial" }, 0, 1000, 1020, middle))
    end)

    it("is spread by the jitter", function()
        assert.equal(1054, schedule.next(SETTINGS, { outcome = "complete" }, 0, 1000, 1020, function() return 0 end))
        local latest = schedule.next(SETTINGS, { outcome = "complete" }, 0, 1000, 1020, function() return 0.999999 end)
        assert.is_true(latest > 1065.9 and latest < 1066)
    end)

    it("tries again sooner when everything failed, and less so each time", function()
        local pauses = {}
        for failures = 1, 6 do
            pauses[failures] = schedule.next(SETTINGS, { outcome = "failed" }, failures, 1000, 1020, middle) - 1020
        end
        assert.same({ 5, 10, 20, 40, 60, 60 }, pauses)
        assert.equal(1080, schedule.next(SETTINGS, { outcome = "failed" }, 1e6, 1000, 1020, middle)) -- a week of them
        assert.equal(1021, schedule.next({ interval = 1, jitter = 0 }, { outcome = "failed" }, 1, 1000, 1020, middle))
    end)

    it("waits as long as the service asks for", function()
        assert.equal(1320, schedule.next(SETTINGS, { outcome = "failed", retry_after = 300 }, 1, 1000, 1020, middle))
        assert.equal(1060, schedule.next(SETTINGS, { outcome = "partial", retry_after = 1 }, 0, 1000, 1020, middle))
    end)

    it("waits an hour at most, whatever the service asks for", function()
        for _, pause in ipairs { 3601, 86400, math.huge } do
            local summary = { outcome = "partial", retry_after = pause }
            assert.equal(1020 + 3600, schedule.next(SETTINGS, summary, 0, 1000, 1020, middle))
        end
    end)

    it("is now after a sweep that nginx ended", function()
        assert.equal(1001, schedule.next(SETTINGS, { outcome = "cancelled" }, 0, 1000, 1001, middle))
    end)
end)
