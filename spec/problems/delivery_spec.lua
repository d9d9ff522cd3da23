local curl = require "dwsync.runtime.curl"
local delivery = require "dwsync.problems.delivery"
local emulator = require "spec.support.emulator"
local history = require "dwsync.history"
local json = require "dwsync.json"
local channels = require "dwsync.problems.channels"
local messages = require "dwsync.problems.messages"
local processes = require "spec.support.processes"
local outbox = require "dwsync.problems.outbox"
local problems_store = require "dwsync.problems.store"
local postgres = require "spec.support.postgres"
local raw_server = require "spec.support.raw_server"
local runbook = require "spec.support.runbook"
local tables = require "dwsync.history.tables"
local tally = require "dwsync.problems.tally"
local temporary = require "spec.support.temporary"
local transitions = require "dwsync.problems.transitions"
local worlds = require "spec.problems.world"

local NOW = 1747637723000
local KEY = { cluster_id = "c", source = "s", rule = "failing" }
local NOT_SENT = "^not sent to channel hook %(127.0.0.1:%d+%): CRITICAL: prod: failing: "

local function seen(more)
    local found = { severity = "critical", raises = true, message = "the last 4 runs failed", cluster_name = "prod" }
    for name, value in pairs(more or {}) do
        found[name] = value
    end
    return found
end

local function channel(url)
    return assert(channels.open("hook", assert(channels.check { kind = "webhook", url = { env = "URL" } }),
        { getenv = function() return url end }))
end

local function plan()
    return { to = { "hook" } }
end

local function find(list, problem)
    for _, one in ipairs(list) do
        if one.rule == problem.rule and one.source == problem.source then
            return one
        end
    end
end

-- Looks at one cluster, in its transaction.
local function look(store, cluster, found, now)
    assert(tables.run(store.history, "write", cluster, function(session)
        local rows = problems_store.rows_in(session, ("WHERE cluster_id = '%s'"):format(cluster))
        local key = { cluster_id = cluster, source = KEY.source, rule = KEY.rule }
        local row = transitions.look(find(rows, key), key, seen(found), now)
        if row then
            problems_store.change_in(session, cluster, function() return { row } end)
            outbox.add(session, { row }, plan, now)
        end
        return true
    end))
end

local function with_store(use)
    temporary.with_folder(function(folder)
        local opened = assert(history.open(folder .. "/h.db"))
        local store = assert(problems_store.open(opened))
        look(store, "c", nil, NOW)
        use(store, folder .. "/h.db")
        opened:close()
    end)
end

local senders = 0

-- Makes a sender. What was sent and what failed is kept in it.
local function sender(store, url, perform, now, more)
    senders = senders + 1
    local given = { store = store, channels = url and { channel(url) }, plan = plan, name = "sender " .. senders,
        runtime = { perform = perform or curl.new().perform, monotonic = function() return 0 end },
        now = function() return now or NOW + 1 end, random = function() return 1 end, list = {}, failures = {} }
    given.sent = function(message) table.insert(given.list, message) end
    given.failed = function(message, hint) table.insert(given.failures, { message = message, hint = hint }) end
    for name, value in pairs(more or {}) do
        given[name] = value
    end
    return delivery.new(given)
end

-- Delivers. Returns what was sent and what failed.
local function deliver(...)
    local made = sender(...)
    assert(made:run(1))
    return made.list, made.failures
end

