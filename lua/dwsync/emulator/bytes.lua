--- Bytes as hexadecimal text and back.
-- Pure.
-- @module dwsync.emulator.bytes

local M = {}

local HEX = {}
for byte = 0, 255 do
    HEX[string.char(byte)] = ("%02x"):format(byte)
end

--- @tparam string bytes
-- @treturn string lower-case digits
function M.to_hex(bytes)
    return (bytes:gsub(".", HEX))
end

--- @tparam string digits an even number of hexadecimal digits
-- @treturn string
function M.from_hex(digits)
    return (digits:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

return M
