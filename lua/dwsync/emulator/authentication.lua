--- Lets a request in or says why not, in the gateway's order and words.
-- Pure: the service's clock, keys and settings come in with the service.
-- @module dwsync.emulator.authentication

local refusals = require "dwsync.emulator.refusals"
local signature = require "dwsync.emulator.signature"

local M = {}

local CLOCK_TOLERANCE = 15 * 60 -- seconds, either way

local function refused(tail)
    return nil, refusals.make("APIGW.0301", tail)
end

-- Days since 1970-01-01 of a Gregorian date; os.time would apply the machine's time zone.
local function days(year, month, day)
    if month <= 2 then year, month = year - 1, month + 12 end
    return 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
        + math.floor((153 * (month - 3) + 2) / 5) + day - 719469
end

local function seconds_of(date)
    local year, month, day, hour, minute, second = date:match("^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$")
    if not year then return nil end
    return days(tonumber(year), tonumber(month), tonumber(day)) * 86400
        + tonumber(hour) * 3600 + tonumber(minute) * 60 + tonumber(second)
end

local function first(value)
    if type(value) == "table" then return value[1] end
    return value
end

local function expiry_text(seconds)
    return os.date("!%Y-%m-%dT%H:%M:%S.000000Z", math.floor(seconds))
end

local function check_token(service, token)
    local known = service.keyring:find_token(token)
    if not known then return refused("decrypt token fail") end
    if known.expires_at <= service:now() then
        return refused("token expires, expires_at:" .. expiry_text(known.expires_at))
    end
    return {}
end

-- Temporary keys exist only together with their token, permanent ones only without.
local function check_security_token(service, key, ak, token)
    if key.security_token and not token then
        return refused("Get secretKey failed,ak:" .. ak .. ",err:ak not exist")
    end
    if token ~= key.security_token then return refused("decrypt token fail") end
    if key.expires_at and key.expires_at <= service:now() then
        return refused("token expires, expires_at:" .. expiry_text(key.expires_at))
    end
    return true
end

local function is_signed(authorization, name)
    for _, signed in ipairs(authorization.signed_headers) do
        if signed == name then return true end
    end
    return false
end

local function check_date(service, authorization, date)
    local signed_at = date and is_signed(authorization, "x-sdk-date") and seconds_of(date)
    if not signed_at then return refused("verify aksk signature fail") end
    local now = service:now()
    if math.abs(now - signed_at) > CLOCK_TOLERANCE then
        return refused(("signature expired, signature time:%s, server time:%s"):format(date,
            os.date("!%Y%m%dT%H%M%SZ", math.floor(now))))
    end
    return true
end

local function check_signature(request, authorization, key)
    local fits, canonical_request = signature.verify(request, authorization, key.secret)
    if fits then return true end
    return refused("verify aksk signature fail,canonicalRequest:" .. canonical_request:gsub("\n", "|"))
end

local function check_key(service, request, authorization)
    local keyring, settings = service.keyring, service.settings
    local ak = authorization.access
    local key = keyring:find(ak)
    if not key then return refused("Get secretKey failed,ak:" .. ak .. ",err:ak not exist") end
    if settings.lock and keyring:locked(ak, service:real_now()) then
        return refused("AK access failed to reach the limit,forbidden")
    end

    local ok, refusal = check_security_token(service, key, ak, first(request.headers["x-security-token"]))
    if ok then ok, refusal = check_date(service, authorization, first(request.headers["x-sdk-date"])) end
    if ok then ok, refusal = check_signature(request, authorization, key) end

    if ok then
        keyring:succeeded(ak)
        return {ak = ak}
    end
    -- Real seconds: a test that moves the service's clock does not thereby open or prolong a lock.
    if settings.lock then keyring:failed(ak, service:real_now(), settings.lock_seconds) end
    return nil, refusal
end

--- May this request pass?
-- @tparam table service see @{dwsync.emulator.service}
-- @tparam table request `method`, `uri`, `headers`, `body`; gets `ak` when it names one
-- @treturn ?table the caller, `ak` for signed requests
-- @treturn ?table refusal
function M.check(service, request)
    local authorization = signature.parse(first(request.headers["authorization"]))
    if authorization then
        request.ak = authorization.access
        return check_key(service, request, authorization)
    end
    local token = first(request.headers["x-auth-token"])
    if token then return check_token(service, token) end
    -- Also what the gateway says to an Authorization header it does not recognise.
    return refused("x-auth-token not found")
end

return M
