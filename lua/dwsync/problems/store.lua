--- The table dwsync_problems, in the database of a history.
-- It must not hold an address of a channel: only their names.
-- @module dwsync.problems.store
local entries = require "dwsync.problems.entries"
local errors = require "dwsync.errors"
local identity = require "dwsync.history.identity"
local json = require "dwsync.json"
local ordered_json = require "dwsync.ordered_json"
local tables = require "dwsync.history.tables"
local quoted = require("dwsync.history.statements").quoted
local severities = require "dwsync.severity"
local text = require "dwsync.text"

local M = {}

local Store = { __name = "dwsync.problems.store" }
Store.__index = Store

-- Step 1: a row for each problem; `told`: what programs that knew no more than that told, by channel.
-- Step 2: the outbox. It only adds, so collectors that know step 1 may go on beside it: the next look of one that knows
-- the outbox, or its sender, writes what they did not.
--
-- dwsync_problems: since when it recovers, who acknowledged it or silenced it until when, when it changed between well
-- and not (`flips`, a list in JSON), whether it does so again and again.
-- dwsync_outbox: what a channel is owed of an episode. `step`: a severity, "flapping", "reminder-1" and so on,
-- "resolved"; `state`: "owed", "sent", "given_up", "dropped"; `doubtful`: 1 when it may have arrived although no answer
-- said so; `batch`: the key of the message that sums it up with others; `refused_by`: the marks of the addresses
-- that refused it for good.
-- dwsync_channels: what all senders together know of a channel: its token bucket, by which `mark` one of them named it
-- last and when; and of "channel/mark", an address that is in trouble: until when it is left alone, and how often in a
-- row it failed.
local STEP_1 = {
    [[CREATE TABLE dwsync_problems (cluster_id $key NOT NULL, source $key NOT NULL, rule $key NOT NULL,
        source_type TEXT, cluster_name TEXT, state TEXT NOT NULL, severity TEXT NOT NULL, episode INTEGER NOT NULL,
        since $number, seen_at $number, fired_at $number, resolved_at $number, changed_at $number NOT NULL,
        message TEXT, advice TEXT, ending TEXT, told TEXT NOT NULL, PRIMARY KEY (cluster_id, source, rule))]],
}

local STEP_2 = {
    compatible_from = 1,
    "ALTER TABLE dwsync_problems ADD COLUMN recovering_since $number",
    "ALTER TABLE dwsync_problems ADD COLUMN acknowledged_at $number",
    "ALTER TABLE dwsync_problems ADD COLUMN acknowledged_by TEXT",
    "ALTER TABLE dwsync_problems ADD COLUMN acknowledged_note TEXT",
    "ALTER TABLE dwsync_problems ADD COLUMN silenced_until $number",
    "ALTER TABLE dwsync_problems ADD COLUMN silenced_by TEXT",
    "ALTER TABLE dwsync_problems ADD COLUMN flips TEXT",
    "ALTER TABLE dwsync_problems ADD COLUMN flapping INTEGER",
    [[CREATE TABLE dwsync_outbox (cluster_id $key NOT NULL, source $key NOT NULL, rule $key NOT NULL,
        episode INTEGER NOT NULL, step $key NOT NULL, channel $key NOT NULL, fired_at $number, since $number,
        created_at $number NOT NULL, next_at $number NOT NULL, attempts INTEGER NOT NULL, doubtful INTEGER NOT NULL,
        claimed_until $number, claimed_by TEXT, state TEXT NOT NULL, sent_at $number, last_error TEXT, batch TEXT,
        refused_by TEXT, PRIMARY KEY (cluster_id, source, rule, episode, step, channel))]],
    "CREATE INDEX dwsync_outbox_owed ON dwsync_outbox (channel, created_at) WHERE state = 'owed'",
    [[CREATE TABLE dwsync_channels (channel $key PRIMARY KEY, mark TEXT, tokens $number, refilled_at $number,
        paused_until $number, failures INTEGER NOT NULL, named_at $number NOT NULL)]],
}

-- Step 3: when an entry of the outbox could first have been sent, without the time for which quiet hours or a silence
-- held it. Senders that do not know it leave it empty.
local STEP_3 = { compatible_from = 1, "ALTER TABLE dwsync_outbox ADD COLUMN due_at $number" }

-- Step 4: of which account of a fleet it is, for routes.
local STEP_4 = { compatible_from = 1, "ALTER TABLE dwsync_problems ADD COLUMN account TEXT" }

--- The part of a history that this is, see dwsync.history.schema; a step that was ever released must not change.
M.part = { name = "problems", steps = { STEP_1, STEP_2, STEP_3, STEP_4 } }

local KEY = { "cluster_id", "source", "rule" }
local TEXTS = { "source_type", "cluster_name", "account", "state", "severity", "message", "advice", "ending",
    "acknowledged_by", "acknowledged_note", "silenced_by" }
local NUMBERS = { "episode", "since", "seen_at", "fired_at", "resolved_at", "changed_at", "recovering_since",
    "acknowledged_at", "silenced_until", "flapping" }
local LISTS = { "told", "flips" } -- in JSON

local REQUIRED = { cluster_id = true, source = true, rule = true, state = true, severity = true, episode = true,
    changed_at = true }
local STATES = { pending = true, firing = true, told = true, resolved = true }
local LARGEST = 2 ^ 53

