-- nginx_handlers.lua [CLUSTERS [PUBLICATIONS]]: the table of spec/bench/nginx_handlers. The service is a stand-in
-- without TLS that answers each request with the same page.
local core = require "dwsync.core"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"

local clusters, publications = tonumber(arg[1] or 500), tonumber(arg[2] or 15)
local RECORDS = 168

local function page_of_records()
    local now, list = math.floor(core.now()) * 1000, {}
    for i = 1, RECORDS do
        list[i] = ('{"id":"%08x-0000-4000-8000-000000000000",'
            .. '"identity_source_id":"79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e",'
            .. '"identity_source_type":"ldap","start_time":%d,"end_time":%d,"add_count":%d,"update_count":%d,'
            .. '"delete_count":0,"failed_count":0,"status":"%s","fail_reason":null}'):format(i,
            now - i * 3600000, now - i * 3600000 + 21000, i % 4, i % 6, i % 9 == 0 and "FAILED" or "FINISHED")
    end
    return ('{"count":%d,"sync_records":[%s]}'):format(RECORDS, table.concat(list, ","))
end

local service = nginx.start { server = [[
    location / { content_by_lua_block {
        if not page then
            local file = io.open(ngx.config.prefix() .. "page.json")
            page = file:read "*a"
            file:close()
        end
        ngx.header["Content-Type"] = "application/json"
        ngx.print((tonumber(ngx.var.arg_offset) or 0) > 0 and '{"count":168,"sync_records":[]}' or page)
    } }
]] }
local file = assert(io.open(service.directory .. "/page.json", "w"))
file:write(page_of_records())
file:close()

local ids = {}
for i = 1, clusters do
    ids[i] = { id = ("%08d-1e87-4a8c-9282-b7807f504ace"):format(i), name = "dws-" .. i }
end

-- How long each handler holds the event loop at a time, wall clock: of a sweep in progress its share of the processor
-- is part. Where a handler lets the loop go on the time begins anew.
local TIMES = [[
    init_worker_by_lua_block {
        require("dwsync.nginx").start()
        local core, sleep, began = require "dwsync.core", ngx.sleep, nil
        function held(name)
            ngx.log(ngx.NOTICE, "held ", name, " ", (core.monotonic() - began) * 1e6, " us")
        end
        function begin()
            began = core.monotonic()
        end
        ngx.sleep = function(...)
            held(ngx.var.uri:sub(2))
            sleep(...)
            begin()
        end
    }
]]

local function location(name, call)
    return ([[
        location = /%s { content_by_lua_block { begin() %s held "%s" } }
]]):format(name, call, name)
end

local HANDLERS = {
    { "metrics", "metrics()" }, { "health", "health()" }, { "status", "status()" },
    { "part", "health()" }, { "records", "records()" },
    { "gate", 'gate { max_age = "6h", deny = false }' },
}

local locations = { [[
        location = /swept { content_by_lua_block { ngx.print(ngx.shared.dwsync:get "dwsync.3:state:due" or "") } }
]] }
for i, handler in ipairs(HANDLERS) do
    locations[i + 1] = location(handler[1], 'require("dwsync.nginx").' .. handler[2])
end

local server = nginx.start {
    dict = "256m", server = table.concat(locations),
    http = ([[init_by_lua_block { require("dwsync.nginx").setup %s }]]):format(nginx.code {
        clusters = ids, interval = 5, timeout = 60, jitter = 0, stale_after = 600,
        client = { endpoint = "http://127.0.0.1:" .. service.port, iam_endpoint = "http://127.0.0.1:" .. service.port,
            region = "cn-north-4", project_id = "0123456789abcdef0123456789abcdef",
            credentials = { ak = "bench", sk = ("s"):rep(40) } } }) .. TIMES,
}

local QUERIES = { part = "?max_age=6h", records = "?limit=50&cluster=" .. ids[1].id }

local function swept()
    return server:get("/swept").body
end

local last
for _ = 1, publications do
    patience.wait_until(function()
        local now = swept()
        local is_new = now ~= "" and now ~= last
        last = is_new and now or last
        return is_new
    end, "a publication")
    for _, handler in ipairs(HANDLERS) do
        server:get("/" .. handler[1] .. (QUERIES[handler[1]] or ""))
        server:get("/" .. handler[1] .. (QUERIES[handler[1]] or ""))
    end
end

local function percentile(list, share)
    table.sort(list)
    return list[math.max(1, math.ceil(share * #list))]
end

print(("%d clusters with %d records, %d publications; how long a handler holds the event loop"):format(clusters,
    RECORDS, publications))
print(("%-10s %12s %12s %12s"):format("", "median", "p90", "longest"))
local log = server:log()
for _, handler in ipairs(HANDLERS) do
    local list = {}
    for text in log:gmatch("held " .. handler[1] .. " ([%d.]+) us") do
        list[#list + 1] = tonumber(text) / 1000
    end
    print(("%-10s %9.2f ms %9.2f ms %9.2f ms"):format(handler[1], percentile(list, 0.5), percentile(list, 0.9),
        percentile(list, 1)))
end
print(("memory of the worker: %.0f MB"):format(nginx.memory(server:workers()[1]) / 1024))
server:stop()
service:stop()
