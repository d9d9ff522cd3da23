--- Verdicts for a terminal: one block a cluster, wrapped to the width, severities in words and on request in colour.
-- It must not show hostile text as it is, nor say anything by colour alone.
-- @module dwsync.report.verdicts.table
local display = require "dwsync.text"
local episode_list = require "dwsync.report.verdicts.episode_list"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local DEFAULT_WIDTH, MIN_WIDTH, MAX_WIDTH = 100, 40, 120
local MAX_TEXT, MAX_REASONS, MAX_NAME = 400, 5, 60
local INDENT = 2
local LABEL = 14 -- columns of "Last success" and the gap behind it

local Page = {}
Page.__index = Page

-- ---- lines ---------------------------------------------------------------------------------------

local function clean(text, width)
    return display.cut(display.safe(verdicts.text(text)), width or MAX_TEXT)
end

local function clean_name(text)
    return clean(text, MAX_NAME)
end

function Page:line(text)
    self.write((text or "") .. "\n")
end

-- A label, and text wrapped beside it. `severity` paints the label.
function Page:beside(label, text, severity)
    local blank = (" "):rep(INDENT + LABEL)
    local shown = severity and self.color and severities.paint(label, severity) or label
    local gap = (" "):rep(math.max(1, LABEL - display.width(label)))
    for i, line in ipairs(display.wrap(text, self.width - #blank)) do
        self:line(i == 1 and (" "):rep(INDENT) .. shown .. gap .. line or blank .. line)
    end
end

function Page:strong(text)
    return self.color and "\27[1m" .. text .. "\27[0m" or text
end

-- ---- one cluster ---------------------------------------------------------------------------------

function Page:verdict(verdict)
    local severity = severities.known(verdict.severity)
    local about = clean_name(verdicts.subject(verdict))
    self:beside(severities.word(severity), clean(verdict.rule, 20) .. " · " .. about, severity)
    self:beside("", clean(verdicts.sentence(verdict.message)))
    for _, fact in ipairs(verdicts.evidence(verdict, self.now, clean_name)) do
        self:beside("", fact)
    end
    local reason, cause, next_step = verdicts.reason(verdict)
    if reason then
        self:beside("Reason", reason)
    end
    if cause then
        self:beside("Cause", clean(verdicts.sentence(cause)))
    end
    if verdict.advice then
        self:beside("Next", clean(verdict.advice))
    end
    if next_step then
        self:beside(verdict.advice and "" or "Next", clean(next_step))
    end
    local acknowledged, silenced = verdicts.handled(verdict, self.now)
    if acknowledged then
        self:beside("Acknowledged", clean(acknowledged))
    end
    if silenced then
        self:beside("Silenced", clean(silenced))
    end
    for _, fact in ipairs(verdict.explanation or {}) do
        self:beside(clean(verdicts.label(fact), LABEL - 1), clean(fact.text))
    end
    self:line()
end

-- "stale, failing, partial" for a source; with several sources each has a line of its own.
function Page:ok_verdicts(good, several)
    local subjects, names = {}, {}
    for _, verdict in ipairs(good) do
        local subject = clean_name(verdicts.subject(verdict))
        if not names[subject] then
            names[subject] = {}
            subjects[#subjects + 1] = subject
        end
        table.insert(names[subject], clean(verdict.rule, 20))
    end
    for _, subject in ipairs(subjects) do
        local rules = table.concat(names[subject], ", ")
        self:beside("OK", several and subject .. ": " .. rules or rules, "ok")
    end
end

local function window_text(windows)
    local parts = {}
    for _, span in ipairs { "24h", "7d", "30d" } do
        local window = windows[span]
        if window then
            parts[#parts + 1] = ("%s of %s in %s"):format(quantities.percent(window.success_ratio),
                quantities.number(window.runs), span:gsub("(%a)", " %1"))
        end
    end
    return table.concat(parts, ", ")
end

local function instant_text(ms, now)
    return ("%s (%s)"):format(quantities.instant(ms), quantities.distance(ms, now))
end

function Page:statistics(statistics)
    if (statistics.runs or 0) == 0 then
        return
    end
    self:beside("Finished", window_text(statistics.windows or {}))
    if statistics.last_run then
        self:beside("Last run", instant_text(statistics.last_run, self.now) .. " " .. clean(statistics.last_status, 20))
    end
    self:beside("Last success", statistics.last_success and instant_text(statistics.last_success, self.now) or "never")
    if statistics.next_expected then
        self:beside("Next run", ("%s (%s)"):format(quantities.instant(statistics.next_expected),
            quantities.due(statistics.next_expected, self.now)))
    end
    self:beside("Usual", ("every %s, takes %s, rarely over %s"):format(quantities.cadence(statistics.median_gap),
        quantities.duration(statistics.duration_p50), quantities.duration(statistics.duration_p95)))
    self:beside("Accounts", ("%s added, %s updated, %s deleted, %s failed in 30 d"):format(
        quantities.number(statistics.added), quantities.number(statistics.updated),
        quantities.number(statistics.deleted), quantities.number(statistics.failed)))
end

function Page:reasons(reasons)
    for i = 1, math.min(#reasons, MAX_REASONS) do
        local reason = reasons[i]
        self:line()
        self:beside(quantities.number(reason.count) .. " ×", verdicts.said(reason, MAX_TEXT))
        self:beside("", ("%s, %s to %s"):format(clean(reason.class, 40), quantities.instant(reason.first_seen),
            quantities.instant(reason.last_seen)))
        if reason.cause then
            self:beside("Cause", clean(verdicts.sentence(reason.cause)))
        end
        if reason.next_step then
            self:beside("Next", clean(reason.next_step))
        end
    end
    if #reasons > MAX_REASONS then
        self:line()
        self:beside("", ("and %d further reasons"):format(#reasons - MAX_REASONS))
    end
end

function Page:episodes(list)
    if not list then
        return
    end
    self:line()
    local title = #list == 0 and episode_list.NOTHING or episode_list.TITLE
    for _, line in ipairs(display.wrap(title, self.width - INDENT)) do
        self:line((" "):rep(INDENT) .. self:strong(line))
    end
    episode_list.lines(list, { width = self.width, color = self.color, limit = episode_list.MOST, indent = INDENT },
        self.write)
end

function Page:cluster(item)
    local severity = severities.known(item.severity)
    local word, id, name = severities.word(severity), verdicts.cluster_id(item), verdicts.cluster_name(item)
    local room = self.width - #word - INDENT
    self:line((self.color and severities.paint(word, severity) or word) .. "  "
        .. self:strong(display.cut(display.safe(name), room)))
    if id ~= "" and id ~= name then
        self:line((" "):rep(INDENT) .. display.cut(display.safe(id), self.width - INDENT))
    end
    self:line()
    local bad, good = verdicts.shown(verdicts.of(item))
    for _, verdict in ipairs(bad) do
        self:verdict(verdict)
    end
    local evaluation = item.evaluation
    if evaluation then
        self:ok_verdicts(good, #evaluation.sources > 1)
        self:statistics(evaluation.statistics or {})
        self:reasons(evaluation.reasons or {})
        self:episodes(item.episodes)
    end
end

--- Writes verdicts.
-- @tparam table overview
-- @tparam function write
-- @tparam table options `width`: columns of the terminal, nil without one; `color`
function M.render(overview, write, options)
    local width = math.max(MIN_WIDTH, math.min(options.width or DEFAULT_WIDTH, MAX_WIDTH))
    local page = setmetatable({ write = write, width = width, color = options.color, now = overview.now }, Page)
    local census = ("%s · judged %s"):format(severities.census(overview.clusters),
        quantities.instant(overview.now * 1000))
    page:line(table.concat(display.wrap(census, width), "\n"))
    for _, item in ipairs(overview.clusters) do
        page:line()
        page:cluster(item)
    end
end

return M
