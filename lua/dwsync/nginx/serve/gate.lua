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

local FRESHNESS = { max_age = OPTIONS.max_age, source = OPTIONS.source, cluster = OPTIONS.cluster }

local function look(reader, query)
    local facts = reader:facts()
    if not facts then
        return false, nil, "no data yet"
    end
    local found = query.cluster and cluster_names.named(query.cluster, facts) or {}
    query.cluster = #found == 1 and found[1].id or query.cluster -- of which there is no source
    return health_gate.of_facts({ clusters = facts }, query, ngx.now())
end

--- Whether the last success is recent enough; touches neither the request nor the answer.
-- @treturn boolean
-- @treturn ?number its age in seconds; nil when it is unknown
-- @treturn ?string why it is not fresh
function M.is_fresh(_, reader, given)
    return look(reader, checks.arguments(FRESHNESS, given, "dwsync.nginx: is_fresh"))
end

--- Denies with 503, or with `deny = false` only sets the header X-Dwsync-Stale of request and answer. Returns what
-- `is_fresh` does, unless it denied.
function M.serve(_, reader, given)
    local query = checks.arguments(OPTIONS, given, "dwsync.nginx: gate")
    local fresh, age, reason = look(reader, query)
    ngx.header["X-Dwsync-Last-Success-Age"] = age and ("%.0f"):format(age) or "unknown"
    ngx.header["X-Dwsync-Stale"] = fresh and "0" or "1"
    -- The application behind gets it, too, in place of what the client may have sent.
    ngx.req.set_header("X-Dwsync-Stale", fresh and "0" or "1")
    if not fresh and query.deny then
        ngx.header["Retry-After"] = answer.RETRY_AFTER
        answer.send_json(503, { error = "the last synchronisation is not fresh: " .. reason })
        return ngx.exit(503)
    end
    return fresh, age, reason
end

return M
