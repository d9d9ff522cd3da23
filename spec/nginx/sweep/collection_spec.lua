local collection = require "dwsync.nginx.sweep.collection"
local dwsync = require "dwsync"
local errors = require "dwsync.errors"
local runtimes = require "dwsync.runtime"
local slices = require "dwsync.nginx.sweep.slices"
local record_list = require "dwsync.nginx.sweep.record_list"

local NOW = 1763971200
local RECORD = { id = "r", identity_source_id = "s", start_time = (NOW - 60) * 1000, end_time = (NOW - 30) * 1000,
    status = "FINISHED" }

local function refused(message)
    return nil, errors.new { kind = "network", message = message }
end

describe("a collection", function()
    local order, answers, asked

    before_each(function()
        answers, asked = {}, {}
        order = {
            clusters = { { id = "one" }, { id = "two", name = "Two" } },
            concurrency = 4, timeout = 10, rules = {},
            now = function() return NOW end,
            monotonic = function() return 5 end,
            stop = function() return false end,
            slices = slices.none,
            kept_clusters = function() end,
            with_history = function(_, records) return records end,
            kept_cluster = function() end,
            kept_records = function() end,
            seen_in_history = function() end,
            client = {
                all_sync_records = function(_, parameters)
                    asked[#asked + 1] = parameters
                    local answer = answers[parameters.cluster_id]
                    if answer then
                        return answer()
                    end
                    return { RECORD }
                end,
                list_clusters = function()
                    return { { id = "three", name = "Three", status = "AVAILABLE" } }
                end,
            },
        }
    end)

    it("reads every cluster and judges it", function()
        local items, err = collection.collect(order)
        assert.is_nil(err)
        assert.equal(2, #items)
        assert.same({ id = "two", name = "Two" }, items[2].cluster)
        assert.equal("ok", items[2].evaluation.severity)
        assert.equal(NOW, items[2].fetched_at)
        assert.same({ cluster_id = "one", timeout = 10 }, asked[1])
    end)

    it("lets others have their turn while it writes a list", function()
        local paused, paused_before = 0, nil
        local write, list = record_list.write, {}
        for i = 1, 1000 do
            list[i] = RECORD
        end
        finally(function() record_list.write = write end)
        function record_list.write(...)
            paused_before = paused
            local text = write(...)
            assert.is_true(paused > paused_before)
            return text
        end
        order.slices = { alone = slices.none.alone, part = slices.none.part, list = slices.none.list,
            pause = function() paused = paused + 1 end }
        answers.one, order.clusters = function() return list end, { { id = "one" } }
        assert(collection.collect(order))
        assert.is_number(paused_before)
    end)

    it("leaves its turn before light threads are made, and after what is made for them", function()
        local steps = {}
        order.slices = { alone = slices.none.alone, pause = function() steps[#steps + 1] = "pause" end,
            part = function() steps[#steps + 1] = "part" end, list = function(work, ...)
                steps[#steps + 1] = "list"
                return work(...)
            end }
        assert(collection.collect(order))
        assert.same({ "pause", "part", "list" }, { steps[1], steps[2], steps[3] })
    end)

    it("ends when it shall, also while the list of clusters does not come", function()
        order.clusters = "all"
        local looked, came = 0, false
        order.client.list_clusters = function()
            runtimes.current().sleep(5)
            came = true
            return {}
        end
        order.stop = function()
            looked = looked + 1
            return true
        end
        local items, err = collection.collect(order)
        assert.same({ nil, "table", false }, { items, type(err), came })
        assert.is_true(looked > 0)
    end)

    it("holds no record of a cluster that it judged", function()
        local given = setmetatable({}, { __mode = "k" })
        order.client.all_sync_records = function(_, parameters)
            local record = { id = parameters.cluster_id, status = "FINISHED" }
            given[record] = parameters.cluster_id
            return { record }
        end
        local items = collection.collect(order)
        collectgarbage()
        collectgarbage()
        assert.is_nil(next(given))
        assert.equal("one", record_list.read(items[1].text)[1].id)
    end)

    it("judges by a history only when all clusters were read", function()
        local read, judged = 0, {}
        order.history = "a place"
        local ask = order.client.all_sync_records
        order.client.all_sync_records = function(...)
            read = read + 1
            return ask(...)
        end
        order.with_history = function(id, records, now)
            assert.same({ 2, NOW, { RECORD } }, { read, now, records })
            judged[#judged + 1] = id
            return records
        end
        local items = collection.collect(order)
        assert.same({ "one", "two" }, judged)
        assert.equal("ok", items[2].evaluation.severity)
    end)

    it("keeps an error beside the records of before, judged anew", function()
        answers.one = function() return refused "no route" end
        order.kept_records = function(id)
            assert.equal("one", id)
            return record_list.write { RECORD }, NOW - 500
        end
        local item = collection.collect(order)[1]
        assert.equal("no route", item.error.message)
        assert.equal(NOW - 500, item.fetched_at)
        assert.equal(NOW, item.evaluation.now)
    end)

    it("names options in hints as setup has them", function()
        answers.one = function()
            return nil, errors.new { kind = "network", message = "m", hint = "Set `endpoint`, or raise `timeout`." }
        end
        assert.equal("Set client.endpoint of setup, or raise timeout of setup.",
            collection.collect(order)[1].error.hint)
    end)

    it("has no verdict about what was never read", function()
        answers.one = function() error "a defect" end
        local item = collection.collect(order)[1]
        assert.is_nil(item.evaluation)
        assert.is_nil(item.fetched_at)
        assert.truthy(item.error.message:find("a defect", 1, true))
    end)

    describe("of a cluster whose synchronisation is off", function()
        local before, in_history

        before_each(function()
            before, in_history = nil, nil
            answers.one = function()
                return nil, errors.new { kind = "permission", code = "DWS.5045", message = "not allowed" }
            end
            order.kept_cluster = function(id) return id == "one" and before or nil end
            order.seen_in_history = function(id)
                assert.equal("one", id)
                return in_history
            end
        end)

        local function item()
            return collection.collect(order)[1]
        end

        it("counts as an answer of now, without verdicts about records of before", function()
            order.kept_records = function(id)
                if id == "one" then
                    return record_list.write { RECORD }, NOW - 500
                end
            end
            local found = item()
            assert.same({ NOW, "DWS.5045" }, { found.fetched_at, found.error.code })
            assert.is_nil(found.evaluation or found.unread or found.seen_before)
            assert.same({ RECORD }, record_list.read(found.text))
        end)

        it("knows when records were seen from what was published, else from the history", function()
            in_history = 7000
            assert.equal(7000, item().seen_before)
            before = { id = "one", sources = { { last_run = 5000 }, { last_run = 9000 }, {} } }
            assert.equal(9000, item().seen_before)
            before = { id = "one", seen_before = 4000 }
            assert.equal(4000, item().seen_before)
            before = { id = "one", fetched_at = 3000, sources = { { id = "s" } } } -- runs without times
            assert.equal(3000, item().seen_before)
        end)

        it("is taken to be off still while it cannot be read, and no longer once it gives records", function()
            answers.one = function() return refused "no route" end
            before = { id = "one", fetched_at = (NOW - 90) * 1000, error = { kind = "permission", code = "DWS.5045",
                message = "not allowed" }, seen_before = 4000 }
            local found = item()
            assert.same({ "DWS.5045", "no route", NOW - 90, 4000 }, { found.error.code, found.unread.message,
                found.fetched_at, found.seen_before })
            answers.one = nil
            found = item()
            assert.is_nil(found.error or found.unread or found.seen_before)
            assert.equal("ok", found.evaluation.severity)
        end)
    end)

    it("asks for the clusters when it shall read all, and for those of before when that fails", function()
        order.clusters = "all"
        assert.same({ id = "three", name = "Three" }, collection.collect(order)[1].cluster)
        order.client.list_clusters = function() return refused "no list" end
        local items, err = collection.collect(order)
        assert.is_nil(items)
        assert.equal("no list", err.message)
        order.kept_clusters = function() return { { id = "four" } } end
        items, err = collection.collect(order)
        assert.equal("four", items[1].cluster.id)
        assert.equal("no list", err.message)
    end)

    describe("of clusters that are named", function()
        local listed

        before_each(function()
            listed = {}
            order.clusters = { "Three", { id = "two" } }
            local list = order.client.list_clusters
            order.client.list_clusters = function(_, parameters)
                listed[#listed + 1] = parameters
                return list()
            end
        end)

        local function ids(items)
            local found = {}
            for i, item in ipairs(items) do
                found[i] = item.cluster.id
            end
            return table.concat(found, " ")
        end

        it("looks names and patterns up in one list that the client may have kept", function()
            order.clusters = { "Three", "T*", { id = "two" } }
            local items, err = collection.collect(order)
            assert.is_nil(err)
            assert.equal("three two", ids(items))
            assert.same({ id = "three", name = "Three" }, items[1].cluster)
            assert.same({ { timeout = 10, max_age = 300 } }, listed)
        end)

        it("lists no clusters when all are given by id", function()
            order.clusters = { { id = "two" } }
            local items, _, listing = collection.collect(order)
            assert.same({ 1, nil, {} }, { #items, listing, listed })
        end)

        it("shows a name that is unknown as a cluster that cannot be read, beside the others", function()
            order.clusters[1] = "Thre"
            local items = collection.collect(order)
            assert.equal("Thre two", ids(items))
            assert.is_nil(items[1].evaluation)
            assert.equal("unknown cluster 'Thre', looked for at the service (did you mean 'Three'?)",
                items[1].error.message)
            assert.equal("ok", items[2].evaluation.severity)
            assert.equal(1, #asked)
        end)

        it("says of the listing why not all that are meant are known", function()
            order.clusters[1] = "Thre"
            local items, _, listing = collection.collect(order)
            assert.same({ true, nil }, { items[1].is_unknown, items[2].is_unknown })
            assert.matches("unknown cluster 'Thre'", listing.error.message, 1, true)
            order.clusters[1] = "Three"
            assert.same({}, (select(3, collection.collect(order))))
            order.client.list_clusters = function() return refused "no list" end
            for _, clusters in ipairs { { "Three" }, "all" } do
                order.clusters = clusters
                listing = select(3, collection.collect(order))
                assert.matches("no list", listing.error.message, 1, true)
            end
        end)

        it("shows a name that two clusters have as one that cannot be read", function()
            order.client.list_clusters = function()
                return { { id = "three", name = "Three" }, { id = "four", name = "Three" } }
            end
            assert.equal("2 clusters are called 'Three' at the service: Three (three), Three (four)",
                collection.collect(order)[1].error.message)
        end)

        it("falls back on the clusters that were read before when the list cannot be had", function()
            order.client.list_clusters = function() return refused "no list" end
            local items = collection.collect(order)
            assert.equal("Three two", ids(items))
            assert.equal("the cluster 'Three' could not be looked up: no list", items[1].error.message)
            order.kept_clusters = function()
                return { { id = "Three" }, { id = "three", name = "Three", fetched_at = 1 } }
            end
            local err
            items, err = collection.collect(order)
            assert.equal("three two", ids(items))
            assert.equal("no list", err.message)
        end)
    end)

    it("names the cluster in its error", function()
        answers.two = function() return refused "no route" end
        local err = collection.collect(order)[2].error
        assert.same({ "two", "Two" }, { err.cluster_id, err.cluster })
        assert.equal("network: cluster Two (two): no route.", errors.summary(err))
    end)

    it("asks nobody in the moment in which the time is over", function()
        for seconds, kind in pairs { [10] = "timeout", [9.5] = false } do
            local times = 0
            asked = {}
            order.monotonic = function()
                times = times + 1
                return times == 1 and 5 or 5 + seconds
            end
            for _, item in ipairs(collection.collect(order)) do
                assert.equal(kind, item.error and item.error.kind or false)
            end
            assert.same(not kind and { 0.5, 0.5 } or {}, { asked[1] and asked[1].timeout, asked[2] and
                asked[2].timeout })
        end
    end)

    it("gathers as many at once as it shall, beside others, as long as it may", function()
        local gather, given = dwsync.gather, {}
        finally(function() dwsync.gather = gather end)
        function dwsync.gather(functions, options)
            given[#given + 1] = options
            return gather(functions, options)
        end
        order.clusters = "all"
        collection.collect(order)
        assert.same({ { stop = order.stop, shared = true }, { concurrency = 4, stop = order.stop, shared = true } },
            given)
    end)

    it("lets others have their turn while it reads a list that it kept, and at each step of judging", function()
        local read, given, pauses = record_list.read, {}, 0
        finally(function() record_list.read = read end)
        function record_list.read(text, pause)
            given[#given + 1] = pause
            return read(text, pause)
        end
        local function pause()
            pauses = pauses + 1
        end
        order.slices = { alone = slices.none.alone, part = slices.none.part, list = slices.none.list,
            pause = pause }
        order.kept_records = function() return record_list.write { RECORD }, NOW - 500 end
        answers.one = function() return refused "no route" end
        order.clusters = { { id = "one" } }
        collection.collect(order)
        assert.same({ pause }, given)
        assert.is_true(pauses > 0)
    end)

    it("asks nobody once it shall stop or the time is over", function()
        order.stop = function() return true end
        for _, item in ipairs(collection.collect(order)) do
            assert.equal("cancelled", item.error.kind)
        end
        local clock = NOW
        order.stop = function() return false end
        order.monotonic = function()
            clock = clock + 11
            return clock
        end
        for _, item in ipairs(collection.collect(order)) do
            assert.equal("timeout", item.error.kind)
        end
        assert.same({}, asked)
    end)
end)
