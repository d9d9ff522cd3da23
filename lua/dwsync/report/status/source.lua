--- One source on the status page: a line in its cluster's tile, and a panel with its runs over time to drill down to.
-- It must not grow with the number of records.
-- @module dwsync.report.status.source
local markup = require "dwsync.report.page.markup"
local outcome_strip = require "dwsync.report.page.outcome_strip"
local page = require "dwsync.report.page"
local phrases = require "dwsync.report.verdicts.phrases"
local quantities = require "dwsync.quantities"
local reason_list = require "dwsync.report.verdicts.reason_list"
local record_list = require "dwsync.records"
local run_bins = require "dwsync.report.page.run_bins"
local severities = require "dwsync.severity"
local source_runs = require "dwsync.report.verdicts.source_runs"
local verdict_list = require "dwsync.report.verdicts.verdict_list"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local element = markup.element

local STRIP_BINS = 29 -- of 6 hours, for 7 days
local MAX_RUNS, MAX_RUNS_OK, MAX_REASON = 8, 3, 160

-- ---- line ----------------------------------------------------------------------------------------

local function last_success(source, now)
    local ms = (source.statistics or {}).last_success
    return ms and phrases.ago(ms, now) or "never"
end

--- A line: sign, name, strip of the last days, last success. It links to the panel, if there is one.
-- @tparam table source of an evaluation
-- @tparam table options `name`: its place in the page; `records`: or nil; `now`: seconds; `from`: milliseconds, where
-- the strip begins; `linked`: whether there is a panel
-- @treturn dwsync.markup
function M.line(source, options)
    local severity = severities.known(source.severity)
    local content = { page.icon(severity), element("span", { class = "unseen" }, severity, ": "),
        element("bdi", { class = "name" }, source_runs.name(source)),
        options.records and outcome_strip.alone(options.records, options.from, options.now * 1000, STRIP_BINS,
            options.pause),
        element("span", { class = "when" }, element("span", { class = "unseen" }, "last success "),
            last_success(source, options.now)) }
    return element("li", { class = "line " .. severity, id = "line-" .. options.name },
        options.linked and element("a", { href = "#source-" .. options.name }, content)
            or element("span", nil, content))
end

-- ---- panel ---------------------------------------------------------------------------------------

local function fact(name, ...)
    return element("div", nil, element("dt", nil, name), element("dd", nil, ...))
end

local function finished(statistics, span)
    local window = (statistics.windows or {})[span] or {}
    return window.success_ratio and quantities.percent(window.success_ratio) .. " of "
        .. quantities.value(window.runs, "runs") or "–"
end

local function figures(source, now)
    local statistics = source.statistics or {}
    local success = statistics.last_success
    return element("dl", { class = "figures" },
        fact("Last success", last_success(source, now), success and { " ", element("span", { class = "below" },
            phrases.instant(success)) }),
        fact("Next run expected", statistics.next_expected and quantities.due(statistics.next_expected, now) or "–"),
        fact("Finished in 24 h", finished(statistics, "24h")),
        fact("Finished in 7 d", finished(statistics, "7d")),
        fact("Finished in 30 d", finished(statistics, "30d")),
        fact("A run every", quantities.cadence(statistics.median_gap)),
        fact("A run takes", quantities.duration(statistics.duration_p50), " ", element("span", { class = "below" },
            "95 %: ", quantities.duration(statistics.duration_p95))),
        fact("Deleted in 30 d", quantities.value(statistics.deleted, "accounts")))
end

local BETWEEN_PAUSES = 64 -- runs
local ROWS = 4 -- of a table, likewise

-- The newest, and how many have a start: to sort all of a thousand takes longer than all the rest.
local function newest(list, limit, pause)
    local found, count = {}, 0
    for i, record in ipairs(list) do
        local start = run_bins.start_of(record)
        if start then
            count = count + 1
            local at = #found + 1
            while at > 1 and start > found[at - 1].start_time do
                at = at - 1
            end
            if at <= limit then
                table.insert(found, at, record)
                found[limit + 1] = nil
            end
        end
        if i % BETWEEN_PAUSES == 0 then
            pause()
        end
    end
    return found, count
end

local COLUMNS = { { title = "Started", class = "instant" }, { title = "Outcome" }, { title = "Took", class = "number" },
    { title = "Added", class = "number" }, { title = "Updated", class = "number" },
    { title = "Deleted", class = "number" }, { title = "Failed", class = "number" },
    { title = "Reason", class = "wide" } }

local TONES = { ok = "ok", partial = "warning", failed = "critical", running = "unknown", unknown = "unknown" }

local function run_row(record)
    local outcome, reason = record_list.outcome(record), phrases.text(record.fail_reason, MAX_REASON)
    return page.row(COLUMNS, { phrases.instant(record.start_time),
        element("span", { class = "outcome " .. TONES[outcome] }, page.icon(TONES[outcome]), outcome),
        quantities.duration(record_list.duration(record)), quantities.number(record.add_count),
        quantities.number(record.update_count), quantities.number(record.delete_count),
        quantities.number(record.failed_count), reason ~= "" and element("bdi", nil, reason) or "" })
end

local function run_table(list, limit, pause)
    local runs, count = newest(list, limit, pause)
    local rows = {}
    for i, record in ipairs(runs) do
        rows[i] = run_row(record)
        if i % ROWS == 0 then
            pause()
        end
    end
    return count > 0 and page.table(element("h5", nil, count > limit and ("The newest %d of %d runs"):format(
        limit, count) or "Runs"), COLUMNS, rows)
end

local function runs(source, options)
    if not options.records then
        return false
    elseif not options.pictures then
        return element("p", { class = "fine" }, "Too many clusters to show a picture of each.")
    elseif not options.span then
        return element("p", { class = "fine" }, "No runs in the last 30 days.")
    end
    options.pause()
    local figure = source_runs.figure(source, options.records, { id = "runs-" .. options.name, from = options.span,
        till = options.now * 1000, explain = options.explain, pause = options.pause })
    options.pause()
    local rows = run_table(options.records, source.severity == "ok" and MAX_RUNS_OK or MAX_RUNS, options.pause)
    options.pause()
    return { figure, rows }
end

--- Everything about a source, closed unless it asks for attention.
-- @tparam table source of an evaluation
-- @tparam table options as for `line`, and `span`: milliseconds, where the picture begins; `pictures`: whether there is
-- room for them; `explain`: whether each bar shows its numbers; `open`; `pause`: called between two parts
-- @treturn dwsync.markup
function M.panel(source, options)
    local bad, good = verdicts.split(source.verdicts or {})
    local cards = verdict_list.cards(bad, options.now)
    options.pause()
    local numbers = figures(source, options.now)
    options.pause()
    local reasons = reason_list.render(source.reasons or {}, "h5")
    options.pause()
    return element("section", { class = "source " .. severities.known(source.severity), id = "panel-" .. options.name },
        element("details", { open = options.open or false },
            element("summary", nil, element("h4", nil, element("bdi", nil, phrases.text(source.type, 40)), " ",
                element("code", nil, phrases.text(source.id, phrases.MAX_NAME))), page.badge(source.severity)),
            element("div", { id = "source-" .. options.name, class = "inside" }, cards,
                verdict_list.ok_line(good), numbers, reasons, runs(source, options))))
end

return M
