--- What a request is authenticated with: a key pair, perhaps temporary, or a token. A checked copy, its secrets hidden.
-- @module dwsync.credentials.keys
local lazy = require "dwsync.lazy"
local failure = lazy "dwsync.credentials.failure"
local json = lazy "dwsync.json"

local M = {}

local Keys = { __name = "dwsync.credentials" }

function Keys:__tostring()
    if self.token then
        return "dwsync.credentials: token from " .. self.source
    end
    return ("dwsync.credentials: access key %s from %s"):format(self.ak, self.source)
end

local FIELDS = { "ak", "sk", "security_token", "token", "project_id", "algorithm", "iam_endpoint" }

-- Either a token or both halves of a pair: with both of them the gateway would choose.
local function check_pair(checked, source)
    if checked.token then
        if checked.ak or checked.sk then
            return nil, failure.new(source, "both a token and an access key are set", "Set only one of the two.")
        end
        return true
    end
    for _, name in ipairs { "ak", "sk" } do
        local other = name == "ak" and "sk" or "ak"
        if not checked[name] then
            return nil, failure.new(source, name .. " is missing" .. (checked[other] and " although " .. other
                .. " is set" or ""), "Set both halves of the key pair: ak (access key) and sk (secret key).")
        end
    end
    return true
end

--- Checks and copies credentials.
-- @tparam table fields `ak` and `sk`, optional `security_token`; or `token`; optional `project_id`, `algorithm`,
-- `iam_endpoint`, `expires_at` (seconds since the epoch), `identity` (a text that stays when a temporary key changes)
-- @tparam string source for messages: "the credentials table", "the environment"
-- @treturn ?dwsync.credentials
-- @treturn dwsync.error kind "credentials", which names the field and never shows it
function M.new(fields, source)
    local checked = { source = source, expires_at = fields.expires_at, identity = fields.identity }
    for _, name in ipairs(FIELDS) do
        local value = fields[name]
        if value ~= nil and (type(value) ~= "string" or value == "" or value:find "[%z\r\n]") then
            return nil, failure.new(source, name .. " is empty, not a string, or contains a line break",
                "Copy the value again, without quotes and line breaks.")
        end
        checked[name] = value
    end
    local good, err = check_pair(checked, source)
    return good and setmetatable(checked, Keys), err
end

--- Whether keys are what these fields would make.
-- @tparam dwsync.credentials keys
-- @tparam table fields
-- @tparam string source
-- @treturn boolean
function M.same(keys, fields, source)
    for i = 1, #FIELDS do
        local name = FIELDS[i]
        if keys[name] ~= fields[name] then
            return false
        end
    end
    return keys.source == source and keys.expires_at == fields.expires_at and keys.identity == fields.identity
end

--- The texts that must not show in anything made of a request or its answer, also as JSON escapes them.
-- @tparam {string,...} texts secrets; nil among them is skipped
-- @tparam integer count how many
-- @treturn {string,...}
function M.hide(texts, count)
    local list = {}
    for i = 1, count do
        local text = texts[i]
        if text then
            local spelled = json.encode(text):sub(2, -2)
            list[#list + 1] = text
            list[#list + 1] = spelled ~= text and spelled or nil
        end
    end
    return list
end

--- The secrets of some keys.
-- @tparam dwsync.credentials keys
-- @treturn {string,...}
function M.secrets(keys)
    return M.hide({ keys.sk, keys.security_token, keys.token }, 3)
end

return M
