--- What is known of problems, for people: the state of each, who was told what, and what is still owed to whom; and how
-- one is named.
-- @module dwsync.problems.ledger
local checks = require "dwsync.checks"
local claims = require "dwsync.problems.claims"
local cluster_names = require "dwsync.cluster_names"
local entries_of = require "dwsync.problems.entries"
local messages = require "dwsync.problems.messages"
local outbox = require "dwsync.problems.outbox"
local text = require "dwsync.text"
local transitions = require "dwsync.problems.transitions"

local M = {}

local SHORTEST_ID = 4
local MOST_NAMED = 8

-- ---- reading -------------------------------------------------------------------------------------

-- Those of the present episode, by channel and in the order in which they came.
local function messages_of(row, entries, now)
    local list = {}
    for _, entry in ipairs(entries or {}) do
        entry.next_at = claims.free_at(entry, now)
        list[#list + 1] = entry.episode == row.episode and entry or nil
    end
    table.sort(list, function(a, b)
        if a.channel ~= b.channel then
            return a.channel < b.channel
        elseif a.created_at ~= b.created_at then
            return a.created_at < b.created_at
        end
        return a.step < b.step
    end)
    return list
end

--- All problems.
-- @tparam table store see dwsync.problems.store
-- @tparam integer now milliseconds
-- @treturn ?{table,...} of each the `row`, its `id`, its `state` as people call it, and `messages` of its present
-- episode: entries of the outbox
-- @treturn dwsync.error|{dwsync.error,...} or what is wrong with those that cannot be read
function M.read(store, now)
    local rows, damaged = store:rows()
    if not rows then
        return nil, damaged
    end
    local entries, err = outbox.read(store)
    if not entries then
        return nil, err
    end
    local list = {}
    for i, row in ipairs(rows) do
        list[i] = { row = row, id = messages.problem_id(row):sub(1, messages.SHORT_ID),
            state = transitions.state_of(row, now),
            messages = messages_of(row, entries[entries_of.name_of(row)], now) }
    end
    return list, damaged
end

-- ---- naming --------------------------------------------------------------------------------------

--- A problem in words: "stale of s1 of dws-prod".
-- @tparam dwsync.problem row
-- @treturn string
function M.words_of(row)
    return ("%s%s of %s"):format(text.excerpt(row.rule, 60), row.source ~= "" and " of source "
        .. text.excerpt(row.source, 60) or "", text.excerpt(row.cluster_name or row.cluster_id, 64))
end

local function wrong(message, hint)
    return nil, { kind = "config", message = message, hint = hint }
end

local function listed(items)
    local parts = {}
    for i = 1, math.min(#items, MOST_NAMED) do
        parts[i] = ("%s (%s)"):format(items[i].id, M.words_of(items[i].row))
    end
    return table.concat(parts, ", ") .. (#items > MOST_NAMED and (" and %d more"):format(#items - MOST_NAMED) or "")
end

local function by_id(list, word)
    local found = {}
    for _, item in ipairs(list) do
        local whole = messages.problem_id(item.row)
        found[#found + 1] = #word >= SHORTEST_ID and whole:sub(1, #word) == word:lower() and item or nil
    end
    return found
end

local function clusters_of(list)
    local clusters = {}
    for i, item in ipairs(list) do
        clusters[i] = { id = item.row.cluster_id, name = item.row.cluster_name }
    end
    return clusters
end

-- Those that have a value in a field; or nil and a problem that names the values that there are.
local function with_value(list, field, value, noun)
    if value == nil then
        return list
    end
    local found, values = {}, {}
    for _, item in ipairs(list) do
        values[item.row[field]] = item.row[field] ~= "" or nil
        found[#found + 1] = item.row[field] == value and item or nil
    end
    if found[1] then
        return found
    end
    local names = checks.names(values)
    return wrong(("no open problem has the %s '%s'%s"):format(noun, text.excerpt(value, 60),
        checks.guess(value, names)), names[1] and ("There %s."):format((#names == 1 and "is " or "are ")
        .. table.concat(names, ", ")) or nil)
end

--- The open problems that are meant.
-- @tparam {table,...} list see `read`
-- @tparam table wanted `word`: an id or its beginning, or the name or id of a cluster; `rule`, `source`; `all`: whether
-- several may be meant
-- @treturn ?{table,...}
-- @treturn table problem for dwsync.errors.new
function M.find(list, wanted)
    local open = {}
    for _, item in ipairs(list) do
        open[#open + 1] = transitions.is_open(item.row) and item or nil
    end
    if not open[1] then
        return wrong(("there is no problem '%s': none is open"):format(text.excerpt(wanted.word,
            64)),
            "dwsync alerts list --all shows those that ended.")
    end
    local found = by_id(open, wanted.word)
    if not found[1] then
        local cluster, unknown = cluster_names.listed(wanted.word, { place = "among the open problems",
            list = clusters_of(open) })
        if not cluster then
            unknown.hint = ("Open are %s. dwsync alerts list says more of them."):format(listed(open))
            return nil, unknown
        end
        found = with_value(open, "cluster_id", cluster.id)
    end
    local problem
    found, problem = with_value(found, "rule", wanted.rule, "rule")
    if found then
        found, problem = with_value(found, "source", wanted.source, "source")
    end
    if found and #found > 1 and not wanted.all then
        return wrong(("%d problems are meant by '%s'"):format(#found, text.excerpt(wanted.word, 64)),
            ("Name one by its id, or add --rule and --source; --all means each of them. They are %s."):format(
            listed(found)))
    end
    return found, problem
end

-- ---- changing ------------------------------------------------------------------------------------

local function same(row, other)
    return row.source == other.source and row.rule == other.rule and row.episode == other.episode
end

--- Changes one problem, as it is by now.
-- @tparam table store see dwsync.problems.store
-- @tparam table item of `read`
-- @tparam function work(row) → the new row; nil where nothing changes
-- @treturn ?table `changed`: whether something did
-- @treturn dwsync.error
function M.change(store, item, work)
    return store:change(item.row.cluster_id, function(rows)
        for _, row in ipairs(rows) do
            local changed = same(row, item.row) and transitions.is_open(row) and work(row)
            if changed then
                return { changed }, { changed = true }
            end
        end
        return {}, { changed = false }
    end)
end

return M
