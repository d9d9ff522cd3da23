--- From records to verdicts: what is wrong with the synchronisation of a cluster, since when, and what to do.
-- It must do no I/O and read no clock: "now" is an argument.
-- @module dwsync.health
-- @usage
-- local health = require "dwsync.health"
-- local list = assert(client:all_sync_records { cluster_id = id })
-- local evaluation = health.evaluate(list, { stale = { critical = "12h" } }, now)
-- for _, verdict in ipairs(evaluation.verdicts) do print(verdict.severity, verdict.rule, verdict.message) end
local checks = require "dwsync.checks"
local episodes = require "dwsync.health.episodes"
local evaluation = require "dwsync.health.evaluation"
local overview = require "dwsync.health.overview"
local records = require "dwsync.records"
local replay = require "dwsync.health.replay"
local rules = require "dwsync.health.rules"

local M = {}

-- Seconds since the epoch; anything larger is milliseconds by mistake.
local LATEST = 1e11

local REPLAY = {
    now = { kind = "number", from = 0, to = LATEST, expected = "seconds since the epoch" },
    since = { kind = "number", expected = "milliseconds since the epoch" },
}

local function check_now(now, name)
    local good, message = checks.value(REPLAY.now, now, "now")
    if not good then
        error(("%s: %s"):format(name, message), 3)
    end
end

local function read(given, name)
    if type(given) ~= "table" and type(given) ~= "function" then
        error(("%s: expected a list, an iterator or a sequence of records, got %s"):format(name, type(given)), 3)
    end
    local sequence = records.from(given)
    return sequence.list or sequence:each(),
        type(given) == "table" and type(given.ledger) == "table" and given.ledger or nil
end

local defaults -- of all rules, checked once

local function check_rules(given)
    if given == nil then
        defaults = defaults or rules.check()
        return defaults
    end
    local checked, err = rules.check(given)
    if not checked then
        error(tostring(err), 3)
    end
    return checked
end

--- What a rule says about a source. Times are milliseconds since the epoch.
-- @table dwsync.verdict
-- @tfield string rule
-- @tfield string severity "ok", "unknown", "warning" or "critical"; "disabled" of the rule "disabled" alone, which
-- overviews have where synchronisation is off
-- @tfield[opt] string source id of the source, "" when its records name none; nil for the list itself
-- @tfield[opt] string source_type
-- @tfield[opt] number value what was compared with the thresholds
-- @tfield string unit "seconds", "ratio", "accounts", "runs", "records" or "times"
-- @tfield[opt] number warning the threshold
-- @tfield[opt] number critical the threshold
-- @tfield[opt] integer since when it began
-- @tfield[opt] string record_id the run that shows it
-- @tfield string message
-- @tfield[opt] string advice what to do next, when it is not ok
-- @tfield[opt] string follows the rule whose verdict explains this one, which raises nothing of its own
-- @tfield[opt] {text=string,class=string,speaker=?string,cause=?string,next_step=?string,record_id=?string} reason what
-- the runs behind it say, FINISHED ones too, for the rules churn, mass_delete, partial and volume
-- @tfield[opt] {dwsync.fact,...} explanation from `explain` alone

--- A part of the model behind a verdict.
-- @table dwsync.fact
-- @tfield string name such as "cadence", "next_run", "population"; the same for the same rule
-- @tfield string text
-- @tfield[opt] any value a number; the tables `options`, `rests_on` (`runs`, `weeks`, `since`), `by_weekday`
-- (by "Mon" to "Sun", 24 numbers), `pauses` (`seconds`, `times`)
-- @tfield[opt] string unit of a number: a verdict's, or "time" (milliseconds since the epoch)
-- @tfield[opt] string by what a population is known by: "given", "list", "import", "greatest", "changes"

