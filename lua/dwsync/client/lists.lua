--- Whole lists of a client, and the newest of them: each record once, or an error.
-- @module dwsync.client.lists
local errors = require "dwsync.errors"
local paging = require "dwsync.client.paging"
local words = require "dwsync.records.words"

local M = {}

-- The conditions with those of `since` and `until_` among them.
local function conditions_of(checked)
    local since, till = checked.since, checked.until_
    if not since and not till then
        return checked.where
    end
    local where = { start_time = { min = since, max = till and till - 1 } }
    for name, condition in pairs(checked.where or {}) do
        where[name] = condition
    end
    return where
end

--- Parameters as lists take them, from those that were checked one by one.
-- @tparam ?table checked changed: its `where` has the conditions of `since` and `until_`
-- @tparam[opt] dwsync.error err
-- @treturn ?table
-- @treturn dwsync.error
function M.parameters(checked, err)
    if not checked then
        return nil, err
    elseif (checked.since or checked.until_) and checked.where and checked.where.start_time ~= nil then
        return nil, errors.new { kind = "config", message = "where.start_time and since or until_ exclude each other" }
    elseif checked.since and checked.until_ and checked.since >= checked.until_ then
        return nil, errors.new { kind = "config", message = "since is not before until_" }
    end
    checked.where = conditions_of(checked)
    return checked
end

local function walk(client, checked, fetch, limits)
    local operation = checked.operation
    local kept = client.known_pages[operation] or {}
    local known = kept[checked.cluster_id] or {}
    client.known_pages[operation], kept[checked.cluster_id] = kept, known
    return paging.new {
        known = known,
        list = operation.list,
        noun = operation.noun,
        is_ordered = operation.is_ordered,
        about = checked.about,
        limit = checked.page_size or client.settings.page_size,
        mode = checked.paging or client.settings.paging,
        max_pages = checked.max_pages or client.settings.max_pages,
        fetch = function(offset, limit, ids)
            return fetch(client, checked, offset, limit, limits(), ids)
        end,
        on_page = function(pages, records, count)
            if client.emit then
                client.emit { type = "page", pages = pages, records = records, count = count }
            end
        end,
    }
end

-- What is wrong with the words of the conditions. Records that do not meet them were left out by the decoder: where the
-- others lack a word, all are read again for these fields alone.
local function typing_error(client, checked, fetch, limits, looked_for, list, pages)
    for i = 1, #list do
        looked_for:see(list[i])
    end
    if pages.records == 0 or looked_for:has_all() then
        return nil
    end
    local all = walk(client, { operation = checked.operation, cluster_id = checked.cluster_id,
        about = checked.about, fields = words.fields, paging = checked.paging, max_pages = checked.max_pages,
        page_size = checked.page_size }, fetch, limits)
    repeat
        local records, err = all:next_records()
        if err then
            return err
        end
        for i = 1, #(records or {}) do
            looked_for:see(records[i])
        end
    until not records or looked_for:has_all()
    local problem = looked_for:problem()
    return problem and errors.new { kind = "config", message = problem }
end

-- The newest `limit` records. Conditions are checked behind the decoder: the order shows in all records.
local function read_newest(client, checked, fetch, limits)
    local newest = require "dwsync.client.newest"
    local wanted = { operation = checked.operation, cluster_id = checked.cluster_id, about = checked.about,
        paging = checked.paging,
        max_pages = checked.max_pages }
    local added
    wanted.fields, added = newest.fields(checked.fields, checked.where)
    local few = not checked.where and math.max(checked.limit, newest.smallest_page) or math.huge
    wanted.page_size = checked.page_size or math.min(client.settings.page_size, few)
    return newest.read(walk(client, wanted, fetch, limits), checked.limit, {
        where = checked.where,
        looked_for = words.of(checked.where),
        added = added,
        on_disorder = function()
            if client.emit then
                client.emit { type = "disorder", cluster_id = checked.cluster_id }
            end
        end,
    })
end

local function iterate(list)
    local position = 0
    return function()
        position = position + 1
        return list[position]
    end
end

--- An iterator over them.
-- @tparam dwsync.client client
-- @tparam table checked see `parameters`
-- @tparam function fetch(client, checked, offset, limit, limits, ids) → page, place or nil, err
-- @tparam function limits → the deadline of the next page: an iterator's caller may take hours between two
-- @treturn function():?dwsync.record raises the error object
function M.each(client, checked, fetch, limits)
    if checked.limit then
        local list, err = read_newest(client, checked, fetch, limits)
        if not list then
            error(err)
        end
        return iterate(list)
    end
    local pages = walk(client, checked, fetch, limits)
    local records, position = {}, 0
    local looked_for = words.of(checked.where)
    return function()
        position = position + 1
        if not records[position] then
            local more, failure = pages:next_records()
            failure = failure or not more and looked_for
                and typing_error(client, checked, fetch, limits, looked_for, {}, pages)
            if failure then
                error(failure)
            end
            records, position = more or {}, 1
            for i = 1, looked_for and #records or 0 do
                looked_for:see(records[i])
            end
        end
        return records[position]
    end
end

--- All of them in one list.
-- @tparam dwsync.client client
-- @tparam table checked see `parameters`
-- @tparam function fetch as for `each`
-- @tparam function limits → the deadline of the whole list
-- @treturn ?dwsync.client.list
-- @treturn dwsync.error
function M.all(client, checked, fetch, limits)
    if checked.limit then
        return read_newest(client, checked, fetch, limits)
    end
    local pages = walk(client, checked, fetch, limits)
    local list = {}
    while true do
        local records, failure = pages:next_records()
        if failure then
            return nil, failure
        elseif not records then
            list.count, list.pages, list.total, list.complete = #list, pages.pages, pages.records, true
            list.rests_on = pages.unsettled and (pages.count and "count" or checked.operation.rests_on)
                or pages.ends_by_comparison and "readings" or nil
            local looked_for = words.of(checked.where)
            local wrong = looked_for and typing_error(client, checked, fetch, limits, looked_for, list, pages)
            return not wrong and list or nil, wrong
        end
        for i = 1, #records do
            list[#list + 1] = records[i]
        end
    end
end

return M
