--- Labelled histories, made from a seed: each kind does something to the runs of a healthy source and says what a
-- competent administrator wants to be told of it. The labels are the policy of the rules, written before any was run.
local world = require "spec.health.world"

local M = {}

local MINUTE, HOUR, DAY = world.MINUTE, world.HOUR, world.DAY

-- A history of a healthy source; its last day is in March or April, so some see the clocks change.
local function begin(name, seed, options)
    local random = world.random(seed * 1009 + #name * 31 + name:byte(1) * 7 + name:byte(#name))
    local schedule = world.SCHEDULES[options.schedule]
    local last_day = options.last_day or 58 + math.floor(random:unit() * 56)
    local till = world.at(last_day, 0) + math.floor(random:between(9, 19) * HOUR)
    local job = { source = options.source or "src-1", schedule = schedule, size = options.size or 5000,
        activity = random:between(0.004, 0.01), seconds = options.seconds or random:between(20, 150),
        jitter = options.jitter or (random:unit() < 0.3 and math.min(schedule.gap / 30, 600) or 8),
        from = till - schedule.days * DAY, till = till }
    local history = { name = ("%s-%d"):format(name, seed), records = world.runs(job, random), now = till,
        ["end"] = till,
        watch = till - math.min(14 * DAY, schedule.days / 2 * DAY), step = schedule.gap <= HOUR and 600 or 1800,
        incidents = {}, tolerate = {}, healthy = false, debatable = false, note = "", group = name, noticks = false }
    if schedule.gap <= 5 * MINUTE then
        history.retention, history.watch = 5 * DAY, till - 4 * DAY
    elseif schedule.gap <= 30 * MINUTE and not options.schedule:find "office" then
        history.retention, history.watch = 12 * DAY, till - 8 * DAY
    elseif schedule.gap <= HOUR then
        history.retention = 25 * DAY
    end
    return history, job, random
end

local function tolerate(history, rules, most, from)
    table.insert(history.tolerate, { rules = rules, max = most, source = "src-1", from = from or 0 })
end

local function incident(history, rule, severity, from, by, accept, also, till)
    table.insert(history.incidents, { rule = rule, accept = accept or { rule }, severity = severity, source = "src-1",
        from = math.floor(from), by = math.floor(by), ["until"] = till, also = also or {} })
end

-- Runs that would have come after the end: what is missed when a source stops shortly before it.
local function upcoming(job, random, from)
    local ahead = {}
    for name, value in pairs(job) do
        ahead[name] = value
    end
    ahead.from, ahead.till = from, from + 3 * math.max(job.schedule.gap, DAY) + 7 * DAY
    ahead.jitter = 0
    return world.runs(ahead, random)
end

M.kinds = {}
local kinds = M.kinds

local function kind(name, make)
    M.kinds[#M.kinds + 1] = { name = name, make = make }
end

for _, schedule in ipairs { "5min", "15min", "30min", "hourly", "4hourly", "15min-office", "hourly-office",
    "hourly-nights-off", "hourly-window", "15min-window", "daily", "daily-weekdays", "twice", "8-and-12", "weekly",
    "monthly" } do
    kind("healthy-" .. schedule, function(name, seed)
        local size = ({ 300, 3000, 20000, 50000 })[seed % 4 + 1]
        local history = begin(name, seed, { schedule = schedule, size = size })
        history.healthy = true
        return history
    end)
    kind("stop-" .. schedule, function(name, seed)
        local history, job, random = begin(name, seed, { schedule = schedule })
        local gap = job.schedule.gap
        local room = math.max(2.2 * gap, gap >= DAY and 4 * DAY or 3 * DAY)
        local first = world.first_from(history.records, job.till - random:between(room, room + DAY))
        local stopped = history.records[first - 1].start_time / 1000
        world.cut(history.records, first)
        local missed = upcoming(job, random, stopped + 90)
        local d1, d2 = missed[1].start_time / 1000, missed[2] and missed[2].start_time / 1000
        if gap <= HOUR then
            incident(history, "stale", "warning", d2 + 30 * MINUTE, math.max(stopped + 4 * HOUR, d2 + 2 * HOUR))
        elseif gap <= DAY then
            incident(history, "stale", "warning", d1 + 30 * MINUTE, d2 + 2 * HOUR)
        else
            incident(history, "stale", "warning", d1 + 30 * MINUTE, d1 + (gap > 8 * DAY and 5 or 3) * DAY)
        end
        tolerate(history, { "volume" }, "warning")
        history.watch = math.max(history.watch, stopped - 2 * DAY)
        return history
    end)
end

for _, schedule in ipairs { "15min", "hourly", "daily", "hourly-office" } do
    kind("fails-" .. schedule, function(name, seed)
        local history, job, random = begin(name, seed, { schedule = schedule })
        local gap = job.schedule.gap
        local first = world.first_from(history.records, job.till - random:between(2.2, 3) * math.max(DAY, gap))
        for i = first, #history.records do
            world.fail(history.records[i])
        end
        local function time(i)
            return (history.records[i] or history.records[#history.records]).start_time / 1000
        end
        local start = time(first)
        if gap <= 15 * MINUTE then
            incident(history, "failing", "warning", start + 30 * MINUTE, start + 2 * HOUR, { "failing", "stale" })
        elseif gap <= HOUR then
            incident(history, "failing", "warning", time(first + 1), time(first + 1) + 3 * HOUR, { "failing", "stale" })
        else
            incident(history, "failing", "warning", start, time(first + 1) + HOUR, { "failing", "stale" })
        end
        tolerate(history, { "volume" }, "warning")
        return history
    end)
    kind("flaps-" .. schedule, function(name, seed)
        local history, job, random = begin(name, seed, { schedule = schedule })
        local gap = job.schedule.gap
        local long = gap >= DAY and 14 * DAY or 4 * DAY
        local share = gap >= DAY and 0.5 or random:between(0.3, 0.5)
        local first = world.first_from(history.records, job.till - long)
        for i = first, #history.records do
            if gap >= DAY and (i - first) % 2 == 0 or gap < DAY and random:unit() < share then
                world.fail(history.records[i])
            end
        end
        local start = history.records[first].start_time / 1000
        incident(history, "failing", "warning", start + (gap >= DAY and DAY or 6 * HOUR),
            start + (gap >= DAY and 5 or 2) * DAY, { "failing", "stale" })
        tolerate(history, { "failing", "stale" }, "warning", start - HOUR)
        return history
    end)
    kind("one-in-20-fails-" .. schedule, function(name, seed)
        local history, job, random = begin(name, seed, { schedule = schedule })
        for _, run in ipairs(history.records) do
            if random:unit() < 0.05 then
                world.fail(run)
            end
        end
        history.healthy = true
        tolerate(history, { "failing" }, "warning")
        if job.schedule.gap >= DAY then -- two in a row are two days
            tolerate(history, { "failing", "stale" }, "critical")
        end
        return history
    end)
end

-- Deletions: `share` of the accounts, in so many runs.
local function deletion(name, share, parts, schedule, severity)
    kind(name, function(full, seed)
        local size = ({ 40, 600, 3000, 20000 })[seed % 4 + 1]
        local history, job, random = begin(full, seed, { schedule = schedule, size = size })
        local gap = job.schedule.gap
        local first = world.first_from(history.records, job.till - random:between(0.9, 2) * DAY)
        first = math.min(first, #history.records - parts + 1)
        local each = math.max(1, math.floor(share * size / parts + 0.5))
        for i = first, math.min(first + parts - 1, #history.records) do
            history.records[i].delete_count = history.records[i].delete_count + each
        end
        local start = history.records[math.min(first + parts - 1, #history.records)].end_time / 1000
        if severity then
            if each * parts >= 5 then
                incident(history, "mass_delete", severity, start,
                    start + math.max(2 * HOUR, math.min(gap, 4 * HOUR)), nil, { "volume" })
                tolerate(history, { "mass_delete" }, "critical", start - parts * gap - HOUR)
            else
                tolerate(history, { "mass_delete" }, "critical")
            end
        elseif share >= 0.01 then
            tolerate(history, { "mass_delete" }, "warning")
        end
        return history
    end)
end
deletion("delete-90-percent", 0.9, 1, "hourly", "critical")
deletion("delete-30-percent", 0.3, 1, "daily", "critical")
deletion("delete-30-percent-office", 0.3, 1, "15min-office", "critical")
deletion("delete-25-percent-dripping", 0.28, 12, "hourly", "critical")
deletion("delete-8-percent", 0.08, 1, "hourly", "warning")
deletion("delete-3-percent", 0.03, 1, "hourly")
deletion("delete-half-a-percent", 0.005, 1, "hourly")

kind("partial-half", function(name, seed)
    local history, job, random = begin(name, seed, { schedule = "hourly", size = 2000 })
    local first = world.first_from(history.records, job.till - random:between(1.5, 3) * DAY)
    for i = first, #history.records, 2 do
        history.records[i].failed_count = 60
    end
    local start = history.records[first].end_time / 1000
    incident(history, "partial", "warning", start, start + 4 * HOUR)
    return history
end)

kind("partial-known", function(name, seed)
    local history, _, random = begin(name, seed, { schedule = "hourly", size = 20000 })
    for _, run in ipairs(history.records) do
        run.failed_count = random:poisson((run.update_count + run.add_count) * 0.02)
    end
    history.healthy = true
    tolerate(history, { "partial" }, "warning")
    return history
end)

for _, schedule in ipairs { "5min", "hourly", "daily" } do
    kind("stuck-" .. schedule, function(name, seed)
        local history, job, random = begin(name, seed, { schedule = schedule })
        local room = schedule == "daily" and 26 * HOUR or 9 * HOUR
        local first = world.first_from(history.records, job.till - room - random:between(0, 2 * HOUR))
        local cut = world.cut(history.records, first)
        local run = cut[1] or table.remove(history.records)
        run.status, run.end_time = "RUNNING", nil
        run.add_count, run.update_count, run.delete_count = 0, 0, 0
        table.insert(history.records, run)
        local start = run.start_time / 1000
        incident(history, "stuck", "warning", start + 30 * MINUTE, start + (schedule == "daily" and 12 or 3) * HOUR,
            { "stuck", "stale" }, { "stale", "overlap" })
        history.watch = start - 2 * DAY
        tolerate(history, { "volume" }, "warning")
        return history
    end)
end

kind("two-schedulers", function(name, seed)
    local history, job, random = begin(name, seed, { schedule = "hourly" })
    local start, more = job.till - 3 * DAY, {}
    for i, run in ipairs(history.records) do
        more[#more + 1] = run
        if run.start_time >= start * 1000 then
            local twin = world.make_run(job, random, 10000 + i, run.start_time / 1000 + 1, run.start_time / 1000)
            twin.end_time = math.max(twin.end_time, twin.start_time + 20000)
            run.end_time = math.max(run.end_time, run.start_time + 20000)
            more[#more + 1] = twin
        end
    end
    history.records = more
    incident(history, "overlap", "warning", start + 2 * HOUR, start + 2 * DAY)
    return history
end)

local function volume(name, schedule, size, factor, justified, late, accept)
    kind(name, function(full, seed)
        local history, job, random = begin(full, seed, { schedule = schedule, size = size })
        local first_day = math.floor((job.till - world.MONDAY) / DAY) - 6
        while first_day % 7 > 2 do
            first_day = first_day - 1
        end
        local start = world.at(first_day, 9)
        for i = world.first_from(history.records, start), #history.records do
            local run = history.records[i]
            run.update_count = factor < 1 and random:poisson(run.update_count * factor) or run.update_count * factor
            run.add_count = math.floor(run.add_count * math.min(1, factor))
            run.delete_count = math.floor(run.delete_count * math.min(1, factor))
        end
        incident(history, "volume", "warning", start + justified, start + late, accept)
        history.watch = start - 5 * DAY
        return history
    end)
end
volume("updates-tenfold-hourly", "hourly", 5000, 10, 4 * HOUR, 33 * HOUR)
volume("updates-tenfold-daily", "daily", 5000, 10, 17 * HOUR, 2.5 * DAY)
volume("nothing-hourly", "hourly", 5000, 0, 5 * HOUR, 2 * DAY + 9 * HOUR)
volume("tree-lost-hourly", "hourly", 20000, 0.1, 5 * HOUR, 2 * DAY + 9 * HOUR)
volume("nothing-daily", "daily", 5000, 0, 17 * HOUR, 2.5 * DAY)
volume("nothing-office", "15min-office", 5000, 0, 5 * HOUR, 2 * DAY + 9 * HOUR)

kind("full-import-lost-a-tree", function(name, seed)
    local history, job, random = begin(name, seed, { schedule = "daily", size = 4000 })
    local first = world.first_from(history.records, job.till - 5 * DAY)
    for i, run in ipairs(history.records) do
        run.update_count = i >= first and 3400 or 4000
        run.update_count = run.update_count + random:poisson(3)
    end
    local start = history.records[first].end_time / 1000
    incident(history, "volume", "warning", start, start + 2 * DAY + 2 * HOUR)
    return history
end)

kind("full-import", function(name, seed)
    local history, _, random = begin(name, seed, { schedule = "daily", size = 4000, seconds = 600 })
    for i, run in ipairs(history.records) do
        run.update_count = 4000 + i % 50 + random:poisson(3)
    end
    history.healthy = true
    return history
end)

kind("surge-weekly", function(name, seed)
    local history = begin(name, seed, { schedule = "weekly", size = 3000 })
    local run = history.records[#history.records]
    run.add_count = 900
    local start = run.end_time / 1000
    incident(history, "volume", "warning", start, start + DAY)
    return history
end)

kind("waves-on-the-first", function(name, seed)
    local history, _, random = begin(name, seed, { schedule = "hourly", size = 5000, last_day = 92 + seed % 20 })
    history.retention = nil
    for _, run in ipairs(history.records) do
        local hour = world.clock(run.start_time / 1000)
        local day = math.floor((run.start_time / 1000 - world.at(0, 0)) / DAY)
        if (day == 27 or day == 55 or day == 86) and hour >= 9 and hour < 17 then
            run.update_count = run.update_count + 100 + random:poisson(20)
        end
    end
    history.healthy = true
    return history
end)

kind("shutdown-and-wave", function(name, seed)
    local history = begin(name, seed, { schedule = "daily-weekdays", size = 5000, last_day = 75 })
    local kept, missed = {}, 0
    for _, run in ipairs(history.records) do
        local day = math.floor((run.start_time / 1000 - world.MONDAY) / DAY)
        if day >= 63 and day < 70 then
            missed = missed + run.update_count
        else
            if missed > 0 then
                run.update_count, missed = run.update_count + missed, 0
            end
            kept[#kept + 1] = run
        end
    end
    history.records, history.healthy = kept, true
    tolerate(history, { "stale" }, "critical")
    return history
end)

kind("easter-monday", function(name, seed)
    local history = begin(name, seed, { schedule = seed % 2 == 0 and "hourly" or "daily", last_day = 95 })
    for _, run in ipairs(history.records) do
        local day = math.floor((run.start_time / 1000 - world.MONDAY) / DAY)
        if day == 91 or day == 88 then -- Good Friday and Easter Monday
            run.add_count, run.update_count, run.delete_count = 0, 0, 0
        end
    end
    history.healthy, history.retention = true, nil
    tolerate(history, { "volume" }, "warning", world.at(91, 9)) -- the second working day without changes
    return history
end)

kind("changed-schedule", function(name, seed)
    local pair = ({ { "hourly", "4hourly" }, { "daily", "hourly" }, { "hourly", "daily" }, { "15min", "hourly" },
        { "hourly", "hourly-office" }, { "twice", "daily" } })[seed % 6 + 1]
    local history, job = begin(name, seed, { schedule = pair[1], jitter = 8 })
    local other = begin(name, seed, { schedule = pair[2], jitter = 8 })
    local change = job.till - 9 * DAY
    world.cut(history.records, world.first_from(history.records, change))
    for i = world.first_from(other.records, change), #other.records do
        other.records[i].id = "later-" .. i
        table.insert(history.records, other.records[i])
    end
    history.retention, history.healthy = nil, true
    history.watch = change - 2 * DAY
    -- Nobody told the monitor: the first day of a slower schedule may be told, and its first weekend.
    tolerate(history, { "stale" }, "critical", change)
    history.tolerate[#history.tolerate]["until"] = change + (pair[2] == "hourly-office" and 4.5 or 1.5) * DAY
    tolerate(history, { "volume" }, "warning", change)
    history.tolerate[#history.tolerate]["until"] = change + 9 * DAY
    return history
end)

for _, schedule in ipairs { "hourly", "hourly-office", "daily", "15min-office", "daily-weekdays" } do
    kind("new-" .. schedule, function(name, seed)
        local history, job, random = begin(name, seed, { schedule = schedule, size = 800 })
        local first = world.first_from(history.records, job.till - 12 * DAY - random:between(0, 3) * DAY)
        history.records = world.cut(history.records, first)
        history.records[1].add_count, history.records[1].update_count = 800, 0
        history.watch, history.healthy = history.records[1].start_time / 1000 - HOUR, true
        tolerate(history, { "never" }, "unknown")
        -- Its first nights and weekend: nobody can know them.
        local start = history.records[1].start_time / 1000
        tolerate(history, { "stale" }, "warning", start)
        history.tolerate[#history.tolerate]["until"] = start + DAY
        return history
    end)
end

kind("retries", function(name, seed)
    local history, job, random = begin(name, seed, { schedule = "hourly" })
    local more = {}
    for i, run in ipairs(history.records) do
        more[#more + 1] = run
        if random:unit() < 1 / 30 then
            local start = run.start_time / 1000
            world.fail(run)
            more[#more + 1] = world.make_run(job, random, 10000 + i, start + 300, start - HOUR)
        end
    end
    history.records, history.healthy = more, true
    tolerate(history, { "failing" }, "warning")
    return history
end)

kind("manual", function(name, seed)
    local history, job, random = begin(name, seed, { schedule = "daily" })
    local list, before = {}, job.from
    for day = math.floor((job.from - world.MONDAY) / DAY), math.floor((job.till - world.MONDAY) / DAY) - 1 do
        if day % 7 < 5 then
            for _ = 1, random:poisson(0.7) do
                local start = math.floor(world.at(day, random:between(8, 17)))
                if start > before + HOUR then
                    list[#list + 1] = world.make_run(job, random, #list, start, before)
                    before = start
                end
            end
        end
    end
    history.records, history.healthy = list, true
    return history
end)

kind("slow-hourly", function(name, seed)
    local history, job, random = begin(name, seed, { schedule = "hourly", seconds = 120 })
    local first = world.first_from(history.records, job.till - random:between(1, 3) * DAY)
    for i = first, #history.records do
        history.records[i].end_time = history.records[i].start_time + math.floor(random:between(900, 1100)) * 1000
    end
    local start = history.records[first].end_time / 1000
    incident(history, "slow", "warning", start, start + 2 * HOUR + 10 * MINUTE)
    return history
end)

kind("slow-creeping", function(name, seed)
    local history, job = begin(name, seed, { schedule = "hourly", seconds = 240 })
    local from = job.till - 20 * DAY
    for _, run in ipairs(history.records) do
        local days = (run.start_time / 1000 - from) / DAY
        if days > 0 then
            local duration = (run.end_time - run.start_time) / 1000
            run.end_time = run.start_time + math.floor(duration * (1 + days / 5)) * 1000
        end
    end
    incident(history, "slow", "warning", from + 5 * DAY, from + 14 * DAY)
    return history
end)

kind("flap-out-and-in", function(name, seed)
    local history, job = begin(name, seed, { schedule = "hourly", size = 1500 })
    local first = world.first_from(history.records, job.till - 1.5 * DAY)
    for i = first, #history.records - 1, 3 do
        history.records[i].delete_count = 60
        history.records[i + 1].add_count = 60
    end
    local start = history.records[first + 1].end_time / 1000
    incident(history, "churn", "warning", start, start + 4 * HOUR, { "churn", "mass_delete" },
        { "mass_delete", "volume" })
    tolerate(history, { "mass_delete", "volume" }, "critical", start - 2 * HOUR)
    return history
end)

--- Makes a history.
-- @tparam string name of a kind
-- @tparam integer seed
-- @treturn table as the shared set of histories describes it
function M.make(name, seed)
    for _, one in ipairs(kinds) do
        if one.name == name then
            return one.make(name, seed)
        end
    end
    error("no kind " .. name)
end

return M
