--- Credentials from the SDKs' credentials file: section [basic] of ~/.huaweicloud/credentials.
-- It must not interpret values: no interpolation, no quotes, no comments behind a value, so that a secret with
-- %, =, # or ; is what was written. (The official parsers each spoil some of these.)
-- @module dwsync.credentials.file
local errors = require "dwsync.errors"
local oidc = require "dwsync.credentials.oidc"
local variables = require "dwsync.credentials.variables"

local M = {}

M.OPTIONS = { path = "string" }

local VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
local KEYS = { "ak", "sk", "security_token", "project_id" }

local function path_of(context, options)
    local named = options and options.path or variables.get(context, VARIABLE)
    if named then
        return named, true
    end
    local home = variables.home(context)
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

-- Says once that a file with a secret in it lies open.
local function warn_when_open(context, path)
    local mode = context.file_mode and context.file_mode(path)
    if mode and mode % 64 > 0 and not context.warned[path] and context.emit then
        context.warned[path] = true
        context.emit {
            type = "warning",
            message = ("credentials file %s is open to others (mode %03o): chmod 600 %s"):format(path, mode, path),
        }
    end
end

local function id_token_plan(context, values, path)
    if not values.idp_id or not values.id_token_file then
        local present = values.idp_id and "idp_id" or "id_token_file"
        local absent = values.idp_id and "id_token_file" or "idp_id"
        return nil, failure(path, ("section [basic] has %s but no %s"):format(present, absent),
            "Write both below [basic], or neither.")
    end
    return oidc.plan(context, {
        idp_id = values.idp_id,
        id_token_file = values.id_token_file,
        project_id = values.project_id,
        iam_endpoint = values.iam_endpoint,
    })
end

local function from_section(context, values, path)
    if values and (values.idp_id or values.id_token_file) then
        return id_token_plan(context, values, path)
    elseif not values or not (values.ak or values.sk) then
        return nil, failure(path, "section [basic] has no ak and sk", "Write ak = … and sk = … below a line [basic].")
    elseif not values.ak or not values.sk then
        local present, absent = values.ak and "ak" or "sk", values.ak and "sk" or "ak"
        return nil, failure(path, ("section [basic] has %s but no %s"):format(present, absent),
            "Write both halves of the key pair below [basic].")
    end
    local fields = { source = "credentials file " .. path, iam_endpoint = values.iam_endpoint }
    for _, key in ipairs(KEYS) do
        fields[key] = values[key]
    end
    return fields
end

--- The source "file".
-- @tparam table context `getenv`, `read_file`, optional `file_mode`, `emit` and `warned`; what `oidc` needs
-- @tparam[opt] table options `path`
-- @treturn table fields or plan, or nil
-- @treturn dwsync.error when the file cannot be read or lacks half of a pair
-- @treturn string why there is nothing
function M.load(context, options)
    local path, named = path_of(context, options)
    if not path then
        return nil, nil, "credentials file: no home directory is known"
    end
    local text, reason, missing = context.read_file(path)
    if not text then
        if missing and not named then
            return nil, nil, ("credentials file %s: does not exist"):format(path)
        end
        return nil, failure(path, reason, ("Make it readable, or correct %s."):format(
            options and options.path and "credentials.path" or VARIABLE))
    end
    warn_when_open(context, path)
    return from_section(context, M.parse(text, "basic"), path)
end

return M
