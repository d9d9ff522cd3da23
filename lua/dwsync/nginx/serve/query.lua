--- The parameters of a request, checked: unknown names, repeated ones and values out of range are errors, not ignored.
-- @module dwsync.nginx.serve.query
local checks = require "dwsync.checks"
local record_list = require "dwsync.nginx.sweep.record_list"

local M = {}

local MAX_LENGTH, MAX_NAMES = 2000, 50

-- ---- declarations for dwsync.checks ---------------------------------------------------------------

local function names(text)
    local list = {}
    for name in text:gmatch "[^,]+" do
        list[#list + 1] = name
    end
    return #list > 0 and #list <= MAX_NAMES and list or nil
end

local function statuses(text)
    local list = names(text:upper())
    for _, status in ipairs(list or {}) do
        if not record_list.statuses[status] then
            return nil
        end
    end
    return list
end

M.names = { read = names, expected = ("1 to %d names separated by commas"):format(MAX_NAMES) }
M.statuses = { read = statuses, expected = "FINISHED, FAILED, RUNNING, or several of them separated by commas" }
M.point = { kind = "point" }

-- ---- reading -----------------------------------------------------------------------------------------

--- Reads parameters.
-- @tparam table arguments by name, as ngx.req.get_uri_args gives them
-- @tparam table declared by name: declarations, see dwsync.checks, and those above
-- @tparam number now seconds since the epoch
-- @treturn table values by name, or nil
-- @treturn string what is wrong
function M.read(arguments, declared, now)
    local values, problem = {}, checks.unknown(arguments, declared, { noun = "parameter" })
    if problem then
        return nil, checks.line(problem)
    end
    for name, text in pairs(arguments) do
        if type(text) == "table" then
            return nil, name .. " is given more than once"
        elseif type(text) ~= "string" or #text > MAX_LENGTH then
            return nil, name .. (text == true and " has no value" or " is too long")
        end
        local message
        values[name], message = checks.from_text(declared[name], text, name, now)
        if message then
            return nil, message
        end
    end
    return values
end

return M
