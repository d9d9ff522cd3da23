local dingtalk = require "dwsync.problems.channels.dingtalk"
local example = require "spec.problems.channels.example"
local json = require "dwsync.json"

local SECRET = "SEC19dd84be8c7f3cf71761974f1ed3ef77"
local NOW = 1747637723456

local function sent_to(declared)
    local sent
    local outcome = example.channel("dingtalk", declared).send(example.message(), {
        now = function() return NOW end,
        perform = function(request)
            sent = request
            return { status = 200, body = '{"errcode":0}', headers = {} }
        end,
    })
    assert.equal("sent", outcome)
    return sent
end

describe("a message for DingTalk", function()
    it("is Markdown that mentions nobody, with a key against repetition", function()
        local message = example.message()
        local body = json.decode(dingtalk.render(message))
        assert.same({ "markdown", message.key, false }, { body.msgtype, body.msgUuid, body.at.isAtAll })
        assert.equal("CRITICAL: 仓库: mass delete", body.markdown.title)
        assert.is_truthy(body.markdown.text:find("目录 ou=研发 ‹!", 1, true))
    end)

    -- printf 'TIMESTAMP\nSECRET' | openssl dgst -sha256 -mac HMAC -macopt key:SECRET -binary | base64
    it("is signed with milliseconds and the secret, percent-encoded in the address", function()
        assert.equal("8nWqJjijDP2ecsx9dOVfEQ63ELLkGsM9VqT1tuPQSzA=", dingtalk.signature(SECRET, ("%d"):format(NOW)))
        local sent = sent_to { url = "https://oapi.dingtalk.example/robot/send?access_token=t", secret = SECRET }
        assert.equal("https://oapi.dingtalk.example/robot/send?access_token=t&timestamp=1747637723456&sign="
            .. "8nWqJjijDP2ecsx9dOVfEQ63ELLkGsM9VqT1tuPQSzA%3D", sent.url)
        assert.is_nil(sent.body:find(SECRET, 1, true))
        sent = sent_to { url = "https://oapi.dingtalk.example/robot/send", secret = SECRET }
        assert.matches("/robot/send?timestamp=1747637723456&sign=", sent.url, 1, true)
    end)

    it("goes to the plain address where the robot wants no signature, and has the word that it demands", function()
        local url = "https://oapi.dingtalk.example/robot/send?access_token=t"
        local sent = sent_to { url = url, keyword = "告警" }
        assert.equal(url, sent.url)
        assert.is_truthy(json.decode(sent.body).markdown.text:find("\n告警\n", 1, true))
    end)

    it("is sent again later when what answers gives a code that DingTalk cannot have meant", function()
        local channel = example.channel("dingtalk", { url = "https://oapi.dingtalk.example/robot/send?access_token=t" })
        for _, code in ipairs { "1e400", "3.5", "1e300", '"nan"', '"0x1p-1"' } do
            local outcome, reason = channel.send(example.message(), { now = function() return NOW end,
                perform = function()
                    return { status = 200, body = ('{"errcode":%s}'):format(code), headers = {} }
                end })
            assert.same({ "later", "answered HTTP 200, but not as DingTalk does" }, { outcome, reason })
        end
    end)

    it("has at most 12,000 bytes of text", function()
        local message = example.message()
        for i = 1, 2000 do
            message.facts[i] = { "研", ('"'):rep(50) }
        end
        local markdown = json.decode(dingtalk.render(message)).markdown
        assert.is_true(#markdown.text <= 12000 and #markdown.text > 11800)
        assert.matches("\n\n… and %d+ more$", markdown.text)
        message.title = ("研"):rep(500)
        assert.is_true(#json.decode(dingtalk.render(message)).markdown.title <= 256)
    end)
end)
