--- The first line of a page: "2 of 7 clusters are critical", and how many there are of each severity.
-- @module dwsync.report.verdicts.headline
local display = require "dwsync.text"
local markup = require "dwsync.report.page.markup"
local page = require "dwsync.report.page"
local severities = require "dwsync.severity"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local element = markup.element

local MAX_NAME = 80

--- The name of a cluster, cut.
-- @tparam table item of an overview
-- @treturn string
function M.name(item)
    return display.cut(display.safe(verdicts.cluster_name(item)), MAX_NAME)
end

--- One sentence about all clusters.
-- @tparam table overview
-- @treturn string
function M.text(overview)
    local clusters, severity = overview.clusters, severities.known(overview.severity)
    if #clusters == 0 then
        return "No clusters to judge"
    end
    local counts = severities.count(clusters)
    local worst, off = counts[severity], severity ~= "disabled" and counts.disabled or 0
    local count, more = #clusters - off, off > 0 and (", %d disabled"):format(off) or ""
    if count == 1 then
        return ("%s is %s%s"):format(M.name(clusters[1]), severity, more)
    elseif worst == count then
        return ("All %d clusters are %s%s"):format(count, severity, more)
    end
    return ("%d of %d clusters %s %s%s"):format(worst, count, worst == 1 and "is" or "are", severity, more)
end

--- How many clusters there are of each severity.
-- @tparam {table,...} clusters
-- @treturn dwsync.markup
function M.census(clusters)
    local counts, items = severities.count(clusters), {}
    for _, severity in ipairs(severities.worst_first) do
        if counts[severity] > 0 then
            items[#items + 1] = element("li", { class = severity }, page.icon(severity),
                element("b", nil, counts[severity]), severity)
        end
    end
    return element("ul", { class = "census", ["aria-label"] = "Clusters by severity" }, items)
end

return M
