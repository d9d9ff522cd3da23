-- nginx.lua [QUERIES]: the table of spec/bench/nginx. Runs inside `dwsync emulator --`.
local json = require "dwsync.json"
local nginx = require "spec.support.nginx"

local emulator = assert(json.decode(os.getenv "DWSYNC_EMULATOR"))
local queries = tonumber(arg[1] or 800)
local WARMING = 80

local cluster
for _, item in ipairs(emulator.clusters) do
    cluster = item.story == "large" and item.id or cluster
end

local VARIABLES = { "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_PROJECT_ID",
    "HUAWEICLOUD_SDK_IAM_ENDPOINT", "HUAWEICLOUD_SDK_REGION_DWS_" .. emulator.region:upper():gsub("-", "_"),
    "DWSYNC_REGION", "DWSYNC_CA_FILE" }

local lines, values = { "thread_pool dwsync threads=8;" }, {}
for i, name in ipairs(VARIABLES) do
    lines[i + 1] = ("env %s;"):format(name)
    values[i] = name .. "=" .. assert(os.getenv(name), name)
end

local web = nginx.start {
    main = table.concat(lines, "\n"),
    variables = values,
    http = [[
    server {
        listen 127.0.0.1:PORT;
        location / { content_by_lua_block { require("spec.bench.nginx_queries").run() } }
    }]],
}

local function ask(choice, times)
    local text = web:get(("/%s?cluster=%s&queries=%d"):format(choice, cluster, times))
    return assert(json.decode(text), text)
end

local LINE = "%-40s %7s %9s %9s %11s %11s"
print(("CPU of the event loop for a query; medians of %d queries, and the average with 8 under way"):format(queries))
print(LINE:format("", "records", "alone", "p10", "8 at once", "target"))
for _, row in ipairs {
    { "all", "1,000 records as tables", "<= 1.0 ms" },
    { "failed", '1,000 records, where status is "FAILED"', "<= 0.6 ms" },
    { "fields", "1,000 records, two fields" },
    { "one", "1 record" },
    { "nothing", "refused before anything is sent" },
} do
    ask(row[1], WARMING)
    local report = ask(row[1], queries)
    table.sort(report.alone)
    local shown = {}
    for i, seconds in ipairs { report.alone[math.ceil(queries / 2)], report.alone[math.ceil(queries / 10)],
        report.at_once } do
        shown[i] = ("%.3f ms"):format(seconds * 1000)
    end
    print(LINE:format(row[2], report.records, shown[1], shown[2], shown[3], row[3] or ""))
end
web:stop()