local columns, changes = {}, {}
for _, names in ipairs { KEY, TEXTS, NUMBERS, LISTS } do
    for _, name in ipairs(names) do
        columns[#columns + 1] = name
        changes[#changes + 1] = names ~= KEY and ("%s = excluded.%s"):format(name, name) or nil
    end
end

local SELECT = ("SELECT %s FROM dwsync_problems"):format(table.concat(columns, ", "))
local UPSERT = ("INSERT INTO dwsync_problems (%s) VALUES (%%s) ON CONFLICT (%s) DO UPDATE SET %s"):format(
    table.concat(columns, ", "), table.concat(KEY, ", "), table.concat(changes, ", "))

-- ---- rows ----------------------------------------------------------------------------------------

local IS_NUMBER, IS_LIST = {}, {}
for _, name in ipairs(NUMBERS) do
    IS_NUMBER[name] = true
end
for _, name in ipairs(LISTS) do
    IS_LIST[name] = true
end

local function literal(name, value)
    if IS_LIST[name] then
        return quoted(identity.cell(ordered_json.encode(value or {})))
    end
    return entries.literal(value)
end

local function upsert(row)
    local values = {}
    for i, name in ipairs(columns) do
        values[i] = literal(name, row[name])
    end
    return UPSERT:format(table.concat(values, ", "))
end

-- A cell, or false where it is not what programs write: SQLite keeps any type in any column.
local function value_of(name, cell)
    if IS_LIST[name] then
        local list = type(cell) == "string" and json.decode(identity.text(cell))
        return cell == nil and {} or type(list) == "table" and list
    elseif cell == nil then
        return REQUIRED[name] == nil and nil
    elseif IS_NUMBER[name] then
        local number = tonumber(cell)
        return number and number == number and math.abs(number) <= LARGEST and math.floor(number) or false
    end
    return type(cell) == "string" and identity.text(cell)
end

local function shown(value)
    return text.excerpt(type(value) == "string" and identity.text(value) or tostring(value), 60)
end

-- Returns a row; or nil, err.
local function row_of(cells)
    local row = {}
    for i, name in ipairs(columns) do
        local value = value_of(name, cells[i])
        if value == false or name == "state" and not STATES[value]
            or name == "severity" and severities.known(value) ~= value then
            local err = errors.new { kind = "storage",
                message = ("the problem '%s' of cluster %s is damaged: its %s is %s"):format(
                    shown(cells[3]), shown(cells[1]), name, shown(cells[i])),
                hint = "Correct or delete this row of dwsync_problems: no program of dwsync writes such a one." }
            err.problem = table.concat({ tostring(cells[1]), tostring(cells[2]), tostring(cells[3]) }, "\0")
            return nil, err
        end
        row[name] = value
    end
    return row
end

--- Reads problems within a transaction.
-- @tparam table session see dwsync.history.transaction
-- @tparam[opt] string rest of the query, after its table
-- @treturn {dwsync.problem,...} those that can be read
-- @treturn {dwsync.error,...} what is wrong with the others; each has `problem`, their key
function M.rows_in(session, rest)
    local rows, damaged = {}, {}
    for _, cells in ipairs(session:rows(("%s %s"):format(SELECT, rest or "ORDER BY cluster_id, source, rule"))) do
        rows[#rows + 1], damaged[#damaged + 1] = row_of(cells)
    end
    return rows, damaged
end

--- Changes problems of one cluster within a transaction that excludes others who do. Fails where a row of it cannot be
-- read.
-- @tparam table session see dwsync.history.transaction
-- @tparam string cluster_id
-- @tparam function work gets the rows of the cluster and returns a list of those that changed, and a result
-- @return the result of `work`
function M.change_in(session, cluster_id, work)
    local rows, damaged = M.rows_in(session, ("WHERE cluster_id = %s ORDER BY source, rule%s"):format(
        entries.literal(cluster_id), session.lock_rows))
    if damaged[1] then
        session:fail(damaged[1])
    end
    local changed, result = work(rows)
    for _, row in ipairs(changed) do
        session:rows(row.state == "forgotten" and "DELETE FROM dwsync_problems WHERE " .. entries.problem_condition(row)
            or upsert(row))
    end
    return result
end

-- ---- the table -----------------------------------------------------------------------------------

--- The problems of a history. Makes the tables where they are missing, unless the history is readonly.
-- @tparam dwsync.history.store history
-- @treturn ?table
-- @treturn dwsync.error
function M.open(history)
    local version, err = tables.extend(history, M.part)
    if not version then
        return nil, err
    end
    return setmetatable({ history = history, is_missing = version == 0 }, Store)
end

--- All problems that can be read.
-- @treturn ?{dwsync.problem,...}
-- @treturn dwsync.error|{dwsync.error,...} or what is wrong with those that cannot
function Store:rows()
    if self.is_missing then
        return {}, {}
    end
    local damaged
    local rows, err = tables.run(self.history, "read", nil, function(session)
        local found
        found, damaged = M.rows_in(session)
        return found
    end)
    return rows, err or damaged
end

--- Changes problems of one cluster, in one transaction that excludes others who do.
-- @tparam string cluster_id
-- @tparam function work gets the rows of the cluster and returns a list of those that changed, and a result
-- @return the result of `work`, or nil, err
function Store:change(cluster_id, work)
    return tables.run(self.history, "write", cluster_id, function(session)
        return M.change_in(session, cluster_id, work)
    end)
end

return M
