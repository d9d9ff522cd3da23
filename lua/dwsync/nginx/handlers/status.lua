--- status(): the page, its parts and what it loads.
-- It must not draw: the sweep did.
-- @module dwsync.nginx.handlers.status
local answer = require "dwsync.nginx.answer"
local query = require "dwsync.nginx.query"
local status_page = require "dwsync.nginx.status_page"

local M = {}

local PARAMETERS = { asset = query.one_of("script", "style"), part = query.one_of "body" }

local POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    .. "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

local ASSETS = {
    script = { "text/javascript; charset=utf-8", status_page.script },
    style = { "text/css; charset=utf-8", status_page.stylesheet },
}

local HTML = "text/html; charset=utf-8"

local function serve_asset(name)
    local asset = ASSETS[name]
    if not answer.is_known(ngx.md5(asset[2])) then
        answer.send(200, asset[1], asset[2])
    end
end

local function about(settings, snapshot, reader)
    local age = snapshot and snapshot.oldest and ngx.now() - snapshot.oldest
    return { age = age, error = reader:last_error(), stale = not age or age > settings.stale_after,
        interval = settings.interval }
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
    local body, snapshot = reader:document "page"
    local state = about(settings, snapshot, reader)
    answer.tell_age(state.age, state.error)
    if not body then
        ngx.header["Retry-After"] = answer.RETRY_AFTER
        state.error = state.error or "The first sweep has not ended yet."
    end
    if parameters.part then
        if not body then
            return answer.send(503, HTML, "", POLICY)
        elseif not answer.is_known(snapshot.contents.page.digest) then
            return answer.send(200, HTML, body, POLICY)
        end
        return
    end
    answer.send(body and 200 or 503, HTML, status_page.document(body or "", state), POLICY)
end

return M
