-- fetch.lua [ROUNDS]: the table of spec/bench/fetch. Runs inside `dwsync emulator --`.
local core = require "dwsync.core"
local json = require "dwsync.json"
local measure = require "measure"
local timestamps = require "dwsync.timestamps"

local emulator = assert(json.decode(os.getenv "DWSYNC_EMULATOR"))
local rounds = tonumber(arg[1] or 5)

-- Whether pages have a blank behind each colon and comma, as many servers print them.
local function space_pages(wanted)
    local pool = core.pool { ca_file = emulator.ca_file }
    assert(pool:submit(1, {
        method = "POST",
        url = emulator.endpoint .. "/_emulator/settings",
        headers = { ["Content-Type"] = "application/json" },
        body = json.encode { spaced = wanted },
    }))
    local _, response, err = pool:next()
    assert(response and response.status < 300, err and err.message or response and response.body)
    pool:close()
end

local cluster
for _, item in ipairs(emulator.clusters) do
    cluster = item.story == "large" and item.id or cluster
end

-- The plain programs ask for the same page again and again, so that one signature serves.
local function plain(program, pages, limit)
    local url = ("%s/v1/%s/clusters/%s/db-manager/sync-records?limit=%d&offset=0"):format(emulator.endpoint,
        emulator.project_id, cluster, limit)
    local headers = { ["X-Project-Id"] = emulator.project_id }
    local signed = assert(core.sign({ url = url, headers = headers }, { ak = emulator.ak, sk = emulator.sk },
        timestamps.to_sdk_date(core.now())))
    signed["X-Project-Id"] = emulator.project_id
    local words = { "build/spec/bench/" .. program, measure.quote(url), emulator.ca_file, pages }
    for name, value in pairs(signed) do
        words[#words + 1] = measure.quote(name .. ": " .. value)
    end
    return table.concat(words, " ")
end

local function ours(lua, pages, limit, choice)
    return ("LUA_CPATH='build/%s/?.so;;' %s spec/bench/fetch_pages.lua %s %d %d %s"):format(lua, lua, cluster, pages,
        limit, choice or "all")
end

-- Prints the floor and each program's ratio to it.
local function compare(what, floor_program, pages, limit, figure, programs)
    local commands = { plain(floor_program, pages, limit) }
    for i, program in ipairs(programs) do
        commands[i + 1] = ours(program.lua, pages, limit, program.choice)
    end
    local result = measure.compare(commands, figure, rounds)
    measure.print(what .. ": " .. floor_program, result[1].value)
    for i, program in ipairs(programs) do
        measure.print(("  dwsync, %s%s"):format(program.lua, program.choice and ", " .. program.choice or ""),
            result[i + 1].value, result[i + 1].ratio, program.target)
    end
end

print(("%-44s %11s %8s %10s"):format("CPU, medians of " .. rounds .. " rounds", "", "ratio", "target"))
compare("300 pages of 1000", "plain_fetch", 300, 1000, "cpu_seconds", {
    { lua = "lua5.4" }, { lua = "luajit" },
})
compare("300 pages of 1000", "plain_decode", 300, 1000, "cpu_seconds", {
    { lua = "lua5.4", target = "<= 2.5" },
    { lua = "luajit", target = "<= 2.0" },
    { lua = "lua5.4", choice = "two fields", target = "<= 1.5" },
    { lua = "lua5.4", choice = "failed only", target = "<= 1.15" },
})
space_pages(true)
compare("300 pages of 1000 with blanks", "plain_decode", 300, 1000, "cpu_seconds", {
    { lua = "lua5.4", target = "<= 2.5" },
    { lua = "luajit", target = "<= 1.9" },
    { lua = "lua5.4", choice = "two fields", target = "<= 1.45" },
    { lua = "lua5.4", choice = "failed only", target = "<= 1.2" },
})
compare("3000 pages of 10 with blanks", "plain_decode", 3000, 10, "cpu_seconds", {
    { lua = "lua5.4", target = "<= 1.5" }, { lua = "luajit", target = "<= 1.5" },
})
space_pages(false)
compare("3000 pages of 10", "plain_fetch", 3000, 10, "cpu_seconds", {
    { lua = "lua5.4", target = "<= 1.25" }, { lua = "luajit", target = "<= 1.25" },
})
print ""
print(("%-44s"):format("wall time of a whole process"))
compare("first page of 10", "plain_fetch", 1, 10, "process_seconds", {
    { lua = "lua5.4", target = "<= 1.4" }, { lua = "luajit", target = "<= 1.4" },
})

print ""
print(("%-44s %13s %13s %10s"):format("resident memory, pages of 1000", "page 10", "page 1000", "target"))
for _, lua in ipairs { "lua5.4", "luajit" } do
    local report = measure.run(ours(lua, 1000, 1000))
    print(("%-44s %10d kB %10d kB %10s"):format("dwsync, " .. lua, report.resident_kb_early, report.resident_kb,
        "<= 14336"))
end
local floor = measure.run(plain("plain_fetch", 300, 1000))
print(("%-44s %13s %10d kB"):format("plain_fetch, peak", "", floor.peak_rss_kb))
