--- Tells channels what they are owed: each message is claimed in the database, sent outside any transaction, and only
-- then marked. So whatever dies in between sends it again, with the same key, and nothing is sent by two at once.
--
-- What a receiver refuses is final for this message and this address: it is reported once. Trouble with the channel
-- leaves it alone for a while, longer each time; what could not be sent for a day is given up.
-- @module dwsync.problems.delivery
local claims = require "dwsync.problems.claims"
local history_tables = require "dwsync.history.tables"
local messages = require "dwsync.problems.messages"
local outbox = require "dwsync.problems.outbox"
local preview = require "dwsync.problems.preview"
local quantities = require "dwsync.quantities"
local text = require "dwsync.text"
local transitions = require "dwsync.problems.transitions"

local M = {}

local SWEEP_EVERY, SYNC_EVERY, TICK, LONGEST_WAIT = 60, 60, 1, 5 -- seconds
local PRUNE_EVERY, KEPT_FOR = 600, 30 * 86400000 -- seconds; milliseconds
local UNKNOWN_PERIOD = 900 -- seconds, of a command that does not know when it runs again
local ENDS_FOR = 900000 -- milliseconds for which a level-triggered channel is told of an end
local OF_ADDRESS = { [401] = true, [403] = true, [404] = true, [405] = true, [410] = true }
local MAY_HAVE_ARRIVED = { timeout = true, network = true }

local Sender = { __name = "dwsync.problems.sender" }
Sender.__index = Sender

--- Makes a sender.
-- @tparam table given `store`, see dwsync.problems.store; `channels`; `name` of this sender, different from
-- all others; `plan(row, now)` and `is_meant(row)`, see dwsync.problems.outbox; `runtime` (perform, monotonic, sleep);
-- `every`: seconds until it runs again, where that is known; `now()` in milliseconds, by default the database's clock;
-- `random()`; `seen(row)`: what the present look says of a problem; `sent(message, channel)`; `sent_state(channel)`, of
-- a level-triggered one; `failed(message, hint, channel, outcome)`, which is also told what else went wrong, without a
-- channel, and with the outcome "sent" that not all got it
-- @treturn dwsync.problems.sender
function M.new(given)
    local self = setmetatable({ swept = -math.huge, pruned = -math.huge, said = {} }, Sender)
    for name, value in pairs(given) do
        self[name] = value
    end
    self.random, self.seen, self.sent = given.random or math.random, given.seen or function() end,
        given.sent or function() end
    self.sent_state = given.sent_state or function() end
    self.batch_key = messages.summary_key
    self.owing, self.levels, self.partial, self.unsettled = {}, {}, {}, {}
    for _, channel in ipairs(given.channels) do
        table.insert(channel.is_level_triggered and self.levels or self.owing, channel)
        self.unsettled[channel] = {}
    end
    return self
end

local function transaction(self, work)
    return history_tables.run(self.store.history, "write", false, function(session)
        return work(session, self.now and self.now() or tonumber(session:rows("SELECT " .. session.clock)[1][1]))
    end)
end

local function say_wrong(self, list)
    for _, err in ipairs(list) do
        if not self.said[err.message] then
            self.said[err.message] = true
            self.failed(err.message, err.hint)
        end
    end
end

--- Adds what time alone makes owed, and drops what is owed to channels that are gone.
-- @treturn ?boolean
-- @treturn dwsync.error
function Sender:sweep()
    local wrong, dropped
    local prunes = self.runtime.monotonic() >= self.pruned + PRUNE_EVERY
    local done, err = transaction(self, function(session, now)
        wrong = outbox.sweep(session, self.owing, self, now)
        dropped = outbox.drop_orphans(session, self.owing, now)
        if prunes then
            outbox.prune(session, now - KEPT_FOR)
        end
        return true
    end)
    if done then
        self.pruned = prunes and self.runtime.monotonic() or self.pruned
        say_wrong(self, wrong)
        for _, one in ipairs(dropped) do
            self.failed(("channel %s is not configured any more: %s dropped"):format(one.channel,
                quantities.count(one.count, "unsent message")), "Nobody else was told in its place.")
        end
    end
    return done, err
end

local function message_of(self, channel, claim, now)
    local list = {}
    for i, item in ipairs(claim.items) do
        list[i] = messages.make(item.row, item.step, transitions.is_firing(item.row) and self.seen(item.row) or nil,
            now, channel.link)
    end
    if claim.batch and list[2] then
        return messages.summary(list, claim.batch, now)
    end
    list[1].key = claim.batch or list[1].key
    return list[1]
end

