local emulator = require "spec.support.emulator"
local runbook = require "spec.support.runbook"

describe("examples/mass_deletion_stop.lua", function()
    local server
    setup(function() server = emulator.start() end)
    teardown(function() server:stop() end)
    before_each(function() server:reset() end)

    local function stop(run, cluster, more, options)
        return run(("dwsync run %s examples/mass_deletion_stop.lua %s \"$DIR/STOP\" %s"):format(options or "", cluster,
            more or ""))
    end

    -- Runs some hours apart, the newest first, that deleted so many accounts.
    local function replace(deletions, hours)
        local list = {}
        for i, deleted in ipairs(deletions) do
            local start = (os.time() - i * (hours or 1) * 3600) * 1000
            list[i] = { id = "run-" .. deleted, identity_source_id = "s", identity_source_type = "ldap",
                start_time = start, end_time = start + 60000, status = "FINISHED", delete_count = deleted }
        end
        server:admin("POST", "records", { cluster = server:cluster "healthy", records = list })
    end

    it("halts, says what to restore, and stays halted until somebody decides", function()
        runbook.with(server, function(run, folder)
            local status, out, err = stop(run, "mass-delete")
            assert.same({ 2, "" }, { status, out })
            assert.matches("^mass%-delete: 4%d%d of about 1%d%d%d accounts "
                .. "%(4%d[.%d]* %%%)[^\n]*\n  4%d%d deleted at %d+%-%d+%-%d+T[%d:]+Z; record [%x-]+\n.*"
                .. "  Restore: the accounts and grants of source [%x-]+ as they were before %d+%-%d+%-%d+T[%d:]+Z%.\n"
                .. "  Next: unless .*restore.*\n$", err)
            assert.same({ "STOP" }, runbook.names(folder))
            assert.equal(err, runbook.read(folder .. "/STOP"))

            status, out, err = stop(run, "healthy") -- whatever is asked now
            assert.same({ 2, "" }, { status, out })
            assert.matches("^.*/STOP is still there:\nmass%-delete: ", err)

            assert.equal(0, (run 'cat "$DIR/STOP" >> "$DIR/STOP.accepted" && rm "$DIR/STOP"'))
            status, out, err = stop(run, "mass-delete")
            assert.same({ 0, "mass-delete: not too many accounts were deleted\n", "" }, { status, out, err })
            assert.same({ "STOP.accepted" }, runbook.names(folder))
        end)
    end)

    it("goes on where nothing was deleted, and not where nothing is known", function()
        for cluster, expected in pairs { healthy = 0, failing = 0, stuck = 0, ["two-sources"] = 0, never = 3,
            ["feature-off"] = 1 } do
            runbook.with(server, function(run, folder)
                local status, out = stop(run, cluster)
                assert.same({ expected, expected == 0 }, { status, out ~= "" }, cluster)
                assert.same({}, runbook.names(folder))
            end)
        end
    end)

    it("stops at one more than allowed, or at the threshold of the configuration file", function()
        local CASES = { { { 12 }, "12", 0 }, { { 13 }, "12", 2 }, { { 6, 0, 7 }, "12", 2 }, { { 1 }, "0", 2 },
            { { 0 }, "0", 0 }, { { 49 }, "", 0 }, { { 50 }, "", 2 } }
        for _, case in ipairs(CASES) do
            replace(case[1])
            runbook.with(server, function(run)
                assert.equal(case[3], (stop(run, "healthy", case[2])), table.concat(case[1], ", "))
            end)
        end
    end)

    it("counts what was deleted, however many accounts there are and whatever was added since", function()
        for allowed, expected in pairs { [0] = 2, [400] = 2, [1000] = 0 } do
            runbook.with(server, function(run)
                local status, _, err = stop(run, "mass-delete", allowed)
                assert.equal(expected, status)
                assert.equal(expected == 2 and tostring(allowed) or nil,
                    err:match "^mass%-delete: 4%d%d accounts deleted within 2d, (%d+) allowed\n")
            end)
        end
        runbook.with(server, function(run)
            assert.equal(2, (stop(run, "healthy", "0"))) -- a leaver now and then, and joiners every hour
        end)
    end)

    it("is not soothed by a quiet run, nor by one that was accepted", function()
        runbook.with(server, function(run, folder)
            replace({ 0, 90 }, 23)
            assert.equal(2, (stop(run, "healthy")))
            assert.equal(0, (run 'cat "$DIR/STOP" >> "$DIR/STOP.accepted" && rm "$DIR/STOP"'))
            assert.equal(0, (stop(run, "healthy")))
            replace { 60, 0, 90 }
            local status, _, err = stop(run, "healthy")
            assert.equal(2, status)
            assert.matches("^healthy: 60 accounts deleted within a day; how many accounts there are is not known\n"
                .. "  60 deleted at [%d:TZ-]+; record run%-60\n  Restore", err)
            assert.same({ "STOP", "STOP.accepted" }, runbook.names(folder))
        end)
    end)

    it("writes nothing with --dry-run", function()
        runbook.with(server, function(run, folder)
            local status, _, err = stop(run, "mass-delete", "", "--dry-run")
            assert.equal(2, status)
            assert.matches("Restore: ", err, 1, true)
            assert.same({}, runbook.names(folder))
        end)
    end)

    it("says what is wrong with the key, the network, the file or its call", function()
        runbook.assert_fails_cleanly(server, 'examples/mass_deletion_stop.lua healthy "$DIR/STOP"')
        runbook.with(server, function(run)
            local status, _, err = run 'dwsync run examples/mass_deletion_stop.lua mass-delete "$DIR/nowhere/STOP"'
            assert.equal(1, status)
            assert.matches("dwsync: cannot write .*/nowhere/STOP: no such file or directory\n$", err)
            for _, more in ipairs { "-1", "1.5", "many" } do
                local refused, _, reason = stop(run, "healthy", more)
                assert.equal(2, refused)
                assert.matches("^usage: ", reason)
            end
        end)
    end)
end)
