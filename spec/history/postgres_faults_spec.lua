-- A history whose PostgreSQL server does not answer: every call ends at its deadline, and the next one connects anew.
local core = require "dwsync.core"
local dwsync = require "dwsync"
local history = require "dwsync.history"
local patience = require "spec.support.patience"
local pgbouncer = require "spec.support.pgbouncer"
local postgres = require "spec.support.postgres"
local processes = require "spec.support.processes"
local stalling_proxy = require "spec.support.stalling_proxy"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local CLUSTER, SECONDS = "cluster", 0.5

-- Two authorities, and what the first says of "localhost".
local CERTIFICATES = [[{
    key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    openssl req -x509 $key -keyout ca.key -out ca.pem -days 2 -subj /CN=ca &&
    openssl req -x509 $key -keyout other.key -out other.pem -days 2 -subj /CN=other &&
    openssl req $key -keyout server.key -out server.csr -subj /CN=localhost &&
    printf 'subjectAltName=DNS:localhost' >names &&
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names
} 2>&1]]

local function records(first, last)
    local list = {}
    for i = first, last or first do
        list[#list + 1] = { id = tostring(i), start_time = i, status = "FINISHED" }
    end
    return list
end

-- A history with time enough for the busiest machine, until it is hurried: what is there to answer must not be late.
local function open(url)
    return assert(history.open(url, { timeout = patience.seconds }))
end

local function hurry(store, seconds)
    store.engine.context.timeout = seconds
end

local function timed_out(doing, result, err)
    assert.is_nil(result)
    assert.equal("timeout", err.kind)
    assert.is_true(err.retryable)
    assert.matches("no answer within 500 ms while " .. doing .. "$", err.message)
    assert.is_nil(err.message:find(postgres.password, 1, true))
end

-- Accepts connections, as the kernel does, and says nothing.
local function with_silence(use)
    local listener = uv.new_tcp()
    assert(listener:bind("127.0.0.1", 0))
    assert(listener:listen(16, function() end))
    use(listener:getsockname().port)
    listener:close()
    uv.run "nowait"
end

describe("a history in PostgreSQL ends at its deadline", function()
    local server
    setup(function()
        server = postgres.start()
    end)
    teardown(function()
        server:stop()
    end)
    after_each(function()
        server:thaw()
    end)

    it("when the server is stopped", function()
        local store = open(server:fresh_url())
        assert(store:save(CLUSTER, records(1)))
        server:freeze()
        hurry(store, SECONDS)
        timed_out("beginning a transaction", store:save(CLUSTER, records(2)))
        timed_out("connecting to it", store:save(CLUSTER, records(2)))
        timed_out("connecting to it", store:stats())
        server:thaw()
        hurry(store, patience.seconds)
        assert.equal(1, store:save(CLUSTER, records(2)).inserted)
        assert.equal(2, #store:records { cluster_id = CLUSTER })
        store:close()
    end)

    it("when a server accepts and never speaks", function()
        with_silence(function(port)
            local url = server:url():gsub(":" .. server.port .. "/", (":%d/"):format(port))
            timed_out("connecting to it", history.open(url, { timeout = SECONDS }))
            timed_out("connecting to it", history.open(url .. "?sslmode=require", { timeout = SECONDS }))
        end)
    end)

    it("or at that of its URL, and says how long that was", function()
        with_silence(function(port)
            local url = server:url():gsub(":" .. server.port .. "/", (":%d/"):format(port))
            local _, err = history.open(url .. "?connect_timeout=1", { timeout = 600 })
            local seconds = tonumber(err.message:match "no answer within ([%d.]+) s while connecting to it$")
            assert.is_true(seconds >= 1 and seconds < 600, err.message)
        end)
    end)

    it("when another program holds a table, and the server gives up, too", function()
        local name = server:create_database()
        local store = open(server:url(name))
        local other, watcher = server:connection(name), server:connection(name)
        other:query "BEGIN"
        other:query "LOCK TABLE dwsync_records"
        hurry(store, SECONDS)
        local err
        patience.wait_until(function() -- on a busy machine it may be late before it gets so far
            local result
            result, err = store:save(CLUSTER, records(1))
            return result or err.message:find "running a statement$"
        end, "it to wait for the table")
        timed_out("running a statement", nil, err)
        patience.wait_until(function()
            return watcher:query("SELECT count(*) FROM pg_locks WHERE NOT granted")[1][1] == 0
        end, "the server to give up")
        other:query "ROLLBACK"
        hurry(store, patience.seconds)
        assert.equal(0, store:stats().records)
        assert.equal(1, store:save(CLUSTER, records(1)).inserted)
        other:close()
        watcher:close()
        store:close()
    end)

    it("when the line drops", function()
        local proxy = stalling_proxy.start(server.port)
        local url = server:fresh_url():gsub(":" .. server.port .. "/", (":%d/"):format(proxy.port))
        local store = open(url)
        assert(store:save(CLUSTER, records(1)))
        proxy.stall()
        hurry(store, SECONDS)
        timed_out("beginning a transaction", store:save(CLUSTER, records(2)))
        timed_out("connecting to it", store:save(CLUSTER, records(2)))
        proxy.go_on()
        hurry(store, patience.seconds)
        assert.equal(1, store:save(CLUSTER, records(1, 2)).inserted)
        store:close()
        proxy.stop()
    end)

    it("and finds the host that answers behind one that does not", function()
        with_silence(function(port)
            local url = server:url():gsub("@127", ("@127.0.0.1:%d,127"):format(port))
            local store = assert(history.open(url, { timeout = 6 }))
            assert.equal("postgres", store:stats().engine)
            store:close()
        end)
    end)

    it("while other functions of a gather go on", function()
        local store = open(server:fresh_url())
        server:freeze()
        hurry(store, 2)
        local order = {}
        local results, errs = dwsync.gather {
            function()
                local result, err = store:save(CLUSTER, records(1))
                order[#order + 1] = "database"
                return result, err
            end,
            function()
                order[#order + 1] = "other"
                require("dwsync.runtime").current().sleep(0.01)
                order[#order + 1] = "other, again"
                return true
            end,
        }
        server:thaw()
        assert.same({ "other", "other, again", "database" }, order)
        assert.same({ [2] = true }, results)
        assert.equal("timeout", errs[1].kind)
        store:close()
    end)

    it("and takes the functions of a gather one after the other", function()
        local store = assert(history.open(server:fresh_url()))
        local functions = {}
        for i = 1, 8 do
            functions[i] = function()
                return store:save(CLUSTER, records(i))
            end
        end
        local results, errs = dwsync.gather(functions)
        assert.same({}, errs)
        assert.equal(8, #results)
        assert.equal(8, store:stats().records)
        store:close()
    end)

    it("and is free again after a function that was abandoned", function()
        local clock = { ahead = 0 }
        local runtimes = require("dwsync.runtime").new()
        local runtime = setmetatable({ monotonic = function() return core.monotonic() + clock.ahead end },
            { __index = runtimes })
        local store = assert(history.open(server:fresh_url(), { timeout = 5, runtime = runtime }))
        local stop = false
        local _, errs = dwsync.gather({
            function()
                return store:pull(CLUSTER, function()
                    stop = true
                    return { id = "a" }
                end, 1)
            end,
        }, { stop = function() return stop end })
        assert.equal("cancelled", errs[1].kind)
        clock.ahead = 10
        assert.equal(1, store:save(CLUSTER, records(2)).inserted)
        store:close()
    end)

    -- Runs a function in a gather and, while its first statement is on its way, another.
    local function while_it_waits(first, second)
        server:freeze()
        return dwsync.gather { first, function()
            local result, err = second()
            server:thaw()
            return result, err
        end }
    end

    it("and does not go on in the session of whoever took over after it", function()
        local clock = { ahead = 0 }
        local runtime = setmetatable({ monotonic = function() return core.monotonic() + clock.ahead end },
            { __index = require("dwsync.runtime").new() })
        local store = assert(history.open(server:fresh_url(), { timeout = 60, runtime = runtime }))
        assert(store:save(CLUSTER, records(1)))
        local results, errs = while_it_waits(function()
            return store:save(CLUSTER, records(2))
        end, function()
            clock.ahead = 100
            server:thaw()
            return store:save(CLUSTER, records(3))
        end)
        assert.equal("timeout", errs[1].kind)
        assert.equal(1, results[2].inserted)
        assert.equal(2, store:stats().records)
        store:close()
    end)

    it("and raises what a closed history raises where it is closed meanwhile", function()
        local store = assert(history.open(server:fresh_url()))
        local results, errs = while_it_waits(function()
            return store:save(CLUSTER, records(1))
        end, function()
            store:close()
            return true
        end)
        assert.same({ [2] = true }, results)
        assert.equal("the history is closed", errs[1])
    end)

    it("and leaves no lock behind with a server that hears nothing more from it", function()
        local url, stop = server:fresh_url(), false
        local store, abandoned = open(url), open(url)
        hurry(abandoned, SECONDS)
        dwsync.gather({ function()
            return abandoned:pull(CLUSTER, function()
                stop = true
                return { id = "a" }
            end, 1)
        end }, { stop = function() return stop end })
        local other = server:connection()
        patience.wait_until(function()
            return other:query [[SELECT count(*) FROM pg_stat_activity
                WHERE state LIKE 'idle in transaction%']][1][1] == 0
        end, "the server to end the transaction")
        assert.equal(1, store:save(CLUSTER, records(2)).inserted)
        other:close()
        abandoned:close()
        store:close()
    end)
end)

describe("a history on two PostgreSQL servers", function()
    it("goes on with the standby that became the primary", function()
        local primary = postgres.start()
        local standby = postgres.start { primary = primary.port }
        local url = primary:url("postgres", "target_session_attrs=read-write"):gsub("@127%.0%.0%.1:%d+",
            ("@127.0.0.1:%d,127.0.0.1:%d"):format(primary.port, standby.port))
        local store = open(url)
        assert(store:save(CLUSTER, records(1)))
        local watcher = standby:connection()
        patience.wait_until(function()
            return watcher:query("SELECT to_regclass('dwsync_records')")[1][1]
                and watcher:query("SELECT count(*) FROM dwsync_records")[1][1] == 1
        end, "the standby to have the record")
        primary:freeze()
        hurry(store, 2)
        local summary, err = store:save(CLUSTER, records(2))
        assert.is_nil(summary)
        assert.equal("timeout", err.kind)
        summary, err = store:save(CLUSTER, records(2)) -- the standby is there, but may not be written
        assert.is_nil(summary)
        assert.equal("timeout", err.kind)
        watcher:query "SELECT pg_promote()"
        hurry(store, 6)
        assert.equal(1, store:save(CLUSTER, records(2)).inserted)
        assert.equal(2, store:stats().records)
        assert.equal(2, watcher:query("SELECT count(*) FROM dwsync_records")[1][1])
        watcher:close()
        store:close()
        standby:stop()
        primary:stop()
    end)
end)

describe("a history behind a pooler of transactions", function()
    it("relies on nothing that a session keeps", function()
        local server = postgres.start()
        local pooler = pgbouncer.start(server)
        local name = server:create_database()
        local setup_connection = server:connection()
        for _, setting in ipairs { "extra_float_digits = -10", "standard_conforming_strings = off" } do
            setup_connection:query(("ALTER DATABASE %s SET %s"):format(name, setting))
        end
        setup_connection:close()
        local first, second = assert(history.open(pooler.url(name))), assert(history.open(pooler.url(name)))
        local list = {}
        for i = 1, 1500 do
            list[i] = { id = "\\'" .. i, start_time = 1747637723055 + i, status = "FINISHED" }
        end
        assert.equal(2, first:pull(CLUSTER, list).pages)
        assert.equal(1500, second:pull(CLUSTER, list).unchanged)
        local count = 0
        for _ in second:each { cluster_id = CLUSTER } do
            count = count + 1
            assert.equal(1500, first:stats().records)
            if count == 3 then
                break
            end
        end
        assert.equal(1500, #first:records { cluster_id = CLUSTER })
        first:close()
        second:close()
        pooler.stop()
        server:stop()
    end)
end)

describe("a history over TLS", function()
    it("believes the certificates of its own authority alone", function()
        temporary.with_folder(function(folder)
            local _, status = processes.run(("cd %s && %s"):format(processes.quoted(folder), CERTIFICATES))
            assert.equal(0, status)
            local server = postgres.start { tls = folder }
            local url = server:url("postgres", "sslmode=verify-full&sslrootcert=" .. folder)
            local store = assert(history.open((url:gsub("127%.0%.0%.1", "localhost")) .. "/ca.pem"))
            assert.equal(0, store:stats().records)
            store:close()
            local none, err = history.open((url:gsub("127%.0%.0%.1", "localhost")) .. "/other.pem")
            assert.is_nil(none)
            assert.matches("certificate verify failed", err.message)
            none, err = history.open(url .. "/ca.pem") -- which the certificate does not name
            assert.is_nil(none)
            assert.matches("does not match", err.message)
            server:stop()
        end)
    end)
end)
