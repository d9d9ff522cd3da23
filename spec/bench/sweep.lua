-- sweep.lua [ROUNDS]: the table of spec/bench/sweep. Runs inside `dwsync emulator --`.
local core = require "dwsync.core"
local json = require "dwsync.json"
local measure = require "measure"
local timestamps = require "dwsync.timestamps"

local REQUESTS, AT_ONCE, DELAY = 200, 32, 0.1

local emulator = assert(json.decode(os.getenv "DWSYNC_EMULATOR"))
local rounds = tonumber(arg[1] or 5)

local function order_delay()
    local pool = core.pool { ca_file = emulator.ca_file }
    assert(pool:submit(1, {
        method = "POST",
        url = emulator.endpoint .. "/_emulator/faults",
        headers = { ["Content-Type"] = "application/json" },
        body = ('{"match":{"path":"sync-records"},"times":null,"action":{"delay":%g}}'):format(DELAY),
    }))
    local _, response, err = pool:next()
    assert(response and response.status < 300, err and err.message or response and response.body)
    pool:close()
end

local function plain()
    local url = ("%s/v1/%s/clusters/%s/db-manager/sync-records"):format(emulator.endpoint, emulator.project_id,
        emulator.clusters[1].id)
    local signed = assert(core.sign({ url = url, headers = { ["X-Project-Id"] = emulator.project_id } },
        { ak = emulator.ak, sk = emulator.sk }, timestamps.to_sdk_date(core.now())))
    signed["X-Project-Id"] = emulator.project_id
    local words = { "build/spec/bench/plain_sweep", measure.quote(url), emulator.ca_file, REQUESTS, AT_ONCE }
    for name, value in pairs(signed) do
        words[#words + 1] = measure.quote(name .. ": " .. value)
    end
    return table.concat(words, " ")
end

local function ours(lua, key)
    return ("LUA_CPATH='build/%s/?.so;;' %s spec/bench/sweep_clusters.lua %d %d %s"):format(lua, lua, REQUESTS, AT_ONCE,
        key)
end

order_delay()
-- A key that the service has not taken yet is tried by one request alone, so that a wrong one is refused once: a round
-- more, of eight instead of seven.
local PROGRAMS = {
    { lua = "lua5.4", key = "known", target = "<= 1.05" },
    { lua = "luajit", key = "known", target = "<= 1.05" },
    { lua = "lua5.4", key = "new", target = "<= 1.2" },
    { lua = "luajit", key = "new", target = "<= 1.2" },
}
local commands = { plain() }
for i, program in ipairs(PROGRAMS) do
    commands[i + 1] = ours(program.lua, program.key)
end
local result = measure.compare(commands, "wall_seconds", rounds)
local ideal = math.ceil(REQUESTS / AT_ONCE) * DELAY
print(("%d clusters, %d at once, %g s each; nothing can be faster than %.2f s"):format(REQUESTS, AT_ONCE, DELAY, ideal))
print(("%-44s %11s %8s %10s"):format("medians of " .. rounds .. " rounds", "wall", "ratio", "target"))
measure.print("plain libcurl-multi", result[1].value)
for i, program in ipairs(PROGRAMS) do
    measure.print(("dwsync.gather, %s, the key %s"):format(program.lua, program.key), result[i + 1].value,
        result[i + 1].ratio, program.target)
end
