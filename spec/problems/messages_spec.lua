local core = require "dwsync.core"
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

    it("has every field of the problem and the step, and facts in their order", function()
        local message = message_of(nil, { event = "escalated", step = "critical", previous = "warning" })
        assert.same({ "escalated", "warning", "critical", NOW, "id-1", "仓库", "s<1>", "ldap", "mass_delete", 2,
            NOW - 7200000, "Look at <at>all</at>." }, { message.event, message.previous, message.severity, message.time,
            message.cluster_id, message.cluster_name, message.source, message.source_type, message.rule,
            message.episode, message.since, message.advice })
        assert.same({ { "Cluster", "仓库 (id-1)" }, { "Source", "s<1> (ldap)" },
            { "Since", "2025-05-19T04:55:23Z (2 h)" },
            { "Acknowledge", "dwsync alerts ack " .. message.problem_id:sub(1, 8) } }, message.facts)
        assert.is_nil(message.link or message.ended)
        local row = { cluster_id = "id-1", source = "", rule = "never", state = "told", severity = "critical",
            episode = 1, seen_at = 3, since = NOW, told = {}, message = "Why?" }
        local step = { event = "firing", step = "critical", severity = "critical", episode = 1, since = NOW + 5000 }
        local made = messages.make(row, step, { message = "seen", advice = "do it" }, NOW, "https://x/{cluster}")
        assert.same({ "seen.", "do it.", "https://x/id-1", messages.problem_id(row, 3), "CRITICAL: id-1: never" },
            { made.message, made.advice, made.link, made.problem_id, made.title })
        assert.is_nil(made.source)
        assert.same({ { "Cluster", "id-1" }, { "Since", "2025-05-19T06:55:28Z (0 s)" },
            { "Acknowledge", "dwsync alerts ack " .. made.problem_id:sub(1, 8) } }, made.facts)
        for words, shown in pairs { ["Why?"] = "Why?", ["No!"] = "No!", ["So."] = "So.", ["So…"] = "So…",
            so = "so." } do
            row.message, row.advice = words, words
            made = messages.make(row, step, nil, NOW)
            assert.same({ shown, shown }, { made.message, made.advice })
        end
        assert.same({ 32, 32 }, { #made.key, #made.problem_id })
        local full = messages.make({ cluster_id = "c", cluster_name = "n", source = "s", source_type = "t", rule = "r",
            severity = "critical", episode = 1, fired_at = 1, message = "m", advice = "a" }, { event = "escalated",
            step = "critical", severity = "critical", previous = "warning", episode = 1, since = 1, ended = 2 }, nil,
            NOW, "https://x")
        full.title, full.facts = nil, nil
        for _, name in ipairs(messages.FIELDS) do
            assert.is_not_nil(full[name], name)
            full[name] = nil
        end
        assert.same({}, full)
        assert.not_equal(messages.problem_id { cluster_id = "ab", source = "c", rule = "r", seen_at = 1 },
            messages.problem_id { cluster_id = "a", source = "bc", rule = "r", seen_at = 1 })
        row.source, row.seen_at = "t", 4
        assert.equal("t", messages.make(row, step, nil, NOW).facts[2][2])
        row.fired_at = 3
        assert.same({ messages.problem_id(row, 3), true }, { messages.problem_id(row),
            messages.problem_id(row) ~= messages.problem_id(row, 4) })
    end)

    it("says of what ended, and of what comes and goes, what it last was", function()
        local function words(more, step)
            local message = message_of(more, step)
            return { message.message, message.advice }
        end
        local over = { event = "resolved", step = "resolved", ended = NOW }
        assert.same({ "Over: fine. It was: m." }, words({ ending = "fine", message = "m" }, over))
        assert.same({ "It is over. It was: m." }, words({ message = "m" }, over))
        over.episode = 1
        assert.same({ "It is over." }, words({ ending = "fine" }, over))
        assert.same({ "It comes and goes: 1 change within the last hour. Nothing more is told until it is quiet. "
            .. "Last: m.", "a." }, words({ flips = { 1 }, message = "m", advice = "a" }, { event = "flapping" }))
        local row = { cluster_id = "c", source = "s", rule = "r", severity = "warning", episode = 1, fired_at = 1,
            message = "m", advice = "a", flips = { 1, 2 } }
        local made = messages.make(row, { event = "flapping", step = "flapping", severity = "warning", episode = 1,
            since = NOW - 1000 }, { message = "now" }, NOW)
        assert.matches("^It comes and goes: 2 changes .* Last: now%.$", made.message)
        assert.is_nil(made.advice)
        assert.equal("Since: 1970-01-01T00:00:00Z (5 s)", messages.lines(message_of({}, { event = "resolved",
            step = "resolved", since = 0, ended = 5000 }))[5])
    end)

    it("is cut where it is long: names at 64 columns, texts at 500", function()
        local message = message_of { cluster_name = ("n"):rep(200), cluster_id = ("i"):rep(200),
            rule = ("r"):rep(70), source = ("s"):rep(200),
            message = ("m"):rep(600), advice = ("a"):rep(600) }
        assert.equal(("CRITICAL: %s…: %s…"):format(("n"):rep(63), ("r"):rep(63)), message.title)
        assert.same({ ("m"):rep(499) .. "…", ("a"):rep(499) .. "…" }, { message.message, message.advice })
        assert.same({ ("n"):rep(63) .. "… (" .. ("i"):rep(61) .. "…", ("s"):rep(127) .. "…" },
            { message.facts[1][2], message.facts[2][2] })
    end)

    it("may be a test of a channel", function()
        local message = messages.test(("c"):rep(70), ("w"):rep(70), NOW)
        assert.same({ event = "test", key = message.key, problem_id = message.key, time = NOW, cluster_id = "test",
            rule = "test", severity = "ok", episode = 1, since = NOW,
            message = "This is a test: messages of dwsync arrive here. Nothing is wrong.",
            title = "TEST: channel " .. ("c"):rep(63) .. "…",
            facts = { { "Sent by", ("w"):rep(63) .. "…" }, { "Time", "2025-05-19T06:55:23Z" } } }, message)
        local digest = core.sha256(("test\0a\0b\0%d"):format(NOW)):sub(1, 32)
        assert.equal(digest, messages.test("a", "b", NOW).key)
        local keys = {}
        for _, given in ipairs { { "a", "b", NOW }, { "b", "b", NOW }, { "a", "c", NOW }, { "a", "b", NOW + 1 } } do
            local key = messages.test(given[1], given[2], given[3]).key
            assert.is_nil(keys[key])
            keys[key] = true
            assert.equal(32, #key)
        end
    end)

    it("may sum up others: the worst first, then by title, what is over last", function()
        local function item(event, severity, title, since)
            return { event = event, severity = severity, title = title, since = since }
        end
        local summary = messages.summary({ item("resolved", "ok", "e", 9), item("firing", "warning", "d", 3),
            item("firing", "critical", "c", 7), item("firing", "warning", "b", 5), item("reminder", "unknown", "a", 8),
            item("resolved", "ok", "f", 4) }, "key", 6)
        assert.same({ "summary", "key", "key", 6, "critical", 3, "c\nb\nd\na\ne\nf",
            "6 messages: 1 critical, 2 warning, 1 unknown, 2 over",
            { { "Messages", "1 critical, 2 warning, 1 unknown, 2 over" } }, 6 }, { summary.event, summary.key,
            summary.problem_id, summary.time, summary.severity, summary.since, summary.message, summary.title,
            summary.facts, #summary.items })
        summary = messages.summary({ item("firing", "warning", "d", 9) }, "key", 6)
        assert.same({ "1 message: 1 warning", 6 }, { summary.title, summary.since })
        local function of(cluster)
            return { row = { cluster_id = cluster, source = "", rule = "r" },
                step = { fired_at = 1, step = "critical" } }
        end
        local a, b = of "a", of "b"
        local key = messages.summary_key { a, b }
        assert.equal(key, messages.summary_key { b, a })
        assert.equal(32, #key)
        assert.not_equal(key, messages.summary_key { a })
        b.step.step = "warning"
        assert.not_equal(key, messages.summary_key { a, b })
        b.step.step, b.step.fired_at = "critical", 2
        assert.not_equal(key, messages.summary_key { a, b })
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
