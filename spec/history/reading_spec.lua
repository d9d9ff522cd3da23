local history = require "dwsync.history"

describe("reading a history", function()
    it("ends with an error where the database gives the same batch again", function()
        local store, list = assert(history.open ":memory:"), {}
        for i = 1, 1001 do
            list[i] = { id = ("r%04d"):format(i), start_time = i, status = "FINISHED" }
        end
        assert(store:save("c", list))
        local rows, first = store.engine.rows, nil
        function store.engine:rows(sql, ...)
            local found, err, busy = rows(self, sql, ...)
            first = first or found and #found == 1000 and found
            return sql:find "LIMIT 1%d*$" and first or found, err, busy
        end
        local read, err, some = store:records { cluster_id = "c" }
        assert.is_nil(read)
        assert.matches("reading does not get beyond record r1001 (start_time 1001)", err.message, 1, true)
        assert.equal(1000, #some)
        store:close()
    end)
end)
