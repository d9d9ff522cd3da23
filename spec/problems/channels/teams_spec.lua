local example = require "spec.problems.channels.example"
local json = require "dwsync.json"
local teams = require "dwsync.problems.channels.teams"

local message_of = example.message

describe("the body for Teams", function()
    it("is an Adaptive Card whose texts are runs, which read no Markdown and mention nobody", function()
        local body = json.decode(teams.render(message_of()))
        assert.same({ "message", 1, "application/vnd.microsoft.card.adaptive" },
            { body.type, #body.attachments, body.attachments[1].contentType })
        local card = body.attachments[1].content
        assert.same({ "AdaptiveCard", "1.4" }, { card.type, card.version })
        for _, element in ipairs(card.body) do
            assert.equal("RichTextBlock", element.type)
            for _, run in ipairs(element.inlines) do
                assert.equal("TextRun", run.type)
            end
        end
        assert.is_nil(card.msteams.entities)
        assert.equal("CRITICAL: 仓库: mass delete", card.body[1].inlines[1].text)
        assert.equal("attention", card.body[1].inlines[1].color)
        assert.is_truthy(card.body[2].inlines[1].text:find("目录 ou=研发 <!channel> & *bold*", 1, true))
    end)

    it("stays below the 28 KB of a message", function()
        for _, piece in ipairs { "研", "\"", "x" } do
            assert.is_true(#teams.render(message_of { cluster_name = piece:rep(9000), message = piece:rep(90000),
                source = piece:rep(9000), advice = piece:rep(90000) }) < 28 * 1024)
        end
    end)

    it("says how many facts it left out to stay below that", function()
        local message = message_of()
        for i = 1, 500 do
            message.facts[i] = { "Problem", ("研"):rep(20) .. i }
        end
        local body = teams.render(message)
        assert.is_true(#body < 28 * 1024)
        assert.matches('"text":"and %d+ more"', body)
    end)

    it("opens the configured link", function()
        local message = message_of()
        message.link = "https://status.example/"
        assert.same({ { type = "Action.OpenUrl", title = "Open", url = message.link } },
            json.decode(teams.render(message)).attachments[1].content.actions)
    end)
end)

describe("an answer of Teams", function()
    it("has an error inside only where its status says that all is well", function()
        local body = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"
        for status, said in pairs { [200] = { "later", "answered HTTP 200 with HTTP 429 inside" }, [300] = {},
            [299] = { "later", "answered HTTP 200 with HTTP 429 inside" } } do
            assert.same(said, { teams.answer { status = status, body = body } })
        end
        assert.same({ "later", "answered HTTP 200 with a web page" }, { teams.answer { status = 200, body = "<p>" } })
        assert.same({}, { teams.answer { status = 200, body = "1" } })
    end)
end)
