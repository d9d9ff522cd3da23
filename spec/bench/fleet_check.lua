-- fleet_check.lua: runs `dwsync check --all-clusters` and reports CPU and peak memory of this process.
local cli = require "dwsync.cli"
local json = require "dwsync.json"
local measure = require "measure"

local written = {}
local stdout = { write = function(self, text)
    written[#written + 1] = text
    return self
end, flush = function() return true end, setvbuf = function() return true end }
assert(cli.main({ "check", "--all-clusters" }, { stdout = stdout }) == 2)
assert(table.concat(written):find "^CRITICAL %- 1009 clusters")
print(json.encode { cpu_seconds = os.clock(), peak_kb = measure.peak_kb() })
