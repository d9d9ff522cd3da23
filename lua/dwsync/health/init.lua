--- From records to verdicts: what is wrong with the synchronisation of a cluster, since when, and what to do.
-- It must do no I/O and read no clock: "now" is an argument.
-- @module dwsync.health
-- @usage
-- local health = require "dwsync.health"
-- local list = assert(client:all_sync_records { cluster_id = id })
-- local evaluation = health.evaluate(list, { stale = { critical = "12h" } }, now)
-- for _, verdict in ipairs(evaluation.verdicts) do print(verdict.severity, verdict.rule, verdict.message) end
local evaluation = require "dwsync.health.evaluation"
local overview = require "dwsync.health.overview"
local records = require "dwsync.records"
local replay = require "dwsync.health.replay"
local rules = require "dwsync.health.rules"

local M = {}

-- Seconds since the epoch; anything larger is milliseconds by mistake.
local LATEST = 1e11

local function check_now(now, name, level)
    if type(now) ~= "number" or not (now >= 0 and now <= LATEST) then
        error(("%s: now is %s, expected seconds since the epoch"):format(name, type(now) == "number"
            and ("%.14g"):format(now) or type(now)), level or 3)
    end
end

local function read(given, name)
    if type(given) ~= "table" and type(given) ~= "function" then
        error(("%s: expected a list, an iterator or a sequence of records, got %s"):format(name, type(given)), 3)
    end
    return records.from(given):each()
end

local function check_rules(given)
    local checked, err = rules.check(given)
    if not checked then
        error(tostring(err), 3)
    end
    return checked
end

--- Checks rules, and fills in what they leave out.
-- @function rules
-- @tparam[opt] table given by rule: a table of options, or false for off; lengths of time are seconds or "90m", "6h"
-- @treturn table checked rules, fit to be given to evaluate; nil when a rule or option is unknown or out of range
-- @treturn dwsync.error kind "config"
M.rules = rules.check

--- Judges the records of one cluster. Severities, from best to worst: ok, unknown, warning, critical. A threshold fires
-- when its value is reached. The order of the records makes no difference, and neither do records that come twice.
-- @tparam list|function|dwsync.records given records: a list, an iterator or a sequence
-- @tparam[opt] table given_rules see dwsync.health.rules; wrong ones raise
-- @tparam number now seconds since the epoch
-- @treturn table evaluation: `now`, `severity`, `verdicts` (worst first), `sources` (worst first: `id`, `type`,
-- `severity`, `verdicts`, `statistics`, `reasons`), `statistics`, `reasons`, `records` (how many were read). A verdict
-- has `rule`, `severity`, `source`, `source_type`, `value`, `unit`, `warning`, `critical`, `since` (ms), `record_id`,
-- `message`, and `advice` when it is not ok. A source without id has the id "".
function M.evaluate(given, given_rules, now)
    check_now(now, "evaluate")
    local checked = check_rules(given_rules)
    local next_record = read(given, "evaluate")
    return evaluation.evaluate(next_record, checked, now)
end

local function check_replay_options(options)
    for name in pairs(options) do
        if name ~= "now" and name ~= "since" then
            error(("replay: unknown option '%s'; there are now and since"):format(tostring(name)), 3)
        end
    end
    if options.now ~= nil then
        check_now(options.now, "replay", 4)
    end
    if options.since ~= nil and type(options.since) ~= "number" then
        error("replay: since is a " .. type(options.since) .. ", expected milliseconds since the epoch", 3)
    end
end

--- What would have fired over the history of records, when, and for how long: to tune thresholds. At any time only what
-- was known by then counts. The rule "never" has no place in it.
-- @tparam list|function|dwsync.records given records
-- @tparam[opt] table given_rules as for evaluate
-- @tparam[opt] table options `now`: seconds since the epoch where history ends (default: the newest time of the
-- records); `since`: milliseconds, alerts that ended before are left out
-- @treturn {table,...} alerts by time: `rule`, `source`, `source_type`, `severity` (the worst reached), `from` and
-- `till` (ms; without `till` it is still open), `seconds`, `record_id`
function M.replay(given, given_rules, options)
    check_replay_options(options or {})
    local checked = check_rules(given_rules)
    local next_record = read(given, "replay")
    local alerts = replay.replay(next_record, checked, options and options.now, options and options.since)
    return alerts
end

--- The evaluations of several clusters as one.
-- @tparam {table,...} items {cluster = {id =, name =}, evaluation =, records =} or {cluster =, error = dwsync.error}
-- @tparam number now seconds since the epoch
-- @treturn table `now`, `severity` (the worst; an error counts as unknown, and so does no cluster at all), `clusters`
-- (copies of the items with `severity`, worst first, then by name)
function M.overview(items, now)
    check_now(now, "overview")
    if type(items) ~= "table" then
        error("overview: expected a list, got " .. type(items), 2)
    end
    local result = overview.make(items, now)
    return result
end

return M
