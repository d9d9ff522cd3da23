local argparse = require "argparse"
local command = require "spec.support.command"
local configuration = require "dwsync.cli.configuration"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local PATH = "/home/u/.config/dwsync/config.lua"

-- Runs `dwsync clusters` with this configuration file. The variables of the environment beside HOME are `more`.
local function run(text, arguments, more)
    local environment = { HOME = "/home/u" }
    for name, value in pairs(more or command.ENVIRONMENT) do
        environment[name] = value
    end
    return command.run(arguments or { "clusters" }, { environment = environment, files = { [PATH] = text },
        service = command.service { c1 = {} } })
end

local KEYS = { HUAWEICLOUD_SDK_AK = "AKEXAMPLE", HUAWEICLOUD_SDK_SK = "hidden-sk" }

describe("the configuration file", function()
    it("need not be there", function()
        assert.equal(0, (run(nil)))
    end)

    it("is found by option, variable, XDG_CONFIG_HOME and HOME", function()
        local files = {
            ["/o.lua"] = 'return { profile = "p", profiles = { p = { region = "cn-east-3" } } }',
            ["/x/dwsync/config.lua"] = 'return { profile = "p", profiles = { p = { region = "cn-north-1" } } }',
        }
        local function host(arguments, environment)
            environment.HUAWEICLOUD_SDK_AK, environment.HUAWEICLOUD_SDK_SK = "AK", "SK"
            environment.HUAWEICLOUD_SDK_PROJECT_ID = "p1"
            local _, _, err, requests = command.run(arguments, { environment = environment, files = files })
            return requests[1] and requests[1].url:match "dws%.(.-)%." or err
        end
        assert.equal("cn-east-3", host({ "clusters", "--config", "/o.lua" }, { XDG_CONFIG_HOME = "/x" }))
        assert.equal("cn-east-3", host({ "clusters" }, { DWSYNC_CONFIG = "/o.lua", XDG_CONFIG_HOME = "/x" }))
        assert.equal("cn-north-1", host({ "clusters" }, { XDG_CONFIG_HOME = "/x", HOME = "/y" }))
        assert.matches("region", host({ "clusters" }, { XDG_CONFIG_HOME = "x", HOME = "/nowhere" }))
    end)

    it("must be there when it is named", function()
        local status, out, err = run(nil, { "clusters", "--config", "/nope" })
        assert.equal(2, status)
        assert.equal("", out)
        assert.equal("dwsync: config: configuration file /nope: No such file or directory.\n"
            .. "        Correct --config or DWSYNC_CONFIG, or make the file readable.\n", err)
    end)

    it("chooses a profile by option, variable and its own word", function()
        local text = [[return { profile = "a", profiles = { a = { endpoint = "https://a.example" },
            b = { endpoint = "https://b.example" }, c = { endpoint = "https://c.example" } } }]]
        local function host(arguments, profile)
            local environment = { HUAWEICLOUD_SDK_AK = "AK", HUAWEICLOUD_SDK_SK = "SK", DWSYNC_PROFILE = profile,
                HUAWEICLOUD_SDK_PROJECT_ID = "p1", DWSYNC_REGION = "cn-north-4" }
            local _, _, _, requests = run(text, arguments, environment)
            return requests[1].url:match "https://(%a)"
        end
        assert.equal("a", host { "clusters" })
        assert.equal("b", host({ "clusters" }, "b"))
        assert.equal("c", host({ "clusters", "--profile", "c" }, "b"))
        local status, _, err = run(text, { "clusters", "--profile", "d" })
        assert.equal(2, status)
        assert.equal(("dwsync: config: %s has no profile 'd'.\n        Its profiles are a, b, c.\n"):format(PATH), err)
        assert.matches(" has no profile 'prd' (did you mean 'prod'?).\n        Its profiles are prod, test.\n",
            select(3, run("return { profiles = { prod = {}, test = {} } }", { "clusters", "--profile", "prd" })), 1,
            true)
        status, _, err = run(nil, { "clusters", "--profile", "d" })
        assert.equal(2, status)
        assert.equal(("dwsync: config: no configuration file to look for the profile 'd' in.\n        Write %s, or "
            .. "name the file with --config.\n"):format(PATH), err)
        local _, failure = configuration.load({}, { getenv = function(name)
            return name == "DWSYNC_PROFILE" and "e" or nil
        end })
        assert.same({ "no configuration file to look for the profile 'e' in",
            "Write one, or name the file with --config." }, { failure.message, failure.hint })
        assert.matches(" has no profile 'q'.\n        Its profiles are prod.\n",
            select(3, run("return { profiles = { prod = {} } }", { "clusters", "--profile", "q" })), 1, true)
    end)

    it("is beaten by the environment, and that by options", function()
        local text = [[return { profile = "p", profiles = { p = { region = "cn-east-3", project_id = "of-file",
            proxy = "http://file:1", credentials = { source = "file", path = "/keys" } } } }]]
        local function first(arguments, environment)
            local _, _, err, requests = command.run(arguments, { environment = environment,
                service = command.service {},
                files = { [PATH] = text, ["/keys"] = "[basic]\nak = FROMFILE\nsk = x\n" } })
            assert(requests[1], err)
            return requests[1].url:match "dws%.(.-)%.", requests[1].url:match "/v1.0/([^/]+)/", requests[1].proxy,
                requests[1].headers.Authorization:match "Access=(%w+)"
        end
        local region, project, proxy, key = first({ "clusters" }, { HOME = "/home/u" })
        assert.same({ "cn-east-3", "of-file", "http://file:1", "FROMFILE" }, { region, project, proxy, key })
        region, project, proxy, key = first({ "clusters" }, { HOME = "/home/u", https_proxy = "http://env:2",
            HUAWEICLOUD_SDK_AK = "FROMENV", HUAWEICLOUD_SDK_SK = "y", HUAWEICLOUD_SDK_PROJECT_ID = "of-env",
            DWSYNC_REGION = "cn-north-1" })
        assert.same({ "cn-north-1", "of-env", nil, "FROMENV" }, { region, project, proxy, key })
        region, project, proxy = first({ "clusters", "--region", "cn-south-1", "--project-id", "of-option", "--proxy",
            "http://option:3" }, { HOME = "/home/u", DWSYNC_REGION = "cn-north-1" })
        assert.same({ "cn-south-1", "of-option", "http://option:3" }, { region, project, proxy })
    end)

    it("does not take the profile's endpoint and project to another region", function()
        local text = [[return { profile = "p", profiles = { p = { region = "cn-east-3", project_id = "of-east",
            endpoint = "https://east.example" } } }]]
        local _, _, _, requests = run(text, { "clusters" }, KEYS)
        assert.equal("https://east.example/v1.0/of-east/clusters", requests[1].url)
        _, _, _, requests = run(text, { "clusters", "--region", "cn-north-4", "--project-id", "p" }, KEYS)
        assert.equal("https://dws.cn-north-4.myhuaweicloud.com/v1.0/p/clusters", requests[1].url)
    end)

    it("names clusters, in both directions", function()
        local text = 'return { clusters = { warehouse = "c1" } }'
        local _, out, err, requests = run(text, { "check", "warehouse" })
        assert.matches("^UNKNOWN %- no runs on record", out, nil, err)
        assert.matches("/clusters/c1/", requests[1].url, 1, true)
        _, out = run(text, { "health", "c1", "-o", "json" })
        assert.matches('"name":"warehouse"', out, 1, true)
        local status, _, wrong = run(text, { "health", "ware house" })
        assert.equal(2, status)
        assert.matches("unknown cluster 'ware house', looked for in the configuration and at the service (did you mean "
            .. "'warehouse'?).\n        The clusters are name-c1, warehouse.\n", wrong, 1, true)
    end)

    -- The settings of a file with this text, and the context that they were loaded in.
    local function loaded(text, environment)
        local context = { getenv = function(name) return environment[name] end,
            read_file = function() return text end }
        return assert(configuration.load({ config = "/c.lua" }, context)), context
    end

    it("expands ~/ in each path that it names, where there is a home", function()
        local text = [[return { profile = "p", history = "~/h.db", profiles = { p = { ca_file = "~/ca.pem",
            client_cert = "~/c.pem", client_key = "~/k.pem" } } }]]
        local function paths(settings)
            local client = settings.client
            return { settings.history, client.ca_file, client.client_cert, client.client_key }
        end
        assert.same({ "/%1/h.db", "/%1/ca.pem", "/%1/c.pem", "/%1/k.pem" }, paths((loaded(text, { HOME = "/%1" }))))
        local plain = { "~/h.db", "~/ca.pem", "~/c.pem", "~/k.pem" }
        assert.same(plain, paths((loaded(text, { HOME = "" }))))
        assert.same({ "/~/h.db" }, paths((loaded('return { history = "/~/h.db" }', { HOME = "/u" }))))
    end)

    it("expands ~/ in the paths of alerts", function()
        local settings = loaded([[return { alerts = { channels = { hook = { kind = "webhook",
            url = { file = "~/hook" } } } } }]], { HOME = "/u" })
        assert.same({ file = "/u/hook" }, settings.alerts.channels.hook.url)
    end)

    it("has two options", function()
        local parser = argparse "x"
        configuration.configure(parser)
        assert.matches("Configuration: --config <file> Configuration file [DWSYNC_CONFIG]. --profile <name> Profile of "
            .. "that file [DWSYNC_PROFILE].", parser:get_help():gsub("%s+", " "), 1, true)
    end)

    it("says nothing of the project and the endpoint of another region, wherever that comes from", function()
        local client = { region = "r", project_id = "p", endpoint = "https://e", timeout = 5 }
        for _, case in ipairs { { { region = "x" }, {}, { region = "x", timeout = 5 } },
            { {}, { DWSYNC_REGION = "x" }, { timeout = 5 } }, { {}, { DWSYNC_REGION = "r" }, { project_id = "p",
                endpoint = "https://e", timeout = 5 } }, { {}, {}, client } } do
            assert.same(case[3], (configuration.client_options(case[1], { client = client },
                { getenv = function(name) return case[2][name or 0] end })))
        end
    end)

    it("is read once for a command", function()
        local settings, context = loaded("return { history = '/h' }", {})
        context.read_file = function() error "it is read again" end
        assert.equal(settings, configuration.load({}, context))
    end)

    it("is beaten by each variable of the environment that says the same", function()
        for option, variables in pairs {
            ca_file = "DWSYNC_CA_FILE", credentials = "HUAWEICLOUD_SDK_AK HUAWEICLOUD_SDK_SK HUAWEICLOUD_SDK_IDP_ID",
            iam_endpoint = "HUAWEICLOUD_SDK_IAM_ENDPOINT", metadata = "DWSYNC_METADATA",
            project_id = "HUAWEICLOUD_SDK_PROJECT_ID", proxy = "https_proxy HTTPS_PROXY all_proxy ALL_PROXY",
            region = "DWSYNC_REGION", endpoint = "HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4",
        } do
            for name in (variables .. " HOME HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_5"):gmatch "%S+" do
                for _, value in ipairs { "cn-north-4", "" } do
                    local client = { region = "cn-north-4", timeout = 5 }
                    client[option] = client[option] or "the file's"
                    local kept = client[option]
                    local given, said = configuration.client_options({}, { client = client },
                        { getenv = function(asked) return asked == name and value or nil end })
                    local beaten = value ~= "" and (" " .. variables .. " "):find(" " .. name .. " ", 1, true)
                    local expected = not beaten and kept or nil
                    if beaten and option == "project_id" then
                        expected = value
                    end
                    assert.same({ expected, not beaten or nil, 5, true },
                        { given[option], said[option], given.timeout, said.timeout }, name)
                end
            end
        end
    end)

    it("expands ~/ in paths", function()
        local status, _, err = run('return { profile = "p", profiles = { p = { ca_file = "~/ca.pem" } } }')
        assert.equal(2, status)
        assert.matches("ca_file /home/u/ca.pem: No such file", err, 1, true)
    end)

    local WRONG = {
        ["is no Lua"] = { "return { a = 1", "config.lua:1: '}' expected", "return { … }" },
        ["asks for something"] = { 'return { history = os.getenv "HOME" }', "config.lua:1: attempt to index",
            "itself" },
        ["never ends"] = { "while true do end", "config.lua: it runs more than 200000 instructions", "itself" },
        ["forgot return"] = { "profiles = {}", "config.lua sets the global 'profiles'", "Write return {" },
        ["returns something else"] = { "return 1", "config.lua returns a number, not a table", "Write return {" },
        ["returns nothing"] = { "-- hello", "config.lua returns a nil, not a table", "Write return {" },
        ["has an unknown key"] = { "return { profils = {} }", "config.lua: unknown key 'profils'",
            "Did you mean 'profile'? The keys are alerts, all_clusters, clusters, history, on_change, "
                .. "pass_environment, profile, profiles, show_accounts, thresholds." },
        ["has an unknown option in a profile"] = { 'return { profiles = { p = { regoin = "x" } } }',
            "unknown key 'profiles.p.regoin'", "Did you mean 'region'? The keys are algorithm, " },
        ["has an option out of range"] = { "return { profiles = { p = { timeout = -1 } } }",
            "profiles.p.timeout is -1, expected a number of seconds above 0 and at most 1000000", "" },
        ["has an option that only code can have"] = { "return { profiles = { p = { runtime = {} } } }",
            "unknown key 'profiles.p.runtime'", "" },
        ["has a function where a value belongs"] = { "return { history = function() end }",
            "history is a function, which only on_change may be", "Write the value itself." },
        ["has a table without end"] = { "local t = {} t.clusters = t return t", "is nested too deeply",
            "plain values" },
        ["names no profile of its own"] = { 'return { profile = "q" }',
            "profile is 'q', which profiles does not have", "" },
        ["has profiles that are no table"] = { 'return { profiles = "p" }', "profiles is a string, expected a table",
            "" },
        ["has a profile without name"] = { "return { profiles = { {} } }", "profiles: [1] is not the name of a profile",
            "" },
        ["has a cluster without name"] = { 'return { clusters = { "c1" } }',
            "clusters: [1] is not the name of a cluster",
            "" },
        ["has a cluster that is no id"] = { 'return { clusters = { w = "../x" } }', 'clusters.w is "../x", expected',
            "" },
        ["has a history that is no text"] = { "return { history = 5 }", "history is not a path or a postgres:// URL",
            "" },
        ["passes what is no name of a variable"] = { 'return { pass_environment = { "A", "hidden=x" } }',
            "pass_environment has 'hidden=x', expected names of variables",
            'Write { "NAME", … }: the values come from the environment.' },
        ["passes a number"] = { 'return { pass_environment = { 5 } }',
            "pass_environment has a number, expected names of variables",
            'Write { "NAME", … }: the values come from the environment.' },
        ["has a hook that is no function"] = { 'return { on_change = "notify" }',
            "on_change is a string, expected a function", "" },
        ["has an unknown rule"] = { "return { thresholds = { stail = {} } }", "unknown rule 'thresholds.stail'",
            "Did you mean 'stale'? The rules are" },
        ["has an unknown option of a rule"] = { "return { thresholds = { stale = { warn = 1 } } }",
            "unknown option 'thresholds.stale.warn'", "The options are" },
    }
    for name, case in pairs(WRONG) do
        it("that " .. name .. " is refused with status 2, what is wrong and what to do", function()
            local status, out, err, requests = run(case[1])
            assert.equal(2, status)
            assert.equal("", out)
            assert.matches(case[2], err, 1, true)
            assert.matches(case[3], err, 1, true)
            assert.same({}, requests)
        end)
    end

    it("that is wrong is told how to be written", function()
        for text, hint in pairs {
            ["return {"] = "The file is one Lua table, return { … }, and has access to nothing but itself.",
            ["profiles = {}"] = "Write return { profiles = …, clusters = …, thresholds = … }; see man dwsync, "
                .. "CONFIGURATION.",
            ["return 1"] = "Write return { profiles = …, clusters = …, thresholds = … }; see man dwsync, "
                .. "CONFIGURATION.",
            ['return { region = "r" }'] = 'Write profile = "main", profiles = { main = { region = … } }.',
        } do
            assert.truthy(select(3, run(text)):find("\n        " .. hint .. "\n", 1, true), text)
        end
        assert.equal(("dwsync: config: %s has no profile 'd'.\n        It has no profiles.\n"):format(PATH),
            (select(3, run("return {}", { "clusters", "--profile", "d" }))))
    end)

    it("that holds a password and is open to others is told so", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/c.lua"
            local function note(text, mode)
                local file = assert(io.open(path, "w"))
                file:write(text)
                file:close()
                assert(uv.fs_chmod(path, tonumber(mode, 8)))
                local noted
                assert(configuration.load({ config = path }, { getenv = function() end,
                    note = function(_, message) noted = message end }))
                return noted
            end
            local with = "return { history = 'postgres://u:p@h/d' }"
            for _, mode in ipairs { "644", "640", "604", "601", "610" } do
                assert.equal(("%s holds a password and is open to others (mode %s): chmod 600 it"):format(path, mode),
                    note(with, mode))
            end
            for text, mode in pairs { [with] = "700", ["return { history = 'postgres://u@h/d' }"] = "644",
                ["return { history = 'postgres://h/a:b@c' }"] = "644", ["return { history = '/h' }"] = "644",
                ["return {}"] = "644" } do
                assert.is_nil(note(text, mode), text)
            end
        end)
    end)

    it("is what dwsync doctor names as the origin of a value, or finds wrong", function()
        local text = 'return { profile = "p", profiles = { p = { project_id = "p9", timeout = 7 } } }'
        local _, out = run(text, { "doctor", "-o", "json" }, { DWSYNC_REGION = "cn-north-4", DWSYNC_METADATA = "off" })
        assert.matches("project id p9 (configuration file)", out, 1, true)
        assert.matches("timeout 7 (configuration file)", out, 1, true)
        assert.matches("region cn-north-4 (environment DWSYNC_REGION)", out, 1, true)
        local status
        status, out = run("return 1", { "doctor", "-o", "json" })
        assert.equal(1, status)
        assert.matches("config.lua returns a number, not a table", out, 1, true)
    end)

    it("that is empty configures nothing", function()
        assert.equal(0, (run "\n"))
    end)
