--- One cluster of the page: verdicts with advice, why runs failed, pictures of the runs, figures of each source.
-- It must not grow with the number of records; whatever has no bound of its own is cut, and says so.
-- @module dwsync.report.health.cluster_section
local display = require "dwsync.report.display"
local markup = require "dwsync.report.markup"
local page = require "dwsync.report.page"
local quantities = require "dwsync.report.quantities"
local run_bins = require "dwsync.report.run_bins"
local timeline = require "dwsync.report.timeline"
local verdicts = require "dwsync.report.health.verdicts"

local M = {}

local element = markup.element

local MAX_NAME, MAX_TEXT = 120, 500
local MAX_VERDICTS, MAX_REASONS, MAX_SOURCES, MAX_PICTURES = 40, 8, 40, 6

local function text(value, width)
    return display.cut(display.safe(verdicts.text(value)), width or MAX_TEXT)
end

local function instant(ms)
    return element("time", { datetime = quantities.instant(ms) }, (quantities.instant(ms):gsub("T", " ")))
end

local function and_more(count, limit, noun)
    return count > limit and element("p", { class = "fine" }, ("%d further %s are left out here."):format(count - limit,
        noun))
end

-- ---- verdicts ------------------------------------------------------------------------------------

local function fact(name, ...)
    return element("div", nil, element("dt", nil, name), element("dd", nil, ...))
end

