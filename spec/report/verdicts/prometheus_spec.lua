local overviews = require "spec.report.overviews"
local processes = require "spec.support.processes"

local function render(overview)
    return overviews.render("prometheus", overview)
end

local function promtool(text)
    local name = os.tmpname()
    local file = assert(io.open(name, "wb"))
    file:write(text)
    file:close()
    local output, status = processes.run("promtool check metrics < " .. name .. " 2>&1")
    os.remove(name)
    return output, status
end

local LDAP = 'source="79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e",type="ldap"'

local function one(item)
    return render(overviews.overview { item })
end

local function has(text, line)
    return assert.is_truthy(("\n" .. text):find("\n" .. line .. "\n", 1, true), line .. " is not in\n" .. text)
end

describe("Prometheus' text exposition", function()
    it("passes promtool, and its judgement of names and units", function()
        for _, overview in ipairs { overviews.stories(), overviews.hostile(), overviews.overview {},
            overviews.overview { overviews.never() }, overviews.overview { overviews.unreadable() } } do
            assert.same({ "", 0 }, { promtool(render(overview)) })
        end
    end)

    it("would not pass with a label left open, a line of another kind or a name without help", function()
        local text = render(overviews.stories())
        for _, wrong in ipairs { 'dwsync_up{cluster="a\n', "dwsync_up is fine\n", "dwsync_no_help 1\n" } do
            assert.is_true(select(2, promtool(text .. wrong)) > 0, wrong)
        end
    end)

    it("names no series twice, which promtool does not mind", function()
        local item = overviews.stuck()
        table.insert(item.evaluation.verdicts, 2, overviews.verdict("stuck", { severity = "warning" }))
        local seen = {}
        for series in render(overviews.overview { item, overviews.stuck() }):gmatch "\n(dwsync_%S+) " do
            assert.is_nil(seen[series], series)
            seen[series] = true
        end
        assert.is_truthy(next(seen))
    end)

    it("gives points in time in seconds, not ages", function()
        local text = one(overviews.failing())
        local cluster = 'cluster="026af226-1111-4222-8333-444455556666"'
        has(text, "dwsync_evaluation_timestamp_seconds 1763971200")
        has(text, ("dwsync_last_success_timestamp_seconds{%s,%s} 1763711280"):format(cluster, LDAP))
        has(text, ("dwsync_last_run_timestamp_seconds{%s,%s} 1763970480"):format(cluster, LDAP))
        has(text, ("dwsync_next_expected_timestamp_seconds{%s,%s} 1763974080"):format(cluster, LDAP))
    end)

    it("says when a source becomes stale, unless that is not known, off, or follows from something else", function()
        local function stale(more)
            local verdict = { rule = "stale", severity = "ok", unit = "seconds", source = "s", source_type = "ldap",
                since = 1000000, value = 5, warning = 60, critical = 90.5, message = "" }
            for name, value in pairs(more or {}) do
                verdict[name] = value or nil
            end
            local evaluation = { severity = "ok", sources = {}, verdicts = { verdict } }
            return one { cluster = { id = "c" }, evaluation = evaluation }
        end
        local labels = '{cluster="c",source="s",type="ldap"} '
        has(stale(), "dwsync_stale_warning_timestamp_seconds" .. labels .. "1060")
        has(stale(), "dwsync_stale_critical_timestamp_seconds" .. labels .. "1090.5")
        for _, more in ipairs { { follows = "stuck" }, { warning = false, critical = false }, { since = false } } do
            assert.is_nil(stale(more):find("timestamp_seconds" .. labels, 1, true))
        end
    end)

    it("gives every verdict as a number of which the greatest is the worst", function()
        local text = one(overviews.stuck())
        local cluster = 'cluster="060b5d5f-1111-4222-8333-444455556666"'
        has(text, ("dwsync_cluster_severity{%s} 3"):format(cluster))
        has(text, ('dwsync_verdict_severity{%s,%s,rule="stuck"} 3'):format(cluster, LDAP))
        has(text, ('dwsync_verdict_severity{%s,%s,rule="stale"} 2'):format(cluster, LDAP))
        has(text, ('dwsync_verdict_severity{%s,%s,rule="slow"} 0'):format(cluster, LDAP))
        has(one(overviews.never()),
            'dwsync_verdict_severity{cluster="0740d672-1111-4222-8333-444455556666",source="",type="",rule="never"} 1')
    end)

    it("gives what rules measured, but for ages, and from which age on those fire that judge by one", function()
        local text = one(overviews.partial())
        local labels = 'cluster="04d5e44c-1111-4222-8333-444455556666",source="b1e0c0de-0000-4000-8000-000000000002",'
            .. 'type="oneaccess",rule="partial"'
        has(text, ("dwsync_verdict_value{%s} 0.064"):format(labels))
        text = one(overviews.failing())
        labels = 'cluster="026af226-1111-4222-8333-444455556666",' .. LDAP
        has(text, ('dwsync_verdict_value{%s,rule="failing"} 72'):format(labels))
        has(text, ('dwsync_verdict_value{%s,rule="slow"} 0.4'):format(labels))
        has(text, ('dwsync_verdict_threshold_seconds{%s,rule="stale",level="warning"} 10800'):format(labels))
        has(text, ('dwsync_verdict_threshold_seconds{%s,rule="stale",level="critical"} 21600'):format(labels))
        has(text, ('dwsync_verdict_threshold_seconds{%s,rule="stuck",level="critical"} 7200'):format(labels))
        assert.is_nil(text:find 'dwsync_verdict_value{[^\n]*rule="st')
        assert.is_nil(text:find 'dwsync_verdict_threshold_seconds{[^\n]*rule="[^s]')
    end)

    it("leaves out the threshold of a level that is off", function()
        local item = overviews.overview { overviews.healthy() }
        for _, verdict in ipairs(item.clusters[1].evaluation.verdicts) do
            verdict.critical = nil
        end
        local text = render(item)
        assert.is_truthy(text:find('rule="stale",level="warning"', 1, true))
        assert.is_nil(text:find('level="critical"', 1, true))
    end)

    it("says when a cluster is judged by what was read before, and when that was", function()
        local item = overviews.failing()
        local cluster = 'cluster="026af226-1111-4222-8333-444455556666"'
        has(one(item), ("dwsync_records_timestamp_seconds{%s} 1763971200"):format(cluster))
        item.error, item.fetched_at = { kind = "timeout", message = "no answer" }, overviews.NOW - 600
        local text = one(item)
        has(text, ("dwsync_up{%s} 0"):format(cluster))
        has(text, ("dwsync_records_timestamp_seconds{%s} 1763970600"):format(cluster))
        has(text, ('dwsync_verdict_severity{%s,%s,rule="failing"} 3'):format(cluster, LDAP))
        assert.is_nil(one(overviews.unreadable()):find "dwsync_records_timestamp_seconds")
    end)

    it("has a list of its names, which is complete", function()
        local listed = {}
        for _, name in ipairs(require("dwsync.report.verdicts.prometheus").names) do
            listed[name] = true
        end
        for name in render(overviews.stories()):gmatch "\n(dwsync_[%l%d_]+)" do
            assert.is_true(listed[name], name)
        end
    end)

    it("gives runs, durations and accounts in base units", function()
        local text = one(overviews.failing())
        local labels = 'cluster="026af226-1111-4222-8333-444455556666",' .. LDAP
        has(text, ('dwsync_runs{%s,window="24h",outcome="failed"} 24'):format(labels))
        has(text, ('dwsync_success_ratio{%s,window="24h"} 0'):format(labels))
        has(text, ("dwsync_run_duration_p95_seconds{%s} 84.6"):format(labels))
        has(text, ('dwsync_account_changes{%s,window="30d",change="added"} 252'):format(labels))
        has(text, ('dwsync_last_run_status{%s,status="failed"} 1'):format(labels))
        has(text, ('dwsync_last_run_status{%s,status="finished"} 0'):format(labels))
    end)

    it("says when a cluster could not be asked", function()
        local text = render(overviews.stories())
        has(text, 'dwsync_up{cluster="08764f85-1111-4222-8333-444455556666"} 0')
        has(text, 'dwsync_up{cluster="01357913-1111-4222-8333-444455556666"} 1')
    end)

    it("says where synchronisation is off: nothing is wrong, and no verdict, unless somebody wants one", function()
        local text = render(overviews.overview { overviews.healthy(), overviews.disabled() })
        local cluster = 'cluster="09abc898-1111-4222-8333-444455556666"'
        has(text, ("dwsync_cluster_disabled{%s} 1"):format(cluster))
        has(text, 'dwsync_cluster_disabled{cluster="01357913-1111-4222-8333-444455556666"} 0')
        has(text, ("dwsync_cluster_severity{%s} 0"):format(cluster))
        has(text, ("dwsync_up{%s} 1"):format(cluster))
        has(text, ("dwsync_records_timestamp_seconds{%s} 1763971200"):format(cluster))
        assert.is_nil(text:find('rule="disabled"', 1, true))
        text = one(overviews.disabled { severity = "warning" })
        has(text, ("dwsync_cluster_disabled{%s} 0"):format(cluster))
        has(text, ("dwsync_up{%s} 1"):format(cluster))
        has(text, ('dwsync_verdict_severity{%s,source="",type="",rule="disabled"} 2'):format(cluster))
        assert.same({ "", 0 }, { promtool(text) })
        local unread = overviews.disabled()
        unread.unread = { kind = "timeout", message = "no answer" }
        has(one(unread), ("dwsync_up{%s} 0"):format(cluster))
    end)

    it("shows failure reasons as their class alone, one series a class", function()
        local item = overviews.failing()
        local reasons = item.evaluation.sources[1].reasons
        reasons[2] = { class = reasons[1].class, count = 3 }
        reasons[3] = { class = "of no list at all", count = 1 }
        local text = one(item)
        local labels = 'cluster="026af226-1111-4222-8333-444455556666",' .. LDAP
        has(text, ('dwsync_fail_reason_runs{%s,class="ldap_invalid_credentials"} 75'):format(labels))
        has(text, ('dwsync_fail_reason_runs{%s,class="other"} 1'):format(labels))
        assert.is_nil(text:find("AcceptSecurityContext", 1, true))
    end)

    it("escapes hostile labels, and keeps text of records out of all but ids and types", function()
        local text = render(overviews.hostile 'a"b\\c\nd\27[31m{}')
        has(text, [[dwsync_up{cluster="a\"b\\c d?[31m{}"} 1]])
        has(text, [[dwsync_fail_reason_runs{cluster="a\"b\\c d?[31m{}",source="a\"b\\c d?[31m{}",]]
            .. [[type="a\"b\\c d?[31m{}",class="other"} 3]])
        assert.is_nil(text:find("\27", 1, true))
        for line in text:gmatch "[^\n]+" do
            assert.is_truthy(line:find "^# " or line:find "^dwsync_[%l%d_]+ ?[%d{]", line)
        end
        assert.is_nil(text:match "status=\"a")
    end)

    it("cuts labels that a hostile service made long, and still names no series twice", function()
        local text = render(overviews.hostile(("x"):rep(100000)))
        assert.is_true(#text < 40000)
        assert.same({ "", 0 }, { promtool(text) })
    end)

    it("gives the status of the newest run as one of four, and none where there was no run", function()
        local item = overviews.healthy()
        local statistics = item.evaluation.sources[1].statistics
        for given, expected in pairs { FINISHED = "finished", failed = "failed", RUNNING = "running",
            odd = "unknown" } do
            statistics.last_status, statistics.last_run = given, nil
            local shown = {}
            for status, value in one(item):gmatch 'dwsync_last_run_status{[^}]*status="(%l+)"} (%d)' do
                shown[#shown + 1] = status .. " " .. value
            end
            local statuses = {}
            for i, status in ipairs { "finished", "failed", "running", "unknown" } do
                statuses[i] = status .. (status == expected and " 1" or " 0")
            end
            assert.same(statuses, shown)
        end
        statistics.last_status, statistics.last_run = nil, 1
        assert.is_truthy(one(item):find('status="unknown"} 1', 1, true))
        statistics.last_run = nil
        assert.is_nil(one(item):find("dwsync_last_run_status", 1, true))
        item.evaluation.sources[1].statistics = nil
        assert.is_nil(one(item):find("dwsync_runs", 1, true))
    end)

    it("takes for a class a word of at most 40 letters, digits and underscores alone", function()
        local item = overviews.failing()
        local long = ("c"):rep(40)
        for given, shown in pairs { [long] = long, [long .. "c"] = "other", c1_ = "c1_", ["1c"] = "other",
            ["a b"] = "other", Ab = "other" } do
            item.evaluation.sources[1].reasons = { { class = given, count = 2 }, { class = given, count = "x" } }
            has(one(item), ('dwsync_fail_reason_runs{cluster="%s",%s,class="%s"} 2'):format(item.cluster.id, LDAP,
                shown))
        end
        item.evaluation.sources[1].reasons = nil
        assert.is_nil(one(item):find("dwsync_fail_reason_runs", 1, true))
    end)

    it("leaves out what is no number", function()
        local item = overviews.healthy()
        local statistics = item.evaluation.sources[1].statistics
        statistics.median_gap, statistics.duration_p50, statistics.duration_p95 = 0 / 0, 1 / 0, "x"
        local text = one(item)
        assert.is_nil(text:find "gap_median" or text:find "duration_")
    end)
end)
