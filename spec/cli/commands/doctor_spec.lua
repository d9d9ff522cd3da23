local cli = require "dwsync.cli"
local display = require "dwsync.text"
local key_guard = require "dwsync.request.key_guard"

local DATE = "Sat, 25 Oct 2025 10:49:52 GMT"

-- Runs the command against a service that shows `clusters` and nothing else. Returns status, stdout, stderr.
local function run(arguments, given)
    given = given or {}
    local out, err = "", ""
    local environment = { HUAWEICLOUD_SDK_AK = "AKEXAMPLE", HUAWEICLOUD_SDK_SK = "hidden-sk",
        HUAWEICLOUD_SDK_PROJECT_ID = "p1", DWSYNC_REGION = "cn-north-4", COLUMNS = given.columns,
        DWSYNC_HISTORY = given.history }
    for name, value in pairs(given.environment or {}) do
        environment[name] = value
    end
    key_guard.shared:forget()
    table.insert(arguments, 1, "doctor")
    local status = cli.main(arguments, {
        stdout = { write = function(_, text) out = out .. text return true end, flush = function() return true end },
        stderr = { write = function(_, text) err = err .. text end },
        getenv = function(name) return environment[name] end,
        read_file = function() return nil, "No such file or directory", true end,
        is_terminal = function() return false end,
        runtime = {
            now = function() return 1761389392 end,
            sleep = function() end,
            perform = function(request)
                if given.failure then
                    return nil, given.failure
                elseif given.signed_failure and request.headers.Authorization then
                    return nil, given.signed_failure
                end
                if given.refusal and request.url:find "/clusters" then
                    return { status = tonumber(given.refusal[1]), headers = { date = DATE }, body = given.refusal[2] }
                end
                local body = request.url:find "/clusters$" and '{"clusters":[]}' or ""
                return { status = 200, headers = { date = DATE }, body = body,
                    certificate = request.certificate_info and given.certificate or nil }
            end,
        },
    })
    return status, out, err
end

local DOWN = { kind = "network", code = "connect", message = "dws: connection \27[31mrefused" }

