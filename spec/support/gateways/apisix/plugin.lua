--- How APISIX loads plugins, again and again in one worker, and runs them; `local_conf` has its config.yaml.
local core = require "apisix.core"
local local_conf = require "local_conf"

local M = {}

local loaded = {}

function M.plugin_attr(name)
    return (local_conf.plugin_attr or {})[name]
end

function M.get(name)
    return loaded[name]
end

local function unload(name)
    local package_name = "apisix.plugins." .. name
    local old = package.loaded[package_name]
    if old and old.destroy then
        old.destroy()
    end
    package.loaded[package_name] = nil
end

local function load_one(name)
    local good, plugin = pcall(require, "apisix.plugins." .. name)
    if not good then
        return core.log.error("failed to load plugin [", name, "] err: ", plugin)
    end
    for _, field in ipairs { "priority", "version" } do
        if not plugin[field] then
            return core.log.error("invalid plugin [", name, "], missing field: ", field)
        end
    end
    if type(plugin.schema) ~= "table" or plugin.schema.properties._meta then
        return core.log.error("invalid plugin [", name, "] schema field")
    end
    local injected = core.schema.plugin_injected_schema
    plugin.schema.properties._meta, plugin.schema["$comment"] = injected._meta, injected["$comment"]
    loaded[name] = plugin
    if plugin.init then
        plugin.init() -- not protected
    end
end

function M.load()
    for name in pairs(loaded) do
        unload(name)
    end
    loaded = {}
    for _, name in ipairs(local_conf.plugins) do
        load_one(name)
    end
end

function M.run_plugin(phase, plugins, ctx)
    for i = 1, #plugins, 2 do
        local code, body = plugins[i][phase](plugins[i + 1], ctx)
        if code or body then
            core.response.exit(code, body)
        end
    end
end

return M
