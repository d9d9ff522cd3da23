--- Problems that are told once: what each look at the clusters changes of them, kept in the database of a history.
-- It must not send anything: dwsync.problems.delivery does, after this has been committed.
-- @module dwsync.problems
local findings = require "dwsync.problems.findings"
local history_tables = require "dwsync.history.tables"
local outbox = require "dwsync.problems.outbox"
local routes = require "dwsync.problems.routes"
local stores = require "dwsync.problems.store"
local transitions = require "dwsync.problems.transitions"

local M = {}

--- Whom to tell of a problem.
-- @tparam ?{table,...} list of routes, see dwsync.problems.routes
-- @tparam {table,...} channels; those that are level-triggered are owed no messages, and are in the plan's `levels`
-- @tparam[opt] {[string]=boolean} unrouted channels that are told everything
-- @treturn function(problem,now):dwsync.problem.plan
function M.plan(list, channels, unrouted)
    local names, is_owed, fallbacks = {}, {}, {}
    for i, channel in ipairs(channels) do
        names[i], is_owed[channel.name] = channel.name, not channel.is_level_triggered
        fallbacks[channel.name] = channel.options.fallback
    end
    local table_of_routes = routes.new(list, names, unrouted)
    return function(problem, now)
        local plan, to, levels = table_of_routes:plan(problem, now), {}, {}
        for _, name in ipairs(plan.to) do
            to[#to + 1], levels[name] = is_owed[name] and name or nil, not is_owed[name] or nil
        end
        plan.to, plan.levels, plan.fallbacks = to, levels, fallbacks
        return plan
    end
end

local function name_of(source, rule)
    return source .. "\0" .. rule
end

local function by_cluster(rows)
    local lists = {}
    for _, row in ipairs(rows) do
        lists[row.cluster_id] = lists[row.cluster_id] or {}
        table.insert(lists[row.cluster_id], row)
    end
    return lists
end

-- How patiently a problem begins and ends: as its route says, if it has one.
local function patience_of(problem, policy, now)
    local plan = policy.plan and policy.plan(problem, now)
    return plan and plan.after or 0, plan and plan.recover or 0
end

local function of_problem(finding)
    local problem = {}
    for _, some in ipairs { finding.seen, finding.key } do
        for name, value in pairs(some) do
            problem[name] = value
        end
    end
    return problem
end

-- The rows that a look changes.
local function changes_of(item, rows, policy, now, seen)
    local kept, changed = {}, {}
    for _, row in ipairs(rows) do
        kept[name_of(row.source, row.rule)] = row
    end
    for _, finding in ipairs(findings.of(item, rows, policy)) do
        local name, found = name_of(finding.key.source, finding.key.rule), finding.seen
        seen[item.cluster.id .. "\0" .. name] = found
        if found and (kept[name] or found.severity ~= "ok") then
            local after
            after, found.recover = patience_of(kept[name] or of_problem(finding), policy, now)
            found.patience = math.max(found.patience or 0, after)
            changed[#changed + 1] = transitions.look(kept[name], finding.key, found, now)
        end
    end
    return changed
end

-- What a look saw, for words that are true when they are sent.
local function memory_of(seen)
    return function(row)
        local found = seen[row.cluster_id .. "\0" .. name_of(row.source, row.rule)]
        return found and found.severity == row.severity and found or nil
    end
end

local function merged(rows, changed)
    local is_changed, after = {}, {}
    for _, row in ipairs(changed) do
        is_changed[name_of(row.source, row.rule)], after[#after + 1] = true, row
    end
    for _, row in ipairs(rows) do
        after[#after + 1] = not is_changed[name_of(row.source, row.rule)] and row or nil
    end
    return after
end

-- When a problem would begin or end by time alone.
local function next_change(rows, policy, now)
    local first
    for _, row in ipairs(rows) do
        local after, recover = patience_of(row, policy, now)
        local due = transitions.next_look(row, math.max(after, row.severity == "unknown" and findings.PATIENCE or 0),
            recover)
        first = due and math.min(due, first or due) or first
    end
    return first
end

-- Keeps what changed, and adds to the outbox what that makes owed.
local function keep(session, cluster_id, policy, now, work)
    local changed, again
    stores.change_in(session, cluster_id, function(rows)
        changed = work(rows)
        again = next_change(merged(rows, changed), policy, now)
        return changed
    end)
    local begun = {}
    for _, row in ipairs(changed) do
        begun[#begun + 1] = row.episode > 0 and row or nil
    end
    outbox.add(session, begun, policy.plan, now)
    return again
end

--- Looks at one cluster within a transaction that excludes others who do. What becomes owed is in the outbox with it.
-- @tparam table session see dwsync.history.transaction
-- @tparam table item of an overview
-- @tparam dwsync.problems.policy policy
-- @tparam integer now milliseconds since the epoch
-- @tparam ?boolean has_none whether no problem of the cluster is kept, where that is known
-- @treturn ?integer when to look again, even if nothing changes: a problem would begin or end then
function M.look_in(session, item, policy, now, has_none)
    if has_none and findings.is_all_well(item) then
        return nil
    end
    return keep(session, item.cluster.id, policy, now, function(rows)
        return changes_of(item, rows, policy, now, {})
    end)
end

--- Looks at clusters, and keeps what changed: a transaction for each cluster of which something did.
-- @tparam table store see dwsync.problems.store
-- @tparam {table,...} items of an overview
-- @tparam dwsync.problems.policy policy
-- @tparam integer now milliseconds since the epoch
-- @treturn ?function(row) what the look said of a problem
-- @treturn dwsync.error|{dwsync.error,...} or what kept clusters from being looked at, the others were
function M.look(store, items, policy, now)
    local rows, damaged = store:rows()
    if not rows then
        return nil, damaged
    end
    local kept, seen, is_damaged = by_cluster(rows), {}, {}
    for _, err in ipairs(damaged) do
        is_damaged[err.problem:sub(1, err.problem:find("\0", 1, true) - 1)] = true
    end
    for _, item in ipairs(items) do
        local id = item.cluster.id
        if changes_of(item, kept[id] or {}, policy, now, seen)[1] and not is_damaged[id] then
            local done, err = history_tables.run(store.history, "write", id, function(session)
                M.look_in(session, item, policy, now)
                return true
            end)
            if not done then
                return nil, err
            end
        end
    end
    return memory_of(seen), damaged
end

--- Ends the problems of a cluster that is no longer looked at, within a transaction.
-- @tparam table session
-- @tparam string cluster_id
-- @tparam string message the words with which they end
-- @tparam integer now
function M.end_in(session, cluster_id, message, now)
    keep(session, cluster_id, {}, now, function(rows)
        local changed = {}
        for _, row in ipairs(rows) do
            changed[#changed + 1] = transitions.look(row, row, { severity = "ok", message = message,
                is_final = true }, now)
        end
        return changed
    end)
end

--- What a look would change, without keeping it.
-- @tparam {dwsync.problem,...} rows
-- @tparam {table,...} items
-- @tparam dwsync.problems.policy policy
-- @tparam integer now
-- @treturn {dwsync.problem,...} the rows as they would be
-- @treturn function(row)
function M.preview(rows, items, policy, now)
    local kept, seen, result, changed = by_cluster(rows), {}, {}, {}
    for _, item in ipairs(items) do
        for _, row in ipairs(changes_of(item, kept[item.cluster.id] or {}, policy, now, seen)) do
            result[#result + 1], changed[row.cluster_id .. "\0" .. name_of(row.source, row.rule)] = row, true
        end
    end
    for _, row in ipairs(rows) do
        result[#result + 1] = not changed[row.cluster_id .. "\0" .. name_of(row.source, row.rule)] and row or nil
    end
    return result, memory_of(seen)
end

return M
