-- collect_fleet.lua TARGET CLUSTERS SECONDS: `dwsync collect` on the emulator's accounts, measured from the moment when
-- every cluster was looked at once: CPU, memory, and the longest gap of each cluster. Runs inside `dwsync emulator --`.
local core = require "dwsync.core"
local history = require "dwsync.history"
local history_tables = require "dwsync.history.tables"
local json = require "dwsync.json"

local target, clusters, seconds = arg[1], tonumber(arg[2]), tonumber(arg[3])
local folder = assert(os.getenv "DWSYNC_BENCH_FOLDER")
local emulator = json.decode(os.getenv "DWSYNC_EMULATOR")
local LONGEST_START = 1200 -- seconds

local function write(name, text)
    local path = folder .. "/" .. name
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
    assert(os.execute(("chmod 600 '%s'"):format(path)))
    return path
end

local function fleet_file()
    local accounts = {}
    for i, account in ipairs(emulator.accounts) do
        local path = write("keys-" .. i, ("[basic]\nak = %s\nsk = %s\n"):format(account.ak, account.sk))
        accounts[i] = ('["%s"] = { credentials = { source = "file", path = "%s" }, regions = { "%s" }, rate = 20, '
            .. 'clusters = { "bulk-*" } },'):format(account.name, path, emulator.region)
    end
    return write("fleet.lua", ('return { history = "%s", interval = "60s", accounts = {\n%s\n} }\n'):format(target,
        table.concat(accounts, "\n")))
end

local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
end

local function cpu_of(pid)
    local fields = {}
    for field in read(("/proc/%s/stat"):format(pid)):match("%) (.*)"):gmatch "%S+" do
        fields[#fields + 1] = field
    end
    return (fields[12] + fields[13]) / 100
end

local function sleep(time)
    os.execute(("sleep %d"):format(time))
end

local command = ("env -u HUAWEICLOUD_SDK_PROJECT_ID -u HUAWEICLOUD_SDK_AK -u HUAWEICLOUD_SDK_SK lua/bin/dwsync collect "
    .. "--fleet '%s' >'%s/log' 2>&1 & echo $!"):format(fleet_file(), folder)
local pipe = io.popen(command)
local pid = pipe:read "*l"
pipe:close()

local function ask(store, mode, sql)
    return assert(history_tables.run(store, mode, false, function(session)
        return session:rows(sql)
    end))
end

local COUNT = "SELECT count(*) FROM dwsync_schedule WHERE kind = 'cluster' AND looked_at IS NOT NULL"
local started = core.monotonic()
sleep(3)
local store = assert(history.open(target))
while ask(store, "read", COUNT)[1][1] < clusters do
    assert(core.monotonic() - started < LONGEST_START, "not all clusters were looked at")
    sleep(2)
end
local first = core.monotonic() - started
sleep(75) -- an interval and more: what was late because of the beginning is over
ask(store, "write", "UPDATE dwsync_schedule SET longest_gap = NULL")
local TOTALS = "SELECT sum(looks), sum(changed), sum(failed), sum(fenced), sum(expired) FROM dwsync_collectors"
local before = ask(store, "read", TOTALS)[1]
local cpu, wall = cpu_of(pid), core.monotonic()
sleep(seconds)
cpu, wall = cpu_of(pid) - cpu, core.monotonic() - wall
local after = ask(store, "read", TOTALS)[1]
local peak = tonumber(read(("/proc/%s/status"):format(pid)):match "VmHWM:%s*(%d+)") / 1024
local gaps = ask(store, "read", "SELECT longest_gap FROM dwsync_schedule WHERE kind = 'cluster' AND longest_gap > 0 "
    .. "ORDER BY longest_gap")
os.execute("kill -TERM " .. pid)
local function gap(share)
    return gaps[math.max(1, math.ceil(share * #gaps))][1] / 1000
end
print(("%d clusters, first look at all %.0f s; then %d s: %d looks, %d changed, %d failed, %d fenced, %d expired")
    :format(clusters, first, seconds, after[1] - before[1], after[2] - before[2], after[3] - before[3],
    after[4] - before[4], after[5] - before[5]))
local function line(what, value, wanted)
    print(("%-44s %14s %14s"):format(what, value, wanted))
end
line("longest gap of a cluster, p50", ("%.1f s"):format(gap(0.5)), "")
line("longest gap of a cluster, p99", ("%.1f s"):format(gap(0.99)), "<= 61 s")
line("longest gap of a cluster, worst", ("%.1f s"):format(gap(1)), "")
line("CPU of the collector", ("%.2f core"):format(cpu / wall), "<= 0.5 core")
line("most memory of the collector", ("%.0f MiB"):format(peak), "<= 64 MB")
