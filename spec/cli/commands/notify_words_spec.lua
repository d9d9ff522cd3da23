-- `dwsync notify` without a database: what it hands on, closes and prints.
local channel_options = require "dwsync.cli.channel_options"
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local command = require "spec.support.command"
local delivery = require "dwsync.problems.delivery"
local errors = require "dwsync.errors"
local judgement = require "dwsync.cli.judgement"
local messages = require "dwsync.problems.messages"
local names = require "dwsync.history.names"
local notify = require "dwsync.cli.commands.notify"
local problems = require "dwsync.problems"
local telling = require "dwsync.cli.telling"

describe("dwsync notify, with everything made up,", function()
    local calls, context, judge, channels, width

    local replace, put_back = require("spec.support.replacements").new()

    local function note(...)
        calls[#calls + 1] = { ... }
    end

    before_each(function()
        calls, width = {}, nil
        channels = { { name = "ops", host = "h.example.com" } }
        context = require("dwsync.cli.context").new { stdout = command.stream(), stderr = command.stream(),
            getenv = function(name) return name == "COLUMNS" and width or nil end,
            is_terminal = function() return false end }
        judge = { chosen = { settings = "settings", naming = function(_, cluster) return "naming " .. cluster.id end },
            saved = { wanted = true } }
        function judge.overview()
            local items = { { cluster = { id = "c1" }, evaluation = {} }, { cluster = { id = "c2" } },
                { cluster = { id = "c3" }, evaluation = {} }, { cluster = { id = "c4" }, evaluation = {} } }
            return { clusters = items }, nil, items
        end
        replace(judgement, "new", function() return judge end)
        replace(channel_options, "open", function() return channels, "plan" end)
        replace(clusters_chosen, "report_failures", function() return 0 end)
        replace(telling, "open_store", function()
            return "store", nil, { close = function() note "close" end }
        end)
        replace(names, "keep", function(_, id, naming)
            note("keep", id, naming)
            return id ~= "c3"
        end)
    end)

    after_each(function()
        put_back()
    end)

    it("tells for two minutes at most, keeps names until one cannot be kept, and closes the history", function()
        local given
        replace(telling, "tell", function(_, _, _, all, items)
            given = all
            note("tell", #items)
            all.sent({ title = "a\27b" }, { name = "ops" })
            return true
        end)
        assert.equal(0, notify.run({}, context))
        assert.same({ { "keep", "c1", "naming c1" }, { "keep", "c3", "naming c3" }, { "tell", 4 }, { "close" } }, calls)
        assert.same({ "store", channels, "plan", 120, "notify" }, { given.store, given.channels, given.plan,
            given.seconds, given.name })
        assert.equal("told ops: a?b\n", context.stdout.text)
    end)

    it("ends with 1 when a message could not be sent, or nothing could be kept", function()
        replace(telling, "tell", function(_, _, _, given)
            given.failed("ops did not take it", "Try.")
            return true
        end)
        assert.equal(1, notify.run({}, context))
        assert.equal("dwsync: ops did not take it\n        Try.\n", context.stderr.text)
        replace(telling, "tell", function() return nil, errors.new { kind = "network", message = "gone" } end)
        assert.equal(1, notify.run({}, context))
    end)

    it("closes the history where an error is raised, which stays what it was", function()
        replace(telling, "tell", function() error("raised", 0) end)
        assert.same({ false, "raised" }, { pcall(notify.run, {}, context) })
        assert.same({ "close" }, calls[#calls])
    end)

    it("prints what would be sent, wrapped, with all who get it", function()
        replace(telling, "is_new", function() return true end)
        replace(telling, "policy", function() return "policy" end)
        replace(telling, "milliseconds", function() return function() return 7 end end)
        replace(problems, "preview", function(rows, items, policy, now)
            assert.same({ {}, 4, "policy", 7 }, { rows, #items, policy, now })
            return "after", "seen"
        end)
        replace(messages, "lines", function(message) return message.lines end)
        local words
        replace(delivery, "preview", function(after, entries, to, given, add)
            assert.same({ "after", {}, channels, "seen", "plan", 7 }, { after, entries, to, given.seen, given.plan,
                given.now() })
            assert.is_function(given.is_meant)
            local message = { key = "k", facts = { { "Acknowledge", "x" }, { "Rule", "y" } }, lines = words,
                problem_id = "p" }
            add(message, { name = "ops", host = "h.example.com" })
            add(message, { name = "am", kind = "alertmanager", is_level_triggered = true })
            assert.same({ { "Rule", "y" } }, message.facts)
        end)
        for columns, most in pairs { [false] = 80, ["60"] = 56 } do
            width, context.stdout.text = columns or nil, ""
            words = { ("w"):rep(most - 5) .. " 1234", ("w"):rep(most - 5) .. " 12345" }
            assert.equal(0, notify.run({ dry_run = true }, context))
            local body = context.stdout.text:match "\n(    w.*)$"
            assert.equal("    " .. words[1] .. "\n    " .. ("w"):rep(most - 5) .. "\n    12345\n", body)
            assert.equal("to ops (h.example.com), am (alertmanager; again by each run):", (context.stdout.text:match(
                "^(.-)\n    w"):gsub("\n  ", " ")))
        end
        assert.is_false(judge.saved.wanted)
        assert.same({}, calls)
    end)
end)
