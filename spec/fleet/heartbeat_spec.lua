local filled = require "spec.support.schedule"
local heartbeats = require "dwsync.fleet.heartbeat"
local postgres = require "spec.support.postgres"
local temporary = require "spec.support.temporary"

local MINUTE = 60000

local function messages(more)
    local result = { unsent = 0, oldest = 0, lost = 0 }
    for name, value in pairs(more or {}) do
        result[name] = value
    end
    return result
end

local function account(more)
    local result = { account = "hq", state = "active", refusals = 0, late = 0 }
    for name, value in pairs(more or {}) do
        result[name] = value
    end
    return result
end

describe("the decision to send a heartbeat", function()
    local function decide(sum, more)
        sum.messages = messages(more)
        return heartbeats.decide(sum)
    end

    it("is yes while clusters are looked at and messages go out", function()
        assert.is_true(decide { alive = 1, accounts = { account() } })
        assert.is_true(decide({ alive = 2, accounts = {} }, { unsent = 3, oldest = 10 * MINUTE }))
    end)

    it("is no without a collector", function()
        assert.same({ false, "no collector is running" }, { decide { alive = 0, accounts = {} } })
    end)

    it("is no when a cluster was not looked at for three intervals", function()
        assert.same({ false, "1 cluster was not looked at for three intervals" },
            { decide { alive = 1, accounts = { account { late = 1 } } } })
        assert.same({ false, "3 clusters were not looked at for three intervals" },
            { decide { alive = 1, accounts = { account { late = 1 }, account { late = 2, state = "throttled" } } } })
    end)

    it("is yes when that is because an account's key is refused, between its tries, too", function()
        assert.is_true(decide { alive = 1, accounts = { account { late = 9, state = "blocked", refusals = 3 },
            account() } })
        assert.is_true(decide { alive = 1, accounts = { account { late = 9, refusals = 3 }, account() } })
        assert.is_false((decide { alive = 1, accounts = { account { late = 9, state = "blocked", refusals = 3 },
            account { late = 1 } } }))
    end)

    it("is no when a message could not be sent for more than ten minutes", function()
        assert.same({ false, "2 messages could not be sent, the oldest for 11 min" },
            { decide({ alive = 1, accounts = {} }, { unsent = 2, oldest = 11 * MINUTE }) })
        assert.is_false((decide({ alive = 1, accounts = {} }, { unsent = 1, oldest = 10 * MINUTE + 1 })))
    end)

    it("is no when a message was refused for good, and nobody was told instead", function()
        assert.same({ false, "1 message was refused for good, and nobody was told instead" },
            { decide({ alive = 1, accounts = {} }, { lost = 1 }) })
    end)
end)

describe("the address of a heartbeat", function()
    local function target(url, more)
        local declared = { url = { env = "HEART" }, every = 60, allow_http = false }
        for name, value in pairs(more or {}) do
            declared[name] = value
        end
        return heartbeats.target(declared, { read_file = function() end, getenv = function() return url end })
    end

    it("comes from a file or a variable, and is https unless it is on this machine", function()
        assert.same({ url = "https://hc.example.com/ping/hidden", host = "hc.example.com", every = 60000 },
            target "https://hc.example.com/ping/hidden")
        assert.equal("127.0.0.1:1", target("http://127.0.0.1:1/hidden").host)
    end)

    it("is not shown when it is wrong", function()
        for _, url in ipairs { "hidden", "ftp://hidden", "http://hc.example.com/hidden", "" } do
            local made, err = target(url)
            assert.is_nil(made)
            assert.equal("config", err.kind)
            assert.is_nil((err.message .. err.hint):find("hidden", 1, true))
            assert.matches("^heartbeat: ", err.message)
        end
    end)
end)

