local Following = require "dwsync.health.following"
local health = require "dwsync.health"
local rules = require "dwsync.health.rules"
local runs = require "spec.health.runs"

local NOW = runs.NOW
local HOUR, DAY = runs.HOUR * 1000, runs.DAY * 1000
local CHECKED = assert(rules.check())

-- What an evaluation says of the cluster: the part that is followed.
local function evaluated(list, now, checked)
    local all = health.evaluate(list, checked or CHECKED, now)
    return { now = now, severity = all.severity, verdicts = all.verdicts, records = all.records,
        next_at = all.next_at }
end

local STATUSES = { "FINISHED", "FINISHED", "FINISHED", "FINISHED", "FAILED" }

-- Runs of some weeks, oldest first: with failures, pauses, waves of deletions, slow runs and some that overlap.
local function history_of(random, sources, count)
    local list, time = {}, NOW * 1000 - 40 * DAY
    local bad, slow = 0, 0
    for i = 1, count do
        time = time + (random(20) == 1 and random(20) * HOUR or random(2) * HOUR - random(20) * 60000)
        bad = bad > 0 and bad - 1 or random(15) == 1 and random(6) or 0
        slow = slow > 0 and slow - 1 or random(25) == 1 and random(8) or 0
        local failed = bad > 0 and random(2) == 1
        local record = { id = "r" .. i, identity_source_id = "s" .. random(sources), identity_source_type = "ldap",
            start_time = time, end_time = time + (random(90) + (slow > 0 and 1500 or 0)) * 1000,
            status = failed and "FAILED" or STATUSES[random(#STATUSES)],
            add_count = random(4) - 1, update_count = random(9) - 1, failed_count = random(12) == 1 and random(9) or 0,
            delete_count = random(18) == 1 and random(120) or 0 }
        record.fail_reason = record.status == "FAILED" and "LDAP: error code " .. 40 + random(10) or nil
        if random(30) == 1 then
            record.end_time = record.end_time + 3 * HOUR
        end
        list[i] = record
    end
    return list
end

local function running(record)
    local copy = {}
    for name, value in pairs(record) do
        copy[name] = value
    end
    copy.status, copy.end_time, copy.fail_reason = "RUNNING", nil, nil
    copy.delete_count = math.floor(record.delete_count / 2)
    return copy
end

-- What is known of runs at some time, oldest first.
local function known_at(list, now)
    local known = {}
    for _, record in ipairs(list) do
        if record.start_time <= now then
            known[#known + 1] = record.end_time <= now and record or running(record)
        end
    end
    return known
end

-- What of it was not known before.
local function news_of(known, before)
    local had, news = {}, {}
    for _, record in ipairs(before) do
        had[record.id] = record.status
    end
    for _, record in ipairs(known) do
        news[#news + 1] = had[record.id] ~= record.status and record or nil
    end
    return news
end

describe("a cluster that is followed", function()
    it("knows runs that a clock ahead of ours dates into the next five minutes, also without the rule data", function()
        for _, data in ipairs { false, { tolerance = 300 } } do
            for ago, count in pairs { [-300] = 1, [-300.001] = 0 } do
                local list = { runs.failed(ago, { end_time = false }) }
                local evaluation = health.evaluate(list, { data = data }, NOW)
                assert.equal(count, evaluation.sources[1].statistics.runs, ago)
                local checked = assert(rules.check { data = data })
                assert.equal(count == 1, Following.begin(list, checked, NOW) ~= nil, ago)
            end
        end
    end)

    it("says at any time what an evaluation of all its records says", function()
        local random = runs.random(21)
        local advanced, begun, briefly = 0, 0, 0
        for case = 1, 5 do
            local list = history_of(random, case % 3 + 1, 210)
            local following, known = nil, {}
            for at = 130, #list do
                local now = math.floor((list[at].start_time + random(3 * HOUR)) / 1000)
                local present = known_at(list, now * 1000)
                local goes_on = following and now >= following.now
                    and following:advance(runs.shuffled(news_of(present, known), random), now)
                advanced = advanced + (goes_on and 1 or 0)
                if not goes_on then
                    following, begun = assert(Following.begin(present, CHECKED, now)), begun + 1
                end
                known = present
                local expected, brief = evaluated(present, now), following:judge(now, true)
                assert.same(expected, following:judge(now), ("case %d, run %d"):format(case, at))
                if expected.severity == "ok" then
                    expected.verdicts, expected.is_brief, briefly = {}, true, briefly + 1
                end
                assert.same(expected, brief, ("in brief: case %d, run %d"):format(case, at))
            end
        end
        assert.is_true(advanced > 200, advanced .. " advanced, " .. begun .. " begun")
        assert.is_true(briefly > 20 and briefly < advanced, briefly .. " in brief")
    end)

    it("says the same however often it was asked in between, by other rules, too", function()
        local random = runs.random(5)
        local checked = assert(rules.check { slow = { runs = 1, minimum = 60 }, stale = { warning = 3600 },
            partial = false, mass_delete = { population = 500 } })
        local list = history_of(random, 1, 200)
        local now = math.floor(list[100].start_time / 1000)
        local known = known_at(list, now * 1000)
        local following = assert(Following.begin(known, checked, now))
        for at = 101, #list do
            now = math.max(now, math.floor(list[at].end_time / 1000))
            local present = known_at(list, now * 1000)
            if not following:advance(news_of(present, known), now) then
                following = assert(Following.begin(present, checked, now))
            end
            for _ = 1, random(3) do
                following:judge(now)
            end
            known = present
            assert.same(evaluated(present, now, checked), following:judge(now))
        end
    end)

    it("says as time goes on what an evaluation says then", function()
        local list = runs.hourly(60)
        local following = assert(Following.begin(list, CHECKED, NOW))
        for hours = 0, 30, 3 do
            local now = NOW + hours * 3600
            assert.same(evaluated(list, now), following:judge(now))
        end
        assert.is_nil(following:judge(NOW))
    end)

    local function copy_of(record, more)
        local copy = {}
        for name, value in pairs(record) do
            copy[name] = value
        end
        for name, value in pairs(more) do
            copy[name] = value ~= false and value or nil
        end
        return copy
    end

    it("does not begin with what is flawed, has no id or start, comes twice, or has a ledger of accounts", function()
        local function began(more)
            local list = runs.hourly(10)
            list[3] = more and copy_of(list[3], more) or list[3]
            return Following.begin(list, CHECKED, NOW)
        end
        assert.is_table(began())
        for _, more in ipairs { { add_count = -1 }, { id = false }, { id = "" }, { start_time = false },
            { status = "ODD" }, { id = runs.hourly(10)[4].id }, { start_time = (NOW + 9000) * 1000 } } do
            assert.is_nil(began(more))
        end
        local list = runs.hourly(10)
        list[11] = list[10]
        assert.is_nil(Following.begin(list, CHECKED, NOW))
        list = runs.hourly(10)
        list.ledger = { cluster_id = "c", counts = {} }
        assert.is_nil(Following.begin(list, CHECKED, NOW))
        assert.is_nil(Following.begin({}, CHECKED, NOW))
        assert.is_nil(Following.begin({ "none" }, CHECKED, NOW))
    end)

    it("does not go on with what changes the past, or is not plain", function()
        local later = runs.run(-3600)
        local function goes_on(more)
            return assert(Following.begin(runs.hourly(10), CHECKED, NOW)):advance({ copy_of(later, more) }, NOW + 7200)
        end
        assert.is_true(goes_on {})
        for name, more in pairs {
            known = { id = runs.hourly(10)[1].id },
            earlier = { start_time = later.start_time - 3 * HOUR },
            flawed = { add_count = -1 },
            nameless = { id = false },
            timeless = { start_time = false },
            other_source = { identity_source_id = "new" },
            other_type = { identity_source_type = "oneaccess" },
            future = { start_time = later.start_time + DAY, end_time = later.start_time + DAY } } do
            assert.is_false(goes_on(more), name)
        end
    end)

    it("does not go on with two records of one id", function()
        local later = runs.run(-3600)
        for _, status in ipairs { "FINISHED", "RUNNING" } do
            local following = assert(Following.begin(runs.hourly(10), CHECKED, NOW))
            assert.is_false(following:advance({ later, copy_of(later, { status = status }) }, NOW + 7200))
        end
    end)

    it("does not go on with a run that ended before another, or that was RUNNING from another start", function()
        local open = runs.running(300, { id = "open" })
        local list = runs.hourly(10)
        list[#list + 1] = open
        local function goes_on(more)
            return assert(Following.begin(list, CHECKED, NOW)):advance({ copy_of(open, more) }, NOW)
        end
        local ended = { status = "FINISHED", end_time = (NOW - 100) * 1000 }
        assert.is_true(goes_on(ended))
        assert.is_true(goes_on { delete_count = 5 })
        assert.is_false(goes_on { status = "FINISHED", end_time = ended.end_time, start_time = open.start_time + 1 })
        local before = runs.run(200, { id = "quick", end_time = (NOW - 50) * 1000 })
        list[#list + 1] = before
        assert.is_false(goes_on(ended))
    end)

    it("knows whether what is RUNNING is among some runs", function()
        local list = runs.hourly(3)
        list[4] = runs.running(60, { id = "open" })
        local following = assert(Following.begin(list, CHECKED, NOW))
        assert.is_true(following:has_open_in { open = 1, other = 2 })
        assert.is_false(following:has_open_in { other = 2 })
    end)
end)
