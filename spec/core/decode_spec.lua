local core = require "dwsync.core"
local growth = require "spec.support.growth"

local PUBLISHED = [[{
  "sync_records" : [ {
    "id" : "0bba9b07-9c31-4ba5-99a3-2a0f4d76b9c5",
    "identity_source_id" : "1b6a1c36-5b4b-4a4f-9d4a-0f3d5d0f4c0e",
    "identity_source_type" : "ldap",
    "start_time" : 1747637723055,
    "end_time" : 1747637723055,
    "add_count" : 1,
    "update_count" : 0,
    "delete_count" : 0,
    "failed_count" : 0,
    "status" : "FINISHED",
    "fail_reason" : null
  } ],
  "count" : 1
}]]

local function refused(body)
    local page, err = core.decode_page(body)
    assert.is_nil(page)
    assert.equal("decode", err.kind)
    assert.equal("decode", err.code)
    assert.is_nil(err.message:find "[%c\127-\255]", "the message holds a byte that a terminal could obey")
    return err.message
end

describe("a page of records", function()
    it("does the same in steps", function()
        local records = {}
        for n = 1, 250 do
            records[n] = ('{"id":"%d","status":"%s","more":[%d]}'):format(n, n % 3 == 0 and "FAILED" or "FINISHED", n)
        end
        local body = ('{"count":250,"sync_records":[%s],"next":{"a":1}}'):format(table.concat(records, ","))
        for _, options in ipairs { {}, { where = { status = "FAILED" } }, { fields = { "id" } }, { ids = true } } do
            local ids = options.ids and { core.ids(), core.ids() }
            options.ids = ids and ids[1]
            local expected = { core.decode_page(body, options) }
            options.ids = ids and ids[2]
            local decoder, steps = core.decoder(body, options), 0
            local page, place
            repeat
                page, place = decoder:step(100)
                steps = steps + 1
            until page ~= false
            assert.same({ expected, 3 }, { { page, place }, steps })
            assert.is_false(pcall(decoder.step, decoder, 1))
        end
    end)

    it("keeps the texts of its fields apart, however many come again", function()
        local names = { "identity_source_id", "identity_source_type", "status", "fail_reason", "id" }
        for different = 1, 6 do
            local expected, rows = {}, {}
            for n = 1, 40 do
                local record, members = {}, {}
                for i, name in ipairs(names) do
                    record[name] = ("%s-%d"):format(name, n % (i % 2 == 0 and different or 7 - different))
                    members[i] = ('"%s":"%s"'):format(name, record[name])
                end
                expected[n], rows[n] = record, "{" .. table.concat(members, ",") .. "}"
            end
            local page = assert(core.decode_page('{"sync_records":[' .. table.concat(rows, ",") .. "]}"))
            assert.same(expected, page.sync_records)
        end
    end)

    it("says in steps what it says at once", function()
        for _, wrong in ipairs { "", "[]", '{"sync_records":[{"id":"1"},{"id":2}]}', '{"sync_records":[{},{}' } do
            local decoder = core.decoder(wrong)
            local page, err
            repeat
                page, err = decoder:step(1)
            until page ~= false
            assert.same({ core.decode_page(wrong) }, { page, err })
        end
        assert.is_false(pcall(core.decoder, "", { fields = { "nothing" } }))
        assert.is_false(pcall(core.decoder("").step, core.decoder "", 0))
    end)

    it("keeps every field of the published example, and null is absent", function()
        assert.same({
            count = 1,
            sync_records = {
                {
                    id = "0bba9b07-9c31-4ba5-99a3-2a0f4d76b9c5",
                    identity_source_id = "1b6a1c36-5b4b-4a4f-9d4a-0f3d5d0f4c0e",
                    identity_source_type = "ldap",
                    start_time = 1747637723055,
                    end_time = 1747637723055,
                    add_count = 1,
                    update_count = 0,
                    delete_count = 0,
                    failed_count = 0,
                    status = "FINISHED",
                },
            },
        }, core.decode_page(PUBLISHED))
    end)

    it("has integers where Lua has them, and prints them without a fraction everywhere", function()
        local page = core.decode_page '{"count":2.0,"sync_records":[{"start_time":1747637723055,"add_count":1e2}]}'
        local record = page.sync_records[1]
        if math.type then
            assert.equal("integer", math.type(page.count))
            assert.equal("integer", math.type(record.start_time))
            assert.equal("integer", math.type(record.add_count))
        end
        local unknown = core.decode_page(
            '{"sync_records":[],"a":9007199254740992.0,"b":-9007199254740992.0,"c":9007199254740994.0}')
        assert.same({ 2 ^ 53, -2 ^ 53, 2 ^ 53 + 2 }, { unknown.a, unknown.b, unknown.c })
        if math.type then
            assert.same({ "integer", "integer", "float" },
                { math.type(unknown.a), math.type(unknown.b), math.type(unknown.c) })
        end
        assert.equal("1747637723055", ("%d"):format(record.start_time))
        assert.equal(100, record.add_count)
        assert.equal(2, page.count)
    end)

    it("is exact up to 2^53", function()
        local page = core.decode_page '{"sync_records":[{"start_time":9007199254740991,"end_time":-9007199254740991}]}'
        assert.equal("9007199254740991", ("%.0f"):format(page.sync_records[1].start_time))
        assert.equal("-9007199254740991", ("%.0f"):format(page.sync_records[1].end_time))
    end)

    it("is exact beyond 2^53 where Lua has integers", function()
        local page = core.decode_page '{"sync_records":[{"start_time":9007199254740993}]}'
        local expected = math.type and "9007199254740993" or "9007199254740992"
        assert.equal(expected, ("%d"):format(page.sync_records[1].start_time))
    end)

    it("keeps members whose names differ from a known one by a byte", function()
        for kind, names in pairs { records = { "sync_records", "count", "id", "fail_reason" },
            accounts = { "users", "count", "name", "user_type" } } do
            local members, expected = {}, {}
            for _, name in ipairs(names) do
                for _, other in ipairs { name .. "x", name:sub(1, -2), name:sub(1, -2) .. "x", "x" .. name:sub(2) } do
                    if not expected[other] then
                        members[#members + 1], expected[other] = ('"%s":%d'):format(other, #members), #members
                    end
                end
            end
            local text = table.concat(members, ",")
            local page = assert(core.decode_page(('{"%s":[{%s}],%s}'):format(names[1], text, text), { kind = kind }))
            assert.same({ expected }, page[names[1]])
            page[names[1]] = nil
            assert.same(expected, page)
        end
    end)

    it("keeps unknown fields at both levels, nulls inside them gone and integers made", function()
        local page = core.decode_page [[{"count":1,"next":{"a":[1,null,"x"],"b":null},"ratio":0.5,
            "sync_records":[{"id":"1","tags":{"k":7,"none":null},"flag":true,"share":1.5}]}]]
        assert.equal("x", page.next.a[3])
        assert.equal(1, page.next.a[1])
        assert.is_nil(page.next.b)
        assert.equal(0.5, page.ratio)
        local record = page.sync_records[1]
        assert.same({ k = 7 }, record.tags)
        assert.is_true(record.flag)
        assert.equal(1.5, record.share)
        if math.type then
            assert.equal("integer", math.type(page.next.a[1]))
            assert.equal("integer", math.type(record.tags.k))
        end
    end)

    it("hands over the chosen fields, whichever they are, each under its own name", function()
        local names = { "id", "identity_source_id", "identity_source_type", "start_time", "end_time", "add_count",
            "update_count", "delete_count", "failed_count", "status", "fail_reason" }
        local values = { "i", "s", "ldap", 1, 2, 3, 4, 5, 6, "FAILED", "why" }
        local all, lacking = {}, {}
        for i, name in ipairs(names) do
            all[i] = ('"%s":%s'):format(name, type(values[i]) == "number" and values[i] or ('"%s"'):format(values[i]))
            lacking[i] = i % 2 == 0 and all[i] or ('"%s":null'):format(name)
        end
        local body = ('{"sync_records":[{%s},{%s}]}'):format(table.concat(all, ","), table.concat(lacking, ","))
        for choice = 0, 2 ^ #names - 1 do
            local fields, whole, half = {}, {}, {}
            for i, name in ipairs(names) do
                if math.floor(choice / 2 ^ (i - 1)) % 2 == 1 then
                    fields[#fields + 1], whole[name], half[name] = name, values[i], i % 2 == 0 and values[i] or nil
                end
            end
            assert.same({ whole, half }, core.decode_page(body, { fields = fields }).sync_records)
        end
    end)

    it("may lack every field of a record", function()
        assert.same({ count = 2, sync_records = { {}, {} } }, core.decode_page '{"count":2,"sync_records":[{},{}]}')
    end)

    it("may have nothing in it", function()
        for _, body in ipairs {
            '{"count":0}', '{"sync_records":[]}', '{"sync_records":null}',
            '{"count":0,"sync_records":null}', '{"count":0,"sync_records":[]}', ' {"sync_records":[],"count":null}\n',
        } do
            local page = assert(core.decode_page(body))
            assert.same({}, page.sync_records, body)
        end
    end)

    it("has a list or a count: an object without either was not written by the service", function()
        for _, body in ipairs { "{}", '{"count":null}', '{"records":[]}' } do
            local page, err = core.decode_page(body)
            assert.is_nil(page)
            assert.equal("decode", err.kind)
            assert.equal("the response is not a page of records: it has neither count nor sync_records", err.message)
        end
    end)

    it("keeps so many values of unknown members, however they nest, and takes no more memory than that", function()
        local most = 250000
        local function page_of(elements, fields)
            return ('{"count":1,"x":[%s],"sync_records":[{%s}]}'):format(("[],"):rep(elements - 1) .. "[]", fields)
        end
        assert.equal(most - 1, #assert(core.decode_page(page_of(most - 1, '"id":"a"'))).x)
        local kept = assert(core.decode_page(page_of(most - 4, '"y":{"z":[null]}')))
        assert.same({ y = { z = {} } }, kept.sync_records[1])
        for _, body in ipairs { page_of(most, '"id":"a"'), page_of(most - 3, '"y":{"z":[null]}'),
            page_of(1, '"y":[' .. ("{},"):rep(most) .. "1]"), page_of(4000000, "") } do
            local page, err
            assert.is_true(growth.allocated(function() page, err = core.decode_page(body) end) < 60000)
            assert.is_nil(page)
            assert.equal("decode", err.kind)
            assert.equal("the response is not a page of records: it has more than 250000 values in members that are "
                .. "not fields", err.message)
        end
        local third = '{"y":[' .. ("1,"):rep(100000) .. "1]}"
        local decoder = core.decoder(('{"sync_records":[%s,%s,%s]}'):format(third, third, third))
        assert.is_false(decoder:step(1))
        assert.is_false(decoder:step(1))
        local page, err = decoder:step(1)
        assert.is_nil(page)
        assert.matches("more than 250000 values", err.message)
        local body = page_of(1, '"id":"a","y":[' .. ("{},"):rep(most) .. "1]")
        assert.same({ { id = "a" } }, assert(core.decode_page(body, { fields = { "id" } })).sync_records)
    end)

    it("may be without count", function()
        local page = core.decode_page '{"sync_records":[{"id":"1"}]}'
        assert.is_nil(page.count)
        assert.equal("1", page.sync_records[1].id)
    end)

    it("keeps strings as they are: escapes, UTF-8, an escaped NUL, markup", function()
        local body = [[{"sync_records":[{"fail_reason":"a\u0000\u001b[31m\n\u00fc\ud83d\ude00 ü <b>"}]}]]
        local page = core.decode_page(body)
        assert.equal("a\0\27[31m\n\195\188\240\159\152\128 \195\188 <b>", page.sync_records[1].fail_reason)
    end)

    it("may hold ten thousand records", function()
        local parts = {}
        for i = 1, 10000 do
            parts[i] = ('{"id":"%d","start_time":%d}'):format(i, i)
        end
        local page = core.decode_page('{"sync_records":[' .. table.concat(parts, ",") .. '],"count":10000}')
        assert.equal(10000, #page.sync_records)
        assert.equal("10000", page.sync_records[10000].id)
    end)
end)

describe("a body that is no page", function()
    for title, case in pairs {
        ["empty"] = { "", "^the response is empty" },
        ["white space"] = { " \n ", "at byte offset 3: expected an object" },
        ["HTML"] = { "<html><body>Sign in</body></html>", "it is HTML or XML, expected JSON$" },
        ["a word"] = { "null", "at byte offset 0: expected an object" },
        ["a string"] = { '"text"', "expected an object" },
        ["a number"] = { "1", "expected an object" },
        ["an array"] = { "[1]", "expected an object" },
        ["an array of records"] = { '[{"id":"1"}]', "expected an object" },
        ["truncated"] = { PUBLISHED:sub(1, 300), "at byte offset 300: " },
        ["two documents"] = { PUBLISHED .. PUBLISHED, "expected nothing more" },
        ["trailing text"] = { PUBLISHED .. " x", "expected nothing more" },
        ["an unclosed string"] = { '{"count":0,"a":"', "the text ends inside a string" },
        ["an object of somebody else"] = { '{"message":"hello"}', "neither count nor sync_records" },
        ["single quotes"] = { "{'count':0}", "expected a member's name" },
        ["a trailing comma"] = { '{"count":0,}', "expected a member's name" },
        ["a comment"] = { '{"count":0/**/}', "expected ',' or '}'" },
        ["NaN"] = { '{"count":NaN}', "expected a value" },
        ["Infinity"] = { '{"count":0,"a":Infinity}', "expected a value" },
        ["hexadecimal"] = { '{"count":0x10}', "expected ',' or '}'" },
        ["a number with a leading zero"] = { '{"count":01}', "must not begin with 0" },
        ["a raw escape character in a string"] = { '{"count":0,"a":"\27[2J"}', "a control character must be escaped" },
        ["a raw line break in a string"] = { '{"count":0,"a":"b\nc"}', "a control character must be escaped" },
        ["a NUL behind the object"] = { '{"count":0}\0{"count":1}', "expected nothing more" },
        ["a byte order mark in front"] = {
            '\239\187\191{"count":0}', "it begins with a byte order mark, which JSON must not" },
        ["a lone surrogate"] = { '{"count":0,"a":"\\ud800"}', "expected an escape" },
        ["an unknown escape"] = { '{"count":0,"a":"\\x"}', "expected an escape" },
        ["count as a string"] = { '{"count":"2","sync_records":[]}', "count is a string, expected an integer" },
        ["a negative count"] = { '{"count":-1,"sync_records":[]}', "count is negative, expected an integer" },
        ["a fractional count"] = { '{"count":1.5,"sync_records":[]}', "count is a number with a fraction" },
        ["a boolean count"] = { '{"count":true,"sync_records":[]}', "count is a boolean" },
        ["count as an object"] = { '{"count":{},"sync_records":[]}', "count is an object" },
        ["a count beyond all numbers"] = { '{"count":1e999,"sync_records":[]}', "the number is too large" },
        ["count without records"] = { '{"count":3}', "count says 3, but there is no sync_records" },
        ["count with null records"] = { '{"count":3,"sync_records":null}', "count says 3" },
        ["records as an object"] = { '{"sync_records":{"id":"1"}}', "sync_records is an object, expected an array" },
        ["records as an empty object"] = { '{"sync_records":{}}', "sync_records is an object, expected an array" },
        ["records as a string"] = { '{"sync_records":"none"}', "sync_records is a string, expected an array" },
        ["records as a number"] = { '{"sync_records":0}', "sync_records is a number, expected an array" },
        ["records as a boolean"] = { '{"sync_records":false}', "sync_records is a boolean, expected an array" },
        ["a second list"] = { '{"sync_records":[{}],"sync_records":[{},{}]}', "sync_records occurs twice" },
        ["a second list that is empty"] = { '{"sync_records":[{}],"sync_records":[]}', "sync_records occurs twice" },
        ["a null among the records"] = { '{"sync_records":[{"id":"1"},null]}', "sync_records%[1%] is null" },
        ["null as the only record"] = { '{"sync_records":[null]}', "sync_records%[0%] is null" },
        ["a string among the records"] = { '{"sync_records":[{},{},"x"]}', "sync_records%[2%] is a string" },
        ["a number among the records"] = { '{"sync_records":[7]}', "sync_records%[0%] is a number" },
    } do
        it(title .. " is refused with the reason", function()
            assert.matches(case[2], refused(case[1]))
        end)
    end

    for field, case in pairs {
        id = { "17", "is a number, expected a string" },
        identity_source_id = { "{}", "is an object, expected a string" },
        identity_source_type = { "true", "is a boolean, expected a string" },
        start_time = { '"1747637723055"', "is a string, expected an integer" },
        end_time = { "1747637723055.5", "is a number with a fraction or out of range, expected an integer" },
        add_count = { '"1"', "is a string, expected an integer" },
        update_count = { "false", "is a boolean, expected an integer" },
        delete_count = { "[]", "is an array, expected an integer" },
        failed_count = { "1e30", "is a number with a fraction or out of range, expected an integer" },
        status = { "0", "is a number, expected a string" },
        fail_reason = { '["x"]', "is an array, expected a string" },
    } do
        it(("with a wrong %s names record (counted from 0, as JSON does) and field"):format(field), function()
            local message = refused(('{"count":2,"sync_records":[{"id":"1"},{"%s":%s}]}'):format(field, case[1]))
            assert.matches("sync_records[1]." .. field .. " " .. case[2], message, 1, true)
        end)
    end

    it("with a number beyond all numbers in a record is refused", function()
        assert.matches("the number is too large", refused '{"sync_records":[{"start_time":1e999}]}')
        assert.matches("the number is too large", refused '{"sync_records":[{"start_time":-1e999}]}')
        assert.matches("the number is too large", refused '{"sync_records":[{"unknown":1e999}]}')
    end)

    it("nested too deeply is refused, and does not bring the program down", function()
        refused(("["):rep(100000))
        refused('{"a":' .. ("["):rep(100000) .. ("]"):rep(100000) .. "}")
        assert.matches("nested more than 64 levels deep",
            refused('{"count":0,"a":' .. ("["):rep(64) .. ("]"):rep(64) .. "}"))
        assert(core.decode_page('{"count":0,"a":' .. ("["):rep(50) .. ("]"):rep(50) .. "}"))
    end)

    for title, bytes in pairs {
        ["a lone continuation byte"] = "\128",
        ["a byte that never occurs"] = "\255",
        ["a truncated sequence"] = "\226\130",
        ["an overlong form"] = "\192\175",
        ["a surrogate"] = "\237\160\128",
        ["more than U+10FFFF"] = "\244\144\128\128",
    } do
        it("with invalid UTF-8 is refused: " .. title, function()
            local body = '{"sync_records":[{"fail_reason":"' .. bytes .. '"}]}'
            assert.matches("at byte offset 33: the string is not valid UTF%-8", refused(body))
        end)
    end

    it("is handed over as far as a message may show it, as it came", function()
        local body = "<p>\27[31m\0\r\n\255\195\188" .. ("0123456789"):rep(300)
        local _, err = core.decode_page(body)
        assert.equal(body:sub(1, 2048), err.beginning)
        assert.equal("the response is not a page of records: it is HTML or XML, expected JSON", err.message)
        assert.equal("short", select(2, core.decode_page "short").beginning)
        assert.is_nil(select(2, core.decode_page "").beginning)
    end)
end)

describe("decode_page", function()
    it("raises when it is not given a string", function()
        for _, wrong in ipairs { {}, true, print } do
            assert.error_matches(function()
                core.decode_page(wrong)
            end, "string expected")
        end
        assert.error_matches(function()
            core.decode_page()
        end, "string expected")
    end)

    it("takes memory in proportion to the body, even when sync_records is in it many times", function()
        local function allocated(times)
            local body = "{" .. ('"sync_records":[],'):rep(times) .. '"sync_records":[{}]}'
            return growth.allocated(function()
                assert.equal(1, #core.decode_page(body).sync_records)
            end)
        end
        -- Ten times as much; a hundred times when each list had room for the rest of the body.
        assert.is_true(allocated(3000) < 20 * allocated(300))
    end)

    it("refuses ids that are closed", function()
        local ids, body = core.ids(), '{"sync_records":[]}'
        ids:close()
        ids:close()
        for _, use in ipairs { function() ids:begin_again() end, function() core.decode_page(body, { ids = ids }) end,
            function() core.decoder(body, { ids = ids }):step(1) end } do
            assert.has_error(use, "these ids are closed")
        end
    end)

    it("tells ids of every length apart", function()
        local rows = {}
        for length = 1, 300 do
            rows[#rows + 1] = ('{"id":"%s"}'):format(("a"):rep(length))
            rows[#rows + 1] = ('{"id":"%s"}'):format(("\\u0000"):rep(math.min(length, 40)) .. ("a"):rep(length))
        end
        local ids = core.ids()
        local body = '{"sync_records":[' .. table.concat(rows, ",") .. "]}"
        local _, place = core.decode_page(body, { ids = ids })
        assert.same({ 600, 600 }, { place.rows, place.new_rows })
        local page, again = core.decode_page(body, { ids = ids })
        assert.same({ 600, 0, 0 }, { again.rows, again.new_rows, #page.sync_records })
        ids:close()
    end)

    it("raises when its options are no table", function()
        for _, wrong in ipairs { "fields", 1, true } do
            assert.error_matches(function()
                core.decode_page("{}", wrong)
            end, "table expected")
        end
    end)
end)

describe("a page of accounts", function()
    local body = [[{"users":[
        {"name":"chen \"wei\"","login":true,"user_type":"COMMON"},
        {"name":"\u674e.娜","login":false,"user_type":"OneAccess","since":1},{"name":null}],"more":[1]}]]

    it("has names, booleans and types; unknown fields are kept, null is absent", function()
        assert.same({ more = { 1 }, users = {
            { name = 'chen "wei"', login = true, user_type = "COMMON" },
            { name = "李.娜", login = false, user_type = "OneAccess", since = 1 },
            {},
        } }, core.decode_page(body, { kind = "accounts" }))
    end)

    it("is chosen from by its own fields", function()
        local function names(where, fields)
            local list = {}
            local page = core.decode_page(body, { kind = "accounts", where = where, fields = fields })
            for i, user in ipairs(page.users) do
                list[i] = user
            end
            return list
        end
        assert.same({ { name = "李.娜" } }, names({ login = false }, { "name" }))
        assert.same({ { login = true } }, names({ user_type = { "COMMON", "IAM" } }, { "login" }))
        assert.same({}, names({ name = "nobody" }))
        local page = core.reduce_page(body:gsub(',"more":%[1%]', ""), { kind = "accounts", where = { login = true } })
        assert.equal([[{"users":[{"name":"chen \"wei\"","login":true,"user_type":"COMMON"}]}]], page)
    end)

    it("keeps a login that is not true or false as it came, where whole accounts are handed over", function()
        local odd = [[{"users":[{"name":"a","login":"yes"},{"name":"b","login":1,"since":2},{"login":{"x":[1]}},
            {"name":"c","login":true,"since":3},{"login":"x","login":false},{"login":0,"login":null}]}]]
        local page = assert(core.decode_page(odd, { kind = "accounts" }))
        assert.same({ { name = "a", login = "yes" }, { name = "b", login = 1, since = 2 }, { login = { x = { 1 } } },
            { name = "c", login = true, since = 3 }, { login = false }, {} }, page.users)
        page = assert(core.decode_page(odd, { kind = "accounts", where = { login = true }, fields = { "login" } }))
        assert.same({ { login = true } }, { page.users[1], page.users[2] })
        page = assert(core.decode_page(odd, { kind = "accounts", fields = { "name", "login" } }))
        assert.same({ name = "a" }, page.users[1])
    end)

    it("is told from one of records, which has other fields", function()
        local page, err = core.decode_page(body)
        assert.is_nil(page)
        assert.equal("the response is not a page of records: it has neither count nor sync_records", err.message)
        page, err = core.decode_page([[{"sync_records":[]}]], { kind = "accounts" })
        assert.is_nil(page)
        assert.equal("the response is not a page of accounts: it has neither count nor users", err.message)
        assert.has_error(function() core.decode_page(body, { kind = "users" }) end,
            "kind: expected 'records' or 'accounts'")
        assert.same({ false, "where: an account has no field 'status'" },
            { core.check_choice { kind = "accounts", where = { status = "FAILED" } } })
        assert.same({ false, "where: login is compared with true or false, got number" },
            { core.check_choice { kind = "accounts", where = { login = 1 } } })
        assert.same({ false, "fields: a record has no field 'name'" }, { core.check_choice { fields = { "name" } } })
    end)
end)
