local errors = require "dwsync.errors"
local health = require "dwsync.health"
local runs = require "spec.health.runs"

local NOW = runs.NOW

local function item(name, severity)
    return { cluster = { id = "id-" .. name, name = name }, evaluation = { severity = severity } }
end

describe("an overview", function()
    it("has the clusters, the worst first, then by name", function()
        local down = { cluster = { id = "id-e" }, error = errors.new { kind = "network", message = "m" } }
        local overview = health.overview({ item("b", "ok"), item("a", "ok"), item("c", "critical"), down,
            item("d", "warning") }, NOW)
        local names = {}
        for i, cluster in ipairs(overview.clusters) do
            names[i] = (cluster.cluster.name or "?") .. ":" .. cluster.severity
        end
        assert.same({ "c:critical", "d:warning", "?:unknown", "a:ok", "b:ok" }, names)
        assert.equal("critical", overview.severity)
        assert.equal(NOW, overview.now)
        assert.equal("network", overview.clusters[3].error.kind)
    end)

    it("takes an error for unknown, and so no cluster at all", function()
        local down = { cluster = { id = "x" }, error = errors.new { kind = "timeout", message = "m" } }
        assert.equal("unknown", health.overview({ item("a", "ok"), down }, NOW).severity)
        assert.equal("unknown", health.overview({}, NOW).severity)
        assert.equal("ok", health.overview({ item("a", "ok") }, NOW).severity)
    end)

    describe("of a cluster whose synchronisation is off", function()
        local function off(name, more)
            local one = { cluster = { id = "id-" .. name, name = name },
                error = errors.new { kind = "permission", code = "DWS.5045", message = "not allowed" } }
            for field, value in pairs(more or {}) do
                one[field] = value
            end
            return one
        end

        local function only(one, rules)
            local overview = health.overview({ one }, NOW, rules)
            return overview.clusters[1], overview.severity
        end

        it("has a state that counts for nothing beside others, where no record was ever seen", function()
            local overview = health.overview({ off "a", item("b", "ok"), item("c", "warning") }, NOW)
            assert.equal("warning", overview.severity)
            assert.equal("ok", health.overview({ off "a", item("b", "ok") }, NOW).severity)
            assert.equal("disabled", health.overview({ off "a" }, NOW).severity)
            local last = overview.clusters[3]
            assert.equal("disabled", last.severity)
            assert.equal("DWS.5045", last.error.code)
            assert.equal(1, #last.verdicts)
            assert.equal("disabled", last.verdicts[1].rule)
            assert.equal("disabled", last.verdicts[1].severity)
            assert.matches("is off (DWS.5045)", last.verdicts[1].message, 1, true)
            assert.matches("turn it on", last.verdicts[1].advice, 1, true)
        end)

        it("sorts such clusters behind those that are ok, whatever their names", function()
            local items = {}
            for i, name in ipairs { "f", "b", "d", "a", "e", "c" } do
                items[i] = i % 2 == 0 and off(name) or item(name, "ok")
            end
            local names = {}
            for i, cluster in ipairs(health.overview(items, NOW).clusters) do
                names[i] = cluster.cluster.name
            end
            assert.equal("defabc", table.concat(names))
        end)

        it("warns, and names the time, where records were seen before", function()
            local found, severity = only(off("a", { seen_before = 1700000000000 }))
            assert.equal("warning", severity)
            assert.equal("warning", found.verdicts[1].severity)
            assert.equal(1700000000000, found.verdicts[1].since)
            assert.matches("since 2023-11-14T22:13:20Z", found.verdicts[1].message, 1, true)
        end)

        it("does not judge what an earlier look found, but knows from it that there were records", function()
            local evaluation = health.evaluate(runs.hourly(3), { stale = { critical = "1h" } }, NOW + 86400)
            assert.equal("critical", evaluation.severity)
            local found = only(off("a", { evaluation = evaluation }))
            assert.equal("warning", found.severity)
            assert.is_nil(found.evaluation)
            assert.equal(evaluation.statistics.last_run, found.verdicts[1].since)
            local empty = health.evaluate({}, nil, NOW)
            assert.equal("disabled", only(off("a", { evaluation = empty })).severity)
        end)

        it("is as grave as the rules say, but at least a warning where records were seen before", function()
            for _, word in ipairs { "ok", "unknown", "warning", "critical" } do
                assert.equal(word, only(off "a", { disabled = word }).severity)
            end
            local before = off("a", { seen_before = 1 })
            assert.equal("warning", only(before, { disabled = "ok" }).severity)
            assert.equal("critical", only(before, { disabled = "critical" }).severity)
        end)

        it("says nothing at all when that is off", function()
            for _, more in ipairs { {}, { seen_before = 1 } } do
                local found = only(off("a", more), { disabled = false })
                assert.equal("disabled", found.severity)
                assert.same({}, found.verdicts)
            end
        end)

        it("is not meant by any other refusal, nor by records that were read", function()
            local refused = { cluster = { id = "a" }, error = errors.new { kind = "permission", code = "DWS.5046",
                message = "m" } }
            assert.equal("unknown", only(refused, { disabled = "critical" }).severity)
            assert.equal("ok", only(item("a", "ok"), { disabled = "critical" }).severity)
        end)
    end)

    it("leaves the items as they are, and keeps what else they have", function()
        local list = runs.hourly(3)
        local one = { cluster = { id = "a" }, evaluation = health.evaluate(list, nil, NOW), records = list }
        local overview = health.overview({ one }, NOW)
        assert.is_nil(one.severity)
        assert.equal(list, overview.clusters[1].records)
        assert.equal(one.evaluation, overview.clusters[1].evaluation)
    end)

    it("refuses wrong use at its caller's line", function()
        local function refusal(items, now)
            return runs.refusal(function() health.overview(items, now) end)
        end
        assert.matches("overview_spec.lua:%d+: overview: expected a list, got nil$", refusal(nil, NOW))
        assert.matches("overview_spec.lua:%d+: overview: item 1 has neither an evaluation nor an error$",
            refusal({ { cluster = {} } }, NOW))
        local message = runs.refusal(function() health.overview({}, NOW, { disabled = "loud" }) end)
        assert.matches("overview_spec.lua:%d+: config: rules.disabled is \"loud\", expected one of", message)
        assert.matches("overview_spec.lua:%d+: overview: now is missing, expected seconds since the epoch$",
            refusal({}, nil))
    end)

    it("orders those that are as grave by name, by id where they have none, then by id, then as they came", function()
        local function one(name, id, mark)
            return { cluster = { name = name, id = id }, evaluation = { severity = "ok" }, mark = mark }
        end
        local marks = {}
        for i, cluster in ipairs(health.overview({ one("b", "1", "f"), one("a", "2", "c"), one(nil, "aa", "e"),
            one("a", "1", "a"), one("a", "1", "b"), one("a", "3", "d"), { evaluation = { severity = "ok" },
                mark = "0" } }, NOW).clusters) do
            marks[i] = cluster.mark
        end
        assert.equal("0abcdef", table.concat(marks))
    end)

    it("pauses every sixteen clusters, and around the sorting", function()
        for count, expected in pairs { [0] = 2, [15] = 2, [16] = 3, [33] = 4 } do
            local items, pauses = {}, 0
            for i = 1, count do
                items[i] = item(("%03d"):format(i), "ok")
            end
            local overview = health.overview(items, NOW, nil, function() pauses = pauses + 1 end)
            assert.same({ count, expected }, { #overview.clusters, pauses })
        end
    end)
end)
