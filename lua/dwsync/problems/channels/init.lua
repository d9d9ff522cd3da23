--- The channels to which problems are told: their kinds, how one is declared, and where its address comes from.
-- An address is a secret: whoever has it can write to the chat. It must not get into an error, a log, the database or
-- a process list, of which errors name the channel and the host only.
-- @module dwsync.problems.channels
local checks = require "dwsync.checks"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local text = require "dwsync.text"

local M = {}

--- The kinds. Each has a file with `render(message)` → the body of a request, as JSON.
M.KINDS = { "slack", "teams", "webhook" }

local BY_KIND = {}
for _, kind in ipairs(M.KINDS) do
    BY_KIND[kind] = require("dwsync.problems.channels." .. kind)
end

local EXPECTED = '{ file = "…" } or { env = "NAME" }'
local SOURCES = { file = { kind = "string" }, env = { kind = "string", pattern = "^[%a_][%w_]*$", secret = true,
    expected = "the name of a variable" } } -- secret: it may be the address, by mistake

local function check_url(value, name)
    if type(value) == "string" then
        return nil, ("%s is the address itself, which is a secret: write %s"):format(name, EXPECTED)
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

--- How a channel is declared, see dwsync.checks.
M.OPTIONS = {
    kind = { kind = "one_of", values = M.KINDS, required = true },
    url = { check = check_url, required = true, expected = EXPECTED },
    ca_file = { kind = "string" },
    allow_http = { kind = "boolean", default = false },
}

--- How a channel may be called: the name is kept in the database and shown.
M.NAME = { kind = "string", longest = 64, pattern = "^[%w_.-]+$",
    expected = 'letters, digits, "-", "_" and ".", at most 64' }

local function wrong(name, reason, hint)
    return nil, errors.new { kind = "config", message = ("channel %s: %s"):format(name, reason), hint = hint }
end

local function address_of(name, url, read_file, getenv)
    if url.env then
        local value = text.trim(getenv(url.env) or "")
        if value == "" then
            return wrong(name, ("the variable %s is not set"):format(url.env), "Set it to the channel's address.")
        end
        return value
    elseif url.file:find("://", 1, true) then
        return wrong(name, "it is given the address itself, which is a secret, in place of a file",
            "Write the address into a file that only its owner can read, and give its name.")
    end
    local content, reason = read_file(url.file)
    if not content then
        return wrong(name, ("cannot read %s: %s"):format(text.excerpt(url.file), reason),
            "Write the channel's address into this file, and let only its owner read it.")
    end
    return text.trim(content)
end

-- Nothing of an address that cannot be parsed is shown: any part of it may be the secret.
local function host_of(address)
    if address:find "[%s%c]" then
        return nil
    end
    local scheme, authority, rest = address:match "^(%a+)://([^/?#@\\]+)(.*)$"
    scheme = scheme and scheme:lower()
    if not (scheme == "https" or scheme == "http") or not (rest == "" or rest:find "^[/?#]") then
        return nil
    end
    return text.excerpt(authority, 80), scheme
end

local LOOPBACK = { localhost = true, ["[::1]"] = true }

local function is_loopback(host)
    local name = host:gsub(":%d+$", "")
    return LOOPBACK[name:lower()] or name:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

--- Makes a channel ready.
-- @tparam string name
-- @tparam table declared see `OPTIONS`, checked
-- @tparam function read_file(path) → content; or nil, reason
-- @tparam function getenv
-- @treturn ?table channel: `name`, `kind`, `url`, `host`, `mark` (the same for the same address), `render(message)`
-- @treturn dwsync.error kind "config"
function M.open(name, declared, read_file, getenv)
    local address, err = address_of(name, declared.url, read_file, getenv)
    if not address then
        return nil, err
    end
    local host, scheme = host_of(address)
    if not host then
        return wrong(name, ("%s holds no address that begins with https://, or more than that"):format(
            declared.url.env and "the variable " .. declared.url.env or text.excerpt(declared.url.file)),
            "It is one line; user names and passwords in it are not supported.")
    elseif scheme == "http" and not declared.allow_http and not is_loopback(host) then
        return wrong(name, ("plain http to %s would show the address to anyone on the way"):format(host),
            "Use https://, or allow it with allow_http = true of the channel in the configuration file.")
    end
    return { name = name, kind = declared.kind, url = address, host = host, ca_file = declared.ca_file,
        allow_http = scheme == "http" or nil, mark = assert(core.sha256(address)):sub(1, 16),
        render = BY_KIND[declared.kind].render }
end

return M
