--- One line for Nagios and Icinga: "CRITICAL - text | perfdata", thresholds in the perfdata.
-- Foreign text must not end the text (|), the line, or what a notification command quotes.
-- @module dwsync.report.verdicts.nagios
local decimal = require "dwsync.decimal"
local display = require "dwsync.text"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local MAX_TEXT, MAX_MESSAGE = 600, 200
local MAX_LINE = 7900 -- Nagios reads 8 KiB; a value cut in two would be a different value
local MAX_NAMED = 3

-- Quotes, "$" and "`" go: Nagios puts this text into command lines, and removes them only if configured to.
local REPLACEMENTS = { ["|"] = "/", ["<"] = "(", [">"] = ")", ["'"] = "’", ['"'] = "”", ["`"] = "’", ["$"] = "",
    ["\\"] = "/" }

local function plain(text, width)
    return display.cut((display.safe(text):gsub("[|<>'\"`$\\]", REPLACEMENTS)), width)
end

-- ---- text ----------------------------------------------------------------------------------------

local function without_stop(text)
    return plain(verdicts.text(text):gsub("%.%s*$", ""), MAX_MESSAGE)
end

local function sentence(verdict, sources)
    local text = without_stop(verdict.message)
    if verdict.source == nil or sources < 2 then
        return text
    end
    return plain(verdicts.source_name(verdict.source_type, verdict.source), 60) .. ": " .. text
end

local function more(count, noun)
    return count > 0 and (" (and %d more%s)"):format(count, noun) or ""
end

local function last_success(item, now)
    local ms = item.evaluation and (item.evaluation.statistics or {}).last_success
    return ms and ", last success " .. quantities.distance(ms, now) or ""
end

-- Too few failures to be a problem, but the reason is what a reader asks for next.
local function newest_failure(good, sources)
    for _, verdict in ipairs(good) do
        if verdict.rule == "failing" and quantities.is_finite(verdict.value) and verdict.value > 0 then
            return "; " .. sentence(verdict, sources)
        end
    end
    return ""
end

