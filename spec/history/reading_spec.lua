local history = require "dwsync.history"
local reading = require "dwsync.history.reading"
local tables = require "dwsync.history.tables"

describe("reading a history", function()
    local store
    before_each(function() store = assert(history.open ":memory:") end)
    after_each(function() store:close() end)

    -- Records of one cluster: of each its id and start, false for none.
    local function save(list)
        local records = {}
        for i, one in ipairs(list) do
            records[i] = { id = one[1], start_time = one[2] or nil, status = one[3] or "FINISHED",
                identity_source_id = one[4], identity_source_type = one[5] }
        end
        assert(store:save("c", records))
    end

    local function ids(query)
        query = query or {}
        query.cluster_id = "c"
        local list, err = store:records(query)
        assert.is_nil(err)
        local found = {}
        for i, record in ipairs(list) do
            found[i] = record.id
        end
        return found, list.complete
    end

    local function batches(use)
        local rows, limits = store.engine.rows, {}
        function store.engine.rows(engine, sql)
            limits[#limits + 1] = tonumber(sql:match "^SELECT content.* LIMIT (%d+)$")
            return rows(engine, sql)
        end
        use()
        store.engine.rows = nil
        return limits
    end

    local function in_session(use)
        return assert(tables.run(store, "read", nil, function(session)
            return { use(session) }
        end))
    end

    it("ends with an error where the database gives the same batch again", function()
        local list = {}
        for i = 1, 1001 do
            list[i] = { ("r%04d"):format(i), i }
        end
        save(list)
        local rows, first = store.engine.rows, nil
        function store.engine:rows(sql, ...)
            local found, err, busy = rows(self, sql, ...)
            first = first or found and #found == 1000 and found
            return sql:find "LIMIT 1%d*$" and first or found, err, busy
        end
        local read, err, some = store:records { cluster_id = "c" }
        assert.is_nil(read)
        assert.equal("storage", err.kind)
        assert.equal("the history :memory:: cluster c: reading does not get beyond record r1001 (start_time 1001)",
            err.message)
        assert.equal("The database compares its numbers in an unknown way.", err.hint)
        assert.same({ 1000, false }, { #some, some.complete })
    end)

    it("goes on after each thousand, whatever begins at one time or at none", function()
        local list, expected = {}, {}
        for i = 1, 2001 do
            list[i] = { ("r%04d"):format(i), i <= 1001 and 5 or i <= 1501 and 4.5 }
            expected[(i <= 1001 and 1002 or i <= 1501 and 2503 or 3503) - i] = list[i][1]
        end
        save(list)
        local limits = batches(function()
            assert.same({ expected, true }, { ids() })
        end)
        assert.same({ 1000, 1000, 1000 }, limits)
        assert.same({ 1000, 2 }, batches(function()
            local some, complete = ids { limit = 1001 }
            assert.same({ 1001, "r0001", false }, { #some, some[1001], complete })
        end))
    end)

    it("reads no more than asked for, and says whether that is all", function()
        save { { "a", 3 }, { "b", 2 }, { "c", 1 }, { "d", false } }
        for limit, expected in pairs { "a", "a b", "a b c", "a b c d", "a b c d" } do
            local found, complete = ids { limit = limit }
            assert.same({ expected, limit >= 4 }, { table.concat(found, " "), complete })
        end
        assert.same({ { "a", "b" } }, { (ids { since = 2 }) })
        assert.same({ { "b", "c" } }, { (ids { until_ = 3 }) })
        assert.same({ {}, true }, { ids { since = 4 } })
        assert.same({ 1000 }, batches(function() ids { since = 1 } end))
        assert.same({ 1000 }, batches(function() ids { until_ = 9 } end))
        assert.same({ 1000, 1000 }, batches(function() ids() end))
        assert.same({ 6, 3 }, batches(function() ids { limit = 5 } end))
    end)

    it("names what is damaged, after all that is not", function()
        save { { "a", 4 }, { "b", 3 }, { "c", 2 }, { "d", 1 } }
        for damaged, words in pairs { ["'b'"] = "b", ["'b','d'"] = "b and 1 more", ["'b','c','d'"] = "b and 2 more" } do
            store.engine:rows(("UPDATE dwsync_records SET content = '{' WHERE record_id IN (%s)"):format(damaged))
            local list, err, rest = store:records { cluster_id = "c" }
            assert.is_nil(list)
            assert.same({ "storage", "damaged", ("the history :memory:: cluster c: the content of record %s is damaged")
                :format(words), "The others are not affected. While the service has the record, dwsync history pull "
                .. "writes it anew." }, { err.kind, err.code, err.message, err.hint })
            assert.same({ 3 - (words == "b" and 0 or tonumber(words:match "%d")), false }, { #rest, rest.complete })
            save { { "a", 4 }, { "b", 3 }, { "c", 2 }, { "d", 1 } }
        end
    end)

    it("raises what is no error of the database", function()
        local each = reading.each
        reading.each = function() return function() error("not now", 0) end end
        local good, reason = pcall(store.records, store, { cluster_id = "c" })
        reading.each = each
        assert.same({ false, "not now" }, { good, reason })
    end)

    it("has names, and whether all of them are ids", function()
        local function names(limit)
            return in_session(function(session)
                return reading.names(session, { cluster_id = "c", since = 0 }, limit)
            end)
        end
        assert.same({ {}, true }, names(9))
        save { { "a", 3 }, { "b", 2 } }
        assert.same({ { "a", "b" }, true }, names(9))
        assert.same({ { "a" }, true }, names(1))
        save { { "two\nlines", 1 } }
        assert.same({ { "a", "b", "two\nlines" }, true }, names(9))
        save { { "back\\slash", 1 } }
        assert.is_false(names(9)[2])
    end)

    it("has contents by name, a thousand at a time, or of all that a query finds", function()
        local list, names = {}, { "none" }
        for i = 1, 1001 do
            list[i] = { ("r%04d"):format(i), i }
            names[i + 1] = list[i][1]
        end
        save(list)
        local sizes = {}
        in_session(function(session)
            for found, texts in reading.contents_under(session, "c", names) do
                assert.matches('"id":"' .. found[1] .. '"', texts[1], 1, true)
                sizes[#sizes + 1] = #found
                assert.equal(#found, #texts)
            end
            local query = { cluster_id = "c", limit = 1500, since = 0 }
            for found, texts in reading.contents(session, store.context, query) do
                assert.matches('"id":"' .. found[1] .. '"', texts[1], 1, true)
                sizes[#sizes + 1] = #texts
            end
            for _ in reading.contents_under(session, "c", {}) do
                sizes[#sizes + 1] = "some"
            end
            for found, texts in reading.contents_under(session, "unknown", { "a" }) do
                sizes[#sizes + 1] = #found + #texts
            end
            return true
        end)
        assert.same({ 999, 2, 1000, 1, 0 }, sizes)
    end)

    it("counts the runs of each source in a time", function()
        save { { "a", 1, nil, "s", "ldap" }, { "b", 2, nil, "s", "ldap" }, { "c", 3, nil, "s", "ldap" },
            { "d", 2, nil, "s\\", "ad" }, { "e", 2, nil, "t" }, { "f", 2 } }
        local found = in_session(function(session) return reading.counts(session, "c", 2, 3) end)[1]
        local by_id = {}
        for _, one in ipairs(found) do
            by_id[one.id or "none"] = { one.type or "none", tostring(one.runs) }
        end
        assert.same({ s = { "ldap", "1" }, ["s\\"] = { "ad", "1" }, t = { "none", "1" }, none = { "none", "1" } },
            by_id)
    end)

    it("has the versions of a record, the oldest first", function()
        save { { "a", 1, "FINISHED" }, { "~b", 1 } }
        save { { "a", 1, "FAILED" } }
        local function versions(name)
            return store:versions("c", name)
        end
        local found = versions "a"
        assert.same({ 1, "FINISHED", 2, "FAILED" }, { found[1].version, found[1].record.status, found[2].version,
            found[2].record.status })
        assert.is_number(found[1].saved_at)
        assert.same({ 2, 1, {}, {} }, { #found, #versions "~b", versions "none", store:versions("none", "a") })
        store.engine:rows "UPDATE dwsync_versions SET content = '{'"
        local none, err = versions "a"
        assert.is_nil(none)
        assert.same({ "storage", "the history :memory:: cluster c: the content of version 1 of record a is damaged" },
            { err.kind, err.message })
    end)

    it("counts everything, in whole numbers", function()
        save { { "a", 1 }, { "b", 7 } }
        save { { "a", 1, "FAILED" } }
        local stats = assert(store:stats())
        local bytes = stats.bytes
        assert.is_true(bytes > 1000)
        stats.bytes = nil
        assert.same({ engine = "sqlite", schema_version = 1, records = 2, clusters = 1, first = 1, last = 7,
            versions = 1 }, stats)
        assert.same({ "3", "0.5", "x" }, { tostring(reading.integer(3.0)):sub(1, 1), tostring(reading.integer(0.5)),
            reading.integer "x" })
        assert.is_nil(reading.integer(nil))
        if math.type then
            assert.equal("integer", math.type(reading.integer(3.0)))
        end
    end)
end)
