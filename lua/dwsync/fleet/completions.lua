--- What a look changes of its row: nothing, unless the row still carries the epoch with which it was claimed.
-- @module dwsync.fleet.completions
local accounts = require "dwsync.fleet.accounts"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local findings = require "dwsync.problems.findings"
local history_accounts = require "dwsync.history.accounts"
local history_page = require "dwsync.history.page"
local history_tables = require "dwsync.history.tables"
local identity = require "dwsync.history.identity"
local listing = require "dwsync.fleet.listing"
local problems = require "dwsync.problems"
local rows = require "dwsync.fleet.rows"

local M = {}

local literal = rows.literal

local LEAST = "warning" -- as dwsync notify has it
local LONGEST_BACKOFF_MS = 15 * 60000
local DISABLED_INTERVAL_MS = 3600000

-- Where in its interval a cluster is looked at: the same for every collector, and spread evenly.
local function phase_of(item, interval)
    local digest = core.sha256(item.account .. "\0" .. item.region .. "\0" .. item.cluster_id)
    return tonumber(digest:sub(1, 8), 16) / 2 ^ 32 * interval
end

local function next_slot(item, interval, now)
    local past = (now - phase_of(item, interval)) % interval
    return math.floor(now - past + interval)
end

-- A failure is looked at again sooner than its interval only at first.
local function backoff(item, failures, now)
    local pause = math.min(LONGEST_BACKOFF_MS, item.interval_ms * 2 ^ (failures - 1))
    return math.floor(now + pause / 2 + phase_of(item, pause / 2))
end

-- The new contents of a row.
local function row_after(item, result, now)
    local failures = result.error and not result.disabled and item.failures + 1 or 0
    local interval = result.disabled and math.max(item.interval_ms, DISABLED_INTERVAL_MS) or item.interval_ms
    local state = result.disabled and "disabled" or result.error and item.state or "active"
    local due = failures > 0 and backoff(item, failures, now) or next_slot(item, interval, now)
    if result.retry_after then
        due = math.max(due, now + result.retry_after * 1000)
    end
    local looked = item.looked_at
    if not result.error or result.disabled then
        looked = now
    end
    return { item_no = item.item_no, due_at = due, state = state, failures = failures, error = result.error,
        looked_at = looked, gap = looked == now and item.looked_at and now - item.looked_at or nil,
        page_mark = result.mark or item.page_mark, read_at = result.read_whole and now or item.read_at,
        next_at = result.evaluation and (result.evaluation.next_at or 0) or result.verdicts and 0 or item.next_at,
        severity = result.severity or item.severity, seen_at = result.seen_at or item.seen_at }
end

local CHANGED = { "due_at", "state", "failures", "error", "looked_at", "gap", "page_mark", "read_at", "next_at",
    "severity", "seen_at" }
local KINDS = { due_at = "number", failures = "integer", looked_at = "number", gap = "number", read_at = "number",
    next_at = "number", seen_at = "number" }
local CASTS = { number = "CAST(column%d AS DOUBLE PRECISION) AS %s", integer = "CAST(column%d AS INTEGER) AS %s" }

-- One statement for many rows: a NULL has no type of its own in PostgreSQL, so each column is cast.
local function update_rows(session, changed, now)
    local values, casts = {}, { "CAST(column1 AS INTEGER) AS item_no" }
    for i, name in ipairs(CHANGED) do
        casts[i + 1] = (CASTS[KINDS[name]] or "CAST(column%d AS TEXT) AS %s"):format(i + 1, name)
    end
    for i, row in ipairs(changed) do
        local cells = { literal(row.item_no) }
        for k, name in ipairs(CHANGED) do
            cells[k + 1] = literal(row[name])
        end
        values[i] = "(" .. table.concat(cells, ",") .. ")"
    end
    session:rows(([[UPDATE dwsync_schedule SET due_at = v.due_at, planned_at = v.due_at, state = v.state,
        failures = v.failures, error = v.error, looked_at = v.looked_at, asked_at = %s, page_mark = v.page_mark,
        read_at = v.read_at, next_at = v.next_at, severity = v.severity, seen_at = v.seen_at, leased_by = NULL,
        longest_gap = CASE WHEN coalesce(v.gap, 0) > coalesce(longest_gap, 0) THEN v.gap ELSE longest_gap END
        FROM (SELECT %s FROM (VALUES %s) AS t) AS v WHERE dwsync_schedule.item_no = v.item_no]]):format(literal(now),
        table.concat(casts, ", "), table.concat(values, ",")))
end

-- Which of the items are still leased to who claimed them. The epoch alone does not say it: a standby that becomes the
-- primary may not know of the last claims, and counts them anew. Locked in one order, as by every completion.
local function still_held(session, items)
    local numbers, held = {}, {}
    for i, item in ipairs(items) do
        numbers[i] = item.item_no
    end
    for _, row in ipairs(session:rows(("SELECT item_no, epoch FROM dwsync_schedule WHERE item_no IN (%s) "
        .. "AND leased_by = %s AND due_at > %s ORDER BY item_no%s"):format(rows.numbers(numbers),
        literal(items[1].holder), session.clock, session.lock_rows))) do
        held[row[1]] = row[2]
    end
    return held
