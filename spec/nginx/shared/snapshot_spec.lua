local Store = require "dwsync.nginx.shared.store"
local json = require "dwsync.json"
local shared_dict = require "spec.support.shared_dict"
local snapshots = require "dwsync.nginx.shared.snapshot"

local NOW = 1763971200

describe("a snapshot", function()
    local function of(clusters)
        local dict = shared_dict.new()
        for _, cluster in ipairs(clusters) do
            cluster.severity = cluster.severity or "ok"
        end
        assert(Store.new(dict):publish({
            { name = "health", text = '"clusters":' .. json.encode(clusters), digest = "h" },
            { name = "metrics", text = "m", digest = "m" } }, function() return true end))
        return snapshots.new(dict):read()
    end

    local function ms(seconds)
        return (NOW + seconds) * 1000
    end

    it("is as old as its oldest part, and as new as its newest", function()
        local snapshot = of { { id = "a", fetched_at = ms(-100) }, { id = "b", fetched_at = ms(-10) }, { id = "c" } }
        assert.same({ 100, true }, { snapshots.age(snapshot, NOW, 99) })
        assert.same({ 100, false }, { snapshots.age(snapshot, NOW, 100) })
        assert.same({ 10, true }, { snapshots.newest_age(snapshot, NOW, 9) })
        assert.same({ 10, false }, { snapshots.newest_age(snapshot, NOW, 10) })
    end)

    it("is too old without any data", function()
        assert.same({ nil, true }, { snapshots.age(nil, NOW, 99) })
        assert.same({ nil, true }, { snapshots.age(of { { id = "a" } }, NOW, 99) })
        assert.same({ nil, true }, { snapshots.newest_age(nil, NOW, 99) })
    end)

    it("counts what is read seldom as too old only when that was due for so long", function()
        local seldom = { id = "a", fetched_at = ms(-3000), due_at = ms(600) }
        assert.same({ 3000, false }, { snapshots.age(of { seldom }, NOW, 60) })
        assert.same({ 3000, false }, { snapshots.newest_age(of { seldom }, NOW, 60) })
        assert.is_false((select(2, snapshots.age(of { seldom }, NOW + 660, 60))))
        assert.is_true((select(2, snapshots.age(of { seldom }, NOW + 661, 60))))
        local snapshot = of { seldom, { id = "b", fetched_at = ms(-61) } } -- the other one is late
        assert.same({ 3000, true }, { snapshots.age(snapshot, NOW, 60) })
        assert.same({ 61, false }, { snapshots.newest_age(snapshot, NOW, 60) })
    end)
end)
