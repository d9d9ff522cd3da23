--- Why runs failed, on a page: how often, a sample, the likely cause, the next step.
-- It must not grow with the number of reasons.
-- @module dwsync.report.verdicts.reason_list
local markup = require "dwsync.report.page.markup"
local phrases = require "dwsync.report.verdicts.phrases"
local quantities = require "dwsync.quantities"
local verdicts = require "dwsync.report.verdicts.facts"
local wording = require "dwsync.health.wording"

local M = {}

local element, text = markup.element, phrases.text

local MAX_REASONS, MAX_CLASS = 8, 40

local function item(reason)
    local says = wording.says(reason.speaker)
    return element("li", nil, element("span", { class = "times" }, quantities.number(reason.count), " ×"),
        element("div", nil, says and element("p", { class = "small" }, verdicts.sentence(says), ":"),
            element("code", { class = "sample" }, text(reason.sample or reason.template)),
            phrases.labelled("Cause: ", reason.cause), phrases.labelled("Next: ", reason.next_step),
            element("p", { class = "small" }, text(reason.class, MAX_CLASS), ", ", phrases.instant(reason.first_seen),
                " to ", phrases.instant(reason.last_seen))))
end

--- The list with its heading; nothing for an empty list.
-- @tparam {table,...} reasons most frequent first
-- @tparam string heading name of the heading's element, "h3"
-- @treturn dwsync.markup
function M.render(reasons, heading)
    if #reasons == 0 then
        return markup.join()
    end
    local items = {}
    for i = 1, math.min(#reasons, MAX_REASONS) do
        items[i] = item(reasons[i])
    end
    return markup.join(element(heading, nil, "Failure reasons"), element("ol", { class = "reasons" }, items),
        phrases.and_more(#reasons, MAX_REASONS, "reasons"))
end

return M
