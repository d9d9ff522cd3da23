local cjson = require "cjson"
local collecting = require "spec.support.collecting"
local command = require "spec.support.command"
local emulators = require "spec.support.emulator"
local files = require "dwsync.files"
local notify_socket = require "spec.support.notify_socket"
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"
local raw_server = require "spec.support.raw_server"
local runbook = require "spec.support.runbook"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local server
setup(function() server = emulators.start { clusters = 5 } end)
teardown(function() server:stop() end)
before_each(function() server:reset() end)

local function fleet(folder, ...)
    return command.run({ "fleet", ... }, { environment = { HOME = folder, DWSYNC_HISTORY = folder .. "/h.sqlite" } })
end

local function await_looks(folder)
    patience.wait_until(function()
        local _, out = fleet(folder, "status", "-o", "json")
        local good, sum = pcall(cjson.decode, out)
        return good and sum.clusters > 10 and sum.unseen == 0
    end, function() return "looks: " .. table.concat({ select(2, fleet(folder, "status")) }, "\n") end)
end

local function with_collector(options, variables, use)
    temporary.with_folder(function(folder)
        collecting.write_inventory(folder, server.info)
        local child = collecting.start(folder, (options:gsub("FOLDER", folder)), variables and variables(folder))
        local good, reason = pcall(use, child, folder)
        child:stop "sigkill"
        assert(good, tostring(reason) .. child.output)
    end)
end

describe("dwsync collect", function()
    it("looks at what there is until SIGTERM, and says only what begins and ends", function()
        with_collector("--name a", nil, function(child, folder)
            assert.equal("collecting 1 account every 1 s, as a", child.ready)
            await_looks(folder)
            patience.wait_until(function() -- on a busy machine looks may be late for a while
                return fleet(folder, "status") == 0
            end, function() return "all to be well: " .. table.concat({ select(2, fleet(folder, "status")) }, "\n") end)
            child.process:kill "sigterm"
            child:wait()
            assert.equal("with status 0", child.exited)
            assert.matches("^dwsync: collecting [^\n]*\ndwsync: ending: looks under way are finished, the others given "
                .. "back\ndwsync: ended after %d+ looks: %d+ new, 0 failed, 0 fenced\n$", child.output)
            assert.matches("\na +ended ", (select(2, fleet(folder, "status"))))
        end)
    end)

    it("serves its metrics, and writes them to a file", function()
        with_collector("--name a --metrics 0 --metrics-file FOLDER/m.prom", nil, function(child, folder)
            local url = child.ready:match "metrics at (http://127.0.0.1:%d+/metrics)$"
            await_looks(folder)
            local function has(text)
                return text:find 'dwsync_fleet_clusters{account="hq",state="active",collector="a"} 1%d\n'
                    and text:find 'dwsync_fleet_gap_seconds_count{collector="a"} [1-9]'
                    and text:find 'dwsync_fleet_database_up{collector="a"} 1\n'
            end
            patience.wait_until(function() return has((processes.run("curl -sS " .. url))) end, "metrics by HTTP")
            patience.wait_until(function() return has(files.read(folder .. "/m.prom") or "") end, "a file of metrics")
            child.process:kill "sigterm"
            child:wait()
            assert.equal("with status 0", child.exited)
        end)
    end)

    it("sends heartbeats, and does not show where to", function()
        temporary.with_folder(function(folder)
            collecting.write_inventory(folder, server.info)
            local inventory = runbook.read(folder .. "/fleet.lua")
            runbook.write(folder .. "/fleet.lua", (inventory:gsub("^return {",
                'return { alerts = { heartbeat = { url = { env = "HEART" } } },')))
            local received = raw_server.with(raw_server.saying(raw_server.answer("200 OK", "OK")), function(receiver)
                local child = collecting.start(folder, "--name a", { HEART = receiver.url .. "/hidden-path" })
                local good, reason = pcall(patience.wait_until, function()
                    local _, out = fleet(folder, "status", "-o", "json")
                    local read, sum = pcall(cjson.decode, out)
                    return read and sum.heartbeat and sum.heartbeat.sent_at
                end, "a heartbeat that was taken")
                child:stop "sigkill"
                assert(good, tostring(reason) .. child.output)
                assert.is_nil(child.output:find("hidden", 1, true))
            end)
            assert.matches("^GET /hidden%-path HTTP/1.1\r\n", received[1])
            assert.is_nil(files.read(folder .. "/h.sqlite"):find("hidden", 1, true))
        end)
    end)

    it("tells a service manager that it is ready, alive, what it does and that it ends", function()
        temporary.with_folder(function(other)
            local receiver = notify_socket.start(other .. "/notify")
            local good, reason = pcall(with_collector, "--name a", function()
                return { NOTIFY_SOCKET = other .. "/notify", WATCHDOG_USEC = "400000" }
            end, function(child)
                receiver:await "READY=1\n"
                receiver:await "STATUS=%d+ clusters, [%d.]+ looks/s here, none late, 1 collector"
                receiver:await "WATCHDOG=1\n.*WATCHDOG=1\n"
                assert.is_nil(receiver:text():find "STOPPING")
                child.process:kill "sigint"
                child:wait()
                receiver:await "STOPPING=1\n"
            end)
            receiver:stop()
            assert(good, reason)
        end)
    end)

    it("ends when it is drained, and says how to take that back", function()
        with_collector("--name a", nil, function(child, folder)
            await_looks(folder)
            assert.equal(0, (fleet(folder, "drain", "a")))
            child:wait()
            assert.equal("with status 0", child.exited)
            assert.matches("dwsync: dwsync fleet drain a: ending\n"
                .. "        Until dwsync fleet drain %-%-undo it will not collect under this name.\n", child.output)
        end)
    end)

    it("says once that an account is refused, and keeps what it knows", function()
        with_collector("--name a", nil, function(child, folder)
            await_looks(folder)
            -- Looks that were under way with the proven key are refused, too.
            server:fault({ status = 401, body = '{"error_code":"APIGW.0301","error_msg":"no"}' },
                { times = cjson.null })
            patience.wait_until(function() return child.output:find "account hq: its key was refused %d+ times" end,
                function() return "a refusal, but: " .. child.output end)
            patience.wait_until(function()
                local status, out = fleet(folder, "status")
                return status == 1 and out:find "\n! account hq: its key was refused %d+ times, nothing is sent until\n"
                    and out:find "\nhq +blocked "
            end, function() return "the status to say so: " .. select(2, fleet(folder, "status")) end)
        end)
    end)

    it("warns of another of its name", function()
        with_collector("--name a", nil, function(_, folder)
            await_looks(folder)
            local second = collecting.start(folder, "--name a --for 1s")
            second:wait()
            assert.matches("dwsync: a collector a runs on [^\n]* already, process %d+\n        Nothing is lost, but",
                second.output)
        end)
    end)

    it("refuses options that cannot be meant, and a port that is taken", function()
        temporary.with_folder(function(folder)
            collecting.write_inventory(folder, server.info)
            local function refused(...)
                local status, _, err = command.run({ "collect", "--fleet", "/fleet.lua", "--history",
                    folder .. "/h.sqlite", ... }, { files = { ["/fleet.lua"] = runbook.read(folder .. "/fleet.lua") } })
                assert.equal(2, status)
                return err
            end
            assert.matches('--metrics is "0.0.0.0:1", expected PORT, 127.0.0.1:PORT or [::1]:PORT',
                refused("--metrics", "0.0.0.0:1"), 1, true)
            assert.matches("--concurrency is 0, expected an integer from 1 to 512", refused("--concurrency", "0"), 1,
                true)
            assert.matches("--for is \"soon\", ", refused("--for", "soon"), 1, true)
            local socket = uv.new_tcp()
            assert(socket:bind("127.0.0.1", 0))
            assert(socket:listen(1, function() end))
            local port = socket:getsockname().port
            assert.equal(("dwsync: config: --metrics: 127.0.0.1:%d: address already in use.\n"):format(port)
                .. "        Choose a port that is free.\n", refused("--metrics", tostring(port)))
            socket:close()
        end)
    end)
end)

