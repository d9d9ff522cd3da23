local core = require "dwsync.core"
local flaws = require "dwsync.health.flaws"
local runs = require "spec.health.runs"

local LATEST = runs.NOW * 1000

local function is_sound(record)
    return not core.take_runs({ record }, 1, 1, LATEST)
end

describe("flaws", function()
    it("are found at their place among sound records, one after the other, of whatever type a field is", function()
        local list = {}
        for i = 1, 12 do
            list[i] = runs.run(100 + i)
        end
        list[2].end_time, list[5].start_time, list[6].id, list[9] = -1, "2026", {}, 7
        list[11].identity_source_id, list[12] = false, "FINISHED"
        local found, place = {}, core.take_runs(list, 1, 12, LATEST)
        while place do
            found[#found + 1] = place
            place = core.take_runs(list, place + 1, 12, LATEST)
        end
        assert.same({ 2, 5, 6, 9, 11, 12 }, found)
    end)

    it("are found in exactly those records that lose something when they are cleaned", function()
        local random = runs.random(61)
        local values = { 0, -1, 1.5, 1e300, 0 / 0, 1 / 0, "x", true, {}, LATEST, LATEST + 1, "FAILED", io.stdout }
        local names = { "id", "identity_source_id", "identity_source_type", "start_time", "end_time", "add_count",
            "update_count", "delete_count", "failed_count", "status", "fail_reason" }
        for _ = 1, 3000 do
            local record = runs.run(random(1000))
            record[names[random(#names)]] = values[random(#values)]
            record[names[random(#names)]] = values[random(#values)]
            local run, kinds = flaws.clean(record, LATEST)
            if is_sound(record) then
                assert.same({}, kinds)
                assert.same(record, run)
            else
                local null_or_zero = false
                for _, name in ipairs(names) do
                    null_or_zero = null_or_zero or type(record[name]) == "userdata"
                        or name:find "_time$" and (record[name] == 0 or record[name] == 1.5)
                end
                assert.is_true(next(kinds) ~= nil or null_or_zero)
            end
            if not kinds.future and not kinds.status then
                assert.is_true(is_sound(run), "what was cleaned is sound")
            end
        end
    end)

    it("leave a record as it is", function()
        local record = { start_time = "x", status = 5, add_count = -1 }
        flaws.clean(record, LATEST)
        assert.same({ start_time = "x", status = 5, add_count = -1 }, record)
    end)

    it("have names, and an order by gravity", function()
        assert.equal("future", flaws.gravest { type = true, future = true })
        assert.is_nil(flaws.gravest {})
        assert.same({ "future", "repeated", "order", "status", "count", "unit", "time", "type", "no_record", "source" },
            flaws.kinds)
        for i, kind in ipairs(flaws.kinds) do
            assert.equal(kind, flaws.gravest { [kind] = true, [flaws.kinds[i + 1] or kind] = true })
        end
        assert.same({
            future = { "is dated in the future", "are dated in the future" },
            repeated = { "shares its id with a different record", "share their id with a different record" },
            order = { "ends before it starts", "end before they start" },
            status = { "has an unknown status", "have an unknown status" },
            count = { "has an invalid count", "have invalid counts" },
            unit = { "has times in seconds instead of milliseconds", "have times in seconds instead of milliseconds" },
            time = { "has an invalid time", "have invalid times" },
            type = { "has a field of the wrong type", "have fields of the wrong type" },
            no_record = { "is not a record at all", "are not records at all" },
            source = { "is a source beyond the first 1000, not judged",
                "are sources beyond the first 1000, not judged" },
        }, flaws.names)
    end)

    it("are times in seconds, and those that no calendar has", function()
        for value, case in pairs {
            [0] = {}, [1] = { nil, "time" }, [999999999] = { nil, "time" }, [1000000000] = { 1000000000000, "unit" },
            [1747637723.0554] = { 1747637723055, "unit" }, [253402300799.999] = { 253402300799999, "unit" },
            [253402300800] = { nil, "time" }, [999999999999] = { nil, "time" }, [1000000000000] = { 1000000000000 },
            [1747637723055.7] = { 1747637723055 }, [253402300799999] = { 253402300799999 },
            [253402300800000] = { nil, "time" }, [-1] = { nil, "time" },
        } do
            local run, kinds = flaws.clean({ end_time = value, status = "FINISHED" }, math.huge)
            assert.same({ case[1], case[2] }, { run.end_time, (next(kinds)) }, value)
        end
    end)

    it("turn a number where a text belongs into one", function()
        local run, kinds = flaws.clean({ id = 12345, status = "FINISHED" }, LATEST)
        assert.equal("12345", run.id)
        assert.same({ type = true }, kinds)
    end)
end)
