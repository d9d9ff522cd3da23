--- Overviews made by hand, as dwsync.health returns them: the stories of the emulator, and one full of hostile text.
-- It must not call dwsync.health: reports are judged by the shape they were promised.
local M = {}

M.NOW = 1763971200 -- 2025-11-24T08:00:00Z
local HOUR = 3600000
local NOW_MS = M.NOW * 1000

local RANKS = { critical = 1, warning = 2, unknown = 3, ok = 4, disabled = 5 }

local function changed(base, changes)
    local all = {}
    for _, part in ipairs { base, changes or {} } do
        for name, value in pairs(part) do
            all[name] = value
        end
    end
    return all
end

-- ---- parts ---------------------------------------------------------------------------------------

--- A record, `hours` before now. @tparam number hours @tparam[opt] table changes @treturn table
function M.record(hours, changes)
    local start = math.floor(NOW_MS - hours * HOUR)
    return changed({ id = ("%08x-4a5b-4c6d-8e7f-00000000aaaa"):format(math.floor(hours * 100)),
        identity_source_id = "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e", identity_source_type = "ldap", start_time = start,
        end_time = start + 21000, add_count = math.floor(hours * 7) % 4, update_count = math.floor(hours * 5) % 6,
        delete_count = math.floor(hours) % 16 == 0 and 1 or 0, failed_count = 0, status = "FINISHED" }, changes)
end

--- A list of records, one an hour, newest first. @tparam integer count
-- @tparam[opt] function change called with index from 0, returns changes @treturn {table,...}
function M.records(count, change)
    local list = {}
    for i = 0, count - 1 do
        list[i + 1] = M.record(i + 0.2, change and change(i))
    end
    return list
end

--- A verdict that is ok. @tparam string rule @tparam[opt] table changes @treturn table
function M.verdict(rule, changes)
    return changed({ rule = rule, severity = "ok", source = "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e",
        source_type = "ldap", message = "Nothing to see." }, changes)
end

--- Statistics of hourly runs. @tparam[opt] table changes @treturn table
function M.statistics(changes)
    local function window(runs)
        return { runs = runs, ok = runs, partial = 0, failed = 0, running = 0, success_ratio = 1 }
    end
    return changed({ runs = 168, windows = { ["24h"] = window(24), ["7d"] = window(168), ["30d"] = window(168) },
        duration_p50 = 21, duration_p95 = 84.6, median_gap = 3600, last_run = NOW_MS - 0.2 * HOUR, last_run_id = "r-1",
        last_status = "FINISHED", last_success = NOW_MS - 0.2 * HOUR + 21000, last_success_id = "r-1",
        next_expected = NOW_MS + 0.8 * HOUR, added = 252, updated = 420, deleted = 10, failed = 0 }, changes)
end

local function ok_verdicts()
    return {
        M.verdict("churn", { value = 0, unit = "accounts", warning = 20 }),
        M.verdict("data", { value = 0, unit = "records", warning = 1 }),
        M.verdict("failing", { value = 0, unit = "runs", warning = 2, critical = 4 }),
        M.verdict("mass_delete", { value = 1, unit = "accounts", warning = 20, critical = 50 }),
        M.verdict("overlap", { value = 0, unit = "runs", warning = 1 }),
        M.verdict("partial", { value = 0, unit = "ratio", warning = 0.01, critical = 0.1 }),
        M.verdict("slow", { value = 0.4, unit = "times", warning = 6, critical = 12 }),
        M.verdict("stale", { value = 699, unit = "seconds", warning = 10800, critical = 21600,
            message = "The last successful run ended 12 min ago." }),
        M.verdict("stuck", { value = 0, unit = "seconds", warning = 1800, critical = 7200 }),
        M.verdict("volume", { value = 1.5, unit = "times", warning = 6, critical = 12 }),
    }
end

