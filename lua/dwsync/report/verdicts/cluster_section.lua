--- One cluster of the page: verdicts with advice, why runs failed, pictures of the runs, figures of each source.
-- It must not grow with the number of records; everything unbounded is cut, and says so.
-- @module dwsync.report.verdicts.cluster_section
local episode_list = require "dwsync.report.verdicts.episode_list"
local markup = require "dwsync.report.page.markup"
local outcome_strip = require "dwsync.report.page.outcome_strip"
local page = require "dwsync.report.page"
local phrases = require "dwsync.report.verdicts.phrases"
local quantities = require "dwsync.quantities"
local reason_list = require "dwsync.report.verdicts.reason_list"
local run_bins = require "dwsync.report.page.run_bins"
local source_runs = require "dwsync.report.verdicts.source_runs"
local verdict_list = require "dwsync.report.verdicts.verdict_list"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local element, text, instant = markup.element, phrases.text, phrases.instant

local MAX_NAME, MAX_SOURCES, MAX_PICTURES = phrases.MAX_NAME, 40, 6

-- ---- pictures ------------------------------------------------------------------------------------

local function pictures(item, options)
    local from, till = run_bins.span(item.records or {}, options.now)
    if not from then
        return item.records and element("p", { class = "fine" }, "No runs in the last 30 days.") or false
    end
    local lists, figures, sources = source_runs.by_source(item.records), {}, item.evaluation.sources
    for i = 1, math.min(#sources, MAX_PICTURES) do
        figures[i] = source_runs.figure(sources[i], lists[verdicts.text(sources[i].id)] or {},
            { id = ("timeline-%d-%d"):format(options.number, i), from = from, till = till, explain = options.explain })
    end
    return { element("h3", nil, "Runs"), figures, phrases.and_more(#sources, MAX_PICTURES, "sources"),
        outcome_strip.legend() }
end

-- ---- sources -------------------------------------------------------------------------------------

local COLUMNS = { { title = "Source" }, { title = "State" }, { title = "Last success", class = "instant" },
    { title = "Finished in 24 h", class = "number" }, { title = "Finished in 7 d", class = "number" },
    { title = "Finished in 30 d", class = "number" }, { title = "A run every", class = "number" },
    { title = "A run takes", class = "number" }, { title = "Deleted in 30 d", class = "number" } }

-- What matters, and below it what explains it.
local function two_lines(first, second)
    return markup.join(first, " ", element("span", { class = "below" }, second))
end

local function finished(statistics, span)
    local window = (statistics.windows or {})[span] or {}
    return window.success_ratio and two_lines(quantities.percent(window.success_ratio),
        "of " .. quantities.number(window.runs)) or "–"
end

local function last_success(ms, now)
    return ms and two_lines(phrases.ago(ms, now), instant(ms)) or "never"
end

local function source_row(source, now)
    local statistics = source.statistics or {}
    return { markup.join(element("bdi", nil, text(source.type, 40)), element("code", { class = "id" },
            text(source.id, MAX_NAME))),
        page.badge(source.severity),
        last_success(statistics.last_success, now),
        finished(statistics, "24h"), finished(statistics, "7d"), finished(statistics, "30d"),
        quantities.cadence(statistics.median_gap), two_lines(quantities.duration(statistics.duration_p50),
            "95 %: " .. quantities.duration(statistics.duration_p95)), quantities.number(statistics.deleted) }
end

local function source_table(sources, now)
    if #sources == 0 then
        return false
    end
    local rows = {}
    for i = 1, math.min(#sources, MAX_SOURCES) do
        rows[i] = page.row(COLUMNS, source_row(sources[i], now))
    end
    return { page.table(element("h3", nil, "Sources"), COLUMNS, rows), phrases.and_more(#sources, MAX_SOURCES,
        "sources") }
end

-- ---- whole ---------------------------------------------------------------------------------------

local function heading_of(item, options, heading)
    local name, id = verdicts.cluster_name(item), verdicts.cluster_id(item)
    local title = options.alone and "Verdicts" or element("bdi", nil, text(name, MAX_NAME))
    return element("header", nil, element("h2", { id = heading .. "-name" }, title), page.badge(item.severity),
        id ~= "" and id ~= name and element("p", { class = "id" }, "Cluster ", element("code", nil, text(id, MAX_NAME)),
            item.evaluation and (", " .. quantities.value(item.evaluation.records or 0, "records"))))
end

--- Draws the section of one cluster.
-- @tparam table item of an overview
-- @tparam table options `number`: of the cluster within the page; `now`: seconds; `alone`: whether it is the only one,
-- so that the page's heading names it; `explain`: whether each bar of the pictures shows its numbers
-- @treturn dwsync.markup
function M.render(item, options)
    local bad, good = verdicts.shown(verdicts.of(item))
    local heading = "cluster-" .. options.number
    return element("section", { class = "cluster", id = heading, ["aria-labelledby"] = heading .. "-name" },
        heading_of(item, options, heading), verdict_list.cards(bad, options.now), verdict_list.ok_line(good),
        item.evaluation and markup.join(reason_list.render(item.evaluation.reasons or {}, "h3"),
            item.episodes and episode_list.table(item.episodes), pictures(item, options),
            source_table(item.evaluation.sources, options.now)))
end

return M
