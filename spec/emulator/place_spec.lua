local places = require "dwsync.emulator.place"
local emulator = require "dwsync.emulator"
local curl = dofile "spec/emulator/curl.lua"

local HOUR = 3600

local function names(list)
    local found = {}
    for i, cluster in ipairs(list) do
        found[i] = cluster.name
    end
    return found
end

describe("a place", function()
    local place

    before_each(function()
        place = places.new {
            account = {}, id = ("a"):rep(32), region = "north", seed = 1, stories = false, clusters = 3,
        }
    end)

    it("counts its clusters without computing them", function()
        assert.equal(3, place:count())
        assert.is_nil(place.clusters)
        assert.same({ "bulk-001", "bulk-002", "bulk-003" }, names(place:list()))
    end)

    it("has clusters come, go and change, until it is reset", function()
        local first, second, third = place:list()[1], place:list()[2], place:list()[3]
        local id = first.id
        local new = place:create("dws-new", "failing")
        assert.equal(new, place:find(new.id))
        place:delete(second)
        assert.is_nil(place:find(second.id))
        place:change(third, { name = "renamed" })
        place:change(first, { feature = false })
        assert.same({ "bulk-001", "renamed", "dws-new" }, names(place:list()))
        assert.same({ false, true }, { places.has_feature(first), places.has_feature(third) })
        place:reset()
        assert.same({ "bulk-001", "bulk-002", "bulk-003" }, names(place:list()))
        assert.is_true(places.has_feature(place:find(id)))
        assert.is_nil(place:find(new.id))
    end)

    it("gives a cluster that is made again under its name another id", function()
        local one = place:create("bulk-001", "healthy")
        local two = place:create("bulk-001", "healthy")
        assert.not_equal(one.id, two.id)
        assert.not_equal(place:list()[1].id, one.id)
    end)

    it("knows which story has the feature off, and that it was switched on", function()
        local off = place:create("x", "feature_off")
        assert.is_false(places.has_feature(off))
        place:change(off, { feature = true })
        assert.is_true(places.has_feature(off))
    end)
end)

describe("a place of ten thousand clusters", function()
    it("is listed in one answer, and any of them has records", function()
        local running = assert(emulator.start { clusters = 9991, new_runs = HOUR })
        local info = running.info
        local list = running:clusters("emulator")
        assert.same({ 1009, 10000, 10000 }, { #info.clusters, #list, info.accounts[1].clusters })
        local answer = curl.get(info, "/v1.0/" .. info.project_id .. "/clusters").json
        assert.same({ 10000, 10000 }, { answer.count, #answer.clusters })
        for _, position in ipairs { 1, 10, 5000, 10000 } do
            local cluster = answer.clusters[position]
            assert.same({ list[position].id, list[position].name }, { cluster.id, cluster.name })
            assert.equal(list[position].id:sub(1, -3) .. "01", cluster.nodes[1].id)
            assert.equal(position % 7, cluster.recent_event)
            assert.equal(list[position].story, cluster.tags[1].value)
            assert.equal(cluster.name .. ".dws.emu-north-1.example.com:8000", cluster.endpoints[1].connect_info)
        end
        local path = ("/v1/%s/clusters/%s/db-manager/sync-records?limit=1"):format(info.project_id, list[10000].id)
        local began = os.time()
        assert.equal(168, curl.get(info, path).json.count)
        -- Each has had its turn of a hundred by then.
        curl.admin(info, "POST", "settings", { clock_offset = 100 * HOUR })
        local later = curl.get(info, {
            path = path:match "^[^?]+", query = "limit=1", date = curl.date(began + 100 * HOUR),
        })
        assert.equal(169, later.json.count)
        assert.equal(200, curl.admin(info, "DELETE", "settings").status)
        assert.equal(168, curl.get(info, path).json.count)
        assert.equal("", running:complaints())
        running:stop()
    end)
end)
