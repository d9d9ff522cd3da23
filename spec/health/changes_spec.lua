local changes = require "dwsync.health.changes"

local NOW = 1747637723
local RULES = { disabled = "disabled" }

local function verdict(rule, severity, source)
    return { rule = rule, severity = severity, source = source, source_type = source and "ldap", message = rule .. "!",
        value = 3, unit = "runs", warning = 2, critical = 4, statistics = {} }
end

local function item(id, ...)
    return { cluster = { id = id, name = "n-" .. id }, evaluation = { verdicts = { ... } } }
end

-- "rule severity<previous" of each event.
local function told(seen, ...)
    local words = {}
    for i, event in ipairs(seen:look({ ... }, NOW, RULES)) do
        words[i] = event.event == "verdict" and ("%s %s %s<%s"):format(event.source or "-", event.rule, event.severity,
            event.previous or "") or ("%s %s"):format(event.cluster_id, event.event)
    end
    return words
end

describe("changes between two looks", function()
    it("are at first all that is not ok", function()
        local seen = changes.new()
        assert.same({ "s failing critical<" }, told(seen, item("c", verdict("failing", "critical", "s"),
            verdict("stale", "ok", "s"))))
        assert.same({}, told(seen, item("c", verdict("failing", "critical", "s"), verdict("stale", "ok", "s"))))
    end)

    it("have all that a verdict says", function()
        local given = { rule = "failing", severity = "warning", source = "s", source_type = "ldap", value = 3,
            unit = "runs", warning = 2, critical = 4, since = 5, record_id = "r", message = "m", advice = "a" }
        local event = changes.new():look({ item("c", given) }, NOW, RULES)[1]
        for name, value in pairs(given) do
            assert.equal(value, event[name], name)
        end
        assert.same({ "verdict", NOW * 1000, "c", "n-c" }, { event.event, event.time, event.cluster_id,
            event.cluster_name })
    end)

    it("are then what became better or worse", function()
        local seen = changes.new()
        told(seen, item("c", verdict("failing", "warning", "s"), verdict("stale", "ok", "s")))
        assert.same({ "s failing critical<warning", "s stale warning<ok" },
            told(seen, item("c", verdict("failing", "critical", "s"), verdict("stale", "warning", "s"))))
        assert.same({ "s failing ok<critical", "s stale ok<warning" },
            told(seen, item("c", verdict("failing", "ok", "s"), verdict("stale", "ok", "s"))))
    end)

    it("include what is not spoken of any more", function()
        local seen = changes.new()
        told(seen, item("c", verdict("never", "unknown")))
        assert.same({ "- never ok<unknown" }, told(seen, item("c")))
        assert.same({}, told(seen, item("c")))
    end)

    it("come by source and rule, whatever order they were found in", function()
        local seen, given, expected, over = changes.new(), {}, {}, {}
        for i = 1, 40 do
            given[i] = verdict("stale", "warning", ("s%02d"):format(i * 17 % 41))
            expected[i], over[i] = ("s%02d stale warning<"):format(i), ("s%02d stale ok<warning"):format(i)
        end
        assert.same(expected, told(seen, { cluster = { id = "c" }, evaluation = { verdicts = given } }))
        assert.same(over, told(seen, item("c")))
    end)

    it("keep sources and clusters apart", function()
        local seen = changes.new()
        told(seen, item("c", verdict("stale", "warning", "s"), verdict("stale", "ok", "t")),
            item("d", verdict("stale", "ok", "s")))
        assert.same({ "t stale critical<ok", "s stale warning<ok" }, told(seen,
            item("c", verdict("stale", "critical", "t"), verdict("stale", "warning", "s")),
            item("d", verdict("stale", "warning", "s"))))
    end)

    it("take the worst of several verdicts of one rule", function()
        local seen = changes.new()
        assert.same({ "s data warning<" }, told(seen, item("c", verdict("data", "warning", "s"), verdict("data", "ok",
            "s"))))
    end)

    it("include failures and recoveries, once, and forget no severity meanwhile", function()
        local seen = changes.new()
        local failure = { cluster = { id = "c" }, error = { kind = "network", message = "cut", hint = "Mend it." } }
        told(seen, item("c", verdict("stale", "warning", "s")))
        assert.same({ "c failure" }, told(seen, failure))
        assert.same({}, told(seen, failure))
        assert.same({ "c recovery" }, told(seen, item("c", verdict("stale", "warning", "s"))))
    end)

    it("are none where synchronisation is off and always was, neither then nor when it is turned on", function()
        local seen = changes.new()
        local off = { cluster = { id = "c" }, error = { code = "DWS.5045", message = "no" } }
        assert.same({}, told(seen, off))
        assert.same({}, told(seen, off))
        assert.same({}, told(seen, item("c", verdict("stale", "ok", "s"))))
    end)

    it("include that synchronisation is off where records were seen, and that it is on again", function()
        local seen = changes.new()
        local off = { cluster = { id = "c" }, error = { code = "DWS.5045", message = "no" }, seen_before = 1 }
        told(seen, item("c", verdict("stale", "critical", "s")))
        assert.same({ "- disabled warning<", "s stale ok<critical" }, told(seen, off))
        assert.same({}, told(seen, off))
        assert.same({ "- disabled ok<warning" }, told(seen, item("c", verdict("stale", "ok", "s"))))
    end)

    it("are flat and have the fields that are written", function()
        local event = changes.new():look({ item("c", verdict("stale", "warning", "s")) }, NOW, RULES)[1]
        assert.equal(NOW * 1000, event.time)
        local known = {}
        for _, name in ipairs(changes.FIELDS) do
            known[name] = true
        end
        for name, value in pairs(event) do
            assert.is_true(known[name], name)
            assert.is_not.equal("table", type(value))
        end
    end)

    it("have their fields in this order", function()
        assert.equal("event time cluster_id cluster_name source source_type rule severity previous value unit warning "
            .. "critical since record_id kind message advice hint", table.concat(changes.FIELDS, " "))
    end)

    it("say what a failure was, that it is over, and what is no longer reported", function()
        local seen, base = changes.new(), { time = NOW * 1000 + 500, cluster_id = "c", cluster_name = "n-c" }
        local function look(what)
            local events = seen:look({ what }, NOW + 0.5004, RULES)
            for _, event in ipairs(events) do
                for name, value in pairs(base) do
                    assert.equal(value, event[name])
                    event[name] = nil
                end
            end
            return events
        end
        local function failed(message)
            return { cluster = { id = "c", name = "n-c" }, error = { kind = "network", message = message, hint = "!" } }
        end
        look(item("c", verdict("stale", "warning", "s"), verdict("never", "unknown")))
        assert.same({ { event = "failure", kind = "network", message = "cut", hint = "!" } }, look(failed "cut"))
        assert.same({ { event = "failure", kind = "network", message = "gone", hint = "!" } }, look(failed "gone"))
        assert.same({ { event = "recovery", message = "recovered" },
            { event = "verdict", rule = "never", severity = "ok", previous = "unknown",
                message = "no longer reported" },
            { event = "verdict", source = "s", rule = "stale", severity = "ok", previous = "warning",
                message = "no longer reported" } }, look(item "c"))
        assert.same({ "failure" }, { look(failed "gone")[1].event }) -- told anew after a recovery
    end)

    it("leave what follows from another verdict as it was", function()
        local seen = changes.new()
        local function follows(severity)
            local given = verdict("stale", severity, "s")
            given.follows = "failing"
            return item("c", given)
        end
        assert.same({}, told(seen, follows "critical"))
        assert.same({ "s stale warning<ok" }, told(seen, item("c", verdict("stale", "warning", "s"))))
        assert.same({}, told(seen, follows "critical"))
        assert.same({ "s stale ok<warning" }, told(seen, item("c", verdict("stale", "ok", "s"))))
    end)
end)
