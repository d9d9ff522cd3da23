local Model = require "dwsync.health.model"
local health = require "dwsync.health"
local ledgers = require "dwsync.health.model.ledger"
local runs = require "spec.health.runs"

local NOW, HOUR, DAY = runs.NOW * 1000, 3600000, 86400000

local function count(from, till, common, more)
    local by_type = { common = common }
    for name, value in pairs(more or {}) do
        by_type[name] = value
    end
    return { from = NOW - from, till = NOW - till, by_type = by_type }
end

local function ledger_of(...)
    return { cluster_id = "c1", counts = { ... } }
end

local function before(list, ledger, at, source_type)
    local source = { id = "s1", type = source_type or "ldap", ended = list, open = {} }
    local model = Model.new(source, nil, nil, ledgers.of(ledger, { source })[source])
    model.run, model.now = list, NOW
    model:take(#list)
    local accounts, shown = ledgers.before(model, at)
    return accounts, shown and (NOW - shown.at) / HOUR, shown and shown.has_changed, shown and shown.type
end

describe("a ledger", function()
    -- A run every hour; that of an hour ago deleted 400.
    local list
    before_each(function()
        list = {}
        for i = 1, 5 do
            list[i] = runs.run((6 - i) * 3600)
        end
        list[5].delete_count = 400
    end)

    it("compares a run with the list that was read before it began", function()
        local ledger = ledger_of(count(10 * HOUR, 1.5 * HOUR, 1191), count(0.5 * HOUR, 0.5 * HOUR, 791))
        assert.same({ 1191, 1.5, false }, { before(list, ledger, 5) })
        assert.same({ 1191, 10 }, { before(list, ledger, 4) })
        assert.same({ 791, 0.5, false }, { before(list, ledger, 6) })
    end)

    it("adds what runs since that list made and dropped", function()
        list[3].add_count, list[4].delete_count = 7, 100
        assert.same({ 907, 3.5, true }, { before(list, ledger_of(count(3.5 * HOUR, 3.5 * HOUR, 1000)), 5) })
        assert.same({ 0, 3.5, true }, { before(list, ledger_of(count(3.5 * HOUR, 3.5 * HOUR, 50)), 5) })
    end)

    it("says nothing of runs before the first list, nor by one that is long past", function()
        assert.is_nil(before(list, ledger_of(count(0.9 * HOUR, 0, 791)), 5))
        assert.is_nil(before(list, ledger_of(count(32 * DAY, 31 * DAY, 791)), 5))
        assert.equal(791, (before(list, ledger_of(count(32 * DAY, 29 * DAY, 791)), 5)))
        assert.is_nil(before(list, ledger_of(), 5))
        assert.is_nil(before(list, nil, 5))
    end)

    it("says of a run only what was surely read before it, though the service's clock may be ahead", function()
        local began = list[5].start_time
        local function at(time, common)
            return { from = time, till = time, by_type = { common = common } }
        end
        local early, late = at(began - 40 * 60000, 1000), at(began - 5 * 60000 + 1, 600)
        local ledger = { cluster_id = "c1", counts = { early, late } }
        assert.equal(1000, (before(list, ledger, 5)))
        late.from = late.from - 1
        assert.equal(600, (before(list, ledger, 5)))
        assert.is_nil(before(list, { cluster_id = "c1", counts = { at(began - 60000, 600) } }, 5))
    end)

    it("does not look ahead when nothing runs", function()
        local ledger = ledger_of(count(0.5 * HOUR, 0, 791))
        local source = { id = "s1", type = "ldap" }
        local model = Model.new(source, nil, nil, ledgers.of(ledger, { source })[source])
        model.run, model.now = list, NOW - 0.6 * HOUR
        model:take(5)
        assert.is_nil(ledgers.before(model, 6))
        model.now = NOW
        assert.equal(791, (ledgers.before(model, 6)))
    end)

    it("counts the accounts of a type for a source that has one, the rest for a directory", function()
        local ledger = ledger_of(count(9 * HOUR, 2 * HOUR, 6, { oneaccess = 500 }))
        assert.same({ 500, 9, nil, "OneAccess" }, { before(list, ledger, 2, "oneaccess") })
        assert.same({ 6, 9 }, { before(list, ledger, 2, "ldap") })
        assert.same({ 0, 9, nil, "IAM" }, { before(list, ledger, 2, "IAM") })
    end)

    it("says nothing of two sources of a kind", function()
        local one, two, typed = { type = "ldap" }, { type = "ldap" }, { type = "oneaccess" }
        local parts = ledgers.of(ledger_of(count(9, 8, 7)), { one, two, typed })
        assert.is_nil(parts[one].counts)
        assert.is_nil(parts[two].counts)
        assert.is_not_nil(parts[typed].counts)
    end)
end)

describe("a verdict with a ledger", function()
    local function verdict_of(list, ledger, options, rule)
        list.ledger = ledger
        return runs.verdict(list, rule or "mass_delete", options)
    end

    local list
    before_each(function()
        list = runs.hourly(200, 600, function(run, i)
            run.delete_count = i == 1 and 400 or 0
        end)
    end)

    it("says of how many accounts, by which list, and names the command that lists who went", function()
        local verdict = verdict_of(list, ledger_of(count(5 * HOUR, HOUR, 1191), count(60000, 0, 791)))
        assert.equal("critical", verdict.severity)
        assert.equal("400 of 1191 accounts (33.6 %) deleted within a day; by the list of 2025-10-25T09:49:52Z",
            verdict.message)
        assert.truthy(verdict.advice:find(" dwsync accounts c1 --run " .. list[1].id .. " lists who went.", 1, true))
    end)

    it("names no command without a ledger, nor one that a shell would read otherwise", function()
        assert.is_nil(verdict_of(list).advice:find "dwsync accounts")
        list[1].id = "x; rm"
        assert.is_nil(verdict_of(list, ledger_of(count(5 * HOUR, 0, 1191))).advice:find "dwsync accounts")
    end)

    it("gives way to the option population, and to an import that leaves most of a list to other hands", function()
        local ledger = ledger_of(count(9 * DAY, HOUR, 4000))
        assert.truthy(verdict_of(list, ledger, { population = 2000 }).message:find("400 of 2000", 1, true))
        list[200].add_count = 1200
        assert.truthy(verdict_of(list, ledger).message:find("400 of about 1200", 1, true))
        assert.truthy(verdict_of(list, ledger_of(count(9 * DAY, HOUR, 1206))).message:find("400 of 1206", 1, true))
    end)

    it("is the same step by step, and in a replay of history", function()
        list.ledger = ledger_of(count(5 * HOUR, HOUR, 1191), count(60000, 0, 791))
        local stepper = health.stepper(list, nil, runs.NOW)
        local evaluation
        repeat evaluation = stepper:step() until evaluation
        assert.same(health.evaluate(list, nil, runs.NOW).verdicts, evaluation.verdicts)
        local found
        for _, alert in ipairs(health.replay(list, nil, { now = runs.NOW })) do
            found = found or alert.rule == "mass_delete" and alert.message
        end
        assert.truthy(found:find("400 of 1191 accounts", 1, true))
    end)

    it("of churn says of how many, by which list; fewer than one in a hundred of them are no news", function()
        local function churned(accounts)
            return verdict_of(runs.hourly(200, 600, function(run, i)
                run.delete_count, run.add_count = i == 2 and 12 or 0, i == 1 and 12 or 0
            end), accounts and ledger_of(count(5 * HOUR, 2 * HOUR, accounts), count(60000, 0, 7)), nil, "churn")
        end
        assert.same({ "warning", "one run deleted 12 accounts and the next added 12" }, { churned().severity,
            churned().message })
        assert.same({ "warning", "one run deleted 12 accounts and the next added 12; there were 1200 accounts, by the "
            .. "list of 2025-10-25T08:49:52Z" }, { churned(1200).severity, churned(1200).message })
        assert.equal("ok", churned(1201).severity)
    end)

    it("of partial is critical from a tenth of those on the list, and names it, with the runs since", function()
        local function failing(accounts, added)
            return verdict_of(runs.hourly(200, 600, function(run, i)
                run.failed_count, run.update_count = i == 1 and 100 or 0, i == 1 and 50 or 0
                run.add_count = i == 3 and added or 0
            end), accounts and ledger_of(count(9 * HOUR, 4 * HOUR, accounts), count(60000, 0, 7)), nil, "partial")
        end
        local text = "100 of 150 accounts failed in the last finished run, 66.7 %"
        assert.same({ "critical", text }, { failing().severity, failing().message })
        local listed = failing(1000, 0)
        assert.same({ "critical", text .. "; there were 1000 accounts, by the list of 2025-10-25T06:49:52Z" },
            { listed.severity, listed.message })
        local since = failing(900, 100)
        assert.same({ "critical", text .. "; there were 1000 accounts, by the list of 2025-10-25T06:49:52Z and the "
            .. "runs since" }, { since.severity, since.message })
        assert.equal("ok", failing(1001, 0).severity) -- one bad run among frequent ones
        assert.equal("ok", failing(1000, 1).severity)
    end)

    it("is explained with the list", function()
        list.ledger = ledger_of(count(5 * HOUR, 0, 791))
        for _, rule in ipairs { "mass_delete", "churn", "partial" } do
            for _, verdict in ipairs(health.explain(list, nil, runs.NOW, { rule }).verdicts) do
                for _, fact in ipairs(verdict.explanation or {}) do
                    if fact.name == "population" then
                        assert.same({ "list", 791, "791 accounts, by the list of 2025-10-25T05:49:52Z" },
                            { fact.by, fact.value, fact.text })
                    end
                end
            end
        end
    end)

    it("knows who went by groups that a run's time touches, not those that end or begin with it", function()
        local run = { start_time = 1000, end_time = 2000 }
        local function gone(from, till, of)
            local names, accounts = ledgers.gone_in({ ledger = { gone = { { from = from, till = till, accounts = 3,
                names = { "a", "b" } } } } }, of or run)
            return ("%d of %d"):format(#names, accounts)
        end
        for _, case in ipairs { { "0 of 0", 0, 1000 }, { "2 of 3", 0, 1001 }, { "2 of 3", 1999, 3000 },
            { "0 of 0", 2000, 3000 }, { "2 of 3", 1200, 1300 }, { "2 of 3", 0, 9000 },
            { "2 of 3", 9000, 9001, { start_time = 1000 } }, { "0 of 0", 0, 9000, { end_time = 5 } } } do
            assert.equal(case[1], gone(case[2], case[3], case[4]))
        end
        assert.same({ {}, 0 }, { ledgers.gone_in({}, run) })
        assert.same({ {}, 0 }, { ledgers.gone_in({ ledger = {} }, nil) })
    end)

    it("takes clocks that are five minutes apart into account, and a list before all runs as it is", function()
        local MINUTE, hourly = 60000, {}
        for i = 1, 5 do
            hourly[i] = runs.run((6 - i) * 3600, { delete_count = i == 5 and 400 or 0 })
        end
        -- The run of an hour ago began then; a list read up to five minutes before may have been read later.
        assert.equal(1191, (before(hourly, ledger_of(count(HOUR + 5 * MINUTE, HOUR, 1191)), 5)))
        assert.is_nil(before(hourly, ledger_of(count(HOUR + 5 * MINUTE - 1, HOUR, 1191)), 5))
        assert.same({ 1191, 9, false }, { before(hourly, ledger_of(count(9 * HOUR, 9 * HOUR, 1191)), 1) })
        assert.same({ 791, 9, true }, { before(hourly, ledger_of(count(9 * HOUR, 9 * HOUR, 1191)), 6) })
    end)
end)
