-- A collector that may not list the accounts of its clusters, and then may: what the commands of a fleet say of it.
local collecting = require "spec.support.collecting"
local emulators = require "spec.support.emulator"
local history = require "dwsync.history"
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"
local runbook = require "spec.support.runbook"

describe("accounts that a collector may not list", function()
    local service
    setup(function() service = emulators.start() end)
    teardown(function() service:stop() end)

    it("are in the status, the explanation and the log until they can be listed", function()
        runbook.with(service, function(run, folder)
            collecting.write_inventory(folder, service.info)
            local inventory = runbook.read(folder .. "/fleet.lua")
            runbook.write(folder .. "/fleet.lua", (inventory:gsub("rate = 100,", "rate = 100, list_accounts = true,")))
            service:admin("POST", "faults", { match = { path = "/users" }, times = 1000, action = { status = 403,
                body = '{"error_code":"DWS.0000","error_msg":"not allowed"}' } })
            local child = collecting.start(folder, "--name a")
            local function said(words)
                return (select(2, run("dwsync fleet " .. words, { DWSYNC_HISTORY = folder .. "/h.sqlite" }))
                    :gsub("%s+", " "))
            end
            local shown = "- account hq: who is in the database of %d+ clusters, [%w-]+ among them, cannot be listed: "
                .. "permission: .-dws:cluster:listDatabaseUser.- The next try is in %d+ min%."
            patience.wait_until(function() return said("status"):find(shown) end, function() return said "status" end)
            patience.wait_until(function() return said("explain dws-failing"):find("accounts could not be listed, 1 in "
                .. "a row: permission: .- The next try is in %d+ min%.") end, function()
                return said "explain dws-failing"
            end)
            patience.wait_until(function() return child.output:find "who is in the database of" end, "its log")
            service:admin("DELETE", "faults")
            -- Five minutes later.
            patience.wait_until(function()
                processes.run(("sqlite3 -cmd '.timeout 5000' %s/h.sqlite 'UPDATE dwsync_account_trials "
                    .. "SET next_at = 1; UPDATE dwsync_schedule SET next_at = 1'"):format(folder))
                return not said("status"):find "cannot be listed"
            end, function() return said "status" end)
            patience.wait_until(function() return child.output:find "account hq: over: permission:" end, "its log")
            local store = assert(history.open(folder .. "/h.sqlite", { readonly = true }))
            -- The first cluster that is listed ends the account's problem; this one may come later.
            patience.wait_until(function()
                local found = store:accounts { cluster_id = service:cluster "mass_delete" } -- nil before the first list
                return found and found.look
            end, "the accounts of one of its clusters")
            store:close()
            child:stop "sigterm"
            child:wait()
        end)
    end)
end)
