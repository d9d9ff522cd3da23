--- The program of `dwsync watch --on-change` as a channel: with a history it is told what the outbox owes it, so that a
-- restart tells nothing twice, and what it could not do is tried again. It gets the same fields as without one.
-- @module dwsync.cli.told_program
local changes = require "dwsync.health.changes"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local findings = require "dwsync.problems.findings"
local text = require "dwsync.text"

local M = {}

--- The fields of an event, in the order they are written.
M.FIELDS = {}
for _, names in ipairs { changes.FIELDS, { "state", "news", "episode", "problem_id", "key" } } do
    for _, name in ipairs(names) do
        M.FIELDS[#M.FIELDS + 1] = name
    end
end

local OF_MESSAGE = { "time", "cluster_id", "cluster_name", "source", "source_type", "rule", "severity", "previous",
    "since", "message", "advice", "episode", "problem_id", "key" }
local OF_VERDICT = { "value", "unit", "warning", "critical", "record_id", "message", "advice" }

local function item_of(message, items)
    for _, item in ipairs(items) do
        if item.cluster.id == message.cluster_id then
            return item
        end
    end
end

local function verdict_of(message, item)
    for _, verdict in ipairs(item and item.evaluation and item.evaluation.verdicts or {}) do
        if verdict.rule == message.rule and findings.source_key(verdict.source) == (message.source or "") then
            return verdict
        end
    end
end

-- What could not be asked has an error in place of a verdict.
local function add_failure(event, item)
    event.event = event.state == "resolved" and "recovery" or "failure"
    local err = event.event == "failure" and item and item.error
    if err then
        event.kind, event.message, event.hint = err.kind, errors.summary(err), err.hint
    end
end

--- The event that says what a message does.
-- @tparam dwsync.problem.message message
-- @tparam {table,...} items of the present look
-- @treturn table
function M.event(message, items)
    local event = { event = "verdict", state = message.event == "resolved" and "resolved" or "firing",
        news = message.event }
    for _, name in ipairs(OF_MESSAGE) do
        event[name] = message[name]
    end
    local item = item_of(message, items)
    local verdict = verdict_of(message, item)
    for _, name in ipairs(verdict and OF_VERDICT or {}) do
        event[name] = verdict[name]
    end
    if message.rule == findings.UNREACHABLE then
        add_failure(event, item)
    end
    return event
end

--- Makes the channel. Each program is one of its own.
-- @tparam string path of the program
-- @tparam function(event,fields):?boolean,?string run see dwsync.cli.hooks
-- @tparam function():{table,...} items of the present look
-- @treturn table see dwsync.problems.channels
function M.new(path, run, items)
    local mark = assert(core.sha256(path)):sub(1, 8)
    return { name = ("on-change:%s-%s"):format(text.excerpt(path:match "[^/]*$", 40), mark), kind = "program",
        host = text.excerpt(path, 80), mark = mark, options = {},
        send = function(message)
            local done, reason = run(M.event(message, items()), M.FIELDS)
            return done and "sent" or "later", reason
        end }
end

return M
