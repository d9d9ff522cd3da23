--- A message with everything in it that a channel might trip over.
local channels = require "dwsync.problems.channels"
local messages = require "dwsync.problems.messages"
local secrets = require "dwsync.problems.channels.secrets"

local M = {}

local NOW = 1747637723000
M.NOW = NOW

--- @tparam[opt] table more fields of the row @tparam[opt] table step_more of the step @treturn table
function M.message(more, step_more)
    local row = { cluster_id = "id-1", cluster_name = "仓库", source = "s<1>", source_type = "ldap", rule = "mass_delete",
        state = "firing", severity = "critical", episode = 2, since = NOW - 7200000, fired_at = NOW, told = {},
        message = "目录 ou=研发 <!channel> & *bold* [x](http://evil.example)", advice = "Look at <at>all</at>." }
    for name, value in pairs(more or {}) do
        row[name] = value
    end
    local step = { event = "firing", step = "critical", severity = "critical", episode = 2, fired_at = NOW,
        since = row.since }
    for name, value in pairs(step_more or {}) do
        step[name] = value
    end
    return messages.make(row, step, nil, NOW)
end

--- A channel of a kind, ready to send.
-- @tparam string kind
-- @tparam table declared secrets as they are
-- @treturn table
function M.channel(kind, declared)
    local given, values = { kind = kind }, {}
    for name, declaration in pairs(channels.options(kind)) do
        if declared[name] ~= nil then
            given[name] = declared[name]
        end
        if declared[name] and secrets.is_secret(declaration) then
            given[name], values[name:upper()] = { env = name:upper() }, declared[name]
        end
    end
    local checked, problem = channels.check(given)
    assert(checked, problem and problem.message)
    return assert(channels.open("ops", checked, { getenv = function(name) return values[name] or os.getenv(name) end }))
end

--- All texts in a decoded body, wherever they are.
function M.texts(value, list)
    list = list or {}
    for _, item in pairs(value) do
        if type(item) == "table" then
            M.texts(item, list)
        elseif type(item) == "string" then
            list[#list + 1] = item
        end
    end
    return list
end

return M
