-- nginx_load.lua [SECONDS]: the table of spec/bench/nginx_load.
-- The service is a stand-in without TLS that answers each request after 100 ms with the same page of 1,000 records: what
-- it costs itself shall not show.
local core = require "dwsync.core"
local nginx = require "spec.support.refreshing_nginx"
local processes = require "spec.support.processes"
local timestamps = require "dwsync.timestamps"
local uv = require "luv"

local CLUSTERS, RECORDS, DELAY = 20, 1000, 0.1
local CLIENTS, PAUSE = 4, 0.05 -- each client asks, reads, and waits so long
local SWEEP_EVERY = 2 -- seconds
local ROUNDS = 5
local MANY = 100000

local seconds = tonumber(arg[1] or 3)
local quoted = processes.quoted

-- ---- the service ---------------------------------------------------------------------------------

local function page_of_records()
    local now = math.floor(core.now()) * 1000
    local list = {}
    for i = 1, RECORDS do
        list[i] = ('{"id":"%08x-0000-4000-8000-000000000000","identity_source_id":"79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e",'
            .. '"identity_source_type":"ldap","start_time":%d,"end_time":%d,"add_count":%d,"update_count":%d,'
            .. '"delete_count":0,"failed_count":0,"status":"FINISHED","fail_reason":null}'):format(i,
            now - i * 1800000, now - i * 1800000 + 21000, i % 4, i % 6)
    end
    return ('{"count":%d,"sync_records":[%s]}'):format(RECORDS, table.concat(list, ","))
end

local function put(server, name, text)
    local file = assert(io.open(server.directory .. "/" .. name, "w"))
    file:write(text)
    file:close()
end

local function start_service()
    local server = nginx.start {
        server = ([[
        location / {
            content_by_lua_block {
                if not page then
                    local file = io.open(ngx.config.prefix() .. "page.json")
                    page = file:read "*a"
                    file:close()
                end
                ngx.sleep(%g)
                ngx.header["Content-Type"] = "application/json"
                ngx.print((tonumber(ngx.var.arg_offset) or 0) > 0 and '{"count":1000,"sync_records":[]}' or page)
            }
        }
]]):format(DELAY),
    }
    put(server, "page.json", page_of_records())
    return server
end

-- ---- ours ----------------------------------------------------------------------------------------

local LOCATIONS = nginx.LOCATIONS .. [[
        location = /static {
            content_by_lua_block {
                local file = io.open(ngx.config.prefix() .. "static.txt")
                local text = file:read "*a"
                file:close()
                ngx.header["Content-Type"] = "text/plain"
                ngx.print(text)
            }
        }
        location = /static_kept {
            content_by_lua_block { ngx.header["Content-Type"] = "text/plain" ngx.print(static_text) }
        }
]]

local function cluster_ids(count)
    local list = {}
    for i = 1, count do
        list[i] = ("cluster-%02d"):format(i)
    end
    return list
end

local function start_ours(service, clusters, interval)
    local http = nginx.refreshing {
        clusters = cluster_ids(clusters), interval = interval, jitter = 0, stale_after = 600,
        client = { endpoint = "http://127.0.0.1:" .. service.port, iam_endpoint = "http://127.0.0.1:" .. service.port,
            region = "cn-north-4", project_id = "0123456789abcdef0123456789abcdef",
            credentials = { ak = "bench", sk = ("s"):rep(40) } },
    }
    local server = nginx.start {
        dict = "64m", server = LOCATIONS, level = "warn",
        http = http:gsub("init_by_lua_block {", 'init_by_lua_block { static_text = ("x"):rep(2048)', 1),
    }
    put(server, "static.txt", ("x"):rep(2048))
    server:get_until("/health", 200)
    return server
end

-- ---- wrk -----------------------------------------------------------------------------------------

local UNITS = { us = 1, ms = 1000, s = 1e6 }

local function microseconds(text, share)
    local number, unit = text:match(share .. "%%%s+([%d.]+)(%a+)")
    return assert(tonumber(number), text) * UNITS[unit]
end

local function wrk(server, path, connections, length)
    local text = processes.run(("wrk -t1 -c%d -d%ds --latency %s"):format(connections, length,
        quoted(("http://127.0.0.1:%d%s"):format(server.port, path))))
    return {
        p50 = microseconds(text, "50"),
        p99 = microseconds(text, "99"),
        rate = tonumber(text:match "Requests/sec:%s+([%d.]+)"),
        count = tonumber(text:match "(%d+) requests in"),
        failed = text:match "Non%-2xx[^\n]*" or text:match "Socket errors[^\n]*",
    }
end

-- Four clients in a process of their own: wrk blocks this one.
local CLIENT = [[
local core = require "dwsync.core"
local paths, till, pause = { "/metrics", "/health", "/records?cluster=cluster-07&limit=50", "/status" }, core.now() + SECONDS, PAUSE
local pool, count = core.pool { concurrency = 4 }, 0
local due = { 0, 0, 0, 0 }
while core.now() < till do
    for i = 1, 4 do
        if due[i] and core.now() >= due[i] then
            due[i] = nil
            pool:submit(i, { url = "http://127.0.0.1:PORT" .. paths[i] })
        end
    end
    local tag, response = pool:next(0.005)
    if tag then
        count = count + (response and response.status == 200 and 1 or 0)
        due[tag] = core.now() + pause
    elseif pool:pending() == 0 then
        core.sleep(0.005)
    end
end
print(count)
]]

