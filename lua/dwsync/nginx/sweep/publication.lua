--- From an overview to the finished texts that handlers serve.
-- @module dwsync.nginx.sweep.publication
local ordered_json = require "dwsync.ordered_json"
local record_list = require "dwsync.nginx.sweep.record_list"
local severities = require "dwsync.severity"
local report = require "dwsync.report"
local status_page = require "dwsync.report.status.page"

local M = {}

local SOURCE = { "id", "type", "severity", "last_success", "last_run", "last_status" }
local VERDICT = { "rule", "severity", "follows", "source", "source_type", "message" }
local CLUSTER = { "id", "name", "severity", "fetched_at", "due_at", "records", "seen_before" }
local ERROR = { "kind", "message", "hint", "code", "status" }
local FACT = { "id", "name", "severity", "fetched_at", "seen_before", "piece", "at", "length" }
local SUMMARY = { "oldest", "newest", "first_due", "last_due", "well" }
local LISTED = { "cluster", "cluster_name", "id", "type", "severity", "last_success", "last_run", "last_status" }

-- To join, to digest or to copy 4 MB at once holds the event loop for some milliseconds.
local PIECE_BYTES = 2 ^ 16
local FACTS = 64 -- clusters in a piece of the facts: decoded in half a millisecond

local object = ordered_json.object

