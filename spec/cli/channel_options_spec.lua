local argparse = require "argparse"
local channel_options = require "dwsync.cli.channel_options"
local channels = require "dwsync.problems.channels"
local connection = require "dwsync.cli.connection"

local CLIENT = { region = "r" } -- what the command's own client is made with

describe("the channels of a command", function()
    local open, options, opened, variables, context

    before_each(function()
        open, options, opened, variables = channels.open, connection.options, {}, {}
        context = { getenv = function(name) return variables[name] end, runtime = {}, read_file = function() end }
        channels.open = function(name, declared, world)
            opened[#opened + 1] = { name = name, declared = declared, world = world }
            if declared.kind == "wrong" then
                return nil, name .. " is wrong"
            end
            return { name = name, options = {} }
        end
        connection.options = function(_, of)
            return of == context and CLIENT
        end
    end)

    after_each(function()
        channels.open, connection.options = open, options
    end)

    local function settings_of(...)
        local by_name = {}
        for _, name in ipairs { ... } do
            by_name[name] = { kind = "webhook", url = { env = name:upper() } }
        end
        return { alerts = { channels = by_name, routes = {}, link = "https://link" } }
    end

    local function names()
        local list = {}
        for i, one in ipairs(opened) do
            list[i] = one.name
        end
        return table.concat(list, " ")
    end

    local KINDS = { slack = "Slack", teams = "Teams", webhook = "a webhook" }

    it("have an option and a variable for each kind that needs an address alone", function()
        local parser = argparse "dwsync"
        channel_options.configure(parser)
        local help = parser:get_help():gsub("%s+", " ")
        assert.truthy(help:find("Whom to tell: --slack-url-file", 1, true), help)
        for kind, noun in pairs(KINDS) do
            local text = ("--%s-url-file <file> File with the address of %s [DWSYNC_%s_URL]."):format(kind, noun,
                kind:upper())
            assert.truthy(help:find(text, 1, true), help)
            local good, args = parser:pparse { "--" .. kind .. "-url-file", "/a" }
            assert.is_true(good)
            for _, by in ipairs { "option", "variable", "both", "empty" } do
                opened, variables = {}, {}
                if by ~= "option" then
                    variables["DWSYNC_" .. kind:upper() .. "_URL"] = by == "empty" and "" or "https://x"
                end
                local list, err = channel_options.open((by == "option" or by == "both") and args or {}, context, {})
                if by == "empty" then
                    assert.same({ nil, "no channel to send alerts to", "config" }, { list, err.message, err.kind })
                    assert.equal("Name the file that holds its address: --slack-url-file, --teams-url-file or "
                        .. "--webhook-url-file; or set alerts in the configuration file.", err.hint)
                else
                    assert.equal(1, #list)
                    assert.same({ kind, kind }, { opened[1].name, opened[1].declared.kind })
                    assert.same(by == "variable" and { env = "DWSYNC_" .. kind:upper() .. "_URL" } or { file = "/a" },
                        opened[1].declared.url)
                end
            end
        end
    end)

    it("are those of the file, too, by name; what an option names replaces the one that is called like it", function()
        local settings = settings_of("b", "slack", "a")
        variables.DWSYNC_SLACK_URL = "https://x"
        local list, plan = channel_options.open({}, context, settings)
        assert.equal("a b slack", names())
        assert.same({}, opened[1].world.accounts)
        assert.same({ "a", "b", "slack" }, { list[1].name, list[2].name, list[3].name })
        assert.is_function(plan)
        assert.equal(settings.alerts.channels.a, opened[1].declared)
        assert.equal("slack", opened[3].declared.kind)
        assert.equal("webhook", settings.alerts.channels.slack.kind) -- the file's own stays as it is
        for _, one in ipairs(opened) do
            assert.equal("https://link", one.world.link)
        end
    end)

    it("that are not the file's are told of what no route names", function()
        local settings = settings_of "a"
        settings.alerts.routes = { { to = { "a" } } }
        variables.DWSYNC_TEAMS_URL = "https://x"
        settings.inventory = { accounts = { { name = "hq", client = {} } } }
        local _, plan = channel_options.open({}, context, settings)
        assert.is_table(opened[1].world.accounts.hq)
        local to = plan({ severity = "critical", cluster_id = "c", rule = "failing" }, 0).to
        table.sort(to)
        assert.equal("a teams", table.concat(to, " "))
        _, plan = channel_options.open({}, context, {})
        assert.equal("teams", table.concat(plan({ severity = "critical", cluster_id = "c", rule = "failing" }, 0).to))
    end)

    it("are opened with what the command has, and what the inventory's accounts ask with", function()
        local credentials = {}
        local world = channel_options.world({}, context, { accounts = {
            { name = "hq", client = { credentials = credentials, timeout = 3 }, regions = { "r1", "r2" } },
            { name = "lab", client = { endpoint = "https://e" } },
        } })
        assert.same({ hq = { credentials = credentials, timeout = 3, region = "r1" },
            lab = { endpoint = "https://e" } }, world.accounts)
        assert.equal(context.getenv, world.getenv)
        assert.equal(context.read_file, world.read_file)
        assert.equal(context.runtime, world.runtime)
        assert.equal(CLIENT, world.client)
        assert.same({}, channel_options.world({}, context).accounts)
        context.read_file = nil
        assert.equal(require "dwsync.files".read, channel_options.world({}, context).read_file)
    end)

    it("are none of them where one is wrong", function()
        local settings = settings_of("a", "b", "c")
        settings.alerts.channels.b.kind = "wrong"
        assert.same({ nil, "b is wrong" }, { channel_options.open({}, context, settings) })
        assert.equal("a b", names())
        assert.same({ nil, "b is wrong" }, { channel_options.open_declared(settings.alerts, {}, context) })
    end)

    it("of a file alone may be none", function()
        assert.same({ {} }, { channel_options.open_declared(nil, {}, context) })
        assert.same({ {} }, { channel_options.open_declared({ channels = {} }, {}, context) })
        variables.DWSYNC_SLACK_URL = "https://x"
        local inventory = { accounts = { { name = "hq", client = {} } } }
        local list, plan = channel_options.open_declared(settings_of("b", "a").alerts, {}, context, inventory)
        assert.same({ 2, "a b", "function" }, { #list, names(), type(plan) })
        assert.is_table(opened[1].world.accounts.hq)
    end)

    it("are opened one at a time by name, and an unknown one says which there are", function()
        local settings = settings_of("chat", "mail")
        settings.inventory = { accounts = { { name = "hq", client = {} } } }
        assert.equal("mail", channel_options.open_one("mail", {}, context, settings).name)
        assert.equal("mail", names())
        assert.is_table(opened[1].world.accounts.hq)
        for name, message in pairs { mial = "there is no channel 'mial' (did you mean 'mail'?)",
            zzzzzz = "there is no channel 'zzzzzz'", [("x"):rep(61)] = "there is no channel '" .. ("x"):rep(59) .. "…'"
        } do
            local none, err = channel_options.open_one(name, {}, context, settings)
            assert.same({ nil, "config", message, "The channels are chat, mail." }, { none, err.kind, err.message,
                err.hint })
        end
        local _, err = channel_options.open_one("x", {}, context, settings_of "mail")
        assert.equal("The channels are mail.", err.hint)
        _, err = channel_options.open_one("mail", {}, context, {})
        assert.equal("Declare it in alerts.channels of the configuration file, or of the inventory that --fleet names.",
            err.hint)
    end)
end)
