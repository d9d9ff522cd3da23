--- The state of the service: its data, keys, settings, ordered faults and journal, in one object that handlers receive.
-- nginx runs one process, so this is the only copy.
-- @module dwsync.emulator.service
local accounts = require "dwsync.emulator.accounts"
local counts = require "dwsync.emulator.counts"
local faults = require "dwsync.emulator.faults"
local journal = require "dwsync.emulator.journal"
local keyring = require "dwsync.emulator.keyring"
local sequence = require "dwsync.emulator.sequence"
local settings = require "dwsync.emulator.settings"
local timestamps = require "dwsync.emulator.timestamps"

local Service = { __name = "dwsync.emulator.service" }
Service.__index = Service

local M = {}

--- Makes a fresh service.
-- @tparam table config what the supervisor wrote: `seed`, `started` (ms), `records`, `new_runs`, and `accounts`, see
--   @{dwsync.emulator.accounts.list}
-- @tparam function clock returns seconds since the epoch, with fraction
-- @treturn Service
function M.new(config, clock)
    local list = accounts.list(config)
    local self = setmetatable({
        config = config,
        real_now = function() return clock() end,
        accounts = list,
        places = {}, -- by the project's id
        home = list[1].places[1], -- where the machine is that the metadata service runs on
        keyring = keyring.new(list),
        faults = faults.new(),
        journal = journal.new(),
        counts = counts.new(),
    }, Service)
    for _, account in ipairs(list) do
        for _, place in ipairs(account.places) do
            self.places[place.id] = place
        end
    end
    self:reset()
    return self
end

--- Returns the service's own idea of the time.
-- @treturn number seconds since the epoch
function Service:now()
    return self.real_now() + self.settings.clock_offset
end

--- Counts a call, and says whether it passes a policy. The window begins with the first call.
-- @tparam {limit=integer,window=number} policy calls, and in how many seconds
-- @treturn boolean
function Service:admit(policy)
    local now, window = self.real_now(), self.window
    if now >= window.opened + policy.window then
        window.opened, window.calls = now, 0
    end
    window.calls = window.calls + 1
    return window.calls <= policy.limit
end

--- Puts settings, clusters, records, locks and throttling back to the start. Keys and tokens issued stay good.
function Service:reset()
    self.settings = settings.defaults()
    self.sequences = {}
    self.notices = {} -- see dwsync.emulator.notices
    self.window = { opened = -math.huge, calls = 0 }
    self.keyring:unlock()
    for _, account in ipairs(self.accounts) do
        if account.bucket then
            account.bucket:fill()
        end
        for _, place in ipairs(account.places) do
            place:reset()
        end
    end
end

--- Finds the first account that fits.
-- @tparam function fits account → boolean
-- @treturn ?table account
function Service:find_account(fits)
    for _, account in ipairs(self.accounts) do
        if fits(account) then
            return account
        end
    end
    return nil
end

--- Finds a cluster anywhere.
-- @param id
-- @treturn ?table cluster
-- @treturn ?dwsync.emulator.place where it is
function Service:find_cluster(id)
    for _, place in pairs(id ~= nil and self.places or {}) do
        local cluster = place:find(id)
        if cluster then
            return cluster, place
        end
    end
    return nil
end

--- Lists the projects of an account, see @{dwsync.emulator.accounts}.
-- @tparam table account
-- @treturn {table,...}
function Service:projects(account)
    return account:projects(self.settings.projects)
end

--- Writes a time as answers do.
-- @tparam number seconds since the epoch
-- @treturn string
function Service:iso(seconds)
    return timestamps.to_iso(seconds, self.settings.expiry_digits)
end

--- Returns the records of a cluster. Only what was changed is kept: all else is made anew.
-- @tparam table cluster
-- @tparam ?boolean to_change
-- @treturn dwsync.emulator.sequence
function Service:records_of(cluster, to_change)
    local records = self.sequences[cluster.id] or sequence.new(cluster, self.config)
    if to_change then
        self.sequences[cluster.id] = records
    end
    return records:reach(self:now() * 1000)
end

return M
