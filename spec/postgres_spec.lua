-- What dwsync.postgres makes of dwsync.pq's steps; with a real server: spec/history.
local postgres = require "dwsync.postgres"

-- A dwsync.pq whose names and hosts answer as `world` says: by name a list of addresses or false (never), by address
-- true, a reason, or false (never).
local function fake(world)
    local function object(answer)
        local made = { socket = function() return 7 end, close = function() world.open = world.open - 1 end }
        function made.poll(self)
            assert.equal(made, self)
            if answer == false then
                return "read"
            elseif type(answer) == "string" then
                return nil, { message = answer, alive = false }
            end
            return "done", answer ~= true and answer or nil
        end
        return made
    end
    world.open, world.asked = 0, {}
    return {
        settings = function(text)
            assert.equal("as libpq reads it", text)
            return world.settings, world.is_wrong
        end,
        lookup = function(name)
            world.open = world.open + 1
            world.asked[#world.asked + 1] = name
            return object(world.names[name])
        end,
        connect = function(text, settings)
            assert.equal("as libpq reads it", text)
            world.open = world.open + 1
            assert.same({ "string", "string" }, { type(settings.host), type(settings.hostaddr) })
            local place = settings.hostaddr ~= "" and settings.hostaddr or settings.host
            world.asked[#world.asked + 1] = ("%s:%s:%s"):format(place, settings.port, settings.target_session_attrs)
            local connection = object(world.hosts[place])
            connection.send = function(_, sql)
                world.asked[#world.asked + 1] = sql
                return true
            end
            connection.receive = function()
                if world.fails then
                    return nil, { message = world.fails, alive = false }
                end
                if (world.mute or {})[place] then
                    return "read"
                end
                return "done", { { world.says } }, 1
            end
            connection.cancel = function() world.cancelled = (world.cancelled or 0) + 1 end
            return connection
        end,
    }
end

-- Waiting costs all the time that it may take.
local function connect(world, seconds)
    local loaded, now = package.loaded["dwsync.pq"], 0
    package.loaded["dwsync.pq"] = fake(world)
    local session, failure = postgres.connect({
        monotonic = function() return now end,
        wait = function(socket, state, left)
            assert.same({ 7, "read" }, { socket, state })
            now = now + left
        end,
    }, "as libpq reads it", seconds)
    package.loaded["dwsync.pq"] = loaded
    return session, failure, now
end

describe("connecting to PostgreSQL", function()
    it("goes through hosts and their addresses until one answers, each with its share of the time", function()
        local world = { settings = { host = "a,b,10.0.0.3", port = "1,2,3", connect_timeout = "10" },
            names = { a = { "::1", "10.0.0.1" }, b = false }, hosts = { ["::1"] = "refused", ["10.0.0.1"] = false,
                ["10.0.0.3"] = true } }
        local session, _, now = connect(world, 9)
        assert.is_table(session)
        assert.same({ "a", "::1:1:any", "10.0.0.1:1:any", "b", "10.0.0.3:3:any" }, world.asked)
        assert.equal(6, now)
        assert.equal(1, world.open)
    end)

    it("ends at the deadline, or at connect_timeout, when a name is never resolved", function()
        local world = { settings = { host = "a", port = "5432", connect_timeout = "10" }, names = { a = false } }
        local session, failure, now = connect(world, 4)
        assert.is_nil(session)
        assert.is_true(failure.late)
        assert.matches("^looking up a: ", failure.message)
        assert.equal(4, now)
        assert.equal(0, world.open)
        session, failure, now = connect(world, 30)
        assert.is_nil(session)
        assert.is_true(failure.late)
        assert.equal(10, now)
        world.settings.connect_timeout = "1"
        assert.equal(1, (select(3, connect(world, 30))))
        assert.equal(0.5, (select(3, connect(world, 0.5))))
    end)

    it("says of every host why it was not", function()
        local world = { settings = { host = "10.0.0.1,/run/x", port = "5432" },
            hosts = { ["10.0.0.1"] = "refused", ["/run/x"] = "no such file" } }
        local _, failure = connect(world, 4)
        assert.equal("refused; no such file", failure.message)
        assert.same({ "10.0.0.1:5432:any", "/run/x:5432:any" }, world.asked)
        assert.is_falsy(failure.late)
    end)

    it("says which of several was not there in time", function()
        for _, case in ipairs {
            { { host = "10.0.0.1" }, "no answer in time" }, { { host = "a" }, "looking up a: no answer in time" },
            { { host = "10.0.0.1,/run/x" }, "10.0.0.1: no answer in time; /run/x: no answer in time" },
            { { hostaddr = "10.0.0.1,10.0.0.2" }, "10.0.0.1: no answer in time; 10.0.0.2: no answer in time" },
            { { host = "a,10.0.0.1", hostaddr = ",10.0.0.1" },
                "looking up a: no answer in time; 10.0.0.1: no answer in time" },
            { { host = "answer,n", hostaddr = "10.0.0.1,10.0.0.2" },
                "answer: no answer in time; n: no answer in time" },
            { { host = "b", hostaddr = "10.0.0.1" }, "no answer in time" },
            { { host = "b,10.0.0.3", hostaddr = "10.0.0.1," }, "b: no answer in time; refused" },
        } do
            case[1].port = "1"
            local session, failure, now = connect({ settings = case[1], names = { a = false }, hosts = {
                ["10.0.0.1"] = false, ["10.0.0.2"] = false, ["/run/x"] = false, ["10.0.0.3"] = "refused" } }, 4)
            assert.is_nil(session)
            assert.same({ case[2], true, false }, { failure.message, failure.late, failure.alive })
            assert.equal(case[2]:find "refused" and 2 or 4, now)
        end
    end)

    it("does not begin to wait when its time is up", function()
        for _, seconds in ipairs { 0, -5 } do
            local world = { settings = { host = "10.0.0.1,10.0.0.2", port = "1" }, hosts = { ["10.0.0.1"] = false,
                ["10.0.0.2"] = false } }
            local session, failure, now = connect(world, seconds)
            assert.is_nil(session)
            assert.same({ true, 0, 0 }, { failure.late, now, world.open })
        end
    end)

    it("asks nobody where its text cannot be read", function()
        local world = { is_wrong = { message = "missing \"=\"" } }
        local session, failure = connect(world, 4)
        assert.is_nil(session)
        assert.same({ world.is_wrong, {} }, { failure, world.asked })
    end)

    it("has all of its time where connect_timeout is none, and shares it among addresses", function()
        for _, longest in ipairs { "0", "", "no number" } do
            assert.equal(4, (select(3, connect({ settings = { host = "a", port = "1", connect_timeout = longest },
                names = { a = false } }, 4))))
        end
        local world = { settings = { host = "a,10.0.0.3", port = "1", connect_timeout = "4" },
            names = { a = { "10.0.0.1", "10.0.0.2" } },
            hosts = { ["10.0.0.1"] = false, ["10.0.0.2"] = false, ["10.0.0.3"] = true } }
        local session, _, now = connect(world, 100)
        assert.is_table(session)
        assert.equal(4, now)
        assert.same({ "a", "10.0.0.1:1:any", "10.0.0.2:1:any", "10.0.0.3:1:any" }, world.asked)
    end)

    it("looks up names alone, and none whose address is given", function()
        for host, is_looked_up in pairs { ["db.example"] = true, ["10.0.0.1.example"] = true, a1 = true, ["1a"] = true,
            ["/run/x"] = false, ["@x"] = false, ["::1"] = false, ["10.0.0.1"] = false, [""] = false } do
            local world = { settings = { host = host, port = "1" }, names = { [host] = { "10.0.0.9" } }, hosts = {
                [host] = true, ["10.0.0.9"] = true } }
            assert.is_table((connect(world, 4)))
            assert.equal(is_looked_up and host or host .. ":1:any", world.asked[1])
            world.settings.hostaddr = "10.0.0.9"
            assert.is_table((connect(world, 4)))
            assert.same({ "10.0.0.9:1:any" }, world.asked)
        end
    end)

    it("is closed where the server does not say what it is", function()
        local world = { settings = { hostaddr = "10.0.0.1", port = "1", target_session_attrs = "primary" },
            hosts = { ["10.0.0.1"] = true }, fails = "too many connections" }
        local session, failure = connect(world, 4)
        assert.is_nil(session)
        assert.same({ "too many connections", 0 }, { failure.message, world.open })
        assert.is_falsy(failure.late)
        world.settings.target_session_attrs = "any"
        assert.is_table((connect(world, 4)))
    end)

    it("gives a host that is silent about its kind no more than its share, and names it among several", function()
        local world = { settings = { host = "10.0.0.1,10.0.0.2", port = "1", target_session_attrs = "primary" },
            hosts = { ["10.0.0.1"] = true, ["10.0.0.2"] = true }, mute = { ["10.0.0.1"] = true }, says = "false" }
        local session, _, now = connect(world, 8)
        assert.is_table(session)
        assert.same({ 4, 1, 1 }, { now, world.cancelled, world.open })
        assert.same({ "10.0.0.1:1:any", "10.0.0.2:1:any" }, { world.asked[1], world.asked[3] }) -- one port for all
        world.says = "true"
        local failure
        session, failure = connect(world, 8)
        assert.is_nil(session)
        assert.same({ message = "10.0.0.1: no answer in time; the server is not primary", late = true, alive = false },
            failure)
    end)

    it("prefers a standby without insisting on one", function()
        local world = { settings = { hostaddr = "10.0.0.1", port = "1", target_session_attrs = "prefer-standby" },
            hosts = { ["10.0.0.1"] = true }, says = "false" }
        assert.is_table((connect(world, 4)))
        assert.same({ "10.0.0.1:1:any", "SELECT pg_is_in_recovery()::text", "10.0.0.1:1:any" }, world.asked)
        assert.equal(1, world.open)
    end)

    it("gives a session whose statements return rows and how many they changed, or why not", function()
        local world = { settings = { hostaddr = "10.0.0.1", port = "1" }, hosts = { ["10.0.0.1"] = true }, says = "x" }
        local session = assert(connect(world, 4))
        assert.same({ { { "x" } }, 1 }, { session:query(10, "SELECT 1") })
        assert.equal("SELECT 1", world.asked[#world.asked])
        local connection, cancelled, sent = session.connection, 0, nil
        for _, name in ipairs { "send", "copy" } do
            connection[name] = function(_, ...)
                sent = { name, ... }
                return true
            end
        end
        assert.is_table((session:query(10, "SELECT $1, $2", 7, "x")))
        assert.same({ "send", "SELECT $1, $2", 7, "x" }, sent)
        assert.is_table((session:copy(10, "COPY t FROM STDIN", "1\n")))
        assert.same({ "copy", "COPY t FROM STDIN", "1\n" }, sent)
        connection.cancel = function() cancelled = cancelled + 1 end
        connection.receive = function() return nil, { message = "no such table" } end
        assert.same({ nil, { message = "no such table" } }, { session:query(10, "SELECT 1") })
        assert.equal(0, cancelled)
        connection.receive = function() return "read" end
        assert.same({ nil, { message = "no answer in time", late = true, alive = false } },
            { session:query(10, "SELECT 1") })
        assert.equal(1, cancelled)
        for _, name in ipairs { "send", "copy" } do
            connection[name] = function() return nil, { message = "gone" } end
        end
        assert.same({ nil, { message = "gone" } }, { session:query(10, "SELECT 1") })
        assert.same({ nil, { message = "gone" } }, { session:copy(10, "COPY t FROM STDIN", "1") })
        connection.parameter = function(_, name) return "of " .. name end
        assert.equal("of server_version", session:parameter "server_version")
        session:close()
        assert.equal(0, world.open)
    end)

    it("takes the server's own word for what it is, and not what the connection was told at its start", function()
        for kind, says in pairs { ["read-write"] = "off", ["read-only"] = "on", primary = "false", standby = "true" } do
            local world = { settings = { hostaddr = "10.0.0.1", port = "1", target_session_attrs = kind },
                hosts = { ["10.0.0.1"] = true }, says = says }
            assert.is_table((connect(world, 4)))
            assert.same({ "10.0.0.1:1:any", kind:find "^read" and "SHOW transaction_read_only"
                or "SELECT pg_is_in_recovery()::text" }, world.asked)
            world.says = "something else"
            local session, failure = connect(world, 4)
            assert.is_nil(session)
            assert.equal(("the server is not %s"):format(kind), failure.message)
            assert.equal(0, world.open)
        end
    end)
end)
