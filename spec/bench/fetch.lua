-- fetch.lua [ROUNDS]: the table of spec/bench/fetch. Runs inside `dwsync emulator --`.
local core = require "dwsync.core"
local json = require "dwsync.json"
local measure = require "measure"
local timestamps = require "dwsync.timestamps"

local emulator = assert(json.decode(os.getenv "DWSYNC_EMULATOR"))
local rounds = tonumber(arg[1] or 5)

local cluster
for _, item in ipairs(emulator.clusters) do
    cluster = item.story == "large" and item.id or cluster
end

-- The plain program asks for the same page again and again, so that one signature serves.
local function plain(pages, limit)
    local url = ("%s/v1/%s/clusters/%s/db-manager/sync-records?limit=%d&offset=0"):format(emulator.endpoint,
        emulator.project_id, cluster, limit)
    local headers = { ["X-Project-Id"] = emulator.project_id }
    local signed = assert(core.sign({ url = url, headers = headers }, { ak = emulator.ak, sk = emulator.sk },
        timestamps.to_sdk_date(core.now())))
    signed["X-Project-Id"] = emulator.project_id
    local words = { "build/spec/bench/plain_fetch", measure.quote(url), emulator.ca_file, pages }
    for name, value in pairs(signed) do
        words[#words + 1] = measure.quote(name .. ": " .. value)
    end
    return table.concat(words, " ")
end

local function ours(lua, pages, limit)
    return ("LUA_CPATH='build/%s/?.so;;' %s spec/bench/fetch_pages.lua %s %d %d"):format(lua, lua, cluster, pages,
        limit)
end

print(("%-44s %11s %8s %10s"):format("medians of " .. rounds .. " rounds", "CPU", "ratio", "target"))
for _, case in ipairs { { 300, 1000, "<= 12" }, { 3000, 10, "<= 2" } } do
    local pages, limit, target = case[1], case[2], case[3]
    local result = measure.compare({ plain(pages, limit), ours("lua5.4", pages, limit), ours("luajit", pages, limit) },
        "cpu_seconds", rounds)
    local what = ("%d pages of %d: "):format(pages, limit)
    measure.print(what .. "plain libcurl", result[1].value)
    measure.print(what .. "dwsync, Lua 5.4", result[2].value, result[2].ratio, target)
    measure.print(what .. "dwsync, LuaJIT", result[3].value, result[3].ratio)
end

print ""
print(("%-44s %13s %15s"):format("resident memory, pages of 1000", "page 10", "page 1000"))
for _, lua in ipairs { "lua5.4", "luajit" } do
    local report = measure.run(ours(lua, 1000, 1000))
    print(("%-44s %10d kB %12d kB"):format("dwsync, " .. lua, report.resident_kb_early, report.resident_kb))
end
