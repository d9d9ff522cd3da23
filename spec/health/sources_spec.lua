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
            many[i] = runs.run(i, { identity_source_id = ("s%05d"):format(i), end_time = false })
        end
        local list, cluster = read(many)
        assert.equal(sources.MAX_SOURCES, #list)
        assert.equal("s00001", list[1].id)
        assert.equal("s01000", list[1000].id)
        assert.equal(3, #cluster.flaws)
    end)
end)
