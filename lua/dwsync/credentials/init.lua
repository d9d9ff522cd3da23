--- Where credentials come from: what the caller gave or chose, or the first source of the default chain that has some.
-- It must not guess: a source that is only half configured is an error, not a reason to try the next one. Nothing is
-- read or requested before credentials are needed.
--
-- A source is a module with load(context, options, limits) → fields or plan | nil, err (half configured or unreadable)
-- | nil, nil, why (has nothing). Fields are those of dwsync.credentials.keys; a plan is what has to be fetched, see
-- dwsync.credentials.cache. `options` are those of dwsync.credentials.options; nil in the default chain.
--
-- What `credentials` of dwsync.new may be:
--
--    { ak =, sk =, security_token =, project_id = }                  a key pair
--    function() return { ak =, sk =, … } end                         called for each request; may return nil, err
--    { source = "environment" }                                      HUAWEICLOUD_SDK_AK, …, the id token's first
--    { source = "file", path = }                                     section [basic] of ~/.huaweicloud/credentials
--    { source = "metadata", endpoint = }                             the agency of this virtual machine (ECS)
--    { source = "pod_identity" }                                     the agency of this pod (CCE)
--    { source = "terraform" }                                        HW_AUTH_TOKEN, HW_ACCESS_KEY, HW_USER_NAME, …
--                                                                    and the agency of HW_ASSUME_ROLE_AGENCY_NAME
--    { source = "koocli", path =, profile = }                        ~/.hcloud/config.json when it is not encrypted
--    { source = "oidc", idp_id =, id_token_file = }                  an identity provider's token
--    { source = "agency", agency_name =, domain =, from = }          another account's agency; from: any of these forms
--    { source = "password", user =, password =, domain = }           an IAM user; passcode and user_id for MFA
--    { source = "token", token =, project_id = }                     a token you have; default HW_AUTH_TOKEN's
-- @module dwsync.credentials
local lazy = require "dwsync.lazy"
local assumed_role = require "dwsync.credentials.assumed_role"
local cache = lazy "dwsync.credentials.cache" -- keys that are given are not kept there
local errors = require "dwsync.errors"
local keys_of = require "dwsync.credentials.keys"

local M = {}

-- The official SDKs' order, then what other tools leave on a machine.
local CHAIN = { "environment", "file", "metadata", "pod_identity", "terraform", "koocli" }

-- The same variables make the same fields of these, and nothing else has a say.
local OF_VARIABLES = { environment = true }

local Provider = { __name = "dwsync.credentials.provider" }
Provider.__index = Provider

local function cache_of(self)
    return self.cache or cache.shared
end

-- The same fields give the same object: checking them and making a signer again would cost each request.
local function keys_from(self, fields, source)
    if self.last and keys_of.same(self.last, fields, source) then
        return self.last
    end
    local keys, err = keys_of.new(fields, source)
    self.last = keys
    return keys, err
end

-- A source's module is loaded when it is used: most programs need one of the ten. What a plan fetches also depends on
-- which IAM this client asks, and whom it trusts on the way there.
local function load_source(self, name, options, limits)
    local found, err, why = require("dwsync.credentials." .. name).load(self.context, options, limits)
    if found and found.fetch then
        found.key = { found.key, self.context.origin }
    end
    return found, err, why
end

local function obtain(self, name, options, limits)
    local found, err, why = load_source(self, name, options, limits)
    if not found then
        return nil, err, why
    elseif not found.fetch then
        self.is_settled = OF_VARIABLES[name]
        return keys_from(self, found, found.source)
    end
    local keys, failure, known = cache_of(self):get(found, limits, self.context)
    if keys or known or not found.optional then
        return keys, failure
    end
    return nil, nil, failure.message, found
end

