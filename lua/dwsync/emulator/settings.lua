--- What tests may change about the running service, and the defaults.
-- @module dwsync.emulator.settings
local cjson = require "cjson"
local algorithms = require "dwsync.emulator.algorithms"
local checks = require "dwsync.checks"

local M = {}

local TEXT = { kind = "string" }
local SECONDS = "a number of seconds"

local function list_of(names)
    return { kind = "list", of = { kind = "one_of", values = names }, default = names }
end

local function one_of(...)
    return { kind = "one_of", values = { ... }, default = (...) }
end

local THROTTLE = {
    limit = { kind = "integer", from = 0, required = true },
    window = { kind = "number", noun = SECONDS, above = 0, required = true },
    retry_after = {
        expected = "an integer or a text without line breaks",
        read = function(value)
            local good = type(value) == "number" and value % 1 == 0 or type(value) == "string" and not value:find "%c"
            return good and value or nil
        end,
    },
}

-- Declarations, see dwsync.checks. `null` puts a setting back to its default.
local SETTINGS = {
    -- The records.
    paging = one_of("page", "row", "ignore"),             -- what offset counts: pages (documented), rows, nothing
    count = one_of("total", "page", "absent"),            -- what count says
    max_limit = { kind = "integer", from = 1 },           -- a larger limit is silently lowered to this
    spaced = { kind = "boolean", default = false },       -- a blank behind each colon and comma
    list_users = { kind = "boolean", default = true },    -- whether the caller may list a database's accounts
    -- The gateway.
    clock_offset = { kind = "number", default = 0 },      -- seconds the service's clock is ahead
    lock = { kind = "boolean", default = true },          -- whether failures lock a key
    lock_seconds = { kind = "number", noun = SECONDS, from = 0, default = 300 }, -- and for how long
    algorithms = list_of(algorithms.names),               -- which signatures are accepted
    v11_region = TEXT,                                    -- the only region a V11 scope may name; nil: any
    v11_service = TEXT,                                   -- and the only service
    throttle = { kind = "table", fields = THROTTLE, expected = "an object" }, -- how many DWS calls in how many seconds
    expired_token = one_of("APIGW.0301", "APIGW.0307"),   -- what refuses an expired token
    -- IAM.
    projects = { kind = "one_of", values = { 0, 1, 2 }, default = 1 }, -- how many projects have the region's name
    token_life = { kind = "integer", from = 1, default = 86400 }, -- seconds
    token_bytes = { kind = "integer", from = 64, to = 30000, default = 5000 }, -- a header line takes 32 KB at most
    totp = TEXT,                                          -- the passcode; nil: the user has no virtual MFA device
    id_token = { kind = "string", default = "emulator-id-token" }, -- the identity provider's token
    expiry_digits = { kind = "one_of", values = { 0, 3, 6, 9 }, default = 6 }, -- of the fraction in expiry times
    -- Keys of the machine and the pod.
    metadata_token = one_of("optional", "required", 404, 405, 503), -- a number: PUT answers that
    metadata_agency = { kind = "boolean", default = true }, -- whether the machine has an agency, and so a key
    metadata_answer = one_of("normal", "hang", "html"),   -- or silence, or a page for people
    pod_token = { kind = "string", default = "emulator-pod-token" }, -- what a pod authenticates with
    key_life = { kind = "integer", from = 1, default = 3600 }, -- seconds; after 5/6 of it there is another key
    key_spelling = { kind = "one_of", values = { "access", "accessKeyId", "access_key_id" } }, -- nil: as documented
}

--- Returns the settings of a fresh service.
-- @treturn table
function M.defaults()
    return (checks.read(SETTINGS, {}))
end

--- Changes some settings.
-- @tparam table values the settings in force
-- @tparam table changes
-- @treturn ?table the new settings
-- @treturn ?string what is wrong with the changes
function M.changed(values, changes)
    local wanted = {}
    for name, value in pairs(values) do
        wanted[name] = value
    end
    for name, value in pairs(changes) do
        wanted[name] = value
        if value == cjson.null then
            wanted[name] = nil
        end
    end
    local checked, problem = checks.read(SETTINGS, wanted, { noun = "setting" })
    return checked, problem and checks.line(problem)
end

return M
