local knowledge = require "dwsync.fleet.known"

local SINCE = 1000

local function item_of(id, epoch)
    return { cluster_id = id, epoch = epoch }
end

local function entry_of(records, versions)
    return { following = { records = records }, rules_mark = "m", since = SINCE, versions = versions or 0 }
end

describe("what a collector knows of clusters", function()
    local known
    before_each(function()
        known = knowledge.new(100)
    end)

    local function take(id, epoch, mark, since)
        return known:take(item_of(id, epoch), mark or "m", since or SINCE)
    end

    it("goes on with the next look, once", function()
        local entry = entry_of(10)
        known:keep(item_of("a", 7), entry)
        assert.equal(entry, take("a", 8))
        assert.is_nil(take("a", 8))
        assert.is_nil(take("b", 8))
    end)

    it("is of no use where another collector looked in between, or where nobody counts looks", function()
        known:keep(item_of("a", 7), entry_of(10))
        assert.is_nil(take("a", 9))
        assert.is_nil(take("a", 8))
        known:keep(item_of("a", nil), entry_of(10))
        assert.equal(0, known.runs)
        assert.is_nil(take("a", nil))
    end)

    it("holds on over looks that found nothing new", function()
        known:keep(item_of("a", 7), entry_of(10))
        known:pass(item_of("a", 8))
        known:pass(item_of("a", 9))
        known:pass(item_of("b", 9))
        assert.is_table(take("a", 10))
        known:keep(item_of("a", 10), entry_of(10))
        known:pass(item_of("a", 12))
        assert.is_nil(take("a", 13))
    end)

    it("is of no use by other rules, or from another time on", function()
        known:keep(item_of("a", 7), entry_of(10))
        assert.is_nil(take("a", 8, "other"))
        known:keep(item_of("a", 7), entry_of(10))
        assert.is_nil(take("a", 8, "m", SINCE + 1))
    end)

    it("counts the versions that a completion added", function()
        known:keep(item_of("a", 7), entry_of(10, 2), { revised = { "x", "y" } })
        assert.equal(4, take("a", 8).versions)
        known:keep(item_of("a", 8), entry_of(10, 4))
        assert.equal(4, take("a", 9).versions)
        known:keep(item_of("a", 9), nil)
        assert.is_nil(take("a", 10))
    end)

    it("is the last of a cluster alone, whether the one before was taken out or not", function()
        local entry = entry_of(20)
        known:keep(item_of("a", 7), entry_of(10))
        known:keep(item_of("a", 8), entry)
        assert.same({ 20, 1 }, { known.runs, known.clusters })
        assert.equal(entry, take("a", 9))
        assert.same({ 0, 0 }, { known.runs, known.clusters })
        known:keep(item_of("old", 1), entry_of(50))
        known:keep(item_of("a", 9), entry)
        assert.same({ 20, 1 }, { known.runs, known.clusters })
        assert.is_table(take("old", 2))
        assert.is_nil(take("old", 2))
        assert.same({ 20, 1 }, { known.runs, known.clusters })
    end)

    it("is of 24,000 runs unless somebody says so", function()
        known = knowledge.new()
        known:keep(item_of("a", 1), entry_of(12001))
        known:keep(item_of("b", 1), entry_of(12000))
        assert.is_nil(take("a", 2))
        assert.is_table(take("b", 2))
        assert.equal(24000, knowledge.RUNS)
    end)

    it("is bounded: what was not used for longest is let go first", function()
        for i = 1, 30 do
            known:keep(item_of("c" .. i, 1), entry_of(10))
            assert.is_true(known.runs <= 50)
        end
        local runs, oldest = 0, nil
        for i = 30, 1, -1 do
            local entry = take("c" .. i, 2)
            runs, oldest = runs + (entry and 10 or 0), entry and i or oldest
        end
        assert.is_true(runs >= 50 and runs <= 100)
        assert.equal(30 - runs / 10 + 1, oldest)
        assert.equal(0, known.runs)
    end)

    -- One look at each of so many clusters; returns how many were found, and of how many others it would be kept.
    local function round(clusters, epoch)
        local found, admitted = 0, 0
        for i = 1, clusters do
            local item = item_of("c" .. i, epoch)
            local entry = known:take(item, "m", SINCE)
            found = found + (entry and 1 or 0)
            if not entry and known:admits(item) then
                entry, admitted = entry_of(10), admitted + 1
            end
            known:keep(item, entry)
        end
        return found, admitted
    end

    it("keeps all there is room for, whenever it comes", function()
        assert.same({ 0, 5 }, { round(5, 1) })
        assert.same({ 5, 0 }, { round(5, 2) })
    end)

    it("keeps some of a fleet that is too large, and builds nothing for the others", function()
        round(100, 1)
        round(100, 2)
        for epoch = 3, 6 do
            local found, admitted = round(100, epoch)
            assert.equal(0, admitted)
            assert.is_true(found >= 5, found .. " found")
        end
    end)

    it("keeps what is missed again soon, though others were kept before it", function()
        round(100, 1)
        local item = item_of("new", 1)
        assert.is_false(known:admits(item))
        assert.is_true(known:admits(item))
        known:keep(item, entry_of(10))
        assert.is_table(take("new", 2))
        known:keep(item_of("new", 2), entry_of(10))
        assert.is_nil(take("new", 3, "other"))
        assert.is_true(known:admits(item_of("new", 3)))
    end)

    it("forgets who was missed when twice as many others were as it can keep, and one more", function()
        known:keep(item_of("gone on with", 1), entry_of(10))
        assert.is_table(take("gone on with", 2))
        for i = 1, 6 do -- five fit into a half
            assert.is_true(known:admits(item_of("c" .. i, 1)))
            known:keep(item_of("c" .. i, 1), entry_of(10))
        end
        for i = 1, 10 do
            assert.is_false(known:admits(item_of("m" .. i, 1)))
        end
        for i = 1, 10 do
            assert.is_true(known:admits(item_of("m" .. i, 1)), i)
        end
        assert.is_false(known:admits(item_of("m11", 1)))
        for i, is_admitted in pairs { [5] = false, [6] = true, [10] = true, [11] = true } do
            assert.equal(is_admitted, known:admits(item_of("m" .. i, 1)), i)
        end
    end)

    it("is worth keeping again of a cluster of which it was of no use", function()
        for i = 1, 6 do -- five fit into a half
            known:keep(item_of("c" .. i, 1), entry_of(10))
        end
        assert.is_false(known:admits(item_of("c5", 2)))
        assert.is_nil(take("c6", 2, "other"))
        assert.is_true(known:admits(item_of("c6", 2)))
    end)

    it("does not keep a cluster that would fill it alone", function()
        known:keep(item_of("a", 1), entry_of(10))
        known:keep(item_of("b", 1), entry_of(51))
        assert.is_nil(take("b", 2))
        assert.is_table(take("a", 2))
    end)
end)
