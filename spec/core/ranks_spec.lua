local core = require "dwsync.core"

local unpack = table.unpack or unpack

describe("core.ranked", function()
    it("finds values by their place in the order, and leaves the list as it is", function()
        local values = { 9, 7.5, -1, 7.5, 3 }
        assert.same({ -1, 7.5, 9 }, core.ranked(values, 1, 5, { 1, 3, 5 }))
        assert.same({ 7.5 }, core.ranked(values, 4, 4, { 1 }))
        assert.same({ 7.5, 7.5 }, core.ranked(values, 1, 5, { 3, 4 }))
        assert.same({ 9, 7.5, -1, 7.5, 3 }, values)
    end)

    it("refuses ranks that are not there, more values than it holds, and what has no order", function()
        local values = {}
        for i = 1, 600 do
            values[i] = i
        end
        assert.same({ 512 }, core.ranked(values, 1, 512, { 512 }))
        for _, ranks in ipairs { { 0 }, { 4 }, { 3, 2 }, { false } } do
            assert.error(function() core.ranked(values, 1, 3, ranks) end)
        end
        values[0] = 0
        assert.same({ 1 }, core.ranked(values, 1, 1, { 1 }))
        assert.same({ 513 }, core.ranked(values, 2, 513, { 512 }))
        for _, range in ipairs { { 0, 1 }, { 1, 513 }, { 2, 514 }, { 3, 2 } } do
            assert.error_matches(function() core.ranked(values, range[1], range[2], { 1 }) end, "from 1 to 512 values")
        end
        assert.error(function() core.ranked(values, 600, 601, { 1 }) end)
        assert.error(function() core.ranked({ 1, 0 / 0 }, 1, 2, { 1 }) end)
    end)

    it("names the argument that is wrong, and looks at no more than four", function()
        for _, case in ipairs {
            { "1", "table expected, got nil", nil, 1, 2, { 1 } }, { "4", "table expected, got number", {}, 1, 2, 3 },
            { "2", "number expected, got boolean", {}, true, 2, {} },
            { "3", "number expected, got string", {}, 1, "x", {} },
            { "3", "from 1 to 512 values", { 1 }, 1, 513, { 1 } },
            { "1", "NaN has no place in an order", { 0 / 0 }, 1, 1, { 1 } },
            { "4", "there is no such rank", { 1 }, 1, 1, { 2 } }, { "4", "there is no such rank", { 1 }, 1, 1, { 0 } },
        } do
            local _, message = pcall(core.ranked, unpack(case, 3, 6))
            assert.same({ case[1], case[2] }, { message:match "^bad argument #(%d) to '[^']+' %((.*)%)$" })
        end
        assert.same({ 5 }, core.ranked({ 5 }, 1, 1, { 1 }, "more", {}))
    end)
end)
