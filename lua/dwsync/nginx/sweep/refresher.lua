--- The refresher: in every worker a timer that asks for the lease, and in the one that has it a sweep whenever that is
-- due. It must not hold up the event loop: a sweep is one call into nginx's thread pool, or works in slices. Nor may a
-- tick wait for a sweep, which has a timer of its own: some hosts make timers that do not overlap, and the lease is
-- renewed by ticks.
-- @module dwsync.nginx.sweep.refresher
local Lease = require "dwsync.nginx.shared.lease"
local Store = require "dwsync.nginx.shared.store"
local display = require "dwsync.text"
local json = require "dwsync.json"
local outcome = require "dwsync.nginx.sweep.outcome"
local schedule = require "dwsync.nginx.sweep.schedule"
local snapshots = require "dwsync.nginx.shared.snapshot"

local M = {}

local Refresher = { __name = "dwsync.nginx.sweep.refresher" }
Refresher.__index = Refresher

-- Ticks in the life of a lease: it survives one late tick. A lease that is given back has a new owner within a second.
local TICKS, MAX_PERIOD = 3, 1

--- The refresher of a worker; it does nothing before its first tick.
-- @tparam table settings of dwsync.nginx.settings
-- @tparam table host what it needs of nginx: `dict`, `owner` (a name for this worker), `now`, `monotonic`, `random`,
-- `exiting`, `digest`, `log` (function(level, text); levels "info", "warn", "error"), `run_in_thread`
-- (function(module, function, ...) → true, results; or false, reason; absent in an nginx without threads), `begin`
-- (function(function): calls it in a timer of its own → true; or nil, reason)
-- @treturn dwsync.nginx.sweep.refresher
function M.new(settings, host)
    return setmetatable({
        settings = settings,
        host = host,
        store = Store.new(host.dict),
        lease = Lease.new(host.dict, host.owner, settings.lease, host.monotonic),
        configuration = host.digest(settings.identity),
        running = false,
        stopped = false,
    }, Refresher)
end

--- How often to tick.
-- @treturn number seconds between two ticks
function Refresher:period()
    return math.min(self.settings.lease / TICKS, MAX_PERIOD)
end

local function is_due(self)
    if self.store:get_state "configuration" ~= self.configuration then
        return true
    end
    return self.host.monotonic() >= (self.store:get_state "due" or 0)
end

local function log_change(self, level, said, text)
    if text and said ~= text then
        self.host.log(level, text)
    elseif not text and said then
        self.host.log("info", "recovered: " .. said)
    end
end

-- Logs what ails this worker when it begins and when it ends.
local function log_own(self, name, level, text)
    log_change(self, level, self[name], text)
    self[name] = text
end

-- Logs what lasts when it begins and when it ends, whichever worker sees that, before or after a reload: what was said
-- is in the dict, unless that has no room for it.
local function log_once(self, name, level, text)
    local said = self.store:get_state(name) or self[name]
    log_change(self, level, said, text)
    if said ~= text then
        self[name] = not self.store:set_state(name, text) and text or nil
    end
end

-- A sweep that could not be called, or did not return a summary.
local function failure(self, reason)
    local missing = tostring(reason):match "^thread pool (%S+) not found"
    local summary = { outcome = "failed", message = ("nginx could not run the sweep in a thread: %s%s"):format(
        tostring(reason), missing and (": write thread_pool %s threads=8; at the top of nginx.conf, beside "
            .. "worker_processes"):format(missing) or "") }
    if self.lease:is_ours() then
        outcome.write(self.store, summary, self.host.now())
    end
    return summary
end

local function sweep(self)
    local host, settings = self.host, self.settings
    if not host.run_in_thread then
        return require("dwsync.nginx.sweep").run_in_event_loop(settings.order, host.owner)
    end
    local called, answer = host.run_in_thread("dwsync.nginx.sweep", "run", settings.order, host.owner)
    if not called then
        return failure(self, answer)
    end
    return json.decode(answer or "") or failure(self, "no answer")
end

-- That something else is in the dict, if it is.
local function about_stranger(self, is_full)
    local stranger = self.store:stranger(is_full)
    return stranger and ("the shared dict %s is used by something else, too, which has the key \"%s\" in it: when that "
        .. "evicts, what is published goes; give dwsync a lua_shared_dict of its own"):format(self.settings.dict,
            display.excerpt(stranger))
end

local function lease_failure(self, err)
    local stranger = about_stranger(self, true)
    return "the lease cannot be written, so nothing is refreshed: " .. err .. (stranger and "; " .. stranger or "")
end

local function note(self, summary, started)
    local host, store = self.host, self.store
    local ended = host.monotonic()
    self.failures = summary.outcome == "failed" and (self.failures or 0) + 1 or 0
    store:set_state("due", schedule.next(self.settings, summary, self.failures, started, ended, host.random))
    if summary.outcome == "cancelled" then
        return
    end
    store:set_state("configuration", self.configuration)
    for _, text in ipairs(summary.changes or {}) do
        host.log("info", text)
    end
    log_once(self, "logged_error", summary.outcome == "failed" and "error" or "warn", summary.message)
    log_once(self, "logged_memory", "error", summary.memory)
    log_once(self, "logged_history", "error", summary.history and "the history was not written: " .. summary.history)
    log_once(self, "logged_unread", "error", summary.history_unread
        and "judged without the full history: " .. summary.history_unread)
    log_once(self, "logged_alerts", "error", summary.alerts and "alerts: " .. summary.alerts)
    for _, text in ipairs(summary.alerts_lost or {}) do
        host.log("error", "alerts: " .. text)
    end
    log_once(self, "logged_stranger", "warn", about_stranger(self, summary.memory ~= nil))
    log_once(self, "logged_lost", "error", store:get_state "lost" and snapshots.LOST)
    store:set_state "lost"
end

local function run(self)
    local started = self.host.monotonic()
    local good, summary = pcall(sweep, self)
    self.running = false -- also after an error, or nothing would ever be refreshed again
    summary = good and summary or failure(self, summary)
    if self.lease:is_ours() then
        note(self, summary, started)
    end
    if self.host.exiting() then
        self.lease:release()
    end
end

--- One tick: holds or takes the lease, and begins a sweep if it is ours and time.
-- @tparam boolean premature whether nginx ends this worker
function Refresher:tick(premature)
    if premature or self.host.exiting() then
        self.lease:release()
        return
    elseif self.stopped then
        return
    end
    local ours, err = self.lease:hold()
    log_own(self, "logged_lease", "error", err and lease_failure(self, err))
    if not ours or self.running or not is_due(self) then
        return
    end
    self.running = true
    local begun, reason = self.host.begin(function(ends)
        self.running = self.running and not ends
        if self.running then
            run(self)
        end
    end)
    self.running = self.running and begun ~= nil
    log_own(self, "logged_timer", "error", reason and "nginx cannot make a timer, so nothing is refreshed: " .. reason)
end

--- Ends it: it gives the lease back, and what a sweep under way finds is not published.
function Refresher:stop()
    self.stopped = true
    self.lease:release()
end

return M
