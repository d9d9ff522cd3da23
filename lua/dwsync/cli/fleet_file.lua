--- The inventory of a fleet, in a file that is read like the configuration file: one table, without access to anything.
-- @module dwsync.cli.fleet_file
local configuration = require "dwsync.cli.configuration"
local errors = require "dwsync.errors"
local files = require "dwsync.files"
local history_location = require "dwsync.cli.history_location"
local inventories = require "dwsync.fleet.inventory"
local sandbox = require "dwsync.cli.sandbox"
local schedules = require "dwsync.fleet.schedule"

local M = {}

local VARIABLE = "DWSYNC_FLEET"

--- Makes the option that names an inventory.
-- @param command an argparse command
-- @return the option
function M.option(command)
    return command:option("--fleet", "File with the inventory [DWSYNC_FLEET]."):argname "<file>"
end

--- Adds the options.
-- @param command an argparse command
function M.configure(command)
    command:group("Which fleet", M.option(command))
    history_location.configure(command)
    configuration.configure(command)
end

local function wrong(message, hint)
    return nil, errors.new { kind = "config", message = message, hint = hint }
end

local function path_of(args, context)
    local variable = context.getenv(VARIABLE)
    return args.fleet or variable ~= "" and variable or nil
end

--- Whether an inventory is named.
-- @tparam table args
-- @tparam table context
-- @treturn boolean
function M.is_named(args, context)
    return path_of(args, context) ~= nil
end

--- Reads the inventory.
-- @tparam table args
-- @tparam table context
-- @treturn ?dwsync.fleet.inventory
-- @treturn dwsync.error
function M.read(args, context)
    local path = path_of(args, context)
    if not path then
        return wrong("no inventory: --fleet is missing", "Name the file with --fleet or DWSYNC_FLEET.")
    end
    local text, reason = (context.read_file or files.read)(path)
    if not text then
        return wrong(("inventory %s: %s"):format(path, reason), "Correct --fleet, or make the file readable.")
    end
    local good, given, globals = sandbox.evaluate(text, path)
    if not good then
        return wrong(given,
            "The file is one Lua table, return { accounts = { … } }, and has access to nothing but itself.")
    elseif next(globals) ~= nil then
        return wrong(("%s sets the global '%s'"):format(path, tostring((next(globals)))),
            "Write return { accounts = … }.")
    end
    local inventory, err = inventories.check(given)
    if not inventory then
        err.message = ("%s: %s"):format(path, err.message)
        return nil, err
    end
    configuration.expand_alerts(inventory.alerts, context)
    return inventory
end

--- What is declared of alerts: the inventory's, if one is named, and else the configuration file's; never both.
-- @tparam table args
-- @tparam table context
-- @treturn ?table `alerts` (see dwsync.problems.settings), `inventory`, each nil where there is none
-- @treturn dwsync.error
function M.alerts(args, context)
    local inventory, err
    if M.is_named(args, context) then
        inventory, err = M.read(args, context)
        if not inventory then
            return nil, err
        end
    end
    local settings
    settings, err = configuration.load(args, context)
    if not settings then
        return nil, err
    end
    return { inventory = inventory, alerts = (inventory or settings).alerts }
end

--- Opens the history of a fleet: the option's, DWSYNC_HISTORY's, the inventory's, the configuration file's.
-- @tparam boolean readonly
-- @tparam table args
-- @tparam table context
-- @tparam ?dwsync.fleet.inventory inventory
-- @tparam[opt] table limits see dwsync.cli.history_location
-- @treturn ?dwsync.history.store
-- @treturn dwsync.error
function M.open_history(readonly, args, context, inventory, limits)
    local settings, err = configuration.load(args, context)
    if not settings then
        return nil, err
    end
    local own = { history = inventory and inventory.history or settings.history,
        show_accounts = (inventory or settings).show_accounts }
    return history_location.open(readonly, args, context, own, limits)
end

--- Opens it with its schedule.
-- @tparam boolean readonly
-- @tparam table args
-- @tparam table context
-- @tparam ?dwsync.fleet.inventory inventory
-- @tparam[opt] table limits see dwsync.cli.history_location
-- @treturn ?dwsync.history.store
-- @treturn dwsync.error|dwsync.fleet.schedule
function M.open(readonly, args, context, inventory, limits)
    local store, failed = M.open_history(readonly, args, context, inventory, limits)
    if not store then
        return nil, failed
    end
    local schedule
    schedule, failed = schedules.open(store)
    if not schedule then
        store:close()
        return nil, failed
    end
    return store, schedule
end

return M
