-- fetch_pages.lua CLUSTER_ID PAGES LIMIT CHOICE: fetches one page PAGES times and reports CPU and memory.
-- CHOICE: all; two fields; failed only.
local core = require "dwsync.core"
local dwsync = require "dwsync"
local measure = require "measure"

local cluster_id, pages, limit = arg[1], tonumber(arg[2]), tonumber(arg[3])
local choice = table.concat(arg, " ", 4)
local started = core.now()
local client = assert(dwsync.new())
local records, early = 0, nil
for page = 1, pages do
    local answer = assert(client:list_sync_records {
        cluster_id = cluster_id,
        offset = 0,
        limit = limit,
        fields = choice == "two fields" and { "status", "fail_reason" } or nil,
        where = choice == "failed only" and { status = "FAILED" } or nil,
    })
    records = records + #answer.sync_records
    if page == 10 then
        early = measure.resident_kb()
    end
end
assert(choice == "failed only" or records == pages * limit)
measure.report({ records = records, resident_kb_early = early, resident_kb = measure.resident_kb() }, started)
