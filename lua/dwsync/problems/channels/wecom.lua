--- A group robot of WeCom (企业微信): Markdown.
-- Facts from developer.work.weixin.qq.com/document/path/91770: a text has 4096 bytes at most, and a robot sends 20
-- messages a minute.
-- @module dwsync.problems.channels.wecom
local http = require "dwsync.problems.channels.http"
local ordered_json = require "dwsync.ordered_json"
local robot_markdown = require "dwsync.problems.channels.robot_markdown"
local secrets = require "dwsync.problems.channels.secrets"

local M = {}

--- Its own options.
M.OPTIONS = { url = secrets.REQUIRED }

--- What it takes.
M.RATE = { messages = 20, seconds = 60 }

local LONGEST = 4096 -- bytes

--- How an answer is read: errcode 45009 is the limit of a minute, 45033 that of requests at once, -1 a busy system;
-- 93000 to 93008: no such robot, or it was stopped or removed.
M.answer = http.coded_answer { name = "WeCom", code = "errcode", message = "errmsg",
    later = { [-1] = 0, [45009] = 60, [45033] = 0 },
    of_channel = { [93000] = true, [93004] = true, [93008] = true } }

--- The body of a request.
-- @tparam dwsync.problem.message message
-- @treturn string JSON
function M.render(message)
    return ordered_json.encode { msgtype = "markdown",
        markdown = { content = robot_markdown.render(message, LONGEST, "\n") } }
end

return M
