--- Whether those who are to be told of problems can be: each channel and the dead man's switch.
-- It must not send anything: `dwsync alerts test` does that. A host is asked for its front page only, without the
-- address's path.
-- @module dwsync.doctor.alerts
local channels = require "dwsync.problems.channels"
local checks = require "dwsync.checks"
local heartbeats = require "dwsync.fleet.heartbeat"

local M = {}

local SECONDS = 10 -- of one request

-- The files that a channel's secrets are in, and that others can read.
local function open_files(declared, mode_of)
    local open = {}
    for _, name in ipairs(checks.names(declared)) do
        local source = declared[name]
        local mode = type(source) == "table" and type(source.file) == "string" and mode_of(source.file)
        open[#open + 1] = mode and mode % 64 > 0 and ("%s (mode %03o)"):format(source.file, mode) or nil
    end
    return open
end

-- Whether its host answers; what it answers does not matter. Kinds without a URL have no host to ask.
local function reach(target, world)
    local scheme = (target.url or ""):match "^(%a+)://"
    if not scheme then
        return true
    end
    local response, err = world.perform { method = "HEAD", url = ("%s://%s/"):format(scheme:lower(), target.host),
        headers = {}, timeout = SECONDS, connect_timeout = SECONDS, ca_file = target.ca_file,
        allow_http = target.allow_http }
    return response ~= nil, err
end

local function check_of(subject, declared, open, world)
    return function()
        local target, err = open()
        if not target then
            return "failed", err.message, err.hint
        end
        local where = ("%s (%s)"):format(subject, target.host or declared.kind)
        local answers, failure = reach(target, world)
        if not answers then
            return "failed", ("%s: %s"):format(where, failure.message), failure.hint
                or "Check that this machine may reach it: a proxy or a firewall may be in between."
        end
        local exposed = open_files(declared, world.mode_of)
        if exposed[1] then
            return "warning", ("%s: others can read %s"):format(where, table.concat(exposed, ", ")),
                "It holds a secret: chmod 600 it."
        end
        return "ok", where .. (target.url and ": its address can be read, its host answers" or ": it can be used")
    end
end

--- The checks: one a channel, and one of the heartbeat.
-- @tparam ?table alerts see dwsync.problems.settings
-- @tparam table world `read_file(path)` → content, or nil, reason; `getenv`; `mode_of(path)` → permissions, or nil;
-- `perform(request)`; and what else channels need
-- @treturn {{string,function},...} as dwsync.doctor has them
function M.list(alerts, world)
    local list = {}
    for _, name in ipairs(checks.names(alerts and alerts.channels or {})) do
        local declared = alerts.channels[name]
        list[#list + 1] = { "alerts", check_of("channel " .. name, declared, function()
            return channels.open(name, declared, world)
        end, world) }
    end
    if alerts and alerts.heartbeat then
        list[#list + 1] = { "alerts", check_of("heartbeat", alerts.heartbeat, function()
            return heartbeats.target(alerts.heartbeat, world)
        end, world) }
    end
    return list
end

return M
