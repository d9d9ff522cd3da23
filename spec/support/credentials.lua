--- What credential sources need, faked: a clock that only sleep moves, services that answer from a list, files from a
-- table. It must not reach anything real.
local Api = require "dwsync.request"
local cache = require "dwsync.credentials.cache"
local key_guard = require "dwsync.request.key_guard"

local M = {}

M.START = 1761389392 -- 2025-10-25T10:49:52Z

--- A world for one source.
-- @tparam table given `answers` (list of responses, {failure = err}, or function(request) → such; the last one stays),
-- `variables`, `files` (path → text), `region`, `project_id`, `metadata`, `iam` (URL), `transport` (options), `cache`
-- @treturn table world: `context` for sources, `requests`, `events`, `limits()`; a
-- step of the wall clock alone is added to `clock` and `stepped`
function M.world(given)
    local world = { requests = {}, events = {}, slept = {}, clock = M.START, stepped = 0 }
    local answers = given.answers or {}
    local runtime = {
        now = function() return world.clock end,
        monotonic = function() return world.clock - world.stepped end,
        sleep = function(seconds)
            world.slept[#world.slept + 1] = seconds
            world.clock = world.clock + seconds
        end,
        perform = function(request)
            world.requests[#world.requests + 1] = request
            local answer = answers[math.min(#world.requests, #answers)] or { failure = "nothing was expected" }
            if type(answer) == "function" then
                answer = answer(request)
            end
            if answer.failure then
                return nil, answer.failure
            end
            return { status = answer.status or 200, headers = answer.headers or {}, body = answer.body or "" }
        end,
    }
    world.runtime = runtime
    local context = {
        getenv = function(name) return (given.variables or {})[name] end,
        read_file = function(path)
            local text = (given.files or {})[path]
            if text then
                return text
            end
            return nil, "No such file or directory", true
        end,
        region = given.region,
        project_id = given.project_id,
        metadata = given.metadata,
        cache = given.cache or cache.new(),
        iam_endpoints = function(text) return { text } end,
    }
    world.api = Api.new {
        runtime = runtime,
        endpoints = { dws = { "https://dws.example" }, iam = { given.iam or "https://iam.example" } },
        iam_is_default = true,
        given_credentials = given.credentials,
        context = context,
        transport = given.transport or {},
        retries = given.retries or 0,
        attempt_timeout = 30,
        random = given.random or function() return 0.5 end,
        emit = function(event) world.events[#world.events + 1] = event end,
        guard = key_guard.new(),
    }
    world.context = world.api.provider.context
    function world.limits(timeout)
        return { deadline = world.runtime.monotonic() + (timeout or 60), timeout = timeout or 60 }
    end
    function world.get(timeout)
        return world.api:resolve_credentials(world.limits(timeout))
    end
    return world
end

--- ISO text of a point so many seconds after the beginning.
function M.after(seconds)
    return os.date("!%Y-%m-%dT%H:%M:%S.000000Z", M.START + seconds)
end

--- IAM's answer to a request for a token.
function M.token_answer(token, seconds, more)
    more = more or {}
    return {
        status = 201,
        headers = { ["x-subject-token"] = token },
        body = ('{"token":{"expires_at":"%s","project":{"id":"%s","name":"cn-north-4"}}}'):format(
            more.expires_at or M.after(seconds or 86400), more.project_id or "p-token"),
    }
end

--- An answer with temporary keys in IAM's spelling.
function M.keys_answer(ak, seconds, more)
    return {
        status = 201,
        body = ('{"credential":{"access":"%s","secret":"hidden-sk","securitytoken":"hidden-token","expires_at":"%s"}}')
            :format(ak, more and more.expires_at or M.after(seconds or 3600)),
    }
end

--- Raises when any of the secrets shows in a value, however deep, or in its text.
function M.assert_hidden(value, secrets, seen)
    seen = seen or {}
    if type(value) == "string" then
        for _, secret in ipairs(secrets) do
            assert(not value:find(secret, 1, true), "a secret shows in: " .. value)
        end
    elseif type(value) == "table" and not seen[value] then
        seen[value] = true
        M.assert_hidden(tostring(value), secrets, seen)
        for _, item in pairs(value) do
            M.assert_hidden(item, secrets, seen)
        end
    end
end

return M
