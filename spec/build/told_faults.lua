-- Breaks what tells people of problems in all ways of spec/support/told_faults.lua and prints a table.
local faults = require "spec.support.told_faults"
local figures = require "spec.support.figures"
local postgres = require "spec.support.postgres"

local failed = 0

local function show(title, fault, ...)
    local ran, list = xpcall(fault, debug.traceback, ...)
    if ran then
        failed = failed + figures.show(title, list)
    else
        failed = failed + 1
        print(title .. "  FAILED", list)
    end
end

local server, primary = postgres.start(), postgres.start()
local standby = postgres.start { primary = primary.port }
show("restart, twice", faults.restart)
show("two collectors, kill -9", faults.two_collectors, server:fresh_url(), 8)
for _, point in ipairs { "before", "between", "after" } do
    show("kill -9 " .. point .. " the POST", faults.killed, point)
end
show("429, 500, hang, reset, redirect", faults.receivers)
show("200 with an error inside", faults.errors_inside)
show("wrong address, wrong signature", faults.refused)
show("wrong SMTP password", faults.wrong_password)
show("15,000 reports by six writers", faults.writers, server:fresh_url(), 15000, 2000)
show("500 problems at once, DingTalk", faults.storm, server:fresh_url(), 500)
show("acknowledged", faults.acknowledged)
show("ends, and a channel removed", faults.ends)
show("a pair of Alertmanagers", faults.alertmanagers)
show("the database is read-only", faults.read_only, server)
show("the disk is full", faults.full)
show("primary killed, standby promoted", faults.failover, primary, standby)
show("the heartbeat", faults.heartbeat)
standby:stop()
primary:stop()
server:stop()
os.exit(failed == 0 and 0 or 1)
