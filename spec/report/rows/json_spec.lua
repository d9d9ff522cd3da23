local json = require "dwsync.json"
local report = require "dwsync.report"

local function render(rows, columns, name)
    local parts = {}
    report.render("json", { name = name or "sync_records", rows = rows, columns = columns or { "id" },
        every_field = not columns }, function(text) parts[#parts + 1] = text end)
    return table.concat(parts)
end

describe("one JSON document", function()
    it("has the shape of the service's answer, one row a line", function()
        assert.equal('{"count":2,"sync_records":[\n{"id":"a","status":"FAILED"},\n{"id":"b"}\n]}\n',
            render { { status = "FAILED", id = "a" }, { id = "b" } })
    end)

    it("has a row a line also where it is written in several pieces", function()
        local rows, lines = {}, {}
        for i = 1, 5000 do
            rows[i] = { id = ("r%d"):format(i), fail_reason = ("x"):rep(50) }
            lines[i] = ('{"id":"r%d"}'):format(i)
        end
        assert.equal('{"count":5000,"sync_records":[\n' .. table.concat(lines, ",\n") .. "\n]}\n",
            render(rows, { "id" }))
    end)

    it("is valid for an empty list", function()
        assert.equal('{"count":0,"sync_records":[\n]}\n', render {})
        assert.same({ count = 0, clusters = {} }, json.decode(render({}, nil, "clusters")))
    end)

    it("has only the columns asked for", function()
        assert.equal('{"count":1,"sync_records":[\n{"status":"FAILED"}\n]}\n',
            render({ { status = "FAILED", id = "a" } }, { "status", "nonsense" }))
    end)

    it("gives hostile text back as it was, without control characters in the document", function()
        local hostile = '"},{"x":"\\\27[2J\194\155\226\128\174\n\t=1+1'
        local text = render { { id = hostile } }
        assert.is_nil(text:find "[%z\1-\9\11-\31\127]")
        assert.equal(hostile, json.decode(text).sync_records[1].id)
    end)

    it("writes large integers exactly", function()
        assert.is_truthy(render({ { start_time = 1000000000000001 } }):find('"start_time":1000000000000001', 1, true))
    end)
end)
