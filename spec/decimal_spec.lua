local decimal = require "dwsync.decimal"

describe("a number as text", function()
    it("has every digit when it is whole, integer or float", function()
        assert.equal("3", decimal.exact(3))
        assert.equal("3", decimal.exact(3.0))
        assert.equal("0", decimal.exact(-0.0))
        assert.equal("1152921504606846976", decimal.exact(2 ^ 60))
        assert.equal("-9007199254740992", decimal.exact(-2 ^ 53))
        assert.equal("9223372036854774784", decimal.exact(2 ^ 63 - 1024))
        if math.type then
            assert.equal("9223372036854775807", decimal.exact(math.maxinteger))
        end
    end)

    it("has as few digits as bring it back", function()
        for text, number in pairs { ["0.75"] = 0.75, ["0.1"] = 0.1, ["1e+300"] = 1e300, ["-1.5e-07"] = -1.5e-7 } do
            assert.equal(text, decimal.exact(number))
        end
        for _, number in ipairs { 1 / 3, 2 / 3, 0.1 + 0.2, 1e300 / 7 } do
            assert.equal(number, tonumber(decimal.exact(number)))
        end
    end)

    it("has no digits that are made up, beyond the integers", function()
        assert.equal("9.2233720368547758e+18", decimal.exact(2 ^ 63))
        assert.equal("-9.2233720368547758e+18", decimal.exact(-2 ^ 63))
    end)

    it("is not there for what has no digits", function()
        assert.is_nil(decimal.exact(0 / 0))
        assert.is_nil(decimal.exact(math.huge))
        assert.is_nil(decimal.exact(-math.huge))
    end)

    it("follows a format", function()
        assert.equal("0.750", decimal.format("%.3f", 0.75))
        assert.equal("-1.5e+10", decimal.format("%.3g", -1.5e10))
    end)

    it("is rounded to the even digit where two are as near, with every Lua", function()
        local cases = { "%.1f 0.25 0.2", "%.1f 0.75 0.8", "%.1f 1.25 1.2", "%.1f -1.25 -1.2", "%.1f 12.75 12.8",
            "%.1f 1.35 1.4", "%.1f 0.15 0.1", "%.1f 2.5 2.5", "%.1f 0 0.0", "%.2f 0.125 0.12", "%.2f 0.375 0.38",
            "%.2f 1.005 1.00", "%.3f 0.0625 0.062", "%.3f 0.1875 0.188", "%.0f 0.5 0", "%.0f 1.5 2", "%.0f 2.5 2" }
        for _, case in ipairs(cases) do
            local format, number, text = case:match "^(%S+) (%S+) (%S+)$"
            assert.equal(text, decimal.format(format, tonumber(number)), case)
        end
        assert.equal("inf", decimal.format("%.1f", math.huge))
        assert.matches("nan", decimal.format("%.1f", 0 / 0))
    end)
end)
