--- The code blocks of a page, as they are written in Markdown.
-- It must not run them.
local M = {}

-- What a comment right before a block says of it, and languages that only show something.
local MARKS = { ["^not run: (.+)$"] = "not_run", ["^exits (%d+)$"] = "exits", ["^a (runbook)$"] = "kind",
    ["^a (configuration file)$"] = "kind", ["^an (inventory)$"] = "kind" }
local SHOWN = { text = true, console = true }

local function mark(block, comment)
    for pattern, name in pairs(MARKS) do
        local value = comment:match(pattern)
        if value then
            block[name] = value
            return
        end
    end
end

--- Reads a page.
-- @tparam string path
-- @treturn {table,...} blocks: `page`, `line` of their first line, `language`, `text`, `shown` when they only show
-- something, `not_run` and why, `exits` when it is not 0, `kind` when it is not what the language says
-- @treturn {string,...} lines that are code by their indentation, of which nobody knows the language
function M.of(path)
    local blocks, unknown, comment, block, indentation, before, number = {}, {}, nil, nil, nil, "", 0
    for line in io.lines(path) do
        number = number + 1
        if block then
            if line == indentation .. "```" then
                block.text = table.concat(block.lines, "\n") .. "\n"
                block = nil
            else
                block.lines[#block.lines + 1] = line:sub(#indentation + 1)
            end
        elseif line:find "^%s*```" then
            local language
            indentation, language = line:match "^(%s*)```(%S*)$"
            block = { page = path, line = number + 1, language = language, lines = {}, shown = SHOWN[language] }
            mark(block, comment or "")
            blocks[#blocks + 1], comment = block, nil
        elseif line:find "%S" then
            comment = line:match "^%s*<!%-%- (.-) %-%->$"
            if line:find "^    " and before == "" and not line:find "^    +[-*] " then
                unknown[#unknown + 1] = ("%s:%d: %s"):format(path, number, line)
            end
        end
        before = line
    end
    return blocks, unknown
end

--- The pages whose blocks are run.
-- @treturn {string,...} paths
function M.pages()
    local found, paths = assert(io.popen "ls *.md docs/*.md examples/README.md examples/nginx/README.md"), {}
    for path in found:lines() do
        paths[#paths + 1] = path
    end
    found:close()
    return paths
end

return M
