--- Histories of a made world with labels: what a competent administrator wants to be told, and when. Labels follow from
-- what was done to a history, never from what a rule says about it.
-- It must not read a clock, and its randomness is seeded: the same for a seed on every interpreter.
local M = {}

local MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800

--- A Monday at midnight, Central European Time (UTC+1): 2026-01-05.
M.MONDAY = 1767567600

-- Central European summer time of 2026: from the last Sunday of March to the last of October.
local SUMMER, WINTER = 1774746000, 1792890000

local function offset(time)
    return time >= SUMMER and time < WINTER and 2 * HOUR or HOUR
end

-- The time at which a wall clock shows `hour` on the day `day` (0 is that Monday).
local function at(day, hour)
    local guess = M.MONDAY + day * DAY + hour * HOUR
    return guess - (offset(guess) - HOUR)
end

-- The hour (with its fraction) and the weekday (0 is Monday) that a wall clock shows.
local function clock(time)
    local wall = time + offset(time) - (M.MONDAY + HOUR)
    return wall % DAY / HOUR, math.floor(wall / DAY) % 7
end

local Random = {}
Random.__index = Random

function M.random(seed)
    local self = setmetatable({ state = seed * 7919 % 2147483646 + 1 }, Random)
    for _ = 1, 10 do
        self:unit()
    end
    return self
end

function Random:unit()
    self.state = self.state * 16807 % 2147483647
    return self.state / 2147483647
end

function Random:between(low, high)
    return low + self:unit() * (high - low)
end

function Random:poisson(mean)
    if mean > 60 then
        local x = mean + math.sqrt(mean) * (self:unit() + self:unit() + self:unit() + self:unit() - 2) * 1.73
        return math.max(0, math.floor(x + 0.5))
    end
    local limit, product, count = math.exp(-mean), self:unit(), 0
    while product > limit do
        product, count = product * self:unit(), count + 1
    end
    return count
end

-- How much of a working day's changes people make between two times, per account.
local function work_between(from, till)
    local work, time = 0, from
    while time < till do
        local step = math.min(till - time, 900)
        local hour, weekday = clock(time)
        local rate = weekday < 5 and hour >= 8 and hour < 18 and 0.1 or 0.002
        work = work + rate * step / HOUR
        time = time + step
    end
    return work
end

-- ---- schedules: the times at which runs begin within some days ------------------------------------------------

local SCHEDULES = {}

local function every(seconds, within)
    return function(from, till, add)
        local time = M.MONDAY + 424
        time = time + math.ceil((from - time) / seconds) * seconds
        while time < till do
            local hour, weekday = clock(time)
            if not within or within(hour, weekday) then
                add(time)
            end
            time = time + seconds
        end
    end
end

local function at_hours(hours, days)
    return function(from, till, add)
        local day = math.floor((from - M.MONDAY) / DAY)
        while at(day, 0) < till do
            for _, hour in ipairs(hours) do
                local time = at(day, hour)
                if time >= from and time < till and (not days or days[day % 7]) then
                    add(time)
                end
            end
            day = day + 1
        end
    end
end

local WEEKDAYS = { [0] = true, true, true, true, true }

local function in_office(hour, weekday)
    return weekday < 5 and hour >= 8 and hour < 18.5
end

SCHEDULES["5min"] = { every(5 * MINUTE), gap = 5 * MINUTE, days = 12 }
SCHEDULES["15min"] = { every(15 * MINUTE), gap = 15 * MINUTE, days = 24 }
SCHEDULES["30min"] = { every(30 * MINUTE), gap = 30 * MINUTE, days = 30 }
SCHEDULES.hourly = { every(HOUR), gap = HOUR, days = 45 }
SCHEDULES["4hourly"] = { every(4 * HOUR), gap = 4 * HOUR, days = 60 }
SCHEDULES["15min-office"] = { every(15 * MINUTE, in_office), gap = 15 * MINUTE, days = 40 }
SCHEDULES["hourly-office"] = { every(HOUR, in_office), gap = HOUR, days = 60 }
SCHEDULES["hourly-nights-off"] = { every(HOUR, function(hour) return hour >= 6 and hour < 22 end), gap = HOUR,
    days = 50 }
