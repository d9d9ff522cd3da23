--- What this worker has read of the current publication: texts are taken out of the shared dict once a publication,
-- not once a request.
-- It must not keep more than one publication, nor any records: those are large and seldom requested.
-- @module dwsync.nginx.shared.snapshot
local cluster_names = require "dwsync.cluster_names"
local Store = require "dwsync.nginx.shared.store"
local display = require "dwsync.text"
local json = require "dwsync.json"

local M = {}

local Reader = { __name = "dwsync.nginx.shared.snapshot" }
Reader.__index = Reader

-- A publication may be replaced while it is read; then the next one is read.
local ATTEMPTS = 3

--- A reader of what the sweeps published.
-- @tparam table dict a shared dict
-- @treturn dwsync.nginx.shared.snapshot
function M.new(dict)
    return setmetatable({ store = Store.new(dict), kept = nil }, Reader)
end

-- Beyond when something was due it may be late by as much as other data may be old.
local function aged(since, due, now, stale_after)
    return since and now - since, not since or now - (due or since) > stale_after
end

--- How old the records of a snapshot are.
-- @tparam ?table snapshot what `read` gave
-- @tparam number now seconds since the epoch
-- @tparam number stale_after seconds
-- @treturn ?number seconds; nil before any were read
-- @treturn boolean whether that is too old
function M.age(snapshot, now, stale_after)
    snapshot = snapshot or {}
    return aged(snapshot.oldest, snapshot.first_due, now, stale_after)
end

--- How long ago anything was read.
-- @tparam ?table snapshot what `read` gave
-- @tparam number now seconds since the epoch
-- @tparam number stale_after seconds
-- @treturn ?number seconds; nil before anything was
-- @treturn boolean whether that is too long
function M.newest_age(snapshot, now, stale_after)
    snapshot = snapshot or {}
    return aged(snapshot.newest, snapshot.last_due, now, stale_after)
end

--- The cluster of a snapshot that a name or an id means.
-- @tparam table snapshot what `read` gave
-- @tparam string word
-- @treturn table one of its facts' clusters, or nil
-- @treturn string what is wrong
function M.cluster(snapshot, word)
    local cluster, problem = cluster_names.listed(word, { place = "in the last sweep", list = snapshot.facts.clusters })
    return cluster, problem and problem.message
end

--- Whether a severity leaves a whole healthy: a warning does, an unknown state does not.
-- @tparam string severity
-- @treturn boolean
function M.is_well(severity)
    return severity ~= "critical" and severity ~= "unknown"
end

-- The age of the whole is that of its oldest part. A cluster that was never read does not count: its severity shows it.
-- Each is due when it was read, unless it is known to be read less often than sweeps are.
local function ages_of(clusters)
    local ages = {}
    for _, cluster in ipairs(clusters) do
        local read = cluster.fetched_at and cluster.fetched_at / 1000
        if read then
            local due = cluster.due_at and cluster.due_at / 1000 or read
            ages.oldest, ages.newest = math.min(ages.oldest or read, read), math.max(ages.newest or read, read)
            ages.first_due = math.min(ages.first_due or due, due)
            ages.last_due = math.max(ages.last_due or due, due)
        end
    end
    return ages
end

-- Looks at each cluster, because an unknown one beside a mere warning would not show in the worst severity.
local function are_well(clusters)
    for _, cluster in ipairs(clusters) do
        if not M.is_well(cluster.severity) then
            return false
        end
    end
    return #clusters > 0
end

local function load(store, number)
    local contents = store:contents(number)
    local health = contents and store:document(contents, "health")
    local metrics = health and store:document(contents, "metrics")
    if not metrics then
        return nil
    end
    local facts = json.decode("{" .. health .. "}")
    local ages = ages_of(facts.clusters)
    return {
        number = number,
        contents = contents,
        health = health,
        metrics = metrics,
        facts = facts,
        oldest = ages.oldest,
        newest = ages.newest,
        first_due = ages.first_due,
        last_due = ages.last_due,
        well = are_well(facts.clusters),
    }
end

--- The current publication.
-- @treturn table `number`, `contents`, `health` and `metrics` (texts), `facts` (what health says, decoded), `oldest`
-- and `newest` (seconds since the epoch, when the oldest and the newest records were read; nil before any were),
-- `first_due` and `last_due` (when the first and the last cluster was or is to be read again), `well` (whether no
-- cluster is critical or unknown); or nil before the first publication
function Reader:read()
    for _ = 1, ATTEMPTS do
        local number = self.store:current()
        if not number then
            return nil
        elseif self.kept and self.kept.number == number then
            return self.kept
        end
        self.kept = load(self.store, number)
        if self.kept then
            return self.kept
        end
    end
    return nil
end

--- A document that this worker does not keep.
-- @tparam string name
-- @treturn string or nil
-- @treturn table the snapshot it belongs to
function Reader:document(name)
    local snapshot
    for _ = 1, ATTEMPTS do
        snapshot = self:read()
        local text = snapshot and self.store:document(snapshot.contents, name)
        if text or not snapshot or self.store:current() == snapshot.number then
            return text, snapshot
        end
    end
    return nil, snapshot
end

local SLOTS = { { "error", "" }, { "history", "the history was not written: " },
    { "history_unread", "judged without the full history: " } }

--- What went wrong in the last sweep, fit for a header and for a page; nil when nothing did.
-- @treturn ?string
-- @treturn ?string the sweep's outcome: after "failed" nothing could be read
function Reader:last_error()
    local parts = {}
    for _, slot in ipairs(SLOTS) do
        local text = self.store:get_state(slot[1])
        parts[#parts + 1] = text and slot[2] .. display.excerpt(text:match "^[^\n]*")
    end
    return parts[1] and table.concat(parts, "; "), self.store:get_state "outcome"
end

return M