-- Sends one message. Returns what claims.settle takes. A receiver may be slow to say how long to leave it alone.
local function send(self, channel, message, claim, now, under_way)
    local is_doubtful, status = false, nil
    local outcome, reason, paused, is_of_channel = channel.send(message, {
        perform = function(request)
            under_way.request = true
            local response, err = self.runtime.perform(request)
            under_way.request = nil
            is_doubtful, status = not response and MAY_HAVE_ARRIVED[err.kind] or false, response and response.status
            return response, err
        end,
        now = function() return now + math.floor((self.runtime.monotonic() - claim.began) * 1000) end,
        monotonic = self.runtime.monotonic, sleep = self.runtime.sleep,
    })
    return { outcome = outcome, reason = reason, paused = paused, is_doubtful = is_doubtful, sender = self.name,
        is_about_address = is_of_channel
            or status and (OF_ADDRESS[status] or status >= 300 and status < 400) or nil }
end

-- In place of a message that cannot be made.
local function untitled(item)
    return { title = ("%s of %s"):format(item.row.rule, item.row.cluster_name or item.row.cluster_id) }
end

-- Makes one message of claimed items and sends it. One that cannot be made, such as of a damaged row, must not keep the
-- others from being told, nor end a program which would meet it again at its next start.
local function tried(self, channel, claim, now)
    local under_way, message = {}, nil
    local ran, result = pcall(function()
        message = message_of(self, channel, claim, now)
        return send(self, channel, message, claim, now, under_way)
    end)
    if ran then
        return message, result
    elseif under_way.request then
        error(result, 0)
    end
    return message or untitled(claim.items[1]), { outcome = "refused",
        reason = "the message cannot be made: " .. text.excerpt(tostring(result)), sender = self.name }
end

local HINTS = {
    instead = "It is handed on to channel %s. ",
    refused = "This message will not be sent to this address again. Correct the channel's address, and %s.",
    split = "What it sums up is sent in parts, to find which of it is refused.",
    locked = "The channel is left alone until %s. Correct what it is declared with, and %s.",
    unknown = "It may have arrived; it is not sent again, since that could tell it twice.",
    given_up = "It is given up: it could not be sent for a day.",
    asked = "It asks to be left alone until %s; %s.",
}

local AFTER = "a run after that tries again"

-- What happens next, of a command that ends and of a program that goes on.
local function hint_of(self, channel, result, settled)
    local instead = settled.handed_on and HINTS.instead:format(channel.options.fallback) or ""
    if settled.split then
        return HINTS.split
    elseif result.outcome == "refused" then
        local how = self.till and "the next run sends it" or "restart this program"
        return instead .. (settled.paused and HINTS.locked:format(quantities.instant(settled.paused), how)
            or HINTS.refused:format(how))
    elseif settled.given_up then
        return instead .. (HINTS[result.outcome] or HINTS.given_up)
    elseif result.paused then
        return HINTS.asked:format(quantities.instant(settled.paused), self.till and AFTER or "then it is tried again")
    end
    return self.till and "The next run tries again." or ("It is tried again after %s."):format(
        quantities.instant(settled.paused))
end

local function report(self, channel, message, result, settled)
    if result.outcome == "sent" then
        self.sent(message, channel)
        if result.reason then
            self.failed(("sent to channel %s (%s), but not to all: %s: %s"):format(channel.name,
                channel.host or channel.kind, message.title, result.reason), "Correct its recipients.", channel, "sent")
        end
        return
    end
    self.failed(("not sent to channel %s (%s): %s: %s"):format(channel.name, channel.host or channel.kind,
        message.title, result.reason or "no reason given"), settled and hint_of(self, channel, result, settled),
        channel, result.outcome)
end

-- Keeps what became of claimed items; where the database does not take it, in this process, until it does: another
-- sender must not tell again what only the lease says is unknown.
local function settle(self, channel, items, result, failure)
    local settled, err = nil, failure
    if not failure then
        settled, err = transaction(self, function(session, later)
            return claims.settle(session, channel, items, result, self, later)
        end)
    end
    if not settled then
        table.insert(self.unsettled[channel], { items = items, result = result })
    end
    self.handed_on = self.handed_on or settled and settled.handed_on
    return settled, err
end

local function settle_the_rest(self, channel)
    local rest = self.unsettled[channel]
    self.unsettled[channel] = {}
    local err
    for _, one in ipairs(rest) do
        err = select(2, settle(self, channel, one.items, one.result, err))
    end
    return err == nil, err
end

