local example = require "spec.problems.channels.example"
local messages = require "dwsync.problems.messages"

local NOW, message_of = example.NOW, example.message

describe("a message", function()
    it("says what happened, to what, since when and what to do", function()
        assert.same({
            "CRITICAL: 仓库: mass delete",
            "目录 ou=研发 <!channel> & *bold* [x](http://evil.example).",
            "Cluster: 仓库 (id-1)",
            "Source: s<1> (ldap)",
            "Since: 2025-05-19T04:55:23Z (2 h)",
            "Acknowledge: dwsync alerts ack " .. message_of().problem_id:sub(1, 8),
            "Next: Look at <at>all</at>.",
        }, messages.lines(message_of()))
    end)

    it("has a link to the cluster, where a page is named, and nothing of a name can break out of it", function()
        assert.equal("https://status.example.com/c/a%2F%3Fb%25?tab=1",
            messages.link("https://status.example.com/c/{cluster}?tab=1", "a/?b%"))
        assert.is_nil(messages.link(nil, "c"))
        local message = message_of()
        message.link = "https://status.example.com/id-1"
        local lines = messages.lines(message)
        assert.equal("See: https://status.example.com/id-1", lines[#lines])
        assert.equal(#lines - 1, #messages.lines(message, true))
    end)

    it("says how it ended, and what it was", function()
        local message = message_of({ state = "resolved", resolved_at = NOW, ending = "no longer reported" },
            { event = "resolved", step = "resolved", previous = "critical", ended = NOW })
        assert.same({ "RESOLVED: 仓库: mass delete", "ok", "Over: no longer reported. It was: 目录 ou=研发 <!channel> & "
            .. "*bold* [x](http://evil.example).", nil }, { message.title, message.severity, message.message,
            message.advice })
        assert.matches("\nEnded: 2025%-05%-19T06:55:23Z$", table.concat(messages.lines(message), "\n"))
    end)

    it("says in its title what kind of news it is", function()
        for event, title in pairs { firing = "CRITICAL", escalated = "CRITICAL, was WARNING",
            reminder = "STILL, CRITICAL", flapping = "FLAPPING, CRITICAL", resolved = "RESOLVED" } do
            assert.equal(title .. ": 仓库: mass delete", message_of({ flips = { 1, 2 } }, { event = event,
                previous = "warning" }).title)
        end
    end)

    it("is harmless on a terminal, whatever the database holds", function()
        local message = message_of({ rule = "a_b\27]0;x\7\n", source_type = "\27[2J", cluster_id = "\27[2J",
            cluster_name = "\27[2J", message = "\27[2J", advice = "\27[2J" })
        for _, line in ipairs(messages.lines(message)) do
            assert.is_nil(line:find "%c", line)
        end
        assert.matches(": a b", message.title, 1, true)
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
