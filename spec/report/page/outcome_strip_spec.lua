local decimal = require "dwsync.decimal"

describe("a coordinate of a picture", function()
    local MODULE = "dwsync.report.page.outcome_strip"

    it("has a decimal where it is none of whole pixels, and is kept as a text, of 4096 at most", function()
        local format, loaded, written = decimal.format, package.loaded[MODULE], 0
        finally(function() decimal.format, package.loaded[MODULE] = format, loaded end)
        package.loaded[MODULE] = nil
        local number = require(MODULE).number
        decimal.format = function(...)
            written = written + 1
            return format(...)
        end
        assert.same({ "0", "1.5", "-2.3", "12", 4 }, { number(0), number(1.5), number(-2.25001), number(12.04),
            written })
        for _, case in ipairs { { 100, 4191, 4096 }, { 100, 4191, 4096 }, { 5000, 5000, 4097 },
            { 5000, 5000, 4097 }, { 100, 100, 4098 } } do
            for value = case[1], case[2] do
                assert.equal(("%d"):format(value), number(value))
            end
            assert.equal(case[3], written)
        end
    end)
end)
