local Store = require "dwsync.nginx.shared.store"
local shared_dict = require "spec.support.shared_dict"

local function document(name, text, optional)
    return { name = name, pieces = { text }, length = #text, digest = "d" .. #text .. text:sub(1, 4),
        optional = optional }
end

local function in_pieces(name, pieces, optional)
    local text = table.concat(pieces)
    return { name = name, pieces = pieces, length = #text, digest = "d" .. #text .. text:sub(1, 3),
        optional = optional }
end

describe("the store", function()
    local dict, store

    before_each(function()
        dict = shared_dict.new { capacity = 20000 }
        store = Store.new(dict)
    end)

    local function publish(documents)
        return store:publish(documents, function() return true end)
    end

    local function read(name)
        local contents = store:contents(store:current())
        return store:document(contents, name)
    end

    it("has nothing at first", function()
        assert.is_nil(store:current())
        assert.same({ capacity = 20000, free = 20000, documents = 0 }, store:usage())
    end)

    it("publishes documents, and the next publication replaces all of them", function()
        assert(publish { document("a", "one"), document("b", "two") })
        assert.equal("one", read "a")
        assert(publish { document("a", "three") })
        assert.equal("three", read "a")
        assert.is_nil(read "b")
    end)

    it("keeps a document that comes without a text, and has none where there was none", function()
        publish { document("a", "one"), document("b", "two") }
        assert(publish { { name = "a", optional = true }, { name = "c", optional = true } })
        assert.same({ "one" }, { read "a", read "b", read "c" })
        assert(publish { { name = "a", optional = true } })
        assert.equal("one", read "a")
    end)

    it("does not write again what stays the same, and keeps nothing that is not in force", function()
        publish { document("a", "one"), document("b", "two") }
        local entry = store:contents(store:current()).a
        publish { document("a", "one"), document("b", "changed") }
        assert.same(entry, store:contents(store:current()).a)
        local documents = 0
        for _, key in ipairs(dict:get_keys()) do
            documents = documents + (key:find(":document:", 1, true) and 1 or 0)
        end
        assert.equal(2, documents)
    end)

    it("removes what a killed worker left behind", function()
        publish { document("a", "one") }
        dict:safe_set("dwsync.3:77:document:a", "half")
        dict:safe_set("dwsync.0:3:document:a", "of another version")
        publish { document("a", "two") }
        assert.is_nil(dict:get "dwsync.3:77:document:a")
        assert.is_nil(dict:get "dwsync.0:3:document:a")
        assert.equal("two", read "a")
    end)

    it("changes nothing when a needed document finds no room", function()
        publish { document("a", "one") }
        local keys = #dict:get_keys()
        local contents, reason = publish { document("b", "two"), document("a", ("x"):rep(12000)) }
        assert.is_nil(contents)
        assert.equal("no memory", reason)
        assert.equal("one", read "a")
        assert.equal(keys, #dict:get_keys())
    end)

    it("keeps the old version of an optional document that finds no room, or leaves it out", function()
        publish { document("a", "one"), document("r", "old", true) }
        local _, missing = publish { document("a", "two"), document("r", ("x"):rep(12000), true),
            document("s", ("y"):rep(12000), true) }
        assert.same({ "r", "s" }, missing)
        assert.equal("two", read "a")
        assert.equal("old", read "r")
        assert.is_nil(read "s")
    end)

    it("replaces all pieces of a document or none, and keeps no piece that is not in force", function()
        publish { in_pieces("p", { "one ", "two ", "three" }, true) }
        assert.same({ "one ", "two ", "three" }, store:pieces(store:contents(store:current()), "p"))
        local keys = #dict:get_keys()
        local _, missing = publish { in_pieces("p", { "fits ", ("x"):rep(12000) }, true) }
        assert.same({ "p" }, missing)
        assert.equal("one two three", read "p")
        assert.equal(keys, #dict:get_keys())
        publish { in_pieces("p", { "four ", "five" }, true) }
        assert.equal("four five", read "p")
        assert.equal(keys - 1, #dict:get_keys())
        dict:delete "dwsync.3:3:document2:p"
        assert.is_nil(read "p")
        publish { in_pieces("p", { "four ", "five" }, true) }
        assert.equal("four five", read "p")
    end)

    it("gives up, and leaves no trace, when it may not go on", function()
        publish { document("a", "one") }
        local contents, reason = store:publish({ document("a", "two") }, function() return false end)
        assert.is_nil(contents)
        assert.equal("lost the lease", reason)
        assert.equal("one", read "a")
    end)

    it("keeps state apart from documents", function()
        store:set_state("error", "network")
        publish { document("a", "one") }
        assert.equal("network", store:get_state "error")
        store:set_state("error", nil)
        assert.is_nil(store:get_state "error")
    end)

    it("writes again what something else evicted, although it is the same", function()
        publish { document("a", "one") }
        dict:delete "dwsync.3:1:document:a"
        publish { document("a", "one") }
        assert.equal("one", read "a")
    end)

    it("notes that something else is in the dict, until it is gone", function()
        publish { document("a", "one") }
        assert.is_nil(store:stranger())
        dict:safe_set("nginx_http_requests", 1)
        publish { document("a", "two") }
        assert.equal("nginx_http_requests", store:stranger())
        store:set_state("stranger", nil) -- as if there had been no room
        assert.equal("nginx_http_requests", store:stranger(true))
        dict:delete "nginx_http_requests"
        publish { document("a", "three") }
        assert.is_nil(store:stranger())
    end)
end)
