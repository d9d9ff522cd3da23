--- The schedule of a fleet in the database: what is due, who looks at it, and what came of it.
--
-- A claim moves a row's own due date to the end of the lease and counts its epoch up; a completion is let through
-- only with the epoch of its claim. So a collector that dies gives its looks back by doing nothing, and one that was
-- away for longer than its lease changes nothing. Only the clock of the database counts.
-- @module dwsync.fleet.schedule
local claims = require "dwsync.fleet.claims"
local completions = require "dwsync.fleet.completions"
local history_tables = require "dwsync.history.tables"
local listing = require "dwsync.fleet.listing"
local problems_store = require "dwsync.problems.store"
local retention = require "dwsync.fleet.retention"
local rows = require "dwsync.fleet.rows"
local tables = require "dwsync.fleet.tables"

local M = {}

local literal = rows.literal

local Schedule = { __name = "dwsync.fleet.schedule" }
Schedule.__index = Schedule

--- Opens the schedule of a history. Makes its tables where they are missing, unless the history is readonly.
-- @tparam dwsync.history.store history
-- @treturn ?dwsync.fleet.schedule
-- @treturn dwsync.error
function M.open(history)
    local version, err = history_tables.extend(history, tables.part)
    if not version then
        return nil, err
    end
    local problems
    problems, err = problems_store.open(history)
    if not problems then
        return nil, err
    end
    return setmetatable({ history = history, is_missing = version == 0 }, Schedule)
end

local function change(self, work)
    return history_tables.run(self.history, "write", false, work)
end

local function read(self, work)
    return history_tables.run(self.history, "read", nil, work)
end

--- Takes over an inventory: its accounts and the regions that it names. What it no longer names is gone; the clusters
-- of the others are found by looking.
-- @tparam dwsync.fleet.inventory inventory
-- @tparam[opt] table options `keys`: digests of keys, by account; `collector`: the name of who has the inventory
-- @treturn ?boolean
-- @treturn dwsync.error
function Schedule:sync(inventory, options)
    options = options or {}
    return change(self, function(session)
        listing.sync(session, inventory, { keys = options.keys or {}, collector = options.collector })
        return true
    end)
end

--- Claims looks that are due: the oldest of each account, as many as its rate allows.
-- @tparam table claimer `name`, `lease_ms`, `accounts`: names of those that it can ask, nil for all
-- @tparam integer most how many
-- @treturn ?{table,...} items, each with its `epoch`, and `expired`: whether somebody's lease ran out
-- @treturn dwsync.error
-- @treturn number the time by the database's clock, milliseconds
function Schedule:claim(claimer, most)
    local now
    local items, err = change(self, function(session)
        local found
        found, now = claims.claim(session, claimer, most)
        return found
    end)
    return items, err, now
end

--- Gives leases back, so that others can look at once.
-- @tparam {table,...} items
-- @treturn ?boolean
-- @treturn dwsync.error
function Schedule:give_back(items)
    return change(self, function(session)
        claims.give_back(session, items)
        return true
    end)
end

--- Completes looks that changed nothing but dates: those that found what was known, and those that failed.
-- @tparam {{item=table,result=table},...} done
-- @tparam[opt] function plan whom to tell of problems, see dwsync.problems.plan
-- @treturn ?integer how many were refused, because their lease had run out
-- @treturn dwsync.error
function Schedule:complete(done, plan)
    if not done[1] then
        return 0
    end
    return change(self, function(session)
        return completions.unchanged(session, done, plan)
    end)
end

--- Completes looks that found something, in one transaction: of each its records, verdicts, problems and next date, or
-- nothing.
-- @tparam {{item=table,result=table},...} done results with `page` (see dwsync.history.merge), `evaluation`, …
-- @tparam[opt] function plan whom to tell of problems, see dwsync.problems.plan
-- @treturn ?{table,...} of each `through`: whether it was let through, false when the lease had run out; `summary` of
-- the records saved, see dwsync.history.summary; `error`: why the database refused what it found, so that it counts as
-- failed. No `through`: another program writes of its cluster, and nothing was done; try again,
-- or, where `is_outdated`, look again
-- @treturn dwsync.error nothing of any was kept
function Schedule:complete_changed(done, plan)
    if not done[1] then
        return {}
    end
    return change(self, function(session)
        return completions.changed(session, done, plan)
    end)
end

--- Completes a look at what there is: the list is complete, so what it no longer names is gone.
-- @tparam table item of kind "place" or "account"
-- @tparam {table,...} found items: `kind`, `account`, `region`, `cluster_id`, `project_id`, `name`, `interval`
-- @tparam table result without a failure
-- @treturn ?boolean whether it was let through
-- @treturn dwsync.error
function Schedule:complete_discovery(item, found, result)
    return change(self, function(session)
        return completions.discovery(session, item, found, result)
    end)
end

-- ---- collectors -----------------------------------------------------------------------------------

local COUNTS = { "looks", "changed", "failed", "fenced", "expired", "throttled" }

