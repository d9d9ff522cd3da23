local core = require "dwsync.core"
local told_program = require "dwsync.cli.told_program"

local MESSAGE = { event = "new", time = 7, cluster_id = "c2", cluster_name = "dws-two", source = "s1",
    source_type = "ldap", rule = "failing", severity = "critical", previous = "ok", since = 3, message = "it fails",
    advice = "look", episode = 2, problem_id = "p1", key = "k1" }
local VERDICT = { rule = "failing", source = "s1", value = 5, unit = "records", warning = 1, critical = 3,
    record_id = "r1", message = "it fails now", advice = "look there", since = 99 }

local function changed(base, more)
    local merged = {}
    for _, part in ipairs { base, more } do
        for name, value in pairs(part) do
            merged[name] = value
        end
    end
    return merged
end

local function items(verdicts, more)
    return { { cluster = { id = "c1" }, evaluation = { verdicts = { changed(VERDICT, { value = 1 }) } } },
        changed({ cluster = { id = "c2" }, evaluation = verdicts and { verdicts = verdicts } }, more or {}) }
end

describe("the event that a program is told", function()
    it("has what the message says, and what the verdict of now says beside it", function()
        local expected = changed(MESSAGE, { event = "verdict", state = "firing", news = "new" })
        assert.same(expected, told_program.event(MESSAGE, {}))
        for _, name in ipairs { "value", "unit", "warning", "critical", "record_id", "message", "advice" } do
            expected[name] = VERDICT[name]
        end
        assert.same(expected, told_program.event(MESSAGE, items { changed(VERDICT, { rule = "stale", value = 2 }),
            changed(VERDICT, { source = "s2", value = 3 }), VERDICT, changed(VERDICT, { value = 4 }) }))
        for _, other in ipairs { {}, items(nil), items {}, items { changed(VERDICT, { rule = "stale" }) },
            items { changed(VERDICT, { source = "s2" }) } } do
            assert.equal("it fails", told_program.event(MESSAGE, other).message)
            assert.is_nil(told_program.event(MESSAGE, other).value)
        end
    end)

    it("finds the verdict of all sources where the message names none", function()
        for _, source in ipairs { "", false } do
            local message = changed(MESSAGE, {})
            message.source = source or nil
            local verdict = changed(VERDICT, {})
            verdict.source = nil
            assert.equal(5, told_program.event(message, items { VERDICT, verdict }).value)
        end
    end)

    it("says whether a problem goes on or has ended", function()
        for _, event in ipairs { "new", "worse", "reminder", "resolved" } do
            local told = told_program.event(changed(MESSAGE, { event = event }), {})
            assert.same({ "verdict", event == "resolved" and "resolved" or "firing", event },
                { told.event, told.state, told.news })
        end
    end)

    it("of a cluster that could not be asked has the error in place of a verdict", function()
        local unreachable = changed(MESSAGE, { rule = "unreachable" })
        local err = { kind = "network", message = "cannot connect", hint = "look at the line" }
        local told = told_program.event(unreachable, items(nil, { error = err }))
        assert.same({ "failure", "network", "look at the line" }, { told.event, told.kind, told.hint })
        assert.matches("cannot connect", told.message)
        for _, without in ipairs { {}, items(nil) } do
            told = told_program.event(unreachable, without)
            assert.same({ "failure", "it fails" }, { told.event, told.message })
            assert.is_nil(told.kind)
        end
        told = told_program.event(changed(unreachable, { event = "resolved" }), items(nil, { error = err }))
        assert.same({ "recovery", "it fails" }, { told.event, told.message })
        assert.is_nil(told.kind)
    end)

    it("has each of its fields written once", function()
        local seen = {}
        for _, name in ipairs(told_program.FIELDS) do
            assert.is_nil(seen[name], name)
            seen[name] = true
        end
        for name in pairs(told_program.event(MESSAGE, items { VERDICT })) do
            assert.is_true(seen[name], name)
        end
    end)
end)

describe("a program as a channel", function()
    it("is one of its own, named by its file and known by its whole path", function()
        local mark = core.sha256("/opt/a/tell"):sub(1, 8)
        local channel = told_program.new("/opt/a/tell", nil, nil)
        channel.send = nil
        assert.same({ name = "on-change:tell-" .. mark, kind = "program", host = "/opt/a/tell", mark = mark,
            options = {} }, channel)
        assert.not_equal(channel.name, told_program.new("/opt/b/tell").name)
        local long = told_program.new("/" .. ("d"):rep(100) .. "/" .. ("f"):rep(100))
        assert.same({ 80, #"on-change:" + 40 + 1 + 8 }, { #long.host:gsub("…", "x"), #long.name:gsub("…", "x") })
    end)

    it("has sent what its program did, and tries the rest later with the reason", function()
        local given
        for _, case in ipairs { { true, nil, "sent" }, { false, "status 1", "later" } } do
            local channel = told_program.new("/x", function(event, fields)
                given = { event, fields }
                return case[1], case[2]
            end, function() return items { VERDICT } end)
            assert.same({ case[3], case[2] }, { channel.send(MESSAGE) })
            assert.same({ told_program.event(MESSAGE, items { VERDICT }), told_program.FIELDS }, given)
        end
    end)
end)
