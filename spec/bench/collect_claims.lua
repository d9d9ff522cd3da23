-- collect_claims.lua CLUSTERS CONNECTIONS SECONDS: how many looks so many processes claim and complete together.
local measure = require "measure"
local postgres = require "spec.support.postgres"
local json = require "dwsync.json"

local clusters, connections, seconds = arg[1], tonumber(arg[2]), arg[3]
local server = postgres.start { fsync = true }
local url = measure.quote(server:url(server:create_database()))
local program = "lua5.4 spec/bench/collect_claimer.lua " .. url

local good, err = pcall(function()
    assert(os.execute(("%s 0 %s"):format(program, clusters)))
    local pipes, each, cpu = {}, 0, 0
    for i = 1, connections do
        pipes[i] = io.popen(("%s %s"):format(program, seconds))
    end
    for _, pipe in ipairs(pipes) do
        local report = json.decode(pipe:read "*l")
        each, cpu = each + report.looks / report.seconds, cpu + report.cpu_seconds / report.looks / connections
        pipe:close()
    end
    print(("%-44s %11.0f/s %12s"):format(("claimed and completed, %d connections, fsync"):format(connections), each,
        ">= 2000/s"))
    print(("%-44s %10.2f ms"):format("CPU of the collector for each", cpu * 1000))
end)
server:stop()
assert(good, err)
