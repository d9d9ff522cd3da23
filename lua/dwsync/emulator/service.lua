--- The state of the service: its data, keys, settings, ordered faults and journal, in one object that handlers receive.
-- nginx runs one process, so this is the only copy.
-- @module dwsync.emulator.service
local faults = require "dwsync.emulator.faults"
local journal = require "dwsync.emulator.journal"
local keyring = require "dwsync.emulator.keyring"
local sequence = require "dwsync.emulator.sequence"
local settings = require "dwsync.emulator.settings"
local stories = require "dwsync.emulator.stories"
local timestamps = require "dwsync.emulator.timestamps"

local Service = { __name = "dwsync.emulator.service" }
Service.__index = Service

local M = {}

--- Makes a fresh service.
-- @tparam table config what the supervisor wrote: `seed`, `started` (ms), `records`, `clusters` (how many bulk ones),
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
        faults = faults.new(),
        journal = journal.new(),
    }, Service)
    for _, cluster in ipairs(self.clusters) do
        self.cluster_by_id[cluster.id] = cluster
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

--- Puts settings, data, locks and throttling back to the start. Keys and tokens that were issued stay good.
function Service:reset()
    self.settings = settings.defaults()
    self.sequences = {}
    self.window = { opened = -math.huge, calls = 0 }
    self.keyring:unlock()
end

--- Says whether what an order says of a domain fits the account. Each of id and name may be nil.
-- @tparam ?string id
-- @tparam ?string name
-- @treturn boolean
function Service:is_domain(id, name)
    local config = self.config
    return (id or config.domain_id) == config.domain_id and (name or config.domain) == config.domain
end

--- Lists the projects of the account, see @{dwsync.emulator.stories.projects}.
-- @treturn {table,...}
function Service:projects()
    return stories.projects(self.config, self.settings.projects)
end

--- Writes a time as answers do.
-- @tparam number seconds since the epoch
-- @treturn string
function Service:iso(seconds)
    return timestamps.to_iso(seconds, self.settings.expiry_digits)
end

--- Returns the records of a cluster.
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
