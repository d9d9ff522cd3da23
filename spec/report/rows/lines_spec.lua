local lines = require "dwsync.report.rows.lines"

local SHAPE = { open = "<%", separator = "|", close = "%>" }

local function columns(more)
    local list = {}
    for i, name in ipairs { "a", "b" } do
        list[i] = { name = name, before = name .. "%=", quote = "'", special = "[%c%%]", text = function(value)
            return "<" .. tostring(value) .. ">"
        end }
        for key, value in pairs(more or {}) do
            list[i][key] = value
        end
    end
    return list
end

describe("the line of a row", function()
    it("has integers and plain texts as they are, everything else as its column writes it", function()
        local line = lines.maker(columns(), SHAPE)
        assert.equal("<%a%=5|b%='x'%>", (line { a = 5, b = "x" }))
        assert.equal("<%a%=<0.5>|b%=<1%\n>%>", (line { a = 0.5, b = "1%\n" }))
        assert.equal("<%a%=<true>%>", (line { a = true }))
        assert.equal("<%%>", (line {}))
        assert.equal(2, select(2, line { a = 1, b = false }))
    end)

    it("has something for what is absent, when its column says so", function()
        local line = lines.maker(columns { absent = "-" }, SHAPE)
        assert.equal("<%-|b%=1%>", (line { b = 1 }))
    end)

    it("is the same however many values came before, and whatever kinds they were of", function()
        local line = lines.maker(columns(), SHAPE)
        for round = 1, 3 do
            for i = 1, 200 do
                local text, odd = "text " .. i, "odd%" .. i
                assert.equal(("<%%a%%='%s'|b%%=<%s>%%>"):format(text, odd), (line { a = text, b = odd }), round)
            end
        end
    end)
end)

describe("lines", function()
    it("are written in pieces", function()
        local rows, pieces = {}, {}
        for i = 1, 5000 do
            rows[i] = ("row %d\n"):format(i):rep(10)
        end
        lines.write(rows, function(row) return row end, function(text) pieces[#pieces + 1] = text end)
        assert.equal(table.concat(rows), table.concat(pieces))
        assert.is_true(#pieces > 5 and #pieces < 20)
    end)
end)
