local Store = require "dwsync.nginx.shared.store"
local json = require "dwsync.json"
local publication = require "dwsync.nginx.sweep.publication"
local shared_dict = require "spec.support.shared_dict"
local snapshots = require "dwsync.nginx.shared.snapshot"

local NOW = 1763971200

describe("a snapshot", function()
    local dict, reader

    before_each(function()
        dict = shared_dict.new()
        reader = snapshots.new(dict)
    end)

    local function publish(clusters, number)
        local documents = {}
        for name, text in pairs { health = "health " .. (number or 1), facts = json.encode(clusters),
            summary = json.encode(publication.summary(clusters)) } do
            documents[#documents + 1] = { name = name, pieces = { text }, length = #text, digest = text:gsub(" ", "_") }
        end
        assert(Store.new(dict):publish(documents, function() return true end))
    end

    local function of(clusters)
        for _, cluster in ipairs(clusters) do
            cluster.severity = cluster.severity or "ok"
        end
        publish(clusters)
        return reader:read()
    end

    local function at(seconds)
        return NOW + seconds
    end

    it("is as old as its oldest part, and as new as its newest", function()
        local snapshot = of { { id = "a", fetched_at = at(-100) }, { id = "b", fetched_at = at(-10) }, { id = "c" } }
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
        local seldom = { id = "a", fetched_at = at(-3000), due_at = at(600) }
        assert.same({ 3000, false }, { snapshots.age(of { seldom }, NOW, 60) })
        assert.same({ 3000, false }, { snapshots.newest_age(of { seldom }, NOW, 60) })
        assert.is_false((select(2, snapshots.age(of { seldom }, NOW + 660, 60))))
        assert.is_true((select(2, snapshots.age(of { seldom }, NOW + 661, 60))))
        local snapshot = of { seldom, { id = "b", fetched_at = at(-61) } } -- the other one is late
        assert.same({ 3000, true }, { snapshots.age(snapshot, NOW, 60) })
        assert.same({ 61, false }, { snapshots.newest_age(snapshot, NOW, 60) })
    end)

    it("keeps a text until the next publication if it shall, and decodes what is known of clusters once", function()
        publish({ { id = "a", severity = "ok" } })
        local kept = reader:pieces("health", true)
        assert.same({ "health 1" }, kept)
        assert.equal(kept, (reader:pieces "health"))
        local facts = reader:facts()
        assert.equal(facts, reader:facts())
        assert.equal("a", facts[1].id)
        publish({ { id = "b", severity = "ok" } }, 2)
        assert.equal("health 2", (reader:document "health"))
        assert.equal("b", reader:facts()[1].id)
    end)

    it("gives the metrics in pieces of one publication, also when another one comes in between", function()
        local function put(number)
            local documents = { { name = "summary", pieces = { '{"well":true}' }, length = 13, digest = "s" },
                { name = "metrics", pieces = { "one of " .. number, "two of " .. number }, length = 16,
                    digest = "m" .. number } }
            assert(Store.new(dict):publish(documents, function() return true end))
        end
        put(1)
        local pauses = 0
        assert.same({ "one of 2", "two of 2" }, (reader:pieces("metrics", true, function()
            pauses = pauses + 1
            if pauses == 1 then
                put(2)
            end
        end)))
    end)

    it("says that what was published is gone, in the dict, too, until something is published again", function()
        assert.equal("the first sweep has not ended yet", reader:why_nothing())
        publish { { id = "a", severity = "ok" } }
        reader:read()
        for _, key in ipairs { "dwsync.3:1:document:health", "dwsync.3:1:document:facts" } do
            dict:delete(key)
            assert.is_nil((reader:document(key:match "%a+$")))
            assert.matches("^what was published is gone from the shared dict", reader:why_nothing())
            assert.equal(1, Store.new(dict):get_state "lost")
        end
        publish({ { id = "a", severity = "ok" } }, 2)
        assert.equal("a", reader:facts()[1].id)
        assert.equal("the first sweep has not ended yet", reader:why_nothing())
        dict:delete "dwsync.3:current"
        assert.is_nil(reader:read())
        assert.is_nil(reader:facts())
        assert.matches("^what was published is gone", reader:why_nothing())
    end)
end)