end)

describe("secrets in a configuration file", function()
    local CASES = {
        'return { profiles = { p = { credentials = { ak = "hunter2", sk = "hunter2" } } } }',
        'return { profiles = { p = { credentials = { source = "token", token = "hunter2" } } } }',
        'return { profiles = { p = { credentials = { source = "password", user = "u", password = "hunter2" } } } }',
        'return { profiles = { p = { credentials = { source = "agency", agency_name = "a", domain = "d", '
            .. 'from = { sk = "hunter2" } } } } }',
    }
    it("are refused by the name of their key, and not shown", function()
        for _, text in ipairs(CASES) do
            local status, out, err = run(text)
            assert.equal(2, status)
            assert.equal("", out)
            assert.matches("profiles%.p%.credentials%..-%w+ is a secret, and secrets do not belong in this file", err)
            assert.is_nil(err:find("hunter2", 1, true), err)
        end
    end)

    it("are not shown by mistakes around them", function()
        for _, text in ipairs { "return { history = 'postgres://u:hunter2@h/d' 'hunter2' }",
            "return { hunter2 hunter2 }",
            "return { profiles = { p = { proxy = 5, x = 'hunter2' } } }", "return { history = 'hunter2" } do
            local status, _, err = run(text)
            assert.equal(2, status)
            assert.is_nil(err:find("hunter2", 1, true), err)
        end
    end)

    it("have a source instead, by name", function()
        local text = 'return { profile = "p", profiles = { p = { credentials = "terraform" } } }'
        local status, _, err = run(text, { "clusters" }, { DWSYNC_REGION = "cn-north-4" })
        assert.equal(2, status)
        assert.matches("credentials: ", err, 1, true)
        status, _, err = run('return { profiles = { p = { credentials = "nowhere" } } }')
        assert.equal(2, status)
        assert.matches("credentials.source is not one of agency, environment", err, 1, true)
        status, _, err = run('return { profiles = { p = { credentials = {} } } }')
        assert.equal(2, status)
        assert.matches("profiles.p.credentials names no source", err, 1, true)
    end)
end)
