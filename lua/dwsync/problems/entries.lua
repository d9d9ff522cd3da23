--- Entries of the outbox as rows of the table dwsync_outbox.
-- @module dwsync.problems.entries
local decimal = require "dwsync.decimal"
local errors = require "dwsync.errors"
local identity = require "dwsync.history.identity"
local quoted = require("dwsync.history.statements").quoted
local reading = require "dwsync.history.reading"
local text = require "dwsync.text"

local M = {}

local TEXTS = { "cluster_id", "source", "rule", "step", "channel", "state", "claimed_by", "last_error", "batch",
    "refused_by" }
local NUMBERS = { "episode", "fired_at", "since", "created_at", "next_at", "due_at", "attempts", "doubtful",
    "claimed_until", "sent_at" }
local REQUIRED = { episode = true, created_at = true, next_at = true, attempts = true, doubtful = true }

local columns, IS_NUMBER = {}, {}
for _, names in ipairs { TEXTS, NUMBERS } do
    for _, name in ipairs(names) do
        columns[#columns + 1], IS_NUMBER[name] = name, names == NUMBERS or nil
    end
end
local COLUMNS = table.concat(columns, ", ")

--- The columns that `entry_of` takes, of dwsync_outbox as "o".
M.COLUMNS = "o." .. table.concat(columns, ", o.")

local function literal(value)
    if value == nil then
        return "NULL"
    end
    return type(value) == "number" and decimal.exact(value) or quoted(identity.cell(value))
end

--- A value as SQL has it.
-- @param value text, number or nil
-- @treturn string
M.literal = literal

local function name_of(row)
    return table.concat({ row.cluster_id, row.source, row.rule }, "\0")
end

--- What tells the problems of a history apart, as in the result of `read`.
-- @tparam table row `cluster_id`, `source`, `rule`
-- @treturn string
M.name_of = name_of

local function damaged(entry, column)
    return errors.new { kind = "storage",
        message = ("a message about the problem '%s' of cluster %s is damaged: its %s cannot be read"):format(
            text.excerpt(tostring(entry.rule), 60), text.excerpt(tostring(entry.cluster_id), 60), column),
        hint = "Correct or delete its row of dwsync_outbox: no program of dwsync writes such a one." }
end

--- An entry.
-- @tparam table cells of COLUMNS
-- @treturn dwsync.problem.entry
-- @treturn ?dwsync.error what is wrong with it
function M.entry_of(cells)
    local entry, wrong = {}, nil
    for i, name in ipairs(columns) do
        local value = cells[i]
        if IS_NUMBER[name] then
            entry[name] = tonumber(value) and reading.integer(tonumber(value))
            if entry[name] == nil and (value ~= nil or REQUIRED[name]) then
                wrong = name
            end
        else
            entry[name] = value ~= nil and identity.text(tostring(value)) or nil
        end
    end
    return entry, wrong and damaged(entry, wrong)
end

--- The condition that is true of one problem.
-- @tparam table row `cluster_id`, `source`, `rule`
-- @treturn string
function M.problem_condition(row)
    return ("cluster_id = %s AND source = %s AND rule = %s"):format(literal(row.cluster_id), literal(row.source),
        literal(row.rule))
end

--- The condition that is true of one entry.
-- @tparam dwsync.problem.entry entry
-- @treturn string
function M.condition(entry)
    return ("%s AND episode = %s AND step = %s AND channel = %s"):format(M.problem_condition(entry),
        literal(entry.episode), literal(entry.step), literal(entry.channel))
end

--- Values as the inside of IN (…), each once.
-- @tparam {string,...} values
-- @treturn string
function M.among(values)
    local list, seen = {}, {}
    for _, value in ipairs(values) do
        if not seen[value] then
            seen[value], list[#list + 1] = true, literal(value)
        end
    end
    return table.concat(list, ",")
end

--- Lists of entries by problem. Damaged ones are left to the claim that finds them.
-- @tparam table session see dwsync.history.transaction
-- @tparam[opt] {table,...} rows with the clusters that are meant; by default all
-- @treturn {[string]={dwsync.problem.entry,...}} see `name_of`
function M.by_problem(session, rows)
    local clusters, lists = {}, {}
    for i, row in ipairs(rows or {}) do
        clusters[i] = row.cluster_id
    end
    for _, cells in ipairs(session:rows(("SELECT %s FROM dwsync_outbox%s"):format(COLUMNS,
        rows and (" WHERE cluster_id IN (%s)"):format(M.among(clusters)) or ""))) do
        local entry, wrong = M.entry_of(cells)
        local name = name_of(entry)
        lists[name] = lists[name] or {}
        table.insert(lists[name], not wrong and entry or nil)
    end
    return lists
end

--- Adds entries of a problem, but those that are there.
-- @tparam table session
-- @tparam dwsync.problem row
-- @tparam {dwsync.problem.entry,...} entries
function M.insert(session, row, entries)
    local values = {}
    for i, entry in ipairs(entries) do
        local cells = {}
        for k, column in ipairs(columns) do
            local value = entry[column]
            cells[k] = literal(value == nil and row[column] or value)
        end
        values[i] = "(" .. table.concat(cells, ",") .. ")"
    end
    if values[1] then
        session:rows(("INSERT INTO dwsync_outbox (%s) VALUES %s ON CONFLICT DO NOTHING"):format(COLUMNS,
            table.concat(values, ",")))
    end
end

--- Changes an entry, as long as it is owed.
-- @tparam table session
-- @tparam dwsync.problem.entry entry
-- @tparam string changes in SQL
function M.set(session, entry, changes)
    session:rows(("UPDATE dwsync_outbox SET %s WHERE %s AND state = 'owed'"):format(changes, M.condition(entry)))
end

--- Since when it could have been sent, without the time for which it was held.
-- @tparam dwsync.problem.entry entry
-- @treturn integer milliseconds
function M.due_since(entry)
    return entry.due_at or entry.created_at
end

--- Holds it; that time does not count as trouble with its channel.
-- @tparam table session
-- @tparam dwsync.problem.entry entry
-- @tparam integer till milliseconds
-- @tparam integer now
function M.hold_until(session, entry, till, now)
    local due = entry.attempts == 0 and till or M.due_since(entry) + till - math.max(entry.next_at, now)
    M.set(session, entry, ("next_at = %s, due_at = %s"):format(literal(till), literal(due)))
end

return M
