local command = require "spec.support.command"
local json = require "dwsync.json"
local messages = require "dwsync.problems.messages"
local postgres = require "spec.support.postgres"
local temporary = require "spec.support.temporary"
local text = require "dwsync.text"
local told = require "spec.support.told"

local NOW = command.NOW * 1000
local HOUR = 3600000

local server
setup(function() server = postgres.start() end)
teardown(function() server:stop() end)

local function run_in(folder, target, arguments, more)
    more = more or {}
    local environment = { HOME = folder, DWSYNC_HISTORY = target, USER = "ann" }
    for name, value in pairs(more.environment or {}) do
        environment[name] = value or nil
    end
    local words = { "alerts" }
    for _, word in ipairs(arguments) do
        words[#words + 1] = word
    end
    return command.run(words, { environment = environment, files = more.files, service = more.service })
end

-- Calls use(problems, run) with a history of each kind.
local function on_each(use)
    return function()
        temporary.with_folder(function(folder)
            for _, target in ipairs { folder .. "/h.sqlite", server:fresh_url() } do
                local problems = told.make(target)
                local good, reason = pcall(use, problems, function(...)
                    return run_in(folder, target, { ... })
                end)
                problems:close()
                assert(good, tostring(target):sub(1, 8) .. ": " .. tostring(reason))
            end
        end)
    end
end

-- Calls it with a file.
local function with(use)
    return function()
        temporary.with_folder(function(folder)
            local problems = told.make(folder .. "/h.sqlite")
            local good, reason = pcall(use, problems, function(...)
                return run_in(folder, folder .. "/h.sqlite", { ... })
            end)
            problems:close()
            assert(good, reason)
        end)
    end
end

local function id_of(problems, rule)
    for _, row in ipairs(problems:rows()) do
        if row.rule == (rule or "stale") then
            return messages.problem_id(row):sub(1, 8)
        end
    end
end

describe("dwsync alerts list", function()
    it("says what each problem is, who was told and what is still owed, the worst first", on_each(
        function(problems, run)
            problems:problem { since = NOW - 3 * HOUR, fired_at = NOW - 3 * HOUR }
            problems:problem { rule = "slow", severity = "warning", source = "", state = "firing", since = NOW - HOUR,
                fired_at = NOW - HOUR }
            problems:problem { rule = "churn", state = "resolved", resolved_at = NOW }
            problems:message { state = "sent", sent_at = NOW - 3 * HOUR }
            problems:message { channel = "cloud", attempts = 4, last_error = "answered HTTP 500",
                next_at = NOW + 60000 }
            problems:message { channel = "mail", attempts = 1, next_at = NOW - HOUR, claimed_until = NOW + 90000 }
            problems:message { channel = "am", state = "given_up", last_error = "answered HTTP 404" }
            problems:message { rule = "slow", source = "", step = "warning", state = "dropped" }
            local status, out, err = run "list"
            assert.same({ 0, "" }, { status, err })
            local stale, slow = id_of(problems), id_of(problems, "slow")
            assert.equal(stale .. "  told          critical  since 2025-05-19T03:55:23Z (3 h ago)\n"
                .. "    dws-prod (c-1): stale of s1: no successful run for 3 d\n"
                .. "    told: ops (critical, 3 h ago)\n"
                .. "    owed: cloud (critical, due in 1 min, tried 4 times: answered HTTP 500);\n"
                .. "      mail (critical, due in 1 min, tried 1 time: no answer)\n"
                .. "    given up: am (critical): answered HTTP 404\n"
                .. slow .. "  firing        warning   since 2025-05-19T05:55:23Z (1 h ago)\n"
                .. "    dws-prod (c-1): slow: no successful run for 3 d\n", out)
            for line in out:gmatch "[^\n]+" do
                assert.is_true(text.width(line) <= 80, line)
            end
        end))

    it("says who acknowledged it and until when it is silenced", with(function(problems, run)
        problems:problem { acknowledged_at = NOW - HOUR, acknowledged_by = "ann", acknowledged_note = "on it",
            silenced_until = NOW + HOUR, silenced_by = "bob" }
        local _, out = run "list"
        assert.matches("  silenced      critical  ", out, 1, true)
        assert.matches("\n    acknowledged by ann 1 h ago: on it\n    silenced until 2025-05-19T07:55:23Z by bob\n",
            out, 1, true)
        problems:problem { acknowledged_at = NOW - HOUR, acknowledged_by = "ann", silenced_until = NOW - 1 }
        _, out = run "list"
        assert.matches("  acknowledged  critical  ", out, 1, true)
        assert.is_nil(out:find("silenced", 1, true))
    end))

    it("says what it knows where not all is known", with(function(problems, run)
        problems:problem { acknowledged_at = NOW - HOUR, silenced_until = NOW + HOUR, since = false,
            fired_at = NOW - 2 * HOUR }
        problems:problem { source = "s2", since = false, fired_at = false, seen_at = NOW - 4 * HOUR, message = false }
        problems:problem { source = "s3", silenced_until = NOW }
        problems:message { channel = "ended", step = "no-longer-told", state = "sent", created_at = NOW - HOUR }
        problems:message { channel = "no", state = "given_up" }
        problems:message { channel = "late", attempts = 0, next_at = NOW }
        local _, out = run "list"
        assert.matches("  since 2025-05-19T04:55:23Z (2 h ago)\n"
            .. "    dws-prod (c-1): stale of s1: no successful run for 3 d\n    acknowledged by somebody 1 h ago\n"
            .. "    silenced until 2025-05-19T07:55:23Z\n"
            .. "    told: ended (no longer told, 1 h ago)\n    owed: late (critical, due now)\n"
            .. "    given up: no (critical): refused\n", out, 1, true)
        assert.matches("  since 2025-05-19T02:55:23Z (4 h ago)\n    dws-prod (c-1): stale of s2:\n", out, 1, true)
        assert.is_nil(out:find("silenced until 2025-05-19T06:55:23Z", 1, true))
    end))

    it("puts those that ended last, and leaves the order among equals alone", with(function(problems, run)
        for i, row in ipairs { { "critical", "resolved" }, { "warning", "told" }, { "critical", "told" },
            { "warning", "firing" }, { "unknown", "told" }, { "critical", "firing" } } do
            problems:problem { source = "s" .. i, severity = row[1], state = row[2] }
        end
        local function sources(...)
            local list = {}
            for i, item in ipairs(json.decode((select(2, run("list", "-o", "json", ...))))) do
                list[i] = item.source
            end
            return table.concat(list, " ")
        end
        local ranks = { s1 = 4, s2 = 2, s3 = 1, s4 = 2, s5 = 3, s6 = 1 }
        local shown, last = sources "--all", 0
        for source in shown:gmatch "%S+" do
            assert.is_true(ranks[source] >= last, shown)
            last = ranks[source]
        end
        assert.equal((shown:gsub(" s1$", "")), sources())
        assert.is_nil(sources():find("s1", 1, true))
    end))

    it("writes JSON for programs, with those that ended where that is asked", with(function(problems, run)
        problems:problem { rule = "churn", state = "resolved", source = "" }
        problems:message { rule = "churn", source = "", state = "sent", sent_at = NOW }
        local _, out = run("list", "-o", "json")
        assert.equal("[\n]\n", out)
        _, out = run("list", "--all", "-o", "json")
        local list = json.decode(out)
        assert.same({ id_of(problems, "churn"), "resolved", "churn", "c-1", nil }, { list[1].id, list[1].state,
            list[1].rule, list[1].cluster_id, list[1].source })
        assert.same({ channel = "ops", step = "critical", state = "sent", attempts = 0, created_at = 1747600000000,
            next_at = 1747600000000, sent_at = NOW }, list[1].messages[1])
    end))

    it("says that there is nothing, and where it might be", with(function(problems, run)
        local status, out, err = run "list"
        assert.same({ 0, "", "dwsync: no problem is known\n" }, { status, out, err })
        problems:problem { state = "resolved" }
        err = select(3, run "list")
        assert.equal("dwsync: no problem is open; 1 problem ended\n        dwsync alerts list --all shows them.\n", err)
    end))
end)

describe("dwsync alerts ack, silence and unsilence", function()
    it("take an id or its beginning", on_each(function(problems, run)
        problems:problem {}
        local id = id_of(problems)
        local status, out, err = run("ack", id, "--note", "on it")
        assert.same({ 0, "", ("dwsync: %s (stale of source s1 of dws-prod): acknowledged by ann\n"):format(id) },
            { status, out, err })
        local row = problems:rows()[1]
        assert.same({ "ann", "on it", NOW }, { row.acknowledged_by, row.acknowledged_note, row.acknowledged_at })
        status, out, err = run("silence", id:sub(1, 5), "--for", "4h", "--by", "bob")
        assert.same({ 0, "" }, { status, out })
        assert.matches("silenced until 2025-05-19T10:55:23Z\n", err, 1, true)
        row = problems:rows()[1]
        assert.same({ NOW + 4 * HOUR, "bob", "ann" }, { row.silenced_until, row.silenced_by, row.acknowledged_by })
        assert.equal(0, (run("unsilence", id)))
        row = problems:rows()[1]
        assert.is_true((row.silenced_until or 0) <= NOW)
        assert.equal("ann", row.acknowledged_by)
    end))

    it("take a cluster, with rule and source where it has several problems", with(function(problems, run)
        problems:problem {}
        problems:problem { source = "s2" }
        problems:problem { rule = "slow" }
        local status, _, err = run("ack", "dws-prod")
        assert.equal(2, status)
        assert.matches("3 problems are meant by 'dws-prod'", err, 1, true)
        assert.matches("--all means each of them", err, 1, true)
        assert.equal(2, (run("ack", "dws-prod", "--rule", "stale")))
        assert.equal(0, (run("ack", "c-1", "--rule", "stale", "--source", "s2")))
        assert.equal(0, (run("silence", "dws-prod", "--all", "--until", "2025-05-20")))
        local by_ann, silenced = 0, 0
        for _, row in ipairs(problems:rows()) do
            by_ann = by_ann + (row.acknowledged_by == "ann" and 1 or 0)
            silenced = silenced + ((row.silenced_until or 0) > NOW and 1 or 0)
        end
        assert.same({ 1, 3 }, { by_ann, silenced })
    end))

    it("name those that exist where a name does not", with(function(problems, run)
        local _, _, err = run("ack", "dws-prod")
        assert.equal("dwsync: config: there is no problem 'dws-prod': none is open.\n"
            .. "        dwsync alerts list --all shows those that ended.\n", err)
        problems:problem {}
        local status
        status, _, err = run("ack", "dws-prd")
        assert.equal(2, status)
        assert.matches("unknown cluster 'dws-prd', looked for among the open problems (did you mean 'dws-prod'?)",
            err, 1, true)
        assert.matches("Open are " .. id_of(problems) .. " (stale of source s1 of dws-prod). dwsync alerts list says "
            .. "more of them.", err, 1, true)
        _, _, err = run("ack", "dws-prod", "--rule", "stael")
        assert.matches("no open problem has the rule 'stael' (did you mean 'stale'?)", err, 1, true)
        assert.matches("There is stale.", err, 1, true)
        _, _, err = run("ack", "dws-prod", "--source", "s9")
        assert.matches("no open problem has the source 's9'", err, 1, true)
    end))

    it("leave alone what ended", with(function(problems, run)
        problems:problem { state = "resolved" }
        problems:problem { rule = "slow" }
        local status, _, err = run("ack", id_of(problems))
        assert.equal(2, status)
        assert.matches("Open are " .. id_of(problems, "slow"), err, 1, true)
    end))

    it("refuse a time that has passed, or none", with(function(problems, run)
        problems:problem {}
        for _, case in ipairs {
            { { "silence", "dws-prod" }, "--for or --until is missing" },
            { { "silence", "dws-prod", "--for", "1h", "--until", "18:30" }, "--for and --until cannot be combined" },
            { { "silence", "dws-prod", "--until", "2025-05-18" }, "--until is in the past: 2025-05-1" },
            { { "silence", "dws-prod", "--until", "7d" }, '--until is "7d", expected a time to come such as 18:30, ' },
            { { "silence", "dws-prod", "--for", "4" }, "" },
        } do
            local status, _, err = run((table.unpack or unpack)(case[1])) -- luacheck: ignore 113
            assert.equal(2, status)
            assert.matches(case[2], err, 1, true)
        end
    end))

    it("keep notes, names and lengths of time within their borders, and refuse others", with(function(problems, run)
        problems:problem {}
        for _, case in ipairs {
            { 0, "ack", "--note", ("n"):rep(500) }, { 2, "ack", "--note", ("n"):rep(501) },
            { 0, "ack", "--by", ("n"):rep(100) }, { 2, "ack", "--by", ("n"):rep(101) },
            { 0, "silence", "--by", ("n"):rep(100), "--for", "60" }, { 2, "silence", "--for", "59s" },
            { 2, "silence", "--by", ("n"):rep(101), "--for", "1h" },
            { 0, "silence", "--for", "60s" }, { 0, "silence", "--for", "366d" }, { 2, "silence", "--for", "8784h1s" },
            { 2, "silence", "--until", "24:00" }, { 2, "silence", "--until", "12:60" }, { 0, "silence", "--until",
                "23:59" }, { 0, "silence", "--until", "0:00" }, { 2, "silence", "--until", "x0:00" },
            { 2, "silence", "--until", "0:00x" }, { 2, "silence", "--until", "0:0" },
            { 2, "silence", "--until", "-1:00" },
            { 2, "silence", "--until", "2025-05-19T06:55:23Z" }, { 0, "silence", "--until", "2025-05-19T06:55:24Z" },
        } do
            local expected, action = table.remove(case, 1), table.remove(case, 1)
            local status, _, err = run(action, "dws-prod", (table.unpack or unpack)(case)) -- luacheck: ignore 113
            assert.same({ expected, action, case }, { status, action, case }, err)
        end
    end))

    it("say of what changed meanwhile that there is nothing to do", with(function(problems, run)
        problems:problem {}
        local ledger = require "dwsync.problems.ledger"
        local change = ledger.change
        finally(function() ledger.change = change end)
        ledger.change = function() return { changed = false } end
        local status, _, err = run("ack", "dws-prod")
        assert.same({ 0, ("dwsync: %s (stale of source s1 of dws-prod): nothing to change\n"):format(id_of(problems)) },
            { status, err })
        ledger.change = function() return nil, require("dwsync.errors").new { kind = "storage", message = "full" } end
        status, _, err = run("ack", "dws-prod")
        assert.same({ 1, "dwsync: storage: full.\n" }, { status, err:match "^.-\n" })
    end))

    it("are signed by --by, or the user of this session, or somebody", function()
        temporary.with_folder(function(folder)
            local problems = told.make(folder .. "/h.sqlite")
            for _, case in ipairs { { "bob", { USER = "ann" }, "bob" },
                { nil, { USER = "ann", LOGNAME = "eve" }, "ann" }, { nil, { USER = "", LOGNAME = "eve" }, "eve" },
                { nil, { USER = false }, "somebody" } } do
                problems:problem {}
                local _, _, err = run_in(folder, folder .. "/h.sqlite",
                    { "ack", "dws-prod", case[1] and "--by", case[1] }, { environment = case[2] })
                assert.matches(": acknowledged by " .. case[3] .. "\n$", err)
                assert.equal(case[3], problems:rows()[1].acknowledged_by)
            end
            problems:close()
        end)
    end)

    it("are silent until the clock of this machine shows a time next", with(function(problems, run)
        problems:problem {}
        local later = os.date("%H:%M", command.NOW + 3 * 3600)
        assert.equal(0, (run("silence", "dws-prod", "--until", later)))
        local till = problems:rows()[1].silenced_until
        assert.is_true(till > NOW + 2.9 * HOUR and till <= NOW + 3 * HOUR)
        assert.equal(0, (run("silence", "dws-prod", "--until", os.date("%H:%M", command.NOW - 3600))))
        till = problems:rows()[1].silenced_until
        assert.is_true(till > NOW + 22.9 * HOUR and till <= NOW + 23 * HOUR)
    end))
end)

describe("dwsync alerts test", function()
    local CONFIG = [[return { alerts = { channels = { ops = { kind = "webhook", url = { env = "OPS" } },
        chat = { kind = "slack", url = { file = "/slack" } } } } }]]
    local FILES = { ["/c.lua"] = CONFIG, ["/slack"] = "https://hooks.example.com/hidden-path\n" }

    local function run(channel, answer, failure, more)
        local posts = {}
        local environment = { DWSYNC_CONFIG = "/c.lua", OPS = "https://ops.example.com/hidden-path" }
        for name, value in pairs(more or {}) do
            environment[name] = value or nil
        end
        local status, out, err = run_in("/nowhere", nil, { "test", channel }, { environment = environment,
            files = FILES, service = function(request)
                posts[#posts + 1] = request
                return answer, "", failure
            end })
        assert.is_nil((out .. err):find("hidden", 1, true))
        return status, out, err, posts
    end

    it("sends one real message and says what came back", function()
        local status, out, err, posts = run("ops", 204)
        assert.same({ 0, "channel ops (ops.example.com) took it, with HTTP 204\n", "" }, { status, out, err })
        assert.equal(1, #posts)
        assert.equal("https://ops.example.com/hidden-path", posts[1].url)
        local sent = json.decode(posts[1].body)
        assert.same({ "test", "ok" }, { sent.event, sent.severity })
        assert.matches("TEST: channel ops\nThis is a test", sent.text, 1, true)
    end)

    it("ends with 1 and the reason when the channel does not take it", function()
        local status, out, err = run("chat", 404)
        assert.same({ 1, "" }, { status, out })
        assert.matches("dwsync: channel chat (hooks.example.com) did not take it: answered HTTP 404\n", err, 1, true)
        assert.matches("Trying again will not help", err, 1, true)
        status, out, err = run("ops", nil, { kind = "timeout", message = "timed out" })
        assert.same({ 1, "" }, { status, out })
        assert.matches("did not take it: no answer in time\n", err, 1, true)
        assert.is_nil(err:find("Trying again", 1, true))
    end)

    it("names the channels that there are", function()
        local status, _, err, posts = run("osp", 204)
        assert.same({ 2, 0 }, { status, #posts })
        assert.matches("there is no channel 'osp' (did you mean 'ops'?)", err, 1, true)
        assert.matches("The channels are chat, ops.", err, 1, true)
        status, _, err = run("ops", 204, nil, { OPS = "" })
        assert.equal(2, status)
        assert.matches("channel ops: the variable OPS is not set", err, 1, true)
    end)

    it("takes the channels of an inventory, where one is named", function()
        local status, out = run_in("/nowhere", nil, { "test", "ops", "--fleet", "/fleet.lua" }, {
            environment = { OPS = "https://ops.example.com/x" }, files = { ["/fleet.lua"] = [[return {
                accounts = { hq = { credentials = { source = "environment" } } },
                alerts = { channels = { ops = { kind = "webhook", url = { env = "OPS" } } } } }]] },
            service = function() return 200, "" end })
        assert.same({ 0, "channel ops (ops.example.com) took it, with HTTP 200\n" }, { status, out })
    end)

    it("sends an alert that ends by itself to what is told the state", function()
        local posts = {}
        local status, out = run_in("/nowhere", nil, { "test", "am" }, { environment = { DWSYNC_CONFIG = "/c.lua" },
            files = { ["/c.lua"] = [[return { alerts = { channels = { am = { kind = "alertmanager",
                urls = { "https://am1.example.com", "https://am2.example.com" } } } } }]] },
            service = function(request)
                posts[#posts + 1] = request
                return #posts == 1 and 200 or 500, ""
            end })
        assert.same({ 0, "channel am (am1.example.com, am2.example.com) took it, with HTTP 500\n" }, { status, out })
        assert.equal("DwsyncTest", json.decode(posts[1].body)[1].labels.alertname)
    end)

    local TOPIC = "urn:smn:cn-north-4:0123456789abcdef0123456789abcdef:ops"

    it("asks the cloud's own services with the keys of the command, or of an account of the inventory", function()
        local asked = {}
        local files = {
            ["/keys"] = "[basic]\nak = AKHQ000000000000\nsk = secret\n",
            ["/c.lua"] = ("return { alerts = { channels = { cloud = { kind = 'smn', topic = %q } } } }"):format(TOPIC),
            ["/fleet.lua"] = ([[return { accounts = { hq = { credentials = { source = "file", path = "/keys" } } },
                alerts = { channels = { cloud = { kind = "smn", topic = %q, account = "hq" } } } }]]):format(TOPIC),
        }
        local function service(request)
            asked[#asked + 1] = request.headers.Authorization:match "Access=(%w+)"
            return 200, "{}"
        end
        local function test(...)
            local status, out, err = run_in("/nowhere", nil, { "test", "cloud", ... }, {
                environment = command.ENVIRONMENT, files = files, service = service })
            assert.same({ 0, "channel cloud (smn.cn-north-4.myhuaweicloud.com) took it\n", "" },
                { status, out, err })
        end
        test("--config", "/c.lua")
        test("--fleet", "/fleet.lua")
        assert.same({ command.ENVIRONMENT.HUAWEICLOUD_SDK_AK, "AKHQ000000000000" }, asked)
    end)
end)
