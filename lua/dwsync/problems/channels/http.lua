--- How a channel is told by a POST: the address, the request, and what an answer means.
--
-- 2xx is sent. Other answers about the message or the address are final for this message; what says something about the
-- channel, an answer or the network, is tried again later. A kind whose receiver answers 200 with an error inside reads
-- that itself, see `post`.
-- @module dwsync.problems.channels.http
local errors = require "dwsync.errors"
local json = require "dwsync.json"
local text = require "dwsync.text"

local M = {}

local SECONDS, CONNECT_SECONDS = 10, 5 -- of one request
local ASKS_TO_WAIT = { [429] = true, [503] = true } -- with Retry-After
-- Of 3xx and 4xx, those that may pass; 407 is the proxy's.
local MAY_PASS = { [302] = true, [303] = true, [307] = true, [407] = true, [408] = true, [421] = true, [425] = true,
    [429] = true }
local LEAST_CONCEALED = 8 -- bytes of a part of an address: "robot" and "send" are no secrets

local LOOPBACK = { localhost = true, ["[::1]"] = true }

--- Whether a host is this machine, literally.
-- @tparam string host perhaps with a port
-- @treturn boolean
function M.is_loopback(host)
    local name = host:gsub(":%d+$", "")
    return LOOPBACK[name:lower()] or name:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

-- Nothing of an address that cannot be parsed is shown: any part of it may be the secret.
local function host_of(address)
    if address:find "[%s%c]" then
        return nil
    end
    local scheme, authority, rest = address:match "^(%a+)://([^/?#@\\]+)(.*)$"
    scheme = scheme and scheme:lower()
    if not (scheme == "https" or scheme == "http") or not (rest == "" or rest:find "^[/?#]") then
        return nil
    end
    return text.excerpt(authority, 80), scheme
end

--- Checks an address.
-- @tparam string address
-- @tparam string place where it comes from, for messages
-- @tparam boolean allow_http whether plain http may go beyond this machine
-- @treturn ?string host with its port; nil when the address is wrong
-- @treturn string whether it is plain http, as a boolean; or what is wrong
-- @treturn string hint
function M.address(address, place, allow_http)
    local host, scheme = host_of(address)
    if not host then
        return nil, ("%s holds no address that begins with https://, or more than that"):format(place),
            "It is one line; user names and passwords in it are not supported."
    elseif scheme == "http" and not allow_http and not M.is_loopback(host) then
        return nil, ("plain http to %s would show the address to anyone on the way"):format(host),
            "Use https://, or allow it with allow_http = true of the channel in the configuration file."
    end
    return host, scheme == "http"
end

-- The secrets, and the parts of the address: what a receiver says may quote its path or a token in it.
local function concealed(channel, url)
    local list = { url }
    for _, secret in pairs(channel.secrets) do
        list[#list + 1] = secret
    end
    local rest = url:match "^%a+://[^/?#]+(.*)$" or ""
    list[#list + 1] = #rest >= LEAST_CONCEALED and rest or nil
    for part in rest:gmatch "[^/?&=#]+" do
        list[#list + 1] = #part >= LEAST_CONCEALED and part or nil
    end
    table.sort(list, function(a, b) -- one may be the beginning of another
        return #a > #b
    end)
    return list
end

local function of_status(status)
    if status >= 200 and status < 300 then
        return "sent"
    end
    local reason = ("answered HTTP %d"):format(status)
    if status >= 300 and status < 400 then
        reason = reason .. ", a redirect, which is not followed"
    end
    return (status >= 500 or MAY_PASS[status]) and "later" or "refused", reason
end

--- Makes what reads the answers of a receiver that says in JSON, even with status 200, how it went.
-- @tparam table of `code` and `message`: names of fields, of which code 0 is good; `name` of the receiver; `later`: by
-- code that may pass, for how many seconds to leave it alone, 0 for no demand; `of_channel`: codes that say that the
-- channel is wrong, not the message: each other one would be refused, too
-- @treturn function see `post`
function M.coded_answer(of)
    return function(response, decoded)
        if response.status >= 300 and not (decoded and response.status < 500) then
            return nil
        end
        local code = decoded and tonumber(decoded[of.code])
        if not code or code % 1 ~= 0 or math.abs(code) >= 2 ^ 53 then -- no number of theirs, and "%d" takes no other
            return response.status < 300 and "later" or nil,
                ("answered HTTP %d, but not as %s does"):format(response.status, of.name)
        elseif code == 0 and response.status < 300 then
            return "sent"
        end
        local words = decoded[of.message]
        local reason = ("answered %d%s"):format(code, type(words) == "string" and ": " .. words or "")
        if of.later[code] or MAY_PASS[response.status] then
            return "later", reason, of.later[code] ~= 0 and of.later[code] or nil
        end
        return "refused", reason, nil, of.of_channel[code]
    end
end

--- Reads the answer of a receiver that may be hidden behind a page of a proxy, or one to log in.
-- @tparam table response
-- @treturn ?string see `post`
-- @treturn string
function M.unless_page(response)
    if response.status < 300 and response.body:find "^%s*<[!%a]" then
        return "later", ("answered HTTP %d with a web page"):format(response.status)
    end
end

--- Sends a body.
-- @tparam table channel
-- @tparam ?string body
-- @tparam table how `perform(request)`, `now()` in milliseconds
-- @tparam[opt] table more `headers` beside Content-Type; `method`, `url` in place of POST and the channel's;
-- `answer(response, decoded)`, which reads an answer, and its body if that is JSON, and returns what this function
-- does, with the pause in seconds; or nil, when the status alone says it
-- @treturn string "sent", "later" (the channel is in trouble) or "refused" (for good)
-- @treturn ?string the reason, without secrets
-- @treturn ?integer until when to leave the channel alone, in milliseconds
-- @treturn ?boolean whether the answer says that each other message will be refused, too
function M.post(channel, body, how, more)
    more = more or {}
    local url = more.url or channel.url
    local headers = { ["Content-Type"] = "application/json" }
    for name, value in pairs(more.headers or {}) do
        headers[name] = value
    end
    local response, err = how.perform { method = more.method or "POST", url = url, body = body, headers = headers,
        timeout = SECONDS, connect_timeout = CONNECT_SECONDS, ca_file = channel.ca_file,
        allow_http = channel.allow_http }
    local outcome, reason, pause, is_of_channel
    if not response then
        outcome, reason = "later", err.kind == "timeout" and "no answer in time" or err.message
    else
        if more.answer then
            outcome, reason, pause, is_of_channel = more.answer(response, json.decode_answer(response.body))
        end
        if not outcome then
            outcome, reason = of_status(response.status)
        end
        if outcome == "later" and ASKS_TO_WAIT[response.status] then
            pause = errors.retry_after(response, how.now() / 1000) or pause
        end
    end
    return outcome, reason and text.excerpt(text.redact(reason, concealed(channel, url))),
        pause and how.now() + pause * 1000, is_of_channel
end

return M
