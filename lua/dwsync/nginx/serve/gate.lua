--- gate{}: lets a request through only while the last synchronisation of a source is fresh; for access_by_lua.
-- It must not wait, and never lets a request through without data.
-- @module dwsync.nginx.serve.gate
local answer = require "dwsync.nginx.serve.answer"
local checks = require "dwsync.checks"
local cluster_names = require "dwsync.cluster_names"
local health_gate = require "dwsync.health.gate"

local M = {}

-- Wrong use raises: the client sees such an error in nginx.conf as 500, and the log shows it in full.
local OPTIONS = {
    max_age = { kind = "duration", above = 0, required = true },
    source = { kind = "string", empty = true },
    cluster = { kind = "string", longest = 200 },
    deny = { kind = "boolean", default = true },
}

--- Denies with 503, or with `deny = false` only sets the header X-Dwsync-Stale of request and answer.
function M.serve(_, reader, given)
    local query = checks.arguments(OPTIONS, given, "dwsync.nginx: gate", 3)
    local snapshot = reader:read()
    local fresh, age, reason = false, nil, "no data yet"
    if snapshot then
        local found = query.cluster and cluster_names.named(query.cluster, snapshot.facts.clusters) or {}
        query.cluster = #found == 1 and found[1].id or query.cluster -- of which there is no source
        fresh, age, reason = health_gate.of_facts(snapshot.facts, query, ngx.now())
    end
    ngx.header["X-Dwsync-Last-Success-Age"] = age and ("%.0f"):format(age) or "unknown"
    ngx.header["X-Dwsync-Stale"] = fresh and "0" or "1"
    -- The application behind gets it, too, in place of what the client may have sent.
    ngx.req.set_header("X-Dwsync-Stale", fresh and "0" or "1")
    if not fresh and query.deny then
        ngx.header["Retry-After"] = answer.RETRY_AFTER
        answer.send_json(503, { error = "the last synchronisation is not fresh: " .. reason })
        return ngx.exit(503)
    end
end

return M
