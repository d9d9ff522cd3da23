local command = require "spec.support.command"
local json = require "dwsync.json"
local processes = require "spec.support.processes"
local runbook = require "dwsync.cli.commands.run"
local temporary = require "spec.support.temporary"

local WORLD = { service = command.service { c1 = command.healthy(3) } }

-- Runs a script of this text.
local function run(text, arguments, world)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
    local words = { "run" }
    for _, word in ipairs(arguments or { "SCRIPT" }) do
        words[#words + 1] = word == "SCRIPT" and path or word
    end
    _G.seen = nil
    local status, out, err, requests = command.run(words, world or WORLD)
    os.remove(path)
    return status, (out:gsub(path, "SCRIPT", 1)), (err:gsub(path:gsub("%p", "%%%0"), "SCRIPT")), requests
end

-- What a script saw, which it puts into the real globals.
local function seen(text, arguments, world)
    local status, _, err = run("local keep = _ENV and _ENV._G or _G\n" .. text, arguments, world)
    return status, err
end

describe("dwsync run", function()
    it("gives the script the library and a client", function()
        local status, err = seen [[
            assert(dwsync.version and records.from and health.evaluate and report.render and history.open)
            local list = assert(client:all_sync_records { cluster_id = "c1" })
            assert(#list == 3 and health.evaluate(list, settings.thresholds, list[1].end_time / 1000).severity == "ok")
            assert(client == client and alerts == alerts and with_history == with_history)
            assert(os.time and require and string.rep)
            assert(dry_run == false and _G.dry_run == false and _G._G == _G)
        ]]
        assert.equal("", err)
        assert.equal(0, status)
    end)

    it("gives reading a history half a minute, and closes it", function()
        local core, saved_records = require "dwsync.core", require "dwsync.cli.saved_records"
        local new, monotonic, till, closed = saved_records.new, core.monotonic, nil, 0
        core.monotonic = function() return 1000 end
        saved_records.new = function()
            return { begin = function(_, clock, at) till = { clock == core.monotonic, at } end,
                with = function(_, cluster, records, now) return { cluster, #records, now } end,
                close = function() closed = closed + 1 end }
        end
        local status, err = seen(([=[
            local list = with_history("c1", { {}, {} })
            assert(list[1] == "c1" and list[2] == 2 and list[3] == arg_now)
        ]=]):gsub("arg_now", ("%d"):format(command.NOW)), nil)
        saved_records.new, core.monotonic = new, monotonic
        assert.same({ 0, "", { true, 1030 }, 1 }, { status, err, till, closed })
    end)

    it("joins records with the history, as the other commands do", function()
        local path = os.tmpname()
        os.remove(path)
        local store = assert(require("dwsync.history").open(path))
        assert(store:save("c1", command.healthy(30)))
        store:close()
        local status, err = seen([[
            local list = assert(client:all_sync_records { cluster_id = "c1" })
            assert(settings.history and #list == 3 and #with_history("c1", list) == 30)
        ]], { "--history", path, "SCRIPT" })
        assert.same({ 0, "" }, { status, err })
        status, err = seen [[
            local list = assert(client:all_sync_records { cluster_id = "c1" })
            assert(settings.history == nil and #with_history("c1", list) == 3)
        ]]
        assert.same({ 0, "" }, { status, err })
        status, err = seen([[assert(#with_history("c1", { {} }) == 1 and #with_history("c2", {}) == 0)]],
            { "--history", "/no/such/file", "SCRIPT" })
        assert.equal(0, status)
        assert.equal(1, select(2, err:gsub("judged without the full history", "")))
        os.remove(path)
    end)

    it("has alerts: who has problems, who takes care, and telling what a judgement found, once", function()
        temporary.with_folder(function(folder)
            local posts, list = {}, command.healthy(30)
            for i = 1, 4 do
                table.insert(list, 1, command.failed("f" .. i, i * 0.05))
            end
            local service = command.service { c1 = list }
            local environment = { DWSYNC_CONFIG = "/c.lua", HOOK = "https://hooks.example.com/hidden",
                DWSYNC_HISTORY = folder .. "/h.sqlite" }
            for name, value in pairs(command.ENVIRONMENT) do
                environment[name] = value
            end
            local world = { environment = environment, files = { ["/c.lua"] = [[return { alerts = { channels = {
                hook = { kind = "webhook", url = { env = "HOOK" } } } } }]] }, service = function(request)
                    if request.method == "POST" then
                        posts[#posts + 1] = json.decode(request.body).event
                        return 204, ""
                    end
                    return service(request)
                end }
            local status, err = seen([[
                local list = assert(client:all_sync_records { cluster_id = "c1" })
                local rules = { slow = false, failing = { minimum = 0 } }
                local found = health.evaluate(list, rules, ]] .. command.NOW .. [[)
                local told = assert(alerts.tell({ id = "c1", name = "prod" }, found))
                assert(told.sent == 1 and #told.failed == 0, told.sent .. table.concat(told.failed, "; "))
                assert(alerts.tell({ id = "c1" }, found).sent == 0)
                local problems = assert(alerts.list())
                local one = problems[1]
                assert(#problems == 1 and one.state == "told" and one.cluster_name == "prod" and one.rule == "failing")
                assert(assert(alerts.acknowledge(one.id, { note = "mine" }))[1].id == one.id)
                assert(alerts.list()[1].acknowledged_note == "mine" and alerts.list()[1].acknowledged_by == "a runbook")
                assert(#alerts.silence("prod", { duration = "2h", by = "night" }) == 1)
                assert(alerts.list()[1].state == "silenced" and alerts.list()[1].silenced_by == "night")
                assert(#alerts.unsilence("prod") == 1 and alerts.list()[1].state == "acknowledged")
                assert(#alerts.acknowledge("prod", { rule = "failing" }) == 1)
                local none, why = alerts.acknowledge("nonsense")
                assert(none == nil and why.kind == "config")
                assert(alerts.tell({ id = "c1" }, health.evaluate({ list[#list] }, rules, ]] .. command.NOW .. [[)))
                assert(#alerts.list() == 0 and alerts.list({ all = true })[1].state == "resolved")
            ]], nil, world)
            assert.same({ 0, ("dwsync: made %s/h.sqlite, which keeps what was told; only its owner can read it\n")
                :format(folder) }, { status, err })
            assert.same({ "firing", "resolved" }, posts)
        end)
    end)

    it("names what is wrong with how alerts are used, at the script's line; and what is not configured", function()
        for text, expected in pairs {
            ["alerts.silence('c')"] = "SCRIPT:1: alerts.silence: duration is missing",
            ["alerts.acknowledge(5)"] = "SCRIPT:1: alerts.acknowledge: the problem",
            ["alerts.list { al = true }"] = "SCRIPT:1: alerts.list: unknown option 'al'",
            ["alerts.tell({ id = 'c' }, {})"] = "SCRIPT:1: alerts.tell expects what health.evaluate returned",
            ["return alerts.tell({ id = 'c' }, { verdicts = {} })"] = "dwsync: config: no channel to send alerts to",
            ["return alerts.list()"] = "there is no history at ",
        } do
            local status, _, err = run(text, nil, { environment = { XDG_DATA_HOME = "/nowhere" } })
            assert.is_true(status > 0)
            assert.is_truthy(err:find(expected, 1, true), text .. ": " .. err)
        end
    end)

    it("makes no client that is not used, and needs no account then", function()
        local status, _, err, requests = run("return 0", nil, { environment = {} })
        assert.equal(0, status, err)
        assert.same({}, requests)
    end)

    it("hands over what stands behind the script's name, options included", function()
        local status, err = seen([[assert(select("#", ...) == 3 and ... == "a" and arg[1] == "a" and arg[2] == "--debug"
            and arg[3] == "--x=1" and arg[0] and dry_run)]], { "--dry-run", "--region", "cn-north-4", "SCRIPT", "a",
            "--debug", "--x=1" })
        assert.equal("", err)
        assert.equal(0, status)
    end)

    it("tells what the configuration file says", function()
        local status,
            err = seen([[assert(settings.clusters.w == "c1" and settings.history == "/h" and settings.profile == "p"
            and settings.thresholds.stale.warning == "6h")]], { "--config", "/c.lua", "SCRIPT" }, { files = {
            ["/c.lua"] = [[return { profile = "p", profiles = { p = {} }, clusters = { w = "c1" }, history = "/h",
                thresholds = { stale = { warning = "6h" } } }]] } })
        assert.equal("", err)
        assert.equal(0, status)
    end)

    it("keeps the script's globals to itself", function()
        assert.equal(0, (run "leak = 1 return leak - 1"))
        assert.is_nil(rawget(_G, "leak"))
    end)

    it("ends with what the script returns", function()
        for text, expected in pairs { [""] = 0, ["return 0"] = 0, ["return 7"] = 7, ["return 255"] = 255,
            ["return true"] = 0, ["return nil"] = 0, ["return false"] = 1 } do
            local status, out, err = run(text)
            assert.same({ expected, "", "" }, { status, out, err }, text)
        end
        for text, what in pairs { ["return 256"] = "256", ["return -1"] = "-1", ["return 1.5"] = "1.5",
            ["return {}"] = "a table", ["return 'x'"] = "a string" } do
            local status, _, err = run(text)
            assert.equal(1, status)
            assert.equal(("dwsync: the script returned %s, which is not an exit status\n        Return an integer from "
                .. "0 to 255, true or false.\n"):format(what), err)
        end
    end)

    it("prints an error object, raised or returned, as everywhere", function()
        local expected = "dwsync: not_found: ListSyncRecords of cluster c2: no such cluster (DWS.0015, HTTP 404).\n"
            .. "        Check the cluster id"
        for _, text in ipairs { "for _ in client:sync_records { cluster_id = 'c2' } do end",
            "return client:all_sync_records { cluster_id = 'c2' }",
            "assert(client:all_sync_records { cluster_id = 'c2' })" } do
            local status, _, err = run(text)
            assert.equal(1, status)
            assert.equal(expected, err:sub(1, #expected))
        end
        local status, _, err = run("client:list_clusters()", nil, { environment = { DWSYNC_REGION = "nowhere-1" } })
        assert.equal(2, status)
        assert.matches("^dwsync: config: region \"nowhere%-1\" has no built%-in", err)
    end)

    it("shows a bug of the script with its line, harmless to the terminal", function()
        local status, _, err = run "\nerror 'boom\\27[2J'"
        assert.equal(1, status)
        assert.equal("dwsync: SCRIPT:2: boom?[2J\n", err:match "^[^\n]*\n")
        assert.is_nil(err:find("xpcall", 1, true))
    end)

    it("shows wrong use of the library with the script's line and without a traceback", function()
        for text, expected in pairs {
            ["\nlocal list = client:all_sync_records { clusterid = 'c1' } return #list"] =
                "dwsync: SCRIPT:2: all_sync_records: [^\n]+\n",
            ["local function f()\nlocal all = health.evaluate({}, { stale = { warnin = 5 } }) return all end\nf()"] =
                "dwsync: SCRIPT:2: [^\n]+\n",
            ["return client:all_sync_records { clusterid = 'c1' }"] = "dwsync: [^\n]*all_sync_records: [^\n]+\n",
        } do
            local status, out, err = run(text)
            assert.same({ 1, "" }, { status, out })
            assert.matches("^" .. expected .. "$", err)
        end
    end)

    it("keeps the traceback of a defect of the script, and of the library", function()
        for _, text in ipairs { "\nlocal x = nil\nlocal y = x.y return y", "\n\nstring.rep()",
            "local f = function() error 'x' end\n\nlocal y = records.from { {} }:map(f):to_list() return y" } do
            assert.matches("^dwsync: SCRIPT:%d: [^\n]*\nstack traceback:\n[^\n]*\n?.*SCRIPT:3", (select(3, run(text))))
        end
        local _, _, err = run "local list = records.from(setmetatable({}, { __len = 5, __index = 5 })):to_list()"
        assert.matches("^dwsync: [^\n]*lua/dwsync/[^\n]*\nstack traceback:\n", err)
    end)

    it("refuses a script that is not there or no Lua, with status 2", function()
        local status, _, err = command.run({ "run", "/nope.lua" }, WORLD)
        assert.equal(2, status)
        assert.equal("dwsync: cannot read /nope.lua: No such file or directory\n", err)
        status, _, err = run "return ="
        assert.equal(2, status)
        assert.matches("^dwsync: SCRIPT:1: unexpected symbol near", err)
        assert.equal(2, (command.run({ "run" }, WORLD)))
        assert.equal(2, (run(string.dump(function() end))))
    end)

    it("runs a script of standard input, and passes over the line that names its interpreter", function()
        local status, _, err = command.run({ "run", "-", "5" },
            { stdin = "#!/usr/bin/env dwsync\nreturn tonumber(...)" })
        assert.equal(5, status, err)
        status, _, err = run "#!/x\nerror 'here'"
        assert.equal(1, status)
        assert.matches("^dwsync: SCRIPT:2: here\n", err)
    end)

    it("is interrupted with 130", function()
        local status, _, err = run "error('interrupted!', 0)"
        assert.equal(130, status)
        assert.equal("dwsync: interrupted\n", err)
    end)

    it("leaves os.exit to the script", function()
        local path = os.tmpname()
        local file = assert(io.open(path, "w"))
        file:write "print 'before' os.exit(9)"
        file:close()
        local out, status = processes.run_lua(([[
            os.exit(require("dwsync.cli").main { "run", %q })]]):format(path))
        os.remove(path)
        assert.equal(9, status)
        assert.equal("before\n", out)
    end)
end)

describe("the arguments of a script", function()
    it("are told from the command's options", function()
        local CASES = {
            { { "run", "s.lua" }, { "run", "s.lua" } },
            { { "run", "s.lua", "-x", "y" }, { "run", "s.lua", "--", "-x", "y" } },
            { { "run", "--debug", "--region", "r", "s.lua", "--debug" }, { "run", "--debug", "--region", "r", "s.lua",
                "--", "--debug" } },
            { { "run", "--region=r", "s.lua" }, { "run", "--region=r", "s.lua" } },
            { { "run", "--", "s.lua", "a" }, { "run", "s.lua", "--", "a" } },
            { { "run", "-", "a" }, { "run", "-", "--", "a" } },
            { { "run", "s.lua", "--" }, { "run", "s.lua", "--", "--" } },
            { { "run", "--help" }, { "run", "--help" } },
            { { "run" }, { "run" } },
        }
        for _, case in ipairs(CASES) do
            assert.same(case[2], runbook.arrange(case[1]))
        end
    end)
end)
