-- sweep_clusters.lua CLUSTERS AT_ONCE [known]: asks that many clusters for their records and reports CPU and wall time.
-- "known": the service has taken the key before, as at each sweep of a process but the first.
local core = require "dwsync.core"
local dwsync = require "dwsync"
local json = require "dwsync.json"
local measure = require "measure"

local count, at_once = tonumber(arg[1]), tonumber(arg[2])
local emulator = assert(json.decode(os.getenv "DWSYNC_EMULATOR"))
local started = core.now()
local client = assert(dwsync.new())
if arg[3] == "known" then
    assert(client:list_sync_records { cluster_id = emulator.clusters[1].id, limit = 1 })
    started = core.now()
end
local functions = {}
for _, cluster in ipairs(emulator.clusters) do
    if cluster.name:find "^bulk" and #functions < count then
        functions[#functions + 1] = function()
            return client:list_sync_records { cluster_id = cluster.id }
        end
    end
end
assert(#functions == count)
local pages, errors = dwsync.gather(functions, { concurrency = at_once })
for i = 1, count do
    assert(pages[i], errors[i])
end
measure.report({ requests = count }, started)
