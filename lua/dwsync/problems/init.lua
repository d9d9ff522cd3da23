--- Problems that are told once: what each look at the clusters changes of them, kept in the database of a history.
-- It must not send anything: dwsync.problems.delivery does, after this has been committed.
-- @module dwsync.problems
local findings = require "dwsync.problems.findings"
local stores = require "dwsync.problems.store"
local transitions = require "dwsync.problems.transitions"

local M = {}

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

-- The rows that a look changes.
local function changes_of(item, rows, policy, now, seen)
    local kept, changed = {}, {}
    for _, row in ipairs(rows) do
        kept[name_of(row.source, row.rule)] = row
    end
    for _, finding in ipairs(findings.of(item, rows, policy)) do
        local name = name_of(finding.key.source, finding.key.rule)
        seen[item.cluster.id .. "\0" .. name] = finding.seen
        changed[#changed + 1] = finding.seen and transitions.look(kept[name], finding.key, finding.seen, now) or nil
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

--- Looks at clusters, and keeps what changed: a transaction for each cluster of which something did.
-- @tparam table store see dwsync.problems.store
-- @tparam {table,...} items of an overview
-- @tparam dwsync.problems.policy policy
-- @tparam integer now milliseconds since the epoch
-- @treturn ?function(row) what the look said of a problem
-- @treturn dwsync.error
function M.look(store, items, policy, now)
    local rows, err = store:rows()
    if not rows then
        return nil, err
    end
    local kept, seen = by_cluster(rows), {}
    for _, item in ipairs(items) do
        if changes_of(item, kept[item.cluster.id] or {}, policy, now, seen)[1] then
            local done
            done, err = store:change(item.cluster.id, function(current)
                return changes_of(item, current, policy, now, {}), true
            end)
            if not done then
                return nil, err
            end
        end
    end
    return memory_of(seen)
end

-- When a problem that waits for its time would begin.
local function next_begin(rows)
    local first
    for _, row in ipairs(rows) do
        if row.state == "pending" and row.severity == "unknown" then
            first = math.min(first or math.huge, row.seen_at + findings.PATIENCE)
        end
    end
    return first
end

--- Looks at one cluster within a transaction that excludes others who do.
-- @tparam table session see dwsync.history.transaction
-- @tparam table item of an overview
-- @tparam dwsync.problems.policy policy
-- @tparam integer now milliseconds since the epoch
-- @treturn ?integer when to look again, even if nothing changes: a problem would begin then
function M.look_in(session, item, policy, now)
    return stores.change_in(session, item.cluster.id, function(rows)
        local changed, after = changes_of(item, rows, policy, now, {}), {}
        local is_changed = {}
        for _, row in ipairs(changed) do
            is_changed[name_of(row.source, row.rule)], after[#after + 1] = true, row
        end
        for _, row in ipairs(rows) do
            after[#after + 1] = not is_changed[name_of(row.source, row.rule)] and row or nil
        end
        return changed, next_begin(after)
    end)
end

--- Ends the problems of a cluster that is no longer looked at, within a transaction.
-- @tparam table session
-- @tparam string cluster_id
-- @tparam string message the words with which they end
-- @tparam integer now
function M.end_in(session, cluster_id, message, now)
    stores.change_in(session, cluster_id, function(rows)
        local changed = {}
        for _, row in ipairs(rows) do
            changed[#changed + 1] = transitions.look(row, row, { severity = "ok", message = message }, now)
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
