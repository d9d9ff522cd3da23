--- A fleet's schedule with clusters in it, for specs that look at what is made of it.
local history = require "dwsync.history"
local history_tables = require "dwsync.history.tables"
local inventories = require "dwsync.fleet.inventory"
local schedules = require "dwsync.fleet.schedule"

local M = {}

local Filled = {}
Filled.__index = Filled

local CREDENTIALS = { source = "environment" }

--- Makes one: the accounts hq (10 requests a second) and shop (1), and clusters that were found, but not looked at.
-- @tparam string target of the history
-- @tparam {[string]=integer} clusters how many, by account
-- @treturn table with `store` and `schedule`
function M.fill(target, clusters)
    local store = assert(history.open(target))
    local self = setmetatable({ store = store, schedule = assert(schedules.open(store)) }, Filled)
    assert(self.schedule:sync(assert(inventories.check { lease = 3600, accounts = {
        hq = { credentials = CREDENTIALS, regions = { "cn-north-4" }, rate = 10 },
        shop = { credentials = CREDENTIALS, regions = { "cn-north-4" }, rate = 1 } } })))
    for _, place in ipairs(assert(self.schedule:claim({ name = "maker", lease_ms = 3600000 }, 10))) do
        local found = {}
        for i = 1, clusters[place.account] or 0 do
            local name = ("%s-%d"):format(place.account, i)
            found[i] = { kind = "cluster", account = place.account, region = place.region, cluster_id = name .. "-id",
                name = name, interval = 60 }
        end
        assert(self.schedule:complete_discovery(place, found, { requests = 1 }))
    end
    self:sql "UPDATE dwsync_accounts SET tokens = 1000, burst = 1000"
    return self
end

--- Changes rows, or asks for them; `$now` is the database's time.
-- @tparam string statement
function Filled:sql(statement)
    return assert(history_tables.run(self.store, "write", false, function(session)
        return session:rows((statement:gsub("%$now", "(SELECT " .. session.clock .. ")")))
    end))
end

--- Notes a collector that is there.
-- @tparam string name
-- @tparam[opt] table counts
function Filled:collector(name, counts)
    assert(self.schedule:report { name = name, host = "m1", pid = 7, version = "1", state = "running", lease_ms = 90000,
        counts = counts or {} } ~= nil)
end

--- Looks at all clusters at once, all of which are ok.
function Filled:look()
    local done = {}
    for i, item in ipairs(assert(self.schedule:claim({ name = "maker", lease_ms = 3600000 }, 1000))) do
        done[i] = { item = item, result = { severity = "ok" } }
    end
    assert(self.schedule:complete(done) == 0)
end

--- Closes it.
function Filled:close()
    self.store:close()
end

return M
