local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local raw_server = require "spec.support.raw_server"
local runbook = require "spec.support.runbook"

local SECRET = "hiddenpath"
local TAKEN = { { { "read", "}\n" }, { "send", raw_server.answer("204 No Content", "") } } }

describe("examples/alert_webhook.lua", function()
    local server
    setup(function() server = emulator.start() end)
    teardown(function() server:stop() end)
    before_each(function() server:reset() end)

    -- Runs it for a cluster while a webhook of that script listens. Returns what the webhook received, too.
    local function alert(run, cluster, script, options)
        local status, out, err
        local received = raw_server.with(script or TAKEN, function(webhook)
            status, out, err = run(("dwsync run %s examples/alert_webhook.lua %s \"$DIR/state\""):format(options or "",
                cluster), { DWSYNC_WEBHOOK_URL = webhook.url .. "/" .. SECRET })
        end)
        assert.is_nil((out .. err):find(SECRET, 1, true))
        return status, received, out, err
    end

    local function body_of(received)
        assert.equal(1, #received)
        assert.matches("^POST /" .. SECRET .. " HTTP/1.1\r\n", received[1])
        assert.matches("\r\n[Cc]ontent%-[Tt]ype: application/json\r\n", received[1])
        return cjson.decode((received[1]:match "\r\n\r\n(.*)$"))
    end

    -- The story takes another turn: these are its runs now, one an hour, the newest first.
    local function replace(story, runs)
        local list = {}
        for i, run in ipairs(runs) do
            local start = (os.time() - i * 3600) * 1000
            list[i] = { id = "new-" .. i, identity_source_id = "s", identity_source_type = "ldap", start_time = start,
                end_time = start + 1000, status = run.status, fail_reason = run.fail_reason }
        end
        server:admin("POST", "records", { cluster = server:cluster(story), records = list })
    end

    it("posts once for a streak, with what to do next, and once when it is over", function()
        runbook.with(server, function(run, folder)
            local status, received, out, err = alert(run, "failing")
            assert.same({ 0, "posted: critical\n", "" }, { status, out, err })
            local body = body_of(received)
            assert.equal("critical", body.severity)
            assert.equal("failing", body.cluster)
            assert.equal(server:cluster "failing", body.cluster_id)
            assert.matches("^CRITICAL: failing\nthe last 72 runs failed: .* Next: Find out whether the bind user's "
                .. "password was changed", body.text)
            assert.equal("failing", body.findings[1].rule)
            assert.matches("^Find out", body.findings[1].next)
            local remembered = runbook.read(folder .. "/state")
            assert.matches("^critical failing [%x-]+\n$", remembered)

            status, received, out = alert(run, "failing") -- nothing new
            assert.same({ 0, {}, "" }, { status, received, out })

            replace("failing", { { status = "FINISHED" } })
            status, received, out = alert(run, "failing")
            assert.same({ 0, "posted: ok\n" }, { status, out })
            body = body_of(received)
            assert.same({ "ok", "OK: failing has recovered" }, { body.severity, body.text })
            assert.is_nil(body.findings)
            assert.same({ "state" }, runbook.names(folder))
            assert.equal("", runbook.read(folder .. "/state"))
            assert.same({}, (select(2, alert(run, "failing"))))
        end)
    end)

    it("posts again when it gets worse", function()
        runbook.with(server, function(run)
            local failed = { status = "FAILED", fail_reason = "x" }
            replace("healthy", { failed, failed })
            assert.equal("warning", body_of(select(2, alert(run, "healthy"))).severity)
            replace("healthy", { failed, failed, failed })
            assert.same({}, (select(2, alert(run, "healthy"))))
            replace("healthy", { failed, failed, failed, failed })
            assert.equal("critical", body_of(select(2, alert(run, "healthy"))).severity)
        end)
    end)

    it("has nothing to say where no run fails, and calls what never ran unknown", function()
        for cluster, expected in pairs { healthy = 0, ["mass-delete"] = 0, stuck = 0, partial = 0, never = 1 } do
            runbook.with(server, function(run, folder)
                local status, received, _, err = alert(run, cluster)
                assert.same({ 0, "", expected }, { status, err, #received }, cluster)
                assert.equal(expected, #runbook.names(folder))
                if expected > 0 then
                    assert.equal("unknown", body_of(received).severity)
                end
            end)
        end
    end)

    it("lets no text of a record drive a chat or break the JSON", function()
        runbook.with(server, function(run)
            local hostile = '<!channel> @all "\\ \27[31m \226\128\174 <http://attacker.example|here>'
            local failed = { status = "FAILED", fail_reason = hostile }
            replace("healthy", { failed, failed })
            local text = body_of(select(2, alert(run, "healthy"))).text
            assert.truthy(text:find("channel", 1, true)) -- it is there, for people
            assert.is_nil(text:find "[<>@%z\1-\9\11-\31]", text)
            assert.is_nil(text:find("\226\128\174", 1, true))
        end)
    end)

    it("forgets nothing that was not taken: the next call tries again", function()
        runbook.with(server, function(run, folder)
            local status, _, out, err = alert(run, "failing",
                raw_server.saying(raw_server.answer("500 Internal Server Error", "")))
            assert.same({ 1, "", "dwsync: the webhook answered HTTP 500\n" }, { status, out, err })
            assert.same({}, runbook.names(folder))
            local unreachable = { DWSYNC_WEBHOOK_URL = "http://127.0.0.1:1/" .. SECRET }
            status, out, err = run('dwsync run examples/alert_webhook.lua failing "$DIR/state"', unreachable)
            assert.same({ 1, "" }, { status, out })
            assert.matches("^dwsync: the webhook: 127.0.0.1:1: ", err)
            assert.is_nil(err:find(SECRET, 1, true))
            assert.same({}, runbook.names(folder))
            status, _, out = alert(run, "failing")
            assert.same({ 0, "posted: critical\n" }, { status, out })
        end)
    end)

    it("refuses to send a secret in the clear, and shows none that is no URL", function()
        for url, expected in pairs {
            ["http://hooks.example.com/" .. SECRET] = "^dwsync: the webhook: URL: plain http to hooks.example.com ",
            ["hooks.example.com/" .. SECRET] = "^dwsync: the webhook: URL: ",
            ["https://" .. SECRET .. "@/"] = "^dwsync: the webhook: URL: ",
        } do
            runbook.with(server, function(run, folder)
                local status, _, err = run('dwsync run examples/alert_webhook.lua failing "$DIR/state"',
                    { DWSYNC_WEBHOOK_URL = url })
                assert.equal(1, status)
                assert.matches(expected, err)
                assert.is_nil(err:find(SECRET, 1, true))
                assert.same({}, runbook.names(folder))
            end)
        end
    end)

    it("prints with --dry-run what it would post, and remembers nothing", function()
        runbook.with(server, function(run, folder)
            local status, received, out = alert(run, "failing", nil, "--dry-run")
            assert.same({ 0, {} }, { status, received })
            assert.equal("critical", cjson.decode(out).severity)
            assert.same({}, runbook.names(folder))
        end)
    end)

    it("says what is wrong with the key, the network or its call, and leaves no file", function()
        runbook.assert_fails_cleanly(server, 'examples/alert_webhook.lua healthy "$DIR/state"',
            { DWSYNC_WEBHOOK_URL = "http://127.0.0.1:1/" })
        runbook.with(server, function(run)
            local status, _, err = run 'dwsync run examples/alert_webhook.lua healthy "$DIR/state"'
            assert.equal(2, status)
            assert.matches("^usage: DWSYNC_WEBHOOK_URL=", err)
        end)
    end)
end)
