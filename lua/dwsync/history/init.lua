--- Records kept beyond the service's retention, in a SQLite file or a PostgreSQL database.
-- It must not know where records come from, nor judge them.
--
--    local store = assert(history.open "/var/lib/dwsync/history.db")
--    local summary = assert(store:pull(id, client:sync_records { cluster_id = id }))
--    for record in store:each { cluster_id = id, status = "FAILED" } do print(record.fail_reason) end
--    store:close()
--
-- A record is kept under its cluster and id (without one: see dwsync.history.identity). While RUNNING it is replaced by
-- what comes next; content that changes after the end becomes a new version, the old one is kept, and the id reported.
-- Saving what is there already writes nothing, so that a pull may be repeated at any time, by any number of programs.
-- @module dwsync.history
local checks = require "dwsync.checks"
local core = require "dwsync.core"
local criteria = require "dwsync.history.criteria"
local errors = require "dwsync.errors"
local identity = require "dwsync.history.identity"
local page = require "dwsync.history.page"
local reading = require "dwsync.history.reading"
local schema = require "dwsync.history.schema"
local statements = require "dwsync.history.statements"
local targets = require "dwsync.history.target"
local transaction = require "dwsync.history.transaction"

local M = {}

local Store = { __name = "dwsync.history.store" }
Store.__index = Store

local ENGINES = { sqlite = "dwsync.history.sqlite", postgres = "dwsync.history.postgres" }
local PAGE_SIZE = 1000

local OPTIONS = {
    runtime = { kind = "table", default = core },
    random = { kind = "function", default = math.random },
    timeout = { kind = "number", default = 30 },
}

--- Opens a history; creates it when there is none: a SQLite file readable by its owner only, in a folder that is there
-- already. An older one is brought to the present schema.
-- @tparam string target a file's path, ":memory:", or postgres://user@host:port/database?sslmode=verify-full (a
-- password may stand in the URL, in PGPASSWORD or in ~/.pgpass)
-- @tparam[opt] table options `timeout`: seconds to wait for other writers (30); `runtime`: {now, sleep}; `random`
-- @treturn dwsync.history.store; or nil
-- @treturn dwsync.error kind "config", "storage" or "timeout"
function M.open(target, options)
    if type(target) ~= "string" then
        error(("history.open expects a path or a URL, got a %s"):format(type(target)), 2)
    end
    local checked = checks.arguments(OPTIONS, options or {}, "history.open")
    local place, err = targets.read(target)
    if not place then
        return nil, err
    end
    local context = { shown = place.shown, timeout = checked.timeout, random = checked.random,
        runtime = checked.runtime }
    local engines = require(ENGINES[place.engine])
    local engine
    engine, err = transaction.patiently(context, function()
        return engines.open(place)
    end)
    if not engine then
        return nil, err
    end
    local version
    version, err = schema.migrate(context, engine)
    if not version then
        engine:close()
        return nil, err
    end
    return setmetatable({ engine = engine, context = context, schema_version = version }, Store)
end

function Store:__tostring()
    return ("dwsync.history.store: %s%s"):format(self.context.shown, self.closed and " (closed)" or "")
end

-- ---- arguments ------------------------------------------------------------------------------------

local function check_open(self)
    if self.closed then
        error("the history is closed", 3)
    end
end

local function check_text(value, name)
    if type(value) ~= "string" or value == "" or #value > 256 then
        error(("%s must be a text of 1 to 256 bytes"):format(name), 3)
    end
    return identity.cell(value)
end

-- ---- saving ---------------------------------------------------------------------------------------

local function save(self, cluster, records)
    return page.save(self.engine, self.context, cluster, records)
end

--- Saves records in one transaction: all of them or, with an error, none.
-- @tparam string cluster_id
-- @tparam {table,...} records
-- @treturn table how many were `inserted`, `updated` (RUNNING before), `unchanged`, `late` (RUNNING, but its end is
-- known: not kept) and `refused` (JSON cannot hold it; `refusal` is the first reason), and `revised`: the ids of those
-- that changed after their end. Together as many as there were records
-- @treturn dwsync.error
function Store:save(cluster_id, records)
    check_open(self)
    local cluster = check_text(cluster_id, "cluster_id")
    if type(records) ~= "table" then
        error(("store:save expects a list of records, got a %s"):format(type(records)), 2)
    end
    return save(self, cluster, records)
end

local function iterator_of(records)
    if type(records) == "function" then
        return records
    elseif type(records) ~= "table" then
        error(("store:pull expects an iterator or a list of records, got a %s"):format(type(records)), 3)
    elseif type(records.each) == "function" then
        return records:each()
    end
    local i = 0
    return function()
        i = i + 1
        return records[i]
    end
end

