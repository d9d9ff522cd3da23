--- How often each account and cluster was asked for, and at what distance: what tests assert of rates and gaps, without
-- a list of all requests. A look is an answered request for a cluster's records from the newest on.
-- @module dwsync.emulator.counts
local cjson = require "cjson"

local Counts = { __name = "dwsync.emulator.counts" }
Counts.__index = Counts

local M = {}

local REFUSED = { [401] = true, [403] = true }
local STEP = 0.1 -- seconds between the entries of the table of gaps
local LONGEST = 3600 / STEP -- longer ones count as this

local function new_entry()
    return { requests = 0, throttled = 0, refused = 0 }
end

--- Makes empty counts.
-- @treturn Counts
function M.new()
    return setmetatable({ accounts = {}, clusters = {}, strangers = new_entry(), gaps = {}, looks = 0 }, Counts)
end

local function count(entry, status)
    entry.requests = entry.requests + 1
    if status == 429 then
        entry.throttled = entry.throttled + 1
    elseif REFUSED[status] then
        entry.refused = entry.refused + 1
    end
end

local function entry_of(entries, key)
    local entry = entries[key]
    if not entry then
        entry = new_entry()
        entries[key] = entry
    end
    return entry
end

local function count_second(entry, second)
    if entry.second ~= second then
        entry.second, entry.in_second = second, 0
    end
    entry.in_second = entry.in_second + 1
    entry.most_in_a_second = math.max(entry.most_in_a_second or 0, entry.in_second)
end

local function look(self, entry, at)
    self.looks = self.looks + 1
    local last = entry.last
    entry.looks, entry.last = (entry.looks or 0) + 1, at
    if not last then
        return
    end
    local gap = math.max(at - last, 0)
    entry.smallest_gap = math.min(entry.smallest_gap or gap, gap)
    entry.largest_gap = math.max(entry.largest_gap or gap, gap)
    local step = math.min(math.floor(gap / STEP), LONGEST)
    self.gaps[step] = (self.gaps[step] or 0) + 1
end

--- Counts a request.
-- @tparam table request `account` (its name; nil: of nobody known), `cluster` (id of a known one), `status`, `at`
--   (seconds), `dws` (whether DWS was asked, not IAM), `look` (whether records were asked for from the newest on)
function Counts:add(request)
    local account = request.account and entry_of(self.accounts, request.account) or self.strangers
    count(account, request.status)
    if request.dws then
        count_second(account, math.floor(request.at))
    end
    if request.cluster then
        local cluster = entry_of(self.clusters, request.cluster)
        count(cluster, request.status)
        if request.look and request.status == 200 then
            look(self, cluster, request.at)
        end
    end
end

local function shown(entry)
    return {
        requests = entry.requests, throttled = entry.throttled, refused = entry.refused, looks = entry.looks,
        most_in_a_second = entry.most_in_a_second, smallest_gap = entry.smallest_gap, largest_gap = entry.largest_gap,
        last = entry.last,
    }
end

local function shown_map(entries)
    local map = {}
    for key, entry in pairs(entries) do
        map[key] = shown(entry)
    end
    return next(map) and cjson.encode(map) or "{}"
end

local function shown_gaps(gaps)
    local steps, parts = {}, {}
    for step in pairs(gaps) do
        steps[#steps + 1] = step
    end
    table.sort(steps)
    for i, step in ipairs(steps) do
        parts[i] = ("[%.1f,%d]"):format(step * STEP, gaps[step])
    end
    return "[" .. table.concat(parts, ",") .. "]"
end

--- Writes the counts.
-- @tparam boolean each whether with every cluster
-- @treturn string JSON: `accounts` by name and `strangers`, each with `requests`, `throttled`, `refused` and
--   `most_in_a_second` (of DWS); `looks`, `clusters_asked`, `smallest_gap` and `largest_gap` (`seconds` and the
--   `cluster`), `gaps` (pairs of a length, in steps of 0.1 s, and how many were that long); `clusters` by id
function Counts:json(each)
    local summary = { looks = self.looks, clusters_asked = 0 }
    for id, entry in pairs(self.clusters) do
        summary.clusters_asked = summary.clusters_asked + 1
        local least, most = summary.smallest_gap, summary.largest_gap
        if entry.smallest_gap and (not least or entry.smallest_gap < least.seconds) then
            summary.smallest_gap = { cluster = id, seconds = entry.smallest_gap }
        end
        if entry.largest_gap and (not most or entry.largest_gap > most.seconds) then
            summary.largest_gap = { cluster = id, seconds = entry.largest_gap }
        end
    end
    return ('{"accounts":%s,"strangers":%s,%s,"gaps":%s%s}'):format(shown_map(self.accounts),
        cjson.encode(shown(self.strangers)), cjson.encode(summary):sub(2, -2), shown_gaps(self.gaps),
        each and ',"clusters":' .. shown_map(self.clusters) or "")
end

return M
