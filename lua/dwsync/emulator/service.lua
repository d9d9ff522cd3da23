--- The state of the service: its data, keys, settings, ordered faults and journal, in one object that handlers receive.
-- nginx runs one process, so this is the only copy.
-- @module dwsync.emulator.service

local account = require "dwsync.emulator.account"
local faults = require "dwsync.emulator.faults"
local journal = require "dwsync.emulator.journal"
local keyring = require "dwsync.emulator.keyring"
local sequence = require "dwsync.emulator.sequence"
local settings = require "dwsync.emulator.settings"
local stories = require "dwsync.emulator.stories"
local throttle = require "dwsync.emulator.throttle"
local timestamps = require "dwsync.emulator.timestamps"
local tokens = require "dwsync.emulator.tokens"

local Service = { __name = "dwsync.emulator.service" }
Service.__index = Service

local M = {}

--- @tparam table config what the supervisor wrote: `seed`, `started` (ms), `records`, `clusters` (how many bulk ones),
--   `region`, `project_id`, `ak`, `sk`, and who the account is: `user`, `user_id`, `password`, `domain`, `domain_id`,
--   `agency`, `agency_id`, `idp_id`
-- @tparam function clock returns seconds since the epoch, with fraction
-- @treturn Service
function M.new(config, clock)
    local self = setmetatable({
        config = config,
        real_now = function() return clock() end,
        clusters = stories.clusters(config),
        cluster_by_id = {},
        keyring = keyring.new(config.ak, config.sk),
        tokens = tokens.new(),
        faults = faults.new(),
        journal = journal.new(),
    }, Service)
    for _, cluster in ipairs(self.clusters) do
        self.cluster_by_id[cluster.id] = cluster
    end
    self:reset()
    return self
end

--- The service's own idea of the time.
-- @treturn number seconds since the epoch
function Service:now()
    return self.real_now() + self.settings.clock_offset
end

--- Settings, data, locks and throttling as at the start. Keys and tokens that were issued stay good.
function Service:reset()
    self.settings = settings.defaults()
    self.sequences = {}
    self.throttle = throttle.new()
    self.keyring:unlock()
end

--- The projects of the account, see @{dwsync.emulator.account.projects}.
-- @treturn {table,...}
function Service:projects()
    return account.projects(self.config, self.settings.projects)
end

--- A time as answers write it.
-- @tparam number seconds since the epoch
-- @treturn string
function Service:iso(seconds)
    return timestamps.to_iso(seconds, self.settings.expiry_digits)
end

--- The records of a cluster.
-- @tparam table cluster
-- @treturn dwsync.emulator.sequence
function Service:records_of(cluster)
    local records = self.sequences[cluster.id]
    if not records then
        records = sequence.new(cluster, self.config)
        self.sequences[cluster.id] = records
    end
    return records
end

return M
