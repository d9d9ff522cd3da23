--- A plugin of Kong that lets requests through only while the accounts of DWS are fresh; schema.lua has its options,
-- kong.conf what Kong needs to load it.
-- It must not need threads, which Kong's nginx is built without, nor Kong's PDK while it is loaded.
-- luacheck: globals ngx kong
local dwsync = require "dwsync.nginx"

local SETUP = { clusters = "all" } -- change: the options of setup; the region comes from DWSYNC_REGION
local RETRY_AFTER = 30 -- seconds

-- After authentication and limits, before the request is rewritten for the service.
local M = { PRIORITY = 890, VERSION = "1.0.0" }

local is_http = ngx.config.subsystem == "http" -- Kong loads its plugins for streams, too, which have no such dict

-- Here the master still has its whole environment, and a wrong option keeps Kong from starting. `kong config` and other
-- commands load this file in a timer, and without the dict.
if is_http and ngx.get_phase() == "init" then
    dwsync.setup(SETUP)
end

function M.init_worker()
    if is_http then
        dwsync.start()
    end
end

function M:access(conf) -- luacheck: no unused args
    local fresh, _, reason = dwsync.is_fresh { max_age = conf.max_age, cluster = conf.cluster, source = conf.source }
    local stale = fresh and "0" or "1"
    kong.response.set_header("X-Dwsync-Stale", stale)
    kong.service.request.set_header("X-Dwsync-Stale", stale)
    if not fresh and conf.deny then
        return kong.response.exit(503, { message = "the last synchronisation is not fresh: " .. reason },
            { ["Retry-After"] = RETRY_AFTER })
    end
end

return M
