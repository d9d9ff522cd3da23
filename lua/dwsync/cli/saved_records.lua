--- The history that a command judges together with what the service gave: opened when it is first needed, and given up
-- for this look with its first failure, since a verdict must not wait for it.
-- It must not hide a verdict: what cannot be read is said once, and judged without.
-- @module dwsync.cli.saved_records
local files = require "dwsync.files"
local handled = require "dwsync.problems.handled"
local history_location = require "dwsync.cli.history_location"
local names = require "dwsync.history.names"
local problems_store = require "dwsync.problems.store"

local M = {}

local SavedRecords = { __name = "dwsync.cli.saved_records" }
SavedRecords.__index = SavedRecords

local LEAST_SECONDS = 1 -- however long asking the service took
local CACHE_MB = 2 -- each cluster is read once

--- The history that is judged: the one that was named, else the user's own file where there is one.
-- @tparam table args
-- @tparam table context
-- @tparam table settings see dwsync.cli.configuration
-- @treturn ?string target as dwsync.history.open takes it
function M.target(args, context, settings)
    local target, is_default = history_location.target(args, context, settings)
    return target and (not is_default or files.is_readable(target)) and target or nil
end

--- The history of a command. Opens nothing.
-- @tparam table args
-- @tparam table context
-- @tparam table settings see dwsync.cli.configuration
-- @treturn table without effect when no history was named, and the user has none of their own
function M.new(args, context, settings)
    local wanted = not args.input and not args.from_history and M.target(args, context, settings) ~= nil
    return setmetatable({ args = args, context = context, settings = settings, wanted = wanted, told = {} },
        SavedRecords)
end

local function tell(self, err, what)
    local text = (what or "judged without the full history: ") .. err.message
    if not self.told[text] then
        self.told[text] = true
        self.context:note(text, err.hint)
    end
end

--- Begins a look.
-- @tparam function monotonic seconds
-- @tparam number till when the look should have ended, by that clock
function SavedRecords:begin(monotonic, till)
    self.monotonic, self.till, self.failed, self.newest, self.names = monotonic, till, false, nil, nil
end

local function store_of(self)
    if not self.store then
        local seconds = math.max(LEAST_SECONDS, self.till - self.monotonic())
        local err
        self.store, err = history_location.open(true, self.args, self.context, self.settings,
            { timeout = seconds, cache = CACHE_MB })
        if not self.store then
            return nil, err
        end
    elseif self.monotonic() >= self.till then
        return nil, { message = "the time is up", hint = "Raise --timeout." }
    end
    return self.store
end

--- The records to judge a cluster by.
-- @tparam string cluster_id
-- @tparam {table,...} records that the service gave
-- @tparam number now seconds since the epoch
-- @treturn {table,...} those, or a list with what is kept
function SavedRecords:with(cluster_id, records, now)
    if not self.wanted or self.failed then
        return records
    end
    local store, err = store_of(self)
    local list, rest
    if store then
        list, err, rest = store:together(cluster_id, records, { now = now, source = self.args.source })
        self.failed = not list and err.code ~= "damaged"
    else
        self.failed = true
    end
    if err then
        tell(self, err)
    end
    return list or rest or records
end

--- When the newest record that is kept of a cluster began.
-- @tparam string cluster_id
-- @treturn ?integer milliseconds since the epoch; nil when none is kept, or none can be read
function SavedRecords:last_seen(cluster_id)
    if not self.newest and self.wanted and not self.failed then
        local clusters
        local store, err = store_of(self)
        if store then
            clusters, err = store:clusters()
        end
        self.newest, self.failed = {}, not clusters
        for _, cluster in ipairs(clusters or {}) do
            self.newest[cluster.cluster_id] = cluster.last
        end
        if err then
            tell(self, err)
        end
    end
    return (self.newest or {})[cluster_id]
end

--- What a cluster was called last, as far as that is kept.
-- @tparam string cluster_id
-- @treturn ?string
function SavedRecords:name_of(cluster_id)
    if not self.names and self.wanted and not self.failed then
        local store = store_of(self)
        self.names = store and names.all(store) or {} -- an id will do
    end
    return (self.names or {})[cluster_id]
end

--- Adds to verdicts who acknowledged what, and until when it is silenced, as far as that is kept.
-- @tparam {table,...} items
-- @tparam number now seconds since the epoch
function SavedRecords:add_handled(items, now)
    if not self.wanted or self.failed then
        return
    end
    local rows
    local store, err = store_of(self)
    if store then
        store, err = problems_store.open(store)
    end
    if store then
        rows, err = store:rows()
    end
    if rows then
        handled.add(items, rows, math.floor(now * 1000))
    else
        tell(self, err, "not known who acknowledged what: ")
    end
end

--- Ends a look: the next one opens the history anew.
function SavedRecords:close()
    if self.store then
        self.store:close()
        self.store = nil
    end
end

return M
