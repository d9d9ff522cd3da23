local command = require "spec.support.command"
local gate = require "dwsync.health.gate"
local health = require "dwsync.health"

local HOUR = 3600

-- State and reason of these records, fresh within six hours.
local function judge(records, accepted, rules)
    rules = rules or {}
    rules.stale = false
    local evaluation = health.evaluate(records, rules, command.NOW)
    return gate.of_records(records, evaluation, 6 * HOUR, accepted or "ok")
end

local function with(more, ...)
    local list = { ... }
    for _, record in ipairs(command.healthy()) do
        if record.start_time < (more or 0) or not more then
            list[#list + 1] = record
        end
    end
    return list
end

local function older_than(hours, ...)
    return with(command.NOW * 1000 - hours * HOUR * 1000, ...)
end

describe("readiness by records", function()
    it("is there when the newest ended run finished in time and nothing is wrong with it", function()
        assert.same({ "ready", "its last run finished 29 min ago" }, { judge(command.healthy()) })
    end)

    it("counts from the end of the run, to the millisecond", function()
        local function at(hours) return { command.record("a", hours, { end_time = false }) } end
        assert.equal("ready", (judge(at(6))))
        assert.equal("waiting", (judge(at(6 + 1 / HOUR))))
        assert.equal("ready", (judge { command.record("a", 6 + 1 / 60) })) -- started before, ended at the limit
    end)

    it("is waited for while nothing is fresh", function()
        assert.same({ "waiting", "its last run ended 7 h 29 min ago" }, { judge(older_than(7)) })
        assert.same({ "waiting", "no runs on record" }, { judge {} })
        local running = command.record("x", 0.1, { status = "RUNNING", end_time = false })
        assert.same({ "waiting", "no run has ended" }, { judge { command.record("x", 1, { status = "STRANGE" }) } })
        assert.same({ "waiting", "a run is under way" }, { judge(older_than(7, running)) })
        assert.same({ "waiting", "a run is under way" }, { judge { running } })
    end)

    it("is refused when the newest ended run failed, with the reason", function()
        local state, why = judge(with(nil, command.failed("x", 0.1, "bind\27 refused")))
        assert.same({ "refused", "its last run failed: bind? refused" }, { state, why })
    end)

    it("is waited for when that run failed and another is under way, or when the failure is old", function()
        local running = command.record("y", 0.05, { status = "RUNNING", end_time = false })
        assert.same({ "waiting", "its last run failed and another is under way" },
            { judge(with(nil, command.failed("x", 0.1), running)) })
        assert.equal("waiting", (judge(older_than(9, command.failed("x", 8)))))
    end)

    it("does not mind a run under way beside a fresh one", function()
        local running = command.record("y", 0.05, { status = "RUNNING", end_time = false })
        assert.equal("ready", (judge(with(nil, running))))
    end)

    it("is refused when a verdict is worse than accepted", function()
        local mass = command.record("x", 0.1, { delete_count = 30 })
        local few = { mass_delete = { population = 300 } }
        local state, why = judge(with(nil, mass), nil, few)
        assert.equal("refused", state)
        assert.matches("^warning: ", why)
        assert.equal("ready", (judge(with(nil, mass), "warning", few)))
        mass.delete_count = 500
        assert.equal("refused", (judge(with(nil, mass), "warning", few)))
        assert.equal("ready", (judge(with(nil, mass), "warning", { mass_delete = false })))
    end)

    it("takes a run that left accounts out for one that is not ok", function()
        assert.equal("refused", (judge(with(nil, command.record("x", 0.1, { failed_count = 5 })))))
    end)

    it("needs every source", function()
        local other = { identity_source_id = "s2", identity_source_type = "oneaccess" }
        local function second(hours)
            local record = command.record("o", hours, other)
            return record
        end
        assert.equal("ready", (judge(with(nil, second(1)))))
        local state, why = judge(with(nil, second(7)))
        assert.equal("waiting", state)
        assert.matches("^oneaccess %(s2%): its last run ended 6 h 59 min ago", why)
        local failed = second(1)
        failed.status = "FAILED"
        assert.equal("refused", (judge(with(nil, failed))))
    end)

    it("names the first source by id that is refused, else the first that is waited for, else the first", function()
        local function record(source, hours, status)
            return command.record(source .. hours, hours, { identity_source_id = source, status = status })
        end
        for _, case in ipairs {
            { "refused", "b", "a1", "b1F", "c1F" }, { "refused", "b", "c1F", "b1F", "a1" },
            { "waiting", "b", "a1", "b9", "c9" }, { "waiting", "b", "c9", "b9", "a1" },
            { "refused", "c", "a1", "b9", "c1F" }, { "ready", "a", "c1", "b1", "a1" },
        } do
            local records = {}
            for i = 3, 5 do
                local source, hours, failed = case[i]:match "^(%a)(%d)(F?)$"
                records[#records + 1] = record(source, tonumber(hours), failed == "F" and "FAILED" or nil)
            end
            local evaluation = { verdicts = {}, now = command.NOW }
            local state, why = gate.of_records(records, evaluation, 6 * HOUR, "ok")
            assert.same({ case[1], case[2] }, { state, why:match "%((%a)%): " }, table.concat(case, " "))
        end
    end)

    it("minds verdicts about a source whose records do not name it", function()
        for _, id in ipairs { "", false } do
            local records = with(nil, command.record("x", 0.1, { delete_count = 500 }))
            for _, record in ipairs(records) do
                record.identity_source_id = id or nil
            end
            local state, why = judge(records)
            assert.equal("refused", state)
            assert.matches("^critical: 500 accounts deleted", why)
        end
    end)

    -- The same with these verdicts, {rule, severity, source}, whatever the records are.
    local function decide(records, ...)
        local verdicts = {}
        for i, given in ipairs { ... } do
            verdicts[i] = { rule = given[1], severity = given[2], source = given[3], message = given[1] .. "!" }
        end
        return { gate.of_records(records, { verdicts = verdicts, now = command.NOW }, 6 * HOUR, "ok") }
    end

    it("minds the first verdict about the source or the cluster, but not that it is stale or never ran", function()
        local READY = { "ready", "its last run finished 59 min ago" }
        local records = { command.record("x", 1) }
        local id = records[1].identity_source_id
        for _, case in ipairs {
            { READY }, { READY, { "stale", "critical", id } }, { READY, { "stale", "critical" } },
            { READY, { "never", "unknown" } }, { READY, { "slow", "ok", id } },
            { READY, { "slow", "critical", "other" } },
            { { "refused", "critical: slow!" }, { "stale", "critical", id }, { "slow", "critical", id },
                { "data", "warning", id } },
            { { "refused", "warning: data!" }, { "data", "warning" } },
            { { "refused", "unknown: data!" }, { "never", "ok" }, { "data", "unknown" } },
        } do
            assert.same(case[1], decide(records, case[2], case[3], case[4]))
        end
        assert.same({ "waiting", "its last run ended 8 h 59 min ago" }, decide({ command.record("x", 9) },
            { "data", "critical" }))
    end)

    it("goes by the last of runs that began together, and by their end where there is no start", function()
        local finished, failed = command.record("a", 1), command.failed("b", 1)
        assert.equal("ready", decide({ failed, finished })[1])
        assert.equal("refused", decide({ finished, failed })[1])
        local running = command.record("c", 1, { status = "RUNNING", end_time = false })
        assert.equal("refused", decide({ failed, running })[1]) -- it is not another
        running.start_time = running.start_time + 1
        assert.equal("waiting", decide({ failed, running })[1])
        assert.equal("waiting", decide({ running, failed, command.record("d", 0.5, { status = "RUNNING",
            start_time = false, end_time = false }) })[1])
        assert.equal("ready", decide({ command.record("a", 1, { start_time = false }) })[1])
        assert.equal("waiting", decide({ command.record("a", 1, { start_time = false, end_time = false }) })[1])
    end)

    it("says of a failure what the run said, up to 200 columns, and of a source what it is", function()
        local function reason(given)
            local record = command.failed("a", 1)
            record.fail_reason = given
            return decide({ record })[2]
        end
        assert.equal("its last run failed: no reason given", reason(nil))
        assert.equal("its last run failed: " .. ("x"):rep(200), reason(("x"):rep(200)))
        assert.equal("its last run failed: " .. ("x"):rep(199) .. "…", reason(("x"):rep(201)))
        local nameless = { command.record("a", 9, { identity_source_type = false }),
            command.record("b", 9, { identity_source_id = "t" }) }
        assert.matches("^source %(.+%): its last run ended", decide(nameless)[2])
    end)

    it("does not stumble over records that make no sense", function()
        assert.has_no.errors(function()
            judge { {}, { status = 5 }, { start_time = "x", status = "FINISHED" }, { identity_source_id = {},
                end_time = {} },
                { start_time = 0 / 0, status = "FAILED" } }
        end)
    end)
end)

local NOW = 1000000

local function success(hours)
    return (NOW - hours * HOUR) * 1000
end

local FACTS = { clusters = {
    { id = "a", sources = { { id = "one", type = "ldap", last_success = success(1) },
        { id = "two", type = "oneaccess", last_success = success(5) } } },
    { id = "b", sources = { { id = "three", type = "ldap" } } },
    { id = "c" },
} }

local function judge_facts(query)
    query.max_age = query.max_age or 2 * HOUR
    return gate.of_facts(FACTS, query, NOW)
end

local OFF = { code = "DWS.5045", message = "no" }

describe("freshness by facts", function()
    local function judge_with(off, query)
        query.max_age = 2 * HOUR
        return gate.of_facts({ clusters = { { id = "a", sources = FACTS.clusters[1].sources }, off } }, query, NOW)
    end

    it("is none where synchronisation is off, whatever source is meant", function()
        local off = { id = "off", name = "Off", severity = "disabled", error = OFF }
        for _, query in ipairs { { cluster = "off" }, { cluster = "off", source = "ldap" } } do
            assert.same({ false, nil, "cluster Off (off): identity-source synchronisation is off (DWS.5045)" },
                { judge_with(off, query) })
        end
        assert.is_false((gate.of_facts({ clusters = { off } }, { max_age = HOUR }, NOW)))
    end)

    it("does not ask for a success where synchronisation never was on, unless that cluster is meant", function()
        local off = { id = "off", severity = "warning", error = OFF }
        assert.same({ false, 5 * HOUR, "the last success was 5 h ago, more than 2 h" }, { judge_with(off, {}) })
        assert.is_true(judge_with(off, { source = "ldap" }))
        off.seen_before = success(30)
        assert.same({ false, nil, "cluster off: synchronisation was turned off or is refused since "
            .. "1970-01-11T07:46:40Z" }, { judge_with(off, {}) })
    end)

    it("is the age of the last success of one source, by its id or its type", function()
        assert.is_true(judge_facts { cluster = "a", source = "one" })
        local fresh, age = judge_facts { cluster = "a", source = "LDAP" }
        assert.is_true(fresh)
        assert.equal(HOUR, age)
    end)

    it("is that of the oldest when there are several", function()
        local fresh, age, reason = judge_facts { cluster = "a" }
        assert.is_false(fresh)
        assert.equal(5 * HOUR, age)
        assert.equal("the last success was 5 h ago, more than 2 h", reason)
        assert.is_true(judge_facts { cluster = "a", max_age = 5 * HOUR })
    end)

    it("names the first of several that are off and were never on", function()
        local function off(name) return { id = "id-" .. name, name = name, error = OFF, severity = "disabled" } end
        assert.same({ false, nil, "cluster one (id-one): identity-source synchronisation is off (DWS.5045)" },
            { gate.of_facts({ clusters = { off "one", off "two" } }, { max_age = HOUR }, NOW) })
    end)

    it("is of these sources, with what is said of each", function()
        local facts = { clusters = {
            { id = "a", severity = "critical", sources = { { id = "one", type = "ldap", severity = "warning" },
                { id = "two", type = "ONE" } } },
            { id = "b", severity = "unknown" }, { id = "off", severity = "disabled", error = OFF },
        } }
        local one, two = facts.clusters[1].sources[1], facts.clusters[1].sources[2]
        local why = "cluster off: identity-source synchronisation is off (DWS.5045)"
        local ONE, TWO = { cluster = "a", source = one, severity = "warning" }, { cluster = "a", source = two }
        local B, SPARED = { cluster = "b", severity = "unknown" },
            { cluster = "off", severity = "disabled", off = why, spared = true }
        for _, case in ipairs {
            { {}, ONE, TWO, B, SPARED }, { { cluster = "a" }, ONE, TWO }, { { source = "one" }, ONE },
            { { source = "LDAP" }, ONE }, { { source = "ONE" }, TWO }, { { cluster = "b" }, B },
            { { cluster = "b", source = "one" } }, { { cluster = "a", source = "x" } }, { { cluster = "c" } },
            { { cluster = "off", source = "one" }, { cluster = "off", severity = "disabled", off = why,
                spared = false } },
        } do
            local found = gate.select(facts, case[1])
            for _, item in ipairs(found) do
                item.spared = item.off and item.spared
            end
            assert.same({ case[2], case[3], case[4], case[5] }, found)
        end
        facts.clusters[3].seen_before = success(9)
        assert.is_false(gate.select(facts, {})[4].spared)
    end)

    it("is none where nothing ever succeeded, or nothing is there", function()
        for query, expected in pairs {
            [{ cluster = "b" }] = "source three of cluster b never synchronised successfully",
            [{ cluster = "c" }] = "cluster c never synchronised",
            [{ cluster = "d" }] = "no such source",
            [{ source = "four" }] = "no such source",
        } do
            local fresh, age, reason = judge_facts(query)
            assert.is_false(fresh)
            assert.is_nil(age)
            assert.equal(expected, reason)
        end
    end)
end)
