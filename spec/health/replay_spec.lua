local health = require "dwsync.health"
local runs = require "spec.health.runs"

local NOW, HOUR, DAY = runs.NOW, runs.HOUR, runs.DAY

local function alerts(list, rule, options, more)
    local found = {}
    for _, alert in ipairs(health.replay(list, options and { [rule] = options }, more or { now = NOW })) do
        if alert.rule == rule then
            found[#found + 1] = alert
        end
    end
    return found
end

-- What was known of a list at some time: runs that had not ended were RUNNING, and nobody knew their numbers.
local function known_at(list, ms)
    local known = {}
    for _, run in ipairs(list) do
        if run.start_time <= ms then
            local copy = {}
            for name, value in pairs(run) do
                copy[name] = value
            end
            if run.end_time and run.end_time > ms then
                copy.status, copy.end_time, copy.fail_reason = "RUNNING", nil, nil
                copy.add_count, copy.update_count, copy.delete_count, copy.failed_count = nil, nil, nil, nil
            end
            known[#known + 1] = copy
        end
    end
    return known
end

local RANK = { ok = 1, unknown = 1, warning = 2, critical = 3 }

-- Compares what replay says was open at a time with what an evaluation of what was known then says.
local function compare(list, replayed, ms)
    local open, seen = {}, {}
    for _, alert in ipairs(replayed) do
        if alert.from <= ms and (not alert.till or ms < alert.till) then
            open[alert.source .. " " .. alert.rule] = alert.severity
        end
    end
    for _, verdict in ipairs(health.evaluate(known_at(list, ms), nil, ms / 1000).verdicts) do
        local key = tostring(verdict.source) .. " " .. verdict.rule
        local fires = RANK[verdict.severity] > 1
        seen[key] = true
        assert.equal(fires, open[key] ~= nil, ("%s at %.0f: %s"):format(key, ms, verdict.message))
        assert.is_true(not fires or RANK[open[key]] >= RANK[verdict.severity], key)
    end
    for key in pairs(open) do
        assert.is_true(seen[key], key)
    end
end

describe("a replay", function()
    it("agrees, at any time, with an evaluation of what was known then", function()
        local random = runs.random(21)
        for _ = 1, 25 do
            local list = runs.history(random, 50)
            local replayed = health.replay(list, nil, { now = NOW })
            for _ = 1, 12 do
                compare(list, replayed, NOW * 1000 - random(5 * DAY * 1000))
            end
            for _, alert in ipairs(replayed) do
                compare(list, replayed, alert.from - 1)
                compare(list, replayed, alert.from)
                if alert.till then
                    compare(list, replayed, alert.till - 1)
                    compare(list, replayed, alert.till)
                end
            end
            compare(list, replayed, NOW * 1000)
        end
    end)

    it("tells when a source was stale, and for how long", function()
        local list = {}
        for i = 0, 80 do
            if i < 10 or i > 17 then -- eight runs are missing
                list[#list + 1] = runs.run(600 + i * HOUR)
            end
        end
        local found = alerts(list, "stale")
        assert.equal(1, #found)
        local last, next_one = runs.run(600 + 18 * HOUR), runs.run(600 + 9 * HOUR)
        assert.same({
            rule = "stale",
            source = "s1",
            source_type = "ldap",
            severity = "critical",
            from = last.end_time + 2.5 * HOUR * 1000,
            till = next_one.end_time,
            seconds = 6.5 * HOUR,
            record_id = last.id,
            message = "the last successful run ended 5 h ago; the next was due 4 h 1 min ago, "
                .. "going by the last days",
        }, found[1])
    end)

    it("leaves open what has not ended, and counts it up to now", function()
        local list = runs.hourly(10, 5 * HOUR)
        local found = alerts(list, "stale")
        assert.equal(1, #found)
        assert.equal("warning", found[1].severity)
        assert.is_nil(found[1].till)
        assert.equal(2.5 * HOUR - 60, found[1].seconds)
    end)

    it("ends history at the newest time of the records when it is not told what time it is", function()
        local list = runs.hourly(10, 5 * HOUR)
        assert.same({}, alerts(list, "stale", nil, {}))
        list[1].delete_count = 60
        local found = alerts(list, "mass_delete", nil, {})
        assert.equal(0, found[1].seconds)
        assert.is_nil(found[1].till)
    end)

    it("knows what is on record although the service's clock is ahead of ours", function()
        for _, ahead in ipairs { 1, 400, 60000, 200000 } do
            local list = runs.hourly(10)
            list[1].delete_count, list[1].end_time = 60, NOW * 1000 + ahead
            local found = alerts(list, "mass_delete")
            assert.same({ 1, NOW * 1000, 0 }, { #found, found[1].from, found[1].seconds })
            assert.equal(found[1].severity, runs.verdict(list, "mass_delete").severity)
            list[1].start_time = NOW * 1000 + ahead - 1
            assert.equal(1, #alerts(list, "mass_delete"))
        end
    end)

    it("shows what other thresholds would have done", function()
        local list = runs.hourly(60, 600, function(run, i)
            run.delete_count = i == 40 and 30 or 0
        end)
        assert.equal("warning", alerts(list, "mass_delete")[1].severity)
        assert.equal(39 * HOUR + 540, alerts(list, "mass_delete")[1].seconds)
        assert.equal(2 * HOUR, alerts(list, "mass_delete", { memory = "2h" })[1].seconds)
        assert.same({}, alerts(list, "mass_delete", { warning = 31 }))
        assert.same({}, alerts(list, "mass_delete", { memory = "2h" }, { now = NOW, since = NOW * 1000 }))
    end)

    it("comes to an end and fires in time with thresholds that are no whole milliseconds", function()
        local list = runs.hourly(40, 600, function(run, i)
            run.delete_count = i % 5 == 0 and 30 or 0
            run.end_time = run.start_time + i
        end)
        for _, third in ipairs { 1 / 3, 1 / 7, 1e-4, 1234.56789 } do
            local deletions = alerts(list, "mass_delete", { memory = HOUR + third })
            assert.equal(8, #deletions)
            for _, alert in ipairs(deletions) do
                assert.is_true(math.abs(alert.seconds - HOUR - third) <= 0.001, tostring(alert.seconds))
            end
            local late
            for _, alert in ipairs(alerts(list, "stale", { warning = third, critical = false })) do
                late = alert.record_id == list[2].id and alert.from - list[2].end_time - third * 1000 or late
            end
            assert.is_true(late >= -0.001 and late <= 1.001, tostring(late))
        end
    end)

    it("counts a streak from the failure that reached the threshold until it has been well for as long", function()
        local list = runs.hourly(20, 600, function(run, i)
            run.status = i >= 5 and i <= 9 and "FAILED" or "FINISHED"
        end)
        local found = alerts(list, "failing")
        assert.equal(1, #found)
        assert.equal("critical", found[1].severity)
        assert.equal(list[8].end_time, found[1].from)
        assert.equal(list[3].end_time, found[1].till)
    end)

    it("sees a run stuck while it was, although it ended later", function()
        local list = runs.hourly(20, 4 * HOUR)
        list[1].end_time = list[1].start_time + 3 * HOUR * 1000
        local found = alerts(list, "stuck")
        assert.equal(1, #found)
        assert.equal("critical", found[1].severity)
        assert.equal(list[1].start_time + 30 * 60000, found[1].from)
        assert.equal(list[1].end_time, found[1].till)
    end)

    it("is the same in whatever order the records come", function()
        local random = runs.random(22)
        local list = runs.history(random, 80)
        local expected = health.replay(list, nil, { now = NOW })
        assert.is_true(#expected > 5)
        assert.same(expected, health.replay(runs.shuffled(list, random), nil, { now = NOW }))
    end)

    it("is empty for an empty list, and takes iterators and records without times", function()
        assert.same({}, health.replay({}, nil))
        assert.same({}, health.replay({ { id = "a", status = "FINISHED" } }, { data = false }))
        assert.equal(1, #alerts({ { id = "a" } }, "data"))
        local list, i = runs.hourly(10, 5 * HOUR), 0
        assert.equal(1, #health.replay(function()
            i = i + 1
            return list[i]
        end, nil, { now = NOW }))
    end)

    it("leaves out alerts that ended by a time", function()
        local list = runs.hourly(10)
        list[5], list[6] = runs.failed(600 + 4 * HOUR), runs.failed(600 + 5 * HOUR)
        local given = { failing = { warning = 1 } }
        local alert = health.replay(list, given, { now = NOW })[1]
        assert.equal("failing", alert.rule)
        for off, count in pairs { [-1] = 1, [0] = 0, [1] = 0 } do
            assert.equal(count, #health.replay(list, given, { now = NOW, since = alert.till + off }), off)
        end
    end)

    it("refuses wrong use at the line of its caller", function()
        local function refusal(...)
            local arguments = { ... }
            return runs.refusal(function() health.replay(arguments[1], arguments[2], arguments[3]) end)
        end
        assert.matches("replay_spec.lua:%d+: replay: unknown option 'untill'%. The options are now, since%.$",
            refusal({}, nil, { untill = 1 }))
        assert.matches("replay_spec.lua:%d+: replay: now is 1000000000000, expected seconds since the epoch$",
            refusal({}, nil, { now = 1e12 }))
        assert.matches('replay_spec.lua:%d+: replay: since is "24h", expected milliseconds since the epoch$',
            refusal({}, nil, { since = "24h" }))
        assert.matches("replay_spec.lua:%d+: .*unknown rule 'rules%.stail'", refusal({}, { stail = {} }))
        assert.matches("replay_spec.lua:%d+: replay: expected a list, an iterator or a sequence of records, got "
            .. "number$", refusal(7))
    end)

    it("takes time that grows with the history, not with its square", function()
        local function steps(count)
            local list = runs.hourly(count, 600, function(run, i)
                run.status = i % 7 == 0 and "FAILED" or i % 5 == 0 and "RUNNING" or "FINISHED"
                run.delete_count = i % 11 == 0 and 30 or 0
            end)
            local made = 0
            debug.sethook(function() made = made + 1 end, "", 1000)
            health.replay(list, nil, { now = NOW })
            debug.sethook()
            return made
        end
        if not rawget(_G, "jit") then -- compiled code has no steps to count
            assert.is_true(steps(2000) < 2.6 * steps(1000))
        end
    end)
end)
