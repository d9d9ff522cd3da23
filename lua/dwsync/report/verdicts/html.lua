--- Verdicts as a self-contained page, to attach to a ticket: summary, clusters worst first, a picture of the runs.
-- It must stay below a megabyte: what does not fit is in the summary only, and the page says so.
-- @module dwsync.report.verdicts.html
local cluster_section = require "dwsync.report.verdicts.cluster_section"
local display = require "dwsync.text"
local headline = require "dwsync.report.verdicts.headline"
local markup = require "dwsync.report.page.markup"
local page = require "dwsync.report.page"
local phrases = require "dwsync.report.verdicts.phrases"
local quantities = require "dwsync.quantities"
local timeline = require "dwsync.report.page.timeline"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local element = markup.element

local MAX_MESSAGE = 160
local MAX_SUMMARY, MAX_DETAIL = 250000, 600000 -- bytes
local EXPLAINED = 12 -- up to this many clusters, pictures explain each bar

-- ---- summary -------------------------------------------------------------------------------------

local COLUMNS = { { title = "Cluster" }, { title = "State" }, { title = "Most important", class = "wide" },
    { title = "Last success", class = "instant" } }

local function last_success(item, now)
    local ms = item.evaluation and (item.evaluation.statistics or {}).last_success
    return ms and quantities.distance(ms, now) or item.evaluation and "never" or "–"
end

local function most_important(item)
    local bad, good = verdicts.split(verdicts.of(item))
    if #bad == 0 then
        return element("span", { class = "quiet" }, #good > 0
            and quantities.count(#good, "check") .. " ok" or "nothing to judge")
    end
    return element("bdi", nil, display.cut(display.safe(verdicts.sentence(bad[1].message)), MAX_MESSAGE))
end

local function summary_row(item, number, overview, detailed)
    local name = element("bdi", nil, headline.name(item))
    return page.row(COLUMNS, { number <= detailed and element("a", { href = "#cluster-" .. number }, name) or name,
        page.badge(item.severity), most_important(item), last_success(item, overview.now) })
end

local function summary(overview, detailed)
    local rows, used = {}, 0
    for i, item in ipairs(overview.clusters) do
        local row = summary_row(item, i, overview, detailed)
        used = used + #tostring(row)
        if used > MAX_SUMMARY then
            break
        end
        rows[i] = row
    end
    return { page.table(element("h2", nil, "Clusters, worst first"), COLUMNS, rows),
        phrases.and_more(#overview.clusters, #rows, "clusters, none worse,") }
end

local function left_out(count)
    return count > 0 and element("p", { class = "fine" }, ("The details of %d further clusters, none worse than those "
        .. "above, are left out of this page; query them one by one."):format(count))
end

-- ---- page ----------------------------------------------------------------------------------------

local function details(overview)
    local sections, used = {}, 0
    for i, item in ipairs(overview.clusters) do
        local section = cluster_section.render(item, { number = i, now = overview.now,
            alone = #overview.clusters == 1, explain = #overview.clusters <= EXPLAINED })
        used = used + #tostring(section)
        if i > 1 and used > MAX_DETAIL then
            break
        end
        sections[i] = section
    end
    return sections
end

--- Writes verdicts.
-- @tparam table overview
-- @tparam function write
function M.render(overview, write)
    local title = headline.text(overview)
    local sections = details(overview)
    local several = #overview.clusters > 1
    write(page.head(title .. " – identity synchronisation"))
    write(tostring(markup.join(timeline.definitions(),
        element("header", nil, element("p", { class = "kicker" }, "DWS identity source synchronisation"),
            element("h1", nil, title),
            element("p", { class = "quiet" }, "Judged ", phrases.instant(overview.now * 1000), ". All times are UTC."),
            several and headline.census(overview.clusters)))))
    write "\n<main>"
    if several then
        write(tostring(element("section", { ["aria-label"] = "Summary" }, summary(overview, #sections))))
    end
    for _, section in ipairs(sections) do
        write("\n" .. tostring(section))
    end
    write(tostring(markup.join(left_out(#overview.clusters - #sections))) .. "</main>\n")
    write(tostring(element("footer", nil, "Made by dwsync. This page needs no network.")) .. page.foot())
end

return M
