local cjson = require "cjson"
local core = require "dwsync.core"
local record_fields = require "dwsync.record_fields"
local stories = require "dwsync.emulator.stories"

describe("a story", function()
    it("has a past of its own: so many runs, of which the newest is so old, and so many failed", function()
        local STARTED, MINUTE = 1747637723055, 60000
        for story, expected in pairs { healthy = { 168, 0 }, failing = { 168, 72 }, mass_delete = { 168, 0 },
            stuck = { 120, 0 }, partial = { 96, 0 }, two_sources = { 252, 0 }, large = { 970, 10 } } do
            local count, record_at = stories.records(stories.cluster(1, story, story),
                { seed = 1, started = STARTED, records = 970 })
            local failed = 0
            for i = 0, count - 1 do
                failed = failed + (record_at(i).status == "FAILED" and 1 or 0)
            end
            assert.same(expected, { count, failed }, story)
            local ago = (STARTED - record_at(0).start_time) / MINUTE
            assert.is_true(story == "stuck" and math.abs(ago - 540) < 60 or ago > 0 and ago < 60, story .. " " .. ago)
        end
        for _, story in ipairs { "never", "feature_off" } do
            assert.equal(0, (stories.records(stories.cluster(1, story, story), { seed = 1, started = STARTED })))
        end
    end)
end)

describe("a record of a story", function()
    local STARTED = 1747637723055

    it("follows from the seed, from the story and from its place", function()
        for _, case in ipairs {
            { "healthy", 0, "a734d249", "d871e999", 716768, 20374, 3, 2, 1, 0 },
            { "healthy", 167, "cc8802c5", "d871e999", 601916720, 67958, 1, 3, 0, 0 },
            { "failing", 71, "6106a00a", "c2d9f05a", 256318208, 3000, 0, 0, 0, 0 },
            { "mass_delete", 0, "8cf1004e", "c7ad7930", 717424, 240000, 0, 2, 475, 0 },
            { "mass_delete", 167, "b25911f0", "c7ad7930", 601918912, 37697, 958, 0, 0, 0 },
            { "stuck", 0, "65c0f7a0", "1619eedc", 32396816, nil, 0, 0, 0, 0 },
            { "stuck", 1, "33a0bad1", "1619eedc", 35997504, 118560, 2, 2, 0, 0 },
            { "partial", 0, "b8ebd036", "a1333645", 717312, 64893, 0, 22, 0, 9 },
            { "partial", 1, "3675d3b6", "a1333645", 4316928, 58416, 3, 20, 0, 7 },
            { "two_sources", 0, "bdee8ea8", "481ce69e", 718992, 23041, 0, 5, 0, 0 },
            { "two_sources", 1, "a4aa7142", "542f0a3d", 2518224, 40796, 3, 2, 0, 0 },
            { "two_sources", 5, "8304b5bc", "481ce69e", 11516384, 60113, 2, 0, 0, 0 },
            { "large", 96, "1c986427", "4e30a075", 58317312, 3000, 0, 0, 0, 0 },
        } do
            local cluster = stories.cluster(1, case[1], case[1])
            local _, record_at = stories.records(cluster, { seed = 1, started = STARTED, records = 970 })
            local record = record_at(case[2])
            assert.same(case, { case[1], case[2], record.id:sub(1, 8), record.identity_source_id:sub(1, 8),
                STARTED - record.start_time, record.end_time and record.end_time - record.start_time,
                record.add_count, record.update_count, record.delete_count, record.failed_count })
            assert.equal(({ failing = "FAILED", large = "FAILED" })[case[1]]
                or case[1] == "stuck" and case[2] == 0 and "RUNNING" or "FINISHED", record.status)
        end
        local arrived = stories.arrival(stories.cluster(1, "healthy", "healthy"), { seed = 1 }, 3, STARTED)
        assert.same({ "831cfedb-e435-434e-8878-9fde193e80b8", "d871e999-ddc4-4299-b99f-6227e9ae85f1", "ldap", 1, 1, 1,
            0, 0 }, { arrived.id, arrived.identity_source_id, arrived.identity_source_type,
            arrived.end_time - STARTED, arrived.add_count, arrived.update_count, arrived.delete_count,
            arrived.failed_count })
    end)
end)

