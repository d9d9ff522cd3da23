--- The options of a client and the parameters of its operations: their ranges and their defaults.
-- An unknown name raises at the caller's line; a value out of range is an error of kind "config".
-- @module dwsync.client.options
local lazy = require "dwsync.lazy"
local checks = require "dwsync.checks"
local credentials = lazy "dwsync.credentials.options"
local errors = require "dwsync.errors"
local transport = require "dwsync.runtime.transport"

local M = {}

-- The address of the metadata service, or whether to ask it at all.
local function metadata(value)
    local good = type(value) == "boolean" or type(value) == "string" and value:find "^https?://[%w._:%[%]-]+/?$"
    if good then
        return value
    end
end

--- A length of time.
M.SECONDS = { kind = "number", noun = "a number of seconds", above = 0, to = 1e6 }

local function seconds(default)
    local declared = M.SECONDS
    return { kind = declared.kind, noun = declared.noun, above = declared.above, to = declared.to, default = default }
end

--- Declarations of the options that a configuration file may hold, too; see dwsync.checks.
M.PLAIN = transport.copy(transport.options, {
    region = { kind = "string" },
    endpoint = { kind = "string" },
    iam_endpoint = { kind = "string" },
    project_id = { kind = "identifier" },
    credentials = { check = function(...)
        return credentials.check(...)
    end },
    metadata = { read = metadata, expected = "true, false or the URL of a metadata service" },
    algorithm = { kind = "one_of", values = { "SDK-HMAC-SHA256", "SDK-HMAC-SM3", "V11-HMAC-SHA256",
        "SDK-ECDSA-P256-SHA256", "SDK-SM2-SM3" } },
    signing_service = { kind = "string" },
    signing_region = { kind = "string" },
    timeout = seconds(60),
    attempt_timeout = seconds(30),
    retries = { kind = "integer", from = 0, default = 3 },
    page_size = { kind = "integer", above = 0, default = 1000 },
    limit = { kind = "integer", above = 0 }, -- what page_size was called
    paging = { kind = "one_of", values = { "auto", "page", "row" }, default = "auto" },
    max_pages = { kind = "integer", above = 0, default = 10000 },
})

-- Those of dwsync.new: also what only code can give.
local CLIENT = {
    on_event = { kind = "function" },
    runtime = { kind = "table" },
    random = { kind = "function" },
    getenv = { kind = "function" },
    read_file = { kind = "function" },
    clusters = { kind = "table" },
}
for name, declared in pairs(M.PLAIN) do
    CLIENT[name] = declared
end

--- A name, or an id. Which of them is the client's to find out.
M.WORD = { kind = "string", longest = 200 }

--- The id of a cluster.
M.CLUSTER_ID = { kind = "identifier" }

-- By method of the client: of all but the plainest query where they are needed.
local PARAMETERS = lazy("dwsync.client.parameters", {
    list_sync_records = {
        cluster_id = M.CLUSTER_ID,
        cluster = M.WORD,
        offset = { kind = "integer", from = 0 },
        limit = { kind = "integer", above = 0 },
        timeout = M.SECONDS,
        fields = { kind = "table" },
        where = { kind = "table" },
    },
})

-- The line that called the client's function: seen from here, from what calls this, from the client's function.
local CALLER = 4

local function check(declared, given, what, now)
    checks.known(declared, given, what, CALLER)
    local door = now and (given.since or given.until_) and { now = now() } or nil
    local checked, problem = checks.values(declared, given, door)
    if checked and declared.cluster and (checked.cluster == nil) == (checked.cluster_id == nil) then
        local both = checked.cluster and "cluster and cluster_id exclude each other"
        checked, problem = nil, { kind = "config", option = "cluster_id",
            message = both or select(2, checks.value(M.CLUSTER_ID, nil, "cluster_id")) }
    end
    return checked, problem and errors.new(problem)
end

--- Checks an id that becomes a segment of the path.
-- @tparam string name for the message
-- @param value
-- @treturn string value, or nil
-- @treturn dwsync.error kind "config"
function M.identifier(name, value)
    local id, message = checks.value({ kind = "identifier" }, value, name)
    return id, message and errors.new { kind = "config", option = name, message = message }
end

-- The calls below are deliberately not tail calls: CALLER counts stack levels.

--- Options of dwsync.new: see dwsync.client.options there.
-- @tparam table given
-- @treturn table with defaults filled in, or nil, err
function M.client(given)
    local checked, err = check(CLIENT, given, "dwsync.new")
    for name, id in pairs(checked and checked.clusters or {}) do
        local good, wrong = M.identifier("clusters." .. tostring(name), id)
        if not good then
            return nil, wrong
        end
    end
    if checked and checked.limit then
        checked.page_size = given.page_size or checked.limit
    end
    if checked and checked.algorithm == "V11-HMAC-SHA256" and not checked.signing_service then
        return nil, errors.new {
            kind = "config",
            option = "signing_service",
            message = "signing_service is missing; algorithm V11-HMAC-SHA256 needs it",
            hint = "Set `signing_service` to the name that the service's gateway expects (and `signing_region`).",
        }
    end
    return checked, err
end

--- Parameters of a method of the client.
-- @tparam string method
-- @tparam table given
-- @tparam[opt] function():number now seconds since the epoch, for a method that takes points of time
-- @treturn ?table nil, err when one is wrong
function M.parameters(method, given, now)
    local checked, err = check(PARAMETERS[method], given, method, now)
    return checked, err
end

return M
