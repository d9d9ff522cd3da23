--- A custom bot of Feishu (飞书), and of Lark, which is the same elsewhere: a card of plain text, in which nothing is
-- formatted and nobody is mentioned.
-- Facts from open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN: 20 KB a request; 100 messages a minute, 5 a
-- second; 11232 is their limit. The key of the signature is the timestamp and the secret, and what is signed is empty.
-- @module dwsync.problems.channels.feishu
local core = require "dwsync.core"
local fitting = require "dwsync.problems.channels.fitting"
local http = require "dwsync.problems.channels.http"
local ordered_json = require "dwsync.ordered_json"
local secrets = require "dwsync.problems.channels.secrets"

local M = {}

--- Its own options.
M.OPTIONS = { url = secrets.REQUIRED, secret = secrets.OPTIONAL, keyword = { kind = "string", longest = 64 } }

--- What it takes: 100 a minute, of which no more than 5 at once.
M.RATE = { messages = 5, seconds = 3 }

local LONGEST_TITLE, LONGEST_TEXT, LONGEST_BODY = 600, 3000, 19 * 1024 -- bytes
local COLORS = { critical = "red", warning = "orange", ok = "green" }

local answer = http.coded_answer { name = "Feishu", code = "code", message = "msg",
    later = { [11232] = 60, [11233] = 60, [99991400] = 60 },
    -- No such token; signature; IP; keyword.
    of_channel = { [19001] = true, [19021] = true, [19022] = true, [19024] = true } }

-- The first version of the bots answers StatusCode in place of code.
local function read_answer(response, decoded)
    if decoded and decoded.code == nil and decoded.StatusCode ~= nil then
        decoded = { code = decoded.StatusCode, msg = decoded.StatusMessage }
    end
    return answer(response, decoded)
end

--- The signature of a request.
-- @tparam string secret
-- @tparam string seconds
-- @treturn string Base64
function M.signature(secret, seconds)
    return assert(core.hmac_sha256(seconds .. "\n" .. secret, ""))
end

local function plain(text, most)
    return { tag = "plain_text", content = fitting.text(text, most or LONGEST_TEXT) }
end

local function division(text)
    return text and { tag = "div", text = plain(text) } or nil
end

local function card(message, facts, keyword)
    local elements = { division(message.message) }
    elements[#elements + 1] = division(message.advice and "Next: " .. message.advice)
    local lines = {}
    for i, fact in ipairs(facts) do
        lines[i] = ("%s: %s"):format(fact[1], fact[2])
    end
    lines[#lines + 1] = keyword
    elements[#elements + 1] = lines[1] and { tag = "div",
        text = { tag = "plain_text", content = table.concat(lines, "\n") } }
    elements[#elements + 1] = message.link and { tag = "action", actions = {
        { tag = "button", type = "default", text = plain "Open", url = message.link } } }
    return {
        config = { wide_screen_mode = true },
        header = { template = COLORS[message.severity] or "grey", title = plain(message.title, LONGEST_TITLE) },
        elements = elements,
    }
end

--- The body of a request.
-- @tparam dwsync.problem.message message
-- @tparam[opt] table channel
-- @tparam[opt] integer now milliseconds, of the signature
-- @treturn string JSON
function M.render(message, channel, now)
    local secret = channel and channel.secrets.secret
    local seconds = secret and now and ("%d"):format(math.floor(now / 1000)) or nil
    return fitting.body(message.facts, LONGEST_BODY, function(facts)
        return ordered_json.encode {
            msg_type = "interactive", card = card(message, facts, channel and channel.options.keyword),
            timestamp = seconds, sign = seconds and M.signature(secret, seconds),
        }
    end)
end

--- Sends a message.
-- @tparam table channel
-- @tparam dwsync.problem.message message
-- @tparam table how
-- @treturn string see dwsync.problems.channels.http
-- @treturn ?string
-- @treturn ?integer
function M.send(channel, message, how)
    return http.post(channel, M.render(message, channel, how.now()), how, { answer = read_answer })
end

return M
