-- fleet.lua [ROUNDS]: the table of spec/bench/fleet. Runs inside `dwsync emulator --`.
local measure = require "measure"

local rounds = tonumber(arg[1] or 3)

local function median(values)
    table.sort(values)
    return values[math.ceil(#values / 2)]
end

print(("%-44s %11s %11s"):format("dwsync check --all-clusters, 1009 clusters", "CPU", "peak"))
local function row(of, interpreter, history, target)
    local seconds, peaks = {}, {}
    for round = 1, rounds do
        local report = measure.run(("LUA_CPATH='build/%s/?.so;;' DWSYNC_HISTORY=%s %s spec/bench/fleet_check.lua "
            .. "2>&1 > /dev/null | grep '^{'"):format(interpreter, measure.quote(history), interpreter))
        seconds[round], peaks[round] = report.cpu_seconds, report.peak_kb
    end
    print(("%-44s %9.2f s %7.0f MiB   %s"):format(of, median(seconds), median(peaks) / 1024, target))
end

local kept = os.getenv "HOME" .. "/kept.sqlite"
for _, program in ipairs { { "Lua 5.4", "lua5.4", "<= 2 s, 64 MiB" }, { "LuaJIT", "luajit", "64 MiB" } } do
    row(program[1], program[2], "", program[3])
    row(program[1] .. ", with a history", program[2], kept, "64 MiB")
end
