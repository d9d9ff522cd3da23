local history = require "dwsync.history"
local postgres = require "spec.support.postgres"

local NOW = 1747637723
local DAY = 86400

local server
setup(function()
    server = postgres.start()
end)
teardown(function()
    server:stop()
end)

local function record(id, days, more)
    local one = { id = id, start_time = (NOW - days * DAY) * 1000, status = "FINISHED" }
    for name, value in pairs(more or {}) do
        one[name] = value or nil
    end
    return one
end

for engine, target_of in pairs { sqlite = function() return ":memory:" end,
    postgres = function() return server:fresh_url() end } do
    describe("pruning a history in " .. engine, function()
        local store
        before_each(function()
            store = assert(history.open(target_of()))
        end)
        after_each(function()
            store:close()
        end)

        local function ids(cluster)
            local list = {}
            for i, one in ipairs(assert(store:records { cluster_id = cluster })) do
                list[i] = one.id
            end
            return table.concat(list, " ")
        end

        it("removes what is older, with its versions; a dry run only counts", function()
            assert(store:save("a", { record("new", 1), record("old", 401), record("older", 500) }))
            local changed = { failed_count = 1 }
            assert(store:save("a", { record("older", 500, changed), record("new", 1, changed) }))
            assert(store:save("b", { record("young", 399) }))
            local expected = { clusters = 1, records = 2, versions = 1 }
            assert.same(expected, store:prune { older_than = "400d", now = NOW, dry_run = true })
            assert.same({ "new old older", 4 }, { ids "a", store:stats().records })
            assert.same(expected, store:prune { older_than = "400d", now = NOW })
            assert.same({ "new", "young", 1 }, { ids "a", ids "b", store:stats().versions })
            assert.same({ clusters = 0, records = 0, versions = 0 }, store:prune { older_than = "400d", now = NOW })
        end)

        it("keeps what runs, and the newest record of a cluster", function()
            assert(store:save("a", { record("running", 600, { status = "RUNNING" }), record("newest", 500),
                record("other", 501) }))
            assert.equal(1, store:prune { older_than = "400d", now = NOW }.records)
            assert.equal("newest running", ids "a")
        end)

        it("takes a record without a start by when it was saved", function()
            assert(store:save("a", { record("none", 0, { start_time = false }), record("new", 1) }))
            local saved = os.time()
            assert.equal(0, store:prune { older_than = "126d", now = saved + 125 * DAY }.records)
            assert.equal(1, store:prune { older_than = "126d", now = saved + 127 * DAY }.records)
            assert.equal("new", ids "a")
        end)

        it("goes on in small transactions until nothing is left", function()
            local list = { record("new", 1) }
            for i = 1, 1203 do
                list[#list + 1] = record("r" .. i, 400 + i)
            end
            assert(store:save("a", list))
            local commits, commit = 0, store.engine.commit
            function store.engine:commit()
                commits = commits + 1
                return commit(self)
            end
            assert.same({ clusters = 1, records = 1203, versions = 0 }, store:prune { older_than = "400d", now = NOW })
            assert.equal(1 + 3, commits)
            assert.equal("new", ids "a")
        end)

        it("says what was removed before it failed", function()
            for _, cluster in ipairs { "a", "b" } do
                assert(store:save(cluster, { record("new", 1), record("old", 500) }))
            end
            local rows, deletes = store.engine.rows, 0
            function store.engine:rows(sql, ...)
                deletes = deletes + (sql:find "^DELETE FROM dwsync_records" and 1 or 0)
                if deletes == 2 then
                    return nil, require("dwsync.errors").new { kind = "storage", message = "full" }
                end
                return rows(self, sql, ...)
            end
            local sum, err, before = store:prune { older_than = "400d", now = NOW }
            store.engine.rows = nil
            assert.is_nil(sum)
            assert.equal("storage", err.kind)
            assert.same({ clusters = 1, records = 1, versions = 0 }, before)
        end)
    end)
end

describe("pruning", function()
    it("keeps what verdicts may rest on, whatever is asked for", function()
        local store = assert(history.open ":memory:")
        for _, given in ipairs { { older_than = "125d" }, { older_than = 125 * DAY }, {},
            { older_than = "400d", all = true } } do
            assert.has_error(function() store:prune(given) end)
        end
        assert(store:prune { older_than = "126d" })
        store:close()
    end)
end)
