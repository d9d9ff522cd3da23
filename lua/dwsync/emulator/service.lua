--- The state of the service: its data, keys, settings, ordered faults and journal, in one object that handlers receive.
-- nginx runs one process, so this is the only copy.
-- @module dwsync.emulator.service

local faults = require "dwsync.emulator.faults"
local journal = require "dwsync.emulator.journal"
local keyring = require "dwsync.emulator.keyring"
local sequence = require "dwsync.emulator.sequence"
local settings = require "dwsync.emulator.settings"
local stories = require "dwsync.emulator.stories"

local Service = {__name = "dwsync.emulator.service"}
Service.__index = Service

local M = {}

--- @tparam table config what the supervisor wrote: `seed`, `started` (ms), `records`, `clusters` (how many bulk ones),
--   `region`, `project_id`, `ak`, `sk`
-- @tparam function clock returns seconds since the epoch, with fraction
-- @treturn Service
function M.new(config, clock)
    local self = setmetatable({
        config = config,
        real_now = function() return clock() end,
        clusters = stories.clusters(config),
        cluster_by_id = {},
        keyring = keyring.new(config.ak, config.sk),
        faults = faults.new(),
        journal = journal.new(),
    }, Service)
    for _, cluster in ipairs(self.clusters) do self.cluster_by_id[cluster.id] = cluster end
    self:reset()
    return self
end

--- The service's own idea of the time.
-- @treturn number seconds since the epoch
function Service:now()
    return self.real_now() + self.settings.clock_offset
end

--- Settings, data and locks as at the start.
function Service:reset()
    self.settings = settings.defaults()
    self.sequences = {}
    self.keyring:unlock()
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
