--- What the channels of the cloud's own services share: a client with our credentials, and what its errors mean.
-- @module dwsync.problems.channels.cloud
local clients = require "dwsync.client"
local endpoints = require "dwsync.client.endpoints"
local errors = require "dwsync.errors"
local text = require "dwsync.text"

local M = {}

local SECONDS, CONNECT_SECONDS = 10, 5 -- of one request
local PAUSE_MS = 300000 -- what is wrong with a key or a right is not mended by asking each minute

--- Options of all of them.
M.OPTIONS = {
    account = { kind = "string", longest = 200 },
    endpoint = { kind = "string", longest = 500 },
}

--- Their options and further ones.
-- @tparam table more
-- @treturn table declarations
function M.options(more)
    for name, declared in pairs(M.OPTIONS) do
        more[name] = more[name] or declared
    end
    return more
end

local function options_of(declared, world)
    if not declared.account then
        return world.client or {}
    end
    return (world.accounts or {})[declared.account], ("there is no account '%s'"):format(
        text.excerpt(declared.account, 60)), "It is one of the inventory of a fleet; leave it out to use the "
        .. "credentials that are found elsewhere, too."
end

--- Gives a channel its client. Contacts nothing.
-- @tparam table channel gets `client` and `host`
-- @tparam table declared
-- @tparam table world `getenv`, `read_file`; perhaps `client`: options of dwsync.new; `accounts`: such options by name;
-- `runtime`
-- @tparam string service "SMN"
-- @tparam table place `region` and `project_id`, where the channel says so
-- @treturn ?boolean
-- @treturn string what is wrong
-- @treturn string hint
function M.prepare(channel, declared, world, service, place)
    local options, reason, hint = options_of(declared, world)
    if not options then
        return nil, reason, hint
    end
    local given = {}
    for name, value in pairs(options) do
        given[name] = value
    end
    given.region = place.region or given.region or world.getenv "DWSYNC_REGION"
    given.project_id = place.project_id or given.project_id
    given.ca_file = declared.ca_file or given.ca_file
    given.allow_http = declared.allow_http or given.allow_http
    local urls, err = endpoints.of(service, { region = given.region, endpoint = declared.endpoint,
        allow_http = given.allow_http, getenv = world.getenv, read_file = world.read_file })
    if urls then
        given.endpoint = table.concat(urls, ",")
        given.signing_service = given.algorithm == "V11-HMAC-SHA256" and service:lower() or nil
        given.retries, given.timeout, given.connect_timeout = 0, SECONDS, CONNECT_SECONDS
        given.getenv, given.read_file, given.runtime = world.getenv, world.read_file, world.runtime
        channel.host = urls[1]:gsub("^%a+://", "")
        channel.client, err = clients.new(given)
    end
    if not channel.client then
        return nil, err.message, err.hint
    end
    return true
end

-- Then nothing was sent, or it was refused before anything was done.
local NOT_SENT = { resolve = true, connect = true, handshake = true, certificate = true, descriptors = true }
local REFUSED = { request = true, not_found = true, config = true }
local WAITS = { auth = true, permission = true, credentials = true, clock = true }

--- What an error means.
-- @tparam dwsync.error err
-- @tparam boolean is_repeatable whether it does no harm to send it twice
-- @tparam integer now milliseconds
-- @treturn string "later", "refused"; or "unknown", for what may have been done and must not be done twice
-- @treturn string reason
-- @treturn ?integer until when to leave the channel alone, in milliseconds
function M.outcome(err, is_repeatable, now)
    local reason = errors.summary(err)
    if REFUSED[err.kind] then
        return "refused", reason
    elseif WAITS[err.kind] then
        return "later", reason, now + PAUSE_MS
    end
    local may_be_done = err.kind == "timeout" or err.kind == "decode" or err.status == 504
        or err.kind == "network" and not NOT_SENT[err.code]
    if may_be_done and not is_repeatable then
        return "unknown", reason
    end
    return "later", reason, err.retry_after and now + err.retry_after * 1000
end

return M
