--- Records kept beyond the service's retention, in a SQLite file or a PostgreSQL database.
--
-- A record is kept under its cluster and id (without one: see dwsync.history.identity). While RUNNING it is replaced by
-- what comes next; content that changes after the end becomes a new version, the old one is kept, and the id reported.
-- Saving what is already there writes nothing, so a pull can be repeated at any time, by any number of programs.
-- @module dwsync.history
-- @usage
-- local store = assert(history.open "/var/lib/dwsync/history.db")
-- local summary = assert(store:pull(id, client:sync_records { cluster_id = id }, { name = "dws-prod" }))
-- for record in store:each { cluster_id = id, status = "FAILED" } do print(record.fail_reason) end
-- store:close()
local accounts = require("dwsync.lazy") "dwsync.history.accounts"
local checks = require "dwsync.checks"
local connection = require "dwsync.history.connection"
local criteria = require "dwsync.history.criteria"
local errors = require "dwsync.errors"
local identity = require "dwsync.history.identity"
local names = require "dwsync.history.names"
local page = require "dwsync.history.page"
local prune = require "dwsync.history.prune"
local reading = require "dwsync.history.reading"
local schema = require "dwsync.history.schema"
local statements = require "dwsync.history.statements"
local together = require "dwsync.history.together"
local transaction = require "dwsync.history.transaction"

local M = {}

local Store = { __name = "dwsync.history.store" }
Store.__index = Store

local PULL = {
    page_size = { kind = "integer", from = 1, default = 1000 },
    name = { kind = "string", empty = true, lines = true },
    spare_name = { kind = "string", empty = true, lines = true },
}
local SAVE = { name = PULL.name, spare_name = PULL.spare_name }

local PRUNE = {
    older_than = { kind = "duration", from = prune.floor, required = true },
    dry_run = { kind = "boolean", default = false },
    now = { kind = "number" },
}

--- Opens a history, and creates it if necessary: a SQLite file readable only by its owner, in an existing folder. One
-- of an older release has to be brought to the present schema first, with `dwsync history migrate`. `readonly` is for
-- questions alone: it makes and changes nothing, fails where there is no history, and reads what may only be read, such
-- as a medium or somebody else's file.
-- @tparam string target a file's path, ":memory:", or postgres://user@host:port/database?sslmode=verify-full (the
-- password comes from the URL, from PGPASSWORD or from ~/.pgpass)
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.readonly whether it is only asked
-- @tparam[opt=30] number options.timeout seconds that a transaction may take, all waiting included: for other writers
-- and for a PostgreSQL server that does not answer
-- @tparam[opt] number options.till when all transactions must have ended, by the runtime's monotonic clock
-- @tparam[opt=64] integer options.cache megabytes of a SQLite file that may be kept in memory
-- @tparam[opt=false] boolean options.show_accounts whether what is judged by it may name accounts that went; else their
-- names are not even read for that
-- @tparam[opt] dwsync.runtime options.runtime whose `now`, `monotonic`, `sleep` and `wait` are used
-- @tparam[opt] function():number options.random in place of math.random
-- @treturn[1] dwsync.history.store
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "config", "storage" or "timeout"
-- @raise for unknown options and arguments of another type
function M.open(target, options)
    if type(target) ~= "string" then
        error(("history.open expects a path or a URL, got a %s"):format(type(target)), 2)
    end
    return connection.open(target, options or {}, "history.open", function(context, engine)
        local version, err = schema.ensure(context, engine)
        return version and setmetatable({ engine = engine, context = context, schema_version = version }, Store), err
    end)
end

function Store:__tostring()
    return ("dwsync.history.store: %s%s"):format(self.context.shown, self.context.closed and " (closed)" or "")
end

-- ---- arguments ------------------------------------------------------------------------------------

local function check_open(self)
    if self.context.closed then
        error("the history is closed", 3)
    end
end

local function check_text(value, name)
    if type(value) ~= "string" or value == "" or #value > 256 then
        error(("%s must be a string of 1 to 256 bytes"):format(name), 3)
    end
    return identity.cell(value)
end

local function check_writable(self)
    if self.context.readonly then
        error("the history was opened with readonly", 3)
    end
end

-- ---- saving ---------------------------------------------------------------------------------------

