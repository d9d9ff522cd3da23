--- What this worker has read of the current publication: a text is taken out of the shared dict once a publication,
-- not once a request, and what it says is decoded only when somebody needs it.
-- It must not keep more than one publication, nor any records: those are large and seldom requested.
-- @module dwsync.nginx.shared.snapshot
local cluster_names = require "dwsync.cluster_names"
local Lease = require "dwsync.nginx.shared.lease"
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
-- @tparam[opt] function was_started whether this worker has or had a refresher
-- @treturn dwsync.nginx.shared.snapshot
function M.new(dict, was_started)
    return setmetatable({ store = Store.new(dict), dict = dict, kept = nil, was_started = was_started }, Reader)
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

--- The cluster of the last sweep that a name or an id means.
-- @tparam {table,...} facts what `facts` gave
-- @tparam string word
-- @treturn table one of them, or nil
-- @treturn string what is wrong
function M.cluster(facts, word)
    local cluster, problem = cluster_names.listed(word, { place = "in the last sweep", list = facts })
    return cluster, problem and problem.message
end

local function in_seconds(milliseconds)
    return milliseconds and milliseconds / 1000
end

local function load(store, number)
    local contents = store:contents(number)
    local text = contents and store:document(contents, "summary")
    if not text then
        return nil
    end
    local summary = json.decode(text)
    return {
        number = number,
        contents = contents,
        texts = {},
        oldest = in_seconds(summary.oldest),
        newest = in_seconds(summary.newest),
        first_due = in_seconds(summary.first_due),
        last_due = in_seconds(summary.last_due),
        well = summary.well,
    }
end

-- Noted for the refresher, which says it once.
local function note_loss(self)
    self.lost = true
    self.store:set_state("lost", 1)
end

--- The current publication.
-- @treturn table `number`, `contents`, `oldest` and `newest` (seconds since the epoch, when the oldest and the newest
-- records were read; nil before any were), `first_due` and `last_due` (when the first and the last cluster was or is to
-- be read again), `well` (whether no cluster is critical or unknown); or nil before the first publication
function Reader:read()
    for _ = 1, ATTEMPTS do
        local number = self.store:current()
        if number and self.kept and self.kept.number == number then
            return self.kept
        end
        local had_one = self.kept ~= nil
        self.kept = number and load(self.store, number)
        if self.kept then
            self.lost = false
            return self.kept
        elseif number == self.store:current() and (number or had_one) then
            note_loss(self)
        end
        if not number then
            return nil
        end
    end
    return nil
end

--- A document, in pieces of one publication.
-- @tparam string name
-- @tparam[opt] boolean keep whether this worker keeps it until the next publication
-- @tparam[opt] function pause called between two pieces: it may wait
-- @treturn ?{string,...}
-- @treturn ?table the snapshot it belongs to
function Reader:pieces(name, keep, pause)
    local snapshot
    for _ = 1, ATTEMPTS do
        snapshot = self:read()
        local pieces = snapshot and (snapshot.texts[name] or self.store:pieces(snapshot.contents, name, pause))
        if pieces and keep then
            snapshot.texts[name] = pieces
        end
        if pieces or not snapshot then
            return pieces, snapshot
        elseif self.store:current() == snapshot.number then
            if snapshot.contents[name] then
                note_loss(self)
            end
            return nil, snapshot
        end
    end
    return nil, snapshot
end

--- A document as one text.
-- @tparam string name
-- @treturn ?string
-- @treturn ?table the snapshot it belongs to
function Reader:document(name)
    local pieces, snapshot = self:pieces(name)
    return pieces and table.concat(pieces), snapshot
end

--- The clusters that the pieces of the document "facts" list.
-- @tparam {string,...} pieces
-- @tparam[opt] function pause called every half millisecond or so
-- @treturn {table,...}
function M.decode_facts(pieces, pause)
    local facts = {}
    for _, piece in ipairs(pieces) do
        for _, cluster in ipairs(json.decode(piece)) do
            facts[#facts + 1] = cluster
        end
        if pause then
            pause()
        end
    end
    return facts
end

--- What is known of each cluster, without its verdicts.
-- @tparam[opt] function pause called every half millisecond or so while it is decoded: it may wait
-- @treturn ?{table,...} the clusters, each with `id`, `name`, `severity`, `fetched_at`, `error`, `sources`: shared by
-- all who ask, so nobody may change them
-- @treturn ?table the snapshot they belong to
function Reader:facts(pause)
    local snapshot = self:read()
    if not snapshot or snapshot.facts then
        return snapshot and snapshot.facts, snapshot
    end
    local pieces, of = self:pieces "facts"
    if pieces then
        of.facts = M.decode_facts(pieces, pause)
    end
    return of and of.facts, of
end

--- Everything that is published about a cluster, its verdicts included, decoded anew.
-- @tparam string word its name or id
-- @treturn ?table
-- @treturn ?string what is wrong
function Reader:cluster(word)
    for _ = 1, ATTEMPTS do
        local facts, snapshot = self:facts()
        local health, same = self:pieces("health", true)
        if not facts or not health then
            break
        elseif same == snapshot then
            local fact, problem = M.cluster(facts, word)
            return fact and json.decode(health[fact.piece]:sub(fact.at, fact.at + fact.length - 1)), problem
        end
    end
    return nil, self:why_nothing()
end

--- What is said when something else removed what was published.
M.LOST = "what was published is gone from the shared dict: something else that uses it evicts; give dwsync a "
    .. "lua_shared_dict of its own"

--- Why there is nothing to serve.
-- @treturn string
function Reader:why_nothing()
    local reason = self.lost and M.LOST or self:last_error()
    if not reason and self.was_started and not self.was_started() and not Lease.was_held(self.dict) then
        reason = 'nothing is refreshed: put init_worker_by_lua_block { require("dwsync.nginx").start() } into http {}'
    end
    return reason or "the first sweep has not ended yet"
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
