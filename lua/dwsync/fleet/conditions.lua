--- What is not in order in a fleet, in words: what happened, to what, and what to do next.
-- It must do no I/O: it is given what dwsync.fleet.summary read.
-- @module dwsync.fleet.conditions
local quantities = require "dwsync.quantities"
local text = require "dwsync.text"

local M = {}

local STRETCHED = 1.01
local LONGEST = 200

local function name_of(cluster)
    return text.excerpt(cluster.name or cluster.cluster_id, 60)
end

local function of_collectors(sum, add)
    if sum.alive == 0 then
        add { key = "nobody", attention = true, text = "no collector is running: nothing is looked at",
            hint = "Start dwsync collect on one machine or more.", over = "a collector is running again" }
    end
    for _, collector in ipairs(sum.collectors) do
        if not collector.alive and collector.state ~= "ended" then
            local name = text.excerpt(collector.name, 60)
            add { key = "gone\0" .. collector.name, over = ("collector %s is back"):format(name),
                text = ("collector %s is gone, last seen %s"):format(name, quantities.distance(collector.seen_at,
                    sum.now / 1000)),
                hint = ("Its looks went to the others. Read its log on %s (process %s)."):format(
                    text.excerpt(collector.host or "its machine", 60), collector.pid or "unknown") }
        end
    end
end

local function reason_of(account)
    return account.error and ": " .. text.excerpt(account.error, LONGEST) or ""
end

local function of_blocked(account, now)
    return { key = "blocked\0" .. account.account, attention = true,
        text = ("account %s: its key was refused %s, nothing is sent until %s%s"):format(account.account,
            quantities.count(account.refusals, "time"), quantities.instant(account.blocked_until),
            reason_of(account)),
        hint = ("More would lock the key. Correct the credentials of accounts.%s; the next try is %s."):format(
            account.account, quantities.distance(account.blocked_until, now / 1000)),
        over = ("account %s is asked again"):format(account.account) }
end

-- Fewer times than it takes to be left alone.
local function of_refused(account)
    return { key = "refused\0" .. account.account, attention = true,
        text = ("account %s: its key was refused%s"):format(account.account, reason_of(account)),
        hint = ("Correct the credentials of accounts.%s; it is tried again by itself."):format(account.account),
        over = ("account %s: its key is accepted again"):format(account.account) }
end

local function of_accounts(sum, add)
    for _, account in ipairs(sum.accounts) do
        local name = account.account
        if account.state == "blocked" then
            add(of_blocked(account, sum.now))
        elseif account.state == "refused" then
            add(of_refused(account))
        elseif account.state == "throttled" then
            add { key = "throttled\0" .. name,
                text = ("account %s: the service asked for a pause, until %s"):format(name,
                    quantities.instant(account.paused_until)),
                hint = ("If that happens often, lower accounts.%s.rate (now %s a second)."):format(name,
                    quantities.number(account.rate)), over = ("account %s: the pause is over"):format(name) }
        end
        if account.interval and account.paced > account.interval * STRETCHED then
            add { key = "stretched\0" .. name,
                text = ("account %s: at %s a second %s take %s, not %s"):format(name,
                    quantities.count(account.rate, "request"), quantities.count(account.clusters - account.disabled,
                    "cluster"), quantities.duration(account.paced), quantities.duration(account.interval)),
                hint = ("Raise accounts.%s.rate, if the service allows that, or its interval."):format(name),
                over = ("account %s: its rate holds its interval again"):format(name) }
        end
    end
end

local SUBJECTS = { account = "its projects cannot be listed", place = "the clusters of %s cannot be listed",
    users = "who is in the database of %s cannot be listed" }

local STATED = { blocked = true, refused = true } -- the account's own condition says why

local function hint_of(failure, is_blind, now)
    if failure.kind == "users" then
        return ("%s%sThe next try is %s."):format(text.excerpt(failure.hint or "", LONGEST), failure.hint and " " or "",
            quantities.due(failure.next_at, now / 1000))
    elseif is_blind then
        return "None of its clusters is known yet, so none is looked at."
    end
    return failure.kind ~= "cluster" and "Clusters that are known already are looked at all the same." or nil
end

