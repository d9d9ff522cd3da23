--- The descriptors that this process has open.
local uv = require "luv"

local M = {}

--- How many there are.
-- @treturn integer
function M.count()
    local listing, count = uv.fs_scandir "/proc/self/fd", 0
    while uv.fs_scandir_next(listing) do
        count = count + 1
    end
    return count
end

return M
