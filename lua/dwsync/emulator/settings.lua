--- What tests may change about the running service, with its defaults.
-- Pure.
-- @module dwsync.emulator.settings

local cjson = require "cjson"

local M = {}

local function one_of(...)
    local allowed, names = {...}, {}
    for i, candidate in ipairs(allowed) do names[i] = tostring(candidate) end
    return function(value)
        for _, candidate in ipairs(allowed) do
            if value == candidate then return true end
        end
        return false, "one of " .. table.concat(names, ", ")
    end
end

local function number_from(least)
    return function(value)
        return type(value) == "number" and value >= least, "a number" .. (least > -math.huge and " ≥ " .. least or "")
    end
end

local function integer_from(least)
    return function(value)
        return type(value) == "number" and value % 1 == 0 and value >= least, "an integer ≥ " .. least
    end
end

local function boolean(value)
    return type(value) == "boolean", "true or false"
end

-- name → default and check. `null` puts a setting back to its default.
local SETTINGS = {
    paging = {"page", one_of("page", "row", "ignore")},     -- what offset counts: pages (documented), rows, nothing
    count = {"total", one_of("total", "page", "absent")},   -- what count says
    max_limit = {nil, integer_from(1)},                     -- a larger limit is silently lowered to this
    clock_offset = {0, number_from(-math.huge)},            -- seconds the service's clock is ahead
    projects = {1, one_of(0, 1, 2)},                        -- how many projects IAM finds
    metadata_token = {"optional", one_of("optional", "required")}, -- whether the metadata service insists on its token
    lock = {true, boolean},                                 -- whether failures lock a key
    lock_seconds = {300, number_from(0)},                   -- and for how long
}

--- @treturn table the settings of a fresh service
function M.defaults()
    local values = {}
    for name, entry in pairs(SETTINGS) do values[name] = entry[1] end
    return values
end

--- Change some.
-- @tparam table values the settings in force, changed in place only if everything asked for is valid
-- @tparam table changes
-- @treturn true|nil
-- @treturn ?string what is wrong with the changes
function M.change(values, changes)
    for name, value in pairs(changes) do
        local entry = SETTINGS[name]
        if not entry then return nil, ("there is no setting %q"):format(tostring(name)) end
        if value ~= cjson.null then
            local valid, expected = entry[2](value)
            if not valid then return nil, ("%s must be %s"):format(name, expected) end
        end
    end
    for name, value in pairs(changes) do
        if value == cjson.null then value = SETTINGS[name][1] end
        values[name] = value
    end
    return true
end

return M
