--- What LuaJIT keeps of compiled code in a thread of nginx.
-- It must not need `ngx`.
-- luacheck: globals jit loadstring
local M = {}

local MOST = 65535 -- that LuaJIT can number
local TURNS = 200 -- a loop is compiled after 56

--- Has that many loops compiled, in a Lua state that swept.
-- @tparam integer loops
-- @treturn integer how many traces are kept then; or a text, when nothing swept here
function M.compile(loops)
    if not package.loaded["dwsync.nginx.sweep.collection"] then
        return "no sweep"
    end
    for number = 1, loops do
        assert(loadstring(("local sum = 0 for i = 1, %d do sum = sum + i * %d end return sum"):format(TURNS, number)))()
    end
    local traceinfo, kept = require("jit.util").traceinfo, 0
    for number = 1, MOST do
        kept = kept + (traceinfo(number) and 1 or 0)
    end
    return kept
end

return M
