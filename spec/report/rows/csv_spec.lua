local report = require "dwsync.report"

local function render(rows, columns)
    local parts = {}
    report.render("csv", { name = "sync_records", rows = rows, columns = columns or { "id", "fail_reason" } },
        function(text) parts[#parts + 1] = text end)
    return table.concat(parts)
end

local function cell(value)
    return render({ { fail_reason = value } }, { "fail_reason" }):match "^fail_reason\n(.*)\n$"
end

describe("CSV", function()
    it("has a header, even when the list is empty", function()
        assert.equal("id,fail_reason\n", render {})
        assert.equal("id,fail_reason\na,b\nc,\n", render { { id = "a", fail_reason = "b" }, { id = "c" } })
    end)

    it("shows the columns asked for, in their order, and nothing for unknown ones", function()
        assert.equal("fail_reason,nonsense,id\nb,,a\n",
            render({ { id = "a", fail_reason = "b", hidden = "x" } }, { "fail_reason", "nonsense", "id" }))
    end)

    it("has times that spreadsheets read, or milliseconds where they are asked for", function()
        local out = {}
        local function write(text) out[#out + 1] = text end
        local document = { name = "sync_records", rows = { { start_time = 1747637723055, end_time = "soon" } },
            columns = { "start_time", "end_time" } }
        report.render("csv", document, write)
        document.time = "ms"
        report.render("csv", document, write)
        assert.equal("start_time,end_time\n2025-05-19T06:55:23.055Z,soon\n"
            .. "start_time,end_time\n1747637723055,soon\n", table.concat(out))
    end)

    it("keeps full-width signs from beginning a formula, too", function()
        for _, sign in ipairs { "＋", "－", "＝", "＠" } do
            assert.equal("'" .. sign .. "1", cell(sign .. "1"))
        end
        assert.equal("！", cell "！")
    end)

    it("quotes what would break a line apart", function()
        assert.equal('"a,b"', cell "a,b")
        assert.equal('"say ""no"""', cell 'say "no"')
        assert.equal('"a\nb"', cell "a\nb")
        assert.equal('"a\r\nb"', cell "a\r\nb")
        assert.equal("a b", cell "a b")
        assert.equal("a\tb", cell "a\tb")
    end)

    it("does not let a cell begin like a formula", function()
        for _, text in ipairs { "=1+1", "+1", "-1", "@SUM(A1)", "\tx" } do
            assert.equal("'" .. text, cell(text))
        end
        assert.equal([["'=HYPERLINK(""http://x"",""y"")"]], cell '=HYPERLINK("http://x","y")')
        assert.equal("\"'\r=1\"", cell "\r=1")
        assert.equal("\"'\n=1\"", cell "\n=1")
        assert.equal("a=1", cell "a=1")
        assert.equal([["'""=1+1"""]], cell '"=1+1"')
    end)

    it("leaves numbers numbers, negative ones too, with every digit", function()
        assert.equal("-5", cell(-5))
        assert.equal("1747637723055", cell(1747637723055))
        assert.equal("1000000000000001", cell(1000000000000001))
    end)

    it("has nothing in it that a terminal obeys", function()
        assert.equal("?[31m?31m?x?", cell "\27[31m\194\15531m\226\128\174x\155")
    end)

    it("keeps the writing of the world", function()
        assert.equal("用户 é 😀", cell "用户 é 😀")
    end)
end)
