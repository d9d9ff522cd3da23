local command = require "spec.support.command"
local core = require "dwsync.core"
local json = require "dwsync.json"
local runbook = require "spec.support.runbook"
local temporary = require "spec.support.temporary"
local uv = require "luv"
local run = command.run
local unpack = table.unpack or unpack -- luacheck: ignore 113

local C1 = "c1c1c1c1-0000-4000-8000-000000000001" -- taken as it is, so that each look is one request

-- Ends the watch, as Ctrl-C does, after so many looks.
local function looks(count)
    local seen = 0
    return function()
        seen = seen + 1
        if seen >= count then
            error("interrupted!", 0)
        end
    end
end

-- A service that answers each look with the next list; a number is a failure's status.
local function answers(...)
    local list, position = { ... }, 0
    return function(request)
        position = request.url:find "[?&]offset=0" and position + 1 or position
        return command.service { [C1] = list[math.min(position, #list)] }(request)
    end
end

local HEALTHY = command.healthy()
local FAILED = { command.failed("x", 0.2), command.failed("y", 0.3) }
for _, record in ipairs(HEALTHY) do
    FAILED[#FAILED + 1] = record
end

local function watch(count, service, more)
    local world = { service = service, sleep = looks(count) }
    for name, value in pairs(more or {}) do
        world[name] = value
    end
    local arguments = { "watch", C1, "--retries", "0", "--set", "slow=off", "--set",
        "failing.minimum=0" }
    for _, word in ipairs(world.arguments or {}) do
        arguments[#arguments + 1] = word
    end
    return run(arguments, world)
end

local function events(out)
    local list = {}
    for line in out:gmatch "[^\n]+" do
        list[#list + 1] = assert(json.decode(line))
    end
    return list
end

describe("dwsync watch", function()
    it("writes an event for each change when piped, and ends with 130", function()
        local status, out, err = watch(3, answers(HEALTHY, FAILED, HEALTHY))
        assert.equal(130, status)
        assert.equal("dwsync: interrupted\n", err)
        local list = events(out)
        assert.equal(2, #list)
        assert.equal("failing", list[1].rule)
        assert.equal("warning", list[1].severity)
        assert.equal("ok", list[1].previous)
        assert.equal(C1, list[1].cluster_id)
        assert.equal((command.NOW + 60) * 1000, list[1].time)
        assert.equal("ok", list[2].severity)
    end)

    it("tells the channels of the configuration file once, also after a restart", function()
        temporary.with_folder(function(folder)
            local posts = {}
            local function run_again(count, ...)
                local looked_at = answers(...)
                local environment = { DWSYNC_HISTORY = folder .. "/h.sqlite", DWSYNC_CONFIG = "/c.lua",
                    HOOK = "https://hooks.example.com/hiddenpath" }
                for name, value in pairs(command.ENVIRONMENT) do
                    environment[name] = environment[name] or value
                end
                local files = { ["/c.lua"] = [[return { alerts = { channels = {
                    hook = { kind = "webhook", url = { env = "HOOK" } } } } }]] }
                local _, out, err = watch(count, function(request)
                    if request.method == "POST" then
                        posts[#posts + 1] = json.decode(request.body).event
                        return 204, ""
                    end
                    return looked_at(request)
                end, { environment = environment, files = files })
                assert.is_nil((out .. err):find("hiddenpath", 1, true))
                return err
            end
            assert.matches("^dwsync: made [^\n]*\ndwsync: interrupted\n$", run_again(2, FAILED, FAILED))
            assert.same({ "firing" }, posts)
            run_again(2, FAILED, FAILED)
            assert.same({ "firing" }, posts)
            run_again(2, HEALTHY, HEALTHY)
            assert.same({ "firing", "resolved" }, posts)
        end)
    end)

    it("says the state at each look to what is told it, and an end for a while", function()
        temporary.with_folder(function(folder)
            local states = {}
            local looked_at = answers(FAILED, FAILED, HEALTHY)
            local environment = { DWSYNC_HISTORY = folder .. "/h.sqlite", DWSYNC_CONFIG = "/c.lua" }
            for name, value in pairs(command.ENVIRONMENT) do
                environment[name] = environment[name] or value
            end
            watch(3, function(request)
                if request.method == "POST" then
                    states[#states + 1] = json.decode(request.body)
                    return 200, ""
                end
                return looked_at(request)
            end, { environment = environment, arguments = { "--interval", "2m" }, files = {
                ["/c.lua"] = [[return { alerts = { channels = { am = { kind = "alertmanager",
                    urls = { "https://am.example.com" } } } } }]] } })
            local ends = {}
            for i, state in ipairs(states) do
                ends[i] = ("%d %s %s"):format(#state, state[1].labels.rule, state[1].endsAt)
            end
            assert.same({ "1 failing 2025-05-19T07:01:23.000Z", "1 failing 2025-05-19T07:03:23.000Z",
                "1 failing 2025-05-19T06:59:23.000Z" }, ends)
        end)
    end)

    it("writes at once what is not ok", function()
        local _, out = watch(1, answers(FAILED))
        local list = events(out)
        assert.equal(1, #list)
        assert.is_nil(list[1].previous)
    end)

    it("redraws the verdicts on a terminal", function()
        local _, out = watch(2, answers(HEALTHY, FAILED), { terminal = { stdout = true },
            arguments = { "--interval", "5m" } })
        local _, screens = out:gsub("\27%[H\27%[2J", "")
        assert.equal(2, screens)
        assert.matches("dwsync watch, every 5 min, Ctrl-C ends: 2025-05-19T06:55:23Z\n", out, 1, true)
        assert.matches("2025-05-19T07:00:23Z", out, 1, true)
        assert.is_nil(out:find('{"event"', 1, true))
    end)

    it("keeps the worst in sight on a small terminal", function()
        local _, out = watch(1, answers(FAILED), { terminal = { stdout = true }, rows = 12 })
        local _, lines = out:gsub("\n", "")
        assert.equal(11, lines)
        assert.matches("WARNING", out, 1, true)
        assert.matches("… %d+ more lines: dwsync health shows them\n$", out)
    end)

    it("fills the terminal to its last row but the cursor's", function()
        local function drawn(rows, arguments)
            local _, out = watch(1, answers(FAILED), { terminal = { stdout = true }, rows = rows,
                arguments = arguments })
            return out:gsub("\27%[H\27%[2J", ""):gsub("^[^\n]*\n\n", ""):gsub("\27%[[%d;]*m", ""), out
        end
        local whole = drawn()
        local _, count = whole:gsub("\n", "")
        assert.is_true(count > 8)
        assert.equal(whole, (drawn(count + 4)))
        local lines = {}
        for line in whole:gmatch "([^\n]*)\n" do
            lines[#lines + 1] = line
        end
        for rows, shown in pairs { [count + 3] = count - 1, [6] = 2, [5] = 1, [4] = 1, [1] = 1 } do
            assert.equal(("%s\n… %d more lines: dwsync health shows them\n"):format(table.concat(lines, "\n", 1, shown),
                count - shown), (drawn(rows)))
        end
        assert.matches("\27%[%d", (select(2, drawn(nil, { "--color", "always" }))):gsub("\27%[[H2]J?", ""), nil)
        assert.is_nil(select(2, drawn(nil, { "--color", "never" })):gsub("\27%[H\27%[2J", ""):find "\27")
    end)

    it("goes on through failures that may pass, and says so", function()
        local status, out, err = watch(3, answers(HEALTHY, 503, HEALTHY))
        assert.equal(130, status)
        local list = events(out)
        assert.same({ "failure", "recovery" }, { list[1].event, list[2].event })
        assert.equal("service", list[1].kind)
        assert.equal(("dwsync: %s: service: Server failure; trying again every 1 min\ndwsync: %s: recovered\n"
            .. "dwsync: interrupted\n"):format(C1, C1), err)
    end)

    it("ends with 1 after a failure that stays", function()
        local status, out, err = run({ "watch", C1 }, { service = command.service {} })
        assert.equal(1, status)
        assert.equal("failure", events(out)[1].event)
        assert.equal("dwsync: not_found: ListSyncRecords of cluster " .. C1
            .. ": no such cluster (DWS.0015, HTTP 404).\n", err:match "^[^\n]*\n")
    end)

    it("goes on when only one of many clusters stays away", function()
        local status, out = run({ "watch", "--all-clusters" }, { sleep = looks(2),
            service = command.service { [C1] = HEALTHY, c2 = 403 } })
        assert.equal(130, status)
        assert.equal(1, #events(out))
    end)

    it("goes on when the clusters cannot be listed for a while", function()
        local calls = 0
        local status, _, err = run({ "watch", "--all-clusters", "--retries", "0" }, { sleep = looks(3),
            service = function(request)
                calls = calls + 1
                if calls < 3 then
                    return 503, ""
                end
                return command.service { [C1] = HEALTHY }(request)
            end })
        assert.equal(130, status)
        local _, times = err:gsub("trying again every 1 min", "")
        assert.equal(1, times)
        assert.matches("dwsync: recovered\n", err, 1, true)
    end)

    it("ends with 1 when nobody reads any more", function()
        local closed = { write = function() return nil, "Broken pipe" end, flush = function() return true end }
        local status, _, err = watch(2, answers(FAILED), { stdout = closed })
        assert.equal(1, status)
        assert.equal("dwsync: cannot write the output: Broken pipe\n", err)
    end)

    it("calls on_change of the configuration file with each event, within limits", function()
        local files = { ["/c.lua"] = "return { on_change = function(event) return event.x.y end }" }
        local _, _, err = watch(1, answers(FAILED), { files = files, arguments = { "--config", "/c.lua" } })
        assert.matches("^dwsync: on_change of the configuration file: /c%.lua:1: attempt to index", err)
        files["/c.lua"] = "return { on_change = function() while true do end end }"
        _, _, err = watch(1, answers(FAILED), { files = files, arguments = { "--config", "/c.lua" } })
        assert.matches("it runs more than 200000 instructions", err, 1, true)
    end)

    it("passes the program the variables that the configuration file or an option names, and no key", function()
        local path = os.tmpname()
        local file = assert(io.open(path, "w"))
        file:write('#!/bin/sh\nenv > "$OUT"\n')
        file:close()
        assert(require("luv").fs_chmod(path, tonumber("700", 8)))
        local out = os.tmpname()
        local variables = { PATH = os.getenv "PATH", OUT = out, TICKET = "42", HW_SECRET_KEY = "hidden", OTHER = "x" }
        for name, value in pairs(command.ENVIRONMENT) do
            variables[name] = value
        end
        watch(1, answers(FAILED), {
            files = { ["/c.lua"] = 'return { pass_environment = { "OUT" } }' },
            environment = variables,
            sleep = function(seconds)
                if seconds > 1 then
                    error("interrupted!", 0)
                end
                core.sleep(seconds) -- until the program has ended
            end,
            arguments = { "--config", "/c.lua", "--on-change", path, "--pass-environment", "TICKET" },
        })
        local got = assert(io.open(out)):read "*a"
        os.remove(path)
        os.remove(out)
        assert.matches("\nTICKET=42\n", "\n" .. got)
        assert.is_nil(got:find("hidden", 1, true))
        assert.is_nil(got:find("OTHER", 1, true))
        assert.is_nil(got:find("HUAWEICLOUD", 1, true))
    end)

    describe("with a history", function()
        local folder
        local function in_folder(work)
            return function()
                temporary.with_folder(function(made)
                    folder = made
                    work()
                end)
            end
        end

        local function program_of(text)
            runbook.write(folder .. "/program", "#!/bin/sh\n" .. text)
            assert(uv.fs_chmod(folder .. "/program", tonumber("700", 8)))
        end
        -- Watches as many looks as there are answers, of which all are the same. Returns the events that the program
        -- got, and stderr.
        local function run_again(list, more)
            local variables = { PATH = "/usr/bin:/bin", DWSYNC_HISTORY = folder .. "/h.sqlite" }
            for _, some in ipairs { command.ENVIRONMENT, more or {} } do
                for name, value in pairs(some) do
                    variables[name] = value
                end
            end
            local count = 0
            local _, _, err = watch(nil, answers(list[1]), { environment = variables,
                files = { ["/c.lua"] = "return { on_change = function(event) return event.rule ~= 'slow' end }" },
                sleep = function(seconds)
                    if seconds < 60 then
                        return core.sleep(seconds) -- until the program has ended
                    end
                    count = count + 1
                    if count >= #list then
                        error("interrupted!", 0)
                    end
                end, arguments = { "--config", "/c.lua", "--on-change", folder .. "/program" } })
            local got = runbook.read(folder .. "/got") or ""
            os.remove(folder .. "/got")
            return events(got), err
        end

        it("tells the program nothing twice, however often it begins, and what ended between", in_folder(function()
            program_of(("cat >> %s/got\n"):format(folder))
            local list = run_again { FAILED, FAILED }
            assert.same({ 1, "verdict", "failing", "warning", "firing", "firing", 1 }, { #list, list[1].event,
                list[1].rule, list[1].severity, list[1].state, list[1].news, list[1].episode })
            assert.is_number(list[1].value)
            assert.is_string(list[1].key)
            assert.same({}, (run_again { FAILED }))
            list = run_again { HEALTHY }
            assert.same({ 1, "verdict", "ok", "warning", "resolved" }, { #list, list[1].event, list[1].severity,
                list[1].previous, list[1].state })
        end))

        it("tells the program again what it could not do", in_folder(function()
            program_of "exit 3\n"
            local list, err = run_again { FAILED }
            assert.same({}, list)
            assert.matches("dwsync: not sent to channel on%-change:program%-%x+ %(/[^ ]*/program%): WARNING: [^\n]*: "
                .. "failing: ended with status 3\n", err)
            program_of(("cat >> %s/got\n"):format(folder))
            assert.equal(1, #run_again { FAILED })
        end))

        it("goes on as without one where that cannot be written, and says so", in_folder(function()
            program_of(("cat >> %s/got\n"):format(folder))
            for _ = 1, 2 do
                local list, err = run_again({ FAILED }, { DWSYNC_HISTORY = folder .. "/missing/h.sqlite" })
                assert.same({ 1 }, { #list, list[1].state })
                assert.matches("dwsync: --on-change is told again what is not ok after each restart: ", err, 1, true)
            end
        end))
    end)

    it("finds the program along PATH", function()
        local variables = { PATH = "/nowhere:/usr/bin:/bin" }
        for name, value in pairs(command.ENVIRONMENT) do
            variables[name] = value
        end
        local function with(name)
            return watch(1, answers(HEALTHY), { environment = variables, arguments = { "--on-change", name } })
        end
        assert.equal(130, (with "true"))
        local status, _, err = with "no-such-program"
        assert.equal(2, status)
        assert.matches("dwsync: config: --on-change no-such-program: no such program in PATH.\n", err, 1, true)
    end)

    it("refuses what is no name of a variable", function()
        local status, _, err = run { "watch", C1, "--on-change", "true", "--pass-environment", "A=hidden" }
        assert.equal(2, status)
        assert.matches("--pass-environment", err, 1, true)
        assert.matches("the name of a variable", err, 1, true)
    end)

    it("refuses a program that cannot be run, records of a file, and an interval of 0", function()
        local status, _, err = run { "watch", C1, "--on-change", "./nope --now" }
        assert.equal(2, status)
        assert.equal("dwsync: config: --on-change ./nope --now: not an executable file.\n"
            .. "        Name a program without arguments: each event is a line of JSON on its standard input.\n", err)
        assert.equal(2, (run { "watch", "--input", "-" }))
        assert.equal(2, (run { "watch", C1, "--interval", "0" }))
    end)

    describe("where synchronisation is off", function()
        it("ends with that failure for the one cluster that was asked for", function()
            local status, out, err = watch(3, answers(command.OFF))
            assert.same({ 1, "" }, { status, out })
            assert.matches("DWS%.5045", err)
        end)

        local function watch_all(count, clusters)
            return run({ "watch", "--all-clusters", "--retries", "0", "--set", "slow=off" },
                { service = command.service(clusters), sleep = looks(count) })
        end

        it("notes it once and goes on with several clusters, even when it is off for all", function()
            for _, records in ipairs { HEALTHY, command.OFF } do
                local status, out, err = watch_all(3, { c1 = records, c2 = command.OFF })
                assert.same({ 130, "" }, { status, out })
                assert.equal(("dwsync: %sname-c2: identity-source synchronisation is off (DWS.5045)\n"
                    .. "dwsync: interrupted\n"):format(records == command.OFF and "name-c1, " or ""), err)
            end
        end)

        it("ends when all others have a failure that stays", function()
            local status, _, err = watch_all(3, { c1 = command.OFF, c2 = 403 })
            assert.equal(1, status)
            assert.matches("no such cluster", err)
        end)

        it("tells that it was turned off while it watched", function()
            local _, out = watch(3, answers(HEALTHY, command.OFF))
            local event = events(out)[1]
            assert.same({ "disabled", "warning" }, { event.rule, event.severity })
            assert.matches("since 2025%-05%-19T06:25:23Z$", event.message)
        end)
    end)
end)

-- With everything that it uses made up.
describe("dwsync watch by itself", function()
    local changes = require "dwsync.health.changes"
    local channel_options = require "dwsync.cli.channel_options"
    local errors = require "dwsync.errors"
    local hooks = require "dwsync.cli.hooks"
    local judgement = require "dwsync.cli.judgement"
    local problems = require "dwsync.problems"
    local programs = require "dwsync.programs"
    local report = require "dwsync.report"
    local saved_records = require "dwsync.cli.saved_records"
    local telling = require "dwsync.cli.telling"
    local told_program = require "dwsync.cli.told_program"
    local watch_command = require "dwsync.cli.commands.watch"
    local calls, context, judge, told, opened

    local replace, put_back = require("spec.support.replacements").new()

    local function note(...)
        calls[#calls + 1] = { ... }
    end

    before_each(function()
        calls, told, opened = {}, {}, { "store" }
        local stdout = { write = function(_, text) note("write", text) return true end,
            flush = function() note "flush" return true end }
        context = require("dwsync.cli.context").new { stdout = stdout, stderr = command.stream(),
            getenv = function(name) return name == "COLUMNS" and "90" or nil end,
            is_terminal = function() return false end, terminal_rows = function() return 24 end }
        judge = { rules = {}, chosen = { several = true, settings = { alerts = { routes = "routes" },
            on_change = "on_change", pass_environment = { "A" } },
            client = { sleep = function(_, seconds)
                note("sleep", seconds)
                if seconds == 0 then
                    error("enough", 0)
                end
            end } }, now = function() return command.NOW end }
        function judge.overview()
            note "look"
            return { clusters = {} }, nil, { { cluster = { id = "c1" }, evaluation = { verdicts = {} } } }
        end
        replace(judgement, "new", function() return judge end)
        replace(channel_options, "open_declared", function() return { { name = "ops" } }, "plan of the file" end)
        replace(telling, "open_store", function() return unpack(opened, 1, 3) end)
        replace(telling, "tell", function(_, _, of, given, items)
            assert.equal(judge, of)
            told[#told + 1] = given
            given.items = items
            return true
        end)
        replace(hooks, "new", function(...) note("hook of", select("#", ...), ...) return function() end end)
        replace(programs, "find", function() return "/the/program" end)
        replace(saved_records, "target", function() return nil end)
    end)

    after_each(function()
        put_back()
    end)

    -- Watches until the sleep behind the second look.
    local function watched(more)
        local args = { interval = 90, pass_environment = { "B", "C" }, color = "auto" }
        for name, value in pairs(more or {}) do
            args[name] = value
        end
        local sleep, slept = judge.chosen.client.sleep, 0
        function judge.chosen.client.sleep(self, seconds)
            slept = slept + 1
            sleep(self, seconds)
            if slept == 2 then
                error("enough", 0)
            end
        end
        local good, status = pcall(watch_command.run, args, context)
        return good and status or "went on until " .. status
    end

    it("flushes at each look, and then sleeps for the interval", function()
        assert.equal("went on until enough", watched())
        table.remove(calls, 1)
        assert.same({ { "look" }, { "flush" }, { "sleep", 90 }, { "look" }, { "flush" }, { "sleep", 90 } }, calls)
    end)

    it("gives what tells the channels no more than a minute, and its name", function()
        for interval, seconds in pairs { [59] = 59, [60] = 60, [61] = 60 } do
            told, judge.chosen.client.sleep = {}, function() error("enough", 0) end
            watched { interval = interval }
            local given = told[1]
            assert.same({ "store", { { name = "ops" } }, "plan of the file", seconds, interval, "watch" },
                { given.store, given.channels, given.plan, given.seconds, given.every, given.name })
            assert.equal("c1", given.items[1].cluster.id)
        end
    end)

    it("says once what goes wrong with telling, with what to do", function()
        local failure = { message = "no room", hint = "Make some." }
        replace(telling, "tell", function(_, _, _, given)
            given.failed("ops did not take it", "Try.")
            return nil, failure
        end)
        watched()
        assert.equal("dwsync: ops did not take it\n        Try.\ndwsync: nothing can be told: no room\n"
            .. "        Make some.\n", context.stderr.text)
    end)

    it("tells a program by the history where there is one, else by itself", function()
        replace(hooks, "runner", function(...) note("runner of", ...) return "runner" end)
        local items
        replace(told_program, "new", function(path, runner, current)
            assert.same({ "/the/program", "runner" }, { path, runner })
            items = current
            return { name = "program" }
        end)
        replace(problems, "plan", function(...)
            note("plan of", ...)
            return "plan with the program"
        end)
        watched { on_change = "p" }
        local hook = calls[1]
        assert.same({ "hook of", 5, "on_change", "/the/program", { "A", "B", "C" }, context }, { hook[1], hook[2],
            hook[3], hook[4], hook[5], hook[6] })
        assert.is_function(hook[7])
        replace(saved_records, "target", function() return "h.sqlite" end)
        calls, told = {}, {}
        judge.chosen.settings.pass_environment = nil
        judge.chosen.client.sleep = function() error("enough", 0) end
        watched { on_change = "p" }
        assert.same({ "runner of", "on_change", "/the/program", { "B", "C" }, context }, { calls[1][1], calls[1][2],
            calls[1][3], calls[1][4], calls[1][5] })
        assert.is_function(calls[1][6])
        assert.same({ "plan of", "routes", { { name = "ops" }, { name = "program" } }, { program = true } }, calls[2])
        assert.same({ { "look" }, { "flush" } }, { calls[3], calls[4] })
        assert.same({ "plan with the program", "c1" }, { told[1].plan, items()[1].cluster.id })
        -- Without a store the program is told by itself if it is alone, and what to do about that is said.
        replace(channel_options, "open_declared", function() return {}, "plan" end)
        opened, calls, context.stderr.text = { nil, { message = "locked", hint = "Unlock." } }, {}, ""
        watched { on_change = "p" }
        assert.equal("dwsync: --on-change is told again what is not ok after each restart: locked\n        Unlock.\n",
            context.stderr.text)
        assert.equal("hook of", calls[3][1])
        replace(channel_options, "open_declared", function() return { { name = "ops" } }, "plan" end)
        opened = { nil, errors.new { kind = "config", message = "locked" } }
        assert.equal(2, watched { on_change = "p" })
        judge.chosen.settings.alerts = nil
        opened, calls = { "store" }, {}
        watched { on_change = "p" }
        assert.equal("plan of", calls[2][1])
        assert.is_nil(calls[2][2])
    end)

    it("draws what fits, as wide as the terminal, in colour where that is wished for", function()
        context.is_terminal = function() return true end
        context.terminal_rows = function() return 6 end
        local given
        replace(report, "render_health", function(form, _, write, options)
            given = { form, options }
            write "a\nb\n"
            write "c\n"
        end)
        judge.chosen.client.sleep = function() error("enough", 0) end
        watched { color = "always" }
        assert.same({ "table", { width = 90, color = true } }, given)
        assert.same({ "write", "a\nb\n… 1 more lines: dwsync health shows them\n" }, calls[4])
        watched { color = "never" }
        assert.same({ "table", { width = 90, color = false } }, given)
        assert.matches("^\27%[H\27%[2Jdwsync watch, every 1 min 30 s, Ctrl%-C ends: [%dT:-]+Z\n\n$", calls[3][2])
    end)

    it("reports failures without their full stop, and that they pass, once each", function()
        local looks_at, at = {}, 0
        for i, message in ipairs { "no route.", "no route.", "other" } do
            looks_at[i] = errors.new { kind = "network", message = message }
        end
        function judge.overview()
            at = at + 1
            if looks_at[at] then
                return nil, looks_at[at]
            end
            return { clusters = {} }, nil, {}
        end
        local slept = 0
        function judge.chosen.client.sleep()
            slept = slept + 1
            if slept == 5 then
                error("enough", 0)
            end
        end
        pcall(watch_command.run, { interval = 90, pass_environment = {}, color = "auto" }, context)
        assert.equal("dwsync: network: no route; trying again every 1 min 30 s\n"
            .. "dwsync: network: other; trying again every 1 min 30 s\ndwsync: recovered\n", context.stderr.text)
    end)

    it("reports what happens to each cluster, and writes it with all fields in their order", function()
        replace(changes, "new", function()
            return { look = function(_, items, now, rules)
                assert.same({ "c1", command.NOW, judge.rules }, { items[1].cluster.id, now, rules })
                return { { event = "failure", cluster_id = "c1", kind = "network", message = "no route.", hint = "h",
                    time = 1 }, { event = "recovery", cluster_id = "c2", cluster_name = "two", time = 2 },
                    { event = "verdict", cluster_id = "c3", time = 3 } }
            end }
        end)
        judge.chosen.client.sleep = function() error("enough", 0) end
        watched()
        assert.same({ { "look" },
            { "write", '{"event":"failure","time":1,"cluster_id":"c1","kind":"network","message":"no route.",'
                .. '"hint":"h"}\n' },
            { "write", '{"event":"recovery","time":2,"cluster_id":"c2","cluster_name":"two"}\n' },
            { "write", '{"event":"verdict","time":3,"cluster_id":"c3"}\n' }, { "flush" } },
            { unpack(calls, 2) })
        assert.equal("dwsync: c1: network: no route; trying again every 1 min 30 s\ndwsync: two: recovered\n",
            context.stderr.text)
    end)
end)
