--- What tests may change about the running service, with its defaults.
-- @module dwsync.emulator.settings
local cjson = require "cjson"
local algorithms = require "dwsync.emulator.algorithms"
local json_order = require "dwsync.emulator.json_order"

local M = {}

local integer_from = json_order.integer_from

local function one_of(...)
    local allowed, names = { ... }, {}
    for i, candidate in ipairs(allowed) do
        names[i] = tostring(candidate)
    end
    return function(value)
        for _, candidate in ipairs(allowed) do
            if value == candidate then
                return true
            end
        end
        return false, "one of " .. table.concat(names, ", ")
    end
end

local function is_integer(value)
    return type(value) == "number" and value % 1 == 0
end

local function number_from(least)
    return function(value)
        return type(value) == "number" and value >= least, "a number" .. (least > -math.huge and " ≥ " .. least or "")
    end
end

local function boolean(value)
    return type(value) == "boolean", "true or false"
end

local function text(value)
    return type(value) == "string" and value ~= "", "text"
end

local function list_of(names)
    local known = {}
    for _, name in ipairs(names) do
        known[name] = true
    end
    return function(value)
        if type(value) ~= "table" then
            return false, "a list"
        end
        for key, name in pairs(value) do
            if type(key) ~= "number" or not known[name] then
                return false, "a list of some of " .. table.concat(names, ", ")
            end
        end
        return true
    end
end

local THROTTLE = "an object of limit (an integer ≥ 0), window (seconds > 0) and perhaps retry_after (seconds or text)"

local function throttle(value)
    if type(value) ~= "table" then
        return false, THROTTLE
    end
    for name in pairs(value) do
        if name ~= "limit" and name ~= "window" and name ~= "retry_after" then
            return false, THROTTLE
        end
    end
    local after = value.retry_after
    local valid = is_integer(value.limit) and value.limit >= 0 and type(value.window) == "number" and value.window > 0
        and (after == nil or is_integer(after) or type(after) == "string" and not after:find "%c")
    return valid, THROTTLE
end

-- Name → default and check. `null` puts a setting back to its default.
local SETTINGS = {
    -- The records.
    paging = { "page", one_of("page", "row", "ignore") },     -- what offset counts: pages (documented), rows, nothing
    count = { "total", one_of("total", "page", "absent") },   -- what count says
    max_limit = { nil, integer_from(1) },                     -- a larger limit is silently lowered to this
    -- The gateway.
    clock_offset = { 0, number_from(-math.huge) },            -- seconds the service's clock is ahead
    lock = { true, boolean },                                 -- whether failures lock a key
    lock_seconds = { 300, number_from(0) },                   -- and for how long
    algorithms = { algorithms.names, list_of(algorithms.names) }, -- which signatures are accepted
    v11_region = { nil, text },                               -- the only region a V11 scope may name; none: any
    v11_service = { nil, text },                              -- and the only service
    throttle = { nil, throttle },                             -- how many DWS calls are answered in a while
    expired_token = { "APIGW.0301", one_of("APIGW.0301", "APIGW.0307") }, -- what refuses an expired token
    -- IAM.
    projects = { 1, one_of(0, 1, 2) },                        -- how many projects bear the region's name
    token_life = { 86400, integer_from(1) },                  -- seconds
    token_bytes = { 5000, integer_from(64, 30000) },          -- a header line takes 32 KB at most
    totp = { nil, text },                                     -- the passcode; none: the user has no virtual MFA device
    id_token = { "emulator-id-token", text },                 -- what the identity provider's token is
    expiry_digits = { 6, one_of(0, 3, 6, 9) },                -- fraction of a second in expiry times, everywhere
    -- Keys of the machine and the pod.
    metadata_token = { "optional", one_of("optional", "required", 404, 405, 503) }, -- a number: PUT answers that
    metadata_agency = { true, boolean },                      -- whether the machine has an agency, and so a key
    metadata_answer = { "normal", one_of("normal", "hang", "html") }, -- silence, or a page for people
    pod_token = { "emulator-pod-token", text },               -- what a pod authenticates with
    key_life = { 3600, integer_from(1) },                     -- seconds; after 5/6 of it there is another key
    key_spelling = { nil, one_of("access", "accessKeyId", "access_key_id") }, -- of temporary keys; none: as documented
}

--- Returns the settings of a fresh service.
-- @treturn table
function M.defaults()
    local values = {}
    for name, entry in pairs(SETTINGS) do
        values[name] = entry[1]
    end
    return values
end

--- Changes some settings.
-- @tparam table values the settings in force, changed in place only if everything asked for is valid
-- @tparam table changes
-- @treturn true|nil
-- @treturn ?string what is wrong with the changes
function M.change(values, changes)
    for name, value in pairs(changes) do
        local entry = SETTINGS[name]
        if not entry then
            return nil, ("there is no setting %q"):format(tostring(name))
        end
        if value ~= cjson.null then
            local valid, expected = entry[2](value)
            if not valid then
                return nil, ("%s must be %s"):format(name, expected)
            end
        end
    end
    for name, value in pairs(changes) do
        if value == cjson.null then
            values[name] = SETTINGS[name][1]
        else
            values[name] = value
        end
    end
    return true
end

return M
