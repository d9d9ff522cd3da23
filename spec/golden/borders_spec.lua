-- Where verdicts begin and end when one thing grows by little steps. What is right, the rules' own specs say; here any
-- border that moves shows.
local health = require "dwsync.health"
local kept = require "spec.golden.kept"
local runs = require "spec.health.runs"

local MINUTE, HOUR, DAY = runs.MINUTE, runs.HOUR, runs.DAY

-- Runs that are `gap` apart, the newest first.
local function every(gap, count, change, newest)
    local list = {}
    for i = 1, count do
        list[i] = runs.run((newest or 600) + (i - 1) * gap)
        if change then
            change(list[i], i)
        end
    end
    return list
end

local function fail(run)
    run.status, run.fail_reason = "FAILED", "LDAP: error code 49 - data 52e"
end

local function lasting(run, seconds)
    run.end_time = run.start_time + seconds * 1000
end

local SWEEPS = {}

-- A history for each `k`, from `from` to `to`.
local function sweep(name, from, to, step, make, rules)
    SWEEPS[#SWEEPS + 1] = { name = name, from = from, to = to, step = step, make = make, rules = rules }
end

for _, gap in ipairs { 5 * MINUTE, HOUR, 12 * HOUR, 13 * HOUR } do
    sweep(("failing in a row, a run every %d min"):format(gap / MINUTE), 0, 40, 1, function(k)
        return every(gap, 80, function(run, i)
            if i <= k then
                fail(run)
            end
        end)
    end)
    sweep(("one in k failing, a run every %d min"):format(gap / MINUTE), 2, 24, 1, function(k)
        return every(gap, 100, function(run, i)
            if i % k == 0 then
                fail(run)
            end
        end)
    end)
end
sweep("the newest failing, then k good ones", 0, 20, 1, function(k)
    return every(30 * MINUTE, 100, function(run, i)
        if i > k and i <= k + 6 then
            fail(run)
        end
    end)
end)
sweep("minutes since the last of hourly runs", 50, 24 * 60, 10, function(k)
    return every(HOUR, 100, nil, k * MINUTE)
end)
sweep("hours since the last of daily runs", 20, 120, 1, function(k)
    return every(DAY, 30, nil, k * HOUR)
end)
sweep("hours since the last of weekly runs", 160, 600, 6, function(k)
    return every(7 * DAY, 8, nil, k * HOUR)
end)
for _, seconds in ipairs { 60, 1800 } do
    sweep(("minutes that a run goes on, usual are %d s"):format(seconds), 5, 600, 5, function(k)
        local list = every(3 * HOUR, 60, function(run)
            lasting(run, seconds)
        end, k * MINUTE)
        list[1].status, list[1].end_time = "RUNNING", nil
        return list
    end)
end
for _, size in ipairs { 40, 1000, 20000 } do
    sweep(("accounts deleted in one run, of %d"):format(size), 0, math.floor(size / 2), math.max(1, size / 200),
        function(k)
            return every(HOUR, 60, function(run, i)
                run.add_count = i == 60 and size or 0
                run.delete_count = i == 1 and math.floor(k) or 0
            end)
        end)
end
sweep("accounts deleted in each of the last ten runs, of 1000", 0, 40, 1, function(k)
    return every(HOUR, 60, function(run, i)
        run.add_count, run.delete_count = i == 60 and 1000 or 0, i <= 10 and k or 0
    end)
end)
sweep("percent added again of 400 deleted", 0, 120, 5, function(k)
    return every(HOUR, 60, function(run, i)
        run.add_count = i == 60 and 1000 or i == 1 and 4 * k or 0
        run.delete_count = i == 3 and 400 or 0
    end)
end)
sweep("hours since 400 of 1000 were deleted", 1, 100, 1, function(k)
    return every(HOUR, 200, function(run, i)
        run.add_count, run.delete_count = i == 200 and 1000 or 0, i == k and 400 or 0
    end)
end)
sweep("accounts deleted and added back, every six hours", 0, 80, 1, function(k)
    return every(HOUR, 200, function(run, i)
        run.add_count = i == 200 and 1000 or i <= 26 and i % 6 == 1 and k or 0
        run.delete_count = i <= 26 and i % 6 == 3 and k or 0
    end)
end)
for _, gap in ipairs { HOUR, 11 * HOUR, 13 * HOUR } do
    for bad = 1, 3 do
        sweep(("accounts failing in the last %d runs, a run every %d h"):format(bad, gap / HOUR), 0, 60, 1, function(k)
            return every(gap, 40, function(run, i)
                run.update_count = 200
                run.add_count = i == 40 and 500 or 0
                run.failed_count = i <= bad and k or 0
            end)
        end)
    end
end
sweep("good runs after three with failing accounts", 0, 12, 1, function(k)
    return every(HOUR, 60, function(run, i)
        run.update_count = 50
        run.failed_count = i > k and i <= k + 3 and 20 or 0
    end)
end)
sweep("accounts failing in every run, for k runs", 1, 200, 3, function(k)
    return every(HOUR, 200, function(run, i)
        run.update_count, run.failed_count = 50, i <= k and 10 or 0
    end)
end)
for slow = 1, 3 do
    sweep(("seconds that the last %d runs took, usual are 100"):format(slow), 100, 1500, 25, function(k)
        return every(HOUR, 60, function(run, i)
            lasting(run, i <= slow and k or 100)
        end, 1800)
    end)
end
sweep("of 100 s usually, slower ones k runs ago", 0, 10, 1, function(k)
    return every(HOUR, 60, function(run, i)
        lasting(run, i > k and i <= k + 4 and 1400 or 100)
    end, 1800)
end)
sweep("runs that overlap", 0, 12, 1, function(k)
    return every(HOUR, 60, function(run, i)
        lasting(run, i > 1 and i <= k + 1 and 4000 or 60)
    end)
end)
sweep("minutes that two runs have been going on", 5, 90, 5, function(k)
    local list = every(HOUR, 60, nil, k * MINUTE)
    for i = 1, 2 do
        list[i].status, list[i].end_time = "RUNNING", nil
        list[i].start_time = list[1].start_time - (i - 1) * 60000
    end
    return list
end)
sweep("records without a status", 0, 4, 1, function(k)
    return every(HOUR, 60, function(run, i)
        run.status = i > k and run.status or "odd"
    end)
end)
sweep("days since a record without a status", 1, 9, 1, function(k)
    return every(HOUR, 240, function(run, i)
        run.status = i ~= 24 * k and run.status or "odd"
    end)
end)
sweep("seconds by which a start is in the future", 100, 500, 20, function(k)
    local list = every(HOUR, 60)
    list[1].start_time, list[1].end_time = (runs.NOW + k) * 1000, (runs.NOW + k) * 1000
    return list
end)
local WEEKS = 4 * 7 * 24
for _, usual in ipairs { 10, 100 } do
    sweep(("hours with a quarter of the usual %d updates"):format(usual), 0, 60, 3, function(k)
        return every(HOUR, WEEKS, function(run, i)
            run.update_count = i <= k and math.floor(usual / 4) or usual
        end)
    end)
    sweep(("percent of the usual %d updates, for 50 h"):format(usual), 0, 120, 5, function(k)
        return every(HOUR, WEEKS, function(run, i)
            run.update_count = i <= 50 and math.floor(usual * k / 100) or usual
        end)
    end)
    sweep(("times the usual %d updates, for 12 h"):format(usual), 1, 12, 0.5, function(k)
        return every(HOUR, WEEKS, function(run, i)
            run.update_count = i <= 12 and usual * k or usual
        end)
    end)
    sweep(("hours after 50 without any of the usual %d updates"):format(usual), 0, 20, 2, function(k)
        return every(HOUR, WEEKS, function(run, i)
            run.update_count = i > k and i <= k + 50 and 0 or usual
        end)
    end)
end
sweep("accounts added at once, five is usual", 5, 80, 1, function(k)
    return every(HOUR, 200, function(run, i)
        run.add_count = i == 200 and 500 or i == 1 and k or i % 24 == 0 and 5 or 0
    end)
end)
sweep("accounts added at once, few are usual, of 2000", 10, 200, 5, function(k)
    return every(HOUR, 200, function(run, i)
        run.add_count = i == 200 and 2000 or i == 2 and k or i % 24 == 0 and 1 or 0
    end)
end)
sweep("hours since 300 were added at once", 2, 100, 4, function(k)
    return every(HOUR, 300, function(run, i)
        run.add_count = i == 300 and 2000 or i == k and 300 or i % 24 == 0 and 1 or 0
    end)
end)
sweep("percent deleted of 300 that were added at once", 0, 100, 5, function(k)
    return every(HOUR, 300, function(run, i)
        run.add_count = i == 300 and 2000 or i == 2 and 300 or i % 24 == 0 and 1 or 0
        run.delete_count = i == 4 and 3 * k or 0
    end)
end)
sweep("runs there are", 0, 12, 1, function(k)
    return every(HOUR, k)
end)

local function said(list, rules)
    local parts = {}
    for _, verdict in ipairs(health.evaluate(list, rules, runs.NOW).verdicts) do
        if verdict.severity ~= "ok" then
            parts[#parts + 1] = ("%s %s%s"):format(verdict.rule, verdict.severity,
                verdict.follows and " from " .. verdict.follows or "")
        end
    end
    table.sort(parts)
    return parts[1] and table.concat(parts, ", ") or "ok"
end

describe("the borders of verdicts", function()
    it("are as kept", function()
        local lines = {}
        for _, one in ipairs(SWEEPS) do
            lines[#lines + 1] = ("== %s, %g to %g"):format(one.name, one.from, one.to)
            local before
            for k = one.from, one.to, one.step do
                local now = said(one.make(k), one.rules)
                if now ~= before then
                    lines[#lines + 1] = ("from %g: %s"):format(k, now)
                end
                before = now
            end
        end
        kept.compare("borders.txt", table.concat(lines, "\n") .. "\n")
    end)
end)
