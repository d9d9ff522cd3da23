--- health(): 200 when all is well, 503 when it is not, and why, as JSON.
-- It judges by the verdicts of the last sweep and its age or, when max_age is given, only by the age of the last
-- successful synchronisation.
-- @module dwsync.nginx.serve.health
local answer = require "dwsync.nginx.serve.answer"
local checks = require "dwsync.checks"
local health_gate = require "dwsync.health.gate"
local json = require "dwsync.json"
local ordered_json = require "dwsync.ordered_json"
local publication = require "dwsync.nginx.sweep.publication"
local severities = require "dwsync.severity"
local snapshots = require "dwsync.nginx.shared.snapshot"

local M = {}

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

local function send(healthy, pieces)
    answer.send_pieces(healthy and 200 or 503, "application/json", pieces)
end

-- Puts a list of texts between two others.
local function enclosed(first, pieces, last)
    local all = { first }
    for i, piece in ipairs(pieces) do
        all[i + 1] = piece
    end
    all[#all + 1] = last
    return all
end

local function is_stale(settings, snapshot)
    local _, stale = snapshots.age(snapshot, ngx.now(), settings.stale_after)
    return stale
end

local function are_well(found)
    for _, item in ipairs(found) do
        if not severities.is_well(item.severity) then
            return false
        end
    end
    return true
end

-- Of a source. No string has that in it, since quotes are escaped there; nothing in it is special in a pattern.
local BEGINNING = '{"cluster":'

-- Cuts those that were found out of the list of all: to write hundreds anew takes milliseconds. Returns nil when they
-- are not in it.
local function cut_out(text, facts, found)
    local texts, all, at, from = {}, health_gate.select({ clusters = facts }, {}), 1, text:find(BEGINNING)
    for i, item in ipairs(found) do
        while from and not (all[at] and all[at].cluster == item.cluster and all[at].source == item.source) do
            at, from = at + 1, text:find(BEGINNING, from + 1)
        end
        if not from then
            return nil
        end
        texts[i] = text:sub(from, (text:find(BEGINNING, from + 1) or #text + 1) - 2)
    end
    return { "[", table.concat(texts, ","), "]" }
end

-- The sources, finished when all are meant.
local function sources_pieces(reader, snapshot, found, all)
    local pieces, same = reader:pieces("sources", true)
    local facts = snapshot.facts
    if pieces and same == snapshot then
        pieces = all and pieces or cut_out(table.concat(pieces), facts, found)
        if pieces then
            return pieces
        end
    end
    local texts, names = {}, {}
    for _, cluster in ipairs(facts) do
        names[cluster.id] = cluster.name
    end
    for i, item in ipairs(found) do
        texts[i] = publication.listed({ id = item.cluster, name = names[item.cluster] }, item.source, item.severity)
    end
    return { "[", table.concat(texts, ","), "]" }
end

-- About some sources only, or about how long ago they succeeded.
local function serve_part(settings, reader, parameters)
    local facts, snapshot = reader:facts(answer.pause)
    if not facts then
        return answer.not_ready(reader)
    elseif parameters.cluster then
        local cluster, unknown = snapshots.cluster(facts, parameters.cluster)
        if unknown then
            return answer.send_json(404, { error = unknown, healthy = false })
        end
        parameters.cluster = cluster.id
    end
    local clusters = { clusters = facts }
    local found = health_gate.select(clusters, parameters)
    if #found == 0 then
        return answer.send_json(404, { error = "unknown cluster or source", healthy = false })
    end
    local healthy, _, reason = are_well(found) and not is_stale(settings, snapshot), nil, found[1].off
    if parameters.max_age then
        healthy, _, reason = health_gate.of_facts(clusters, parameters, ngx.now())
    end
    send(healthy, enclosed(('%s%s"severity":"%s","sources":'):format(
        head(healthy, settings, snapshot, reader:last_error()), reason and '"reason":' .. ordered_json.text(reason)
            .. "," or "", severities.worst(found)),
        sources_pieces(reader, snapshot, found, not parameters.cluster and not parameters.source), "}\n"))
end

-- What the whole answer says, or nil before the first publication; and whether all is well.
local function whole(settings, reader)
    local pieces, snapshot = reader:pieces("health", true)
    if not pieces then
        return nil
    end
    local healthy = snapshot.well and not is_stale(settings, snapshot)
    return enclosed(head(healthy, settings, snapshot, reader:last_error()), pieces, "}\n"), healthy
end

--- What the answer to /health says, as a table, decoded anew: some 20 µs for each cluster.
-- @treturn ?table
-- @treturn ?string why there is none yet
function M.as_table(settings, reader)
    local pieces = whole(settings, reader)
    return pieces and json.decode(table.concat(pieces)), not pieces and reader:why_nothing() or nil
end

local function concerns(verdict, source)
    return source == nil or verdict.source == source or verdict.source_type == source
end

-- Whether a cluster has the source, by its id or type.
local function has_source(cluster, source)
    for _, item in ipairs(cluster.sources or {}) do
        if source == nil or item.id == source or item.type == source then
            return true
        end
    end
    return source == nil
end

--- The verdicts about a cluster, or about one of its sources, that are not ok; worst first, decoded anew.
-- @treturn ?{table,...}
-- @treturn ?string why there are none yet, or that there is no such cluster or source
function M.verdicts(_, reader, name, source)
    for position, word in ipairs { name or false, source } do
        if type(word) ~= "string" then
            error(("dwsync.nginx: verdicts: %s is %s, expected a text"):format(position == 1 and "cluster" or "source",
                checks.shown(word or nil)), 2)
        end
    end
    local cluster, problem = reader:cluster(name)
    if not cluster then
        return nil, problem
    elseif not has_source(cluster, source) then
        return nil, "no such source"
    end
    local list = {}
    for _, verdict in ipairs(cluster.verdicts or {}) do
        list[#list + 1] = concerns(verdict, source) and verdict or nil
    end
    return list
end

--- Answers.
function M.serve(settings, reader)
    local parameters = answer.begin(PARAMETERS, reader)
    if not parameters then
        return
    elseif next(parameters) then
        return serve_part(settings, reader, parameters)
    end
    local pieces, healthy = whole(settings, reader)
    if not pieces then
        return answer.not_ready(reader)
    end
    send(healthy, pieces)
end

return M