--- What became of the records that were saved. The counts add up to the number of records.
-- @table dwsync.history.summary
-- @tfield integer inserted
-- @tfield integer updated those that were RUNNING before
-- @tfield integer unchanged
-- @tfield integer late RUNNING, but their end is known: not kept
-- @tfield integer refused not kept, since JSON cannot hold them
-- @tfield[opt] string refusal the first reason
-- @tfield {string,...} revised ids of those that changed after their end
-- @tfield[opt] integer pages how many transactions a `pull` took
-- @tfield[opt] dwsync.error unnamed why the cluster's name could not be kept

--- The records that a query found.
-- @table dwsync.history.list
-- @tfield dwsync.record ...
-- @tfield boolean complete whether the limit left nothing out

--- What a history holds.
-- @table dwsync.history.stats
-- @tfield string engine "sqlite" or "postgres"
-- @tfield integer schema_version
-- @tfield integer clusters
-- @tfield integer records
-- @tfield integer versions those kept from before a change
-- @tfield[opt] integer first earliest start, milliseconds since the epoch
-- @tfield[opt] integer last latest start, milliseconds since the epoch
-- @tfield[opt] integer bytes

--- An open history.
-- @type dwsync.history.store

-- Names go along with records: one that cannot be kept is said, and no failure.
local function with_name(self, cluster_id, given, summary)
    local kept, err = names.keep(self, cluster_id, given)
    summary.unnamed = not kept and err or nil
    return summary
end

--- Saves records in one transaction: all of them or, with an error, none.
-- @tparam string cluster_id
-- @tparam {dwsync.record,...} records
-- @tparam[opt] table options
-- @tparam[opt] string options.name what the service calls the cluster; kept when it is new, or another than before
-- @tparam[opt] string options.spare_name what others call it; kept while no name is known
-- @treturn[1] dwsync.history.summary
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "storage" or "timeout"
-- @raise for arguments of another type, and when the history is closed or readonly
function Store:save(cluster_id, records, options)
    check_open(self)
    local cluster = check_text(cluster_id, "cluster_id")
    if type(records) ~= "table" then
        error(("store:save expects a list of records, got a %s"):format(type(records)), 2)
    end
    local given = checks.arguments(SAVE, options or {}, "store:save")
    check_writable(self)
    local summary, err = page.save(self.engine, self.context, cluster, records)
    return summary and with_name(self, cluster_id, given, summary), err
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

-- Returns the next records and, if the iterator raised something, that.
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
-- @tparam {dwsync.record,...}|dwsync.records|function():?dwsync.record records a list, a sequence of dwsync.records, or
-- an iterator such as client:sync_records returns
-- @tparam[opt] table|integer options an integer is the page_size
-- @tparam[opt=1000] integer options.page_size records a transaction
-- @tparam[opt] string options.name what the service calls the cluster; kept when it is new, or another than before
-- @tparam[opt] string options.spare_name what others call it; kept while no name is known
-- @treturn[1] dwsync.history.summary of all pages
-- @treturn[2] nil
-- @treturn[2] dwsync.error the history's, or the one that the iterator raised
-- @treturn[2] dwsync.history.summary what was saved before
-- @raise for arguments of another type, when the history is closed or readonly, and whatever an iterator raises but
-- error objects
function Store:pull(cluster_id, records, options)
    check_open(self)
    local cluster = check_text(cluster_id, "cluster_id")
    local iterator = iterator_of(records)
    check_writable(self)
    local given = checks.arguments(PULL, type(options) == "table" and options or { page_size = options }, "store:pull")
    local sum = { inserted = 0, updated = 0, unchanged = 0, late = 0, refused = 0, revised = {}, pages = 0 }
    repeat
        local list, raised = next_page(iterator, given.page_size)
        local summary, err
        if #list > 0 then
            summary, err = page.save(self.engine, self.context, cluster, list)
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
    until #list < given.page_size
    return with_name(self, cluster_id, given, sum)
end

-- ---- asking ---------------------------------------------------------------------------------------