-- Sends what one claim took, each message by itself or all in one. What is not begun in time is given back: another
-- sender may claim it when the lease ends.
local function send_claim(self, channel, claim, now)
    local groups = claim.batch and { claim.items } or {}
    for i, item in ipairs(claim.batch and {} or claim.items) do
        groups[i] = { item }
    end
    local is_well, err = true, nil
    for _, items in ipairs(groups) do
        local message, result = nil, { outcome = "later", is_untried = true, sender = self.name }
        if is_well and self.runtime.monotonic() - claim.began < claims.BEGIN_WITHIN then
            message, result = tried(self, channel, { items = items, batch = claim.batch, began = claim.began }, now)
            is_well = result.outcome ~= "later" and not result.paused
        end
        local settled
        settled, err = settle(self, channel, items, result, err)
        if not result.is_untried then
            report(self, channel, message, result, settled)
        end
        is_well = is_well and settled ~= nil
    end
    if err then
        return nil, err
    end
    return is_well
end

-- What no one knows of whether it arrived.
local function report_unknown(self, channel, unknown, now)
    for _, item in ipairs(unknown and unknown.items or {}) do
        local made, message = pcall(message_of, self, channel, { items = { item } }, now)
        report(self, channel, made and message or untitled(item), { outcome = "unknown", reason = unknown.reason },
            { given_up = true, handed_on = unknown.handed_on })
    end
    self.handed_on = self.handed_on or unknown and unknown.handed_on
end

local function claim_of(self, channel)
    local began, at = self.runtime.monotonic(), nil
    local claim, err = transaction(self, function(session, now)
        at = now
        return claims.claim(session, channel, { name = self.name, plan = self.plan, is_meant = self.is_meant,
            batch_key = self.batch_key }, now)
    end)
    if claim then
        claim.began = began
    end
    return claim, err, at
end

--- Tells a channel what it is owed now, as much as one claim takes.
-- @tparam table channel
-- @treturn ?boolean whether there may be more to tell at once
-- @treturn dwsync.error|?number or the seconds until there may be
-- @treturn ?integer until when the channel is left alone
function Sender:tell(channel)
    local is_settled, failure = settle_the_rest(self, channel)
    if not is_settled then
        return nil, failure
    end
    local claim, err, now = claim_of(self, channel)
    if not claim then
        return nil, err
    end
    say_wrong(self, claim.wrong)
    report_unknown(self, channel, claim.unknown, now)
    if claim.items[1] then
        return send_claim(self, channel, claim, now)
    elseif claim.more then
        return true
    end
    return false, claim.wait and math.max(0, claim.wait - now) / 1000 or nil, claim.paused and claim.wait
end

--- After how many seconds a level-triggered channel is told again: as it is declared, or as the sender knows.
-- @tparam table channel
-- @treturn number
function Sender:period(channel)
    return channel.options.every or self.every or self.till and UNKNOWN_PERIOD or SYNC_EVERY
end

