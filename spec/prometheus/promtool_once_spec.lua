local alerts = require "dwsync.alerts"
local cjson = require "cjson"
local files = require "dwsync.files"
local health = require "dwsync.health"
local health_rules = require "dwsync.health.rules"
local overviews = require "spec.report.overviews"
local prometheus = require "spec.support.prometheus"

local function shipped(name)
    return assert(files.read("examples/prometheus/" .. name))
end

local function render(rules, options)
    return alerts.render(assert(health.rules(rules)), options)
end

describe("promtool check", function()
    it("takes the rules, whatever thresholds and options they were made from", function()
        for _, rules in ipairs { {}, { stale = { warning = "6h" }, mass_delete = { population = { s1 = 10 } } },
            { stale = false, stuck = false, never = false, data = { critical = 5 }, churn = { warning = false } } } do
            local text = render(rules, { job = [[it's a "job" \ {{ $labels.x }}]], patience = 0.1, interval = 7.5 })
            local output, status = prometheus.promtool("check rules rules.yml", { ["rules.yml"] = text })
            assert.equal(0, status, output)
            assert.matches("SUCCESS: %d+ rules found", output)
        end
    end)

    it("takes the shipped configuration with the shipped rules", function()
        local output, status = prometheus.promtool("check config prometheus.yml", {
            ["prometheus.yml"] = shipped "prometheus.yml", ["rules.yml"] = shipped "rules.yml" })
        assert.equal(0, status, output)
    end)

    it("takes the rules about a fleet", function()
        local text = alerts.render_fleet { job = [[it's a "job" \ {{ $labels.x }}]], patience = 0.1, interval = 7.5 }
        local output, status = prometheus.promtool("check rules rules.yml", { ["rules.yml"] = text })
        assert.equal(0, status, output)
        assert.matches("SUCCESS: %d+ rules found", output)
    end)
end)

describe("promtool test", function()
    local function test(rules)
        return prometheus.promtool("test rules rules_test.yml", { ["rules.yml"] = rules,
            ["rules_test.yml"] = shipped "rules_test.yml" })
    end

    it("sees the shipped alerts fire, not fire and end", function()
        local output, status = test(shipped "rules.yml")
        assert.equal(0, status, output)
    end)

    it("sees those of a fleet fire, not fire and end", function()
        local output, status = prometheus.promtool("test rules fleet_rules_test.yml", {
            ["fleet_rules.yml"] = shipped "fleet_rules.yml",
            ["fleet_rules_test.yml"] = shipped "fleet_rules_test.yml" })
        assert.equal(0, status, output)
    end)

    it("would see an alert that waits for nothing, and one that forgets", function()
        local rules = shipped "rules.yml"
        for _, pattern in ipairs { "\n *for: [^\n]*", "\n *or %([^\n]*cluster:dwsync_blind%)" } do
            local wrong, count = rules:gsub(pattern, "")
            assert.is_true(count > 0)
            local output, status = test(wrong)
            assert.equal(1, status, output)
        end
    end)
end)

-- ---- the same as dwsync check --------------------------------------------------------------------

local MINUTE = 60000
local NOW_MINUTES = 180

-- Where promtool's clock begins at 0, ours begins: milliseconds of 1970 would be taken for seconds.
local BASE = 20000 * 1440

-- Sources of which each is a minute or a gap different from the one before, so that every threshold is met, missed and
-- passed: successes at a gap, then silence, failures, a mass deletion or a run that hangs.
local function make_records()
    local records = {}
    local function add(source, minutes, changes)
        local record = { id = ("%s-%d"):format(source, #records), identity_source_id = source,
            identity_source_type = "ldap", status = "FINISHED",
            start_time = math.floor((BASE + minutes) * MINUTE) - 20000,
            end_time = math.floor((BASE + minutes) * MINUTE), add_count = 1, update_count = 2, delete_count = 0,
            failed_count = 0 }
        for name, value in pairs(changes or {}) do
            record[name] = value
        end
        records[#records + 1] = record
    end
    for i = 1, 40 do
        local source, gap, last = ('s%d "\\{{ x }}'):format(i), 3 + i % 4, NOW_MINUTES - i
        for minutes = last % gap + 1, last, gap do
            add(source, minutes)
        end
        add(source, last, { delete_count = i, failed_count = i % 3 * 5,
            status = i % 10 > 0 and "FINISHED" or "ODD" })
        for failure = 1, i % 7 do
            add(source, last + failure * (NOW_MINUTES - last) / 8, { status = "FAILED", fail_reason = "timeout" })
        end
        if i % 5 == 0 then
            add(source, NOW_MINUTES - i / 2, { status = "RUNNING" })
            records[#records].end_time = nil
        end
    end
    add("never", 100, { status = "FAILED" })
    add("timeless", 100, {})
    records[#records].start_time, records[#records].end_time = nil, nil
    return records
end

local RULES = { failing = { minimum = 0, critical_minimum = 0 }, partial = { minimum = 1 },
    stale = { minimum = "10m" }, stuck = { minimum = "5m", critical_minimum = "20m" } }

-- The samples of an exposition, at one minute and never again: what follows is up to the clock.
local function series_of(text, minute)
    local list = { { series = 'up{job="dwsync"}', values = "1x400" } }
    for line in text:gmatch "[^\n]+" do
        local name, value = line:match "^(dwsync_.*) (%S+)$"
        if name then
            value = name:find "timestamp_seconds" and ("%.3f"):format(value - BASE * 60) or value
            local series = name:find "{" and name:gsub("{", '{job="dwsync",', 1) or name .. '{job="dwsync"}'
            list[#list + 1] = { series = series, values = ("_x%d %sx200"):format(minute - 1, value) }
        end
    end
    return list
end

local LEVELS = { warning = { "warning" }, critical = { "critical", "warning" }, unknown = { "warning" }, ok = {} }

-- What dwsync check says, as alerts.
local function expected_alerts(evaluation, rule)
    local list = {}
    for _, verdict in ipairs(evaluation.verdicts) do
        local counts = not verdict.follows and (rule == nil or rule == verdict.rule)
        for _, level in ipairs(counts and LEVELS[verdict.severity] or {}) do
            list[#list + 1] = ("%s %s %s"):format(verdict.rule, verdict.source or "", level)
        end
    end
    table.sort(list)
    return list
end

local function as_samples(list)
    local samples = {}
    for i, text in ipairs(list) do
        local rule, source, severity = text:match "^(%S+) (.*) (%S+)$"
        samples[i] = { value = 1, labels = ("{rule=%s,source=%s,severity=%s}"):format(cjson.encode(rule),
            cjson.encode(source):gsub("\\/", "/"), cjson.encode(severity)) }
    end
    return samples
end

local function judge(records, minute, rules)
    return health.evaluate(records, rules or RULES, (BASE + minute) * 60)
end

local ALERTS = "count by (rule, source, severity) (ALERTS{alertstate=\"firing\", rule=~\"%s\"})"

describe("the alerts", function()
    local records = make_records()

    local function check(cases, rules)
        local item = { cluster = { id = "c1", name = "c1" }, evaluation = judge(records, NOW_MINUTES, rules) }
        local overview = health.overview({ item }, (BASE + NOW_MINUTES) * 60)
        local test = { interval = "1m", promql_expr_test = cases,
            input_series = series_of(overviews.render("prometheus", overview), NOW_MINUTES) }
        return prometheus.promtool("test rules test.json", { ["test.json"] = cjson.encode { tests = { test },
            rule_files = { "rules.yml" }, evaluation_interval = "1m" },
            ["rules.yml"] = render(rules or RULES, { patience = 0 }) })
    end

    it("that fire are exactly what dwsync check says, rule by rule and source by source", function()
        local expected = expected_alerts(judge(records, NOW_MINUTES))
        local rules = {}
        for _, text in ipairs(expected) do
            rules[text:match "^%S+"] = true
        end
        for _, rule in ipairs { "failing", "mass_delete", "partial", "stale", "stuck", "data" } do
            assert.is_true(rules[rule], rule .. " is not among them")
        end
        local output, status = check { { expr = ALERTS:format ".+", eval_time = NOW_MINUTES .. "m",
            exp_samples = as_samples(expected) } }
        assert.equal(0, status, output)
        table.remove(expected)
        assert.equal(1, select(2, check { { expr = ALERTS:format ".+", eval_time = NOW_MINUTES .. "m",
            exp_samples = as_samples(expected) } }))
    end)

    it("about staleness stay so while dwsync says nothing new", function()
        local others_off = { stale = RULES.stale }
        for _, rule in ipairs(health_rules.names) do
            others_off[rule] = others_off[rule] or false
        end
        local cases, counts = {}, {}
        for i, later in ipairs { 1, 2, 5, 10, 25 } do
            local expected = expected_alerts(judge(records, NOW_MINUTES + later, others_off))
            counts[i] = #expected
            cases[i] = { expr = ALERTS:format "stale", eval_time = NOW_MINUTES + later .. "m",
                exp_samples = as_samples(expected) }
        end
        assert.is_true(counts[1] > 0 and counts[1] < counts[5])
        local output, status = check(cases, others_off)
        assert.equal(0, status, output)
    end)
end)
