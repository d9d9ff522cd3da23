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
        assert.matches("overview_spec.lua:%d+: overview: now is missing, expected seconds since the epoch$",
            refusal({}, nil))
    end)
end)
