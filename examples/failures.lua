-- failures.lua CLUSTER: the last failed runs of a cluster and why they failed.
-- Keys, region and endpoint come from the environment, as for the command.
local dwsync = require "dwsync"

local client = assert(dwsync.new { timeout = 30 })
local list, err = client:all_sync_records { cluster = assert(arg[1], "usage: failures.lua CLUSTER") }
if not list then
    io.stderr:write(tostring(err), "\n")
    os.exit(1)
end

local failed = 0
for _, record in ipairs(list) do
    if record.status == "FAILED" then
        failed = failed + 1
        if failed <= 3 then
            print(os.date("!%Y-%m-%d %H:%M UTC", math.floor(record.start_time / 1000)), record.fail_reason)
        end
    end
end
print(("%d of %d runs failed"):format(failed, list.count))
