local report = require "dwsync.report"

local function render(rows, columns)
    local parts = {}
    report.render("tsv", { name = "sync_records", rows = rows, columns = columns or { "id", "fail_reason" } },
        function(text) parts[#parts + 1] = text end)
    return table.concat(parts)
end

local function cell(value)
    return render({ { fail_reason = value } }, { "fail_reason" }):match "^fail_reason\n(.*)\n$"
end

describe("tab-separated values", function()
    it("have a header, even when the list is empty", function()
        assert.equal("id\tfail_reason\n", render {})
        assert.equal("id\tfail_reason\na\tb\nc\t\n", render { { id = "a", fail_reason = "b" }, { id = "c" } })
    end)

    it("show the columns asked for, in their order, and nothing for unknown ones", function()
        assert.equal("nonsense\tid\n\ta\n", render({ { id = "a" } }, { "nonsense", "id" }))
    end)

    it("keep one record on one line of as many cells as the header", function()
        assert.equal([[a\tb\nc\rd\\e]], cell "a\tb\nc\rd\\e")
        local text = render { { id = "1\t2\n3", fail_reason = "x\ty" } }
        local _, lines = text:gsub("\n", "")
        local _, tabs = text:gsub("\t", "")
        assert.equal(2, lines)
        assert.equal(2, tabs)
    end)

    it("can be told back: an escape in the text does not look like one of ours", function()
        assert.equal([[a\\tb]], cell [[a\tb]])
    end)

    it("write times in ISO 8601 and counts with every digit", function()
        assert.equal("start_time\tadd_count\n2025-05-19T06:55:23.055Z\t1000000000000001\n",
            render({ { start_time = 1747637723055, add_count = 1000000000000001 } }, { "start_time", "add_count" }))
    end)

    it("have nothing in them that a terminal obeys", function()
        assert.equal("?[31m?31m?x?", cell "\27[31m\194\15531m\226\128\174x\155")
    end)

    it("do not let a cell begin like a formula, in quotes or not", function()
        for _, text in ipairs { "=1+1", "+1", "-1", "@SUM(A1)", "＝1", '"=1+1"', '""=1', '"＝1' } do
            assert.equal("'" .. text, cell(text))
        end
        assert.equal([['\t=1]], cell "\t=1")
        assert.equal([['\r=1]], cell "\r=1")
        assert.equal([['\n=1]], cell "\n=1")
        for _, text in ipairs { "a=1", "1-1", "a@b", '"x",\'y\'', "'=1" } do
            assert.equal(text, cell(text))
        end
    end)

    it("leave numbers numbers, negative ones too", function()
        assert.equal("-5", cell(-5))
        assert.equal("-5.25", cell(-5.25))
        assert.equal("add_count\n-5\n", render({ { add_count = -5 } }, { "add_count" }))
    end)
end)
