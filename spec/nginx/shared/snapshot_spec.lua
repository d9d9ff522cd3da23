local Store = require "dwsync.nginx.shared.store"
local json = require "dwsync.json"
local publication = require "dwsync.nginx.sweep.publication"
local served = require "spec.support.served"
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
        assert.not_equal((reader:pieces "health"), (reader:pieces "health"))
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

    it("has not lost what was never there", function()
        assert.is_nil(reader:read())
        assert.is_nil(reader:read())
        assert.equal("the first sweep has not ended yet", reader:why_nothing())
        assert.is_nil(Store.new(dict):get_state "lost")
    end)

    it("is tried three times while publications replace each other, and then not said to be lost", function()
        publish { { id = "a", severity = "ok" } }
        local store, asked, number = reader.store, 0, 1
        reader.store = setmetatable({ current = function()
            number = number + 1
            return number
        end, contents = function()
            asked = asked + 1
        end }, { __index = store })
        assert.is_nil(reader:read())
        assert.same({ 3, false }, { asked, reader.lost or false })
        asked, number = 0, 1
        reader.store.contents = function(_, which)
            asked = asked + 1
            return { summary = which, health = { pieces = 1 } }
        end
        function reader.store.document()
            return '{"well":true}'
        end
        function reader.store.pieces() end
        local pieces, snapshot = reader:pieces "health"
        assert.same({ nil, 3, true }, { pieces, asked, snapshot.well })
        assert.is_false(reader.lost)
    end)

    it("says to which publication a document does not belong", function()
        publish { { id = "a", severity = "ok" } }
        local pieces, snapshot = reader:pieces "none"
        assert.is_nil(pieces)
        assert.equal(reader:read(), snapshot)
    end)

    it("lets others have their turn after each piece of what is known", function()
        local pauses = 0
        local facts = snapshots.decode_facts({ '[{"id":"a"},{"id":"b"}]', '[{"id":"c"}]', "[]" }, function()
            pauses = pauses + 1
        end)
        assert.same({ { id = "a" }, { id = "b" }, { id = "c" } }, facts)
        assert.equal(3, pauses)
        assert.same({ { id = "a" } }, snapshots.decode_facts { '[{"id":"a"}]' })
        publish { { id = "a", severity = "ok" } }
        reader:facts(function() pauses = pauses + 1 end)
        assert.equal(4, pauses)
    end)

    describe("of clusters", function()
        local nginx

        before_each(function()
            nginx = served.new(NOW)
        end)

        local function put(...)
            local items = {}
            for i, name in ipairs { ... } do
                items[i] = { cluster = { id = "c" .. i, name = name }, fetched_at = NOW, records = {} }
            end
            nginx:publish(items)
        end

        it("gives all that is published about one, and keeps the text", function()
            put("prod", "test")
            for word, id in pairs { prod = "c1", c1 = "c1", test = "c2" } do
                local cluster, problem = nginx.reader:cluster(word)
                assert.same({ id, "unknown", "table", nil }, { cluster.id, cluster.severity, type(cluster.verdicts),
                    problem })
            end
            assert.is_table(nginx.reader:read().texts.health)
            assert.same({ nil, "unknown cluster 'nowhere', looked for in the last sweep" }, {
                nginx.reader:cluster "nowhere" })
        end)

        it("says why there is none", function()
            assert.same({ nil, "the first sweep has not ended yet" }, { nginx.reader:cluster "prod" })
            for _, name in ipairs { "facts", "health" } do
                nginx = served.new(NOW)
                put "prod"
                nginx.dict:delete("dwsync.3:1:document:" .. name)
                local cluster, problem = nginx.reader:cluster "prod"
                assert.same({ nil, snapshots.LOST }, { cluster, problem })
            end
        end)

        it("does not look into one publication by what another one says", function()
            put("prod", "test")
            local facts = nginx.reader.facts
            local times = 0
            function nginx.reader.facts(...)
                local list, snapshot = facts(...)
                times = times + 1
                if times == 1 then
                    put("a much longer name", "prod")
                end
                return list, snapshot
            end
            assert.same({ "c2", 2 }, { nginx.reader:cluster("prod").id, times })
            times = 0
            function nginx.reader.facts()
                times = times + 1
                return {}, {}
            end
            assert.same({ nil, "the first sweep has not ended yet" }, { nginx.reader:cluster "prod" })
            assert.equal(3, times)
        end)
    end)

    it("says what went wrong, in a line", function()
        local store = Store.new(dict)
        assert.same({ nil, nil }, { reader:last_error() })
        store:set_state("outcome", "partial")
        store:set_state("error", "no route\ntraceback")
        assert.same({ "no route", "partial" }, { reader:last_error() })
        store:set_state("history", "full")
        store:set_state("history_unread", "gone")
        assert.equal("no route; the history was not written: full; judged without the full history: gone",
            (reader:last_error()))
        store:set_state("error", nil)
        assert.equal("the history was not written: full; judged without the full history: gone",
            (reader:why_nothing()))
    end)

    it("says that nobody refreshes, where no worker began to, or ever did", function()
        local HINT = 'nothing is refreshed: put init_worker_by_lua_block { require("dwsync.nginx").start() } into '
            .. "http {}"
        local FIRST = "the first sweep has not ended yet"
        for _, case in ipairs { { HINT, false, false }, { FIRST, true, false }, { FIRST, false, true },
            { FIRST, true, true } } do
            dict = shared_dict.new()
            reader = snapshots.new(dict, function() return case[2] end)
            if case[3] then
                dict:safe_set("dwsync.1:lease", "00000000000.000000 gone")
            end
            assert.equal(case[1], reader:why_nothing())
            assert.equal(FIRST, snapshots.new(dict):why_nothing())
            reader.store:set_state("error", "no route")
            assert.equal("no route", reader:why_nothing())
        end
    end)
end)
