local content = require "dwsync.history.content"
local core = require "dwsync.core"
local json = require "dwsync.json"
local ndjson = require "dwsync.report.rows.ndjson"
local ordered_json = require "dwsync.ordered_json"
local record_list = require "dwsync.nginx.sweep.record_list"

local SOURCES = { { "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e", "ldap" }, { "b", "oneaccess" } }
local STATUSES = { "FINISHED", "FAILED", "RUNNING" }

-- Newest first: record i starts at 100000 - i.
local function make(count)
    local list = {}
    for i = 1, count do
        local source = SOURCES[i % 2 + 1]
        list[i] = { id = "r" .. i, identity_source_id = source[1], identity_source_type = source[2],
            start_time = 100000 - i, end_time = 100500 - i, add_count = i, update_count = 0, delete_count = 0,
            failed_count = 0, status = STATUSES[i % 3 + 1], fail_reason = i % 3 == 1 and 'bad "name"\n' or nil }
    end
    return list
end

local function choose(text, query)
    query.offset, query.limit = query.offset or 0, query.limit or 100
    local chosen, count, shown, name = record_list.choose(text, query)
    return json.decode("[" .. chosen .. "]"), count, shown, name
end

local function ids(list)
    local names = {}
    for i, record in ipairs(list) do
        names[i] = record.id
    end
    return table.concat(names, " ")
end

