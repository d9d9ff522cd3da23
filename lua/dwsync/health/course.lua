--- What is known of one source at a point in time, as its runs begin and end.
-- It must not look ahead: a replay of history feeds it the same events one by one.
-- @module dwsync.health.course
local order = require "dwsync.health.order"

local M = {}

local Course = {}
Course.__index = Course

--- The course of a source before its first run.
-- @tparam table source as dwsync.health.sources gives it
-- @treturn table course: `last` (the newest ended run), `finished` (runs by end), `failures` (how many of the newest
-- ended ones failed in a row), `first_failure` (the first of those), `newest` (by start), `open` (how many are
-- RUNNING), `first_time` (the oldest time of all)
function M.new(source)
    return setmetatable({
        source = source,
        finished = {},
        failures = 0,
        open = 0,
        open_without_start = 0,
        running = {}, -- set of those with a start
        queue = {}, -- the same by start, with those that ended meanwhile
        head = 1,
        oldest = 1,
        newest_finished_start = -math.huge,
    }, Course)
end

local function note_times(self, run)
    local start, time = run.start_time, run.start_time or run.end_time
    if time and not (self.first_time and self.first_time <= time) then
        self.first_time = time
    end
    local newest = self.newest
    if start and (not newest or start > newest.start_time
        or start == newest.start_time and order.starts_before(newest, run)) then
        self.newest = run
    end
end

--- A run began; runs begin in the order of their starts.
function Course:begin(run)
    self.open = self.open + 1
    note_times(self, run)
    if not run.start_time then
        self.open_without_start = self.open_without_start + 1
        return
    end
    self.running[run] = true
    self.queue[#self.queue + 1] = run
end

--- A run ended, whether or not its beginning was seen; runs end in the order of their ends.
function Course:finish(run)
    if self.running[run] then
        self.running[run], self.open = nil, self.open - 1
    end
    self.last = run
    note_times(self, run)
    if run.status == "FAILED" then
        self.failures = self.failures + 1
        self.first_failure = self.failures == 1 and run or self.first_failure
        return
    end
    self.failures, self.first_failure = 0, nil
    self.finished[#self.finished + 1] = run
    self.newest_finished_start = math.max(self.newest_finished_start, run.start_time or -math.huge)
end

--- Takes the first of a list of ended runs at once: the same as `finish` for each, in a fraction of the time.
-- @tparam {table,...} ended by end
-- @tparam integer count how many of them
function Course:resume(ended, count)
    local finished, newest_finished = self.finished, self.newest_finished_start
    local last_finished = 0
    for i = 1, count do
        local run = ended[i]
        note_times(self, run)
        if run.status == "FINISHED" then
            finished[#finished + 1], last_finished = run, i
            if run.start_time and run.start_time > newest_finished then
                newest_finished = run.start_time
            end
        end
    end
    self.last, self.newest_finished_start = ended[count], newest_finished
    self.failures = count - last_finished
    self.first_failure = self.failures > 0 and ended[last_finished + 1] or nil
end

--- The run that has been RUNNING longest. Those overtaken by a newer finished run are left out: nothing waits for them.
-- @treturn table run or nil
function Course:longest()
    local run = self.queue[self.head]
    while run and (not self.running[run] or run.start_time < self.newest_finished_start) do
        self.head = self.head + 1
        run = self.queue[self.head]
    end
    return run
end

--- The RUNNING run that began first, overtaken or not.
-- @treturn table run or nil
function Course:oldest_open()
    local run = self.queue[self.oldest]
    while run and not self.running[run] do
        self.oldest = self.oldest + 1
        run = self.queue[self.oldest]
    end
    return run
end

--- How many RUNNING runs are not the newest of their source: two run at once, or one was left behind.
-- @treturn integer
function Course:overtaken()
    local timed = self.open - self.open_without_start
    local others = timed - (self.running[self.newest] and 1 or 0)
    return math.max(others, self.open - 1, 0)
end

return M
