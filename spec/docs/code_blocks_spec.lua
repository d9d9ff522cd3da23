local code_blocks = require "spec.docs.code_blocks"
local runbook = require "spec.support.runbook"
local temporary = require "spec.support.temporary"

local function read(text)
    local blocks, unknown
    temporary.with_folder(function(folder)
        runbook.write(folder .. "/page.md", text)
        blocks, unknown = code_blocks.of(folder .. "/page.md")
    end)
    return blocks, unknown
end

describe("the code blocks of a page", function()
    it("have a language, their text, and the line where it begins", function()
        local blocks = read "# Title\n\n```sh\none\n\n```\n\n1. Item\n\n   ```lua\n   two\n     three\n   ```\n"
        assert.same({ "sh", "one\n\n", 4 }, { blocks[1].language, blocks[1].text, blocks[1].line })
        assert.same({ "lua", "two\n  three\n", 11 }, { blocks[2].language, blocks[2].text, blocks[2].line })
        assert.equal(2, #blocks)
    end)

    it("are run unless they only show something, or a comment right before says why not", function()
        local blocks = read("```text\n```\n\n```console\n```\n\n<!-- not run: needs root -->\n\n```sh\n```\n\n"
            .. "<!-- not run: needs root -->\n\nWords.\n\n```sh\n```\n\n```\n```\n")
        local seen = {}
        for i, block in ipairs(blocks) do
            seen[i] = block.shown and "shown" or block.not_run or "run"
        end
        assert.same({ "shown", "shown", "needs root", "run", "run" }, seen)
    end)

    it("may be something else than their language says, or end with another status", function()
        local blocks = read "<!-- a runbook -->\n\n```lua\n```\n\n<!-- exits 2 -->\n\n```sh\n```\n"
        assert.same({ "runbook", "2" }, { blocks[1].kind, blocks[2].exits })
    end)

    it("that are made by indentation are named", function()
        local _, unknown = read "Words:\n\n    code\n\n- item\n    goes on\n"
        assert.equal(1, #unknown)
        assert.matches("page%.md:3:     code$", unknown[1])
    end)
end)
