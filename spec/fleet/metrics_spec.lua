local metrics = require "dwsync.fleet.metrics"
local prometheus = require "spec.support.prometheus"

local SUM = { now = 1790000000500, alive = 2, accounts = {
    { account = "hq", clusters = 10, disabled = 1, failing = 2, late = 3, overdue = 12.5, interval = 60, paced = 90,
        state = "blocked" },
    { account = 'odd "name"', clusters = 0, disabled = 0, failing = 0, late = 0, overdue = 0, state = "active" } },
    messages = { states = { pending = 0, firing = 1, told = 4, acknowledged = 2, silenced = 3, resolved = 9 },
        unsent = 5, oldest = 90500, given_up = 7, lost = 6 }, heartbeat = { sent_at = 1789999999000 } }

local function lines(made)
    local list = {}
    for line in made:render():gmatch "[^\n]+" do
        list[line] = true
    end
    return list
end

describe("the metrics of a fleet", function()
    it("say what the database says, by account", function()
        local made = metrics.new "m1"
        made.sum = SUM
        local list = lines(made)
        for _, line in ipairs {
            'dwsync_fleet_clusters{account="hq",state="active",collector="m1"} 7',
            'dwsync_fleet_clusters{account="hq",state="failing",collector="m1"} 2',
            'dwsync_fleet_clusters{account="hq",state="disabled",collector="m1"} 1',
            'dwsync_fleet_late{account="hq",collector="m1"} 3',
            'dwsync_fleet_overdue_seconds{account="hq",collector="m1"} 12.5',
            'dwsync_fleet_interval_seconds{account="hq",collector="m1"} 60',
            'dwsync_fleet_paced_seconds{account="hq",collector="m1"} 90',
            'dwsync_fleet_account_blocked{account="hq",collector="m1"} 1',
            'dwsync_fleet_account_throttled{account="hq",collector="m1"} 0',
            'dwsync_fleet_clusters{account="odd \\"name\\"",state="active",collector="m1"} 0',
            'dwsync_fleet_problems{state="told",collector="m1"} 4',
            'dwsync_fleet_problems{state="acknowledged",collector="m1"} 2',
            'dwsync_fleet_messages_unsent{collector="m1"} 5',
            'dwsync_fleet_messages_oldest_seconds{collector="m1"} 90.5',
            'dwsync_fleet_messages_given_up{collector="m1"} 7',
            'dwsync_fleet_messages_lost{collector="m1"} 6',
            'dwsync_fleet_heartbeat_timestamp_seconds{collector="m1"} 1789999999',
            'dwsync_fleet_collectors{collector="m1"} 2',
            'dwsync_fleet_database_up{collector="m1"} 1',
            'dwsync_fleet_timestamp_seconds{collector="m1"} 1790000000.5',
        } do
            assert.is_true(list[line], line .. "\n" .. made:render())
        end
    end)

    it("have no time of a heartbeat that was never taken", function()
        for _, heartbeat in ipairs { {}, false } do
            local text = metrics.of_all { now = 0, alive = 0, messages = SUM.messages, accounts = {},
                heartbeat = heartbeat or nil }
            assert.is_nil(text:find("\ndwsync_fleet_heartbeat_timestamp_seconds", 1, true))
            assert.truthy(text:find("\ndwsync_fleet_collectors 0\n", 1, true))
        end
    end)

    it("are those of the database alone for whoever is no collector", function()
        local text = metrics.of_all(SUM)
        assert.truthy(text:find('\ndwsync_fleet_late{account="hq"} 3\n', 1, true), text)
        assert.truthy(text:find("\ndwsync_fleet_collectors 2\n", 1, true), text)
        assert.is_nil(text:find("looks_total", 1, true))
        assert.is_nil(text:find("collector=", 1, true))
    end)

    it("tell the account that is throttled from the one that is blocked", function()
        local made = metrics.new "m1"
        made.sum = { now = 0, alive = 0, messages = SUM.messages, accounts = {
            { account = "hq", clusters = 0, disabled = 0, failing = 0, late = 0, overdue = 0, state = "throttled" } } }
        local list = lines(made)
        assert.is_true(list['dwsync_fleet_account_throttled{account="hq",collector="m1"} 1'])
        assert.is_true(list['dwsync_fleet_account_blocked{account="hq",collector="m1"} 0'])
    end)

    it("count what a collector did, from nothing on, each by its name", function()
        local names = { "looks", "changed", "failed", "throttled", "expired", "fenced", "unwritten" }
        local made = metrics.new "m1"
        local list = lines(made)
        for i, name in ipairs(names) do
            assert.is_true(list[('dwsync_fleet_%s_total{collector="m1"} 0'):format(name)], name)
            made.totals[name] = i
        end
        assert.is_true(list['dwsync_fleet_heartbeats_total{collector="m1"} 0'])
        made.heartbeats = 8
        list = lines(made)
        for i, name in ipairs(names) do
            assert.is_true(list[('dwsync_fleet_%s_total{collector="m1"} %d'):format(name, i)], name)
        end
        assert.is_true(list['dwsync_fleet_heartbeats_total{collector="m1"} 8'])
    end)

    it("have a place for gaps of each usual interval and just beyond", function()
        local places = {}
        for upper in metrics.new("m1"):render():gmatch 'le="([%d+Inf]+)"' do
            places[#places + 1] = upper
        end
        assert.equal("1 5 10 11 15 30 31 45 60 61 63 75 90 120 180 300 600 1800 3600 21600 +Inf",
            table.concat(places, " "))
    end)

    it("count gaps in a histogram that adds up", function()
        local made = metrics.new "m1"
        for _, seconds in ipairs { 0.5, 60, 60.5, 61, 100000 } do
            made:observe(seconds)
        end
        local list = lines(made)
        for le, count in pairs { ["1"] = 1, ["45"] = 1, ["60"] = 2, ["61"] = 4, ["21600"] = 4, ["+Inf"] = 5 } do
            assert.is_true(list[('dwsync_fleet_gap_seconds_bucket{collector="m1",le="%s"} %d'):format(le, count)], le)
        end
        assert.is_true(list['dwsync_fleet_gap_seconds_sum{collector="m1"} 100182'])
        assert.is_true(list['dwsync_fleet_gap_seconds_count{collector="m1"} 5'])
    end)

    it("say that the database is down, and keep what was known", function()
        local made = metrics.new "m1"
        made.sum, made.database_up, made.totals = SUM, false, { looks = 5, fenced = 1 }
        local list = lines(made)
        assert.is_true(list['dwsync_fleet_database_up{collector="m1"} 0'])
        assert.is_true(list['dwsync_fleet_looks_total{collector="m1"} 5'])
        assert.is_true(list['dwsync_fleet_fenced_total{collector="m1"} 1'])
        assert.is_true(list['dwsync_fleet_late{account="hq",collector="m1"} 3'])
    end)

    it("are what promtool takes without a complaint", function()
        local made = metrics.new "m1"
        made.sum = SUM
        made:observe(60)
        local output, status = prometheus.promtool("check metrics <metrics", { metrics = made:render() })
        assert.same({ "", 0 }, { output, status })
    end)
end)
