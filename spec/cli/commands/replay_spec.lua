local command = require "spec.support.command"
local run = command.run

local function story()
    local list = command.healthy()
    for i = 10, 14 do
        list[i].status, list[i].fail_reason = "FAILED", "timeout"
    end
    return list
end

local WORLD = { service = command.service { c1 = story() } }

describe("dwsync replay", function()
    it("tells which alerts there would have been", function()
        local status, out, err = run({ "replay", "c1", "-o", "tsv", "--columns", "rule,severity,seconds,till" }, WORLD)
        assert.equal(0, status)
        assert.equal("", err)
        assert.matches("failing\tcritical\t%d+\t2025%-05%-18T23:26:23%.000Z\n", out)
    end)

    it("gives what has one cause as one, with its headline, and everything to programs", function()
        local _, out = run({ "replay", "c1" }, WORLD)
        assert.equal([[
FROM (UTC)        UNTIL             SEVERITY  SOURCE
2025-05-18 18:26  2025-05-18 23:26  CRITICAL  ldap s1
    The last 4 runs failed: the identity source did not answer in time; with it stale
]], out)
        _, out = run({ "replay", "c1", "-o", "csv" }, WORLD)
        assert.matches("^cluster_id,cluster_name,from,till,seconds,severity,rule,also,source,source_type,record_id,"
            .. "headline\r?\n", out)
        assert.equal(2, select(2, out:gsub("\n", "")))
        assert.matches(",critical,failing,stale,s1,ldap,[^,]+,the last 4 runs failed: ", out)
    end)

    it("follows --set and --since", function()
        local _, out, err = run({ "replay", "c1", "-o", "ndjson", "--set", "failing=off", "--set", "stale=off" }, WORLD)
        assert.equal("", out)
        assert.equal("dwsync: no rule would have raised an alert\n", err)
        local status
        status, out = run({ "replay", "c1", "-o", "ndjson", "--since", "2h" }, WORLD)
        assert.same({ 0, "" }, { status, out })
        out = select(2, run({ "replay", "c1", "-o", "tsv", "--columns", "rule", "--since", "24h" }, WORLD))
        assert.matches("^rule\nfailing\n", out)
        assert.equal(2, (run({ "replay", "c1", "--since", "x" }, WORLD)))
    end)

    it("takes neither a failure nor the want of records for good news", function()
        local world = { service = command.service { c1 = 500, c2 = {} } }
        local status, out, err = run({ "replay", "c1", "--retries", "0" }, world)
        assert.same({ 1, "" }, { status, out })
        assert.matches("^dwsync: service: ", err)
        assert.is_nil(err:find "no rule")
        status, out, err = run({ "replay", "c2", "-o", "ndjson" }, world)
        assert.same({ 0, "", "dwsync: there are no records to go through\n" }, { status, out, err })
    end)

    it("names the clusters when there are several", function()
        local _, out = run({ "replay", "--all-clusters" }, { service = command.service { c1 = story(), c2 = story() } })
        assert.matches("^FROM %(UTC%) +UNTIL +SEVERITY +CLUSTER AND SOURCE\n", out)
        assert.matches("CRITICAL  name%-c2 · ldap s1\n", out)
    end)
end)

