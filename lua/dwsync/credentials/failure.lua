--- The errors of credential sources.
-- @module dwsync.credentials.failure
local errors = require "dwsync.errors"
local text = require "dwsync.text"

local M = {}

--- Makes one.
-- @tparam string source what the message begins with
-- @tparam string message
-- @tparam[opt] string hint
-- @tparam[opt] table response that shows what is wrong
-- @treturn dwsync.error kind "credentials"
function M.new(source, message, hint, response)
    return errors.new {
        kind = "credentials",
        message = text.excerpt(("%s: %s"):format(source, message)), -- a path in it may come from a file
        hint = hint,
        status = response and response.status,
        request_id = response and errors.request_id(response),
        retryable = response ~= nil and (response.status >= 500 or response.status == 429),
    }
end

return M
