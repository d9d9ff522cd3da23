--- Alerts as the configuration file and the inventory of a fleet declare them, in the same words.
-- It must not take a secret: channels and the heartbeat name the file or the variable that holds it.
-- @module dwsync.problems.settings
local channels = require "dwsync.problems.channels"
local checks = require "dwsync.checks"
local errors = require "dwsync.errors"
local routes = require "dwsync.problems.routes"
local secrets = require "dwsync.problems.channels.secrets"
local text = require "dwsync.text"

local M = {}

local ALERTS = {
    channels = { kind = "table", default = {} },
    routes = { kind = "list", of = { kind = "table" } },
    heartbeat = { kind = "table" },
    link = { kind = "string", longest = 500, pattern = "^https?://[^%s%c<>\"]+$",
        expected = 'an address such as "https://status.example.com/{cluster}"' },
}

local HEARTBEAT = {
    url = secrets.REQUIRED,
    every = { kind = "duration", from = 60, to = 86400, default = 60 },
    ca_file = { kind = "string" },
    allow_http = { kind = "boolean", default = false },
}

local function wrong(message, hint)
    return nil, { kind = "config", message = message, hint = hint }
end

local function check_channels(given)
    local checked = {}
    for name, channel in pairs(given) do
        local path = "alerts.channels." .. (type(name) == "string" and text.excerpt(name, 60) or tostring(name))
        local _, message = checks.value(channels.NAME, name, "the name of " .. path)
        if not message then
            _, message = checks.value({ kind = "table" }, channel, path)
        end
        if message then
            return wrong(message)
        end
        local problem
        checked[name], problem = channels.check(channel, { noun = "key", path = path .. "." })
        if problem then
            return nil, problem
        end
    end
    return checked
end

local function no_channel(path, name, known)
    local names = checks.names(known)
    return wrong(("%s: there is no channel '%s'%s"):format(path, text.excerpt(name, 60), checks.guess(name, names)),
        names[1] and ("The channels are %s."):format(table.concat(names, ", ")) or "Declare it in alerts.channels.")
end

-- A channel that is told the state owes no messages, so none can be handed on from it, nor to it.
local function check_fallbacks(known)
    for _, name in ipairs(checks.names(known)) do
        local wanted, path = known[name].fallback, ("alerts.channels.%s.fallback"):format(name)
        if wanted and not known[wanted] then
            return no_channel(path, wanted, known)
        elseif wanted == name then
            return wrong(path .. " is the channel itself", "Name another channel.")
        elseif wanted and (channels.is_level_triggered(known[name].kind)
            or channels.is_level_triggered(known[wanted].kind)) then
            return wrong(path .. ": an Alertmanager is told the state, in place of messages",
                "Let a route name it beside the others.")
        end
    end
    return known
end

local function check_receivers(route, path, known)
    for i, name in ipairs(route.to) do
        if not known[name] then
            return no_channel(("%s.to[%d]"):format(path, i), name, known)
        end
    end
    return route
end

local function check_routes(given, known)
    local checked = {}
    for i, one in ipairs(given) do
        local path = ("alerts.routes[%d]"):format(i)
        local route, problem = checks.read(routes.OPTIONS, one, { noun = "key", path = path .. "." })
        if route then
            route, problem = check_receivers(route, path, known)
        end
        if not route then
            return nil, problem
        end
        checked[i] = route
    end
    return checked
end

local function check(given)
    local checked, problem = checks.read(ALERTS, given, { noun = "key", path = "alerts." })
    if not checked then
        return nil, problem
    end
    checked.channels, problem = check_channels(checked.channels)
    if checked.channels then
        checked.channels, problem = check_fallbacks(checked.channels)
    end
    if checked.channels and checked.routes then
        checked.routes, problem = check_routes(checked.routes, checked.channels)
    end
    if not problem and checked.heartbeat then
        checked.heartbeat, problem = checks.read(HEARTBEAT, checked.heartbeat, { noun = "key",
            path = "alerts.heartbeat." })
    end
    return not problem and checked or nil, problem
end

--- Checks what a file says of alerts, and fills in what it leaves out.
-- @tparam table given
-- @treturn ?table `link`, `channels` by name, `routes` (a list; nil: everybody is told everything), `heartbeat`
-- @treturn dwsync.error kind "config"
function M.check(given)
    local checked, problem = check(given)
    return checked, problem and errors.new(problem)
end

--- Changes the paths in them.
-- @tparam table alerts checked
-- @tparam function expand path → path
function M.expand_paths(alerts, expand)
    for _, channel in pairs(alerts.channels) do
        channels.each_path(channel, expand)
    end
    local heartbeat = alerts.heartbeat or { url = {} }
    heartbeat.url.file = heartbeat.url.file and expand(heartbeat.url.file)
    heartbeat.ca_file = heartbeat.ca_file and expand(heartbeat.ca_file)
end

return M
