--- A fleet for a spec: the emulator with several accounts, a primary and a standby of PostgreSQL with PgBouncer before
-- each, and collectors as processes of their own; what the database saw of each claim and completion, so that a spec
-- can prove what did not happen. It must not decide what is good: it gives figures.
local cjson = require "cjson"
local emulators = require "spec.support.emulator"
local history = require "dwsync.history"
local patience = require "spec.support.patience"
local pgbouncer = require "spec.support.pgbouncer"
local postgres = require "spec.support.postgres"
local processes = require "spec.support.processes"
local schedules = require "dwsync.fleet.schedule"
local uv = require "luv"

local M = {}

local Fleet = {}
Fleet.__index = Fleet

local REGION = "emu-north-1"

-- Each claim and each completion, whoever it came from: nothing here is unique, so that what happens twice is seen.
local LOG = [[
    CREATE TABLE fleet_log (what text, item_no integer, epoch integer, holder text, expired boolean, looked boolean,
        kind text, account text, at double precision);
    CREATE FUNCTION fleet_note() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE at double precision := extract(epoch FROM clock_timestamp()) * 1000;
    BEGIN
        IF NEW.epoch <> OLD.epoch THEN
            INSERT INTO fleet_log VALUES ('claim', NEW.item_no, NEW.epoch, NEW.leased_by, OLD.leased_by IS NOT NULL,
                false, NEW.kind, NEW.account, at);
        END IF;
        IF NEW.asked_at IS DISTINCT FROM OLD.asked_at THEN
            INSERT INTO fleet_log VALUES ('done', NEW.item_no, NEW.epoch, OLD.leased_by, false,
                NEW.looked_at IS DISTINCT FROM OLD.looked_at, NEW.kind, NEW.account, at);
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER fleet_note AFTER UPDATE ON dwsync_schedule FOR EACH ROW EXECUTE FUNCTION fleet_note();]]

-- How long the longest transaction of a collector took, in a file: seconds.
local MEASURED = [[
local transaction, core, longest = require "dwsync.history.transaction", require "dwsync.core", 0
local run = transaction.run
function transaction.run(...)
    local began = core.monotonic()
    local function ended(...)
        if core.monotonic() - began > longest then
            longest = core.monotonic() - began
            local file = assert(io.open(os.getenv "FLEET_LONGEST", "w"))
            file:write(("%.3f"):format(longest))
            file:close()
        end
        return ...
    end
    return ended(run(...))
end]]

local function write(path, text)
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
end

local function read(path)
    local file = io.open(path)
    local text = file and file:read "*a" or ""
    if file then
        file:close()
    end
    return text
end

-- ---- what there is ----------------------------------------------------------------------------------

-- The key of an account lies in a file, since inventories hold no secrets.
function Fleet:write_key(account, sk)
    write(("%s/%s.key"):format(self.folder, account.name), ("[basic]\nak = %s\nsk = %s\n"):format(account.ak,
        sk or account.sk))
end

--- Writes an inventory.
-- @tparam string name of the file
-- @tparam {string,...} names of the accounts
-- @treturn string its path
function Fleet:inventory(name, names)
    local parts = {}
    for _, account in ipairs(names) do
        parts[#parts + 1] = ([[%s = { credentials = { source = "file", path = %q }, regions = { %q }, rate = %d,
            endpoint = %q, iam_endpoint = %q, ca_file = %q }]]):format(account, ("%s/%s.key"):format(self.folder,
            account), REGION, self.rates[account], self.info.endpoint, self.info.iam_endpoint, self.info.ca_file)
    end
    local path = ("%s/%s.lua"):format(self.folder, name)
    write(path, ("return { interval = %d, lease = %d, discovery = %d, accounts = { %s } }"):format(self.interval,
        self.lease, self.discovery or 3600, table.concat(parts, ", ")))
    return path
end

