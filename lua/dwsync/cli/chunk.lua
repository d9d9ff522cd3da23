--- Makes a function of a Lua text, in whichever Lua runs.
-- @module dwsync.cli.chunk
local M = {}

--- Compiles a text. Bytecode is refused.
-- @tparam string text
-- @tparam string name as `load` takes it: "=config.lua", "@script.lua"
-- @tparam table environment its globals
-- @treturn[1] function
-- @treturn[2] nil
-- @treturn[2] string what is wrong with it
function M.load(text, name, environment)
    local set_environment = rawget(_G, "setfenv")
    if not set_environment or rawget(_G, "jit") then
        return load(text, name, "t", environment)
    elseif text:sub(1, 1) == "\27" then
        return nil, "attempt to load bytecode" -- which Lua 5.1 does not tell from a text
    end
    local chunk, message = rawget(_G, "loadstring")(text, name)
    return chunk and set_environment(chunk, environment), message
end

return M
