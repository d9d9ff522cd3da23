local episodes = require "dwsync.health.episodes"
local health = require "dwsync.health"
local runs = require "spec.health.runs"

local NOW, HOUR = runs.NOW, runs.HOUR

-- An alert by hand; an open one lasts till 100 s.
local function alert(rule, from, till, more)
    local made = { rule = rule, source = "s1", severity = "warning", from = from * 1000, till = till and till * 1000,
        seconds = (till or 100) - from, message = rule .. " speaks" }
    for name, value in pairs(more or {}) do
        made[name] = value
    end
    return made
end

-- Each episode as "rule from-till severity also".
local function words(alerts)
    local list = {}
    for i, episode in ipairs(episodes.of(alerts)) do
        list[i] = ("%s %s-%s %s %s"):format(episode.rule, episode.from / 1000, episode.till and episode.till / 1000
            or "open", episode.severity, table.concat(episode.also, ",")):gsub("%.0", "")
    end
    return list
end

describe("episodes", function()
    it("are an alert each, unless one explains another", function()
        assert.same({ "slow 1-5 warning ", "stale 2-7 warning " }, words { alert("slow", 1, 5), alert("stale", 2, 7) })
        assert.same({ "failing 1-7 warning stale" },
            words { alert("failing", 1, 5), alert("stale", 2, 7, { explained_by = "failing" }) })
    end)

    it("begin with what was seen first, are as grave as the gravest, and speak as their cause", function()
        local list = episodes.of { alert("stale", 1, 9, { explained_by = "failing", severity = "critical" }),
            alert("failing", 3, 5, { record_id = "r1" }) }
        assert.equal(1, #list)
        assert.same({ rule = "failing", also = { "stale" }, from = 1000, till = 9000, seconds = 8, source = "s1",
            severity = "critical", headline = "failing speaks", record_id = "r1" }, list[1])
    end)

    it("follow a cause to its own cause", function()
        assert.same({ "mass_delete 1-8 warning volume,slow" }, words { alert("mass_delete", 1, 8),
            alert("volume", 2, 6, { explained_by = "mass_delete" }), alert("slow", 5, 7, { explained_by = "volume" }) })
    end)

    it("are open while one of their alerts is", function()
        local alerts = { alert("failing", 1, 5), alert("stale", 2, nil, { explained_by = "failing" }) }
        assert.same({ "failing 1-open warning stale" }, words(alerts))
        assert.equal(99, episodes.of(alerts)[1].seconds)
    end)

    it("do not join what is of another source or another time, nor name a rule twice", function()
        assert.same({ "failing 1-5 warning ", "stale 2-7 warning " }, words { alert("failing", 1, 5),
            alert("stale", 2, 7, { explained_by = "failing", source = "s2" }) })
        assert.same({ "failing 1-2 warning ", "stale 5-7 warning " }, words { alert("failing", 1, 2),
            alert("stale", 5, 7, { explained_by = "failing" }) })
        assert.same({ "failing 1-9 warning stale" }, words { alert("failing", 1, 9),
            alert("stale", 2, 3, { explained_by = "failing" }), alert("stale", 4, 5, { explained_by = "failing" }) })
    end)

    it("of a history have the words of their time", function()
        local list = runs.hourly(80)
        for i = 10, 17 do
            list[i] = runs.failed(600 + (i - 1) * HOUR, { fail_reason = "LDAP: error code 49 - data 52e" })
        end
        local found = health.episodes(list, nil, { now = NOW })
        assert.equal(1, #found)
        assert.same({ "failing", "critical", "stale" }, { found[1].rule, found[1].severity, found[1].also[1] })
        assert.matches("^the last 4 runs failed: the directory refused", found[1].headline)
        assert.same({}, health.episodes(list, nil, { now = NOW, since = (NOW - HOUR) * 1000 }))
        assert.same({}, health.episodes(list, { failing = false, stale = false }, { now = NOW }))
    end)

    it("refuse wrong use at the caller's line", function()
        assert.matches("episodes_spec.lua:%d+: episodes: expected a list", runs.refusal(function()
            health.episodes(nil)
        end))
        assert.matches("episodes_spec.lua:%d+: .*unknown rule", runs.refusal(function()
            health.episodes({}, { stail = {} })
        end))
    end)

    it("join what meets at a moment, either way, and follow the first that overlaps", function()
        for _, case in ipairs { { 1, 5, 5, 9, 1 }, { 1, 5, 5.001, 9, 2 }, { 5, 9, 1, 5, 1 }, { 5.001, 9, 1, 5, 2 },
            { 1, nil, 90, 95, 1 }, { 90, 95, 1, nil, 1 } } do
            assert.equal(case[5], #episodes.of { alert("failing", case[1], case[2]),
                alert("stale", case[3], case[4], { explained_by = "failing" }) })
        end
        assert.same({ "failing 1-2 warning ", "failing 4-9 warning stale" }, words { alert("failing", 1, 2),
            alert("failing", 4, 9), alert("stale", 5, 6, { explained_by = "failing" }) })
    end)

    it("come by time, then by source, then by rule", function()
        local alerts = {}
        for _, each in ipairs { { "slow", 2, "b" }, { "data", 2, "b" }, { "slow", 2, "a" }, { "volume", 1, "c" } } do
            alerts[#alerts + 1] = alert(each[1], each[2], 9, { source = each[3] })
        end
        for first = 1, #alerts do
            local turned, order = {}, {}
            for i = 1, #alerts do
                turned[i] = alerts[(first + i) % #alerts + 1]
            end
            for _, list in ipairs { turned, { turned[4], turned[3], turned[2], turned[1] } } do
                for i, episode in ipairs(episodes.of(list)) do
                    order[i] = episode.source .. episode.rule
                end
                assert.same({ "cvolume", "aslow", "bdata", "bslow" }, order)
            end
        end
    end)
end)
