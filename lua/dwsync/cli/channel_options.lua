--- The channels that a command tells: those of the configuration file, of the environment, and of options that name a
-- file with an address. It must not take an address as an option, which the process list would show.
-- @module dwsync.cli.channel_options
local channels = require "dwsync.problems.channels"
local checks = require "dwsync.checks"
local connection = require "dwsync.cli.connection"
local errors = require "dwsync.errors"
local files = require "dwsync.files"
local problems = require "dwsync.problems"
local text = require "dwsync.text"

local M = {}

local KINDS = { "slack", "teams", "webhook" } -- those that need nothing but an address
local NAMES = { slack = "Slack", teams = "Teams", webhook = "a webhook" }

local function variable_of(kind)
    return ("DWSYNC_%s_URL"):format(kind:upper())
end

--- Adds the options.
-- @param command an argparse command
function M.configure(command)
    local options = {}
    for i, kind in ipairs(KINDS) do
        options[i] = command:option(("--%s-url-file"):format(kind), ("File with the address of %s [%s]."):format(
            NAMES[kind], variable_of(kind))):argname "<file>"
    end
    command:group("Whom to tell", (table.unpack or unpack)(options)) -- luacheck: ignore 113
end

-- By name; an option replaces what the environment says of a kind, and that a channel of the configuration file that is
-- called like the kind.
local function declared(args, context, settings)
    local by_name = {}
    for name, channel in pairs(settings.alerts and settings.alerts.channels or {}) do
        by_name[name] = channel
    end
    for _, kind in ipairs(KINDS) do
        local path, variable = args[kind .. "_url_file"], variable_of(kind)
        local value = context.getenv(variable)
        if path or value and value ~= "" then
            by_name[kind] = assert(channels.check { kind = kind,
                url = path and { file = path } or { env = variable } })
        end
    end
    return by_name
end

--- What channels are opened with: the cloud's own services are asked with the client that the command has, or with that
-- of an account of the inventory.
-- @tparam table args
-- @tparam table context
-- @tparam[opt] dwsync.fleet.inventory inventory
-- @treturn table see dwsync.problems.channels
function M.world(args, context, inventory)
    local accounts = {}
    for _, account in ipairs(inventory and inventory.accounts or {}) do
        local options = {}
        for name, value in pairs(account.client) do
            options[name] = value
        end
        options.region = account.regions and account.regions[1]
        accounts[account.name] = options
    end
    return { read_file = context.read_file or files.read, getenv = context.getenv, runtime = context.runtime,
        client = connection.options(args, context), accounts = accounts }
end

--- Makes one channel ready.
-- @tparam string name
-- @tparam table args
-- @tparam table context
-- @tparam table settings `alerts`, `inventory`
-- @treturn ?table see dwsync.problems.channels
-- @treturn dwsync.error kind "config"
function M.open_one(name, args, context, settings)
    local by_name = declared(args, context, settings)
    if by_name[name] then
        return channels.open(name, by_name[name], M.world(args, context, settings.inventory))
    end
    local names = checks.names(by_name)
    return nil, errors.new { kind = "config", message = ("there is no channel '%s'%s"):format(text.excerpt(name, 60),
        checks.guess(name, names)), hint = names[1] and ("The channels are %s."):format(table.concat(names, ", "))
        or "Declare it in alerts.channels of the configuration file, or of the inventory that --fleet names." }
end

-- Those of `by_name`, ready, and whom to tell of a problem.
local function open_all(by_name, alerts, world)
    local list, unrouted = {}, {}
    world.link = alerts.link
    for i, name in ipairs(checks.names(by_name)) do
        local channel, err = channels.open(name, by_name[name], world)
        if not channel then
            return nil, err
        end
        list[i], unrouted[name] = channel, by_name[name] ~= (alerts.channels or {})[name]
    end
    return list, problems.plan(alerts.routes, list, unrouted)
end

--- Makes the channels of a file ready.
-- @tparam ?table alerts see dwsync.problems.settings
-- @tparam table args
-- @tparam table context
-- @tparam[opt] dwsync.fleet.inventory inventory
-- @treturn ?{table,...} by name; none where the file declares none
-- @treturn dwsync.error|function(problem,now) or whom to tell of a problem, see dwsync.problems.plan
function M.open_declared(alerts, args, context, inventory)
    if not alerts or not next(alerts.channels) then
        return {}
    end
    return open_all(alerts.channels, alerts, M.world(args, context, inventory))
end

--- Makes the channels ready.
-- @tparam table args
-- @tparam table context
-- @tparam table settings see dwsync.cli.configuration; perhaps `inventory`
-- @treturn ?{table,...} by name, see dwsync.problems.channels
-- @treturn dwsync.error|function(problem,now) or whom to tell of a problem, see dwsync.problems.plan
function M.open(args, context, settings)
    local list, plan = open_all(declared(args, context, settings), settings.alerts or {},
        M.world(args, context, settings.inventory))
    if list and not list[1] then
        return nil, errors.new { kind = "config", message = "no channel to send alerts to",
            hint = "Name the file that holds its address: --slack-url-file, --teams-url-file or --webhook-url-file; or "
                .. "set alerts in the configuration file." }
    end
    return list, plan
end

return M
