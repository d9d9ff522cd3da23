local command = require "spec.support.command"
local processes = require "spec.support.processes"
local runbook = require "dwsync.cli.commands.run"

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
            assert(client == client and os.time and require and string.rep)
            assert(dry_run == false)
        ]]
        assert.equal("", err)
        assert.equal(0, status)
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
