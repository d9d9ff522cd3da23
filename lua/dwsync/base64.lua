--- Base64 (RFC 4648), as mail and HTTP's Basic authentication want it.
-- @module dwsync.base64
local M = {}

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function encode_group(bytes)
    local one, two, three = bytes:byte(1, 3)
    local rest, digits = one * 65536 + (two or 0) * 256 + (three or 0), {}
    for i = 4, 1, -1 do
        local digit = rest % 64
        digits[i] = DIGITS:sub(digit + 1, digit + 1)
        rest = (rest - digit) / 64
    end
    return table.concat(digits, "", 1, #bytes + 1) .. ("="):rep(3 - #bytes)
end

--- Encodes bytes.
-- @tparam string bytes
-- @treturn string on one line
function M.encode(bytes)
    return (bytes:gsub("..?.?", encode_group))
end

return M
