local dashboards = require "spec.prometheus.dashboards"
local lyaml = require "lyaml"
local prometheus = require "spec.support.prometheus"

-- Rules are checked by Prometheus' own parser.
local function parse(expressions)
    local rules = {}
    for i, expression in ipairs(expressions) do
        rules[i] = { record = "q" .. i, expr = expression }
    end
    return prometheus.promtool("check rules rules.yml", { ["rules.yml"] = lyaml.dump { { groups = { {
        name = "queries", rules = rules } } } } })
end

describe("the Grafana dashboard", function()
    local dashboard = dashboards.read()

    it("has panels with ids of their own, a title, a description and a place that no other has", function()
        local ids, taken = {}, {}
        for _, panel in ipairs(dashboard.panels) do
            assert.is_nil(ids[panel.id])
            ids[panel.id] = true
            assert.is_true(#panel.title > 0)
            assert.is_truthy(panel.type == "row" or #panel.description > 0, panel.title)
            local place = panel.gridPos
            assert.is_true(place.x + place.w <= 24, panel.title)
            for x = place.x, place.x + place.w - 1 do
                for y = place.y, place.y + place.h - 1 do
                    assert.is_nil(taken[x + 100 * y], panel.title)
                    taken[x + 100 * y] = true
                end
            end
        end
        assert.is_true(#dashboard.panels > 15)
    end)

    it("takes everything from the data source that was chosen", function()
        local variables = {}
        for _, variable in ipairs(dashboard.templating.list) do
            variables[variable.name] = variable
        end
        assert.equal("prometheus", variables.datasource.query)
        assert.equal("datasource", variables.datasource.type)
        for _, query in ipairs(dashboards.queries(dashboard)) do
            assert.same({ type = "prometheus", uid = "${datasource}" }, query.datasource, query.expression)
            for name in query.expression:gmatch "%$([%a_]+)" do
                assert.is_truthy(variables[name] or name == "__rate_interval", name)
            end
        end
    end)

    it("has queries that Prometheus can parse", function()
        local expressions = {}
        for i, query in ipairs(dashboards.queries(dashboard)) do
            expressions[i] = dashboards.fill_in(query.expression)
        end
        local output, status = parse(expressions)
        assert.equal(0, status, output)
        assert.equal(1, select(2, parse { "max by (cluster (dwsync_up)" }))
    end)

    it("shows where synchronisation is off in grey, beside all that has a verdict", function()
        local function color_of(panel)
            local mappings = panel.fieldConfig.defaults.mappings
            if mappings then
                return mappings[1].options["-1"]
            end
            for _, override in ipairs(panel.fieldConfig.overrides) do
                if override.matcher.options == "-1" then
                    return { text = override.properties[1].value, color = override.properties[2].value.fixedColor }
                end
            end
        end
        local shown = {}
        for _, panel in ipairs(dashboard.panels) do
            for _, target in ipairs(panel.targets or {}) do
                if target.expr:find("dwsync_cluster_disabled", 1, true) then
                    local wanted = color_of(panel)
                    shown[#shown + 1] = panel.title
                    assert.same({ panel.title, "disabled", "#8e8e8e" }, { panel.title, wanted.text, wanted.color })
                end
            end
        end
        assert.same({ "Worst verdict", "Clusters by verdict", "Sources over time" }, shown)
    end)

    it("has queries of no name twice in a panel", function()
        for _, panel in ipairs(dashboard.panels) do
            local names = {}
            for _, target in ipairs(panel.targets or {}) do
                assert.is_nil(names[target.refId], panel.title)
                names[target.refId] = true
            end
        end
    end)
end)
