--- One source under all rules: events go in, findings come out.
-- It must not look ahead: the same code judges today and any day of history.
-- @module dwsync.health.watch
local Course = require "dwsync.health.course"
local order = require "dwsync.health.order"
local rules = require "dwsync.health.rules"

local M = {}

local Watch = {}
Watch.__index = Watch

--- Begins to watch a source.
-- @tparam table source as dwsync.health.sources gives it
-- @tparam table checked rules, as rules.check gives them
-- @treturn table
function M.new(source, checked)
    local watch = setmetatable({ course = Course.new(source), trackers = {}, on_began = {}, on_ended = {}, window = 0,
        runs = 1 }, Watch)
    for _, name in ipairs(rules.names) do
        if checked[name] then
            local tracker = rules.by_name[name].track(checked[name], source)
            watch.trackers[name] = tracker
            watch.on_began[#watch.on_began + 1] = tracker.began and tracker
            watch.on_ended[#watch.on_ended + 1] = tracker.ended and tracker
            watch.window = math.max(watch.window, tracker.window or 0)
            watch.runs = math.max(watch.runs, tracker.runs or 0)
        end
    end
    return watch
end

--- A run began.
-- @tparam table run
function Watch:began(run)
    self.course:begin(run)
    for _, tracker in ipairs(self.on_began) do
        tracker:began(run)
    end
end

--- A run ended.
-- @tparam table run
function Watch:ended(run)
    self.course:finish(run)
    for _, tracker in ipairs(self.on_ended) do
        tracker:ended(run, self.course)
    end
end

--- A flawed record came.
function Watch:flawed(flaw)
    if self.trackers.data then
        self.trackers.data:flawed(flaw)
    end
end

-- The first ended run that a window may hold; the newest run and the newest that finished count at any age.
local function first_recent(ended, since, runs)
    local first, finished = math.max(1, #ended - runs + 1), false
    for i = first, #ended do
        finished = finished or ended[i].status == "FINISHED"
    end
    while first > 1 do
        finished = finished or ended[first].status == "FINISHED"
        if finished and order.ended_at(ended[first - 1]) <= since then
            break
        end
        first = first - 1
    end
    return math.max(first, 1)
end

--- Takes everything known about the source at once: the same as event by event, but old runs go only where they matter.
-- A tracker with `catch_up` looks at all runs itself; the others get those in their `window` (seconds) or among the
-- newest `runs`.
-- @tparam number now milliseconds
function Watch:catch_up(now)
    local course, source = self.course, self.course.source
    local ended = source.ended
    local first = first_recent(ended, now - self.window * 1000, self.runs)
    course:resume(ended, first - 1)
    for i = first, #ended do
        course:finish(ended[i])
        for _, tracker in ipairs(self.on_ended) do
            if not tracker.catch_up then
                tracker:ended(ended[i], course)
            end
        end
    end
    for _, tracker in pairs(self.trackers) do
        if tracker.catch_up then
            tracker:catch_up(course)
        end
    end
    for _, run in ipairs(source.runs) do
        if run.status == "RUNNING" then
            self:began(run)
        end
    end
    for _, flaw in ipairs(source.flaws) do
        self:flawed(flaw)
    end
end

--- How bad a finding is: a threshold is reached, not passed.
-- @tparam table finding
-- @treturn string
function M.severity(finding)
    local value = finding.value
    if finding.unknown then
        return "unknown"
    elseif not value then
        return "ok" -- too little to judge by
    elseif finding.critical and value >= finding.critical then
        return "critical"
    end
    return finding.warning and value >= finding.warning and "warning" or "ok"
end

--- What a rule finds.
-- @tparam string rule
-- @tparam number now milliseconds
-- @treturn table finding: `value`, `warning`, `critical`, `since`, `run`, `unknown`, `recheck` (when time alone may
-- change it); nil when the rule is off
function Watch:judge(rule, now)
    local tracker = self.trackers[rule]
    return tracker and rules.by_name[rule].judge(tracker, self.course, now)
end

return M
