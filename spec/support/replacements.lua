--- Fields of modules that a spec replaces, until they are put back.
local M = {}

--- @treturn function replace(module, name, value)
-- @treturn function put_back() the last first: one may have been replaced twice
function M.new()
    local replaced = {}
    local function replace(module, name, value)
        replaced[#replaced + 1] = { module, name, module[name] }
        module[name] = value
    end
    local function put_back()
        while replaced[1] do
            local module, name, value = (table.unpack or unpack)(table.remove(replaced), 1, 3) -- luacheck: ignore
            module[name] = value
        end
    end
    return replace, put_back
end

return M