describe("dwsync doctor", function()
    it("shows a row a check: name, outcome, what was found and what to do next", function()
        local status, out, err = run {}
        assert.equal(0, status)
        assert.equal("", err)
        assert.matches("\nTCP              ok       dws%.cn%-north%-4%.myhuaweicloud%.com accepts connections\n", out)
        assert.matches("\nclusters         warning  0 visible\n" .. (" "):rep(26)
            .. "Next: Check the region and the project%.\n", out)
        assert.matches("\nfeature          skipped  no cluster to look at\n", out)
    end)

    it("says which variables are set without effect, and that the agency of Terraform's is asked for", function()
        local _, out = run({}, { environment = { HW_INSECURE = "true", HW_SIGNING_ALGORITHM = "x" }, columns = 400 })
        assert.matches("\nconfiguration    warning  [^\n]*; without effect: HW_INSECURE, HW_SIGNING_ALGORITHM\n",
            "\n" .. out)
        assert.matches("Next: Instead: certificates are always checked: set %-%-ca%-file; set algorithm of a "
            .. "profile%.\n", out)
        _, out = run({}, { environment = { HW_ASSUME_ROLE_AGENCY_NAME = "auditor" }, columns = 400 })
        assert.matches("\ncredentials      failed   credentials: environment %(Terraform%): HW_ASSUME_ROLE_AGENCY_NAME "
            .. "is set but HW_ASSUME_ROLE_DOMAIN_NAME is not\n", out)
    end)

    it("says where a history that is named is, and how a database is reached", function()
        for history, shown in pairs {
            ["postgres://u:hidden@db.example/d"] = "postgres://u@db.example/d with sslmode require",
            ["postgres://u:hidden@db.example/d?sslmode=disable"] = "postgres://u@db.example/d with sslmode disable",
            ["postgres://u:hidden@localhost/d"] = "postgres://u@localhost/d with sslmode of libpq",
            ["/var/lib/h.sqlite"] = "/var/lib/h.sqlite",
        } do
            local _, out = run({}, { history = history, columns = 300 })
            assert.is_truthy(out:gsub("%s+", " "):find("history " .. shown .. " (DWSYNC_HISTORY)", 1, true), shown)
            assert.is_nil(out:find("hidden", 1, true))
        end
        assert.is_nil(select(2, run {}):find("history", 1, true))
    end)

    it("ends with 1 when a check failed, and says once what to do", function()
        local status, out = run({}, { failure = DOWN })
        assert.equal(1, status)
        assert.matches("\nTCP              failed   dws: connection %?%[31mrefused\n", out)
        assert.matches("\nTLS              skipped  TLS and clock: not tried, TCP failed\ncredentials ", out)
    end)

    it("sums up, and names the check to begin with", function()
        assert.matches("\n\n13 checks: 4 ok, 1 warning, 1 failed, 7 skipped; begin with TCP\n$",
            select(2, run({}, { failure = DOWN })))
        assert.matches("\n\n13 checks: %d+ ok, %d warnings?, %d skipped; dwsync can ask this service\n$",
            select(2, run {}))
    end)

    it("counts what is ok even where nothing is, and names the cluster to begin with", function()
        local doctor = require "dwsync.doctor"
        local run_doctor = doctor.run
        finally(function() doctor.run = run_doctor end)
        local function summed(...)
            local findings = { ... }
            doctor.run = function(_, found)
                for i, outcome in ipairs(findings) do
                    findings[i] = { check = "check" .. i, outcome = outcome, found = "x",
                        cluster = i == 2 and "c" or nil }
                    found(findings[i])
                end
                return findings, true, false
            end
            return (select(2, run({}, { columns = 200 })):match "([^\n]*)\n$")
        end
        assert.equal("1 check: 0 ok, 1 failed; begin with check1", summed "failed")
        assert.equal("2 checks: 1 ok, 1 failed; begin with check2 of c", summed("ok", "failed"))
        assert.equal("3 checks: 0 ok, 2 warnings, 1 skipped; dwsync can ask this service",
            summed("warning", "skipped", "warning"))
        assert.equal("3 checks: 0 ok, 1 warning, 2 failed; begin with check2 of c",
            summed("warning", "failed", "failed"))
    end)

    it("looks for variables without effect where another source of keys is named, but for Terraform's", function()
        local variables = require "dwsync.credentials.variables"
        local without_effect = variables.without_effect
        finally(function() variables.without_effect = without_effect end)
        for text, expected in pairs { ["return {}"] = false,
            ['return { profile = "p", profiles = { p = { credentials = "terraform" } } }'] = false,
            ['return { profile = "p", profiles = { p = { credentials = "environment" } } }'] = true } do
            local asked
            variables.without_effect = function(getenv, is_named)
                asked = is_named
                return without_effect(getenv, is_named)
            end
            require("spec.support.command").run({ "doctor" }, { environment = { DWSYNC_CONFIG = "/c.lua" },
                files = { ["/c.lua"] = text } })
            assert.same({ text, expected }, { text, asked })
        end
    end)

    it("suspects the project id that is named when the service refuses it", function()
        local refusal = { "403", '{"error_code":"APIGW.0306","error_msg":"Access denied"}' }
        local _, out = run({}, { refusal = refusal, columns = 400 })
        assert.is_truthy(out:find("the project id p1 (from the environment) may be of another account or region", 1,
            true), out)
    end)

    it("fits 80 columns, or what COLUMNS says, however long a word is", function()
        for _, columns in ipairs { 60, 80, 200 } do
            local _, out = run({}, { columns = columns ~= 80 and tostring(columns) or nil, certificate = {
                subject = "CN = " .. ("x"):rep(300) .. ("é"):rep(100), issuer = "CN = ca", not_after = "" } })
            local widest = 0
            for line in out:gmatch "[^\n]+" do
                widest = math.max(widest, display.width(line))
            end
            assert.is_true(widest <= columns and widest > columns - 20, widest)
        end
    end)

    it("colours outcomes on request only", function()
        local _, out = run({ "--color", "always" }, { failure = DOWN })
        assert.matches("\nTCP              \27%[31mfailed \27%[0m  ", out)
        assert.matches("\27%[2mskipped\27%[0m", out)
        assert.is_nil(select(2, run({}, { failure = DOWN })):find("\27", 1, true))
    end)

    it("is an array of objects in JSON", function()
        local status, out = run({ "-o", "json" }, { failure = DOWN })
        assert.equal(1, status)
        local list = require("cjson").decode(out)
        assert.equal(13, #list)
        assert.same({ check = "TCP", outcome = "failed", found = "dws: connection ?[31mrefused",
            next = "Check that the endpoint's address and port can be reached from here (firewall, proxy)." }, list[3])
        assert.same({ check = "TLS", outcome = "skipped", found = "not tried: TCP failed", next = "Fix that first." },
            list[4])
        assert.is_nil(list[1].next)
    end)

    it("shows no secret", function()
        for _, failure in ipairs { false, { kind = "network", code = "connect", message = "sent hidden-sk" } } do
            for _, arguments in ipairs { {}, { "--debug" }, { "-o", "json" } } do
                local status, out, err = run(arguments, { signed_failure = failure or nil })
                assert.equal(failure and 1 or 0, status)
                assert.is_truthy(out:find("AKEXAMPLE", 1, true))
                assert.is_nil((out .. err):find("hidden", 1, true))
            end
        end
    end)

    it("ends with status 2 for a cluster that is unknown, and looks at several", function()
        local status, out = run { "nobody" }
        assert.equal(2, status)
        assert.matches("unknown cluster 'nobody'", out, 1, true)
        local one, two = "aaaaaaaa-0000-4000-8000-00000000000a", "bbbbbbbb-0000-4000-8000-00000000000b"
        out = select(2, run { one, two, "-o", "json" })
        assert.matches('"cluster":"' .. one, out, 1, true)
        assert.matches('"cluster":"' .. two, out, 1, true)
    end)

    it("is wrong usage with status 2", function()
        for _, arguments in ipairs { { "-o", "csv" }, { "c1", "--all-clusters" } } do
            local status, out, err = run(arguments)
            assert.equal(2, status)
            assert.equal("", out)
            assert.equal("dwsync: ", err:sub(1, 8))
        end
    end)
end)

-- With checks that are made up.
describe("dwsync doctor by itself", function()
    local channel_options = require "dwsync.cli.channel_options"
    local clusters_chosen = require "dwsync.cli.clusters_chosen"
    local connection = require "dwsync.cli.connection"
    local doctor = require "dwsync.doctor"
    local doctor_command = require "dwsync.cli.commands.doctor"
    local errors = require "dwsync.errors"
    local files = require "dwsync.files"
    local fleet_file = require "dwsync.cli.fleet_file"
    local calls, context, findings, given

    local replace, put_back = require("spec.support.replacements").new()

    before_each(function()
        calls, findings = {}, {}
        local environment = { HUAWEICLOUD_SDK_AK = "AKEXAMPLE", HUAWEICLOUD_SDK_SK = "hidden" }
        context = require("dwsync.cli.context").new { stderr = { write = function() end }, stdout = {
            write = function(_, text) calls[#calls + 1] = text return true end,
            flush = function() calls[#calls + 1] = "(flush)" return true end,
        }, getenv = function(name) return environment[name] end, is_terminal = function() return false end,
            runtime = { now = function() end, sleep = function() end, perform = function() return "performed" end } }
        replace(connection, "open", function()
            return "client", nil, { clear = function() calls[#calls + 1] = "(clear)" end }
        end)
        replace(require "dwsync.doctor.configuration", "list", function(of, _, client)
            assert.same({ "table", "client" }, { type(of), client })
            return { { "a", "setting" } }
        end)
        replace(doctor, "run", function(all, each)
            given = all
            for _, finding in ipairs(findings) do
                each(finding)
            end
            return findings, true, false
        end)
        replace(fleet_file, "alerts", function() return { inventory = "inventory", alerts = "alerts" } end)
        replace(channel_options, "world", function(_, of, inventory)
            assert.same({ context, "inventory" }, { of, inventory })
            return { of = "the channels" }
        end)
        replace(clusters_chosen, "words", function() return { "c1" } end)
        replace(clusters_chosen, "are_several", function() return "several" end)
    end)

    after_each(function()
        put_back()
    end)

    local function run_it(more)
        local args = { output = "table", color = "auto", cluster = {}, exclude = "excluded" }
        for name, value in pairs(more or {}) do
            args[name] = value
        end
        calls = {}
        return doctor_command.run(args, context)
    end

    it("passes on what was asked for, and what alerts are checked with", function()
        assert.equal(0, run_it())
        local world = given.world
        assert.same({ "client", "alerts", "the channels", { "c1" }, "excluded", "several", {} }, { given.client,
            given.alerts, world.of, given.words, given.exclude, given.several, given.without_effect })
        assert.same({ { "a", "setting" } }, given.settings)
        assert.is_nil(given.config_error)
        assert.equal("performed", world.perform())
        assert.equal(files.mode, world.mode_of)
        context.read_file = function() return nil, "No such file or directory", true end
        run_it()
        assert.is_nil(given.world.mode_of "/any")
        local err = errors.new { kind = "config", message = "unreadable" }
        replace(fleet_file, "alerts", function() return nil, err end)
        replace(channel_options, "world", function(_, _, inventory) return { inventory = inventory } end)
        run_it()
        assert.equal(err, given.config_error)
        assert.same({}, { given.alerts, given.world.inventory })
    end)

    it("shows each finding as soon as it is there, wrapped at 80 columns and in its colour", function()
        local words = ("word "):rep(10) .. "ends"
        findings = { { check = "a", outcome = "ok", found = words },
            { check = "b", outcome = "warning", found = words .. "1", next = "do it" },
            { check = "c", outcome = "failed", found = "x", cluster = "one" },
            { check = "d", outcome = "skipped", found = "s" } }
        run_it()
        local line = "%-15s  %-7s  %s\n"
        assert.same({ "(clear)", line:format("a", "ok", words), "(flush)", "(clear)",
            line:format("b", "warning", words:sub(1, -6)), (" "):rep(26) .. "ends1\n",
            (" "):rep(26) .. "Next: do it\n",
            "(flush)", "(clear)", line:format("c", "failed", "one: x"), "(flush)", "(clear)",
            line:format("d", "skipped", "s"), "(flush)", "(flush)",
            "\n4 checks: 1 ok, 1 warning, 1 failed, 1 skipped; begin with c of one\n" }, calls)
        run_it { color = "always" }
        local all = table.concat(calls)
        for outcome, color in pairs { ok = 32, warning = 33, failed = 31, skipped = 2 } do
            assert.matches(("  \27[%dm%-7s\27[0m  "):format(color, outcome), all, 1, true)
        end
        run_it { output = "json" }
        assert.equal("(clear)(clear)(clear)(clear)[", table.concat(calls, "", 1, 5))
    end)

    it("leaves the text twenty columns at least", function()
        findings = { { check = "a", outcome = "ok", found = "word word word words more" } }
        for columns, first in pairs { ["40"] = "word word word words", ["46"] = "word word word words",
            ["50"] = "word word word words", ["51"] = "word word word words more" } do
            context.getenv = function(name) return name == "COLUMNS" and columns or nil end
            run_it()
            assert.equal(("%-15s  %-7s  %s\n"):format("a", "ok", first), calls[2], columns)
        end
    end)
end)