--- Verdicts of one source: those given, and ok ones for the other rules. @tparam {table,...} bad @treturn {table,...}
function M.verdicts(bad)
    local list, known = {}, {}
    for i, verdict in ipairs(bad) do
        list[i] = verdict
        known[verdict.rule] = true
    end
    for _, verdict in ipairs(ok_verdicts()) do
        list[#list + 1] = not known[verdict.rule] and verdict or nil
    end
    return list
end

--- An evaluation of one source. @tparam {table,...} list verdicts, worst first @tparam[opt] table options `statistics`,
-- `reasons`, `records`, `source` @treturn table
function M.evaluation(list, options)
    options = options or {}
    local severity = list[1].severity
    local statistics, reasons = options.statistics or M.statistics(), options.reasons or {}
    local source = changed({ id = "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e", type = "ldap", severity = severity,
        verdicts = list, statistics = statistics, reasons = reasons }, options.source)
    return { now = M.NOW, severity = severity, verdicts = list, sources = { source }, statistics = statistics,
        reasons = reasons, records = options.records or statistics.runs }
end

--- An overview. @tparam {table,...} items {cluster =, evaluation =, records =} or {cluster =, error =} @treturn table
function M.overview(items)
    local worst = #items > 0 and "disabled" or "ok"
    for _, item in ipairs(items) do
        item.severity = (item.evaluation or item.verdicts and item.verdicts[1] or { severity = "unknown" }).severity
        worst = RANKS[item.severity] < RANKS[worst] and item.severity or worst
    end
    table.sort(items, function(a, b)
        return RANKS[a.severity] < RANKS[b.severity]
            or RANKS[a.severity] == RANKS[b.severity] and a.cluster.name < b.cluster.name
    end)
    return { now = M.NOW, severity = worst, clusters = items }
end

-- ---- stories -------------------------------------------------------------------------------------

local BIND = "javax.naming.AuthenticationException: [LDAP: error code 49 - 80090308: LdapErr: DSID-0C090439, comment: "
    .. "AcceptSecurityContext error, data 52e, v4563]"

local function cluster(name, number)
    return { id = ("%08x-1111-4222-8333-444455556666"):format(number * 0x1357913), name = name }
end

--- A cluster where all is well. @tparam[opt] string name @tparam[opt] integer number @treturn table
function M.healthy(name, number)
    return { cluster = cluster(name or "dws-healthy", number or 1), evaluation = M.evaluation(M.verdicts {}),
        records = M.records(168) }
end

--- A cluster whose synchronisation has failed for three days. @treturn table
function M.failing()
    local since = NOW_MS - 71.2 * HOUR
    local reason = { template = "bind refused", class = "ldap_invalid_credentials", count = 72, first_seen = since,
        last_seen = NOW_MS - 0.2 * HOUR, sample = BIND, record_id = "r-1",
        cause = "The password of the account with which the cluster binds is wrong, or was changed (52e).",
        next_step = "Set the new password in the cluster's identity source, then start a synchronisation by hand." }
    local half = { runs = 168, ok = 96, partial = 0, failed = 72, running = 0, success_ratio = 96 / 168 }
    local list = M.verdicts {
        M.verdict("failing", { severity = "critical", value = 72, unit = "runs", warning = 2, critical = 4,
            since = since, record_id = "00000014-4a5b-4c6d-8e7f-00000000aaaa",
            message = "The last 72 runs did not finish.", advice = "Look at the reason, and repair what it names." }),
        M.verdict("stale", { severity = "critical", value = 259900, unit = "seconds", warning = 10800, critical = 21600,
            since = since, record_id = "00001c34-4a5b-4c6d-8e7f-00000000aaaa",
            message = "The last successful run ended 3 d ago.",
            advice = "Leavers keep their access until this is repaired: disable urgent ones by hand." }),
    }
    return { cluster = cluster("dws-failing", 2), records = M.records(168, function(i)
        return i < 72 and { status = "FAILED", fail_reason = BIND, add_count = 0, update_count = 0, delete_count = 0 }
            or nil
    end), evaluation = M.evaluation(list, { reasons = { reason }, statistics = M.statistics {
        windows = { ["24h"] = { runs = 24, ok = 0, partial = 0, failed = 24, running = 0, success_ratio = 0 },
            ["7d"] = half, ["30d"] = half },
        last_status = "FAILED", last_success = since - HOUR } }) }
end

--- A cluster whose runs fail for several reasons.
-- @tparam integer count
-- @treturn table
function M.failing_for(count)
    local item = M.failing()
    local reasons = item.evaluation.reasons
    for i = 2, count do
        reasons[i] = changed(reasons[1], { template = "reason " .. i, sample = "reason " .. i })
    end
    return item
end

--- A cluster that lost half its accounts. @treturn table
function M.mass_delete()
    local list = M.verdicts {
        M.verdict("mass_delete", { severity = "critical", value = 480, unit = "accounts", warning = 20, critical = 50,
            since = NOW_MS - 0.2 * HOUR, record_id = "00000014-4a5b-4c6d-8e7f-00000000aaaa",
            message = "One run deleted 480 accounts.",
            advice = "Stop the schedule, compare with the directory, and restore the accounts before users notice." }),
    }
    local records = M.records(168, function(i)
        return i == 0 and { delete_count = 480 } or i == 167 and { add_count = 958 } or nil
    end)
    return { cluster = cluster("dws-mass-delete", 3), evaluation = M.evaluation(list), records = records }
end

--- A cluster with runs that leave accounts behind, of two sources. @treturn table
function M.partial()
    local other = { source = "b1e0c0de-0000-4000-8000-000000000002", source_type = "oneaccess" }
    local list = M.verdicts {
        M.verdict("partial", changed(other, { severity = "warning", value = 0.064, unit = "ratio", warning = 0.01,
            critical = 0.1, since = NOW_MS - 30 * HOUR, record_id = "00000032-4a5b-4c6d-8e7f-00000000aaaa",
            message = "The last finished run left 6.4 % of its accounts out.",
            advice = "Correct the accounts that the reasons name; they have no access meanwhile." })),
    }
    local evaluation = M.evaluation(list, { reasons = { { template = "name longer than <n> bytes", class = "other",
        count = 31, first_seen = NOW_MS - 30 * HOUR, last_seen = NOW_MS - 0.5 * HOUR, record_id = "r-7",
        sample = "2 of 41 accounts skipped: name longer than 63 bytes" } } })
    evaluation.sources[2] = changed(evaluation.sources[1], { severity = "ok", reasons = {} })
    evaluation.sources[1].id, evaluation.sources[1].type = other.source, other.source_type
    local records = M.records(168, function(i)
        return i % 2 == 0 and i < 60 and { identity_source_id = other.source, identity_source_type = "oneaccess",
            failed_count = 3, update_count = 40, fail_reason = "2 of 41 accounts skipped" }
            or i % 2 == 0 and { identity_source_id = other.source, identity_source_type = "oneaccess" } or nil
    end)
    return { cluster = cluster("dws-partial", 4), evaluation = evaluation, records = records }
end

--- A cluster with a run that never ended. @treturn table
function M.stuck()
    local since = NOW_MS - 9 * HOUR
    local list = M.verdicts {
        M.verdict("stuck", { severity = "critical", value = 32400, unit = "seconds", warning = 1800, critical = 7200,
            since = since, record_id = "00000384-4a5b-4c6d-8e7f-00000000aaaa",
            message = "A run has been going on for 9 h.",
            advice = "Look at the cluster's management node; ask the service to end the run." }),
        M.verdict("stale", { severity = "warning", value = 36000, unit = "seconds", warning = 10800, critical = 43200,
            since = since - HOUR, record_id = "000003e8-4a5b-4c6d-8e7f-00000000aaaa",
            message = "The last successful run ended 10 h ago.", advice = "See why no run has finished since." }),
    }
    local records = {}
    for i = 0, 119 do
        records[i + 1] = M.record(9 + i, i == 0 and { status = "RUNNING", add_count = 0, update_count = 0 } or nil)
    end
    records[1].end_time = nil
    return { cluster = cluster("dws-stuck", 5), records = records, evaluation = M.evaluation(list,
        { statistics = M.statistics { last_status = "RUNNING", last_run = since, last_success = since - HOUR } }) }
end

--- A cluster that never synchronised. @treturn table
function M.never()
    local verdict = { rule = "never", severity = "unknown", unit = "records", value = 0,
        message = "There is no record: nothing was ever synchronised, or the feature is off.",
        advice = "Switch identity source synchronisation on in the cluster's console, or leave this cluster out." }
    return { cluster = cluster("dws-never", 6), records = {}, evaluation = { now = M.NOW, severity = "unknown",
        verdicts = { verdict }, sources = {}, statistics = { runs = 0, windows = {} }, reasons = {}, records = 0 } }
end

--- A cluster that could not be asked. @treturn table
function M.unreadable()
    return { cluster = cluster("dws-unreadable", 7), error = { kind = "timeout", message = "no answer within 60 s",
        hint = "Raise timeout, or check what slows the network or the service down.", retryable = true, attempts = 4 } }
end

--- A cluster whose synchronisation is switched off. @tparam[opt] table changes of its verdict @treturn table
function M.disabled(changes)
    return { cluster = cluster("dws-off", 8), fetched_at = M.NOW, error = { kind = "permission", code = "DWS.5045",
        message = "The tenant is not allowed to use this function.", status = 400 },
        verdicts = { changed({ rule = "disabled", severity = "disabled",
            message = "identity-source synchronisation is off (DWS.5045)",
            advice = "Turn it on in the console if accounts should come from an identity source." }, changes) } }
end

--- All of them. @treturn table overview
function M.stories()
    return M.overview { M.healthy(), M.failing(), M.mass_delete(), M.partial(), M.stuck(), M.never(), M.unreadable() }
end

-- ---- hostile text --------------------------------------------------------------------------------

--- Everything at once that some format takes for a command.
M.HOSTILE = "=1+1\27[31m\194\155\226\128\174\155<script>alert(1)</script><img src=x onerror=alert(1)>\"'`$(id)"
    .. "|a=1;2;3\nCRITICAL\r\n\t[x](http://evil.example) ![y](http://evil.example/p.png) @everyone #1 "
    .. "https://evil.example www.evil.example </title></style></svg>\\\\{}--> &lt; 用户"

--- An overview in which every text that a record, a cluster or a server may bring is hostile.
-- @tparam[opt] string text @treturn table
function M.hostile(text)
    text = text or M.HOSTILE
    local verdict = M.verdict("failing", { severity = "critical", value = 3, unit = "runs", warning = 2, critical = 4,
        source = text, source_type = text, since = NOW_MS - HOUR, record_id = text, message = text, advice = text,
        reason = { text = text, speaker = text, class = text, cause = text .. " why", next_step = text,
            record_id = text }, explanation = { { name = text, text = text, value = text, unit = text, by = text } } })
    local reason = { template = text, class = text, count = 3, first_seen = NOW_MS - 3 * HOUR, last_seen = NOW_MS,
        sample = text, record_id = text, cause = text, next_step = text }
    local evaluation = M.evaluation({ verdict, M.verdict("stale", { source = text, source_type = text,
        message = text }) }, { reasons = { reason }, source = { id = text, type = text },
        statistics = M.statistics { last_status = text, last_run_id = text, last_success_id = text } })
    local records = M.records(50, function(i)
        return { identity_source_id = text, identity_source_type = text, fail_reason = text,
            status = i % 3 == 0 and text or "FAILED", id = text }
    end)
    return M.overview { { cluster = { id = text, name = text }, evaluation = evaluation, records = records,
        episodes = { { from = NOW_MS - HOUR, severity = text, source = text, source_type = text, rule = text,
            also = { text }, headline = text } } },
        { cluster = { id = text .. "2", name = text }, error = { kind = "network", message = text, hint = text } } }
end

--- What a format writes, as one text. @tparam string format @tparam table overview @tparam[opt] table options
-- @treturn string
function M.render(format, overview, options)
    local parts = {}
    require("dwsync.report").render_health(format, overview, function(text)
        parts[#parts + 1] = text
    end, options)
    return table.concat(parts)
end

return M
