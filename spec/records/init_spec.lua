local records = require "dwsync.records"

local NOW = 1761389392
local HOUR = 3600000

local A = { id = "a", identity_source_id = "s1", identity_source_type = "ldap", status = "FAILED",
    start_time = NOW * 1000 - 30 * HOUR, add_count = 5 }
local B = { id = "b", identity_source_id = "s2", identity_source_type = "oneaccess", status = "FINISHED",
    start_time = NOW * 1000 - 20 * HOUR, add_count = 7 }
local C = { id = "c", identity_source_id = "s1", identity_source_type = "ldap", status = "RUNNING",
    start_time = NOW * 1000 - 10 * HOUR }
local D = { id = "d" }
local ALL = { A, B, C, D }

-- An iterator over a list, and how far it was read.
local function reader(list)
    local state = { read = 0 }
    return function()
        state.read = state.read + 1
        return list[state.read]
    end, state
end

local function refusal(wrong)
    local fine, message = pcall(wrong)
    return not fine and message or "it raised nothing"
end

describe("a sequence of records", function()
    it("is made from a list, an iterator or a sequence", function()
        assert.same(ALL, records.from(ALL):to_list())
        assert.same(ALL, records.from((reader(ALL))):to_list())
        assert.same(ALL, records.from(records.from(ALL)):to_list())
        assert.same({}, records.from({}):to_list())
    end)

    it("has the list and the now of the one that it is made from", function()
        assert.equal(ALL, records.from(records.from(ALL)).list)
        assert.same({ B, C }, records.from(records.from(ALL, { now = NOW })):since("24h"):to_list())
        assert.same({ C }, records.from(records.from(ALL, { now = NOW }), { now = NOW + 5 * 3600 }):since("24h")
            :to_list())
    end)

    it("can be read again when it comes from a list", function()
        local sequence = records.from(ALL):where { status = "FAILED" }
        assert.same({ A }, sequence:to_list())
        assert.same({ A }, sequence:to_list())
    end)

    it("is read one by one with each", function()
        local ids = {}
        for record in records.from(ALL):each() do
            ids[#ids + 1] = record.id
        end
        assert.same({ "a", "b", "c", "d" }, ids)
    end)

    it("reads nothing before it is asked, and no more than it needs", function()
        local iterator, state = reader(ALL)
        local sequence = records.from(iterator):where(function(record) return record.id ~= "a" end):take(1)
        assert.equal(0, state.read)
        assert.same({ B }, sequence:to_list())
        assert.equal(2, state.read)
    end)

    it("leaves the list it comes from alone", function()
        local list = { C, A }
        records.from(list):sort_by("start_time"):where({ status = "RUNNING" }):to_list()
        assert.same({ C, A }, list)
    end)

    it("has each method as a function, too", function()
        assert.same({ A }, records.where(ALL, { status = "FAILED" }):to_list())
        assert.same({ A, B }, records.take(ALL, 2):to_list())
        assert.same({ C }, records.since(ALL, NOW * 1000 - 10 * HOUR):to_list())
        assert.same({ A }, records.until_(ALL, NOW * 1000 - 20 * HOUR):to_list())
        assert.same(ALL, records.to_list(reader(ALL)))
        assert.same({ C, B, A, D }, records.sort_by(ALL, "start_time", "desc"):to_list())
        assert.equal(12, records.sum(ALL, "add_count"))
        assert.equal(2, records.count_by(ALL, "identity_source_id").s1)
        assert.same({ B }, records.group_by(ALL, "identity_source_id").s2)
        assert.equal(A, records.each(ALL)())
    end)

    it("refuses conditions before anything is read, at its caller's line", function()
        local unread = records.from(function() error "read" end)
        for _, condition in ipairs { 7, { no_field = 1 }, { id = { min = {} } } } do
            assert.matches("^[%w./]*records/init_spec.lua:%d+: where: ",
                refusal(function() local s = unread:where(condition) return s end))
        end
    end)

    it("refuses what is no list, at its caller's line", function()
        assert.matches("records/init_spec.lua:%d+: records: expected a list, an iterator or a sequence, got nil$",
            refusal(function() local s = records.from(nil) return s end))
        assert.matches("records/init_spec.lua:%d+: where: expected a list, an iterator or a sequence, got string$",
            refusal(function() local s = records.where("x", {}) return s end))
    end)
end)

describe("since and until_", function()
    local sequence = records.from(ALL, { now = NOW })

    it("take a length of time before now", function()
        assert.same({ B, C }, sequence:since("24h"):to_list())
        assert.same({ A }, sequence:until_("24h"):to_list())
        assert.same({ B }, sequence:since("24h"):until_("12h"):to_list())
    end)

    it("take a date or milliseconds, and need no now for that", function()
        assert.same({ C }, records.from(ALL):since("2025-10-25"):to_list())
        assert.same({ A, B }, records.from(ALL):until_("2025-10-25T00:00:00Z"):to_list())
        assert.same({ B, C }, records.from(ALL):since(B.start_time):to_list())
        assert.same({ C }, records.from(ALL):since(B.start_time + 1):to_list())
        assert.same({ A }, records.from(ALL):until_(B.start_time):to_list())
        assert.same({ A, B }, records.from(ALL):until_(B.start_time + 1):to_list())
        assert.same({ B, C }, records.from(ALL):since(tostring(B.start_time)):to_list())
    end)

    it("never meet a record without a start", function()
        assert.same({}, records.from({ D, { start_time = "soon" } }):since(0):to_list())
        assert.same({}, records.from({ D }):until_(1e15):to_list())
    end)

    it("refuse what is not a point in time, and a relative one without now", function()
        assert.matches("records/init_spec.lua:%d+: since: '24h' is relative: pass now to records.from$",
            refusal(function() local s = records.from(ALL):since "24h" return s end))
        assert.matches("records/init_spec.lua:%d+: since: 'today' is relative: pass now to records.from$",
            refusal(function() local s = records.from(ALL):since "today" return s end))
        assert.matches('records/init_spec.lua:%d+: until_ is "yester%?day", expected 90m, 24h, 7d, 2025%-05%-19, '
            .. "2025%-05%-19T06:55:23Z or milliseconds$",
            refusal(function() local s = sequence:until_ "yester\27day" return s end))
        assert.matches("records/init_spec.lua:%d+: since is missing, expected 90m",
            refusal(function() local s = sequence:since() return s end))
    end)
end)

describe("sort_by", function()
    it("sorts by a field or by what a function gives, in either direction", function()
        assert.same({ A, B, C }, records.sort_by({ C, A, B }, "start_time"):to_list())
        assert.same({ C, B, A }, records.sort_by({ B, C, A }, "start_time", "desc"):to_list())
        assert.same({ A, B }, records.sort_by({ B, A }, function(record) return record.add_count end, "asc"):to_list())
        assert.same({ B, A }, records.sort_by({ A, B }, "identity_source_id", "desc"):to_list())
    end)

    it("keeps the order of equals, and puts what has no value last", function()
        local list = { D, A, { id = "e", identity_source_id = "s2" }, B, C }
        for direction, expected in pairs { asc = "aceb d", desc = "ebac d" } do
            local ids = ""
            for record in records.sort_by(list, "identity_source_id", direction):each() do
                ids = ids .. (record.id == "d" and " " or "") .. record.id
            end
            assert.equal(expected, ids)
        end
    end)

    it("keeps the order of those with the same truth", function()
        local list = {}
        for i = 1, 40 do
            list[i] = { id = i, add_count = i }
        end
        local shown = {}
        for record in records.sort_by(list, function(record) return record.id % 3 == 0 end):each() do
            shown[#shown + 1] = record.id
        end
        local expected = {}
        for _, truth in ipairs { false, true } do
            for i = 1, 40 do
                expected[#expected + 1] = (i % 3 == 0) == truth and i or nil
            end
        end
        assert.same(expected, shown)
    end)

    it("sorts values of any types without raising", function()
        local list = {}
        for i, value in ipairs { "b", 2, true, {}, 0 / 0, "a", 1, false, 1.5 } do
            list[i] = { id = value }
        end
        local shown = {}
        for record in records.sort_by(list, "id"):each() do
            shown[#shown + 1] = (type(record.id) == "table" or record.id ~= record.id) and "?" or tostring(record.id)
        end
        assert.equal("1 1.5 2 a b false true ? ?", table.concat(shown, " "))
    end)

    it("refuses a direction or a field that is none", function()
        assert.matches("records/init_spec.lua:%d+: sort_by: the direction is 'asc' or 'desc', not down$",
            refusal(function() local s = records.from(ALL):sort_by("id", "down") return s end))
        assert.matches("records/init_spec.lua:%d+: sort_by: expected a field or a function, got nil$",
            refusal(function() local s = records.from(ALL):sort_by() return s end))
    end)
end)

describe("take", function()
    it("keeps the first ones", function()
        assert.same({}, records.take(ALL, 0):to_list())
        assert.same({ A, B, C }, records.take(ALL, 3):to_list())
        assert.same(ALL, records.take(ALL, 9):to_list())
    end)

    it("refuses what is no count", function()
        for _, count in ipairs { -1, 1.5, "3" } do
            assert.matches("records/init_spec.lua:%d+: take: expected an integer of 0 or more, got ",
                refusal(function() local s = records.from(ALL):take(count) return s end))
        end
    end)
end)

describe("group_by, count_by and sum", function()
    it("go by a field or by what a function gives", function()
        local groups, names = records.from(ALL):group_by "identity_source_id"
        assert.same({ s1 = { A, C }, s2 = { B }, [""] = { D } }, groups)
        assert.same({ "s1", "s2", "" }, names)
        assert.same({ failed = 1, ok = 1, running = 1, unknown = 1 }, records.from(ALL):count_by(records.outcome))
        assert.equal(12, records.from(ALL):sum "add_count")
        assert.equal(4, records.from(ALL):sum(function() return 1 end))
    end)

    it("are named by the error about another argument", function()
        for _, name in ipairs { "group_by", "count_by", "sum", "sort_by" } do
            local _, message = pcall(records[name], ALL, 7)
            assert.matches(name .. ": expected a field or a function, got number", message, 1, true)
        end
    end)

    it("are empty for an empty list", function()
        assert.same({}, (records.group_by({}, "id")))
        assert.same({}, records.count_by({}, "id"))
        assert.equal(0, records.sum({}, "id"))
    end)

    it("pass by what has no value, or none of use", function()
        assert.same({ [""] = 2 }, records.count_by({ {}, { id = 0 / 0 } }, "id"))
        assert.equal(3, records.sum({ { add_count = "7" }, { add_count = 3 }, {} }, "add_count"))
    end)
end)

describe("what is no record", function()
    it("meets nothing, and raises nowhere", function()
        local list = { 7, "text", true, A }
        assert.same({ A }, records.where(list, { status = "FAILED" }):to_list())
        assert.same({ A }, records.since(list, 0):to_list())
        assert.equal(4, #records.sort_by(list, "id"):to_list())
        assert.same({ [""] = 3, a = 1 }, records.count_by(list, "id"))
        assert.is_nil(records.duration(7))
        assert.equal("unknown", records.outcome(7))
    end)
end)

describe("the duration of a run", function()
    it("is in seconds", function()
        assert.equal(1.5, records.duration { start_time = 1000, end_time = 2500 })
        assert.equal(0, records.duration { start_time = 1000, end_time = 1000 })
    end)

    it("is nil for a run that has not ended, or whose times make no sense", function()
        for _, record in ipairs { { start_time = 1 }, { end_time = 1 }, { start_time = 2, end_time = 1 }, {},
            { start_time = "1", end_time = 2 }, { start_time = 0 / 0, end_time = 2 } } do
            assert.is_nil(records.duration(record))
        end
    end)
end)

describe("the outcome of a run", function()
    it("is ok only when no account failed", function()
        assert.equal("ok", records.outcome { status = "FINISHED" })
        assert.equal("ok", records.outcome { status = "FINISHED", failed_count = 0 })
        assert.equal("partial", records.outcome { status = "FINISHED", failed_count = 1 })
        assert.equal("ok", records.outcome { status = "FINISHED", failed_count = "many" })
        assert.equal("failed", records.outcome { status = "FAILED", failed_count = 1 })
        assert.equal("running", records.outcome { status = "RUNNING" })
        assert.equal("unknown", records.outcome { status = "finished" })
        assert.equal("unknown", records.outcome {})
    end)
end)
