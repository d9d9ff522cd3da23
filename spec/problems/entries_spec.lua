local entries = require "dwsync.problems.entries"
local tables = require "dwsync.history.tables"
local worlds = require "spec.problems.world"

local with_world, NOW = worlds.with, worlds.NOW

local TEXTS = { cluster_id = true, source = true, rule = true, step = true, channel = true, state = true,
    claimed_by = true, last_error = true, batch = true, refused_by = true }
local REQUIRED = { episode = true, created_at = true, next_at = true, attempts = true, doubtful = true }

describe("an entry of the outbox", function()
    it("is read from a row, and lacks what the row lacks, but what each has", function()
        local names, cells = {}, {}
        for name in entries.COLUMNS:gmatch "o%.([%w_]+)" do
            names[#names + 1] = name
            cells[#names] = TEXTS[name] and "the " .. name or #names
        end
        local whole, err = entries.entry_of(cells)
        assert.is_nil(err)
        for i, name in ipairs(names) do
            local cell = cells[i]
            assert.equal(cell, whole[name])
            cells[i] = nil
            local entry, wrong = entries.entry_of(cells)
            assert.is_nil(entry[name])
            assert.equal(REQUIRED[name] or false, wrong ~= nil, name)
            cells[i] = "soon"
            wrong = select(2, entries.entry_of(cells))
            assert.equal(not TEXTS[name] and ("a message about the problem 'the rule' of cluster the cluster_id is "
                .. "damaged: its %s cannot be read"):format(name) or nil, wrong and wrong.message)
            cells[i] = cell
        end
        local NUMBER = 11 -- as SQLite or PostgreSQL give one
        for _, number in ipairs { 7.0, "7" } do
            cells[NUMBER] = number
            assert.equal("7", tostring(entries.entry_of(cells)[names[NUMBER]]))
        end
    end)

    it("that is damaged is named by its problem and cluster, each cut at 60 columns", function()
        local wrong = select(2, entries.entry_of { ("c"):rep(70), "s", ("r"):rep(70) })
        assert.equal("storage", wrong.kind)
        assert.equal(("a message about the problem '%s…' of cluster %s… is damaged"):format(("r"):rep(59),
            ("c"):rep(59)), wrong.message:match "^.* is damaged")
        assert.equal("Correct or delete its row of dwsync_outbox: no program of dwsync writes such a one.", wrong.hint)
    end)

    it("is meant by its key alone, whatever its texts are made of", function()
        local row = { cluster_id = "c'1", source = "s", rule = "failing" }
        assert.equal("cluster_id = 'c''1' AND source = 's' AND rule = 'failing'", entries.problem_condition(row))
        row.episode, row.step, row.channel = 2, "critical", "hook"
        assert.equal(entries.problem_condition(row) .. " AND episode = 2 AND step = 'critical' AND channel = 'hook'",
            entries.condition(row))
        assert.same({ "NULL", "1747637723000", "0.5", "''''" }, { entries.literal(nil), entries.literal(NOW),
            entries.literal(0.5), entries.literal "'" })
        assert.equal("'b','a'", entries.among { "b", "a", "b" })
        assert.are_not.equal(entries.name_of { cluster_id = "a", source = "b", rule = "c" },
            entries.name_of { cluster_id = "ab", source = "", rule = "c" })
    end)

    it("is added once, changed while it is owed, and found by its cluster", function()
        with_world(function(world)
            world:look("critical", 1, 2)
            local row = assert(world.store:rows())[1]
            local function in_session(use)
                return assert(tables.run(world.store.history, "write", false, function(session)
                    return { use(session) }
                end))[1]
            end
            local all = in_session(function(session) return entries.by_problem(session) end)
            local some = in_session(function(session) return entries.by_problem(session, { row }) end)
            local entry = all[entries.name_of(row)][1]
            assert.same({ [entries.name_of(row)] = { entry } }, some)
            assert.same({ "critical", "hook", 1, NOW, NOW, 0, 0, "owed" }, { entry.step, entry.channel, entry.episode,
                entry.created_at, entry.next_at, entry.attempts, entry.doubtful, entry.state })
            in_session(function(session)
                entries.insert(session, row, { entry })
                entries.insert(session, row, {})
                entries.set(session, entry, "state = 'sent'")
                entries.set(session, entry, "state = 'dropped'")
            end)
            assert.same({ { "owed", 1 }, { "sent", 1 } },
                world:sql "SELECT state, count(*) FROM dwsync_outbox GROUP BY 1 ORDER BY 1")
        end)
    end)

    it("is added with others in one statement, and has what the problem says where it says nothing", function()
        local said = {}
        entries.insert({ rows = function(_, sql) said[#said + 1] = sql end }, { cluster_id = "c'1", source = "s",
            rule = "r", episode = 4, fired_at = 5, since = 6, state = "told" }, {
            { step = "warning", channel = "a", created_at = 1, next_at = 2, attempts = 0, doubtful = 0,
                state = "owed" },
            { step = "resolved", channel = "b", episode = 3, state = "sent" } })
        assert.equal(1, #said)
        local columns = entries.COLUMNS:gsub("o%.", "")
        assert.equal(("INSERT INTO dwsync_outbox (%s) "):format(columns), said[1]:match "^(.-)VALUES ")
        local rows = said[1]:match "VALUES %((.*)%) ON CONFLICT DO NOTHING$"
        assert.equal(1, select(2, rows:gsub("%),%(", "%0")))
        local cells = {}
        for name, cell in pairs { cluster_id = "'c''1'", source = "'s'", rule = "'r'", step = "'warning'",
            channel = "'a'", episode = "4", fired_at = "5", since = "6", created_at = "1", next_at = "2",
            attempts = "0", doubtful = "0", state = "'owed'" } do
            cells[name] = cell
        end
        local expected = {}
        for name in entries.COLUMNS:gmatch "o%.([%w_]+)" do
            expected[#expected + 1] = cells[name] or "NULL"
        end
        assert.equal(table.concat(expected, ","), rows:match "^(.-)%),%(")
    end)

    it("is due since it could have been sent, without the time for which it was held", function()
        assert.same({ 7, 9 }, { entries.due_since { created_at = 7 },
            entries.due_since { created_at = 7, due_at = 9 } })
        local function held(attempts, due_at, next_at)
            local sql
            entries.hold_until({ rows = function(_, text) sql = text end }, { cluster_id = "c", source = "s",
                rule = "failing", episode = 1, step = "critical", channel = "hook", attempts = attempts,
                created_at = 1, due_at = due_at, next_at = next_at }, 50, 20)
            return sql:match "SET next_at = 50, due_at = (%d+) WHERE"
        end
        assert.same({ "50", "31", "25" }, { held(0, nil, 1), held(1, nil, 1), held(1, 5, 30) })
    end)
end)
