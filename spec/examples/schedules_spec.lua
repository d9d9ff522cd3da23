local emulator = require "spec.support.emulator"
local lyaml = require "lyaml"
local processes = require "spec.support.processes"
local runbook = require "spec.support.runbook"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local function is_installed(program)
    return select(2, processes.run("command -v " .. program .. " >/dev/null")) == 0
end

local function assert_runs(command)
    local out, status = processes.run(command .. " 2>&1")
    assert(status == 0, out)
end

local server
setup(function() server = emulator.start { records = 100 } end)
teardown(function() server:stop() end)
before_each(function() server:reset() end)

describe("examples/dwsync.crontab", function()
    local variables, jobs = {}, {}
    for line in io.lines "examples/dwsync.crontab" do
        local name, value = line:match "^(%u[%u_]*)=(.*)$"
        if name then
            variables[name] = value
        elseif not line:find "^#" and line ~= "" then
            jobs[#jobs + 1] = line
        end
    end
    local schedule = "^" .. ("[%d*/,-]+%s+"):rep(5)

    it("is lines of five times, a user and a command without a bare %", function()
        assert.is_true(#jobs >= 3)
        for _, job in ipairs(jobs) do
            assert.matches(schedule .. "dwsync%s+%S", job)
            assert.is_nil(job:find "[^\\]%%", job)
        end
        for _, value in pairs(variables) do
            assert.is_nil(value:find("$", 1, true)) -- cron does not expand it
        end
    end)

    it("has jobs that run as they stand, and print only what somebody should read", function()
        -- By what the job runs: the cluster called warehouse, exit status, what cron would mail.
        local EXPECTED = {
            notify = { "healthy", 1, "\ndwsync: not sent to channel webhook %(127.0.0.1:1%): " },
            nightly_report = { "healthy", 3, "^critical: [^\n]* wrote [^\n]*\n$" },
            export_csv = { "healthy", 0, "^dws%-feature%-off: [^\n]* is off %(DWS.5045%)\n$" },
            mass_deletion_stop = { "healthy", 0, "ready: warehouse: [^\n]*\nthe job ran\n$" },
        }
        for _, job in ipairs(jobs) do
            local name = job:match "/([%w_]+)%.lua" or job:match " dwsync (%l+) "
            local cluster, expected, mail = (table.unpack or unpack)(EXPECTED[name]) -- luacheck: ignore 113
            runbook.with(server, function(run, folder)
                runbook.write(folder .. "/config.lua", ('return { clusters = { warehouse = "%s" } }'):format(
                    server:cluster(cluster)))
                runbook.write(folder .. "/secrets", "export DWSYNC_WEBHOOK_URL=http://127.0.0.1:1/")
                runbook.write(folder .. "/job", "#!/bin/sh\necho the job ran\n")
                assert(uv.fs_chmod(folder .. "/job", tonumber("700", 8)))
                local status, out, err = run(job:gsub(schedule .. "dwsync%s+", ""), { STATE = folder,
                    RUNBOOKS = uv.cwd() .. "/examples", SECRETS = folder .. "/secrets", JOB = folder .. "/job",
                    DWSYNC_CONFIG = folder .. "/config.lua" })
                assert.equal(expected, status, name .. ": " .. out .. err)
                assert.matches(mail, err .. out)
            end)
        end
    end)
end)

describe("examples/systemd", function()
    local function with_units(use)
        temporary.with_folder(function(folder)
            local service = runbook.read "examples/systemd/dwsync-check.service"
            -- systemd-analyze wants the program to be there.
            runbook.write(folder .. "/dwsync-check.service", (service:gsub("/usr/local/bin/dwsync", '"' .. uv.cwd()
                .. '/lua/bin/dwsync"')))
            runbook.write(folder .. "/dwsync-check.timer", runbook.read "examples/systemd/dwsync-check.timer")
            use(folder .. "/dwsync-check.service", folder .. "/dwsync-check.timer", service)
        end)
    end

    it("is units that systemd understands, and that close what they do not need", function()
        if not is_installed "systemd-analyze" then
            return pending "systemd-analyze is not installed"
        end
        with_units(function(service, timer)
            local out, status = processes.run(("systemd-analyze verify %s %s 2>&1"):format(service, timer))
            assert.same({ "", 0 }, { out, status })
            assert_runs("systemd-analyze security --offline=yes --threshold=20 " .. service) -- 2.0 of 10
            assert_runs "systemd-analyze calendar '*:0/10'"
        end)
    end)

    it("runs a check whose status is the unit's result", function()
        with_units(function(_, _, service)
            local command = service:match "\nExecStart=/usr/local/bin/([^\n]+)\n"
            runbook.with(server, function(run)
                local status, out, err = run(command)
                assert.same({ 2, "" }, { status, err })
                assert.matches("^CRITICAL %- 9 clusters: ", out)
            end)
            assert.matches("\nSuccessExitStatus=1\n", service)
        end)
    end)
end)

describe("examples/systemd/dwsync-collect.service", function()
    local service = runbook.read "examples/systemd/dwsync-collect.service"

    it("is a unit that systemd understands, and that closes what it does not need", function()
        if not is_installed "systemd-analyze" then
            return pending "systemd-analyze is not installed"
        end
        temporary.with_folder(function(folder)
            local unit = folder .. "/dwsync-collect.service"
            -- systemd-analyze wants the program to be there.
            runbook.write(unit, (service:gsub("/usr/local/bin/dwsync", '"' .. uv.cwd() .. '/lua/bin/dwsync"')))
            local out, status = processes.run(("systemd-analyze verify %s 2>&1"):format(unit))
            assert.same({ "", 0 }, { out, status })
            assert_runs("systemd-analyze security --offline=yes --threshold=20 " .. unit)
        end)
    end)

    it("runs a command that takes these options, and has a watchdog that it feeds", function()
        local options = service:match "\nExecStart=/usr/local/bin/dwsync collect ([^\n]+)\n"
        local out = processes.run(("%s lua/bin/dwsync collect --help 2>&1"):format(processes.quoted(uv.exepath())))
        for option in options:gmatch "%-%-[%l-]+" do
            assert.is_truthy(out:find(option, 1, true), option)
        end
        assert.matches("\nType=notify\n", service)
        assert.matches("\nWatchdogSec=120\n", service)
    end)
end)

describe("examples/ansible_check.yml", function()
    local play = lyaml.load(assert(runbook.read "examples/ansible_check.yml"))[1]
    local check = play.tasks[1]

    it("is a play of tasks", function()
        assert.equal("localhost", play.hosts)
        assert.same({ 0, 1 }, play.vars.dwsync_accept)
        assert.equal("dwsync_check.rc not in dwsync_accept", check.failed_when)
        assert.equal("dwsync_check", check.register)
        assert.is_false(check.changed_when)
        assert.matches("dwsync_check.stdout", play.tasks[2]["ansible.builtin.debug"].msg, 1, true)
        if is_installed "ansible-playbook" then
            assert_runs "ansible-playbook --syntax-check examples/ansible_check.yml"
        end
    end)

    it("goes on where all is well or nearly so, and fails elsewhere", function()
        for cluster, expected in pairs { healthy = 0, partial = 1, failing = 2, ["mass-delete"] = 2, stuck = 2,
            never = 3, ["feature-off"] = 3 } do
            local words = {}
            for i, word in ipairs(check["ansible.builtin.command"].argv) do
                words[i] = processes.quoted((word:gsub("^{{ dwsync_cluster }}$", cluster)))
            end
            runbook.with(server, function(run)
                local status, out = run(table.concat(words, " "))
                assert.equal(expected, status, cluster)
                assert.matches("^%u+ %- ", out)
            end)
        end
    end)
end)
