local concurrent = require "dwsync.runtime.concurrent"
local history = require "dwsync.history"
local entries_of = require "dwsync.problems.entries"
local outbox = require "dwsync.problems.outbox"
local postgres = require "spec.support.postgres"
local looks = require "dwsync.problems"
local migration = require "dwsync.history.migration"
local schema = require "dwsync.history.schema"
local store = require "dwsync.problems.store"
local tables = require "dwsync.history.tables"
local temporary = require "spec.support.temporary"

local server
setup(function()
    server = postgres.start()
end)
teardown(function()
    server:stop()
end)

local engines = {
    sqlite = function(use)
        temporary.with_folder(function(folder)
            use(folder .. "/history.db")
        end)
    end,
    postgres = function(use)
        use(server:fresh_url())
    end,
}

local function problem(more)
    local row = { cluster_id = "c", source = "s", rule = "failing", source_type = "ldap", cluster_name = "仓库",
        state = "told", severity = "critical", episode = 3, since = 1747637723123, seen_at = 1747637723124,
        fired_at = 1747637723125, changed_at = 1747637723126, message = "it's \\n \\\\ 目录 100 %s", advice = "look",
        told = { chat = { step = "critical", episode = 3, since = 1747637723123 } }, flips = {} }
    for name, value in pairs(more or {}) do
        row[name] = value
    end
    return row
end

