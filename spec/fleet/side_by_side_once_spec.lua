-- Collectors of two releases on one PostgreSQL database: the older is this one, the newer has one more step of each
-- part.
local fleets = require "spec.support.real_fleet"
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"
local uv = require "luv"

local NEWER = [[
local function add(steps, statement) steps[#steps + 1] = { compatible_from = #steps, statement } end
add(require "dwsync.history.schema".migrations, "ALTER TABLE dwsync_records ADD COLUMN newer $number")
add(require "dwsync.fleet.tables".part.steps, "ALTER TABLE dwsync_schedule ADD COLUMN newer $number")
add(require "dwsync.problems.store".part.steps, "ALTER TABLE dwsync_problems ADD COLUMN newer $number")
]]
local CLUSTERS = 20

describe("an older and a newer collector on one database", function()
    local fleet, inventory

    -- Until each of these completed looks that it claimed since now.
    local function wait_for_looks_of(...)
        local since, collectors = fleet:now(), { ... }
        patience.wait_until(function()
            fleet:revive()
            local done = fleet:shares(since)
            for _, name in ipairs(collectors) do
                if (done[name] or 0) < CLUSTERS / 2 then
                    return false
                end
            end
            return true
        end, table.concat(collectors, " and ") .. " to look")
    end

    setup(function()
        fleet = fleets.start { interval = 2, lease = 60, -- the database of a busy machine may take a third of it
            accounts = { { name = "big", clusters = CLUSTERS, rate = 40 } } }
        inventory = fleet:inventory("fleet", { "big" })
        fleet:collect(1, inventory)
        wait_for_looks_of "c1"
    end)
    teardown(function()
        fleet:stop()
    end)

    local function newer(words)
        return processes.run(("%s -e %s lua/bin/dwsync %s --history %s 2>&1"):format(processes.quoted(uv.exepath()),
            processes.quoted(NEWER), words, processes.quoted(fleet:url(1))))
    end

    local function versions()
        return fleet:rows([[SELECT (SELECT max(version) FROM dwsync_schema), (SELECT max(version)
            FROM dwsync_fleet_schema), (SELECT max(version) FROM dwsync_problems_schema)]])[1]
    end

    it("work side by side from the migration on, which nothing but its command does, and none stops or doubles",
        function()
            local before, older = versions(), fleet.collectors.c1
            fleet:collect(2, inventory, { before = NEWER })
            assert.equal(2, fleet:ended("c2").code)
            assert.matches("has the older schema version .* this dwsync needs .*dwsync history migrate %-%-dry%-run",
                fleet:printed "c2")
            local plan = newer "history migrate --dry-run"
            for i, name in ipairs { "records", "fleet", "problems" } do
                assert.is_truthy(plan:find(("%s: version %d to %d; programs that know version %d go on beside it\n")
                    :format(name, before[i], before[i] + 1, before[i]), 1, true), plan)
            end
            assert.same(before, versions())
            assert.equal(plan, newer "history migrate":match "^(.*\n)[^\n]+ is up to date now\n$")
            assert.same({ before[1] + 1, before[2] + 1, before[3] + 1 }, versions())
            fleet:collect(2, inventory, { before = NEWER })
            fleet:add_runs("big", CLUSTERS)
            wait_for_looks_of("c1", "c2")
            assert.equal(older, fleet.collectors.c1) -- it was never started again
            assert.is_nil(older.exited)
            fleet:drain "c1"
            fleet:collect(1, inventory)
            wait_for_looks_of("c1", "c2")
            fleet:drain("c1", "c2")
            assert.equal(0, fleet:doubles())
        end)
end)
