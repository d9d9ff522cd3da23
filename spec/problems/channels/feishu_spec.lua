local example = require "spec.problems.channels.example"
local feishu = require "dwsync.problems.channels.feishu"
local json = require "dwsync.json"

local SECRET, NOW = "demoSecretOfABot", 1747637723456

describe("a message for Feishu", function()
    it("is a card whose texts are plain", function()
        local body = json.decode(feishu.render(example.message()))
        assert.equal("interactive", body.msg_type)
        assert.same({ "red", "plain_text", "CRITICAL: 仓库: mass delete" },
            { body.card.header.template, body.card.header.title.tag, body.card.header.title.content })
        for _, element in ipairs(body.card.elements) do
            assert.same({ "div", "plain_text" }, { element.tag, element.text.tag })
        end
        assert.is_nil(body.sign)
    end)

    -- KEY=$(printf 'SECONDS\nSECRET' | od -An -tx1 | tr -d ' \n')
    -- printf '' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$KEY -binary | base64
    it("is signed with seconds and the secret as the key of an empty text", function()
        assert.equal("KRRaH+9qUVCoJX4P8pX/Nd6Vrk4fjy08L65fmyHzFak=", feishu.signature(SECRET, "1747637723"))
        local sent
        example.channel("feishu", { url = "https://open.feishu.example/hook/x", secret = SECRET, keyword = "告警" })
            .send(example.message(), {
                now = function() return NOW end,
                perform = function(request)
                    sent = request
                    return { status = 200, body = '{"code":0}', headers = {} }
                end,
            })
        local body = json.decode(sent.body)
        assert.same({ "1747637723", feishu.signature(SECRET, "1747637723") }, { body.timestamp, body.sign })
        assert.is_nil(sent.body:find(SECRET, 1, true))
        assert.matches("\n告警$", body.card.elements[#body.card.elements].text.content)
    end)

    it("has a button for the configured link", function()
        local message = example.message()
        message.link = "https://status.example/c?id=1"
        local elements = json.decode(feishu.render(message)).card.elements
        assert.equal(message.link, elements[#elements].actions[1].url)
    end)

    it("stays below 20 KB without cutting a character", function()
        for _, piece in ipairs { "研", '"', "\240\159\154\168" } do
            local message = example.message()
            message.title, message.message, message.advice = piece:rep(5000), piece:rep(5000), piece:rep(5000)
            for i = 1, 1000 do
                message.facts[i] = { "Problem", piece:rep(20) }
            end
            local body = feishu.render(message)
            assert.is_true(#body < 20 * 1024)
            for _, text in ipairs(example.texts(json.decode(body))) do
                assert.equal("", (text:gsub("[%z\1-\127]", ""):gsub("[\194-\244][\128-\191]+", "")))
            end
            assert.is_truthy(body:find(" more", 1, true))
        end
    end)
end)
