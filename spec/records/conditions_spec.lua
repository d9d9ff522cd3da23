local conditions = require "dwsync.records.conditions"
local core = require "dwsync.core"
local json = require "dwsync.json"

local RECORDS = {
    { id = "a", status = "FAILED", start_time = 1000, add_count = 5, identity_source_type = "ldap" },
    { id = "b", status = "FINISHED", start_time = 2000, add_count = 0, identity_source_type = "oneaccess" },
    { id = "c", status = "RUNNING", start_time = 3000 },
    { id = "d" },
}

local function ids(wanted)
    local meets = assert(conditions.compile(wanted))
    local found = ""
    for _, record in ipairs(RECORDS) do
        found = found .. (meets(record) and record.id or "")
    end
    return found
end

-- The same question to the C decoder.
local function decoded_ids(wanted)
    local page = assert(core.decode_page(json.encode { count = #RECORDS, sync_records = RECORDS }, { where = wanted }))
    local found = ""
    for _, record in ipairs(page.sync_records) do
        found = found .. record.id
    end
    return found
end

describe("conditions", function()
    it("mean the same as those of the decoder", function()
        for _, case in ipairs {
            { {}, "abcd" },
            { { status = "FAILED" }, "a" },
            { { status = "failed" }, "" },
            { { status = { "FAILED" } }, "a" },
            { { status = { "FAILED", "RUNNING" } }, "ac" },
            { { start_time = 2000 }, "b" },
            { { start_time = { 1000 } }, "a" },
            { { start_time = { 1000, 3000 } }, "ac" },
            { { start_time = { min = 2000 } }, "bc" },
            { { start_time = { max = 2000 } }, "ab" },
            { { start_time = { min = 1001, max = 2999 } }, "b" },
            { { start_time = { min = 1000.5 } }, "bc" },
            { { add_count = 0 }, "b" },
            { { add_count = { max = 4 } }, "b" },
            { { fail_reason = "x" }, "" },
            { { identity_source_type = { "ldap", "oneaccess" }, start_time = { min = 1500 } }, "b" },
        } do
            assert.equal(case[2], ids(case[1]))
            assert.equal(case[2], decoded_ids(case[1]))
        end
    end)

    it("may be a predicate", function()
        assert.equal("bd", ids(function(record) return record.id == "b" or record.id == "d" end))
    end)

    it("are met by no record that is none", function()
        for _, record in ipairs { 7, "text", true } do
            assert.is_false(conditions.compile { status = "FAILED" }(record))
            assert.is_false(conditions.compile {}(record))
        end
    end)

    it("do not raise for fields of another type", function()
        local meets = conditions.compile { start_time = { min = 1 }, status = "FAILED" }
        assert.is_false(meets { start_time = "2", status = {} })
        assert.is_false(meets { start_time = 0 / 0, status = "FAILED" })
        assert.is_true(meets { start_time = 2, status = "FAILED" })
    end)

    it("are refused when they could never be meant, as the decoder refuses them", function()
        for _, case in ipairs {
            { { sttaus = "FAILED" }, "where: a record has no field 'sttaus' (did you mean 'status'?)" },
            { { "FAILED" }, "where: a record has no field '1'" },
            { { other = "FAILED" }, "where: a record has no field 'other'" },
            { { status = 5 }, "where: status is compared with texts, got number" },
            { { status = { "FAILED", true } }, "where: status is compared with texts, got boolean" },
            { { start_time = "1000" }, "where: start_time is compared with integers, got string" },
            { { start_time = 1.5 }, "where: start_time is compared with integers, got another number" },
            { { start_time = {} }, "where: start_time wants a value, a list of values, or {min =, max =}" },
            { { start_time = { mni = 1 } }, "where: start_time wants a value, a list of values, or {min =, max =}" },
            { { status = {} }, "where: status wants a value, a list of values" },
            { { status = { min = 1 } }, "where: status wants a value, a list of values" },
            { { start_time = { min = "1" } }, "where: min of a range must be a number, got string" },
            { { start_time = { max = 0 / 0 } }, "where: max of a range must be a number, got NaN" },
        } do
            local meets, message = conditions.compile(case[1])
            assert.is_nil(meets)
            assert.equal(case[2], message)
            assert.is_false((pcall(decoded_ids, case[1])))
        end
    end)

    it("are refused when they are no table at all", function()
        for _, given in ipairs { "x", 7, true } do
            assert.equal("where: expected a table of conditions or a function, got " .. type(given),
                select(2, conditions.compile(given)))
        end
    end)
end)
