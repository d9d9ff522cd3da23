--- Every option and parameter: its range, its default, and the error that names it.
-- It must not read the environment or a file. A name that does not exist is wrong use and raises at the caller's line;
-- a value out of range is an error of kind "config".
-- @module dwsync.client.options
local credentials = require "dwsync.credentials"
local errors = require "dwsync.errors"

local M = {}

local INT32_MAX = 2147483647

local function shown(value)
    if type(value) == "string" then
        local text = value:sub(1, 60):gsub("[%c\127-\255]", "?")
        return ('"%s%s"'):format(text, #value > 60 and "…" or "")
    end
    return type(value) == "number" and ("%.16g"):format(value) or type(value)
end

local function out_of_range(name, value, expected)
    return errors.new {
        kind = "config",
        message = ("%s is %s, expected %s"):format(name, shown(value), expected),
    }
end

-- ---- kinds of values: check(name, value) → value or nil, err ------------------------------------

local function integer(low, expected)
    return function(name, value)
        if type(value) == "number" and value % 1 == 0 and value >= low and value <= INT32_MAX then
            return value
        end
        local too_large = type(value) == "number" and value > INT32_MAX
        return nil, out_of_range(name, value, too_large and expected .. " and at most 2147483647" or expected)
    end
end

local function seconds(name, value)
    if type(value) == "number" and value > 0 and value <= 1e6 then
        return value
    end
    return nil, out_of_range(name, value, "a number of seconds above 0 and at most 1e6")
end

local function text(name, value)
    if type(value) == "string" and value ~= "" and not value:find "[%z\r\n]" then
        return value
    end
    return nil, out_of_range(name, value, "a text that is neither empty nor holds a line break")
end

-- The proxy "" means none, and its URL may hold a password: it is never shown.
local function proxy(name, value)
    if type(value) == "string" and not value:find "[%z\r\n]" then
        return value
    end
    return nil, errors.new { kind = "config", message = name .. " is no text, or holds a line break" }
end

local function one_of(...)
    local allowed = { ... }
    return function(name, value)
        for _, item in ipairs(allowed) do
            if value == item then
                return value
            end
        end
        return nil, out_of_range(name, value, "one of " .. table.concat(allowed, ", "))
    end
end

local function of_type(...)
    local types = { ... }
    return function(name, value)
        for _, item in ipairs(types) do
            if type(value) == item then
                return value
            end
        end
        return nil, errors.new { -- never shows the value: credentials are among these
            kind = "config",
            message = ("%s is a %s, expected a %s"):format(name, type(value), table.concat(types, " or a ")),
        }
    end
end

-- The address of the metadata service, or whether to ask it at all.
local function metadata(name, value)
    if type(value) == "boolean" then
        return value
    elseif type(value) == "string" and value:find "^https?://[%w._:%[%]-]+/?$" then
        return value
    end
    return nil, out_of_range(name, value, "true, false or the URL of a metadata service")
end

--- Checks an id that becomes a segment of the path.
-- @tparam string name for the message
-- @param value
-- @treturn string value, or nil
-- @treturn dwsync.error kind "config"
function M.identifier(name, value)
    if type(value) ~= "string" or value == "" then
        return nil, out_of_range(name, value, "a text that is not empty")
    elseif #value > 128 then
        return nil, out_of_range(name, value, ("at most 128 characters, not %d"):format(#value))
    elseif value:find "[^%w._-]" or value:find "^%.+$" then
        return nil, out_of_range(name, value, 'letters, digits, "-", "_" and "." only')
    end
    return value
end

-- ---- the options of each function ----------------------------------------------------------------

local offset = integer(0, "an integer of 0 or more")
local limit = integer(1, "an integer above 0")
local paging = one_of("auto", "page", "row")
local functions = of_type("function")
local tables = of_type("table")

local CLIENT = {
    region = { text },
    endpoint = { text },
    iam_endpoint = { text },
    project_id = { M.identifier },
    credentials = { credentials.check_choice },
    metadata = { metadata },
    algorithm = { one_of("SDK-HMAC-SHA256", "SDK-HMAC-SM3", "V11-HMAC-SHA256", "SDK-ECDSA-P256-SHA256",
        "SDK-SM2-SM3") },
    signing_service = { text },
    signing_region = { text },
    timeout = { seconds, 60 },
    attempt_timeout = { seconds, 30 },
    connect_timeout = { seconds, 10 },
    retries = { integer(0, "an integer of 0 or more"), 3 },
    limit = { limit, 1000 },
    paging = { paging, "auto" },
    max_pages = { integer(1, "an integer above 0"), 10000 },
    max_response_bytes = { integer(1, "an integer above 0"), 16 * 1024 * 1024 },
    ca_file = { text },
    client_cert = { text },
    client_key = { text },
    proxy = { proxy },
    user_agent = { text },
    allow_http = { of_type "boolean" },
    on_event = { functions },
    runtime = { of_type "table" },
    random = { functions },
    getenv = { functions },
    read_file = { functions },
}

local LIST_SYNC_RECORDS = {
    cluster_id = { M.identifier, required = true },
    offset = { offset },
    limit = { limit },
    timeout = { seconds },
    fields = { tables },
    where = { tables },
}

local SYNC_RECORDS = {
    cluster_id = { M.identifier, required = true },
    limit = { limit },
    paging = { paging },
    max_pages = { integer(1, "an integer above 0") },
    timeout = { seconds },
    fields = { tables },
    where = { tables },
}

local LIST_CLUSTERS = {
    enterprise_project_id = { M.identifier },
    timeout = { seconds },
}

-- Two levels up is the line that called the client's function.
local CALLER = 4

local function check(known, given, what)
    if type(given) ~= "table" then
        error(("%s expects a table, got %s"):format(what, type(given)), CALLER)
    end
    for name in pairs(given) do
        if not known[name] then
            error(("unknown option '%s' of %s"):format(tostring(name), what), CALLER)
        end
    end
    local checked = {}
    for name, rule in pairs(known) do
        local value = given[name]
        if value == nil and not rule.required then
            checked[name] = rule[2]
        else
            local err
            checked[name], err = rule[1](name, value)
            if err then
                return nil, err
            end
        end
    end
    return checked
end

-- The calls below are no tail calls on purpose: CALLER counts stack levels.

--- Options of dwsync.new. Those about who asks: `credentials` (forms: see dwsync.credentials), `metadata` (whether the
-- default chain asks the machine's metadata service; true, false or its address), `algorithm` (how requests are
-- signed), `signing_service` and `signing_region` (only for V11-HMAC-SHA256, which derives its key from them).
-- @tparam table given
-- @treturn table with defaults filled in, or nil, err
function M.client(given)
    local checked, err = check(CLIENT, given, "dwsync.new")
    if checked and checked.algorithm == "V11-HMAC-SHA256" and not checked.signing_service then
        return nil, errors.new {
            kind = "config",
            message = "algorithm is V11-HMAC-SHA256, but signing_service is missing",
            hint = "Give signing_service, the name that the service's gateway expects (and signing_region).",
        }
    end
    return checked, err
end

--- Parameters of list_sync_records.
-- @tparam table given
-- @treturn ?table or nil, err
function M.list_sync_records(given)
    local checked, err = check(LIST_SYNC_RECORDS, given, "list_sync_records")
    return checked, err
end

--- Parameters of sync_records and all_sync_records.
-- @tparam table given
-- @tparam string what the method's name
-- @treturn ?table or nil, err
function M.sync_records(given, what)
    local checked, err = check(SYNC_RECORDS, given, what)
    return checked, err
end

--- Parameters of list_clusters.
-- @tparam table given
-- @treturn ?table or nil, err
function M.list_clusters(given)
    local checked, err = check(LIST_CLUSTERS, given, "list_clusters")
    return checked, err
end

return M
