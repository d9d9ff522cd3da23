local health = require "dwsync.health"
local runs = require "spec.health.runs"

-- Hourly runs; `bad` tells by its age in runs which had failing accounts.
local function with(failed, updated, bad, more)
    return runs.hourly(40, 600, function(run, i)
        run.update_count = updated
        if bad(i) then
            run.failed_count = failed
            for name, value in pairs(more or {}) do
                run[name] = value
            end
        end
    end)
end

local function newest(count)
    return function(i) return i <= count end
end

-- Daily runs of which the newest had failing accounts.
local function last(failed, updated, more)
    local list = {}
    for i = 1, 10 do
        list[i] = runs.run(600 + (i - 1) * 86400, { update_count = updated })
    end
    list[1].failed_count = failed
    for name, value in pairs(more or {}) do
        list[1][name] = value
    end
    return list
end

describe("the rule partial", function()
    it("fires from one account in a hundred, but not for fewer than five", function()
        assert.equal("ok", runs.severity(last(0, 100), "partial"))
        assert.equal("ok", runs.severity(last(4, 10), "partial"))
        assert.equal("warning", runs.severity(last(5, 10), "partial"))
        assert.equal("warning", runs.severity(last(10, 990), "partial"))
        assert.equal("ok", runs.severity(last(9, 991), "partial"))
        assert.equal("ok", runs.severity(last(2, 0), "partial")) -- 2 of 2 in a quiet run
    end)

    it("is critical when a tenth of the accounts there are fails", function()
        assert.equal("warning", runs.severity(last(100, 50), "partial")) -- of thousands
        assert.equal("critical", runs.severity(last(900, 50), "partial"))
        local function share(population)
            return health.evaluate(last(100, 50), { mass_delete = { population = population } }, runs.NOW)
        end
        assert.equal("critical", share(1000).severity)
        assert.equal("warning", share(1001).severity)
    end)

    it("wants two bad runs among five where runs are frequent, and goes on until five were well", function()
        assert.equal("ok", runs.severity(with(8, 92, newest(1)), "partial"))
        assert.equal("warning", runs.severity(with(8, 92, newest(2)), "partial"))
        assert.equal("warning", runs.severity(with(8, 92, function(i) return i <= 9 and i % 2 == 0 end), "partial"))
        local function well(count)
            return runs.severity(with(8, 92, function(i) return i > count and i <= count + 3 end), "partial")
        end
        assert.equal("warning", well(5))
        assert.equal("ok", well(6))
    end)

    it("takes what has always failed for known", function()
        local list = runs.hourly(10 * 24, 600, function(run)
            run.update_count, run.failed_count = 20, 20
        end)
        assert.equal("ok", runs.severity(list, "partial"))
        local new = runs.hourly(10 * 24, 600, function(run, i)
            run.update_count, run.failed_count = 20, i <= 9 * 24 and 20 or 0
        end)
        assert.equal("warning", runs.severity(new, "partial"))
    end)

    it("counts added and deleted accounts, too", function()
        local verdict = runs.verdict(last(5, 10, { add_count = 20, delete_count = 15 }), "partial")
        assert.equal(0.1, verdict.value)
        assert.equal("ratio", verdict.unit)
        assert.equal("5 of 50 accounts failed in the last finished run, 10 %", verdict.message)
    end)

    it("looks at runs that finished", function()
        local list = last(50, 50)
        table.insert(list, runs.failed(120, { failed_count = 9 }))
        table.insert(list, runs.running(60))
        assert.equal(0.5, runs.verdict(list, "partial").value)
    end)

    it("takes other shares and another least number", function()
        assert.equal("ok", runs.severity(last(20, 80), "partial", { warning = 0.3, critical = 0.5 }))
        assert.equal("warning", runs.severity(last(900, 50), "partial", { critical = false }))
        assert.equal("warning", runs.severity(last(1, 0), "partial", { minimum = 1 }))
    end)

    it("adds the reason", function()
        assert.matches('10 %% %("name <b> too long"%)$',
            runs.verdict(last(10, 90, { fail_reason = "name <b> too long" }), "partial").message)
        assert.matches("10 %% %(the identity source did not answer in time%)$",
            runs.verdict(last(10, 90, { fail_reason = "Read timed out" }), "partial").message)
    end)

    it("has nothing to say before a run has finished", function()
        local verdict = runs.verdict({ runs.failed(60, { failed_count = 7 }) }, "partial")
        assert.equal("ok", verdict.severity)
        assert.is_nil(verdict.value)
        assert.equal("no run has finished yet", verdict.message)
    end)
end)
