--- The words of conditions that no record has: a typing error would look as if nothing had failed.
-- @module dwsync.records.words
local checks = require "dwsync.checks"
local record_fields = require "dwsync.record_fields"

local M = {}

-- The fields whose values are words that people type.
M.fields = { "status", "identity_source_id", "identity_source_type" }

local MANY = 10 -- more are not listed

local Words = {}
Words.__index = Words

-- The texts that a condition allows, without those that the service documents.
local function doubtful(name, condition)
    local words = {}
    for _, word in ipairs(type(condition) == "table" and condition or { condition }) do
        if type(word) == "string" and not (record_fields.by_name[name].words or {})[word] then
            words[#words + 1] = word
        end
    end
    return words[1] and words
end

--- Makes what looks for the words of conditions in records.
-- @tparam ?table|function where
-- @treturn ?table nil when there is nothing to look for
function M.of(where)
    local wanted = {}
    for _, name in ipairs(type(where) == "table" and M.fields or {}) do
        wanted[name] = doubtful(name, where[name])
    end
    return next(wanted) and setmetatable({ wanted = wanted, seen = {} }, Words) or nil
end

--- Looks at a record.
-- @tparam dwsync.record record
function Words:see(record)
    for name in pairs(self.wanted) do
        local value = type(record) == "table" and record[name]
        if type(value) == "string" then
            local seen = self.seen[name] or { count = 0 }
            self.seen[name] = seen
            if not seen[value] then
                seen[value], seen.count = true, seen.count + 1
                seen[#seen + 1] = seen.count <= MANY and value or nil
            end
        end
    end
end

--- Whether each word stands in a record that was looked at.
-- @treturn boolean
function Words:has_all()
    for name, wanted in pairs(self.wanted) do
        local seen = self.seen[name] or {}
        for _, word in ipairs(wanted) do
            if not seen[word] then
                return false
            end
        end
    end
    return true
end

local function values_of(name, seen)
    local list = {}
    for i, value in ipairs(seen) do
        list[i] = checks.shown(value)
    end
    for word in pairs(record_fields.by_name[name].words or {}) do
        list[#list + 1] = not seen[word] and checks.shown(word) or nil
    end
    table.sort(list)
    if seen.count > MANY then
        list[#list + 1] = ("%d more"):format(seen.count - MANY)
    end
    local last = table.remove(list)
    return list[1] and table.concat(list, ", ") .. " and " .. last or last
end

--- What is wrong, as far as the records that were looked at show.
-- @treturn ?string nil when each word stands in a record, or no record has the field
function Words:problem()
    for _, name in ipairs(M.fields) do
        local seen = self.seen[name]
        for _, word in ipairs(seen and self.wanted[name] or {}) do
            if not seen[word] then
                return ("where.%s is %s, which no record has; there are %s"):format(name, checks.shown(word),
                    values_of(name, seen))
            end
        end
    end
end

return M
