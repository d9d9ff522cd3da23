--- Decides what a page of records changes in what is kept: a record is new, further along, the same, or changed after
-- its end. The result must not depend on the order of the page.
--
-- A record that is RUNNING gives way to whatever comes next. One that has ended stays: other content under its name
-- becomes its next version and the old one is archived; a RUNNING one is a late answer, from before the end.
-- @module dwsync.history.merge
local content = require "dwsync.history.content"
local core = require "dwsync.core"
local identity = require "dwsync.history.identity"

local M = {}

local RUNNING = "RUNNING"

local MOST_ROOM = 32767 -- that core.room makes

local function item_of(page, name)
    return { record = page.records[name], content = page.contents[name], name = name }
end

-- Most names are those of one record, which needs no list.
local function add_to_group(page, name, record, text)
    local group = page.groups[name]
    if not group then
        group = { item_of(page, name) }
        page.groups[name], page.repeated[#page.repeated + 1] = group, name
    end
    group[#group + 1] = { record = record, content = text, name = name }
end

--- Names records and writes them as text. What JSON cannot hold is refused and counted.
-- @tparam {table,...} records
-- @tparam[opt] {string|boolean,...} texts of these records, where they have been encoded, see dwsync.history.content
-- @tparam[opt] {string,...} reasons of those that could not be
-- @treturn table page `names` in order; by name `records` and `contents`, and `groups`: a list of `record`, `content`,
-- `name` for those of several records; `repeated`: their names; `refused` (how many), `refusal` (the reason of the
-- first); of `without` also `unchanged` (how many)
function M.read(records, texts, reasons)
    local names, by_name, contents = {}, core.room(records, MOST_ROOM, true), core.room(records, MOST_ROOM, true)
    local page = { names = names, records = by_name, contents = contents, groups = {}, repeated = {}, refused = 0 }
    if not texts then
        texts, reasons = content.encode_all(records)
    end
    for i, record in ipairs(records) do
        local text = texts[i]
        local name = text and identity.of(record, text)
        if not text then
            page.refused = page.refused + 1
            page.refusal = page.refusal or ("record %d of the page: %s"):format(i, reasons[i])
        elseif contents[name] then
            add_to_group(page, name, record, text)
        else
            by_name[name], contents[name] = record, text
            names[#names + 1] = name
        end
    end
    return page
end

--- A page without the records that are kept as they came: there is nothing to decide about them.
-- @tparam table page from `read`
-- @tparam {[string]=string} contents of records that are kept, by name
-- @treturn table page
function M.without(page, contents)
    local names, unchanged = {}, page.unchanged or 0
    for _, name in ipairs(page.names) do
        if page.contents[name] ~= contents[name] or page.groups[name] then
            names[#names + 1] = name
        else
            unchanged = unchanged + 1
        end
    end
    return { names = names, records = page.records, contents = page.contents, groups = page.groups,
        repeated = page.repeated, refused = page.refused, refusal = page.refusal, unchanged = unchanged }
end

--- Whether a record could be a late answer, whatever is kept.
-- @tparam ?string coming its status
-- @treturn boolean
function M.may_be_late(coming)
    return coming == RUNNING
end

--- Whether a record is a late answer, from before the end of a run whose end is known.
-- @tparam ?string kept the status of the one that is kept
-- @tparam ?string coming the status of the other
-- @treturn boolean
function M.is_late(kept, coming)
    return kept ~= RUNNING and M.may_be_late(coming)
end

local function is_ended(item)
    return item.record.status ~= RUNNING
end

local function end_time(item)
    local time = item.record.end_time
    return type(time) == "number" and time or -math.huge
end

-- The last of a name's items is what it is now, whatever the order of the page.
local function by_age(a, b)
    if is_ended(a) ~= is_ended(b) then
        return is_ended(b)
    elseif end_time(a) ~= end_time(b) then
        return end_time(a) < end_time(b)
    end
    return a.content < b.content
end

local function id_of(item)
    local id = item.record.id
    return type(id) == "string" and id ~= "" and id or item.name
end

local function replace(plan, state, item, version)
    local next_state = { name = item.name, record = item.record, status = item.record.status, content = item.content,
        version = version, saved_at = plan.now, is_new = not state or state.is_new }
    plan.states[item.name] = next_state
    if not (state and state.changed) then
        plan.changed[#plan.changed + 1] = item.name
    end
    next_state.changed = true
end

local function apply(plan, item)
    local state, summary = plan.states[item.name], plan.summary
    if not state then
        replace(plan, nil, item, 1)
        summary.inserted = summary.inserted + 1
    elseif content.same(state.content, item.content) then
        summary.unchanged = summary.unchanged + 1
    elseif state.status == RUNNING then
        replace(plan, state, item, state.version)
        summary.updated = summary.updated + 1
    elseif M.is_late(state.status, item.record.status) then
        summary.late = summary.late + 1
    else
        plan.archive[#plan.archive + 1] = state
        replace(plan, state, item, state.version + 1)
        table.insert(summary.revised, id_of(item))
    end
end

local function was_kept(texts, item)
    for _, text in ipairs(texts or {}) do
        if content.same(text, item.content) then
            return true
        end
    end
    return false
end

-- Decides about the records of one name.
local function decide_about(plan, items, earlier)
    table.sort(items, by_age)
    for i, item in ipairs(items) do
        -- A page that always has two contents for one id must not make two versions each time it is saved.
        if i < #items and was_kept(earlier, item) then
            plan.summary.unchanged = plan.summary.unchanged + 1
        else
            apply(plan, item)
        end
    end
end

--- Decides about a page.
-- @tparam table page from `read`
-- @tparam table kept by name: `name`, `version`, `saved_at`, `status`, `content`
-- @tparam table earlier by name: texts of versions before; only those of repeated names are looked at
-- @tparam number now milliseconds
-- @treturn {table,...} states to write; `is_new`: nothing is kept under that name
-- @treturn {table,...} states to archive
-- @treturn table summary `inserted`, `updated`, `unchanged`, `late`, `refused` (counts), `refusal`, `revised` (ids);
-- together as many as there were records
function M.decide(page, kept, earlier, now)
    local plan = { states = kept, changed = {}, archive = {}, now = now, summary = { inserted = 0, updated = 0,
        unchanged = page.unchanged or 0, late = 0, refused = page.refused, refusal = page.refusal, revised = {} } }
    for _, name in ipairs(page.names) do
        decide_about(plan, page.groups[name] or { item_of(page, name) }, earlier[name])
    end
    local changed = {}
    for i, name in ipairs(plan.changed) do
        changed[i] = plan.states[name]
    end
    return changed, plan.archive, plan.summary
end

return M