describe("all records of a story", function()
    -- Each record as a line.
    local function written(story)
        local cluster, lines = stories.cluster(1, story, story), {}
        local count, record_at = stories.records(cluster, { seed = 1, started = 1747637723055, records = 200 })
        for i = 0, count - 1 do
            local record, parts = record_at(i), {}
            for k, name in ipairs(record_fields.names) do
                local value = record[name]
                parts[k] = type(value) == "number" and ("%.0f"):format(value) or value == cjson.null and "null"
                    or tostring(value)
            end
            lines[#lines + 1] = table.concat(parts, " ")
        end
        return table.concat(lines, "\n")
    end

    it("are always the same", function()
        local digests = {}
        for _, story in ipairs { "healthy", "failing", "mass_delete", "stuck", "partial", "two_sources", "large" } do
            digests[story] = core.sha256(written(story)):sub(1, 16)
        end
        assert.same({ healthy = "1944f9cf391e5d7e", failing = "70c5de65d9f756b0", mass_delete = "cbc6d3397fac01f4",
            stuck = "22d710d99428aa8f", partial = "e967c751cde8c577", two_sources = "20827fc2695160d7",
            large = "bac9ed5cf412ab7e" }, digests)
    end)

    it("are none of a story without any", function()
        local _, record_at = stories.records({ id = "c", story = "never" }, {})
        assert.has_error(record_at)
    end)
end)

describe("the clusters of a place", function()
    it("are one for each story, and healthy ones besides, with ids of their own in each place", function()
        local shown = {}
        for i, cluster in ipairs(stories.clusters { seed = 1, clusters = 2 }) do
            shown[i] = ("%s %s %s"):format(cluster.id:sub(1, 8), cluster.name, cluster.story)
        end
        assert.same({ "db908702 dws-healthy healthy", "29ceb187 dws-failing failing",
            "068d0464 dws-mass-delete mass_delete", "8c692c68 dws-stuck stuck", "7af15408 dws-partial partial",
            "0f155a89 dws-two-sources two_sources", "3f03b86c dws-never never", "c0a713ba dws-feature-off feature_off",
            "d5504dd2 dws-large large", "9a271caf bulk-001 healthy", "1a93d695 bulk-002 healthy" }, shown)
        assert.same({ "healthy", "failing", "mass_delete", "stuck", "partial", "two_sources", "never", "feature_off",
            "large" }, stories.names)
        local labelled = stories.clusters { seed = 1, clusters = 1, stories = false, label = "lab" }
        assert.same({ { id = "056cc0e2-e285-4e94-8898-b0e0033d4d73", name = "bulk-001", story = "healthy" } }, labelled)
        assert.equal("f7b10a7e60b6e35e58eeb57874bf6fa3", stories.hex_id(1, "project"))
    end)
end)

describe("the clock's new runs", function()
    local STARTED, EVERY = 1747637723055, 6
    local options = { seed = 1, started = STARTED, new_runs = EVERY }
    local clusters = stories.clusters { seed = 1, stories = false, clusters = 1000 }

    local function turns(at_tick)
        local counted = {}
        for i, cluster in ipairs(clusters) do
            counted[i] = stories.turns(cluster, options, STARTED + at_tick * EVERY * 1000)
        end
        return counted
    end

    it("come to one cluster of a hundred in each tick, to each once in a hundred", function()
        local before, total = turns(0), 0
        for tick = 1, 100 do
            local now, came = turns(tick), 0
            for i = 1, #clusters do
                came = came + now[i] - before[i]
            end
            -- A thousand ids, spread over a hundred turns by chance.
            assert.is_true(came > 0 and came < 30, ("%d in tick %d"):format(came, tick))
            before, total = now, total + came
        end
        assert.equal(1000, total)
        for i, count in ipairs(turns(200)) do
            assert.equal(2, count, clusters[i].name)
        end
    end)

    it("are none at the start, before it, when not wanted, and of clusters with another story", function()
        for _, tick in ipairs { 0, -1, -1000 } do
            for _, count in ipairs(turns(tick)) do
                assert.equal(0, count)
            end
        end
        local later = STARTED + 10 ^ 9
        assert.equal(0, stories.turns(clusters[1], { seed = 1, started = STARTED }, later))
        for _, cluster in ipairs(stories.clusters { seed = 1, clusters = 0 }) do
            assert.equal(cluster.story == "healthy", stories.turns(cluster, options, later) > 0, cluster.story)
        end
    end)

    it("begin in the tick that the first eight digits of the id say", function()
        for id, tick in pairs { ["12345678-9"] = 97, ["00000063"] = 100, ["00000064"] = 1, none = 1 } do
            local cluster = { id = id, story = "healthy" }
            local function turns_at(ticks)
                return stories.turns(cluster, options, STARTED + ticks * EVERY * 1000)
            end
            assert.same({ 0, 1, 1, 2 }, { turns_at(tick - 1), turns_at(tick), turns_at(tick + 99),
                turns_at(tick + 100) })
        end
    end)

    it("start at their tick, have ids of their own, and belong to the cluster's directory", function()
        local cluster = clusters[1]
        local _, record_at = stories.records(cluster, options)
        local first, second = stories.turn(cluster, options, 1), stories.turn(cluster, options, 2)
        assert.equal(100 * EVERY * 1000, second.start_time - first.start_time)
        assert.not_equal(first.id, second.id)
        assert.equal(record_at(0).identity_source_id, first.identity_source_id)
        assert.equal(0, stories.turns(cluster, options, first.start_time - 1))
        assert.equal(1, stories.turns(cluster, options, first.start_time))
    end)
end)
