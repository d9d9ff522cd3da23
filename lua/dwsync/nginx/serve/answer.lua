--- How handlers answer: methods, parameters, headers, entity tags. Only this file writes to a client.
-- @module dwsync.nginx.serve.answer
local ordered_json = require "dwsync.ordered_json"
local query = require "dwsync.nginx.serve.query"

local M = {}

local NOTHING_LOADED = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

--- Seconds after which a client may ask again while there is nothing to show.
M.RETRY_AFTER = 5

local MAX_PARAMETERS = 20

--- Lets the event loop go on between two pieces of work. Without OpenResty's patches of nginx a pause of 0 is logged as
-- slow.
function M.pause()
    ngx.sleep(0.001)
end

local function set_headers(content_type, policy)
    local header = ngx.header
    header["Content-Type"] = content_type
    header["Cache-Control"] = "no-cache"
    header["X-Content-Type-Options"] = "nosniff"
    header["X-Frame-Options"] = "DENY"
    header["Referrer-Policy"] = "no-referrer"
    header["Content-Security-Policy"] = policy or NOTHING_LOADED
    header["Cross-Origin-Resource-Policy"] = "same-origin"
end

--- Sets the status and the headers; what is printed then is sent with them.
-- @tparam integer status
-- @tparam string content_type
function M.set_head(status, content_type)
    set_headers(content_type)
    ngx.status = status
end

--- Sends an answer.
-- @tparam integer status
-- @tparam string content_type
-- @tparam string body
-- @tparam[opt] string policy Content-Security-Policy, when something may be loaded
function M.send(status, content_type, body, policy)
    M.send_pieces(status, content_type, { body }, policy)
end

--- Sends an answer of several pieces, which are not joined, since that would copy them.
-- @tparam integer status
-- @tparam string content_type
-- @tparam {string,...} pieces
-- @tparam[opt] string policy Content-Security-Policy, when something may be loaded
function M.send_pieces(status, content_type, pieces, policy)
    set_headers(content_type, policy)
    local length = 0
    for _, piece in ipairs(pieces) do
        length = length + #piece
    end
    ngx.header["Content-Length"] = length
    ngx.status = status
    if ngx.req.get_method() ~= "HEAD" then
        ngx.print(pieces)
    else
        ngx.send_headers()
    end
end

--- Sends JSON.
-- @tparam integer status
-- @tparam string|table body
function M.send_json(status, body)
    M.send(status, "application/json", type(body) == "table" and ordered_json.encode(body) .. "\n" or body)
end

--- Answers 400.
-- @tparam string reason
function M.refuse(reason)
    M.send_json(400, { error = reason })
end

--- Answers 503 before the first publication.
-- @tparam dwsync.nginx.shared.snapshot reader
function M.not_ready(reader)
    ngx.header["Retry-After"] = M.RETRY_AFTER
    M.send_json(503, { error = reader:why_nothing(), healthy = false })
end

--- Whether the method is one that handlers answer.
-- @treturn boolean false: it has been answered
function M.accepts_method()
    local method = ngx.req.get_method()
    if method == "GET" or method == "HEAD" then
        return true
    end
    ngx.header["Allow"] = "GET, HEAD"
    M.send_json(405, { error = "only GET and HEAD are allowed here" })
    return false
end

--- The parameters.
-- @tparam table kinds see dwsync.nginx.serve.query
-- @treturn ?table nil: they are wrong, and that has been answered
function M.parameters(kinds)
    if not ngx.var.args then
        return {}
    end
    local arguments, truncated = ngx.req.get_uri_args(MAX_PARAMETERS)
    local values, reason = query.read(arguments, kinds, ngx.now())
    if truncated then
        values, reason = nil, "too many parameters"
    end
    if not values then
        M.refuse(reason)
    end
    return values
end

--- Reads the parameters and the current snapshot; sends the error response itself when either is missing.
-- @tparam table kinds see dwsync.nginx.serve.query
-- @tparam dwsync.nginx.shared.snapshot reader
-- @treturn table parameters, or nil: it has been answered
-- @treturn table snapshot
function M.begin(kinds, reader)
    local parameters = M.accepts_method() and M.parameters(kinds)
    if not parameters then
        return nil
    end
    local snapshot = reader:read()
    if not snapshot then
        M.not_ready(reader)
        return nil
    end
    return parameters, snapshot
end

local function names_tag(header, tag)
    if header == "*" then
        return true
    end
    for name in header:gmatch '"[^"]*"' do
        if name == tag then
            return true
        end
    end
    return false
end

--- Sets the entity tag, and answers 304 when the client has that entity already.
-- @tparam string name without quotes, white space and control characters
-- @treturn boolean whether it has been answered
function M.is_known(name)
    local tag = '"' .. name .. '"'
    ngx.header["ETag"] = tag
    local header = ngx.var.http_if_none_match
    if not header or not names_tag(header, tag) then
        return false
    end
    set_headers()
    ngx.status = 304
    ngx.send_headers()
    return true
end

--- Says how old what follows is, and what went wrong since.
-- @tparam ?number age seconds
-- @tparam ?string err
function M.set_age(age, err)
    ngx.header["X-Dwsync-Age"] = age and ("%.0f"):format(age) or "unknown"
    ngx.header["X-Dwsync-Error"] = err
end

return M
