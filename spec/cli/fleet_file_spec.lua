local argparse = require "argparse"
local fleet_file = require "dwsync.cli.fleet_file"
local history = require "dwsync.history"
local processes = require "spec.support.processes"
local uv = require "luv"

local FLEET = 'return { accounts = { hq = { credentials = { source = "environment" }, regions = { "r" } } }%s }'
local NO_ACCESS = "The file is one Lua table, return { accounts = { … } }, and has access to nothing but itself."

-- A context over files and variables that exist only here.
local function context(files, variables)
    return {
        getenv = function(name) return (variables or {})[name] end,
        read_file = function(path)
            local text = (files or {})[path]
            if text then
                return text
            end
            return nil, "No such file or directory", true
        end,
        now = function() return 1761389392 end,
    }
end

local function refusal(inventory, err)
    assert.is_nil(inventory)
    assert.equal("config", err.kind)
    return { err.message, err.hint }
end

describe("the file of an inventory", function()
    it("is an option beside the history's and the configuration's", function()
        local parser = argparse "dwsync"
        fleet_file.configure(parser)
        local good, args = parser:pparse { "--fleet", "/f", "--history", "/h", "--config", "/c", "--profile", "p" }
        assert.same({ true, "/f", "/h", "/c", "p" }, { good, args.fleet, args.history, args.config, args.profile })
        assert.truthy(parser:get_help():find("File with the inventory [DWSYNC_FLEET].", 1, true))
    end)

    it("is named by the option, else by DWSYNC_FLEET", function()
        local files = { ["/a.lua"] = FLEET:format ", interval = 61", ["/b.lua"] = FLEET:format ", interval = 62" }
        for _, case in ipairs {
            { {}, {}, nil }, { {}, { DWSYNC_FLEET = "" }, nil }, { {}, { DWSYNC_FLEET = "/b.lua" }, 62 },
            { { fleet = "/a.lua" }, { DWSYNC_FLEET = "/b.lua" }, 61 }, { { fleet = "/a.lua" }, {}, 61 },
        } do
            local world = context(files, case[2])
            assert.equal(case[3] ~= nil, fleet_file.is_named(case[1], world))
            local inventory, err = fleet_file.read(case[1], world)
            if case[3] then
                assert.equal(case[3], inventory.interval)
            else
                assert.same({ "no inventory: --fleet is missing", "Name the file with --fleet or DWSYNC_FLEET." },
                    refusal(inventory, err))
            end
        end
    end)

    it("is refused with its name and what helps", function()
        local function wrong(text)
            return refusal(fleet_file.read({ fleet = "/f.lua" }, context { ["/f.lua"] = text }))
        end
        assert.same({ "inventory /f.lua: No such file or directory", "Correct --fleet, or make the file readable." },
            wrong(nil))
        assert.matches("^/f.lua:1: attempt to call", wrong("print 'x'")[1])
        assert.equal(NO_ACCESS, wrong("print 'x'")[2])
        assert.same({ "/f.lua sets the global 'accounts'", "Write return { accounts = … }." }, wrong "accounts = {}")
        assert.matches("^/f.lua: accounts", wrong("return { accounts = 7 }")[1])
        assert.matches("^/f.lua: ", wrong("return { accounts = {}, nosuch = 1 }")[1])
    end)
end)

describe("what is declared of alerts", function()
    local CONFIG = 'return { alerts = { channels = { chat = { kind = "slack", url = { env = "CONFIG" } } } } }'
    local OWN = ', alerts = { channels = { chat = { kind = "slack", url = { env = "FLEET" } } } }'
    local HOME = { HOME = "/h" }
    local PATH = "/h/.config/dwsync/config.lua"

    local function alerts(args, files)
        return fleet_file.alerts(args, context(files, HOME))
    end

    it("is the inventory's where one is named, and else the configuration file's", function()
        local found = assert(alerts({}, { [PATH] = CONFIG }))
        assert.equal("CONFIG", found.alerts.channels.chat.url.env)
        assert.is_nil(found.inventory)
        found = assert(alerts({ fleet = "/f.lua" }, { [PATH] = CONFIG, ["/f.lua"] = FLEET:format(OWN) }))
        assert.equal("FLEET", found.alerts.channels.chat.url.env)
        assert.is_table(found.inventory.by_name.hq)
        found = assert(alerts({ fleet = "/f.lua" }, { [PATH] = CONFIG, ["/f.lua"] = FLEET:format "" }))
        assert.is_nil(found.alerts)
        assert.is_nil(assert(alerts({}, {})).alerts)
    end)

    it("is an error when either file is wrong", function()
        assert.same({ "inventory /f.lua: No such file or directory", "Correct --fleet, or make the file readable." },
            refusal(alerts({ fleet = "/f.lua" }, { [PATH] = CONFIG })))
        for _, args in ipairs { {}, { fleet = "/f.lua" } } do
            assert.matches(PATH, refusal(alerts(args, { [PATH] = "return 7", ["/f.lua"] = FLEET:format "" }))[1], 1,
                true)
        end
    end)

    it("finds files of addresses below the home directory", function()
        local tilde = ', alerts = { channels = { chat = { kind = "slack", url = { file = "~/url" } } } }'
        local inventory = assert(fleet_file.read({ fleet = "/f.lua" }, context({ ["/f.lua"] = FLEET:format(tilde) },
            HOME)))
        assert.equal("/h/url", inventory.alerts.channels.chat.url.file)
    end)
end)

