local borders = require "spec.support.borders"
local json = require "dwsync.json"
local settings = require "dwsync.nginx.settings"

local CLIENT = { endpoint = "https://127.0.0.1:1", iam_endpoint = "https://127.0.0.1:1", project_id = "p" }

local NONE = {}

local HOOK = { hook = { kind = "webhook", url = { env = "HOOK" } } }

local function check(more, variables)
    local given = { clusters = { "one" }, client = CLIENT }
    for name, value in pairs(more or {}) do
        given[name] = value
    end
    given.client = given.client ~= NONE and given.client or nil
    return settings.check(given, function(name)
        return (variables or {})[name]
    end)
end

local function refusal(more)
    local checked, reason = check(more)
    assert.is_nil(checked)
    return reason
end

describe("the settings", function()
    it("have defaults", function()
        local checked = assert(check())
        assert.equal("dwsync", checked.dict)
        assert.equal("dwsync", checked.thread_pool)
        assert.equal(60, checked.interval)
        assert.equal(60, checked.timeout)
        assert.equal(240, checked.stale_after)
        assert.equal(10, checked.lease)
        assert.equal(1000, checked.records)
        assert.same({ 0.1, 16, false, false }, { checked.jitter, checked.concurrency, checked.list_accounts,
            checked.show_accounts })
        assert.same({ "one" }, checked.clusters)
    end)

    it("are taken up to their borders", function()
        borders.of_numbers({ interval = { 1, 86400 }, timeout = { 1, 3600 }, stale_after = { 1, 120 * 86400 },
            lease = { 1, 3600 }, jitter = { 0, 0.5, 0.001 }, concurrency = { 1, 1024 }, records = { 0, 100000 } },
            function(name, value)
                local checked, reason = check { [name] = value }
                assert.is_true(checked and checked[name] == value or reason:sub(1, #name + 4) == name .. " is ")
                return checked
            end)
        borders.of_texts({ clusters = 200, name = 200 }, function(name, value)
            return check { clusters = { name == "name" and { id = "c-1", name = value } or value } }
        end)
    end)

    it("have the age from which data is old from interval and timeout, and accounts with a history", function()
        assert.equal(37, check({ interval = 10, timeout = 7 }).stale_after)
        local order = json.decode(check({ history = "/h.db", list_accounts = true, show_accounts = true }).order)
        assert.same({ "/h.db", true, true }, { order.history, order.list_accounts, order.show_accounts })
    end)

    it("are identified by all that a thread is given", function()
        local identity = check().identity
        assert.equal(identity, check().identity)
        assert.not_equal(identity, check({ records = 7 }).identity)
        assert.not_equal(identity, check({}, { HUAWEICLOUD_SDK_AK = "ak" }).identity)
    end)

    it("take lengths of time in words", function()
        local checked = assert(check { interval = "5m", timeout = "90s", stale_after = "1h" })
        assert.same({ 300, 90, 3600 }, { checked.interval, checked.timeout, checked.stale_after })
    end)

    it("take all clusters, names, patterns and ids, or ids with names", function()
        assert.equal("all", check({ clusters = "all" }).clusters)
        assert.same({ { id = "one", name = "" } }, check({ clusters = { { id = "one", name = "" } } }).clusters)
        local id = "c1c1c1c1-0000-4000-8000-000000000001"
        assert.same({ "one", "prod-*", { id = id }, { id = "two", name = "Two" } },
            check({ clusters = { "one", "prod-*", id, { id = "two", name = "Two" } } }).clusters)
    end)

    for _, case in ipairs {
        { "an unknown option", { color = "red" }, "unknown option 'color'. The options are alerts, client, clusters, "
            .. "concurrency, dict, history, interval, jitter, lease, list_accounts, records, show_accounts, "
            .. "stale_after, thread_pool, thresholds, timeout." },
        { "an interval that is none", { interval = "often" }, 'interval is "often", expected a length of time from 1 s '
            .. 'to 1 d: seconds, or "90s", "5m"' },
        { "too much jitter", { jitter = 0.6 }, "jitter is 0.6, expected a share of the interval from 0 to 0.5" },
        { "a timeout of nothing", { timeout = 0 }, "timeout is 0, expected a length of time from 1 s to 1 h: "
            .. 'seconds, or "90s", "5m"' },
        { "a negative age", { stale_after = -1 }, "stale_after is -1, expected a length of time from 1 s to "
            .. '120 d: seconds, or "90m", "6h", "2d"' },
        { "a lease that is too short", { lease = 0.5 }, 'lease is 0.5, expected a length of time from 1 s to 1 h: '
            .. 'seconds, or "90s", "5m"' },
        { "half a request at once", { concurrency = 1.5 }, "concurrency is 1.5, expected an integer from 1 to 1024" },
        { "too many records", { records = 1e6 }, "records is 1000000, expected an integer from 0 to 100000" },
        { "a dict without a name", { dict = "" },
            [[dict is "", expected a name of letters, digits, '_', '-' and '.']] },
        { "a pool that is a number", { thread_pool = 4 }, "thread_pool is 4, expected a name of letters, digits, "
            .. "'_', '-' and '.'" },
        { "no cluster", { clusters = {} }, 'clusters is a table, expected "all", "fleet", or a list of names and ids '
            .. "of clusters, not an empty one" },
        { "a fleet without a database", { clusters = "fleet", client = NONE },
            'history is missing: clusters = "fleet" reads the database of the collectors' },
        { "a client beside a fleet", { clusters = "fleet", history = "/h.db" },
            'client is set, but with clusters = "fleet" nginx does not ask the service' },
        { "requests at once beside a fleet", { clusters = "fleet", history = "/h.db", client = NONE, concurrency = 4 },
            'concurrency is set, but with clusters = "fleet" nginx does not ask the service' },
        { "a cluster twice", { clusters = { "one", "one" } }, "clusters[2] is a duplicate: one" },
        { "an id that is none", { clusters = { { id = "../one" } } }, 'clusters[1].id is "../one", expected letters, '
            .. 'digits, ' .. '"-", "_" and "." only' },
        { "an unknown field of a cluster", { clusters = { { id = "one", region = "x" } } },
            "unknown field 'clusters[1].region'. The fields are id, name." },
        { "a client that is no table", { client = "cn-north-4" }, 'client is a string, expected a table of the '
            .. "options of dwsync.new" },
        { "a function for credentials", { client = { credentials = function() end } }, "client.credentials is a "
            .. "function, which cannot enter a thread: use one of the sources of credentials" },
        { "an unknown option of the client", { client = { zone = "x" } },
            "unknown option 'client.zone'. The options are algorithm, allow_http, attempt_timeout, ca_file, "
            .. "client_cert, client_key, compressed, connect_timeout, credentials, endpoint, iam_endpoint, limit, "
            .. "max_pages, max_response_bytes, metadata, page_size, paging, project_id, proxy, region, retries, "
            .. "signing_region, signing_service, timeout, user_agent." },
        { "an option of the client that is out of range", { client = { timeout = -1 } },
            "client.timeout is -1, expected a number of seconds above 0 and at most 1000000" },
        { "alerts without a history", { alerts = { channels = HOOK } },
            "alerts needs history: that is where it is kept what was told" },
        { "alerts beside a fleet", { alerts = { channels = HOOK }, clusters = "fleet", history = "/h.db",
            client = NONE }, 'alerts is set, but with clusters = "fleet" the collectors tell: declare it in '
                .. "fleet.lua" },
        { "a program", { history = "/h.db", alerts = { channels = { mine = { kind = "program", program = "true" } } } },
            "alerts.channels.mine is a program, which nginx does not run: dwsync notify and watch do" },
        { "a heartbeat", { history = "/h.db", alerts = { channels = HOOK, heartbeat = { url = { env = "X" } } } },
            "alerts.heartbeat is sent by dwsync collect, not by nginx" },
        { "nobody to tell", { history = "/h.db", alerts = {} }, "alerts.channels is empty, so nobody would be told" },
        { "an address that is not there", { history = "/h.db", alerts = { channels = HOOK } },
            "alerts.channels.hook.url: the variable HOOK is not set" },
        { "a channel that is wrong", { history = "/h.db", alerts = { channels = { hook = { kind = "webhoko" } } } },
            'alerts.channels.hook.kind is "webhoko", expected one of alertmanager, ces, dingtalk, email, feishu, '
                .. "pagerduty, program, slack, smn, teams, webhook, wecom (did you mean 'webhook'?)" },
        { "a function", { history = "/h.db", alerts = { channels = HOOK, link = function() end } },
            "alerts.link is a function, which cannot enter a thread" },
        { "a history that is a number", { history = 5 }, "history is not a path or a postgres:// URL" },
        { "a history without a name", { history = "" }, "history is not a path or a postgres:// URL" },
        { "a history at no place that is known", { history = "mysql://db/d" },
            "history: unsupported history URL scheme mysql://" },
        { "alerts that are no table", { history = "/h.db", alerts = 5 }, "alerts is a number, expected a table" },
        { "a history of two lines", { history = "a\nb" }, "history is not a path or a postgres:// URL" },
        { "a thread for credentials", { client = { credentials = coroutine.create(print) } }, "client.credentials is a "
            .. "thread, which cannot enter a thread: use one of the sources of credentials" },
        { "a file inside credentials", { client = { credentials = { ak = { io.stdout } } } }, "client.credentials.ak.1 "
            .. "is a userdata, which cannot enter a thread: use one of the sources of credentials" },
        { "a cluster without id", { clusters = { { name = "x" } } },
            "clusters[1].id is missing, expected a text that is not empty" },
        { "a word that is none", { clusters = { "one", "" } }, 'clusters[2] is "", expected a text of 1 to 200 bytes' },
        { "a cluster twice, in two ways", { clusters = { "two", { id = "one" }, "one" } },
            "clusters[3] is a duplicate: one" },
        { "a list of accounts without a history", { list_accounts = true },
            "list_accounts needs history: accounts are kept there" },
        { "names of accounts without a history", { show_accounts = true },
            "show_accounts needs history: accounts are kept there" },
        { "a list of accounts beside a fleet", { clusters = "fleet", history = "/h.db", client = NONE,
            list_accounts = false },
            'list_accounts is set, but with clusters = "fleet" nginx does not ask the service' },
        { "names of accounts beside a fleet", { clusters = "fleet", history = "/h.db", client = NONE,
            show_accounts = true },
            'show_accounts is set, but with clusters = "fleet" nginx does not ask the service' },
    } do
        it("refuse " .. case[1], function()
            assert.equal(case[3], refusal(case[2]))
        end)
    end

    it("refuse no clusters at all, rules that are wrong, and what is no table", function()
        local _, reason = settings.check({ client = CLIENT }, function() end)
        assert.equal('clusters is missing, expected "all", "fleet", or a list of names and ids of clusters, not an '
            .. "empty one",
            reason)
        assert.matches("^unknown option 'thresholds%.stale%.warming'%. Did you mean 'warning'",
            refusal { rules = { stale = { warming = 1 } } })
        _, reason = settings.check({ client = CLIENT, clusters = "all" }, function(name)
            return name == "DWSYNC_CA_FILE" and "/nowhere" or nil
        end)
        assert.equal("client: DWSYNC_CA_FILE /nowhere: No such file or directory", reason)
        assert.equal("setup expects a table, got a string", select(2, settings.check("all", function() end)))
    end)

    it("give a thread the alerts, and the variables that hold their addresses", function()
        local order = json.decode(check({ history = "/h.db", interval = 30, alerts = { channels = HOOK } },
            { HOOK = "https://hooks.example.com/x" }).order)
        assert.same({ { channels = HOOK }, 30, "https://hooks.example.com/x" }, { order.alerts, order.interval,
            order.environment.HOOK })
    end)

    it("need no credentials, no region and nothing of the environment for a fleet", function()
        local checked = assert(check({ clusters = "fleet", history = "postgres://db/dwsync", client = NONE },
            { HUAWEICLOUD_SDK_AK = "ak", HUAWEICLOUD_SDK_SK = "sk" }))
        local order = json.decode(checked.order)
        assert.same({ "postgres://db/dwsync", {} }, { order.fleet, order.environment })
        assert.is_nil(order.history)
        assert.is_nil(checked.order:find("sk", 1, true))
    end)

    it("take how grave it is that synchronisation is off", function()
        assert.equal("warning", json.decode(check({ thresholds = { disabled = "warning" } }).order).rules.disabled)
        assert.matches('^thresholds%.disabled is "loud", expected ', refusal { thresholds = { disabled = "loud" } })
    end)

    it("give a thread everything as one text, the environment included", function()
        local order = json.decode(check({ thresholds = { slow = false } }, {
            HUAWEICLOUD_SDK_AK = "ak", DWSYNC_METADATA = "off", PATH = "/bin" }).order)
        assert.same({ HUAWEICLOUD_SDK_AK = "ak", DWSYNC_METADATA = "off" }, order.environment)
        assert.same({ slow = false }, order.rules)
        assert.same({ "one" }, order.clusters)
    end)

    it("note the variables of the region that the client looked at", function()
        local order = json.decode(check({ client = { region = "cn-north-4", project_id = "p" } },
            { HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4 = "https://dws.example.com" }).order)
        assert.equal("https://dws.example.com", order.environment.HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4)
    end)

    it("take rules for thresholds, which were called that, but not both", function()
        local order = json.decode(check({ rules = { slow = false } }).order)
        assert.same({ slow = false }, order.rules)
        assert.equal("rules is the former name of thresholds: give one of them",
            refusal { rules = {}, thresholds = {} })
    end)

    it("refuse a history whose driver cannot be loaded, and say where nginx looks", function()
        local kept = package.loaded["luasql.sqlite3"]
        package.loaded["luasql.sqlite3"], package.preload["luasql.sqlite3"] = nil, function() error "not there" end
        finally(function()
            package.loaded["luasql.sqlite3"], package.preload["luasql.sqlite3"] = kept, nil
        end)
        assert.equal("history: the history needs luasql.sqlite3, which cannot be loaded. Install lua-sql-sqlite3 "
            .. "(Debian), or luarocks install luasql-sqlite3. nginx looks where lua_package_path and "
            .. "lua_package_cpath say.", refusal { history = "/h.db" })
    end)
end)
