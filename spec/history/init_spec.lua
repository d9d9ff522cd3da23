-- What a history does, on both engines.
local errors = require "dwsync.errors"
local core = require "dwsync.core"
local history = require "dwsync.history"
local postgres = require "spec.support.postgres"
local temporary = require "spec.support.temporary"

local unpack = table.unpack or unpack -- luacheck: ignore 113

local CLUSTER, OTHER = "7d85f602-a948-4a30-afd4-e84f47471c15", "other 'cluster'\0\\"
local START, NOW = 1747637723055, 1761389392.25

local function record(i, more)
    local made = { id = ("05cea375-4b7a-4ebd-a2dc-%012x"):format(i), identity_source_id = "source",
        identity_source_type = "ldap", start_time = START + i * 1000, end_time = START + i * 1000 + 500, add_count = i,
        update_count = 0, delete_count = 0, failed_count = 0, status = "FINISHED" }
    for name, value in pairs(more or {}) do
        made[name] = value
    end
    return made
end

local function records(first, last)
    local list = {}
    for i = first, last do
        list[#list + 1] = record(i)
    end
    return list
end

local function newest_first(list)
    local reversed = { complete = true }
    for i = #list, 1, -1 do
        reversed[#reversed + 1] = list[i]
    end
    return reversed
end

local function ids(list)
    local found = {}
    for i, item in ipairs(list) do
        found[i] = tonumber(item.id:match "%x+$", 16)
    end
    return found
end

local function clock()
    return { now = function() return NOW end, sleep = function() error "nobody is in the way here" end,
        wait = core.wait }
end

local server
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

setup(function()
    server = postgres.start()
end)

teardown(function()
    server:stop()
end)

for engine, with_target in pairs(engines) do
    local function with_store(use)
        with_target(function(target)
            local store = assert(history.open(target, { runtime = clock() }))
            local good, reason = pcall(use, store, target)
            store:close()
            if not good then
                error(reason, 0)
            end
        end)
    end

    describe("a history in " .. engine, function()
        it("gives back what was saved, newest first", function()
            with_store(function(store)
                assert.same({ inserted = 3, updated = 0, unchanged = 0, late = 0, refused = 0, revised = {} },
                    store:save(CLUSTER, records(1, 3)))
                assert.same(newest_first(records(1, 3)), store:records { cluster_id = CLUSTER })
            end)
        end)

        it("is judged together with what the service has", function()
            with_store(function(store)
                store:save(CLUSTER, records(1, 3))
                local list = assert(store:together(CLUSTER, { record(3), record(4) }, { now = START / 1000 + 3600 }))
                assert.same({ 3, 4, 2, 1 }, ids(list))
                assert.same({ 3, 4 }, ids(assert(store:together(OTHER, { record(3), record(4) },
                    { now = START / 1000 }))))
            end)
        end)

        it("keeps everything when it is opened again", function()
            with_store(function(store, target)
                store:save(CLUSTER, records(1, 3))
                store:close()
                store:close()
                local again = assert(history.open(target))
                assert.same(newest_first(records(1, 3)), again:records { cluster_id = CLUSTER })
                again:close()
            end)
        end)

        it("loses nothing of a record: unknown fields, NUL, quotes, hidden characters, wrong types", function()
            with_store(function(store)
                local list = {
                    record(9, { fail_reason = "a\0b 'c' \"d\" \\'; DROP TABLE dwsync_records; -- é中😀\r\n\t\127",
                        shard = { name = "x", parts = { 1, 2.5, { deep = true } } } }),
                    record(8, { fail_reason = "\239\191\189\0\226\128\174", status = "ODD\0'\\",
                        identity_source_id = "\0'é" }),
                    record(7, { add_count = "many", end_time = {}, update_count = 1.25, delete_count = 2 ^ 60,
                        failed_count = -1e300, identity_source_type = false, status = 5 }),
                    record(6, { fail_reason = ("long "):rep(400000) }),
                }
                list.complete = true
                assert(store:save(CLUSTER, list))
                assert.same(list, store:records { cluster_id = CLUSTER })
                assert.equal(4, store:save(CLUSTER, list).unchanged)
                assert.same({ list[2], complete = true }, store:records { cluster_id = CLUSTER, status = "ODD\0'\\" })
                assert.same({ list[2], complete = true }, store:records { cluster_id = CLUSTER, source = "\0'é" })
            end)
        end)

        it("keeps integers that doubles cannot hold, where Lua has them", function()
            if not math.type then
                return
            end
            with_store(function(store)
                local exact = { record(1, { add_count = 9007199254740993, start_time = math.maxinteger }),
                    complete = true }
                assert(store:save(CLUSTER, exact))
                local read = store:records { cluster_id = CLUSTER }
                assert.same(exact, read)
                assert.equal("integer", math.type(read[1].add_count))
            end)
        end)

        it("keeps clusters apart, whatever they are called", function()
            with_store(function(store)
                store:save(CLUSTER, records(1, 2))
                store:save(OTHER, records(2, 4))
                assert.same(newest_first(records(2, 4)), store:records { cluster_id = OTHER })
                local clusters = store:clusters()
                assert.same({ { cluster_id = CLUSTER, records = 2, first = START + 1000, last = START + 2000 },
                    { cluster_id = OTHER, records = 3, first = START + 2000, last = START + 4000 } }, clusters)
            end)
        end)

        it("replaces what runs by what it became, and counts that", function()
            with_store(function(store)
                store:save(CLUSTER, { record(1, { status = "RUNNING" }), record(2) })
                assert.same({ inserted = 0, updated = 1, unchanged = 1, late = 0, refused = 0, revised = {} },
                    store:save(CLUSTER, records(1, 2)))
                assert.same(newest_first(records(1, 2)), store:records { cluster_id = CLUSTER })
                assert.equal(1, #store:versions(CLUSTER, record(1).id))
            end)
        end)

        it("keeps both versions of what changed after its end, and says which", function()
            with_store(function(store)
                store:save(CLUSTER, records(1, 2))
                local changed = record(2, { delete_count = 400 })
                assert.same({ record(2).id }, store:save(CLUSTER, { changed }).revised)
                assert.same({ changed, record(1), complete = true }, store:records { cluster_id = CLUSTER })
                local saved_at = NOW * 1000
                assert.same({ { version = 1, saved_at = saved_at, record = record(2) },
                    { version = 2, saved_at = saved_at, record = changed } }, store:versions(CLUSTER, record(2).id))
                assert.same({}, store:versions(CLUSTER, "no such record"))
                assert.same({}, store:versions("no such cluster", "a"))
                assert.equal(1, store:stats().versions)
            end)
        end)

        it("keeps records without an id: by source and start, else by content", function()
            with_store(function(store)
                local running = { identity_source_id = "s", start_time = START, status = "RUNNING" }
                local bare = { status = "FAILED", fail_reason = "nobody knows" }
                assert.equal(2, store:save(CLUSTER, { running, bare, }).inserted)
                local ended = { identity_source_id = "s", start_time = START, status = "FINISHED" }
                local summary = store:save(CLUSTER, { ended, bare })
                assert.same({ 1, 1 }, { summary.updated, summary.unchanged })
                ended.add_count = 1
                local revised = store:save(CLUSTER, { ended }).revised
                assert.equal(2, #store:versions(CLUSTER, revised[1]))
                assert.same({ ended, bare, complete = true }, store:records { cluster_id = CLUSTER })
            end)
        end)

        it("refuses what is no record, counts it, and saves the others", function()
            with_store(function(store)
                assert.same({ inserted = 1, updated = 0, unchanged = 0, late = 0, refused = 2, revised = {},
                    refusal = "record 1 of the page: a string is not a record" },
                    store:save(CLUSTER, { "text", { id = print }, record(1) }))
            end)
        end)

        it("takes an empty list", function()
            with_store(function(store)
                assert.equal(0, store:save(CLUSTER, {}).inserted)
                assert.same({}, store:clusters())
                assert.same({ complete = true }, store:records { cluster_id = CLUSTER })
                local stats = store:stats()
                assert.same({ 0, 0, 0 }, { stats.records, stats.clusters, stats.versions })
                assert.is_nil(stats.first)
            end)
        end)

        it("saves a page that holds an id twice once and for all", function()
            with_store(function(store)
                local page = { record(1, { end_time = 9 }), record(1, { end_time = 8 }) }
                assert.same({ record(1).id }, store:save(CLUSTER, page).revised)
                assert.equal(2, store:save(CLUSTER, { page[2], page[1] }).unchanged)
                assert.same({ page[1], complete = true }, store:records { cluster_id = CLUSTER })
            end)
        end)

        it("says how much there is", function()
            with_store(function(store)
                store:save(CLUSTER, records(1, 3))
                store:save(OTHER, records(0, 0))
                local stats = store:stats()
                assert.is_true(stats.bytes > 1000)
                stats.bytes = nil
                assert.same({ engine = engine, schema_version = 1, clusters = 2, records = 4, versions = 0,
                    first = START, last = START + 3000 }, stats)
            end)
        end)
    end)

    describe("a question to a history in " .. engine, function()
        local function asked(list, query)
            local answer
            with_store(function(store)
                store:save(CLUSTER, list)
                query.cluster_id = CLUSTER
                answer = store:records(query)
            end)
            return ids(answer), answer.complete
        end

        it("may name a time, from which inclusive and to which exclusive", function()
            assert.same({ 3, 2 }, asked(records(1, 5), { since = START + 2000, until_ = START + 4000 }))
            assert.same({}, asked(records(1, 5), { since = START + 5000.5 }))
            assert.same({ 5 }, asked({ record(5, { start_time = START + 0.75 }) }, { since = START + 0.5 }))
        end)

        it("may name statuses, and sources by id or type", function()
            local list = { record(1, { status = "FAILED" }), record(2, { identity_source_type = "oneaccess" }),
                record(3, { identity_source_id = "b", status = "RUNNING" }), record(4) }
            assert.same({ 1 }, asked(list, { status = "FAILED" }))
            assert.same({ 3, 1 }, asked(list, { status = { "FAILED", "RUNNING" } }))
            assert.same({ 3, 2 }, asked(list, { source = { "b", "oneaccess" } }))
            assert.same({}, asked(list, { source = "b", status = "FAILED" }))
        end)

        it("may limit the answer, which then says that it is not all", function()
            local found, complete = asked(records(1, 5), { limit = 2 })
            assert.same({ 5, 4 }, found)
            assert.is_false(complete)
            found, complete = asked(records(1, 5), { limit = 5 })
            assert.equal(5, #found)
            assert.is_true(complete)
        end)

        it("finds records without a start last, unless a time is named", function()
            local list = { record(1, { start_time = false }), record(2, { start_time = "x" }), record(3), record(4) }
            assert.same({ 4, 3, 2, 1 }, asked(list, {}))
            assert.same({ 4, 3, 2 }, asked(list, { limit = 3 }))
            assert.same({ 4, 3 }, asked(list, { since = 0 }))
        end)

        it("walks batch by batch through starts that differ in their last digit only", function()
            with_store(function(store)
                local list, seen, count = {}, {}, 0
                for i = 1, 2100 do
                    list[i] = record(i, { start_time = 4503599627370496 + i * (i % 2 == 0 and 1 or 0.5) })
                end
                list[#list + 1] = record(2101, { start_time = 1.7976931348623157e308 })
                store:pull(CLUSTER, list)
                for item in store:each { cluster_id = CLUSTER } do
                    assert.is_nil(seen[item.id])
                    seen[item.id], count = true, count + 1
                end
                assert.equal(#list, count)
            end)
        end)

        it("walks batch by batch through records of one start, and through those without", function()
            with_store(function(store)
                local list = {}
                for i = 1, 2500 do
                    list[i] = record(i, { start_time = i <= 1250 and START })
                end
                store:pull(CLUSTER, list)
                local seen, count = {}, 0
                for item in store:each { cluster_id = CLUSTER } do
                    assert.is_nil(seen[item.id])
                    seen[item.id], count = true, count + 1
                end
                assert.equal(2500, count)
                assert.equal(1700, #store:records { cluster_id = CLUSTER, limit = 1700 })
            end)
        end)
    end)

    describe("a history in " .. engine .. " with damaged records", function()
        local function damaged_store(statement, use)
            with_store(function(store)
                store:pull(CLUSTER, records(1, 1500))
                assert(store.engine:begin(core.monotonic() + 30, "write"))
                assert(store.engine:rows(statement))
                assert(store.engine:commit())
                use(store)
            end)
        end
        local NINTH = record(9).id

        local function set_content(text)
            return ("UPDATE dwsync_records SET content = '%s' WHERE record_id = '%s'"):format(text, NINTH)
        end

        it("is an error of kind storage that names cluster and record, after all the others", function()
            for _, text in ipairs { "", "null", "5", "[", "[1]", "garbage", '{"id":"x', '{"a":1e999}',
                '{"id":"1"},{"id":"2"}',
                '{"id":"1"}],"sync_records":[{"id":"2"}' } do
                damaged_store(set_content(text), function(store)
                    local count = 0
                    local good, err = pcall(function()
                        for item in store:each { cluster_id = CLUSTER } do
                            assert.is_true(item.id ~= NINTH)
                            count = count + 1
                        end
                    end)
                    assert.same({ false, 1499, "storage" }, { good, count, err.kind }, text)
                    assert.matches(("cluster %s: the content of record %s is damaged"):format(CLUSTER, NINTH),
                        err.message, 1, true)
                    local list, list_err, others = store:records { cluster_id = CLUSTER }
                    assert.is_nil(list)
                    assert.equal("storage", list_err.kind)
                    assert.same({ 1499, false }, { #others, others.complete })
                    local versions, versions_err = store:versions(CLUSTER, NINTH)
                    assert.is_nil(versions)
                    assert.equal("storage", versions_err.kind)
                end)
            end
        end)

        it("tells how many they are", function()
            damaged_store("UPDATE dwsync_records SET content = 'x' WHERE start_time < " .. START + 3500,
                function(store)
                    local _, err = store:records { cluster_id = CLUSTER }
                    assert.matches("the content of record %S+ and 2 more is damaged", err.message)
                end)
        end)

        it("takes the record anew, as another version", function()
            damaged_store(set_content '{"id":"x', function(store)
                local summary = assert(store:save(CLUSTER, records(1, 10)))
                assert.same({ NINTH }, summary.revised)
                assert.equal(9, summary.unchanged)
                assert.equal(1500, #assert(store:records { cluster_id = CLUSTER }))
            end)
        end)
    end)

    describe("a question alone to a history in " .. engine, function()
        local function ask(target)
            return history.open(target, { readonly = true, runtime = clock() })
        end

        it("makes none where there is none", function()
            with_target(function(target)
                for _ = 1, 2 do
                    local store, err = ask(target)
                    assert.is_nil(store)
                    assert.equal("config", err.kind)
                    assert.matches("^there is no history at ", err.message)
                end
            end)
        end)

        it("is answered as by a history that may be written", function()
            with_store(function(store, target)
                store:pull(CLUSTER, records(1, 5))
                local asked = assert(ask(target))
                assert.same(newest_first(records(1, 5)), asked:records { cluster_id = CLUSTER })
                assert.same(store:clusters(), asked:clusters())
                assert.same(store:stats(), asked:stats())
                for _, method in ipairs { "save", "pull" } do
                    local _, message = pcall(function() asked[method](asked, CLUSTER, {}) end)
                    assert.matches("spec/history/init_spec.lua:%d+: the history was opened with readonly$", message)
                end
                asked:close()
            end)
        end)

        it("changes no schema", function()
            with_store(function(store, target)
                store.engine:rows "UPDATE dwsync_schema SET version = 0"
                local asked, err = ask(target)
                assert.is_nil(asked)
                assert.equal("config", err.kind)
                asked, err = ask(target)
                assert.is_nil(asked)
                assert.equal("config", err.kind)
            end)
        end)
    end)

    describe("a pull into " .. engine, function()
        local function iterator_of(list, failure)
            local i = 0
            return function()
                i = i + 1
                if not list[i] and failure then
                    error(failure, 0)
                end
                return list[i]
            end
        end

        it("takes an iterator, a list, or a sequence, page by page, and sums up", function()
            with_store(function(store)
                local expected = { inserted = 7, updated = 0, unchanged = 0, late = 0, refused = 0, revised = {},
                    pages = 3 }
                assert.same(expected, store:pull(CLUSTER, iterator_of(records(1, 7)), 3))
                expected.inserted, expected.unchanged = 0, 7
                assert.same(expected, store:pull(CLUSTER, records(1, 7), 3))
                local sequence = { each = function() return iterator_of(records(1, 7)) end }
                assert.same(expected, store:pull(CLUSTER, sequence, 3))
                assert.equal(0, store:pull(CLUSTER, {}).pages)
                assert.same({ 1, 2 }, { store:pull(CLUSTER, records(1, 1000)).pages, -- the usual number, one more
                    store:pull(CLUSTER, records(1, 1001)).pages })
            end)
        end)

        it("counts what it refuses on any page, and says why the first was", function()
            with_store(function(store)
                local list = records(1, 5)
                list[3].start_time, list[5].start_time = print, {}
                list[5].end_time = print
                local summary = store:pull(CLUSTER, list, 1)
                assert.same({ 3, 2, 5 }, { summary.inserted, summary.refused, summary.pages })
                assert.matches("start_time is a function$", summary.refusal)
            end)
        end)

        it("keeps what came before the service failed, and returns its error", function()
            with_store(function(store)
                local failure = errors.new { kind = "network", message = "gone" }
                local summary, err, before = store:pull(CLUSTER, iterator_of(records(1, 5), failure), 2)
                assert.is_nil(summary)
                assert.equal(failure, err)
                assert.same({ 5, 3 }, { before.inserted, before.pages })
                assert.equal(5, store:stats().records)
            end)
        end)

        it("passes on what is no error of the world", function()
            with_store(function(store)
                assert.has_error(function()
                    store:pull(CLUSTER, iterator_of({}, "a mistake"))
                end, "a mistake")
            end)
        end)
    end)
end

describe("wrong use of a history", function()
    local function with_memory(use)
        local store = assert(history.open ":memory:")
        use(store)
        store:close()
    end

    local function message(call, ...)
        local good, reason = pcall(call, ...)
        assert.is_false(good)
        return reason:match "^spec/history/init_spec%.lua:%d+: (.*)$" or reason
    end

    it("is told at the line that did it", function()
        with_memory(function(store)
            local cases = {
                ["history.open expects a path or a URL, got a nil"] = function() local s = history.open() return s end,
                ["history.open: unknown option 'tiemout'. Did you mean 'timeout'? "
            .. "The options are cache, random, readonly, "
                    .. "runtime, show_accounts, till, timeout."] =
                    function() local s = history.open("x", { tiemout = 1 }) return s end,
                ['history.open: timeout is "1", expected a number'] =
                    function() local s = history.open("x", { timeout = "1" }) return s end,
                ["cluster_id must be a string of 1 to 256 bytes"] =
                    function() local s = store:save("", {}) return s end,
                ["store:save expects a list of records, got a nil"] =
                    function() local s = store:save("c") return s end,
                ["store:pull expects an iterator or a list of records, got a number"] =
                    function() local s = store:pull("c", 5) return s end,
                ["store:pull: page_size is 0, expected an integer of 1 or more"] =
                    function() local s = store:pull("c", {}, 0) return s end,
                ["store:pull: unknown option 'nmae'. Did you mean 'name'? The options are name, page_size, "
                    .. "spare_name."] =
                    function() local s = store:pull("c", {}, { nmae = "x" }) return s end,
                ["store:save: name is a table, expected a text that is not empty"] =
                    function() local s = store:save("c", {}, { name = {} }) return s end,
                ["record_id must be a non-empty string"] =
                    function() local s = store:versions("c") return s end,
                ["store:records expects a table, got a string"] = function() local s = store:records "c" return s end,
                ["store:records: cluster_id is missing, expected a text that is not empty"] =
                    function() local s = store:records {} return s end,
                ['store:each: cluster_id is "", expected a text that is not empty'] =
                    function() local s = store:each { cluster_id = "" } return s end,
                ["store:records: unknown option 'untill'. Did you mean 'until_'? The options are cluster_id, limit, "
                    .. "since, source, status, until_."] =
                    function() local s = store:records { cluster_id = "c", untill = 1 } return s end,
                ['store:records: since is "24h", expected milliseconds since the epoch'] =
                    function() local s = store:records { cluster_id = "c", since = "24h" } return s end,
                ["store:records: status is a table, expected a text or a list of texts"] =
                    function() local s = store:records { cluster_id = "c", status = { 1 } } return s end,
                ["store:records: source is a table, expected a text or a list of texts"] =
                    function() local s = store:records { cluster_id = "c", source = {} } return s end,
                ["store:records: limit is 0, expected an integer above 0"] =
                    function() local s = store:records { cluster_id = "c", limit = 0 } return s end,
            }
            for expected, call in pairs(cases) do
                assert.equal(expected, message(call))
            end
        end)
    end)

    it("names the method whose options are wrong, and takes names of clusters up to 256 bytes", function()
        with_memory(function(store)
            local name = ("c"):rep(256)
            local function with(method, ...)
                local arguments, count = { ... }, select("#", ...)
                return message(function()
                    local result = store[method](store, unpack(arguments, 1, count))
                    return result
                end)
            end
            for method, arguments in pairs { save = { name, {}, { x = 1 } }, pull = { name, {}, { x = 1 } },
                prune = { { x = 1 } }, accounts = { { x = 1 } }, prune_accounts = { { x = 1 } },
                pull_accounts = { name, function() end, { x = 1 } }, together = { name, {}, { x = 1 } } } do
                assert.matches("^store:" .. method .. ": unknown option 'x'", with(method, unpack(arguments)))
            end
            for method, more in pairs { save = {}, pull = {}, together = {}, pull_accounts = function()
                return { complete = true, { name = "a" } }
            end, versions = "id" } do
                assert.equal("cluster_id must be a string of 1 to 256 bytes", with(method, name .. "c", more))
                assert.equal("cluster_id must be a string of 1 to 256 bytes", with(method, "", more))
                assert.equal("cluster_id must be a string of 1 to 256 bytes", with(method, 5, more))
                local taken, reason = store[method](store, name, more)
                assert(taken, reason)
            end
            assert(store:save("c", {}, { name = "" }))
            assert(store:save("c", {}, { name = "two\nlines" }))
            assert(store:pull("c", {}, { spare_name = "" }))
        end)
    end)

    it("includes going on with a loop after close, but letting go of the store does not end a loop", function()
        local store = assert(history.open ":memory:")
        store:pull(CLUSTER, records(1, 1500))
        local next_record = store:each { cluster_id = CLUSTER }
        store = nil -- luacheck: ignore
        local count = 0
        while next_record() do
            count = count + 1
            if count % 500 == 0 then
                collectgarbage()
            end
        end
        assert.equal(1500, count)
        store = assert(history.open ":memory:")
        next_record = store:each { cluster_id = CLUSTER }
        store:close()
        assert.equal("the history is closed", message(function()
            local found = next_record()
            return found
        end))
    end)

    it("includes using it after close", function()
        local store = assert(history.open ":memory:")
        store:close()
        assert.equal("dwsync.history.store: :memory: (closed)", tostring(store))
        for _, method in ipairs { "save", "pull", "records", "each", "together", "clusters", "versions", "stats",
            "prune", "pull_accounts", "accounts", "prune_accounts" } do
            assert.equal("the history is closed", message(function()
                local result = store[method](store)
                return result
            end))
        end
    end)
end)
