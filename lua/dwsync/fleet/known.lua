--- What a collector knows of clusters from its last looks, so that a new record neither has weeks of history read back
-- nor all of it judged again. Bounded: what was not used for long is let go, and read back when it is needed.
-- @module dwsync.fleet.known
local M = {}

--- How many runs are kept in memory, of all clusters together. They take some 700 bytes each.
M.RUNS = 24000

local Known = { __name = "dwsync.fleet.known" }
Known.__index = Known

--- Knows nothing yet.
-- @tparam[opt] integer most runs
-- @treturn dwsync.fleet.known
function M.new(most)
    return setmetatable({ most = (most or M.RUNS) / 2, young = {}, old = {}, runs = 0, -- half of them in the young
        clusters = 0, -- how many are in the young
        fitted = nil, -- how many were, when it was full
        missed = {}, missed_before = {}, misses = 0 }, Known)
end

-- Only the collector that completed the last look knows what the database has of a cluster.
local function is_next(entry, item)
    return entry ~= nil and item.epoch ~= nil and entry.epoch == item.epoch - 1
end

--- A look that found nothing new: what is known holds on.
-- @tparam table item as claimed
function Known:pass(item)
    local entry = self.young[item.cluster_id] or self.old[item.cluster_id]
    if is_next(entry, item) then
        entry.epoch = item.epoch
    end
end

local function note_miss(self, id)
    if self.misses >= self.fitted then
        self.missed, self.missed_before, self.misses = {}, self.missed, 0
    end
    self.missed[id], self.misses = true, self.misses + 1
end

--- Takes what is known of a cluster out: it is what goes on, and counts again when its look was completed.
-- @tparam table item as claimed
-- @tparam string rules_mark which rules it must have been judged by
-- @tparam number since from when on records must have been read, milliseconds since the epoch
-- @treturn ?table entry
function Known:take(item, rules_mark, since)
    local id = item.cluster_id
    local entry = self.young[id] or self.old[id]
    if entry and self.young[id] then
        self.runs, self.clusters = self.runs - entry.following.records, self.clusters - 1
    end
    self.young[id], self.old[id] = nil, nil
    if is_next(entry, item) and entry.rules_mark == rules_mark and entry.since == since then
        return entry
    elseif entry and self.fitted then
        note_miss(self, id) -- it has outlived its truth, not its use
    end
end

--- Whether what is about to be read of a cluster is worth keeping. While there is room, all is; then only of clusters
-- that are missed again before as many others were as can be kept: of too large a fleet nothing would be there when it
-- is needed, and building it costs more than reading.
-- @tparam table item as claimed
-- @treturn boolean
function Known:admits(item)
    local id = item.cluster_id
    if not self.fitted or self.missed[id] or self.missed_before[id] then
        return true
    end
    note_miss(self, id)
    return false
end

--- Keeps what a look knew, now that it was completed.
-- @tparam table item as claimed
-- @tparam ?table entry `following` (see dwsync.health.following), `rules_mark`, `since`, `newest` (the
-- texts of the newest page's records, by id), `versions` (how many earlier versions of records there are)
-- @tparam ?table summary of the records saved
function Known:keep(item, entry, summary)
    if not entry or not item.epoch or entry.following.records > self.most then
        return
    end
    self:take(item)
    entry.epoch, entry.versions = item.epoch, entry.versions + (summary and #summary.revised or 0)
    if self.runs + entry.following.records > self.most then -- nothing is in both, so that the old ones can go
        self.fitted = self.clusters
        self.young, self.old, self.runs, self.clusters = {}, self.young, 0, 0
    end
    self.young[item.cluster_id], self.runs, self.clusters = entry, self.runs + entry.following.records,
        self.clusters + 1
end

return M