local function list(items, write)
    local parts = {}
    for _, item in ipairs(items) do
        parts[#parts + 1] = write(item)
    end
    return "[" .. table.concat(parts, ",") .. "]"
end

local function facts_of(item)
    local statistics = item.statistics or {}
    return { id = item.id, type = item.type, severity = item.severity, last_success = statistics.last_success,
        last_run = statistics.last_run, last_status = statistics.last_status }
end

local function source(item)
    return object(facts_of(item), SOURCE)
end

-- Verdicts that are ok are left out; dwsync health shows them.
local function verdict(item)
    return item.severity ~= "ok" and object(item, VERDICT) or nil
end

local function milliseconds(seconds)
    return seconds and math.floor(seconds * 1000)
end

local function cluster(item)
    local evaluation, verdicts, parts = item.evaluation, item.verdicts, {}
    for _, name in ipairs { "error", "unread" } do
        if item[name] then
            parts[#parts + 1] = ('"%s":'):format(name) .. object(item[name], ERROR)
        end
    end
    if evaluation then
        parts[#parts + 1] = '"sources":' .. list(evaluation.sources, source)
        verdicts = evaluation.verdicts
    end
    if verdicts then
        parts[#parts + 1] = '"verdicts":' .. list(verdicts, verdict)
    end
    return object({ id = item.cluster.id, name = item.cluster.name, severity = item.severity,
        fetched_at = milliseconds(item.fetched_at), due_at = milliseconds(item.due_at),
        records = evaluation and evaluation.records, seen_before = item.seen_before }, CLUSTER,
        #parts > 0 and table.concat(parts, ",") or nil)
end

local Builder = {}
Builder.__index = Builder

-- A document, made piece by piece.
local function document(name, digest, pause)
    return setmetatable({ parts = {}, bytes = 0, pieces = {}, digests = {}, length = 0, name = name, digest = digest,
        pause = pause }, Builder)
end

-- Ends a piece, unless it has just ended.
function Builder:cut()
    if not self.parts[1] then
        return
    end
    local text = table.concat(self.parts)
    self.parts, self.bytes, self.length = {}, 0, self.length + #text
    self.pieces[#self.pieces + 1] = text
    self.pause()
    self.digests[#self.pieces] = self.digest(text)
end

function Builder:add(text)
    self.parts[#self.parts + 1], self.bytes = text, self.bytes + #text
    if self.bytes >= PIECE_BYTES then
        self:cut()
    end
    self.pause()
end

function Builder:finished(optional)
    self:cut()
    local digest = self.pieces[2] and self.digest(table.concat(self.digests)) or self.digests[1]
    return { name = self.name, pieces = self.pieces, length = self.length, digest = digest, optional = optional }
end

-- The members of a JSON object, without its braces: the handler puts the age in front. And of each cluster where in
-- that text its own object begins, and how long it is.
local function write_health(into, overview)
    into:add(('"severity":%s,"evaluated_at":%.0f,"clusters":['):format(ordered_json.text(overview.severity),
        overview.now * 1000))
    local places = {}
    for i, item in ipairs(overview.clusters) do
        if i > 1 then
            into:add ","
        end
        local text = cluster(item)
        places[i] = { piece = #into.pieces + 1, at = into.bytes + 1, length = #text }
        into:add(text)
    end
    into:add "]"
    return places
end

-- What handlers decode: of each cluster what names it and how old its sources are, without the verdicts. Each piece is
-- a JSON array.
local function write_facts(into, overview, places)
    local group = {}
    for i, item in ipairs(overview.clusters) do
        local parts, place = {}, places[i]
        parts[1] = item.error and '"error":' .. object(item.error, ERROR)
        parts[#parts + 1] = item.evaluation and '"sources":' .. list(item.evaluation.sources, source)
        group[#group + 1] = object({ id = item.cluster.id, name = item.cluster.name, severity = item.severity,
            fetched_at = milliseconds(item.fetched_at), seen_before = item.seen_before, piece = place.piece,
            at = place.at, length = place.length }, FACT, parts[1] and table.concat(parts, ","))
        into.pause()
        if i % FACTS == 0 then
            into:add("[" .. table.concat(group, ",") .. "]")
            into:cut()
            group = {}
        end
    end
    into:add("[" .. table.concat(group, ",") .. "]")
end

--- How a list of sources shows one.
-- @tparam table of its cluster: `id` and `name`
-- @tparam ?table facts of the source; nil: the cluster has none
-- @tparam string severity
-- @treturn string
function M.listed(of, facts, severity)
    facts = facts or {}
    return object({ cluster = of.id, cluster_name = of.name, id = facts.id, type = facts.type, severity = severity,
        last_success = facts.last_success, last_run = facts.last_run, last_status = facts.last_status }, LISTED)
end

-- All of them, in the order of dwsync.health.gate.
local function write_sources(into, overview)
    local before = "["
    local function add(...)
        into:add(before)
        into:add(M.listed(...))
        before = ","
    end
    for _, item in ipairs(overview.clusters) do
        local sources = item.evaluation and item.evaluation.sources or {}
        for _, one in ipairs(sources) do
            add(item.cluster, facts_of(one), one.severity)
        end
        if not sources[1] then
            add(item.cluster, nil, item.severity)
        end
    end
    into:add(before == "[" and "[]" or "]")
end

--- What handlers need to know of the whole.
-- @tparam {table,...} clusters of an overview
-- @treturn table in milliseconds since the epoch `oldest` and `newest` (when the oldest and the newest records were
-- read), `first_due` and `last_due` (when the first and the last cluster was or is to be read again), nil before any
-- were read; and `well`: whether no cluster is critical or unknown
function M.summary(clusters)
    -- Looks at each cluster, because an unknown one beside a mere warning would not show in the worst severity.
    local summary = { well = #clusters > 0 }
    for _, item in ipairs(clusters) do
        summary.well = summary.well and severities.is_well(item.severity)
        -- The age of the whole is that of its oldest part. A cluster that was never read does not count: its severity
        -- shows it. Each is due when it was read, unless it is known to be read less often than sweeps are.
        local read = milliseconds(item.fetched_at)
        if read then
            local due = milliseconds(item.due_at) or read
            summary.oldest, summary.newest = math.min(summary.oldest or read, read), math.max(summary.newest or read,
                read)
            summary.first_due = math.min(summary.first_due or due, due)
            summary.last_due = math.max(summary.last_due or due, due)
        end
    end
    return summary
end

-- The records for the page; those of before from what is published.
local function records_of(item, pause)
    local read = item.text and function() return item.text end or item.kept
    return read and function()
        local text = read()
        return text and record_list.read(text, pause) or {}
    end
end

--- Makes the documents of a publication.
-- @tparam table overview of dwsync.health, with `fetched_at` in its items, and `text`: their records, or `kept`: a
-- function that returns that text, which is published already
-- @tparam integer records how many of a cluster are kept
-- @tparam function digest function(text) → short text
-- @tparam[opt] string metrics more of them
-- @tparam[opt] function pause called every millisecond or so
-- @treturn {table,...} documents for dwsync.nginx.shared.store: "health", "facts", "sources", "metrics", "summary",
-- "page", and "records:ID" for each cluster
function M.documents(overview, records, digest, metrics, pause)
    local documents = {}
    pause = pause or function() end
    local function add(name, write, optional)
        local into = document(name, digest, pause)
        local result = write(into, overview)
        documents[#documents + 1] = into:finished(optional)
        return result
    end
    local places = add("health", write_health)
    add("facts", function(into) write_facts(into, overview, places) end)
    add("sources", write_sources)
    add("metrics", function(into)
        report.render_health("prometheus", overview, function(text) into:add(text) end)
        into:add(metrics or "") -- an empty text, too, is a piece
    end)
    add("summary", function(into) into:add(object(M.summary(overview.clusters), SUMMARY)) end)
    for _, item in ipairs(overview.clusters) do
        item.records = records_of(item, pause)
    end
    add("page", function(into)
        status_page.write_body(overview, overview.now, function(text) into:add(text) end, pause)
    end, true)
    for _, item in ipairs(overview.clusters) do
        if item.text and records > 0 then
            add("records:" .. item.cluster.id, function(into)
                into:add(record_list.newest(item.text, records))
            end, true)
        elseif item.kept then
            documents[#documents + 1] = { name = "records:" .. item.cluster.id, optional = true }
        end
    end
    return documents
end

return M
