--- How a channel gets its secrets: an address, a key or a password is declared as the file or the variable that holds
-- it, so that the configuration itself can be shown.
-- @module dwsync.problems.channels.secrets
local checks = require "dwsync.checks"
local text = require "dwsync.text"

local M = {}

local EXPECTED = '{ file = "…" } or { env = "NAME" }'
local SOURCES = { file = { kind = "string" }, env = { kind = "string", pattern = "^[%a_][%w_]*$", secret = true,
    expected = "the name of a variable" } } -- secret: it may be the address, by mistake

local function check(value, name)
    if type(value) == "string" then
        return nil, (name:find "url$" and "%s is the address itself, which is a secret: write %s"
            or "%s is the secret itself: write %s"):format(name, EXPECTED)
    elseif type(value) ~= "table" then
        return nil, ("%s is a %s, expected %s"):format(name, type(value), EXPECTED)
    end
    local checked, problem = checks.read(SOURCES, value, { path = name .. ".", noun = "field" })
    if not checked then
        return nil, checks.line(problem)
    elseif (checked.file ~= nil) == (checked.env ~= nil) then
        return nil, ("%s needs either file or env"):format(name)
    end
    return checked
end

--- A secret that a channel cannot do without, as a declaration for dwsync.checks.
M.REQUIRED = { check = check, required = true, expected = EXPECTED }

--- One that it can.
M.OPTIONAL = { check = check, expected = EXPECTED }

--- Whether a declaration is that of a secret.
-- @tparam table declaration
-- @treturn boolean
function M.is_secret(declaration)
    return declaration.check == check
end

--- Where a secret comes from, for messages.
-- @tparam table source `file` or `env`
-- @treturn string
function M.place(source)
    return source.env and "the variable " .. source.env or text.excerpt(source.file)
end

--- Reads a secret.
-- @tparam string what "address", "signing key": what it is, for messages
-- @tparam table source `file` or `env`, checked
-- @tparam function read_file(path) → content; or nil, reason
-- @tparam function getenv
-- @treturn ?string one line; never empty
-- @treturn string what is wrong
-- @treturn string hint
function M.read(what, source, read_file, getenv)
    if source.env then
        local value = text.trim(getenv(source.env) or "")
        if value == "" then
            return nil, ("the variable %s is not set"):format(source.env), ("Set it to the channel's %s."):format(what)
        end
        return value
    elseif source.file:find("://", 1, true) then
        return nil, ("it is given the %s itself, which is a secret, in place of a file"):format(what),
            ("Write the %s into a file that only its owner can read, and give its name."):format(what)
    end
    local content, reason = read_file(source.file)
    if not content then
        return nil, ("cannot read %s: %s"):format(text.excerpt(source.file), reason),
            ("Write the channel's %s into this file, and let only its owner read it."):format(what)
    end
    local value = text.trim(content)
    if value == "" then
        return nil, ("%s is empty"):format(text.excerpt(source.file)),
            ("Write the channel's %s into it."):format(what)
    end
    return value
end

return M
