--- LuaSQL, which both engines stand on: loading a driver, running a statement, what its failures say.
-- It must not be handed values: drivers take C strings, so that quoting is done before (statements).
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
    return (tostring(message):gsub("^LuaSQL: ", ""):gsub("%s+$", ""))
end

--- The error of a target.
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

--- Runs statements that return no rows. A method of engines.
-- @tparam table self the engine
-- @tparam string sql
-- @treturn number rows changed; or nil, err, busy
function M.execute(self, sql)
    local changed, message = self.connection:execute(sql)
    if not changed then
        return self:failure(message)
    end
    return changed
end

--- Runs a query. A method of engines.
-- @tparam table self the engine
-- @tparam string sql
-- @treturn {table,...} rows, each a list of its columns; or nil, err, busy
function M.rows(self, sql)
    local cursor, message = self.connection:execute(sql)
    if not cursor then
        return self:failure(message)
    elseif type(cursor) == "number" then
        return {} -- a statement that had nothing to return
    end
    local rows, row = {}, {}
    while row do
        row, message = cursor:fetch({}, "n")
        rows[#rows + 1] = row
    end
    cursor:close() -- SQLite's has closed itself, PostgreSQL's not
    if message then
        return self:failure(message)
    end
    return rows
end

--- Ends the connection, if there is one. A method of engines.
function M.disconnect(self)
    local connection = self.connection
    self.connection = nil
    if connection then
        connection:close()
    end
end

return M
