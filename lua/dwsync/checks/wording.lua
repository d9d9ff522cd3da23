--- What messages of dwsync.checks say: what is wrong, what is expected, what may have been meant.
-- @module dwsync.checks.wording
local checks = require "dwsync.checks"
local decimal = require "dwsync.decimal"
local lazy = require "dwsync.lazy"
local quantities = lazy "dwsync.quantities"
local text_of = lazy "dwsync.text"
local timestamps = lazy "dwsync.timestamps"

local M = {}

local LIMITS = checks.limits
local LONGEST_SHOWN = 60 -- columns
local TEXT = "a text that is not empty"

-- ---- what messages show ----------------------------------------------------------------------------

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quoted(text, mark)
    return mark .. text_of.excerpt((text:gsub("[\n\r\t]", ESCAPES)), LONGEST_SHOWN) .. mark
end

--- See dwsync.checks.
function M.shown(value)
    if type(value) == "string" then
        return quoted(value, '"')
    elseif type(value) == "number" then
        return decimal.format("%.16g", value)
    end
    return (type(value) == "boolean" or value == nil) and tostring(value) or "a " .. type(value)
end

local function range(declared, noun, written)
    local from, above, to = declared.from, declared.above, declared.to
    if from and to then
        return ("%s from %s to %s"):format(noun, written(from), written(to))
    elseif above and to then
        return ("%s above %s and at most %s"):format(noun, written(above), written(to))
    end
    return from and ("%s of %s or more"):format(noun, written(from)) or above and ("%s above %s"):format(noun,
        written(above)) or noun
end

local function plain(number)
    return decimal.format("%.14g", number)
end

local function length(seconds)
    return seconds == 0 and "0" or quantities.duration(seconds)
end

-- ---- names -------------------------------------------------------------------------------------------