SCHEDULES["hourly-window"] = { every(HOUR, function(hour, weekday)
    return weekday ~= 6 or hour < 2 or hour >= 6
end), gap = HOUR, days = 50 }
SCHEDULES["15min-window"] = { every(15 * MINUTE, function(hour) return hour < 1 or hour >= 3 end), gap = 15 * MINUTE,
    days = 24 }
SCHEDULES.daily = { at_hours { 2 }, gap = DAY, days = 90 }
SCHEDULES["daily-weekdays"] = { at_hours({ 6 }, WEEKDAYS), gap = DAY, days = 90 }
SCHEDULES["twice"] = { at_hours { 6, 18 }, gap = 12 * HOUR, days = 80 }
SCHEDULES["8-and-12"] = { at_hours({ 8, 12 }, WEEKDAYS), gap = 12 * HOUR, days = 80 }
SCHEDULES.weekly = { at_hours({ 3 }, { [6] = true }), gap = WEEK, days = 200 }
SCHEDULES.monthly = { function(from, till, add)
    for _, first in ipairs { -188, -157, -126, -96, -65, -35, -4, 27, 55, 86, 116, 147 } do -- the first of each month
        local time = at(first, 3)
        if time >= from and time < till then
            add(time)
        end
    end
end, gap = 30 * DAY, days = 260 }

M.SCHEDULES = SCHEDULES

-- ---- making histories -----------------------------------------------------------------------------------------

-- One run: `job` has size, activity (changes per account and working day), seconds (usual duration).
local function make_run(job, random, number, start, before)
    local work = work_between(before, start) * job.size
    local duration = job.seconds * math.exp((random:unit() + random:unit() - 1) * 0.6)
    if random:unit() < 1 / 60 then
        duration = duration * random:between(3, 6)
    end
    duration = math.max(1, math.floor(duration))
    return {
        id = ("%s-%05d"):format(job.source, number), identity_source_id = job.source, identity_source_type = "ldap",
        start_time = start * 1000, end_time = (start + duration) * 1000,
        add_count = random:poisson(work * job.activity * 0.08),
        update_count = random:poisson(work * job.activity * 0.85),
        delete_count = random:poisson(work * job.activity * 0.07), failed_count = 0, status = "FINISHED",
    }
end

--- The records of one source.
-- @tparam table job `schedule`, `size`, `activity`, `seconds`, `jitter`, `from`, `till` @tparam table random
function M.runs(job, random)
    local list, before = {}, job.from - 3 * DAY
    job.schedule[1](job.from, job.till, function(time)
        local start = math.floor(time + random:unit() * job.jitter)
        list[#list + 1] = make_run(job, random, #list, start, before)
        before = start
    end)
    return list
end

local function fail(run, reason)
    run.status, run.fail_reason = "FAILED", reason or "LDAP: error code 51 - busy"
    run.end_time = run.start_time + 5000
    run.add_count, run.update_count, run.delete_count, run.failed_count = 0, 0, 0, 0
end

-- The first run that begins at or after a time, as a place in the list.
local function first_from(list, time)
    for i, run in ipairs(list) do
        if run.start_time >= time * 1000 then
            return i
        end
    end
    return #list + 1
end

local function cut(list, first)
    local cut_off = {}
    for i = first, #list do
        cut_off[#cut_off + 1], list[i] = list[i], nil
    end
    return cut_off
end

M.at, M.clock, M.fail, M.first_from, M.cut, M.work_between = at, clock, fail, first_from, cut, work_between
M.make_run = make_run
M.MINUTE, M.HOUR, M.DAY, M.WEEK = MINUTE, HOUR, DAY, WEEK

return M
