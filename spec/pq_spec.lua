-- dwsync.pq: values, failures, and that it says what to wait for.
local core = require "dwsync.core"
local descriptors = require "spec.support.descriptors"
local patience = require "spec.support.patience"
local postgres = require "spec.support.postgres"
local pq = require "dwsync.pq"
local processes = require "spec.support.processes"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local found, ffi = pcall(require, "ffi") -- nothing else here can fork a Lua
ffi = found and ffi
if ffi then
    ffi.cdef "int fork(void); int waitpid(int, int *, int); unsigned sleep(unsigned); void _exit(int);"
end

local INTEGER = math.type and math.type(1) == "integer"
-- Whether something looks on that finds by itself what is lost, keeps what is freed, and has signals of its own.
local WATCHED = os.getenv "ASAN_OPTIONS" or (os.getenv "LD_PRELOAD" or ""):find("vgpreload", 1, true)
local LEFT_KB = WATCHED and 1 / 0 or 16 * 1024 -- what the allocator may keep

local function resident_kb()
    local file = assert(io.open "/proc/self/status")
    local kb = tonumber(file:read("*a"):match "VmRSS:%s*(%d+)")
    file:close()
    return kb
end

local function growth_kb(times, body)
    collectgarbage()
    local before = resident_kb()
    for _ = 1, times do
        body()
    end
    collectgarbage()
    return resident_kb() - before
end