--- Some records of a cluster, newest start first; those without a start come last.
-- @tparam table query
-- @tparam string query.cluster_id
-- @tparam[opt] integer query.since milliseconds since the epoch, inclusive
-- @tparam[opt] integer query.until_ milliseconds since the epoch, exclusive
-- @tparam[opt] string|{string,...} query.source identity_source_id or _type
-- @tparam[opt] string|{string,...} query.status
-- @tparam[opt=100000] integer query.limit
-- @treturn[1] dwsync.history.list
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "storage" or "timeout"; "storage" also for records whose content is damaged
-- @treturn[2] dwsync.history.list what could be read, `complete` = false
-- @raise for a query that makes no sense, and when the history is closed
function Store:records(query)
    check_open(self)
    local checked = criteria.check(query, "store:records")
    return reading.list(self.engine, self.context, checked)
end

--- The same as an iterator, which holds a batch at a time and has no limit of its own. It raises the error object,
-- since `for` has no place for one; that of damaged records comes after all others.
-- @tparam dwsync.history.store.records.query query
-- @treturn function():?dwsync.record
-- @raise dwsync.error
function Store:each(query)
    check_open(self)
    local iterator = reading.each(self.engine, self.context, criteria.check(query, "store:each"))
    return function()
        check_open(self) -- also keeps the store alive, whose finalizer would close what the loop reads
        return (iterator())
    end
end

--- What the service gave together with what is kept of a cluster, for dwsync.health: its models compare with weeks, and
-- the service keeps less. Reads as far back as they look. For a run that both have, the service's word counts, unless
-- it says RUNNING where the end is kept.
-- @tparam string cluster_id
-- @tparam {dwsync.record,...} records that the service gave
-- @tparam[opt] table options
-- @tparam[opt] number options.now seconds since the epoch; by default the runtime's clock
-- @tparam[opt] string|{string,...} options.source identity_source_id or _type: only kept records of these
-- @tparam[opt=20000] integer options.limit how many kept records are read, the newest
-- @treturn[1] {dwsync.record,...} records of both, those given first; its `ledger` says how many accounts there were,
-- where that is kept, so that verdicts need not learn it
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "storage" or "timeout"
-- @treturn[2] {dwsync.record,...} those given, with what could be read
-- @raise for arguments of another type, and when the history is closed
-- @usage
-- local list = assert(client:all_sync_records { cluster_id = id })
-- local all, err, rest = store:together(id, list)
-- if err then print(err) end -- judged by the rest: a verdict must not wait for the history
-- local evaluation = health.evaluate(all or rest, settings.thresholds, os.time())
function Store:together(cluster_id, records, options)
    check_open(self)
    local cluster = check_text(cluster_id, "cluster_id")
    if type(records) ~= "table" then
        error(("store:together expects a list of records, got a %s"):format(type(records)), 2)
    end
    local checked = criteria.together(options or {}, "store:together")
    checked.cluster_id, checked.now = cluster, checked.now or self.context.runtime.now()
    local list, err, rest = together.list(self.engine, self.context, records, checked)
    return list, err, rest
end

local function read(self, work)
    return transaction.run(self.context, self.engine, "read", nil, work)
end

--- The clusters of which there are records. `name` is what they were called last, where that is known; `first` and
-- `last` are starts in milliseconds since the epoch; nil when no record has one.
-- @treturn[1] {{cluster_id=string,name=?string,records=integer,first=?integer,last=?integer},...} with `unnamed`, an
-- error, where the names cannot be read
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "storage" or "timeout"
-- @raise when the history is closed
function Store:clusters()
    check_open(self)
    local clusters, err = read(self, function(session)
        local rows = session:rows(statements.clusters)
        for i, row in ipairs(rows) do
            rows[i] = { cluster_id = identity.text(row[1]), records = reading.integer(row[2]),
                first = reading.integer(row[3]), last = reading.integer(row[4]) }
        end
        return rows
    end)
    if not clusters then
        return nil, err
    end
    local called, unnamed = names.all(self)
    for _, cluster in ipairs(clusters) do
        cluster.name = called and called[cluster.cluster_id]
    end
    clusters.unnamed = unnamed
    return clusters
end

--- Every version of a record, oldest first; the last is the present one. `saved_at` is in milliseconds since the epoch.
-- @tparam string cluster_id
-- @tparam string record_id an id, or what was in `revised`
-- @treturn[1] {{version=integer,saved_at=integer,record=dwsync.record},...} empty for an unknown record
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "storage" or "timeout"
-- @raise for arguments of another type, and when the history is closed
function Store:versions(cluster_id, record_id)
    check_open(self)
    local cluster = check_text(cluster_id, "cluster_id")
    if type(record_id) ~= "string" or record_id == "" then
        error("record_id must be a non-empty string", 2)
    end
    return read(self, function(session)
        return reading.versions(session, cluster, record_id, self.context)
    end)
