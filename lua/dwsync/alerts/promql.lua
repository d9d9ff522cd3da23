--- The parts of PromQL that the rules are made of: lengths of time, texts, and the labels that identify series.
-- @module dwsync.alerts.promql
local decimal = require "dwsync.decimal"

local M = {}

--- Labels that identify clusters, sources and verdicts. The others of a scrape (instance, pod) would make an alert of
-- each machine that sees the same.
M.cluster = "job, cluster"
M.source = "job, cluster, source, type"
M.rule = "job, cluster, source, type, rule"

local UNITS = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } }

--- A length of time.
-- @tparam number seconds
-- @treturn string "36h", "1500ms"
function M.duration(seconds)
    for _, unit in ipairs(UNITS) do
        if seconds >= unit[1] and seconds % unit[1] == 0 then
            return ("%.0f%s"):format(seconds / unit[1], unit[2])
        end
    end
    return ("%.0fms"):format(math.floor(seconds * 1000 + 0.5))
end

--- A number.
-- @tparam number value
-- @treturn string
function M.number(value)
    return decimal.format("%.14g", value)
end

--- A text literal.
-- @tparam string text printable
-- @treturn string
function M.text(text)
    return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

return M
