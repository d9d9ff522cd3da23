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

--- A failure of the database.
-- @tparam table target see dwsync.history.target
-- @tparam string reason
-- @tparam[opt] string hint
-- @treturn dwsync.error kind "storage"
function M.storage(target, reason, hint)
    reason = reason:gsub("\n\tIs the server", ". Is the server") -- libpq's own hint, on a line of its own
    return errors.new {
        kind = "storage",
        message = ("the history %s: %s"):format(target.shown, text.excerpt(text.redact(reason, target.secrets))),
        hint = hint,
    }
end

return M
