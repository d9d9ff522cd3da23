--- A program of the reader's, which gets each message as a line of JSON on stdin, as that of `dwsync watch --on-change`
-- gets its events: no shell, no arguments, and of the environment what any program needs. What it cannot do now is
-- tried again: it ends with another status than 0.
-- @module dwsync.problems.channels.program
local core = require "dwsync.core"
local messages = require "dwsync.problems.messages"
local ordered_json = require "dwsync.ordered_json"
local programs = require "dwsync.programs"
local text = require "dwsync.text"

local M = {}

--- Its own options.
M.OPTIONS = {
    program = { kind = "string", required = true, is_path = true },
    pass_environment = { kind = "list", of = programs.VARIABLE, default = {} },
    timeout = { kind = "duration", above = 0, to = 300, default = programs.PATIENCE },
}

local REFUSES = 65 -- EX_DATAERR of sysexits.h: about the message

--- Makes a channel ready.
-- @tparam table channel
-- @tparam table declared
-- @tparam table world
-- @treturn ?boolean
-- @treturn string what is wrong
-- @treturn string hint
function M.prepare(channel, declared, world)
    local path, reason = programs.find(declared.program, world.getenv)
    if not path then
        return nil, ("%s: %s"):format(text.excerpt(declared.program), reason), "Name an executable file as program."
    end
    channel.path, channel.host = path, text.excerpt(path, 80)
    channel.longest = declared.timeout
    channel.environment = programs.environment(declared.pass_environment, world.getenv)
    return true
end

--- What the program gets.
-- @tparam dwsync.problem.message message
-- @treturn string JSON on one line
function M.render(message)
    local state = message.event == "resolved" and "resolved" or "firing"
    return ordered_json.object(message, messages.FIELDS, ('"state":"%s"'):format(state)) .. "\n"
end

--- Runs the program.
-- @tparam table channel
-- @tparam dwsync.problem.message message
-- @tparam table how
-- @treturn string "sent", "later" or "refused"
-- @treturn ?string
function M.send(channel, message, how)
    local done, reason, status = programs.run(channel.path, M.render(message), channel.environment,
        how.sleep or core.sleep, channel.options.timeout)
    if done then
        return "sent"
    end
    return status == REFUSES and "refused" or "later", text.excerpt(reason)
end

return M
