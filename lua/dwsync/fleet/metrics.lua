--- A fleet for Prometheus: what the database says of all of it, and what one collector counted itself.
-- @module dwsync.fleet.metrics
local exposition = require "dwsync.report.exposition"
local tally = require "dwsync.problems.tally"

local M = {}

-- Upper ends, in seconds: fine around a minute, which is the usual interval.
local GAPS = { 1, 5, 10, 11, 15, 30, 31, 45, 60, 61, 63, 75, 90, 120, 180, 300, 600, 1800, 3600, 21600 }

local Metrics = { __name = "dwsync.fleet.metrics" }
Metrics.__index = Metrics

--- Makes the metrics of one collector.
-- @tparam string name the collector's
-- @treturn dwsync.fleet.metrics `database_up` and `sum` (see dwsync.fleet.summary) are set by who reads them
function M.new(name)
    local gaps = { sum = 0, count = 0 }
    for i = 1, #GAPS do
        gaps[i] = 0
    end
    return setmetatable({ name = name, totals = {}, gaps = gaps, database_up = true }, Metrics)
end

--- Notes the time since the last look at a cluster.
-- @tparam number seconds
function Metrics:observe(seconds)
    local gaps = self.gaps
    gaps.sum, gaps.count = gaps.sum + seconds, gaps.count + 1
    for i, upper in ipairs(GAPS) do
        if seconds <= upper then
            gaps[i] = gaps[i] + 1
            return
        end
    end
end

local function of_accounts(field)
    return function(self, add)
        for _, account in ipairs(self.sum and self.sum.accounts or {}) do
            add({ account = account.account, collector = self.name }, account[field])
        end
    end
end

local function in_state(state)
    return function(self, add)
        for _, account in ipairs(self.sum and self.sum.accounts or {}) do
            add({ account = account.account, collector = self.name }, account.state == state and 1 or 0)
        end
    end
end

local function clusters(self, add)
    for _, account in ipairs(self.sum and self.sum.accounts or {}) do
        local function add_state(state, value)
            add({ account = account.account, state = state, collector = self.name }, value)
        end
        add_state("disabled", account.disabled)
        add_state("failing", account.failing)
        add_state("active", account.clusters - account.disabled - account.failing)
    end
end

local function own(read)
    return function(self, add)
        add({ collector = self.name }, read(self))
    end
end

local function of_messages(field, scale)
    return own(function(self)
        return self.sum and self.sum.messages[field] * (scale or 1)
    end)
end

local function problems(self, add)
    for _, state in ipairs(self.sum and tally.STATES or {}) do
        add({ state = state, collector = self.name }, self.sum.messages.states[state])
    end
end

local function total(name)
    return own(function(self) return self.totals[name] or 0 end)
end

local function gaps(self, add)
    local seen = 0
    for i, upper in ipairs(GAPS) do
        seen = seen + self.gaps[i]
        add({ collector = self.name, le = tostring(upper) }, seen, "_bucket")
    end
    add({ collector = self.name, le = "+Inf" }, self.gaps.count, "_bucket")
    add({ collector = self.name }, self.gaps.sum, "_sum")
    add({ collector = self.name }, self.gaps.count, "_count")
end

-- What the database says of all of it: any program that reads the sums can write these, a collector with its name.
local OF_ALL = {
    { "dwsync_fleet_clusters", "Clusters by account: looked at (active), failing, switched off (disabled).", clusters },
    { "dwsync_fleet_late", "Clusters that were not looked at for three intervals.", of_accounts "late" },
    { "dwsync_fleet_overdue_seconds", "By how much the latest look of an account is overdue.", of_accounts "overdue" },
    { "dwsync_fleet_interval_seconds", "How often the clusters of an account should be looked at.",
        of_accounts "interval" },
    { "dwsync_fleet_paced_seconds", "How often its rate allows that.", of_accounts "paced" },
    { "dwsync_fleet_account_blocked", "Whether nothing is sent because the key was refused.", in_state "blocked" },
    { "dwsync_fleet_account_throttled", "Whether the service asked for a pause.", in_state "throttled" },
    { "dwsync_fleet_problems", "Problems by state: what was told, acknowledged, silenced.", problems },
    { "dwsync_fleet_messages_unsent", "Messages that are due and not sent.", of_messages "unsent" },
    { "dwsync_fleet_messages_oldest_seconds", "For how long the oldest of them is.", of_messages("oldest", 0.001) },
    { "dwsync_fleet_messages_given_up", "Messages that a channel refused for good, of those that are kept.",
        of_messages "given_up" },
    { "dwsync_fleet_messages_lost", "Those of the last day of which no other channel was told.", of_messages "lost" },
    { "dwsync_fleet_heartbeat_timestamp_seconds", "When the other side last took a heartbeat.", own(function(self)
        local heartbeat = self.sum and self.sum.heartbeat
        return heartbeat and heartbeat.sent_at and heartbeat.sent_at / 1000 end) },
    { "dwsync_fleet_collectors", "Collectors that are alive.", own(function(self) return self.sum and self.sum.alive
        end) },
    { "dwsync_fleet_timestamp_seconds", "When the database last said all that, by its clock.", own(function(self)
        return self.sum and self.sum.now / 1000 end) },
}

local OF_COLLECTOR = {
    { "dwsync_fleet_database_up", "Whether the database answers, and has room.", own(function(self)
        return self.database_up and 1 or 0 end) },
    { "dwsync_fleet_looks_total", "Looks of this collector.", total "looks", type = "counter" },
    { "dwsync_fleet_changed_total", "Looks that found something new.", total "changed", type = "counter" },
    { "dwsync_fleet_failed_total", "Looks that failed.", total "failed", type = "counter" },
    { "dwsync_fleet_throttled_total", "Looks that the service refused as too many.", total "throttled",
        type = "counter" },
    { "dwsync_fleet_expired_total", "Leases that ran out before the look ended.", total "expired", type = "counter" },
    { "dwsync_fleet_fenced_total", "Looks that were thrown away because somebody else had the lease by then.",
        total "fenced", type = "counter" },
    { "dwsync_fleet_unwritten_total", "Looks that could not be written because the database's storage is full.",
        total "unwritten", type = "counter" },
    { "dwsync_fleet_heartbeats_total", "Heartbeats that this collector sent.", own(function(self)
        return self.heartbeats or 0 end), type = "counter" },
    { "dwsync_fleet_gap_seconds", "Time between two looks at a cluster.", gaps, type = "histogram" },
}

local function render(families, self)
    local parts = {}
    exposition.write(families, self, function(piece)
        parts[#parts + 1] = piece
    end)
    return table.concat(parts)
end

--- What the database says of a fleet.
-- @tparam table sum see dwsync.fleet.summary
-- @treturn string
function M.of_all(sum)
    return render(OF_ALL, { sum = sum })
end

--- What Prometheus scrapes of a collector.
-- @treturn string
function Metrics:render()
    return render(OF_ALL, self) .. render(OF_COLLECTOR, self)
end

return M
