local command = require "spec.support.command"
local json = require "dwsync.json"
local report = require "dwsync.report"
local run = command.run

local WORLD = { service = command.service { c1 = { command.failed("f1", 0.5), command.failed("f2", 1.5) }, c2 = 403 } }

describe("dwsync health", function()
    it("shows the verdicts, and ends with 0 whatever they are", function()
        local status, out, err = run({ "health", "c1" }, WORLD)
        assert.equal(0, status)
        assert.equal("", err)
        assert.matches("WARNING", out, 1, true)
        assert.matches("Next", out, 1, true)
    end)

    it("has every format of reports", function()
        for _, format in ipairs(report.health_formats) do
            local status, out = run({ "health", "c1", "-o", format }, WORLD)
            assert.equal(0, status)
            assert.is_true(#out > 20, format)
        end
        local _, out = run({ "health", "c1", "-o", "json" }, WORLD)
        assert.equal("warning", assert(json.decode(out)).severity)
    end)

    it("has colour on a terminal only, or as asked", function()
        local _, out = run({ "health", "c1" }, WORLD)
        assert.is_nil(out:find("\27", 1, true))
        _, out = run({ "health", "c1", "--color", "always" }, WORLD)
        assert.is_truthy(out:find("\27[", 1, true))
    end)

    it("shows what there is, and ends with 1, when a cluster cannot be asked", function()
        local status, out, err = run({ "health", "--all-clusters", "-o", "prometheus" }, WORLD)
        assert.equal(1, status)
        assert.matches('dwsync_up{cluster="c2"[^\n]*} 0', out)
        assert.matches("^dwsync: name%-c2: not_found: ", err)
    end)

    it("judges by the service's clock when this machine's is wrong", function()
        local refused = false
        local status, out, err = run({ "check", "c1" }, { clock_error = -86400, service = function(request)
            if not refused then
                refused = true
                return 401, '{"error_code":"APIGW.0301","error_msg":"signature expired"}', nil,
                    { date = "Mon, 19 May 2025 06:55:23 GMT" }
            end
            return command.service { c1 = command.healthy() }(request)
        end })
        assert.equal("dwsync: this machine's clock is 1 d slow; corrected for now, set it with NTP\n", err)
        assert.equal(0, status, out)
    end)
end)

describe("--explain", function()
    local function refused(expected, ...)
        local status, out, err = run({ "health", "c1", ... }, WORLD)
        assert.same({ 2, "" }, { status, out })
        assert.is_truthy(err:find(expected, 1, true), err)
    end

    it("shows the model behind verdicts, in 80 columns", function()
        local world = { service = command.service { c1 = command.healthy() },
            environment = setmetatable({ COLUMNS = "80" }, { __index = command.ENVIRONMENT }) }
        local status, out = run({ "health", "c1", "--explain", "stale,volume", "--explain", "mass_delete" }, world)
        assert.equal(0, status)
        assert.matches("\n  OK            stale · ldap s1\n.*\n  Cadence       a run about every 1 h\n", out)
        assert.matches("\n  Next run      2025%-05%-19T07:25:23Z %(in 30 min%)\n", out)
        assert.matches("\n  Population    ", out)
        assert.matches("\n  Usual now     not known: no earlier week on record\n", out)
        assert.matches("\n  OK            churn, data, failing, never, overlap, partial, slow, stuck\n", out)
        for line in out:gmatch "[^\n]+" do
            assert.is_true(require("dwsync.text").width(line) <= 80, line)
        end
    end)

    it("gives it as fields in JSON, of these rules alone", function()
        local _, out = run({ "health", "c1", "--explain", "failing", "-o", "json" }, WORLD)
        for _, verdict in ipairs(assert(json.decode(out)).clusters[1].verdicts) do
            assert.equal(verdict.rule == "failing", verdict.explanation ~= nil)
            if verdict.explanation then
                assert.same({ "in_a_row", 2, "runs" }, { verdict.explanation[1].name, verdict.explanation[1].value,
                    verdict.explanation[1].unit })
            end
        end
    end)

    it("refuses what is not a rule, or is off", function()
        refused("--explain: unknown rule 'stal'. Did you mean 'stale'?", "--explain", "stale,stal")
        refused("--explain: expected names of rules, separated by commas", "--explain", ",")
        refused("--explain: the rule stale is off", "--explain", "stale", "--set", "stale=off")
    end)
end)

describe("--set", function()
    local function refused(expected, ...)
        local status, out, err = run({ "health", "c1", ... }, WORLD)
        assert.equal(2, status)
        assert.equal("", out)
        assert.matches(expected, err, 1, true)
    end

    it("takes lengths of time, numbers, percentages, on and off", function()
        local status, out = run({ "health", "c1", "-o", "json", "--set", "stale.warning=6h", "--set",
            "stale.critical=1d",
            "--set", "failing.warning=1", "--set", "partial.warning=5%", "--set", "churn=off", "--set", "slow=on" },
                WORLD)
        assert.equal(0, status)
        assert.is_nil(out:find('"churn"', 1, true))
        assert.matches('"warning":21600', out, 1, true)
        assert.matches('"critical":86400', out, 1, true)
    end)

    it("switches a rule back on that the configuration file has off", function()
        local world = { service = WORLD.service, files = { ["/c.lua"] = "return { thresholds = { stale = false } }" } }
        local _, out = run({ "health", "c1", "-o", "json", "--config", "/c.lua" }, world)
        assert.is_nil(out:find('"stale"', 1, true))
        _, out = run({ "health", "c1", "-o", "json", "--config", "/c.lua", "--set", "stale.warning=6h" }, world)
        assert.is_truthy(out:find('"stale"', 1, true))
    end)

    it("refuses what has no such form", function()
        for _, text in ipairs { "stale", "stale=6h", "stale.warning", "=6h", ".=", "stale.warning.x=1",
            "stale.warning=" } do
            refused(('--set is "%s", expected rule.option=value'):format(text), "--set", text)
        end
    end)

    it("refuses what no rule knows, and names what there is", function()
        refused("--set: unknown rule 'stail'.\n        Did you mean 'stale'? The rules are churn, ", "--set",
            "stail.warning=6h")
        refused("--set: unknown option 'stale.warn'.\n        Did you mean 'warning'? The options are critical, ",
            "--set", "stale.warn=6h")
        refused("--set: stale.warning is \"soon\", expected a length of time", "--set", "stale.warning=soon")
        refused("--set: stale.warning (2 h) is above stale.critical (1 h)", "--set", "stale.warning=2h", "--set",
            "stale.critical=1h")
    end)
end)
