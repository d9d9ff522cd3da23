--- records(): the records of one cluster as JSON, filtered and page by page.
-- It must not decode them: what is requested is cut out of the published text.
-- @module dwsync.nginx.serve.records
local answer = require "dwsync.nginx.serve.answer"
local cluster_names = require "dwsync.cluster_names"
local disabled = require "dwsync.health.disabled"
local ordered_json = require "dwsync.ordered_json"
local query = require "dwsync.nginx.serve.query"
local record_list = require "dwsync.nginx.sweep.record_list"
local snapshots = require "dwsync.nginx.shared.snapshot"

local M = {}

local PARAMETERS = {
    cluster = { kind = "string", longest = 200 },
    status = query.statuses,
    source = query.names,
    since = query.point,
    ["until"] = query.point,
    offset = { kind = "integer", from = 0, to = 1000000 },
    limit = { kind = "integer", from = 1, to = 1000 },
}

local DEFAULT_LIMIT = 100

-- The requested cluster; the only one need not be named.
local function find_cluster(facts, word)
    if word then
        return snapshots.cluster(facts, word)
    end
    return #facts == 1 and facts[1] or nil
end

local function about_off(cluster)
    local reason = disabled.reason(cluster)
    return reason and ("cluster %s: %s"):format(cluster_names.shown(cluster), reason)
end

local function absent(parameters, cluster, unknown, settings, facts)
    if not cluster and not parameters.cluster then
        return answer.refuse(("cluster is missing: choose one of %d"):format(#facts))
    elseif not cluster or settings.records == 0 then
        return answer.send_json(404, { error = unknown or "records are not kept here" })
    elseif about_off(cluster) then
        return answer.send_json(409, { error = about_off(cluster) })
    end
    ngx.header["Retry-After"] = answer.RETRY_AFTER
    answer.send_json(503, { error = cluster.error and cluster.error.message or "no room for these records" })
end

local function body_of(cluster, parameters, chosen, count)
    local name = cluster.name and ('"cluster_name":%s,'):format(ordered_json.text(cluster.name)) or ""
    return ('{"cluster_id":"%s",%s"count":%d,"offset":%d,"limit":%d,"sync_records":[\n%s\n]}\n'):format(cluster.id,
        name, count, parameters.offset, parameters.limit, chosen)
end

--- Answers.
function M.serve(settings, reader)
    local parameters = answer.begin(PARAMETERS, reader)
    if not parameters then
        return
    end
    local facts, snapshot = reader:facts(answer.pause)
    if not facts then
        return answer.not_ready(reader)
    end
    local cluster, unknown = find_cluster(facts, parameters.cluster)
    local text = cluster and reader:document("records:" .. cluster.id)
    if not text then
        return absent(parameters, cluster, unknown, settings, facts)
    end
    parameters.offset, parameters.limit = parameters.offset or 0, parameters.limit or DEFAULT_LIMIT
    local chosen, count, _, name = record_list.choose(text, { statuses = parameters.status,
        sources = parameters.source, since = parameters.since, till = parameters["until"], offset = parameters.offset,
        limit = parameters.limit })
    answer.set_age(cluster.fetched_at and ngx.now() - cluster.fetched_at / 1000,
        about_off(cluster) or cluster.error and reader:last_error() or nil)
    local entry = snapshot.contents["records:" .. cluster.id]
    if not answer.is_known((entry and entry.digest or "0") .. "-" .. name) then
        answer.send_json(200, body_of(cluster, parameters, chosen, count))
    end
end

return M
