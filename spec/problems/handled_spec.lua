local handled = require "dwsync.problems.handled"
local report = require "dwsync.report"

local NOW = 1747637723000
local HOUR = 3600000

local function verdict(more)
    local result = { rule = "stale", severity = "critical", source = "s1", source_type = "AD", message = "no run" }
    for name, value in pairs(more or {}) do
        result[name] = value
    end
    return result
end

local function row(more)
    local result = { cluster_id = "c1", source = "s1", rule = "stale", state = "told", severity = "critical",
        acknowledged_at = NOW - 2 * HOUR, acknowledged_by = "ann", acknowledged_note = "on it",
        silenced_until = NOW + HOUR, silenced_by = "bob" }
    for name, value in pairs(more or {}) do
        result[name] = value
    end
    return result
end

local function item_of(...)
    return { cluster = { id = "c1", name = "dws-prod" }, severity = "critical", evaluation = { records = 1,
        verdicts = { ... }, sources = {}, reasons = {} } }
end

local function rendered(format, item)
    local parts = {}
    report.render_health(format, { now = NOW / 1000, severity = "critical", clusters = { item } }, function(piece)
        parts[#parts + 1] = piece
    end, {})
    return table.concat(parts)
end

describe("what people do about problems", function()
    it("is added to the verdict that it is about, and to no other", function()
        local mine, other = verdict(), verdict { source = "s2" }
        handled.add({ item_of(mine, other) }, { row(), row { cluster_id = "c2", source = "s2" },
            row { cluster_id = "c", source = "1s1", acknowledged_by = "eve" },
            row { source = "s1s", rule = "tale", acknowledged_by = "eve" } }, NOW)
        assert.same({ "ann", NOW + HOUR }, { mine.acknowledged_by, mine.silenced_until })
        assert.is_nil(other.acknowledged_by)
    end)

    it("goes with the end of the silence, of the problem, and with its row", function()
        local one = verdict()
        handled.add({ item_of(one) }, { row { silenced_until = NOW } }, NOW)
        assert.same({ "ann" }, { one.acknowledged_by, one.silenced_until, one.silenced_by })
        handled.add({ item_of(one) }, { row { state = "resolved" } }, NOW)
        assert.is_nil(one.acknowledged_by)
        handled.add({ item_of(one) }, { row() }, NOW)
        assert.equal("ann", one.acknowledged_by)
        handled.add({ item_of(one) }, {}, NOW)
        assert.is_nil(one.acknowledged_by)
    end)

    it("is shown of a cluster that could not be asked, too", function()
        local item = { cluster = { id = "c1" }, severity = "unknown", error = { message = "no answer" } }
        handled.add({ item }, { row { source = "", rule = "unreachable" } }, NOW)
        assert.matches("Acknowledged  by ann 2 h ago: on it\n", rendered("table", item), 1, true)
    end)

    it("is in every report for people, and in JSON", function()
        local item = item_of(verdict())
        handled.add({ item }, { row { acknowledged_note = "on <it> *now*" } }, NOW)
        local shown = rendered("table", item)
        assert.matches("\n  Acknowledged  by ann 2 h ago: on <it> *now*\n"
            .. "  Silenced      until 2025-05-19T07:55:23Z, by bob\n",
            shown, 1, true)
        for _, note in ipairs { "", false } do
            local plain = item_of(verdict())
            handled.add({ plain }, { row { acknowledged_note = note or nil } }, NOW)
            plain.evaluation.verdicts[1].acknowledged_note = note or nil
            assert.matches("\n  Acknowledged  by ann 2 h ago\n", rendered("table", plain), 1, true)
        end
        shown = rendered("markdown", item)
        assert.matches("\n  - **Acknowledged** by ann 2 h ago: on ", shown, 1, true)
        assert.is_nil(shown:find("<it>", 1, true))
        shown = rendered("html", item)
        assert.matches("<dt>Acknowledged</dt><dd><bdi>by ann 2 h ago: on &lt;it&gt; *now*</bdi></dd>", shown, 1, true)
        assert.matches("<dt>Silenced</dt><dd><bdi>until 2025-05-19T07:55:23Z, by bob</bdi></dd>", shown, 1, true)
        local decoded = require("dwsync.json").decode(rendered("json", item))
        local told = decoded.clusters[1].verdicts[1]
        assert.same({ NOW - 2 * HOUR, "ann", "on <it> *now*", NOW + HOUR, "bob" }, { told.acknowledged_at,
            told.acknowledged_by, told.acknowledged_note, told.silenced_until, told.silenced_by })
    end)

    it("leaves verdicts as they were where nothing is known", function()
        local item = item_of(verdict())
        local before = rendered("table", item)
        handled.add({ item }, {}, NOW)
        assert.equal(before, rendered("table", item))
        assert.is_nil(before:find("Acknowledged", 1, true))
    end)
end)
