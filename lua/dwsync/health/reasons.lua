--- Why runs failed: fail reasons grouped by what they have in common. Hostile texts must not make it grow without bound
-- or work without end.
-- @module dwsync.health.reasons
local causes = require "dwsync.health.causes"
local display = require "dwsync.text"
local order = require "dwsync.health.order"
local template = require "dwsync.health.template"

local M = {}

-- Groups kept, different texts examined, and bytes of a sample. What exceeds the first two is counted in a group of its
-- own.
local MAX_GROUPS, MAX_TEXTS, SAMPLE = 100, 2000, 500

-- More of a text than this makes no difference to its group.
local EXAMINED = 2000

local NONE, REST = "(no reason given)", "(other reasons)"

local Reasons = {}
Reasons.__index = Reasons

--- An empty collection.
-- @treturn table with `add` and `list`
function M.new()
    return setmetatable({ by_text = {}, by_key = {}, groups = {}, texts = 0 }, Reasons)
end

local function new_group(self, key, name, explained)
    local group = { template = name, class = explained.class, speaker = explained.speaker, cause = explained.cause,
        next_step = explained.next_step, count = 0 }
    self.by_key[key], self.groups[#self.groups + 1] = group, group
    return group
end

local function rest(self)
    return self.by_key[REST] or new_group(self, REST, REST, { class = "other" })
end

-- The group of a template, or the one for the rest when there are enough.
local function group_of(self, name, explained)
    local key = table.concat({ explained.class, explained.cause or "", name }, "\n")
    return self.by_key[key] or #self.groups < MAX_GROUPS and new_group(self, key, name, explained) or rest(self)
end

local function find_group(self, text)
    local known = self.by_text[text]
    if known then
        return known
    elseif self.texts >= MAX_TEXTS then
        return rest(self)
    end
    local name = template.of(text)
    self.texts = self.texts + 1
    self.by_text[text] = group_of(self, name == "" and NONE or name, causes.explain(text))
    return self.by_text[text]
end

--- Adds the reason of a run. The newest is added first: it gives the sample, and what is beyond the bounds is old.
-- @tparam table run that failed, or of which accounts did
function Reasons:add(run)
    local text, time = run.fail_reason or "", order.ended_at(run)
    local group = find_group(self, #text > EXAMINED and text:sub(1, EXAMINED) or text)
    group.count = group.count + 1
    group.first_seen = math.min(group.first_seen or time, time > 0 and time or math.huge)
    if not group.last_seen or time > group.last_seen then
        group.last_seen, group.record_id, group.sample = time, run.id, display.beginning(text, SAMPLE)
    end
end

--- Adds the groups of another collection.
function Reasons:merge(other)
    for _, group in ipairs(other.groups) do
        local into = group_of(self, group.template, group)
        into.count = into.count + group.count
        into.first_seen = math.min(into.first_seen or math.huge, group.first_seen)
        if not into.last_seen or group.last_seen > into.last_seen then
            into.last_seen, into.record_id, into.sample = group.last_seen, group.record_id, group.sample
        end
    end
end

-- A group whose runs have no time was seen, but it is not known when.
local function known_time(time)
    return time and time > 0 and time < math.huge and time or nil
end

--- The groups, the most frequent first.
-- @treturn {table,...}
function Reasons:list()
    local list = {}
    for i, group in ipairs(self.groups) do
        list[i] = { template = group.template, class = group.class, speaker = group.speaker, count = group.count,
            first_seen = known_time(group.first_seen), last_seen = known_time(group.last_seen),
            sample = group.sample, record_id = group.record_id, cause = group.cause, next_step = group.next_step }
    end
    table.sort(list, function(a, b)
        if a.count ~= b.count then
            return a.count > b.count
        elseif a.template ~= b.template then
            return a.template < b.template
        elseif a.class ~= b.class then
            return a.class < b.class
        end
        return (a.cause or "") < (b.cause or "")
    end)
    return list
end

-- What runs that went well may have as their reason.
local NOTHING = {}
for _, text in ipairs { "-", "ok", "none", "null", "nil", "n/a", "done", "finished", "completed", "no error", "成功",
    "完成", "同步成功", "同步完成" } do
    NOTHING[text] = true
end

local function says_something(text)
    local plain = display.trim(display.beginning(text, 100):lower()):gsub("[%.!。]+$", "")
    return plain ~= "" and not NOTHING[plain] and not (plain:find "^[%a ]*success[%a ]*$"
        and not plain:find "unsuccess" and not plain:find "%f[%a]not? ")
end

local function with_reasons(runs)
    local list = {}
    for _, run in ipairs(runs) do
        if run.fail_reason and says_something(run.fail_reason) then
            list[#list + 1] = run
        end
    end
    order.sort(list, order.ends_before)
    return list
end

--- The reason worth showing beside a verdict: of the runs behind it, FINISHED ones too, the most frequent whose cause
-- is known, else the most frequent.
-- @tparam {table,...} runs records in any order
-- @treturn table|nil as an item of `list`; nil when no run has a reason
function M.explaining(runs)
    local reasons, list = M.new(), with_reasons(runs)
    for i = #list, 1, -1 do
        reasons:add(list[i])
    end
    local groups = reasons:list()
    for _, group in ipairs(groups) do
        if group.cause then
            return group
        end
    end
    return groups[1]
end

return M
