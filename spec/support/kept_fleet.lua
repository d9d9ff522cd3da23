--- A fleet in a database, as collectors leave it: for specs of what reads it. Nobody is asked for anything.
local errors = require "dwsync.errors"
local fleets = require "spec.support.fleet"
local health = require "dwsync.health"
local histories = require "dwsync.history"
local history_tables = require "dwsync.history.tables"
local inventories = require "dwsync.fleet.inventory"
local merge = require "dwsync.history.merge"
local schedules = require "dwsync.fleet.schedule"

local M = {}

local Fleet = {}
Fleet.__index = Fleet

local LEASE_MS = 90000

--- Claims what is due, after everything was made due, and gives all but one look back.
local function claim(self, kind, id)
    self:sql "UPDATE dwsync_schedule SET due_at = 0, leased_by = NULL"
    self:sql "UPDATE dwsync_accounts SET tokens = 1000, burst = 1000, proven = 1"
    local chosen, rest = nil, {}
    for _, item in ipairs(assert(self.schedule:claim({ name = "spec", lease_ms = LEASE_MS }, 1000))) do
        if item.kind == kind and item.cluster_id == (id or "") then
            chosen = item
        else
            rest[#rest + 1] = item
        end
    end
    assert(self.schedule:give_back(rest))
    self:sql "UPDATE dwsync_schedule SET due_at = planned_at WHERE due_at = 0"
    return assert(chosen, "there is no such look")
end

--- Makes one with an account "hq" in cn-north-4, and a collector that is alive.
-- @tparam string target
-- @tparam {{id=string,name=?string},...} clusters
-- @treturn table
function M.make(target, clusters)
    local history = assert(histories.open(target))
    local self = setmetatable({ history = history, schedule = assert(schedules.open(history)), marks = 0 }, Fleet)
    assert(self.schedule:sync(assert(inventories.check { accounts = { hq = { regions = { "cn-north-4" },
        rate = 1000 } } })))
    self:discover(clusters)
    self:report "running"
    return self
end

--- Runs a statement.
function Fleet:sql(statement)
    return assert(history_tables.run(self.history, "write", false, function(session)
        return session:rows(statement)
    end))
end

--- Completes a look at which clusters there are.
function Fleet:discover(clusters)
    local found = {}
    for i, cluster in ipairs(clusters) do
        found[i] = { kind = "cluster", account = "hq", region = "cn-north-4", cluster_id = cluster.id,
            name = cluster.name, interval = 60 }
    end
    assert(self.schedule:complete_discovery(claim(self, "place"), found, { requests = 1 }))
end

--- A collector says that it is there, or that it ended.
function Fleet:report(state)
    assert(self.schedule:report { name = "spec", host = "host", pid = 1, version = "1", state = state,
        lease_ms = LEASE_MS, counts = {} } ~= nil)
end

--- Completes a look that found records.
function Fleet:look(id, records)
    self.marks = self.marks + 1
    local evaluation = health.evaluate(records, nil, os.time())
    local newest = records[1] and records[1].start_time
    assert(fleets.complete_changed(self.schedule, claim(self, "cluster", id), { mark = "m" .. self.marks, requests = 1,
        read_whole = true, page = merge.read(records), evaluation = evaluation, severity = evaluation.severity,
        seen_at = newest, changed = true }))
end

--- Completes a look that found what the last one found.
function Fleet:look_again(id)
    local item = claim(self, "cluster", id)
    assert(self.schedule:complete { { item = item, result = { mark = item.page_mark, requests = 1 } } })
end

--- Completes a look that failed; with a `code` for which synchronisation is off, that is what the cluster is.
function Fleet:fail(id, fields)
    local err = errors.new(fields)
    local item = claim(self, "cluster", id)
    assert(self.schedule:complete { { item = item, result = { failure = err, error = errors.summary(err, true),
        disabled = errors.is_feature_off(err) and { seen = item.seen_at ~= nil } or nil } } })
end

function Fleet:close()
    self.history:close()
end

return M
