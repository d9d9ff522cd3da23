--- What the service's answers say: a page, clusters, or what went wrong.
-- @module dwsync.client.answers
local lazy = require "dwsync.lazy"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local json = lazy "dwsync.json"
local keys_of = require "dwsync.credentials.keys"

local M = {}

-- Some DWS operations answer 200 and put the failure into the body.
local function declared_failure(client, response, body, keys)
    local code = errors.declared_failure(body)
    return code and errors.from_response(response, {
        body = body,
        secrets = keys_of.secrets(keys),
        now = client.runtime.now(),
    })
end

-- Some runtimes decode the page themselves; others return the body.
local function decoded_page(response, choice)
    if response.page or response.page_error then
        return response.page, response.place or response.page_error
    end
    return core.decode_page(response.body, choice)
end

--- The page in a response.
-- @tparam dwsync.client client
-- @tparam dwsync.response response
-- @tparam dwsync.credentials keys with which it was asked for
-- @tparam table choice see dwsync.core.decode_page
-- @treturn ?dwsync.page
-- @treturn dwsync.error|table beside a page its place
function M.page(client, response, keys, choice)
    local page, place = decoded_page(response, choice)
    local body = page or errors.read_body(response)
    local err = declared_failure(client, response, body, keys)
    if page and not err then
        return page, place
    end
    local secrets = keys_of.secrets(keys)
    if not err and choice and choice.kind == "accounts" and (place.beginning or ""):find "^%s*[%[{]" then
        place.beginning = nil -- names of people; a login page of a proxy is shown
    end
    err = err or errors.from_core(place, secrets)
    err.status, err.request_id = response.status, errors.request_id(response, secrets)
    return nil, err
end

--- The clusters in a response. The service has no paging here. `count` is a text on some sites and missing on others,
-- so it is taken from the list.
-- @tparam dwsync.client client
-- @tparam dwsync.response response
-- @tparam dwsync.credentials keys
-- @treturn ?dwsync.clusters
-- @treturn dwsync.error
function M.clusters(client, response, keys)
    local body, reason = json.decode_answer(response.body)
    local err = body and declared_failure(client, response, body, keys)
    if body and not err and type(body.clusters) == "table" and json.is_list(body.clusters) then
        body.clusters.count = #body.clusters
        return body.clusters
    end
    return nil, err or errors.new {
        kind = "decode",
        message = "the response is not a list of clusters: " .. (reason or "it has no clusters"),
        status = response.status,
        request_id = errors.request_id(response, keys_of.secrets(keys)),
    }
end

return M
