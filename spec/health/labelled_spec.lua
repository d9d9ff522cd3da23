-- A dozen histories with labels that were written first: what is told, and when, against what an administrator wants.
local health = require "dwsync.health"
local labelled = require "spec.health.labelled"

local RANK = { unknown = 1, warning = 2, critical = 3 }

local function holds(list, value)
    for _, item in ipairs(list) do
        if item == value then
            return true
        end
    end
end

local function replayed(history)
    local alerts = {}
    for _, alert in ipairs(health.replay(history.records, nil, { now = history["end"] })) do
        alert.from, alert.till = alert.from / 1000, alert.till and alert.till / 1000 or history["end"] + 1
        if not alert.follows and alert.till > history.watch then
            alerts[#alerts + 1] = alert
        end
    end
    return alerts
end

-- Whether somebody was told of an incident in time, and how often.
local function told(incident, alerts)
    local first, times, last = math.huge, 0, nil
    for _, alert in ipairs(alerts) do
        if holds(incident.accept, alert.rule) and alert.till > incident.from then
            times = times + ((not last or alert.from > last) and 1 or 0)
            last = math.max(last or 0, alert.till)
            first = RANK[alert.severity] >= RANK[incident.severity] and math.min(first, alert.from) or first
        end
    end
    return first <= incident.by, times
end

local function is_tolerated(history, alert)
    for _, tolerated in ipairs(history.tolerate) do
        if holds(tolerated.rules, alert.rule) and RANK[alert.severity] <= RANK[tolerated.max]
            and tolerated.from <= alert.till and alert.from <= (tolerated["until"] or math.huge) then
            return true
        end
    end
end

local TOLD = { "stop-hourly", "stop-daily", "stop-hourly-office", "stop-8-and-12", "stop-weekly", "stop-monthly",
    "fails-15min", "fails-daily", "flaps-hourly", "flaps-daily", "delete-90-percent", "delete-25-percent-dripping",
    "partial-half", "stuck-hourly", "two-schedulers", "nothing-hourly", "updates-tenfold-daily",
    "full-import-lost-a-tree", "surge-weekly", "slow-hourly", "slow-creeping", "flap-out-and-in" }

local QUIET = { "healthy-hourly", "healthy-hourly-office", "healthy-8-and-12", "healthy-weekly", "healthy-monthly",
    "healthy-daily-weekdays", "healthy-hourly-window", "one-in-20-fails-hourly", "partial-known", "full-import",
    "waves-on-the-first", "easter-monday", "new-hourly-office", "retries", "manual" }

describe("of labelled histories", function()
    for _, kind in ipairs(TOLD) do
        it(kind .. " is told in time, once or twice", function()
            for seed = 1, 2 do
                local history = labelled.make(kind, seed)
                local alerts = replayed(history)
                for _, incident in ipairs(history.incidents) do
                    local in_time, times = told(incident, alerts)
                    assert.is_true(in_time, history.name)
                    assert.is_true(times <= 3, ("%s: %d times"):format(history.name, times))
                end
            end
        end)
    end

    for _, kind in ipairs(QUIET) do
        it(kind .. " wakes nobody", function()
            for seed = 1, 2 do
                local history = labelled.make(kind, seed)
                for _, alert in ipairs(replayed(history)) do
                    assert.is_true(is_tolerated(history, alert) or false,
                        ("%s: %s %s at %s"):format(history.name, alert.severity, alert.rule,
                            os.date("!%F %H:%M", math.floor(alert.from))))
                end
            end
        end)
    end

    it("the newest moment is judged as its replay says", function()
        for _, kind in ipairs(labelled.kinds) do
            local history = labelled.make(kind.name, 3)
            if #history.records < 1500 then
                local now, open = history["end"], {}
                for _, alert in ipairs(health.replay(history.records, nil, { now = now })) do
                    open[alert.rule] = not alert.till and true or open[alert.rule]
                end
                for _, verdict in ipairs(health.evaluate(history.records, nil, now).verdicts) do
                    assert.equal((RANK[verdict.severity] or 0) > 1, open[verdict.rule] == true,
                        history.name .. " " .. verdict.rule)
                end
            end
        end
    end)
end)
