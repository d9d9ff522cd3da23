local argparse = require "argparse"
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local command = require "spec.support.command"
local contexts = require "dwsync.cli.context"
local errors = require "dwsync.errors"
local judgement = require "dwsync.cli.judgement"

-- A judge of records on standard input.
local function judge_of(without)
    local context = contexts.new {
        stdin = command.reader(command.lines((command.healthy(5)))), stderr = command.stream(),
        getenv = function() end, now = function() return command.NOW end, is_terminal = function() return false end,
        read_file = function() return nil, "No such file or directory", true end,
    }
    return assert(judgement.new({ input = "-", cluster = {} }, context, without))
end

describe("a judge", function()
    it("lets records go when they are judged, unless they shall be drawn", function()
        for _, kept in ipairs { false, true } do
            local overview, err, items = judge_of():overview { records = kept or nil }
            assert.is_nil(err)
            assert.same({ 1, 1, 5 }, { #overview.clusters, #items, items[1].evaluation.records })
            assert.equal(kept and 5 or nil, items[1].records and #items[1].records)
            assert.equal(kept, overview.clusters[1].records ~= nil)
        end
    end)

    it("explains and looks back where that is asked for", function()
        local _, _, items = judge_of():overview()
        assert.is_nil(items[1].episodes)
        for _, verdict in ipairs(items[1].evaluation.verdicts) do
            assert.is_nil(verdict.explanation)
        end
        _, _, items = judge_of():overview { explained = { "stale" }, episodes = true }
        assert.same({}, items[1].episodes)
        for _, verdict in ipairs(items[1].evaluation.verdicts) do
            assert.equal(verdict.rule == "stale", verdict.explanation ~= nil)
        end
    end)

    it("is without the rules that its command judges itself", function()
        assert.is_table(judge_of().rules.stale)
        assert.is_false(judge_of({ "stale" }).rules.stale)
    end)

    it("goes by the service's clock where this machine's proved wrong", function()
        local judge = judge_of()
        assert.equal(command.NOW, judge:now())
        judge.chosen.client = { clock_skew = function() return -90 end }
        assert.equal(command.NOW - 90, judge:now())
    end)
end)

describe("the options of a command that judges", function()
    it("choose clusters, set thresholds, name a history, and say where and how to ask", function()
        local parser = argparse "x"
        judgement.configure(parser, { input = false }, parser:option "--timeout":argname "<own>")
        local help = parser:get_help():gsub("%s+", " ")
        for _, part in ipairs { "Whose records: --all-clusters", "Which records: --source", "Verdicts: --set",
            "--history", "Configuration: --config", "Where to ask: --region", "How to ask: --timeout <own>" } do
            assert.truthy(help:find(part, 1, true), part)
        end
        assert.is_nil(help:find("--input", 1, true))
    end)
end)

describe("a judge with a history", function()
    local OFF = errors.new { kind = "permission", message = "off", code = "DWS.5045", operation = "ListSyncRecords" }

    -- A judge whose history and service are fakes, and what they were asked.
    local function judge_with(items, client)
        local judge, asked = judge_of(), {}
        judge.saved = setmetatable({}, { __index = function(_, name)
            return function(_, ...)
                asked[#asked + 1] = { name, ... }
                if name == "with" then
                    return command.healthy(5)
                elseif name == "name_of" then
                    return "kept-" .. (...)
                end
                return name == "last_seen" and 77 or nil
            end
        end })
        judge.chosen.client = client
        judge.chosen.fetch = function(_, parameters, work, each)
            asked[#asked + 1] = { "fetch", parameters, work, type(each) }
            for _, item in ipairs(items) do
                if item.records and each then
                    each(item)
                end
            end
            return items
        end
        return judge, asked
    end

    it("gives its history the clock and the deadline of the client", function()
        for _, timeout in ipairs { 5, false } do
            local judge, asked = judge_with({}, { monotonic = function() return 100 end, clock_skew = function()
                return 0
            end, option = function(_, name) return name == "timeout" and 60 end })
            assert.same({}, judge:fetch(timeout or nil))
            assert.same({ "begin", 100, timeout and 105 or 160 }, { asked[1][1], asked[1][2](), asked[1][3] })
            assert.same({ "fetch", { timeout = timeout or nil }, nil, "nil" }, asked[2])
            assert.equal(2, #asked)
        end
        local judge, asked = judge_with {}
        judge:fetch(5, function() end)
        assert.same({ { "fetch", { timeout = 5 }, nil, "function" } }, asked)
    end)

    it("judges by what is kept, too, takes names from there, and ends its look", function()
        local items = { { cluster = { id = "a" }, records = { 1 } }, { cluster = { id = "b", name = "B" },
            records = { 2 } } }
        local judge, asked = judge_with(items)
        local overview, err, same = judge:overview { timeout = 9 }
        assert.same({ nil, items, 2 }, { err, same, #overview.clusters })
        assert.same({ { id = "a", name = "kept-a" }, { id = "b", name = "B" } }, { items[1].cluster,
            items[2].cluster })
        assert.same({ { "fetch", { timeout = 9 }, nil, "function" }, { "with", "a", { 1 }, command.NOW },
            { "name_of", "a" }, { "with", "b", { 2 }, command.NOW }, { "add_handled", items, command.NOW },
            { "close" } }, asked)
        assert.equal(5, items[1].evaluation.records)
        assert.equal(command.NOW, overview.now)
    end)

    it("knows when one whose synchronisation is off was seen: by itself, else from the history", function()
        local off = { { cluster = { id = "a" }, error = OFF }, { cluster = { id = "b" }, error = OFF },
            { cluster = { id = "c" }, error = errors.new { kind = "network", message = "m" } } }
        local judge = judge_with(off)
        judge.seen.b = 55
        judge:overview()
        assert.same({ 77, 55, nil }, { off[1].seen_before, off[2].seen_before, off[3].seen_before })
        assert.same({ false, false, nil }, { off[1].left_out, off[2].left_out, off[3].left_out })
        judge.rules.disabled = false
        judge:overview()
        assert.same({ true, true, nil }, { off[1].left_out, off[2].left_out, off[3].left_out })
        local seen = { { cluster = { id = "a" }, records = {} } }
        judge = judge_with(seen)
        judge:overview()
        assert.same({ a = seen[1].evaluation.statistics.last_run }, judge.seen)
        assert.is_number(judge.seen.a)
    end)

    it("has episodes of the last 30 days, up to now", function()
        local health = require "dwsync.health"
        local episodes, asked_for = health.episodes, nil
        finally(function() health.episodes = episodes end)
        health.episodes = function(_, rules, options)
            asked_for = { rules, options }
            return "episodes"
        end
        local items = { { cluster = { id = "a" }, records = {} } }
        local judge = judge_with(items)
        judge:overview { episodes = true }
        assert.same({ judge.rules, { now = command.NOW, since = (command.NOW - 2592000) * 1000 } }, asked_for)
        assert.equal("episodes", items[1].episodes)
    end)

    it("is none where the clusters cannot be listed", function()
        local judge, asked = judge_with {}
        judge.chosen.fetch = function() return nil, "no way" end
        assert.same({ nil, "no way" }, { judge:overview() })
        assert.same({}, asked)
    end)
end)

describe("a judgement for a command", function()
    local function context_with(lines, settings)
        local stderr = command.stream()
        return contexts.new { stdin = command.reader(lines), stderr = stderr, getenv = function() end,
            now = function() return command.NOW end, is_terminal = function() return false end,
            read_file = function()
                if settings then
                    return settings
                end
                return nil, "No such file or directory", true
            end }, stderr
    end

    it("keeps the records for what is drawn alone", function()
        for format, kept in pairs { html = true, status = true, json = false, table = false } do
            local context = context_with(command.lines((command.healthy(3))))
            local overview, items = judgement.overview({ input = "-", cluster = {} }, context, format)
            assert.same({ 1, 1, kept }, { #overview.clusters, #items, items[1].records ~= nil }, format)
        end
        local context = context_with(command.lines((command.healthy(3))))
        local _, items = judgement.overview({ input = "-", cluster = {} }, context, "json",
            { explained = { "stale" }, episodes = true })
        assert.is_table(items[1].episodes)
    end)

    it("says what is wrong, and how the command ends", function()
        for _, case in ipairs {
            { "no records", {}, 2, "^dwsync: config: " },
            { "", { config = "/c.lua" }, 2, "^dwsync: config: /c.lua returns a number, not a table", "return 1" },
            { "", { set = { { rule = "nosuch", on = false } } }, 2, "^dwsync: config: %-%-set: unknown rule 'nosuch'" },
            { "", { set = { { rule = "stale", on = false } } }, 2, "^dwsync: %-%-explain: the rule stale is off\n" },
        } do
            local context, stderr = context_with(case[1], case[5])
            local args = { input = "-", cluster = {} }
            for name, value in pairs(case[2]) do
                args[name] = value
            end
            assert.same({ nil, case[3] }, { judgement.overview(args, context, "json", { explained = { "stale" } }) })
            assert.matches(case[4], stderr.text)
        end
    end)

    it("is without what the command judges itself, and with what is wrong with a choice", function()
        local chosen = clusters_chosen.new
        finally(function() clusters_chosen.new = chosen end)
        clusters_chosen.new = function() return nil, "wrong" end
        assert.same({ nil, "wrong" }, { judgement.new({}, {}) })
    end)
end)