--- How many accounts the lists of a cluster's database showed; the field `ledger` of a list of records, which
-- `store:together` adds where the history has it. Times are milliseconds since the epoch.
-- @table dwsync.ledger
-- @tfield string cluster_id
-- @tfield {{from=integer,till=integer,by_type={[string]=integer}},...} counts by time: from the list that first showed
-- them till the last that did; `by_type` are accounts by "common", "iam", "oneaccess". A verdict uses them for the one
-- source of its type, in place of what is learned from the records; a run is compared with a list read before it began
-- @tfield[opt] {{from=integer,till=integer,kind=string,accounts=integer,names={string,...}},...} gone who was in the
-- list of `from` and not in that of `till`: how many, and some names; only where the history was opened with
-- `show_accounts`, for advice names them

--- Numbers about runs. Times are milliseconds since the epoch; sums are over 30 days.
-- @table dwsync.statistics
-- @tfield integer runs
-- @tfield {[string]=table} windows by "24h", "7d" and "30d": the counts `runs`, `ok`, `partial`, `failed`, `running`,
-- and `success_ratio`, 0 to 1
-- @tfield integer added accounts
-- @tfield integer updated accounts
-- @tfield integer deleted accounts
-- @tfield integer failed accounts
-- @tfield[opt] number duration_p50 seconds
-- @tfield[opt] number duration_p95 seconds
-- @tfield[opt] number median_gap seconds between the starts of two runs
-- @tfield[opt] integer last_run
-- @tfield[opt] string last_run_id
-- @tfield[opt] string last_status
-- @tfield[opt] integer last_success
-- @tfield[opt] string last_success_id
-- @tfield[opt] integer next_expected

--- Fail reasons with the same wording. Times are milliseconds since the epoch.
-- @table dwsync.reason
-- @tfield string template what they have in common; codes that say what failed are in it
-- @tfield string class one word of a fixed set, "other" when unknown
-- @tfield[opt] string speaker who says so: "directory", "identity provider", "warehouse", "network" or "sync"
-- @tfield integer count
-- @tfield[opt] integer first_seen
-- @tfield[opt] integer last_seen
-- @tfield string sample the newest
-- @tfield[opt] string record_id the newest one's
-- @tfield[opt] string cause
-- @tfield[opt] string next_step

--- What was found about one source. Its id is "" when its records name none.
-- @table dwsync.source
-- @tfield string id
-- @tfield[opt] string type
-- @tfield string severity the worst of its verdicts
-- @tfield {dwsync.verdict,...} verdicts worst first
-- @tfield dwsync.statistics statistics
-- @tfield {dwsync.reason,...} reasons most frequent first
-- @tfield[opt] integer next_at when time alone would change a verdict, milliseconds since the epoch

--- What was found about one cluster.
-- @table dwsync.evaluation
-- @tfield number now seconds since the epoch
-- @tfield string severity the worst of its verdicts
-- @tfield {dwsync.verdict,...} verdicts worst first
-- @tfield {dwsync.source,...} sources worst first
-- @tfield dwsync.statistics statistics
-- @tfield {dwsync.reason,...} reasons most frequent first
-- @tfield integer records how many were read
-- @tfield[opt] integer next_at when time alone would change a verdict, milliseconds since the epoch

--- One cluster of an overview.
-- @table dwsync.overview.item
-- @tfield {id=string,name=?string} cluster
-- @tfield[opt] dwsync.evaluation evaluation
-- @tfield[opt] {dwsync.record,...} records with which the reports "html" and "status" draw the runs
-- @tfield[opt] dwsync.error error why there is no evaluation
-- @tfield[opt] integer seen_before when the newest record that is known of a cluster began or ended, milliseconds since
-- the epoch; matters where the service says that synchronisation is off
-- @tfield[opt] string severity added by `overview`; an error counts as unknown, unless it says that synchronisation is
-- off: then it is "disabled", or "warning" where records were seen before
-- @tfield[opt] {dwsync.verdict,...} verdicts added by `overview` in place of an evaluation where synchronisation is off
-- @tfield[opt] {dwsync.episode,...} episodes which reports show as those of the last 30 days

