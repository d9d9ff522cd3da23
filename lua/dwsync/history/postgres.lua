--- A history in a PostgreSQL database, for several machines.
-- It must not decide what is written; and it never waits itself: being locked out is said to the caller, who does.
-- @module dwsync.history.postgres
local driver = require "dwsync.history.driver"
local errors = require "dwsync.errors"

local M = {}

local Engine = { __name = "dwsync.history.postgres", name = "postgres" }
Engine.__index = Engine

--- Types of columns. Doubles are exact for every point in time; keys compare by bytes, as in SQLite.
Engine.types = { number = "DOUBLE PRECISION", key = 'TEXT COLLATE "C"' }

-- The first key of our advisory locks, "dws"; the second is of the cluster.
local LOCK = 0x647773

--- Why a statement failed. Its texts come in the server's language, so that nothing is read out of them.
function Engine:failure(message)
    return nil, driver.error(self.target, driver.reason(message):gsub("^error executing statement%. PostgreSQL: ", "")
        :gsub("^error connecting to database%. PostgreSQL: ", "")), false
end

Engine.execute, Engine.rows, Engine.close = driver.execute, driver.rows, driver.close

local function check_encoding(self)
    local rows, err = self:rows "SHOW server_encoding"
    if not rows then
        return nil, err
    elseif rows[1][1] ~= "UTF8" then
        return nil, errors.new {
            kind = "config",
            message = ("the history %s has the encoding %s, which cannot hold every record"):format(self.target.shown,
                errors.printable(rows[1][1])),
            hint = "Create a database with: CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0.",
        }
    end
    return true
end

local function connect(self)
    local connection, message = self.environment:connect(self.target.connection)
    if not connection then
        return self:failure(message)
    end
    self.connection = connection
    local good, err = self:execute "SET client_encoding = 'UTF8'"
    if good then
        good, err = check_encoding(self)
    end
    return good, err
end

--- Connects to a database.
-- @tparam table target
-- @treturn table engine; or nil, err, busy
function M.open(target)
    local environment, err = driver.load("postgres", "lua-sql-postgres", "luasql-postgres")
    if not environment then
        return nil, err
    end
    local self = setmetatable({ target = target, environment = environment }, Engine)
    local connected
    connected, err = connect(self)
    if not connected then
        self:close()
        return nil, err
    end
    return self
end

-- The rule for backslashes in quoted text is set each time: a pooler may hand us another session.
local OPENING = {
    read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL standard_conforming_strings = on",
    write = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL standard_conforming_strings = on",
}

-- A connection that idled may be gone; a fresh one is tried once, here, where nothing is under way.
local function open_transaction(self, mode)
    if self:execute(OPENING[mode]) then
        return true
    end
    self.connection:close()
    local connected, err = connect(self)
    if not connected then
        return nil, err
    end
    return self:execute(OPENING[mode])
end

--- Begins a transaction. A writing one excludes other writers of the same cluster from here on, so that nothing read
-- can change; the lock ends with the transaction, or with this program.
function Engine:begin(mode, cluster)
    local begun, err = open_transaction(self, mode)
    if not begun or mode == "read" then
        return begun, err
    end
    local rows
    rows, err = self:rows(("SELECT pg_try_advisory_xact_lock(%d, hashtext('%s'))"):format(LOCK,
        (cluster or ""):gsub("'", "''")))
    if rows and rows[1][1] == "t" then
        return true
    end
    self:rollback()
    return nil, err, rows ~= nil
end

function Engine:commit()
    return self:execute "COMMIT"
end

function Engine:rollback()
    self:execute "ROLLBACK" -- fails when the connection is gone
end

--- Whether there is a table, where unqualified names lead.
function Engine:has_table(name)
    local rows, err = self:rows(("SELECT to_regclass('%s')"):format(name))
    if not rows then
        return nil, err
    end
    return rows[1][1] ~= nil
end

Engine.size_query = "SELECT pg_total_relation_size('dwsync_records') + pg_total_relation_size('dwsync_versions')"

return M