--- Notes that a collector is there, and what it counted since.
-- @tparam table collector `name`, `host`, `pid`, `version`, `state`, `lease_ms`, `counts` (since the last time),
-- `accounts` (names of those in its inventory)
-- @treturn ?boolean whether it was asked to drain
-- @treturn dwsync.error
-- @treturn boolean whether an account of its inventory was forgotten meanwhile, so that it has to sync again
function Schedule:report(collector)
    local told, err = change(self, function(session)
        local now, sums, cells = rows.clock(session), {}, {}
        for i, name in ipairs(COUNTS) do
            sums[i] = ("%s = dwsync_collectors.%s + excluded.%s"):format(name, name, name)
            cells[i] = literal(collector.counts[name] or 0)
        end
        session:rows(([[INSERT INTO dwsync_collectors (name, host, pid, version, state, started_at, seen_at, lease_ms,
            %s, drain) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0)
            ON CONFLICT (name) DO UPDATE SET host = excluded.host,
            pid = excluded.pid, version = excluded.version, state = excluded.state, seen_at = excluded.seen_at,
            lease_ms = excluded.lease_ms, %s]]):format(table.concat(COUNTS, ", "), literal(collector.name),
            literal(collector.host), literal(collector.pid), literal(collector.version), literal(collector.state),
            literal(now), literal(now), literal(collector.lease_ms), table.concat(cells, ", "),
            table.concat(sums, ", ")))
        local forgotten = listing.name_again(session, collector.accounts or {}, now)
        local row = session:rows("SELECT drain FROM dwsync_collectors WHERE name = " .. literal(collector.name))[1]
        return { drain = row[1] == 1, forgotten = forgotten }
    end)
    if not told then
        return nil, err
    end
    return told.drain, nil, told.forgotten
end

--- Asks a collector to end: it claims nothing more.
-- @tparam string name
-- @tparam boolean drain false takes it back
-- @treturn ?boolean whether there is such a collector
-- @treturn dwsync.error
function Schedule:drain(name, drain)
    return change(self, function(session)
        session:rows(("UPDATE dwsync_collectors SET drain = %d WHERE name = %s"):format(drain and 1 or 0,
            literal(name)))
        return session:rows("SELECT 1 FROM dwsync_collectors WHERE name = " .. literal(name))[1] ~= nil
    end)
end

--- Forgets what has been gone for long, see dwsync.fleet.retention.
-- @treturn ?table how many `clusters`, `accounts`, `collectors`
-- @treturn dwsync.error
function Schedule:forget()
    local now, err = read(self, rows.clock)
    if not now then
        return nil, err
    end
    return retention.prune_all(self.history, now - retention.KEPT_MS, { keeps_drained = true })
end

-- ---- asking ---------------------------------------------------------------------------------------

local ITEM_COLUMNS = { "kind", "account", "region", "cluster_id", "project_id", "name", "state", "interval_ms",
    "due_at", "epoch", "leased_by", "looked_at", "asked_at", "longest_gap", "failures", "error", "severity", "seen_at",
    "page_mark", "read_at", "next_at" }
local GONE_COLUMNS = { "account", "region", "cluster_id", "name", "looked_at", "severity", "gone_at" }
local ACCOUNT_COLUMNS = { "account", "rate", "burst", "tokens", "paused_until", "refusals", "proven", "blocked_until",
    "error", "used_at", "state" }
local COLLECTOR_COLUMNS = { "name", "host", "pid", "version", "state", "started_at", "seen_at", "lease_ms", "looks",
    "changed", "failed", "fenced", "expired", "throttled", "drain" }

--- Reads at one moment: sums of what is there, which are few however many clusters there are.
-- @tparam function work see dwsync.history.transaction
-- @return what it returns; nil where there are no tables yet
-- @treturn dwsync.error
function Schedule:read(work)
    if self.is_missing then
        return nil
    end
    return read(self, work)
end

--- Clusters that are gone, the last one first.
-- @treturn ?{table,...} items, each with `gone_at` in milliseconds
-- @treturn dwsync.error
function Schedule:gone()
    if self.is_missing then
        return {}
    end
    return read(self, function(session)
        return rows.of(session, GONE_COLUMNS,
            "dwsync_schedule WHERE kind = 'cluster' AND state = 'gone' ORDER BY gone_at DESC, item_no")
    end)
end

--- All of it, at one moment.
-- @treturn ?table `now`, `items` (those that are not gone), `accounts`, `collectors`; times in milliseconds
-- @treturn dwsync.error
function Schedule:status()
    if self.is_missing then
        return { now = self.history.context.runtime.now() * 1000, items = {}, accounts = {}, collectors = {} }
    end
    return read(self, function(session)
        return { now = rows.clock(session),
            items = rows.of(session, ITEM_COLUMNS,
                "dwsync_schedule WHERE state <> 'gone' ORDER BY kind, account, region, cluster_id"),
            accounts = rows.of(session, ACCOUNT_COLUMNS, "dwsync_accounts WHERE state <> 'gone' ORDER BY account"),
            collectors = rows.of(session, COLLECTOR_COLUMNS, "dwsync_collectors ORDER BY name") }
    end)
end

return M
