local health = require "dwsync.health"
local runs = require "spec.health.runs"

local NOW, DAY = runs.NOW, runs.DAY

local function copy(run, changes)
    local other = {}
    for name, value in pairs(run) do
        other[name] = value
    end
    for name, value in pairs(changes or {}) do
        other[name] = value
    end
    return other
end

local function message(...)
    return runs.verdict({ ... }, "data").message
end

describe("the rule data", function()
    it("is ok for what may be: absent fields, nulls, zero times, unknown fields", function()
        local null = io.stdout -- any userdata, as JSON's null is one
        for _, run in ipairs { runs.run(60, { end_time = false }), runs.run(60, { start_time = false }),
            runs.run(60, { fail_reason = null, add_count = null, end_time = null }), runs.run(60, { end_time = 0 }),
            runs.run(60, { more = { 1 } }), runs.run(60, { id = false }), runs.run(60, { add_count = 2147483647 }) } do
            local verdict = runs.verdict({ run }, "data")
            assert.equal("ok", verdict.severity, verdict.message)
            assert.equal("no flawed records", verdict.message)
        end
    end)

    it("fires for an end before the start", function()
        local run = runs.run(60)
        run.end_time = run.start_time - 1
        assert.equal("1 record cannot be true: 1 ends before it starts", message(run))
        run.end_time = run.start_time
        assert.equal("ok", runs.severity({ run }, "data"))
    end)

    it("fires for times in the future, beyond what clocks differ by", function()
        assert.equal("ok", runs.severity({ runs.run(-300, { end_time = false }) }, "data"))
        assert.equal("1 record cannot be true: 1 is dated in the future", message(runs.run(-300.001)))
        assert.equal("1 record cannot be true: 1 is dated in the future",
            message(runs.run(60, { end_time = NOW * 1000 + 300001 })))
        assert.equal("warning", runs.severity({ runs.run(-61) }, "data", { tolerance = "1m" }))
        assert.equal("ok", runs.severity({ runs.run(-3600) }, "data", { tolerance = "2h" }))
        assert.matches("^Check this machine's clock", runs.verdict({ runs.run(-DAY) }, "data").advice)
    end)

    it("fires for an unknown status", function()
        for _, status in ipairs { "finished", "DONE", "", 7, true, {}, false } do
            assert.equal("1 record cannot be true: 1 has an unknown status", message(runs.run(60, { status = status })))
        end
    end)

    it("fires for invalid counts", function()
        for _, count in ipairs { -1, 0.5, 1e300, 1 / 0, 0 / 0, 2147483648 } do
            for _, field in ipairs { "add_count", "update_count", "delete_count", "failed_count" } do
                assert.equal("1 record cannot be true: 1 has an invalid count",
                    message(runs.run(60, { [field] = count })))
            end
        end
    end)

    it("fires for invalid times, and for fields of the wrong type", function()
        for _, time in ipairs { -5, 1 / 0, 1e300 } do
            assert.equal("1 record cannot be true: 1 has an invalid time",
                message(runs.run(60, { end_time = time })))
        end
        for field, value in pairs { id = 7, identity_source_type = {}, start_time = "now", end_time = true,
            fail_reason = 49, add_count = "many" } do
            assert.equal("1 record cannot be true: 1 has a field of the wrong type",
                message(runs.run(60, { [field] = value })), field)
        end
    end)

    it("fires for one id with different content, counted once", function()
        local run = runs.run(60)
        assert.equal("ok", runs.severity({ run, copy(run), run }, "data"))
        assert.equal("1 record cannot be true: 1 shares its id with a different record",
            message(run, copy(run, { add_count = 5 }), copy(run, { add_count = 6 })))
    end)

    it("takes a run that was RUNNING and has ended for the same run", function()
        local run = runs.run(60)
        local before = copy(run, { status = "RUNNING", add_count = 3 })
        before.end_time = nil
        assert.equal("ok", runs.severity({ before, run }, "data"))
        assert.equal("1 run on record", runs.verdict({ before, run }, "never").message)
        assert.equal("ok", runs.severity({ before, run }, "overlap"))
        before.start_time = before.start_time - 1
        assert.equal("warning", runs.severity({ before, run }, "data"))
    end)

    it("tells both sources of an id they share", function()
        local list = { runs.run(60, { id = "a" }), runs.run(60, { id = "a", identity_source_id = "s2" }) }
        assert.equal("warning", runs.severity(list, "data"))
        assert.equal("warning", runs.severity(list, "data", nil, "s2"))
    end)

    it("counts a record once, by its gravest flaw, and lists the kinds", function()
        local run = runs.run(60, { add_count = -1, status = "?" })
        assert.equal("3 records cannot be true: 2 have an unknown status, 1 has an invalid count",
            message(run, runs.run(61, { status = "?" }), runs.run(62, { add_count = -1 })))
        assert.equal(3, runs.verdict({ run, runs.run(61, { status = "?" }), runs.run(62, { add_count = -1 }) },
            "data").value)
    end)

    it("forgets after a week, except what has no time or one of the future", function()
        local function severity(ago, more, options)
            local run = runs.run(ago, { add_count = -1 })
            for name, value in pairs(more or {}) do
                run[name] = value or nil
            end
            return runs.severity({ run, runs.run(60) }, "data", options)
        end
        assert.equal("warning", severity(7 * DAY - 1))
        assert.equal("ok", severity(7 * DAY))
        for gone = 1, 3 do -- what is old takes nothing newer with it
            local list = { runs.run(DAY, { add_count = -1 }) }
            for i = 1, gone do
                list[i + 1] = runs.run((7 + i) * DAY, { add_count = -1 })
            end
            assert.equal("1 record cannot be true: 1 has an invalid count", runs.verdict(list, "data").message)
        end
        assert.equal("ok", severity(2 * DAY, nil, { window = "1d" }))
        assert.equal("warning", severity(9 * DAY, { start_time = false, end_time = false }))
        assert.equal("warning", severity(-9 * DAY))
    end)

    it("takes other numbers", function()
        local list = { runs.run(60, { add_count = -1 }), runs.run(61, { add_count = -1 }) }
        assert.equal("ok", runs.severity(list, "data", { warning = 3 }))
        assert.equal("critical", runs.severity(list, "data", { critical = 2 }))
        assert.equal("warning", runs.severity(list, "data", { critical = 3 }))
    end)

    it("shows the newest flawed record", function()
        local verdict = runs.verdict({ runs.run(60), runs.run(3600, { add_count = -1 }),
            runs.run(7200, { add_count = -1 }) }, "data")
        assert.equal(runs.run(3600).id, verdict.record_id)
        assert.equal(runs.run(3600).start_time, verdict.since)
        assert.equal("records", verdict.unit)
    end)

    it("takes what is wrong out before other rules see it", function()
        local list = runs.hourly(10)
        list[1].delete_count = 1e300
        list[2].end_time = list[2].start_time - 5
        local evaluation = health.evaluate(list, nil, NOW)
        assert.equal("data", evaluation.verdicts[1].rule)
        assert.equal("ok", evaluation.verdicts[2].severity)
        assert.equal(0, evaluation.statistics.deleted)
    end)

    it("names times in seconds, and judges them as what they mean", function()
        local list = runs.hourly(5, 600, function(run)
            run.start_time, run.end_time = run.start_time / 1000, run.end_time / 1000
        end)
        local verdict = runs.verdict(list, "data")
        assert.equal("5 records cannot be true: 5 have times in seconds instead of milliseconds", verdict.message)
        assert.equal(540, runs.verdict(list, "stale").value)
    end)

    it("is told from the millisecond on at which a record began, for the window", function()
        local bad = { add_count = -1 }
        assert.equal("warning 691200..86400", runs.told({ runs.run(8 * DAY, bad) }, "data"))
        assert.equal("warning 691200..432000", runs.told({ runs.run(8 * DAY, bad) }, "data", { window = "3d" }))
        assert.equal("", runs.told({ runs.run(8 * DAY, bad), runs.run(2 * DAY, bad) }, "data", { warning = 3 }))
        assert.equal("warning 172800..86400",
            runs.told({ runs.run(8 * DAY, bad), runs.run(2 * DAY, bad) }, "data", { warning = 2 }))
    end)

    it("explains how many records are flawed, and how many of each kind", function()
        local function untimed(id)
            return runs.run(DAY, { start_time = false, end_time = false, status = "?", id = id })
        end
        assert.same({
            "flawed: 3 records = 3 records",
            "status: 2 have an unknown status = 2 records",
            "count: 1 has an invalid count = 1 records",
        }, runs.facts({ untimed "a", untimed "b", runs.run(2 * DAY, { add_count = -1 }) }, "data"))
        assert.same({ "flawed: 0 records = 0 records" }, runs.facts({ runs.run(60) }, "data"))
        assert.same({ "flawed: 1 record = 1 records", "count: 1 has an invalid count = 1 records" },
            runs.facts({ runs.run(8 * DAY, { add_count = -1 }), runs.run(DAY, { add_count = -1 }) }, "data"))
        local verdict = runs.verdict({ untimed "a", untimed "b" }, "data")
        assert.same({ "a", nil }, { verdict.record_id, verdict.since })
        assert.equal("Look at the raw records; if nothing between here and the service changed them, report their ids "
            .. "to the service.", verdict.advice)
        assert.equal("Check this machine's clock; if it is right, report the record's id to the service.",
            runs.verdict({ runs.run(-DAY) }, "data").advice)
    end)
end)
