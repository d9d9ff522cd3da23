--- dwsync inside nginx: one refresher keeps the state of all clusters in a shared dict, handlers serve it without
-- waiting. Requiring it does no I/O, reads no environment and never yields; the event loop never waits for the service.
-- @module dwsync.nginx
-- @usage
-- init_by_lua_block { require("dwsync.nginx").setup { clusters = "all", client = { region = "cn-north-4" } } }
-- init_worker_by_lua_block { require("dwsync.nginx").start() }
-- location = /metrics { content_by_lua_block { require("dwsync.nginx").metrics() } }
local settings_of = require "dwsync.nginx.settings"
local snapshots = require "dwsync.nginx.shared.snapshot"

local M = {}

local settings, reader

local function check_nginx(checked)
    if not ngx.shared[checked.dict] then
        return nil, ('there is no shared dict "%s": put "lua_shared_dict %s 16m;" into http {}'):format(checked.dict,
            checked.dict)
    elseif not ngx.run_worker_thread then
        return nil, "this nginx has no threads: it needs Linux, --with-threads and lua-nginx-module 0.10.23 or later"
    end
    return true
end

--- Takes the configuration and checks it; for init_by_lua. Reads the environment, contacts nothing. What is wrong
-- raises, so that nginx does not start.
-- @tparam table given options: see README
function M.setup(given)
    local checked, err = settings_of.check(given, os.getenv)
    if checked then
        local good
        good, err = check_nginx(checked)
        checked = good and checked
    end
    if not checked then
        error("dwsync.nginx: " .. err, 2)
    end
    settings, reader = checked, snapshots.new(ngx.shared[checked.dict])
end

local function known(level)
    if not settings then
        error("dwsync.nginx: setup was not called in init_by_lua", level + 1)
    end
    return settings
end

-- Workers are copies of one process, math.random's state included; its seed belongs to the host program.
local function draws()
    local count = 0
    return function()
        count = count + 1
        return ngx.crc32_short(("%d %.3f %d"):format(ngx.worker.pid(), ngx.now(), count)) / 2 ^ 32
    end
end

local function host_of_worker(checked)
    local levels = { info = ngx.NOTICE, warn = ngx.WARN, error = ngx.ERR }
    return {
        dict = ngx.shared[checked.dict],
        -- As long as another worker's, whatever the process ids: a lease is replaced where it stands.
        owner = ("%010d.%04d"):format(ngx.worker.pid(), ngx.worker.id()),
        now = function()
            ngx.update_time()
            return ngx.now()
        end,
        random = draws(),
        exiting = ngx.worker.exiting,
        digest = ngx.md5,
        log = function(level, text)
            ngx.log(levels[level], "dwsync: ", text)
        end,
        run_in_thread = function(...)
            return ngx.run_worker_thread(checked.thread_pool, ...)
        end,
    }
end

--- Starts the refresher of this worker; for init_worker_by_lua. Of all workers one does the work.
function M.start()
    local checked = known(2)
    if not ngx.worker.id() then
        return -- a helper process, which has no event loop of its own to run timers in
    end
    local refresher = require("dwsync.nginx.sweep.refresher").new(checked, host_of_worker(checked))
    local function tick(premature)
        refresher:tick(premature)
    end
    local started, err = ngx.timer.every(refresher:period(), tick)
    if started then
        started, err = ngx.timer.at(0, tick)
    end
    if not started then
        error("dwsync.nginx: no timer could be made: " .. tostring(err), 2)
    end
end

-- Each handler is a file with serve(settings, reader, options).
for _, name in ipairs { "metrics", "health", "records", "status", "gate" } do
    local handler = require("dwsync.nginx.serve." .. name)
    M[name] = function(given)
        local checked = known(2)
        return handler.serve(checked, reader, given)
    end
end

return M
