local argparse = require "argparse"
local output = require "dwsync.cli.output"

-- Renders rows as the options in `args` say, on a terminal or not.
local function write(args, terminal, default_columns)
    local parts, complaint = {}, nil
    local context = {
        write = function(_, text) parts[#parts + 1] = text end,
        note = function(_, message, hint) complaint = message .. " " .. hint end,
        width = function() return terminal and 20 or nil end,
        color = function(_, wish) return wish == "always" or wish == "auto" and terminal or false end,
    }
    local rows = { { id = "a", status = "FAILED", fail_reason = "0123456789abcdef", more = 1 } }
    args.output, args.color = args.output or "table", args.color or "auto"
    local status = output.write("sync_records", rows, default_columns or { "status", "fail_reason" }, args, context)
    return table.concat(parts), status, complaint
end

describe("the options of output", function()
    it("are these, with their words and defaults", function()
        local parser = argparse "dwsync"
        output.configure(parser)
        local good, args = parser:pparse {}
        assert.same({ true, "table", "auto", nil }, { good, args.output, args.color, args.time })
        for name, words in pairs { output = "table json ndjson csv tsv markdown html", color = "auto always never",
            time = "iso local ms" } do
            for word in words:gmatch "%S+" do
                good, args = parser:pparse { "--" .. name, word }
                assert.same({ true, word }, { good, args[name] })
            end
            assert.is_false((parser:pparse { "--" .. name, "zzz" }))
        end
        assert.same({ "a", "b" }, (select(2, parser:pparse { "--columns", "a,b" })).columns)
        local help = parser:get_help():gsub("%s+", " ")
        assert.truthy(help:find("Format: table, csv, tsv, json, ndjson, markdown, html (default: table). --output "
            .. "<format> --time <how> How", 1, true), help)
        assert.truthy(help:find("Output: -o <format>,", 1, true), help)
        assert.same({ false, '--columns is ",", expected names separated by commas' },
            { parser:pparse { "--columns", "," } })
    end)

    it("may have another default, which is nobody's wish", function()
        local parser = argparse "dwsync"
        output.format(parser, { "table", "json" }, "what is usual")
        local good, args = parser:pparse {}
        assert.same({ true, nil }, { good, args.output })
        assert.truthy(parser:get_help():gsub("%s+", " "):find("Format: table, json (default: what is usual).", 1, true))
    end)
end)

describe("output", function()
    it("has the default columns, or those asked for", function()
        assert.equal("STATUS  REASON\nFAILED  0123456789abcdef\n", write {})
        assert.equal("ID  MORE\na   1\n", write { columns = { "id", "more" } })
        assert.equal("status,fail_reason\nFAILED,0123456789abcdef\n", write { output = "csv" })
        assert.equal("id\na\n", write { output = "tsv", columns = { "id" } })
    end)

    it("refuses a column that no row has, and names the columns there are", function()
        local text, status, complaint = write { columns = { "id", "reason" } }
        assert.equal("", text)
        assert.equal(2, status)
        assert.equal("--columns: unknown column 'reason' The columns are fail_reason, id, more, status.", complaint)
        assert.equal("ID  END\na\n", (write { columns = { "id", "end_time" } }))
    end)

    it("takes any column where there are no rows to judge by", function()
        local written, noted = {}, nil
        local context = { write = function(_, text) written[#written + 1] = text end,
            note = function(_, message) noted = message end, width = function() end, color = function() end }
        assert.equal(0, output.write("x", {}, { "a" }, { output = "csv", columns = { "nosuch" } }, context))
        assert.same({ "nosuch\n", nil }, { table.concat(written), noted })
    end)

    it("takes a default column that no row happens to have", function()
        local text, status = write({ output = "tsv", columns = { "id", "total" } }, false, { "total" })
        assert.same({ "id\ttotal\na\t\n", 0 }, { text, status })
    end)

    it("has every field in JSON, unless columns are asked for", function()
        assert.equal('{"id":"a","status":"FAILED","fail_reason":"0123456789abcdef","more":1}\n',
            write { output = "ndjson" })
        assert.equal('{"more":1,"id":"a"}\n', write { output = "ndjson", columns = { "more", "id" } })
        assert.equal('{"count":1,"sync_records":[\n{"id":"a"}\n]}\n', write { output = "json", columns = { "id" } })
    end)

    it("fits the terminal, in its colours", function()
        assert.equal("STATUS  REASON\n\27[31mFAILED\27[0m  012345…bcdef\n", write({}, true))
    end)

    it("has no colour and no width outside of tables", function()
        assert.equal("status,fail_reason\nFAILED,0123456789abcdef\n", write({ output = "csv", color = "always" }, true))
    end)

    it("has colour wherever it is asked for", function()
        assert.equal("STATUS  REASON\n\27[31mFAILED\27[0m  0123456789abcdef\n", write { color = "always" })
        assert.equal("STATUS  REASON\nFAILED  012345…bcdef\n", write({ color = "never" }, true))
    end)
end)
