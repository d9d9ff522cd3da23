--- How many problems there are, and what of them could not be said yet: the database sums up.
-- @module dwsync.problems.tally
local decimal = require "dwsync.decimal"

local M = {}

local ONE_DAY = 86400000

--- The states that people know, in the order in which a problem takes them.
M.STATES = { "pending", "firing", "told", "acknowledged", "silenced", "resolved" }

local STATES_OF = [[SELECT CASE WHEN state IN ('pending', 'resolved') THEN state
    WHEN silenced_until > $now THEN 'silenced' WHEN acknowledged_at IS NOT NULL THEN 'acknowledged'
    ELSE state END, count(*) FROM dwsync_problems GROUP BY 1]]

-- What quiet hours hold is due only when they end, also where it was tried before, and what is silenced is not.
local UNSENT = [[SELECT count(*), min(CASE WHEN due_at IS NOT NULL THEN due_at WHEN attempts = 0 THEN next_at
    ELSE created_at END) FROM dwsync_outbox o
    WHERE state = 'owed' AND next_at <= $now AND NOT EXISTS (SELECT 1 FROM dwsync_problems p
    WHERE p.cluster_id = o.cluster_id AND p.source = o.source AND p.rule = o.rule AND p.silenced_until > $now)]]

-- Not those of which another channel was told instead.
local LOST = [[SELECT count(*) FROM dwsync_outbox o WHERE state = 'given_up' AND created_at > $since AND NOT EXISTS
    (SELECT 1 FROM dwsync_outbox s WHERE s.cluster_id = o.cluster_id AND s.source = o.source AND s.rule = o.rule
    AND s.episode = o.episode AND s.channel <> o.channel AND s.state = 'sent'
    AND (s.step = o.step OR s.sent_at >= o.created_at))]]

local GIVEN_UP = "SELECT count(*) FROM dwsync_outbox WHERE state = 'given_up'"

local function filled(sql, now)
    return (sql:gsub("%$(%l+)", { now = decimal.exact(now), since = decimal.exact(now - ONE_DAY) }))
end

--- Reads it within a transaction.
-- @tparam table session see dwsync.history.transaction
-- @tparam number now milliseconds
-- @treturn table `states`: how many problems by state; `unsent`: how many messages are due and not sent, `oldest`: for
-- how long the oldest of them, in milliseconds; `given_up`: how many were, `lost`: how many of the last day nobody was
-- told in their place
function M.read(session, now)
    local states = {}
    for _, name in ipairs(M.STATES) do
        states[name] = 0
    end
    for _, row in ipairs(session:rows(filled(STATES_OF, now))) do
        states[row[1]] = (states[row[1]] or 0) + tonumber(row[2])
    end
    local unsent = session:rows(filled(UNSENT, now))[1]
    local oldest = tonumber(unsent[2])
    return { states = states, unsent = tonumber(unsent[1]), oldest = oldest and math.max(0, now - oldest) or 0,
        given_up = tonumber(session:rows(GIVEN_UP)[1][1]), lost = tonumber(session:rows(filled(LOST, now))[1][1]) }
end

return M
