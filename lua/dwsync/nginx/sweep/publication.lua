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
local FACT = { "id", "name", "severity", "fetched_at", "seen_before", "at", "length" }
local SUMMARY = { "oldest", "newest", "first_due", "last_due", "well", "pieces" }
local LISTED = { "cluster", "cluster_name", "id", "type", "severity", "last_success", "last_run", "last_status" }

-- A handler takes one piece of the metrics at a time: to copy 4 MB at once holds the event loop for some milliseconds.
local PIECE_BYTES = 2 ^ 18

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

-- The members of a JSON object, without its braces: the handler puts the age in front. And of each cluster where in
-- that text its own object begins, and how long it is.
local function health_text(overview, pause)
    local head = ('"severity":%s,"evaluated_at":%.0f,"clusters":['):format(ordered_json.text(overview.severity),
        overview.now * 1000)
    local texts, places, at = {}, {}, #head + 1
    for i, item in ipairs(overview.clusters) do
        pause()
        texts[i] = cluster(item)
        places[i] = { at = at, length = #texts[i] }
        at = at + #texts[i] + 1
    end
    return head .. table.concat(texts, ",") .. "]", places
end

-- What handlers decode: of each cluster what names it and how old its sources are, without the verdicts.
local function facts_text(overview, places, pause)
    local facts = {}
    for i, item in ipairs(overview.clusters) do
        pause()
        local parts = {}
        parts[1] = item.error and '"error":' .. object(item.error, ERROR)
        parts[#parts + 1] = item.evaluation and '"sources":' .. list(item.evaluation.sources, source)
        facts[i] = object({ id = item.cluster.id, name = item.cluster.name, severity = item.severity,
            fetched_at = milliseconds(item.fetched_at), seen_before = item.seen_before, at = places[i].at,
            length = places[i].length }, FACT, parts[1] and table.concat(parts, ","))
    end
    return "[" .. table.concat(facts, ",") .. "]"
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
local function sources_text(overview, pause)
    local texts = {}
    for _, item in ipairs(overview.clusters) do
        pause()
        local sources = item.evaluation and item.evaluation.sources or {}
        for _, one in ipairs(sources) do
            texts[#texts + 1] = M.listed(item.cluster, facts_of(one), one.severity)
        end
        texts[#texts + 1] = not sources[1] and M.listed(item.cluster, nil, item.severity) or nil
    end
    return "[" .. table.concat(texts, ",") .. "]"
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

local function metrics_text(overview, pause)
    local pieces = {}
    report.render_health("prometheus", overview, function(text)
        pieces[#pieces + 1] = text
        pause()
    end)
    return table.concat(pieces)
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
-- @treturn {table,...} documents for dwsync.nginx.shared.store: "health", "facts", "sources" and "summary", "metrics",
-- "metrics:2" and so on, "page", and "records:ID" for each cluster
function M.documents(overview, records, digest, metrics, pause)
    local documents = {}
    pause = pause or function() end
    local function add(name, text, optional)
        pause()
        documents[#documents + 1] = { name = name, text = text, digest = digest(text), optional = optional }
    end
    local health, places = health_text(overview, pause)
    add("health", health)
    add("facts", facts_text(overview, places, pause))
    add("sources", sources_text(overview, pause))
    local text, summary = metrics_text(overview, pause) .. (metrics or ""), M.summary(overview.clusters)
    summary.pieces = math.max(1, math.ceil(#text / PIECE_BYTES))
    for i = 1, summary.pieces do
        add(i == 1 and "metrics" or "metrics:" .. i, text:sub((i - 1) * PIECE_BYTES + 1, i * PIECE_BYTES))
    end
    add("summary", object(summary, SUMMARY))
    for _, item in ipairs(overview.clusters) do
        item.records = records_of(item, pause)
    end
    add("page", status_page.body(overview, overview.now, pause), true)
    for _, item in ipairs(overview.clusters) do
        if item.text and records > 0 then
            add("records:" .. item.cluster.id, record_list.newest(item.text, records), true)
        elseif item.kept then
            documents[#documents + 1] = { name = "records:" .. item.cluster.id, optional = true }
        end
    end
    return documents
end

return M
