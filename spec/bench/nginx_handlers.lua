-- nginx_handlers.lua [CLUSTERS [PUBLICATIONS]]: the table of spec/bench/nginx_handlers. The service is a stand-in
-- without TLS that answers each request with the same page.
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"
local services = require "spec.bench.nginx_service"

local clusters, publications = tonumber(arg[1] or 500), tonumber(arg[2] or 15)
local RECORDS = 168

local service = services.start { records = RECORDS, gap = 3600, failing = 9 }

local ids = {}
for i = 1, clusters do
    ids[i] = { id = services.id(i), name = "dws-" .. i }
end

-- How long each handler holds the event loop at a time, as CPU of its thread; while it lets the loop go on nothing
-- counts.
local TIMES = [[
    init_worker_by_lua_block {
        require("dwsync.nginx").start()
        local cpu, sleep, began = require("spec.bench.nginx_holds").cpu, ngx.sleep, nil
        function held(name)
            ngx.log(ngx.NOTICE, "held ", name, " ", (cpu() - began) * 1e6, " us")
        end
        function begin()
            began = cpu()
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
    { "part", "health()" }, { "source", "health()" }, { "records", "records()" },
    { "gate", 'gate { max_age = "6h", deny = false }' },
}

local locations = { [[
        location = /swept { content_by_lua_block { ngx.print(ngx.shared.dwsync:get "dwsync.3:state:due" or "") } }
]] }
for i, handler in ipairs(HANDLERS) do
    locations[i + 1] = location(handler[1], 'require("dwsync.nginx").' .. handler[2])
end

local server = nginx.start {
    dict = "256m", env = services.watched(), server = table.concat(locations),
    http = ([[init_by_lua_block { require("dwsync.nginx").setup %s }]]):format(nginx.code {
        clusters = ids, interval = 5, timeout = 60, jitter = 0, stale_after = 600,
        client = services.client(service) }) .. TIMES,
}

local QUERIES = { part = "?max_age=6h", source = "?source=ldap", records = "?limit=50&cluster=" .. ids[1].id }

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
