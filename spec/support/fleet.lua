--- A fleet's schedule for specs, on both engines, with a clock that is set by hand.
local history = require "dwsync.history"
local inventories = require "dwsync.fleet.inventory"
local schedules = require "dwsync.fleet.schedule"
local temporary = require "spec.support.temporary"

local M = {}

--- When the database's clock begins, milliseconds.
M.START = 1747637723000

--- An inventory; accounts have credentials of the environment.
-- @tparam table accounts by name
-- @tparam[opt] table more of the inventory
-- @treturn dwsync.fleet.inventory
function M.inventory(accounts, more)
    local given = { accounts = {} }
    for name, account in pairs(accounts) do
        local copy = { credentials = { source = "environment" } }
        for key, value in pairs(account) do
            copy[key] = value
        end
        given.accounts[name] = copy
    end
    for key, value in pairs(more or {}) do
        given[key] = value
    end
    return assert(inventories.check(given))
end

local Fleet = {}
Fleet.__index = Fleet

--- Opens the schedule once more, as another collector would.
-- @treturn dwsync.fleet.schedule
-- @treturn dwsync.history.store
function Fleet:open()
    local store = assert(history.open(self.target))
    self.stores[#self.stores + 1] = store
    store.engine.clock = ("%d"):format(self.now)
    return assert(schedules.open(store)), store
end

--- Lets time pass for the database.
-- @tparam integer ms
function Fleet:pass(ms)
    self.now = self.now + ms
    for _, store in ipairs(self.stores) do
        store.engine.clock = ("%d"):format(self.now)
    end
end

--- What a query finds.
-- @tparam string sql
-- @treturn {table,...}
function Fleet:rows(sql)
    return assert(self.stores[1].engine:rows(sql))
end

--- A place with clusters that are due now, as a discovery would have found them.
-- @tparam dwsync.fleet.schedule schedule
-- @tparam dwsync.fleet.inventory inventory whose accounts name one region
-- @tparam {[string]={string,...}} clusters by account, ids
function Fleet:fill(schedule, inventory, clusters)
    assert(schedule:sync(inventory))
    local missing = 0
    for _ in pairs(clusters) do
        missing = missing + 1
    end
    while missing > 0 do
        for _, item in ipairs(assert(schedule:claim({ name = "filler", lease_ms = 1000 }, 100))) do
            local found = {}
            for i, id in ipairs(clusters[item.account] or {}) do
                found[i] = { kind = "cluster", account = item.account, region = item.region, cluster_id = id,
                    name = "name-" .. id, project_id = "p", interval = inventory.interval }
            end
            assert(schedule:complete_discovery(item, found, { requests = 1 }))
            missing = missing - 1
        end
        self:pass(10000)
    end
end

--- Completes one look that found something.
-- @tparam dwsync.fleet.schedule schedule
-- @tparam table item
-- @tparam table result
-- @tparam[opt] function plan
-- @treturn ?boolean whether it was let through
-- @treturn dwsync.error
-- @treturn table summary of the records saved
function M.complete_changed(schedule, item, result, plan)
    local outcomes, err = schedule:complete_changed({ { item = item, result = result } }, plan)
    if not outcomes then
        return nil, err
    end
    return outcomes[1].through, outcomes[1].error, outcomes[1].summary
end

--- Uses a fresh fleet, and closes it.
-- @tparam string target of dwsync.history.open
-- @tparam function use
function M.with(target, use)
    local fleet = setmetatable({ target = target, stores = {}, now = M.START }, Fleet)
    local good, reason = pcall(use, fleet)
    for _, store in ipairs(fleet.stores) do
        store:close()
    end
    if not good then
        error(reason, 0)
    end
end

--- Both engines.
-- @tparam function server returns a running spec.support.postgres
-- @treturn {[string]=function} functions that call another with a fresh fleet
function M.engines(server)
    return {
        sqlite = function(use)
            temporary.with_folder(function(folder)
                M.with(folder .. "/history.db", use)
            end)
        end,
        postgres = function(use)
            M.with(server():fresh_url(), use)
        end,
    }
end

return M
