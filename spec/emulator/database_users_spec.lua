local cjson = require "cjson"
local database_users = require "dwsync.emulator.database_users"
local sequence = require "dwsync.emulator.sequence"
local stories = require "dwsync.emulator.stories"

describe("the accounts of the emulator", function()
    local STARTED = 1747637723055
    local OPTIONS = { seed = 1, started = STARTED, records = 50 }

    local function told(story)
        local cluster = stories.cluster(1, story, "dws-" .. story)
        return cluster, sequence.new(cluster, OPTIONS)
    end

    local function names(cluster, records)
        local set, count = {}, 0
        for _, user in ipairs(database_users.list(cluster, records)) do
            local key = user.name .. "/" .. user.user_type
            assert.is_nil(set[key])
            set[key], count = true, count + 1
        end
        return set, count
    end

    local function newest(records)
        return cjson.decode((records:json(0, 1)))[1]
    end

    it("come and go with each run, as many as it counts", function()
        for _, story in ipairs { "healthy", "mass_delete", "partial", "large" } do
            local cluster, records = told(story)
            for _ = 1, 5 do
                local run, after = newest(records), names(cluster, records)
                records:remove(1, "front")
                local before = names(cluster, records)
                local came, went = 0, 0
                for name in pairs(after) do
                    came = came + (before[name] and 0 or 1)
                end
                for name in pairs(before) do
                    went = went + (after[name] and 0 or 1)
                end
                assert.equal(run.add_count - run.delete_count, came - went)
                assert.is_true(came <= run.add_count and went <= run.delete_count)
            end
        end
    end)

    it("lose those of the mass deletion when it ends, not before", function()
        local cluster, records = told "mass_delete"
        local _, after = names(cluster, records)
        local deleted = newest(records).delete_count
        records:hold(1)
        local _, before = names(cluster, records)
        assert.equal(deleted, before - after)
        records:release(STARTED + 5000)
        local run = newest(records)
        assert.equal(STARTED + 5000, run.end_time)
        assert.equal(STARTED + 5000 - 4 * 60000, run.start_time)
        assert.equal(after, select(2, names(cluster, records)))
    end)

    it("stay when retention takes the oldest runs", function()
        local cluster, records = told "healthy"
        local before = names(cluster, records)
        records:remove(50)
        assert.same(before, names(cluster, records))
    end)

    it("are of the source's type, where it has one, and by hand where there is no source", function()
        local function types(story)
            local list = {}
            for _, user in ipairs(database_users.list(told(story))) do
                list[user.user_type] = (list[user.user_type] or 0) + 1
            end
            return list
        end
        assert.same({ COMMON = 6 }, types "never")
        assert.is_true(types("partial").OneAccess > 100)
        assert.equal(6, types("partial").COMMON)
        assert.is_nil(types("healthy").OneAccess)
    end)

    it("are made and dropped by hand, too, and written in pages", function()
        local cluster, records = told "never"
        database_users.change(cluster, { { name = 'q"', user_type = "IAM" }, { name = "role", login = false } }, {})
        database_users.change(cluster, {}, { "role", "dbadmin" })
        assert.equal(6, select(2, names(cluster, records)))
        assert.equal([==[[{"name":"q\"","login":true,"user_type":"IAM"}]]==],
            database_users.json(cluster, records, { user_type = "IAM" }, 0, 10))
        assert.equal("[]", database_users.json(cluster, records, {}, 6, 10))
        assert.equal(2, #cjson.decode(database_users.json(cluster, records, { login = true }, 1, 2)))
    end)
end)
