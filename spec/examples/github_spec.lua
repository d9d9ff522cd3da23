local emulator = require "spec.support.emulator"
local lyaml = require "lyaml"
local runbook = require "spec.support.runbook"

describe("examples/github/dwsync.yml", function()
    local server
    setup(function() server = emulator.start { records = 100 } end)
    teardown(function() server:stop() end)
    before_each(function() server:reset() end)

    local job = lyaml.load(runbook.read "examples/github/dwsync.yml").jobs.check

    -- Runs what comes after the installation, with the job's variables and a place to ask for its token.
    local function run_steps(use)
        runbook.with(server, function(run, folder)
            runbook.write(folder .. "/token&audience=" .. job.env.AUDIENCE, '{"value":"emulator-id-token"}')
            local variables = {
                HUAWEICLOUD_SDK_AK = "", HUAWEICLOUD_SDK_SK = "", -- the token alone has to do
                HUAWEICLOUD_SDK_IDP_ID = server.info.idp_id,
                HUAWEICLOUD_SDK_ID_TOKEN_FILE = folder .. "/id-token",
                ACTIONS_ID_TOKEN_REQUEST_TOKEN = "runner's secret",
                ACTIONS_ID_TOKEN_REQUEST_URL = "file://" .. folder .. "/token",
                AUDIENCE = job.env.AUDIENCE,
            }
            local outcomes = {}
            for _, step in ipairs(job.steps) do
                if step.run and step.name ~= "Install dwsync" then
                    local status, out, err = run("cd " .. folder .. " && { " .. step.run .. "\n}", variables)
                    outcomes[step.name] = { status = status, out = out, err = err }
                end
            end
            use(outcomes, folder)
        end)
    end

    it("exchanges the job's token, fails because of clusters, and leaves the page", function()
        run_steps(function(outcomes, folder)
            assert.equal(0, outcomes["Get the job's token"].status, outcomes["Get the job's token"].err)
            assert.equal("emulator-id-token\n", runbook.read(folder .. "/id-token"))
            local check = outcomes["Check every cluster"]
            assert.matches("^CRITICAL %- 9 clusters: ", check.out .. check.err)
            assert.equal(2, check.status)
            assert.matches("^<!DOCTYPE html>", runbook.read(folder .. "/dwsync.html"))
        end)
    end)

    it("keeps the runner's secret out of the list of processes and the output", function()
        for _, step in ipairs(job.steps) do
            for line in ((step.run or "") .. "\n"):gmatch "[^\n]*\n" do
                assert.is_nil(line:find "curl.*ACTIONS_ID_TOKEN_REQUEST_TOKEN", line)
            end
        end
        run_steps(function(outcomes)
            for name, outcome in pairs(outcomes) do
                assert.is_nil((outcome.out .. outcome.err):find("runner's secret", 1, true), name)
            end
        end)
    end)
end)
