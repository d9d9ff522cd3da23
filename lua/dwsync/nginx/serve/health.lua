--- health(): 200 when all is well, 503 when it is not, and why, as JSON.
-- It judges by the verdicts of the last sweep and its age or, when max_age is given, only by the age of the last
-- successful synchronisation.
-- @module dwsync.nginx.serve.health
local answer = require "dwsync.nginx.serve.answer"
local health_gate = require "dwsync.health.gate"
local ordered_json = require "dwsync.ordered_json"
local severities = require "dwsync.severity"
local snapshots = require "dwsync.nginx.shared.snapshot"

local M = {}

local SOURCE = { "cluster", "cluster_name", "id", "type", "severity", "last_success", "last_run", "last_status" }

local PARAMETERS = {
    max_age = { kind = "duration", from = 0 },
    source = { kind = "string", longest = 200 },
    cluster = { kind = "string", longest = 200 },
}

-- What is known about the whole, in front of the rest.
local function head(healthy, settings, snapshot, err)
    local age, stale = snapshots.age(snapshot, ngx.now(), settings.stale_after)
    return ('{"healthy":%s,"age":%s,"stale":%s,%s'):format(tostring(healthy), age and ("%.0f"):format(age) or "null",
        tostring(stale), err and '"error":' .. ordered_json.text(err) .. "," or "")
end

local function send(healthy, settings, snapshot, reader, rest)
    answer.send_json(healthy and 200 or 503,
        head(healthy, settings, snapshot, reader:last_error()) .. rest .. "}\n")
end

local function is_stale(settings, snapshot)
    local _, stale = snapshots.age(snapshot, ngx.now(), settings.stale_after)
    return stale
end

local function are_well(found)
    for _, item in ipairs(found) do
        if not snapshots.is_well(item.severity) then
            return false
        end
    end
    return true
end

local function source_text(item, snapshot)
    local source, cluster = item.source or {}, snapshots.cluster(snapshot, item.cluster) or {}
    return ordered_json.object({ cluster = item.cluster, cluster_name = cluster.name, id = source.id,
        type = source.type, severity = item.severity, last_success = source.last_success,
        last_run = source.last_run, last_status = source.last_status }, SOURCE)
end

-- About some sources only, or about how long ago they succeeded.
local function serve_part(settings, reader, snapshot, parameters)
    if parameters.cluster then
        local cluster, unknown = snapshots.cluster(snapshot, parameters.cluster)
        if unknown then
            return answer.send_json(404, { error = unknown, healthy = false })
        end
        parameters.cluster = cluster.id
    end
    local found = health_gate.select(snapshot.facts, parameters)
    if #found == 0 then
        return answer.send_json(404, { error = "unknown cluster or source", healthy = false })
    end
    local healthy, _, reason = are_well(found) and not is_stale(settings, snapshot), nil, found[1].off
    if parameters.max_age then
        healthy, _, reason = health_gate.of_facts(snapshot.facts, parameters, ngx.now())
    end
    local texts = {}
    for i, item in ipairs(found) do
        texts[i] = source_text(item, snapshot)
    end
    send(healthy, settings, snapshot, reader, ('%s"severity":"%s","sources":[%s]'):format(
        reason and '"reason":' .. ordered_json.text(reason) .. "," or "", severities.worst(found),
        table.concat(texts, ",")))
end

--- Answers.
function M.serve(settings, reader)
    local parameters, snapshot = answer.begin(PARAMETERS, reader)
    if not parameters then
        return
    elseif next(parameters) then
        return serve_part(settings, reader, snapshot, parameters)
    end
    send(snapshot.well and not is_stale(settings, snapshot), settings, snapshot, reader, snapshot.health)
end

return M
