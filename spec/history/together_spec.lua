local history = require "dwsync.history"
local lookback = require "dwsync.health.lookback"
local tables = require "dwsync.history.tables"

local unpack = table.unpack or unpack -- luacheck: ignore (Lua 5.1)

local NOW, DAY = 1761389392, 86400

local function record(id, days_ago, more)
    local start = (NOW - days_ago * DAY) * 1000
    local made = { id = id, identity_source_id = "often", identity_source_type = "ldap", start_time = start,
        end_time = start + 5000, add_count = 1, status = "FINISHED" }
    for name, value in pairs(more or {}) do
        made[name] = value or nil
    end
    return made
end

local function ids(list)
    local found = {}
    for i, item in ipairs(list) do
        found[i] = tostring(item.id)
    end
    return table.concat(found, " ")
end

describe("what is kept, together with what the service gave,", function()
    local store
    before_each(function() store = assert(history.open ":memory:") end)
    after_each(function() store:close() end)

    local function together(given, options)
        options = options or {}
        options.now = NOW
        return store:together("c1", given, options)
    end

    -- As many runs a day as make a source one that runs often.
    local function save_often(days)
        local list = {}
        for i = 1, days * 3 do
            list[i] = record("o" .. i, i / 3)
        end
        assert(store:save("c1", list))
    end

    it("is one list: what was given first, then what is older", function()
        assert(store:save("c1", { record("a", 1), record("b", 2), record("c", 3) }))
        assert(store:save("c2", { record("elsewhere", 1) }))
        local given = { record("new", 0.1), record("a", 1) }
        assert.equal("new a b c", ids(assert(together(given))))
        assert.equal("new a", ids(given))
    end)

    it("has each run once, by the service's word, unless that is from before its end", function()
        assert(store:save("c1", { record("ended", 1), record("revised", 2), record("running", 3, { status = "RUNNING",
            end_time = false }) }))
        local list = assert(together { record("ended", 1, { status = "RUNNING", end_time = false }),
            record("revised", 2, { add_count = 7 }), record("running", 3) })
        assert.equal("ended revised running", ids(list))
        assert.equal("FINISHED", list[1].status)
        assert.equal(7, list[2].add_count)
        assert.equal("FINISHED", list[3].status)
    end)

    it("has runs without an id once, too", function()
        local nameless = record(nil, 1)
        local bare = { status = "FINISHED", add_count = 3 }
        assert(store:save("c1", { nameless, bare, record("b", 2) }))
        assert.equal(3, #assert(together { record(nil, 1), { status = "FINISHED", add_count = 3 } }))
    end)

    it("goes back as far as the models look, and further for a source that runs rarely", function()
        save_often(60)
        assert(store:save("c1", { record("m1", 20, { identity_source_id = "rare" }),
            record("m2", 50, { identity_source_id = "rare" }), record("m3", 80, { identity_source_id = "rare" }),
            record("m9", 140, { identity_source_id = "rare" }) }))
        local oldest, rare = NOW * 1000, {}
        for _, item in ipairs(assert(together {})) do
            if item.identity_source_id == "rare" then
                rare[#rare + 1] = item.id
            else
                oldest = math.min(oldest, item.start_time)
            end
        end
        assert.same({ "m1", "m2", "m3" }, rare)
        assert.is_true(math.abs(NOW - oldest / 1000 - lookback.seconds) < DAY)
    end)

    it("takes a source for one that runs rarely by its runs of both times", function()
        for name, recent in pairs { rare = 11, more = 12 } do
            local list = {}
            for i = 1, lookback.rare_runs - 11 do
                list[i] = record(name .. i, 36 + i / 2, { identity_source_id = name })
            end
            for i = 1, recent do
                list[#list + 1] = record(name .. "-" .. i, i, { identity_source_id = name })
            end
            assert(store:save("c1", list))
        end
        local given = { record("rare-1", 1, { identity_source_id = "rare" }) } -- counts once
        assert.equal(lookback.rare_runs + 12, #assert(together(given)))
    end)

    it("counts the runs that were given, too, and those that are known better than by a late answer", function()
        local function of(name, early, recent)
            local list, given = {}, {}
            for i = 1, early do
                list[i] = record(name .. i, 36 + i / 2, { identity_source_id = name })
            end
            for i = 1, recent do
                local again = record(name .. "-" .. i, i, { identity_source_id = name })
                list[#list + 1], given[i] = again, again
            end
            if given[1] then
                given[1] = record(name .. "-1", 1, { identity_source_id = name, status = "RUNNING" })
            end
            assert(store:save(name, list))
            return #assert(store:together(name, given, { now = NOW }))
        end
        local most = lookback.rare_runs
        assert.same({ most, most, 4, 0 }, { of("alone", most, 0), of("both", most - 4, 4), of("more", most - 3, 4),
            of("none", most + 1, 0) })
    end)

    it("is bounded, the newest first", function()
        save_often(10)
        assert.equal("given o1 o2 o3", ids(assert(together({ record("given", 0) }, { limit = 3 }))))
    end)

    it("is bounded with what rare sources have, and says from when on nothing is missing", function()
        local rare = { identity_source_id = "rare" }
        local recent = { record("a1", 1), record("a2", 2), record("a3", 3) }
        assert(store:save("c1", recent))
        local function of_each_bound()
            local found = {}
            for limit = 1, 7 do
                local list = assert(together({ record("new", 0), record("a1", 1) }, { limit = limit }))
                found[limit] = ids(list)
                    .. (list.since and (" since %d"):format((NOW * 1000 - list.since) / 86400000) or "")
            end
            return found
        end
        local all = "new a1 a2 a3 since 35"
        assert.same({ "new a1", "new a1 a2", "new a1 a2 a3", all, all, all, all }, of_each_bound())
        assert(store:save("c1", { record("r1", 50, rare), record("r2", 60, rare) }))
        all = "new a1 a2 a3 r1 r2"
        assert.same({ "new a1", "new a1 a2", "new a1 a2 a3", "new a1 a2 a3 r1", all, all, all }, of_each_bound())
    end)

    it("is what could be read where a record of a rare source is damaged", function()
        assert(store:save("c1", { record("a", 1), record("r1", 50), record("r2", 60) }))
        store.engine:rows "UPDATE dwsync_records SET content = '{' WHERE record_id = 'r1'"
        local list, err, rest = together {}
        assert.same({ nil, "damaged", "a r2" }, { list, err.code, ids(rest) })
        store.engine:rows "UPDATE dwsync_records SET content = '{' WHERE record_id = 'a'"
        list, err, rest = together {}
        assert.same({ nil, "r2" }, { list, ids(rest) })
        assert.matches("the content of record a and 1 more is damaged", err.message, 1, true)
    end)

    it("raises what reading raises", function()
        local reading = require "dwsync.history.reading"
        local names = reading.names
        reading.names = function() error("not now", 0) end
        local good, reason = pcall(together, {})
        reading.names = names
        assert.same({ false, "not now" }, { good, reason })
    end)

    it("is what was given where the history fails on the way", function()
        assert(store:save("c1", { record("a", 1) }))
        local engine_rows = store.engine.rows
        store.engine.rows = function(engine, sql)
            if sql:find "GROUP BY" then
                return nil, { kind = "storage", message = "on the way" }
            end
            return engine_rows(engine, sql)
        end
        local list, err, rest = together { record("new", 0) }
        store.engine.rows = nil
        assert.same({ nil, "on the way", "new" }, { list, err.message, ids(rest) })
    end)

    it("has each run once, whatever its id", function()
        local odd = { "plain", "two\nlines", "\n", "back\\slash", "~number:5", "nul\0", ("long"):rep(101),
            "ümlaut", 5, "5", "" }
        for from = 1, #odd do
            local cluster, list = "odd" .. from, {}
            for i = from, math.min(from + 2, #odd) do
                list[#list + 1] = record(odd[i], i / 10)
            end
            list[#list + 1] = record("kept", 9)
            assert(store:save(cluster, list))
            local before = ids(list)
            list[#list] = record("new", 0)
            assert.equal(before:gsub(" kept$", " new kept"),
                ids(assert(store:together(cluster, list, { now = NOW }))))
            list[1].status, list[1].end_time = "RUNNING", nil
            assert.equal("FINISHED", assert(store:together(cluster, list, { now = NOW }))[1].status)
        end
    end)

    it("has each run once, however many of them the service gave", function()
        local kept, every = {}, {}
        for i = 1, 24 do
            kept[i] = record(("r%02d"):format(i), i / 4, { identity_source_id = i % 2 == 0 and "even" or nil })
            every[i] = kept[i].id
        end
        assert(store:save("c1", kept))
        for count = 0, #kept do
            local given = { unpack(kept, #kept - count + 1, #kept) }
            given[1] = given[1] and record(given[1].id, count / 4, { status = "RUNNING", end_time = false })
            local list = assert(together(given))
            assert.equal(#kept, #list)
            local found = {}
            for i, item in ipairs(list) do
                found[i] = item.id
                assert.equal("FINISHED", item.status)
            end
            table.sort(found)
            assert.same(every, found)
            assert.equal(#kept, #assert(together(given, { limit = 24 })))
            assert.equal(count == 0 and 23 or 24, #assert(together(given, { limit = 23 })))
        end
    end)

    it("takes an id that is no text for none that is kept", function()
        assert(store:save("c1", { record("true", 1) }))
        assert.equal("nan true true", ids(assert(together { record(0 / 0, 0), record(true, 0) }))
            :gsub("^%-", ""))
    end)

    it("is only of the sources asked for", function()
        save_often(2)
        local other = { identity_source_id = "other", identity_source_type = "oneaccess" }
        assert(store:save("c1", { record("z", 61), record("x", 1, other), record("y", 60, other) }))
        assert.equal("x y", ids(assert(together({}, { source = "other" }))))
        assert.equal("x y", ids(assert(together({}, { source = { "oneaccess" } }))))
        assert.is_nil(ids(assert(together({}, { source = "ldap" }))):find "[xy]")
    end)

    it("has the service's fields alone", function()
        assert(store:save("c1", { record("a", 1, { shard = { deep = true }, fail_reason = "why" }) }))
        assert.same(record("a", 1, { fail_reason = "why" }), assert(together {})[1])
    end)

    it("is what could be read, beside the error, when a record is damaged", function()
        assert(store:save("c1", { record("a", 1), record("b", 2) }))
        store.engine:rows "UPDATE dwsync_records SET content = '{' WHERE record_id = 'a'"
        local list, err, rest = together { record("new", 0) }
        assert.is_nil(list)
        assert.matches("cluster c1: the content of record a is damaged", err.message, 1, true)
        assert.equal("damaged", err.code)
        assert.equal("new b", ids(rest))
    end)

    it("needs no content of a run that the service gave, but where its answer may be late", function()
        assert(store:save("c1", { record("a", 1), record("b", 2) }))
        store.engine:rows "UPDATE dwsync_records SET content = '{' WHERE record_id = 'a'"
        assert.equal("a b", ids(assert(together { record("a", 1) })))
        for _, given in ipairs { { record("a", 1, { status = "RUNNING" }) },
            { record("a", 1), record("a", 1, { status = "RUNNING" }) } } do
            local list, err, rest = together(given)
            assert.is_nil(list)
            assert.equal("damaged", err.code)
            assert.equal(#given + 1, #rest)
        end
    end)

    -- How what is kept is read beside what was given: of each query what it finds and how many of it.
    local function queries(given, use)
        local own, list = store.engine.rows, {}
        store.engine.rows = function(engine, sql)
            local limit, values = sql:match "LIMIT (%d+)", sql:match "VALUES (.-)%) AS v"
            list[#list + 1] = sql:find "^SELECT count%(%*%), group_concat" and "names " .. limit
                or sql:find "^SELECT content, " and "all " .. limit
                or values and "contents of " .. select(2, values:gsub("%(", "")) or nil
            return own(engine, sql)
        end
        assert(use(given))
        store.engine.rows = nil
        return table.concat(list, ", ")
    end

    it("is read by name where half of it at most is needed, and as a whole where more is", function()
        local function given(...)
            local list = {}
            for i, id in ipairs { ... } do
                list[i] = record(id, i)
            end
            return list
        end
        local late, both_late = given("r1", "r2"), given("r1", "r2")
        late[1].status, both_late[1].status, both_late[2].status = "RUNNING", "RUNNING", "RUNNING"
        for kept, cases in pairs {
            [0] = { { "names 1", {} } },
            { { "names 1, all 1000", {} }, { "names 3", given "r1" } },
            { { "names 3, contents of 1", given "r1" }, { "names 3, all 1000", given "x1" },
                { "names 5", given("r1", "r2") }, { "names 5, contents of 1", late },
                { "names 5, all 1000", both_late } },
            { { "names 3, all 1000", given "r1" }, { "names 5, contents of 1", given("r1", "r2") },
                { "names 5, all 1000", given("r1", "x2") } },
            { { "names 5, contents of 2", given("r1", "r2") } },
            { { "names 5, all 1000", given("r1", "r2") }, { "names 1", given("r1", "x1"), 1 },
                { "names 2, contents of 1", given("r1", "x1"), 2 }, { "names 4, all 4", given("r1", "x1"), 4 } },
        } do
            local cluster, list = "c" .. kept, {}
            for i = 1, kept do
                list[i] = record("r" .. i, i)
            end
            assert(store:save(cluster, list))
            for _, case in ipairs(cases) do
                assert.equal(case[1], queries(case[2], function(some)
                    return store:together(cluster, some, { now = NOW, limit = case[3] })
                end))
            end
        end
    end)

    it("has the contents of what is kept of what was given, for those who want them", function()
        local kept, texts = { record("a", 1), record("b", 2), record("c", 3) }, {}
        assert(store:save("c1", kept))
        for _, row in ipairs(store.engine:rows "SELECT record_id, content FROM dwsync_records") do
            texts[row[1]] = row[2]
        end
        local function contents(...)
            local list, err, found = tables.together(store, "c1", { ... }, NOW)
            assert.is_nil(err)
            return ids(list), found
        end
        assert.same({ "new b a c", { b = texts.b } }, { contents(record("new", 0), kept[2]) })
        assert.same({ "a b c", texts }, { contents(kept[1], kept[2], kept[3]) })
        assert.same({ "a b c", { a = texts.a, b = texts.b } }, { contents(kept[1], record("b", 2, { add_count = 9 })) })
        assert.same({ "a b c", {} }, { contents() })
        store.engine:rows "UPDATE dwsync_records SET content = '{' WHERE record_id = 'c'"
        local list, err, found = tables.together(store, "c1", { kept[1] }, NOW)
        assert.same({ "a b", "damaged", { a = texts.a } }, { ids(list), err.code, found })
    end)

    it("takes no transaction more where accounts are kept", function()
        local function transactions()
            local begin, count = store.engine.begin, 0
            store.engine.begin = function(engine, deadline, mode, cluster)
                count = count + 1
                assert.same({ "read" }, { mode, cluster })
                return begin(engine, deadline, mode, cluster)
            end
            local list = assert(together {})
            store.engine.begin = nil
            return count, list.ledger
        end
        assert(store:save("c1", { record("a", 1) }))
        local before = transactions()
        local users = { { name = "one" }, complete = true }
        assert(store:pull_accounts("c1", function() return users end))
        local after, ledger = transactions()
        assert.same({ common = 1 }, ledger.counts[1].by_type)
        assert.is_nil(ledger.gone)
        store.context.show_accounts = true
        assert.is_table(select(2, transactions()).gone)
        assert.equal(before, after)
        assert.equal(1, after)
    end)

    it("is refused for wrong arguments, at the caller's line", function()
        for message, call in pairs {
            ["store:together expects a list of records, got a nil"] = function() store:together("c1") end,
            ["cluster_id must be a string of 1 to 256 bytes"] = function() store:together(nil, {}) end,
            ["store:together: now is 1000000000000, expected seconds since the epoch"] = function()
                store:together("c1", {}, { now = 1e12 })
            end,
            ["store:together: unknown option 'page'. The options are limit, now, source."] = function()
                store:together("c1", {}, { page = 1 })
            end,
        } do
            local good, reason = pcall(call)
            assert.is_false(good)
            assert.equal(message, (reason:gsub("^[^:]*together_spec%.lua:%d+: ", "")))
            assert.matches("together_spec%.lua:", reason)
        end
    end)
end)
