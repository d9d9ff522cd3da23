-- `dwsync alerts` without a database: what it says, cuts, passes on and closes.
local command = require "spec.support.command"

describe("dwsync alerts, of a ledger that is made up,", function()
    local NOW = 1761389392000 -- 2025-10-25T10:49:52Z
    local alerts = require "dwsync.cli.commands.alerts"
    local errors = require "dwsync.errors"
    local fleet_file = require "dwsync.cli.fleet_file"
    local ledger = require "dwsync.problems.ledger"
    local problems_store = require "dwsync.problems.store"
    local transitions = require "dwsync.problems.transitions"
    local calls, context, items, environment

    local replace, put_back = require("spec.support.replacements").new()

    before_each(function()
        calls, items, environment = {}, {}, {}
        context = require("dwsync.cli.context").new { stdout = command.stream(), stderr = command.stream(),
            getenv = function(name) return environment[name] end, now = function() return NOW / 1000 end,
            is_terminal = function() return false end }
        replace(fleet_file, "alerts", function() return { inventory = "inventory" } end)
        replace(fleet_file, "open_history", function(readonly, _, _, inventory)
            calls[#calls + 1] = { "open", readonly, inventory }
            return { close = function() calls[#calls + 1] = { "close" } end }
        end)
        replace(problems_store, "open", function() return "store" end)
        replace(ledger, "read", function(store, now)
            assert.same({ "store", NOW }, { store, now })
            return items
        end)
    end)

    after_each(function()
        put_back()
    end)

    local function item(id, row, ...)
        local all = { state = "firing", severity = "warning", cluster_id = "c1", cluster_name = "one", rule = "stale",
            source = "", since = NOW - 60000, message = "late" }
        for name, value in pairs(row) do
            all[name] = value ~= false and value or nil
        end
        return { id = id, state = all.state, row = all, messages = { ... } }
    end

    local function listed(...)
        items, context.stdout.text = { ... }, ""
        assert.equal(0, alerts.run({ action = "list" }, context))
        return context.stdout.text
    end

    -- What is said below the first line of one problem.
    local function facts(row, ...)
        return listed(item("p1", row, ...)):match "^[^\n]*\n    one %(c1%): stale: late\n(.*)$"
    end

    it("lists the worst first, those that are equal as they come, since they began", function()
        local at = "  firing        %s  since %s (%s)\n    one (c1): %s\n"
        assert.equal("a" .. at:format("critical", "2025-10-25T10:48:52Z", "1 min ago", "stale: late")
            .. "c" .. at:format("warning ", "2025-10-25T10:49:22Z", "30 s ago", "data of s1: late")
            .. "b" .. at:format("warning ", "2025-10-25T10:49:32Z", "20 s ago", "stale: late")
            .. "d" .. at:format("unknown ", "2025-10-25T10:48:52Z", "1 min ago", "stale:"),
            listed(item("c", { rule = "data", source = "s1", since = false, fired_at = NOW - 30000,
                seen_at = NOW - 10000 }), item("b", { since = false, seen_at = NOW - 20000 }),
                item("d", { severity = "unknown", message = false }), item("a", { severity = "critical" })))
        assert.same({ { "open", true, "inventory" }, { "close" } }, calls)
    end)

    it("lists what ended behind all that is open, and says what is damaged", function()
        items = { item("a", { severity = "critical", state = "resolved" }), item("b", { severity = "unknown" }) }
        assert.equal(0, alerts.run({ action = "list", all = true }, context))
        assert.matches("^b .*\na ", context.stdout.text)
        replace(ledger, "read", function()
            return {}, { errors.new { kind = "network", message = "half a row", hint = "Look." } }
        end)
        assert.equal(1, alerts.run({ action = "list" }, context))
        assert.equal("dwsync: network: half a row.\n        Look.\ndwsync: no problem is known\n", context.stderr.text)
    end)

    it("says who was told and what is owed, to the millisecond", function()
        for _, case in ipairs {
            { "", { silenced_until = NOW } },
            { "    silenced until 2025-10-25T10:49:52Z\n", { silenced_until = NOW + 1 } },
            { "    silenced until 2025-10-25T10:50:52Z by ann\n", { silenced_until = NOW + 60000,
                silenced_by = "ann" } },
            { "    acknowledged by somebody 1 min ago\n", { acknowledged_at = NOW - 60000 } },
            { "    acknowledged by ann now: on it\n", { acknowledged_at = NOW, acknowledged_by = "ann",
                acknowledged_note = "on it" } },
            { "    told: ops (firing, 30 s ago); ops (re fired, 1 min ago)\n", {},
                { channel = "ops", step = "firing", state = "sent", sent_at = NOW - 30000, created_at = NOW - 60000 },
                { channel = "ops", step = "re-fired", state = "sent", created_at = NOW - 60000 } },
            { "    owed: ops (firing, due now)\n", {},
                { channel = "ops", step = "firing", state = "owed", attempts = 0, next_at = NOW } },
            { "    owed: ops (firing, due now)\n", {},
                { channel = "ops", step = "firing", state = "owed", attempts = 0, next_at = NOW - 60000 } },
            { "    owed: ops (firing, due now, tried 1 time: no answer)\n", {},
                { channel = "ops", step = "firing", state = "owed", attempts = 1, next_at = NOW + 1 } },
            { "    owed: ops (firing, due in 1 min, tried 2 times: HTTP 500)\n", {}, { channel = "ops",
                step = "firing", state = "owed", attempts = 2, next_at = NOW + 60000, last_error = "HTTP 500" } },
            { "    given up: ops (firing): refused; b (c): HTTP 404\n", {},
                { channel = "ops", step = "firing", state = "given_up" },
                { channel = "b", step = "c", state = "given_up", last_error = "HTTP 404" } },
        } do
            assert.equal(case[1], facts((table.unpack or unpack)(case, 2, 4))) -- luacheck: ignore 113
        end
    end)

    it("cuts what is long, and wraps at 80 columns", function()
        local function count(row, ...)
            local found = {}
            for length in (listed(item("p", row, ...)):gsub("%s", "")):gmatch "xx+…?" do
                found[#found + 1] = require("dwsync.text").width(length)
            end
            return found
        end
        local x = ("x"):rep(600)
        assert.same({ 60 }, count { rule = x })
        assert.same({ 60 }, count { source = x })
        assert.same({ 500 }, count { message = x })
        assert.same({ 60, 500 }, count { acknowledged_at = NOW, acknowledged_by = x, acknowledged_note = x })
        assert.same({ 60 }, count { silenced_until = NOW + 1, silenced_by = x })
        assert.same({ 60, 60 }, count({}, { channel = x, step = "firing", state = "given_up", last_error = x }))
        local word = ("w"):rep(52)
        assert.matches("\n    one %(c1%): stale: w+ 3456\n$", listed(item("p", { message = word .. " 3456" })))
        assert.matches("\n    one %(c1%): stale: w+\n      34567\n$", listed(item("p", { message = word .. " 34567" })))
    end)

    it("is JSON with every field that is kept", function()
        local row = { acknowledged_at = 1, acknowledged_by = "b", acknowledged_note = "n", silenced_until = 2,
            silenced_by = "c", source = "s1", source_type = "ldap", episode = 3 }
        items = { item("p1", row, { channel = "ops", step = "firing", state = "owed", created_at = 4, sent_at = 5,
            next_at = 6, attempts = 7, last_error = "e" }), item("p2", { state = "resolved" }) }
        assert.equal(0, alerts.run({ action = "list", output = "json", all = true }, context))
        assert.equal('[\n{"id":"p1","state":"firing","severity":"warning","since":1761389332000,"cluster_id":"c1",'
            .. '"cluster_name":"one","rule":"stale","source":"s1","source_type":"ldap","episode":3,"message":"late",'
            .. '"acknowledged_at":1,"acknowledged_by":"b","acknowledged_note":"n","silenced_until":2,'
            .. '"silenced_by":"c","messages":[{"channel":"ops","step":"firing","state":"owed","created_at":4,'
            .. '"sent_at":5,"next_at":6,"attempts":7,"last_error":"e"}]},\n'
            .. '{"id":"p2","state":"resolved","severity":"warning","since":1761389332000,"cluster_id":"c1",'
            .. '"cluster_name":"one","rule":"stale","message":"late","messages":[]}\n]\n', context.stdout.text)
    end)

    it("passes on which problem is meant and what is done to it, by whom, and closes the history", function()
        local found
        replace(ledger, "find", function(list, given)
            assert.equal(items, list)
            found = given
            return { item("p1", {}) }
        end)
        replace(ledger, "words_of", function() return "words" end)
        local done = { changed = true }
        replace(ledger, "change", function(store, one, work)
            calls[#calls + 1] = { store, one.id }
            work "the row"
            return done
        end)
        for _, name in ipairs { "acknowledge", "silence", "unsilence" } do
            replace(transitions, name, function(...) calls[#calls + 1] = { name, ... } end)
        end
        local function does(args, expected, said)
            calls, context.stderr.text = {}, ""
            args.problem, args.rule, args.source, args.all = "c1", "stale", "s1", true
            assert.equal(0, alerts.run(args, context))
            assert.same({ { "open", false, "inventory" }, { "store", "p1" }, expected, { "close" } }, calls)
            assert.equal("dwsync: p1 (words): " .. said .. "\n", context.stderr.text)
            assert.same({ word = "c1", rule = "stale", source = "s1", all = true }, found)
        end
        does({ action = "ack", note = "n" }, { "acknowledge", "the row", "somebody", "n", NOW },
            "acknowledged by somebody")
        environment.LOGNAME = "logname"
        does({ action = "ack" }, { "acknowledge", "the row", "logname", nil, NOW }, "acknowledged by logname")
        environment.USER = "user"
        does({ action = "ack", by = "me" }, { "acknowledge", "the row", "me", nil, NOW }, "acknowledged by me")
        does({ action = "silence", ["for"] = 90 }, { "silence", "the row", NOW + 90000, "user", NOW },
            "silenced until 2025-10-25T10:51:22Z")
        done = {}
        does({ action = "unsilence" }, { "unsilence", "the row" }, "nothing to change")
    end)

    it("closes the history also where nothing comes of it, and says what to do", function()
        replace(ledger, "read", function() return nil, errors.new { kind = "network", message = "gone" } end)
        assert.equal(1, alerts.run({ action = "list" }, context))
        assert.equal(1, alerts.run({ action = "unsilence", problem = "x" }, context))
        replace(problems_store, "open", function() return nil, errors.new { kind = "network", message = "old" } end)
        assert.equal(1, alerts.run({ action = "list" }, context))
        assert.same({ { "open", true, "inventory" }, { "close" }, { "open", false, "inventory" }, { "close" },
            { "open", true, "inventory" }, { "close" } }, calls)
        context.stderr.text = ""
        replace(problems_store, "open", function() return "store" end)
        for till, refused in pairs { ["2025-10-25T10:49:52Z"] = true, ["2025-10-25T10:49:53Z"] = false } do
            replace(ledger, "read", function() return nil, errors.new { kind = "network", message = "read" } end)
            context.stderr.text = ""
            alerts.run({ action = "silence", problem = "x", ["until"] = till }, context)
            assert.equal(refused and "dwsync: config: --until is in the past: 2025-10-25T10:49:52Z.\n        For a "
                .. "length of time write --for 4h.\n" or "dwsync: network: read.\n", context.stderr.text:sub(1,
                refused and -1 or 23))
        end
    end)

    it("takes a time of day for the next time that the clock shows it", function()
        local now = os.time { year = 2025, month = 5, day = 20, hour = 10, min = 49, sec = 0 }
        context.now = function() return now end
        replace(ledger, "read", function() return {} end)
        replace(ledger, "find", function() return { item("p1", {}) } end)
        local till
        replace(ledger, "change", function(_, _, work)
            work "row"
            return {}
        end)
        replace(transitions, "silence", function(_, ms) till = ms end)
        for text, seconds in pairs { ["10:50"] = 60, ["10:49"] = 86400, ["10:48"] = 86340, ["23:59"] = 47400,
            ["0:00"] = 47460 } do
            assert.equal(0, alerts.run({ action = "silence", problem = "x", ["until"] = text }, context))
            assert.equal((now + seconds) * 1000, till, text)
        end
        for _, wrong in ipairs { "24:00", "10:60", "soon" } do
            assert.equal(2, alerts.run({ action = "silence", problem = "x", ["until"] = wrong }, context))
        end
    end)

    it("names the option that is wrong", function()
        local function refusal(...)
            return select(3, command.run { "alerts", ... }):match "^dwsync: (%-%S+ is)"
        end
        assert.equal("--by is", refusal("ack", "x", "--by", ("n"):rep(101)))
        assert.equal("--note is", refusal("ack", "x", "--note", ("n"):rep(501)))
        assert.equal("--for is", refusal("silence", "x", "--for", "59s"))
        assert.equal("--for is", refusal("silence", "x", "--for", "31622401s"))
        assert.is_nil(refusal("silence", "x", "--for", "31622400s", "--by", ("n"):rep(100)))
    end)
end)
