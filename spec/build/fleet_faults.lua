-- Breaks a fleet in all ways of spec/support/fleet_faults.lua and prints a table; see fleet_faults.sh.
local figures = require "spec.support.figures"
local faults = require "spec.support.fleet_faults"
local fleets = require "spec.support.real_fleet"

local failed = 0

local function show(title, list)
    failed = failed + figures.show(title, list)
end

local CLUSTERS = 300
local fleet = fleets.start { interval = 10, lease = 5, standby = true, accounts = {
    { name = "big", clusters = CLUSTERS * 0.9, rate = 60 }, { name = "small", clusters = CLUSTERS * 0.1, rate = 10 },
    { name = "lent", clusters = 200, rate = 40 } } }
local good, reason = xpcall(function()
    faults.begin(fleet, CLUSTERS)
    show("one account with 90 %", faults.fairness(fleet, 30))
    show("kill -9 of a holder", faults.kill(fleet))
    show("SIGSTOP of a holder for 8 s", faults.stop(fleet, 8))
    show("clocks two hours apart", faults.clocks(fleet, 30))
    show("packets of one dropped for 12 s", faults.drop(fleet, 12))
    show("server stopped for 30 s", faults.freeze(fleet, fleet.primary, 30))
    show("primary killed, standby promoted", faults.failover(fleet, 3))
    show("one wrong key", faults.wrong_key(fleet, 20))
    show("the history afterwards", faults.equality(fleet))
end, debug.traceback)
if not good then
    print(reason)
    for i = 1, 4 do
        io.write(fleet:printed("c" .. i))
    end
end
fleet:stop()
os.exit(good and failed == 0 and 0 or 1)
