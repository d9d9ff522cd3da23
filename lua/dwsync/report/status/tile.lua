--- One cluster on the status page: a tile that shows the worst and a line for each source, and opens to all the rest.
-- It must stay within what the page has room for, and say what it left out.
-- @module dwsync.report.status.tile
local headline = require "dwsync.report.verdicts.headline"
local markup = require "dwsync.report.page.markup"
local page = require "dwsync.report.page"
local phrases = require "dwsync.report.verdicts.phrases"
local quantities = require "dwsync.quantities"
local run_bins = require "dwsync.report.page.run_bins"
local source_runs = require "dwsync.report.verdicts.source_runs"
local severities = require "dwsync.severity"
local status_source = require "dwsync.report.status.source"
local verdict_list = require "dwsync.report.verdicts.verdict_list"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local element = markup.element

local MAX_MESSAGE = 180
local MAX_LINES, MAX_PANELS, OPEN_PANELS = 6, 20, 3

local function sources_of(item)
    return item.evaluation and item.evaluation.sources or {}
end

-- Why what is shown of a cluster is of before, if it is: it cannot be read now, but there are verdicts about earlier
-- records, or its synchronisation was off.
local function failure_of(item)
    return item.unread or item.evaluation and item.error or nil
end

--- The group of tiles to which a cluster belongs.
-- @tparam table item of an overview
-- @treturn string "ok", "disabled", or "attention"
function M.group(item)
    local quiet = (item.severity == "ok" or item.severity == "disabled") and not failure_of(item)
    return quiet and item.severity or "attention"
end

-- Verdicts without a panel of their own: about the cluster as a whole, or about a source that is not listed.
local function about_cluster(item)
    local listed, list = {}, {}
    for _, source in ipairs(sources_of(item)) do
        listed[verdicts.text(source.id)] = true
    end
    list[1] = failure_of(item) and verdicts.of_failure(failure_of(item)) or nil
    for _, verdict in ipairs(verdicts.of(item)) do
        if verdict.source == nil and verdict.source_type == nil or not listed[verdicts.text(verdict.source)] then
            list[#list + 1] = verdict
        end
    end
    return list
end

-- ---- always shown --------------------------------------------------------------------------------

local function worst(item)
    local bad = verdicts.split(verdicts.of(item))
    if #bad == 0 or item.severity == "disabled" then
        return false
    end
    return element("span", { class = "message" }, element("bdi", nil,
        phrases.text(verdicts.sentence(bad[1].message), MAX_MESSAGE)), #bad > 1
            and element("span", { class = "quiet" }, (" and %d more"):format(#bad - 1)))
end

local function since_when(item, now)
    local failure = failure_of(item)
    return failure and element("span", { class = "before" }, page.icon "unknown", element("span", nil,
        item.fetched_at and { "Last read ", phrases.ago(item.fetched_at * 1000, now), ". " }, element("bdi", nil,
            phrases.text(verdicts.sentence(verdicts.of_failure(failure).message), MAX_MESSAGE))))
end

local function name_and_state(item, now)
    return { element("h3", nil, element("bdi", nil, headline.name(item))), page.badge(item.severity), worst(item),
        since_when(item, now) }
end

local function lines(item, places)
    local sources, items = sources_of(item), {}
    for i = 1, math.min(#sources, MAX_LINES) do
        places[i].pause()
        items[i] = status_source.line(sources[i], places[i])
    end
    return #items > 0 and element("ul", { class = "lines", ["aria-label"] = "Sources" }, items,
        #sources > MAX_LINES and element("li", { class = "fine" }, ("and %d more sources, none worse"):format(
            #sources - MAX_LINES)))
end

-- ---- opened --------------------------------------------------------------------------------------

local function panels(item, places)
    local sources, list = sources_of(item), {}
    for i = 1, math.min(#sources, MAX_PANELS) do
        places[i].open = #sources <= OPEN_PANELS or sources[i].severity ~= "ok"
        list[i] = status_source.panel(sources[i], places[i])
    end
    return { list, phrases.and_more(#sources, MAX_PANELS, "sources") }
end

local function inside(item, places, name, options)
    local bad, good = verdicts.split(about_cluster(item))
    local id, cards = verdicts.cluster_id(item), verdict_list.cards(bad, options.now)
    options.pause()
    return element("div", { class = "inside", id = "cluster-" .. name },
        id ~= "" and element("p", { class = "id" }, "Cluster ", element("code", nil,
            phrases.text(id, phrases.MAX_NAME)), item.evaluation
                and (", " .. quantities.value(item.evaluation.records or 0, "records"))),
        cards, verdict_list.ok_line(good), panels(item, places))
end

-- ---- whole ---------------------------------------------------------------------------------------

-- What line and panel of each source need to know.
local function places_of(item, name, options)
    local records = item.records
    if type(records) == "function" then
        records = records()
    end
    options.pause()
    local lists = records and source_runs.by_source(records, options.pause)
    options.pause()
    local span = run_bins.span(records or {}, options.now, options.pause)
    options.pause()
    local places = {}
    for i, source in ipairs(sources_of(item)) do
        local id = verdicts.text(source.id)
        places[i] = { name = options.anchors:source(name, id), records = lists and (lists[id] or {}),
            now = options.now, pause = options.pause, from = options.from, span = span, explain = options.explain,
            pictures = options.detail == "pictures", linked = options.detail ~= "none" and i <= MAX_PANELS }
    end
    return places
end

--- Draws the tile of one cluster.
-- @tparam table item of an overview; `records` may be a function that returns them, so that they are held only while
-- they are drawn
-- @tparam table options `anchors`: of dwsync.report.status.anchors; `now`: seconds; `from`: milliseconds, where strips
-- begin; `detail`: "pictures", "words" or "none", what there is room for; `open`; `explain`: whether each bar of a
-- picture shows its numbers; `pause`: called between two parts
-- @treturn dwsync.markup
function M.render(item, options)
    local name = options.anchors:cluster(verdicts.cluster_id(item))
    options.pause()
    local places, severity = places_of(item, name, options), severities.known(item.severity)
    return element("article", { class = "tile " .. severity, id = "tile-" .. name,
            ["data-severity"] = severity, ["data-name"] = headline.name(item) },
        options.detail == "none" and element("div", { class = "summary" }, name_and_state(item, options.now))
            or element("details", { open = options.open or false },
                element("summary", nil, name_and_state(item, options.now)), inside(item, places, name, options)),
        lines(item, places))
end

return M