describe("dwsync replay, of a history that is made up,", function()
    local errors = require "dwsync.errors"
    local health = require "dwsync.health"
    local history_location = require "dwsync.cli.history_location"
    local judgement = require "dwsync.cli.judgement"
    local replay = require "dwsync.cli.commands.replay"
    local calls, judge, context

    local replace, put_back = require("spec.support.replacements").new()

    local function note(...)
        calls[#calls + 1] = { ... }
    end

    before_each(function()
        calls = {}
        context = require("dwsync.cli.context").new { stdout = command.stream(), stderr = command.stream(),
            now = function() return command.NOW end, getenv = function() end,
            is_terminal = function() return false end }
        judge = { rules = "rules", now = function() return 7 end, close = function() note "close the judge" end,
            records_of = function(_, item, now)
                note("records of", item.cluster.id, #item.records, now)
                return item.records
            end,
            chosen = { settings = "settings", several = true, saved = function(_, store)
                note("saved", store.name)
                return { { id = "c1", name = "one" }, { id = "c2", name = "two" } }
            end } }
        replace(judgement, "new", function() return judge end)
        replace(history_location, "open", function(readonly, _, _, settings)
            note("open", readonly, settings)
            return { name = "store", close = function() note "close the store" end }
        end)
        replace(history_location, "read", function(store, query, each)
            note("read", store.name, query)
            each { id = "a" }
            each { id = "b" }
        end)
        replace(health, "episodes", function(records, rules, options)
            note("episodes", #records, rules, options)
            return { { from = 1000, till = 61000, seconds = 60, severity = "warning", rule = "stale", source = "s1",
                also = { "slow", "churn" }, headline = "late" } }
        end)
    end)

    after_each(function()
        put_back()
    end)

    it("reads each cluster's records, and closes what it opened", function()
        local args = { from_history = true, source = "s1", output = "tsv", columns = { "cluster_id", "cluster_name",
            "rule", "also" } }
        assert.equal(0, replay.run(args, context))
        local function of(id)
            return { "read", "store", { cluster_id = id, source = "s1" } }, { "records of", id, 2, 7 },
                { "episodes", 2, "rules", { now = 7 } }
        end
        local read_1, records_1, episodes = of "c1"
        local read_2, records_2 = of "c2"
        assert.same({ { "open", true, "settings" }, { "saved", "store" }, read_1, records_1, episodes, read_2,
            records_2, episodes, { "close the store" }, { "close the judge" } }, calls)
        assert.equal("cluster_id\tcluster_name\trule\talso\nc1\tone\tstale\tslow, churn\nc2\ttwo\tstale\tslow, churn\n",
            context.stdout.text)
        assert.equal("", context.stderr.text)
    end)

    it("says why a history cannot be read, and closes it", function()
        local err = errors.new { kind = "network", message = "gone", hint = "Look." }
        judge.chosen.saved = function() return nil, err end
        assert.equal(1, replay.run({ from_history = true, output = "table" }, context))
        replace(history_location, "open", function() return nil, err end)
        assert.equal(1, replay.run({ from_history = true, output = "table" }, context))
        assert.equal(("dwsync: network: gone.\n        Look.\n"):rep(2), context.stderr.text)
        assert.same({ { "open", true, "settings" }, { "close the store" }, { "close the judge" },
            { "close the judge" } }, calls)
    end)

    it("says that there was nothing to tell, or nothing to go by", function()
        replace(health, "episodes", function() return {} end)
        assert.equal(0, replay.run({ from_history = true, output = "json" }, context))
        replace(history_location, "read", function() end)
        assert.equal(0, replay.run({ from_history = true, output = "json" }, context))
        assert.equal("dwsync: no rule would have raised an alert\n"
            .. "dwsync: no records are saved; dwsync history pull saves them\n", context.stderr.text)
    end)

    it("draws as wide as the terminal, in the colour wished for, with the place of several", function()
        local drawn
        replace(require "dwsync.report.verdicts.episode_list", "lines", function(rows, options, write)
            drawn = { rows[1] and rows[1].place, options }
            write "drawn\n"
        end)
        context.getenv = function(name) return name == "COLUMNS" and "99" or nil end
        assert.equal(0, replay.run({ from_history = true, output = "table", color = "always" }, context))
        assert.same({ "one · s1", { width = 99, color = true, place = "CLUSTER AND SOURCE" } }, drawn)
        assert.equal("drawn\n", context.stdout.text)
        judge.chosen.saved = function() return { { id = "c1" } } end
        assert.equal(0, replay.run({ from_history = true, output = "table", color = "never" }, context))
        assert.same({ nil, { width = 99, color = false, place = false } }, { drawn[1], drawn[2] })
    end)

    it("is used in one way at a time", function()
        local BOTH = "--input and --from-history cannot be combined"
        for _, case in ipairs {
            { { cluster = { "c" } } }, { { cluster = { "c" }, from_history = true } },
            { { cluster = {}, input = "-" } },
            { { cluster = {}, input = "-", from_history = true }, BOTH },
            { { cluster = {} }, "missing argument 'cluster' (or --all-clusters, or --input FILE)" },
        } do
            assert.equal(case[2], replay.wrong_usage(case[1]) or nil)
        end
    end)
end)
