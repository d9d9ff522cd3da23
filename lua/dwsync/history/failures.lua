--- How a history fails: the errors that both engines make.
-- @module dwsync.history.failures
local errors = require "dwsync.errors"
local text = require "dwsync.text"

local M = {}

--- Loads the module that an engine needs.
-- @tparam string name
-- @tparam string hint how it is installed
-- @return the module, or nil
-- @treturn dwsync.error kind "config"
function M.load(name, hint)
    local found, module = pcall(require, name)
    if found then
        return module
    end
    return nil, errors.new {
        kind = "config",
        message = ("the history needs %s, which cannot be loaded"):format(name),
        hint = hint,
        cause = module,
    }
end

-- SQLite says it in these words only; PostgreSQL by a state, for its texts come in the server's language and may quote
-- what was to be saved.
local FULL_IN_SQLITE, FULL_STATE = "^database or disk is full", "53100"
local FULL_HINT = "Make room on the disk of the database; what was saved before is safe, and nothing else was kept."

local function is_full(reason, state)
    return state == FULL_STATE or not state and reason:find(FULL_IN_SQLITE) ~= nil
end

--- A failure of the database.
-- @tparam table target see dwsync.history.target
-- @tparam string reason
-- @tparam[opt] string hint
-- @tparam[opt] string state SQLSTATE
-- @treturn dwsync.error kind "storage"; with the code "full" where there is no room
function M.storage(target, reason, hint, state)
    local full = is_full(reason, state)
    reason = reason:gsub("\n\tIs the server", ". Is the server") -- libpq's own hint, on a line of its own
    return errors.new {
        kind = "storage",
        message = ("the history %s: %s%s"):format(target.shown, full and "its storage is full: " or "",
            text.excerpt(text.redact(reason, target.secrets))),
        hint = hint or full and FULL_HINT or nil,
        code = full and "full" or nil,
    }
end

return M
