--- The Lua files of the tree, or a text in a file of its own, given to a script that prints what is wrong with them.
local processes = require "spec.support.processes"

local M = {}

--- The command that lists every file, each ended by a NUL.
M.LIST = [[find lua spec examples rockspec -name node_modules -prune -o -type f \
    \( -name '*.lua' -o -name '*.rockspec' -o -path lua/bin/dwsync \) -print0]]

local function complaints(lua, script, list)
    local output, status = processes.run(("%s | xargs -0 %s %s 2>&1"):format(list, lua, script))
    assert(status == 0, output)
    return output
end

--- What is wrong with the files of the tree.
-- @tparam string lua the interpreter that runs the script
-- @tparam string script
-- @treturn string a line for each complaint
function M.complaints(lua, script)
    return complaints(lua, script, M.LIST)
end

--- What is wrong with a text.
-- @tparam string lua
-- @tparam string script
-- @tparam string source
-- @treturn string complaints without the file's name, parted by ", "
function M.complaints_about(lua, script, source)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(source)
    file:close()
    local output = complaints(lua, script, "printf %s " .. processes.quoted(path))
    os.remove(path)
    return (output:gsub(path:gsub("%p", "%%%0") .. ":", ""):gsub("\n$", ""):gsub("\n", ", "))
end

return M
