--- Where access keys come from: what the caller gave, or the first source of the chain that has some.
-- It must not guess: a source that is only half filled is an error, not a reason to try the next one.
-- @module dwsync.credentials
local errors = require "dwsync.errors"

local M = {}

-- Each source: load(context) → credentials | nil, err (half filled, unreadable) | nil, nil, why (has nothing).
local CHAIN = {
    require "dwsync.credentials.environment",
    (require "dwsync.credentials.file"), -- in parentheses: on Lua 5.4 require returns a second value
}

local Credentials = { __name = "dwsync.credentials" }

function Credentials:__tostring()
    return ("dwsync.credentials: access key %s from %s"):format(self.ak, self.source)
end

local FIELDS = { "ak", "sk", "security_token", "project_id", "algorithm" }

--- Checks and copies credentials.
-- @tparam table fields `ak`, `sk`; optional `security_token`, `project_id`, `algorithm`
-- @tparam string source for messages: "the credentials table", "the environment"
-- @treturn dwsync.credentials, or nil
-- @treturn dwsync.error kind "credentials", which names the field and never shows it
function M.check(fields, source)
    local checked = { source = source }
    for _, name in ipairs(FIELDS) do
        local value = fields[name]
        if value ~= nil and (type(value) ~= "string" or value == "" or value:find "[%z\r\n]") then
            return nil, errors.new {
                kind = "credentials",
                message = ("%s: %s is empty, no string, or holds a line break"):format(source, name),
                hint = "Copy the value again, without quotes and line breaks.",
            }
        end
        checked[name] = value
    end
    for _, name in ipairs { "ak", "sk" } do
        local other = name == "ak" and "sk" or "ak"
        if not checked[name] then
            return nil, errors.new {
                kind = "credentials",
                message = ("%s: %s is missing%s"):format(source, name, checked[other] and " although " .. other
                    .. " is there" or ""),
                hint = "Give both halves of the key pair: ak (access key) and sk (secret key).",
            }
        end
    end
    return setmetatable(checked, Credentials)
end

local function from_chain(context)
    local reasons = {}
    for _, source in ipairs(CHAIN) do
        local fields, err, why = source.load(context)
        if fields then
            return M.check(fields, fields.source)
        elseif err then
            return nil, err
        end
        reasons[#reasons + 1] = why
    end
    return nil, errors.new {
        kind = "credentials",
        message = "no credentials found: " .. table.concat(reasons, "; "),
    }
end

--- The credentials to use.
-- @tparam table|function|nil given a table of fields, a function that returns one (or nil, err), or nil for the chain:
-- environment, then credentials file
-- @tparam table context `getenv`, `read_file`
-- @treturn dwsync.credentials, or nil
-- @treturn dwsync.error kind "credentials"
function M.resolve(given, context)
    if type(given) == "table" then
        return M.check(given, "credentials")
    elseif type(given) == "function" then
        local fields, err = given()
        if type(fields) == "table" then
            return M.check(fields, "the credentials function")
        end
        return nil, errors.is(err) and err or errors.new {
            kind = "credentials",
            message = "the credentials function returned none" .. (err and ": " .. tostring(err) or ""),
        }
    end
    return from_chain(context)
end

return M
