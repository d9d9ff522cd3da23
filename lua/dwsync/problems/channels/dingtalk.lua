--- A custom robot of DingTalk (钉钉): Markdown, signed when the robot demands that.
-- Facts from help.dingtalk.io, "Custom robots send group messages": 20 messages a minute, beyond which the robot is
-- silent for ten minutes; `msgUuid` keeps a repeated message from being shown twice; nobody is mentioned whom `at` does
-- not name. The signature is that of open.dingtalk.com, "自定义机器人安全设置".
-- @module dwsync.problems.channels.dingtalk
local core = require "dwsync.core"
local fitting = require "dwsync.problems.channels.fitting"
local http = require "dwsync.problems.channels.http"
local ordered_json = require "dwsync.ordered_json"
local robot_markdown = require "dwsync.problems.channels.robot_markdown"
local secrets = require "dwsync.problems.channels.secrets"

local M = {}

--- Its own options.
M.OPTIONS = { url = secrets.REQUIRED, secret = secrets.OPTIONAL, keyword = { kind = "string", longest = 64 } }

--- What it takes.
M.RATE = { messages = 20, seconds = 60 }

local LONGEST_TITLE = 256 -- bytes; it is shown in the list of chats
local LONGEST = 12000 -- bytes of the text: of another interface's 15,000, which holds for the body

local answer = http.coded_answer {
    name = "DingTalk", code = "errcode", message = "errmsg",
    -- System busy; "send too fast, exceed 20 times per minute"; the same of the gateway.
    later = { [-1] = 0, [130101] = 600, [410100] = 600 },
    -- Signature, keyword or IP; no such token; the robot was stopped; its group is gone.
    of_channel = { [310000] = true, [300005] = true, [400101] = true, [400102] = true, [400013] = true },
}

--- The signature of a request.
-- @tparam string secret
-- @tparam string milliseconds
-- @treturn string Base64
function M.signature(secret, milliseconds)
    return assert(core.hmac_sha256(secret, milliseconds .. "\n" .. secret))
end

local function signed(channel, now)
    local secret = channel.secrets.secret
    if not secret then
        return channel.url
    end
    local milliseconds = ("%.0f"):format(now)
    local sign = M.signature(secret, milliseconds):gsub("[+/=]", { ["+"] = "%2B", ["/"] = "%2F", ["="] = "%3D" })
    return ("%s%stimestamp=%s&sign=%s"):format(channel.url, channel.url:find("?", 1, true) and "&" or "?",
        milliseconds, sign)
end

--- The body of a request.
-- @tparam dwsync.problem.message message
-- @tparam[opt] table channel
-- @treturn string JSON
function M.render(message, channel)
    return ordered_json.encode {
        msgtype = "markdown", msgUuid = message.key, at = { isAtAll = false },
        markdown = {
            title = fitting.text(robot_markdown.plain(message.title), LONGEST_TITLE),
            text = robot_markdown.render(message, LONGEST, "\n\n", channel and channel.options.keyword),
        },
    }
end

--- Sends a message.
-- @tparam table channel
-- @tparam dwsync.problem.message message
-- @tparam table how
-- @treturn string see dwsync.problems.channels.http
-- @treturn ?string
-- @treturn ?integer
function M.send(channel, message, how)
    return http.post(channel, M.render(message, channel), how, { url = signed(channel, how.now()), answer = answer })
end

return M
