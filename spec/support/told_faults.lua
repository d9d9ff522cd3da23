--- What can go wrong between a problem and those who are told of it, each for real: what was done, and the figures that
-- came of it with their limits. The long form is spec/build/told_faults.sh, the short one
-- spec/problems/faults_once_spec.lua.
local alertmanagers = require "spec.support.alertmanagers"
local cjson = require "cjson"
local core = require "dwsync.core"
local figures = require "spec.support.figures"
local mail_server = require "spec.support.mail_server"
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"
local raw_server = require "spec.support.raw_server"
local runbook = require "spec.support.runbook"
local uv = require "luv"
local worlds = require "spec.support.told_world"

local M = {}

local at_most, at_least, exactly = figures.at_most, figures.at_least, figures.exactly

local OK = raw_server.answer("200 OK", "")

local function hook(answer)
    return { kind = "webhook", answer = answer }
end

local function most(times)
    return times[#times] or 0
end

local function count_more_than_once(times)
    local count = 0
    for _, number in ipairs(times) do
        count = count + (number > 1 and 1 or 0)
    end
    return count
end

local function note_leaks(list, world)
    local leaks = world:leaks()
    exactly(list, "places that show a secret" .. (leaks[1] and ": " .. table.concat(leaks, ", ") or ""), #leaks, 0)
end

-- A lease of a sender that is gone would end after a minute and a half.
local function end_leases(world, name)
    world:rows(("UPDATE dwsync_outbox SET claimed_until = NULL WHERE state = 'owed' AND claimed_by = '%s'"):format(
        name))
end

-- What it is told of is known when something else that is told later has come.
local function await_marker(world, number)
    world:look("warning", number, number)
    world:await_told()
end

--- A collector ends and begins again, twice.
function M.restart()
    local list = {}
    worlds.with({ channels = { hook = hook() } }, function(world)
        world:write_inventory()
        world:look("critical", 1, 30)
        for i = 1, 3 do
            local child = world:collect "one"
            await_marker(world, 100 + i)
            world:stop(child)
        end
        at_least(list, "messages", #world:times "hook", 33)
        exactly(list, "most times that one came", most(world:times "hook"), 1)
        note_leaks(list, world)
    end)
    return list
end

--- Two collectors with one database; one is killed while both send, again and again.
function M.two_collectors(target, kills)
    local list, killed = {}, 0
    worlds.with({ channels = { hook = hook() }, target = target }, function(world)
        world:write_inventory()
        local one, other = world:collect "one", world:collect "two"
        for i = 1, kills do
            local before = #world.received.hook
            world:look("critical", i * 100, i * 100 + 59)
            world:await("hook", before + 10)
            world:kill(one)
            killed = killed + 1
            local name = i % 2 == 1 and "one" or "two"
            end_leases(world, name)
            one, other = other, world:collect(name)
            world:await_told()
        end
        world:look("ok", 100, kills * 100 + 59)
        world:await_told()
        world:stop(one)
        world:stop(other)
        local times = world:times "hook"
        at_least(list, "messages", #times, kills * 60 * 2)
        at_most(list, "most times that one came", most(times), 2)
        at_most(list, ("messages that came twice, of %d kills"):format(killed), count_more_than_once(times), killed)
        note_leaks(list, world)
    end)
    return list
end

-- It dies when it is about to send its second message, or when the answer is there but not kept.
local DIES = [[
local http, uv, count = require "dwsync.problems.channels.http", require "luv", 0
local post = http.post
local function die(point)
    if point == %q and count == 2 then
        uv.kill(uv.os_getpid(), "sigkill")
        while true do end
    end
end
function http.post(...)
    count = count + 1
    die "before"
    local outcome, reason, paused = post(...)
    die "after"
    return outcome, reason, paused
end]]

--- A collector is killed before, between or after a request.
function M.killed(point)
    local list, child = {}, nil
    local function answer(number)
        if point == "between" and number == 2 then
            child.process:kill "sigkill"
            return false
        end
    end
    worlds.with({ channels = { hook = hook(answer) } }, function(world)
        world:write_inventory()
        world:look("critical", 1, 10)
        child = world:collect("one", { code = DIES:format(point) })
        patience.wait_until(function() return child.exited end, "it to die")
        child:wait()
        end_leases(world, "one")
        local next_one = world:collect "one"
        world:await_told()
        world:look("ok", 1, 10)
        world:await_told()
        world:stop(next_one)
        local times = world:times "hook"
        exactly(list, "killed by signal 9", child.exited == "by signal 9" and 9 or 0, 9)
        at_least(list, "messages", #times, 20)
        exactly(list, "messages that came twice with one key", count_more_than_once(times),
            point == "before" and 0 or 1)
        at_most(list, "most times that one came", most(times), 2)
    end)
    return list
end

-- What a receiver does with its first message; all others are taken.
local TROUBLE = {
    { "429", raw_server.answer("429 Too Many Requests", worlds.CANARY, { "Retry-After: 3" }), least = 3 },
    { "500", raw_server.answer("500 Internal Server Error", worlds.CANARY) },
    { "hangs", false },
    { "resets", "reset" },
    { "redirects", raw_server.answer("302 Found", "", { "Location: http://127.0.0.1:1/" .. worlds.CANARY }) },
}

--- Receivers that do not take the first message: all in one collector.
function M.receivers()
    local list, channels = {}, {}
    for _, trouble in ipairs(TROUBLE) do
        channels["r" .. trouble[1]] = hook(function(number)
            if number == 1 then
                return trouble[2]
            end
        end)
    end
    worlds.with({ channels = channels }, function(world)
        world:write_inventory()
        world:look("critical", 1, 3)
        local child = world:collect "one"
        world:await_told()
        world:stop(child)
        for _, trouble in ipairs(TROUBLE) do
            local name = "r" .. trouble[1]
            local first, second = world.received[name][1], world.received[name][2]
            at_least(list, trouble[1] .. ": messages", #world:times(name), 3)
            exactly(list, trouble[1] .. ": messages that came again", count_more_than_once(world:times(name)), 1)
            at_least(list, trouble[1] .. ": seconds till the next try", second.at - first.at, trouble.least or 0)
            local said = select(2, child.output:gsub("not sent to channel " .. name, ""))
            exactly(list, trouble[1] .. ": lines about it", said, 1)
        end
        note_leaks(list, world)
    end)
    return list
end

local function coded(text)
    return raw_server.answer("200 OK", text, { "Content-Type: application/json" })
end

-- An answer with status 200 and an error inside, first one that passes, then one that stays for another message.
local CODED = {
    dingtalk = { more = "secret = $secret", good = '{"errcode":0,"errmsg":"ok"}',
        busy = '{"errcode":-1,"errmsg":"system busy"}', wrong = '{"errcode":310000,"errmsg":"sign not match"}' },
    feishu = { more = "secret = $secret", good = '{"code":0,"msg":"success"}',
        busy = '{"code":11232,"msg":"frequency limited"}', wrong = '{"code":19021,"msg":"sign match fail"}' },
    wecom = { good = '{"errcode":0,"errmsg":"ok"}', busy = '{"errcode":-1,"errmsg":"system busy"}',
        wrong = '{"errcode":93000,"errmsg":"invalid webhook url"}' },
}

local function coded_channels(what)
    local channels = {}
    for kind, answers in pairs(CODED) do
        channels[kind] = { kind = kind, more = answers.more, answer = function(number)
            return coded(what(number, answers))
        end }
    end
    return channels
end

--- Robots that answer 200 with an error inside: one that passes.
function M.errors_inside()
    local list = {}
    worlds.with({ channels = coded_channels(function(number, answers)
        return number == 1 and answers.busy or answers.good
    end) }, function(world)
        world:write_inventory()
        world:look("critical", 1)
        local child = world:collect "one"
        patience.wait_until(function()
            return world:rows("SELECT count(*) FROM dwsync_outbox WHERE state = 'owed' AND attempts > 0 "
                .. "AND claimed_until IS NULL")[1][1] >= 3
        end, "three robots to be busy")
        world:rows "UPDATE dwsync_channels SET paused_until = NULL" -- ten minutes, for some
        world:await_told()
        world:stop(child)
        for kind in pairs(CODED) do
            at_least(list, kind .. ": requests", #world.received[kind], 2)
        end
        exactly(list, "messages not sent", world:rows(
            "SELECT count(*) FROM dwsync_outbox WHERE state <> 'sent'")[1][1], 0)
        note_leaks(list, world)
    end)
    return list
end

--- Wrong address and wrong signature: over three starts each message is tried once.
function M.refused()
    local list, channels = {}, coded_channels(function(_, answers) return answers.wrong end)
    channels.hook = hook(function() return raw_server.answer("404 Not Found", worlds.CANARY) end)
    worlds.with({ channels = channels }, function(world)
        world:write_inventory()
        world:look("critical", 999999)
        for _ = 1, 3 do
            local child = world:collect "one"
            await_marker(world, 999999)
            world:stop(child)
        end
        for name in pairs(channels) do
            local tries = 0
            for _, message in ipairs(world.received[name]) do
                tries = tries + (message.body:find("999999", 1, true) and 1 or 0)
            end
            exactly(list, name .. ": tries", tries, 1)
        end
        exactly(list, "given up loudly", world:rows("SELECT count(*) FROM dwsync_outbox WHERE state = 'given_up' "
            .. "AND cluster_id = 'told-999999'")[1][1], 4)
        note_leaks(list, world)
    end)
    return list
end

--- A wrong SMTP password: one attempt, then a day's rest, whatever there is to tell and however often it starts.
function M.wrong_password()
    local list = {}
    mail_server.with(true, function(server)
        local mail = { kind = "email", is_elsewhere = true, more = ([[server = "localhost", port = %d,
            tls = "starttls", user = "dwsync", password = $secret, from = "dwsync@example.com",
            to = { "ops@example.com" }, ca_file = %q]]):format(server.port, server.ca_file) }
        worlds.with({ channels = { hook = hook(), mail = mail } }, function(world)
            world:write_inventory()
            world:look("critical", 1, 20)
            for i = 1, 3 do
                local child = world:collect "one"
                patience.wait_until(function()
                    return world:rows("SELECT count(*) FROM dwsync_channels WHERE channel LIKE 'mail/%' "
                        .. "AND paused_until > $now")[1][1] == 1
                end, "the channel to rest")
                world:look("critical", 20 + i)
                world:await("hook", 20 + i) -- by then it could have been tried again
                patience.wait_until(function() return child.output:find "535" or i > 1 end, "a line about it")
                world:stop(child)
            end
            exactly(list, "logins of 23 messages and three starts", server.logins(), 1)
            exactly(list, "mails", #server.mails(), 0)
            note_leaks(list, world)
        end)
    end)
    return list
end

-- Reports of problems by a process of its own: each look is a transaction.
local WRITER = [[
local target, number, reports, count = %q, %d, %d, %d
local history = assert(require("dwsync.history").open(target))
local store = assert(require("dwsync.problems.store").open(history))
local problems, tables = require "dwsync.problems", require "dwsync.history.tables"
local plan = function() return { to = { "hook" }, levels = {} } end
io.write "writing\n"
io.flush()
for i = 1, reports do
    local cluster = ("told-%%04d"):format((i * 7 + number * 331) %% count)
    local item = { cluster = { id = cluster }, severity = "critical", verdicts = { { rule = "failing", source = "s",
        severity = i %% 3 == 0 and "critical" or "warning", message = "report " .. i } } }
    assert(tables.run(history, "write", cluster, function(session)
        problems.look_in(session, item, { least = "warning", plan = plan }, math.floor(require("dwsync.core").now()
            * 1000))
        return true
    end))
end]]

--- Six processes report the same problems again and again.
function M.writers(target, reports, count)
    local list = {}
    worlds.with({ channels = { hook = hook() }, target = target }, function(world)
        local children = {}
        for i = 1, 6 do
            children[i] = processes.start(uv.exepath(), { "-e", WRITER:format(target, i, reports / 6, count) },
                "(writing)\n")
        end
        for _, child in ipairs(children) do
            child:wait()
            exactly(list, "a writer's status", child.exited == "with status 0" and 0 or 1, 0)
        end
        exactly(list, ("problems after %d reports"):format(reports), world:rows(
            "SELECT count(*) FROM dwsync_problems")[1][1], count)
        at_most(list, "episodes", world:rows("SELECT max(episode) FROM dwsync_problems")[1][1], 1)
        at_most(list, "messages owed", world:rows("SELECT count(*) FROM dwsync_outbox")[1][1], 2 * count)
        world:write_inventory()
        local child = world:collect "one"
        world:await_told()
        world:stop(child)
        at_least(list, "messages", #world:times "hook", count)
        exactly(list, "most times that one came", most(world:times "hook"), 1)
    end)
    return list
end

--- Many problems at once for a robot that takes 20 messages a minute, by two collectors.
function M.storm(target, count)
    local list = {}
    local channels = { dingtalk = { kind = "dingtalk", more = "secret = $secret",
        answer = function() return coded(CODED.dingtalk.good) end } }
    worlds.with({ channels = channels, target = target }, function(world)
        world:write_inventory()
        local one, other = world:collect "one", world:collect "two"
        world:look("critical", 1, count)
        local began = core.monotonic()
        world:await_told()
        world:look("ok", 1, count)
        world:await_told()
        world:stop(one)
        world:stop(other)
        local messages, busiest, named = world.received.dingtalk, 0, {}
        for i, message in ipairs(messages) do
            local within = 0
            for k = i, #messages do
                within = within + (messages[k].at - message.at < 60 and 1 or 0)
            end
            busiest = math.max(busiest, within)
            for number in message.body:gmatch "told%-(%d+)" do
                named[number] = true
            end
        end
        local named_count = 0
        for _ in pairs(named) do
            named_count = named_count + 1
        end
        at_most(list, "messages in any minute", busiest, 20)
        at_most(list, "seconds till the first", messages[1].at - began, 10)
        exactly(list, "problems named", named_count, count)
        note_leaks(list, world)
    end)
    return list
end

--- An acknowledgement survives a restart, and a worse severity breaks it.
function M.acknowledged()
    local list = {}
    worlds.with({ channels = { hook = hook() } }, function(world)
        world:write_inventory()
        world:look("warning", 1)
        local child = world:collect "one"
        world:await_told()
        local output, status = world:run("alerts", "ack", "told-0001", "--note", "on it")
        exactly(list, "status of alerts ack" .. (status ~= 0 and ": " .. output or ""), status, 0)
        world:stop(child)
        child = world:collect "one"
        await_marker(world, 50)
        local kept = world:rows "SELECT acknowledged_note FROM dwsync_problems WHERE cluster_id = 'told-0001'"[1]
        exactly(list, "acknowledgements after a restart", kept[1] == "on it" and 1 or 0, 1)
        local before = #world.received.hook
        world:look("critical", 1)
        world:await_told()
        world:stop(child)
        exactly(list, "messages when it got worse", #world.received.hook - before, 1)
        kept = world:rows "SELECT acknowledged_note FROM dwsync_problems WHERE cluster_id = 'told-0001'"[1]
        exactly(list, "acknowledgements after that", kept[1] and 1 or 0, 0)
    end)
    return list
end

--- An end goes to exactly those who were told; what is owed to a channel that is gone is dropped and said.
function M.ends()
    local list = {}
    local channels = { told = hook(), later = hook(function() return raw_server.answer("404 Not Found", "") end),
        gone = hook(function() return raw_server.answer("503 Service Unavailable", "") end) }
    worlds.with({ channels = channels }, function(world)
        world:write_inventory()
        world:look("critical", 1)
        local child = world:collect "one"
        world:await("told", 1)
        world:await("later", 1)
        world:await("gone", 1)
        patience.wait_until(function()
            return world:rows("SELECT count(*) FROM dwsync_outbox WHERE claimed_until IS NULL AND attempts > 0 "
                .. "AND cluster_id = 'told-0001'")[1][1] == 3
        end, "three answers to be kept")
        world:stop(child)
        channels.later.answer, channels.gone = nil, nil
        world:write_inventory()
        world:rows "UPDATE dwsync_channels SET named_at = named_at - 700000"
        world:rows "UPDATE dwsync_outbox SET created_at = created_at - 700000 WHERE channel = 'gone'"
        world:look("ok", 1, 1)
        child = world:collect "one"
        world:await_told()
        world:stop(child)
        local function ends_of(name)
            local count = 0
            for _, message in ipairs(world.received[name]) do
                count = count + (message.body:find('"event":"resolved"', 1, true) and message.body:find("told-0001", 1,
                    true) and 1 or 0)
            end
            return count
        end
        exactly(list, "ends to who was told", ends_of "told", 1)
        exactly(list, "ends to who was not", ends_of "later" + ends_of "gone", 0)
        at_least(list, "lines about the channel that is gone", select(2, child.output:gsub(
            "channel gone is not configured any more", "")), 1)
        note_leaks(list, world)
    end)
    return list
end

--- A pair of Alertmanagers: one is killed, then both, and both begin again.
function M.alertmanagers()
    local list = {}
    local folder = assert(uv.fs_mkdtemp "/tmp/dwsync-told-XXXXXX")
    local one, other = alertmanagers.pair(folder)
    local good, reason = pcall(worlds.with, { channels = { am = { kind = "alertmanager", is_elsewhere = true,
        more = ("urls = { %q, %q }, every = 10"):format(one.url, other.url) } } }, function(world)
        local function count(peer)
            local found = 0
            for _, alert in ipairs(peer:alerts()) do
                found = found + (alert.labels.cluster:find "^told" and 1 or 0)
            end
            return found
        end
        local function has(peer, expected)
            patience.wait_until(function() return count(peer) == expected end, expected .. " alerts")
        end
        one:start()
        other:start()
        world:write_inventory()
        world:look("critical", 1, 3, {})
        local child = world:collect "one"
        has(one, 3)
        has(other, 3)
        one:stop()
        world:look("critical", 4, 4, {})
        has(other, 4)
        other:stop()
        one:start()
        other:start()
        has(one, 4)
        has(other, 4)
        world:look("ok", 1, 4, {})
        has(one, 0)
        has(other, 0)
        world:stop(child)
        exactly(list, "alerts after the end, of both", count(one) + count(other), 0)
        note_leaks(list, world)
    end)
    one:stop()
    other:stop()
    processes.run("rm -rf " .. processes.quoted(folder))
    assert(good, reason)
    return list
end

-- Makes the heartbeat due, and says whether one came within its next look.
local function beats(world, came, expected)
    local before = #came
    patience.wait_until(function()
        pcall(world.rows, world, "UPDATE dwsync_heartbeat SET due_at = 0 WHERE claimed_by IS NOT NULL")
        return expected and #came > before or not expected and world:rows(
            "SELECT reason FROM dwsync_heartbeat")[1][1] ~= nil
    end, expected and "a heartbeat" or "a reason for silence")
    return #came - before
end

-- What a database does that cannot be written, while a collector sends: `broken(world, on)`.
local function without_writing(list, world, child, broken)
    broken(true)
    local before = world:times "hook" -- what was under way until then does not count
    patience.wait_until(function() return child.output:find "messages: " end, "a line about it")
    world:pass(3)
    at_most(list, "messages meanwhile", #world:times "hook" - #before, 5) -- what was claimed before
    broken(false)
    world:look("critical", 301, 310)
    world:await_told()
    at_most(list, "lines about it", select(2, child.output:gsub("messages: ", "")), 3)
    at_least(list, "messages", #world:times "hook", 20)
    at_most(list, "most times that one came", most(world:times "hook"), 1)
    note_leaks(list, world)
end

--- The database of PostgreSQL takes no writes for a while.
function M.read_only(server)
    local list = {}
    local name = server:create_database()
    local admin = server:connection()
    worlds.with({ channels = { hook = hook() }, target = server:url(name) }, function(world)
        world:write_inventory()
        local child = world:collect "one"
        world:look("critical", 1, 10)
        world:await("hook", 3)
        without_writing(list, world, child, function(on)
            admin:query(("ALTER DATABASE %s SET default_transaction_read_only = %s"):format(name, on and "on" or "off"))
            admin:query(("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'"):format(name))
            world:reconnect()
        end)
        world:stop(child)
    end)
    admin:close()
    return list
end

--- A disk that is full: the file cannot grow. Nothing is sent of which could not be kept that it is.
function M.full()
    local list = {}
    worlds.with({ channels = { hook = hook() } }, function(world)
        world:write_inventory()
        world:look("critical", 1, 20)
        local first = world:collect "one"
        world:await_told()
        world:stop(first)
        local size = uv.fs_stat(world.target).size + (uv.fs_stat(world.target .. "-wal") or { size = 0 }).size
        local blocks = math.ceil(size / 512) + 400 -- room enough to start
        local child, last = world:collect("one", { before = ("trap '' XFSZ; ulimit -f %d;"):format(blocks) }), 20
        patience.wait_until(function()
            world:look("critical", last + 1, last + 20)
            last = last + 20
            return child.output:find "messages: "
        end, function() return "a line about a full disk; it said " .. child.output end)
        world:pass(3)
        world:kill(child)
        end_leases(world, "one")
        local roomy = world:collect "two"
        world:await_told()
        world:stop(roomy)
        at_least(list, "messages", #world:times "hook", last)
        at_most(list, "messages that came twice", count_more_than_once(world:times "hook"), 1)
        note_leaks(list, world)
    end)
    return list
end

--- The primary fails while two collectors send; its standby is promoted.
function M.failover(primary, standby)
    local list = {}
    local target = primary:url("postgres", "target_session_attrs=read-write"):gsub("@[^/]+/",
        ("@127.0.0.1:%d,127.0.0.1:%d/"):format(primary.port, standby.port))
    worlds.with({ channels = { hook = hook() }, target = target }, function(world)
        world:write_inventory()
        local one, other = world:collect "one", world:collect "two"
        world:look("critical", 1, 200)
        world:await("hook", 40)
        primary:kill()
        world:pass(1)
        local admin = standby:connection()
        -- What was told and did not come through to the standby in time may be told again, besides what is under way.
        local unknown = #world:times "hook"
            - admin:query("SELECT count(*) FROM dwsync_outbox WHERE state = 'sent'")[1][1]
        admin:query "SELECT pg_promote()"
        admin:close()
        world:reconnect()
        world:await_told()
        world:look("ok", 1, 200)
        world:await_told()
        world:stop(one)
        world:stop(other)
        local times = world:times "hook"
        at_least(list, "messages", #times, 400)
        at_most(list, "most times that one came", most(times), 2)
        at_most(list, "messages that came twice", count_more_than_once(times), math.max(0, unknown) + 10)
        note_leaks(list, world)
    end)
    return list
end

--- The heartbeat stops for what breaks the chain, and goes on after it.
function M.heartbeat()
    local list, came = {}, {}
    local server = uv.new_tcp()
    assert(server:bind("127.0.0.1", 0))
    assert(server:listen(16, function()
        local socket = uv.new_tcp()
        server:accept(socket)
        socket:read_start(function(_, text)
            if text then
                came[#came + 1] = core.monotonic()
                socket:write(OK)
            else
                socket:close()
            end
        end)
    end))
    local url = ("http://127.0.0.1:%d/%s"):format(server:getsockname().port, worlds.CANARY)
    local taken = OK
    worlds.with({ channels = { hook = hook(function() return taken end) } }, function(world)
        runbook.write(world.folder .. "/heart", url .. "\n")
        world:write_inventory(("heartbeat = { url = { file = %q }, every = 60 }"):format(world.folder .. "/heart"))
        local child = world:collect "one"
        at_least(list, "heartbeats when all is well", beats(world, came, true), 1)
        taken = raw_server.answer("503 Service Unavailable", "")
        world:look("critical", 1)
        world:rows [[UPDATE dwsync_outbox SET created_at = created_at - 660000, due_at = due_at - 660000
            WHERE cluster_id = 'told-0001']]
        patience.wait_until(function()
            return world:rows("SELECT attempts FROM dwsync_outbox WHERE cluster_id = 'told-0001'")[1][1] > 0
        end, "a try")
        beats(world, came, false)
        local before = #came
        world:rows "UPDATE dwsync_heartbeat SET due_at = 0"
        world:await("hook", #world.received.hook + 1)
        exactly(list, "heartbeats while a message is 11 min late", #came - before, 0)
        taken = OK
        world:rows "UPDATE dwsync_channels SET paused_until = NULL"
        world:await_told()
        at_least(list, "heartbeats when it was sent", beats(world, came, true), 1)
        local faults = { match = { path = "sync-records" }, action = { delay = 60 }, times = cjson.null }
        world.emulator:admin("POST", "faults", faults)
        patience.wait_until(function() -- of clusters that are looked at each second
            return beats(world, came, false) == 0
                and world:rows("SELECT reason FROM dwsync_heartbeat")[1][1]:find "look"
        end, "clusters to be overdue")
        before = #came
        world:rows "UPDATE dwsync_heartbeat SET due_at = 0"
        world:pass(20)
        exactly(list, "heartbeats while clusters are overdue", #came - before, 0)
        world.emulator:admin("DELETE", "faults")
        at_least(list, "heartbeats when they were looked at", beats(world, came, true), 1)
        runbook.write(world.folder .. "/key", ("[basic]\nak = %s\nsk = wrong\n"):format(world.emulator.info.ak))
        world:stop(child)
        child = world:collect "one"
        patience.wait_until(function()
            return world:rows("SELECT refusals FROM dwsync_accounts")[1][1] > 0
        end, "the key to be refused")
        world:pass(8)
        at_least(list, "heartbeats while an account is refused", beats(world, came, true), 1)
        world:kill(child)
        before = #came
        world:rows "UPDATE dwsync_heartbeat SET due_at = 0"
        world:pass(20)
        exactly(list, "heartbeats without a collector", #came - before, 0)
        note_leaks(list, world)
    end)
    server:close()
    uv.run "nowait"
    return list
end

return M
