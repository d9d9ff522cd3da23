--- Credentials from the SDKs' credentials file: section [basic] of ~/.huaweicloud/credentials.
-- It must not interpret values: no interpolation, no quotes, no comments behind a value, so that a secret with
-- %, =, # or ; is what was written. (The official parsers each spoil some of these.)
-- @module dwsync.credentials.file
local errors = require "dwsync.errors"

local M = {}

local VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
local KEYS = { ak = true, sk = true, security_token = true, project_id = true }

local function path_of(context)
    local named = context.getenv(VARIABLE)
    if named and named ~= "" then
        return named, true
    end
    local home = context.getenv "HOME" or context.getenv "USERPROFILE"
    return home and home .. "/.huaweicloud/credentials", false
end

--- Reads the keys of one section. The value is everything behind the first "=", trimmed.
-- @tparam string text the file, with LF or CRLF, a UTF-8 mark allowed
-- @tparam string wanted the section's name
-- @treturn table key → value, or nil when there is no such section
function M.parse(text, wanted)
    local section, values
    for line in text:gsub("^\239\187\191", ""):gmatch "[^\r\n]+" do
        local name = line:match "^%s*%[(.-)%]%s*$"
        local key, value = line:match "^%s*([%w_]+)%s*=%s*(.-)%s*$"
        if name then
            section = name
            values = values or section == wanted and {} or nil
        elseif key and section == wanted and value ~= "" then
            values[key] = value
        end
    end
    return values
end

local function failure(path, message, hint)
    return errors.new {
        kind = "credentials",
        message = ("credentials file %s: %s"):format(path, message),
        hint = hint,
    }
end

local function pick(values)
    local fields = {}
    for key in pairs(KEYS) do
        fields[key] = values[key]
    end
    return fields
end

--- @tparam table context `getenv`, `read_file`
-- @treturn table fields, or nil
-- @treturn dwsync.error when the file cannot be read or lacks half of the pair
-- @treturn string why there is nothing
function M.load(context)
    local path, named = path_of(context)
    if not path then
        return nil, nil, "credentials file: no home directory is known"
    end
    local text, reason, missing = context.read_file(path)
    if not text then
        if missing and not named then
            return nil, nil, ("credentials file %s: does not exist"):format(path)
        end
        return nil, failure(path, reason, ("Make it readable, or correct %s."):format(VARIABLE))
    end
    local values = M.parse(text, "basic")
    if not values or not (values.ak or values.sk) then
        return nil, failure(path, "section [basic] has no ak and sk", "Write ak = … and sk = … below a line [basic].")
    elseif not values.ak or not values.sk then
        local present, absent = values.ak and "ak" or "sk", values.ak and "sk" or "ak"
        return nil, failure(path, ("section [basic] has %s but no %s"):format(present, absent),
            "Write both halves of the key pair below [basic].")
    end
    local fields = pick(values)
    fields.source = "credentials file " .. path
    return fields
end

return M
