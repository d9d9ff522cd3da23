--- metrics(): what Prometheus scrapes, the state of the sources and the refresher's own.
-- @module dwsync.nginx.serve.metrics
local Tally = require "dwsync.nginx.sweep.tally"
local answer = require "dwsync.nginx.serve.answer"
local exposition = require "dwsync.report.exposition"
local snapshots = require "dwsync.nginx.shared.snapshot"

local M = {}

-- The counters of a tally whose names begin with a prefix, as one family.
local function counters(prefix, label)
    return function(state, add)
        for _, counter in ipairs(state.tally:names()) do
            if counter:sub(1, #prefix) == prefix then
                add({ [label] = counter:sub(#prefix + 1) }, state.tally.counts[counter])
            end
        end
    end
end

local function of_store(name)
    return function(state, add)
        add({}, state.store:get_state(name))
    end
end

local function of_dict(name)
    return function(state, add)
        add({}, state.usage[name])
    end
end

local function one_if(condition)
    return condition and 1 or 0
end

-- What changes with sweeps only.
local LASTING = {
    { "dwsync_requests_total", "Requests to the service by HTTP status, or by what failed.",
        counters("request:", "status"), type = "counter" },
    { "dwsync_retries_total", "Requests that were retries.", function(state, add)
        add({}, state.tally.counts.retry or 0)
    end, type = "counter" },
    { "dwsync_sweeps_total", "Sweeps over all clusters by outcome.", counters("sweep:", "outcome"), type = "counter" },
    { "dwsync_refresh_success", "Whether the last sweep read every cluster (1) or not (0).", function(state, add)
        local outcome = state.store:get_state "outcome"
        add({}, outcome and one_if(outcome == "complete"))
    end },
    { "dwsync_refresh_duration_seconds", "How long the last sweep took.", of_store "seconds" },
    { "dwsync_refresh_timestamp_seconds", "When the last sweep ended.", of_store "swept" },
    { "dwsync_history_failed", "Whether the last sweep could not write the history (1).", function(state, add)
        add({}, one_if(state.store:get_state "history"))
    end },
    { "dwsync_history_unread", "Whether the last sweep judged clusters without the full history (1).",
        function(state, add)
            add({}, one_if(state.store:get_state "history_unread"))
        end },
    { "dwsync_dict_capacity_bytes", "Size of the shared dict.", of_dict "capacity" },
    { "dwsync_dict_free_bytes", "Free pages of the shared dict.", of_dict "free" },
    { "dwsync_dict_documents_bytes", "What is published in the shared dict.", of_dict "documents" },
    { "dwsync_dict_too_small", "Whether the shared dict had no room for something (1).", function(state, add)
        add({}, one_if(state.store:get_state "memory"))
    end },
}

local FRESHNESS = {
    { "dwsync_cache_age_seconds", "Age of the oldest records that are shown.", function(freshness, add)
        add({}, freshness.age)
    end },
    { "dwsync_cache_stale", "Whether what is shown is older than it should ever be (1).", function(freshness, add)
        add({}, one_if(freshness.stale))
    end },
}

local function text_of(families, subject)
    local parts = {}
    exposition.write(families, subject, function(text)
        parts[#parts + 1] = text
    end)
    return table.concat(parts)
end

-- What only changes with a sweep is written once a sweep in each worker.
local function lasting_text(snapshot, store)
    local swept = store:get_state "swept"
    if snapshot.lasting_of ~= swept or not snapshot.lasting then
        local state = { store = store, usage = store:usage(snapshot.contents),
            tally = Tally.read(store:get_state "tally") }
        snapshot.lasting_of, snapshot.lasting = swept, text_of(LASTING, state)
    end
    return snapshot.lasting
end

-- Everything, in pieces; or nil before the first publication.
local function pieces_of(settings, reader, pause)
    local pieces, snapshot = reader:pieces("metrics", true, pause)
    if not pieces then
        return nil
    end
    pieces = { unpack(pieces) } -- those are kept
    local age, stale = snapshots.age(snapshot, ngx.now(), settings.stale_after)
    local freshness = { age = age and math.floor(age * 1000 + 0.5) / 1000, stale = stale }
    pieces[#pieces + 1] = lasting_text(snapshot, reader.store)
    pieces[#pieces + 1] = text_of(FRESHNESS, freshness)
    return pieces
end

--- The text that Prometheus scrapes.
-- @treturn ?string
-- @treturn ?string why there is none yet
function M.text(settings, reader)
    local pieces = pieces_of(settings, reader)
    return pieces and table.concat(pieces), not pieces and reader:why_nothing() or nil
end

--- Answers; behind what the application has sent already it only adds to that.
function M.serve(settings, reader)
    if not ngx.headers_sent and not answer.begin({}, reader) then
        return
    end
    local pieces = pieces_of(settings, reader, answer.pause)
    if not pieces and not ngx.headers_sent then
        return answer.not_ready(reader)
    elseif not pieces then
        pieces = { "# dwsync: ", reader:why_nothing(), "\n" }
    end
    if not ngx.headers_sent then
        answer.set_head(200, "text/plain; version=0.0.4; charset=utf-8")
    end
    if ngx.req.get_method() ~= "HEAD" then
        for i, piece in ipairs(pieces) do
            ngx.print(piece)
            if i < #pieces - 2 then -- the last ones are short
                answer.pause()
            end
        end
    else
        ngx.send_headers()
    end
end

return M
