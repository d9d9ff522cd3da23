--- dwsync inside nginx: one refresher keeps the state of all clusters in a shared dict, and handlers serve it without
-- waiting. Loading it does no I/O, reads no environment and never yields; the event loop never waits for the service.
-- No function yields but `metrics`, `health` and `records`, which decode and send in pieces.
-- @module dwsync.nginx
-- @usage
-- init_by_lua_block { require("dwsync.nginx").setup { clusters = "all", client = { region = "cn-north-4" } } }
-- init_worker_by_lua_block { require("dwsync.nginx").start() }
-- location = /metrics { content_by_lua_block { require("dwsync.nginx").metrics() } }
local fingerprint = require "dwsync.fingerprint"
local settings_of = require "dwsync.nginx.settings"
local snapshots = require "dwsync.nginx.shared.snapshot"

local M = {}

-- `nginx -t` runs no init_by_lua; with this variable set to 1 nginx does, and ends before it opens a port.
local CHECK = "DWSYNC_NGINX_CHECK"

local settings, reader

-- The refresher of this worker, and how many it has had. A timer of nginx cannot be taken back, so there is one for
-- each length of period that was ever asked for, which ticks for the refresher of that moment.
local refresher, refreshers, was_started = nil, 0, false
local ticking = {}

local function check_nginx(checked)
    if not ngx.shared[checked.dict] then
        return nil, ('unknown shared dict "%s": put "lua_shared_dict %s 16m;" into http {}'):format(checked.dict,
            checked.dict)
    elseif checked.history and not ngx.run_worker_thread
        and require("dwsync.history.target").read(checked.history).engine == "sqlite" then
        return nil, "history: this nginx has no threads, and a file would hold up its event loop: use postgres://"
    end
    return true
end

--- Takes the configuration and checks it; for init_by_lua. Reads the environment, contacts nothing. Lengths of time are
-- seconds or "90s", "5m". With DWSYNC_NGINX_CHECK=1 in the environment it ends nginx when it has checked: before that
-- opens a port, and with 0 when all is well.
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
-- @tparam[opt] table given.thresholds of the rules, as for dwsync.health.evaluate; `rules` is their former name
-- @tparam[opt=1000] integer given.records how many of a cluster are kept to be shown; with 0 records() has nothing
-- @tparam[opt=false] boolean given.list_accounts whether the history keeps who is in the databases, who came and
-- who went: names of people
-- @tparam[opt=false] boolean given.show_accounts whether names of accounts that went may stand in verdicts, and so in
-- all that is served and told
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
    if os.getenv(CHECK) == "1" and ngx.get_phase() == "init" then
        io.stderr:write "dwsync.nginx: setup is fine\n"
        os.exit(0)
    end
    settings, reader = checked, snapshots.new(ngx.shared[checked.dict], function()
        return was_started
    end)
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
        -- Of the same length in every worker: then the dict replaces a lease in place. A new one for each refresher, so
        -- that the sweep of one that was replaced is not taken for its own.
        owner = ("%010d.%04d.%06d"):format(ngx.worker.pid(), ngx.worker.id(), refreshers % 1000000),
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
        begin = function(action)
            return ngx.timer.at(0, action)
        end,
    }
end

-- What a refresher was made from: when it is all the same, it stays.
local function identity_of(checked)
    return fingerprint.of { checked.identity, checked.dict, checked.thread_pool, checked.interval, checked.jitter,
        checked.lease }
end

local function tick_every(period)
    if ticking[period] then
        return true
    end
    local started, err = ngx.timer.every(period, function(premature)
        if refresher and refresher:period() == period then
            refresher:tick(premature)
        end
    end)
    ticking[period] = started and true
    return started, err
end

