-- fleet.lua [ROUNDS]: the table of spec/bench/fleet. Runs inside `dwsync emulator --`.
local measure = require "measure"

local rounds = tonumber(arg[1] or 3)

local function median(values)
    table.sort(values)
    return values[math.ceil(#values / 2)]
end

print(("%-44s %11s %11s"):format("dwsync check --all-clusters, 1009 clusters", "CPU", "peak"))
for _, program in ipairs { { "lua5.4", "Lua 5.4", "<= 2 s, 64 MiB" }, { "luajit", "LuaJIT", "" } } do
    local seconds, peaks = {}, {}
    for round = 1, rounds do
        local report = measure.run(("LUA_CPATH='build/%s/?.so;;' %s spec/bench/fleet_check.lua"):format(program[1],
            program[1]))
        seconds[round], peaks[round] = report.cpu_seconds, report.peak_kb
    end
    print(("%-44s %9.2f s %7.0f MiB   %s"):format(program[2], median(seconds), median(peaks) / 1024, program[3]))
end