local function start_databases(self, options)
    self.primary = postgres.start()
    self.standby = options.standby and postgres.start { primary = self.primary.port }
    self.poolers = {}
    for i, server in ipairs { self.primary, self.standby } do
        self.poolers[i] = pgbouncer.start(server, { sessions = 8,
            addresses = "127.0.0.1,127.0.0.2,127.0.0.3,127.0.0.4" })
    end
    local store = assert(history.open(self:url(1)))
    assert(schedules.open(store))
    store:close()
    self:watch(self.primary)
    self.watcher:query(LOG)
end

--- Makes one.
-- @tparam table options `accounts`: a list of {name, clusters, rate}; `interval`, `lease` (seconds); `standby`; what
-- is asked: `slack`, seconds that a look may come late (3: a claim comes within a tick, a look takes some time),
-- and `share`, the least share of the looks that each of three must take (15 %)
-- @treturn table
function M.start(options)
    local self = setmetatable({ interval = options.interval, lease = options.lease, rates = {}, collectors = {},
        folder = assert(uv.fs_mkdtemp "/tmp/dwsync-fleet-XXXXXX"), discovery = options.discovery,
        slack = options.slack or 3, share = options.share or 15 }, Fleet)
    local accounts = {}
    for i, account in ipairs(options.accounts) do
        self.rates[account.name] = account.rate
        accounts[i] = { name = account.name, clusters = account.clusters, rate = account.rate,
            burst = 3 * account.rate, regions = { REGION } }
    end
    self.emulator = emulators.start { accounts = accounts }
    self.info = self.emulator.info
    self.accounts = {}
    for _, account in ipairs(self.info.accounts) do
        self.accounts[account.name] = account
        self:write_key(account)
    end
    start_databases(self, options)
    return self
end

--- Ends all of it.
function Fleet:stop()
    for _, collector in pairs(self.collectors) do
        collector.process:kill "sigkill"
        collector.process:kill "sigcont"
        patience.wait_until(function() return collector.exited end, "a collector to end")
    end
    self.watcher:close()
    for _, pooler in ipairs(self.poolers) do
        pooler.stop()
    end
    self.primary:stop()
    if self.standby then
        self.standby:stop()
    end
    self.emulator:stop()
    processes.run("rm -rf " .. processes.quoted(self.folder))
end

--- The URL of the database through the poolers, which each collector reaches by an address of its own.
-- @tparam integer number of the collector
-- @treturn string
function Fleet:url(number)
    local address, places = "127.0.0." .. number, {}
    for i, pooler in ipairs(self.poolers) do
        places[i] = ("%s:%d"):format(address, pooler.port)
    end
    return (self.primary:url("postgres", #places > 1 and "target_session_attrs=read-write" or nil):gsub("@[^/]+/",
        ("@%s/"):format(table.concat(places, ","))))
end

--- Looks at the tables of a server from now on.
function Fleet:watch(server)
    if self.watcher then
        self.watcher:close()
    end
    self.watcher = server:connection()
end

function Fleet:rows(sql, ...)
    return self.watcher:query(sql:format(...))
end

--- The time by the database's clock, milliseconds.
function Fleet:now()
    return self:rows("SELECT extract(epoch FROM clock_timestamp())::double precision * 1000")[1][1]
end

-- ---- collectors -------------------------------------------------------------------------------------