describe("the history of a fleet", function()
    local folder
    before_each(function() folder = assert(uv.fs_mkdtemp "/tmp/dwsync-spec-XXXXXX") end)
    after_each(function() processes.run("rm -rf " .. processes.quoted(folder)) end)

    it("is the option's, DWSYNC_HISTORY's, the inventory's, the configuration file's", function()
        local files = { ["/h/.config/dwsync/config.lua"] = ("return { history = %q }"):format(folder .. "/config") }
        for _, case in ipairs {
            { "option", { history = folder .. "/option" }, { DWSYNC_HISTORY = folder .. "/variable" }, "/inventory" },
            { "variable", {}, { DWSYNC_HISTORY = folder .. "/variable" }, "/inventory" },
            { "inventory", {}, {}, "/inventory" },
            { "config", {}, {}, nil },
        } do
            case[3].HOME = "/h"
            local inventory = { history = case[4] and folder .. case[4] }
            local store = assert(fleet_file.open_history(false, case[2], context(files, case[3]), inventory))
            store:close()
            assert.truthy(uv.fs_stat(folder .. "/" .. case[1]), case[1])
            assert(uv.fs_unlink(folder .. "/" .. case[1]))
            if case[1] ~= "inventory" then
                store = assert(fleet_file.open_history(false, case[2], context(files, case[3]), nil))
                store:close()
                assert.truthy(uv.fs_stat(folder .. "/" .. case[1]), case[1])
            end
        end
    end)

    it("hides accounts where the inventory says so, whatever the configuration file says", function()
        local shown
        local open = history.open
        history.open = function(_, options)
            shown = options
            return nil, "not opened"
        end
        local limits = { timeout = 3, cache = 7 }
        for _, case in ipairs { { "false", nil, false }, { "true", { show_accounts = false }, false },
            { "false", { show_accounts = true }, true } } do
            local files = { ["/h/.config/dwsync/config.lua"] = ("return { show_accounts = %s }"):format(case[1]) }
            for _, name in ipairs { "open", "open_history" } do
                local store, err = fleet_file[name](true, { history = "/x" }, context(files, { HOME = "/h" }), case[2],
                    limits)
                assert.same({ nil, "not opened" }, { store, err })
                assert.same({ readonly = true, timeout = 3, cache = 7, show_accounts = case[3] }, shown)
            end
        end
        history.open = open
    end)

    it("is not opened where the configuration file is wrong", function()
        local files = { ["/h/.config/dwsync/config.lua"] = "return 7" }
        for _, name in ipairs { "open", "open_history" } do
            local message = refusal(fleet_file[name](true, { history = folder .. "/x" },
                context(files, { HOME = "/h" })))
            assert.matches("/h/.config/dwsync/config.lua", message[1], 1, true)
        end
        assert.is_nil(uv.fs_stat(folder .. "/x"))
    end)

    it("is closed again where its schedule cannot be had", function()
        local schedules = require "dwsync.fleet.schedule"
        local open, closed = schedules.open, 0
        schedules.open = function(store)
            local close = store.close
            store.close = function(...)
                closed = closed + 1
                return close(...)
            end
            return nil, "no schedule"
        end
        local store, err = fleet_file.open(false, { history = folder .. "/x" }, context({}, {}))
        schedules.open = open
        assert.same({ nil, "no schedule", 1 }, { store, err, closed })
        local opened, schedule = fleet_file.open(false, { history = folder .. "/x" }, context({}, {}))
        assert.is_table(schedule)
        opened:close()
    end)
end)
