--- Faults that tests order: which request they hit, how often, and what they do.
-- It keeps the queue and checks orders; dwsync.emulator.sending carries them out.
-- @module dwsync.emulator.faults
local cjson = require "cjson"
local checks = require "dwsync.checks"

local Faults = { __name = "dwsync.emulator.faults" }
Faults.__index = Faults

local M = {}

local TEXT = { kind = "string", empty = true, lines = true, expected = "a text" }
local SECONDS = { kind = "number", noun = "a number of seconds", from = 0, to = 3600 }
local NATURAL, POSITIVE = { kind = "integer", from = 0 }, { kind = "integer", from = 1 }

local function required(declared)
    return setmetatable({ required = true }, { __index = declared })
end

local function object(fields)
    return { kind = "table", fields = fields, expected = "an object" }
end

local function header_table(value)
    if type(value) ~= "table" then
        return nil
    end
    for name, content in pairs(value) do
        local single = type(content) == "string" and not content:find "[%c]"
        if type(name) ~= "string" or not name:match "^[%w!#$%%&'*+.^_`|~-]+$" or not single then
            return nil
        end
    end
    return value
end

local function base64(value)
    return type(value) == "string" and #value % 4 == 0 and value:match "^[%w+/]*=?=?$" or nil
end

local function users(value)
    for _, user in ipairs(type(value) == "table" and value or {}) do
        if type(user) ~= "table" or type(user.name) ~= "string" then
            return nil
        end
    end
    return type(value) == "table" and value or nil
end

local function query(value)
    for name, content in pairs(type(value) == "table" and value or {}) do
        if type(name) ~= "string" or type(content) ~= "string" then
            return nil
        end
    end
    return type(value) == "table" and value or nil
end

--- The declaration of accounts in an order, see dwsync.checks.
M.users = { read = users, expected = "a list of accounts, each with a name" }

local ORDER = {
    match = object { path = TEXT, cluster = TEXT, method = TEXT,
        query = { read = query, expected = "an object of parameters and their values, which are texts" } },
    skip = NATURAL,
    times = POSITIVE,
    action = required(object {
        status = { kind = "integer", from = 200, to = 599 },
        headers = { read = header_table, expected = "an object of header names and one-line strings" },
        body = TEXT,
        body_base64 = { read = base64, expected = "base64" },
        refuse = TEXT,
        delay = SECONDS,
        reset = { kind = "one_of", values = { "before", "body" } },
        truncate = NATURAL,
        content_length = NATURAL,
        drip = object { bytes = required(POSITIVE), interval = required(SECONDS) },
        repeat_body = object { text = required(TEXT), times = required(POSITIVE) },
        add_records = POSITIVE,
        remove_records = POSITIVE,
        add_users = M.users,
        remove_users = { kind = "list", of = { kind = "string" } },
        list_part = { kind = "number", noun = "a share", from = 0, to = 1 },
        from = { kind = "one_of", values = { "front", "back" } },
    }),
}

-- A copy in which null is absent.
local function without_null(value)
    if type(value) ~= "table" then
        return value
    end
    local copy = {}
    for name, content in pairs(value) do
        if content ~= cjson.null then
            copy[name] = without_null(content)
        end
    end
    return copy
end

--- Makes an empty queue.
-- @treturn Faults
function M.new()
    return setmetatable({ queue = {} }, Faults)
end

--- Orders a fault.
-- @tparam table order `match` (`path`: a part of the path, `cluster`: its id, `method`, `query`: parameters that it
--   has), `skip` matching requests first, then hit `times` (1 when absent, without end when null), `action`
-- @treturn integer|nil how many faults wait now
-- @treturn ?string what is wrong with the order
function Faults:add(order)
    local checked, problem = checks.read(ORDER, without_null(order), { noun = "field" })
    if not checked then
        return nil, checks.line(problem)
    end
    local action = checked.action
    if next(action) == nil then
        return nil, "action is empty: say what to do"
    elseif action.body and action.body_base64 then
        return nil, "body and body_base64 exclude each other"
    end
    self.queue[#self.queue + 1] = {
        match = checked.match or {},
        skip = checked.skip or 0,
        times = order.times == cjson.null and math.huge or checked.times or 1,
        action = action,
    }
    return #self.queue
end

--- Forgets every fault.
function Faults:clear()
    self.queue = {}
end

local function has(query_given, wanted)
    for name, value in pairs(wanted) do
        if (query_given or {})[name] ~= value then
            return false
        end
    end
    return true
end

local function matches(match, method, path, query_given)
    return (not match.method or match.method:upper() == method)
        and (not match.path or path:find(match.path, 1, true) ~= nil)
        and (not match.cluster or path:find("/clusters/" .. match.cluster .. "/", 1, true) ~= nil)
        and has(query_given, match.query or {})
end

--- Takes the action that hits this request, if any; at most one, the earliest ordered.
-- @tparam string method
-- @tparam string path
-- @tparam[opt] table query_given parameters, by name
-- @treturn ?table action
function Faults:take(method, path, query_given)
    for position, fault in ipairs(self.queue) do
        if matches(fault.match, method, path, query_given) then
            if fault.skip > 0 then
                fault.skip = fault.skip - 1
            else
                fault.times = fault.times - 1
                if fault.times == 0 then
                    table.remove(self.queue, position)
                end
                return fault.action
            end
        end
    end
    return nil
end

return M
