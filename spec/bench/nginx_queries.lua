-- nginx_queries.lua: runs in nginx: asks the same several times, one after the other or eight at once, and tells what a
-- query cost the event loop. CPU is that of this thread alone.
-- luacheck: globals ngx
local cjson = require "cjson"
local dwsync = require "dwsync"
local ffi = require "ffi"
local runtimes = require "dwsync.runtime"

ffi.cdef [[
struct dwsync_bench_time { long seconds; long nanoseconds; };
int clock_gettime(int clock, struct dwsync_bench_time *time);
]]

local CLOCK_THREAD_CPUTIME_ID = 3
local time = ffi.new "struct dwsync_bench_time"

local function cpu_seconds()
    ffi.C.clock_gettime(CLOCK_THREAD_CPUTIME_ID, time)
    return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

local CHOICES = {
    all = { limit = 1000 },
    failed = { limit = 1000, where = { status = "FAILED" } },
    fields = { limit = 1000, fields = { "status", "fail_reason" } },
    one = { limit = 1 },
}

local client, runtime

local function ask(choice)
    if choice == "nothing" then
        -- Refused by libcurl: nothing is sent.
        assert(not runtime.perform { method = "GET", url = "nothing:", headers = {} })
        return 0
    end
    local parameters = CHOICES[choice]
    parameters.cluster_id = ngx.var.arg_cluster
    return #assert(client:list_sync_records(parameters)).sync_records
end

-- What each of several queries cost that follow one another.
local function alone(choice, queries)
    local each = {}
    for i = 1, queries do
        local began = cpu_seconds()
        ask(choice)
        each[i] = cpu_seconds() - began
    end
    return each
end

-- What one cost on average while others are under way.
local function at_once(choice, queries, lanes)
    local began, threads = cpu_seconds(), {}
    for lane = 1, lanes do
        threads[lane] = ngx.thread.spawn(function()
            for _ = 1, queries / lanes do
                ask(choice)
            end
        end)
    end
    for lane = 1, lanes do
        assert(ngx.thread.wait(threads[lane]))
    end
    return (cpu_seconds() - began) / queries
end

local M = {}

function M.run()
    client = client or assert(dwsync.new())
    runtime = runtime or runtimes.new()
    local choice, queries = ngx.var.uri:sub(2), tonumber(ngx.var.arg_queries)
    local records = ask(choice)
    ngx.print(cjson.encode { records = records, alone = alone(choice, queries), at_once = at_once(choice, queries, 8) })
end

-- ---- beside other requests -----------------------------------------------------------------------

local TICK_SECONDS = 0.001
local under_way

-- What the event loop works between two ticks, of which a request that comes then has to wait for the rest.
local function watch(_, state)
    while not state.ended do
        local before = cpu_seconds()
        ngx.sleep(TICK_SECONDS)
        state.longest = math.max(state.longest, cpu_seconds() - before)
    end
end

local function call(_, state, choice, asked)
    local parameters = { cluster_id = "cluster-01" }
    for name, value in pairs(CHOICES[choice]) do
        parameters[name] = value
    end
    while not state.ended do
        assert(asked:list_sync_records(parameters))
        state.queries = state.queries + 1
    end
end

--- Begins to ask and to watch.
function M.begin(choice, callers, url)
    local asked = assert(dwsync.new { region = "cn-north-4", endpoint = url, iam_endpoint = url,
        project_id = ("0"):rep(32), credentials = { ak = "bench", sk = ("s"):rep(40) } })
    under_way = { longest = 0, queries = 0 }
    for _ = 1, callers do
        assert(ngx.timer.at(0, call, under_way, choice, asked))
    end
    assert(ngx.timer.at(0.5, watch, under_way)) -- what is compiled first is not what a query costs
end

--- Ends it, and says how it was.
function M.finish()
    under_way.ended = true
    ngx.print(cjson.encode { longest = under_way.longest, queries = under_way.queries })
end

return M
