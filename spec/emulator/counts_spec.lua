local cjson = require "cjson"
local counts = require "dwsync.emulator.counts"

local function counted(...)
    local book = counts.new()
    for _, request in ipairs { ... } do
        local account, cluster, status, at = request[1], request[2], request[3], request[4]
        book:add { account = account, cluster = cluster, status = status, at = at, dws = not request.iam,
            look = not request.further }
    end
    return cjson.decode(book:json(true)), book
end

describe("the emulator's counts", function()
    it("are empty objects and lists at first", function()
        local _, book = counted()
        local text = book:json(true)
        for _, part in ipairs { '"accounts":{}', '"gaps":[]', '"clusters":{}', '"looks":0', '"clusters_asked":0' } do
            assert.is_truthy(text:find(part, 1, true), part)
        end
    end)

    it("say how many requests each account and cluster had, how many were throttled or refused", function()
        local shown = counted({ "hq", "a", 200, 1 }, { "hq", "a", 429, 2 }, { "hq", "b", 403, 3 },
            { "shop", nil, 401, 4 }, { nil, nil, 401, 5 }, { "hq", "b", 500, 6 })
        local function numbers(entry) return { entry.requests, entry.throttled, entry.refused } end
        assert.same({ 4, 1, 1 }, numbers(shown.accounts.hq))
        assert.same({ 1, 0, 1 }, numbers(shown.accounts.shop))
        assert.same({ 1, 0, 1 }, numbers(shown.strangers))
        assert.same({ 2, 1, 0 }, numbers(shown.clusters.a))
        assert.same({ 2, 0, 1 }, numbers(shown.clusters.b))
        assert.equal(2, shown.clusters_asked)
    end)

    it("say how many requests of DWS there were at most in one second", function()
        local shown = counted({ "hq", "a", 200, 1.1 }, { "hq", "a", 200, 1.9 }, { "hq", "a", 200, 2.1 },
            { "hq", "a", 200, 3.0 }, { "hq", "a", 200, 3.1 }, { "hq", "a", 429, 3.2 }, { "hq", "a", 200, 4 },
            { "hq", nil, 200, 4, iam = true }, { "hq", nil, 200, 4, iam = true }, { "hq", nil, 200, 4, iam = true },
            { "shop", "b", 200, 1 })
        assert.same({ 3, 1 }, { shown.accounts.hq.most_in_a_second, shown.accounts.shop.most_in_a_second })
    end)

    it("measure the gaps between looks at one cluster, not between its pages or failures", function()
        local shown = counted({ "hq", "a", 200, 100 }, { "hq", "b", 200, 101 },
            { "hq", "a", 200, 100.5, further = true }, { "hq", "a", 429, 103 }, { "hq", "a", 200, 104 },
            { "hq", "b", 200, 111.25 }, { "hq", "a", 200, 112 }, { "hq", "c", 200, 113 })
        assert.same({ 6, 3 }, { shown.looks, shown.clusters_asked })
        assert.same({ cluster = "a", seconds = 4 }, shown.smallest_gap)
        assert.same({ cluster = "b", seconds = 10.25 }, shown.largest_gap)
        local a, c = shown.clusters.a, shown.clusters.c
        assert.same({ 3, 4, 8 }, { a.looks, a.smallest_gap, a.largest_gap })
        assert.same({ 1 }, { c.looks, c.smallest_gap })
        assert.same({ { 4, 1 }, { 8, 1 }, { 10.2, 1 } }, shown.gaps)
    end)

    it("know the smallest and the largest gap in whatever order they come", function()
        for _, at in ipairs { { 0, 5, 8, 12 }, { 0, 3, 8, 12 }, { 0, 4, 7, 12 } } do
            local shown = counted({ "hq", "a", 200, at[1] }, { "hq", "a", 200, at[2] }, { "hq", "a", 200, at[3] },
                { "hq", "a", 200, at[4] })
            assert.same({ 3, 5 }, { shown.clusters.a.smallest_gap, shown.clusters.a.largest_gap })
        end
    end)

    it("take a clock that went back for no time at all", function()
        local shown = counted({ "hq", "a", 200, 10 }, { "hq", "a", 200, 9 })
        assert.same({ { cluster = "a", seconds = 0 }, { cluster = "a", seconds = 0 }, { { 0, 1 } } },
            { shown.smallest_gap, shown.largest_gap, shown.gaps })
    end)

    it("keep the table of gaps short, however long they are", function()
        local shown = counted({ "hq", "a", 200, 0 }, { "hq", "a", 200, 4000 }, { "hq", "a", 200, 9000 })
        assert.same({ { 3600, 2 } }, shown.gaps)
    end)
end)
