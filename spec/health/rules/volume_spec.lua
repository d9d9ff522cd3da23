local runs = require "spec.health.runs"

local HOUR, DAY = runs.HOUR, runs.DAY

-- Hourly runs for weeks that update `usual` accounts each; `change` is called with each run and its age in hours.
local function weeks(usual, change)
    return runs.hourly(5 * 7 * 24, 600, function(run, i)
        run.update_count = usual
        if change then
            change(run, i - 1)
        end
    end)
end

local function severity(usual, change, options)
    return runs.severity(weeks(usual, change), "volume", options)
end

-- The newest hours have so many updates.
local function lately(hours, count)
    return function(run, ago)
        run.update_count = ago < hours and count or run.update_count
    end
end

describe("the rule volume", function()
    it("fires when several times as many change again and again, not for one wave", function()
        assert.equal("ok", severity(10, lately(1, 3000)))
        assert.equal("ok", severity(10, lately(20, 25)))
        assert.equal("warning", severity(10, lately(20, 100)))
    end)

    it("fires when few or none change on two days where more were to be expected", function()
        assert.equal("ok", severity(10, lately(12, 0)))
        assert.equal("warning", severity(10, lately(40, 0)))
        assert.equal("warning", severity(10, lately(40, 1)))
        assert.equal("ok", severity(10, lately(40, 6)))
        assert.equal("ok", severity(0, lately(40, 0)))
        assert.equal("warning", severity(8, lately(40, 2))) -- just a quarter
        assert.equal("ok", severity(8, lately(40, 3)))
    end)

    it("knows the hours of the week: nights and weekends are quiet", function()
        assert.equal("ok", severity(0, function(run, ago)
            local hour = math.floor((run.start_time / 1000) / HOUR)
            run.update_count = hour % 24 >= 8 and hour % 24 < 18 and math.floor(hour / 24) % 7 < 5 and 12 or ago % 2
        end))
    end)

    it("does not take a fault for usual once it has lasted", function()
        assert.equal("warning", severity(10, lately(10 * 24, 100)))
        assert.equal("warning", severity(10, lately(9 * 24, 0)))
    end)

    it("is over when two stretches in a row were well", function()
        local function recovered(hours)
            return severity(10, function(run, ago)
                run.update_count = ago >= hours and ago < hours + 40 and 0 or 10
            end)
        end
        assert.equal("warning", recovered(1))
        assert.equal("ok", recovered(12))
    end)

    it("sees a part that is missing from full imports", function()
        local function import(count, days)
            local list = {}
            for i = 1, 40 do
                list[i] = runs.run(600 + (i - 1) * DAY, { update_count = i <= days and count or 5000 + i % 3 })
            end
            return runs.severity(list, "volume")
        end
        assert.equal("ok", import(4900, 5))
        assert.equal("ok", import(4300, 1))
        assert.equal("warning", import(4300, 3))
    end)

    it("fires for one run that adds many accounts, and for three days", function()
        local function added(days, count)
            local list = {}
            for i = 1, 40 do
                list[i] = runs.run(600 + (i - 1) * DAY, { add_count = i - 1 == days and count or 2, update_count = 30 })
            end
            return runs.severity(list, "volume")
        end
        assert.equal("warning", added(0, 900))
        assert.equal("warning", added(2, 900))
        assert.equal("ok", added(3, 900))
        assert.equal("ok", added(0, 19))
    end)

    it("wants five times as many added as ever before at once", function()
        local function added(count)
            local list = {}
            for i = 1, 40 do
                list[i] = runs.run(600 + (i - 1) * DAY, { update_count = 30,
                    add_count = i == 1 and count or i == 10 and 100 or 0 })
            end
            return runs.severity(list, "volume")
        end
        assert.equal("ok", added(499))
        assert.equal("warning", added(500))
    end)

    it("knows what comes with the first of a month, and after a pause", function()
        local function monthly(also)
            return severity(10, function(run, ago)
                local day = ago / 24
                run.update_count = (day < 0.6 or also and day > 30 and day < 30.6) and 100 or 10
            end)
        end
        assert.equal("warning", monthly(false))
        assert.equal("ok", monthly(true))
        local list = {}
        for i = 1, 60 do
            local missing = i > 2 and i < 9
            list[#list + 1] = not missing
                and runs.run(600 + (i - 1) * DAY, { update_count = i == 2 and 200 or 30 }) or nil
        end
        assert.equal("ok", runs.severity(list, "volume"))
    end)

    it("counts what failed runs missed with the next that finished", function()
        assert.equal("ok", severity(10, function(run, ago)
            if ago < 40 then
                run.status, run.update_count = "FAILED", 0
            end
        end))
    end)

    it("cannot tell before there is a week to compare with", function()
        local verdict = runs.verdict(runs.hourly(3, 600, function(run) run.update_count = 500 end), "volume")
        assert.equal("ok", verdict.severity)
        assert.is_nil(verdict.value)
        assert.equal("not enough history: there is no week to compare with", verdict.message)
        assert.equal("ok", runs.severity(runs.hourly(100, 600, function(run, i)
            run.update_count = i < 30 and 500 or 5
        end), "volume"))
    end)

    it("takes another factor and least difference, and can be critical", function()
        assert.equal("ok", severity(10, lately(20, 100), { warning = 12 }))
        assert.equal("warning", severity(1, lately(20, 8), { minimum = 4 }))
        assert.equal("critical", severity(10, lately(20, 100), { critical = 5 }))
        assert.equal("ok", severity(10, lately(20, 100), { warning = false }))
    end)

    it("says what was unusual", function()
        local verdict = runs.verdict(weeks(10, lately(20, 100)), "volume")
        assert.equal("times", verdict.unit)
        assert.equal(10, verdict.value)
        assert.equal("400 accounts added or updated where 40 are usual, again and again", verdict.message)
        verdict = runs.verdict(weeks(10, lately(40, 0)), "volume")
        assert.equal("no accounts added or updated where 40 were to be expected", verdict.message)
        verdict = runs.verdict(runs.hourly(9 * 24, 600, function(run, i)
            run.update_count = i <= 20 and 100 or 10
        end), "volume")
        assert.equal("400 accounts added or updated where 40 are usual (by the only earlier week on record), again and "
            .. "again", verdict.message)
        assert.equal("as many accounts added and updated as usual", runs.verdict(weeks(10), "volume").message)
    end)
end)