--- Starts the refresher of this worker; for init_worker_by_lua. One of all workers does the work. Called again, it goes
-- on with the one that runs, or replaces it when `setup` was called with other options since.
-- @raise when `setup` was not called, and when nginx cannot make a timer
function M.start()
    local checked = known(2)
    if not ngx.worker.id() then
        return -- a helper process, which has no event loop of its own to run timers in
    end
    was_started = true
    local identity = identity_of(checked)
    if refresher and refresher.identity == identity then
        return
    end
    M.stop()
    refreshers = refreshers + 1
    local made = require("dwsync.nginx.sweep.refresher").new(checked, host_of_worker(checked))
    made.identity, refresher = identity, made
    local started, err = tick_every(made:period())
    if started then
        started, err = ngx.timer.at(0, function(premature)
            made:tick(premature)
        end)
    end
    if not started then
        M.stop()
        error("dwsync.nginx: cannot make a timer: " .. tostring(err), 2)
    end
end

--- Ends the refresher of this worker, if it has one: another worker may go on. What is published stays, and is served
-- with its age; a sweep under way is thrown away. `start` begins again.
function M.stop()
    if refresher then
        refresher:stop()
        refresher = nil
    end
end

--- Answers with what Prometheus scrapes; for content_by_lua. It yields between two pieces of a long answer.
-- @function metrics
-- @raise when `setup` was not called

--- Answers 200 when all is well, else 503 and why, as JSON; for content_by_lua. With parameters the first request to a
-- worker after a publication yields.
-- @function health
-- @raise when `setup` was not called

--- Answers with the records of one cluster as JSON, filtered and page by page; for content_by_lua. The first request to
-- a worker after a publication yields.
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
-- @treturn boolean what `is_fresh` returns; a request that is denied ends here
-- @treturn ?number
-- @treturn ?string
-- @raise for wrong use, and when `setup` was not called
-- @usage access_by_lua_block { require("dwsync.nginx").gate { max_age = "6h" } }

--- What `metrics` answers, as a text, for an answer that has more in it; anywhere.
-- @function metrics_text
-- @treturn ?string
-- @treturn ?string why there is none yet
-- @raise when `setup` was not called
-- @usage ngx.print(prometheus:metric_data(), require("dwsync.nginx").metrics_text() or "")

--- What `health` answers, as a table of the caller's own; anywhere.
-- @function health_table
-- @treturn ?table `healthy`, `age`, `stale`, `error`, `severity`, `clusters`
-- @treturn ?string why there is none yet
-- @raise when `setup` was not called

--- The verdicts about a cluster that are not ok, worst first; anywhere.
-- @function verdicts
-- @tparam string cluster a name or an id
-- @tparam[opt] string source an id or a type
-- @treturn ?{table,...} each with `rule`, `severity`, `source`, `source_type`, `message`
-- @treturn ?string why there are none yet, or what is unknown
-- @raise for wrong use, and when `setup` was not called

--- Whether the last synchronisation is fresh, for a gate of one's own; anywhere.
-- @function is_fresh
-- @tparam table given `max_age`, `cluster` and `source`, as for `gate`
-- @treturn boolean
-- @treturn ?number the age of the last success in seconds; nil when it is unknown
-- @treturn ?string why it is not fresh
-- @raise for wrong use, and when `setup` was not called

-- Each is a function of a file in serve/.
for name, place in pairs {
    metrics = { "metrics", "serve" }, metrics_text = { "metrics", "text" },
    health = { "health", "serve" }, health_table = { "health", "as_table" }, verdicts = { "health", "verdicts" },
    records = { "records", "serve" }, status = { "status", "serve" },
    gate = { "gate", "serve" }, is_fresh = { "gate", "is_fresh" },
} do
    local does = require("dwsync.nginx.serve." .. place[1])[place[2]]
    M[name] = function(...)
        local checked = known(2)
        if place[2] == "serve" and ngx.config.subsystem ~= "http" then
            error(("dwsync.nginx: %s answers HTTP; in stream {} use is_fresh, verdicts, health_table or metrics_text")
                :format(name), 2)
        end
        return does(checked, reader, ...)
    end
end

return M
