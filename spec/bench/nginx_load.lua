-- nginx_load.lua [SECONDS [PARTS]]: the table of spec/bench/nginx_load; PARTS is
-- "queries,latency,throughput,memory,idle" or less.
-- The service is a stand-in without TLS that answers each request after 100 ms with the same page of 1,000 records:
-- what it costs itself shall not show.
local core = require "dwsync.core"
local json = require "dwsync.json"
local nginx = require "spec.support.refreshing_nginx"
local processes = require "spec.support.processes"
local timestamps = require "dwsync.timestamps"
local uv = require "luv"

local CLUSTERS, RECORDS, DELAY = 20, 1000, 0.1
local CONNECTIONS = 8 -- of wrk
local CLIENTS, PAUSE = 4, 0.25 -- each client asks, reads, and waits so long
local INTERVAL = 60 -- seconds, the default
local IDLE_SECONDS = 10
local ROUNDS = 3
local THROUGHPUT_ROUNDS = 5
local MANY = 100000

local seconds = tonumber(arg[1] or 2)
local quoted = processes.quoted

-- ---- the service ---------------------------------------------------------------------------------

local function page_of_records()
    local now = math.floor(core.now()) * 1000
    local list = {}
    for i = 1, RECORDS do
        list[i] = ('{"id":"%08x-0000-4000-8000-000000000000",'
            .. '"identity_source_id":"79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e",'
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
        list[i] = { id = ("cluster-%02d"):format(i) }
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
local paths = { "/metrics", "/health", "/records?cluster=cluster-07&limit=50", "/status" }
local till, pause = core.now() + SECONDS, PAUSE
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
    print(("%-58s %10s %-5s %8s %10s"):format(what, value, unit, ratio and ("%.2f x"):format(ratio) or "",
        target or ""))
end

local function metric(server, name)
    return tonumber(("\n" .. server:get("/metrics").body):match("\n" .. name:gsub("%p", "%%%0") .. " ([^\n]+)"))
end

local function median(values)
    table.sort(values)
    return values[math.floor((#values + 1) / 2)]
end

-- /ping alone, then beside sweeps and other clients.
-- @return both, how many sweeps there were, how many answers the clients got
local function round_of(service, interval, length)
    local server = start_ours(service, CLUSTERS, 86400)
    wrk(server, "/ping", CONNECTIONS, 1)
    local idle = wrk(server, "/ping", CONNECTIONS, IDLE_SECONDS)
    server:stop()
    server = start_ours(service, CLUSTERS, interval)
    wrk(server, "/ping", CONNECTIONS, 1)
    local before = metric(server, 'dwsync_sweeps_total{outcome="complete"}')
    local clients = start_clients(server, length)
    local busy = wrk(server, "/ping", CONNECTIONS, length)
    local answered = clients:read "*n"
    clients:close()
    local sweeps = metric(server, 'dwsync_sweeps_total{outcome="complete"}') - before
    server:stop()
    return idle, busy, sweeps, answered
end

-- In turn, since other programs of this machine come and go.
local function latency(service, interval, length, rounds, targets)
    local figures, sweeps, answered = {}, 0, 0
    for round = 1, rounds do
        local idle, busy, more_sweeps, more_answers = round_of(service, interval, length)
        sweeps, answered = sweeps + more_sweeps, answered + more_answers
        for _, share in ipairs { "p50", "p99" } do
            for name, value in pairs { idle = idle[share], busy = busy[share], ratio = busy[share] / idle[share] } do
                figures[share .. name] = figures[share .. name] or {}
                figures[share .. name][round] = value
            end
        end
    end
    print(("/ping over %d connections, both processors busy with it; medians of %d rounds of %d s; meanwhile %d sweeps "
        .. "of %d clusters with %d records, one every %d s, and %d answers to %d other clients"):format(CONNECTIONS,
        rounds, length, sweeps, CLUSTERS, RECORDS, interval, answered, CLIENTS))
    for _, share in ipairs { "p50", "p99" } do
        line(share .. " idle", ("%.0f"):format(median(figures[share .. "idle"])), "us")
        line(share .. " while dwsync works", ("%.0f"):format(median(figures[share .. "busy"])), "us",
            median(figures[share .. "ratio"]), targets and targets[share] or "no target")
    end
end

local function throughput(service)
    local server = start_ours(service, 1, 86400)
    local paths, rates, ratios = { "/static", "/static_kept", "/metrics", "/health" }, {}, {}
    for round = 0, THROUGHPUT_ROUNDS do -- round 0 warms up
        local static
        for _, path in ipairs(paths) do
            local result = wrk(server, path, CONNECTIONS, seconds)
            assert(not result.failed, result.failed)
            static = static or result.rate
            rates[path], ratios[path] = rates[path] or {}, ratios[path] or {}
            if round > 0 then
                table.insert(rates[path], result.rate)
                table.insert(ratios[path], result.rate / static)
            end
        end
    end
    print(("requests a second over %d connections, one worker, one cluster, medians of %d rounds"):format(CONNECTIONS,
        THROUGHPUT_ROUNDS))
    for _, path in ipairs(paths) do
        line(("%s (%d bytes)"):format(path, #server:get(path).body), ("%.0f"):format(median(rates[path])), "/s",
            median(ratios[path]), ({ ["/metrics"] = ">= 0.80", ["/health"] = ">= 0.80" })[path])
    end
    server:stop()
end

-- ---- queries of one's own ------------------------------------------------------------------------

local CALLERS, QUERY_SECONDS = 4, 5

local QUERYING = [[
    init_by_lua_block { queries = require "spec.bench.nginx_queries" }
]]

local QUERY_LOCATIONS = [[
        location = /ping { content_by_lua_block { ngx.print("pong\n") } }
        location = /begin { content_by_lua_block { queries.begin(ngx.var.arg_choice, tonumber(ngx.var.arg_callers),
            "http://127.0.0.1:SERVICE") } }
        location = /end { content_by_lua_block { queries.finish() } }
]]

local function while_asking(server, choice, body)
    assert(server:get(("/begin?choice=%s&callers=%d"):format(choice, CALLERS)).status == 200)
    body()
    return json.decode(server:get("/end").body)
end

-- /ping beside callers of one's own: a client that asks again as soon as it has its answer.
local function queries(service)
    local server = nginx.start { http = QUERYING, level = "warn", main = "worker_cpu_affinity 01;",
        server = QUERY_LOCATIONS:gsub("SERVICE", service.port) }
    local rows = {
        { "failed", "where", "<= 0.37", "<= 1.0" },
        { "all", "1,000 tables", "<= 0.96", "<= 3.2" },
    }
    print(("/ping over one connection beside %d callers of the service, which answers after %.0f ms; medians of %d "
        .. "rounds"):format(CALLERS, DELAY * 1000, ROUNDS))
    for _, row in ipairs(rows) do
        local figures = { p50 = {}, idle = {}, p99 = {}, hold = {} }
        for round = 1, ROUNDS do
            local idle = wrk(server, "/ping", 1, QUERY_SECONDS)
            local busy
            while_asking(server, row[1], function() busy = wrk(server, "/ping", 1, QUERY_SECONDS) end)
            local holds = while_asking(server, row[1], function() core.sleep(QUERY_SECONDS) end)
            figures.p50[round], figures.idle[round] = busy.p50 / idle.p50, idle.p50
            figures.p99[round], figures.hold[round] = busy.p99 / 1000, holds.longest * 1000
            figures.count = holds.queries
        end
        line(("p50 while %d queries run, %s"):format(figures.count, row[2]), ("%.0f"):format(median(figures.idle)),
            "us", median(figures.p50), "<= 1.05")
        line("p99", ("%.2f"):format(median(figures.p99)), "ms", nil, row[3])
        line("longest CPU of the event loop between two ticks", ("%.2f"):format(median(figures.hold)), "ms", nil,
            row[4])
    end
    server:stop()
end

-- A sweep under way has its records in memory: the least of several looks is what stays.
local function least_memory(server)
    local least
    for _ = 1, 30 do
        local now = nginx.memory(server:workers()[1])
        least = math.min(least or now, now)
        core.sleep(0.1)
    end
    return least
end

local function memory(service)
    local server = start_ours(service, CLUSTERS, 1)
    local paths = { "/metrics", "/health", "/records?cluster=cluster-07&limit=50", "/status" }
    local function requests(least)
        local count = 0
        while count < least do
            for _, path in ipairs(paths) do
                count = count + wrk(server, path, CONNECTIONS, 1).count
            end
        end
        return count
    end
    local warm = requests(MANY)
    local before = least_memory(server)
    local count = requests(MANY)
    local after = least_memory(server)
    print(("memory of the worker, sweeping %d clusters every second"):format(CLUSTERS))
    line(("after %d requests"):format(warm), ("%d"):format(before), "KiB")
    line(("after %d more"):format(count), ("%d"):format(after), "KiB", after / before, "<= 1.05")
    server:stop()
end

-- ---- nothing to do ---------------------------------------------------------------------------------

local REST_SECONDS = 30

local function cpu_ms(server)
    local file = assert(io.open(("/proc/%d/schedstat"):format(server:workers()[1])))
    local nanoseconds = file:read "*n"
    file:close()
    return nanoseconds / 1e6
end

-- A worker with everything published and no sweep due, beside one that knows nothing of dwsync.
local function idle(service)
    local ours, plain = start_ours(service, CLUSTERS, 86400), nginx.start { server = "", level = "warn" }
    core.sleep(1)
    local before, plain_before = cpu_ms(ours), cpu_ms(plain)
    core.sleep(REST_SECONDS)
    local used, plain_used = cpu_ms(ours) - before, cpu_ms(plain) - plain_before
    print(("CPU of a worker in %d s in which nothing happens"):format(REST_SECONDS))
    line("without dwsync", ("%.1f"):format(plain_used), "ms")
    line(("with %d clusters and no sweep due"):format(CLUSTERS), ("%.1f"):format(used), "ms", nil, "<= 30")
    ours:stop()
    plain:stop()
end

local service = start_service()
print(timestamps.to_iso(core.now() * 1000))
local wanted = "," .. (arg[2] or "queries,latency,throughput,memory,idle") .. ","
local good, err = xpcall(function()
    if wanted:find(",queries,", 1, true) then
        queries(service)
    end
    if wanted:find(",latency,", 1, true) then
        latency(service, INTERVAL, INTERVAL, ROUNDS, { p50 = "<= 1.10", p99 = "<= 2.00" })
        latency(service, 1, IDLE_SECONDS, ROUNDS) -- without a pause, to see what a sweep costs
    end
    if wanted:find(",throughput,", 1, true) then
        throughput(service)
    end
    if wanted:find(",memory,", 1, true) then
        memory(service)
    end
    if wanted:find(",idle,", 1, true) then
        idle(service)
    end
end, debug.traceback)
service:stop()
assert(good, err)
