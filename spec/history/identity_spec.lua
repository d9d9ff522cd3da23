local content = require "dwsync.history.content"
local identity = require "dwsync.history.identity"

local function name(record)
    return identity.of(record, content.encode(record))
end

describe("a column's text", function()
    it("is the text itself, with NUL, backslash and bytes that are no UTF-8 escaped", function()
        assert.equal("79d6458e-85ee", identity.cell "79d6458e-85ee")
        assert.equal("é\\x00\\\\\\xff", identity.cell "é\0\\\255")
    end)

    it("comes back whatever it holds", function()
        for _, text in ipairs { "", "a", "\0", "\\", "\\x00", "\\\\x00ab", "é\0\255abc", "~", "\\~" } do
            assert.equal(text, identity.text(identity.cell(text)))
        end
    end)
end)

describe("the name of a record", function()
    it("is its id", function()
        assert.equal("05cea375-4b7a-4ebd-a2dc-e84f47471c15", name { id = "05cea375-4b7a-4ebd-a2dc-e84f47471c15" })
    end)

    it("is another for each id, even for ids that look like names made here", function()
        local seen = {}
        for _, id in ipairs { 5, "5", "~number:5", "\\~number:5", "a\0", "a\\x00", "a\\\\x00", ("x"):rep(400),
            ("x"):rep(401), ("x"):rep(402), "\255", "\\xff" } do
            local this = name { id = id }
            assert.is_nil(seen[this])
            seen[this] = true
        end
    end)

    it("is never longer than an index takes", function()
        assert.is_true(#name { id = ("x"):rep(100000) } < 450)
        assert.is_true(#name { start_time = 1, identity_source_id = ("\0"):rep(100000) } < 450)
    end)

    it("is its source and start when it has no id, so that its end finds it again", function()
        local running = { identity_source_id = "s", identity_source_type = "ldap", start_time = 5, status = "RUNNING" }
        local finished = { identity_source_id = "s", identity_source_type = "ldap", start_time = 5, add_count = 1 }
        assert.equal('~run:["ldap","s",5]', name(running))
        assert.equal(name(running), name(finished))
        running.id, finished.id = "", {}
        assert.equal(name(running), name(finished))
        assert.not_equal(name { identity_source_id = "a,b", start_time = 5, identity_source_type = "" },
            name { identity_source_id = "b", start_time = 5, identity_source_type = "a" })
    end)

    it("is as long as 400 bytes, and a digest when it would be longer", function()
        for _, case in ipairs { { "x", 400 }, { "X", 400 }, { "~", 399 } } do
            local at = case[1]:rep(case[2])
            assert.equal((case[1] == "~" and "\\" or "") .. at, name { id = at })
            assert.equal("~long:", name({ id = at .. case[1] }):sub(1, 6))
        end
        local frame = #'~run:["","",5]'
        for length, prefix in pairs { [400] = '~run:[""', [401] = "~long:" } do
            local made = name { start_time = 5, identity_source_id = ("s"):rep(length - frame) }
            assert.equal(prefix, made:sub(1, #prefix))
        end
    end)

    it("is its content where it lacks a start or a source, or either is of the wrong kind", function()
        for _, record in ipairs { { start_time = 5 }, { identity_source_id = "s" },
            { start_time = "5", identity_source_id = "s" }, { start_time = 0 / 0, identity_source_id = "s" },
            { start_time = 5, identity_source_id = 7 } } do
            assert.equal("~content:", identity.of(record, "text"):sub(1, 9))
        end
        for _, id in ipairs { 1 / 0, false, {} } do
            assert.equal("~content:", identity.of({ id = id }, "text"):sub(1, 9))
        end
        assert.equal('~run:["","s",5]', name { start_time = 5, identity_source_id = "s", identity_source_type = 7 })
    end)

    it("is its content when nothing tells it from others", function()
        assert.equal(name { status = "FAILED", add_count = 1 }, name { add_count = 1, status = "FAILED" })
        assert.not_equal(name { status = "FAILED" }, name { status = "FINISHED" })
        -- SHA-256 of "{}", as sha256sum prints it
        assert.equal("~content:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", name {})
    end)
end)
