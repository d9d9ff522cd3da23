local json = require "dwsync.json"
local report = require "dwsync.report"

local function render(rows, columns, every_field)
    local parts = {}
    report.render("ndjson", { name = "sync_records", rows = rows, columns = columns or { "id" },
        every_field = every_field }, function(text) parts[#parts + 1] = text end)
    return table.concat(parts)
end

local RECORD = { zebra = 1, id = "a", status = "FAILED", start_time = 1747637723055, alpha = "x", add_count = 0 }

describe("one JSON object a line", function()
    it("is nothing for an empty list", function()
        assert.equal("", render {})
    end)

    it("has the documented fields in their order, then the others by name", function()
        assert.equal('{"id":"a","start_time":1747637723055,"add_count":0,"status":"FAILED","alpha":"x","zebra":1}\n',
            render({ RECORD }, nil, true))
    end)

    it("has the columns asked for, in their order, and no absent ones", function()
        assert.equal('{"status":"FAILED","id":"a"}\n',
            render({ RECORD }, { "status", "nonsense", "fail_reason", "id" }))
        assert.equal("{}\n", render({ RECORD }, { "nonsense" }))
    end)

    it("keeps one row on one line, whatever is in it, and every text as it was", function()
        local hostile = 'a"b\\c\nd\r\te\27[31m\0\127\194\155\226\128\174用户'
        local text = render({ { id = hostile, [hostile] = "x" }, { id = "b" } }, nil, true)
        local _, lines = text:gsub("\n", "")
        assert.equal(2, lines)
        assert.is_nil(text:find "[%z\1-\9\11-\31\127]")
        local first = assert(json.decode(text:match "^[^\n]*"))
        assert.equal(hostile, first.id)
        assert.equal("x", first[hostile])
    end)

    it("writes large integers exactly", function()
        assert.equal('{"add_count":1000000000000001,"id":9007199254740991}\n',
            render({ { id = 9007199254740991, add_count = 1000000000000001 } }, { "add_count", "id" }))
    end)

    it("refuses what JSON cannot hold, and says what it is", function()
        for _, row in ipairs { { id = "a", other = print }, { id = "a", other = { [1.5] = 1 } }, { id = print },
            { id = "a", "without a name" } } do
            local good, message = pcall(render, { row }, nil, true)
            assert.is_false(good)
            assert.matches("^[%w_ ]+, which JSON cannot hold$", message) -- without a place in the code
        end
        assert.error_matches(function() render({ { "x" } }, nil, true) end,
            "^a row holds a value without a name, which JSON cannot hold$")
    end)

    it("writes fields with parts of their own", function()
        assert.equal('{"id":"c","nodes":[{"status":"200"}]}\n', render({ { id = "c", nodes = { { status = "200" } } } },
            nil, true))
    end)
end)
