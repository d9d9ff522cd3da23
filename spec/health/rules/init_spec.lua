local errors = require "dwsync.errors"
local health = require "dwsync.health"

-- The message and the hint with which rules are refused.
local function refusal(given)
    local checked, err = health.rules(given)
    assert.is_nil(checked)
    assert.is_true(errors.is(err))
    assert.equal("config", err.kind)
    return err.message, err.hint
end

describe("rules", function()
    it("are all on, with the documented defaults", function()
        local HOUR, DAY = 3600, 86400
        assert.same({
            stale = { factor = 1.5, minimum = HOUR / 2, maximum = 2 * HOUR },
            mass_delete = { warning_ratio = 0.05, critical_ratio = 0.2, minimum = 5,
                window = DAY, memory = 3 * DAY },
            failing = { warning = 2, critical = 4, minimum = HOUR / 2, critical_minimum = 3 * HOUR, share = 0.25 },
            partial = { warning = 0.01, critical = 0.1, minimum = 5 },
            stuck = { factor = 3, critical_factor = 6, minimum = HOUR / 2, critical_minimum = 2 * HOUR },
            overlap = { warning = 1, minimum = HOUR / 2, ended = 3 },
            volume = { warning = 3, minimum = 20 },
            churn = { warning = 10, similarity = 0.8, window = DAY },
            slow = { warning = 2, minimum = 120, runs = 3 },
            never = {},
            data = { warning = 1, tolerance = 300, window = 7 * DAY },
            disabled = "disabled",
        }, health.rules())
        assert.same(health.rules(), health.rules {})
        assert.same(health.rules(), health.rules { stale = {}, slow = true })
    end)

    it("stay what they are when they are checked again", function()
        local once = health.rules { stale = { warning = "6h", critical = false }, slow = false,
            mass_delete = { population = { s1 = 9 } } }
        assert.same(once, health.rules(once))
        assert.equal(21600, once.stale.warning)
        assert.is_false(once.stale.critical)
        assert.is_false(once.slow)
    end)

    it("take lengths of time as seconds or as text", function()
        assert.equal(90, health.rules({ stale = { warning = 90 } }).stale.warning)
        assert.equal(5400, health.rules({ stale = { warning = "90m" } }).stale.warning)
        assert.equal(172800, health.rules({ stale = { warning = "2d" } }).stale.warning)
    end)

    it("leave the table they are given alone", function()
        local given = { mass_delete = { population = { s1 = 9 } } }
        local checked = health.rules(given)
        checked.mass_delete.population.s1 = 1
        assert.same({ mass_delete = { population = { s1 = 9 } } }, given)
    end)

    it("are refused by name when there is no such rule, with the list of those there are", function()
        local message, hint = refusal { stail = {} }
        assert.equal("unknown rule 'rules.stail'", message)
        assert.equal("Did you mean 'stale'? The rules are churn, data, disabled, failing, mass_delete, never, "
            .. "overlap, partial, slow, stale, stuck, volume.", hint)
        assert.equal("unknown rule 'rules.1'", (refusal { {} }))
        assert.equal("unknown rule 'rules.?[31m'", (refusal { ["\27[31m"] = {} }))
    end)

    it("take how grave it is that synchronisation is off for a severity, or for off", function()
        for _, severity in ipairs { "disabled", "ok", "unknown", "warning", "critical", false } do
            assert.equal(severity, health.rules({ disabled = severity }).disabled)
        end
        assert.equal("disabled", health.rules({ disabled = true }).disabled)
        assert.equal("rules.disabled is \"warnin\", expected one of disabled, ok, unknown, warning, critical, or false"
            .. " (did you mean 'warning'?)", (refusal { disabled = "warnin" }))
        assert.matches("^rules%.disabled is a table, expected one of", (refusal { disabled = { warning = 1 } }))
    end)

    it("are refused when an option does not exist, with the list of those that do", function()
        local message, hint = refusal { stale = { warnign = "6h" } }
        assert.equal("unknown option 'rules.stale.warnign'", message)
        assert.equal("Did you mean 'warning'? The options are critical, factor, maximum, minimum, warning.", hint)
        assert.equal("unknown option 'rules.never.warning'", (refusal { never = { warning = 1 } }))
        assert.equal("unknown option 'rules.slow.window'", (refusal { slow = { window = "1d" } }))
    end)

    it("are refused when they are no table", function()
        assert.equal('rules are "stale", expected a table', (refusal "stale"))
        assert.equal("rules are false, expected a table", (refusal(false)))
        assert.equal("rules.stale is 6, expected a table of options, or false for off", (refusal { stale = 6 }))
    end)

    it("are refused when a value is out of range, whatever the option", function()
        local form = ': seconds, or "90m", "6h", "2d"'
        local length = "expected a length of time of 0 or more" .. form
        local above = "expected a length of time above 0" .. form
        for _, case in ipairs {
            { "stale", "warning", "soon", '"soon", ' .. above .. ", or false" },
            { "stale", "warning", 0, "0, " .. above .. ", or false" },
            { "stale", "critical", -1, "-1, " .. above .. ", or false" },
            { "stale", "minimum", {}, "a table, " .. length },
            { "stale", "minimum", false, "false, " .. length },
            { "stale", "maximum", -1, "-1, " .. length },
            { "stale", "factor", "3", '"3", expected a number from 0 to 1000000' },
            { "stale", "factor", 0 / 0, "an, expected a number from 0 to 1000000" },
            { "mass_delete", "warning", 0, "0, expected an integer above 0, or false" },
            { "mass_delete", "critical", 1.5, "1.5, expected an integer above 0, or false" },
            { "mass_delete", "critical_ratio", 20, "20, expected a ratio above 0 and at most 1, or false" },
            { "mass_delete", "warning_ratio", 0, "0, expected a ratio above 0 and at most 1, or false" },
            { "mass_delete", "population", 0, "0, expected an integer above 0, or a table of them by source id" },
            { "mass_delete", "population", { 5 },
                "a table, expected an integer above 0, or a table of them by source id" },
            { "mass_delete", "window", "1y", '"1y", ' .. length },
            { "mass_delete", "memory", "x", '"x", ' .. length },
            { "mass_delete", "minimum", 1.5, "1.5, expected an integer of 0 or more" },
            { "failing", "warning", "2", '"2", expected an integer above 0, or false' },
            { "failing", "critical", true, "true, expected an integer above 0, or false" },
            { "failing", "minimum", -1, "-1, " .. length },
            { "failing", "critical_minimum", {}, "a table, " .. length },
            { "failing", "share", 2, "2, expected a ratio above 0 and at most 1, or false" },
            { "partial", "minimum", 0, "0, expected an integer above 0" },
            { "partial", "warning", 1.1, "1.1, expected a ratio above 0 and at most 1, or false" },
            { "partial", "critical", -0.1, "-0.1, expected a ratio above 0 and at most 1, or false" },
            { "stuck", "warning", 1e10, "10000000000, "
                .. "expected a length of time above 0 and at most 10000 d" .. form .. ", or false" },
            { "stuck", "critical", "", '"", ' .. above .. ", or false" },
            { "stuck", "factor", -1, "-1, expected a number from 0 to 1000000" },
            { "stuck", "critical_factor", 1e7, "10000000, expected a number from 0 to 1000000" },
            { "stuck", "minimum", "x", '"x", ' .. length },
            { "stuck", "critical_minimum", false, "false, " .. length },
            { "overlap", "warning", 0, "0, expected an integer above 0, or false" },
            { "overlap", "critical", {}, "a table, expected an integer above 0, or false" },
            { "overlap", "minimum", "x", '"x", ' .. length },
            { "overlap", "ended", 0, "0, expected an integer above 0, or false" },
            { "volume", "warning", 0, "0, expected a number above 0 and at most 1000000, or false" },
            { "volume", "critical", "12", '"12", expected a number above 0 and at most 1000000, or false' },
            { "volume", "minimum", -1, "-1, expected an integer of 0 or more" },
            { "churn", "warning", 0, "0, expected an integer above 0, or false" },
            { "churn", "critical", -3, "-3, expected an integer above 0, or false" },
            { "churn", "similarity", 2, "2, expected a ratio from 0 to 1" },
            { "churn", "window", false, "false, " .. length },
            { "slow", "warning", {}, "a table, expected a number above 0 and at most 1000000, or false" },
            { "slow", "critical", 0, "0, expected a number above 0 and at most 1000000, or false" },
            { "slow", "minimum", "?", '"?", ' .. length },
            { "slow", "runs", 0, "0, expected an integer above 0" },
            { "data", "warning", 0, "0, expected an integer above 0, or false" },
            { "data", "critical", "all", '"all", expected an integer above 0, or false' },
            { "data", "tolerance", -1, "-1, " .. length },
            { "data", "window", "7", '"7", ' .. length },
        } do
            local message = refusal { [case[1]] = { [case[2]] = case[3] } }
            local expected = ("rules.%s.%s is %s"):format(case[1], case[2], case[4])
            if case[3] ~= case[3] then
                assert.equal(case[4], message:match "an, .*$") -- "nan" or "-nan"
            else
                assert.equal(expected, message)
            end
        end
    end)

    it("say what took the place of an option that is gone", function()
        for rule, names in pairs { volume = { "history", "least_history", "window" }, slow = { "history",
            "least_history" } } do
            for _, name in ipairs(names) do
                local message, hint = refusal { [rule] = { [name] = 30 } }
                assert.matches(("^rules.%s.%s is gone: "):format(rule, name), message)
                assert.equal("Leave it out.", hint)
            end
        end
        assert.equal("rules.volume.history is gone: weeks decide what is usual, up to four of them",
            (refusal { volume = { history = 30 } }))
        assert.equal("unknown option 'rules.stale.history'", (refusal { stale = { history = 3 } }))
    end)

    it("are refused when a warning is above its critical threshold", function()
        assert.equal("rules.stale.warning (12 h) is above rules.stale.critical (6 h)",
            (refusal { stale = { warning = "12h", critical = "6h" } }))
        assert.equal("rules.failing.warning (60) is above rules.failing.critical (4)",
            (refusal { failing = { warning = 60 } }))
        assert.equal("rules.mass_delete.warning_ratio (0.3) is above rules.mass_delete.critical_ratio (0.2)",
            (refusal { mass_delete = { warning_ratio = 0.3 } }))
        assert.is_table(health.rules { mass_delete = { warning = 60, critical = false } })
        assert.is_table(health.rules { failing = { warning = 4 } })
    end)
end)
