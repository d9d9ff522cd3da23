local emulator = require "spec.support.emulator"
local runbook = require "spec.support.runbook"

describe("examples/gate.sh", function()
    local server
    setup(function() server = emulator.start() end)
    teardown(function() server:stop() end)
    before_each(function() server:reset() end)

    local function gate(run, arguments, variables)
        variables = variables or {}
        variables.TIMEOUT = variables.TIMEOUT or "0" -- one look
        return run("examples/gate.sh " .. arguments, variables)
    end

    it("runs the job when the accounts are fresh, and ends with its status", function()
        runbook.with(server, function(run)
            local status, out, err = gate(run, "healthy sh -c 'echo \"ran with $1\"; exit 7' job 'a b'")
            assert.same({ 7, "ran with a b\n" }, { status, out })
            assert.matches("^ready: healthy: ", err)
        end)
    end)

    it("does not run it otherwise, and says by its status whether to try again", function()
        for cluster, expected in pairs { failing = { 69, "refused" }, ["mass-delete"] = { 69, "refused" },
            partial = { 69, "refused" }, ["feature-off"] = { 69, "refused" }, stuck = { 75, "timed out" },
            never = { 75, "timed out" } } do
            runbook.with(server, function(run)
                local status, out, err = gate(run, cluster .. " echo ran")
                assert.same({ expected[1], "" }, { status, out }, cluster .. ": " .. err)
                assert.matches("^" .. expected[2] .. ": " .. cluster:gsub("%-", "%%-") .. ": .*\ngate.sh: echo was not",
                    err)
            end)
        end
    end)

    it("lets more pass when told to", function()
        runbook.with(server, function(run)
            assert.equal(0, (gate(run, "partial true", { ACCEPT = "warning" })))
            assert.equal(75, (gate(run, "healthy true", { FRESH = "1s" })))
            assert.equal(78, (gate(run, "healthy true", { FRESH = "soon" })))
        end)
    end)

    it("tells a wrong key from a service that cannot be reached and from wrong usage", function()
        runbook.with(server, function(run)
            local status, out, err = gate(run, "healthy echo ran", { HUAWEICLOUD_SDK_SK = "wrong" })
            assert.same({ 69, "" }, { status, out })
            assert.matches("^refused: healthy: auth: ", err)
            status, out, err = gate(run, "healthy echo ran",
                { HUAWEICLOUD_SDK_REGION_DWS_EMU_NORTH_1 = "https://127.0.0.1:1" })
            assert.same({ 75, "" }, { status, out })
            assert.matches("^timed out: .*network", err)
            status, out, err = gate(run, "healthy echo ran", { DWSYNC_CONFIG = "/nowhere" })
            assert.same({ 78, "" }, { status, out })
            assert.matches("^dwsync: config: ", err)
            status, out, err = gate(run, "healthy")
            assert.same({ 78, "", "gate.sh: usage: gate.sh CLUSTER COMMAND [ARGUMENT...]\n" }, { status, out, err })
        end)
    end)
end)
