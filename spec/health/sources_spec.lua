local sources = require "dwsync.health.sources"
local records = require "dwsync.records"
local runs = require "spec.health.runs"

local LATEST = runs.NOW * 1000

local function read(list)
    return sources.read(records.from(list):each(), LATEST)
end

local function ids(list)
    local found = {}
    for i, run in ipairs(list) do
        found[i] = run.id
    end
    return table.concat(found, " ")
end

describe("sources", function()
    it("are read from records, by id, with runs by start and ended ones by end", function()
        local list, cluster = read {
            runs.run(10, { id = "c", end_time = LATEST - 1000 }),
            runs.run(30, { id = "a", end_time = LATEST - 500 }),
            runs.running(20, { id = "b" }),
            runs.failed(5, { id = "d", identity_source_id = "s0", identity_source_type = "oneaccess" }),
        }
        assert.equal(4, cluster.records)
        assert.equal(2, #list)
        assert.equal("s0", list[1].id)
        assert.equal("oneaccess", list[1].type)
        assert.equal("s1", list[2].id)
        assert.equal("a b c", ids(list[2].runs))
        assert.equal("c a", ids(list[2].ended))
    end)

    it("are the same of a list with the newest first, the oldest first, and of an iterator", function()
        local back, forwards = {}, {}
        for i = 1, 450 do
            back[i] = i == 100 and 5 or runs.run(i + 100, { id = "r" .. i, status = i % 449 == 1 and "x" or nil })
            forwards[451 - i] = back[i]
        end
        local expected, cluster = read(forwards)
        assert.same({ 450, 1 }, { cluster.records, #cluster.flaws })
        assert.equal(2, #expected[1].flaws)
        for _, list in ipairs { back, forwards } do
            local found, counted = sources.read(list, LATEST)
            assert.same({ 450, 1 }, { counted.records, #counted.flaws })
            assert.same({ ids(expected[1].runs), expected[1].starts, 2 },
                { ids(found[1].runs), found[1].starts, #found[1].flaws })
            assert.same({ 0, 0 }, { #found[1].open, #sources.read({}, LATEST) })
        end
    end)

    it("are sorted out in slices, each run once", function()
        local list, expected, starts = {}, {}, {}
        for i = 1, 650 do
            list[i] = runs.run(1000 - i, { id = ("r%03d"):format(i), end_time = LATEST - 1000 + i })
            expected[i], starts[i] = list[i].id, list[i].start_time
        end
        list[651] = runs.running(10, { id = "running" })
        starts[651] = list[651].start_time
        local ended = table.concat(expected, " ")
        for _, order in ipairs { list, runs.shuffled(list, runs.random(3)) } do
            local source = sources.read(order, LATEST)[1]
            assert.same({ ended, starts, "running", ended .. " running" }, { ids(source.ended), source.starts,
                ids(source.open), ids(source.runs) })
        end
    end)

    it("have the type that their newest record names", function()
        local list = read { runs.run(10, { identity_source_type = false }), runs.run(20),
            runs.run(30, { identity_source_type = "old" }) }
        assert.equal("ldap", list[1].type)
    end)

    it("use sound records as they are, and copies of others", function()
        local good, bad = runs.run(100, { more = 1 }), runs.run(200, { add_count = -1 })
        local list = read { good, bad }
        assert.equal(good, list[1].runs[2])
        assert.not_equal(bad, list[1].runs[1])
        assert.equal(list[1].runs[1], list[1].flaws[1].run)
    end)

    it("leave out runs of the future, but not what is wrong with them", function()
        local list = read { runs.run(-10, { end_time = false }), runs.run(5, { end_time = false }) }
        assert.equal(1, #list[1].runs)
        assert.equal(1, #list[1].flaws)
    end)

    it("are bounded in number: the rest is a flaw of the cluster", function()
        local many = {}
        for i = 1, sources.MAX_SOURCES + 3 do
            many[i] = runs.run(i, { identity_source_id = ("s%05d"):format(1004 - i), end_time = false })
        end
        local list, cluster = read(many)
        assert.equal(sources.MAX_SOURCES, #list)
        assert.equal("s00004", list[1].id)
        assert.equal("s01003", list[1000].id)
        local flaw = { run = {}, kinds = { source = true } }
        assert.same({ flaw, flaw, flaw }, cluster.flaws)
        many = { (table.unpack or unpack)(many, 1, sources.MAX_SOURCES) } -- luacheck: ignore 113
        list, cluster = read(many)
        assert.same({ sources.MAX_SOURCES, {} }, { #list, cluster.flaws })
        for i, source in ipairs(list) do
            assert.equal(("s%05d"):format(i + 3), source.id)
        end
    end)

    it("that are as new as each other are left out by their ids, and those without runs first", function()
        local many = {}
        for i = 1, sources.MAX_SOURCES + 1 do
            many[i] = runs.run(5, { identity_source_id = ("s%05d"):format(i), end_time = false })
        end
        many[#many + 1] = runs.run(-10, { identity_source_id = "s00000", end_time = false })
        local list = read(many)
        assert.same({ sources.MAX_SOURCES, "s00001", "s01000" }, { #list, list[1].id, list[#list].id })
    end)

    it("take each run once, newest states first, in whatever order records come", function()
        local function run(ago, id, more)
            more = more or {}
            more.id = id
            return runs.run(ago, more)
        end
        -- Runs by start, ended ones by end, RUNNING ones, starts, flaws.
        for _, case in ipairs {
            { "c d e", "c d e", "", 3, 0, run(50, "e", { end_time = LATEST - 1 }),
                run(60, "d", { end_time = LATEST - 2 }), run(70, "c", { end_time = LATEST - 3 }) },
            { "c d e", "d c e", "", 3, 0, run(50, "e", { end_time = LATEST - 1 }),
                run(60, "d", { end_time = LATEST - 2 }), run(70, "c", { end_time = LATEST - 1 }) },
            { "c d e", "c d e", "", 3, 0, run(150, "e"), run(160, "d", { status = "FAILED" }), run(170, "c") },
            { "c d e", "c e", "d", 3, 0, run(150, "e"), run(160, "d", { status = "RUNNING", end_time = false }),
                run(170, "c") },
            { "c d e", "c d e", "", 3, 1, run(150, "e"), run(160, "d", { status = "RUNNING", end_time = false }),
                run(170, "c"), run(160, "d"), run(170, "c"), run(150, "e", { add_count = 5 }) },
            { "c f e d", "c f d e", "", 2, 0, run(150, "e"), run(160, "d", { start_time = false }),
                run(140, "c", { start_time = false, end_time = false }), run(180, "f", { end_time = false }) },
            { "nil nil e", "nil nil e", "", 3, 0, run(170, false), run(160, "e"), run(170, false) },
            { "w z", "w z", "", 2, 4, run(0, "z", { end_time = false }), run(-0.001, "y", { end_time = false }),
                run(-200, "x", { end_time = false }), run(160, "w"), run(-400, "v"), run(-500, "u") },
        } do
            for _, step in ipairs { 1, -1 } do
                local list, texts = {}, {}
                for i = step == 1 and 6 or #case, step == 1 and #case or 6, step do
                    list[#list + 1] = case[i]
                end
                local source = sources.read(list, LATEST)[1]
                for i, name in ipairs { "runs", "ended", "open" } do
                    local found = {}
                    for k, one in ipairs(source[name]) do
                        found[k] = tostring(one.id)
                    end
                    texts[i] = table.concat(found, " ")
                end
                assert.same({ case[1], case[2], case[3], case[4], case[5] },
                    { texts[1], texts[2], texts[3], #source.starts, #source.flaws })
            end
        end
    end)
end)
