local merge = require "dwsync.history.merge"

local NOW = 1761389392000

-- Applies pages in turn to what is kept, as a store does; returns the last summary and what is kept.
local function saved(pages)
    local kept, earlier, summary = {}, {}, nil
    for _, page in ipairs(pages) do
        local changed, archive
        changed, archive, summary = merge.decide(merge.read(page), kept, earlier, NOW)
        for _, state in ipairs(archive) do
            earlier[state.name] = earlier[state.name] or {}
            table.insert(earlier[state.name], state.content)
        end
        for _, state in ipairs(changed) do
            kept[state.name] = { name = state.name, version = state.version, saved_at = state.saved_at,
                status = state.status, content = state.content }
        end
        summary.written, summary.archived = #changed, #archive
    end
    return summary, kept, earlier
end

local function record(status, more)
    local made = { id = "a", status = status, start_time = 1000 }
    for name, value in pairs(more or {}) do
        made[name] = value
    end
    return made
end

local function check(expected, summary)
    for name, value in pairs(expected) do
        assert.same(value, summary[name], name)
    end
end

describe("a page", function()
    it("inserts what is new", function()
        check({ inserted = 2, updated = 0, unchanged = 0, written = 2, archived = 0 },
            saved { { record "RUNNING", record("FAILED", { id = "b" }) } })
    end)

    it("puts a running record's end in its place", function()
        local summary, kept = saved { { record "RUNNING" }, { record("FINISHED", { add_count = 5 }) } }
        check({ inserted = 0, updated = 1, revised = {}, written = 1, archived = 0 }, summary)
        assert.equal(1, kept.a.version)
        assert.equal("FINISHED", kept.a.status)
    end)

    it("writes nothing for what is there already", function()
        for _, status in ipairs { "RUNNING", "FINISHED", "FAILED", "STRANGE" } do
            check({ unchanged = 1, written = 0, archived = 0 }, saved { { record(status) }, { record(status) } })
        end
    end)

    it("makes a version of what changed after its end, and names it", function()
        for _, status in ipairs { "FINISHED", "FAILED", "STRANGE", false } do
            local summary, kept, earlier = saved { { record(status or nil) },
                { record(status or nil, { add_count = 1 }) }, { record(status or nil, { add_count = 2 }) } }
            check({ inserted = 0, updated = 0, unchanged = 0, revised = { "a" }, written = 1, archived = 1 }, summary)
            assert.equal(3, kept.a.version)
            assert.equal(2, #earlier.a)
        end
    end)

    it("does not let a running record take the place of an end: it was asked for before", function()
        local summary, kept = saved { { record "FINISHED" }, { record "RUNNING" } }
        check({ late = 1, revised = {}, written = 0, archived = 0 }, summary)
        assert.equal("FINISHED", kept.a.status)
    end)

    it("counts each record once", function()
        local summary = saved { { record "FINISHED", record("RUNNING", { id = "b" }), record("FAILED", { id = "c" }) },
            { record("FINISHED", { add_count = 9 }), record("FINISHED", { id = "b" }), record("FAILED", { id = "c" }),
                record("RUNNING", { id = "c" }), record("FINISHED", { id = "d" }), 5, { id = print } } }
        check({ inserted = 1, updated = 1, unchanged = 1, late = 1, refused = 2, revised = { "a" },
            refusal = "record 6 of the page: a number is not a record" }, summary)
    end)
end)

describe("a page that holds an id twice", function()
    local twice = { record("FINISHED", { end_time = 5 }), record("FINISHED", { end_time = 4 }) }

    it("keeps both, the one that ended later as the present one, in any order", function()
        local summary, kept, earlier = saved { twice }
        check({ inserted = 1, revised = { "a" } }, summary)
        local _, reversed_kept, reversed_earlier = saved { { twice[2], twice[1] } }
        assert.same({ kept, earlier }, { reversed_kept, reversed_earlier })
        assert.is_truthy(kept.a.content:find '"end_time":5')
    end)

    it("writes nothing the second time", function()
        check({ unchanged = 2, revised = {}, written = 0, archived = 0 }, saved { twice, { twice[2], twice[1] } })
    end)

    it("takes the end rather than the running one, and equal ones for one", function()
        local summary, kept = saved { { record "FINISHED", record "RUNNING", record "FINISHED" } }
        check({ inserted = 1, updated = 1, unchanged = 1, written = 1, archived = 0 }, summary)
        assert.equal("FINISHED", kept.a.status)
        assert.equal(1, kept.a.version)
    end)

    it("puts them into one order, whatever the order of the page", function()
        local by_age = { record "RUNNING", record("RUNNING", { end_time = 3 }), record "FINISHED",
            record("FINISHED", { end_time = 1, add_count = 1 }), record("FINISHED", { end_time = 1, add_count = 2 }),
            record("FAILED", { end_time = 2 }) }
        local expected = {}
        for i = 3, 5 do
            expected[i - 2] = merge.read({ by_age[i] }).contents.a
        end
        local random = require("spec.health.runs").random(72)
        for _ = 1, 100 do
            local page = {}
            for _, one in ipairs(by_age) do
                table.insert(page, random(#page + 1), one)
            end
            local summary, kept, earlier = saved { page }
            check({ inserted = 1, updated = 2, revised = { "a", "a", "a" } }, summary)
            assert.same({ 4, "FAILED", expected }, { kept.a.version, kept.a.status, earlier.a })
        end
    end)

    it("names each of them once as one of several, with all that it has", function()
        local page = merge.read { record "RUNNING", record("RUNNING", { id = "b" }), record("RUNNING", { id = "c" }),
            record "FINISHED", record("FAILED", { id = "b" }), record "STRANGE" }
        assert.same({ "a", "b", "c" }, page.names)
        assert.same({ "a", "b" }, page.repeated)
        local found = {}
        for name, group in pairs(page.groups) do
            found[name] = {}
            for i, item in ipairs(group) do
                found[name][i] = item.record.status
                assert.same({ name, merge.read({ item.record }).contents[name] }, { item.name, item.content })
            end
        end
        assert.same({ a = { "RUNNING", "FINISHED", "STRANGE" }, b = { "RUNNING", "FAILED" } }, found)
    end)

    it("calls what was revised by its id, else by the name that it is kept under", function()
        for id, name in pairs { a = "a", ["~x"] = "~x", ["\0"] = "\0", [7] = "~number:7" } do
            check({ revised = { name } }, saved { { record("FINISHED", { id = id }) },
                { record("FAILED", { id = id }) } })
        end
        check({ revised = { '~run:["","s",1000]' } }, saved { { record("FINISHED", { id = "",
            identity_source_id = "s" }) }, { record("FAILED", { id = "", identity_source_id = "s" }) } })
    end)

    it("names what nothing else names by its content", function()
        local bare = { status = "FAILED" }
        local page = merge.read { bare }
        assert.equal(require("dwsync.history.identity").of(bare, '{"status":"FAILED"}'), page.names[1])
    end)

    it("survives end times that cannot be compared", function()
        local summary = saved { { record("FINISHED", { end_time = "x" }), record("FINISHED", { end_time = {} }),
            record("FINISHED", { end_time = true }), record "FINISHED", record("FINISHED", { end_time = 1 }) } }
        check({ inserted = 1, revised = { "a", "a", "a", "a" } }, summary)
    end)
end)

describe("a page without what is kept as it came", function()
    it("decides the same, with the same counts, for pages and histories of any kind", function()
        local random = require("spec.health.runs").random(71)
        local statuses = { "RUNNING", "FINISHED", "FAILED" }
        local function some()
            local list = {}
            for i = 1, random(5) do
                list[i] = record(statuses[random(3)], { id = tostring(random(4)), end_time = random(2),
                    shard = random(6) == 6 and print or nil })
            end
            return list
        end
        for _ = 1, 500 do
            local pages = { some(), some() }
            local _, kept, earlier = saved(pages)
            local contents, copy = {}, {}
            for name, state in pairs(kept) do
                contents[name], copy[name] = random(3) > 1 and state.content or nil, state
            end
            local page = merge.read(some())
            local changed, archive, summary = merge.decide(merge.without(page, contents), kept, earlier, NOW)
            local all_changed, all_archive, all_summary = merge.decide(page, copy, earlier, NOW)
            assert.same({ all_changed, all_archive, all_summary }, { changed, archive, summary })
        end
    end)

    it("is of a run that is new, and saved now, however many of it the page has", function()
        local running, ended = record "RUNNING", record("FINISHED", { end_time = 5 })
        for _, list in ipairs { { ended }, { running, ended }, { ended, running } } do
            local changed = merge.decide(merge.read(list), {}, {}, NOW)
            assert.same({ 1, true, NOW, "FINISHED" }, { #changed, changed[1].is_new, changed[1].saved_at,
                changed[1].status })
        end
        assert.same({ false, false, true, false }, { merge.is_late("RUNNING", "RUNNING"),
            merge.is_late("RUNNING", "FINISHED"), merge.is_late("FINISHED", "RUNNING"),
            merge.is_late("FINISHED", "FAILED") })
    end)

    it("makes a version of the last of a repeated id though it was kept before, and of no other", function()
        local first, last = record("FAILED", { end_time = 5 }), record("FAILED", { end_time = 6 })
        local now = merge.read({ record "FINISHED" }).contents.a
        local texts = {}
        for i, one in ipairs { first, last } do
            texts[i] = merge.read({ one }).contents.a
        end
        local changed, archive, summary = merge.decide(merge.read { last, first }, { a = { name = "a", version = 3,
            saved_at = 1, status = "FINISHED", content = now } }, { a = texts }, NOW)
        assert.same({ 4, texts[2], 1, 1, { "a" } }, { changed[1].version, changed[1].content, #archive,
            summary.unchanged, summary.revised })
    end)

    it("keeps two contents of one id, which have an order", function()
        local page = merge.read { record "FINISHED", record "RUNNING" }
        local content = merge.read({ record "FINISHED" }).contents.a
        assert.same({ "a" }, merge.without(page, { a = content }).names)
        page = merge.without(merge.read { record "FINISHED", record("FAILED", { id = "b" }) }, { a = content })
        assert.same({ { "b" }, 1 }, { page.names, page.unchanged })
        local rest = merge.without(page, { b = page.contents.b })
        assert.same({ {}, 2 }, { rest.names, rest.unchanged })
    end)
end)
