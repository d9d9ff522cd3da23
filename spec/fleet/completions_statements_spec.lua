local accounts = require "dwsync.fleet.accounts"
local completions = require "dwsync.fleet.completions"
local errors = require "dwsync.errors"
local history_accounts = require "dwsync.history.accounts"
local history_page = require "dwsync.history.page"
local history_tables = require "dwsync.history.tables"
local listing = require "dwsync.fleet.listing"
local problems = require "dwsync.problems"

local NOW = 1747637723000
local PATIENCE = 900000

-- The modules that a completion hands its findings to, each replaced by one that notes what it was given.
local REPLACED = { accounts = accounts, history_accounts = history_accounts, page = history_page,
    tables = history_tables, listing = listing, problems = problems }

describe("completing looks", function()
    local own = {}
    local said, answers, session

    setup(function()
        for name, module in pairs(REPLACED) do
            own[name] = {}
            for key, value in pairs(module) do
                own[name][key] = value
            end
        end
    end)
    after_each(function()
        for name, module in pairs(REPLACED) do
            for key, value in pairs(own[name]) do
                module[key] = value
            end
        end
    end)

    local function note(...)
        said[#said + 1] = { ... }
    end

    before_each(function()
        said, answers = {}, { held = { { 7, 3 }, { 8, 4 }, { 9, 5 } } }
        session = { clock = "clock", lock_rows = " LOCK" }
        function session.rows(_, sql)
            sql = sql:gsub("%s+", " ")
            if sql == "SELECT clock" then
                return { { NOW } }
            elseif sql:find "^SELECT item_no" then
                answers.asked = sql
                return answers.held
            end
            note(sql)
            return {}
        end
        function session.exclude(_, cluster)
            return not (answers.busy or {})[cluster]
        end
        function session.apart(_, work)
            if answers.refused then
                return nil, answers.refused
            end
            return work()
        end
        function accounts.is_unproven(given, name)
            assert.same({ session, "hq" }, { given, name })
            return answers.is_unproven
        end
        function accounts.note(given, looks, policy, now)
            assert.same({ session, NOW, "warning" }, { given, now, policy.least })
            local numbers = {}
            for i, look in ipairs(looks) do
                numbers[i] = look.item.item_no
            end
            note("note", table.concat(numbers, " "), policy.plan)
        end
        function problems.look_in(given, item, policy, now, has_none)
            assert.same({ session, NOW, "warning" }, { given, now, policy.least })
            note("look", item, policy.plan, has_none)
            return answers.again
        end
        function problems.end_in(given, id, words, now)
            assert.same({ session, NOW }, { given, now })
            note("end", id, words)
        end
        function history_page.merge_into(given, cluster, page, now, there)
            assert.same({ session, NOW }, { given, now })
            note("page", cluster, page, there)
            return "summary"
        end
        function history_accounts.merge_into(given, cluster, list)
            assert.equal(session, given)
            note("accounts", cluster, list)
            return answers.looked
        end
        function history_accounts.note_failure_in(given, cluster, failed)
            assert.equal(session, given)
            note("failure", cluster, failed)
            return answers.retry_at
        end
        function history_tables.traces(given, asked, more)
            assert.equal(session, given)
            note("traces", asked, more)
            return answers.traces
        end
        function listing.take(given, item, found, now)
            assert.same({ session, NOW }, { given, now })
            note("take", item.item_no, found)
        end
    end)

    local function item(more)
        local made = { item_no = 7, epoch = 3, holder = "it's", kind = "cluster", account = "hq", region = "eu-de",
            cluster_id = "c1", name = "prod", state = "active", interval_ms = 60000, failures = 0, next_at = 0 }
        for name, value in pairs(more or {}) do
            made[name] = value
        end
        return made
    end

    -- The new contents of rows, by column: what the last UPDATE says, whose head has to be right.
    local COLUMNS = { "due_at", "state", "failures", "error", "looked_at", "gap", "page_mark", "read_at", "next_at",
        "severity", "seen_at" }
    local CASTS = { "DOUBLE PRECISION", "TEXT", "INTEGER", "TEXT", "DOUBLE PRECISION", "DOUBLE PRECISION", "TEXT",
        "DOUBLE PRECISION", "DOUBLE PRECISION", "TEXT", "DOUBLE PRECISION" }

    local function rows_written()
        local list = {}
        for i = #said, 1, -1 do
            local head, values = tostring(said[i][1]):match("^(UPDATE dwsync_schedule .*)%(VALUES %((.*)%)%) AS t%) "
                .. "AS v WHERE dwsync_schedule.item_no = v.item_no$")
            if head then
                local casts = { "CAST(column1 AS INTEGER) AS item_no" }
                for k, name in ipairs(COLUMNS) do
                    casts[k + 1] = ("CAST(column%d AS %s) AS %s"):format(k + 1, CASTS[k], name)
                end
                assert.equal("UPDATE dwsync_schedule SET due_at = v.due_at, planned_at = v.due_at, state = v.state, "
                    .. "failures = v.failures, error = v.error, looked_at = v.looked_at, asked_at = 1747637723000, "
                    .. "page_mark = v.page_mark, read_at = v.read_at, next_at = v.next_at, severity = v.severity, "
                    .. "seen_at = v.seen_at, leased_by = NULL, longest_gap = CASE WHEN coalesce(v.gap, 0) > "
                    .. "coalesce(longest_gap, 0) THEN v.gap ELSE longest_gap END FROM (SELECT "
                    .. table.concat(casts, ", ") .. " FROM ", head)
                for row in (values .. "),("):gmatch "(.-)%),%(" do
                    list[#list + 1] = row
                end
                table.remove(said, i)
            end
        end
        return list
    end

    local function next_ats()
        local list = {}
        for i, row in ipairs(rows_written()) do
            list[i] = row:match "^[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,([^,]*)"
        end
        return table.concat(list, " ")
    end

    local function plan() end

    it("writes what is new of those whose lease holds, locked in one order", function()
        local looks = { { item = item(), result = { mark = "m" } }, { item = item { item_no = 8, epoch = 5 },
            result = {} }, { item = item { item_no = 9, epoch = 5, looked_at = NOW - 500 }, result = { mark = "it's",
            read_whole = true, severity = "ok", seen_at = 5, evaluation = { next_at = 77 } } } }
        assert.equal(1, completions.unchanged(session, looks, plan))
        assert.equal("SELECT item_no, epoch FROM dwsync_schedule WHERE item_no IN (7,8,9) AND leased_by = 'it''s' AND "
            .. "due_at > clock ORDER BY item_no LOCK", answers.asked)
        assert.same({ false, true, false }, { looks[1].is_fenced, looks[2].is_fenced, looks[3].is_fenced })
        local written = rows_written()
        assert.matches("^7,%d+,'active',0,NULL,1747637723000,NULL,'m',NULL,0,NULL,NULL$", written[1])
        assert.matches("^9,%d+,'active',0,NULL,1747637723000,500,'it''s',1747637723000,77,'ok',5$", written[2])
        assert.same({ { "note", "7 8 9", plan } }, said)
        answers.held = {}
        assert.equal(3, completions.unchanged(session, looks))
        assert.same({ { "note", "7 8 9", plan }, { "note", "7 8 9" } }, said)
    end)

    it("says of a listing that failed, unless its key is what is wrong", function()
        local failure = { kind = "auth", status = 401 }
        local place = item { kind = "place", cluster_id = "" }
        local function completed(of, result)
            said = {}
            completions.unchanged(session, { { item = of, result = result } }, plan)
            rows_written()
            return said
        end
        local told = { { "look", { cluster = { id = "list:hq/eu-de", name = "the clusters of eu-de of account hq",
            account = "hq" }, severity = "unknown", error = failure }, plan }, { "note", "7", plan } }
        assert.same(told, completed(place, { failure = failure }))
        answers.is_unproven = true
        assert.same({ { "note", "7", plan } }, completed(place, { failure = failure }))
        told[1][2].error = { kind = "network" }
        assert.same(told, completed(place, { failure = told[1][2].error }))
        assert.same({ { "note", "7", plan } }, completed(place, {}))
        assert.same({ { "note", "7", plan } }, completed(item(), { failure = { kind = "network" } }))
    end)

    local function changed(result, more)
        said = {}
        return completions.changed(session, { { item = item(more), result = result } }, plan)
    end

    local DELETED = { "DELETE FROM dwsync_verdicts WHERE cluster_id = 'c1'" }

    it("writes records, accounts, verdicts and problems of a look", function()
        local verdicts = { { source = ("s"):rep(401), rule = "stale", source_type = "ad", severity = "critical",
            follows = "stuck", value = 1.5, since = 3, record_id = "r", message = "it's late", advice = "wait" },
            { rule = "slow", severity = "warning" }, { rule = "never", severity = "ok" } }
        local evaluation = { verdicts = verdicts, next_at = 99 }
        local result = { page = "page", accounts = "list", evaluation = evaluation, severity = "critical",
            mark = "m", seen_at = 5 }
        answers.again, answers.looked = 88, { went = 0 }
        local there = { has_verdicts = true, has_problems = true }
        assert.same({ { through = true, summary = "summary" } }, changed(result))
        assert.matches("^7,%d+,'active',0,NULL,1747637723000,NULL,'m',NULL,88,'critical',5$", rows_written()[1])
        assert.same({ { "page", "c1", "page", there }, { "accounts", "c1", "list" }, DELETED, { "INSERT INTO "
            .. "dwsync_verdicts (cluster_id,source,rule,source_type,severity,follows,value,since,record_id,message,"
            .. "advice,judged_at) VALUES ('c1','" .. ("s"):rep(400) .. "','stale','ad','critical','stuck',1.5,3,'r',"
            .. "'it''s late','wait',1747637723000),('c1','','slow',NULL,'warning',NULL,NULL,NULL,NULL,NULL,NULL,"
            .. "1747637723000) ON CONFLICT DO NOTHING" }, { "look", { cluster = { id = "c1", name = "prod",
            account = "hq" }, evaluation = evaluation, severity = "critical" }, plan, false }, { "note", "7", plan } },
            said)
        local failure = { kind = "permission" }
        assert.same({ { through = true } }, changed { disabled = true, verdicts = {}, failure = failure,
            error = "off" })
        rows_written()
        assert.same({ DELETED, { "look", { cluster = { id = "c1", name = "prod", account = "hq" }, verdicts = {},
            error = failure, severity = "unknown" }, plan, false }, { "note", "7", plan } }, said)
    end)

    it("looks again when the first of several is due", function()
        local function next_at(again, own_next, more)
            answers.again = again
            local result = { evaluation = { next_at = own_next, verdicts = {} } }
            for name, value in pairs(more or {}) do
                result[name] = value
            end
            changed(result)
            return next_ats()
        end
        assert.same({ "0", "5", "5", "5", "5", "1" }, { next_at(nil, 0), next_at(nil, 5), next_at(5, 0), next_at(5, 9),
            next_at(9, 5), next_at(9, 1) })
        answers.retry_at = 6
        local failed = { accounts_failure = { kind = "permission" } }
        assert.same({ "6", "5", "6", "1" }, { next_at(nil, 0, failed), next_at(nil, 5, failed), next_at(7, 9, failed),
            next_at(nil, 1, failed) })
        assert.same({ "failure", "c1", failed.accounts_failure }, said[#said - 1])
        assert.same({ "4", "3" }, { next_at(nil, 0, { accounts_again = 4 }), next_at(nil, 3, { accounts_again = 4 }) })
        answers.looked = { went = 0, refused = "damaged" }
        assert.equal("6", next_at(nil, 0, { accounts = "list" }))
        assert.same({ "failure", "c1", "damaged" }, said[#said - 1])
        for went, expected in pairs { [0] = { "5", "5" }, { "1747637723000", "5" } } do
            answers.looked = { went = went }
            assert.same(expected, { next_at(nil, 5, { accounts = "list", names_count = true }),
                next_at(nil, 5, { accounts = "list" }) })
        end
        assert.equal("5", next_at(nil, 5, { names_count = true }))
        local unplanned = item()
        unplanned.next_at, answers.looked = nil, nil
        for again, result in pairs { [5] = {}, [6] = { accounts_failure = { kind = "permission" } } } do
            answers.again = again == 5 and 5 or nil
            completions.changed(session, { { item = unplanned, result = result } }, plan)
            assert.equal(tostring(again), next_ats())
        end
    end)

    it("leaves to the account what its key is refused for, for a while", function()
        local refused = { failure = { kind = "auth", status = 401 }, error = "auth" }
        changed(refused)
        assert.equal("look", said[#said - 2][1])
        answers.is_unproven = true
        changed(refused)
        assert.equal(("%d"):format(NOW + PATIENCE), next_ats())
        assert.same({ { "note", "7", plan } }, said)
    end)

    it("spares queries of what there is not, and does nothing where others wrote of the cluster", function()
        local function of(rests, traces, more)
            answers.traces = { traces }
            local result = { rests_on = rests, page = { names = { "r" } }, evaluation = { verdicts = {} } }
            for name, value in pairs(more or {}) do
                result[name] = value
            end
            return changed(result)
        end
        local function traces(more)
            local made = { number = 4, records = 2, versions = 1, has_ledger = false, has_kept = false,
                more = { 0, 0 } }
            for name, value in pairs(more or {}) do
                made[name] = value
            end
            return made
        end
        local rests = { since = 11, records = 2, versions = 1 }
        assert.same({ { through = true, summary = "summary" } }, of(rests, traces()))
        local asked = said[1][2]
        assert.same({ 1, "c1", 11, { "r" } }, { #asked, asked[1].cluster_id, asked[1].since, asked[1].names })
        assert.same({ "(SELECT count(*) FROM dwsync_verdicts AS d WHERE d.cluster_id = c.cluster_id)",
            "(SELECT count(*) FROM dwsync_problems AS p WHERE p.cluster_id = c.cluster_id)" }, said[1][3])
        assert.same({ number = 4, has_verdicts = false, has_problems = false, are_new = true }, said[2][4])
        assert.same({ "look", true }, { said[3][1], said[3][4] })
        of(rests, traces { more = { 1, 2 }, has_kept = true })
        assert.same({ { number = 4, has_verdicts = true, has_problems = true, are_new = false }, DELETED, false },
            { said[2][4], said[3], said[4][4] })
        for _, other in ipairs { { records = 3 }, { versions = 0 }, { has_ledger = true } } do
            assert.same({ { is_outdated = true } }, of(rests, traces(other)))
            assert.same({ "traces", { "note", "", plan } }, { said[1][1], said[2] })
        end
        assert.same({ { is_outdated = true } }, of(rests, nil))
        local brief = { is_brief = true, now = 5, verdicts = {} }
        local known = { following = { judge = function(_, now) return { verdicts = {}, next_at = 40 + now } end } }
        of(rests, traces(), { evaluation = brief, known = known })
        assert.equal("0", next_ats())
        of(rests, traces { more = { 0, 1 } }, { evaluation = brief, known = known })
        assert.equal("45", next_ats())
    end)

    it("counts what the database refuses as a failure", function()
        answers.refused = errors.new { kind = "storage", message = "too long", operation = "save" }
        assert.same({ { through = true, error = answers.refused } }, changed { page = "page", mark = "m" })
        assert.matches("^7,%d+,'active',1,'storage: too long.',NULL,NULL,NULL,NULL,0,NULL,NULL$", rows_written()[1])
        assert.same({ { "note", "7", plan } }, said)
    end)

    it("is for each as if it were alone: whose lease ended, or who is in another's way, changes nothing", function()
        local looks = { { item = item(), result = {} }, { item = item { item_no = 8, epoch = 5 }, result = {} },
            { item = item { item_no = 9, epoch = 5, cluster_id = "c2" }, result = {} } }
        answers.busy = { c2 = true }
        assert.same({ { through = true }, { through = false }, {} }, completions.changed(session, looks, plan))
        assert.equal(1, #rows_written())
        assert.same({ "note", "7 8", plan }, said[#said])
        local rests = { since = 1, records = 0, versions = 0 }
        looks = { { item = item(), result = { rests_on = rests } }, { item = item { item_no = 9, epoch = 5,
            account = "shop" }, result = { rests_on = rests } } }
        local trace = { number = 1, records = 0, versions = 0, more = { 0, 0 } }
        answers.traces = { trace, trace }
        assert.same({ { through = true }, { is_outdated = true } }, completions.changed(session, looks, plan))
        answers.held = {}
        said = {}
        assert.same({ { through = false }, { through = false } }, completions.changed(session, looks, plan))
        assert.same({ { "note", "7 9", plan } }, said)
    end)

    it("takes over a listing whose lease holds, which ends its problem", function()
        local place = item { kind = "place", cluster_id = "" }
        assert.is_true(completions.discovery(session, place, { "found" }, { requests = 1 }))
        assert.equal(1, #rows_written())
        assert.same({ { "take", 7, { "found" } }, { "note", "7" } }, said)
        said, place.failures = {}, 1
        assert.is_true(completions.discovery(session, place, {}, {}))
        rows_written()
        assert.same({ { "take", 7, {} }, { "end", "list:hq/eu-de", "they are listed again" }, { "note", "7" } }, said)
        said, answers.held = {}, { { 7, 2 } }
        assert.is_false(completions.discovery(session, place, {}, {}))
        assert.same({ { "note", "7" } }, said)
    end)
end)