end

local function split(done, held)
    local good, fenced = {}, 0
    for _, look in ipairs(done) do
        look.is_fenced = held[look.item.item_no] ~= look.item.epoch
        if look.is_fenced then
            fenced = fenced + 1
        else
            good[#good + 1] = look
        end
    end
    return good, fenced
end

local function policy_of(plan)
    return { least = LEAST, plan = plan }
end

-- A listing that failed. Where its key is refused, that is the account's problem.
local function fail_listing(session, item, failure, policy, now)
    if not (accounts.is_refusal { failure = failure } and accounts.is_unproven(session, item.account)) then
        problems.look_in(session, findings.listing(item.region, failure, item.account), policy, now)
    end
end

--- Completes looks that changed nothing but dates.
-- @tparam table session see dwsync.history.transaction
-- @tparam {{item=table,result=table},...} done
-- @tparam ?function plan whom to tell of problems, see dwsync.problems.plan
-- @treturn integer how many were refused, each with `is_fenced`
function M.unchanged(session, done, plan)
    local items = {}
    for i, look in ipairs(done) do
        items[i] = look.item
    end
    local good, fenced = split(done, still_held(session, items))
    local now, changed = rows.clock(session), {}
    for i, look in ipairs(good) do
        changed[i] = row_after(look.item, look.result, now)
    end
    if changed[1] then
        update_rows(session, changed, now)
    end
    for _, look in ipairs(good) do
        if look.item.kind ~= "cluster" and look.result.failure then
            fail_listing(session, look.item, look.result.failure, policy_of(plan), now)
        end
    end
    accounts.note(session, done, policy_of(plan), now) -- what the service said of a key holds, however late it is
    return fenced
end

local VERDICT = { "cluster_id", "source", "rule", "source_type", "severity", "follows", "value", "since", "record_id",
    "message", "advice", "judged_at" }

local function write_verdicts(session, item, verdicts, there, now)
    if there.has_verdicts then
        session:rows("DELETE FROM dwsync_verdicts WHERE cluster_id = " .. literal(item.cluster_id))
    end
    local values = {}
    for _, verdict in ipairs(verdicts) do
        if verdict.severity ~= "ok" then
            local cells = {}
            for i, name in ipairs(VERDICT) do
                local value = verdict[name]
                value = name == "cluster_id" and item.cluster_id or name == "source" and findings.source_key(value)
                    or name == "judged_at" and now or value
                cells[i] = literal(value)
            end
            values[#values + 1] = "(" .. table.concat(cells, ",") .. ")"
        end
    end
    if values[1] then
        session:rows(("INSERT INTO dwsync_verdicts (%s) VALUES %s ON CONFLICT DO NOTHING"):format(
            table.concat(VERDICT, ","), table.concat(values, ",")))
    end
end

-- What dwsync.problems calls an item of an overview.
local function overview_item(item, result)
    return { cluster = { id = item.cluster_id, name = item.name, account = item.account },
        evaluation = result.evaluation, verdicts = result.verdicts, error = result.failure,
        severity = result.severity or "unknown" }
end

-- Writes what a look found, but for its row. Returns the new contents of that, and a summary of the records saved.
local function write_found(session, item, result, there, plan, now)
    local summary = result.page
        and history_page.merge_into(session, identity.cell(item.cluster_id), result.page, now, there)
    local looked = result.accounts
        and history_accounts.merge_into(session, identity.cell(item.cluster_id), result.accounts)
    local verdicts = result.verdicts or result.evaluation and result.evaluation.verdicts
    if verdicts then
        write_verdicts(session, item, verdicts, there, now)
    end
    local again
    if accounts.is_refusal(result) and accounts.is_unproven(session, item.account) then
        again = now + findings.PATIENCE -- it is the account's problem, unless others of it are answered until then
    else
        again = problems.look_in(session, overview_item(item, result), policy_of(plan), now, not there.has_problems)
    end
    local row = row_after(item, result, now)
    if again and (row.next_at or 0) > 0 then
        again = math.min(again, row.next_at)
    end
    row.next_at = again or row.next_at
    local failed = result.accounts_failure or looked and looked.refused
    local retry_at = failed and history_accounts.note_failure_in(session, identity.cell(item.cluster_id), failed)
        or result.accounts_again
    if retry_at then
        row.next_at = (row.next_at or 0) > 0 and math.min(row.next_at, retry_at) or retry_at
    end
    if looked and looked.went > 0 and result.names_count then
        row.next_at = now -- what was judged did not know them yet
    end
    return { row = row, summary = summary }
end

-- The new contents of the row of a look whose findings the database refused: the next one may find what it takes.
local function refused(item, err, now)
    return row_after(item, { error = errors.summary(err, true) }, now)
end

-- What spares queries of what there is not, see dwsync.history.tables.traces.
local THERE = { "(SELECT count(*) FROM dwsync_verdicts AS d WHERE d.cluster_id = c.cluster_id)",
    "(SELECT count(*) FROM dwsync_problems AS p WHERE p.cluster_id = c.cluster_id)" }

-- What there is of the clusters of looks that went on with what was known, in one query, by look.
local function traces_of(session, looks)
    local asked, traces = {}, {}
    for _, look in ipairs(looks) do
        local rests_on, page = look.result.rests_on, look.result.page
        asked[#asked + 1] = rests_on and { cluster_id = look.item.cluster_id, since = rests_on.since,
            names = page and page.names, look = look } or nil
    end
    for i, found in ipairs(asked[1] and history_tables.traces(session, asked, THERE) or {}) do
        traces[asked[i].look] = found
    end
    return traces
end

-- What there is of a cluster, as far as that is known. Nil where somebody wrote or removed something of which the look
-- has not heard.
local function what_is_there(rests_on, traces)
    if not rests_on then
        return { has_verdicts = true, has_problems = true }
    elseif not traces or traces.has_ledger or traces.records ~= rests_on.records
        or traces.versions ~= rests_on.versions then
        return nil
    end
    return { number = traces.number, has_verdicts = traces.more[1] ~= 0, has_problems = traces.more[2] ~= 0,
        are_new = not traces.has_kept }
end

-- What is ok needs words only where a problem ends by them.
local function put_into_words(result, there)
    local evaluation = result.evaluation
    if evaluation and evaluation.is_brief and there.has_problems then
        result.evaluation = result.known.following:judge(evaluation.now)
    end
end

-- What becomes of a look whose lease holds and whose cluster nobody else writes of, and the new contents of its row.
local function complete(session, look, traces, plan, now)
    local there = what_is_there(look.result.rests_on, traces)
    if not there then
        return { is_outdated = true }
    end
    put_into_words(look.result, there)
    local written, err = session:apart(function()
        return write_found(session, look.item, look.result, there, plan, now)
    end)
    if not written then
        return { through = true, error = err }, refused(look.item, err, now)
    end
    return { through = true, summary = written.summary }, written.row
end

-- Those of the looks whose leases hold and of whose clusters no other program writes; and of each look whether none
-- does, nil where its lease does not hold.
local function exclude(session, done, held)
    local alone, excluded = {}, {}
    for _, look in ipairs(done) do
        if held[look.item.item_no] == look.item.epoch then
            local is_alone = session:exclude(identity.cell(look.item.cluster_id))
            excluded[look], alone[#alone + 1] = is_alone, is_alone and look or nil
        end
    end
    return alone, excluded
end

--- Completes looks that found something, or failed so that a problem may begin, each as if it were alone: what becomes
-- of one changes nothing for the others.
-- @tparam table session
-- @tparam {{item=table,result=table},...} done
-- @tparam ?function plan whom to tell of problems, see dwsync.problems.plan
-- @treturn {table,...} of each `through`: whether it was let through, and `summary` of the records saved, see
-- dwsync.history.summary; `error`: why the database refused what it found, so that it counts as failed.
-- No `through`: another program writes of its cluster, and nothing was done; or it has written, where `is_outdated`, so
-- that the cluster has to be looked at again
function M.changed(session, done, plan)
    local items = {}
    for i, look in ipairs(done) do
        items[i] = look.item
    end
    local held = still_held(session, items)
    local now, outcomes, changed, noted = rows.clock(session), {}, {}, {}
    local alone, excluded = exclude(session, done, held)
    local traces, written = traces_of(session, alone), {} -- a cluster of two accounts may come twice
    for i, look in ipairs(done) do
        local outcome, row, id = {}, nil, look.item.cluster_id
        if excluded[look] == nil then
            outcome.through = false
        elseif excluded[look] then
            outcome, row = complete(session, look, not written[id] and traces[look], plan, now)
            written[id] = written[id] or outcome.through
        end
        changed[#changed + 1] = row
        outcomes[i], noted[#noted + 1] = outcome, outcome.through ~= nil and look or nil
    end
    if changed[1] then
        update_rows(session, changed, now)
    end
    accounts.note(session, noted, policy_of(plan), now)
    return outcomes
end

--- Completes a look at what there is.
-- @tparam table session
-- @tparam table item
-- @tparam {table,...} found
-- @tparam table result without a failure: the list was had
-- @treturn boolean whether it was let through
function M.discovery(session, item, found, result)
    local is_held = still_held(session, { item })[item.item_no] == item.epoch
    local now = rows.clock(session)
    if is_held then
        listing.take(session, item, found, now)
        update_rows(session, { row_after(item, result, now) }, now)
        if item.failures > 0 then
            problems.end_in(session, findings.listing(item.region, nil, item.account).cluster.id,
                "they are listed again", now)
        end
    end
    -- Last: rows are locked before accounts.
    accounts.note(session, { { item = item, result = result } }, policy_of(nil), now)
    return is_held
end

return M
