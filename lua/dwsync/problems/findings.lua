--- What one look at a cluster says of its problems: of those that are kept, and of those that begin.
--
-- What could not be asked is not said, so that it keeps its state: the sources of a cluster that did not answer, a
-- verdict that is unknown, and one that follows from another, whose cause is told instead.
-- @module dwsync.problems.findings
local errors = require "dwsync.errors"
local severities = require "dwsync.severity"
local text = require "dwsync.text"

local M = {}

--- The rule of a cluster that could not be asked, which is no rule of dwsync.health.
M.UNREACHABLE = "unreachable"

--- How long something may be unknown before it is a problem: a hiccup of the network wakes nobody. Milliseconds.
M.PATIENCE = 15 * 60 * 1000

local ENDED = { severity = "ok", message = "no longer reported" }

--- Which problems raise and which are left alone.
-- @table dwsync.problems.policy
-- @tfield string least the severity from which a verdict is a problem
-- @tfield[opt] function(source,source_type):boolean is_meant whether the look was about that source; by default all are
-- @tfield[opt] function(problem,now):dwsync.problem.plan plan whom to tell of a problem, and how patiently

local LONGEST_SOURCE = 400 -- bytes; an index of PostgreSQL holds 2,700 in all

--- How a source is called in a key.
-- @tparam ?string source nil where it is about the cluster itself
-- @treturn string
function M.source_key(source)
    return text.beginning(source or "", LONGEST_SOURCE)
end

local function key_of(item, source, rule)
    return { cluster_id = item.cluster.id, source = M.source_key(source), rule = rule }
end

local function add(findings, key, seen)
    findings.list[#findings.list + 1] = { key = key, seen = seen }
    findings.said[key.source .. "\0" .. key.rule] = true
end

local function of_verdict(verdict, item, policy)
    return {
        severity = verdict.severity == "disabled" and "ok" or verdict.severity,
        raises = severities.level(verdict.severity) >= severities.level(policy.least),
        patience = verdict.severity == "unknown" and M.PATIENCE or 0,
        since = verdict.since,
        message = verdict.message,
        advice = verdict.advice,
        source_type = verdict.source_type,
        cluster_name = item.cluster.name,
        account = item.cluster.account,
    }
end

-- The worst verdict of each rule and source: worst first is how they come.
local function add_verdicts(findings, verdicts, item, policy)
    for _, verdict in ipairs(verdicts) do
        local key = key_of(item, verdict.source, verdict.rule)
        if not findings.said[key.source .. "\0" .. key.rule] then
            add(findings, key, not verdict.follows and of_verdict(verdict, item, policy) or nil)
        end
    end
end

-- Since when is not known better than from the first look that found it so.
local function add_reach(findings, item, policy)
    local err, answered = item.error, item.evaluation or item.verdicts
    add(findings, key_of(item, nil, M.UNREACHABLE), answered and { severity = "ok", message = "it answers again" } or {
        severity = "unknown",
        raises = severities.level(policy.least) <= severities.level "warning",
        patience = M.PATIENCE,
        message = (item.words or "its synchronisation cannot be watched: ") .. errors.summary(err, true),
        advice = err.hint,
        cluster_name = item.cluster.name,
        account = item.cluster.account,
    })
end

-- Problems that the look does not mention are over, if it would have mentioned them.
local function add_ended(findings, rows, ended)
    for _, row in ipairs(rows) do
        if not findings.said[row.source .. "\0" .. row.rule] then
            add(findings, row, ended)
        end
    end
end

--- An item of an overview for clusters that are listed, in place of those that are not known when they cannot be.
-- @tparam string where such as a region: a history may be shared
-- @tparam ?dwsync.error err why they cannot be listed; nil: they were
-- @tparam[opt] string account of a fleet, whose places others may have, too; all of its places, where `where` is ""
-- @treturn table
function M.listing(where, err, account)
    local name = not account and where or where == "" and "account " .. account
        or ("%s of account %s"):format(where, account)
    return { cluster = { id = "list:" .. (account and account .. "/" or "") .. where, name = "the clusters of " .. name,
        account = account }, severity = "unknown", verdicts = not err and {} or nil, error = err }
end

--- An item of an overview for an account of a fleet whose key is refused, in place of all its clusters.
-- @tparam string name
-- @tparam[opt] dwsync.error err
-- @treturn table
function M.account(name, err)
    return { cluster = { id = "account:" .. name, name = "account " .. name, account = name }, severity = "unknown",
        error = err, words = "its key is refused, so none of its clusters can be watched: " }
end

--- Whether a problem is about one cluster: not about a listing or an account.
-- @tparam string cluster_id
-- @treturn boolean
function M.is_of_cluster(cluster_id)
    return not (cluster_id:find "^list:" or cluster_id:find "^account:")
end

local function words_of_disabled(item)
    local verdict = (item.verdicts or item.evaluation and item.evaluation.verdicts or {})[1]
    return { severity = "ok", message = verdict and verdict.message or "identity-source synchronisation is off" }
end

local function meant(list, policy)
    local kept = {}
    for _, finding in ipairs(list) do
        local key = finding.key
        local source_type = finding.seen and finding.seen.source_type or key.source_type
        if key.rule == M.UNREACHABLE or not policy.is_meant or policy.is_meant(key.source, source_type) then
            kept[#kept + 1] = finding
        end
    end
    return kept
end

--- Whether a look finds all well: then it changes nothing but problems that are kept.
-- @tparam table item as for `of`
-- @treturn boolean
function M.is_all_well(item)
    local verdicts = item.verdicts or item.evaluation and item.evaluation.verdicts
    for _, verdict in ipairs(verdicts or {}) do
        if verdict.severity ~= "ok" and verdict.severity ~= "disabled" then
            return false
        end
    end
    return verdicts ~= nil
end

--- What a look says.
-- @tparam table item of an overview: `cluster`, `severity`, `evaluation`, `verdicts` or `error`
-- @tparam {dwsync.problem,...} rows what is kept of the cluster
-- @tparam dwsync.problems.policy policy
-- @treturn {{key=table,seen=?table},...} for dwsync.problems.transitions.look; without `seen` nothing is known
function M.of(item, rows, policy)
    local findings = { list = {}, said = {} }
    add_reach(findings, item, policy)
    if item.severity == "disabled" then
        add_ended(findings, rows, words_of_disabled(item))
    elseif item.verdicts then
        add_verdicts(findings, item.verdicts, item, policy) -- nothing is known of its sources
    elseif item.evaluation then
        add_verdicts(findings, item.evaluation.verdicts, item, policy)
        add_ended(findings, rows, ENDED)
    end
    return meant(findings.list, policy)
end

return M
