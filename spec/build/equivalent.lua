--- Changes that make no difference, as spec/build/equivalent.txt lists them, for mutate.lua and mutate_own.lua.
local M = {}

local FILE = "spec/build/equivalent.txt"

--- Reads the list.
-- @treturn table for `reason`
function M.load()
    local list, path, before, after = {}, nil, nil, nil
    for line in io.lines(FILE) do
        local mark, text = line:match "^([-+=]) (.*)$"
        if mark == "-" then
            before, after = text, nil
        elseif mark == "+" then
            after = text
        elseif mark == "=" then
            list[path][after and before .. "\n" .. after or before] = text
        elseif line:find "^[%w_/]+%.[ch]$" or line:find "^[%w_/]+%.lua$" then
            path = line
            list[path] = list[path] or {}
        end
    end
    return list
end

--- Why a change makes no difference.
-- @tparam table list from `load`
-- @tparam string path of the file
-- @tparam table change one of `mutations.of`
-- @treturn ?string nil: it does make one, as far as anybody knows
function M.reason(list, path, change)
    local reasons = list[path] or {}
    return reasons[change.before] or reasons[change.before .. "\n" .. change.after]
end

return M
