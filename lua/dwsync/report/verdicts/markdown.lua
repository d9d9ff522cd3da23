--- Verdicts as Markdown, for a ticket or a chat.
-- Text of a record must not become a link, HTML or a mention: dwsync.report.markdown_text sees to that.
-- @module dwsync.report.verdicts.markdown
local display = require "dwsync.text"
local episode_list = require "dwsync.report.verdicts.episode_list"
local markdown_text = require "dwsync.report.markdown_text"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"
local verdicts = require "dwsync.report.verdicts.facts"
local wording = require "dwsync.health.wording"

local M = {}

local MAX_TEXT, MAX_NAME, MAX_REASONS, MAX_SOURCES = 400, 80, 10, 50

local SIGNS = { critical = "🔴", warning = "🟠", unknown = "🟣", ok = "🟢", disabled = "⚪" }

local function prose(value, width)
    return markdown_text.prose(verdicts.text(value), width or MAX_TEXT)
end

local function code(value, width)
    return markdown_text.code(verdicts.text(value), width or MAX_NAME)
end

local function badge(severity)
    severity = severities.known(severity)
    return SIGNS[severity] .. " **" .. severities.word(severity) .. "**"
end

local function says(reason)
    local known = wording.says(reason.speaker)
    return known and verdicts.sentence(known)
end

local function write_verdict(verdict, now, write)
    write(("- %s `%s` (%s): %s\n"):format(badge(verdict.severity), verdict.rule,
        prose(verdicts.subject(verdict), MAX_NAME), prose(verdicts.sentence(verdict.message))))
    local evidence = table.concat(verdicts.evidence(verdict, now, code), "; ")
    write(evidence ~= "" and ("  - %s\n"):format(evidence) or "")
    local reason, cause, next_step = verdicts.reason(verdict)
    write(reason and ("  - %s: %s\n"):format(says(verdict.reason) or "Reason",
        code(verdict.reason.text, MAX_TEXT)) or "")
    write(cause and ("  - **Cause:** %s\n"):format(prose(verdicts.sentence(cause))) or "")
    write(verdict.advice and ("  - **Next:** %s\n"):format(prose(verdict.advice)) or "")
    write(next_step and ("  - **Next:** %s\n"):format(prose(next_step)) or "")
    local acknowledged, silenced = verdicts.handled(verdict, now)
    write(acknowledged and ("  - **Acknowledged** %s\n"):format(prose(acknowledged)) or "")
    write(silenced and ("  - **Silenced** %s\n"):format(prose(silenced)) or "")
    for _, fact in ipairs(verdict.explanation or {}) do
        write(("  - %s: %s\n"):format(prose(verdicts.label(fact)), prose(fact.text)))
    end
end

local function write_ok(good, write)
    if #good > 0 then
        write(("- %s %s: %s\n"):format(badge "ok", quantities.count(#good, "check"), prose(verdicts.rules(good))))
    end
end

local function ratio(windows, span)
    local window = (windows or {})[span] or {}
    return window.success_ratio and ("%s of %s"):format(quantities.percent(window.success_ratio),
        quantities.number(window.runs)) or "–"
end

local function write_sources(evaluation, write)
    if #evaluation.sources == 0 then
        return
    end
    write "\n| Source | State | Last success | Finished in 24 h | Finished in 7 d | Every | Takes | Deleted in 30 d |\n"
    write "|---|---|---|--:|--:|--:|--:|--:|\n"
    for i = 1, math.min(#evaluation.sources, MAX_SOURCES) do
        local source = evaluation.sources[i]
        local statistics = source.statistics or {}
        write(("| %s | %s | %s | %s | %s | %s | %s | %s |\n"):format(
            prose(verdicts.source_name(source.type, source.id), MAX_NAME), severities.known(source.severity),
            statistics.last_success and quantities.instant(statistics.last_success) or "never",
            ratio(statistics.windows, "24h"), ratio(statistics.windows, "7d"),
            quantities.cadence(statistics.median_gap), quantities.duration(statistics.duration_p50),
            quantities.number(statistics.deleted)))
    end
    if #evaluation.sources > MAX_SOURCES then
        write(("\nand %d further sources\n"):format(#evaluation.sources - MAX_SOURCES))
    end
end

local function write_reasons(reasons, write)
    if #reasons == 0 then
        return
    end
    write "\n**Failure reasons**\n\n"
    for i = 1, math.min(#reasons, MAX_REASONS) do
        local reason = reasons[i]
        local speaking = says(reason)
        write(("%d. %s × %s%s\n"):format(i, quantities.number(reason.count), speaking and speaking .. ": " or "",
            code(reason.sample or reason.template, MAX_TEXT)))
        write(("   - %s, %s to %s\n"):format(code(reason.class, 40), quantities.instant(reason.first_seen),
            quantities.instant(reason.last_seen)))
        write(reason.cause and ("   - **Cause:** %s\n"):format(prose(verdicts.sentence(reason.cause))) or "")
        write(reason.next_step and ("   - **Next:** %s\n"):format(prose(reason.next_step)) or "")
    end
    if #reasons > MAX_REASONS then
        write(("\nand %d further reasons\n"):format(#reasons - MAX_REASONS))
    end
end

local function write_cluster(item, now, write)
    local name, id = verdicts.cluster_name(item), verdicts.cluster_id(item)
    write(("\n### %s %s\n\n"):format(badge(item.severity), prose(name, MAX_NAME)))
    write(id ~= "" and id ~= name and "Cluster " .. code(id) .. "\n\n" or "")
    local bad, good = verdicts.shown(verdicts.of(item))
    for _, verdict in ipairs(bad) do
        write_verdict(verdict, now, write)
    end
    write_ok(good, write)
    if item.evaluation then
        write_sources(item.evaluation, write)
        write_reasons(item.evaluation.reasons or {}, write)
        if item.episodes then
            episode_list.markdown(item.episodes, write)
        end
    end
end

--- Writes verdicts.
-- @tparam table overview
-- @tparam function write
function M.render(overview, write)
    write(("## Identity synchronisation: %s\n\n"):format(badge(overview.severity)))
    write(("%s, judged %s.\n"):format(display.safe(severities.census(overview.clusters)),
        quantities.instant(overview.now * 1000)))
    for _, item in ipairs(overview.clusters) do
        write_cluster(item, overview.now, write)
    end
end

return M
