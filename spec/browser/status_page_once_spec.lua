local cjson = require "cjson"
local display = require "dwsync.text"
local overviews = require "spec.report.overviews"
local processes = require "spec.support.processes"
local status_page = require "dwsync.report.status.page"

local HARMLESS = "harmless"
local STATE = { age = 3, interval = 60 }

-- The cluster that turns from ok to critical, while the one that fails recovers: both change places.
local function changed()
    local calm, failing = overviews.healthy(), overviews.failing()
    local broken = overviews.overview { { cluster = calm.cluster, evaluation = failing.evaluation,
        records = failing.records }, { cluster = failing.cluster, evaluation = calm.evaluation,
        records = calm.records }, overviews.mass_delete(), overviews.partial(), overviews.stuck(), overviews.never(),
        overviews.unreadable() }
    return status_page.body(broken)
end

local function without_policy(html)
    return (html:gsub("<meta[^>]*Content%-Security%-Policy[^>]*>", "", 1))
end

describe("the status page in a browser", function()
    local seen

    setup(function()
        local stories, hostile = status_page.body(overviews.stories()), status_page.body(overviews.hostile())
        local off = status_page.body(overviews.overview { overviews.healthy(), overviews.failing(),
            overviews.disabled() })
        local order = os.tmpname()
        local file = assert(io.open(order, "wb"))
        file:write(cjson.encode { now = overviews.NOW, hostile = display.utf8(overviews.HOSTILE, "?"),
            calm = overviews.healthy().cluster.id, texts = {
                policy = status_page.policy, script = status_page.script, style = status_page.stylesheet,
                stories = status_page.document(stories, { age = 3, interval = 60, tag = '"stories_body0"' }),
                stories_body = stories, changed_body = changed(),
                hostile = status_page.document(hostile, { age = 3, interval = 60, error = overviews.HOSTILE }),
                hostile_body = hostile, harmless_body = status_page.body(overviews.hostile(HARMLESS)),
                off = status_page.document(off, { age = 3, interval = 60, note = overviews.HOSTILE }), off_body = off,
                bare = without_policy(status_page.document(hostile, STATE)),
                waiting = status_page.document(nil, { interval = 60 }),
                other_version = stories:gsub('data%-version="%x+"', 'data-version="new"'),
            } })
        file:close()
        local output, status = processes.run("node spec/browser/status_page.js < " .. processes.quoted(order))
        os.remove(order)
        assert(status == 0, "status_page.js failed; is it installed? (npm ci --prefix spec/browser)")
        seen = cjson.decode(output)
    end)

    it("runs without a failure, a dialog, a violation of its policy, or a request to anyone else", function()
        for name, visit in pairs(seen) do
            if name ~= "guard" then
                assert.same({ name, 0, {}, {}, {} }, { name, visit.dialogs, visit.foreign, visit.violations,
                    visit.failures })
            end
        end
    end)

    it("carries its policy in the header and in itself, and the browser enforces it", function()
        assert.equal(status_page.policy, seen.look_light.header)
        assert.equal(status_page.policy, seen.look_light.shut.policy .. "; frame-ancestors 'none'")
        assert.same({ "html", "script" }, (function()
            table.sort(seen.guard.sinks)
            return seen.guard.sinks
        end)())
        assert.is_true(#seen.guard.violations > 0) -- so a violation would be seen
    end)

    it("fits 320 pixels and a desk, light and dark, closed and opened, with a contrast of 4.5 : 1", function()
        for view, width in pairs { look_light = 1280, look_dark = 1280, look_phone = 320 } do
            for _, state in ipairs { "shut", "open" } do
                local what = seen[view][state]
                assert.same({ view, state, width, {}, {}, 0 }, { view, state, what.width, what.wide, what.faint,
                    what.unnamed })
            end
            assert.same({ 1, 1, 1 }, seen[view].landmarks)
        end
        assert.equal("rgb(255, 255, 255)", seen.look_light.shut.ground)
        assert.equal("rgb(17, 22, 28)", seen.look_dark.shut.ground)
    end)

    it("shows what is off in grey, and a failure beside the rest in one line, with the same contrast", function()
        for _, view in ipairs { "off_light", "off_dark" } do
            local what = seen[view]
            assert.same({ view, {}, {}, {}, {} }, { view, what.shut.faint, what.shut.wide, what.open.faint,
                what.open.wide })
            assert.is_truthy(what.open.text:find("Identity-source synchronisation is off (DWS.5045)", 1, true))
            assert.matches("^Part of the last query failed: =1%+1", what.first.note)
            local quiet = { banner = false, spoken = "", filter = "none" }
            quiet.note = what.first.note
            assert.same(quiet, what.first)
            quiet.note = "Part of the last query failed: the history was not written"
            assert.same(quiet, what.polled)
            quiet.note = ""
            assert.same(quiet, what.over)
            assert.same({ banner = true, note = "", spoken = "The last query failed: no route",
                filter = "saturate(0.45)" }, what.down)
        end
    end)

    it("shows every verdict that is not ok and its advice", function()
        local shown = 0
        for _, item in ipairs(overviews.stories().clusters) do
            for _, verdict in ipairs(item.evaluation and item.evaluation.verdicts or {}) do
                for _, text in ipairs(verdict.severity ~= "ok" and { verdict.message, verdict.advice } or {}) do
                    shown = shown + 1
                    assert.is_truthy(seen.look_phone.open.text:find(text, 1, true), text)
                end
            end
        end
        assert.is_true(shown > 8)
    end)

    it("is used by keyboard alone: down to one run of one source, with a visible focus", function()
        local keyboard = seen.keyboard
        local failing = overviews.failing()
        local source = ("%s.%s"):format(failing.cluster.id, failing.records[1].identity_source_id)
        assert.same({ "a #view", "button refresh", "button pause", "summary dws-failing", "a #source-" .. source,
            "summary dws-mass-delete" }, keyboard.path)
        assert.equal("solid", keyboard.ring)
        assert.same({ "summary dws-failing", { "dws-failing" }, "#cluster-" .. failing.cluster.id, {} },
            { keyboard.back, keyboard.opened, keyboard.hash, keyboard.closed })
        assert.same({ "summary", "panel-" .. source, true }, keyboard.drilled)
        assert.is_true(keyboard.picture and keyboard.runs)
    end)

    it("changes what changed without taking away focus, place, or what was opened", function()
        local change = seen.change
        local calm = "cluster-" .. overviews.healthy().cluster.id
        for _, moment in ipairs { "before", "same", "after", "restored" } do
            local what = change[moment]
            assert.same({ moment, "summary dws-healthy", { "dws-healthy" }, "#" .. calm },
                { moment, what.focus, what.open, what.hash })
            assert.is_true(math.abs(what.top - change.before.top) <= 1, moment .. what.top)
        end
        assert.same({ "group-ok", "group-ok", "group-attention", "group-ok" }, { change.before.group,
            change.same.group, change.after.group, change.restored.group })
        assert.same({ open = { "dws-healthy" }, hash = "#" .. calm }, change.reloaded)
    end)

    it("speaks of real changes only, and asks for no body it has", function()
        local change = seen.change
        assert.equal("", change.before.news)
        assert.equal("", change.same.news)
        assert.is_true(change.unchanged >= 1)
        assert.equal("dws-healthy is now critical; dws-failing is now ok.", change.after.news)
        assert.is_truthy(change.visible_news:find "^%d%d:%d%dZ: dws%-healthy is now critical")
        assert.equal(2, change.flagged)
        assert.equal("3 of 7 clusters are critical – DWS identity synchronisation", change.after.title)
    end)

    it("keeps working when the service is down: says so, how old all is, and goes on counting", function()
        local down = seen.down
        assert.same({ false, "Data is 3 s old", "" }, { down.well.banner, down.well.age, down.well.news })
        assert.is_true(down.failing.banner)
        assert.is_truthy(down.failing.words:find("The last query failed: "
            .. display.safe(overviews.HOSTILE:gsub("[%z\1-\31]", " ")), 1, true))
        assert.is_truthy(down.failing.words:find "The data shown is 1%d min %d+ s old%.$")
        assert.not_equal(down.failing.age, down.older.age)
        assert.equal(down.failing.news, down.older.news) -- once, not every second
        for _, moment in ipairs { "failing", "older", "refused", "unreachable", "foreign_body", "again", "paused" } do
            assert.same({ moment, 7, 320 }, { moment, down[moment].tiles, down[moment].width })
        end
    end)

    it("tells how long ago things were by the server's clock, when that differs", function()
        assert.equal("11 min ago", seen.down.well.ago)
        assert.is_truthy(seen.down.ahead.ago:find "^2 h 1%d min ago$")
    end)

    it("keeps working when its own server is down or answers with something else", function()
        local down = seen.down
        assert.is_truthy(down.refused.words:find("No update from this page's server: it answered 502.", 1, true))
        assert.is_truthy(down.unreachable.words:find("No update from this page's server: no connection.", 1, true))
        assert.is_truthy(down.foreign_body.words:find(
            "No update from this page's server: its answer was not this page.", 1, true))
        assert.is_false(down.again.banner)
        assert.equal("Data is arriving again.", down.again.news)
    end)

    it("can be paused, and then says when it is too old", function()
        assert.same({ 0, "true" }, { seen.down.paused.asked, seen.down.paused.pressed })
    end)

    it("shows hostile text as text and has the very same elements, first and after every refresh", function()
        local hostile = seen.hostile
        assert.same(hostile.harmless.tags, hostile.first.tags)
        assert.same(hostile.harmless.tags, hostile.second.tags)
        local wanted = display.cut(display.safe(overviews.HOSTILE):gsub("%s+", " "), 80)
        for _, what in ipairs { hostile.first, hostile.second } do
            assert.same({}, what.handlers)
            assert.is_truthy(what.text:gsub("%s+", " "):find(wanted, 1, true))
        end
        assert.is_nil(hostile.harmless.text:find("alert", 1, true) and hostile.harmless.title:find "alert")
        assert.same({}, seen.bare.first.handlers)
    end)

    it("waits for the first answer, then opens what its address names", function()
        assert.is_truthy(seen.waiting.first:find "The first query is under way")
        assert.same({ 7, { "dws-healthy" } }, { seen.waiting.tiles, seen.waiting.open })
        assert.equal("3 of 7 clusters are critical.", seen.waiting.news)
    end)

    it("loads itself anew, once, when its own script was replaced", function()
        assert.equal(2, seen.renewed.documents)
    end)

    it("shows everything and drills down without its script", function()
        local bare = seen.scriptless
        assert.is_truthy(bare.text:find "3 of 7 clusters are critical")
        assert.same({ true, 0, true }, { bare.reload, bare.buttons, bare.drilled })
        for _, path in ipairs(bare.asked) do
            assert.is_nil(path:find("part=body", 1, true))
        end
    end)
end)
