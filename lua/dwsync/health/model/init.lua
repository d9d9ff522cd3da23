--- What is known of one source at a point in time: its runs as rows of numbers, which the rules and the other models
-- read. Runs are taken in one by one or all at once; the rows are the same.
-- It must not look ahead: a replay of history takes in what was known by then, and nothing else.
-- @module dwsync.health.model
local Cadence = require "dwsync.health.model.cadence"
local core = require "dwsync.core"

local M = {}

local room = core.room

local Model = {}
Model.__index = Model

-- Rows with more grow as they are filled.
local MOST = 20000

local function new_rows(ended)
    return { time = room(ended, MOST), duration = room(ended, MOST), changed = room(ended, MOST),
        added = room(ended, MOST), deleted = room(ended, MOST), gap = room(ended, MOST) }
end

--- The model of a source before its first run.
-- @tparam table source as dwsync.health.sources gives it
-- @tparam[opt] integer population how many accounts the source has, where somebody said so
-- @tparam[opt] table rows the `rows` of a model that is no longer needed. Overwriting them costs half as much as making
-- new ones; what they hold beyond `count` is never read
-- @tparam[opt] table ledger what lists of accounts showed of this source, see dwsync.health.model.ledger
-- @treturn table model. `count` runs have ended, by their end; for each, at the same place: `run`, `time` (when it
-- ended), `duration` (milliseconds, or false), and the sums up to it of accounts `changed` (added and updated), `added`
-- and `deleted`. Places of some: `failures`, `deletions`, `partials`, `overlaps`, `greatest` (touched more accounts
-- than any before). `longest_taken` is the greatest duration of the last runs taken in, `undated` how many of all have
-- none. `success` is the place of the newest that FINISHED. `starts` are the starts of all runs, `begun` is their
-- number; `open` the runs that are RUNNING, by start. `days` ended runs by day: `day`, `changes`, `deletes` of each.
function M.new(source, population, rows, ledger)
    rows = rows or new_rows(source.ended or {})
    return setmetatable({
        source = source,
        population = population,
        ledger = ledger,
        count = 0,
        run = {},
        rows = rows,
        time = rows.time, duration = rows.duration, changed = rows.changed, added = rows.added, deleted = rows.deleted,
        failures = {}, deletions = {}, partials = {}, overlaps = {}, greatest = {},
        most = 0, longest_taken = 0, undated = 0,
        starts = {}, begun = 0,
        open = {}, open_without_start = 0,
        newest_success = -math.huge,
        days = { count = 0, day = {}, changes = {}, deletes = {} },
    }, Model)
end

local DAY = 86400000

-- Two runs at once for less than this are one that was late to say it had ended.
local OVERLAP = 5000

-- Notes the newest run that FINISHED, and the newest start of such, from a place on. None began after it ended.
local function note_success(self, first)
    local newest, success = self.newest_success, nil
    for at = self.count, first, -1 do
        local run = self.run[at]
        if run.status ~= "FAILED" then
            success, newest = success or at, math.max(newest, run.start_time or newest)
        end
        if success and self.time[at] <= newest then
            break
        end
    end
    self.success, self.newest_success = success or self.success, newest
end

