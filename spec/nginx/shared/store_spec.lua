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

    it("has its layout's version in all keys, and a list of what is published in order", function()
        local documents = { document("b", "two"), in_pieces("a", { "one ", "more" }), document("c", "x") }
        publish(documents)
        assert.equal("a 1 d8one 8 2\nb 1 d3two 3 1\nc 1 d1x 1 1\n", dict:get "dwsync.3:1:contents")
        local keys = dict:get_keys()
        table.sort(keys)
        assert.same({ "dwsync.3:1:contents", "dwsync.3:1:document2:a", "dwsync.3:1:document:a",
            "dwsync.3:1:document:b", "dwsync.3:1:document:c", "dwsync.3:current", "dwsync.3:number" }, keys)
        assert.same({ a = { number = 1, digest = "d8one", length = 8, pieces = 2 },
            b = { number = 1, digest = "d3two", length = 3, pieces = 1 },
            c = { number = 1, digest = "d1x", length = 1, pieces = 1 } }, store:contents(1))
        assert.same({ 1, nil }, { store:current(), store:contents(2) })
        store:set_state("error", "e")
        assert.equal("e", dict:get "dwsync.3:state:error")
        assert.same({ 20000, dict:free_space(), 12 }, { store:usage().capacity, store:usage().free,
            store:usage().documents })
        assert.equal(7, store:usage({ x = { length = 3 }, y = { length = 4 } }).documents)
    end)

    it("leaves eight KiB free, to the byte", function()
        for extra, is_published in pairs { [0] = true, [1] = false } do
            dict = shared_dict.new { capacity = 20000 }
            store = Store.new(dict)
            publish { document("a", "1") }
            local key = #"dwsync.3:2:document:b"
            local contents = #"dwsync.3:2:contents" + #"a 1 d11 1 1\nb 2 d 0000 1\n"
            local length = dict:free_space() - 8192 - key - contents + extra
            local contents_of, reason = publish { document("a", "1"), { name = "b", pieces = { ("x"):rep(length) },
                length = 1000, digest = "d" } }
            assert.equal(is_published, contents_of ~= nil)
            assert.same(is_published and {} or "no memory", reason)
            assert.equal("1", read "a")
        end
    end)

    it("leaves out optional documents, the last ones first, that leave no room for the list of all", function()
        publish { document("a", "1"), document("c", "old", true) }
        local rows = { document("a", "1"), document("b", ("b"):rep(5000), true) }
        rows[3] = document("c", ("c"):rep(dict:free_space() - 8192 - 5000 - 2 * #"dwsync.3:2:document:b"), true)
        local contents, missing = publish(rows)
        local _
        assert.same({ "c" }, missing)
        assert.same({ 1, 2, 1 }, { contents.a.number, contents.b.number, contents.c.number })
        assert.same({ "1", 5000, "old" }, { read "a", #read "b", read "c" })
        assert.is_nil(dict:get "dwsync.3:2:document:c")
        dict = shared_dict.new { capacity = 20000 }
        store = Store.new(dict)
        publish { document("a", "1") }
        _, missing = publish { document("a", "1"),
            document("c", ("c"):rep(dict:free_space() - 8192 - #"dwsync.3:2:document:c"), true) }
        assert.same({ { "c" }, "1", nil }, { missing, read "a", read "c" })
    end)

    it("has the list of what is published in order, however much that is", function()
        local documents, names = {}, {}
        for i = 1, 26 do
            names[i] = string.char(("a"):byte() + i - 1)
            documents[i] = document(names[i], "x")
        end
        publish(documents)
        assert.equal(table.concat(names, " "), (dict:get "dwsync.3:1:contents":gsub(" [^\n]*\n", " "):gsub(" $", "")))
    end)

    it("pauses between the pieces of a document, and at each step of a publication", function()
        local pauses = 0
        local function pause()
            pauses = pauses + 1
        end
        local documents = { in_pieces("a", { "one ", "two ", "three" }), document("b", "two") }
        assert(store:publish(documents, function() return true end, pause))
        assert.equal(2 + 2 + 4 + 2, pauses) -- around the look at all keys; documents, their pieces, what to keep
        local keys = #dict:get_keys()
        pauses = 0
        assert(store:publish(documents, function() return true end, pause))
        assert.equal(2 + 2 + 2 + keys, pauses)
        pauses = 0
        assert.equal(3, #store:pieces(store:contents(2), "a", pause))
        assert.equal(2, pauses)
        assert.equal(1, #store:pieces(store:contents(2), "b", pause))
        assert.equal(2, pauses)
        assert.is_nil(store:pieces(store:contents(2), "c", pause))
    end)

    it("pauses while it reads and writes what a publication of many documents holds", function()
        local function pauses_of(count)
            local documents, pauses = {}, 0
            for i = 1, count do
                documents[i] = document("d" .. i, "text")
            end
            local contents = assert(store:publish(documents, function() return true end))
            local number = store:current()
            assert.same(contents, store:contents(number, function() pauses = pauses + 1 end))
            return pauses
        end
        assert.same({ 0, 0, 1, 1, 2 }, { pauses_of(0), pauses_of(63), pauses_of(64), pauses_of(127), pauses_of(128) })
        local documents, before, after = {}, 0, 0
        for i = 1, 128 do
            documents[i] = document("d" .. i, "text")
        end
        local keys = #dict:get_keys()
        assert(store:publish(documents, function()
            after = 0
            return true
        end, function() before, after = before + 1, after + 1 end))
        assert.equal(128 + keys, after) -- what to keep, and all keys of before
        assert.equal(2 + 2 + 128 + 2 + 128 + keys, before) -- contents read; keys; documents; contents written
    end)

    it("begins again with its numbers when those were evicted, without removing what is new", function()
        publish { document("a", "one") }
        dict:delete "dwsync.3:number"
        publish { document("a", "two"), document("b", "one") }
        assert.same({ 1, "two", "one" }, { store:current(), read "a", read "b" })
    end)

    it("knows a change by digest and by length, and writes what has no digest only when it is not there", function()
        local function put(digest, length, text)
            publish { { name = "a", pieces = text and { text }, digest = digest, length = length } }
            return read "a"
        end
        assert.equal("one", put("d", 3, "one"))
        assert.equal("one", put("d", 3, "two"))
        assert.equal("three", put("d", 5, "three"))
        assert.equal("seven", put("e", 5, "seven"))
        assert.equal("seven", put(nil, nil, nil))
    end)

    it("says why it failed, wherever it does, and leaves what was", function()
        publish { document("a", "one") }
        local before = #dict:get_keys()
        for _, method in ipairs { "incr", "contents", "current" } do
            local incr, set = dict.incr, dict.safe_set
            if method == "incr" then
                function dict.incr() return nil, "no " .. method end
            else
                function dict.safe_set(self, key, ...)
                    if key:find(method .. "$") then
                        return nil, "no " .. method
                    end
                    return set(self, key, ...)
                end
            end
            local contents, reason = publish { document("a", "one"), document("b", "two") }
            dict.incr, dict.safe_set = incr, set
            assert.same({ nil, "no " .. method }, { contents, reason })
            assert.same({ "one", before }, { read "a", #dict:get_keys() })
        end
    end)

    it("looks at a hundred keys for something else, where it could not note it", function()
        local asked = {}
        function dict.get_keys(_, most)
            asked[#asked + 1] = most
            return { "dwsync.1:lease", "xdwsync.1" }
        end
        assert.same({ nil, "xdwsync.1" }, { store:stranger(), store:stranger(true) })
        assert.same({ 100 }, asked)
        publish { document("a", "one") }
        assert.same({ 100, 0 }, asked)
    end)

    it("keeps optional documents only where there is an old version", function()
        local contents, missing = publish { document("a", "one"), document("r", ("x"):rep(12000), true) }
        assert.same({ "r" }, missing)
        assert.is_nil(contents.r)
        assert.is_nil(read "r")
    end)
end)
