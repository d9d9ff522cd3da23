-- accounts.lua ROUNDS COUNT FILE: CPU seconds of client:all_database_users, alone and within store:pull_accounts when
-- nothing changed, in turn.
local emulators = require "spec.support.emulator"
local history = require "dwsync.history"

local rounds, count, target = tonumber(arg[1]), tonumber(arg[2]), arg[3]
local service = emulators.start()
local cluster = service:cluster "never"
service:admin("POST", "records", { cluster = cluster, records = { { id = "first", identity_source_id = "s",
    identity_source_type = "oneaccess", start_time = 1, end_time = 2, add_count = count, status = "FINISHED" } } })
local client, store = service:client { timeout = 300 }, assert(history.open(target))

local function read()
    return client:all_database_users { cluster_id = cluster }
end

local function seconds(work)
    collectgarbage()
    local began = os.clock()
    work()
    return os.clock() - began
end

local list = assert(read())
assert(list.count >= count)
assert(store:pull_accounts(cluster, read))
local alone, kept, ratios = {}, {}, {}
for round = 1, rounds do
    alone[round] = seconds(function() assert(read()) end)
    kept[round] = seconds(function()
        local summary = assert(store:pull_accounts(cluster, read))
        assert(summary.came + summary.went == 0 and not summary.is_first)
    end)
    ratios[round] = kept[round] / alone[round]
end
for _, values in ipairs { alone, kept, ratios } do
    table.sort(values)
end
local middle = math.ceil(rounds / 2)
print(("%-10s %9d %10.3f s %10.3f s %6.2f x %8s"):format(rawget(_G, "jit") and "LuaJIT" or _VERSION, list.count,
    alone[middle], kept[middle], ratios[middle], "<= 2 x"))
store:close()
service:stop()