--- The evaluations of several clusters as one.
-- @table dwsync.overview
-- @tfield number now seconds since the epoch
-- @tfield string severity the worst; "unknown" without clusters, "disabled" when all are
-- @tfield {dwsync.overview.item,...} clusters worst first, then by name

--- An alert that rules would have given. Times are milliseconds since the epoch.
-- @table dwsync.alert
-- @tfield string rule
-- @tfield string source
-- @tfield[opt] string source_type
-- @tfield string severity the worst reached
-- @tfield integer from
-- @tfield[opt] integer till nil while it is open
-- @tfield number seconds
-- @tfield[opt] string record_id the run that shows it
-- @tfield string message of its verdict when it was first that severe
-- @tfield[opt] string follows the rule whose verdict explained it all the time
-- @tfield[opt] string explained_by the rule whose verdict explained it at some time

--- One problem as it would have been reported: an alert, and those that followed from it. Times are milliseconds since
-- the epoch.
-- @table dwsync.episode
-- @tfield integer from
-- @tfield[opt] integer till nil while it is open
-- @tfield number seconds
-- @tfield string severity the worst reached
-- @tfield string source
-- @tfield[opt] string source_type
-- @tfield string rule that explains the others
-- @tfield {string,...} also the other rules
-- @tfield string headline what the rule said
-- @tfield[opt] string record_id the run that shows it

--- Checks rules, and fills in what they leave out.
-- @tparam[opt] {[string]=table|string|false} given by rule: a table of options, or false for off; lengths of time are
-- seconds or "90m", "6h". `disabled` is how grave it is that synchronisation is off for a cluster: "disabled", "ok",
-- "unknown", "warning" or "critical", or false for no word about it
-- @treturn[1] {[string]=table|string|false} checked rules, fit to be given to `evaluate`
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "config": an unknown rule or option, or a value out of range
function M.rules(given)
    return rules.check(given)
end

--- Judges the records of one cluster. Severities, from best to worst: ok, unknown, warning, critical. A threshold fires
-- when its value is reached. The order of the records makes no difference, and neither do records that come twice.
-- @tparam {dwsync.record,...}|dwsync.records|function():?dwsync.record given records: a list, a sequence or an iterator
-- @tparam[opt] {[string]=table|false} given_rules see `rules`
-- @tparam number now seconds since the epoch
-- @treturn dwsync.evaluation
-- @raise for wrong rules and other wrong arguments
function M.evaluate(given, given_rules, now)
    check_now(now, "evaluate")
    local checked = check_rules(given_rules)
    local to_read, ledger = read(given, "evaluate")
    return evaluation.evaluate(to_read, checked, now, nil, ledger)
end

local function explained_rules(checked, names)
    if names ~= nil and type(names) ~= "table" then
        error(("explain: expected a list of rules, got %s"):format(type(names)), 3)
    end
    local explained = {}
    for _, name in ipairs(names or rules.names) do
        if not rules.by_name[name] then
            error(("explain: unknown rule '%s'"):format(tostring(name)), 3)
        end
        explained[name] = checked[name] and true or nil
    end
    return explained
end

--- The same as `evaluate`, and the verdicts of some rules have an `explanation`: the model behind them in words and
-- numbers, such as the cadence learned and when the next run is expected, the usual volume at this hour, or how many
-- accounts there are and by what that is known.
-- @tparam {dwsync.record,...}|dwsync.records|function():?dwsync.record given records: a list, a sequence or an iterator
-- @tparam[opt] {[string]=table|false} given_rules see `rules`
-- @tparam number now seconds since the epoch
-- @tparam[opt] {string,...} names of rules; all by default. Those that are off give no verdict
-- @treturn dwsync.evaluation
-- @raise for wrong rules and other wrong arguments
-- @usage
-- for _, verdict in ipairs(health.explain(list, nil, os.time(), { "stale" }).verdicts) do
--     for _, fact in ipairs(verdict.explanation or {}) do print(verdict.rule, fact.name, fact.text) end
-- end
function M.explain(given, given_rules, now, names)
    check_now(now, "explain")
    local checked = check_rules(given_rules)
    local explained = explained_rules(checked, names)
    local to_read, ledger = read(given, "explain")
    return evaluation.evaluate(to_read, checked, now, explained, ledger)