describe("a heartbeat", function()
    local server
    setup(function() server = postgres.start() end)
    teardown(function() server:stop() end)

    -- One of a collector, and what it sent.
    local function heart_of(fleet, name, answers)
        local sent = {}
        local heart = assert(heartbeats.new { name = name, history = fleet.store, target = { every = 60000,
            url = "https://hc.example.com/hidden-path", host = "hc.example.com" }, perform = function(request)
            sent[#sent + 1] = request
            local answer = answers and table.remove(answers, 1) or 200
            if type(answer) == "table" then
                return nil, answer
            end
            return { status = answer, headers = {}, body = "" }
        end })
        return heart, sent
    end

    -- Calls use(fleet, target) with a fleet that is in order, in a database of each kind.
    local function on_each(use)
        return function()
            temporary.with_folder(function(folder)
                for _, target in ipairs { folder .. "/h.sqlite", server:fresh_url() } do
                    local fleet = filled.fill(target, { hq = 3, shop = 1 })
                    local good, reason = pcall(function()
                        fleet:look()
                        fleet:collector "a"
                        use(fleet, target)
                    end)
                    fleet:close()
                    assert(good, tostring(target):sub(1, 8) .. ": " .. tostring(reason))
                end
            end)
        end
    end

    local function make_due(fleet)
        fleet:sql "UPDATE dwsync_heartbeat SET due_at = $now - 1"
    end

    it("is sent each minute, by one collector at a time", on_each(function(fleet)
        local a, sent_by_a = heart_of(fleet, "a")
        local b, sent_by_b = heart_of(fleet, "b")
        assert.equal("sent", (a:beat()))
        assert.equal("GET", sent_by_a[1].method)
        local outcome, reason, wait = b:beat()
        assert.same({ nil, nil, 0 }, { outcome, reason, #sent_by_b })
        assert.is_true(wait > 0 and wait <= 15)
        assert.is_nil((a:beat()))
        make_due(fleet)
        assert.equal("sent", (b:beat())) -- whoever comes first
        make_due(fleet)
        assert.equal("sent", (b:beat()))
        assert.same({ 1, 2, 1, 2 }, { #sent_by_a, #sent_by_b, a.sent, b.sent })
        local row = fleet:sql "SELECT sent_at, reason, error FROM dwsync_heartbeat"[1]
        assert.is_true(tonumber(row[1]) > 0 and row[2] == nil and row[3] == nil)
        a:close()
        b:close()
    end))

    it("is silent, with the reason, until all is well again", on_each(function(fleet)
        local heart, sent = heart_of(fleet, "a")
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 125000 WHERE name = 'hq-1'"
        assert.same({ "silent", "1 cluster was not looked at for three intervals", 15 }, { heart:beat() })
        assert.equal("1 cluster was not looked at for three intervals",
            fleet:sql("SELECT reason FROM dwsync_heartbeat")[1][1])
        fleet:look()
        make_due(fleet)
        assert.equal("sent", (heart:beat()))
        fleet:sql "UPDATE dwsync_collectors SET seen_at = $now - 60000"
        make_due(fleet)
        assert.same({ "silent", "no collector is running", 15 }, { heart:beat() })
        assert.equal(1, #sent)
        heart:close()
    end))

    it("stops for a message that is due and not sent, not for one that quiet hours hold", on_each(function(fleet)
        local heart, sent = heart_of(fleet, "a")
        local function owe(source, created, next_at, attempts, state)
            fleet:sql(([[INSERT INTO dwsync_outbox (cluster_id, source, rule, episode, step, channel, created_at,
                next_at, attempts, doubtful, state) VALUES ('c', '%s', 'stale', 1, 'critical', 'ops', $now - %d,
                $now + %d, %d, 0, '%s')]]):format(source, created, next_at, attempts, state))
        end
        owe("held", 8 * 60 * MINUTE, MINUTE, 0, "owed")
        owe("tried, then held", 8 * 60 * MINUTE, MINUTE, 5, "owed")
        owe("young", 9 * MINUTE, -9 * MINUTE, 5, "owed")
        owe("sent", 8 * 60 * MINUTE, -MINUTE, 1, "sent")
        assert.equal("sent", (heart:beat()))
        owe("old", 12 * MINUTE, -12 * MINUTE, 5, "owed")
        make_due(fleet)
        local outcome, reason = heart:beat()
        assert.equal("silent", outcome)
        assert.matches("^2 messages could not be sent, the oldest for 12 min", reason)
        assert.equal(1, #sent)
        fleet:sql "UPDATE dwsync_outbox SET state = 'given_up' WHERE source = 'old'"
        make_due(fleet)
        assert.equal("1 message was refused for good, and nobody was told instead", (select(2, heart:beat())))
        fleet:sql [[INSERT INTO dwsync_outbox (cluster_id, source, rule, episode, step, channel, created_at, next_at,
            attempts, doubtful, state) VALUES ('c', 'old', 'stale', 1, 'critical', 'mail', 1, 1, 1, 0, 'sent')]]
        make_due(fleet)
        assert.equal("sent", (heart:beat()))
        heart:close()
    end))

    it("does not stop for an account whose key is refused for hours, once that is told", on_each(function(fleet)
        local heart, sent = heart_of(fleet, "a")
        local function refuse_one()
            fleet:sql [[UPDATE dwsync_schedule SET due_at = $now - CASE WHEN kind = 'cluster' THEN 7200000
                ELSE -7200000 END WHERE account = 'hq']]
            fleet:sql "UPDATE dwsync_accounts SET blocked_until = NULL WHERE account = 'hq'"
            local item = assert(fleet.schedule:claim({ name = "maker", lease_ms = 3600000, accounts = { "hq" } }, 1))[1]
            assert(fleet.schedule:complete({ { item = item, result = { error = "auth: wrong", failure = { kind = "auth",
                status = 401, message = "wrong" } } } }, function() return { to = { "ops" } } end))
        end
        refuse_one()
        fleet:sql "UPDATE dwsync_problems SET seen_at = seen_at - 7200000"
        refuse_one()
        assert.same({ { "account:hq", "owed" } }, fleet:sql "SELECT cluster_id, state FROM dwsync_outbox")
        fleet:sql "UPDATE dwsync_outbox SET state = 'sent', sent_at = $now"
        refuse_one()
        assert.equal("sent", (heart:beat()))
        assert.equal(1, #sent)
        heart:close()
    end))

    it("is sent again soon when it did not arrive, and does not show its address", on_each(function(fleet)
        local heart = heart_of(fleet, "a", { 503, { kind = "network", message =
            "cannot reach https://hc.example.com/hidden-path" } })
        local outcome, reason, wait = heart:beat()
        assert.same({ "failed", "answered HTTP 503", 15 }, { outcome, reason, wait })
        make_due(fleet)
        outcome, reason = heart:beat()
        assert.equal("failed", outcome)
        assert.is_nil(reason:find("hidden", 1, true))
        local row = fleet:sql "SELECT sent_at, error, due_at - $now FROM dwsync_heartbeat"[1]
        assert.is_nil(row[1])
        assert.is_nil(tostring(row[2]):find("hidden", 1, true))
        assert.is_true(tonumber(row[3]) <= 15000)
        make_due(fleet)
        assert.equal("sent", (heart:beat()))
        heart:close()
    end))

    it("has its dates to the millisecond: of a claim, of what was sent, of what failed, of silence", on_each(
        function(fleet)
            local heart = heart_of(fleet, "a", { 200, 503 })
            local now = tonumber(fleet:sql("SELECT $now")[1][1])
            heart.history.engine.clock = ("%d"):format(now)
            local function row()
                local list = fleet:sql "SELECT due_at, claimed_by, sent_at, reason, error FROM dwsync_heartbeat"[1]
                return { tonumber(list[1]) - now, list[2], list[3] and tonumber(list[3]) - now, list[4], list[5] }
            end
            local function owed_in(ms)
                fleet:sql(("UPDATE dwsync_heartbeat SET due_at = %d"):format(now + ms))
            end
            local perform, claimed = heart.perform, nil
            heart.perform = function(request)
                claimed = row()
                return perform(request)
            end
            assert.same({ "sent", nil, 15 }, { heart:beat() })
            assert.same({ 30000, "a" }, claimed)
            assert.same({ 60000, "a", 0 }, row())
            for left, wait in pairs { [1] = 0.001, [14999] = 14.999, [15000] = 15, [15001] = 15, [60000] = 15 } do
                owed_in(left)
                assert.same({ nil, nil, wait }, { heart:beat() })
            end
            owed_in(60001) -- which no clock that is right can have written
            assert.same({ "failed", "answered HTTP 503", 15 }, { heart:beat() })
            assert.same({ 15000, "a", 0, nil, "answered HTTP 503" }, row())
            owed_in(0)
            heart.target.every = 10000
            assert.same({ "sent", nil, 10 }, { heart:beat() })
            assert.same({ 10000, "a", 0 }, row())
            owed_in(30000)
            assert.same({ nil, nil, 15 }, { heart:beat() })
            owed_in(30001)
            assert.equal("sent", (heart:beat()))
            fleet:sql "UPDATE dwsync_collectors SET state = 'ended'"
            owed_in(0)
            assert.same({ "silent", "no collector is running", 10 }, { heart:beat() })
            assert.same({ 10000, "a", 0, "no collector is running" }, row())
            assert.equal(3, heart.sent)
            heart:close()
        end))

    it("goes on when a clock was wrong that wrote its date", on_each(function(fleet)
        local heart = heart_of(fleet, "a")
        assert.equal("sent", (heart:beat()))
        fleet:sql "UPDATE dwsync_heartbeat SET due_at = $now + 86400000"
        assert.equal("sent", (heart:beat()))
        heart:close()
    end))

    it("is not sent when the database cannot be written", function()
        temporary.with_folder(function(folder)
            local fleet = filled.fill(folder .. "/h.sqlite", { hq = 1 })
            fleet:look()
            fleet:collector "a"
            local heart, sent = heart_of(fleet, "a")
            assert.equal("sent", (heart:beat()))
            make_due(fleet)
            fleet:sql "PRAGMA query_only = ON"
            local outcome, reason = heart:beat()
            assert.equal("silent", outcome)
            assert.matches("readonly", reason:gsub("[- ]", ""))
            assert.equal(1, #sent)
            heart:close()
            fleet:close()
        end)
        local url = server:fresh_url()
        local fleet = filled.fill(url, { hq = 1 })
        fleet:look()
        fleet:collector "a"
        fleet:sql "CREATE TABLE still_there (a INTEGER)"
        local heart, sent = heart_of(fleet, "a")
        assert.equal("sent", (heart:beat()))
        make_due(fleet)
        -- A standby that was not promoted, or a server that its operator made so: reading goes on.
        fleet:sql(("ALTER DATABASE %s SET default_transaction_read_only = on"):format(url:match "/([%w_]+)[^/]*$"))
        heart.history.engine:close()
        local outcome, reason = heart:beat()
        assert.equal("silent", outcome)
        assert.matches("read%-only", reason)
        assert.equal(1, #sent)
        heart:close()
        fleet:close()
    end)
end)
