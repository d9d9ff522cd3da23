local fingerprint = require "dwsync.fingerprint"

describe("a fingerprint", function()
    it("is the same for equal options, however they were put together", function()
        local one, other = {}, {}
        for i = 1, 100 do
            one["k" .. i] = { i, { i } }
            other["k" .. 101 - i] = { 101 - i, { 101 - i } }
        end
        assert.equal(fingerprint.of(one), fingerprint.of(other))
        assert.equal(fingerprint.of { "a", "b" }, fingerprint.of { [2] = "b", [1] = "a" })
    end)

    it("differs where anything does", function()
        local seen = {}
        local function one() end
        local function other() end
        local values = { "1", 1, true, "true", {}, { 1 }, { "1" }, { { 1 } }, { a = 1 }, { a = "1" }, { a = { 1 } },
            { ["a=1,b"] = 2 }, { a = 1, b = 2 }, { "a", "b" }, { "b", "a" }, { 'a",2="b' }, { 1, [23] = 4 },
            { 12, [3] = 4 }, one, other }
        for _, value in ipairs(values) do
            local text = fingerprint.of(value)
            assert.is_nil(seen[text], text)
            seen[text] = true
        end
        assert.is_nil(seen[fingerprint.of(nil)])
    end)
end)
