--- A connection to a PostgreSQL server, none of whose calls outlasts its deadline.
-- It must not be kept after a call that was given up: an answer may still come.
--
-- A failure is a table: `message`; `code`, the SQLSTATE; `alive`, whether the connection is still good; `late`, whether
-- time was up. Hosts are gone through here and not by libpq, which would stay with one that does not answer. Each is
-- asked what it is, since a pooler still says of a primary that it is the standby it was.
-- @module dwsync.postgres
local M = {}

local Session = {}
Session.__index = Session

-- Repeats a step of libpq's until there is nothing to wait for. Returns what it returned, or nil and a failure.
local function complete(runtime, object, step, till)
    while true do
        local state, first, second = object[step](object)
        if state == nil or state == "done" then
            return state and (first or true), state and second or first
        end
        local left = till - runtime.monotonic()
        if left <= 0 then
            return nil, { message = "no answer in time", late = true, alive = false }
        end
        runtime.wait(object:socket(), state, left)
    end
end

-- ---- where to connect -----------------------------------------------------------------------------

local function split(list)
    local items = {}
    for item in ((list or "") .. ","):gmatch "([^,]*)," do
        items[#items + 1] = item
    end
    return items
end

local function places_of(settings)
    local hosts, addresses, ports = split(settings.host), split(settings.hostaddr), split(settings.port)
    local places = {}
    for i = 1, math.max(#hosts, #addresses) do
        places[i] = { host = hosts[i] or "", hostaddr = addresses[i] or "", port = ports[i] or ports[1] }
    end
    return places
end

-- Sockets and numbers are not looked up.
local function is_name(host)
    return host ~= "" and not host:find "^[/@]" and not host:find ":" and not host:find "^[%d.]+$"
end

local function addresses_of(pq, runtime, place, till)
    if place.hostaddr ~= "" or not is_name(place.host) then
        return { place.hostaddr }
    end
    local lookup, failure = pq.lookup(place.host)
    local addresses
    if lookup then
        addresses, failure = complete(runtime, lookup, "poll", till)
        lookup:close()
    end
    if not addresses then
        failure.message, failure.says_where = ("looking up %s: %s"):format(place.host, failure.message), true
    end
    return addresses, failure
end

-- ---- connecting -----------------------------------------------------------------------------------

local function open(pq, runtime, text, settings, till)
    local connection, failure = pq.connect(text, settings)
    local connected
    if connection then
        connected, failure = complete(runtime, connection, "poll", till)
        if not connected then
            connection:close()
        end
    end
    return connected and connection, failure
end

-- When the next of so many attempts must begin at the latest.
local function share(runtime, till, attempts, longest)
    local now = runtime.monotonic()
    return now + math.max(0, math.min((till - now) / attempts, longest or math.huge))
end

-- By libpq's names: what is asked, and what the answer must be.
local KINDS = {
    ["read-write"] = { "SHOW transaction_read_only", "off" }, ["read-only"] = { "SHOW transaction_read_only", "on" },
    primary = { "SELECT pg_is_in_recovery()::text", "false" }, standby = { "SELECT pg_is_in_recovery()::text", "true" },
}

local function is_of_kind(session, kind, till)
    local wanted = KINDS[kind]
    if not wanted then
        return true
    end
    local rows, failure = session:query(till, wanted[1])
    if rows and rows[1][1] ~= wanted[2] then
        return nil, { message = ("the server is not %s"):format(kind) }
    end
    return rows, failure
end

local function try(pq, runtime, text, place, kind, till)
    local addresses, failure = addresses_of(pq, runtime, place, till)
    for i, address in ipairs(addresses or {}) do
        local till_next = share(runtime, till, #addresses - i + 1)
        local connection, good
        connection, failure = open(pq, runtime, text, { host = place.host, hostaddr = address, port = place.port,
            target_session_attrs = "any" }, till_next)
        local session = connection and setmetatable({ connection = connection, runtime = runtime }, Session)
        if session then
            good, failure = is_of_kind(session, kind, till_next)
            if good then
                return session
            end
            session:close()
        end
    end
    return nil, failure
end

-- Time that was up says nothing of where, unless a name was looked up.
local function reason_of(place, failure, is_one_of_several)
    local name = place.host ~= "" and place.host or place.hostaddr
    return is_one_of_several and failure.late and not failure.says_where
        and ("%s: %s"):format(name, failure.message) or failure.message
end

--- Connects to the first of the hosts that is there and of the kind that is wanted. Each gets its share of the time.
-- @tparam table runtime {monotonic, wait}
-- @tparam string text libpq's connection text
-- @tparam number till by the runtime's monotonic clock
-- @treturn dwsync.postgres.session or nil
-- @treturn table failure
-- @raise when dwsync.pq is not installed
function M.connect(runtime, text, till)
    local pq = require "dwsync.pq"
    local settings, failure = pq.settings(text)
    if not settings then
        return nil, failure
    end
    local wanted = settings.target_session_attrs
    local kinds = wanted == "prefer-standby" and { "standby", "any" } or { wanted or "any" }
    local places, longest = places_of(settings), tonumber(settings.connect_timeout) or 0
    local reasons, late, attempts = {}, false, #kinds * #places
    for _, kind in ipairs(kinds) do
        for _, place in ipairs(places) do
            local session
            session, failure = try(pq, runtime, text, place, kind,
                share(runtime, till, attempts, longest > 0 and longest or nil))
            if session then
                return session
            end
            attempts, late = attempts - 1, late or failure.late
            reasons[#reasons + 1] = reason_of(place, failure, #places > 1)
        end
    end
    return nil, { message = table.concat(reasons, "; "), late = late, alive = false }
end

--- A session.
-- @type dwsync.postgres.session

-- ---- statements -----------------------------------------------------------------------------------

local function finish(self, till, sent, failure)
    if not sent then
        return nil, failure
    end
    local rows, result = complete(self.runtime, self.connection, "receive", till)
    if not rows and result.late then
        self.connection:cancel()
    end
    return rows, result
end

--- Runs a statement with its parameters or, without any, statements.
-- @tparam number till
-- @tparam string sql
-- @param ...
-- @treturn {table,...} rows, or nil
-- @treturn integer|table how many rows it changed; failure
function Session:query(till, sql, ...)
    return finish(self, till, self.connection:send(sql, ...))
end

--- Runs a COPY FROM STDIN.
-- @tparam number till
-- @tparam string sql
-- @tparam string rows as COPY reads them
-- @treturn {table,...} no rows, or nil
-- @treturn integer|table how many rows it added; failure
function Session:copy(till, sql, rows)
    return finish(self, till, self.connection:copy(sql, rows))
end

--- What the server said about itself.
-- @tparam string name
-- @treturn ?string
function Session:parameter(name)
    return self.connection:parameter(name)
end

--- Ends it, without waiting.
function Session:close()
    self.connection:close()
end

return M
