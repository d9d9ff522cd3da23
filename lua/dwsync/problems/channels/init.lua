--- The channels to which problems are told: their kinds, how one is declared, and how it is made ready.
--
-- A kind is a file here, and may know nothing of the others. It has
--
--    OPTIONS            declarations (see dwsync.checks) beside those of all channels; secrets as in
--                       dwsync.problems.channels.secrets; `is_path` of a file. With `url` it is told by a POST
--    RATE               { messages = n, seconds = s }: what the receiver takes; nil for no limit
--    prepare(channel, declared, world) → true; or nil, what is wrong, hint. Sets `host`, where there is no `url`
--    render(message, channel) → the body of a request
--    headers(message)   → headers beside Content-Type
--    answer(response, decoded) → outcome, reason, pause in seconds, whether it is about the channel: what an answer
--                       means, see dwsync.problems.channels.http
--    send(channel, message, how) → outcome, reason, until when to leave it alone, whether each other message will be
--                       refused, too; in place of the POST. Outcomes:
--                       "sent"; "later" (the channel is in trouble: try again); "refused" (about the message or the
--                       address: final, loud); "unknown" (no answer from what must not be asked twice: never repeated)
--    IS_NOT_IDEMPOTENT  each request is a message of its own: what was being sent when its sender died is "unknown"
--    is_level_triggered with sync(channel, state, how): it is told the state again and again, and owed no messages
--
-- An address is a secret: whoever has it can write to the chat. It must not get into an error, a log, the database or
-- a process list, of which errors name the channel and the host only.
-- @module dwsync.problems.channels
local checks = require "dwsync.checks"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local http = require "dwsync.problems.channels.http"
local ordered_json = require "dwsync.ordered_json"
local secrets = require "dwsync.problems.channels.secrets"

local M = {}

--- The kinds.
M.KINDS = { "alertmanager", "ces", "dingtalk", "email", "feishu", "pagerduty", "program", "slack", "smn", "teams",
    "webhook", "wecom" }

local BY_KIND = {}
for _, kind in ipairs(M.KINDS) do
    BY_KIND[kind] = require("dwsync.problems.channels." .. kind)
end

local KIND = { kind = { kind = "one_of", values = M.KINDS, required = true } }
local COMMON = {
    kind = KIND.kind,
    ca_file = { kind = "string", is_path = true },
    allow_http = { kind = "boolean", default = false },
    fallback = { kind = "string" },
}

--- How a channel may be called: the name is kept in the database and shown.
M.NAME = { kind = "string", longest = 64, pattern = "^[%w_.-]+$",
    expected = 'letters, digits, "-", "_" and ".", at most 64' }

--- The options of a kind.
-- @tparam string kind
-- @treturn table declarations by name, see dwsync.checks
function M.options(kind)
    local options = {}
    for _, some in ipairs { COMMON, BY_KIND[kind].OPTIONS } do
        for name, declaration in pairs(some) do
            options[name] = declaration
        end
    end
    return options
end

--- Checks how a channel is declared, and fills in what is left out.
-- @tparam table given
-- @tparam[opt] table door how messages call its options, see dwsync.checks
-- @treturn ?table declared
-- @treturn table problem, as dwsync.checks has it
function M.check(given, door)
    local checked, problem = checks.values(KIND, given, door)
    if not checked then
        return nil, problem
    end
    return checks.read(M.options(checked.kind), given, door)
end

--- Whether a kind is told the state again and again.
-- @tparam string kind
-- @treturn boolean
function M.is_level_triggered(kind)
    return BY_KIND[kind].is_level_triggered or false
end

--- Replaces the names of files in how a channel is declared.
-- @tparam table declared see `check`; changed
-- @tparam function replace path → path
function M.each_path(declared, replace)
    for name, declaration in pairs(M.options(declared.kind)) do
        local value = declared[name]
        if value and declaration.is_path then
            declared[name] = replace(value)
        elseif value and secrets.is_secret(declaration) and value.file then
            value.file = replace(value.file)
        end
    end
end

local function wrong(name, reason, hint)
    return nil, errors.new { kind = "config", message = ("channel %s: %s"):format(name, reason), hint = hint }
end

-- Returns the secrets by option; or nil, reason, hint.
local function read_secrets(options, declared, world)
    local values = {}
    for _, name in ipairs(checks.names(options)) do
        if secrets.is_secret(options[name]) and declared[name] then
            local reason, hint
            values[name], reason, hint = secrets.read(name == "url" and "address" or (name:gsub("_", " ")),
                declared[name], world.read_file, world.getenv)
            if not values[name] then
                return nil, reason, hint
            end
        end
    end
    return values
end

-- The same for what reaches the same receiver in the same way, wherever its secrets are read from.
local function mark_of(options, declared, read)
    local parts = {}
    for _, name in ipairs(checks.names(options)) do
        if name ~= "fallback" then
            parts[#parts + 1] = ("%s=%s"):format(name, read[name] or ordered_json.encode(declared[name]) or "")
        end
    end
    return assert(core.sha256(table.concat(parts, "\0"))):sub(1, 16)
end

local function send_by_post(kind)
    return function(channel, message, how)
        local headers = { ["Idempotency-Key"] = message.key }
        for name, value in pairs(kind.headers and kind.headers(message, channel) or {}) do
            headers[name] = value
        end
        return http.post(channel, kind.render(message, channel), how, { headers = headers, answer = kind.answer })
    end
end

--- Makes a channel ready.
-- @tparam string name
-- @tparam table declared see `check`
-- @tparam table world `read_file(path)` → content, or nil, reason; `getenv`; and what else kinds need (see
-- dwsync.problems.channels.cloud); `link`, see dwsync.problems.messages
-- @treturn ?table channel: `name`, `kind`, `host`, `mark` (the same for the same receiver), `rate`, `options`,
-- `send(message, how)` as the kind's, `render(message)`; `is_level_triggered` and `sync(state, how)` where the kind has
-- them
-- @treturn dwsync.error kind "config"
function M.open(name, declared, world)
    local kind, options = BY_KIND[declared.kind], M.options(declared.kind)
    local read, reason, hint = read_secrets(options, declared, world)
    if not read then
        return wrong(name, reason, hint)
    end
    local channel = { name = name, kind = declared.kind, options = declared, secrets = read, url = read.url,
        ca_file = declared.ca_file, rate = kind.RATE, mark = mark_of(options, declared, read),
        is_level_triggered = kind.is_level_triggered, is_not_idempotent = kind.IS_NOT_IDEMPOTENT, link = world.link }
    if read.url then
        local is_plain
        channel.host, is_plain, hint = http.address(read.url, secrets.place(declared.url), declared.allow_http)
        if not channel.host then
            return wrong(name, is_plain, hint)
        end
        channel.allow_http = is_plain or nil
    end
    local is_ready = true
    if kind.prepare then
        is_ready, reason, hint = kind.prepare(channel, declared, world)
    end
    if not is_ready then
        return wrong(name, reason, hint)
    end
    local send = kind.send or send_by_post(kind)
    function channel.send(message, how)
        return send(channel, message, how)
    end
    channel.render = kind.render and function(message)
        return kind.render(message, channel)
    end
    channel.sync = kind.sync and function(state, how)
        return kind.sync(channel, state, how)
    end
    return channel
end

return M
