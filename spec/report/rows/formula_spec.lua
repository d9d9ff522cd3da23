local formula = require "dwsync.report.rows.formula"

describe("the text of a cell", function()
    it("that a spreadsheet would run gets an apostrophe in front", function()
        for _, text in ipairs { "=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1", '"=1',
            '"＝1' } do
            assert.equal("'" .. text, formula.defused(text))
        end
    end)

    it("that means nothing to one stays as it is", function()
        for _, text in ipairs { "", "a", "1=1", "'=1", '"a"', "！", " =1" } do
            assert.equal(text, formula.defused(text))
        end
    end)

    it("that would be run begins with one of the signs, if it begins with a sign of ASCII", function()
        for byte = 32, 126 do
            local text = string.char(byte) .. "=1"
            local is_defused = formula.defused(text) ~= text
            assert.equal(is_defused, formula.SIGNS:find(string.char(byte), 1, true) ~= nil, text)
        end
    end)
end)
