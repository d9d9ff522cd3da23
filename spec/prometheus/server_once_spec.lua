local alerts = require "dwsync.alerts"
local collecting = require "spec.support.collecting"
local dashboards = require "spec.prometheus.dashboards"
local emulators = require "spec.support.emulator"
local health = require "dwsync.health"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"
local prometheus = require "spec.support.prometheus"
local uv = require "luv"

local CONFIGURATION = [[
global: { scrape_interval: 5s, scrape_timeout: 5s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: dwsync
    static_configs: [{ targets: ["127.0.0.1:%d"] }]
  - job_name: dwsync-fleet
    static_configs: [{ targets: [%q] }]
]]

describe("a real Prometheus that scrapes a real nginx", function()
    local service, web, server, folder, collector
    local eventually = patience.wait_until

    setup(function()
        service = emulators.start()
        local client = service:options()
        client.getenv = nil -- a function cannot enter a thread
        local clusters = {}
        for i, story in ipairs { "failing", "healthy", "mass_delete", "never", "feature_off" } do
            clusters[i] = { id = service:cluster(story), name = story }
        end
        web = nginx.start { http = nginx.refreshing { clusters = clusters, client = client, interval = 1, lease = 1 } }
        web:get_until("/metrics", 200)
        folder = assert(uv.fs_mkdtemp "/tmp/dwsync-spec-XXXXXX")
        collecting.write_inventory(folder, service.info)
        collector = collecting.start(folder, "--metrics 0")
        local collectors = collector.ready:match "metrics at http://(127.0.0.1:%d+)/"
        server = prometheus.start(CONFIGURATION:format(web.port, collectors), {
            ["rules.yml"] = alerts.render(health.rules(), { patience = 0, interval = 1 }) })
    end)
    teardown(function()
        -- Whatever was not started is not there to be ended.
        for _, started in ipairs { server or false, web or false, service or false } do
            if started then
                started:stop()
            end
        end
        if collector then
            collector:stop "sigkill"
        end
        if folder then
            processes.run("rm -rf " .. processes.quoted(folder))
        end
    end)

    local function name(alert, severity, story)
        return ("%s %s %s"):format(alert, severity, service:cluster(story))
    end

    -- The alerts of a cluster, once its verdicts were evaluated several times.
    local function alerts_of(story)
        local recorded = ('min(count_over_time(rule:dwsync_verdict_severity:max{cluster="%s"}[1m]))'):format(
            service:cluster(story))
        eventually(function()
            local result = server:query(recorded)[1]
            return result and tonumber(result.value[2]) >= 3
        end, "evaluations of " .. story)
        local list = {}
        for alert in pairs(server:firing()) do
            list[#list + 1] = alert:find(service:cluster(story), 1, true) and alert:match "^%S+ %S+" or nil
        end
        table.sort(list)
        return list
    end

    it("fires for the source that fails, and says why", function()
        local alert = eventually(function()
            return server:firing()[name("DwsyncFailing", "critical", "failing")]
        end, "an alert for the failing source")
        assert.matches("^ldap source %x+%-[%x-]+ of cluster failing has 72 failed runs of late$",
            alert.annotations.summary)
        assert.matches("Most of its failed runs have the reason ldap_invalid_credentials.",
            alert.annotations.description, 1, true)
        -- That it has had no success for days follows from that, and is no alert of its own.
        assert.same({ "DwsyncFailing critical", "DwsyncFailing warning" }, alerts_of "failing")
    end)

    it("fires for a mass deletion and for a cluster without runs", function()
        assert.same({ "DwsyncMassDelete critical", "DwsyncMassDelete warning" }, alerts_of "mass_delete")
        assert.same({ "DwsyncNeverSynchronised warning" }, alerts_of "never")
    end)

    it("does not fire for the healthy source, nor about dwsync itself", function()
        assert.same({}, alerts_of "healthy")
        local about_itself
        eventually(function() -- on a busy machine a scrape may be late
            about_itself = nil
            for alert in pairs(server:firing()) do
                about_itself = alert:match "^Dwsync%u%l+ %l+ $" or about_itself
            end
            return not about_itself
        end, function() return "the end of " .. about_itself end)
    end)

    it("does not fire where synchronisation is off, but where it was turned off", function()
        local story = "healthy"
        service:fault({ status = 400, body = '{"error_code":"DWS.5045","error_msg":"not allowed"}' },
            { times = require("cjson").null, match = { cluster = service:cluster(story) } })
        local alert = eventually(function()
            return server:firing()[name("DwsyncDisabled", "warning", story)]
        end, "an alert for synchronisation that was turned off")
        assert.equal("cluster healthy is not synchronised: synchronisation was turned off, or is refused",
            alert.annotations.summary)
        assert.is_nil(server:firing()[name("DwsyncUnreadable", "warning", story)])
        for found in pairs(server:firing()) do
            assert.is_nil(found:find(service:cluster "feature_off", 1, true), found)
        end
        service:admin("DELETE", "faults")
        eventually(function()
            return not server:firing()[name("DwsyncDisabled", "warning", story)]
        end, "the end of that alert")
    end)

    it("evaluates every rule without an error", function()
        local groups = server:ask("rules").data.groups
        assert.equal(2, #groups)
        for _, group in ipairs(groups) do
            for _, rule in ipairs(group.rules) do
                assert.equal("ok", rule.health, rule.name .. ": " .. tostring(rule.lastError))
            end
        end
    end)

    it("has an answer to every query of the dashboard, with a collector of a fleet beside it", function()
        for _, query in ipairs(dashboards.queries(dashboards.read())) do
            local expression = dashboards.fill_in(query.expression)
            eventually(function()
                return server:query(expression)[1]
            end, ("an answer for %s: %s"):format(query.title, expression))
        end
    end)

    it("says that records cannot be read, and ends that when they can", function()
        service:fault({ reset = "before" }, { times = require("cjson").null })
        eventually(function()
            return server:firing()[name("DwsyncUnreadable", "warning", "healthy")]
        end, "an alert for records that cannot be read")
        assert.is_table(server:firing()[name("DwsyncFailing", "critical", "failing")])
        service:admin("DELETE", "faults")
        eventually(function()
            return not server:firing()[name("DwsyncUnreadable", "warning", "healthy")]
        end, "the end of that alert")
    end)

    it("says that dwsync is down, and goes on about what was known last", function()
        web:stop()
        eventually(function()
            local firing = server:firing()
            return firing["DwsyncDown warning "] and firing["DwsyncAbsent critical "]
        end, "alerts about dwsync itself")
        local firing = server:firing()
        assert.is_table(firing[name("DwsyncFailing", "critical", "failing")])
        assert.is_nil(firing[name("DwsyncStale", "critical", "failing")])
        assert.is_nil(firing[name("DwsyncStale", "warning", "healthy")])
    end)
end)