local function add_failure(failure, account, now, add)
    local example = text.excerpt(failure.example or "", 60)
    local subject = (SUBJECTS[failure.kind] or "%s cannot be read"):format(failure.items == 1 and example
        or ("%s, %s among them,"):format(quantities.count(failure.items, "cluster"), example))
    local reason = text.excerpt(failure.error, LONGEST)
    local is_blind = failure.kind ~= "cluster" and account ~= nil and account.clusters == 0
    add { key = table.concat({ "failure", failure.account, failure.kind, failure.error }, "\0"),
        hint = hint_of(failure, is_blind, now), attention = is_blind or nil,
        text = ("account %s: %s: %s"):format(failure.account, subject, reason),
        over = ("account %s: over: %s"):format(failure.account, reason) }
end

local function of_failures(sum, add)
    local accounts = {}
    for _, account in ipairs(sum.accounts) do
        accounts[account.account] = account
    end
    for _, failure in ipairs(sum.failures) do
        local account = accounts[failure.account]
        if not (account and STATED[account.state] and account.error == failure.error) then
            add_failure(failure, account, sum.now, add)
        end
    end
end

local function of_late(sum, add)
    local first = sum.latest[1]
    if sum.late > 0 and first then
        add { key = "late", attention = true,
            text = ("%s late, most of all %s of account %s, by %s"):format(quantities.count(sum.late, "cluster is",
                "clusters are"), name_of(first), first.account, quantities.age(first.overdue)),
            -- By its id: accounts may share names.
            hint = ("dwsync fleet explain %s says why."):format(text.excerpt(first.cluster_id, 60)),
            over = "no cluster is late any more" }
    end
end

local LATEST_MESSAGE = 60000 -- milliseconds for which a message may be under way

local function of_messages(sum, add)
    local messages = sum.messages
    if messages.oldest > LATEST_MESSAGE then
        add { key = "unsent", attention = true, text = ("%s could not be sent, the oldest for %s"):format(
            quantities.count(messages.unsent, "message"), quantities.duration(messages.oldest / 1000)),
            hint = "dwsync alerts list says to whom, and why; dwsync alerts test CHANNEL tries it.",
            over = "all messages are sent" }
    end
    if messages.lost > 0 then
        add { key = "lost", attention = true, text = quantities.count(messages.lost, "message was", "messages were")
            .. " refused for good in the last day, and nobody was told instead",
            hint = "dwsync alerts list says which channel, and why.", over = "no message is lost any more" }
    end
end

local function of_heartbeat(sum, add)
    local heartbeat = sum.heartbeat or {}
    if heartbeat.reason then
        add { key = "heartbeat", text = ("no heartbeat is sent: %s"):format(text.excerpt(heartbeat.reason, LONGEST)),
            hint = "That is what it is for: who waits for it calls you.", over = "heartbeats are sent again" }
    elseif heartbeat.error then
        add { key = "heartbeat", attention = true, text = ("heartbeats do not arrive: %s"):format(
            text.excerpt(heartbeat.error, LONGEST)), hint = "Correct alerts.heartbeat, or the way to it.",
            over = "heartbeats arrive again" }
    end
end

--- What is not in order, the worst first.
-- @tparam table sum of dwsync.fleet.summary
-- @treturn {table,...} each with `key` (the same for as long as it lasts), `text`, `hint`, `over` (what to say when it
-- has ended), and `attention` when somebody should act
function M.of(sum)
    local list = {}
    local function add(condition)
        list[#list + 1] = condition
    end
    of_collectors(sum, add)
    of_accounts(sum, add)
    of_late(sum, add) -- behind what it may follow from
    of_failures(sum, add)
    of_messages(sum, add)
    of_heartbeat(sum, add)
    local worst_first = {}
    for _, wanted in ipairs { true, false } do
        for _, condition in ipairs(list) do
            if (condition.attention or false) == wanted then
                worst_first[#worst_first + 1] = condition
            end
        end
    end
    return worst_first
end

--- What began and what ended between two lists.
-- @tparam {[string]=table} before conditions by key; becomes those of now
-- @tparam {table,...} now
-- @treturn {table,...} that began
-- @treturn {table,...} that ended
function M.news(before, now)
    local began, ended, present = {}, {}, {}
    for _, condition in ipairs(now) do
        present[condition.key] = condition
        began[#began + 1] = not before[condition.key] and condition or nil
    end
    for key, condition in pairs(before) do
        ended[#ended + 1] = not present[key] and condition or nil
        before[key] = present[key]
    end
    for key, condition in pairs(present) do
        before[key] = condition
    end
    table.sort(ended, function(a, b) return a.key < b.key end)
    return began, ended
end

return M
