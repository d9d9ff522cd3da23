local processes = require "spec.support.processes"
local runbook = require "spec.support.runbook"
local uv = require "luv"

local PASSABLE = tonumber("711", 8) -- for the user under which the database runs

-- Everything from the first of its headings that begins so to the next.
local function section(out, heading)
    return out:match("\n%-%-%- " .. heading .. "[^\n]*\n(.-)\n%-%-%- ")
end

describe("examples/fleet/run.sh", function()
    it("starts a fleet, kills one of its collectors, shows that nothing is late, and leaves nothing behind", function()
        runbook.with({ info = {} }, function(run, folder)
            for _, path in ipairs { folder, (folder:match "^(.*)/") } do
                assert(uv.fs_chmod(path, PASSABLE))
            end
            local status, out, err = run(processes.quoted(uv.cwd() .. "/examples/fleet/run.sh"),
                { TMPDIR = folder, CLUSTERS = "5", INTERVAL = "10s", DWSYNC_CONFIG = "" })
            assert(status == 0, out .. err)
            local before, after = section(out, "two collectors"), section(out, "one dies")
            assert.matches("^42 clusters: [^\n]* none late\n", before)
            assert.matches("\none +running .*\ntwo +running ", before)
            assert.matches("^42 clusters: [^\n]* none late\n", after)
            assert.matches("\none +gone .*\ntwo +running ", after)
            assert.matches("dwsync: ended after %d+ looks: [^\n]*\n\n%-%-%- nothing was late\n$", out)
            assert.same({}, runbook.names(folder))
        end)
    end)
end)