local function entries(store)
    local list = {}
    for _, some in pairs(assert(outbox.read(store))) do
        for _, entry in ipairs(some) do
            list[#list + 1] = entry
        end
    end
    table.sort(list, function(a, b) return a.created_at < b.created_at end)
    return list
end

describe("telling a real receiver", function()
    it("is a POST of JSON with a key", function()
        with_store(function(store)
            local script = { { { "read", "}" }, { "send", raw_server.answer("204 No Content", "") } } }
            local received = raw_server.with(script,
                function(server)
                    local sent, failed = deliver(store, server.url .. "/hook/hidden?token=hidden")
                    assert.same({ 1, 0 }, { #sent, #failed })
                end)
            assert.equal(1, #received)
            assert.matches("^POST /hook/hidden%?token=hidden HTTP/1.1\r\n", received[1])
            assert.matches("\r\n[Cc]ontent%-[Tt]ype: application/json\r\n", received[1])
            local body = json.decode((received[1]:match "\r\n\r\n(.*)$"))
            assert.equal(body.key, received[1]:match "\r\n[Ii]dempotency%-[Kk]ey: (%x+)\r\n")
            assert.equal("prod", body.cluster_name)
        end)
    end)

    it("follows no redirect", function()
        with_store(function(store)
            local elsewhere
            local received = raw_server.with(raw_server.saying(raw_server.answer("200 OK", "")), function(other)
                elsewhere = raw_server.with(raw_server.saying(raw_server.answer("307 Temporary Redirect", "",
                    { "Location: " .. other.url .. "/stolen" })), function(server)
                    local sent, failed = deliver(store, server.url)
                    assert.same({ 0, 1 }, { #sent, #failed })
                    assert.matches(NOT_SENT .. "answered HTTP 307, a redirect, which is not followed$",
                        failed[1].message)
                end)
            end)
            assert.same({ 1, 0 }, { #elsewhere, #received })
        end)
    end)

    it("that resets, hangs up or is not there leaves it to the next run", function()
        for _, script in ipairs { { { { "read" }, { "reset" } } }, { { { "read" } } }, false } do
            with_store(function(store)
                local function attempt(server)
                    local sent, failed = deliver(store, server.url .. "/hidden")
                    assert.same({ 0, 1 }, { #sent, #failed })
                    assert.matches(NOT_SENT, failed[1].message)
                    assert.is_nil(failed[1].message:find("hidden", 1, true))
                    assert.equal("The next run tries again.", failed[1].hint)
                end
                if script then
                    raw_server.with(script, attempt)
                else
                    attempt { url = "http://127.0.0.1:1" }
                end
                assert.equal("owed", entries(store)[1].state)
            end)
        end
    end)

    it("whose certificate is not trusted sends nothing", function()
        local server = emulator.start()
        with_store(function(store)
            local sent, failed = deliver(store, server.info.endpoint .. "/hidden")
            assert.same({ 0, 1 }, { #sent, #failed })
            assert.matches("certificate", failed[1].message)
        end)
        server:stop()
    end)
end)

describe("telling", function()
    it("is done by one of two at once, who both know what is owed", function()
        with_store(function(store, path)
            local second = assert(history.open(path))
            local other, calls = assert(problems_store.open(second)), 0
            local function perform()
                calls = calls + 1
                if calls == 1 then -- while the first is sending
                    local sent, failed = deliver(other, "https://x.example", perform)
                    assert.same({ {}, {} }, { sent, failed })
                end
                return { status = 200 }
            end
            local sent = deliver(store, "https://x.example", perform)
            assert.same({ 1, 1 }, { #sent, calls })
            assert.same({}, (deliver(other, "https://x.example", perform)))
            second:close()
        end)
    end)

    it("is repeated with the same key by the next run, if it died before it knew", function()
        with_store(function(store)
            local key
            assert.has_error(function()
                deliver(store, "https://x.example", function(request)
                    key = request.headers["Idempotency-Key"]
                    error("killed", 0)
                end)
            end, "killed")
            local function perform(request)
                assert.equal(key, request.headers["Idempotency-Key"])
                return { status = 200 }
            end
            assert.equal(0, #deliver(store, "https://x.example", perform, NOW + 60000)) -- it may still be sending
            assert.equal(1, #deliver(store, "https://x.example", perform, NOW + 90001))
            assert.equal(0, #deliver(store, "https://x.example", perform, NOW + 600000))
        end)
    end)

    it("ends when its time is over, and says so", function()
        with_store(function(store)
            local said = select(2, deliver(store, "https://x.example", error, nil, { runtime = {
                monotonic = function() return 1 end, perform = error } }))
            assert.equal("not all was sent to channel hook: the time for sending was over. The next run goes on.",
                said[1].message .. ". " .. said[1].hint)
        end)
    end)

    it("uses the words of the present look, when there are some", function()
        with_store(function(store)
            local sent = deliver(store, "https://x.example", function() return { status = 200 } end, nil, {
                seen = function() return { message = "the last 5 runs failed", severity = "critical" } end })
            assert.equal("the last 5 runs failed.", sent[1].message)
        end)
    end)

    it("gives up what is refused, says so once, and tries it at another address", function()
        with_store(function(store)
            local calls = 0
            local function refuse()
                calls = calls + 1
                return { status = 404 }
            end
            local failed = select(2, deliver(store, "https://x.example", refuse))
            assert.equal("not sent to channel hook (x.example): CRITICAL: prod: failing: answered HTTP 404",
                failed[1].message)
            assert.same({ {}, {} }, { deliver(store, "https://x.example", refuse, NOW + 60000) })
            assert.equal(1, calls)
            assert.same({ "given_up", "answered HTTP 404" }, { entries(store)[1].state, entries(store)[1].last_error })
            assert.equal(1, #deliver(store, "https://other.example", function() return { status = 200 } end,
                NOW + 120000))
        end)
    end)

    it("leaves a channel in trouble alone for longer and longer, or for as long as it asks, up to a day", function()
        with_store(function(store)
            local now, calls, answer = NOW, 0, { status = 500 }
            local function run(wait)
                now = now + wait
                local made = sender(store, "https://x.example", function()
                    calls = calls + 1
                    return answer
                end, now)
                assert(made:sweep())
                assert.is_false((made:tell(made.owing[1])))
                return calls
            end
            assert.same({ 1, 1, 2, 2, 3 }, { run(1), run(4999), run(1), run(9999), run(1) })
            answer = { status = 429, headers = { ["retry-after"] = "7200" } }
            assert.same({ 4, 4, 5 }, { run(20000), run(7199999), run(1) })
            answer = { status = 500 }
            local failed = select(2, deliver(store, "https://x.example", function() return answer end, NOW + 86400001))
            assert.equal("It is given up: it could not be sent for a day.", failed[1].hint)
            assert.equal("given_up", entries(store)[1].state)
        end)
    end)

    it("does not tell an end to a channel that was not told, but where an answer was missing", function()
        for kind, told in pairs { timeout = 1, connect = 0 } do
            with_store(function(store)
                local sent = deliver(store, "https://x.example", function()
                    return nil, { kind = kind, message = "no answer" }
                end)
                assert.equal(0, #sent)
                look(store, "c", { severity = "ok" }, NOW + 10000)
                sent = deliver(store, "https://x.example", function() return { status = 200 } end, NOW + 20000)
                assert.equal(told, #sent)
            end)
        end
    end)

    it("drops what is owed to a channel that is not configured any more, and says so", function()
        with_store(function(store)
            deliver(store, "https://x.example", function() return { status = 500 } end)
            assert(tables.run(store.history, "write", false, function(session)
                session:rows "UPDATE dwsync_outbox SET channel = 'gone'"
                session:rows "UPDATE dwsync_channels SET channel = 'gone'"
                return true
            end))
            local function run(now)
                return select(2, deliver(store, "https://x.example", function() return { status = 200 } end, now,
                    { plan = function() return { to = {} } end }))
            end
            assert.same({}, run(NOW + 86400000)) -- a command may come back
            assert.same({ { message = "channel gone is not configured any more: 1 unsent message dropped",
                hint = "Nobody else was told in its place." } }, run(NOW + 86400002))
            assert.same({}, run(NOW + 86400003))
            assert.equal("dropped", entries(store)[1].state)
        end)
    end)

    it("names rows that were written by hand with wrong types, and tells the others", function()
        for table_name, change in pairs { dwsync_problems = "since = 'soon'", dwsync_outbox = "attempts = 'many'" } do
            with_store(function(store)
                look(store, "d", nil, NOW)
                assert(tables.run(store.history, "write", false, function(session)
                    session:rows(("UPDATE %s SET %s WHERE cluster_id = 'c'"):format(table_name, change))
                    return true
                end))
                local sent, failed = deliver(store, "https://x.example", function() return { status = 200 } end)
                assert.same({ 1, "d" }, { #sent, sent[1].cluster_id })
                assert.equal(1, #failed)
                assert.matches("problem 'failing' of cluster c is damaged: its ", failed[1].message)
                assert.matches(table_name, failed[1].hint)
            end)
        end
    end)
end)

-- A channel that answers as `answer(message, how)` says.
local function answering(answer, more)
    local made = { name = "hook", kind = "email", host = "mail:587", mark = "m1", options = {}, send = answer }
    for name, value in pairs(more or {}) do
        made[name] = value
    end
    return { channels = { made } }
end

describe("a channel", function()
    it("may sleep while it sends, so that others go on", function()
        with_store(function(store)
            local slept = 0
            local more = answering(function(_, how)
                how.sleep(2)
                return "sent"
            end)
            more.runtime = { perform = error, monotonic = function() return 0 end,
                sleep = function(seconds) slept = slept + seconds end }
            deliver(store, nil, nil, nil, more)
            assert.equal(2, slept)
        end)
    end)

    it("that refuses and wants to be left alone is, until then or until its address is another", function()
        with_store(function(store)
            local refusing = answering(function() return "refused", "530 no", NOW + 3600000 end)
            local _, failed = deliver(store, nil, nil, nil, refusing)
            assert.matches("^The channel is left alone until 2025%-05%-19T07:55:23Z%. ", failed[1].hint)
            look(store, "d", nil, NOW + 2)
            local asked = 0
            local counting = answering(function()
                asked = asked + 1
                return "sent"
            end)
            deliver(store, nil, nil, NOW + 60000, counting)
            assert.equal(0, asked)
            counting.channels[1].mark = "m2"
            deliver(store, nil, nil, NOW + 60000, counting)
            assert.equal(2, asked)
        end)
    end)

    it("that takes a message, but not for all, is heard", function()
        with_store(function(store)
            local sent, failed = deliver(store, nil, nil, nil, answering(function()
                return "sent", "1 of 2 recipients were refused: 550"
            end))
            assert.equal(1, #sent)
            assert.equal("sent to channel hook (mail:587), but not to all: CRITICAL: prod: failing: 1 of 2 recipients "
                .. "were refused: 550", failed[1].message)
        end)
    end)
end)

-- A day, and the quiet time that follows it.
local DAY, WEEKEND = 86400000, 60 * 3600000

local function unsent(store, now)
    local found = assert(tables.run(store.history, "read", nil, function(session) return tally.read(session, now) end))
    return { found.unsent, found.oldest }
end

describe("what quiet hours hold", function()
    local quiet
    local function held()
        return { to = { "hook" }, held_until = quiet }
    end
    local function failing(store, now)
        local _, failed = deliver(store, nil, nil, now, (function(more)
            more.plan = held
            return more
        end)(answering(function() return "later", "answered HTTP 503" end)))
        return failed[1] and failed[1].hint
    end
    before_each(function() quiet = nil end)

    it("is tried for a day of its own, from their end on", function()
        with_store(function(store)
            quiet = NOW + WEEKEND
            assert.is_nil(failing(store, NOW + 1))
            assert.same({ 0, 0 }, unsent(store, NOW + WEEKEND - 1))
            quiet = nil
            assert.equal("The next run tries again.", failing(store, NOW + WEEKEND + 1))
            assert.same({ 1, 601000 }, unsent(store, NOW + WEEKEND + 601000))
            assert.equal("The next run tries again.", failing(store, NOW + WEEKEND + DAY - 1))
            assert.equal("It is given up: it could not be sent for a day.", failing(store, NOW + WEEKEND + DAY))
        end)
    end)

    it("gets that time back where it was tried before, and is not late meanwhile", function()
        with_store(function(store)
            failing(store, NOW + 60000)
            quiet = NOW + WEEKEND
            assert.is_nil(failing(store, NOW + 120000))
            assert.same({ 0, 0 }, unsent(store, NOW + WEEKEND - 1))
            quiet = nil
            failing(store, NOW + WEEKEND)
            assert.same({ 1, 120000 }, unsent(store, NOW + WEEKEND))
            local till = NOW + WEEKEND + DAY - 120000
            assert.equal("The next run tries again.", failing(store, till - 1))
            assert.equal("It is given up: it could not be sent for a day.", failing(store, till))
        end)
    end)
end)

describe("a channel with a fallback", function()
    it("hands on what it gives up in the same run, also to one whose turn was before; nothing is lost then", function()
        with_store(function(store)
            local told = {}
            local given = answering(function() return "refused", "answered HTTP 404" end,
                { options = { fallback = "desk" } })
            table.insert(given.channels, 1, answering(function(message)
                told[#told + 1] = message.event
                return "sent"
            end, { name = "desk" }).channels[1])
            given.plan = function() return { to = { "hook" }, fallbacks = { hook = "desk" } } end
            local _, failed = deliver(store, nil, nil, nil, given)
            assert.same({ 1, { "firing" } }, { #failed, told })
            assert.matches("^It is handed on to channel desk%. This message will not be sent to this address again",
                failed[1].hint)
            assert.equal(0, assert(tables.run(store.history, "read", nil, function(session)
                return tally.read(session, NOW + 2).lost
            end)))
            deliver(store, nil, nil, NOW + 60000, given)
            look(store, "c", { severity = "ok" }, NOW + 120000)
            deliver(store, nil, nil, NOW + 120001, given)
            assert.same({ "firing", "resolved" }, told)
        end)
    end)

    it("hands on the end that it refuses, too, also to one that was told of nothing before", function()
        with_store(function(store)
            local told, answer = {}, "sent"
            local given = answering(function() return answer, "answered HTTP 404" end,
                { options = { fallback = "desk" } })
            table.insert(given.channels, answering(function(message)
                told[#told + 1] = message.title
                return "sent"
            end, { name = "desk" }).channels[1])
            given.plan = function() return { to = { "hook" }, fallbacks = { hook = "desk" } } end
            deliver(store, nil, nil, nil, given)
            look(store, "c", { severity = "ok" }, NOW + 10)
            answer = "refused"
            local _, failed = deliver(store, nil, nil, NOW + 11, given)
            assert.matches("^It is handed on to channel desk%. ", failed[1].hint)
            deliver(store, nil, nil, NOW + 60000, given)
            assert.same({ "RESOLVED: prod: failing" }, told)
        end)
    end)
end)

describe("the outbox", function()
    it("forgets after thirty days what is over, and not what says whom to tell an end", function()
        with_store(function(store)
            local good = function() return answering(function() return "sent" end) end
            look(store, "d", nil, NOW)
            deliver(store, nil, nil, NOW + 1, good())
            look(store, "d", { severity = "ok" }, NOW + 2)
            deliver(store, nil, nil, NOW + 3, good())
            assert.equal(3, #entries(store))
            deliver(store, nil, nil, NOW + 30 * DAY, good())
            assert.equal(3, #entries(store))
            deliver(store, nil, nil, NOW + 30 * DAY + 3, good())
            assert.same({ 1, "c" }, { #entries(store), entries(store)[1].cluster_id })
            look(store, "c", { severity = "ok" }, NOW + 31 * DAY)
            assert.equal("resolved", deliver(store, nil, nil, NOW + 31 * DAY, good())[1].event)
        end)
    end)
end)

describe("a channel that is told the state", function()
    -- What it was told by a sender, one list of "cluster severity ended" for each time.
    local function states(store, nows, more)
        local list = {}
        local given = answering(nil, { is_level_triggered = true, sync = function(state)
            local words = {}
            for i, problem in ipairs(state.problems) do
                words[i] = ("%s %s%s"):format(problem.cluster_id, problem.severity, problem.ended and " ended" or "")
            end
            table.sort(words)
            list[#list + 1] = ("%s, every %d"):format(table.concat(words, "; "), state.every)
            return "sent"
        end })
        given.plan = function() return { to = {}, levels = { hook = true } } end
        for name, value in pairs(more or {}) do
            given[name] = value
        end
        for _, now in ipairs(nows) do
            assert(sender(store, nil, nil, now, given):run(1))
        end
        return list
    end

    it("hears each time what goes on, and for a quarter of an hour what ended; and owes nothing", function()
        with_store(function(store)
            look(store, "d", nil, NOW)
            look(store, "d", { severity = "ok" }, NOW + 1)
            assert.same({ "c critical; d critical ended, every 900", "c critical, every 900" },
                states(store, { NOW + 899000, NOW + 901000 }))
        end)
    end)

    it("knows how soon it is told again, where the sender or its declaration knows", function()
        with_store(function(store)
            assert.same({ "c critical, every 300" }, states(store, { NOW }, { every = 300 }))
        end)
    end)

    it("does not hear of what is silenced", function()
        with_store(function(store)
            assert(store:change("c", function(rows)
                return { (transitions.silence(rows[1], NOW + 60000, "ann", NOW)) }, true
            end))
            assert.same({ ", every 900", "c critical, every 900" }, states(store, { NOW + 1, NOW + 60001 }))
        end)
    end)

    it("would be told the same under the same keys, as a preview says", function()
        with_store(function(store)
            look(store, "d", { severity = "warning" }, NOW)
            look(store, "e", nil, NOW)
            look(store, "e", { severity = "ok" }, NOW + 1)
            local rows, keys = assert(store:rows()), {}
            local function previewed(now)
                local list = {}
                local how = { now = function() return now end, seen = function() end,
                    plan = function() return { to = {}, levels = { hook = true } } end }
                delivery.preview(rows, {}, { { name = "hook", is_level_triggered = true }, { name = "ops" } }, how,
                    function(message, told)
                        assert.equal("hook", told.name)
                        list[#list + 1] = ("%s %s %s"):format(message.cluster_id, message.event, message.severity)
                        keys[message.cluster_id] = message.key
                    end)
                table.sort(list)
                return list
            end
            assert.same({ "c firing critical", "d firing warning", "e resolved ok" }, previewed(NOW + 899000))
            assert.same({ "c firing critical", "d firing warning" }, previewed(NOW + 901000))
            for _, row in ipairs(rows) do
                local step = row.state == "resolved" and "resolved" or row.severity
                assert.equal(messages.make(row, { event = "firing", step = step, episode = 1, fired_at = row.fired_at,
                    severity = row.severity, since = row.since }, nil, NOW).key, keys[row.cluster_id])
            end
        end)
    end)

    it("says of the database, and of nothing else, that it failed, with each sending", function()
        with_store(function(store)
            local outcome, reason, said = "sent", nil, {}
            local given = answering(nil, { is_level_triggered = true, sync = function() return outcome, reason end })
            local now = 0
            given.runtime = { perform = error, monotonic = function() return now end, sleep = function() end }
            local made = sender(store, nil, nil, NOW, given)
            made.plan = function() return { to = {}, levels = {} } end
            local loops = made:loops(function(err) said[#said + 1] = err and err.message or "good" end)
            local function step()
                now = now + 3600
                loops[#loops]()
            end
            step()
            outcome, reason = "later", "answered HTTP 503"
            step()
            function store.rows() return nil, { message = "the disk is full" } end
            step()
            assert.same({ "good", "good", "the disk is full" }, said)
        end)
    end)

    it("says once that one of several receivers does not take it", function()
        with_store(function(store)
            local reason = "am2: no answer"
            local given = answering(nil, { is_level_triggered = true, sync = function() return "sent", reason end })
            local made = sender(store, nil, nil, NOW, given)
            made.plan = function() return { to = {}, levels = {} } end
            assert(made:sync(made.levels[1]) and made:sync(made.levels[1]))
            reason = nil
            assert(made:sync(made.levels[1]))
            assert.same({ "the state was sent to channel hook, but not to all: am2: no answer" },
                { made.failures[1].message, made.failures[2] })
        end)
    end)
end)

describe("a storm", function()
    -- A minute of a sender beside looks, second by second. Returns how many bodies came, when the first did, and how
    -- many clusters they name, none twice.
    local function storm(count, kind, seconds)
        local bodies, named, clusters, first = 0, {}, 0, nil
        with_store(function(store)
            for i = 101, 99 + count do
                local name = ("prod-%d"):format(i)
                look(store, name, { severity = i % 3 == 0 and "critical" or "warning", cluster_name = name }, NOW)
            end
            look(store, "c", { severity = "ok" }, NOW)
            look(store, "prod-100", { cluster_name = "prod-100" }, NOW)
            local now = NOW
            local function perform(request)
                bodies, first = bodies + 1, first or now - NOW
                local seen_here = {}
                for name in request.body:gmatch "prod%-%d%d%d" do
                    if not seen_here[name] then
                        assert.is_nil(named[name])
                        seen_here[name], named[name], clusters = true, true, clusters + 1
                    end
                end
                return { status = 200, body = '{"errcode":0,"errmsg":"ok"}', headers = {} }
            end
            local made = sender(store, nil, perform, nil, { now = function() return now end,
                channels = { assert(channels.open("hook", assert(channels.check { kind = kind, url = { env = "URL" } }),
                    { getenv = function() return "https://x.example" end })) } })
            assert(made:sweep())
            for second = 1, seconds do
                now = NOW + second * 1000
                repeat until not made:tell(made.owing[1])
            end
            assert.same({}, made.failures)
        end)
        return bodies, first, clusters
    end

    it("of 500 problems is at most 20 messages a minute to DingTalk, the first at once, with all in them", function()
        local bodies, first, clusters = storm(500, "dingtalk", 60)
        assert.is_true(bodies <= 20)
        assert.same({ 1000, 500 }, { first, clusters })
    end)

    it("is told one by one where the receiver takes that", function()
        assert.same({ 12, 1000, 12 }, { storm(12, "webhook", 1) })
    end)

    it("that was summed up by a sender that died is summed up again by the same key", function()
        with_store(function(store)
            for i = 2, 30 do
                look(store, ("c%d"):format(i), nil, NOW)
            end
            local keys = {}
            local function attempt(now, answer)
                local made = sender(store, "https://x.example", function(request)
                    keys[#keys + 1] = request.headers["Idempotency-Key"]
                    return answer()
                end, now)
                made.owing[1].rate = { messages = 20, seconds = 60 }
                pcall(made.tell, made, made.owing[1])
                return made.list
            end
            assert(sender(store, "https://x.example"):sweep())
            attempt(NOW + 1, function() error("killed", 0) end)
            look(store, "another", nil, NOW + 2)
            local list = attempt(NOW + 90002, function() return { status = 200 } end)
            assert.same({ 30, keys[1] }, { #list[1].items, keys[2] })
        end)
    end)
end)

describe("two commands at once", function()
    local server
    setup(function() server = emulator.start() end)
    teardown(function() server:stop() end)

    local function assert_told_once(run, target)
        local out
        local received = raw_server.with({ { { "read", "}" }, { "send", raw_server.answer("200 OK", "") } } },
            function(webhook)
                local one = ("dwsync notify failing stuck partial mass-delete --set slow=off --history %s"):format(
                    target)
                local _, text, err = run(("dwsync history pull healthy --history %s >/dev/null; %s & %s & wait"):format(
                    target, one, one), { DWSYNC_WEBHOOK_URL = webhook.url .. "/x" })
                assert.equal("", err)
                out = text
            end)
        local keys = {}
        for _, request in ipairs(received) do
            local key = request:match "\r\n[Ii]dempotency%-[Kk]ey: (%x+)\r\n"
            assert.is_nil(keys[key])
            keys[key] = true
        end
        assert.equal(4, #received)
        assert.equal(4, select(2, out:gsub("told webhook: ", "")))
    end

    it("tell everything, and nothing twice", function()
        runbook.with(server, function(run)
            assert_told_once(run, '"$DIR/h.db"')
        end)
    end)

    it("do so on two machines with one PostgreSQL, too", function()
        local database = postgres.start()
        runbook.with(server, function(run)
            assert_told_once(run, processes.quoted(database:fresh_url()))
        end)
        database:stop()
    end)
end)

describe("what was told a month ago", function()
    it("is forgotten at the first sweep, and every ten minutes from then on", function()
        worlds.with(function(world)
            local prune, asked = outbox.prune, {}
            finally(function() outbox.prune = prune end)
            function outbox.prune(_, before)
                asked[#asked + 1] = { world.monotonic, world.now - before }
            end
            local one = world:sender()
            for _, seconds in ipairs { 0, 599, 1, 600, 1 } do
                world:pass(seconds)
                assert(one:sweep())
            end
            local month = 30 * 86400000
            assert.same({ { 0, month }, { 600, month }, { 1200, month } }, asked)
        end)
    end)
end)
