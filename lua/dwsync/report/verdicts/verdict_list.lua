--- Verdicts on a page: a card with advice for each that needs attention, one line for all that are ok. Everything
-- unbounded is cut, and says so.
-- @module dwsync.report.verdicts.verdict_list
local markup = require "dwsync.report.page.markup"
local page = require "dwsync.report.page"
local phrases = require "dwsync.report.verdicts.phrases"
local quantities = require "dwsync.quantities"
local verdicts = require "dwsync.report.verdicts.facts"
local wording = require "dwsync.health.wording"

local M = {}

local element, text = markup.element, phrases.text

local MAX_VERDICTS, MAX_RULE = 40, 20

local function fact(name, ...)
    return element("div", nil, element("dt", nil, name), element("dd", nil, ...))
end

local function facts(verdict, now)
    local list = {}
    if verdict.follows then
        list[1] = fact("Follows from", text(verdict.follows, MAX_RULE))
    end
    if verdict.since then
        list[#list + 1] = fact("Since", phrases.instant(verdict.since), " (", phrases.ago(verdict.since, now), ")")
    end
    local thresholds = quantities.thresholds(verdict)
    if quantities.is_finite(verdict.value) and thresholds ~= "" then
        list[#list + 1] = fact("Value", quantities.value(verdict.value, verdict.unit), "; ", thresholds)
    end
    if verdict.record_id ~= nil then
        list[#list + 1] = fact("Record", element("code", nil, text(verdict.record_id, phrases.MAX_NAME)))
    end
    local acknowledged, silenced = verdicts.handled(verdict, now)
    list[#list + 1] = acknowledged and fact("Acknowledged", element("bdi", nil, text(acknowledged))) or nil
    list[#list + 1] = silenced and fact("Silenced", element("bdi", nil, text(silenced))) or nil
    return #list > 0 and element("dl", { class = "facts" }, list)
end

-- What the runs behind it say, and what that means.
local function reason(verdict)
    local said, cause = verdicts.reason(verdict)
    if not said then
        return false
    end
    return { element("p", { class = "said" }, verdicts.sentence(wording.says(verdict.reason.speaker) or "reason"), ": ",
        element("code", { class = "sample" }, text(verdict.reason.text))), phrases.labelled("Cause: ", cause) }
end

local function next_step(verdict)
    local _, _, step = verdicts.reason(verdict)
    return phrases.labelled(verdict.advice and "" or "Next: ", step)
end

local function explanation(verdict)
    local list = {}
    for i, one in ipairs(verdict.explanation or {}) do
        list[i] = fact(text(verdicts.label(one), MAX_RULE), element("bdi", nil, text(one.text)))
    end
    return #list > 0 and element("dl", { class = "facts explanation" }, list)
end

local function card(verdict, now)
    return element("li", { class = "verdict " .. verdict.severity },
        element("p", { class = "about" }, page.badge(verdict.severity), element("b", nil, text(verdict.rule, MAX_RULE)),
            element("bdi", { class = "quiet" }, text(verdicts.subject(verdict), phrases.MAX_NAME))),
        element("p", { class = "message" }, element("bdi", nil, text(verdicts.sentence(verdict.message)))),
        reason(verdict), phrases.labelled("Next: ", verdict.advice), next_step(verdict), facts(verdict, now),
        explanation(verdict))
end

--- The cards of verdicts that are not ok.
-- @tparam {table,...} bad
-- @tparam number now seconds since the epoch
-- @treturn dwsync.markup
function M.cards(bad, now)
    local cards = {}
    for i = 1, math.min(#bad, MAX_VERDICTS) do
        cards[i] = card(bad[i], now)
    end
    return markup.join(#cards > 0 and element("ul", { class = "verdicts" }, cards),
        phrases.and_more(#bad, MAX_VERDICTS, "verdicts"))
end

--- One line for all verdicts that are ok.
-- @tparam {table,...} good
-- @treturn dwsync.markup
function M.ok_line(good)
    return markup.join(#good > 0 and element("p", { class = "fine" }, page.badge "ok",
        quantities.count(#good, "check"), ": ", text(verdicts.rules(good))))
end

return M
