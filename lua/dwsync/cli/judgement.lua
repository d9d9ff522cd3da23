--- From the command line to the verdicts: clusters, records, thresholds, evaluation; for every command that judges.
-- @module dwsync.cli.judgement
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local connection = require "dwsync.cli.connection"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
local health = require "dwsync.health"
local history_location = require "dwsync.cli.history_location"
local in_turn = require "dwsync.cli.in_turn"
local saved_records = require "dwsync.cli.saved_records"
local thresholds = require "dwsync.cli.thresholds"

local M = {}

local Judge = { __name = "dwsync.cli.judgement" }
Judge.__index = Judge

--- Adds the arguments and options.
-- @param command an argparse command
-- @tparam[opt] table choice see dwsync.cli.clusters_chosen
-- @param[opt] timeout see dwsync.cli.connection
function M.configure(command, choice, timeout)
    clusters_chosen.configure(command, choice)
    thresholds.configure(command)
    history_location.configure(command)
    connection.configure(command, timeout)
end

--- Makes a judge. Contacts nothing.
-- @tparam table args
-- @tparam table context
-- @tparam[opt] {string,...} without names of rules that are switched off, since the command judges that itself
-- @treturn table judge with `chosen` (see dwsync.cli.clusters_chosen) and `rules`, or nil
-- @treturn dwsync.error
function M.new(args, context, without)
    local chosen, err = clusters_chosen.new(args, context)
    if not chosen then
        return nil, err
    end
    local rules, wrong = thresholds.rules(args, chosen.settings)
    if not rules then
        return nil, wrong
    end
    for _, name in ipairs(without or {}) do
        rules[name] = false
    end
    local saved = saved_records.new(args, context, chosen.settings)
    return setmetatable({ chosen = chosen, rules = rules, context = context, saved = saved, seen = {} },
        Judge)
end

--- The time: by the service's clock, where this machine's proved wrong.
-- @treturn number seconds since the epoch
function Judge:now()
    local client = self.chosen.client
    return self.context.now() + (client and client:clock_skew() or 0)
end

--- Fetches the records, without judging them.
-- @tparam[opt] number timeout seconds for fetching all records, by default the client's
-- @tparam[opt] function each(item) called when the records of a cluster are there, while others are still read, for
-- one item at a time
-- @treturn table items as of chosen:fetch, or nil
-- @treturn dwsync.error when the clusters could not be listed
function Judge:fetch(timeout, each)
    local client = self.chosen.client
    if client then
        local function monotonic()
            return client:monotonic()
        end
        self.saved:begin(monotonic, monotonic() + (timeout or client:option "timeout"))
    end
    return self.chosen:fetch({ timeout = timeout }, nil, each and in_turn.new(each))
end

--- The records to judge a cluster by: what the service gave and, where there is a history, what is kept; with them the
-- cluster gets the name that is kept, if it has none.
-- @tparam table item of `fetch`, with records
-- @tparam number now seconds since the epoch
-- @treturn {table,...}
function Judge:records_of(item, now)
    local records = self.saved:with(item.cluster.id, item.records, now)
    item.cluster.name = item.cluster.name or self.saved:name_of(item.cluster.id)
    return records
end

--- Ends a look at the clusters.
function Judge:close()
    self.saved:close()
end

-- What draws the runs of the last 30 days.
local DRAWN = { html = true, status = true }

local MONTH = 30 * 86400

-- Judges a cluster, and adds what the command shows beside verdicts.
local function judge_one(self, item, how)
    local now = self:now()
    local records, explained = self:records_of(item, now), how.explained
    item.evaluation = explained and health.explain(records, self.rules, now, explained)
        or health.evaluate(records, self.rules, now)
    if how.episodes then
        item.episodes = health.episodes(records, self.rules, { now = now, since = (now - MONTH) * 1000 })
    end
    item.records = how.records and item.records or nil
end

-- What is known of clusters whose synchronisation is off: from earlier looks, else from the history.
local function note_seen(self, items)
    for _, item in ipairs(items) do
        local id = item.cluster.id
        if item.evaluation then
            self.seen[id] = item.evaluation.statistics.last_run
        elseif errors.is_feature_off(item.error) then
            item.seen_before = self.seen[id] or self.saved:last_seen(id)
            item.left_out = not self.rules.disabled
        end
    end
end

--- Fetches and judges; each cluster when its records are there.
-- @tparam[opt] table how `timeout`: seconds for fetching all records, by default the client's; `records`: whether the
-- items keep their records, which otherwise are let go; `explained`: names of rules whose verdicts are explained;
-- `episodes`: whether the items get those of the last 30 days
-- @treturn table overview of dwsync.health.overview, or nil
-- @treturn dwsync.error when the clusters could not be listed
-- @treturn table items as of chosen:fetch, each with its `evaluation`; where synchronisation is off `seen_before`, and
-- `left_out` when --set disabled=off says so
function Judge:overview(how)
    how = how or {}
    local items, err = self:fetch(how.timeout, function(item)
        judge_one(self, item, how)
    end)
    if not items then
        return nil, err
    end
    note_seen(self, items)
    self.saved:add_handled(items, self:now())
    self:close()
    return health.overview(items, self:now(), self.rules), nil, items
end

--- Does all of it for a command that judges once, and reports what went wrong.
-- @tparam table args
-- @tparam table context
-- @tparam string format in which it will be shown
-- @tparam[opt] table shows what is shown beside verdicts: `explained`, `episodes`, see above
-- @treturn table overview, or nil
-- @treturn {table,...}|integer items; the exit status when there is no overview
function M.overview(args, context, format, shows)
    shows = shows or {}
    local judge, err = M.new(args, context)
    if not judge then
        return nil, failure.report(err, context)
    end
    for _, name in ipairs(shows.explained or {}) do
        if not judge.rules[name] then
            return nil, failure.wrong_usage(("--explain: the rule %s is off"):format(name), context)
        end
    end
    local overview, fetch_err, items = judge:overview { records = DRAWN[format], explained = shows.explained,
        episodes = shows.episodes }
    if not overview then
        return nil, failure.report(fetch_err, context)
    end
    return overview, items
end

return M