end

--- Judges the records of one cluster in slices, for a host that must not be held, such as an event loop. A step
-- looks at about a thousand records, however many there are of one source; the result is that of `evaluate`.
-- @tparam {dwsync.record,...}|dwsync.records|function():?dwsync.record given records: a list, a sequence or an iterator
-- @tparam[opt] {[string]=table|false} given_rules see `rules`
-- @tparam number now seconds since the epoch
-- @treturn {step=function} whose method `step` does one slice, and returns the evaluation when it was the last
-- @raise for wrong rules and other wrong arguments
-- @usage
-- local stepper, evaluation = health.stepper(list, nil, os.time()), nil
-- repeat evaluation = stepper:step() until evaluation
function M.stepper(given, given_rules, now)
    check_now(now, "stepper")
    local checked = check_rules(given_rules)
    local to_read, ledger = read(given, "stepper")
    return evaluation.begin(to_read, checked, now, nil, ledger)
end

--- What would have fired over the history of records, when, and for how long: to tune thresholds. At any time only what
-- was known by then counts. The rule "never" is left out.
-- @tparam {dwsync.record,...}|dwsync.records|function():?dwsync.record given records: a list, a sequence or an iterator
-- @tparam[opt] {[string]=table|false} given_rules see `rules`
-- @tparam[opt] table options
-- @tparam[opt] number options.now seconds since the epoch where history ends; by default the newest time of the records
-- @tparam[opt] number options.since milliseconds since the epoch; alerts that ended before are left out
-- @treturn {dwsync.alert,...} by time
-- @raise for wrong rules and other wrong arguments
function M.replay(given, given_rules, options)
    local checked_options = checks.arguments(REPLAY, options or {}, "replay")
    local checked = check_rules(given_rules)
    local to_read, ledger = read(given, "replay")
    local alerts = replay.replay(to_read, checked, checked_options.now, checked_options.since, ledger)
    return alerts
end

--- What the rules would have reported over the history of records: the alerts of `replay`, each with those that follow
-- from it as one episode.
-- @tparam {dwsync.record,...}|dwsync.records|function():?dwsync.record given records: a list, a sequence or an iterator
-- @tparam[opt] {[string]=table|false} given_rules see `rules`
-- @tparam[opt] table options as of `replay`
-- @treturn {dwsync.episode,...} by time
-- @raise for wrong rules and other wrong arguments
function M.episodes(given, given_rules, options)
    local checked_options = checks.arguments(REPLAY, options or {}, "episodes")
    local checked = check_rules(given_rules)
    local to_read, ledger = read(given, "episodes")
    local alerts = replay.replay(to_read, checked, checked_options.now, checked_options.since, ledger)
    return episodes.of(alerts)
end

--- Combines the evaluations of several clusters. Copies the items.
-- @tparam {dwsync.overview.item,...} items each with an `evaluation` or an `error`
-- @tparam number now seconds since the epoch
-- @tparam[opt] {[string]=table|string|false} given_rules see `rules`; only `disabled` matters here
-- @tparam[opt] function pause called every tenth of a millisecond or so, for a host that must not be held
-- @treturn dwsync.overview
-- @raise for wrong rules and other wrong arguments
-- @usage local overview = health.overview({ { cluster = { id = id }, evaluation = evaluation } }, os.time())
function M.overview(items, now, given_rules, pause)
    check_now(now, "overview")
    if type(items) ~= "table" then
        error("overview: expected a list, got " .. type(items), 2)
    end
    local result = overview.make(items, now, check_rules(given_rules), pause)
    return result
end

return M
