-- fleet_check.lua: runs the program as `dwsync check --all-clusters` and reports CPU and peak memory of this process on
-- stderr, among the program's own notes.
local json = require "dwsync.json"
local measure = require "measure"

local exit = os.exit
os.exit = function(status) -- luacheck: ignore
    assert(status == 2, "one of the clusters is critical")
    io.stderr:write(json.encode { cpu_seconds = os.clock(), peak_kb = measure.peak_kb() }, "\n")
    exit(0)
end
arg = { [0] = "lua/bin/dwsync", "check", "--all-clusters" } -- luacheck: ignore
dofile(arg[0])
