local cjson = require "cjson"
local sequence = require "dwsync.emulator.sequence"

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
    end)

    it("starts what arrives after what is there, even when the clock says otherwise", function()
        local records = sequence.new(cluster, options)
        records:add(2, 0)
        local page = cjson.decode((records:json(0, 3)))
        assert.is_true(page[1].start_time > page[2].start_time and page[2].start_time > page[3].start_time)
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
end)