for engine, with_target in pairs(engines) do
    local function with_stores(use)
        with_target(function(target)
            local one, other = assert(history.open(target)), assert(history.open(target))
            use(assert(store.open(one)), assert(store.open(other)), one, target)
            one:close()
            other:close()
        end)
    end

    describe("the table of problems in " .. engine, function()
        it("keeps what it is given, to the last byte", function()
            with_stores(function(problems, other)
                local list = { problem { source = "" }, problem { source = "a'b\\ü\0", told = {} },
                    problem { rule = "stale", resolved_at = 5, ending = "over" } }
                assert.equal("done", problems:change("c", function(rows)
                    assert.same({}, rows)
                    return list, "done"
                end))
                assert.same(list, other:rows())
            end)
        end)

        it("changes rows in their place, forgets those that are to be forgotten, and knows clusters apart", function()
            with_stores(function(problems)
                assert(problems:change("c", function() return { problem(), problem { rule = "stale" } }, true end))
                assert(problems:change("d", function() return { problem { cluster_id = "d" } }, true end))
                assert(problems:change("c", function(rows)
                    assert.equal(2, #rows)
                    rows[1].severity, rows[2].state = "warning", "forgotten"
                    return rows, true
                end))
                local rows = problems:rows()
                assert.same({ { "c", "failing", "warning" }, { "d", "failing", "critical" } },
                    { { rows[1].cluster_id, rows[1].rule, rows[1].severity },
                        { rows[2].cluster_id, rows[2].rule, rows[2].severity } })
            end)
        end)

        it("is changed by one program at a time", function()
            with_stores(function(problems, other)
                assert(problems:change("c", function() return { problem { episode = 0 } }, true end))
                local late
                assert(problems:change("c", function(rows)
                    local busy = other.history.context
                    busy.timeout = 0.01 -- it must wait for the first, which waits for it here
                    late = select(2, other:change("c", function() return {}, true end))
                    busy.timeout = 30
                    rows[1].episode = rows[1].episode + 1
                    return rows, true
                end))
                assert.equal("timeout", late.kind)
                assert(other:change("c", function(rows)
                    rows[1].episode = rows[1].episode + 1
                    return rows, true
                end))
                assert.equal(2, problems:rows()[1].episode)
            end)
        end)

        it("has an outbox from which whole episodes are removed, and nothing where there is none", function()
            with_target(function(target)
                local one = assert(history.open(target))
                assert.equal(0, outbox.prune_all(one, 10, false))
                assert(assert(store.open(one)):change("c", function()
                    return { problem { source = "it's", state = "resolved", told = {} } }, true
                end))
                assert(tables.run(one, "write", false, function(session)
                    for i, created in ipairs { 5, 5, 5, 15, 5 } do
                        session:rows(([[INSERT INTO dwsync_outbox (cluster_id, source, rule, episode, step, channel,
                            created_at, next_at, attempts, doubtful, state) VALUES ('c', 'it''s', 'failing', %d, '%s',
                            '%s', %d, 5, 0, 0, 'sent')]]):format(i == 5 and 2 or 3, i % 2 == 0 and "resolved"
                            or "critical", i < 3 and "chat" or "mail", created))
                    end
                    return true
                end))
                assert.same({ 3, 3, 0 }, { outbox.prune_all(one, 10, true), outbox.prune_all(one, 10, false),
                    (outbox.prune_all(one, 10, true)) })
                one:close()
            end)
        end)

        it("has a version of its own, so that the history opens as before", function()
            with_stores(function(_, _, one, target)
                assert.equal(#schema.migrations, one:stats().schema_version)
                local version, err = tables.extend(one, { name = "problems", steps = {} })
                assert.is_nil(version)
                assert.equal("config", err.kind)
                assert.is_truthy(err.message:find("schema version 4 of dwsync_problems_schema, this dwsync supports "
                    .. "versions up to 0", 1, true))
                assert(history.open(target, { readonly = true })):close()
            end)
        end)

        it("that is older is changed by a migration alone, and keeps what was told", function()
            with_target(function(target)
                local one = assert(history.open(target))
                local old = { name = "problems", steps = { store.part.steps[1] } }
                assert.equal(1, tables.extend(one, old))
                assert(tables.run(one, "write", false, function(session)
                    session:rows([[INSERT INTO dwsync_problems (cluster_id, source, rule, state, severity, episode,
                        since, seen_at, fired_at, changed_at, message, told) VALUES ('c', 's', 'failing', 'told',
                        'critical', 1, 5, 5, 5, 5, 'it fails', '{"chat":{"step":"critical","episode":1,"fired_at":5,'
                        || '"since":5}}')]])
                    return true
                end))
                local refused, err = store.open(one)
                assert.is_nil(refused)
                assert.equal("config", err.kind)
                assert.matches("history migrate", err.hint)
                assert.is_true(migration.run(target, { store.part }))
                local problems = assert(store.open(one))
                assert.equal(4, tables.extend(one, old)) -- programs that know no outbox go on
                local function sweep(now)
                    assert(tables.run(one, "write", false, function(session)
                        outbox.sweep(session, { { name = "chat", mark = "m" }, { name = "mail", mark = "m" } },
                            { plan = function() return { to = { "chat", "mail" } } end }, now)
                        return true
                    end))
                    local entries = {}
                    for _, entry in ipairs(assert(outbox.read(problems))[entries_of.name_of(problems:rows()[1])]) do
                        entries[entry.channel] = ("%s %s"):format(entry.step, entry.state)
                    end
                    return entries
                end
                assert.same({ chat = "critical sent", mail = "critical owed" }, sweep(10))
                assert.same({ chat = "critical sent", mail = "critical owed" }, sweep(20))
                assert.same({}, problems:rows()[1].told)
                one:close()
            end)
        end)

        it("is empty where a history that may only be read has none", function()
            with_target(function(target)
                assert(history.open(target)):close()
                local readonly = assert(history.open(target, { readonly = true }))
                assert.same({}, assert(store.open(readonly)):rows())
                readonly:close()
            end)
        end)
    end)
end

describe("six writers in postgres", function()
    -- What a look finds of a cluster: one problem.
    local function item_of(number)
        return { cluster = { id = ("c%d"):format(number) }, severity = "critical", evaluation = { verdicts = {
            { rule = "failing", source = "s", severity = "critical", message = "it fails", since = 5 } } } }
    end

    it("that report 200 problems again and again make one message of each", function()
        local url, plan = server:fresh_url(), function() return { to = { "chat" } } end
        local writers, stores = {}, {}
        for writer = 1, 6 do
            stores[writer] = assert(history.open(url))
            assert(store.open(stores[writer]))
            writers[writer] = function()
                for report = 1, 250 do
                    local item = item_of((report * 7 + writer * 31) % 200)
                    assert(tables.run(stores[writer], "write", item.cluster.id, function(session)
                        looks.look_in(session, item, { least = "warning", plan = plan }, 1000 + report)
                        return true
                    end))
                end
                return true
            end
        end
        local done, errs = concurrent.gather(writers, { concurrency = 6 })
        for writer = 1, 6 do
            assert.is_true(done[writer], tostring(errs[writer]))
        end
        assert.same({ { 200, 200 } }, tables.run(stores[1], "read", nil, function(session)
            return session:rows "SELECT count(*), count(DISTINCT cluster_id) FROM dwsync_outbox"
        end))
        for _, opened in ipairs(stores) do
            opened:close()
        end
    end)
end)

describe("a row of the table of problems", function()
    local NAMES = { "cluster_id", "source", "rule", "source_type", "cluster_name", "account", "state", "severity",
        "message", "advice", "ending", "acknowledged_by", "acknowledged_note", "silenced_by", "episode", "since",
        "seen_at", "fired_at", "resolved_at", "changed_at", "recovering_since", "acknowledged_at", "silenced_until",
        "flapping", "told", "flips" }
    local IS_NUMBER, REQUIRED = {}, { cluster_id = true, source = true, rule = true, state = true, severity = true,
        episode = true, changed_at = true }
    for i = 15, 24 do
        IS_NUMBER[NAMES[i]] = true
    end

    local function whole()
        local row, cells = {}, {}
        for i, name in ipairs(NAMES) do
            row[name] = IS_NUMBER[name] and i or "the " .. name
            cells[i] = row[name]
        end
        row.state, row.severity, row.told, row.flips = "told", "warning", { a = { step = "warning" } }, { 1, 2 }
        cells[7], cells[8], cells[25], cells[26] = "told", "warning", '{"a":{"step":"warning"}}', "[1,2]"
        return row, cells
    end

    local function read(cells, rest)
        local sql
        local rows, damaged = store.rows_in({ rows = function(_, text)
            sql = text
            return { cells }
        end }, rest)
        return rows[1], damaged[1], sql
    end

    it("is read column by column, in the order of the keys unless something else is asked for", function()
        local row, cells = whole()
        local found, err, sql = read(cells)
        assert.same(row, found)
        assert.is_nil(err)
        assert.equal("SELECT " .. table.concat(NAMES, ", ")
            .. " FROM dwsync_problems ORDER BY cluster_id, source, rule", sql)
        assert.matches(" FROM dwsync_problems LIMIT 1$", select(3, read(cells, "LIMIT 1")))
    end)

    it("lacks what it may lack; without what each has, or with what no program writes, it is damaged", function()
        for i, name in ipairs(NAMES) do
            local row, cells = whole()
            row[name], cells[i] = (name == "told" or name == "flips") and {} or nil, nil
            local found, err = read(cells)
            assert.same(not REQUIRED[name] and row or nil, found, name)
            assert.equal(REQUIRED[name] or false, err ~= nil, name)
            for _, wrong in ipairs(IS_NUMBER[name] and { "soon", 0 / 0, 2 ^ 53 + 2, -2 ^ 53 - 2 }
                or (name == "told" or name == "flips") and { "{", "1", 7 } or name == "state" and { "forgotten", 7 }
                or name == "severity" and { "bad", 7 } or { 7 }) do
                cells[i] = wrong
                found, err = read(cells)
                assert.is_nil(found)
                assert.equal("storage", err.kind)
                local shown = type(wrong) == "string" and wrong or tostring(wrong)
                assert.equal(("the problem '%s' of cluster %s is damaged: its %s is %s"):format(
                    i == 3 and shown or "the rule", i == 1 and shown or "the cluster_id", name, shown), err.message)
                assert.equal(("%s\0%s\0%s"):format(i == 1 and shown or "the cluster_id",
                    i == 2 and shown or "the source", i == 3 and shown or "the rule"), err.problem)
            end
        end
        local _, cells = whole()
        cells[1], cells[3], cells[7] = ("c"):rep(70), ("r"):rep(70), ("s"):rep(70)
        assert.equal(("the problem '%s…' of cluster %s… is damaged: its state is %s…"):format(("r"):rep(59),
            ("c"):rep(59), ("s"):rep(59)), select(2, read(cells)).message)
        _, cells = whole()
        cells[15], cells[16], cells[17] = "7", 2 ^ 53, 1.5
        local row = read(cells)
        assert.same({ 7, 2 ^ 53, 1 }, { row.episode, row.since, row.seen_at })
        for _, state in ipairs { "pending", "firing", "resolved" } do
            cells[7] = state
            assert.equal(state, read(cells).state)
        end
    end)

    it("is written column by column in its place, or removed; nothing is where one cannot be read", function()
        local said, failed = {}, nil
        local _, cells = whole()
        local session = { lock_rows = " FOR UPDATE", rows = function(_, sql)
            said[#said + 1] = sql
            return { cells }
        end, fail = function(_, err) failed = err end }
        assert.equal("done", store.change_in(session, "c'1", function(rows)
            rows[2] = { state = "forgotten", cluster_id = "c", source = "s", rule = "r" }
            return rows, "done"
        end))
        assert.is_nil(failed)
        assert.matches(" WHERE cluster_id = 'c''1' ORDER BY source, rule FOR UPDATE$", said[1])
        local values, changes = {}, {}
        for i, cell in ipairs(cells) do
            values[i] = IS_NUMBER[NAMES[i]] and cell or "'" .. cell .. "'"
            changes[#changes + 1] = i > 3 and ("%s = excluded.%s"):format(NAMES[i], NAMES[i]) or nil
        end
        assert.equal(("INSERT INTO dwsync_problems (%s) VALUES (%s) ON CONFLICT (cluster_id, source, rule) "
            .. "DO UPDATE SET %s"):format(table.concat(NAMES, ", "), table.concat(values, ", "),
            table.concat(changes, ", ")), said[2])
        assert.equal("DELETE FROM dwsync_problems WHERE cluster_id = 'c' AND source = 's' AND rule = 'r'", said[3])
        cells[7] = "odd"
        store.change_in(session, "c", function() return {} end)
        assert.matches("its state is odd$", failed.message)
    end)
end)
