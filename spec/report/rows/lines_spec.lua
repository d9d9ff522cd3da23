local lines = require "dwsync.report.rows.lines"

local function written(rows, column)
    local pieces = {}
    column.name = "a"
    lines.write(rows, lines.layout { columns = { column }, close = "\n" }, function(text)
        pieces[#pieces + 1] = text
    end)
    return table.concat(pieces), #pieces
end

describe("lines", function()
    it("are written in pieces", function()
        local rows = {}
        for i = 1, 5000 do
            rows[i] = { a = ("row %d;"):format(i):rep(10) }
        end
        local text, pieces = written(rows, { special = "", text = error })
        local _, count = text:gsub("[^\n]+", function(line)
            assert.equal(line, line:match "^row %d+;":rep(10))
        end)
        assert.equal(5000, count)
        assert.equal("row 5000;", text:match "[^;]*;\n$":sub(1, -2))
        assert.is_true(pieces > 5 and pieces < 20)
    end)

    it("are nothing without rows", function()
        assert.same({ "", 0 }, { written({}, { text = error }) })
    end)

    it("remember what was made of 256 values, and make the others anew", function()
        local made = 0
        local remembered = lines.remembering(function(value)
            made = made + 1
            return value
        end)
        for _ = 1, 2 do
            for i = 1, 258 do
                assert.equal(i, remembered(i))
            end
        end
        assert.equal(258 + 2, made)
    end)

    it("are the same however many texts came before", function()
        local rows, expected = {}, {}
        for i = 1, 600 do
            rows[i], expected[i] = { a = "odd%" .. i % 400 }, ("<odd%%%d>\n"):format(i % 400)
        end
        assert.equal(table.concat(expected), (written(rows, { text = function(value)
            return "<" .. value .. ">"
        end })))
    end)

    it("have each number and table written anew: an equal key may be another number", function()
        local list = {}
        assert.equal("0.5\n-inf\nempty\nfull\n", (written({ { a = 0.5 }, { a = -1 / 0 }, { a = list }, { a = list } }, {
            text = function(value)
                if type(value) == "number" then
                    return tostring(value)
                end
                value[#value + 1] = true
                return #value == 1 and "empty" or "full"
            end })))
    end)
end)

describe("remembering", function()
    it("makes a result once for each of the first values", function()
        local calls = 0
        local double = lines.remembering(function(value)
            calls = calls + 1
            return value * 2
        end)
        for _ = 1, 2 do
            for i = 1, 300 do
                assert.equal(2 * i, double(i))
            end
        end
        assert.is_true(calls >= 300 and calls < 600)
    end)
end)
