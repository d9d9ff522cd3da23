--- One authenticated request: endpoints in turn, a fresh date and signature for each attempt, or a token; the clock
-- put right once, an expired token replaced once.
-- @module dwsync.request
local lazy = require "dwsync.lazy"
local core = require "dwsync.core"
local credentials = require "dwsync.credentials"
local errors = require "dwsync.errors"
local failures = lazy "dwsync.request.failures"
local key_guard = require "dwsync.request.key_guard"
local keys_of = require "dwsync.credentials.keys"
local retry = require "dwsync.request.retry"
local sdk_date = require "dwsync.sdk_date"
local transport = require "dwsync.runtime.transport"

local M = {}

local Api = { __name = "dwsync.request" }
Api.__index = Api

-- The SDKs move on to the next endpoint of a list for these, and never for an HTTP status.
local NEXT_ENDPOINT = { resolve = true, handshake = true, certificate = true }

-- How often a request looks whether an unproven key may be tried.
local GUARD_WAIT_SECONDS = 0.01

local function retry_policy(self)
    return {
        retries = self.retries,
        runtime = self.runtime,
        random = self.random,
        on_retry = function(err, pause)
            if self.emit then
                self.emit { type = "retry", error = err, pause = pause }
            end
        end,
    }
end

--- What a client sends its requests with.
-- @tparam table settings `runtime`, `endpoints` {dws = {url,...}, iam = {url}}, `given_credentials` (the option
-- `credentials`), `context` (what sources need, see dwsync.credentials.new), `transport` (options copied into each
-- request), `signing` {algorithm =, region =, service =}, `iam_is_default` (whether credentials may name another IAM
-- endpoint), `retries`, `attempt_timeout` (seconds), `random`, `emit`: function(event), `guard` (default: the
-- process's)
-- @treturn dwsync.request
function M.new(settings)
    local self = {
        clock_offsets = {}, -- URL of an endpoint → seconds to add to this machine's clock
        preferred = {}, -- service → the index of the endpoint that answered last
        guard = key_guard.shared,
        signing = {},
        signers = setmetatable({}, { __mode = "k" }), -- by service and credentials
    }
    for name, value in pairs(settings) do
        self[name] = value
    end
    setmetatable(self, Api)
    self.policy = retry_policy(self)
    self.transport_names = transport.given(self.transport)
    local context = {
        api = self,
        runtime = self.runtime,
        random = self.random,
        emit = self.emit,
        origin = { iam = self.endpoints.iam, trust = transport.trust(self.transport) },
        perform = function(request)
            return self:send_unsigned(request)
        end,
    }
    for name, value in pairs(self.context) do
        context[name] = value
    end
    self.provider = credentials.new(self.given_credentials, context)
    return self
end

--- The credentials to use now; those that do not expire are found anew at each call.
-- @tparam table limits `deadline`, `timeout`
-- @treturn ?dwsync.credentials
-- @treturn dwsync.error
function Api:resolve_credentials(limits)
    local ready = self.runtime.ready
    if ready then
        local good, err = ready()
        if not good then
            return nil, errors.from_core(err)
        end
    end
    return self.provider:get(limits)
end

local function emit_attempt(self, request, started, response, err, secrets)
    self.emit {
        type = "attempt",
        method = request.method,
        url = request.url,
        status = response and response.status,
        request_id = response and errors.request_id(response, secrets),
        seconds = self.runtime.monotonic() - started,
        error = err,
    }
end

--- Sends a request as given, neither signed nor repeated; for services on this machine, and to try a connection.
-- @tparam table request see dwsync.runtime
-- @treturn table response, or nil
-- @treturn dwsync.error
function Api:send_unsigned(request)
    local started = self.runtime.monotonic()
    local secrets = keys_of.hide({ request.headers.Authorization, request.headers["X-Metadata-Token"] }, 2)
    local response, failure = self.runtime.perform(request)
    local err
    if not response then
        err = errors.from_core(failure, secrets, { ca_file = request.ca_file, now = self.runtime.now() })
    end
    if self.emit then
        emit_attempt(self, request, started, response, err, secrets)
    end
    return response, err
end

-- ---- one exchange: a call with one set of keys ---------------------------------------------------

-- The state of one request: {method, service, call, keys}, what was signed with what and when, and whether the clock
-- was corrected after it.
local function new_exchange(method, service, call, keys)
    return { -- with all its fields: a table that grows is allocated again
        method = method,
        service = service,
        call = call,
        keys = keys,
        to_sign = false,
        signer = false,
        endpoint = false,
        date = false,
        signed_with = false,
        clock_corrected = false,
    }
end

-- V11 derives keys for a service other than IAM: requests to IAM are signed in the plain form.
local function make_signer(self, service, keys)
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

local function signer(self, service, keys)
    local known = self.signers[keys]
    if not known then
        known = {}
        self.signers[keys] = known
    end
    known[service] = known[service] or make_signer(self, service, keys)
    return known[service]
end

-- Returns the headers that authenticate: a signature's or a token's, never both; {} without credentials.
local function authenticate(self, exchange, url)
    local keys, call = exchange.keys, exchange.call
    if not keys then
        return {}
    elseif keys.token then
        return { ["X-Auth-Token"] = keys.token }
    end
    exchange.to_sign = { method = exchange.method, url = url, headers = call.headers, body = call.body }
    exchange.signer = signer(self, exchange.service, keys)
    exchange.date = sdk_date.of(self.runtime.now() + exchange.signed_with)
    local signed, err = core.sign(exchange.to_sign, exchange.signer, exchange.date)
    return signed, err and errors.from_core(err)
end

local function build(self, exchange, url, seconds)
    local call = exchange.call
    local headers, err = authenticate(self, exchange, url)
    if not headers then
        return nil, err
    end
    for name, value in pairs(call.headers) do
        headers[name] = value
    end
    -- Not signed, because proxies rewrite it.
    headers["Content-Type"] = call.body and "application/json;charset=utf8" or nil
    local request = {
        method = exchange.method,
        url = url,
        headers = headers,
        body = call.body,
        timeout = seconds,
        decode = call.decode,
    }
    return transport.copy(self.transport, request, self.transport_names)
end

-- What must not show in anything made of the answer.
local function secrets_of(exchange)
    local secrets = exchange.keys and keys_of.secrets(exchange.keys) or {}
    for _, secret in ipairs(exchange.call.secrets or {}) do
        secrets[#secrets + 1] = secret
    end
    return secrets
end

local function judge(self, response, failure, exchange)
    if response and response.status >= 200 and response.status < 300 then
        return response
    end
    return nil, failures.of(self, response, failure, exchange, secrets_of(exchange))
end

-- Waits until an unproven key may be tried; see dwsync.request.key_guard.
local function enter_guard(self, keys, endpoint, seconds)
    local runtime = self.runtime
    local till = runtime.monotonic() + seconds
    while true do
        local now = runtime.monotonic()
        local ticket, err = self.guard:enter(keys, endpoint, now, now + seconds)
        if ticket or err then
            return ticket, err
        elseif now >= till then
            return nil, errors.new {
                kind = "timeout",
                message = ("access key %s is still being tried by other requests"):format(keys.ak),
                retryable = false,
            }
        end
        runtime.sleep(GUARD_WAIT_SECONDS)
    end
end

local function offset_of(self, endpoint)
    return self.clock_offsets[endpoint] or 0
end

-- Whether our clock explains the refusal; then it is corrected for this service from now on. Of many requests under way
-- the first one corrects it, and the others find that they were signed before that.
local function correct_clock(self, err, exchange)
    if err.kind ~= "clock" then
        return false
    elseif exchange.signed_with ~= offset_of(self, exchange.endpoint) then
        return true
    elseif not err.server_time then
        return false
    end
    return failures.correct_clock(self, err, exchange)
end

-- Refusals of the date or of an expired token do not count: they say nothing about the secret.
local function leave_guard(self, ticket, exchange, response, err)
    local accepted = response ~= nil or err.code ~= nil and err.code:find "^DWS%." ~= nil
    local refused = err and (err.kind == "auth" or err.kind == "clock") and not failures.is_expired(err)
        and not exchange.clock_corrected
    self.guard:leave(ticket, self.runtime.monotonic(), accepted, refused and err or nil, self.runtime.now())
end

local function attempt(self, exchange, endpoint, target, seconds)
    local url, ticket = endpoint .. target
    local err, request
    local keys = exchange.keys
    if keys and keys.ak then
        ticket, err = enter_guard(self, keys, endpoint, seconds)
        if not ticket then
            return nil, err
        end
    end
    exchange.endpoint, exchange.signed_with = endpoint, offset_of(self, endpoint)
    request, err = build(self, exchange, url, seconds)
    if not request then
        if ticket then
            self.guard:leave(ticket)
        end
        return nil, err
    end
    local started = self.emit and self.runtime.monotonic()
    local response, failure = self.runtime.perform(request)
    local result
    result, err = judge(self, response, failure, exchange)
    if self.emit then
        emit_attempt(self, request, started, response, err, secrets_of(exchange))
    end
    exchange.clock_corrected = err ~= nil and correct_clock(self, err, exchange)
    if ticket then
        leave_guard(self, ticket, exchange, result, err)
    end
    return result, err
end

--- The URLs of a service.
-- @tparam string service "dws" or "iam"
-- @tparam table call perhaps with `endpoints` instead of the service's
-- @tparam[opt] dwsync.credentials keys may name an IAM endpoint
-- @treturn {string,...} URLs, or nil
-- @treturn dwsync.error
function Api:endpoints_of(service, call, keys)
    local named = service == "iam" and self.iam_is_default and keys and keys.iam_endpoint
    if call.endpoints or not named then
        return call.endpoints or self.endpoints[service]
    end
    return self.context.iam_endpoints(named)
end

--- How far this machine's clock is off by that of the DWS endpoint in use.
-- @treturn number seconds to add to it; 0 until a refusal showed something else
function Api:clock_skew()
    return offset_of(self, self.endpoints.dws[self.preferred.dws or 1])
end

-- Tries the endpoints in turn, beginning with the one that answered last.
local function try_endpoints(left, self, exchange, target)
    local service = exchange.service
    local endpoints, err = self:endpoints_of(service, exchange.call, exchange.keys)
    if not endpoints then
        return nil, err
    end
    local seconds = math.min(left, self.attempt_timeout)
    local first = self.preferred[service] or 1
    local response
    for step = 0, #endpoints - 1 do
        local index = (first - 1 + step) % #endpoints + 1
        response, err = attempt(self, exchange, endpoints[index], target, seconds)
        if response or not NEXT_ENDPOINT[err.code] then
            self.preferred[service] = index
            break
        end
    end
    return response, err
end

local function with_retries(self, exchange, target)
    return retry.run(try_endpoints, self.policy, exchange.call, self, exchange, target)
end

local function with_corrected_clock(self, exchange, target)
    local response, err = with_retries(self, exchange, target)
    if not response and exchange.clock_corrected then
        response, err = with_retries(self, exchange, target)
    end
    return response, err
end

--- Performs one request to success or a final error. It may be sent more than once, so it must be harmless to repeat.
-- @tparam string method "GET", or "POST" for what creates nothing but a token or a temporary key
-- @tparam string service "dws" or "iam"
-- @tparam string target path and query, percent-encoded
-- @tparam table call `headers` to send and sign; `keys`: the credentials, if any; `body`; `secrets`: further
-- texts that must not show; `endpoints` instead of the service's; `deadline`: by the runtime's `monotonic`, and
-- `timeout`: the same as a length, for messages; `decode`: what the runtime may do with a page, see dwsync.runtime
-- @treturn table response with a 2xx status, or nil
-- @treturn dwsync.error
-- @treturn dwsync.credentials those the answer belongs to
function Api:send(method, service, target, call)
    local keys = call.keys
    local response, err = with_corrected_clock(self, new_exchange(method, service, call, keys), target)
    if not response and keys and failures.is_expired(err) then
        local fresh = self.provider:renew(keys, call)
        if fresh then
            keys = fresh
            response, err = with_corrected_clock(self, new_exchange(method, service, call, keys), target)
        end
    end
    return response, err, keys
end

--- Performs one GET: see `send`.
-- @tparam string service
-- @tparam string target
-- @tparam table call
-- @treturn ?dwsync.response
-- @treturn ?dwsync.error
-- @treturn ?dwsync.credentials those in use
function Api:get(service, target, call)
    return self:send("GET", service, target, call)
end

return M
