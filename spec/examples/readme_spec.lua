local emulator = require "spec.support.emulator"
local processes = require "spec.support.processes"
local runbook = require "spec.support.runbook"
local uv = require "luv"

local README = assert(runbook.read "examples/README.md")

-- Every file below examples, with its path from there.
local function files(folder, list)
    for _, name in ipairs(runbook.names(folder)) do
        local path = folder .. "/" .. name
        if uv.fs_stat(path).type == "directory" then
            files(path, list)
        else
            list[#list + 1] = path:sub(#"examples/" + 1)
        end
    end
    return list
end

describe("examples", function()
    local server
    setup(function() server = emulator.start() end)
    teardown(function() server:stop() end)
    before_each(function() server:reset() end)

    it("are all in the list", function()
        for _, path in ipairs(files("examples", {})) do
            local part_of_others = path == "README.md" or path == "setup.sh" or path:find "%.timer$"
            assert(part_of_others or README:find("\n| `" .. path .. "`", 1, true), path .. " is not in the list")
        end
    end)

    -- With this machine's clock wrong all the same: "now" is the service's then, and no whole number.
    it("run with the commands of the list", function()
        server:set { clock_offset = 1800 }
        local statuses = { ["mass_deletion_stop.lua"] = 2, ["nightly_report.lua"] = 3 }
        local count = 0
        for name, command in README:gmatch "\n| `([^`]+)` | [^|]+ | `dwsync emulator %-%- ([^`]+)` |" do
            if not command:find "^ansible" and not command:find "lua5%.4" then
                count = count + 1
                runbook.with(server, function(run)
                    local status, out, err = run(command)
                    assert.equal(statuses[name] or 0, status, name .. ": " .. err)
                    assert.not_equal("", out .. err)
                end)
            end
        end
        assert.equal(7, count)
        assert.matches("failures.lua " .. server:cluster "failing":gsub("%-", "%%-"), README)
    end)

    it("call the emulator's clusters by its ids", function()
        local clusters = dofile("examples/config.lua").clusters
        for _, cluster in ipairs(server.info.clusters) do
            assert.equal(cluster.id, clusters[cluster.name:gsub("^dws%-", "")], cluster.name)
        end
    end)

    it("are shell scripts without a mistake that can be seen", function()
        for _, path in ipairs(files("examples", {})) do
            if path:find "%.sh$" then
                local out, status = processes.run("sh -n examples/" .. path .. " 2>&1")
                assert(status == 0, out)
            end
        end
        if select(2, processes.run "command -v shellcheck >/dev/null") == 0 then
            local out, status = processes.run "shellcheck examples/*.sh examples/*/*.sh 2>&1"
            assert(status == 0, out)
        end
    end)
end)