local function facts(verdict, now)
    local list = {}
    if verdict.since then
        list[#list + 1] = fact("Since", instant(verdict.since), " (", quantities.distance(verdict.since, now), ")")
    end
    local thresholds = quantities.thresholds(verdict)
    if quantities.is_finite(verdict.value) and thresholds ~= "" then
        list[#list + 1] = fact("Value", quantities.value(verdict.value, verdict.unit), "; ", thresholds)
    end
    if verdict.record_id ~= nil then
        list[#list + 1] = fact("Record", element("code", nil, text(verdict.record_id, MAX_NAME)))
    end
    return #list > 0 and element("dl", { class = "facts" }, list)
end

local function verdict_card(verdict, now)
    return element("li", { class = "verdict " .. verdict.severity },
        element("p", { class = "about" }, page.badge(verdict.severity), element("b", nil, text(verdict.rule, 20)),
            element("bdi", { class = "quiet" }, text(verdicts.subject(verdict), MAX_NAME))),
        element("p", { class = "message" }, element("bdi", nil, text(verdicts.sentence(verdict.message)))),
        verdict.advice and element("p", { class = "advice" }, element("span", { class = "label" }, "Next: "),
            element("bdi", nil, text(verdict.advice))),
        facts(verdict, now))
end

local function verdict_list(bad, now)
    local cards = {}
    for i = 1, math.min(#bad, MAX_VERDICTS) do
        cards[i] = verdict_card(bad[i], now)
    end
    return { #cards > 0 and element("ul", { class = "verdicts" }, cards), and_more(#bad, MAX_VERDICTS, "verdicts") }
end

local function ok_line(good)
    local seen, rules = {}, {}
    for _, verdict in ipairs(good) do
        local rule = text(verdict.rule, 20)
        if not seen[rule] then
            seen[rule] = true
            rules[#rules + 1] = rule
        end
    end
    return #good > 0 and element("p", { class = "fine" }, page.badge "ok", ("%d %s: "):format(#good,
        #good == 1 and "check" or "checks"), table.concat(rules, ", "))
end

-- ---- reasons -------------------------------------------------------------------------------------

local function sentence(label, value)
    return value and element("p", { class = "advice" }, element("span", { class = "label" }, label),
        element("bdi", nil, text(verdicts.sentence(value))))
end

local function reason_item(reason)
    return element("li", nil, element("span", { class = "times" }, quantities.number(reason.count), " ×"),
        element("div", nil, element("code", { class = "sample" }, text(reason.sample or reason.template)),
            sentence("Cause: ", reason.cause), sentence("Next: ", reason.next_step),
            element("p", { class = "small" }, text(reason.class, 40), ", ", instant(reason.first_seen), " to ",
                instant(reason.last_seen))))
end

local function reason_list(reasons)
    if #reasons == 0 then
        return false
    end
    local items = {}
    for i = 1, math.min(#reasons, MAX_REASONS) do
        items[i] = reason_item(reasons[i])
    end
    return { element("h3", nil, "Failure reasons"), element("ol", { class = "reasons" }, items),
        and_more(#reasons, MAX_REASONS, "reasons") }
end

-- ---- pictures ------------------------------------------------------------------------------------

local function by_source(records)
    local lists = {}
    for _, record in ipairs(records) do
        local id = type(record) == "table" and verdicts.text(record.identity_source_id) or ""
        lists[id] = lists[id] or {}
        table.insert(lists[id], record)
    end
    return lists
end

local function picture(source, list, options)
    local name = text(verdicts.source_name(source.type, source.id), MAX_NAME)
    options.title = "Runs of " .. name
    local drawing, wide, narrow = timeline.draw(list, options)
    local function bar(class, bins)
        return element("span", { class = class }, quantities.duration(bins.step / 1000))
    end
    return element("figure", nil, element("figcaption", nil, element("bdi", nil, name),
        element("span", { class = "quiet" }, " – ", quantities.value(wide.total.runs, "runs"), ", a bar is ",
            bar("tl-wide", wide), bar("tl-narrow", narrow), wide.left_out > 0
                and ("; not drawn: %s older than 30 days or without a usable start"):format(
                    quantities.value(wide.left_out, "runs")))), drawing)
end

local function pictures(item, options)
    local from, till = run_bins.span(item.records or {}, options.now)
    if not from then
        return item.records and element("p", { class = "fine" }, "There is no run within 30 days to draw.") or false
    end
    local lists, figures, sources = by_source(item.records), {}, item.evaluation.sources
    for i = 1, math.min(#sources, MAX_PICTURES) do
        figures[i] = picture(sources[i], lists[verdicts.text(sources[i].id)] or {},
            { id = ("timeline-%d-%d"):format(options.number, i), from = from, till = till, explain = options.explain })
    end
    return { element("h3", nil, "Runs"), figures, and_more(#sources, MAX_PICTURES, "sources"), timeline.legend() }
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
    return ms and two_lines(quantities.distance(ms, now), instant(ms)) or "never"
end

local function source_row(source, now)
    local statistics = source.statistics or {}
    return { markup.join(element("bdi", nil, text(source.type, 40)), element("code", { class = "id" },
            text(source.id, MAX_NAME))),
        page.badge(source.severity),
        last_success(statistics.last_success, now),
        finished(statistics, "24h"), finished(statistics, "7d"), finished(statistics, "30d"),
        quantities.duration(statistics.median_gap), two_lines(quantities.duration(statistics.duration_p50),
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
    return { page.table(element("h3", nil, "Sources"), COLUMNS, rows), and_more(#sources, MAX_SOURCES, "sources") }
end

-- ---- whole ---------------------------------------------------------------------------------------

local function heading_of(item, options, heading)
    local name, id = verdicts.cluster_name(item), verdicts.cluster_id(item)
    local title = options.alone and "Verdicts" or element("bdi", nil, text(name, MAX_NAME))
    return element("header", nil, element("h2", { id = heading .. "-name" }, title), page.badge(item.severity),
        id ~= "" and id ~= name and element("p", { class = "id" }, "Cluster ", element("code", nil, text(id, MAX_NAME)),
            item.evaluation and (", " .. quantities.value(item.evaluation.records or 0, "records"))))
end

--- @tparam table item of an overview
-- @tparam table options `number`: of the cluster within the page; `now`: seconds; `alone`: whether it is the only one,
-- so that the page's heading names it; `explain`: whether each bar of the pictures tells its numbers
-- @treturn dwsync.markup
function M.render(item, options)
    local bad, good = verdicts.split(verdicts.of(item))
    local heading = "cluster-" .. options.number
    return element("section", { class = "cluster", id = heading, ["aria-labelledby"] = heading .. "-name" },
        heading_of(item, options, heading), verdict_list(bad, options.now), ok_line(good),
        item.evaluation and markup.join(reason_list(item.evaluation.reasons or {}), pictures(item, options),
            source_table(item.evaluation.sources, options.now)))
end

return M
