local records = require "dwsync.records"
local words = require "dwsync.records.words"

local unpack = table.unpack or unpack -- luacheck: compat

local LIST = {
    { id = "1", status = "FINISHED", identity_source_id = "s1", identity_source_type = "ldap" },
    { id = "2", status = "FAILED", identity_source_id = "s2", identity_source_type = "ldap" },
    { id = "3", status = "PAUSED", identity_source_id = "s2", identity_source_type = "scim" },
}

local function problem_of(where, list)
    local looked_for = words.of(where)
    for _, record in ipairs(looked_for and (list or LIST) or {}) do
        looked_for:see(record)
    end
    return looked_for and looked_for:problem()
end

describe("a word of a condition", function()
    it("is right when the service documents it, whether or not a record has it", function()
        assert.is_nil(words.of { status = { "FINISHED", "FAILED", "RUNNING" }, identity_source_type = "oneaccess" })
    end)

    it("is right when a record has it", function()
        assert.is_nil(problem_of { status = "PAUSED", identity_source_type = { "scim" }, identity_source_id = "s1" })
    end)

    it("is a typing error when no record has it, alone or in a list", function()
        assert.equal('where.status is "FAIL", which no record has; there are "FAILED", "FINISHED", "PAUSED" and '
            .. '"RUNNING"', problem_of { status = "FAIL" })
        assert.equal('where.identity_source_id is "s3", which no record has; there are "s1" and "s2"',
            problem_of { identity_source_id = { "s1", "s3" } })
        assert.equal('where.identity_source_type is "LDAP", which no record has; there are "ldap", "oneaccess" and '
            .. '"scim"', problem_of { identity_source_type = "LDAP" })
    end)

    it("is not judged where no record has the field", function()
        assert.is_nil(problem_of({ status = "FAIL" }, {}))
        assert.is_nil(problem_of({ status = "FAIL" }, { { id = "1" }, "no record" }))
    end)

    it("is not looked for where there is none", function()
        assert.is_nil(words.of(nil))
        assert.is_nil(words.of { start_time = { min = 1 }, id = "x" })
        assert.is_nil(words.of(function() return true end))
    end)

    it("is compared with many values, of which a few are named", function()
        local list = {}
        for i = 1, 14 do
            list[i] = { identity_source_id = ("s%02d"):format(i) }
        end
        assert.matches('"s09", "s10" and 4 more$', problem_of({ identity_source_id = "t" }, list))
        for count, last in pairs { [1] = 'there are "s01"$', [2] = '"s01" and "s02"$', [10] = '"s09" and "s10"$',
            [11] = '"s09", "s10" and 1 more$' } do
            assert.matches(last, problem_of({ identity_source_id = "t" }, { unpack(list, 1, count) }))
        end
        assert.is_nil(problem_of({ identity_source_id = "s14" }, list))
    end)

    it("was seen where each stands in a record", function()
        for _, case in ipairs {
            { false, { identity_source_id = "s2" }, 0 }, { false, { identity_source_id = "s2" }, 1 },
            { true, { identity_source_id = "s2" }, 2 }, { false, { identity_source_id = { "s1", "s3" } }, 3 },
            { false, { identity_source_id = "s1", status = "PAUSED" }, 2 },
            { true, { identity_source_id = "s1", status = "PAUSED" }, 3 },
        } do
            local looked_for = words.of(case[2])
            for i = 1, case[3] do
                looked_for:see(LIST[i])
            end
            assert.equal(case[1], looked_for:has_all())
        end
    end)

    it("raises when a sequence was read to its end, at the reader's line", function()
        local sequence = records.where(LIST, { status = "FAIL" })
        for place, read in pairs { ["records/init.lua"] = function() return sequence:to_list()[1] end,
            ["records/words_spec.lua"] = function() local record = sequence:each()() return record end } do
            local _, message = pcall(read)
            assert.matches("^[%w./]*" .. place .. ':%d+: where.status is "FAIL", which no record has', message)
        end
        assert.equal(1, #records.where(LIST, { status = "FAILED" }):to_list())
    end)
end)
