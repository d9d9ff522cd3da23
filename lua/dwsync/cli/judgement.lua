--- From what a command was told to the verdicts: selection, thresholds, evaluation; for every command that judges.
-- It must not print verdicts, and not judge by itself: dwsync.health does.
-- @module dwsync.cli.judgement
local cli = require "dwsync.cli"
local connection = require "dwsync.cli.connection"
local health = require "dwsync.health"
local selection = require "dwsync.cli.clusters_chosen"
local thresholds = require "dwsync.cli.thresholds"

local M = {}

local Judge = { __name = "dwsync.cli.judgement" }
Judge.__index = Judge

--- Adds the arguments and options.
-- @param command an argparse command
-- @tparam[opt] table choice see dwsync.cli.clusters_chosen
-- @param[opt] timeout see
-- dwsync.cli.connection
function M.configure(command, choice, timeout)
    selection.configure(command, choice)
    thresholds.configure(command)
    connection.configure(command, timeout)
end

--- Makes a judge. Contacts nothing.
-- @tparam table args
-- @tparam table context
-- @treturn table judge with `selection` and `rules`, or nil
-- @treturn dwsync.error
function M.new(args, context)
    local chosen, err = selection.new(args, context)
    if not chosen then
        return nil, err
    end
    local rules, wrong = thresholds.rules(args, chosen.settings)
    if not rules then
        return nil, wrong
    end
    return setmetatable({ selection = chosen, rules = rules, context = context }, Judge)
end

--- The time, by the service's clock where this machine's was found wrong.
-- @treturn number seconds since the epoch
function Judge:now()
    local client = self.selection.client
    return self.context.now() + (client and client:clock_skew() or 0)
end

--- Fetches and judges.
-- @treturn table overview of dwsync.health.overview, or nil
-- @treturn dwsync.error when nothing could be asked at all
-- @treturn table items as of selection:fetch, each with its `evaluation`
function Judge:overview()
    local items, err = self.selection:fetch()
    if not items then
        return nil, err
    end
    local now = self:now()
    for _, item in ipairs(items) do
        if item.records then
            item.evaluation = health.evaluate(item.records, self.rules, now)
        end
    end
    return health.overview(items, now), nil, items
end

--- All of it for a command that judges once. Says what went wrong.
-- @tparam table args
-- @tparam table context
-- @treturn table overview, or nil
-- @treturn {table,...}|integer items; the exit status when there is no overview
function M.overview(args, context)
    local wrong = selection.wrong_usage(args)
    if wrong then
        return nil, cli.usage_error(wrong, context)
    end
    local judge, err = M.new(args, context)
    if not judge then
        return nil, cli.report_error(err, context)
    end
    local overview, failure, items = judge:overview()
    if not overview then
        return nil, cli.report_error(failure, context)
    end
    return overview, items
end

return M
