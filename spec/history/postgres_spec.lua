-- What only a history in PostgreSQL does.
local core = require "dwsync.core"
local history = require "dwsync.history"
local postgres = require "spec.support.postgres"
local tables = require "dwsync.history.tables"

local CLUSTER = "cluster"

local function records(first, last)
    local list = {}
    for i = first, last do
        list[#list + 1] = { id = tostring(i), start_time = i, status = "FINISHED" }
    end
    return list
end

describe("a history in PostgreSQL", function()
    local server
    setup(function()
        server = postgres.start()
    end)
    teardown(function()
        server:stop()
    end)

    it("never shows its password", function()
        local secrets = { postgres.password, postgres.encoded_password, "p'w", "p%27w" }
        local function check(text)
            for _, secret in ipairs(secrets) do
                assert.is_nil(text:find(secret, 1, true), text)
            end
        end
        local name = server:create_database()
        local store = assert(history.open(server:url(name)))
        check(tostring(store))
        assert.equal(("dwsync.history.store: postgres://%s@127.0.0.1:%d/%s"):format(postgres.user, server.port, name),
            tostring(store))
        store:close()
        local _, err = history.open(server:url "no_such_database")
        assert.equal("storage", err.kind)
        assert.is_truthy(err.message:find('database "no_such_database" does not exist', 1, true))
        check(tostring(err))
        _, err = history.open((server:url(name):gsub("%%C3%%A9", "wrong")))
        assert.is_truthy(err.message:find("password authentication failed", 1, true))
        check(tostring(err))
        _, err = history.open((server:url(name):gsub("127%.0%.0%.1:%d+", "127.0.0.1:1")))
        assert.is_truthy(err.message:find("refused", 1, true))
        assert.matches("^Check the disk, the permissions and the database server", err.hint)
        check(tostring(err))
        _, err = history.open(server:url(name, "sslmode=require"))
        assert.is_truthy(err.message:find("SSL", 1, true))
        check(tostring(err))
    end)

    it("tries again where the server ended a transaction that two writers had blocked", function()
        local store = assert(history.open(server:fresh_url()))
        local session, refused = store.engine.session, 0
        store.engine.session = setmetatable({ query = function(_, till, sql, ...)
            if sql:find "^INSERT INTO dwsync_records" and refused == 0 then
                refused = refused + 1
                return nil, { code = "40P01", message = "deadlock detected", alive = true }
            end
            return session:query(till, sql, ...)
        end, close = function() session:close() end }, { __index = session })
        assert.equal(2, assert(store:save(CLUSTER, records(1, 2))).inserted)
        assert.equal(1, refused)
        store:close()
    end)

    it("needs a database that can hold every text", function()
        local name = server:create_database "ENCODING 'LATIN1' TEMPLATE template0"
        local store, err = history.open(server:url(name))
        assert.is_nil(store)
        assert.equal("config", err.kind)
        assert.is_truthy(err.message:find("has the encoding LATIN1, which cannot hold every record", 1, true))
    end)

    it("quotes backslashes rightly even where the database reads them", function()
        local name = server:create_database()
        local other = server:connection()
        other:query((("ALTER DATABASE %s SET standard_conforming_strings = off"):format(name)))
        other:close()
        local store = assert(history.open(server:url(name)))
        local record = { id = "\\'); DROP TABLE dwsync_records; --", fail_reason = "\\' \\\\ \\n", start_time = 1 }
        assert(store:save(CLUSTER, { record }))
        assert.same({ record, complete = true }, store:records { cluster_id = CLUSTER })
        store:close()
    end)

    it("keeps the same of many new records, which it copies, as of one, whatever they hold", function()
        local strange = { "\\N", "\\.", "\\", "a\tb", "a\nb\r", "it's", "", "\0", "\\t", "é", "\1\127", "NULL", " x ",
            -1.5, 9007199254740991, 1e300, true, { 1 }, {} }
        local list = {}
        for i, value in ipairs(strange) do
            list[#list + 1] = { id = "a" .. i, start_time = value, status = value, identity_source_id = value,
                add_count = value, fail_reason = value }
            list[#list + 1] = { id = value ~= "" and value or nil, start_time = 1747637723055 + i, status = "FINISHED",
                more = value }
        end
        local name = server:create_database()
        local store, copied = assert(history.open(server:url(name))), 0
        local copy = store.engine.copy
        store.engine.copy = function(...)
            copied = copied + 1
            return copy(...)
        end
        assert.equal(#list, assert(store:save("many", list)).inserted)
        assert.equal(1, copied)
        for _, record in ipairs(list) do
            assert.equal(1, assert(store:save("one", { record })).inserted)
        end
        assert.equal(1, copied)
        assert.equal(#list, assert(store:save("many", list)).unchanged)
        local columns = "record_id, version, status, identity_source_id, identity_source_type, start_time, end_time, "
            .. "add_count, update_count, delete_count, failed_count, content FROM dwsync_records WHERE cluster_no = "
        local other = server:connection(name)
        assert.same({}, other:query(("SELECT %s1 EXCEPT SELECT %s2"):format(columns, columns)))
        assert.same({}, other:query(("SELECT %s2 EXCEPT SELECT %s1"):format(columns, columns)))
        other:close()
        assert.same(store:records { cluster_id = "one" }, store:records { cluster_id = "many" })
        store:close()
    end)

    it("comes to an end where the database shows numbers with few digits", function()
        local store = assert(history.open(server:fresh_url() .. "%20-cextra_float_digits%3D-10"))
        store:pull(CLUSTER, records(1747637723001, 1747637725100))
        local count = 0
        for _ in store:each { cluster_id = CLUSTER } do
            count = count + 1
            assert.is_true(count <= 2100)
        end
        assert.equal(2100, count)
        assert.equal(1747637725100, store:clusters()[1].last)
        store:close()
    end)

    it("writes nothing when nothing of a pull is new", function()
        local name = server:create_database()
        local store = assert(history.open(server:url(name)))
        assert(store:pull(CLUSTER, records(1, 2500)))
        local other = server:connection(name)
        local function state()
            return other:query("SELECT pg_snapshot_xmax(pg_current_snapshot()), "
                .. "(SELECT string_agg(ctid::text || xmin::text, ',' ORDER BY record_id) FROM dwsync_records)")
        end
        local before = state()
        assert.equal(2500, store:pull(CLUSTER, records(1, 2500)).unchanged)
        history.open(server:url(name)):close()
        assert.same(before, state())
        assert(store:save(CLUSTER, records(2501, 2501)))
        assert.not_same(before, state())
        other:close()
        store:close()
    end)

    it("waits for another writer of the same cluster, not for one of another", function()
        local name = server:create_database()
        local other = server:connection(name)
        local world = { time = 1761389392, sleeps = 0 }
        local runtime = { now = os.time, monotonic = function() return world.time end, wait = core.wait }
        function runtime.sleep(seconds)
            world.time, world.sleeps = world.time + seconds, world.sleeps + 1
            if world.sleeps == 3 then
                other:query "ROLLBACK"
            end
        end
        local store = assert(history.open(server:url(name), { runtime = runtime, timeout = 5 }))
        other:query "BEGIN"
        other:query(("SELECT pg_advisory_xact_lock(%d, hashtext('%s'))"):format(0x647773, CLUSTER))
        assert.equal(1, store:save("another", records(1, 1)).inserted)
        assert.equal(0, world.sleeps)
        assert.equal(1, store:save(CLUSTER, records(1, 1)).inserted)
        assert.equal(3, world.sleeps)

        other:query "BEGIN"
        other:query(("SELECT pg_advisory_xact_lock(%d, hashtext('%s'))"):format(0x647773, CLUSTER))
        local summary, err = store:save(CLUSTER, records(2, 2))
        assert.is_nil(summary)
        assert.equal("timeout", err.kind)
        assert.equal(2, store:stats().records)
        other:close()
        store:close()
    end)

    it("ends at the caller's own deadline, be it sooner than its timeout", function()
        local name, time = server:create_database(), 1000
        local runtime = { now = os.time, monotonic = function() return time end, wait = core.wait,
            sleep = function(seconds) time = time + seconds end }
        local store = assert(history.open(server:url(name), { runtime = runtime, timeout = 30, till = 1002 }))
        local other = server:connection(name)
        other:query "BEGIN"
        other:query(("SELECT pg_advisory_xact_lock(%d, hashtext('%s'))"):format(0x647773, CLUSTER))
        time = 1001
        local summary, err = store:save(CLUSTER, records(1, 1))
        assert.is_nil(summary)
        assert.equal("timeout", err.kind)
        assert.is_true(time >= 1002 and time < 1003)
        other:close()
        store:close()
        time = 1003
        local none
        none, err = history.open(server:url(name), { runtime = runtime, timeout = 30, till = 1002 })
        assert.is_nil(none)
        assert.equal("timeout", err.kind)
    end)

    it("is late, not broken, where the server ended a session that was idle until the deadline", function()
        for at, kind in pairs { [1001] = "storage", [1003] = "timeout" } do
            local name, time, later = server:create_database(), 1000, nil
            local runtime = { now = os.time, wait = core.wait, sleep = function(seconds) time = time + seconds end }
            function runtime.monotonic()
                local now = time
                time = later or time
                return now
            end
            local store = assert(history.open(server:url(name), { runtime = runtime, timeout = 2 }))
            local other = server:connection()
            local done, err = tables.run(store, "write", false, function(session)
                other:query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '"
                    .. name .. "'")
                later = at -- while the statement is on its way
                return session:rows "SELECT 1"
            end)
            assert.same({ nil, kind }, { done, err.kind })
            other:close()
            store:close()
        end
    end)

    it("connects again when the server ended its session", function()
        local name = server:create_database()
        local store = assert(history.open(server:url(name)))
        assert(store:save(CLUSTER, records(1, 1)))
        local other = server:connection()
        other:query(("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '%s'"):format(name))
        assert.equal(1, store:save(CLUSTER, records(1, 2)).inserted)
        other:query(("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '%s'"):format(name))
        assert.equal(2, #store:records { cluster_id = CLUSTER })
        -- and says so when there is nobody to connect to
        other:query(("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '%s'"):format(name))
        other:query((("ALTER DATABASE %s RENAME TO gone"):format(name)))
        local summary, err = store:save(CLUSTER, records(3, 3))
        assert.is_nil(summary)
        assert.is_truthy(err.message:find("does not exist", 1, true))
        summary, err = store:save(CLUSTER, records(3, 3)) -- and again: it is not a crash the second time
        assert.is_nil(summary)
        assert.equal("storage", err.kind)
        other:query((("ALTER DATABASE gone RENAME TO %s"):format(name)))
        assert.equal(1, store:save(CLUSTER, records(3, 3)).inserted)
        other:close()
        store:close()
    end)

    it("shows people a view", function()
        local name = server:create_database()
        local store = assert(history.open(server:url(name)))
        assert(store:save(CLUSTER, { { id = "a", start_time = 1747637723055, delete_count = 7, status = "FINISHED" } }))
        local other = server:connection(name)
        assert.same({ { "cluster", "a", 1747637723055, 7 } },
            other:query("SELECT cluster_id, record_id, start_time, delete_count FROM dwsync_runs"))
        other:close()
        store:close()
    end)
end)
