--- The garbage collector's settings, which each Lua names differently.
local M = {}

--- Whether it can be generational, too. The stand-alone Lua 5.4 and later start that way.
M.has_modes = _VERSION >= "Lua 5.4"

-- Lua 5.5 replaced an option for each setting by one for all.
local replaced = _VERSION >= "Lua 5.5"

local function set(old_name, new_name, value)
    if replaced then
        return collectgarbage("param", new_name, value)
    end
    return collectgarbage(old_name, value)
end

--- Sets how fast the incremental collector goes.
-- @tparam integer pause how much memory must have grown before a cycle begins, in percent of what was left
-- @tparam integer speed how much is collected for what is allocated, in percent
-- @treturn integer the pause until now
-- @treturn integer the speed until now
function M.pace(pause, speed)
    return set("setpause", "pause", pause), set("setstepmul", "stepmul", speed)
end

--- Switches to generational collection, a young one whenever 1 % was added.
function M.be_generational()
    if replaced then
        collectgarbage("param", "minormul", 1)
        collectgarbage("param", "minormajor", 400)
        collectgarbage "generational"
    else
        collectgarbage("generational", 1, 400)
    end
end

return M
