local health = require "dwsync.health"
local json = require "dwsync.json"
local overviews = require "spec.report.overviews"
local processes = require "spec.support.processes"
local report = require "dwsync.report"

-- The other specs stand on overviews made by hand; this one sees that dwsync.health returns what they promise.
describe("reports of real verdicts", function()
    local function judged(items)
        local list = {}
        for i, item in ipairs(items) do
            list[i] = { cluster = item.cluster, records = item.records, error = item.error,
                evaluation = item.records and health.evaluate(item.records, nil, overviews.NOW) }
        end
        return health.overview(list, overviews.NOW)
    end

    local function stories()
        return judged { overviews.healthy(), overviews.failing(), overviews.mass_delete(), overviews.partial(),
            overviews.stuck(), overviews.never(), overviews.unreadable() }
    end

    it("name every cluster and every verdict that is not ok, in every format for people", function()
        for _, format in ipairs { "table", "markdown", "html" } do
            local text = overviews.render(format, stories()):gsub("\\", ""):gsub("%s+", " ")
            for _, item in ipairs(stories().clusters) do
                assert.is_truthy(text:find(item.cluster.name, 1, true), format)
                for _, verdict in ipairs(item.evaluation and item.evaluation.verdicts or {}) do
                    if verdict.severity ~= "ok" then
                        assert.is_truthy(text:find(verdict.rule, 1, true), format .. ": " .. verdict.rule)
                    end
                end
            end
        end
    end)

    it("have the same severities in every format for programs", function()
        local overview = stories()
        local document = json.decode(overviews.render("json", overview))
        assert.equal("critical", document.severity)
        for i, item in ipairs(overview.clusters) do
            assert.equal(item.severity, document.clusters[i].severity)
            assert.equal(#(item.evaluation and item.evaluation.verdicts or {}), #(document.clusters[i].verdicts or {}))
        end
        assert.is_truthy(overviews.render("nagios", overview):find "^CRITICAL %- 7 clusters: 3 critical, "
            .. "2 unknown, 2 ok; ")
    end)

    it("pass promtool", function()
        local name = os.tmpname()
        local file = assert(io.open(name, "wb"))
        report.render_health("prometheus", stories(), function(text)
            file:write(text)
        end)
        file:close()
        local output, status = processes.run("promtool check metrics < " .. name .. " 2>&1")
        os.remove(name)
        assert.same({ "", 0 }, { output, status })
    end)

    it("render whatever hostile records come to", function()
        local item = overviews.hostile().clusters[1]
        table.insert(item.records, { start_time = "x", end_time = {}, status = 7, fail_reason = {}, add_count = "9" })
        for _, format in ipairs(report.health_formats) do
            assert.is_true(#overviews.render(format, judged { item }) > 0)
        end
    end)
end)
