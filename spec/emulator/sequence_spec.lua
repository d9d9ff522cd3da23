local cjson = require "cjson"
local sequence = require "dwsync.emulator.sequence"
local stories = require "dwsync.emulator.stories"

describe("a sequence of records", function()
    local cluster = { id = "c", story = "large" }
    local options = { seed = 1, started = 1747637723055, records = 300000 }

    local function ids(records, position, size)
        local text = records:json(position, size)
        local list = {}
        for i, record in ipairs(cjson.decode(text)) do
            list[i] = record.id
        end
        return list
    end

    it("computes any part of a long history without the rest", function()
        local records = sequence.new(cluster, options)
        assert.equal(300000, records:count())
        local record_at, computed = records.record_at, 0
        function records.record_at(index)
            computed = computed + 1
            return record_at(index)
        end
        assert.equal(1000, select(2, records:json(299000, 1000)))
        assert.equal(1000, computed)
        assert.same({ "[]", 0 }, { records:json(300000, 10) })
    end)

    it("takes what arrived away first, from the front, and last, from the back", function()
        local records = sequence.new(cluster, { seed = 1, started = options.started, records = 3 })
        local story = ids(records, 0, 10)
        records:add(2, options.started)
        local arrived = ids(records, 0, 2)
        assert.same({ arrived[1], arrived[2], story[1], story[2], story[3] }, ids(records, 0, 10))
        records:remove(1, "front")
        assert.same({ arrived[2], story[1], story[2], story[3] }, ids(records, 0, 10))
        records:remove(3, "back")
        assert.same({ arrived[2] }, ids(records, 0, 10))
        records:remove(5, "back")
        assert.equal(0, records:count())
        records:add(3, options.started)
        arrived = ids(records, 0, 3)
        records:remove(1)
        assert.same({ arrived[1], arrived[2] }, ids(records, 0, 10))
    end)

    it("starts what arrives after what is there, even when the clock says otherwise", function()
        local records = sequence.new(cluster, options)
        records:add(2, 0)
        local page = cjson.decode((records:json(0, 3)))
        assert.is_true(page[1].start_time > page[2].start_time and page[2].start_time > page[3].start_time)
    end)

    describe("that the clock brings runs to", function()
        local healthy = { id = ("0"):rep(8), story = "healthy" } -- its turn is the first of a hundred
        local every = { seed = 1, started = options.started, records = 1, new_runs = 1 }
        local function at(turns) return options.started + (1 + (turns - 1) * 100) * 1000 end

        it("has the newest in front, and as many as it is time for", function()
            local records = sequence.new(healthy, every)
            assert.equal(168, records:reach(every.started):count())
            local story = ids(records, 0, 1)
            assert.equal(170, records:reach(at(2)):count())
            local page = cjson.decode((records:json(0, 3)))
            assert.same({ at(2), at(1), story[1] }, { page[1].start_time, page[2].start_time, page[3].id })
            assert.same(ids(records, 0, 200), ids(sequence.new(healthy, every):reach(at(2)), 0, 200))
        end)

        it("keeps what arrived where it arrived", function()
            local records = sequence.new(healthy, every):reach(at(1))
            records:add(1, at(1) + 500)
            records:put { { id = "given" } }
            local before = ids(records, 0, 3)
            assert.equal("given", before[1])
            records:reach(at(3))
            local after = ids(records, 0, 5)
            assert.same(before, { after[3], after[4], after[5] })
            records:remove(1, "front")
            assert.equal(after[2], ids(records, 0, 1)[1])
            records:replace { { id = "x" } }
            assert.same({ "x" }, ids(records, 0, 5))
            assert.equal("x", ids(records:reach(at(4)), 0, 5)[2])
        end)

        it("has what arrives in front of what the clock brought before", function()
            local records = sequence.new(healthy, every):reach(at(1))
            records:add(1, at(1) + 500)
            local page = cjson.decode((records:json(0, 2)))
            assert.same({ at(1) + 500, at(1) }, { page[1].start_time, page[2].start_time })
            records = sequence.new(healthy, every):reach(at(1))
            records:put { { id = "x", start_time = 5 } }
            page = cjson.decode((records:json(0, 2)))
            assert.same({ 5, at(1) }, { page[1].start_time, page[2].start_time })
            records = sequence.new(healthy, every):reach(at(1))
            records:replace { { id = "x" } }
            assert.same({ "x" }, ids(records, 0, 9))
            records = sequence.new(healthy, every):reach(at(1))
            records:remove(1, "front")
            assert.equal(168, records:count())
            assert.not_equal(at(1), cjson.decode((records:json(0, 1)))[1].start_time)
        end)

        it("changes its version with each, and has the same again for the same", function()
            local function version(now) return sequence.new(healthy, every):reach(now).version end
            assert.equal(version(at(1)), version(at(2) - 1))
            assert.same({ "0 1", "0 2" }, { version(at(1)), version(at(2)) })
            local one, other = sequence.new(healthy, every):reach(at(1)), sequence.new(healthy, every):reach(at(1))
            one:put { { id = "a" } }
            other:put { { id = "b" } }
            assert.not_equal(one.version, other.version)
        end)
    end)

    it("has its changes counted with those of all", function()
        local loaded = package.loaded["dwsync.emulator.sequence"]
        finally(function() package.loaded["dwsync.emulator.sequence"] = loaded end)
        package.loaded["dwsync.emulator.sequence"] = nil
        local fresh = require "dwsync.emulator.sequence"
        local one, other = fresh.new(cluster, options), fresh.new(cluster, options)
        assert.equal("0 0", one.version)
        one:add(1, 0)
        other:put {}
        one:remove(0)
        assert.same({ "3 0", "2 0" }, { one.version, other.version })
    end)

    it("has what arrives numbered, and of the source of the newest", function()
        local own = sequence.new({ id = "c", story = "never" }, options)
        own:add(2, 5000)
        assert.same({ stories.arrival(cluster, options, 2, 5001).id, stories.arrival(cluster, options, 1, 5000).id },
            ids(own, 0, 9))
        own:replace { { id = "x", start_time = 9000, identity_source_id = "s", identity_source_type = "scim" } }
        own:add(1, 5)
        local newest = cjson.decode((own:json(0, 1)))[1]
        assert.same({ 9001, "s", "scim" }, { newest.start_time, newest.identity_source_id,
            newest.identity_source_type })
    end)

    it("changes its version with its records", function()
        local records = sequence.new(cluster, options)
        local versions = { [records.version] = true }
        for _, change in ipairs {
            function() records:add(1, 0) end,
            function() records:remove(1, "back") end,
            function() records:replace {} end,
        } do
            change()
            assert.is_nil(versions[records.version])
            versions[records.version] = true
        end
    end)

    it("that is empty takes what arrives, a millisecond apart from now on", function()
        local records = sequence.new({ id = "c", story = "never" }, options)
        assert.equal("0 0", records.version)
        records:add(3, 5000.9)
        local page, count = records:json(0, 10)
        local starts = {}
        for i, record in ipairs(cjson.decode(page)) do
            starts[i] = record.start_time
        end
        assert.same({ { 5002, 5001, 5000 }, 3 }, { starts, count })
        records:add(1, 9000)
        assert.equal(9000, cjson.decode((records:json(0, 1)))[1].start_time)
        local early = sequence.new({ id = "c", story = "never" }, options)
        early:add(1, 0)
        assert.equal(1, cjson.decode((early:json(0, 1)))[1].start_time)
    end)

    it("holds the newest back, and lets them end later in their order", function()
        local records = sequence.new(cluster, options)
        records:replace { { id = "d", start_time = 40, end_time = 45 }, { id = "c", start_time = 30 },
            { id = "b", start_time = 20, end_time = 21 }, { id = "a", start_time = 10, end_time = 11 } }
        records:hold(3)
        assert.same({ "a" }, ids(records, 0, 10))
        records:hold(0)
        records:release(100.5)
        assert.same({ { id = "d", start_time = 95, end_time = 100 }, { id = "c", start_time = 100 },
            { id = "b", start_time = 99, end_time = 100 }, { id = "a", start_time = 10, end_time = 11 } },
            cjson.decode((records:json(0, 10))))
        records:release(200)
        assert.equal(4, records:count())
        records:hold(1)
        records:put { { id = "e", start_time = 110 } }
        records:hold(1)
        assert.same({ "c", "b", "a" }, ids(records, 0, 10))
        records:release(300)
        assert.same({ "e", "d", "c", "b", "a" }, ids(records, 0, 10))
        for _ = 1, 2 do
            records:hold(1) -- older than the one before
        end
        records:release(400)
        assert.same({ "e", "d", "c", "b", "a" }, ids(records, 0, 10))
        records:hold(9)
        assert.equal(0, records:count())
    end)

    it("holds back no more than there is", function()
        local records = sequence.new({ id = "c", story = "healthy" }, options)
        local newest = ids(records, 0, 1)
        records:hold(1000)
        assert.equal(0, records:count())
        records:release(options.started)
        assert.equal(168, records:count())
        assert.same(newest, ids(records, 0, 1))
    end)

    it("visits the runs that made the accounts, the oldest first, also those that went from the back", function()
        local records = sequence.new(cluster, options)
        local function visited(most)
            local list = {}
            records:each_run(most, function(record) list[#list + 1] = record.id end)
            return table.concat(list, " ")
        end
        records:replace { { id = "c" }, { id = "b" }, { id = "a" } }
        records:put { { id = "e" }, { id = "d" } }
        assert.equal("a b c d e", visited(9))
        assert.equal("a b c d e", visited(3))
        assert.equal("b c d e", visited(2))
        records:remove(2)
        assert.equal("a b c d e", visited(9))
        records:remove(1, "front")
        assert.equal("a b c d", visited(9))
        records:remove(2, "front")
        assert.equal("a b", visited(9))
        assert.same({}, ids(records, 0, 9))
        records:put { { id = "f" } }
        assert.equal("a b f", visited(9))
        records:replace { { id = "c" }, { id = "b" }, { id = "a" } }
        records:remove(2, "front")
        records:put { { id = "e" }, { id = "d" } }
        assert.equal("a d e", visited(9))
        records:remove(2)
        assert.equal("a e", visited(9))
        records:remove(1)
        assert.equal("a", visited(9))
    end)
end)
