--- What people do about problems, beside the verdicts that they are about: for reports and pages.
-- @module dwsync.problems.handled
local findings = require "dwsync.problems.findings"
local transitions = require "dwsync.problems.transitions"

local M = {}

local FIELDS = { "acknowledged_at", "acknowledged_by", "acknowledged_note", "silenced_until", "silenced_by" }

local function name_of(cluster_id, source, rule)
    return table.concat({ cluster_id, source, rule }, "\0")
end

-- What is shown of a problem; nothing of one that is over, nor of a silence that is.
local function shown_of(row, now)
    if not row or not transitions.is_firing(row) then
        return {}
    end
    local is_silenced = transitions.is_silenced(row, now)
    return { acknowledged_at = row.acknowledged_at, acknowledged_by = row.acknowledged_by,
        acknowledged_note = row.acknowledged_note, silenced_until = is_silenced and row.silenced_until or nil,
        silenced_by = is_silenced and row.silenced_by or nil }
end

local function put(verdict, shown)
    for _, field in ipairs(FIELDS) do
        verdict[field] = shown[field] -- nil, too: verdicts may be those of an earlier look
    end
end

--- Adds to verdicts who acknowledged what, and until when it is silenced; to clusters that could not be asked, too.
-- @tparam {table,...} items of an overview
-- @tparam {dwsync.problem,...} rows
-- @tparam integer now milliseconds since the epoch
function M.add(items, rows, now)
    local by_name = {}
    for _, row in ipairs(rows) do
        by_name[name_of(row.cluster_id, row.source, row.rule)] = row
    end
    for _, item in ipairs(items) do
        local id = item.cluster.id
        for _, verdict in ipairs(item.evaluation and item.evaluation.verdicts or item.verdicts or {}) do
            put(verdict, shown_of(by_name[name_of(id, findings.source_key(verdict.source), verdict.rule)], now))
        end
        local shown = shown_of(by_name[name_of(id, "", findings.UNREACHABLE)], now)
        item.handled = item.error and next(shown) and shown or nil
    end
end

return M