local function start_clients(server, length)
    local code = CLIENT:gsub("SECONDS", length):gsub("PAUSE", PAUSE):gsub("PORT", server.port)
    return assert(io.popen(("%s -e %s"):format(quoted(uv.exepath()), quoted(code))))
end

-- ---- what is measured ----------------------------------------------------------------------------

local function line(what, value, unit, ratio, target)
    print(("%-58s %10s %-5s %8s %10s"):format(what, value, unit, ratio and ("%.2f x"):format(ratio) or "", target or ""))
end

local function metric(server, name)
    return tonumber(("\n" .. server:get("/metrics").body):match("\n" .. name:gsub("%p", "%%%0") .. " ([^\n]+)"))
end

local function median(values)
    table.sort(values)
    return values[math.floor((#values + 1) / 2)]
end

-- /ping alone, then beside everything else; in turn, since other programs of this machine come and go.
local function latency(service)
    local figures = { p50_idle = {}, p99_idle = {}, p50_busy = {}, p99_busy = {}, p50 = {}, p99 = {} }
    local sweeps, answered, took = 0, 0, 0
    for round = 1, ROUNDS do
        local server = start_ours(service, CLUSTERS, 86400)
        wrk(server, "/ping", 1, 1)
        local idle = wrk(server, "/ping", 1, seconds)
        server:stop()
        server = start_ours(service, CLUSTERS, SWEEP_EVERY)
        wrk(server, "/ping", 1, 1)
        local before = metric(server, 'dwsync_sweeps_total{outcome="complete"}')
        local clients = start_clients(server, seconds)
        local busy = wrk(server, "/ping", 1, seconds)
        answered = answered + clients:read "*n"
        clients:close()
        sweeps = sweeps + metric(server, 'dwsync_sweeps_total{outcome="complete"}') - before
        took = metric(server, "dwsync_refresh_duration_seconds")
        server:stop()
        for name, value in pairs { p50_idle = idle.p50, p99_idle = idle.p99, p50_busy = busy.p50, p99_busy = busy.p99,
            p50 = busy.p50 / idle.p50, p99 = busy.p99 / idle.p99 } do
            figures[name][round] = value
        end
    end
    print(("/ping, one request after another, medians of %d rounds; meanwhile %d sweeps of %d clusters with %d records "
        .. "(%.2f s each) and %d answers to %d other clients in %d s"):format(ROUNDS, sweeps, CLUSTERS, RECORDS, took,
        answered, CLIENTS, ROUNDS * seconds))
    for _, share in ipairs { "p50", "p99" } do
        line(share .. " idle", ("%.0f"):format(median(figures[share .. "_idle"])), "us")
        line(share .. " while dwsync works", ("%.0f"):format(median(figures[share .. "_busy"])), "us",
            median(figures[share]), share == "p50" and "<= 1.10" or "<= 2.00")
    end
end

local function throughput(service)
    local server = start_ours(service, 1, 86400)
    print("requests a second, 8 connections, one worker, one cluster")
    for _, path in ipairs { "/static", "/static_kept", "/metrics", "/health" } do
        wrk(server, path, 8, 1)
    end
    local static = wrk(server, "/static", 8, seconds)
    line("a file of 2 kB, opened, read and printed", ("%.0f"):format(static.rate), "/s")
    for _, path in ipairs { "/static_kept", "/metrics", "/health" } do
        local result = wrk(server, path, 8, seconds)
        assert(not result.failed, result.failed)
        line(("%s (%d bytes)"):format(path, #server:get(path).body), ("%.0f"):format(result.rate), "/s",
            result.rate / static.rate, path ~= "/static_kept" and ">= 0.80" or "")
    end
    server:stop()
end

local function memory(service)
    local server = start_ours(service, CLUSTERS, 2)
    local paths = { "/metrics", "/health", "/records?cluster=cluster-07&limit=50", "/status" }
    local function round(requests)
        local count = 0
        while count < requests do
            for _, path in ipairs(paths) do
                count = count + wrk(server, path, 8, 1).count
            end
        end
        return count
    end
    local warm = round(20000)
    local worker = server:workers()[1]
    local before = nginx.memory(worker)
    local count = round(MANY)
    local after = nginx.memory(worker)
    print(("memory of the worker, sweeping %d clusters every 2 s"):format(CLUSTERS))
    line(("after %d requests"):format(warm), ("%d"):format(before), "KiB")
    line(("after %d more"):format(count), ("%d"):format(after), "KiB", after / before, "<= 1.05")
    server:stop()
end

local service = start_service()
print(timestamps.to_iso(core.now() * 1000))
local good, err = xpcall(function()
    latency(service)
    throughput(service)
    memory(service)
end, debug.traceback)
service:stop()
assert(good, err)
