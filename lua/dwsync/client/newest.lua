--- The newest records of a list, with as few requests as its order allows.
-- The service promises no order. So reading ends early only while the records seen are in descending order of their
-- start; where they are not, all are read and the newest picked. It must not call such a list complete.
-- @module dwsync.client.newest
local conditions = require "dwsync.records.conditions"
local errors = require "dwsync.errors"

local M = {}

--- A page smaller than this would say little about the order.
-- @tfield integer smallest_page
M.smallest_page = 20

-- Whether records go on in descending order behind one that started then. Returns the last start, or nil.
local function last_in_order(records, before)
    for i = 1, #records do
        local start = records[i].start_time
        if type(start) ~= "number" or start > before then
            return nil
        end
        before = start
    end
    return before
end

-- Descending by start, equals as they came; those without one come last.
local function sort(list)
    local place, start_of = {}, {}
    for i, record in ipairs(list) do
        local start = record.start_time
        place[record], start_of[record] = i, type(start) == "number" and start or -math.huge
    end
    table.sort(list, function(a, b)
        local first, second = start_of[a], start_of[b]
        if first ~= second then
            return first > second
        end
        return place[a] < place[b]
    end)
end

--- The fields to decode: those asked for and those that order and conditions need.
-- @tparam ?{string,...} fields nil for all
-- @tparam ?table where
-- @treturn ?{string,...} nil for all
-- @treturn {[string]=boolean} those to take out again
function M.fields(fields, where)
    if not fields then
        return nil, {}
    end
    local wanted, list, added = {}, {}, {}
    for i, name in ipairs(fields) do
        wanted[name], list[i] = true, name
    end
    local function add(name)
        if not wanted[name] then
            wanted[name], added[name], list[#list + 1] = true, true, name
        end
    end
    add "start_time"
    for name in pairs(where or {}) do
        add(name)
    end
    return list, added
end

local function take(list, count, added)
    local newest = {}
    for i = 1, math.min(count, #list) do
        local record = list[i]
        for name in pairs(added) do
            record[name] = nil
        end
        newest[i] = record
    end
    return newest
end

--- Reads them.
-- @tparam dwsync.client.paging pages which hands over every record, with the fields of `M.fields`
-- @tparam integer count how many are wanted
-- @tparam table options `where`; `looked_for`: the words of it, see dwsync.records.words; `added`: fields to take out
-- again; `on_disorder`: function called once when the records turn out not to be in order
-- @treturn ?dwsync.client.list newest first; `limited` when there may be more, which makes it not `complete`
-- @treturn dwsync.error
function M.read(pages, count, options)
    local meets = conditions.compile(options.where or {})
    local list, last = {}, math.huge
    repeat
        local records, err = pages:next_records()
        if err then
            return nil, err
        end
        records = records or {}
        local in_order = last and last_in_order(records, last)
        if last and not in_order then
            options.on_disorder()
        end
        last = in_order
        for i = 1, #records do
            list[#list + 1] = meets(records[i]) and records[i] or nil
            if options.looked_for then
                options.looked_for:see(records[i])
            end
        end
    until pages.finished or last and #list >= count
    if not last then
        sort(list)
    end
    local problem = pages.finished and options.looked_for and options.looked_for:problem()
    if problem then
        return nil, errors.new { kind = "config", message = problem }
    end
    local newest = take(list, count, options.added)
    newest.count, newest.pages = #newest, pages.pages
    newest.limited = #list > count or not pages.finished
    newest.complete = not newest.limited
    newest.total = pages.finished and pages.records or nil
    newest.rests_on = newest.complete and pages.unsettled and "count" or nil
    return newest
end

return M
