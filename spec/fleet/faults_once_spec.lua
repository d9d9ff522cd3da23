-- Three collectors in trouble, for real: the short form of spec/build/fleet_faults.sh.
local figures = require "spec.support.figures"
local faults = require "spec.support.fleet_faults"
local fleets = require "spec.support.real_fleet"

local CLUSTERS = 40

describe("a fleet of three collectors behind PgBouncer", function()
    local fleet

    setup(function()
        fleet = fleets.start { interval = 4, lease = 3, standby = true, accounts = {
            { name = "big", clusters = CLUSTERS * 0.9, rate = 30 },
            { name = "small", clusters = CLUSTERS * 0.1, rate = 5 }, { name = "lent", clusters = 20, rate = 20 } },
            slack = 15, share = 1 } -- for a busy machine
        faults.begin(fleet, CLUSTERS)
    end)
    teardown(function()
        fleet:stop()
    end)

    local function holds(list)
        assert.same({}, figures.bad(list))
    end

    it("takes over from one that is killed while it looks", function()
        holds(faults.kill(fleet))
    end)

    it("refuses all that one brings which was away for longer than its lease", function()
        holds(faults.stop(fleet, 5))
    end)

    it("shares alike when clocks are two hours apart", function()
        holds(faults.clocks(fleet, 6))
    end)

    it("goes on with a server that was stopped, and no call outlasts its deadline", function()
        holds(faults.freeze(fleet, fleet.primary, 5))
    end)

    it("goes on with the standby that becomes the primary", function()
        holds(faults.failover(fleet, 1))
    end)

    it("sends no more than three requests with one wrong key", function()
        holds(faults.wrong_key(fleet, 6))
    end)

    it("has kept what one undisturbed process keeps, and completed nothing twice", function()
        holds(faults.equality(fleet))
    end)
end)
