-- What dwsync.postgres makes of dwsync.pq's steps; with a real server: spec/history.
local postgres = require "dwsync.postgres"

-- A dwsync.pq whose names and hosts answer as `world` says: by name a list of addresses or false (never), by address
-- true, a reason, or false (never).
local function fake(world)
    local function object(answer)
        return { socket = function() return 7 end, close = function() world.open = world.open - 1 end, poll = function()
            if answer == false then
                return "read"
            elseif type(answer) == "string" then
                return nil, { message = answer, alive = false }
            end
            return "done", answer ~= true and answer or nil
        end }
    end
    world.open, world.asked = 0, {}
    return {
        settings = function() return world.settings end,
        lookup = function(name)
            world.open = world.open + 1
            world.asked[#world.asked + 1] = name
            return object(world.names[name])
        end,
        connect = function(_, settings)
            world.open = world.open + 1
            local place = settings.hostaddr ~= "" and settings.hostaddr or settings.host
            world.asked[#world.asked + 1] = ("%s:%s:%s"):format(place, settings.port, settings.target_session_attrs)
            local connection = object(world.hosts[place])
            connection.send = function(_, sql)
                world.asked[#world.asked + 1] = sql
                return true
            end
            connection.receive = function()
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
        wait = function(_, _, left) now = now + left end,
    }, "", seconds)
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
    end)

    it("says of every host why it was not", function()
        local _, failure = connect({ settings = { host = "10.0.0.1,/run/x", port = "5432" },
            hosts = { ["10.0.0.1"] = "refused", ["/run/x"] = "no such file" } }, 4)
        assert.equal("refused; no such file", failure.message)
        assert.is_falsy(failure.late)
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
        local connection, cancelled = session.connection, 0
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
