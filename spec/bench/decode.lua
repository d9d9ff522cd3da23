-- decode.lua [ROUNDS]: core.decode_page against lua-cjson on a page of 1,000 records, in one process, in turn.
-- It must compare like with like: both make Lua tables of the same body.
local cjson = require "cjson"
local core = require "dwsync.core"

local rounds = tonumber(arg[1] or 11)
local REPEAT = 40

local function page(count)
    local records = {}
    for i = 1, count do
        local start = 1747637723055 + i * 3600000
        records[i] = ('{"id":"05cea375-4b7a-4ebd-a2dc-%012x",'
            .. '"identity_source_id":"79d6458e-85ee-4f8b-9cfb-2349de8a5132","identity_source_type":"ldap",'
            .. '"start_time":%.0f,"end_time":%.0f,"add_count":%d,"update_count":%d,'
            .. '"delete_count":0,"failed_count":0,"status":"%s","fail_reason":%s}'):format(i, start, start + 90000,
            i % 7, i % 23, i % 50 == 0 and "FAILED" or "FINISHED",
            i % 50 == 0 and '"[LDAP: error code 49 - AcceptSecurityContext error, data 52e]"' or "null")
    end
    return ('{"sync_records":[%s],"count":%d}'):format(table.concat(records, ","), count)
end

local function milliseconds(decode, body)
    local started = os.clock()
    for _ = 1, REPEAT do
        decode(body)
    end
    return (os.clock() - started) / REPEAT * 1000
end

local body = page(1000)
local ours, theirs, ratios = {}, {}, {}
for round = 0, rounds do -- round 0 warms up
    collectgarbage()
    local mine = milliseconds(core.decode_page, body)
    collectgarbage()
    local other = milliseconds(cjson.decode, body)
    if round > 0 then
        ours[round], theirs[round], ratios[round] = mine, other, other / mine
    end
end
for _, list in ipairs { ours, theirs, ratios } do
    table.sort(list)
end
local middle = math.ceil(rounds / 2)
print(("%-10s %9.3f ms %13.3f ms %9.2f x %10s"):format(arg[2] or _VERSION, ours[middle], theirs[middle], ratios[middle],
    arg[3] or ""))
