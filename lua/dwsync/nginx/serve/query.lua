--- The parameters of a request, checked: unknown names, repeated ones and values out of range are told, not ignored.
-- It must not answer the request.
-- @module dwsync.nginx.serve.query
local options = require "dwsync.client.options"
local record_list = require "dwsync.nginx.sweep.record_list"
local timestamps = require "dwsync.timestamps"

local M = {}

local MAX_LENGTH, MAX_NAMES = 2000, 50

local function shown(text)
    return "'" .. text:sub(1, 60):gsub("[^\32-\126]", "?") .. "'"
end

-- ---- kinds of values: read(text, now) → value, or nil and what is expected -------------------------

function M.duration(text)
    local seconds = timestamps.duration(text) or text:find "^%d+$" and tonumber(text)
    return seconds and seconds <= 1e9 and seconds, 'seconds, or a length of time such as "90m", "6h", "2d"'
end

function M.identifier(text)
    return options.identifier("", text), "an id of letters, digits, '-', '_' and '.'"
end

function M.text(text)
    return text ~= "" and #text <= 200 and text, "a text of 1 to 200 bytes"
end

function M.names(text)
    local names = {}
    for name in text:gmatch "[^,]+" do
        names[#names + 1] = name
    end
    return #names > 0 and #names <= MAX_NAMES and names, ("1 to %d names with commas between"):format(MAX_NAMES)
end

function M.statuses(text)
    local names = M.names(text) or {}
    local all_known = #names > 0
    for i, name in ipairs(names) do
        names[i] = name:upper()
        all_known = all_known and record_list.statuses[names[i]] ~= nil
    end
    return all_known and names, "FINISHED, FAILED, RUNNING, or some of them with commas between"
end

function M.point(text, now)
    return timestamps.point(text, now), "90m, 24h, 7d, an ISO 8601 date, or milliseconds since the epoch"
end

function M.integer(low, high)
    return function(text)
        local number = text:find "^%d+$" and #text <= 10 and tonumber(text)
        return number and number >= low and number <= high and number, ("an integer from %d to %d"):format(low, high)
    end
end

function M.one_of(...)
    local allowed = { ... }
    return function(text)
        for _, name in ipairs(allowed) do
            if text == name then
                return name
            end
        end
        return nil, table.concat(allowed, " or ")
    end
end

-- ---- reading -----------------------------------------------------------------------------------------

local function known_names(kinds)
    local names = {}
    for name in pairs(kinds) do
        names[#names + 1] = name
    end
    table.sort(names)
    return #names > 0 and "; there are " .. table.concat(names, ", ") or "; there are none"
end

--- Reads parameters.
-- @tparam table arguments by name, as ngx.req.get_uri_args gives them
-- @tparam table kinds by name: one of the functions above
-- @tparam number now seconds since the epoch
-- @treturn table values by name, or nil
-- @treturn string what is wrong
function M.read(arguments, kinds, now)
    local values = {}
    for name, text in pairs(arguments) do
        local read = kinds[name]
        if not read then
            return nil, ("unknown parameter %s%s"):format(shown(tostring(name)), known_names(kinds))
        elseif type(text) == "table" then
            return nil, name .. " is given more than once"
        elseif type(text) ~= "string" or #text > MAX_LENGTH then
            return nil, name .. (text == true and " has no value" or " is too long")
        end
        local value, expected = read(text, now)
        if not value then
            return nil, ("%s is %s, expected %s"):format(name, shown(text), expected)
        end
        values[name] = value
    end
    return values
end

return M
