local history = require "dwsync.history"
local tables = require "dwsync.history.tables"

local function record(more)
    local made = { id = "a", status = "FINISHED", start_time = 1747637723000, add_count = 1 }
    for name, value in pairs(more or {}) do
        made[name] = value
    end
    return made
end

describe("a record of a history", function()
    it("is kept when its content is, of which the database is asked only where it is not known", function()
        local store = assert(history.open ":memory:")
        assert(store:save("c", { record() }))
        local _, _, contents = tables.together(store, "c", { record() }, 1747637800)
        assert.is_true(tables.has(store, "c", record(), {}))
        assert.is_false(tables.has(store, "c", record { add_count = 2 }, {}))
        assert.is_false(tables.has(store, "c", record { id = "b" }, {}))
        assert.is_false(tables.has(store, "d", record(), {}))
        store:close()
        assert.is_true(tables.has(nil, "c", record(), contents))
        assert.is_false(tables.has(nil, "c", record { add_count = 2 }, contents))
    end)
end)
