--- The names of clusters that a shell offers: those of the configuration, those of a history that is a file, and those
-- of the service, in a list that is kept for five minutes so that not every press of a key asks.
-- It must not keep a reader waiting, nor say why it has nothing to offer.
-- @module dwsync.cli.cluster_offers
local configuration = require "dwsync.cli.configuration"
local connection = require "dwsync.cli.connection"
local core = require "dwsync.core"
local files = require "dwsync.files"
local history_names = require "dwsync.history.names"
local saved_records = require "dwsync.cli.saved_records"

local M = {}

local SERVES, PATIENCE = 300, 2 -- seconds

-- A file for each place that is asked, named by what says so.
local function path_of(client, context)
    local base = configuration.base_directory(context, "XDG_CACHE_HOME", "/.cache")
    local place = {}
    for _, name in ipairs { "region", "endpoint", "project_id" } do
        place[#place + 1] = tostring(client:option(name))
    end
    place[#place + 1] = context.getenv "HUAWEICLOUD_SDK_AK" or ""
    place[#place + 1] = context.getenv "HUAWEICLOUD_SDK_PROJECT_ID" or ""
    return base and ("%s/dwsync/clusters-%s"):format(base, core.sha256(table.concat(place, "\0")):sub(1, 16))
end

-- The kept list: its names, and whether it still serves.
local function read(path, context)
    local text = path and files.read(path)
    local made, rest = (text or ""):match "^(%d+)\n(.*)$"
    local names = {}
    for name in (rest or ""):gmatch "[^\n]+" do
        names[#names + 1] = name
    end
    local age = made and context.now() - tonumber(made)
    return names, age ~= nil and age >= 0 and age < SERVES
end

local function keep(path, names, context)
    local uv = require "luv"
    local folder = path and path:match "^(.*)/"
    if folder then
        uv.fs_mkdir(folder:match "^(.*)/", 448) -- octal 700; what fails here fails once more below
        uv.fs_mkdir(folder, 448)
        files.write(path, ("%d\n%s\n"):format(math.floor(context.now()), table.concat(names, "\n")))
    end
end

local function of_service(context)
    local client = connection.open({ timeout = PATIENCE, retries = 0 }, context)
    if not client then
        return {}
    end
    local path = path_of(client, context)
    local kept, serves = read(path, context)
    local list = not serves and client:list_clusters()
    if not list then
        return kept
    end
    local names = {}
    for i, cluster in ipairs(list) do
        names[i] = type(cluster.name) == "string" and cluster.name or tostring(cluster.id)
    end
    keep(path, names, context)
    return names
end

local function of_history(context, settings)
    local target = saved_records.target({}, context, settings)
    if not target or not files.is_readable(target) then -- a database is asked over the network
        return {}
    end
    local store = require("dwsync.history").open(target, { readonly = true, timeout = PATIENCE })
    local names = store and history_names.all(store)
    if store then
        store:close()
    end
    return names or {}
end

--- The names, those that a shell takes as one word.
-- @tparam table context
-- @treturn {string,...} in alphabetical order
function M.names(context)
    local settings = configuration.load({}, context) or { clusters = {} }
    local names, seen = {}, {}
    local function add(name)
        if name:find "^[%w._-]+$" and not seen[name] then
            names[#names + 1], seen[name] = name, true
        end
    end
    for name in pairs(settings.clusters) do
        add(name)
    end
    for _, name in pairs(of_history(context, settings)) do
        add(name)
    end
    for _, name in ipairs(of_service(context)) do
        add(name)
    end
    table.sort(names)
    return names
end

return M