describe("dwsync collect, around what its collector does,", function()
    local collectors, core = require "dwsync.fleet.collector", require "dwsync.core"
    local errors, fleet_file = require "dwsync.errors", require "dwsync.cli.fleet_file"
    local schedules, history = require "dwsync.fleet.schedule", require "dwsync.history"

    -- Runs it with a collector that only calls use(options, is_stopped). Returns status, what it said by lines, and
    -- what the collector was made of.
    local function collect(inventory, arguments, given)
        given = given or {}
        local new, open, made, opened = collectors.new, fleet_file.open, nil, nil
        collectors.new = function(options)
            made = options
            return { totals = given.totals or { looks = 1, changed = 0, failed = 0, fenced = 0, unwritten = 0 },
                sync = function() return not given.sync_error or nil, given.sync_error end,
                run = function(_, is_stopped)
                    if given.use then
                        given.use(options, is_stopped)
                    end
                    return not given.run_error or nil, given.run_error
                end }
        end
        fleet_file.open = function(...)
            opened = select(5, ...)
            return open(...)
        end
        local words = { "collect", "--fleet", "/fleet.lua" }
        for _, word in ipairs(arguments or {}) do
            words[#words + 1] = word
        end
        local status, err
        local good, reason = pcall(temporary.with_folder, function(folder)
            local environment = { HOME = folder, DWSYNC_HISTORY = folder .. "/h.sqlite", HEART = "https://h.example/x",
                HOOK = "https://c.example/x" }
            if given.before then
                local store = assert(history.open(environment.DWSYNC_HISTORY))
                given.before(assert(schedules.open(store)))
                store:close()
            end
            local _ -- nothing is written to stdout
            status, _, err = command.run(words, { environment = environment,
                files = { ["/fleet.lua"] = inventory } })
        end)
        collectors.new, fleet_file.open = new, open
        assert(good, reason)
        local lines = {}
        for line in err:gmatch "[^\n]+" do
            lines[#lines + 1] = line:gsub("^dwsync: ", "")
        end
        return status, lines, made, opened
    end

    local function accounts(...)
        local list = {}
        for i, interval in ipairs { ... } do
            list[i] = ("a%d = { credentials = { source = 'environment' }, regions = { 'cn-north-4' }%s }"):format(i,
                interval and ", interval = " .. interval or "")
        end
        return "accounts = { " .. table.concat(list, ", ") .. " }"
    end

    it("says what it begins with", function()
        local host, pid = uv.os_gethostname(), uv.os_getpid()
        for _, case in ipairs {
            { accounts(false), "collecting 1 account every 1 min, as x" },
            { accounts(false, 600), "collecting 2 accounts every 1 min to 10 min, as x" },
            { accounts(30, 600, 90), "collecting 3 accounts every 30 s to 10 min, as x" },
            { accounts(90, 90) .. ", interval = 20", "collecting 2 accounts every 1 min 30 s, as x" },
        } do
            local status, lines = collect("return { " .. case[1] .. " }", { "--name", "x" })
            assert.same({ 0, case[2] }, { status, lines[1] })
        end
        local _, lines, made = collect("return { lease = 60, " .. accounts(false) .. " }")
        local name = ("%s:%d"):format(host, pid)
        assert.equal("collecting 1 account every 1 min, as " .. name, lines[1])
        assert.same({ name, host, pid, 32, 1 }, { made.name, made.host, made.pid, made.concurrency, #made.beside })
        assert.equal(60, made.inventory.lease)
    end)

    it("takes options up to their borders and none beyond, and says where one is wrong", function()
        local long = ("n"):rep(200)
        for _, case in ipairs {
            { "--name", long, long, long .. "n", "--name is " },
            { "--name", "n", "n", "", "--name is " },
            { "--concurrency", "1", 1, "0", "--concurrency is 0, expected an integer from 1 to 512" },
            { "--concurrency", "512", 512, "513", "--concurrency is 513, expected an integer from 1 to 512" },
            { "--for", "0.001s", nil, "0s", "--for is " },
            { "--for", "1", nil, "x", "--for is " },
            { "--metrics", "0", nil, "::1", '--metrics is "::1", expected PORT, ' },
        } do
            local status, _, made = collect("return { " .. accounts(false) .. " }", { case[1], case[2] })
            assert.same({ 0, case[3] }, { status, case[3] and made[case[1]:sub(3)] })
            local lines
            status, lines, made = collect("return { " .. accounts(false) .. " }", { case[1], case[4] })
            assert.equal(2, status)
            assert.is_nil(made)
            assert.equal(case[5], lines[1]:sub(1, #case[5]))
        end
    end)

    it("ends by the first signal in order, and by the second at once", function()
        local new_signal, exit, waiting, exits, closed = uv.new_signal, os.exit, {}, {}, 0
        uv.new_signal = function()
            return { start = function(_, name, action) waiting[name] = action end,
                close = function() closed = closed + 1 end }
        end
        os.exit = function(status) exits[#exits + 1] = status end -- luacheck: ignore 122
        local stopped = {}
        local good, reason = pcall(collect, "return { " .. accounts(false) .. " }", {}, {
            use = function(_, is_stopped)
                stopped[1] = is_stopped()
                waiting.sigint()
                stopped[2], stopped[3] = is_stopped(), #exits
                waiting.sigterm()
            end })
        uv.new_signal, os.exit = new_signal, exit -- luacheck: ignore 122
        assert(good, reason)
        assert.same({ { false, true, 0 }, { 130 }, 2 }, { stopped, exits, closed })
    end)

    it("waits half a second at most for signals and for who wants metrics, beside its collector", function()
        local runtimes = require "dwsync.runtime"
        local current, run, waits, turned = runtimes.current, uv.run, {}, {}
        collect("return { " .. accounts(false) .. " }", {}, { use = function(options)
            runtimes.current = function()
                return { wait = function(...) waits[#waits + 1] = { ... } end }
            end
            uv.run = function(mode) turned[#turned + 1] = mode end
            pcall(options.beside[1])
            runtimes.current, uv.run = current, run
        end })
        assert.same({ { "nowait" }, { { uv.backend_fd(), "read", 0.5 } } }, { turned, waits })
    end)

    it("makes the switch of what the inventory declares, in its own name, through the runtime of each look", function()
        local heartbeats, runtimes = require "dwsync.fleet.heartbeat", require "dwsync.runtime"
        local new, current, made = heartbeats.new, runtimes.current, nil
        heartbeats.new = function(options)
            made = options
            return {}
        end
        collect(("return { %s, alerts = { heartbeat = { url = { env = 'HEART' } } } }"):format(accounts(false)),
            { "--name", "x" })
        heartbeats.new = new
        assert.equal("x", made.name)
        assert.is_truthy(made.target and made.history)
        runtimes.current = function()
            return { perform = function(request) return request .. " performed" end }
        end
        local answer = made.perform "request"
        runtimes.current = current
        assert.equal("request performed", answer)
    end)

    it("opens its history for a third of a lease, and hands its options on", function()
        local _, _, made, opened = collect("return { lease = 60, " .. accounts(false) .. " }", { "--concurrency", "7" })
        assert.same({ { timeout = 20, cache = 4 }, 7 }, { opened, made.concurrency })
    end)

    it("says where metrics are", function()
        for address, shown in pairs { ["0"] = "127.0.0.1", ["127.0.0.2:0"] = "127.0.0.2" } do
            local status, lines = collect("return { " .. accounts(false) .. " }",
                { "--name", "x", "--metrics", address })
            assert.equal(0, status)
            assert.matches("^collecting 1 account every 1 min, as x, metrics at http://" .. shown:gsub("%.", "%%.")
                .. ":%d+/metrics$", lines[1])
        end
    end)

    it("sends beside it where that is declared", function()
        local alerts = { "", "heartbeat = { url = { env = 'HEART' } }",
            "channels = { c = { kind = 'webhook', url = { env = 'HOOK' } } }" }
        local counts = {}
        for i, declared in ipairs(alerts) do
            local _, _, made = collect(("return { %s, alerts = { %s } }"):format(accounts(false), declared))
            counts[i] = #made.beside
            assert.equal(i == 3, made.plan ~= nil)
        end
        assert.same({ 1, 2 }, { counts[1], counts[2] })
        assert.is_true(counts[3] > 1)
        local status, lines = collect(("return { %s, alerts = { heartbeat = { url = { env = 'NONE' } } } }"):format(
            accounts(false)))
        assert.equal(2, status)
        assert.matches("^config: heartbeat: ", lines[1])
    end)

    it("says how it ended", function()
        for _, case in ipairs {
            { { looks = 1, changed = 2, failed = 3, fenced = 4, unwritten = 0 },
                "ended after 1 look: 2 new, 3 failed, 4 fenced" },
            { { looks = 2, changed = 0, failed = 0, fenced = 0, unwritten = 1 },
                "ended after 2 looks: 0 new, 0 failed, 0 fenced, 1 not written" } } do
            local status, lines = collect("return { " .. accounts(false) .. " }", {}, { totals = case[1] })
            assert.same({ 0, case[2] }, { status, lines[#lines] })
        end
        local full = errors.new { kind = "storage", message = "full", hint = "Make room." }
        for _, given in ipairs { { run_error = full }, { sync_error = full, use = function() error "ran" end } } do
            local status, lines = collect("return { " .. accounts(false) .. " }", {}, given)
            assert.same({ 1, "storage: full." }, { status, lines[3] })
        end
    end)

    it("stops when its time is up, and not before", function()
        local monotonic, now = core.monotonic, 100
        finally(function() core.monotonic = monotonic end)
        core.monotonic = function() return now end
        for _, case in ipairs { { { "--for", "60s" }, false, false, true }, { {}, false, false, false } } do
            local stopped = {}
            now = 100
            collect("return { " .. accounts(false) .. " }", case[1], { use = function(_, is_stopped)
                for i, later in ipairs { 100, 159.9, 160 } do
                    now = later
                    stopped[i] = is_stopped()
                end
            end })
            assert.same({ case[2], case[3], case[4] }, stopped)
        end
    end)

    it("warns of a collector of its name that is alive, on this machine or another", function()
        local own = uv.os_getpid()
        for _, case in ipairs { { "x", "elsewhere", 1, "elsewhere already, process 1" },
            { "x", uv.os_gethostname(), own, ("%s already, process %d"):format(uv.os_gethostname(), own) },
            { "x", uv.os_gethostname(), 2 ^ 22 + 7 }, { "y", "elsewhere", 1 } } do
            local _, lines = collect("return { " .. accounts(false) .. " }", { "--name", "x" }, {
                before = function(schedule)
                    assert(schedule:report { name = case[1], host = case[2], pid = case[3], version = "1",
                        state = "running", lease_ms = 90000, counts = {} } ~= nil)
                end })
            assert.equal(case[4] and "a collector x runs on " .. case[4] or "collecting 1 account every 1 min, as x",
                lines[1])
        end
    end)
end)
