local records = require "dwsync.records"

local A = { id = "a", identity_source_id = "s1", identity_source_type = "ldap", status = "FAILED", start_time = 1000 }
local B = { id = "b", identity_source_id = "s2", identity_source_type = "oneaccess", status = "FINISHED",
    start_time = 2000 }
local C = { id = "c", identity_source_id = "s1", identity_source_type = "ldap", status = "RUNNING", start_time = 3000 }
local D = { id = "d" }
local ALL = { A, B, C, D }

describe("a filter", function()
    it("keeps everything, in order, when nothing is asked", function()
        assert.same({ A, B, C, D }, records.filter(ALL, {}))
        assert.same({}, records.filter({}, { status = { "FAILED" } }))
    end)

    it("keeps the statuses it is given", function()
        assert.same({ A }, records.filter(ALL, { status = { "FAILED" } }))
        assert.same({ A, C }, records.filter(ALL, { status = { "RUNNING", "FAILED" } }))
        assert.same({}, records.filter(ALL, { status = { "failed" } }))
        assert.same({}, records.filter(ALL, { status = {} }))
    end)

    it("keeps a source by its id or by its type", function()
        assert.same({ A, C }, records.filter(ALL, { source = { "s1" } }))
        assert.same({ B }, records.filter(ALL, { source = { "oneaccess" } }))
        assert.same({ A, B, C }, records.filter(ALL, { source = { "ldap", "s2" } }))
    end)

    it("keeps what started at or after since, and before until", function()
        assert.same({ B, C }, records.filter(ALL, { since = 2000 }))
        assert.same({ C }, records.filter(ALL, { since = 2001 }))
        assert.same({ A }, records.filter(ALL, { until_ = 2000 }))
        assert.same({ B }, records.filter(ALL, { since = 2000, until_ = 3000 }))
    end)

    it("never keeps a record without start_time when a time is asked", function()
        assert.same({}, records.filter({ D }, { since = 0 }))
        assert.same({}, records.filter({ D }, { until_ = 1e15 }))
    end)

    it("wants every criterion met", function()
        assert.same({ C }, records.filter(ALL, { source = { "s1" }, status = { "RUNNING", "FINISHED" }, since = 1 }))
    end)

    it("leaves the list it is given alone", function()
        local list = { A, B }
        records.filter(list, { status = { "NONE" } })
        assert.same({ A, B }, list)
    end)
end)
