local core = require "dwsync.core"

local BODY = '{"count":2,"sync_records":[{"id":"a","status":"FAILED","note":1},{"id":"b","status":"FINISHED"}]}'

describe("core.check_choice", function()
    it("is content with what decode_page takes", function()
        for _, options in ipairs {
            {}, { fields = {} }, { fields = { "id", "status" } }, { where = {} },
            { fields = { "id" }, where = { status = { "FAILED", "RUNNING" }, start_time = { min = 1 } } },
        } do
            assert.is_true(core.check_choice(options))
            assert.is_table(core.decode_page(BODY, options))
        end
    end)

    it("takes thousands of values for a field, and says so when they are too many", function()
        local values = {}
        for i = 1, 5000 do
            values[i] = "value " .. i
        end
        values[5001] = "FAILED"
        local page = coroutine.wrap(core.decode_page)(BODY, { where = { status = values } })
        assert.same({ "a" }, { page.sync_records[1].id, page.sync_records[2] })
        for i = 5002, 1200000 do
            values[i] = "x"
        end
        local good, message = core.check_choice { where = { status = values } }
        assert.is_false(good)
        assert.matches("where: too many values", message)
    end)

    it("says what decode_page would raise", function()
        for _, case in ipairs {
            { { fields = "id" }, "fields: expected a list of field names, got string" },
            { { fields = { "id", 1 } }, "fields: expected a list of field names, got number" },
            { { fields = { "ID" } }, "fields: a record has no field 'ID'" },
            { { where = "x" }, "where: expected a table of conditions, got string" },
            { { where = { [true] = 1 } }, "where: a record has no field 'boolean'" },
            { { where = { status = { min = 1 } } }, "where: status wants a value, a list of values" },
            { { where = { start_time = {} } },
                "where: start_time wants a value, a list of values, or {min =, max =}" },
            { { where = { start_time = { min = 0 / 0 } } }, "where: min of a range must be a number, got NaN" },
        } do
            local good, message = core.check_choice(case[1])
            assert.is_false(good)
            assert.equal(case[2], message)
            local decoded, raised = pcall(core.decode_page, BODY, case[1])
            assert.is_false(decoded)
            assert.equal(case[2], raised)
        end
    end)

    it("knows two kinds of pages, each with its own fields", function()
        local no_kind = "kind: expected 'records' or 'accounts'"
        for message, wrong in pairs {
            [no_kind] = { { kind = "record" }, { kind = "accountss" }, { kind = "" }, { kind = 1 }, { kind = true },
                { kind = {} } },
            ["fields: an account has no field 'id'"] = { { kind = "accounts", fields = { "login", "id" } } },
            ["fields: a record has no field 'login'"] = { { kind = "records", fields = { "id", "login" } },
                { fields = { "login" } } },
            ["where: an account has no field 'status'"] = { { kind = "accounts", where = { status = "x" } } },
            ["where: a record has no field 'name'"] = { { kind = "records", where = { name = "x" } } },
            ["where: a record has no field '1'"] = { { where = { "x" } } },
            ["where: login is compared with true or false, got string"] = {
                { kind = "accounts", where = { login = "true" } }, { kind = "accounts", where = { login = { "x" } } } },
            ["where: login wants a value, a list of values"] = { { kind = "accounts", where = { login = {} } },
                { kind = "accounts", where = { login = { min = 0 } } } },
            ["where: status is compared with texts, got number"] = { { where = { status = 1 } },
                { where = { status = { "x", 1 } } } },
            ["where: start_time is compared with integers, got string"] = { { where = { start_time = "1" } } },
            ["where: start_time is compared with integers, got boolean"] = { { where = { start_time = { 1, true } } } },
            ["where: start_time is compared with integers, got another number"] = { { where = { start_time = 0.5 } },
                { where = { start_time = 1 / 0 } }, { where = { start_time = 0 / 0 } } },
            ["where: max of a range must be a number, got string"] = { { where = { start_time = { max = "1" } } } },
            ["fields: expected a list of field names, got string"] = { { fields = "id" } },
            ["fields: expected a list of field names, got number"] = { { fields = { "id", 1 } } },
        } do
            for _, options in ipairs(wrong) do
                assert.same({ false, message }, { core.check_choice(options) })
            end
        end
        for _, good in ipairs { {}, { kind = "records" }, { kind = "records", fields = { "id" }, where = { id = "a" } },
            { kind = "accounts" }, { kind = "accounts", fields = { "name", "login", "user_type" },
                where = { login = true, name = { "a", "b" }, user_type = "IAM" } } } do
            assert.same({ true }, { core.check_choice(good) })
        end
        local body = '{"users":[{"name":"a","login":true},{"name":"b","login":false,"user_type":"IAM"}]}'
        for login, name in pairs { [true] = "a", [false] = "b" } do
            assert.same({ users = { { name = name } } }, (core.decode_page(body,
                { kind = "accounts", fields = { "name" }, where = { login = login } })))
        end
    end)

    it("takes a field any number of times, and looks at nothing behind the options", function()
        local fields = {}
        for i = 1, 100000 do
            fields[i] = "id"
        end
        assert.equal(true, (core.check_choice({ fields = fields }, "more")))
        local page = core.decode_page('{"sync_records":[{"id":"1"}]}', { fields = fields })
        assert.same({ { id = "1" } }, page.sync_records)
    end)

    it("takes integers that every Lua can hold, and ranges with one end, with both and no other", function()
        for value, good in pairs { [0] = true, [-9.2e18] = true, [9.2e18] = true, [9.3e18] = false, [-9.3e18] = false,
            [0.5] = false } do
            assert.equal(good, (core.check_choice { where = { start_time = value } }))
            assert.equal(good, (core.check_choice { where = { start_time = { value } } }))
        end
        for _, range in ipairs { { min = 1 }, { max = 1 }, { min = 1, max = 2 } } do
            assert.is_true(core.check_choice { where = { start_time = range } })
        end
        for _, range in ipairs { { mid = 1 }, { min = 1, mid = 1 }, { min = 1, max = 2, mid = 1 }, { min = "1" } } do
            assert.is_false((core.check_choice { where = { start_time = range } }))
        end
    end)

    it("raises for anything but a table", function()
        assert.error_matches(function()
            core.check_choice "where"
        end, "table expected, got string")
    end)
end)