-- How many letters to insert, remove, replace or swap with their neighbour to make one word the other.
local function edits(one, other)
    local before, row = {}, {}
    for j = 0, #other do
        row[j] = j
    end
    for i = 1, #one do
        local above = row
        row = { [0] = i }
        for j = 1, #other do
            local same = one:byte(i) == other:byte(j)
            row[j] = math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (same and 0 or 1))
            if one:byte(i) == other:byte(j - 1) and one:byte(i - 1) == other:byte(j) then
                row[j] = math.min(row[j], before[j - 2] + 1)
            end
        end
        before = above
    end
    return row[#other]
end

local BEGINNING = 3 -- letters that name a word by its beginning

local function nearest(name, known)
    local best, least = nil, math.min(math.floor((#name + 1) / 3) + 1, #name) -- something stays of it
    for _, candidate in ipairs(#name <= LONGEST_SHOWN and known or {}) do
        local begins = #name >= BEGINNING and tostring(candidate):lower():sub(1, #name) == name:lower()
        local count = begins and 1 or edits(name:lower(), tostring(candidate):lower())
        if count < least then
            best, least = candidate, count
        end
    end
    return best
end

--- See dwsync.checks.
function M.guess(word, known)
    local meant = type(word) == "string" and nearest(word, known)
    return meant and (" (did you mean '%s'?)"):format(meant) or ""
end

-- "7D", "7 days": what would have been understood, to be put behind what is expected.
local function meant_length(value)
    local number, unit = (type(value) == "string" and #value <= LONGEST_SHOWN and value:lower() or "")
        :match "^%-?%s*(%d+%.?%d*)%s*([smhdw])[a-z]*$"
    local meant = number and number .. unit
    return meant and meant ~= value and ("; did you mean %s?"):format(meant) or ""
end

local function meant_point(value)
    local text = type(value) == "string" and value or ""
    local day, month, year = text:match "^(%d%d?)[-./](%d%d?)[-./](%d%d%d%d)$"
    if #text < 9 and text:find "^%d+$" then
        return ("; %s what? %sm, %sh, %sd"):format(text, text, text, text)
    elseif day and timestamps.from_iso(("%s-%02d-%02d"):format(year, month, day)) then
        return ("; did you mean %s-%02d-%02d?"):format(year, month, day)
    elseif text:find "^%d%d%d%d%-%d%d%-%d%d$" then
        return "; that day does not exist"
    end
    return meant_length(value)
end

-- ---- what is expected --------------------------------------------------------------------------------

-- Of these a message shows only the type: the value may be a secret given by mistake.
local TYPED = { boolean = "true or false", ["function"] = "a function", table = "a table", list = "a list" }

-- The limit of every integer, or length of time. A message names it only when it was exceeded.
local function beyond(value, most, declared)
    return type(value) == "number" and value > most and not declared.to
end

-- By kind, what is expected.
local EXPECTED = {}

for kind, expected in pairs(TYPED) do
    EXPECTED[kind] = function()
        return expected
    end
end

function EXPECTED.list(declared)
    return (declared.least or 0) > 0 and "a list that is not empty" or "a list"
end

function EXPECTED.string(declared)
    if declared.longest then
        return ("a text of %d to %d bytes"):format(declared.empty and 0 or 1, declared.longest)
    end
    return declared.lines and TEXT or declared.empty and "a text without line breaks"
        or "a non-empty text without line breaks"
end

function EXPECTED.identifier(_, value)
    if type(value) ~= "string" or value == "" then
        return TEXT
    end
    return #value > LIMITS.id and ("at most %d characters, not %d"):format(LIMITS.id, #value)
        or 'letters, digits, "-", "_" and "." only'
end

function EXPECTED.number(declared)
    return range(declared, declared.noun or "a number", plain)
end

function EXPECTED.integer(declared, value)
    return range(declared, declared.noun or "an integer", plain)
        .. (beyond(value, LIMITS.integer, declared) and " and at most 2147483647" or "")
end

function EXPECTED.duration(declared, value)
    return range(declared, "a length of time", length)
        .. (beyond(value, LIMITS.seconds, declared) and " and at most " .. length(LIMITS.seconds) or "")
        .. (declared.unit and ' with its unit: "90m", "6h", "2d"'
        or (declared.to or math.huge) <= 86400 and ': seconds, or "90s", "5m"'
        or ': seconds, or "90m", "6h", "2d"') .. meant_length(value)
end

function EXPECTED.point(declared, value)
    return (declared.zone and "90m, 24h, 7d, yesterday, 2025-05-19, 2025-05-19T06:55:23Z"
        or "90m, 24h, 7d, 2025-05-19, 2025-05-19T06:55:23Z") .. " or milliseconds" .. meant_point(value)
end

function EXPECTED.one_of(declared)
    local names = {}
    for i, allowed in ipairs(declared.values) do
        names[i] = tostring(allowed)
    end
    return (#names > 2 and "one of " .. table.concat(names, ", ") or table.concat(names, " or "))
end

--- Says what is wrong with a value.
-- @tparam table declared
-- @param value
-- @tparam string name
-- @return nil
-- @treturn string
function M.refused(declared, value, name)
    local expected = (declared.expected or EXPECTED[declared.kind](declared, value))
        .. (declared.off and ", or false" or "")
    if value == nil then
        return nil, ("%s is missing, expected %s"):format(name, expected)
    elseif declared.values then
        expected = expected .. M.guess(value, declared.values)
    end
    if declared.secret then
        return nil, ("%s is not %s"):format(name, expected)
    end
    local found = TYPED[declared.kind] and "a " .. type(value) or M.shown(value)
    return nil, ("%s is %s, expected %s"):format(name, found, expected)
end

-- ---- names of options --------------------------------------------------------------------------------

--- See dwsync.checks.
function M.names(declared)
    local names = {}
    for name in pairs(declared) do
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

--- The problem of an unknown option.
-- @tparam string name
-- @tparam table declared
-- @tparam table door see dwsync.checks.read
-- @treturn table problem
function M.unknown_name(name, declared, door)
    local noun, known = door.noun or "option", M.names(declared)
    local meant = nearest(tostring(name), known)
    return {
        kind = "config",
        message = ("unknown %s %s"):format(noun, quoted((door.path or "") .. tostring(name), "'")),
        hint = (meant and ("Did you mean '%s'? "):format(meant) or "") .. (#known == 0
            and ("There are no %ss."):format(noun) or ("The %ss are %s."):format(noun, table.concat(known, ", "))),
    }
end

--- See dwsync.checks.
function M.spelled(text, spell)
    return (text:gsub("`([%w_]+)`", spell))
end

--- See dwsync.checks.
function M.line(problem)
    return problem.option and problem.message or ("%s. %s"):format(problem.message, problem.hint)
end

return M