end

--- Counts and sizes of the whole history.
-- @treturn[1] dwsync.history.stats
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "storage" or "timeout"
-- @raise when the history is closed
function Store:stats()
    check_open(self)
    return read(self, function(session)
        return reading.stats(session, self.schema_version)
    end)
end

--- Removes records that are older than a length of time, with their earlier versions; in batches, so that other writers
-- go on meanwhile. What verdicts may rest on stays: 18 weeks. So do runs that have not ended, and the newest record of
-- each cluster.
-- @tparam table options
-- @tparam number|string options.older_than seconds, or "400d"; at least 126 days
-- @tparam[opt=false] boolean options.dry_run only counts
-- @tparam[opt] number options.now seconds since the epoch; by default the runtime's clock
-- @treturn[1] {clusters=integer,records=integer,versions=integer} how many were removed, of how many clusters
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "storage" or "timeout"
-- @treturn[2] {clusters=integer,records=integer,versions=integer} those removed before that
-- @raise for options that make no sense, and when the history is closed or readonly and it is no dry run
function Store:prune(options)
    check_open(self)
    local checked = checks.arguments(PRUNE, options or {}, "store:prune")
    if not checked.dry_run then
        check_writable(self)
    end
    local now = checked.now or self.context.runtime.now()
    return prune.run(self.context, self.engine, { before = (now - checked.older_than) * 1000,
        dry_run = checked.dry_run })
end

-- ---- accounts -------------------------------------------------------------------------------------

--- An account of a database, as the ledger keeps it. Times are milliseconds since the epoch.
-- @table dwsync.history.account
-- @tfield string name foreign text: dwsync.text makes it fit to be shown
-- @tfield[opt] string user_type `COMMON`, `IAM`, `OneAccess`
-- @tfield[opt] boolean login whether it may log in
-- @tfield integer first_seen
-- @tfield[opt] integer came_after the look in which it was not there yet; nil when the first look found it
-- @tfield integer last_seen
-- @tfield[opt] integer gone_at the look in which it was no longer there; it went between `last_seen` and this

--- What a look at the accounts changed.
-- @table dwsync.history.account_summary
-- @tfield integer came
-- @tfield integer went
-- @tfield integer accounts how many there are
-- @tfield boolean is_first the first look, in which nobody is new
-- @tfield[opt] boolean is_late nothing was kept, since a look that began later is kept already

local PULL_ACCOUNTS = { accept_short = { kind = "boolean", default = false } }

--- Looks at the accounts of a cluster, and keeps who is there, who came and who went: in one transaction, and only when
-- the list is complete. Names of people are kept from then on: `prune_accounts` removes those who went.
-- @tparam string cluster_id
-- @tparam function read_list returns a complete list of accounts, as client:all_database_users does; or nil, err
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.accept_short takes for whole a list of which nothing showed whether it goes on
-- (`rests_on` is "page"), although more are missing than runs have deleted
-- @treturn[1] dwsync.history.account_summary
-- @treturn[2] nil
-- @treturn[2] dwsync.error what `read_list` returned, or kind "incomplete", "storage" or "timeout"; nothing was changed
-- @raise for arguments of another type, and when the history is closed or readonly
-- @usage
-- assert(store:pull_accounts(id, function() return client:all_database_users { cluster_id = id } end))
function Store:pull_accounts(cluster_id, read_list, options)
    check_open(self)
    local checked = checks.arguments(PULL_ACCOUNTS, options or {}, "store:pull_accounts")
    local cluster = check_text(cluster_id, "cluster_id")
    if type(read_list) ~= "function" then
        error(("store:pull_accounts expects a function, got a %s"):format(type(read_list)), 2)
    end
    check_writable(self)
    local began, err = accounts.now(self)
    local list
    if began then
        list, err = read_list()
    end
    local summary
    if list then
        summary, err = accounts.save(self, cluster, list, began, checked.accept_short)
    end
    -- A database that fails cannot note it, and says nothing about the service.
    if not summary and began and errors.is(err) and err.kind ~= "storage" then
        accounts.note_failure(self, cluster, err)
    end
    return summary, err
end

