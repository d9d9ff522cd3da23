local command = require "spec.support.command"
local contexts = require "dwsync.cli.context"
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
