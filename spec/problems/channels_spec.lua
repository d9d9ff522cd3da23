local json = require "dwsync.json"
local messages = require "dwsync.problems.messages"
local slack = require "dwsync.problems.channels.slack"
local teams = require "dwsync.problems.channels.teams"
local webhook = require "dwsync.problems.channels.webhook"

local NOW = 1747637723000

local function message_of(more, step_more)
    local row = { cluster_id = "id-1", cluster_name = "仓库", source = "s<1>", source_type = "ldap", rule = "mass_delete",
        state = "firing", severity = "critical", episode = 2, since = NOW - 7200000, fired_at = NOW, told = {},
        message = "目录 ou=研发 <!channel> & *bold* [x](http://evil.example)", advice = "Look at <at>all</at>." }
    for name, value in pairs(more or {}) do
        row[name] = value
    end
    local step = { event = "firing", step = "critical", episode = 2, fired_at = NOW, since = row.since }
    for name, value in pairs(step_more or {}) do
        step[name] = value
    end
    return messages.make(row, step, nil, NOW)
end

-- All texts in a decoded body, wherever they are.
local function texts_of(value, list)
    list = list or {}
    for _, item in pairs(value) do
        if type(item) == "table" then
            texts_of(item, list)
        elseif type(item) == "string" then
            list[#list + 1] = item
        end
    end
    return list
end

-- Characters as Slack counts them.
local function length_of(text)
    return select(2, text:gsub("[^\128-\191]", ""))
end

describe("a message", function()
    it("says what happened, to what, since when and what to do", function()
        assert.same({
            "CRITICAL: 仓库: mass delete",
            "目录 ou=研发 <!channel> & *bold* [x](http://evil.example).",
            "Cluster: 仓库 (id-1)",
            "Source: s<1> (ldap)",
            "Since: 2025-05-19T04:55:23Z (2 h)",
            "Next: Look at <at>all</at>.",
        }, messages.lines(message_of()))
    end)

    it("says how it ended, and what it was", function()
        local message = message_of({ state = "resolved", resolved_at = NOW, ending = "no longer reported" },
            { event = "resolved", step = "resolved", previous = "critical", ended = NOW })
        assert.same({ "RESOLVED: 仓库: mass delete", "ok", "Over: no longer reported. It was: 目录 ou=研发 <!channel> & "
            .. "*bold* [x](http://evil.example).", nil }, { message.title, message.severity, message.message,
            message.advice })
        assert.matches("\nEnded: 2025%-05%-19T06:55:23Z", table.concat(messages.lines(message), "\n"))
    end)

    it("has one key for each step of an episode, whenever it is made", function()
        local first, worse = message_of(), message_of(nil, { event = "escalated", previous = "warning",
            step = "critical" })
        assert.equal(first.key, message_of({ message = "other words" }).key)
        assert.equal(first.key, worse.key) -- the same severity is the same news, whoever was told the lesser one
        local over = message_of(nil, { event = "resolved", step = "resolved", ended = NOW })
        assert.not_equal(first.key, over.key)
        assert.equal(first.problem_id, over.problem_id)
        assert.not_equal(first.problem_id, message_of(nil, { fired_at = NOW + 1 }).problem_id)
    end)
end)

describe("the body for a webhook", function()
    it("is JSON of documented fields in their order", function()
        local body = webhook.render(message_of())
        assert.matches('^{"event":"firing","key":"%x+","problem_id":"%x+","time":1747637723000,"cluster_id":"id%-1",'
            .. '"cluster_name":"仓库","source":"s<1>","source_type":"ldap","rule":"mass_delete","severity":"critical",'
            .. '"episode":2,"since":1747630523000,"message":"', body)
        local fields = json.decode(body)
        assert.is_truthy(fields.message:find("<!channel> & *bold*", 1, true))
    end)

    it("has a text in which nobody is mentioned", function()
        local text = json.decode(webhook.render(message_of { message = "@all <!here>" })).text
        assert.is_nil(text:find "[<>@]")
        assert.is_truthy(text:find("目录", 1, true) or text:find("仓库", 1, true))
    end)
end)

describe("the body for Slack", function()
    it("is blocks of plain text, with Slack's three characters escaped everywhere", function()
        local body = json.decode(slack.render(message_of()))
        for _, block in ipairs(body.blocks) do
            assert.same({ "plain_text", false }, { block.text.type, block.text.emoji })
        end
        for _, text in ipairs(texts_of(body)) do
            assert.is_nil(text:find "[<>]")
            assert.is_nil(text:gsub("&amp;", ""):gsub("&lt;", ""):gsub("&gt;", ""):find("&", 1, true))
        end
        assert.equal("CRITICAL: 仓库: mass delete", body.blocks[1].text.text)
        assert.is_truthy(body.blocks[2].text.text:find("目录 ou=研发 &lt;!channel&gt; &amp; *bold*", 1, true))
    end)

    it("keeps Slack's limits without cutting a character or an entity", function()
        for _, piece in ipairs { "&", "研", "<x> ", "\240\159\154\168" } do
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
end)

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
end)
