--- Mail by SMTP. A mail is sent step by step: where the runtime can sleep others go on meanwhile, else this process
-- waits for it, at most `SECONDS`.
-- @module dwsync.problems.channels.email
local core = require "dwsync.core"
local http = require "dwsync.problems.channels.http"
local mail_text = require "dwsync.problems.channels.mail_text"
local secrets = require "dwsync.problems.channels.secrets"
local text = require "dwsync.text"

local M = {}

local SECONDS = 20 -- libcurl counts a greeting among what connecting takes, and servers let strangers wait for it
local PAUSE = 0.02 -- seconds between steps
local LOCKED_OUT_MS = 86400000 -- servers lock who tries a wrong password again and again
local PORTS = { starttls = 587, implicit = 465, none = 25 }

local ADDRESS = { kind = "string", longest = 254, pattern = "^[!-;=?-~]+@[!-;=?-~]+$",
    expected = "an address such as ops@example.com" }

--- Its own options.
M.OPTIONS = {
    server = { kind = "string", longest = 200, required = true, pattern = "^[%w.%-_:%[%]]+$",
        expected = "the name of a mail server" },
    port = { kind = "integer", from = 1, to = 65535 },
    tls = { kind = "one_of", values = { "starttls", "implicit", "none" } },
    user = { kind = "string", longest = 200 },
    password = secrets.OPTIONAL,
    from = { kind = ADDRESS.kind, longest = ADDRESS.longest, pattern = ADDRESS.pattern, expected = ADDRESS.expected,
        required = true },
    to = { kind = "list", of = ADDRESS, least = 1, required = true },
}

--- The whole mail.
-- @tparam dwsync.problem.message message
-- @tparam table channel
-- @treturn string
function M.render(message, channel)
    return mail_text.write(message, channel.options.from, channel.options.to)
end

local function mail_of(channel, message)
    local options = channel.options
    return core.mail { host = options.server, port = channel.port, tls = channel.tls, user = options.user,
        password = channel.secrets.password, from = options.from, to = options.to, ca_file = channel.ca_file,
        message = M.render(message, channel), timeout = SECONDS, connect_timeout = SECONDS }
end

-- To try everything but the sending.
local TRIAL = { key = "0", time = 0, title = "", message = "", facts = {}, severity = "ok", event = "test" }

--- Makes a channel ready.
-- @tparam table channel
-- @tparam table declared
-- @treturn ?boolean
-- @treturn string what is wrong
-- @treturn string hint
function M.prepare(channel, declared)
    channel.tls = declared.tls or (http.is_loopback(declared.server) and "none" or "starttls")
    channel.port = declared.port or PORTS[channel.tls]
    channel.host = ("%s:%d"):format(declared.server, channel.port)
    local mail, err = mail_of(channel, TRIAL)
    if not mail then
        return nil, (err.message:gsub("^mail: ", "")), "See the options of a channel of the kind email."
    end
    mail:close()
    return true
end

local function finish(mail, how)
    while true do
        local answer, err = mail:step(how.sleep and 0 or SECONDS)
        if answer ~= false then
            return answer, err
        elseif how.sleep then
            how.sleep(PAUSE)
        end
    end
end

local function failed(err, now)
    local reason = text.excerpt(err.message)
    if err.kind == "timeout" then
        return "later", "no answer in time"
    elseif err.code ~= "refused" or err.reply:find "^4" then
        return err.kind == "config" and "refused" or "later", reason
    elseif err.reply:find "^53" then
        return "refused", reason, now + LOCKED_OUT_MS
    end
    return "refused", reason
end

--- Sends a message.
-- @tparam table channel
-- @tparam dwsync.problem.message message
-- @tparam table how `now()` in milliseconds; `sleep(seconds)`, without which the process waits
-- @treturn string "sent" when the server took it for at least one recipient, "later" or "refused"
-- @treturn ?string the reason, without addresses; with "sent", that not all recipients get it
-- @treturn ?integer until when to leave the channel alone: for a day, or until its password is another, when that is
-- wrong
function M.send(channel, message, how)
    local mail, err = mail_of(channel, message)
    local answer
    if mail then
        answer, err = finish(mail, how)
    end
    if not answer then
        return failed(err, how.now())
    end
    return "sent", answer.refused > 0 and ("%d of %d recipients were refused: %s"):format(answer.refused,
        #channel.options.to, answer.refusal) or nil
end

return M
