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
