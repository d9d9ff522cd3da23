-- write.lua [ROUNDS]: the table of spec/bench/write. Runs inside `dwsync emulator --`.
local json = require "dwsync.json"
local measure = require "measure"

local emulator = assert(json.decode(os.getenv "DWSYNC_EMULATOR"))
local rounds = tonumber(arg[1] or 5)

local cluster
for _, item in ipairs(emulator.clusters) do
    cluster = item.story == "large" and item.id or cluster
end

local TARGETS = { table = "<= 4", ndjson = "<= 2.5", json = "<= 2.5", csv = "<= 2.5", tsv = "<= 2.5" }
local FORMATS = { "ndjson", "json", "csv", "tsv", "table", "markdown", "html" }

local function program(lua, what, ...)
    return ("LUA_CPATH='%s/%s/?.so;;' %s spec/bench/write_records.lua %s %s"):format(os.getenv "DWSYNC_BUILD", lua, lua,
        what, table.concat({ ... }, " "))
end

print(("%-44s %11s %8s %10s"):format("50000 records: CPU, medians of " .. rounds .. " rounds", "", "ratio", "target"))
for _, lua in ipairs { "lua5.4", "luajit" } do
    local lines, document = os.tmpname(), os.tmpname()
    measure.run(program(lua, "ndjson", cluster, lines))
    measure.run(program(lua, "json", cluster, document))
    local commands, names = { program(lua, "fetch", cluster) }, { "fetch and decode" }
    local function add(name, ...)
        names[#names + 1], commands[#commands + 1] = name, program(lua, ...)
    end
    for _, format in ipairs(FORMATS) do
        add(format, format, cluster, "/dev/null")
    end
    add("read ndjson", "read", lines)
    add("read json", "read", document)
    local result = measure.compare(commands, "cpu_seconds", rounds)
    os.remove(lines)
    os.remove(document)
    measure.print(lua .. ": " .. names[1], result[1].value)
    for i = 2, #commands do
        measure.print("  " .. names[i], result[i].value, result[i].ratio, TARGETS[names[i]]
            or names[i]:find "^read" and "<= 2.5")
    end
end
