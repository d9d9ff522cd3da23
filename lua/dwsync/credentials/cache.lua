--- The life of fetched credentials: kept for the process, and renewed before they expire by one caller at a time while
-- the others go on with what they have.
-- @module dwsync.credentials.cache
local lazy = require "dwsync.lazy"
local errors = require "dwsync.errors"
local fingerprint = require "dwsync.fingerprint"
local keys_of = require "dwsync.credentials.keys"
local quantities = lazy "dwsync.quantities"

local M = {}

local Cache = { __name = "dwsync.credentials.cache" }
Cache.__index = Cache

-- Renewal falls on a random point of this part of the lifetime, so that processes started together spread out.
local REFRESH_FROM, REFRESH_TO = 0.5, 0.8

local WAIT_SECONDS = 0.02
local BACKOFF_FIRST, BACKOFF_CAP = 1, 300
-- IAM locks a user whose password is refused a few times: ask again only after this.
local REFUSED_SECONDS = 60
-- After this a fetch is given up for lost, its coroutine dropped by the program, and the next caller fetches.
local LEASE_SECONDS = 60
local MAX_ENTRIES = 1000

--- An empty cache.
-- @treturn dwsync.credentials.cache
function M.new()
    return setmetatable({ entries = {}, count = 0, entry_of = setmetatable({}, { __mode = "k" }) }, Cache)
end

--- The one that all clients of this process share.
M.shared = M.new()

local function forget_expired(self, runtime)
    local now, moment = runtime.now(), runtime.monotonic()
    for key, entry in pairs(self.entries) do
        if not entry.busy_until and (entry.expires_at or 0) <= now and entry.retry_at <= moment then
            self.entries[key], self.count = nil, self.count - 1
        end
    end
end

local function entry_at(self, key, runtime)
    local entry = self.entries[key]
    if not entry then
        if self.count >= MAX_ENTRIES then
            forget_expired(self, runtime)
        end
        entry = { retry_at = 0, failures = 0 }
        self.entries[key], self.count = entry, self.count + 1
    end
    return entry
end

local function busy(entry, now)
    return entry.busy_until ~= nil and now < entry.busy_until
end

local function emit(context, event)
    if context.emit then
        context.emit(event)
    end
end

local function keep(self, entry, keys, context)
    local runtime = context.runtime
    local share = REFRESH_FROM + (REFRESH_TO - REFRESH_FROM) * context.random()
    entry.keys, entry.err, entry.failures, entry.retry_at = keys, nil, 0, 0
    entry.expires_at = keys.expires_at
    entry.refresh_at = runtime.monotonic() + (keys.expires_at - runtime.now()) * share
    entry.worked = true
    self.entry_of[keys] = entry
    emit(context, { type = "credentials", source = keys.source, expires_at = keys.expires_at })
    return keys
end

-- Jitter over the upper half of the step: processes also fail together.
local function pause_after(entry, err, random)
    local first = err.status == 401 and REFUSED_SECONDS or BACKOFF_FIRST
    local step = math.min(BACKOFF_CAP, first * 2 ^ (entry.failures - 1))
    return step * (0.5 + 0.5 * random())
end

local function failed(entry, plan, err, hold, context)
    local runtime = context.runtime
    entry.failures = entry.failures + 1
    local now = runtime.monotonic()
    entry.soon_at = now + pause_after(entry, err, context.random)
    entry.retry_at = hold and not entry.worked and now + hold or entry.soon_at
    entry.err = err
    if entry.keys and runtime.now() < entry.expires_at then
        emit(context, { type = "warning", error = err,
            message = ("%s could not be renewed; the current credentials are used until they expire: %s"):format(
                plan.source, err.message) })
        return entry.keys
    end
    entry.keys = nil
    return nil, err
end

local function refresh(self, entry, plan, limits, context)
    entry.busy_until = context.runtime.monotonic() + math.min(LEASE_SECONDS, limits.timeout)
    local lease = entry.busy_until
    local fields, err, hold = plan.fetch(limits)
    local keys
    if fields then
        fields.identity, fields.project_id = entry.identity, fields.project_id or plan.project_id
        fields.iam_endpoint = fields.iam_endpoint or plan.iam_endpoint
        keys, err = keys_of.new(fields, fields.source)
    end
    if entry.busy_until == lease then
        entry.busy_until = nil
    end
    if keys then
        return keep(self, entry, keys, context)
    end
    return failed(entry, plan, err, hold, context)
end

local function deadline_passed(plan, limits)
    return errors.new {
        kind = "timeout",
        message = ("%s: still being fetched by another request after %s"):format(plan.source,
            quantities.duration(limits.timeout)),
        retryable = false,
    }
end

--- The credentials of a plan: kept ones while they are fresh, else fetched; waits while another coroutine fetches.
-- @tparam table plan `key` (a list, equal in plans that fetch the same), `source`, optional `project_id` and
-- `iam_endpoint`, `fetch`: function(limits) → fields with `expires_at`, or nil, err and, where asking again soon is of
-- no use, seconds to wait
-- @tparam table limits `deadline` (by the runtime's `monotonic`), `timeout`
-- @tparam table context `runtime`, `random`, optional `emit`
-- @treturn ?dwsync.credentials
-- @treturn dwsync.error
-- @treturn boolean whether this plan ever had credentials, so that the next source is not tried
function Cache:get(plan, limits, context)
    local runtime = context.runtime
    local entry = entry_at(self, fingerprint.of(plan.key), runtime)
    entry.identity = entry.identity or {}
    entry.key = plan.key -- functions in it are known by their address, which nothing else may get meanwhile
    while true do
        local now = runtime.monotonic()
        local usable = entry.keys and runtime.now() < entry.expires_at
        local fetching = busy(entry, now)
        if usable and (now < entry.refresh_at or fetching or now < entry.retry_at) then
            return entry.keys
        elseif fetching then
            if now >= limits.deadline then
                return nil, deadline_passed(plan, limits), true
            end
            runtime.sleep(WAIT_SECONDS)
        elseif now < entry.retry_at then
            return nil, entry.err, entry.worked
        else
            local keys, err = refresh(self, entry, plan, limits, context)
            return keys, err, entry.worked
        end
    end
end

--- Takes back that a plan is to be left alone for long: nothing else was found, so it is asked again within seconds.
-- @tparam table plan as for `get`, which just failed
function Cache:hurry(plan)
    local entry = self.entries[fingerprint.of(plan.key)]
    if entry then
        entry.retry_at = math.min(entry.retry_at, entry.soon_at or entry.retry_at)
    end
end

--- Drops credentials that the service refused, unless newer ones have already replaced them.
-- @tparam dwsync.credentials keys
-- @treturn boolean whether they came from here
function Cache:discard(keys)
    local entry = self.entry_of[keys]
    if entry and entry.keys == keys then
        entry.keys, entry.retry_at = nil, 0
    end
    return entry ~= nil
end

--- Forgets everything: the next request of each source fetches anew.
function Cache:forget()
    self.entries, self.count = {}, 0
end

return M
