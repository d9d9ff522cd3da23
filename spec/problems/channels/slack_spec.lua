local example = require "spec.problems.channels.example"
local json = require "dwsync.json"
local slack = require "dwsync.problems.channels.slack"

local message_of = example.message

-- Characters as Slack may count them: two for one beyond 16 bits.
local function length_of(text)
    return select(2, text:gsub("[^\128-\191]", "")) + select(2, text:gsub("[\240-\244]", ""))
end

describe("the body for Slack", function()
    it("is blocks of plain text, with Slack's three characters escaped everywhere", function()
        local body = json.decode(slack.render(message_of()))
        for _, block in ipairs(body.blocks) do
            assert.same({ "plain_text", false }, { block.text.type, block.text.emoji })
        end
        for _, text in ipairs(example.texts(body)) do
            assert.is_nil(text:find "[<>]")
            assert.is_nil(text:gsub("&amp;", ""):gsub("&lt;", ""):gsub("&gt;", ""):find("&", 1, true))
        end
        assert.equal("CRITICAL: 仓库: mass delete", body.blocks[1].text.text)
        assert.is_truthy(body.blocks[2].text.text:find("目录 ou=研发 &lt;!channel&gt; &amp; *bold*", 1, true))
    end)

    it("keeps Slack's limits without cutting a character or an entity", function()
        for _, piece in ipairs { "&", "研", "<x> ", "\240\159\154\168", "\244\143\191\189" } do
            local message = message_of { cluster_name = piece:rep(500), message = piece:rep(5000),
                source = piece:rep(500), advice = piece:rep(5000) }
            message.title, message.message = piece:rep(400), piece:rep(5000)
            local body = json.decode(slack.render(message))
            assert.is_true(length_of(body.blocks[1].text.text) <= 150)
            assert.is_true(length_of(body.blocks[2].text.text) <= 3000)
            assert.is_true(length_of(body.blocks[3].text.text) <= 3000)
            local header = body.blocks[1].text.text
            assert.matches("…$", header)
            assert.is_nil(header:gsub("&%a+;", ""):find("&", 1, true))
        end
    end)

    it("has the configured link and no other", function()
        local message = message_of()
        message.link = "https://status.example/c?id=1&x=<!here>|y"
        local body = json.decode(slack.render(message))
        assert.equal("<https://status.example/c?id=1&amp;x=!herey|Open>", body.blocks[4].elements[1].text)
        assert.is_nil(json.decode(slack.render(message_of())).blocks[4])
    end)
end)
