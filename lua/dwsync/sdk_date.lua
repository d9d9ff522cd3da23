--- The date that a request is signed with. Apart from dwsync.timestamps, which a request that succeeds has no use for.
-- @module dwsync.sdk_date
local M = {}

local dated_second, dated -- many requests share a second, and the C library is slow

--- The form of X-Sdk-Date.
-- @tparam number seconds since the epoch
-- @treturn string "20251025T104952Z"
function M.of(seconds)
    local second = math.floor(seconds)
    if second ~= dated_second then
        dated_second, dated = second, os.date("!%Y%m%dT%H%M%SZ", second)
    end
    return dated
end

return M
