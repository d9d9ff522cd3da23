--- How a command fails: one message on stderr and the exit status.
-- @module dwsync.cli.failure
local errors = require "dwsync.errors"
local spelling = require "dwsync.cli.spelling"
local text = require "dwsync.text"

local M = {}

local EXIT = { config = 2, credentials = 2, cancelled = 130 }

--- Prints an error.
-- @param err a dwsync.error; anything else is a bug and keeps its traceback
-- @tparam table context
-- @tparam[opt] string subject what it is about, put in front in place of the error's own
-- @treturn integer exit status: 2 when nothing was sent, 130 when it was cancelled, else 1
function M.report(err, context, subject)
    if not errors.is(err) then
        context.stderr:write(("dwsync: %s\n"):format(text.harmless(tostring(err)))) -- a traceback has several lines
        return 1
    end
    local summary = errors.summary(err, subject ~= nil)
    context:note(subject and ("%s: %s"):format(subject, summary) or summary, spelling.hint(err.hint))
    return EXIT[err.kind] or 1
end

--- Says what is wrong with the command line.
-- @tparam string reason
-- @tparam table context
-- @treturn integer exit status, 2
function M.wrong_usage(reason, context)
    context:note(reason, context.command and ("See dwsync %s --help."):format(context.command)
        or "See dwsync --help, or dwsync COMMAND --help.")
    return 2
end

return M
