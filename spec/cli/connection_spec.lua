local argparse = require "argparse"
local cli = require "dwsync.cli"
local connection = require "dwsync.cli.connection"
local dwsync = require "dwsync"
local errors = require "dwsync.errors"

local SK, TOKEN = "hidden-sk+/=%", "hidden-token"
local ENVIRONMENT = {
    DWSYNC_REGION = "cn-north-4",
    HUAWEICLOUD_SDK_AK = "AKEXAMPLE",
    HUAWEICLOUD_SDK_SK = SK,
    HUAWEICLOUD_SDK_SECURITY_TOKEN = TOKEN,
    HUAWEICLOUD_SDK_PROJECT_ID = "p1",
}

local NONE = { status = 200, headers = { ["x-request-id"] = "r-1" }, body = '{"clusters":[{"id":"c1"}]}' }

-- Runs `dwsync clusters` with these options against answers given in turn (the last one stays). Returns status, stdout,
-- stderr and the requests.
local function run(arguments, answers, environment, terminal)
    answers = answers or { NONE }
    environment = environment or ENVIRONMENT
    local out, err, requests, clock = "", "", {}, 1761389392
    table.insert(arguments, 1, "clusters")
    local exit = cli.main(arguments, {
        stdout = { write = function(_, text) out = out .. text return true end, flush = function() return true end },
        stderr = { write = function(_, text) err = err .. text end },
        getenv = function(name) return environment[name] end,
        read_file = function() return nil, "No such file or directory", true end,
        is_terminal = function() return terminal or false end,
        terminal_columns = function() return 80 end,
        random = function() return 0.6 end,
        runtime = {
            now = function() return clock end,
            monotonic = function() return clock end,
            sleep = function(seconds) clock = clock + seconds end,
            perform = function(request)
                requests[#requests + 1] = request
                clock = clock + 0.25
                local answer = answers[math.min(#requests, #answers)]
                if answer.failure then
                    return nil, answer.failure
                end
                return { status = answer.status, headers = answer.headers or {}, body = answer.body or "" }
            end,
        },
    })
    return exit, out, err, requests
end

local URL = "https://dws.cn-north-4.myhuaweicloud.com/v1.0/p1/clusters"

describe("the options of where to ask", function()
    it("are the region, from the option before the environment", function()
        local _, _, _, requests = run {}
        assert.equal(URL, requests[1].url)
        _, _, _, requests = run { "--region", "cn-east-3" }
        assert.equal("https://dws.cn-east-3.myhuaweicloud.com/v1.0/p1/clusters", requests[1].url)
    end)

    it("are endpoint, IAM endpoint and project", function()
        local _, _, _, requests = run { "--endpoint", "https://e.example", "--project-id", "p2" }
        assert.equal("https://e.example/v1.0/p2/clusters", requests[1].url)
        local environment = { HUAWEICLOUD_SDK_AK = "AK", HUAWEICLOUD_SDK_SK = "SK", DWSYNC_REGION = "cn-north-4" }
        _, _, _, requests = run({ "--iam-endpoint", "https://i.example" }, {
            { status = 200, body = '{"projects":[{"id":"p3","name":"cn-north-4"}]}' }, NONE,
        }, environment)
        assert.equal("https://i.example/v3/projects?name=cn-north-4", requests[1].url)
        assert.equal("https://dws.cn-north-4.myhuaweicloud.com/v1.0/p3/clusters", requests[2].url)
    end)

    it("are the CA file and the proxy, of which none means none at all", function()
        local _, _, _, requests = run { "--ca-file", "README.md", "--proxy", "http://proxy:3128" }
        assert.equal("README.md", requests[1].ca_file) -- any file that can be read
        assert.equal("http://proxy:3128", requests[1].proxy)
        _, _, _, requests = run { "--proxy", "none" }
        assert.equal("", requests[1].proxy)
        _, _, _, requests = run {}
        assert.is_nil(requests[1].proxy)
    end)

    it("are wrong with status 2, before anything is sent", function()
        local cases = {
            ["dwsync: config: --endpoint \"http://e.example\" is plain http"] = { "--endpoint", "http://e.example" },
            ["dwsync: config: --region \"nowhere-1\" has no built-in DWS endpoint"] = { "--region", "nowhere-1" },
            ["dwsync: config: --project-id is \"a b\", expected"] = { "--project-id", "a b" },
            ["dwsync: config: --ca-file /nope: No such file or directory"] = { "--ca-file", "/nope" },
        }
        for message, arguments in pairs(cases) do
            local status, out, err, requests = run(arguments)
            assert.equal(2, status)
            assert.equal("", out)
            assert.equal(message, err:sub(1, #message))
            assert.same({}, requests)
        end
    end)

    it("do not include keys: without any the command says where it looked, with status 2", function()
        local status, out, err, requests = run({}, nil, { DWSYNC_REGION = "cn-north-4",
            DWSYNC_METADATA = "off" })
        assert.equal(2, status)
        assert.equal("", out)
        assert.equal("dwsync: credentials: no credentials found: environment: HUAWEICLOUD_SDK_AK and "
            .. "HUAWEICLOUD_SDK_SK are not set; credentials file: the home directory is unknown; ECS metadata: "
            .. "switched off; CCE pod identity: HC_CONTAINER_CREDENTIALS_FULL_URI is not set; environment (Terraform): "
            .. "HW_AUTH_TOKEN, HW_ACCESS_KEY and HW_USER_NAME are not set; KooCLI: the home directory is unknown.\n"
            .. "        Set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or write ak and sk below [basic] in "
            .. "~/.huaweicloud/credentials.\n", err)
        assert.same({}, requests)
    end)
end)

describe("the options of how to ask", function()
    it("are the deadline and the number of retries", function()
        local _, _, _, requests = run({ "--retries", "1" }, { { status = 503 } })
        assert.equal(2, #requests)
        _, _, _, requests = run({ "--retries", "0", "--timeout", "2.5" }, { { status = 503 } })
        assert.equal(1, #requests)
        assert.equal(2.5, requests[1].timeout)
    end)
end)

describe("--debug", function()
    it("shows each request, its outcome and each pause on stderr, and keeps stdout clean", function()
        local status, out, err = run({ "--debug", "-o", "tsv", "--columns", "id" }, {
            { status = 503, headers = { ["x-request-id"] = "r-0" } },
            { failure = { kind = "network", code = "connect", message = "refused" } },
            NONE,
        })
        assert.equal(0, status)
        assert.equal("id\nc1\n", out)
        assert.equal(table.concat({
            "dwsync: GET " .. URL .. ": HTTP 503 in 250 ms, request id r-0",
            "dwsync: trying again in 300 ms",
            "dwsync: GET " .. URL .. ": network in 250 ms",
            "dwsync: trying again in 600 ms",
            "dwsync: GET " .. URL .. ": HTTP 200 in 250 ms, request id r-1",
            "",
        }, "\n"), err)
    end)

    it("is off by default", function()
        local _, _, err = run({}, { { status = 503 }, NONE })
        assert.equal("", err)
    end)

    it("does not let a request id drive the terminal", function()
        local _, _, err = run({ "--debug" }, { { status = 200, headers = { ["x-request-id"] = "\27[2J" },
            body = NONE.body } })
        assert.is_nil(err:find("\27", 1, true))
    end)
end)

describe("a clock that was put right", function()
    local function expired(date)
        return { status = 401, headers = { date = date },
            body = '{"error_code":"APIGW.0301","error_msg":"signature expired"}' }
    end

    it("is told on stderr, without --debug", function()
        local status, _, err = run({}, { expired "Sat, 25 Oct 2025 12:49:52 GMT", NONE })
        assert.equal(0, status)
        assert.equal("dwsync: this machine's clock is 2 h slow; corrected for now, set it with NTP\n", err)
        _, _, err = run({}, { expired "Sat, 25 Oct 2025 09:49:52 GMT", NONE })
        assert.equal("dwsync: this machine's clock is 1 h fast; corrected for now, set it with NTP\n", err)
    end)
end)

describe("secrets", function()
    it("show on no stream, whatever fails, with --debug or without", function()
        local echo = "verify aksk signature fail,canonicalRequest:GET|/||x-security-token:hidden-token|"
            .. "authorization:SDK-HMAC-SHA256 hidden||e3b0"
        for _, answer in ipairs {
            { status = 401, body = ('{"error_code":"APIGW.0301","error_msg":"%s"}'):format(echo) },
            { status = 200, body = ('{"error_code":"APIGW.0301","error_msg":"%s"}'):format(echo) },
            { status = 200, body = '{"error_code":"DWS.0005","error_msg":"your sk is ' .. SK .. '"}' },
            { status = 200, body = "<pre>X-Security-Token: " .. TOKEN .. "</pre>" },
            { status = 500, body = "sk " .. SK .. " token " .. TOKEN },
            { status = 400, body = '{"error_code":"E.1","error_msg":"' .. SK .. '"}' },
            { failure = { kind = "network", code = "connect", message = "sent " .. TOKEN .. " and " .. SK } },
        } do
            for _, arguments in ipairs { { "--retries", "1" }, { "--retries", "1", "--debug" } } do
                local status, out, err, requests = run(arguments, { answer }, nil, true)
                assert.equal(1, status)
                assert.equal("", out)
                assert.is_true(#requests > 0 and #err > 20)
                assert.is_nil(err:find("hidden", 1, true), err)
            end
        end
    end)
end)

describe("the options of a command that asks the service", function()
    local WHERE = "Configuration: --config <file> Configuration file [DWSYNC_CONFIG]. --profile <name> Profile of that "
        .. "file [DWSYNC_PROFILE]. Where to ask: --region <region> Region, for example cn-north-4 [DWSYNC_REGION]. "
        .. "--endpoint <url> DWS endpoint instead of the region's. --iam-endpoint <url> IAM endpoint instead of the "
        .. "region's. --project-id <id> Project; looked up at IAM when not given. --proxy <url> Proxy URL, or none; "
        .. "default: the environment's. --ca-file <file> PEM file of the CA to trust [DWSYNC_CA_FILE]. How to ask: "
    local HOW = "--retries <n> How often to try again (default 3). --debug Show each request on stderr. "

    local function parser_with(configure)
        local parser = argparse "x"
        connection.configure(parser, configure and configure(parser))
        return parser
    end

    it("say where to ask and how, with a --timeout of the command's own where it has one", function()
        for _, case in ipairs { { nil, "--timeout <s> Seconds for the whole answer (default 60). " },
            { function(parser) return parser:option("--timeout", "Own."):argname "<t>" end, "--timeout <t> Own. " } } do
            assert.equal(WHERE .. case[2] .. HOW, parser_with(case[1]):get_help():gsub("%s+", " ")
                :match "(Configuration: .*)Other options:")
        end
    end)

    it("are checked when they are read", function()
        local parser = parser_with()
        for _, case in ipairs {
            { "--timeout=0", '--timeout is 0, expected a length of time above 0: seconds, or "90m", "6h", "2d"' },
            { "--retries=-1", '--retries is "-1", expected an integer of 0 or more' },
        } do
            assert.same({ false, case[2] }, { parser:pparse { case[1] } })
        end
        local good, args = parser:pparse { "--timeout", "0.5", "--retries", "0" }
        assert.same({ true, 0.5, 0 }, { good, args.timeout, args.retries })
    end)
end)

describe("the client of a command", function()
    local new, given, stderr, terminal
    before_each(function()
        new, stderr, terminal = dwsync.new, "", { stderr = true }
        dwsync.new = function(options)
            given = options
            return "client"
        end
    end)
    after_each(function() dwsync.new = new end)

    local function context_with(settings)
        return { settings = settings or { client = {}, clusters = {} }, getenv = function() end,
            read_file = function() end, random = function() end, runtime = {},
            stderr = { write = function(_, text) stderr = stderr .. text end },
            note = function(_, text) stderr = stderr .. text .. "\n" end,
            is_terminal = function(stream) return terminal[stream] or false end }
    end

    -- What was written since the last time.
    local function said()
        local text = stderr
        stderr = ""
        return text
    end

    it("gets the options, what the context has, and the clusters that are named", function()
        local context = context_with { client = { limit = 7, timeout = 9 }, clusters = { a = "c1" } }
        local client, failure, shown = connection.open({ timeout = 5, proxy = "none" }, context)
        assert.same({ "client", nil, "table" }, { client, failure, type(shown) })
        given.on_event = nil
        assert.same({ limit = 7, timeout = 5, proxy = "", clusters = { a = "c1" }, getenv = context.getenv,
            read_file = context.read_file, random = context.random, runtime = context.runtime }, given)
    end)

    it("is none where the configuration cannot be read, or says what is wrong", function()
        local client, failure, shown = connection.open({ config = "/c.lua" }, { getenv = function() end,
            read_file = function() return "return 1" end })
        assert.same({ nil, "/c.lua returns a number, not a table", "table" }, { client, failure.message, type(shown) })
        dwsync.new = function(options)
            return nil, errors.new { kind = "config", message = "region is wrong", option = "region",
                value = options.region }
        end
        client, failure = connection.open({}, context_with { client = { region = "x" }, clusters = {}, profile = "p" })
        assert.same({ nil, "profiles.p.region is wrong" }, { client, failure.message })
        client, failure = connection.open({ region = "x" }, context_with())
        assert.same({ nil, "--region is wrong" }, { client, failure.message })
    end)

    it("shows on a terminal how far it is, in one line that is wiped before anything else", function()
        local _, _, shown = connection.open({}, context_with())
        shown.clear()
        assert.equal("", said())
        given.on_event { type = "page", pages = 2, records = 20, count = 50 }
        given.on_event { type = "page", pages = 3, records = 30 }
        assert.equal("\r\27[Kreading page 2: 20 of 50 records\r\27[Kreading page 3: 30 records", said())
        given.on_event { type = "warning", message = "careful" }
        given.on_event { type = "warning", message = "very" }
        assert.equal("\r\27[Kcareful\nvery\n", said())
        shown.show "x"
        shown.clear()
        shown.clear()
        assert.equal("\r\27[Kx\r\27[K", said())
        shown.page = function(event) shown.show("page " .. event.pages) end
        given.on_event { type = "page", pages = 4, records = 1 }
        assert.equal("\r\27[Kpage 4", said())
        terminal = { stdout = true, stdin = true }
        shown.clear()
        said()
        given.on_event { type = "page", pages = 2, records = 20 }
        shown.clear()
        assert.equal("", said())
    end)

    it("says what happens, most of it only with --debug", function()
        for _, case in ipairs {
            { { type = "clock", skew = 7200.4 },
                "this machine's clock is 2 h slow; corrected for now, set it with NTP" },
            { { type = "clock", skew = -3599.6 },
                "this machine's clock is 1 h fast; corrected for now, set it with NTP" },
            { { type = "clock", skew = 0.6 }, "this machine's clock is 1 s slow; corrected for now, set it with NTP" },
            { { type = "warning", message = "careful" }, "careful" },
            { { type = "attempt", method = "GET", url = "u", status = 200, seconds = 2, request_id = "r" },
                "GET u: HTTP 200 in 2 s, request id r", true },
            { { type = "attempt", method = "GET", url = "u", error = { kind = "tls" }, seconds = 2 },
                "GET u: tls in 2 s", true },
            { { type = "retry", pause = 0.3 }, "trying again in 300 ms", true },
            { { type = "disorder" }, "the records do not come newest first: all are read to find the newest", true },
            { { type = "lookup", cluster = "c", count = 1, age = 0 },
                "looking for 'c' among the 1 cluster of the service, asked for now", true },
            { { type = "lookup", cluster = "c", count = 4, age = 0.5 },
                "looking for 'c' among the 4 clusters of the service, whose list is 1 s old", true },
            { { type = "lookup", cluster = "c", count = 4, age = 61.5 },
                "looking for 'c' among the 4 clusters of the service, whose list is 1 min 2 s old", true },
        } do
            connection.open({ debug = true }, context_with())
            given.on_event(case[1])
            assert.equal(case[2] .. "\n", said())
            connection.open({}, context_with())
            given.on_event(case[1])
            assert.equal(case[3] and "" or case[2] .. "\n", said())
        end
        connection.open({ debug = true }, context_with())
        given.on_event { type = "something else" }
        assert.equal("", said())
    end)
end)
