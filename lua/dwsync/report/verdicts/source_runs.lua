--- The runs of one source as a captioned picture, and records grouped by source.
-- @module dwsync.report.verdicts.source_runs
local markup = require "dwsync.report.page.markup"
local phrases = require "dwsync.report.verdicts.phrases"
local quantities = require "dwsync.quantities"
local timeline = require "dwsync.report.page.timeline"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local element = markup.element

local BETWEEN_PAUSES = 64 -- records

--- Records by the text of their source's id.
-- @tparam {table,...} records
-- @tparam[opt] function pause called every tenth of a millisecond or so
-- @treturn table
function M.by_source(records, pause)
    local lists = {}
    for i, record in ipairs(records) do
        local id = type(record) == "table" and verdicts.text(record.identity_source_id) or ""
        lists[id] = lists[id] or {}
        table.insert(lists[id], record)
        if pause and i % BETWEEN_PAUSES == 0 then
            pause()
        end
    end
    return lists
end

--- A short name of a source, cut.
-- @tparam table source of an evaluation
-- @treturn string
function M.name(source)
    return phrases.text(verdicts.source_name(source.type, source.id), phrases.MAX_NAME)
end

--- The picture with its caption.
-- @tparam table source of an evaluation
-- @tparam {table,...} list its records
-- @tparam table options `id`, `from`, `till`, `explain`, `pause`: see dwsync.report.page.timeline.draw
-- @treturn dwsync.markup
function M.figure(source, list, options)
    local name = M.name(source)
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

return M
