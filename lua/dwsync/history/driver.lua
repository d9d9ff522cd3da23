--- What both engines share of LuaSQL: loading a driver, running statements, and the messages of failures.
-- Statements must come with their values quoted (dwsync.history.statements), since drivers take C strings.
-- @module dwsync.history.driver
local errors = require "dwsync.errors"
local text = require "dwsync.text"

local M = {}

--- Loads a driver.
-- @tparam string name LuaSQL's
-- @tparam string package Debian's
-- @tparam string rock LuaRocks'
-- @treturn userdata environment, or nil
-- @treturn dwsync.error kind "config"
function M.load(name, package, rock)
    local found, driver = pcall(require, "luasql." .. name)
    if not found then
        return nil, errors.new {
            kind = "config",
            message = ("the history needs LuaSQL's driver %s, which cannot be loaded"):format(name),
            hint = ("Install %s (Debian), or luarocks install %s."):format(package, rock),
            cause = driver,
        }
    end
    return driver[name]()
end

--- What a driver said, without its own name.
-- @param message
-- @treturn string
function M.reason(message)
    return text.trim((tostring(message):gsub("^LuaSQL: ", "")))
end

--- A failure of the database.
-- @tparam table target
-- @tparam string reason
-- @tparam[opt] string hint
-- @treturn dwsync.error kind "storage"
function M.error(target, reason, hint)
    return errors.new {
        kind = "storage",
        message = ("the history %s: %s"):format(target.shown, text.excerpt(text.redact(reason, target.secrets))),
        hint = hint,
    }
end

--- The methods that engines inherit. They work on `connection` and use the engine's `failure`.
M.Engine = {}

--- Runs statements that return no rows.
-- @tparam string sql
-- @treturn number rows changed; or nil, err, busy
function M.Engine:execute(sql)
    local changed, message = self.connection:execute(sql)
    if not changed then
        return self:failure(message)
    end
    return changed
end

--- Runs a query.
-- @tparam string sql
-- @treturn {table,...} rows, each a list of its columns; or nil, err, busy
function M.Engine:rows(sql)
    local cursor, message = self.connection:execute(sql)
    if not cursor then
        return self:failure(message)
    elseif type(cursor) == "number" then
        return {} -- a statement without rows
    end
    local rows, row = {}, {}
    while row do
        row, message = cursor:fetch({}, "n")
        rows[#rows + 1] = row
    end
    cursor:close() -- SQLite's has closed itself, PostgreSQL's has not
    if message then
        return self:failure(message)
    end
    return rows
end

--- Ends a transaction.
-- @treturn number or nil, err, busy
function M.Engine:commit()
    return self:execute "COMMIT"
end

--- Undoes a transaction. Fails when the connection is gone, or when the failure itself ended it.
function M.Engine:rollback()
    self:execute "ROLLBACK"
end

--- Ends the connection, if there is one.
function M.Engine:close()
    local connection = self.connection
    self.connection = nil
    if connection then
        connection:close()
    end
end

return M
