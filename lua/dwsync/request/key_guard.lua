--- Keeps a wrong secret from locking its key: after more than five refusals in a row the service locks it for five
-- minutes, for all its users. Counts the refusals of each access key of a site in this process and stops before that.
-- It must not read a clock or wait: `now` is an argument, and the caller does the waiting.
-- @module dwsync.request.key_guard
local lazy = require "dwsync.lazy"
local errors = require "dwsync.errors"
local timestamps = lazy "dwsync.timestamps"

local M = {}

local Guard = lazy("dwsync.request.key_guard_exchange", { __name = "dwsync.request.key_guard" })
Guard.__index = Guard

local MAX_REFUSALS = 3
local PAUSE_SECONDS = 300
-- A key not used for a day is forgotten: temporary ones come and go.
local FORGET_SECONDS = 86400
local PRUNE_EVERY = 100

--- A guard that has not seen any key yet.
-- @treturn dwsync.request.key_guard
function M.new()
    return setmetatable({ states = {}, added = 0 }, Guard)
end

--- The one that all clients of this process share.
M.shared = M.new()

local function prune(self, now)
    for id, state in pairs(self.states) do
        if state.used < now - FORGET_SECONDS then
            self.states[id] = nil
        end
    end
end

-- Only a digest is known of a secret that another process tried.
local function is_same_secret(state, sk)
    if state.digest and state.digest(sk) == state.sk_digest then
        state.sk, state.digest, state.sk_digest = sk, nil, nil
    end
    return state.sk == sk
end

-- The regions of a site lock a key together, and each has a host for each service: dws.cn-north-4.myhuaweicloud.com.
-- Its hosts under .cn belong to the site of .com.
local function read_site(endpoint)
    local host = endpoint:match "^%a+://([^/]+)" or endpoint
    local rest = host:match "^%a+%.%w+%-[%w-]+%.([%w-]+%..+)$" or host:match "^iam%.([%w-]+%..+)$" or host
    return rest == "myhuaweicloud.cn" and "myhuaweicloud.com" or rest
end

local FEW_SITES = 64
local sites, room = {}, FEW_SITES

local function site_of(endpoint)
    local site = sites[endpoint]
    if not site then
        if room == 0 then
            sites, room = {}, FEW_SITES
        end
        site = read_site(endpoint)
        sites[endpoint], room = site, room - 1
    end
    return site
end

--- Under which name the state of a key is kept.
-- @tparam string ak
-- @tparam string site
-- @treturn string
function Guard.id_of(ak, site)
    return site .. " " .. ak
end

-- A corrected secret may be tried at once, but only once: the service has not forgotten its own count.
local function state_of(self, keys, site, now)
    local id = Guard.id_of(keys.ak, site)
    local state = self.states[id]
    if not state then
        self.added = self.added + 1
        if self.added % PRUNE_EVERY == 0 then
            prune(self, now)
        end
        state = { ak = keys.ak, site = site, sk = keys.sk, refusals = 0, outstanding = {} }
        self.states[id] = state
    elseif not is_same_secret(state, keys.sk) then
        state.sk, state.proven, state.blocked_until, state.digest = keys.sk, nil, nil, nil
        state.refusals = math.min(state.refusals, MAX_REFUSALS - 1)
    end
    state.used = now
    return state
end

local function blocked(keys, state)
    local last = state.last
    return errors.new {
        kind = last.kind,
        code = last.code,
        message = ("access key %s was refused %d times in a row (%s); nothing is sent with it until %s"):format(keys.ak,
            state.refusals, last.message, timestamps.to_iso(state.blocked_date * 1000)),
        hint = last.kind == "clock" and last.hint
            or "Check the secret key: after more than five refusals the service locks the key for five minutes.",
        retryable = false,
        cause = last,
    }
end

local function outstanding(state, now)
    local count = 0
    for ticket, till in pairs(state.outstanding) do
        if till <= now then
            state.outstanding[ticket] = nil -- its coroutine was dropped
        else
            count = count + 1
        end
    end
    return count
end

--- Asks to send one request with a key. While the key is unproven, no more are under way than refusals are left.
-- @tparam dwsync.credentials keys
-- @tparam string endpoint URL of the service that it goes to
-- @tparam number now seconds by a clock that all processes share and no step changes: core.monotonic
-- @tparam number till when the request is over at the latest
-- @treturn table ticket for `leave`; or nil: ask again a little later
-- @treturn dwsync.error when nothing may be sent
function Guard:enter(keys, endpoint, now, till)
    local state = state_of(self, keys, site_of(endpoint), now)
    if state.blocked_until then
        if now < state.blocked_until then
            return nil, blocked(keys, state)
        end
        state.blocked_until, state.refusals = nil, MAX_REFUSALS - 1
    end
    if state.proven then
        return state.proven
    elseif outstanding(state, now) >= MAX_REFUSALS - state.refusals then
        return nil
    end
    local ticket = { state = state, sk = keys.sk }
    state.outstanding[ticket] = till
    return ticket
end

--- Notes the outcome of a request.
-- @tparam table _ the guard
-- @tparam table ticket
-- @tparam ?number now by the same clock, beside an outcome that is known
-- @tparam ?boolean accepted true: the service accepted the signature; nil: unknown
-- @tparam ?dwsync.error refusal with which the service rejected it
-- @tparam ?number date of the refusal, seconds since the epoch, for messages
function Guard.leave(_, ticket, now, accepted, refusal, date)
    local state = ticket.state
    if accepted and state.proven == ticket then
        return -- as nearly always
    end
    state.outstanding[ticket] = nil
    if ticket.sk ~= state.sk then
        return -- it says nothing about the secret in use now
    elseif accepted then
        state.proven = ticket -- serves every request from now on
        state.refusals, state.blocked_until, state.last = 0, nil, nil
    elseif refusal then
        state.proven = nil
        state.refusals, state.last = state.refusals + 1, refusal
        if state.refusals >= MAX_REFUSALS then
            state.blocked_until, state.blocked_date = now + PAUSE_SECONDS, date + PAUSE_SECONDS
        end
    end
end

--- Forgets every refusal; for when the service has forgotten them, too.
function Guard:forget()
    self.states = {}
end

return M
