--- `dwsync wait [CLUSTER…]`: a gate for what needs fresh accounts.
-- It must not let anything pass that is not known to be fresh and ok; dwsync.health.gate decides that.
-- @module dwsync.cli.commands.wait
local checks = require "dwsync.checks"
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local disabled = require "dwsync.health.disabled"
local display = require "dwsync.text"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
local health_gate = require "dwsync.health.gate"
local judgement = require "dwsync.cli.judgement"
local transient = require "dwsync.errors.transient"

local M = {}

local READY, REFUSED, TIMED_OUT = 0, 1, 3
local DEFAULT_FRESH, DEFAULT_TIMEOUT, DEFAULT_INTERVAL = 6 * 3600, 600, 30
local LONGEST_REQUEST = 60

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Wait until the last synchronisation is fresh and ok."
    command:description("Ends with 0 when the newest ended run of every identity source finished within --fresh and "
        .. "no verdict about it is worse than --accept. Ends with 1 at once when that run failed and no other is under "
        .. "way, a verdict is worse, or synchronisation is off for a cluster. Otherwise it looks again until the time "
        .. "is up.\n"
        .. "Exit status: 0 fresh and ok, 1 not, 2 wrong usage, 3 timed out.")
    command:epilog "Example: dwsync wait dws-prod --fresh 6h --timeout 10m && ./nightly-load"
    local timeout = command:option("--timeout", "How long to wait; 0 looks once (default 10m).", nil,
        checks.reader({ kind = "duration", from = 0 }, "--timeout")):argname "<time>"
    judgement.configure(command, nil, timeout)
    command:group("Waiting for",
        command:option("--fresh", "Greatest age of the last run (default 6h).", nil,
            checks.reader({ kind = "duration", above = 0, unit = true }, "--fresh")):argname "<time>",
        command:option("--accept", "Worst verdict that is good enough (default ok).")
            :choices { "ok", "unknown", "warning" }:argname "<severity>",
        command:option("--interval", "Time between looks (default 30s).", nil,
            checks.reader({ kind = "duration", above = 0 }, "--interval")):argname "<time>")
end

local function name_of(item)
    return display.safe(item.cluster.name or item.cluster.id)
end

local function judge_item(item, wishes)
    if item.records then
        return health_gate.of_records(item.records, item.evaluation, wishes.fresh, wishes.accept)
    elseif errors.is_feature_off(item.error) then
        return health_gate.REFUSED, disabled.reason(item)
    end
    return transient.may_pass(item.error) and health_gate.WAITING or health_gate.REFUSED,
        ("%s: %s"):format(item.error.kind, item.error.message)
end

-- The state of all clusters together, and the reasons of those that cause it.
local function gate(items, wishes)
    local reasons = { [health_gate.READY] = {}, [health_gate.WAITING] = {}, [health_gate.REFUSED] = {} }
    for _, item in ipairs(items) do
        local state, why = judge_item(item, wishes)
        table.insert(reasons[state], ("%s: %s"):format(name_of(item), display.safe(why)))
    end
    if #items == 0 then
        return health_gate.REFUSED, { "the project has no clusters" }
    end
    for _, state in ipairs { health_gate.REFUSED, health_gate.WAITING, health_gate.READY } do
        if reasons[state][1] then
            return state, reasons[state]
        end
    end
end

local MAX_REASONS = 5

local function sentence(state, reasons)
    local lines = {}
    for i = 1, math.min(#reasons, MAX_REASONS) do
        lines[i] = reasons[i]
    end
    local more = #reasons - #lines
    return ("%s: %s%s\n"):format(state, table.concat(lines, "; "), more > 0 and ("; and %d more"):format(more) or "")
end

-- Looks once. Returns a state, or nil and an error that stays; the reasons.
local function look(judge, wishes, timeout)
    local overview, err, items = judge:overview { timeout = timeout, records = true }
    if overview then
        local state, reasons = gate(items, wishes)
        return state, nil, sentence(state, reasons)
    elseif transient.may_pass(err) then
        return health_gate.WAITING, nil, sentence(health_gate.WAITING, { display.safe(("%s: %s"):format(err.kind,
            err.message)) })
    end
    return nil, err
end

local function finish(status, word, text, context)
    context:write(word .. text:match ":.*$")
    return status
end

local function wait(judge, wishes, context)
    local client = judge.chosen.client -- nil for records of a file, which waiting does not change
    local function now()
        return client and client:monotonic() or 0
    end
    local till, reported = now() + wishes.timeout, nil
    while true do
        local state, err, text = look(judge, wishes, math.max(1, math.min(LONGEST_REQUEST, till - now())))
        if err then
            return failure.report(err, context)
        elseif state == health_gate.READY then
            return finish(READY, "ready", text, context)
        elseif state == health_gate.REFUSED then
            return finish(REFUSED, "refused", text, context)
        elseif not client or now() + math.min(wishes.interval, 1) > till then
            return finish(TIMED_OUT, "timed out", text, context)
        end
        local gist = text:gsub("%d+ %l+ ", "") -- ages grow with each look: only a new reason is reported
        if gist ~= reported then
            context.stderr:write("dwsync: " .. text)
            reported = gist
        end
        client:sleep(math.min(wishes.interval, till - now()))
    end
end

M.wrong_usage = clusters_chosen.wrong_usage

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local wishes = {
        fresh = args.fresh or DEFAULT_FRESH,
        accept = args.accept or "ok",
        timeout = args.timeout or DEFAULT_TIMEOUT,
        interval = args.interval or DEFAULT_INTERVAL,
    }
    args.timeout = nil -- the client has its own for one answer
    local judge, err = judgement.new(args, context, { "stale" }) -- --fresh takes its place
    if not judge then
        return failure.report(err, context)
    end
    return wait(judge, wishes, context)
end

return M
