--- From an overview to the finished texts that handlers serve.
-- @module dwsync.nginx.sweep.publication
local ordered_json = require "dwsync.ordered_json"
local record_list = require "dwsync.nginx.sweep.record_list"
local report = require "dwsync.report"
local status_page = require "dwsync.report.status.page"

local M = {}

local SOURCE = { "id", "type", "severity", "last_success", "last_run", "last_status" }
local VERDICT = { "rule", "severity", "follows", "source", "source_type", "message" }
local CLUSTER = { "id", "name", "severity", "fetched_at", "due_at", "records", "seen_before" }
local ERROR = { "kind", "message", "hint", "code", "status" }

local object = ordered_json.object

local function list(items, write)
    local parts = {}
    for _, item in ipairs(items) do
        parts[#parts + 1] = write(item)
    end
    return "[" .. table.concat(parts, ",") .. "]"
end

local function source(item)
    local statistics = item.statistics or {}
    return object({ id = item.id, type = item.type, severity = item.severity, last_success = statistics.last_success,
        last_run = statistics.last_run, last_status = statistics.last_status }, SOURCE)
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

-- The members of a JSON object, without its braces: the handler puts the age in front.
local function health_text(overview, pause)
    local function cluster_and_pause(item)
        pause()
        return cluster(item)
    end
    return ('"severity":%s,"evaluated_at":%.0f,"clusters":%s'):format(ordered_json.text(overview.severity),
        overview.now * 1000, list(overview.clusters, cluster_and_pause))
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
-- @treturn {table,...} documents for dwsync.nginx.shared.store: "health", "metrics", "page", and "records:ID" for each
-- cluster
function M.documents(overview, records, digest, metrics, pause)
    local documents = {}
    pause = pause or function() end
    local function add(name, text, optional)
        pause()
        documents[#documents + 1] = { name = name, text = text, digest = digest(text), optional = optional }
    end
    add("health", health_text(overview, pause))
    add("metrics", metrics_text(overview, pause) .. (metrics or ""))
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
