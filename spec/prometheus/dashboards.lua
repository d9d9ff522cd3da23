--- The Grafana dashboard as specs look at it: its queries, with Grafana's variables filled in.
-- It must not know what the queries ask for.
local cjson = require "cjson"
local files = require "dwsync.files"

local M = {}

--- The dashboard. @treturn table
function M.read()
    return cjson.decode(assert(files.read "examples/prometheus/grafana_dashboard.json"))
end

--- All queries of panels, annotations and variables.
-- @tparam table dashboard @treturn {table,...} `title`, `expression`, `datasource`
function M.queries(dashboard)
    local list = {}
    local function add(title, expression, datasource)
        list[#list + 1] = { title = title, expression = expression, datasource = datasource }
    end
    for _, panel in ipairs(dashboard.panels) do
        for _, target in ipairs(panel.targets or {}) do
            add(panel.title, target.expr, target.datasource)
        end
    end
    for _, annotation in ipairs(dashboard.annotations.list) do
        add(annotation.name, annotation.expr, annotation.datasource)
    end
    for _, variable in ipairs(dashboard.templating.list) do
        if variable.type == "query" then
            local inner = variable.definition:match "^label_values%((.*), [%l_]+%)$"
                or variable.definition:match "^query_result%((.*)%)$"
            add(variable.label, assert(inner, variable.definition), variable.datasource)
        end
    end
    return list
end

--- A query as Grafana sends it when all clusters are chosen. @tparam string expression @treturn string
function M.fill_in(expression)
    return (expression:gsub("%$__rate_interval", "1m"):gsub("%$%a+", ".*"))
end

return M
