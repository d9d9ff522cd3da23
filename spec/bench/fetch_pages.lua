-- fetch_pages.lua CLUSTER_ID PAGES LIMIT: fetches one page PAGES times and reports CPU and memory.
local core = require "dwsync.core"
local dwsync = require "dwsync"
local measure = require "measure"

local cluster_id, pages, limit = arg[1], tonumber(arg[2]), tonumber(arg[3])
local started = core.now()
local client = assert(dwsync.new())
local records, early = 0, nil
for page = 1, pages do
    local answer = assert(client:list_sync_records { cluster_id = cluster_id, offset = 0, limit = limit })
    records = records + #answer.sync_records
    if page == 10 then
        early = measure.resident_kb()
    end
end
assert(records == pages * limit)
measure.report({ records = records, resident_kb_early = early, resident_kb = measure.resident_kb() }, started)