-- Does what would leave some 60 MB behind each time, if anything; what else the process does may need more once.
local function assert_leaves_nothing(times, body)
    body()
    collectgarbage()
    local files, grown = descriptors.count(), {}
    repeat
        grown[#grown + 1] = growth_kb(times, body)
    until grown[#grown] < LEFT_KB or #grown == 3
    assert.is_true(grown[#grown] < LEFT_KB, ("grew by %s kB"):format(table.concat(grown, ", ")))
    assert.equal(files, descriptors.count())
end

-- A server that answers with what is given, a text for each message that arrives, and then hangs up.
local function connect_to(answers, use)
    local listener, peers = uv.new_tcp(), {}
    assert(listener:bind("127.0.0.1", 0))
    assert(listener:listen(1, function()
        local peer, count = uv.new_tcp(), 0
        listener:accept(peer)
        peers[1] = peer
        peer:read_start(function(_, bytes)
            count = count + 1
            if bytes and answers[count] then
                peer:write(answers[count])
            end
            if not peer:is_closing() and (not bytes or count >= #answers) then
                peer:close()
            end
        end)
    end))
    local raw = assert(pq.connect(("host=127.0.0.1 port=%d sslmode=disable gssencmode=disable user=u"):format(
        listener:getsockname().port), {}))
    local function finish(step)
        while true do
            local state, err = raw[step](raw)
            if state == nil or state == "done" then
                return state, err
            end
            uv.run "nowait"
            core.wait(raw:socket(), state, 0.01)
        end
    end
    use(raw, finish)
    raw:close()
    for _, peer in ipairs(peers) do
        if not peer:is_closing() then
            peer:close()
        end
    end
    listener:close()
    uv.run "nowait"
end

-- A message of the protocol.
local function message(kind, body)
    local length = #body + 4
    return kind .. string.char(0, 0, math.floor(length / 256), length % 256) .. body
end

local WELCOME = message("R", "\0\0\0\0") .. message("Z", "I")

describe("dwsync.pq", function()
    local server, connection
    lazy_setup(function()
        server = postgres.start()
        connection = server:connection()
    end)
    lazy_teardown(function()
        connection:close()
        server:stop()
    end)

    local function failure(sql, ...)
        assert(connection.raw:send(sql, ...))
        while true do
            local state, err = connection.raw:receive()
            if state == nil then
                return err
            end
            assert.not_equal("done", state)
            assert(core.wait(connection.raw:socket(), state, 30))
        end
    end

    it("binds parameters of every type", function()
        local row = connection:query("SELECT $1::text, $2::int8, $3::float8, $4::bool, $5::bool, $6::text, $7::int8",
            "it's \\ ü", 2 ^ 53, 0.1 + 0.2, true, false, nil, -7)[1]
        assert.same({ "it's \\ ü", 2 ^ 53, 0.1 + 0.2, true, false, [7] = -7 }, row)
        if INTEGER then
            assert.equal("integer", math.type(row[2]))
            assert.equal(math.mininteger, connection:query("SELECT $1::int8", math.mininteger)[1][1])
            assert.equal(math.maxinteger, connection:query("SELECT $1::int8", math.maxinteger)[1][1])
        end
        row = connection:query("SELECT $1::float8, $2::float8, $3::float8", 1 / 0, -1 / 0, 0 / 0)[1]
        assert.equal(1 / 0, row[1])
        assert.equal(-1 / 0, row[2])
        assert.not_equal(row[3], row[3])
    end)

    it("gives doubles back to the last bit", function()
        connection:query "SET extra_float_digits = 3"
        for _, number in ipairs { 1 / 3, 5e-324, 1.7976931348623157e308, 1747637723055.125, -1e22, 2 ^ 56 + 16 } do
            assert.equal(number, connection:query("SELECT $1::float8", number)[1][1])
        end
    end)

    it("writes and reads them with a point, whatever the host program's locale", function()
        temporary.with_folder(function(folder)
            -- A comma; a point of two bytes.
            for _, language in ipairs { "de_DE", rawget(_G, "jit") and "ps_AF" or nil } do
                processes.run(("localedef -i %s -f UTF-8 %s/%s.UTF-8 2>&1"):format(language, folder, language))
                assert.equal("0.25 2.5e-300 true\n", (processes.run_lua(([[
                    local pq, core = require "dwsync.pq", require "dwsync.core"
                    assert(os.setlocale(%q))
                    local c = assert(pq.connect(%q, {}))
                    local function finish(step)
                        while true do
                            local state, result = c[step](c)
                            if state ~= "read" and state ~= "write" then return result end
                            core.wait(c:socket(), state, 30)
                        end
                    end
                    finish "poll"
                    assert(c:send("SELECT $1::float8::text, $2::float8::text, $1::float8, $2::float8", 1 / 4,
                        25 / 1e301))
                    local row = finish "receive"[1]
                    print(row[1], row[2], row[3] == 1 / 4 and row[4] == 25 / 1e301)
                ]]):format(language .. ".UTF-8", server:url()), { "LOCPATH=" .. folder }):gsub("\t", " ")))
            end
        end)
    end)

    it("gives other types as text, and NULL as nil", function()
        assert.same({ "1.50", "{1,2}", nil, 3, 4, 0.5 }, connection:query(
            "SELECT 1.50::numeric, ARRAY[1,2], NULL, 3::int2, 4::oid, 0.5::float4")[1])
    end)

    it("returns the rows of the last statement, and how many it changed", function()
        assert.same({ { 2 } }, connection:query "SELECT 1; SELECT 2")
        assert.same({}, connection:query "")
        connection:query "CREATE TEMP TABLE t (a int)"
        assert(connection.raw:send "INSERT INTO t SELECT generate_series(1, 3)")
        local state, rows, count
        repeat
            state, rows, count = connection.raw:receive()
        until state ~= "read" or not core.wait(connection.raw:socket(), "read", 30)
        assert.same({ "done", {}, 3 }, { state, rows, count })
    end)

    it("sends and receives what fills every buffer", function()
        local long = ("x"):rep(8 * 1024 * 1024)
        assert.equal(long, connection:query("SELECT $1::text", long)[1][1])
        assert.equal(20000, #connection:query "SELECT repeat('y', 100) FROM generate_series(1, 20000)")
    end)

    it("returns failures with their SQLSTATE, and goes on", function()
        local err = failure "SELECT 1/0"
        assert.equal("22012", err.code)
        assert.is_true(err.alive)
        assert.matches("division by zero", err.message)
        assert.equal("22012", failure("SELECT 1/0; SELECT 1").code)
        assert.equal("42601", failure("SELECT $1::int; SELECT 2", 1).code)
        assert.same({ { 1 } }, connection:query "SELECT 1")
    end)

    it("takes as many parameters as PostgreSQL does", function()
        if not rawget(_G, "jit") then -- which cannot pass so many
            assert.equal("08P01", failure("SELECT 1", (table.unpack or unpack)({}, 1, 65535)).code) -- luacheck: ignore
        end
    end)

    it("writes a double without an exponent while a bigint can hold it", function()
        assert.equal(999999999999999872, connection:query("SELECT $1::int8", 999999999999999872.0)[1][1])
        assert.equal("22P02", failure("SELECT $1::int8", 1e18).code)
    end)

    it("keeps nothing of results that were handed over", function()
        assert_leaves_nothing(30, function()
            connection:query "SELECT repeat('x', 1048576); SELECT repeat('y', 1048576)"
            failure("DO $$ BEGIN RAISE EXCEPTION '%', repeat('z', 1048576); END $$")
        end)
    end)

    it("keeps nothing of a connection that is closed while a result is under way", function()
        assert_leaves_nothing(8, function()
            local other = server:connection()
            assert(other.raw:send "SELECT repeat('x', 8388608); SELECT repeat('y', 20000); SELECT pg_sleep(1)")
            repeat
                assert(other.raw:receive())
            until not core.wait(other.raw:socket(), "read", 0.1)
            other:close()
        end)
    end)

    it("does not take a failure that there was no memory for as the next statement's", function()
        assert(connection.raw:send "DO $$ BEGIN RAISE EXCEPTION '%', repeat('z', 1048576); END $$")
        local good, err = true, nil
        while good do
            assert(core.wait(connection.raw:socket(), "read", 30))
            good, err = core.call_within(100000, connection.raw.receive, connection.raw)
        end
        assert.equal("not enough memory", err)
        assert.same({ { 1 } }, connection:query "SELECT 1")
    end)

    it("says so when the server ended the connection", function()
        local other = server:connection()
        local pid = other:query("SELECT pg_backend_pid()")[1][1]
        connection:query("SELECT pg_terminate_backend($1, 5000)", pid)
        assert(other.raw:send "SELECT 1")
        local state, err
        repeat
            state, err = other.raw:receive()
        until state ~= "read" or not core.wait(other.raw:socket(), "read", 30)
        assert.is_nil(state)
        assert.is_false(err.alive)
        other:close()
    end)

    it("ends a COPY, which would never end, as a failure", function()
        local other = server:connection()
        assert(other.raw:send "COPY (SELECT 1) TO STDOUT")
        local state, err
        repeat
            state, err = other.raw:receive()
        until state ~= "read" or not core.wait(other.raw:socket(), "read", 30)
        assert.is_nil(state)
        assert.is_false(err.alive)
        other:close()
    end)

    local function copy(raw, sql, rows)
        assert(raw:copy(sql, rows))
        local state, first, second
        repeat
            state, first, second = raw:receive()
        until state ~= "read" and state ~= "both" or not core.wait(raw:socket(), state, 30)
        return state, state and second or first
    end

    it("gives a COPY its rows, however many, and goes on", function()
        local other = server:connection()
        other:query "CREATE TEMPORARY TABLE t (n INTEGER PRIMARY KEY, x TEXT)"
        local rows = {}
        for i = 1, 2000 do
            rows[i] = ("%d\t%s\n"):format(i, ("é"):rep(4096))
        end
        local state, count = copy(other.raw, "COPY t FROM STDIN", table.concat(rows))
        assert.same({ "done", 2000 }, { state, count })
        assert.same({ { 2000, 2000 * 8192 } }, other:query "SELECT count(*), sum(octet_length(x)) FROM t")
        assert.equal("done", (copy(other.raw, "COPY t FROM STDIN", "")))
        state, count = copy(other.raw, "SELECT n FROM t", "3\tc\n")
        assert.same({ "done", 2000 }, { state, count })
        other:close()
    end)

    it("says why a COPY failed, quotes none of its rows, and goes on", function()
        local other = server:connection()
        other:query "CREATE TEMPORARY TABLE t (n INTEGER PRIMARY KEY, x TEXT)"
        for code, rows in pairs { ["23505"] = "1\tJane\n1\tDoe\n", ["22P02"] = "Jane\tDoe\n", ["22P04"] = "1\n",
            ["22021"] = "1\t\255Jane\n" } do
            local rest = ("2\tJane\n"):rep(code == "22P02" and 2000000 or 2) -- for one of them more than leaves at once
            local state, err = copy(other.raw, "COPY t FROM STDIN", rows .. rest)
            assert.is_nil(state)
            assert.same({ code, true }, { err.code, err.alive })
            assert.is_nil(err.message:find("Doe", 1, true))
            assert.same({ { 0 } }, other:query "SELECT count(*) FROM t")
        end
        local _, err = copy(other.raw, "COPY nowhere FROM STDIN", "1\n")
        assert.same({ "42P01", true }, { err.code, err.alive })
        _, err = copy(other.raw, "COPY t FROM STDIN; COPY t FROM STDIN", "1\tx\n")
        assert.is_false(err.alive)
        other:close()
    end)

    it("gives each of several COPYs its own rows, also after one that had no use for them", function()
        local all = {}
        for i = 1, 3 do
            all[i] = server:connection()
            all[i]:query "CREATE TEMPORARY TABLE t (x TEXT)"
            assert.is_nil((copy(all[i].raw, "COPY nowhere FROM STDIN", "nobody\n")))
        end
        for i, one in ipairs(all) do
            assert(one.raw:copy("COPY t FROM STDIN", ("row %d\n"):format(i)))
        end
        for i, one in ipairs(all) do
            local state
            repeat
                state = assert(one.raw:receive())
            until state == "done" or not core.wait(one.raw:socket(), state, 30)
            assert.same({ { "row " .. i } }, one:query "SELECT x FROM t")
            one:close()
        end
    end)

    it("keeps none of a COPY's rows, whether it was given them or not", function()
        local other, number = server:connection(), 0
        other:query "CREATE TEMPORARY TABLE t (x TEXT)"
        local function rows()
            number = number + 1
            return ("%d%s\n"):format(number, ("x"):rep(1000000))
        end
        for _, body in ipairs {
            function() assert.equal("done", (copy(other.raw, "COPY t FROM STDIN", rows()))) end,
            function() assert.is_nil((copy(other.raw, "COPY nowhere FROM STDIN", rows()))) end,
            function() assert.equal("done", (copy(other.raw, "SELECT 1", rows()))) end,
            function()
                local closed = server:connection()
                assert(closed.raw:copy("COPY pg_class FROM STDIN", rows()))
                closed:close()
            end,
        } do
            body() -- what a Lua makes texts in may grow once
            collectgarbage()
            local before = collectgarbage "count"
            for _ = 1, 8 do
                body()
            end
            collectgarbage()
            assert.is_true(collectgarbage "count" - before < 2000)
        end
        other:close()
    end)

    it("asks the server to give up a statement", function()
        local watcher = server:connection()
        assert(connection.raw:send "SELECT pg_sleep(600)")
        assert.equal("read", connection.raw:receive())
        patience.wait_until(function()
            return watcher:query("SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'")[1][1] == 1
        end, "the statement to begin")
        watcher:close()
        assert.is_true(connection.raw:cancel())
        local state, err
        repeat
            state, err = connection.raw:receive()
        until state ~= "read" or not core.wait(connection.raw:socket(), "read", 30)
        assert.is_nil(state)
        assert.equal("57014", err.code)
    end)

    it("speaks UTF-8, whatever its settings say", function()
        local raw = assert(pq.connect(server:url(), { client_encoding = "LATIN1" }))
        local state
        repeat
            state = assert(raw:poll())
        until state == "done" or not core.wait(raw:socket(), state, 30)
        assert.equal("UTF8", raw:parameter "client_encoding")
        assert.is_nil(raw:parameter "no_such_parameter")
        assert.equal("done", (raw:poll())) -- again
        raw:close()
        assert.same({ { "ü" } }, connection:query "SELECT chr(252)")
    end)

    it("refuses what PostgreSQL cannot hold, and a closed connection", function()
        assert.has_error(function() connection.raw:send "SELECT '\0'" end)
        assert.has_error(function() connection.raw:send("SELECT $1", "\0") end)
        assert.has_error(function() connection.raw:send("SELECT $1", {}) end)
        assert.has_error(function() connection.raw:copy("COPY t FROM STDIN\0", "") end)
        assert.has_error(function() connection.raw:copy("COPY t FROM STDIN", 1) end)
        assert.error_matches(function()
            connection.raw:send("SELECT 1", (table.unpack or unpack)({}, 1, 65536)) -- luacheck: ignore unpack
        end, rawget(_G, "jit") and "too many results" or "more parameters than PostgreSQL takes")
        local other = server:connection()
        other:close()
        other:close()
        for _, method in ipairs { "poll", "socket", "send", "copy", "receive", "cancel", "parameter" } do
            assert.has_error(function() other.raw[method](other.raw, "x") end, "the connection is closed")
        end
    end)

    it("shows no password, not even of a text that it cannot read", function()
        local settings = assert(pq.settings "host=a,b port=1,2 user=u password=hidden sslpassword=hidden")
        assert.equal("a,b", settings.host)
        assert.equal("1,2", settings.port)
        for _, value in pairs(settings) do
            assert.is_nil(value:find("hidden", 1, true))
        end
        local host = "host=" .. ("a"):rep(50000)
        assert_leaves_nothing(1200, function()
            pq.settings(host)
        end)
        local long = "password=hidden " .. ("hidden"):rep(100000)
        assert_leaves_nothing(100, function()
            pq.settings(long)
        end)
        local none, err = pq.settings "password=hidden hidden"
        assert.is_nil(none)
        assert.equal("the connection text cannot be read", err.message)
        assert.is_nil(tostring(connection.raw):find(postgres.password, 1, true))
    end)

    it("writes no notice of the server to the standard error output", function()
        local output = processes.run(("%s -e %s 2>&1"):format(processes.quoted(require("luv").exepath()),
            processes.quoted(([[
                local pq, core = require "dwsync.pq", require "dwsync.core"
                local c = assert(pq.connect(%q, {}))
                local function finish(step)
                    repeat
                        local state, result = c[step](c)
                        if state ~= "done" then core.wait(c:socket(), state, 30) end
                    until state == "done"
                end
                finish "poll"
                c:send "DO $$ BEGIN RAISE WARNING 'noise'; END $$"
                finish "receive"
                print "ran"
            ]]):format(server:url()))))
        assert.equal("ran\n", output)
    end)

    it("reports the first of several failures, and keeps none", function()
        local function refusal(code)
            return message("E", "SERROR\0C" .. code .. "\0M" .. ("m"):rep(60000) .. "\0\0")
        end
        local refusals = refusal "11111" .. refusal("22222"):rep(400) .. message("Z", "I")
        connect_to({ WELCOME, refusals, refusals, refusals, "" }, function(raw, finish)
            assert.equal("done", (finish "poll"))
            local function refused()
                assert(raw:send "SELECT 1; SELECT 2")
                local state, err = finish "receive"
                assert.is_nil(state)
                assert.equal("11111", err.code)
                assert.is_true(err.alive)
            end
            refused()
            local before = resident_kb()
            refused()
            refused()
            assert.is_true(resident_kb() - before < LEFT_KB)
        end)
    end)

    it("sends nothing that it would have to wait for", function()
        connect_to({ WELCOME, "" }, function(raw, finish)
            assert.equal("done", (finish "poll"))
            assert.is_true(raw:send("SELECT $1", ("x"):rep(32 * 1024 * 1024))) -- nobody reads it
            assert.equal("both", raw:receive())
        end)
    end)

    -- The threads of this process, and which signals each would take.
    local function blocked_signals()
        local list = {}
        for number in (function() return uv.fs_scandir_next end)(), assert(uv.fs_scandir "/proc/self/task") do
            local file = io.open("/proc/self/task/" .. number .. "/status")
            if file then
                list[number] = file:read("*a"):match "SigBlk:%s*(%x+)"
                file:close()
            end
        end
        return list
    end

    it("asks a few servers at once to give up, in threads that take no signal of the program's", function()
        local welcome = message("R", "\0\0\0\0") .. message("K", "\0\0\0\1\0\0\0\2") .. message("Z", "I")
        connect_to({ welcome, "" }, function(raw, finish)
            assert.equal("done", (finish "poll"))
            local before = blocked_signals()
            for _ = 1, 4 do -- nobody accepts them; a thread of another spec may just be about to end
                local till = core.monotonic() + patience.seconds
                while not raw:cancel() do
                    assert(core.monotonic() < till)
                    core.sleep(0.001)
                end
            end
            assert.is_false(raw:cancel())
            assert.is_true(growth_kb(300000, function() raw:cancel() end) < LEFT_KB)
            local threads = 0
            for number, mask in pairs(blocked_signals()) do
                threads = threads + (before[number] and 0 or 1)
                if before[number] and not WATCHED then
                    assert.equal(before[number], mask)
                elseif not WATCHED then
                    assert.matches("[7f]ffbfeff$", mask) -- all but KILL, STOP and, once it runs, those of glibc
                end
            end
            assert.equal(4, threads)
        end)
    end)

    if ffi then
        it("is not used, nor ended, by a child of fork", function()
            local session = server:connection()
            local pid = session:query("SELECT pg_backend_pid()")[1][1]
            local begun = assert(pq.connect(server:url(), {}))
            assert(begun:poll())
            local child = ffi.C.fork()
            if child == 0 then
                local sent, err = session.raw:send "SELECT 1"
                local state = session.raw:receive()
                local polled = begun:poll()
                begun:close()
                session:close()
                ffi.C._exit(sent == nil and err.alive == false and state == nil and polled == nil and 7 or 1)
            end
            local status = ffi.new "int[1]"
            ffi.C.waitpid(child, status, 0)
            assert.equal(7 * 256, status[0])
            assert.equal(pid, session:query("SELECT pg_backend_pid()")[1][1])
            session:close()
            local step
            repeat
                step = assert(begun:poll())
            until step == "done" or not core.wait(begun:socket(), step, 30)
            assert.equal("done", step)
            begun:close()
        end)
    end
end)

-- Also run where threads are watched (spec/build/threads.sh), so no other program is started here.
describe("dwsync.pq alone", function()
    it("says which libpq is at work", function()
        assert.is_true(pq.version() >= 140000)
    end)

    it("names its classes", function()
        local lookup = assert(pq.lookup "127.0.0.1")
        assert.error_matches(function() lookup.poll(io.stdout) end, "dwsync.pq.lookup expected")
        lookup:close()
        connect_to({ "" }, function(raw)
            assert.error_matches(function() raw.poll(io.stdout) end, "dwsync.pq.connection expected")
        end)
    end)

    it("leaves a lookup's descriptors to no other program", function()
        local function open()
            local numbers = {}
            for number in (function() return uv.fs_scandir_next end)(), assert(uv.fs_scandir "/proc/self/fd") do
                numbers[number] = true
            end
            return numbers
        end
        local before = open()
        local lookup = assert(pq.lookup "127.0.0.1")
        for number in pairs(open()) do
            local file = not before[number] and io.open("/proc/self/fdinfo/" .. number)
            if file then
                local flags = file:read("*a"):match "flags:%s+(%d+)"
                file:close()
                assert.equal("2", flags:match "^0(2)%d%d%d%d%d%d$", number .. ": " .. flags) -- O_CLOEXEC
            end
        end
        lookup:close()
    end)

    it("looks names up beside the caller", function()
        local function answer(name)
            local lookup = assert(pq.lookup(name))
            local state, result = lookup:poll()
            while state == "read" do
                assert(core.wait(lookup:socket(), "read", 60))
                state, result = lookup:poll()
            end
            lookup:close()
            lookup:close()
            assert.has_error(function() lookup:poll() end, "the lookup is closed")
            return state, result
        end
        local state, addresses = answer "127.0.0.1"
        assert.same({ "done", { "127.0.0.1" } }, { state, addresses })
        local _, err = answer "no name at all"
        assert.is_string(err.message)
        assert(pq.lookup "localhost"):close() -- before there is an answer
    end)

    it("does not take an earlier statement's success for that of the last one when the line drops", function()
        connect_to({ WELCOME, message("C", "BEGIN\0") }, function(raw, finish)
            assert.equal("done", (finish "poll"))
            assert(raw:send "BEGIN; COMMIT")
            local state, err = finish "receive"
            assert.is_nil(state)
            assert.is_false(err.alive)
        end)
    end)

    it("ends with a failure whatever a server says", function()
        for _, noise in ipairs { "HTTP/1.1 400 Bad Request\r\n\r\n", ("\0"):rep(64), ("\255"):rep(64), "R",
            "E\0\0\0\4" } do
            connect_to({ noise }, function(_, finish)
                local state, err = finish "poll"
                assert.is_nil(state)
                assert.is_false(err.alive)
                assert.is_nil(err.code)
                assert.matches("^%S.*[^%s]$", err.message)
            end)
            connect_to({ WELCOME, noise }, function(raw, finish)
                assert.equal("done", (finish "poll"))
                assert(raw:send "SELECT 1")
                local state, err = finish "receive"
                assert.is_nil(state)
                assert.is_false(err.alive)
                assert.matches("^%S.*[^%s]$", err.message)
            end)
        end
    end)

    it("is not spoken to before it is made", function()
        connect_to({ WELCOME }, function(raw, finish)
            for _, step in ipairs { { "send", "SELECT 1" }, { "copy", "COPY t FROM STDIN", "" }, { "receive" } } do
                local result, err = raw[step[1]](raw, step[2], step[3])
                assert.is_nil(result)
                assert.same({ message = "the connection is not made yet, or belongs to another process",
                    alive = false }, err)
            end
            assert.equal("done", (finish "poll"))
            assert.is_true(raw:send "SELECT 1")
        end)
    end)

    it("takes a few settings that override", function()
        local settings = { host = "127.0.0.1", port = "1", user = "u", dbname = "d", password = "p",
            sslmode = "disable", application_name = "a", gssencmode = "disable" }
        local raw = pq.connect("", settings)
        if raw then
            raw:close()
        end
        for _, wrong in ipairs { { "a" }, { host = 1 }, { [1.5] = "a" }, { host = true } } do
            assert.error_matches(function() pq.connect("", wrong) end, "settings must be strings by name")
        end
        settings.connect_timeout = "5"
        assert.error_matches(function() pq.connect("", settings) end, "more than 8 settings")
    end)

    it("asks to give up, in threads, a server that may not answer", function()
        local welcome = message("R", "\0\0\0\0") .. message("K", "\0\0\0\1\0\0\0\2") .. message("Z", "I")
        for _ = 1, 20 do
            connect_to({ welcome, "" }, function(raw, finish)
                assert.equal("done", (finish "poll"))
                assert.is_boolean(raw:cancel())
            end)
        end
    end)

    it("looks up as many names at once as it has threads for", function()
        local lookups = {}
        for i = 1, 100 do
            lookups[i] = pq.lookup "127.0.0.1"
            if i % 3 == 0 and lookups[i] then
                lookups[i]:close()
            end
        end
        for i, lookup in pairs(lookups) do
            if i % 3 ~= 0 then
                assert(core.wait(lookup:socket(), "read", 60))
                assert.same({ "done", { "127.0.0.1" } }, { lookup:poll() })
            end
        end
    end)

    if ffi then
        it("wakes who waits for a name though a child of fork holds the pipe, too", function()
            local lookup = assert(pq.lookup "127.0.0.1")
            local child = ffi.C.fork()
            if child == 0 then
                ffi.C._exit(ffi.C.sleep(600))
            end
            assert.is_true(core.wait(lookup:socket(), "read", 30))
            assert(uv.kill(child, "sigkill"))
            ffi.C.waitpid(child, ffi.new "int[1]", 0)
            lookup:close()
        end)
    end
end)
