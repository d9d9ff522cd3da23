local alerts = require "dwsync.alerts"
local health = require "dwsync.health"
local lyaml = require "lyaml"

local function made(rules, options)
    return lyaml.load(alerts.render(assert(health.rules(rules)), options))
end

-- All rules of both groups, by alert and severity, or by the name of the recording.
local function by_name(rules, options)
    local found = {}
    for _, group in ipairs(made(rules, options).groups) do
        for _, rule in ipairs(group.rules) do
            local name = rule.record or rule.alert .. " " .. rule.labels.severity
            assert.is_nil(found[name], name)
            found[name] = rule
        end
    end
    return found
end

describe("alert rules", function()
    it("are there for every rule, at the levels that it can reach", function()
        local levels, found = {}, by_name()
        for _, rule in pairs(found) do
            local name = rule.alert and rule.labels.rule
            if name then
                levels[name] = levels[name] or {}
                levels[name][#levels[name] + 1] = rule.alert .. " " .. rule.labels.severity
                table.sort(levels[name])
            end
        end
        assert.same({
            churn = { "DwsyncChurn critical", "DwsyncChurn warning" }, -- as a cause of mass_delete
            data = { "DwsyncData warning" },
            disabled = { "DwsyncDisabled warning" },
            failing = { "DwsyncFailing critical", "DwsyncFailing warning" },
            mass_delete = { "DwsyncMassDelete critical", "DwsyncMassDelete warning" },
            never = { "DwsyncNeverSynchronised warning" },
            overlap = { "DwsyncOverlap warning" },
            partial = { "DwsyncPartial critical", "DwsyncPartial warning" },
            slow = { "DwsyncSlow warning" },
            stale = { "DwsyncStale critical", "DwsyncStale warning", "DwsyncStaleUnknown warning" },
            stuck = { "DwsyncStuck critical", "DwsyncStuck warning" },
            volume = { "DwsyncVolume warning" },
        }, levels)
    end)

    it("reach the levels of what follows from them, while they fire at all", function()
        local found = by_name()
        assert.matches("^Rule churn is critical where a verdict that follows from it is%. ",
            found["DwsyncChurn critical"].annotations.description)
        assert.is_nil(by_name { mass_delete = false }["DwsyncChurn critical"])
        assert.is_nil(by_name { churn = { warning = false } }["DwsyncChurn critical"])
        found = by_name { slow = { critical = 9 } }
        assert.is_table(found["DwsyncSlow critical"] and found["DwsyncVolume critical"]
            and found["DwsyncOverlap critical"])
    end)

    it("leave out rules and levels that are off", function()
        local found = by_name { churn = false, stale = false, never = false, failing = { critical = false },
            partial = false, mass_delete = { warning = false, population = 100, warning_ratio = false },
            overlap = { critical = 3 } }
        assert.is_nil(found["DwsyncChurn warning"] or found["DwsyncStale warning"] or found["DwsyncStale critical"]
            or found["DwsyncStaleUnknown warning"] or found["DwsyncNeverSynchronised warning"]
            or found["DwsyncFailing critical"] or found["DwsyncMassDelete warning"])
        assert.is_table(found["DwsyncFailing warning"] and found["DwsyncMassDelete critical"]
            and found["DwsyncOverlap critical"])
    end)

    it("say where synchronisation was turned off, and where it is off if that was made loud", function()
        assert.matches("^Rule disabled warns where synchronisation is off after runs were seen%. ",
            by_name()["DwsyncDisabled warning"].annotations.description)
        assert.is_nil(by_name()["DwsyncDisabled critical"])
        assert.matches("^Rule disabled warns where synchronisation is off%. ",
            by_name({ disabled = "warning" })["DwsyncDisabled warning"].annotations.description)
        local found = by_name { disabled = "critical" }
        assert.matches("^Rule disabled is critical where synchronisation is off%. ",
            found["DwsyncDisabled critical"].annotations.description)
        assert.is_table(found["DwsyncDisabled warning"])
        found = by_name { disabled = "unknown" }
        assert.equal('rule:dwsync_verdict_severity:max{rule="disabled"} == 1',
            found["DwsyncDisabledUnknown warning"].expr)
        assert.is_table(found["DwsyncDisabled warning"])
        found = by_name { disabled = false }
        assert.is_nil(found["DwsyncDisabled warning"] or found["DwsyncDisabledUnknown warning"])
    end)

    it("keep a level that only a share of the accounts can reach", function()
        local found = by_name { mass_delete = { warning = false, critical = false, population = 100 } }
        assert.matches("^Rule mass_delete warns from 5 %% of the accounts, deleted within 1 d%. ",
            found["DwsyncMassDelete warning"].annotations.description)
        assert.is_nil(by_name { mass_delete = { warning = false } }["DwsyncMassDelete warning"])
    end)

    local function description(name, rules)
        return by_name(rules)[name].annotations.description:match "^[^.]*%. "
    end

    it("name the thresholds in force", function()
        assert.equal("Rule mass_delete is critical from 20 % of the accounts or from 50 accounts where it is not known "
            .. "how many there are, deleted within 1 d. ", description "DwsyncMassDelete critical")
        assert.equal("Rule mass_delete is critical from 90 accounts, deleted within 1 d. ",
            description("DwsyncMassDelete critical", { mass_delete = { critical = 90 } }))
        assert.equal("Rule mass_delete warns from 7 accounts or from 5 % of the accounts, deleted within 1 d. ",
            description("DwsyncMassDelete warning", { mass_delete = { warning = 7, population = 900 } }))
        assert.equal("Rule partial is critical from 25 % of the accounts of a run, at least 5 accounts. ",
            description("DwsyncPartial critical", { partial = { critical = 0.25 } }))
        assert.equal("Rule stale warns from 6 h after the last success. ",
            description("DwsyncStale warning", { stale = { warning = "6h" } }))
        assert.equal("Rule stale is critical from 12 h after the last success. ",
            description("DwsyncStale critical", { stale = { warning = "6h" } }))
        -- "1.5" ends no sentence.
        assert.matches("^Rule stale warns when a run is late by the cadence learned of the source: by 1%.5 of its "
            .. "usual gaps, at least 30 min and at most 2 h%. ",
            by_name()["DwsyncStale warning"].annotations.description)
        assert.equal("Rule stale is critical when the run after the one that is late is late as well, at the earliest "
            .. "4 h after that was due. ", description "DwsyncStale critical")
        assert.equal("Rule failing warns from 2 failed runs in a row over 30 min, or from 25 % of the last day's "
            .. "runs. ", description "DwsyncFailing warning")
        assert.equal("Rule failing warns from 2 failed runs in a row over 30 min. ",
            description("DwsyncFailing warning", { failing = { share = false } }))
        assert.equal("Rule slow warns from 2 times the usual duration in 3 runs in a row, at least 2 min above it. ",
            description "DwsyncSlow warning")
        assert.equal("Rule volume warns from 3 times as many as usual at that time of the week, or as few, at least 20 "
            .. "accounts apart. ", description "DwsyncVolume warning")
        assert.equal("Rule stuck is critical from 6 times what 95 % of runs take, at least 2 h. ",
            description "DwsyncStuck critical")
    end)

    it("take the time when a success is overdue from what each source has, whatever the rules say", function()
        for _, rules in ipairs { {}, { stale = { warning = "6h" } }, { stale = { critical = "1d" } } } do
            for _, level in ipairs { "warning", "critical" } do
                local overdue = ("time() >= source:dwsync_stale_%s_timestamp_seconds:max"):format(level)
                assert.equal(("source:dwsync_last_success_age_seconds and on (job, cluster, source, type) (%s)\n"
                    .. "or on (job, cluster, source, type) 0 * (%s)"):format(overdue, overdue),
                    by_name(rules)["DwsyncStale " .. level].expr)
            end
        end
        assert.is_table(by_name { stale = { warning = false } }["DwsyncStale critical"])
        assert.is_nil(by_name { stale = { warning = false } }["DwsyncStale warning"])
    end)

    it("have a severity that routes know, texts, and no label that a record could make up", function()
        for name, rule in pairs(by_name()) do
            if rule.alert then
                assert.is_truthy(rule.labels.severity == "warning" or rule.labels.severity == "critical", name)
                for _, text in ipairs { "summary", "description", "runbook" } do
                    assert.is_true(#rule.annotations[text] > 10, name .. " " .. text)
                end
                for label, value in pairs(rule.labels) do
                    assert.is_truthy(label == "severity" or label == "rule", name .. " " .. label)
                    assert.is_nil(value:find "{", name .. " " .. label)
                end
                assert.is_nil(rule.annotations.runbook:find "{", name)
            end
        end
    end)

    it("wait before they fire, unless a run may be stopped yet, and as long as patience says", function()
        local found = by_name()
        assert.equal("5m", found["DwsyncFailing warning"]["for"])
        assert.equal("15m", found["DwsyncPartial warning"]["for"])
        assert.is_nil(found["DwsyncMassDelete critical"]["for"])
        assert.equal("150s", by_name(nil, { patience = 0.5 })["DwsyncFailing warning"]["for"])
        assert.equal("300ms", by_name(nil, { patience = 0.001 })["DwsyncFailing warning"]["for"])
        for name, rule in pairs(by_name(nil, { patience = 0 })) do
            assert.is_nil(rule["for"], name)
        end
    end)

    it("watch dwsync under its job, and its data by its age", function()
        local found = by_name(nil, { job = [[a"b\c]], data_age = 7200 })
        assert.matches([[^up{job="a\"b\\c"} == 0
and ]], found["DwsyncDown warning"].expr)
        assert.equal([[time() - dwsync_evaluation_timestamp_seconds{job="a\"b\\c"} > 7200]],
            found["DwsyncDataOld warning"].expr)
        assert.equal([[time() - dwsync_evaluation_timestamp_seconds{job="a\"b\\c"} > 28800]],
            found["DwsyncDataOld critical"].expr)
        assert.matches("^Its verdicts are older than 8 h%.", found["DwsyncDataOld critical"].annotations.description)
    end)

    it("are evaluated at the interval given", function()
        for _, group in ipairs(made(nil, { interval = 15 }).groups) do
            assert.equal("15s", group.interval)
        end
        assert.equal("1m", made().groups[1].interval)
    end)

    it("refuse unknown options and wrong values, at the caller's line", function()
        local cases = {
            { { jobs = "a" }, "render: unknown option 'jobs'. Did you mean 'job'? The options are data_age, interval, "
                .. "job, patience." },
            { { job = "a\n" }, 'render: job is "a\\n", expected a text of printable ASCII' },
            { { job = 7 }, "render: job is 7, expected a text of printable ASCII" },
            { { data_age = 0 }, "render: data_age is 0, expected a number of seconds above 0" },
            { { data_age = 1 / 0 }, "render: data_age is inf, expected a number of seconds above 0" },
            { { patience = -1 }, "render: patience is -1, expected a number from 0 to 100" },
            { { interval = 241 }, "render: interval is 241, expected a number of seconds above 0 and at most 240" },
        }
        for _, case in ipairs(cases) do
            local good, reason = pcall(function()
                alerts.render(health.rules(), case[1]) -- this line
            end)
            assert.is_false(good)
            assert.equal(case[2], (reason:gsub("^[^:]*init_spec%.lua:%d+: ", "")))
            assert.matches("init_spec%.lua:", reason)
        end
        for expected, wrong in pairs {
            ["render: expected the rules that dwsync.health.rules gives, got nil"] = function()
                alerts.render()
            end,
            ["render_fleet: job is 7, expected a text of printable ASCII"] = function()
                alerts.render_fleet { job = 7 }
            end,
        } do
            assert.matches("init_spec%.lua:%d+: " .. expected .. "$", select(2, pcall(wrong)))
        end
    end)

    it("are the same text each time, compiled by LuaJIT or not", function()
        local text = alerts.render(health.rules())
        for _ = 1, 100 do
            assert.is_true(text == alerts.render(health.rules()))
        end
    end)
end)
