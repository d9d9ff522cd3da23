--- dwsync inside nginx: one refresher keeps the state of all clusters in a shared dict, and handlers serve it without
-- waiting. Loading it does no I/O, reads no environment and never yields; the event loop never waits for the service.
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
        return nil, ('unknown shared dict "%s": put "lua_shared_dict %s 16m;" into http {}'):format(checked.dict,
            checked.dict)
    end
    return true
end

--- Takes the configuration and checks it; for init_by_lua. Reads the environment, contacts nothing. Lengths of time are
-- seconds or "90s", "5m".
-- @tparam table given
-- @tparam string|{string|{id=string,name=?string},...} given.clusters "all", or a list: names, patterns such as
-- "prod-*" and ids, which the first sweep looks up at the service; {id =, name =} is taken as it is; or "fleet": those
-- of `dwsync collect`, from its database `history`, without asking the service
-- @tparam[opt] table given.client options of dwsync.new, without functions
-- @tparam[opt=60] number|string given.interval between two sweeps
-- @tparam[opt=0.1] number given.jitter the share of the interval by which sweeps are spread
-- @tparam[opt=60] number|string given.timeout for a whole sweep
-- @tparam[opt] number|string given.stale_after the age from which data counts as old; by default 3 intervals and a
-- timeout
-- @tparam[opt] table given.rules thresholds, as for dwsync.health.evaluate
-- @tparam[opt=1000] integer given.records how many of a cluster are kept to be shown; with 0 records() has nothing
-- @tparam[opt] string given.history where records are kept for longer: a file, or postgres://…
-- @tparam[opt="dwsync"] string given.dict name of the shared dict in nginx.conf
-- @tparam[opt="dwsync"] string given.thread_pool its name in nginx.conf
-- @tparam[opt=16] integer given.concurrency requests at once
-- @tparam[opt=10] number|string given.lease after how long a killed worker is replaced
-- @raise what is wrong, so that nginx does not start
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

-- Workers are copies of one process, the state of math.random included, and its seed belongs to the host program.
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
        -- Of the same length in every worker: then the dict replaces a lease in place.
        owner = ("%010d.%04d"):format(ngx.worker.pid(), ngx.worker.id()),
        now = function()
            ngx.update_time()
            return ngx.now()
        end,
        monotonic = require("dwsync.core").monotonic,
        random = draws(),
        exiting = ngx.worker.exiting,
        digest = ngx.md5,
        log = function(level, text)
            ngx.log(levels[level], "dwsync: ", text)
        end,
        run_in_thread = ngx.run_worker_thread and function(...)
            return ngx.run_worker_thread(checked.thread_pool, ...)
        end,
    }
end

--- Starts the refresher of this worker; for init_worker_by_lua. One of all workers does the work.
-- @raise when `setup` was not called, and when nginx cannot make a timer
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
        error("dwsync.nginx: cannot make a timer: " .. tostring(err), 2)
    end
end

--- Answers with what Prometheus scrapes; for content_by_lua.
-- @function metrics
-- @raise when `setup` was not called

--- Answers 200 when all is well, else 503 and why, as JSON; for content_by_lua.
-- @function health
-- @raise when `setup` was not called

--- Answers with the records of one cluster as JSON, filtered and page by page; for content_by_lua.
-- @function records
-- @raise when `setup` was not called

--- Answers with the status page, its parts and what it loads; for content_by_lua.
-- @function status
-- @raise when `setup` was not called

--- Lets a request through only while the last synchronisation is fresh, else answers 503; for access_by_lua.
-- @function gate
-- @tparam table given
-- @tparam number|string given.max_age how old the last success may be: seconds, or "90m", "6h"
-- @tparam[opt] string given.cluster a name or an id; by default all clusters count
-- @tparam[opt] string given.source an id or a type; by default all sources count
-- @tparam[opt=true] boolean given.deny false lets every request through: only the header X-Dwsync-Stale says that the
-- last success is too old
-- @raise for wrong use, and when `setup` was not called
-- @usage access_by_lua_block { require("dwsync.nginx").gate { max_age = "6h" } }

-- Each handler is a file with serve(settings, reader, options).
for _, name in ipairs { "metrics", "health", "records", "status", "gate" } do
    local handler = require("dwsync.nginx.serve." .. name)
    M[name] = function(given)
        local checked = known(2)
        return handler.serve(checked, reader, given)
    end
end

return M
