--- Credentials from the SDKs' credentials file: section [basic] of ~/.huaweicloud/credentials.
-- It must not interpret values: without interpolation, quotes and comments behind a value a secret with %, =, # or ;
-- stays as it was written. (The official parsers each spoil some of these.)
-- @module dwsync.credentials.file
local failure = require "dwsync.credentials.failure"
local oidc = require "dwsync.credentials.oidc"
local settled_file = require "dwsync.credentials.settled_file"
local text = require "dwsync.text"
local variables = require "dwsync.credentials.variables"

local M = {}

local VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"

local function path_of(context, options)
    local named = options and options.path or variables.get(context, VARIABLE)
    if named then
        return named, true
    end
    local home = variables.home(context)
    return home and home .. "/.huaweicloud/credentials", false
end

-- What opens a section. The parsers of Python and Go end its name at the last "]" of the line, that of Java allows
-- white space alone behind it; a comment is what people write there.
local function section_of(line)
    return line:match "^%s*%[([^%]]*)%]"
end

--- Reads the keys of one section. The value is everything behind the first "=" or ":", trimmed, as in Python and Go
-- (Java knows "=" alone); names of keys may be written in any case, as in Python. Of repeated keys the last one counts,
-- as in Go, where Python refuses the file.
-- @tparam string content the file's, with LF or CRLF, a UTF-8 mark allowed
-- @tparam string wanted the section's name
-- @treturn table key → value, or nil when the section does not exist
-- @treturn table key → value of what comes before the first section
function M.parse(content, wanted)
    local section, values, before = nil, nil, {}
    for line in content:gsub("^\239\187\191", ""):gmatch "[^\r\n]+" do
        local name = section_of(line)
        local key, value = line:match "^%s*([%w_]+)%s*[=:](.*)$"
        if name then
            section = name
            values = values or section == wanted and {} or nil
        elseif key and value:find "%S" and (section == wanted or section == nil) then
            (section and values or before)[key:lower()] = text.trim(value)
        end
    end
    return values, before
end

local function failed(path, message, hint)
    return failure.new("credentials file " .. path, message, hint)
end

-- Warns once of a file with a secret in it that others can read.
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

-- Two values that only make sense together: both, or neither, or nil and an error.
local function pair(values, first, second, path)
    local one, two = values[first], values[second]
    if (one == nil) ~= (two == nil) then
        return nil, failed(path, ("section [basic] has %s but no %s"):format(one and first or second,
            one and second or first), "Write both of them below [basic].")
    end
    return one, two
end

local function is_whole(content)
    local values = M.parse(content, "basic") or {}
    return (values.ak and values.sk or values.idp_id and values.id_token_file) ~= nil
end

local function from_section(context, values, path, limits)
    local idp_id, id_token_file = pair(values, "idp_id", "id_token_file", path)
    if idp_id then
        return oidc.load(context, { idp_id = idp_id, id_token_file = id_token_file, project_id = values.project_id,
            iam_endpoint = values.iam_endpoint }, limits)
    elseif id_token_file then
        return nil, id_token_file
    end
    local ak, sk = pair(values, "ak", "sk", path)
    if not ak then
        return nil, sk or failed(path, "section [basic] has no ak and sk",
            "Write ak = … and sk = … below a line [basic].")
    end
    return { ak = ak, sk = sk, security_token = values.security_token, project_id = values.project_id,
        iam_endpoint = values.iam_endpoint, source = "credentials file " .. path }
end

--- The source "file".
-- @tparam table context `getenv`, `read_file`, optional `file_mode`, `emit` and `warned`; what `oidc` needs
-- @tparam[opt] table options `path`
-- @tparam table limits
-- @treturn table fields or plan, or nil
-- @treturn dwsync.error when the file cannot be read or lacks half of a pair
-- @treturn string why there is nothing
function M.load(context, options, limits)
    local path, named = path_of(context, options)
    if not path then
        return nil, nil, "credentials file: the home directory is unknown"
    end
    local content, reason, missing = settled_file.read(context, path, is_whole, limits)
    if not content then
        if missing and not named then
            return nil, nil, ("credentials file %s: does not exist"):format(path)
        end
        return nil, failed(path, reason, ("Make it readable, or correct %s."):format(
            options and options.path and "path in `credentials`" or VARIABLE))
    end
    warn_when_open(context, path)
    local values, before = M.parse(content, "basic")
    if not values and next(before) == nil then -- the Python SDK tries the next source, too
        return nil, nil, ("credentials file %s: has no section [basic]"):format(path)
    end
    return from_section(context, values or {}, path, limits)
end

return M
