--- status(): the page, its parts and what it loads.
-- It must not draw the page: the sweep did.
-- @module dwsync.nginx.serve.status
local answer = require "dwsync.nginx.serve.answer"
local snapshots = require "dwsync.nginx.shared.snapshot"
local status_page = require "dwsync.report.status.page"

local M = {}

local PARAMETERS = {
    asset = { kind = "one_of", values = { "script", "style" } },
    part = { kind = "one_of", values = { "body" } },
}

local POLICY = status_page.policy

local TYPES = { script = "text/javascript; charset=utf-8", style = "text/css; charset=utf-8" }
local TEXTS = { script = status_page.script, style = status_page.stylesheet }
local tags = {}

local HTML = "text/html; charset=utf-8"

local function serve_asset(name)
    tags[name] = tags[name] or ngx.md5(TEXTS[name])
    if not answer.is_known(tags[name]) then
        answer.send(200, TYPES[name], TEXTS[name])
    end
end

-- The age is that of what was read last: a tile says itself that it is older. Sets the headers that say the same.
local function about(settings, snapshot, reader)
    local age, stale = snapshots.newest_age(snapshot, ngx.now(), settings.stale_after)
    local later = age and snapshot.last_due - snapshot.newest or 0
    local failure, outcome = reader:last_error()
    failure = reader.lost and reader:why_nothing() or failure
    age = age and math.max(0, math.floor(age))
    local partly = outcome == "complete" or outcome == "partial"
    ngx.header["X-Dwsync-Outcome"] = outcome
    answer.set_age(age, failure)
    return { age = age, error = not partly and failure or nil,
        note = partly and failure or nil, stale = stale, stale_after = settings.stale_after + later,
        interval = settings.interval }
end

local function send(status, pieces)
    return answer.send_pieces(status, HTML, pieces, POLICY)
end

--- Answers.
function M.serve(settings, reader)
    if not answer.accepts_method() then
        return
    end
    local parameters = answer.parameters(PARAMETERS)
    if not parameters then
        return
    elseif parameters.asset then
        return serve_asset(parameters.asset)
    end
    local body, snapshot = reader:pieces("page", true)
    local state = about(settings, snapshot, reader)
    if not body then
        ngx.header["Retry-After"] = answer.RETRY_AFTER
    end
    if parameters.part then
        if not body then
            return send(503, {})
        elseif not answer.is_known(snapshot.contents.page.digest) then
            return send(200, body)
        end
        return
    end
    send(body and 200 or 503, status_page.document_pieces(body, state))
end

return M