local function environment(self, name, more)
    local list, own = {}, { FLEET_LONGEST = ("%s/%s.longest"):format(self.folder, name) }
    for variable, value in pairs(more or {}) do
        own[variable] = value
    end
    for variable, value in pairs(uv.os_environ()) do
        if not own[variable] and not variable:find "^HUAWEICLOUD" and not variable:find "^DWSYNC" then
            list[#list + 1] = variable .. "=" .. value
        end
    end
    for variable, value in pairs(own) do
        list[#list + 1] = variable .. "=" .. value
    end
    return list
end

--- Starts a collector.
-- @tparam integer number by which it has its name, c1
-- @tparam string inventory path
-- @tparam[opt] table more `history` in place of the fleet's; `clock`: "+1h", by how much its clock is off; `before`:
-- Lua that its process runs first
function Fleet:collect(number, inventory, more)
    more = more or {}
    local name = "c" .. number
    local faked = more.clock and { FAKETIME = more.clock, FAKETIME_DONT_FAKE_MONOTONIC = "1",
        LD_PRELOAD = processes.run "ls /usr/lib/*/faketime/libfaketime.so.1":match "%S+" }
    local log = assert(uv.fs_open(("%s/%s.log"):format(self.folder, name), "a", 384))
    local collector = { name = name }
    function collector.again()
        self:collect(number, inventory, more)
    end
    collector.process, collector.pid = uv.spawn(uv.exepath(), { stdio = { nil, log, log },
        env = environment(self, name, faked), args = { "-e", MEASURED .. " " .. (more.before or ""), "lua/bin/dwsync",
            "collect", "--fleet", inventory, "--history", more.history or self:url(number), "--name", name,
            "--concurrency", tostring(more.concurrency or 32) } },
        function(code, signal) collector.exited = { code = code, signal = signal } end)
    assert(collector.process, collector.pid)
    uv.fs_close(log)
    self.collectors[name] = collector
end

--- Starts those again that ended, as a service manager does: at its start one gives its database no longer than later,
-- and on a busy machine that may be too short.
function Fleet:revive()
    for name, collector in pairs(self.collectors) do
        if collector.exited then
            self:ended(name)
            return collector.again()
        end
    end
end

--- Sends a signal to a collector.
function Fleet:signal(name, signal)
    self.collectors[name].process:kill(signal)
end

--- Waits for the end of a collector.
-- @treturn table `code`, `signal`
function Fleet:ended(name)
    local collector = self.collectors[name]
    patience.wait_until(function() return collector.exited end, name .. " to end")
    collector.process:close()
    self.collectors[name] = nil
    return collector.exited
end

--- Asks collectors to end in order, and waits for that.
function Fleet:drain(...)
    for _, name in ipairs { ... } do
        self:signal(name, "sigterm")
    end
    for _, name in ipairs { ... } do
        self:ended(name)
    end
end

--- What a collector printed.
function Fleet:printed(name)
    return read(("%s/%s.log"):format(self.folder, name))
end

--- The longest transaction of a collector, seconds.
function Fleet:longest(name)
    return tonumber(read(("%s/%s.longest"):format(self.folder, name))) or 0
end

function Fleet:forget_longest()
    for i = 1, 3 do
        os.remove(("%s/c%d.longest"):format(self.folder, i))
    end
end

--- Lets time pass.
-- @tparam number seconds
-- @tparam[opt] function each called about once a second
function Fleet.pass(_, seconds, each)
    local core = require "dwsync.core"
    local till = core.monotonic() + seconds
    while core.monotonic() < till do
        uv.run "nowait"
        core.sleep(math.min(1, math.max(0, till - core.monotonic())))
        if each then
            each()
        end
    end
end

-- ---- what was seen ----------------------------------------------------------------------------------

--- How many clusters there are, and how many were looked at.
function Fleet:looked(accounts)
    local row = self:rows([[SELECT count(*), count(looked_at) FROM dwsync_schedule
        WHERE kind = 'cluster' AND state <> 'gone' AND account IN ('%s')]], table.concat(accounts, "','"))[1]
    return row[1], row[2]
end

--- Waits until each cluster of the accounts was looked at since a time.
function Fleet:wait_for_looks(accounts, count, since)
    local seen
    patience.wait_until(function()
        seen = self:rows([[SELECT count(*) FROM dwsync_schedule WHERE kind = 'cluster' AND looked_at >= %.0f
            AND state <> 'gone' AND account IN ('%s')]], since or 0, table.concat(accounts, "','"))[1][1]
        return seen >= count
    end, function() return ("%d clusters to be looked at; %d were"):format(count, seen) end)
end

--- The oldest that a cluster's last look ever was, between two times: seconds.
-- @tparam number from milliseconds
-- @tparam[opt] number till
-- @tparam[opt] string condition
function Fleet:oldest(from, till, condition)
    return self:rows([[SELECT coalesce(max(at - last), 0) / 1000 FROM (
            SELECT at, lag(at) OVER (PARTITION BY item_no ORDER BY at) AS last FROM (
                SELECT item_no, at FROM fleet_log WHERE what = 'done' AND looked AND kind = 'cluster' AND %s
                UNION ALL SELECT DISTINCT item_no, %.0f::double precision FROM fleet_log
                WHERE kind = 'cluster' AND %s) AS looks WHERE at <= %.0f) AS gaps
        WHERE at >= %.0f]], condition or "true", till or self:now(), condition or "true", till or self:now(),
        from)[1][1]
end

--- Looks completed more than once, and by others than who claimed them.
function Fleet:doubles()
    return self:rows([[SELECT count(*) FROM (SELECT 1 FROM fleet_log WHERE what = 'done' GROUP BY item_no, epoch
        HAVING count(*) > 1) AS doubles]])[1][1] + self:rows([[SELECT count(*) FROM fleet_log d WHERE d.what = 'done'
        AND NOT EXISTS (SELECT 1 FROM fleet_log c WHERE c.what = 'claim' AND c.item_no = d.item_no
        AND c.epoch = d.epoch AND c.holder = d.holder)]])[1][1]
end

--- What a collector holds: pairs of item and epoch.
function Fleet:held(name)
    return self:rows("SELECT item_no, epoch FROM dwsync_schedule WHERE leased_by = '%s'", name)
end

--- How many of these were completed.
function Fleet:completed(held)
    local count = 0
    for _, row in ipairs(held) do
        count = count + self:rows("SELECT count(*) FROM fleet_log WHERE what = 'done' AND item_no = %d AND epoch = %d",
            row[1], row[2])[1][1]
    end
    return count
end

--- What a collector counted.
function Fleet:counted(name, what)
    local row = self:rows("SELECT %s FROM dwsync_collectors WHERE name = '%s'", what, name)[1]
    return row and row[1] or 0
end

--- How many looks each collector completed since a time.
function Fleet:shares(since)
    local shares = {}
    for _, row in ipairs(self:rows([[SELECT holder, count(*) FROM fleet_log WHERE what = 'done' AND at >= %.0f
        GROUP BY holder]], since)) do
        shares[row[1]] = row[2]
    end
    return shares
end

--- When the first look was completed after a time, milliseconds; nil before that.
function Fleet:first_done(since)
    return self:rows("SELECT min(at) FROM fleet_log WHERE what = 'done' AND at >= %.0f", since)[1][1]
end

--- Gives some clusters of an account another run.
function Fleet:add_runs(account, count)
    local list = self.emulator.program:clusters(account)
    for _ = 1, count do
        self.emulator:admin("POST", "records", { cluster = list[math.random(#list)].id, add = 1 })
    end
end

--- What the emulator counted, by account.
function Fleet:counts()
    return self.emulator:admin("GET", "counts")
end

--- All records of a history: their number, and their text by cluster and id.
-- @tparam string target
-- @tparam {string,...} accounts
function Fleet:records(target, accounts)
    local store = assert(history.open(target, { readonly = true }))
    local records, count = {}, 0
    for _, account in ipairs(accounts) do
        for _, cluster in ipairs(self.emulator.program:clusters(account)) do
            for record in store:each { cluster_id = cluster.id } do
                local fields = {}
                for name, value in pairs(record) do
                    fields[#fields + 1] = cjson.encode { name, value }
                end
                table.sort(fields)
                records[cluster.id .. " " .. record.id] = table.concat(fields)
                count = count + 1
            end
        end
    end
    store:close()
    return records, count
end

return M
