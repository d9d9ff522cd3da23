--- gate{}: lets a request through only while the last synchronisation of a source is fresh; for access_by_lua.
-- It must not wait, and never lets through what it knows nothing about.
-- @module dwsync.nginx.serve.gate
local answer = require "dwsync.nginx.serve.answer"
local health_gate = require "dwsync.health.gate"
local options = require "dwsync.client.options"
local timestamps = require "dwsync.timestamps"

local M = {}

local KINDS = { max_age = true, source = true, cluster = true, deny = true }

local function seconds(value)
    local length = type(value) == "string" and timestamps.duration(value) or value
    return type(length) == "number" and length > 0 and length
end

-- Raises for wrong use: that is an error in nginx.conf, which the client sees as 500 and the log in full.
local function checked(given)
    if type(given) ~= "table" then
        error("dwsync.nginx: gate expects a table", 4)
    end
    for name in pairs(given) do
        if not KINDS[name] then
            error(("dwsync.nginx: unknown option '%s' of gate; there are cluster, deny, max_age, source"):format(
                tostring(name)), 4)
        end
    end
    local max_age = seconds(given.max_age)
    if not max_age then
        error('dwsync.nginx: gate: max_age must be a length of time: seconds, or "90m", "6h"', 4)
    elseif given.cluster ~= nil and not options.identifier("cluster", given.cluster) then
        error("dwsync.nginx: gate: cluster must be an id", 4)
    elseif given.source ~= nil and type(given.source) ~= "string" then
        error("dwsync.nginx: gate: source must be an id or a type", 4)
    end
    return { max_age = max_age, source = given.source, cluster = given.cluster }
end

--- Judges; denies with 503, or with `deny = false` only says so in the header X-Dwsync-Stale of request and answer.
function M.serve(_, reader, given)
    local query = checked(given)
    local snapshot = reader:read()
    local fresh, age, reason = false, nil, "nothing is known yet"
    if snapshot then
        fresh, age, reason = health_gate.of_facts(snapshot.facts, query, ngx.now())
    end
    ngx.header["X-Dwsync-Last-Success-Age"] = age and ("%.0f"):format(age) or "unknown"
    ngx.header["X-Dwsync-Stale"] = fresh and "0" or "1"
    -- What stands behind is told, too, and never what the client made up.
    ngx.req.set_header("X-Dwsync-Stale", fresh and "0" or "1")
    if not fresh and given.deny ~= false then
        ngx.header["Retry-After"] = answer.RETRY_AFTER
        answer.send_json(503, { error = "the last synchronisation is not fresh: " .. reason })
        return ngx.exit(503)
    end
end

return M
