--- Problems and messages in a history, for specs that look at what is made of them.
local history = require "dwsync.history"
local history_tables = require "dwsync.history.tables"
local problems_store = require "dwsync.problems.store"

local M = {}

local Told = {}
Told.__index = Told

--- Makes an empty one.
-- @tparam string target of the history
-- @treturn table
function M.make(target)
    local own = assert(history.open(target))
    return setmetatable({ history = own, store = assert(problems_store.open(own)) }, Told)
end

--- Adds a problem, or replaces it.
-- @tparam table row what differs from a critical problem of one source that was told; false leaves a field out
function Told:problem(row)
    local whole = { cluster_id = "c-1", cluster_name = "dws-prod", source = "s1", source_type = "AD", rule = "stale",
        state = "told", severity = "critical", episode = 1, since = 1747600000000, seen_at = 1747600000000,
        fired_at = 1747600000000, changed_at = 1747600000000, message = "no successful run for 3 d", told = {} }
    for name, value in pairs(row) do
        whole[name] = value or nil
    end
    assert(self.store:change(whole.cluster_id, function() return { whole }, true end))
end

local DEFAULTS = { cluster_id = "c-1", source = "s1", rule = "stale", episode = 1, step = "critical", channel = "ops",
    created_at = 1747600000000, next_at = 1747600000000, attempts = 0, doubtful = 0, state = "owed" }

--- Adds a message.
-- @tparam table row what differs from one that is owed
function Told:message(row)
    local names, values = {}, {}
    for _, some in ipairs { DEFAULTS, row } do
        for name in pairs(some) do
            if some == row and DEFAULTS[name] == nil or some == DEFAULTS then
                local value = row[name] == nil and DEFAULTS[name] or row[name]
                names[#names + 1] = name
                values[#values + 1] = type(value) == "number" and ("%d"):format(value) or ("'%s'"):format(value)
            end
        end
    end
    self:sql(("INSERT INTO dwsync_outbox (%s) VALUES (%s)"):format(table.concat(names, ", "),
        table.concat(values, ", ")))
end

--- Runs a statement; `$now` is the database's time.
-- @tparam string statement
function Told:sql(statement)
    return assert(history_tables.run(self.history, "write", false, function(session)
        return session:rows((statement:gsub("%$now", "(SELECT " .. session.clock .. ")")))
    end))
end

--- The problems as they are kept.
function Told:rows()
    return assert(self.store:rows())
end

function Told:close()
    self.history:close()
end

return M
