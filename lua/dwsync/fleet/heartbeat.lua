--- The dead man's switch: a request each minute to somebody else's service, which calls when none comes.
-- It proves the chain: that clusters are looked at on time, that the database can be written, that messages go out. One
-- collector at a time sends it; which, the database says. A refused account is told as a problem and does not stop it.
-- It must not go on when it does not know: a database that does not answer is a reason to be silent.
-- @module dwsync.fleet.heartbeat
local errors = require "dwsync.errors"
local history_tables = require "dwsync.history.tables"
local http = require "dwsync.problems.channels.http"
local quantities = require "dwsync.quantities"
local rows = require "dwsync.fleet.rows"
local secrets = require "dwsync.problems.channels.secrets"
local summaries = require "dwsync.fleet.summary"
local tables = require "dwsync.fleet.tables"

local M = {}

local LATEST_MESSAGE = 600000 -- milliseconds for which a message may be due and not sent
local LEASE = 30000 -- milliseconds, longer than a request can take
local AGAIN = 15000 -- milliseconds after one that failed
local SOON, LATEST_LOOK = 5, 15 -- seconds after which the database is asked again whether one is due

-- ---- the decision --------------------------------------------------------------------------------

-- The clusters of accounts whose key is not refused.
local function late_in(sum)
    local late = 0
    for _, account in ipairs(sum.accounts) do
        late = late + (account.refusals == 0 and account.late or 0)
    end
    return late
end

--- Whether the chain holds.
-- @tparam table sum see dwsync.fleet.summary
-- @treturn boolean
-- @treturn ?string why not
function M.decide(sum)
    if sum.alive == 0 then
        return false, "no collector is running"
    end
    local late, messages = late_in(sum), sum.messages
    if late > 0 then
        return false, quantities.count(late, "cluster was", "clusters were") .. " not looked at for three intervals"
    elseif messages.unsent > 0 and messages.oldest > LATEST_MESSAGE then
        return false, ("%s could not be sent, the oldest for %s"):format(quantities.count(messages.unsent, "message"),
            quantities.duration(messages.oldest / 1000))
    elseif messages.lost > 0 then
        return false, quantities.count(messages.lost, "message was", "messages were")
            .. " refused for good, and nobody was told instead"
    end
    return true
end

-- ---- the address ---------------------------------------------------------------------------------

local function wrong(reason, hint)
    return nil, errors.new { kind = "config", message = "heartbeat: " .. reason, hint = hint }
end

--- Reads where it goes.
-- @tparam table declared see dwsync.problems.settings
-- @tparam table world `read_file(path)` → content, or nil, reason; `getenv`
-- @treturn ?table `url`, `host`, `every` in milliseconds
-- @treturn dwsync.error kind "config"
function M.target(declared, world)
    local url, reason, hint = secrets.read("address", declared.url, world.read_file, world.getenv)
    if not url then
        return wrong(reason, hint)
    end
    local host, is_plain, how = http.address(url, secrets.place(declared.url), declared.allow_http)
    if not host then
        return wrong(is_plain, how)
    end
    return { url = url, host = host, every = declared.every * 1000, ca_file = declared.ca_file,
        allow_http = is_plain or nil }
end

-- ---- beating -------------------------------------------------------------------------------------

local Heartbeat = { __name = "dwsync.fleet.heartbeat" }
Heartbeat.__index = Heartbeat

--- Makes one for a collector. Contacts nobody but the database.
-- @tparam table options `target`, `history` (a connection of its own is made beside it), `name` of the collector,
-- `perform(request)`
-- @treturn ?dwsync.fleet.heartbeat
-- @treturn dwsync.error
function M.new(options)
    local version, err = history_tables.extend(options.history, tables.heartbeat)
    if not version then
        return nil, err
    end
    local history = history_tables.beside(options.history)
    return setmetatable({ target = options.target, history = history, has_own = history ~= options.history,
        name = options.name, perform = options.perform, sent = 0 }, Heartbeat)
end

local UPSERT = [[INSERT INTO dwsync_heartbeat (name, due_at, claimed_by, sent_at, reason, error)
    VALUES ('heartbeat', %s, %s, NULL, %s, NULL) ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at,
    claimed_by = excluded.claimed_by, reason = excluded.reason]]

-- Takes the next one for this collector. What is written proves that the database can be.
local function claim(self)
    return history_tables.run(self.history, "write", false, function(session)
        local now, row = rows.clock(session), summaries.heartbeat_in(session)
        local left = row and row.due_at - now or 0
        if left > 0 and left <= math.max(self.target.every, LEASE) then -- or the clock was wrong that wrote it
            return { left = left }
        end
        local is_well, reason = M.decide(summaries.read_in(session))
        session:rows(UPSERT:format(rows.literal(now + (is_well and LEASE or self.target.every)),
            rows.literal(self.name), rows.literal(reason)))
        return { is_well = is_well, reason = reason, now = now }
    end)
end

local function settle(self, claimed, failure)
    return history_tables.run(self.history, "write", false, function(session)
        local now = rows.clock(session)
        local due = failure and now + AGAIN or claimed.now + self.target.every
        session:rows(("UPDATE dwsync_heartbeat SET due_at = %s, %s error = %s WHERE claimed_by = %s"):format(
            rows.literal(due), failure and "" or ("sent_at = %s,"):format(rows.literal(now)),
            rows.literal(failure), rows.literal(self.name)))
        return true
    end)
end

-- GET is what all these services take. Returns why it did not arrive.
local function send(self)
    local target = self.target
    local outcome, reason = http.post({ url = target.url, secrets = {}, ca_file = target.ca_file,
        allow_http = target.allow_http }, nil, { perform = self.perform, now = os.time }, { method = "GET" })
    return outcome ~= "sent" and reason or nil
end

--- Sends one when it is due, all is well, and no other collector does.
-- @treturn ?string "sent"; "silent", on purpose; "failed"; nil: it was not due
-- @treturn ?string the reason
-- @treturn number when to come back, in seconds from now
function Heartbeat:beat()
    local claimed, err = claim(self)
    if not claimed then
        return "silent", err.message, SOON
    elseif claimed.left then
        return nil, nil, math.min(claimed.left / 1000, LATEST_LOOK)
    elseif not claimed.is_well then
        return "silent", claimed.reason, math.min(self.target.every / 1000, LATEST_LOOK)
    end
    local failure = send(self)
    self.sent = self.sent + (failure and 0 or 1)
    settle(self, claimed, failure) -- where that fails it is due again when the claim runs out
    return failure and "failed" or "sent", failure, math.min(failure and AGAIN / 1000 or self.target.every / 1000,
        LATEST_LOOK)
end

--- Closes its connection.
function Heartbeat:close()
    if self.has_own then
        self.history.engine:close()
    end
end

return M
