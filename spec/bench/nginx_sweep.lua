-- nginx_sweep.lua [CLUSTERS [SWEEPS [RECORDS [threads]]]]: the table of spec/bench/nginx_sweep.
local json = require "dwsync.json"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"
local services = require "spec.bench.nginx_service"

local clusters, sweeps = tonumber(arg[1] or 20), tonumber(arg[2] or 5)
local records, threads = tonumber(arg[3] or 1000), arg[4] == "threads"
local INTERVAL = 5

local ids = {}
for i = 1, clusters do
    ids[i] = { id = services.id(i), name = "dws-" .. i }
end

local service = services.start { records = records, gap = 1800, failing = 9 }
local server = nginx.start {
    dict = "512m", level = "warn", env = services.watched(),
    server = nginx.LOCATIONS .. [[
        location = /holds { content_by_lua_block { holds.print() } }
        location = /swept { content_by_lua_block { ngx.print(ngx.shared.dwsync:get "dwsync.3:state:due" or "") } }
]],
    http = ([[
    init_by_lua_block {
        holds = require "spec.bench.nginx_holds"
        %s
        require("dwsync.nginx").setup %s
    }
    init_worker_by_lua_block {
        holds.watch()
        require("dwsync.nginx").start()
    }
]]):format(threads and "" or "ngx.run_worker_thread = nil", nginx.code { clusters = ids, interval = INTERVAL,
        timeout = 600, jitter = 0, stale_after = 600, client = services.client(service) }),
}

local last = ""
local function next_sweep()
    patience.wait_until(function()
        local now = server:get("/swept").body
        local is_new = now ~= "" and now ~= last
        last = is_new and now or last
        return is_new
    end, "a sweep")
end

next_sweep()
server:get "/holds" -- what is compiled first is not what a sweep costs
for _ = 1, sweeps do
    next_sweep()
end
local report = json.decode(server:get("/holds").body)
print(("%d clusters with %d records, %d sweeps %s; CPU of cycles of the event loop"):format(clusters, records, sweeps,
    threads and "in a thread" or "without threads"))
print(("longest %.2f ms; above 2 ms %d, above 1 ms %d, above 0.5 ms %d of %d; CPU of a sweep %.0f ms"):format(
    report.longest * 1000, report.above_2, report.above_1, report.above_half, report.cycles,
    report.total * 1000 / sweeps))
for i = 1, math.min(#report.places, 12) do
    local place = report.places[i]
    print(("%6.2f ms  %4d times above 1 ms  %s"):format(place.longest * 1000, place.count, place.name))
    print("             " .. (place.steps or ""))
end
print(("memory of the worker: %.0f MB"):format(nginx.memory(server:workers()[1]) / 1024))
print(server:complaints())
server:stop()
service:stop()
