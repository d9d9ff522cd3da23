local command = require "spec.support.command"
local history = require "dwsync.history"
local json = require "dwsync.json"
local quantities = require "dwsync.quantities"
local temporary = require "spec.support.temporary"

local C1 = "c1c1c1c1-0000-4000-8000-000000000001"
local SECRET = "T0/B0/hiddenpath"
local ADDRESS = "https://hooks.example.com/" .. SECRET
local MINUTE = 60
local REDIRECT = ", a redirect, which is not followed"
local NOT_SENT = ("dwsync: not sent to channel webhook (hooks.example.com): WARNING: %s: failing: "):format(C1)
local UNTIL = quantities.instant((command.NOW + 20 * MINUTE) * 1000)

local HEALTHY = command.healthy()

local function failing(count, reason)
    local list = {}
    for i = 1, count do
        list[i] = command.failed("f" .. i, i * 0.05, reason)
    end
    for _, record in ipairs(HEALTHY) do
        list[#list + 1] = record
    end
    return list
end

-- Runs it with a history of its own, as often as `use` likes: run(minutes since the first run, clusters by id or a
-- service, more) → exit status, stdout, stderr, the posts that were received.
local function with_runs(use)
    temporary.with_folder(function(folder)
        local file = folder .. "/told.sqlite"
        use(function(minutes, clusters, more)
            more = more or {}
            local service = type(clusters) == "function" and clusters or command.service(clusters)
            local posts, environment = {}, { DWSYNC_HISTORY = file, DWSYNC_WEBHOOK_URL = ADDRESS }
            for _, some in ipairs { command.ENVIRONMENT, more.environment or {} } do
                for name, value in pairs(some) do
                    environment[name] = value or nil
                end
            end
            local arguments = { "notify", "--retries", "0", "--set", "slow=off", "--set", "failing.minimum=0", "--set",
                "failing.critical_minimum=0" }
            for _, word in ipairs(more.arguments or { C1 }) do
                arguments[#arguments + 1] = word
            end
            local status, out, err = command.run(arguments, {
                environment = environment, files = more.files, clock_error = minutes * MINUTE,
                service = function(request)
                    if request.method ~= "POST" then
                        return service(request)
                    end
                    posts[#posts + 1] = { url = request.url, key = request.headers["Idempotency-Key"],
                        body = json.decode(request.body), request = request }
                    return (more.answers or {})[#posts] or 204, "", more.failure, more.headers
                end,
            })
            assert.is_nil((out .. err):find("hiddenpath", 1, true))
            return status, out, err:gsub("^dwsync: made [^\n]*\n", ""), posts
        end, folder, file)
    end)
end

local function events(posts)
    local list = {}
    for i, post in ipairs(posts) do
        list[i] = post.body.event
    end
    return list
end

describe("dwsync notify", function()
    it("keeps the names of the clusters that it looked at", function()
        with_runs(function(run, _, file)
            run(0, { [C1] = HEALTHY }, { arguments = { "--all-clusters" } })
            local store = assert(history.open(file))
            assert.same({ [C1] = "name-" .. C1 }, (require("dwsync.history.names").all(store)))
            store:close()
        end)
    end)

    it("tells a problem once, when it gets worse, and when it is over; else it is silent", function()
        with_runs(function(run)
            assert.same({ 0, "", "", {} }, { run(0, { [C1] = HEALTHY }) })
            local status, out, err, posts = run(5, { [C1] = failing(2) })
            assert.same({ 0, ("told webhook: WARNING: %s: failing\n"):format(C1), "" }, { status, out, err })
            assert.equal(1, #posts)
            local body = posts[1].body
            assert.equal(posts[1].key, body.key)
            assert.same({ "firing", "warning", "failing", "s1", "ldap", C1, 1 }, { body.event, body.severity, body.rule,
                body.source, body.source_type, body.cluster_id, body.episode })
            assert.matches("^the last 2 runs failed: ", body.message)
            assert.matches("\nNext: ", body.text)
            assert.same({ 0, "", "", {} }, { run(10, { [C1] = failing(2) }) })
            assert.same({ 0, "", "", {} }, { run(15, { [C1] = failing(3) }) })

            local worse = select(4, run(20, { [C1] = failing(12) }))[1].body
            assert.same({ "escalated", "critical", "warning" }, { worse.event, worse.severity, worse.previous })
            assert.equal(body.problem_id, worse.problem_id)
            assert.not_equal(body.key, worse.key)
            assert.same({}, (select(4, run(25, { [C1] = failing(2) })))) -- better is not over

            status, out, err, posts = run(30, { [C1] = HEALTHY })
            assert.same({ 0, ("told webhook: RESOLVED: %s: failing\n"):format(C1), "" }, { status, out, err })
            assert.same({ "resolved", "ok", body.problem_id, (command.NOW + 30 * MINUTE) * 1000 },
                { posts[1].body.event, posts[1].body.severity, posts[1].body.problem_id, posts[1].body.ended })
            assert.same({ 0, "", "", {} }, { run(35, { [C1] = HEALTHY }) })
            assert.equal(2, select(4, run(40, { [C1] = failing(2) }))[1].body.episode)
        end)
    end)

    it("tries again what was not taken, with the same key", function()
        with_runs(function(run)
            local first
            for i, answer in ipairs { 500, 429, 503, 408, 425, 407, 302 } do
                local status, out, err, posts = run(i, { [C1] = failing(2) }, { answers = { answer } })
                assert.same({ 1, "", ("%sanswered HTTP %d%s\n        The next run tries again.\n"):format(NOT_SENT,
                    answer, answer == 302 and REDIRECT or "") }, { status, out, err })
                first = first or posts[1].key
                assert.equal(first, posts[1].key)
            end
            local status, _, err = run(10, { [C1] = failing(2) }, { failure = { kind = "network",
                message = "hooks.example.com: connection reset by peer at " .. ADDRESS } })
            assert.equal(1, status)
            assert.equal(NOT_SENT, err:sub(1, #NOT_SENT))
            assert.matches("reset", err)
            local posts
            status, _, err, posts = run(11, { [C1] = failing(2) })
            assert.same({ 0, "", first }, { status, err, posts[1].key })
            assert.same({}, (select(4, run(15, { [C1] = failing(2) }))))
        end)
    end)

    it("leaves a channel alone until the time that it asked for, but not a corrected address", function()
        for _, answer in ipairs { 429, 503 } do
            with_runs(function(run)
                local clusters, all = { [C1] = failing(2), c2 = failing(12) }, { arguments = { "--all-clusters" } }
                local asked = { arguments = all.arguments, answers = { answer },
                    headers = { ["retry-after"] = "1200" } }
                local line = "dwsync: not sent to channel webhook (hooks.example.com): CRITICAL: name-c2: failing: %s\n"
                    .. "        It asks to be left alone until " .. UNTIL .. "; a run after that tries again.\n"
                local status, _, err, posts = run(0, clusters, asked)
                assert.same({ 1, 1 }, { status, #posts })
                assert.equal(line:format("answered HTTP " .. answer), err)
                status, _, err, posts = run(10, clusters, all)
                assert.same({ 1, {} }, { status, posts })
                assert.equal((line:gsub("CRITICAL: name%-c2: failing: %%s", "not tried")), err)
                all.environment = { DWSYNC_WEBHOOK_URL = ADDRESS .. "2" }
                assert.equal(2, #select(4, run(15, clusters, all)))
            end)
        end
        with_runs(function(run)
            run(0, { [C1] = failing(2) }, { answers = { 429 }, headers = { ["retry-after"] = "1200" } })
            assert.equal(0, #select(4, run(19, { [C1] = failing(2) })))
            local status, _, err, posts = run(20, { [C1] = failing(2) })
            assert.same({ 0, "", 1 }, { status, err, #posts })
        end)
    end)

    it("shows with --dry-run a message once for all its channels, and an id only of a problem that is kept", function()
        with_runs(function(run)
            local two = { environment = { DWSYNC_SLACK_URL = ADDRESS }, arguments = { C1, "--dry-run" } }
            local _, out = run(0, { [C1] = failing(2) }, two)
            assert.matches("^to slack %(hooks.example.com%), webhook %(hooks.example.com%):\n    WARNING", out)
            assert.same({ 1, nil }, { select(2, out:gsub("WARNING", "")), out:find("Acknowledge", 1, true) })
            run(5, { [C1] = failing(2) }, { environment = two.environment })
            out = select(2, run(10, { [C1] = failing(12) }, two))
            assert.matches("\n    Acknowledge: dwsync alerts ack %x%x%x%x%x%x%x%x\n", out)
        end)
    end)

    it("fits its rehearsal into the terminal's columns", function()
        with_runs(function(run)
            local files = { ["/c.lua"] = [[return { alerts = { channels = {
                ["first-of-all"] = { kind = "webhook", url = { env = "OPS" } },
                ["second-of-all"] = { kind = "webhook", url = { env = "OPS" } },
                ["third-of-all"] = { kind = "webhook", url = { env = "OPS" } } } } }]] }
            for columns = 60, 80 do
                local _, out = run(0, { [C1] = failing(2) }, { arguments = { C1, "--dry-run" }, files = files,
                    environment = { DWSYNC_WEBHOOK_URL = false, DWSYNC_CONFIG = "/c.lua", OPS = ADDRESS,
                        COLUMNS = tostring(columns) } })
                local rest = out
                for indent, what in pairs { ["  "] = "^to .-:\n", ["    "] = "\n    WARNING.*" } do
                    local lines = {}
                    for line in rest:match(what):gmatch "[^\n]+" do
                        lines[#lines + 1] = line
                    end
                    for i, line in ipairs(lines) do
                        assert.is_true(#line <= columns, line)
                        local word = lines[i + 1] and lines[i + 1]:match("^" .. indent .. "(%S+)")
                        assert.is_true(what:find "WARN" ~= nil or not word or #line + 1 + #word > columns - 2, line)
                    end
                end
            end
        end)
    end)

    it("says why what was told cannot be read, with --dry-run, too", function()
        with_runs(function(run, _, file)
            local broken = assert(io.open(file, "w"))
            broken:write(("no database"):rep(100))
            broken:close()
            for _, arguments in ipairs { { C1 }, { C1, "--dry-run" } } do
                local status, out, err, posts = run(0, { [C1] = failing(2) }, { arguments = arguments })
                assert.same({ 1, "", {} }, { status, out, posts })
                assert.matches("file is not a database", err, 1, true)
            end
        end)
    end)

    it("sends for two minutes under its own name, and says why the database failed meanwhile", function()
        local telling = require "dwsync.cli.telling"
        local tell, given = telling.tell, nil
        for status, clusters in pairs { [0] = { [C1] = HEALTHY }, [1] = { [C1] = 503 } } do
            telling.tell = function(_, _, _, options)
                given = options
                return true
            end
            with_runs(function(run)
                assert.equal(status, (run(0, clusters)))
                telling.tell = function()
                    return nil, require("dwsync.errors").new { kind = "storage", message = "the disk is gone" }
                end
                local failed, _, err = run(5, clusters)
                assert.equal(1, failed)
                assert.matches("dwsync: storage: the disk is gone.\n", err, 1, true)
            end)
            assert.same({ 120, "notify" }, { given.seconds, given.name })
        end
        telling.tell = tell
    end)

    it("sends what is owed about the clusters and sources that were named, and about no other", function()
        with_runs(function(run)
            local clusters = { [C1] = failing(2), c2 = failing(12) }
            run(0, clusters, { arguments = { "--all-clusters" }, answers = { 500 } })
            assert.same({}, (select(4, run(5, clusters, { arguments = { C1, "--source", "other" } }))))
            local rehearsed = select(2, run(10, clusters, { arguments = { C1, "--dry-run" } }))
            assert.same({ 1, nil }, { select(2, rehearsed:gsub("to webhook", "")), rehearsed:find("c2", 1, true) })
            local posts = select(4, run(10, clusters))
            assert.same({ 1, C1 }, { #posts, posts[1].body.cluster_id })
            posts = select(4, run(15, clusters, { arguments = { "--all-clusters", "--exclude", "c2" } }))
            assert.same({}, posts)
            posts = select(4, run(20, clusters, { arguments = { "--all-clusters" } }))
            assert.same({ 1, "c2" }, { #posts, posts[1].body.cluster_id })
        end)
    end)

    it("reports an answer about message or address once, and sends again when the address was corrected", function()
        for _, answer in ipairs { 400, 413, 415, 422, 401, 403, 404, 410, 418, 301, 308 } do
            with_runs(function(run)
                local status, out, err = run(0, { [C1] = failing(2) }, { answers = { answer } })
                assert.same({ 1, "" }, { status, out })
                assert.equal((NOT_SENT .. "answered HTTP %d%s\n        This message will not be sent to this address "
                    .. "again. Correct the channel's address, and the next run sends it.\n"):format(answer,
                    answer < 400 and REDIRECT or ""), err)
                assert.same({ 0, "", "", {} }, { run(5, { [C1] = failing(2) }) })
                local _, _, _, posts = run(10, { [C1] = failing(2) },
                    { environment = { DWSYNC_WEBHOOK_URL = ADDRESS .. "2" } })
                assert.same({ "firing" }, events(posts))
            end)
        end
    end)

    it("does not let one channel keep the others from being told", function()
        with_runs(function(run)
            local both = { DWSYNC_SLACK_URL = "https://slack.example.com/x" }
            local status, out, err = run(0, { [C1] = failing(2) }, { environment = both, answers = { 500 } })
            assert.same({ 1, ("told webhook: WARNING: %s: failing\n"):format(C1) }, { status, out })
            assert.matches("channel slack %(slack.example.com%): [^\n]*: answered HTTP 500", err)
            local posts
            status, out, err, posts = run(5, { [C1] = HEALTHY }, { environment = both })
            assert.same({ 0, ("told webhook: RESOLVED: %s: failing\n"):format(C1), 1 }, { status, out, #posts })
            assert.equal("", err)
        end)
    end)

    it("asks a channel that does not answer only once a run", function()
        with_runs(function(run)
            local clusters = { [C1] = failing(2), c2 = failing(12), c3 = failing(2) }
            local all = { arguments = { "--all-clusters" }, answers = { 503, 503, 503 } }
            local posts = select(4, run(0, clusters, all))
            assert.equal(1, #posts)
            assert.equal("c2", posts[1].body.cluster_id) -- the worst first
            all.answers = nil
            posts = select(4, run(5, clusters, all))
            assert.same({ "firing", "firing", "firing" }, events(posts))
        end)
    end)

    it("is patient with a cluster that does not answer, and keeps what is known of it", function()
        with_runs(function(run)
            assert.equal(1, #select(4, run(0, { [C1] = failing(2) })))
            local status, out, err, posts = run(5, { [C1] = 503 })
            assert.same({ 1, "", {} }, { status, out, posts })
            assert.matches("^dwsync: service: ListSyncRecords of cluster ", err)
            assert.same({}, (select(4, run(19, { [C1] = 503 }))))
            status, out, err, posts = run(20, { [C1] = 503 })
            assert.same({ 1, { "firing" } }, { status, events(posts) })
            assert.matches("^told webhook: UNKNOWN: [^\n]*: unreachable\n$", out)
            assert.matches("^dwsync: service: ", err)
            local body = posts[1].body
            assert.same({ "unreachable", "unknown" }, { body.rule, body.severity })
            assert.matches("^its synchronisation cannot be watched: service: Server failure", body.message)
            assert.is_nil(body.source)
            assert.same({}, (select(4, run(25, { [C1] = 503 }))))
            posts = select(4, run(30, { [C1] = failing(2) })) -- what was told before is not told again
            assert.same({ "resolved" }, events(posts))
            assert.equal("unreachable", posts[1].body.rule)
        end)
    end)

    it("forgets a failure that passed before it was told", function()
        with_runs(function(run)
            run(0, { [C1] = 503 })
            assert.same({ 0, "", "", {} }, { run(10, { [C1] = HEALTHY }) })
            assert.same({}, (select(4, run(20, { [C1] = 503 }))))
            assert.same({}, (select(4, run(34, { [C1] = 503 }))))
            assert.same({ "firing" }, events((select(4, run(35, { [C1] = 503 })))))
        end)
    end)

    it("tells that the clusters cannot be listed, as of one cluster", function()
        with_runs(function(run)
            local function down() return 503, '{"error_code":"DWS.0005","error_msg":"Server failure"}' end
            local all = { arguments = { "--all-clusters" } }
            local status, out, err, posts = run(0, down, all)
            assert.same({ 1, "", {} }, { status, out, posts })
            assert.matches("^dwsync: service: ", err)
            assert.equal("told webhook: UNKNOWN: the clusters of cn-north-4: unreachable\n",
                (select(2, run(15, down, all))))
            assert.equal("told webhook: RESOLVED: the clusters of cn-north-4: unreachable\n",
                (select(2, run(20, { [C1] = HEALTHY }, all))))
        end)
    end)

    it("tells only from --min-severity on, but the end of all that was told", function()
        with_runs(function(run)
            local critical = { arguments = { C1, "--min-severity", "critical" } }
            assert.same({}, (select(4, run(0, { [C1] = failing(2) }, critical))))
            assert.same({ "firing" }, events((select(4, run(5, { [C1] = failing(12) }, critical)))))
            assert.same({}, (select(4, run(10, { [C1] = failing(2) }, critical))))
            assert.same({ "resolved" }, events((select(4, run(15, { [C1] = HEALTHY }, critical)))))
        end)
    end)

    it("ends nothing that it did not look at", function()
        with_runs(function(run)
            assert.equal(1, #select(4, run(0, { [C1] = failing(2) })))
            assert.same({}, (select(4, run(5, { [C1] = failing(2) }, { arguments = { C1, "--source", "other" } }))))
            assert.same({}, (select(4, run(10, { c2 = HEALTHY }, { arguments = { "c2" } }))))
            assert.same({}, (select(4, run(15, { [C1] = failing(2) }, { arguments = { C1, "--source", "ldap" } }))))
        end)
    end)

    it("shows with --dry-run what it would send, and neither sends nor keeps anything", function()
        with_runs(function(run, folder, file)
            local rehearsal = { arguments = { C1, "--dry-run" } }
            local status, out, _, posts = run(0, { [C1] = failing(2) }, rehearsal)
            assert.same({ 0, {} }, { status, posts })
            assert.matches("^to webhook %(hooks.example.com%):\n    WARNING: " .. C1:gsub("%-", "%%-")
                .. ": failing\n    the last 2 runs failed: [^\n]*\n", out)
            assert.is_nil(io.open(file))
            local _, again, complaint = run(0, { [C1] = failing(2) }, { arguments = { C1, "--dry-run", "--history",
                folder .. "/new.sqlite" } })
            assert.same({ out, "", nil }, { again, complaint, (io.open(folder .. "/new.sqlite")) })
            run(5, { [C1] = failing(2) })
            assert.same({ 0, "", "", {} }, { run(10, { [C1] = failing(2) }, rehearsal) })
            status, out = run(15, { [C1] = HEALTHY }, rehearsal)
            assert.equal(0, status)
            assert.matches("RESOLVED", out)
            assert.same({ "resolved" }, events((select(4, run(20, { [C1] = HEALTHY })))))
            assert.is_string(folder)
        end)
    end)

    it("shows with --dry-run of what an Alertmanager would be told, each time while it lasts", function()
        with_runs(function(run)
            local environment = { DWSYNC_WEBHOOK_URL = false, DWSYNC_CONFIG = "/c.lua" }
            local files = { ["/c.lua"] = [[return { alerts = { channels = { am = { kind = "alertmanager",
                urls = { "https://am1.example.com", "https://am2.example.com" } } } } }]] }
            local rehearsal = { arguments = { C1, "--dry-run" }, environment = environment, files = files }
            local real = { arguments = { C1 }, environment = environment, files = files }
            local first = ("to am (am1.example.com, am2.example.com; again by each run):\n"
                .. "    WARNING: %s: failing\n"):format(C1)
            for minutes = 0, 10, 10 do
                local status, out, err, posts = run(minutes, { [C1] = failing(2) }, rehearsal)
                assert.same({ 0, first, "", {} }, { status, out:sub(1, #first), err, posts })
                assert.matches("\n    the last 2 runs failed: ", out, 1, true)
                posts = select(4, run(minutes + 5, { [C1] = failing(2) }, real))
                assert.same({ 2, "DwsyncFailing" }, { #posts, posts[1].body[1].labels.alertname })
            end
            run(20, { [C1] = HEALTHY }, real)
            local _, out = run(25, { [C1] = HEALTHY }, rehearsal)
            assert.matches("each run):\n    RESOLVED: " .. C1 .. ": failing\n", out, 1, true)
            assert.same({ 0, "", "", {} }, { run(36, { [C1] = HEALTHY }, rehearsal) })
        end)
    end)

    it("makes the history that keeps what was told, for its owner only, and says so once", function()
        with_runs(function(_, folder)
            local environment = { HOME = folder, DWSYNC_WEBHOOK_URL = ADDRESS }
            for name, value in pairs(command.ENVIRONMENT) do
                environment[name] = value
            end
            local world = { environment = environment, service = command.service { [C1] = HEALTHY } }
            local path = folder .. "/.local/share/dwsync/history.sqlite"
            local _, out, err = command.run({ "notify", C1, "--set", "slow=off" }, world)
            assert.equal("", out)
            assert.equal(("dwsync: made %s, which keeps what was told; only its owner can read it\n"):format(path), err)
            assert.equal(tonumber("600", 8), require("dwsync.files").mode(path) % 512)
            local status
            status, out, err = command.run({ "notify", C1, "--set", "slow=off" }, world)
            assert.same({ 0, "", "" }, { status, out, err })
        end)
    end)

    it("leaves the history to programs that know nothing of problems", function()
        with_runs(function(run, _, file)
            run(0, { [C1] = failing(2) })
            local store = assert(history.open(file))
            assert.equal(1, store:stats().schema_version)
            store:close()
        end)
    end)

    it("shows an address nowhere: not in the database, nor with --debug", function()
        with_runs(function(run, folder, file)
            run(0, { [C1] = failing(2) }, { answers = { 404 }, arguments = { C1, "--debug" } })
            run(5, { [C1] = failing(12) }, { answers = { 500 }, arguments = { C1, "--debug" } })
            run(10, { [C1] = failing(12) }, { arguments = { C1, "--debug" } })
            for _, suffix in ipairs { "", "-wal" } do
                local database = io.open(file .. suffix, "rb")
                local content = database and database:read "*a" or ""
                assert.is_nil(content:find("hooks.example.com", 1, true))
                assert.is_nil(content:find("hiddenpath", 1, true))
            end
            assert.is_string(folder)
        end)
    end)
end)

describe("secrets of every kind of channel", function()
    it("are neither shown nor kept, whatever the receiver answers", function()
        local kept = [[return { alerts = { channels = {
            a = { kind = "dingtalk", url = { env = "OPS" }, secret = { env = "KEY" } },
            b = { kind = "feishu", url = { env = "OPS" }, secret = { env = "KEY" } },
            c = { kind = "wecom", url = { env = "OPS" } },
            d = { kind = "pagerduty", routing_key = { env = "KEY" } },
            e = { kind = "webhook", url = { env = "OPS" }, format = "cloudevents" } } } }]]
        with_runs(function(run, _, file)
            local function again(minutes, more)
                more.environment = { DWSYNC_WEBHOOK_URL = false, DWSYNC_CONFIG = "/c.lua", OPS = ADDRESS,
                    KEY = "SEChiddenpathkey" }
                more.files, more.arguments = { ["/c.lua"] = kept }, { C1, "--debug" }
                return run(minutes, { [C1] = failing(2) }, more)
            end
            local _, _, err, posts = again(0, { answers = { 500, 429, 302, 503, 500 } })
            assert.same({ 5, 5 }, { #posts, select(2, err:gsub("not sent to channel", "")) })
            again(60, { answers = { 404, 401, 403, 400, 308 } })
            local database = io.open(file, "rb")
            local content = database:read "*a"
            database:close()
            assert.is_nil(content:find("hiddenpath", 1, true))
        end)
    end)
end)

describe("the channels of dwsync notify", function()
    local function refused(expected, more)
        with_runs(function(run)
            local status, out, err, posts = run(0, { [C1] = failing(2) }, more)
            assert.same({ 2, "", {} }, { status, out, posts })
            assert.matches(expected, err)
        end)
    end

    it("are needed", function()
        refused("^dwsync: config: no channel to send alerts to.\n        Name the file that holds its address: ",
            { environment = { DWSYNC_WEBHOOK_URL = false } })
    end)

    it("have their addresses in files, which go before the environment", function()
        with_runs(function(run)
            local _, out, _, posts = run(0, { [C1] = failing(2) }, { files = { ["/etc/hook"] = ADDRESS .. "/file\n" },
                arguments = { C1, "--webhook-url-file", "/etc/hook" } })
            assert.matches("^told webhook: ", out)
            assert.equal(ADDRESS .. "/file", posts[1].url)
        end)
        refused("^dwsync: config: channel slack: cannot read /etc/slack: No such file or directory.\n",
            { arguments = { C1, "--slack-url-file", "/etc/slack" } })
        refused("^dwsync: config: channel slack: it is given the address itself, which is a secret, ",
            { arguments = { C1, "--slack-url-file", ADDRESS } })
    end)

    it("have addresses that keep a secret on the way", function()
        for address, expected in pairs {
            ["http://hooks.example.com/" .. SECRET] = "plain http to hooks.example.com would show the address",
            ["hooks.example.com/" .. SECRET] = "holds no address that begins with https://",
            ["https://user:hiddenpath@hooks.example.com/"] = "holds no address that begins with https://",
            ["ftp://hooks.example.com/" .. SECRET] = "holds no address that begins with https://",
            ["https://hooks.example.com/" .. SECRET .. "\nhttps://x"] = "holds no address that begins with https://",
        } do
            refused("^dwsync: config: channel webhook: [^\n]*" .. expected, { environment = {
                DWSYNC_WEBHOOK_URL = address } })
        end
    end)

    it("may be named in the configuration file", function()
        local function configuration(text)
            return { environment = { DWSYNC_WEBHOOK_URL = false, DWSYNC_CONFIG = "/c.lua", OPS = ADDRESS, HOME = "/h" },
                files = { ["/c.lua"] = "return { alerts = { channels = " .. text .. " } }",
                    ["/h/hook"] = "http://hooks.example.com/" .. SECRET } }
        end
        with_runs(function(run)
            local _, out, _, posts = run(0, { [C1] = failing(2) }, configuration [[{
                ops = { kind = "slack", url = { env = "OPS" } },
                self = { kind = "webhook", url = { file = "~/hook" }, allow_http = true, ca_file = "~/ca.pem" } }]])
            assert.same({ "told ops", "told self" }, { out:match "told ops", out:match "told self" })
            assert.is_table(posts[1].body.blocks)
            assert.same({ true, "/h/ca.pem" }, { posts[2].request.allow_http, posts[2].request.ca_file })
            assert.is_nil(posts[1].request.allow_http)
        end)
        for text, expected in pairs {
            ['{ ops = { kind = "dingtalk", url = { env = "OPS" }, secret = "' .. SECRET .. '" } }'] =
                "alerts.channels.ops.secret is the secret itself: write { file = ",
            ['{ ops = { kind = "pagerduty", routing_key = { file = "~/none" } } }'] =
                "channel ops: cannot read /h/none: ",
            ['{ ops = { kind = "slack", url = "' .. ADDRESS .. '" } }'] =
                "alerts.channels.ops.url is the address itself, which is a secret: write { file = ",
            ['{ ops = { kind = "slack", url = { file = "' .. ADDRESS .. '" } } }'] =
                "channel ops: it is given the address itself, which is a secret, in place of a file",
            ['{ ops = { kind = "slack", url = { env = "' .. ADDRESS .. '" } } }'] =
                "alerts.channels.ops.url.env is not the name of a variable",
            ['{ ops = { kind = "slak", url = { env = "OPS" } } }'] =
                "webhook, wecom (did you mean 'slack'?)",
            ['{ ops = { kind = "slack" } }'] = "alerts.channels.ops.url is missing",
            ['{ ops = { kind = "slack", url = {} } }'] = "alerts.channels.ops.url needs either file or env",
            ['{ ops = { kind = "slack", url = { evn = "OPS" } } }'] = "unknown field 'alerts.channels.ops.url.evn'",
            ['{ ops = { kind = "slack", url = { env = "UNSET" } } }'] = "channel ops: the variable UNSET is not set",
            ['{ ops = 5 }'] = "alerts.channels.ops is a number, expected a table",
            ['{ ["o s"] = {} }'] = "the name of alerts.channels.o s is",
        } do
            with_runs(function(run)
                local status, _, err = run(0, { [C1] = HEALTHY }, configuration(text))
                assert.is_truthy(err:find(expected, 1, true), err)
                assert.equal(2, status)
            end)
        end
    end)
end)
