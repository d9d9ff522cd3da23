--- The history that a command works on: the option's, DWSYNC_HISTORY's, the configuration file's, else a file of the
-- user's own.
-- It must not show a target, which may hold a password, other than as dwsync.history.target does.
-- @module dwsync.cli.history_location
local configuration = require "dwsync.cli.configuration"
local errors = require "dwsync.errors"

local M = {}

local OWNER_ONLY = tonumber("700", 8)

--- Adds the option.
-- @param command an argparse command
function M.configure(command)
    command:group("Where records are kept",
        command:option("--history", "File, or postgres:// URL [DWSYNC_HISTORY]."):argname "<target>")
end

local function create_folders(path)
    local uv = require "luv"
    local folder = path:match "^(.+)/[^/]*$"
    if folder and not uv.fs_stat(folder) then
        create_folders(folder)
        uv.fs_mkdir(folder, OWNER_ONLY) -- a failure shows when the file is opened
    end
end

local function default_target(context)
    local base = configuration.base_directory(context, "XDG_DATA_HOME", "/.local/share")
    return base and base .. "/dwsync/history.sqlite"
end

--- Where the history is.
-- @tparam table args
-- @tparam table context
-- @tparam table settings see dwsync.cli.configuration
-- @treturn string target as dwsync.history.open takes it, or nil
-- @treturn boolean whether it is the default, the user's own file
function M.target(args, context, settings)
    local variable = context.getenv "DWSYNC_HISTORY"
    local named = args.history or variable ~= "" and variable or settings.history
    if named then
        return named, false
    end
    return default_target(context), true
end

--- The same for a command that needs one.
-- @tparam table args
-- @tparam table context
-- @tparam table settings
-- @treturn ?string target
-- @treturn dwsync.error|boolean whether it is the default
-- @treturn string where it is, without a password
function M.place(args, context, settings)
    local target, is_default = M.target(args, context, settings)
    if not target then
        return nil, errors.new { kind = "config", message = "no directory for the history: HOME is not set",
            hint = "Name a file or a postgres:// URL with --history." }
    end
    local place, wrong = require("dwsync.history.target").read(target)
    if not place then
        return nil, wrong
    end
    return target, is_default, place.shown
end

--- Opens the history.
-- @tparam boolean readonly whether it is only asked: then nothing is made
-- @tparam table args
-- @tparam table context
-- @tparam table settings
-- @tparam[opt] table limits `timeout`, `cache`: see dwsync.history.open
-- @treturn ?dwsync.history.store
-- @treturn dwsync.error
-- @treturn string where it is, without a password
function M.open(readonly, args, context, settings, limits)
    local target, is_default, shown = M.place(args, context, settings)
    if not target then
        return nil, is_default
    elseif is_default and not readonly then
        create_folders(target)
    end
    limits = limits or {}
    local store, err = require("dwsync.history").open(target, { readonly = readonly, timeout = limits.timeout,
        cache = limits.cache, show_accounts = settings.show_accounts })
    return store, err, shown
end

--- Reads saved records. One that is damaged must not hide the others.
-- @tparam dwsync.history.store store
-- @tparam table query of `store:each`
-- @tparam function use(record)
-- @treturn ?dwsync.error what could not be read
function M.read(store, query, use)
    local good, err = pcall(function()
        for record in store:each(query) do
            use(record)
        end
    end)
    if not good and not errors.is(err) then
        error(err, 0)
    end
    return not good and err or nil
end

return M
