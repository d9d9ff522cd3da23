-- decode_differential_alone_spec.lua: core.decode_page says what lua-cjson says, up to the documented differences.
-- It must not depend on chance: the pages come from a generator with a fixed seed, the same on every Lua.
local cjson = require "cjson"
local collector = require "spec.support.collector"
local core = require "dwsync.core"

local PAGES = tonumber(os.getenv "DWSYNC_SPEC_PAGES") or 10000 -- fewer under memcheck
local EXACT = 2 ^ 53
local has_integers = math.type ~= nil

-- ---- the generator -------------------------------------------------------------------------------

local seed

local function below(n)
    seed = seed * 16807 % 2147483647
    return seed % n
end

local function one_of(list)
    return list[below(#list) + 1]
end

local function one_in(n)
    return below(n) == 0
end

local function shuffle(list)
    for i = #list, 2, -1 do
        local k = below(i) + 1
        list[i], list[k] = list[k], list[i]
    end
    return list
end

local PIECES = {
    "plain", "a", "", " ", "0123456789abcdef", "[LDAP: error code 49 - AcceptSecurityContext error]", "\127", "<b>'",
    '\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0000", "\\u001b[31m", "\\u00e9", "\\u20AC", "\\uffff",
    "\\ud7ff", "\\ue000", "\\ud800\\udc00", "\\uDBFF\\uDFFF", "\\ud83d\\ude00", "\\\\u0041", "\\u005c", "\\u0022",
    "\194\128", "\195\188", "\223\191", "\224\160\128", "\226\130\172", "\237\159\191", "\238\128\128", "\239\187\191",
    "\239\191\191", "\240\144\128\128", "\240\159\152\128", "\244\143\191\191", "身份源同步", "Ошибка", "خطأ",
}

local function text()
    if one_in(3) then
        return '"' .. one_of(PIECES) .. '"'
    end
    local parts = {}
    for i = 1, below(5) do
        parts[i] = one_of(PIECES)
    end
    return '"' .. table.concat(parts):rep(one_in(50) and 40 or 1) .. '"'
end

local WHOLE = {
    "0", "-0", "1", "-1", "7", "1747637723055", "2147483647", "2147483648", "-2147483649", "4294967296",
    "9007199254740991", "9007199254740992", "-9007199254740991", "-9007199254740992", "1e3", "5.0", "-25E-0",
    "1.5e1", "120e-1", "-0.0", "0e5", "9007199254740992.0", "1E15",
}
-- Integers that only 64 bits hold: exact where Lua has them.
local LONG = {
    "9007199254740993", "-9007199254740993", "1234567890123456789", "9223372036854775806", "9223372036854775807",
    "-9223372036854775807", "-9223372036854775808",
}
local REAL = {
    "0.1", "-0.3", "1e23", "1.7976931348623157e308", "-1.7976931348623157E+308", "2.2250738585072014e-308", "4.9e-324",
    "2.2250738585072011e-308", "1e-400", "9223372036854775808", "-9223372036854775809", "18446744073709551616",
    "99999999999999999999999999", "3.14159265358979323846264338327950288", "1e300", "9007199254740993.5",
    "123456.789e-3", "1.00000000000000011102230246251565404236316680908203125001",
}

local function whole()
    return one_in(4) and one_of(LONG) or one_of(WHOLE)
end

local SPACES = { "", "", "", " ", "\n", "\t", "\r\n  ", "    " }
local dense -- no white space on this page

local function space()
    return dense and "" or one_of(SPACES)
end

local function wrap(open, items, close)
    for i, item in ipairs(items) do
        items[i] = space() .. item .. space()
    end
    return open .. (#items == 0 and space() or table.concat(items, ",")) .. close
end

local function member(key, value)
    return key .. space() .. ":" .. space() .. value
end

local value

local function container(depth)
    local items = {}
    local object = one_in(2)
    for i = 1, below(4) do
        items[i] = object and member(text(), value(depth + 1)) or value(depth + 1)
    end
    return object and wrap("{", items, "}") or wrap("[", items, "]")
end

function value(depth)
    local kind = below(depth > 5 and 6 or 9)
    if kind > 5 then
        return container(depth)
    end
    return kind == 0 and "null" or kind == 1 and one_of { "true", "false" } or kind == 2 and whole()
        or kind == 3 and one_of(REAL) or text()
end

local FIELDS = {
    { "id", text }, { "identity_source_id", text }, { "identity_source_type", text }, { "start_time", whole },
    { "end_time", whole }, { "add_count", whole }, { "update_count", whole }, { "delete_count", whole },
    { "failed_count", whole }, { "status", text }, { "fail_reason", text },
}
local REPEATED = { '"ldap"', '"FINISHED"', '"FAILED"', '"RUNNING"', '"connection refused: \\"ldap\\""' }

-- The name in quotes, now and then with an escape in it.
local function name_of(field)
    if one_in(20) then
        local at = below(#field) + 1
        return ('"%s\\u%04x%s"'):format(field:sub(1, at - 1), field:byte(at), field:sub(at + 1))
    end
    return '"' .. field .. '"'
end

local function unknown_members(items)
    while one_in(4) do
        items[#items + 1] = member('"x' .. text():sub(2), value(1))
    end
end

local function record(long)
    local items = {}
    for _, field in ipairs(FIELDS) do
        if not one_in(8) then
            local written = one_in(8) and "null" or field[2] == text and one_in(2) and one_of(REPEATED) or field[2]()
            items[#items + 1] = member(name_of(field[1]), written)
            long[field[1]] = written
        end
    end
    unknown_members(items)
    shuffle(items)
    if one_in(10) then -- a key once more: the last one counts
        local field = one_of(FIELDS)
        long[field[1]] = one_in(3) and "null" or field[2]()
        items[#items + 1] = member(name_of(field[1]), long[field[1]])
    end
    return wrap("{", items, "}")
end

-- A page, and for each record its fields as they were written.
local function page()
    dense = one_in(2)
    local rows, written, items = {}, {}, {}
    for i = 1, below(6) do
        written[i] = {}
        rows[i] = record(written[i])
    end
    items[1] = member(name_of "sync_records", wrap("[", rows, "]"))
    if not one_in(4) then
        items[2] = member(name_of "count", one_of { "0", "1", "4.0", "1e2", "9007199254740991", "null" })
    end
    unknown_members(items)
    return space() .. wrap("{", shuffle(items), "}") .. space(), written
end

-- ---- the comparison ------------------------------------------------------------------------------

-- Newer versions of lua-cjson cut whole numbers off at 64 bits, where ours become doubles.
local cuts_off = has_integers and cjson.decode "[18446744073709551616]"[1] == math.maxinteger

local function is_cut_off(ours, theirs)
    return cuts_off and (theirs == math.maxinteger and ours >= 2 ^ 63 or theirs == math.mininteger and ours <= -2 ^ 63)
end

-- Numbers are equal as doubles; where Lua has integers, whole ones up to 2^53 are integers.
local function same_number(ours, theirs)
    if has_integers and theirs % 1 == 0 and math.abs(theirs + 0.0) <= EXACT and math.type(ours) ~= "integer" then
        return false
    end
    return ours + 0.0 == theirs + 0.0 or is_cut_off(ours, theirs)
end

-- Returns nil when equal, else where they differ. A null of lua-cjson's is absent in ours.
local function difference(ours, theirs, where)
    if theirs == cjson.null then
        return ours ~= nil and where or nil
    elseif type(ours) ~= type(theirs) then
        return where
    elseif type(ours) == "number" then
        return not same_number(ours, theirs) and where or nil
    elseif type(ours) ~= "table" then
        return ours ~= theirs and where or nil
    end
    for key, their in pairs(theirs) do
        local found = difference(ours[key], their, where .. "." .. tostring(key))
        if found then
            return found
        end
    end
    for key in pairs(ours) do
        if theirs[key] == nil then
            return where .. "." .. tostring(key)
        end
    end
end

local function digits(number)
    return ("%d"):format(number)
end

-- Integers beyond a double's are told from their neighbours where Lua can.
local function check_long(ours, written)
    for i, fields in ipairs(written) do
        for field, as_written in pairs(fields) do
            if has_integers and as_written:find "^%-?%d%d%d%d+$" then
                assert.equal(as_written, digits(ours.sync_records[i][field]))
            end
        end
    end
end

local function compare_pages(count)
    seed = 20251025
    for number = 1, count do
        local body, written = page()
        local ours, err = core.decode_page(body)
        if not ours then
            error(("page %d is refused: %s"):format(number, err.message))
        end
        local where = difference(ours, cjson.decode(body), "page")
        if where then
            error(("page %d differs at %s: %s"):format(number, where, body))
        end
        check_long(ours, written)
    end
end

-- ---- the collector -------------------------------------------------------------------------------

-- Calls `ran` whenever a collection has ended, until stopped.
local function watch_collector(ran)
    local watching = true
    local function arm()
        local function on_collected()
            if watching then
                ran()
                arm()
            end
        end
        if newproxy then -- luacheck: ignore
            getmetatable(newproxy(true)).__gc = on_collected -- luacheck: ignore
        else
            setmetatable({}, { __gc = on_collected })
        end
    end
    arm()
    return function()
        watching = false
    end
end

-- LuaJIT collects in steps that are long beside a short page; under memcheck, which Lua 5.4 runs, a short one must do.
local ROWS = has_integers and math.min(2000, PAGES / 5) or 2000

local function large_page()
    local rows = {}
    for i = 1, ROWS do
        rows[i] = ([[{"id":"%d","fail_reason":"a\u0000%d","x":{"k":[%d,"\u00e9%d"]},"status":"s%d"}]])
            :format(i, i, i, i, i % 9)
    end
    return '{"sync_records":[' .. table.concat(rows, ",") .. '],"count":1,"more":[{"a":"b\\n"}]}'
end

-- Decodes a large page while collections end in its midst, each of which decodes a page itself.
local function decode_amid_collections()
    local body = large_page()
    local expected = cjson.decode(body)
    local during, nested = 0, true
    local stop = watch_collector(function()
        during = during + 1
        local inner = core.decode_page [[{"sync_records":[{"id":"\u0069nner","y":[1,{"z":"\t"}]}]}]]
        nested = nested and inner.sync_records[1].id == "inner" and inner.sync_records[1].y[2].z == "\t"
    end)
    local before = during
    local ours = core.decode_page(body)
    local ended = during - before
    stop()
    assert.is_nil(difference(ours, expected, "page"))
    assert.is_true(nested)
    return ended
end

-- In generational mode pause and speed mean nothing.
local found_mode, found_pause, found_speed

local function go_incrementally(pause, speed)
    if collector.has_modes then
        found_mode = collectgarbage "incremental"
    end
    found_pause, found_speed = collector.pace(pause, speed)
end

local function restore_collector()
    collector.pace(found_pause, found_speed)
    if collector.has_modes then
        collectgarbage(found_mode)
    end
end

describe("decode_page and lua-cjson", function()
    it(("say the same of %d generated pages"):format(PAGES), function()
        compare_pages(PAGES)
    end)

    it("notice a difference (this suite can fail)", function()
        assert.equal("p.a", difference({ a = 1 }, { a = 2 }, "p"))
        assert.equal("p.a", difference({}, { a = 2 }, "p"))
        assert.equal("p.a", difference({ a = 1 }, {}, "p"))
        assert.equal("p.a.1", difference({ a = { "x" } }, { a = { cjson.null } }, "p"))
        assert.is_nil(difference({ 1, nil, 3 }, { 1, cjson.null, 3 }, "p"))
        if has_integers then
            assert.equal("p.1", difference({ 1.0 }, { 1.0 }, "p"))
        end
    end)
end)

-- In a process that holds much else a collection lasts longer than one page.
local function meets_a_collection()
    for _ = 1, 50 do
        if decode_amid_collections() > 0 then
            return true
        end
    end
    return false
end

describe("decode_page under a collector that", function()
    after_each(restore_collector)

    it("never rests says the same, and survives decoding inside a finaliser", function()
        go_incrementally(100, 200)
        compare_pages(20)
        local met = meets_a_collection()
        -- Whether LuaJIT's collector comes by within a page is its own affair.
        assert.is_true(met or not has_integers, "no collection ended while a page was decoded")
    end)

    it("works in small steps says the same", function()
        go_incrementally(100, 50)
        compare_pages(100)
        decode_amid_collections()
    end)

    if collector.has_modes then
        it("is generational says the same", function()
            collector.be_generational()
            compare_pages(1000)
            assert.is_true(meets_a_collection(), "no collection ended while a page was decoded")
        end)
    end

    it("has all the time it wants finds nothing left after 10,000 decodes, good and bad", function()
        seed = 7
        local bodies = {
            "", "[]", '{"count":"x"}', '{"sync_records":[{"id":"a\\n"},{"id":7}]}', '{"sync_records":[{"a":[{"b":',
        }
        for i = #bodies + 1, 40 do
            bodies[i] = page()
        end
        local function decode_all(times)
            for i = 1, times do
                core.decode_page(bodies[i % #bodies + 1])
            end
            collectgarbage()
            collectgarbage()
            return collectgarbage "count"
        end
        decode_all(1000)
        local before = decode_all(1000)
        local after = decode_all(10000)
        assert.is_true(after - before < 1, ("%.1f kB more"):format(after - before))
    end)
end)
