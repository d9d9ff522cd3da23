--- Faults that tests order: which request they hit, how often, and what they do.
-- It keeps the queue and checks orders; dwsync.emulator.sending carries them out.
-- @module dwsync.emulator.faults
local cjson = require "cjson"
local json_order = require "dwsync.emulator.json_order"

local Faults = { __name = "dwsync.emulator.faults" }
Faults.__index = Faults

local M = {}

local integer_from = json_order.integer_from

local function text(value)
    return type(value) == "string", "a string"
end

local function seconds(value)
    return type(value) == "number" and value >= 0 and value <= 3600, "a number of seconds from 0 to 3600"
end

local function one_of(first, second)
    return function(value) return value == first or value == second, ('"%s" or "%s"'):format(first, second) end
end

local function header_table(value)
    if type(value) ~= "table" then
        return false, "an object"
    end
    for name, content in pairs(value) do
        local single = type(content) == "string" and not content:find "[%c]"
        if type(name) ~= "string" or not name:match "^[%w!#$%%&'*+.^_`|~-]+$" or not single then
            return false, "an object of header names and one-line strings"
        end
    end
    return true
end

local function is_base64(value)
    return #value % 4 == 0 and value:match "^[%w+/]*=?=?$" ~= nil
end

local check_fields

local function object(fields)
    return function(value)
        if type(value) ~= "table" then
            return false, "an object"
        end
        local ok, err = check_fields(value, fields)
        return ok, ok or "an object in which " .. err
    end
end

-- Every field of `value` known and valid? Names in the list part of `fields` are required.
function check_fields(value, fields)
    for name, content in pairs(value) do
        local check = fields[name]
        if not check then
            return nil, ("%q is unknown"):format(tostring(name))
        end
        if content ~= cjson.null then
            local valid, expected = check(content)
            if not valid then
                return nil, ("%s must be %s"):format(name, expected)
            end
        end
    end
    for _, name in ipairs(fields) do
        if value[name] == nil then
            return nil, name .. " is missing"
        end
    end
    return true
end

local MATCH = { path = text, cluster = text, method = text }

local ACTION = {
    status = integer_from(200, 599),
    headers = header_table,
    body = text,
    body_base64 = text,
    refuse = text,
    delay = seconds,
    reset = one_of("before", "body"),
    truncate = integer_from(0),
    content_length = integer_from(0),
    drip = object { "bytes", "interval", bytes = integer_from(1), interval = seconds },
    repeat_body = object { "text", "times", text = text, times = integer_from(1) },
    add_records = integer_from(1),
    remove_records = integer_from(1),
    from = one_of("front", "back"),
}

local ORDER = {
    "action", match = object(MATCH), skip = integer_from(0), times = integer_from(1), action = object(ACTION),
}

local function without_null(value)
    if type(value) ~= "table" then
        return nil
    end
    local copy = {}
    for name, content in pairs(value) do
        if content ~= cjson.null then
            copy[name] = content
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
-- @tparam table order `match` (`path`: a part of the path, `cluster`: its id, `method`), `skip` matching requests
--   first, then hit `times` (1 when absent, without end when null), `action`
-- @treturn integer|nil how many faults wait now
-- @treturn ?string what is wrong with the order
function Faults:add(order)
    local ok, err = check_fields(order, ORDER)
    if not ok then
        return nil, err
    end
    local action = without_null(order.action)
    if not action or next(action) == nil then
        return nil, "action must say what to do"
    end
    if action.body and action.body_base64 then
        return nil, "body and body_base64 exclude each other"
    end
    if action.body_base64 and not is_base64(action.body_base64) then
        return nil, "body_base64 is not base64"
    end
    local times = order.times
    if times == nil then
        times = 1
    elseif times == cjson.null then
        times = math.huge
    end
    self.queue[#self.queue + 1] = {
        match = without_null(order.match) or {},
        skip = order.skip ~= cjson.null and order.skip or 0,
        times = times,
        action = action,
    }
    return #self.queue
end

--- Forgets every fault.
function Faults:clear()
    self.queue = {}
end

local function matches(match, method, path)
    return (not match.method or match.method:upper() == method)
        and (not match.path or path:find(match.path, 1, true) ~= nil)
        and (not match.cluster or path:find("/clusters/" .. match.cluster .. "/", 1, true) ~= nil)
end

--- Takes the action that hits this request, if any; at most one, the earliest ordered.
-- @tparam string method
-- @tparam string path
-- @treturn ?table action
function Faults:take(method, path)
    for position, fault in ipairs(self.queue) do
        if matches(fault.match, method, path) then
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
