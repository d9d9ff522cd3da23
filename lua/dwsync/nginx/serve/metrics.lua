--- metrics(): what Prometheus scrapes, the state of the sources and the refresher's own.
-- @module dwsync.nginx.serve.metrics
local decimal = require "dwsync.decimal"
local Tally = require "dwsync.nginx.sweep.tally"
local answer = require "dwsync.nginx.serve.answer"

local M = {}

local function family(lines, name, kind, help)
    lines[#lines + 1] = ("# HELP %s %s\n# TYPE %s %s\n"):format(name, help, name, kind)
end

local function gauge(lines, name, help, value)
    if value then
        family(lines, name, "gauge", help)
        lines[#lines + 1] = ("%s %s\n"):format(name, decimal.format("%.15g", value))
    end
end

-- The counters of a tally whose names begin with the prefix, as one family.
local function counters(lines, name, help, tally, prefix, label)
    family(lines, name, "counter", help)
    for _, counter in ipairs(tally:names()) do
        if counter:sub(1, #prefix) == prefix then
            lines[#lines + 1] = ('%s{%s="%s"} %d\n'):format(name, label, counter:sub(#prefix + 1),
                tally.counts[counter])
        end
    end
end

local OUTCOMES = { complete = 1, partial = 0, failed = 0 }

local function about_refreshing(lines, store)
    local tally = Tally.read(store:get_state "tally")
    counters(lines, "dwsync_requests_total", "Requests to the service by HTTP status, or by what failed.", tally,
        "request:", "status")
    family(lines, "dwsync_retries_total", "counter", "Requests that were tried again.")
    lines[#lines + 1] = ("dwsync_retries_total %d\n"):format(tally.counts.retry or 0)
    counters(lines, "dwsync_sweeps_total", "Sweeps over all clusters by outcome.", tally, "sweep:", "outcome")
    gauge(lines, "dwsync_refresh_success", "Whether the last sweep read every cluster (1) or not (0).",
        OUTCOMES[store:get_state "outcome"])
    gauge(lines, "dwsync_refresh_duration_seconds", "How long the last sweep took.", store:get_state "seconds")
    gauge(lines, "dwsync_refresh_timestamp_seconds", "When the last sweep ended.", store:get_state "swept")
end

local function about_memory(lines, store)
    local usage = store:usage()
    gauge(lines, "dwsync_dict_capacity_bytes", "Size of the shared dict.", usage.capacity)
    gauge(lines, "dwsync_dict_free_bytes", "Free pages of the shared dict.", usage.free)
    gauge(lines, "dwsync_dict_documents_bytes", "What is published in the shared dict.", usage.documents)
    gauge(lines, "dwsync_dict_too_small", "Whether something found no room in the shared dict (1).",
        store:get_state "memory" and 1 or 0)
end

-- What only changes with a sweep is written once a sweep in each worker.
local function lasting_text(snapshot, store)
    local swept = store:get_state "swept"
    if snapshot.lasting_of ~= swept or not snapshot.lasting then
        local lines = { snapshot.metrics }
        about_refreshing(lines, store)
        about_memory(lines, store)
        snapshot.lasting_of, snapshot.lasting = swept, table.concat(lines)
    end
    return snapshot.lasting
end

local AGE = [[
# HELP dwsync_cache_age_seconds Age of the oldest records that are shown.
# TYPE dwsync_cache_age_seconds gauge
dwsync_cache_age_seconds %s
]]

local STALE = [[
# HELP dwsync_cache_stale Whether what is shown is older than it should ever be (1).
# TYPE dwsync_cache_stale gauge
dwsync_cache_stale %d
]]

--- Answers.
function M.serve(settings, reader)
    local parameters, snapshot = answer.begin({}, reader)
    if not parameters then
        return
    end
    local age = snapshot.oldest and ngx.now() - snapshot.oldest
    local tail = STALE:format((not age or age > settings.stale_after) and 1 or 0)
    answer.send(200, "text/plain; version=0.0.4; charset=utf-8", lasting_text(snapshot, reader.store), nil,
        age and AGE:format(decimal.format("%.3f", age)) .. tail or tail)
end

return M