describe("a list of records", function()
    it("is read back as it was written", function()
        local list = make(7)
        assert.same(list, record_list.read(record_list.write(list)))
        assert.same({}, record_list.read(record_list.write {}))
    end)

    it("writes each record as ndjson does", function()
        local list = make(3)
        list[2].one_more = { deep = true }
        list[3] = { id = "no more than that" }
        local text = record_list.write(list)
        ndjson.render({ rows = list, every_field = true }, function(lines)
            for line in lines:gmatch "[^\n]+" do
                assert.truthy(text:find(line, 1, true))
            end
        end)
    end)

    it("keeps the newest, in order, however they came", function()
        local list = make(9)
        list[1], list[9] = list[9], list[1]
        assert.equal("r1 r2 r3 r4 r5 r6 r7 r8 r9", ids(record_list.read(record_list.write(list))))
    end)

    it("is cut to the newest as if no others had been written", function()
        local list = make(9)
        local text = record_list.write(list)
        assert.equal(text, record_list.newest(text, 9))
        assert.equal(record_list.write { list[1], list[2], list[3] }, record_list.newest(text, 3))
        local cut = record_list.newest(text, 1) -- of whose source there is one record, and none of the other
        assert.same({ list[1] }, record_list.read(cut))
        assert.equal("r1", ids(choose(cut, { sources = { "b" } })) .. ids(choose(cut, { sources = { "ldap" } })))
    end)

    it("gives a history the content that the service gave", function()
        local list = make(3)
        list[1].one_more = { deep = { true, "\226\152\131", 0.1 }, none = {} }
        list[2].delete_count, list[2].fail_reason = 2 ^ 53 - 1, "\\ \"\226\128\168\0\127/"
        list[3].end_time = nil
        for i, record in ipairs(record_list.read(record_list.write(list))) do
            assert.equal(content.encode(list[i]), content.encode(record))
        end
    end)

    it("gives pages", function()
        local text = record_list.write(make(7))
        local page, count, shown = choose(text, { offset = 2, limit = 3 })
        assert.equal("r3 r4 r5", ids(page))
        assert.equal(7, count)
        assert.equal(3, shown)
        assert.equal("r7", ids(choose(text, { offset = 6, limit = 3 })))
        page, count, shown = choose(text, { offset = 7, limit = 3 })
        assert.same({ {}, 7, 0 }, { page, count, shown })
        assert.same({}, (choose(record_list.write {}, {})))
    end)

    it("chooses by status, by source and by time, and counts what fits", function()
        local text = record_list.write(make(12))
        local failed, count = choose(text, { statuses = { "FAILED" }, limit = 2, offset = 1 })
        assert.equal("r4 r7", ids(failed))
        assert.equal(4, count)
        assert.equal("r2 r4 r6 r8 r10 r12", ids(choose(text, { sources = { "LDAP" } })))
        assert.equal("r1 r3 r5 r7 r9 r11", ids(choose(text, { sources = { "b", "nobody" } })))
        assert.equal("r1 r2", ids(choose(text, { since = 99998 })))
        assert.equal("r11 r12", ids(choose(text, { till = 99990 })))
        assert.equal("r4", ids(choose(text, { statuses = { "FAILED" }, sources = { "ldap" }, since = 99991 })))
    end)

    it("has the same name for the same choice, and another one when the choice changed", function()
        local text = record_list.write(make(12))
        local function name(query)
            return (select(4, choose(text, query)))
        end
        assert.equal(name { since = 99995 }, name { since = 99995 })
        assert.are_not.equal(name { since = 99995 }, name { since = 99994 })
    end)

    it("is named by how many fit, and the places of the first and the last", function()
        local text = record_list.write(make(12))
        for name, query in pairs { ["12-0-0"] = {}, ["4-1-10"] = { statuses = { "FAILED" } },
            ["0-0-0"] = { since = 1e6 },
            ["1-4-4"] = { statuses = { "FAILED" }, sources = { "ldap" }, since = 99991 } } do
            assert.equal(name, (select(4, choose(text, query))))
        end
    end)

    it("knows when a run started from 1970 to 5138, in whole milliseconds", function()
        for start, is_known in pairs { [0] = true, [1e14 - 1] = true, [1e14] = false, [-1] = false, [12.5] = false } do
            local _, count = choose(record_list.write { { id = "r", start_time = start } }, { since = 0 })
            assert.equal(is_known and 1 or 0, count)
        end
    end)

    it("is read back with fields that nobody knows, and without any, between others", function()
        local list = make(5)
        list[2].one_more, list[4] = 1, { start_time = 99996, one_more = { 1 } }
        assert.same(list, record_list.read(record_list.write(list)))
    end)

    it("numbers the first 9999 sources", function()
        local list = {}
        for i = 1, 10001 do
            list[i] = { id = "r" .. i, identity_source_id = "s" .. i, start_time = 100000 - i }
        end
        local text = record_list.write(list)
        assert.equal("10001 9999\n", text:match "^[^\n]*\n")
        assert.equal("r9998", ids(choose(text, { sources = { "s9998" } })))
        assert.same({}, (choose(text, { sources = { "s10000" } })))
    end)

    it("is written and read with a pause every few records", function()
        for count, expected in pairs { [0] = { 1, 2 }, [1] = { 2, 2 }, [32] = { 2, 2 }, [33] = { 3, 2 },
            [70] = { 4, 3 }, [128] = { 5, 4 } } do
            local pauses = { 0, 0 }
            local text = record_list.write(make(count), function() pauses[1] = pauses[1] + 1 end)
            record_list.read(text, function() pauses[2] = pauses[2] + 1 end)
            assert.same({ count, expected }, { count, pauses })
        end
    end)

    it("holds times of any number of digits, and what does not look like an id", function()
        for _, start in ipairs { 2, 999999999999, 1000000000000, 1764435600000, 9999999999999, 10000000000000,
            99999999999999 } do
            local id = "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e"
            local text = record_list.write { { id = id, start_time = start, end_time = start, status = "FINISHED" },
                { id = ("-"):rep(36), start_time = 1, status = "FINISHED" } }
            local list = record_list.read(text)
            assert.same({ id, start, start }, { list[1].id, list[1].start_time, list[1].end_time })
            assert.equal(("-"):rep(36), list[#list].id)
            assert.matches(('"start_time":%.0f,"end_time":%.0f,'):format(start, start), text, 1, true)
            assert.same(list, (choose(text, {}))) -- by places and lengths
        end
    end)

    it("writes itself what it knows, each text once, and leaves to others what has more fields", function()
        local write_rows, encode, calls = core.write_rows, ordered_json.encode, {}
        finally(function() core.write_rows, ordered_json.encode = write_rows, encode end)
        core.write_rows = function(...)
            calls[#calls + 1] = "rows"
            return write_rows(...)
        end
        ordered_json.encode = function(value)
            calls[#calls + 1] = value
            return encode(value)
        end
        local id = "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e"
        local record = { id = id, start_time = 1764435600000, add_count = 7, status = "FINISHED" }
        record_list.write { record, record, { id = id } }
        assert.same({ 7, "FINISHED", 7 }, calls)
        calls = {}
        record_list.write { { id = id, one_more = 1 }, {} }
        assert.same({ "rows", { one_more = 1 }, "rows" }, calls)
    end)

    it("says why it cannot be read", function()
        local text = record_list.write(make(1))
        local good, err = pcall(record_list.read, text:sub(1, -3))
        assert.is_false(good)
        assert.is_nil(tostring(err):find("assertion failed", 1, true))
    end)

    it("survives records that are hostile", function()
        local list = {
            { id = "tabs\tand\nlines %41", identity_source_id = "a\tb\nc%", identity_source_type = "ldap",
                start_time = -5, status = "WEIRD" },
            { id = "", start_time = 1e300 },
            { start_time = 12.5, identity_source_id = "a\tb\nc%" },
        }
        local text = record_list.write(list)
        local _, count = choose(text, { sources = { "a\tb\nc%" } })
        assert.equal(2, count)
        assert.equal(3, (select(2, choose(text, {}))))
        assert.equal(0, (select(2, choose(text, { since = 0 }))))
    end)
end)