-- Of which problems a level-triggered channel is told, and of each that ended lately when it did.
local function told_of(rows, channel, how, now)
    local list = {}
    for _, row in ipairs(rows) do
        local ended = row.state == "resolved" and row.resolved_at or nil
        local is_meant = how.plan(row, now).levels[channel.name] and (not how.is_meant or how.is_meant(row))
        if is_meant and (ended and now - ended < ENDS_FOR or transitions.state_of(row, now) ~= "silenced"
            and transitions.is_firing(row)) then
            list[#list + 1] = { row = row, ended = ended }
        end
    end
    return list
end

local function state_of(self, channel, now)
    local rows, damaged = self.store:rows()
    local list = {}
    for i, item in ipairs(rows and told_of(rows, channel, self, now) or {}) do
        local row = item.row
        list[i] = { cluster_id = row.cluster_id, cluster_name = row.cluster_name, source = row.source,
            source_type = row.source_type, rule = row.rule, severity = row.severity, since = row.since,
            message = row.message, advice = row.advice, ended = item.ended,
            link = messages.link(channel.link, row.cluster_id) }
    end
    return rows and list, damaged
end

--- Tells a channel that is level-triggered the state of all problems.
-- @tparam table channel
-- @treturn ?boolean whether it took it; nil when the database failed
-- @treturn dwsync.error
function Sender:sync(channel)
    local now = self.now and self.now() or self.runtime.now() * 1000
    local list, damaged = state_of(self, channel, now)
    if not list then
        return nil, damaged
    end
    say_wrong(self, damaged)
    local outcome, reason = channel.sync({ problems = list, every = self:period(channel) }, {
        perform = self.runtime.perform, now = function() return now end, monotonic = self.runtime.monotonic,
        sleep = self.runtime.sleep })
    if outcome ~= "sent" then
        self.failed(("the state was not sent to channel %s (%s): %s"):format(channel.name, channel.host or channel.kind,
            reason), "The next sending says it all again.", channel, "later")
    else
        self.sent_state(channel)
        if reason and not self.partial[channel.name] then
            self.failed(("the state was sent to channel %s, but not to all: %s"):format(channel.name, reason),
                "One that takes it is enough for all; the next sending tries the others again.", channel, "sent")
        end
    end
    self.partial[channel.name] = outcome == "sent" and reason ~= nil
    return outcome == "sent"
end

-- Tells one channel all that it is owed. Returns whether the time was enough; or nil, err.
local function tell_all(self, channel)
    repeat
        if self.runtime.monotonic() >= self.till then
            self.failed(("not all was sent to channel %s: the time for sending was over"):format(channel.name),
                "The next run goes on.", channel)
            return false
        end
        local more, wait, paused = self:tell(channel)
        if more == nil then
            return nil, wait
        elseif not more and wait and not paused and self.runtime.monotonic() + wait < self.till then
            self.runtime.sleep(wait) -- for the next token
            more = true
        elseif paused and not self.left_alone[channel.name] then
            self.left_alone[channel.name] = true
            self.failed(("not sent to channel %s (%s): not tried"):format(channel.name,
                channel.host or channel.kind), HINTS.asked:format(quantities.instant(paused), AFTER), channel)
        end
    until not more
    return true
end

--- Tells each channel all that it is owed, until it is in trouble.
-- @tparam number till when sending ends, by the runtime's monotonic clock
-- @treturn ?boolean true; nil when the database failed
-- @treturn dwsync.error
function Sender:run(till)
    self.till, self.left_alone = till, {}
    local done, err = self:sweep()
    repeat
        self.handed_on = false -- to a channel whose turn may have been before
        for _, channel in ipairs(done and self.owing or {}) do
            local goes_on
            goes_on, err = tell_all(self, channel)
            if not goes_on then
                return goes_on == false or nil, err
            end
        end
    until not self.handed_on
    for _, channel in ipairs(done and self.levels or {}) do
        if self:sync(channel) == nil then
            done, err = self.store:rows()
        end
    end
    return done and true, err
end

--- What goes on beside other work: functions that each do something and wait, to be called again and again.
-- @tparam function(err:?dwsync.error) database told of each failure of the database, and of nil when it answers
-- @treturn {function(),...} one for each channel, and one that looks after all
function Sender:loops(database)
    local function pause(seconds)
        self.runtime.sleep(math.min(LONGEST_WAIT, seconds))
    end
    local loops = { function()
        if self.runtime.monotonic() >= self.swept + SWEEP_EVERY then
            local done, err = self:sweep()
            database(not done and err or nil)
            self.swept = done and self.runtime.monotonic() or self.swept
        end
        pause(TICK)
    end }
    for i, channel in ipairs(self.owing) do
        loops[i + 1] = function()
            local more, wait = self:tell(channel)
            database(more == nil and wait or nil)
            if not more then
                pause(more == false and wait or TICK)
            end
        end
    end
    for _, channel in ipairs(self.levels) do
        local due = -math.huge
        loops[#loops + 1] = function()
            if self.runtime.monotonic() >= due then
                due = self.runtime.monotonic() + math.min(SYNC_EVERY, self:period(channel))
                local taken, err = self:sync(channel)
                database(taken == nil and err or nil)
            end
            pause(TICK)
        end
    end
    return loops
end

-- ---- without sending -----------------------------------------------------------------------------

-- What one that is level-triggered would be told of, as messages.
local function states_as_turns(rows, channel, how, now)
    local turns = {}
    for i, item in ipairs(told_of(rows, channel, how, now)) do
        local row, event = item.row, item.ended and "resolved" or "firing"
        turns[i] = { row = row, step = { event = event, step = item.ended and "resolved" or row.severity,
            severity = row.severity, episode = row.episode, fired_at = row.fired_at, since = row.since,
            ended = item.ended } }
    end
    return turns
end

local function turns_of(list, channel)
    local turns = {}
    for _, item in ipairs(list) do
        turns[#turns + 1] = item.entry.channel == channel.name and item or nil
    end
    return turns
end

--- What channels would be told.
-- @tparam {dwsync.problem,...} rows
-- @tparam {[string]={dwsync.problem.entry,...}} entries of the outbox by problem, see dwsync.problems.outbox
-- @tparam {table,...} channels
-- @tparam table how `now()`, `seen(row)`, `is_meant(row)`, `plan(row, now)`
-- @tparam function use(message, channel)
function M.preview(rows, entries, channels, how, use)
    local now = how.now()
    local list = preview.turns(rows, entries, how, now)
    for _, channel in ipairs(channels) do
        for _, item in ipairs(channel.is_level_triggered and states_as_turns(rows, channel, how, now)
            or turns_of(list, channel)) do
            use(messages.make(item.row, item.step, transitions.is_firing(item.row) and how.seen(item.row) or nil,
                now, channel.link), channel)
        end
    end
end

return M
