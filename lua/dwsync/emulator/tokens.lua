--- The tokens that IAM issued: opaque text → who got it, for what, until when.
-- Times are arguments. Tokens stay in this table.
-- @module dwsync.emulator.tokens

local rand = require "openssl.rand"
local newest = require "dwsync.emulator.newest"

local Tokens = { __name = "dwsync.emulator.tokens" }
Tokens.__index = Tokens

local M = {}

local KEPT = 1000
local FRACTION = 0.575 - 1 -- as in the keyring's expiry times

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"

-- Text that begins as the real ones do (they are signed messages in base64).
local function token_text(length)
    local random = rand.bytes(length - 3):gsub(".", function(byte)
        local at = byte:byte() % #ALPHABET + 1
        return ALPHABET:sub(at, at)
    end)
    return "MII" .. random
end

--- @treturn Tokens none yet
function M.new()
    return setmetatable({ issued = newest.new(KEPT) }, Tokens)
end

--- Issue a token.
-- @tparam {kind=string,project=?table} scope kind "project", "domain" or "unscoped"
-- @tparam number now
-- @tparam number life seconds
-- @tparam integer length bytes
-- @treturn {text=string,scope=table,issued_at=number,expires_at=number}
function Tokens:issue(scope, now, life, length)
    local issued_at = math.floor(now) + FRACTION
    local token = { text = token_text(length), scope = scope, issued_at = issued_at, expires_at = issued_at + life }
    self.issued:put(token.text, token)
    return token
end

--- @tparam string text
-- @treturn ?table see @{issue}
function Tokens:find(text)
    return self.issued:get(text)
end

return M
