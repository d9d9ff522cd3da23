--- A plugin of APISIX that lets requests through only while the accounts of DWS are fresh. config.yaml beside it loads
-- it and has the options of setup under plugin_attr.
-- It must not let a request through because setup failed.
-- luacheck: globals ngx
local core = require "apisix.core"
local dwsync = require "dwsync.nginx"
local plugin = require "apisix.plugin"

local NAME = "dwsync"
local RETRY_AFTER = 30 -- seconds

local SCHEMA = {
    type = "object",
    properties = {
        max_age = { type = "string", pattern = "^[1-9][0-9]{0,3}[smhdw]$" }, -- of the last success: "90m", "6h", "2d"
        cluster = { type = "string", minLength = 1, maxLength = 200 }, -- a name or an id; by default all count
        source = { type = "string", minLength = 1 }, -- an id or a type; by default all count
        deny = { type = "boolean", default = true }, -- with false only the header X-Dwsync-Stale says it
    },
    required = { "max_age" },
    additionalProperties = false,
}

-- After authentication and limits, before the request is rewritten for the service.
local M = { version = 0.1, priority = 997, name = NAME, schema = SCHEMA }

function M.check_schema(conf)
    return core.schema.check(SCHEMA, conf)
end

local broken

-- APISIX calls this in each worker: when that begins, and after destroy() when plugins are loaded again. An error that
-- is raised here would keep the other plugins from being loaded.
function M.init()
    local good, err = pcall(function()
        dwsync.setup(plugin.plugin_attr(NAME) or {})
        dwsync.start()
    end)
    broken = not good
    if broken then
        core.log.error("the plugin ", NAME, " denies what it should let through: ", err)
    end
end

function M.destroy()
    dwsync.stop()
end

local function look(conf)
    if broken then
        return false, nil, "the plugin is not set up"
    end
    return dwsync.is_fresh { max_age = conf.max_age, cluster = conf.cluster, source = conf.source }
end

function M.access(conf, ctx)
    local fresh, _, reason = look(conf)
    local stale = fresh and "0" or "1"
    core.response.set_header("X-Dwsync-Stale", stale)
    core.request.set_header(ctx, "X-Dwsync-Stale", stale)
    if not fresh and conf.deny ~= false then
        core.response.set_header("Retry-After", RETRY_AFTER)
        return 503, { message = "the last synchronisation is not fresh: " .. reason }
    end
end

return M