-- What follows from another verdict is said by its cause.
local function causes_of(bad)
    local causes = {}
    for _, verdict in ipairs(bad) do
        causes[#causes + 1] = not verdict.follows and verdict or nil
    end
    return causes
end

-- The text in front of what a cluster's verdict says, since the plugin's statuses have no word for it.
local function state_of(item)
    return item.severity == "disabled" and "disabled: " or ""
end

local function one_cluster(item, now)
    local bad, good = verdicts.split(verdicts.of(item))
    bad = causes_of(bad)
    if #bad + #good == 0 then
        return state_of(item) .. "nothing to judge"
    end
    local sources = #(item.evaluation and item.evaluation.sources or {})
    if #bad == 0 then
        return quantities.count(#good, "check") .. " ok" .. last_success(item, now) .. newest_failure(good, sources)
    elseif not item.evaluation and bad[1].advice then -- without a report to look into, this line must say what to do
        return state_of(item) .. sentence(bad[1], sources) .. ". " .. without_stop(bad[1].advice)
    end
    local parts = {}
    for i = 1, math.min(#bad, MAX_NAMED) do
        parts[i] = sentence(bad[i], sources)
    end
    return table.concat(parts, "; ") .. more(#bad - MAX_NAMED, "") .. newest_failure(good, sources)
end

local function many_clusters(overview)
    local parts, bad = {}, 0
    for _, item in ipairs(overview.clusters) do
        if severities.level(item.severity) > 0 then
            bad = bad + 1
            if bad <= MAX_NAMED then
                local verdict = verdicts.split(verdicts.of(item))[1] or {}
                parts[bad] = plain(verdicts.cluster_name(item), 60) .. ": " .. sentence(verdict, 1)
            end
        end
    end
    local head = quantities.count(#overview.clusters, "cluster") .. ": " .. severities.census(overview.clusters)
    return head .. (bad > 0 and "; " or "") .. table.concat(parts, "; ") .. more(bad - MAX_NAMED, "")
end

-- ---- perfdata ------------------------------------------------------------------------------------

local UNITS = { seconds = "s", ratio = "%" }

local function figure(value, verdict)
    if not quantities.is_finite(value) then
        return ""
    end
    value = verdict.unit == "ratio" and value * 100 or value
    return (decimal.format("%.3f", value):gsub("0+$", ""):gsub("%.$", ""))
end

-- Beyond ASCII only the blanks go, so that names in Chinese stay apart: U+00A0, those of U+2000, U+3000.
local function word(value, length)
    local text = display.utf8(verdicts.text(value):sub(1, length), "")
    return (display.safe(text):gsub("\194\160", " "):gsub("\226\128[\128-\138\175]", " "):gsub("\226\129\159", " ")
        :gsub("\227\128\128", " "):gsub("[%z\1-,/:-@[-`{-\127]+", "_"))
end

-- The name of a value must stay the same from check to check, so it is made of ids only.
local function label(verdict, cluster)
    local parts = { cluster }
    if verdict.source ~= nil or verdict.source_type ~= nil then
        parts[#parts + 1] = word(verdict.source_type, 20)
        parts[#parts + 1] = word(verdicts.short_id(verdict.source), 36)
    end
    parts[#parts + 1] = word(verdict.rule, 20)
    return table.concat(parts, "_")
end

local function performance(verdict, name)
    return ("%s=%s%s;%s;%s;0"):format(name, figure(verdict.value, verdict), UNITS[verdict.unit] or "",
        figure(verdict.warning, verdict), figure(verdict.critical, verdict))
end

-- Sorted by name, so that every check leaves out the same ones when not all fit.
local function all_performance(overview, room)
    local chosen, names = {}, {}
    for _, item in ipairs(overview.clusters) do
        local cluster = #overview.clusters > 1 and word(verdicts.cluster_name(item), 60) or nil
        for _, verdict in ipairs(verdicts.of(item)) do
            local name = quantities.is_finite(verdict.value) and label(verdict, cluster)
            if name and not chosen[name] then
                chosen[name], names[#names + 1] = verdict, name
            end
        end
    end
    table.sort(names)
    local parts, used = {}, 0
    for i, name in ipairs(names) do
        local value = performance(chosen[name], name)
        used = used + #value + 1
        if used > room then
            break
        end
        parts[i] = value
    end
    return table.concat(parts, " ")
end

-- ---- further lines -------------------------------------------------------------------------------

local function write_long_output(overview, write)
    for _, item in ipairs(overview.clusters) do
        for _, verdict in ipairs((verdicts.split(verdicts.of(item)))) do
            local rule = plain(verdict.rule, 20) .. (verdict.follows and (" (follows from %s)"):format(
                plain(verdict.follows, 20)) or "")
            local reason, cause = verdicts.reason(verdict)
            local message = plain(verdicts.text(verdict.message), MAX_MESSAGE)
            local advice = plain(verdicts.text(verdict.advice), MAX_MESSAGE)
            local why = reason and (" %s%s."):format(plain(reason, MAX_MESSAGE), cause and
                plain(" (" .. verdicts.text(cause) .. ")", MAX_MESSAGE) or "") or ""
            write(("%s %s %s %s: %s%s %s\n"):format(severities.word(verdict.severity),
                plain(verdicts.cluster_name(item), 60), plain(verdicts.subject(verdict), 60), rule,
                (reason or advice ~= "") and message:gsub("%.$", "") .. "." or message, why, advice))
        end
    end
end

--- Writes verdicts.
-- @tparam table overview
-- @tparam function write
-- @tparam table options `long`: further lines, one for each verdict that is not ok, which Nagios shows as long output
function M.render(overview, write, options)
    local clusters = overview.clusters
    local text = #clusters == 1 and one_cluster(clusters[1], overview.now)
        or #clusters == 0 and "no clusters to judge" or many_clusters(overview)
    local severity = overview.severity == "disabled" and "ok" or overview.severity
    local line = ("%s - %s"):format(severities.word(severity), display.cut(text, MAX_TEXT))
    local data = all_performance(overview, MAX_LINE - #line)
    write(line .. (data ~= "" and " | " .. data or "") .. "\n")
    if options.long then
        write_long_output(overview, write)
    end
end

return M