--- Takes in runs that have ended, in the order of their ends. They are in `run`; `count` says which were taken in.
-- @tparam integer upto
function Model:take(upto)
    local runs = self.run
    local times, changed, added, deleted = self.time, self.changed, self.added, self.deleted
    local failures, deletions, partials, durations = self.failures, self.deletions, self.partials, self.duration
    local days, count, most = self.days, self.count, self.most
    local day_of, changes_of, deletes_of, day_count = days.day, days.changes, days.deletes, days.count
    local day_end = day_count > 0 and (day_of[day_count] + 1) * DAY or -math.huge
    local sum_changed, sum_added, sum_deleted = changed[count] or 0, added[count] or 0, deleted[count] or 0
    local deleted_by_then = sum_deleted - (deletes_of[day_count] or 0)
    local touched_by_then = sum_changed + sum_deleted - (changes_of[day_count] or 0)
    -- Since times rise, none that begins after the one before it ended is the first or overlaps.
    local before, first_time = times[count] or 0, self.first_time or math.huge
    before = before > 0 and before or math.huge
    local longest, undated = 0, self.undated
    for at = count + 1, upto do
        local run = runs[at]
        local start, time = run.start_time, run.end_time
        local adds, deletes = run.add_count or 0, run.delete_count or 0
        local changes = adds + (run.update_count or 0)
        if start and time then
            local duration = time - start
            durations[at] = duration
            if duration > longest then
                longest = duration
            end
        else
            durations[at], undated = false, undated + 1
            time = time or start or 0
            if first_time == math.huge and time > 0 then
                first_time = time
            end
        end
        if start and start < before then
            if before < math.huge and before - start >= OVERLAP then
                self.overlaps[#self.overlaps + 1] = at
            end
            first_time = math.min(start, first_time)
        end
        before = time > 0 and time or math.huge
        sum_changed = sum_changed + changes
        sum_added = sum_added + adds
        times[at] = time
        changed[at] = sum_changed
        added[at] = sum_added
        if deletes > 0 then
            sum_deleted = sum_deleted + deletes
            deletions[#deletions + 1] = at
        end
        deleted[at] = sum_deleted
        if changes + deletes > most then
            most = changes + deletes
            self.greatest[#self.greatest + 1] = at
        end
        if run.status == "FAILED" then
            failures[#failures + 1] = at
        elseif run.failed_count ~= 0 and run.failed_count then
            partials[#partials + 1] = at
        end
        if time >= day_end then
            local before_it = sum_changed - changes + sum_deleted - deletes
            changes_of[day_count] = before_it - touched_by_then
            deletes_of[day_count] = sum_deleted - deletes - deleted_by_then
            local day = (time - time % DAY) / DAY
            day_count, day_end = day_count + 1, (day + 1) * DAY
            touched_by_then, deleted_by_then = before_it, sum_deleted - deletes
            day_of[day_count] = day
        end
    end
    changes_of[day_count] = sum_changed + sum_deleted - touched_by_then
    deletes_of[day_count] = sum_deleted - deleted_by_then
    self.count, self.most, self.longest_taken, days.count = upto, most, longest, day_count
    self.first_time, self.undated = first_time < math.huge and first_time or nil, undated
    note_success(self, count + 1)
end

--- The cadence of the runs so far; the same until another begins.
-- @treturn table see dwsync.health.model.cadence
function Model:cadence()
    if self.cadence_of ~= self.begun then
        self.cadence_known = Cadence.of(self.starts, self.begun, self.cadence_known)
        self.cadence_of = self.begun
    end
    return self.cadence_known
end

--- Notes that a run began, in the order of the starts.
-- @tparam number start
function Model:began(start)
    self.begun = self.begun + 1
    self.starts[self.begun] = start
end

--- A run is RUNNING; in the order of the starts.
function Model:opened(run)
    local open = self.open
    open[#open + 1] = run
    if not run.start_time then
        self.open_without_start = self.open_without_start + 1
    elseif not self.first_time or run.start_time < self.first_time then
        self.first_time = run.start_time
    end
end

--- A run is no longer RUNNING.
function Model:closed(run)
    local open = self.open
    for i = #open, 1, -1 do
        if open[i] == run then
            table.remove(open, i)
            return
        end
    end
end

--- The run that has been RUNNING longest. Those overtaken by a newer finished run are left out: nothing waits for them.
-- @treturn table run or nil
function Model:longest()
    for _, run in ipairs(self.open) do
        if run.start_time and run.start_time >= self.newest_success then
            return run
        end
    end
end

--- The RUNNING run that began first, overtaken or not.
-- @treturn table run or nil
function Model:oldest_open()
    for _, run in ipairs(self.open) do
        if run.start_time then
            return run
        end
    end
end

--- How many RUNNING runs that began by some time are not the newest of their source: two run at once, or one was left
-- behind.
-- @tparam number by milliseconds
-- @treturn integer
-- @treturn number|nil when the next of them began, if any began later
function Model:overtaken(by)
    local newest, count, later = self.starts[self.begun] or 0, 0, nil
    for i, run in ipairs(self.open) do
        local start = run.start_time
        if not start then
            count = count + (#self.open > 1 and 1 or 0)
        elseif start < newest or i < #self.open then
            count = count + (start <= by and 1 or 0)
            later = later or start > by and start or nil
        end
    end
    return math.min(count, self.begun > #self.open and count or math.max(#self.open - 1, 0)), later
end

--- The usual time between the ends of runs, by the last few before a place.
-- @tparam integer at
-- @treturn number|nil milliseconds
function Model:gap(at)
    local times, gaps, count = self.time, {}, 0
    for i = at, math.max(2, at - 30), -1 do
        local gap = times[i] - times[i - 1]
        if gap >= 60000 then
            local place = count
            while place > 0 and gaps[place] > gap do
                gaps[place + 1] = gaps[place]
                place = place - 1
            end
            gaps[place + 1], count = gap, count + 1
            if count == 7 then
                break
            end
        end
    end
    return gaps[math.ceil(count / 2)]
end

return M
