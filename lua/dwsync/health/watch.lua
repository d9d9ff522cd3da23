--- One source under all rules: what happens to it goes in, findings come out.
-- It must not look ahead, so that the same code judges today and any day of history.
-- @module dwsync.health.watch
local Course = require "dwsync.health.course"
local order = require "dwsync.health.order"
local rules = require "dwsync.health.rules"

local M = {}

local Watch = {}
Watch.__index = Watch

--- @tparam table source as dwsync.health.sources gives it @tparam table checked rules, as rules.check gives them
-- @treturn table
function M.new(source, checked)
    local watch = setmetatable({ course = Course.new(source), trackers = {}, on_began = {}, on_ended = {},
        on_recent = {} }, Watch)
    for _, name in ipairs(rules.names) do
        if checked[name] then
            local tracker = rules.by_name[name].track(checked[name], source)
            watch.trackers[name] = tracker
            watch.on_began[#watch.on_began + 1] = tracker.began and tracker
            -- A tracker with a window needs to be told only of what may still be in it.
            local list = tracker.window and watch.on_recent or watch.on_ended
            list[#list + 1] = tracker.ended and tracker
            watch.window = math.max(watch.window or 0, tracker.window or 0)
        end
    end
    return watch
end

--- A run began. @tparam table run
function Watch:began(run)
    self.course:begin(run)
    for _, tracker in ipairs(self.on_began) do
        tracker:began(run)
    end
end

--- A run ended. @tparam table run
-- @tparam boolean recent whether it may still be in the window of a rule
function Watch:ended(run, recent)
    local course = self.course
    course:finish(run)
    for _, tracker in ipairs(self.on_ended) do
        tracker:ended(run, course)
    end
    for _, tracker in ipairs(recent and self.on_recent or {}) do
        tracker:ended(run, course)
    end
end

--- A record with flaws came.
function Watch:flawed(flaw)
    if self.trackers.data then
        self.trackers.data:flawed(flaw)
    end
end

-- The newest of the ended runs that finished.
local function last_finished(ended)
    for i = #ended, 1, -1 do
        if ended[i].status == "FINISHED" then
            return ended[i]
        end
    end
end

--- All that is known by now, at once. @tparam number now milliseconds
function Watch:catch_up(now)
    local source = self.course.source
    local ended, finished = source.ended, last_finished(source.ended)
    local since = now - (self.window or 0) * 1000
    for i, run in ipairs(ended) do
        self:ended(run, i == #ended or run == finished or order.ended_at(run) > since)
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

--- How bad a finding is: a threshold is reached, not passed. @tparam table finding @treturn string
function M.severity(finding)
    local value = finding.value
    if finding.unknown then
        return "unknown"
    elseif not value then
        return "ok" -- not enough to tell
    elseif finding.critical and value >= finding.critical then
        return "critical"
    end
    return finding.warning and value >= finding.warning and "warning" or "ok"
end

--- What a rule finds. @tparam string rule @tparam number now milliseconds
-- @treturn table finding: `value`, `warning`, `critical`, `since`, `run`, `unknown`, `recheck` (when time alone may
-- change it); nil when the rule is off
function Watch:judge(rule, now)
    local tracker = self.trackers[rule]
    return tracker and rules.by_name[rule].judge(tracker, self.course, now)
end

return M