local function add(sum, summary)
    for name, value in pairs(summary) do
        if name == "revised" then
            for _, id in ipairs(value) do
                table.insert(sum.revised, id)
            end
        elseif name == "refusal" then
            sum.refusal = sum.refusal or value
        else
            sum[name] = sum[name] + value
        end
    end
    sum.pages = sum.pages + 1
end

-- Returns the next records and, when the iterator raised, what.
local function next_page(iterator, size)
    local records = {}
    for i = 1, size do
        local good, record = pcall(iterator)
        if not good then
            return records, record
        elseif record == nil then
            break
        end
        records[i] = record
    end
    return records
end

--- Saves everything that an iterator gives, one transaction a page. What came before a failure stays saved.
-- @tparam string cluster_id
-- @tparam function|table records an iterator such as client:sync_records returns, a list, or a sequence of
-- dwsync.records
-- @tparam[opt=1000] integer page_size
-- @treturn table as for `save`, summed up, and `pages`; or nil
-- @treturn dwsync.error the history's, or the one that the iterator raised
-- @treturn table then: what was saved before
function Store:pull(cluster_id, records, page_size)
    check_open(self)
    local cluster = check_text(cluster_id, "cluster_id")
    local iterator = iterator_of(records)
    page_size = page_size or PAGE_SIZE
    if type(page_size) ~= "number" or page_size < 1 or page_size % 1 ~= 0 then
        error("page_size must be an integer of 1 or more", 2)
    end
    local sum = { inserted = 0, updated = 0, unchanged = 0, late = 0, refused = 0, revised = {}, pages = 0 }
    repeat
        local list, raised = next_page(iterator, page_size)
        local summary, err
        if #list > 0 then
            summary, err = save(self, cluster, list)
            if not summary then
                return nil, err, sum
            end
            add(sum, summary)
        end
        if raised and errors.is(raised) then
            return nil, raised, sum
        elseif raised then
            error(raised, 0)
        end
    until #list < page_size
    return sum
end

-- ---- asking ---------------------------------------------------------------------------------------

--- Some records of a cluster, newest start first; those without a start come last.
-- @tparam table query `cluster_id`; optional `since` (inclusive) and `until_` (exclusive): milliseconds; `source`
-- (identity_source_id or _type) and `status`: a text or a list of texts; `limit` (100,000)
-- @treturn {table,...} with `complete`: whether the limit left nothing out; or nil
-- @treturn dwsync.error
function Store:records(query)
    check_open(self)
    local checked = criteria.check(query, "store:records")
    local list, err = reading.list(self.engine, self.context, checked)
    return list, err
end

--- The same as an iterator, which holds a batch at a time and has no limit of its own. It raises the error object,
-- since `for` has no place for one.
-- @tparam table query as for `records`
-- @treturn function
function Store:each(query)
    check_open(self)
    local iterator = reading.each(self.engine, self.context, criteria.check(query, "store:each"))
    return function()
        check_open(self) -- and holds the store: its collector would close what the loop reads
        return iterator()
    end
end

local function read(self, work)
    return transaction.run(self.context, self.engine, "read", nil, work)
end

--- The clusters of which there are records.
-- @treturn {table,...} `cluster_id`, `records` (count), `first` and `last` start (milliseconds; nil when none has one)
-- @treturn dwsync.error
function Store:clusters()
    check_open(self)
    return read(self, function(session)
        local rows = session:rows(statements.clusters)
        for i, row in ipairs(rows) do
            rows[i] = { cluster_id = identity.text(row[1]), records = reading.integer(row[2]),
                first = reading.integer(row[3]), last = reading.integer(row[4]) }
        end
        return rows
    end)
end

--- Every version of a record, oldest first; the last is the present one.
-- @tparam string cluster_id
-- @tparam string record_id an id, or what stood in `revised`
-- @treturn {table,...} `version`, `saved_at` (milliseconds), `record`; empty when there is no such record; or nil
-- @treturn dwsync.error
function Store:versions(cluster_id, record_id)
    check_open(self)
    local cluster = check_text(cluster_id, "cluster_id")
    if type(record_id) ~= "string" or record_id == "" then
        error("record_id must be a text that is not empty", 2)
    end
    return read(self, function(session)
        return reading.versions(session, cluster, record_id)
    end)
end

--- What there is altogether.
-- @treturn table `engine`, `schema_version`, `clusters`, `records`, `versions` (kept from before a change), `first` and
-- `last` start (milliseconds; nil when there is none), `bytes`; or nil
-- @treturn dwsync.error
function Store:stats()
    check_open(self)
    return read(self, function(session)
        return reading.stats(session, self.schema_version)
    end)
end

--- Closes the history. Safe twice; a history that is let go of closes by itself.
function Store:close()
    self.closed = true
    self.engine:close()
end

Store.__gc, Store.__close = Store.close, Store.close

return M
