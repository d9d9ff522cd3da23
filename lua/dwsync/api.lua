--- One authenticated GET: endpoints in turn, a fresh date and signature for each attempt, the clock put right once.
-- It must not know what the answer means beyond success or failure.
-- @module dwsync.api
local core = require "dwsync.core"
local credentials = require "dwsync.credentials"
local errors = require "dwsync.errors"
local retry = require "dwsync.retry"
local timestamps = require "dwsync.timestamps"

local M = {}

local Api = { __name = "dwsync.api" }
Api.__index = Api

-- The SDKs move on to the next endpoint of a list for these, and never for an HTTP status.
local NEXT_ENDPOINT = { resolve = true, handshake = true, certificate = true }

-- A refused date is only explained by our clock when the server's is at least this far away.
local MIN_SKEW_SECONDS = 60

--- @tparam table settings `runtime`, `endpoints` {dws = {url,...}, iam = {url}}, `given_credentials` (see
-- dwsync.credentials.resolve), `context` {getenv, read_file}, `transport` (options copied into each request),
-- `retries`, `attempt_timeout` (seconds), `random`, `emit`: function(event)
-- @treturn dwsync.api
function M.new(settings)
    local self = {
        clock_offset = 0, -- seconds to add to this machine's clock
        preferred = {}, -- service → the index of the endpoint that answered last
    }
    for name, value in pairs(settings) do
        self[name] = value
    end
    return setmetatable(self, Api)
end

--- The credentials to sign with, found anew at each call: temporary ones change.
-- @treturn dwsync.credentials, or nil
-- @treturn dwsync.error
function Api:resolve_credentials()
    return credentials.resolve(self.given_credentials, self.context)
end

-- Tells whoever listens; what nobody listens to costs nothing.
local function emit(self, type, fill)
    if self.emit then
        local event = { type = type }
        fill(event)
        self.emit(event)
    end
end

local function build(self, url, call, seconds)
    local date = timestamps.to_sdk_date(self.runtime.now() + self.clock_offset)
    local request = { method = "GET", url = url, headers = call.headers }
    local signed, err = core.sign(request, call.keys, date)
    if not signed then
        return nil, errors.from_core(err)
    end
    for name, value in pairs(call.headers) do
        signed[name] = value
    end
    request.headers = signed
    request.timeout = seconds
    request.decode = call.decode
    for name, value in pairs(self.transport) do
        request[name] = value
    end
    return request
end

local function secrets_of(keys)
    return { keys.sk, keys.security_token }
end

local function judge(self, response, failure, keys)
    local secrets = secrets_of(keys)
    if not response then
        return nil, errors.from_core(failure, secrets)
    elseif response.status >= 200 and response.status < 300 then
        return response
    end
    return nil, errors.from_response(response, {
        secrets = secrets,
        now = self.runtime.now(),
    })
end

local function perform(self, url, call, seconds)
    local request, err = build(self, url, call, seconds)
    if not request then
        return nil, err
    end
    local started = self.runtime.now()
    local response, failure = self.runtime.perform(request)
    local result
    result, err = judge(self, response, failure, call.keys)
    emit(self, "attempt", function(event)
        event.method, event.url, event.error = request.method, url, err
        event.status = response and response.status
        event.request_id = response and errors.request_id(response, secrets_of(call.keys))
        event.seconds = self.runtime.now() - started
    end)
    return result, err
end

-- Tries the endpoints in turn, beginning with the one that answered last.
local function perform_anywhere(self, service, target, call, seconds)
    local endpoints = self.endpoints[service]
    local first = self.preferred[service] or 1
    local response, err
    for step = 0, #endpoints - 1 do
        local index = (first - 1 + step) % #endpoints + 1
        response, err = perform(self, endpoints[index] .. target, call, seconds)
        if response or not NEXT_ENDPOINT[err.code] then
            self.preferred[service] = index
            break
        end
    end
    return response, err
end

-- Whether the server's own clock explains why it refused ours; then ours is corrected from now on.
local function correct_clock(self, err)
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

--- Performs one GET to success or a final error.
-- @tparam string service "dws" or "iam"
-- @tparam string target path and query, percent-encoded
-- @tparam table call `headers` to send and sign; `keys`: the credentials; `deadline`: seconds since the epoch and
-- `timeout`: the same as a length, for messages; `decode`: what the runtime may do with a page, see dwsync.runtime
-- @treturn table response with a 2xx status, or nil
-- @treturn dwsync.error
function Api:get(service, target, call)
    local response, err = attempts(self, service, target, call)
    if not response and correct_clock(self, err) then
        response, err = attempts(self, service, target, call)
    end
    return response, err
end

return M
