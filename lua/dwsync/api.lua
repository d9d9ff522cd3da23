--- One authenticated request: endpoints in turn, a fresh date and signature for each attempt, or a token; the clock
-- put right once, an expired token replaced once.
-- It must not know what the answer means beyond success or failure.
-- @module dwsync.api
local core = require "dwsync.core"
local credentials = require "dwsync.credentials"
local errors = require "dwsync.errors"
local json = require "dwsync.json"
local key_guard = require "dwsync.key_guard"
local keys_of = require "dwsync.credentials.keys"
local refusal = require "dwsync.refusal"
local retry = require "dwsync.retry"
local timestamps = require "dwsync.timestamps"

local M = {}

local Api = { __name = "dwsync.api" }
Api.__index = Api

-- The SDKs move on to the next endpoint of a list for these, and never for an HTTP status.
local NEXT_ENDPOINT = { resolve = true, handshake = true, certificate = true }

-- A refused date is only explained by our clock when the server's is at least this far away.
local MIN_SKEW_SECONDS = 60

-- How often a request looks whether an unproven key may be tried.
local GUARD_WAIT_SECONDS = 0.01

--- @tparam table settings `runtime`, `endpoints` {dws = {url,...}, iam = {url}}, `given_credentials` (the option
-- `credentials`), `context` (what sources need, see dwsync.credentials.new), `transport` (options copied into each
-- request), `signing` {algorithm =, region =, service =}, `iam_is_default` (whether credentials may name another IAM
-- endpoint), `retries`, `attempt_timeout` (seconds), `random`, `emit`: function(event), `guard` (default: the
-- process's)
-- @treturn dwsync.api
function M.new(settings)
    local self = {
        clock_offset = 0, -- seconds to add to this machine's clock
        preferred = {}, -- service → the index of the endpoint that answered last
        guard = key_guard.shared,
        signing = {},
    }
    for name, value in pairs(settings) do
        self[name] = value
    end
    setmetatable(self, Api)
    local context = {
        api = self,
        runtime = self.runtime,
        random = self.random,
        emit = self.emit,
        perform = function(request)
            return self:perform_plainly(request)
        end,
    }
    for name, value in pairs(self.context) do
        context[name] = value
    end
    self.provider = credentials.new(self.given_credentials, context)
    return self
end

--- The credentials to use now; those of sources without end are found anew at each call.
-- @tparam table limits `deadline`, `timeout`
-- @treturn dwsync.credentials, or nil
-- @treturn dwsync.error
function Api:resolve_credentials(limits)
    return self.provider:get(limits)
end

-- Tells whoever listens; what nobody listens to costs nothing.
local function emit(self, type, fill)
    if self.emit then
        local event = { type = type }
        fill(event)
        self.emit(event)
    end
end

local function tell_attempt(self, request, started, response, err, secrets)
    emit(self, "attempt", function(event)
        event.method, event.url, event.error = request.method, request.url, err
        event.status = response and response.status
        event.request_id = response and errors.request_id(response, secrets)
        event.seconds = self.runtime.now() - started
    end)
end

--- Performs a request as it stands, neither signed nor repeated; for services on this machine.
-- @tparam table request see dwsync.runtime
-- @treturn table response, or nil
-- @treturn dwsync.error
function Api:perform_plainly(request)
    local started = self.runtime.now()
    local secrets = keys_of.hide({ request.headers.Authorization, request.headers["X-Metadata-Token"] }, 2)
    local response, failure = self.runtime.perform(request)
    local err
    if not response then
        err = errors.from_core(failure, secrets)
    end
    tell_attempt(self, request, started, response, err, secrets)
    return response, err
end

-- Derived keys are made for a service, and IAM is none of those: projects and tokens are asked for in the plain form.
local function signer(self, service, keys)
    local algorithm = keys.algorithm or self.signing.algorithm
    if algorithm == "V11-HMAC-SHA256" and service == "iam" then
        algorithm = nil
    end
    return {
        ak = keys.ak,
        sk = keys.sk,
        security_token = keys.security_token,
        algorithm = algorithm,
        region = self.signing.region,
        service = self.signing.service,
    }
end

-- Returns the headers that authenticate: a signature's, a token's (never both), or none.
local function authenticate(self, service, request, call)
    if not call.keys then
        return {}
    elseif call.keys.token then
        return { ["X-Auth-Token"] = call.keys.token }
    end
    local date = timestamps.to_sdk_date(self.runtime.now() + self.clock_offset)
    local signing = signer(self, service, call.keys)
    local signed, err = core.sign(request, signing, date)
    if not signed then
        return nil, errors.from_core(err)
    end
    return signed, nil, function()
        return core.canonical_request(request, signing, date)
    end
end

local function build(self, service, url, call, seconds)
    local request = { method = call.method, url = url, headers = call.headers, body = call.body }
    local headers, err, canonical = authenticate(self, service, request, call)
    if not headers then
        return nil, err
    end
    request = { method = call.method, url = url, headers = headers, body = call.body }
    for name, value in pairs(call.headers) do
        headers[name] = value
    end
    -- Not signed: proxies rewrite it.
    headers["Content-Type"] = call.body and "application/json;charset=utf8" or nil
    request.timeout = seconds
    request.decode = call.decode
    for name, value in pairs(self.transport) do
        request[name] = value
    end
    return request, nil, canonical
end

-- Says what the gateway's echo of the canonical request shows, in place of the echo.
local function explain(err, response, canonical, secrets)
    local body = err.kind == "auth" and canonical and json.decode(response.body)
    local _, message = errors.find_code(body or {})
    local why = message and refusal.explain(canonical(), message)
    if why then
        err.message = errors.redact(("%s; %s"):format(errors.printable(refusal.without_echo(message)), why), secrets)
    end
    return err
end

-- What must show in nothing that is made of the answer.
local function secrets_of(call)
    local secrets = call.keys and keys_of.secrets(call.keys) or {}
    for _, secret in ipairs(call.secrets or {}) do
        secrets[#secrets + 1] = secret
    end
    return secrets
end

local function judge(self, response, failure, secrets, canonical)
    if not response then
        return nil, errors.from_core(failure, secrets)
    elseif response.status >= 200 and response.status < 300 then
        return response
    end
    local err = errors.from_response(response, { secrets = secrets, now = self.runtime.now() })
    return nil, explain(err, response, canonical, secrets)
end

-- Whether a token, or the token of a temporary key, is the only thing wrong.
local function is_expired(err)
    local code = err.code or ""
    return err.kind == "auth" and (code:find "^API[GC]W?%.0307$" ~= nil or code == "IAM.1108"
        or err.message:find("token expires", 1, true) ~= nil)
end

-- Waits for the turn of a key that nothing proves yet; see dwsync.key_guard.
local function enter_guard(self, call, seconds)
    local runtime = self.runtime
    local till = runtime.now() + seconds
    while true do
        local now = runtime.now()
        local ticket, err = self.guard:enter(call.keys, now, now + seconds)
        if ticket or err then
            return ticket, err
        elseif now >= till then
            return nil, errors.new {
                kind = "timeout",
                message = ("access key %s is still being tried by other requests"):format(call.keys.ak),
                retryable = false,
            }
        end
        runtime.sleep(GUARD_WAIT_SECONDS)
    end
end

-- Whether the server's own clock explains why it refused ours; then ours is corrected from now on. Of many requests
-- under way the first one corrects it, the others only see that they were signed before.
local function correct_clock(self, err, call)
    if err.kind == "clock" and call.signed_with and call.signed_with ~= self.clock_offset then
        return true
    end
    local offset = err.server_time and err.server_time - self.runtime.now()
    if err.kind ~= "clock" or not offset or math.abs(offset - self.clock_offset) < MIN_SKEW_SECONDS then
        return false
    end
    self.clock_offset = offset
    emit(self, "clock", function(event)
        event.skew = offset
    end)
    return true
end

-- A refusal that says nothing about the secret is none: the date can be corrected, an expired token replaced.
local function leave_guard(self, ticket, call, response, err)
    local accepted = response ~= nil or err.code ~= nil and err.code:find "^DWS%." ~= nil
    local refused = err and (err.kind == "auth" or err.kind == "clock") and not is_expired(err)
        and not call.clock_corrected
    self.guard:leave(ticket, self.runtime.now(), accepted, refused and err or nil)
end

local function perform(self, service, url, call, seconds)
    local ticket, err, canonical, request
    if call.keys and call.keys.ak then
        ticket, err = enter_guard(self, call, seconds)
        if not ticket then
            return nil, err
        end
    end
    call.signed_with = self.clock_offset
    request, err, canonical = build(self, service, url, call, seconds)
    if not request then
        if ticket then
            self.guard:leave(ticket, self.runtime.now())
        end
        return nil, err
    end
    local started = self.runtime.now()
    local response, failure = self.runtime.perform(request)
    local secrets = secrets_of(call)
    local result
    result, err = judge(self, response, failure, secrets, canonical)
    tell_attempt(self, request, started, response, err, secrets)
    call.clock_corrected = err ~= nil and correct_clock(self, err, call)
    if ticket then
        leave_guard(self, ticket, call, result, err)
    end
    return result, err
end

--- Where a service is asked.
-- @tparam string service "dws" or "iam"
-- @tparam table call `keys`, which may name an IAM endpoint, and `endpoints` instead of the service's
-- @treturn {string,...} URLs, or nil
-- @treturn dwsync.error
function Api:endpoints_of(service, call)
    local named = service == "iam" and self.iam_is_default and call.keys and call.keys.iam_endpoint
    if call.endpoints or not named then
        return call.endpoints or self.endpoints[service]
    end
    return self.context.iam_endpoints(named)
end

-- Tries the endpoints in turn, beginning with the one that answered last.
local function perform_anywhere(self, service, target, call, seconds)
    local endpoints, err = self:endpoints_of(service, call)
    if not endpoints then
        return nil, err
    end
    local first = self.preferred[service] or 1
    local response
    for step = 0, #endpoints - 1 do
        local index = (first - 1 + step) % #endpoints + 1
        response, err = perform(self, service, endpoints[index] .. target, call, seconds)
        if response or not NEXT_ENDPOINT[err.code] then
            self.preferred[service] = index
            break
        end
    end
    return response, err
end

local function attempts(self, service, target, call)
    return retry.run(function(left)
        return perform_anywhere(self, service, target, call, math.min(left, self.attempt_timeout))
    end, {
        retries = self.retries,
        deadline = call.deadline,
        timeout = call.timeout,
        runtime = self.runtime,
        random = self.random,
        on_retry = function(err, pause)
            emit(self, "retry", function(event)
                event.error, event.pause = err, pause
            end)
        end,
    })
end

-- A call of its own for each set of keys, because what is noted in it belongs to one request.
local function with_keys(call, method, keys)
    local copy = { method = method }
    for name, value in pairs(call) do
        copy[name] = value
    end
    copy.keys = keys
    return copy
end

local function until_clock_is_right(self, service, target, call)
    local response, err = attempts(self, service, target, call)
    if not response and call.clock_corrected then
        response, err = attempts(self, service, target, call)
    end
    return response, err
end

--- Performs one request to success or a final error. It may be repeated: give it none that must happen only once.
-- @tparam string method "GET", or "POST" for what creates nothing but a token or a temporary key
-- @tparam string service "dws" or "iam"
-- @tparam string target path and query, percent-encoded
-- @tparam table call `headers` to send and sign; `keys`: the credentials, nil for none; `body`; `secrets`: further
-- texts that must not show; `endpoints` instead of the service's; `deadline`: seconds since the epoch and `timeout`:
-- the same as a length, for messages; `decode`: what the runtime may do with a page, see dwsync.runtime
-- @treturn table response with a 2xx status, or nil
-- @treturn dwsync.error
-- @treturn dwsync.credentials those the answer belongs to
function Api:send(method, service, target, call)
    local keys = call.keys
    local response, err = until_clock_is_right(self, service, target, with_keys(call, method, keys))
    if not response and keys and is_expired(err) then
        local fresh = self.provider:renew(keys, call)
        if fresh then
            keys = fresh
            response, err = until_clock_is_right(self, service, target, with_keys(call, method, keys))
        end
    end
    return response, err, keys
end

--- Performs one GET: see `send`.
function Api:get(service, target, call)
    return self:send("GET", service, target, call)
end

return M
