local report = require "dwsync.report"

local function render(rows, columns)
    local parts = {}
    report.render("markdown", { name = "sync_records", rows = rows, columns = columns }, function(text)
        parts[#parts + 1] = text
    end)
    return table.concat(parts)
end

describe("rows as a Markdown table", function()
    it("have a heading, numbers flush right", function()
        assert.equal("| ID | ADD | REASON |\n| --- | --: | --- |\n| a | 5 | why |\n| b |  |  |\n",
            render({ { id = "a", add_count = 5, fail_reason = "why" }, { id = "b" } },
                { "id", "add_count", "fail_reason" }))
    end)

    it("are a heading alone when the list is empty", function()
        assert.equal("| ID |\n| --- |\n", render({}, { "id" }))
    end)

    it("keep hostile text in its cell, as text", function()
        assert.equal("| REASON |\n| --- |\n| a &#124; b \\[x\\](y) &lt;b&gt; c |\n",
            render({ { fail_reason = "a | b [x](y) <b>\nc" } }, { "fail_reason" }))
    end)

    it("cut what a hostile service made long", function()
        assert.is_true(#render({ { fail_reason = ("x"):rep(100000) } }, { "fail_reason" }) < 500)
    end)
end)
