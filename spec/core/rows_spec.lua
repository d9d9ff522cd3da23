local core = require "dwsync.core"

local function in_brackets(value)
    return "<" .. tostring(value) .. ">"
end

local function column(name, more)
    local result = { name = name, before = name .. "=", quote = "'", special = "%'", text = in_brackets }
    for key, value in pairs(more or {}) do
        result[key] = value
    end
    return result
end

local function layout(more)
    local result = { open = "{", separator = "|", close = "}", columns = { column "a", column "b" } }
    for key, value in pairs(more or {}) do
        result[key] = value
    end
    return result
end

local function line(row, more)
    return (core.write_rows({ row }, 1, layout(more)))
end

local function cell(value, more)
    return core.write_rows({ { a = value } }, 1, { columns = { column("a", more) } }):sub(3)
end

describe("core.write_rows", function()
    it("writes integers and plain texts as they are, all else as the column's function does", function()
        assert.equal("{a=5|b='x'}", line { a = 5, b = "x" })
        assert.equal("{a=<0.5>|b=<1%\n>}", line { a = 0.5, b = "1%\n" })
        assert.equal("{a=<true>|b=''}", line { a = true, b = "" })
    end)

    it("writes neither column nor separator for what is absent, or what the column says", function()
        assert.equal("{}", line {})
        assert.equal("{b=<false>}", line { b = false })
        assert.equal("{-|b=1}", line({ b = 1 }, { columns = { column("a", { absent = "-" }), column "b" } }))
        assert.equal("{|}", line({}, { columns = { column("a", { absent = "" }), column("b", { absent = "" }) } }))
    end)

    it("asks the functions of a layout a million times in one call", function()
        local calls, rows, columns = 0, {}, {}
        local function nothing()
            calls = calls + 1
            return ""
        end
        for i = 1, 500 do
            columns[i] = { name = "a", text = nothing }
        end
        for i = 1, 2100 do
            rows[i] = i == 1 and { a = true } or rows[1]
        end
        assert.same({ "", 2101 }, { core.write_rows(rows, 1, { columns = columns }) })
        assert.equal(500 * 2100, calls)
    end)

    it("writes every integer exactly", function()
        for _, integer in ipairs { 0, 1, -1, 10, 1747637723055, 9007199254740991, -9007199254740991 } do
            assert.equal(("%d"):format(integer), cell(integer))
        end
        if math.type then
            assert.equal("-9223372036854775808", cell(math.mininteger))
            assert.equal("9223372036854775807", cell(math.maxinteger))
        end
    end)

    it("leaves numbers to the function that are not integers", function()
        for _, number in ipairs { 0.5, 2 ^ 60, -2 ^ 60, 1 / 0, -1 / 0 } do
            assert.equal(in_brackets(number), cell(number))
        end
        assert.equal("<nan>", (cell(0 / 0):gsub("-", "")))
    end)

    it("writes integers as the column's own function does", function()
        assert.equal("+7", cell(7, { integer = function(value) return ("+%d"):format(value) end }))
    end)

    it("takes only those texts for plain that hold no special byte", function()
        for byte = 0, 255 do
            local character = string.char(byte)
            local is_plain = byte >= 32 and byte < 127 and not ("%'"):find(character, 1, true)
            for _, text in ipairs { character, "xy" .. character, character .. "xy" } do
                assert.equal(is_plain and "'" .. text .. "'" or "<" .. text .. ">", cell(text), byte)
            end
        end
    end)

    it("has bytes that are special at the beginning alone", function()
        local more = { special_first = "=-" }
        assert.equal("<=1>", cell("=1", more))
        assert.equal("<->", cell("-", more))
        assert.equal("'1-2=3'", cell("1-2=3", more))
        assert.equal("<1%>", cell("1%", more))
    end)

    it("takes no text for plain when nothing says what is special", function()
        local plain = { columns = { { name = "a", text = in_brackets } } }
        assert.equal("<x>", (core.write_rows({ { a = "x" } }, 1, plain)))
    end)

    it("fills plain texts up to a width, and leaves longer ones to the function", function()
        assert.equal("'ab  '", cell("ab", { width = 4 }))
        assert.equal("'  ab'", cell("ab", { width = 4, right = true }))
        assert.equal("'abcd'", cell("abcd", { width = 4, right = true }))
        assert.equal("<abcde>", cell("abcde", { width = 4 }))
        assert.equal("<a%>", cell("a%", { width = 4, right = true }))
        assert.equal("'x'", cell("x", { width = 1 }))
        assert.equal("<xy>", cell("xy", { width = 1 }))
        assert.equal("'xyz'", cell("xyz", { width = 0 }))
        assert.equal("<1>", cell("1", { width = 4, special = "1" }))
    end)

    it("takes blanks away from the end of a row, but not from the row before", function()
        local rows, padded = { { a = "x" }, { a = " " }, { a = "yz" } }, { { name = "a", special = "", width = 3,
            text = in_brackets } }
        assert.equal("x  ;   ;yz ;", (core.write_rows(rows, 1, { columns = padded, close = ";" })))
        assert.equal("x;;yz;", (core.write_rows(rows, 1, { columns = padded, close = ";", trim = true })))
        assert.equal("x | |yz |", (core.write_rows(rows, 1, { columns = padded, close = " |", trim = true })))
        assert.equal("- - - ", (core.write_rows(rows, 1, { columns = {}, close = "- ", trim = true })))
    end)

    it("asks for one more column when a row has more fields than the columns", function()
        local others = function(row) return "c=" .. tostring(row.c) end
        assert.equal("{a=1|c=2}", line({ a = 1, c = 2 }, { others = others }))
        assert.equal("{c=2}", line({ c = 2 }, { others = others }))
        assert.equal("{a=1|b=2}", line({ a = 1, b = 2 }, { others = others }))
        assert.equal("{}", line({}, { others = others }))
        assert.equal("{a=1}", line { a = 1, c = 2 })
    end)

    it("takes fields of any name, and those that a metatable adds", function()
        local numbered = { columns = { { name = 1, special = "", text = in_brackets } } }
        assert.equal("x", (core.write_rows({ { "x" } }, 1, numbered)))
        assert.equal("{a='x'}", line(setmetatable({}, { __index = { a = "x" } })))
    end)

    it("ends a text behind the row that makes it 64 KiB, and says where to go on", function()
        local rows = {}
        for i = 1, 300 do
            rows[i] = { a = ("x"):rep(997) }
        end
        local plain = { columns = { { name = "a", special = "", text = in_brackets } }, close = "\n" }
        local parts, first = {}, 1
        while first <= #rows do
            parts[#parts + 1], first = core.write_rows(rows, first, plain)
        end
        assert.equal((("x"):rep(997) .. "\n"):rep(300), table.concat(parts))
        assert.equal(66 * 998, #parts[1])
        assert.same({ "", 301 }, { core.write_rows(rows, 301, plain) })
        rows[1].a, rows[2].a = ("x"):rep(65535), ("x"):rep(65534)
        assert.equal(2, (select(2, core.write_rows(rows, 1, plain))))
        assert.equal(4, (select(2, core.write_rows(rows, 2, plain))))
        assert.same({ "", 1 }, { core.write_rows({}, 1, plain) })
    end)

    it("writes a row that is larger than that as a whole", function()
        local long = ("x"):rep(300000)
        assert.equal("'" .. long .. "'", cell(long))
        assert.equal("<" .. long .. "%>", cell(long .. "%"))
    end)

    it("raises what a function raises, and is usable afterwards", function()
        local trouble = {}
        local function fail() error(trouble, 0) end
        for _, more in ipairs { { text = fail }, { integer = fail } } do
            local good, err = pcall(core.write_rows, { { a = "x" }, { a = 1, b = "%" } }, 1,
                layout { columns = { column "a", column("b", { text = fail }), column("a", more) } })
            assert.is_false(good)
            assert.equal(trouble, err)
        end
        assert.is_false(pcall(core.write_rows, { { c = 1 } }, 1, layout { others = fail }))
        assert.equal("{a=1}", line { a = 1 })
    end)

    it("is not disturbed by a function that changes its tables, collects, or writes rows itself", function()
        local rows = { { a = "%" }, { a = "second", b = "x" }, { a = "third" } }
        local own
        own = layout { columns = { column("a", { before = ("before"):rep(3), text = function()
            own.columns[2].before, own.columns[1].before, own.close, own.columns[1].name = "?", nil, nil, "b"
            rows[3], own.columns = nil, nil
            collectgarbage()
            return line { a = "%" }
        end }), column "b" } }
        local before = ("before"):rep(3)
        assert.equal(("{%s{a=<%%>}}{%s'second'|b='x'}"):format(before, before), (core.write_rows(rows, 1, own)))
    end)

    it("refuses a function's result that is not a string", function()
        for _, value in ipairs { 5, true, {} } do
            assert.has_error(function() cell("%", { text = function() return value end }) end,
                "a function of the layout must return a string, got " .. type(value))
        end
        assert.has_error(function() cell("%", { text = function() end }) end,
            "a function of the layout must return a string, got nil")
    end)

    it("refuses rows that are not tables", function()
        assert.has_error(function() core.write_rows({ {}, "x" }, 1, layout()) end, "a row must be a table, got string")
    end)

    it("refuses a layout that makes no sense", function()
        for message, more in pairs {
            ["field 'open' must be a string, got number"] = { open = 1 },
            ["field 'separator' must be a string, got boolean"] = { separator = true },
            ["field 'others' must be a function, got string"] = { others = "x" },
            ["field 'columns' must be a table, got boolean"] = { columns = false },
            ["a column must be a table, got string"] = { columns = { "a" } },
            ["a column must have a name"] = { columns = { { text = in_brackets } } },
            ["field 'text' must be a function, got nil"] = { columns = { { name = "a" } } },
            ["field 'text' must be a function, got string"] = { columns = { { name = "a", text = "x" } } },
            ["field 'integer' must be a function, got number"] = { columns = { column("a", { integer = 1 }) } },
            ["field 'special' must be a string, got table"] = { columns = { column("a", { special = {} }) } },
            ["field 'width' must be a number, 0 or more"] = { columns = { column("a", { width = -1 }) } },
            ["more than 500 columns"] = { columns = (function()
                local many = {}
                for i = 1, 501 do
                    many[i] = column "a"
                end
                return many
            end)() },
        } do
            assert.has_error(function() line({}, more) end, message)
        end
        assert.has_error(function() cell("x", { width = "4" }) end, "field 'width' must be a number, 0 or more")
        assert.has_error(function() cell("x", { width = 0 / 0 }) end, "field 'width' must be a number, 0 or more")
        assert.has_error(function() cell("x", { width = 1e15 }) end, "field 'width' must be a number, 0 or more")
    end)

    it("takes as many columns as it allows", function()
        local many, row = {}, {}
        for i = 1, 500 do
            many[i], row[i] = { name = i, special = "", text = in_brackets }, "x"
        end
        assert.equal(("x"):rep(500), (core.write_rows({ row }, 1, { columns = many })))
    end)

    it("refuses other arguments", function()
        assert.error_matches(function() core.write_rows("x", 1, layout()) end,
            "bad argument #1 to '.-' %(table expected")
        assert.error_matches(function() core.write_rows({}, 0, layout()) end,
            "bad argument #2 to '.-' %(rows are counted from 1%)")
        assert.error_matches(function() core.write_rows({}, "x", layout()) end,
            "bad argument #2 to '.-' %(number expected")
        assert.error_matches(function() core.write_rows({}, 1) end, "bad argument #3 to '.-' %(table expected")
    end)
end)
