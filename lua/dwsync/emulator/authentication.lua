--- Lets a request in or refuses it, in the gateway's order and words.
-- Clock, keys and settings come with the service.
-- @module dwsync.emulator.authentication
local json_order = require "dwsync.emulator.json_order"
local refusals = require "dwsync.emulator.refusals"
local signature = require "dwsync.emulator.signature"
local timestamps = require "dwsync.emulator.timestamps"

local M = {}

local CLOCK_TOLERANCE = 15 * 60 -- seconds, either way

local function refused(tail)
    return nil, refusals.make("APIGW.0301", tail)
end

local function first(value)
    if type(value) == "table" then
        return value[1]
    end
    return value
end

local function contains(list, wanted)
    for _, item in ipairs(list) do
        if item == wanted then
            return true
        end
    end
    return false
end

local function token_expired(service, expires_at)
    return refused("token expires, expires_at:" .. service:iso(expires_at))
end

-- Regional services want a token for a project of their region; IAM takes any.
local function check_scope(token, access)
    if access == "account" then
        return true
    end
    local project = token.scope.project
    if not project then
        return nil, refusals.make "APIGW.0306"
    end
    if not token.scope.account.regions[project.region] then
        return nil, refusals.make "APIGW.0307"
    end
    return true
end

--- Checks whether a token may pass.
-- @tparam table service
-- @tparam table request gets `by`, and `account`
-- @param text the token, a list of them when the header came repeatedly, nil when there is none
-- @tparam string access see @{check}
-- @treturn ?table the caller
-- @treturn ?table refusal
function M.check_token(service, request, text, access)
    text = first(text)
    -- Also what the gateway says to an Authorization header it does not recognise.
    if not text then
        return refused "x-auth-token not found"
    end
    request.by = "X-Auth-Token"
    local token = service.keyring:find_token(text)
    if not token then
        return refused "decrypt token fail"
    end
    request.account = token.scope.account
    if token.expires_at <= service:now() then
        if service.settings.expired_token == "APIGW.0307" then
            return nil, refusals.make "APIGW.0307"
        end
        return token_expired(service, token.expires_at)
    end
    local fits, refusal = check_scope(token, access)
    if not fits then
        return nil, refusal
    end
    return { account = token.scope.account, token = token, project_id = token.scope.project and token.scope.project.id }
end

-- Temporary keys exist only together with their token, permanent ones only without.
local function check_security_token(service, key, ak, token)
    if key.security_token and not token then
        return refused("Get secretKey failed,ak:" .. ak .. ",err:ak not exist")
    end
    if token ~= key.security_token then
        return refused "decrypt token fail"
    end
    if key.expires_at and key.expires_at <= service:now() then
        return token_expired(service, key.expires_at)
    end
    return true
end

local function check_algorithm(service, authorization, date)
    local settings = service.settings
    if not contains(settings.algorithms, authorization.algorithm) then
        return refused "verify aksk signature fail"
    end
    if not authorization.scope then
        return true
    end
    local day, region, name = authorization.scope:match "^(%d+)/([^/]+)/([^/]+)$"
    local fits = date and day == date:sub(1, 8)
        and region == (settings.v11_region or region) and name == (settings.v11_service or name)
    if not fits then
        return refused "verify aksk signature fail"
    end
    return true
end

local function check_date(service, authorization, date)
    local signed_at = date and contains(authorization.signed_headers, "x-sdk-date") and timestamps.from_sdk_date(date)
    if not signed_at then
        return refused "verify aksk signature fail"
    end
    local now = service:now()
    if math.abs(now - signed_at) > CLOCK_TOLERANCE then
        return refused(("signature expired, signature time:%s, server time:%s"):format(date,
            timestamps.to_sdk_date(now)))
    end
    return true
end

local function check_signature(request, authorization, key)
    local fits, canonical_request = signature.verify(request, authorization, key.secret)
    if fits then
        return true
    end
    return refused("verify aksk signature fail,canonicalRequest:" .. canonical_request:gsub("\n", "|"))
end

local function check_key(service, request, authorization)
    local keyring, settings = service.keyring, service.settings
    local ak = authorization.access
    local key = keyring:find(ak)
    if not key then
        return refused("Get secretKey failed,ak:" .. ak .. ",err:ak not exist")
    end
    request.account = key.account
    if settings.lock and keyring:locked(ak, service:real_now()) then
        return refused "AK access failed to reach the limit,forbidden"
    end

    local date = first(request.headers["x-sdk-date"])
    local ok, refusal = check_security_token(service, key, ak, first(request.headers["x-security-token"]))
    if ok then
        ok, refusal = check_algorithm(service, authorization, date)
    end
    if ok then
        ok, refusal = check_date(service, authorization, date)
    end
    if ok then
        ok, refusal = check_signature(request, authorization, key)
    end

    if ok then
        keyring:succeeded(ak)
        return { account = key.account, ak = ak }
    end
    -- Real seconds: a test that moves the service's clock does not thereby open or prolong a lock.
    if settings.lock then
        keyring:failed(ak, service:real_now(), settings.lock_seconds)
    end
    return nil, refusal
end

--- Checks whether a request may pass.
-- @tparam table service see @{dwsync.emulator.service}
-- @tparam table request `method`, `uri`, `headers`, `body`; gets `ak` when it names one, and `by`, what it came with:
--   an algorithm or "X-Auth-Token", and `account`, whose key or token that is, refused or not
-- @tparam string access "project": tokens must be for a project of this region; "account": any token will do
-- @treturn ?table the caller: `account`; `ak` for signed requests; `token`, and `project_id` when the token is for one
-- @treturn ?table refusal
function M.check(service, request, access)
    local authorization = signature.parse(first(request.headers["authorization"]))
    if authorization then
        request.ak, request.by = authorization.access, authorization.algorithm
        return check_key(service, request, authorization)
    end
    return M.check_token(service, request, request.headers["x-auth-token"], access)
end

--- Checks whether a caller may act as an account's agency: every account trusts all others. IAM asks this for tokens
-- and for temporary keys.
-- @tparam table service
-- @tparam table request of the caller, who needs a token or a signature
-- @tparam table order the decoded body, with `auth.identity.assume_role`
-- @treturn ?{account=table} the account of the agency
-- @treturn ?table refusal
function M.check_agency(service, request, order)
    local caller, refusal = M.check(service, request, "account")
    if not caller then
        return nil, refusal
    end
    local role = json_order.at(order, "auth", "identity", "assume_role")
    local name = json_order.text(role, "agency_name") or json_order.text(role, "xrole_name")
    local domain_id, domain_name = json_order.text(role, "domain_id"), json_order.text(role, "domain_name")
    if not (name and (domain_id or domain_name)) then
        return nil, refusals.make "IAM.0011"
    end
    local account = service:find_account(function(one)
        return one:is_domain(domain_id, domain_name) and name == one.agency
    end)
    if not account then
        return nil, refusals.make("IAM.0004", "The agency does not exist.")
    end
    return { account = account }
end

return M