local function from_chain(self, limits)
    local reasons, failed = nil, {}
    for _, name in ipairs(CHAIN) do
        local keys, err, why, plan = obtain(self, name, nil, limits)
        if keys or err then
            return keys, err
        end
        reasons = reasons or {}
        reasons[#reasons + 1], failed[#failed + 1] = why, plan
    end
    for _, plan in ipairs(failed) do
        cache_of(self):hurry(plan)
    end
    return nil, errors.new {
        kind = "credentials",
        message = "no credentials found: " .. table.concat(reasons, "; "),
    }
end

-- Whose credentials these are, without fetching them: equal when the same would be used.
local function identify(self, given, limits)
    if type(given) == "function" or type(given) == "table" and given.source == nil then
        return given
    end
    local parts = {}
    for _, name in ipairs(given and { given.source } or CHAIN) do
        local found, err = load_source(self, name, given, limits)
        parts[#parts + 1] = found and (found.key or found) or false
        if err or found and not found.optional then
            break
        end
    end
    return parts
end

local function from_function(self, given)
    local fields, err = given()
    if type(fields) == "table" then
        return keys_from(self, fields, "the credentials function")
    end
    return nil, errors.is(err) and err or errors.new {
        kind = "credentials",
        message = "the credentials function returned no credentials" .. (err and ": " .. tostring(err) or ""),
    }
end

local function resolve(self, given, limits)
    if type(given) == "function" then
        return from_function(self, given)
    elseif type(given) ~= "table" then
        return from_chain(self, limits)
    elseif given.source == nil then
        return keys_from(self, given, "credentials")
    end
    local keys, err, why = obtain(self, given.source, given, limits)
    if not keys and not err then
        err = errors.new {
            kind = "credentials",
            message = why,
            hint = "Set what it lacks, or name another source in `credentials`.",
        }
    end
    return keys, err
end

--- Makes the provider of a client. Reads nothing yet.
-- @tparam table|function|nil given the option `credentials`, checked by dwsync.credentials.options; nil for the default
-- chain
-- @tparam table context `getenv`, `read_file`, `file_mode`, `runtime`, `random`, `api` (dwsync.request, to ask IAM),
-- `perform` (a request that is not signed), `iam_endpoints` (function(text) → list of URLs), `metadata`, `region`,
-- `project_id`, `emit`, `origin` (plain data: the IAM and the trust of this client's requests), `cache` (default: the
-- process's)
-- @treturn dwsync.credentials.provider
function M.new(given, context)
    local self = setmetatable({ given = given, context = {}, cache = context.cache,
        getenv = context.getenv }, Provider)
    for name, value in pairs(context) do
        self.context[name] = value
    end
    self.context.getenv = function(name)
        local value, asked = context.getenv(name), self.asked
        if asked then
            asked[#asked + 1], asked[#asked + 2] = name, value or false
        end
        return value
    end
    self.context.resolve = function(other, limits)
        return resolve(self, other, limits)
    end
    self.context.identify = function(other, limits)
        return identify(self, other, limits)
    end
    self.context.warned = {} -- paths of files that were warned of already
    self.context.readings = {} -- see dwsync.credentials.settled_file
    return self
end

local function find(self, limits)
    local given, err = assumed_role.apply(self.context, self.given)
    if err then
        return nil, err
    end
    return resolve(self, given, limits)
end

-- Whether variables have the values that they had: then they make the same credentials.
local function are_as_before(getenv, asked)
    for i = 1, #asked, 2 do
        if (getenv(asked[i]) or false) ~= asked[i + 1] then
            return false
        end
    end
    return true
end

--- The credentials to use now: found anew, or kept ones while they are valid.
-- @tparam table limits `deadline` (by the runtime's `monotonic`), `timeout`
-- @treturn ?dwsync.credentials
-- @treturn dwsync.error kind "credentials", or the network's when something could not be reached
function Provider:get(limits)
    if self.settled and are_as_before(self.getenv, self.settled) then
        return self.last
    end
    local asked = {}
    self.asked, self.settled, self.is_settled = asked, nil, nil
    local keys, err = find(self, limits)
    if self.asked == asked then -- nobody else asked meanwhile
        self.asked = nil
        self.settled = keys and keys == self.last and self.is_settled and asked or nil
    end
    return keys, err
end

--- Other credentials in place of refused ones.
-- @tparam dwsync.credentials keys that the service no longer accepts
-- @tparam table limits as for `get`
-- @treturn ?dwsync.credentials nil unless they differ
function Provider:renew(keys, limits)
    cache_of(self):discard(keys)
    local fresh = self:get(limits)
    if fresh and (fresh.token ~= keys.token or fresh.security_token ~= keys.security_token) then
        return fresh
    end
end

return M
