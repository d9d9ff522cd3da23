--- What the benchmarks share: running a program several times beside its peer, medians, the printed line.
-- It must not time anything itself: each program reports its own CPU and wall seconds as one line of JSON.
local core = require "dwsync.core"
local lazy = require "dwsync.lazy"
local json = lazy "dwsync.json" -- not in a program whose first result is timed

local M = {}

--- Runs a program and returns what it reported, and `process_seconds`: the wall time of the whole process.
-- @tparam string command for the shell @treturn table
function M.run(command)
    local started = core.now()
    local pipe = assert(io.popen(command))
    local line = pipe:read "*l"
    local good = pipe:close()
    local report = assert(good and line and json.decode(line), "benchmark program failed: " .. command)
    report.process_seconds = core.now() - started
    return report
end

function M.quote(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function median(values)
    table.sort(values)
    local middle = math.floor((#values + 1) / 2)
    return #values % 2 == 1 and values[middle] or (values[middle] + values[middle + 1]) / 2
end

--- Runs programs in turn and returns, for each, the medians of its figures and of its ratio to the first one.
-- @tparam {string,...} commands the first is the floor @tparam string figure "cpu_seconds" or "wall_seconds"
-- @tparam integer rounds
-- @treturn {table,...} {value =, ratio =, last = the last report}
function M.compare(commands, figure, rounds)
    local values, ratios, last = {}, {}, {}
    for round = 0, rounds do -- round 0 warms up
        local floor
        for i, command in ipairs(commands) do
            local report = M.run(command)
            floor = floor or report[figure]
            values[i], ratios[i] = values[i] or {}, ratios[i] or {}
            if round > 0 then
                table.insert(values[i], report[figure])
                table.insert(ratios[i], report[figure] / floor)
            end
            last[i] = report
        end
    end
    local result = {}
    for i in ipairs(commands) do
        result[i] = { value = median(values[i]), ratio = median(ratios[i]), last = last[i] }
    end
    return result
end

--- Prints one line of the result table.
function M.print(what, value, ratio, target)
    print(("%-44s %9.3f s %8s %10s"):format(what, value, ratio and ("%.2f x"):format(ratio) or "", target or ""))
end

--- What a program under measurement prints at its end.
-- @tparam table fields numbers by name @tparam number started wall seconds
function M.report(fields, started)
    fields.cpu_seconds = os.clock()
    fields.wall_seconds = core.now() - started
    local parts = {}
    for name, value in pairs(fields) do
        parts[#parts + 1] = ("%q:%.17g"):format(name, value)
    end
    print("{" .. table.concat(parts, ",") .. "}")
end

--- Resident memory of this process in kB.
function M.resident_kb()
    return tonumber(io.open("/proc/self/status"):read("*a"):match "VmRSS:%s*(%d+)")
end

--- The most that was resident, in kB.
function M.peak_kb()
    return tonumber(io.open("/proc/self/status"):read("*a"):match "VmHWM:%s*(%d+)")
end

return M