local ACCOUNTS = {
    cluster_id = { kind = "string", lines = true, required = true },
    gone = { kind = "boolean" },
    new = { kind = "boolean" },
    at = { kind = "number", expected = "milliseconds since the epoch" },
    since = { kind = "number", expected = "milliseconds since the epoch" },
    until_ = { kind = "number", expected = "milliseconds since the epoch" },
    run = { kind = "string" },
    limit = { kind = "integer", above = 0 },
}

local function accounts_of_run(self, cluster, record_id)
    local versions, err = read(self, function(session)
        return reading.versions(session, cluster, record_id, self.context)
    end)
    if not versions then
        return nil, err
    end
    local record = versions[#versions] and versions[#versions].record
    if not record or type(record.start_time) ~= "number" then
        return nil, errors.new { kind = "config", message = record and "the record has no start_time"
            or "no such record is kept", hint = "dwsync history list shows those that are, with --columns id." }
    end
    local found
    found, err = accounts.of_run(self, cluster, record)
    if found then
        found.record = record
    end
    return found, err
end

--- Accounts that looks found: those who are there, who were there `at` a time, who came (`new`) or went (`gone`); or,
-- with `run`, who came and went while a run ran. That is an inference: the service does not say who made or dropped an
-- account, and accounts of an LDAP source look like those made by hand.
-- @tparam table query
-- @tparam string query.cluster_id
-- @tparam[opt] boolean query.gone those who went; with `since` and `until_` by when they were missed
-- @tparam[opt] boolean query.new those who came; with `since` and `until_` by when they were first seen
-- @tparam[opt] number query.at milliseconds since the epoch
-- @tparam[opt] number query.since milliseconds since the epoch, inclusive
-- @tparam[opt] number query.until_ milliseconds since the epoch, exclusive
-- @tparam[opt] string query.run id of a kept record
-- @tparam[opt] integer query.limit
-- @treturn[1] {dwsync.history.account,...} by name, with `look`, the newest one (`accounts`, `first_at`, `began_at`,
-- `ended_at`), where there was any, and `complete`. With `run`: `came` and `went`, two lists; `others` with the same,
-- of another type than the run's; `record`; `between`: `runs`, `add_count`, `delete_count` of all runs between the
-- same looks; `watched.before` and `watched.after`: whether there were looks before and after it
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "config" for a run that is not kept, "storage" or "timeout"
-- @raise for a query that makes no sense, and when the history is closed
function Store:accounts(query)
    check_open(self)
    local checked = checks.arguments(ACCOUNTS, query, "store:accounts")
    local cluster, chosen = identity.cell(checked.cluster_id), 0
    for _, name in ipairs { "gone", "new", "at", "run" } do
        chosen = chosen + (checked[name] and 1 or 0)
    end
    if chosen > 1 then
        error("store:accounts: gone, new, at and run exclude each other", 2)
    elseif checked.run then
        return accounts_of_run(self, cluster, checked.run)
    end
    return accounts.list(self, cluster, checked)
end

local PRUNE_ACCOUNTS = {
    older_than = { kind = "duration", from = 0, required = true },
    dry_run = { kind = "boolean", default = false },
    now = { kind = "number" },
}

--- Removes the accounts that went longer ago than a length of time. Those who are there stay.
-- @tparam table options
-- @tparam number|string options.older_than seconds, or "90d"
-- @tparam[opt=false] boolean options.dry_run only counts
-- @tparam[opt] number options.now seconds since the epoch; by default the runtime's clock
-- @treturn[1] {accounts=integer,clusters=integer}
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "storage" or "timeout"
-- @treturn[2] {accounts=integer,clusters=integer} those removed before that
-- @raise for options that make no sense, and when the history is closed or readonly and it is no dry run
function Store:prune_accounts(options)
    check_open(self)
    local checked = checks.arguments(PRUNE_ACCOUNTS, options or {}, "store:prune_accounts")
    if not checked.dry_run then
        check_writable(self)
    end
    local now = checked.now or self.context.runtime.now()
    return accounts.prune(self, (now - checked.older_than) * 1000, checked.dry_run)
end

--- Closes the history. Safe to call twice; a history that is no longer referenced closes by itself.
function Store:close()
    self.context.closed = true
    self.engine:close()
end

Store.__gc, Store.__close = Store.close, Store.close

return M
