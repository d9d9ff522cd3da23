--- Commands as child processes, with everything they print. It must not know which command.
local M = {}

--- One word of a shell command.
-- @param text
-- @treturn string
function M.quoted(text)
    return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

--- Runs a shell command.
-- @tparam string command
-- @treturn string standard output
-- @treturn number exit status
function M.run(command)
    -- LuaJIT's close() does not tell the status, so the shell prints it.
    local pipe = assert(io.popen("{ " .. command .. "\n}; printf '\\n%s' $?"))
    local text = pipe:read "*a"
    pipe:close()
    local output, status = text:match "^(.*)\n(%d+)$"
    return output, tonumber(status)
end

return M
