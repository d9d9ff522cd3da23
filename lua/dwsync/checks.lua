--- How options are declared and checked: those of `dwsync.new`, the command line, the configuration file, nginx's
-- setup, the rules; and the parameters of a request.
--
-- A declaration is a table with `kind`, and of these what applies:
--
--    default                    what a missing option becomes
--    required = true            leaving it out is an error
--    off = true                 false is allowed, too
--    secret = true              its value is never shown
--    expected                   what a message says is expected, where the kind cannot say it well
--    from, above, to            the range of a number or of seconds
--    noun                       what kind of number: "a share", "a number of seconds"
--    longest, pattern           of a string: bytes, a pattern that it matches
--    empty, lines = true        it may be "", or hold line breaks
--    values                     what one_of allows; with `read`, what a message may guess was meant
--    of                         a declaration for the items of a list, of which there are `least` (0) or more
--    fields                     declarations for the fields of a table
--    read                       in place of `kind`, with `expected`: function(value) → value as it is used, or nil
--    check                      in place of `kind`: function(value, name) → the same, or nil and the whole message
--
-- Kinds: boolean, string, identifier, integer, number, duration (seconds, or "90m"; `unit`: no bare number), point (in
-- time: "7d" ago, a date, a number; see dwsync.timestamps.point), one_of, function, table, list.
-- @module dwsync.checks
-- @usage
-- local OPTIONS = { retries = { kind = "integer", from = 0, default = 3 }, wait = { kind = "duration", above = 0 } }
-- local checked, problem = checks.read(OPTIONS, { retires = 4 })
-- print(problem.message, problem.hint) --> unknown option 'retires'   Did you mean 'retries'? The options are …
local lazy = require "dwsync.lazy"
local decimal = lazy "dwsync.decimal"
local quantities = lazy "dwsync.quantities"
local text_of = lazy "dwsync.text"
local timestamps = lazy "dwsync.timestamps"

local M = {}

local INT32_MAX = 2147483647
local LONGEST_TIME = 10000 * 86400 -- seconds
local LONGEST_SHOWN = 60 -- columns
local LONGEST_ID = 128
local TEXT = "a text that is not empty"

-- ---- what messages show ----------------------------------------------------------------------------

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quoted(text, mark)
    return mark .. text_of.excerpt((text:gsub("[\n\r\t]", ESCAPES)), LONGEST_SHOWN) .. mark
end

--- A value as messages show it: text in quotes, harmless and cut; of tables and functions only the type.
-- @param value
-- @treturn string
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

local function in_range(declared, value)
    local from, above, to = declared.from, declared.above, declared.to
    return type(value) == "number" and value - value == 0 -- neither infinite nor not-a-number
        and (not from or value >= from) and (not above or value > above) and (not to or value <= to)
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
            if i > 1 and j > 1 and one:byte(i) == other:byte(j - 1) and one:byte(i - 1) == other:byte(j) then
                row[j] = math.min(row[j], before[j - 2] + 1)
            end
        end
        before = above
    end
    return row[#other]
end

local BEGINNING = 3 -- letters that name a word by its beginning

local function nearest(name, known)
    local best, least = nil, math.min(math.max(1, math.floor((#name + 1) / 3)) + 1, #name) -- something stays of it
    for _, candidate in ipairs(#name <= LONGEST_SHOWN and known or {}) do
        local begins = #name >= BEGINNING and tostring(candidate):lower():sub(1, #name) == name:lower()
        local count = begins and 1 or edits(name:lower(), tostring(candidate):lower())
        if count < least then
            best, least = candidate, count
        end
    end
    return best
end

--- What may have been meant by a word, to be put behind a message.
-- @param word
-- @tparam {string,...} known
-- @treturn string " (did you mean 'x'?)", or "" when nothing is near
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
        return "; there is no such day"
    end
    return meant_length(value)
end

-- ---- kinds -------------------------------------------------------------------------------------------
--
-- Each has read(declared, value) → whether it is good, the value as it is used; expected(declared, value) → text; and,
-- where digits in a text mean a number, parse(text) → value.

local KINDS = {}

local function of_type(name, expected)
    return {
        typed = true, -- a message shows only the type: the value may be a secret given by mistake
        read = function(_, value)
            return type(value) == name, value
        end,
        expected = function()
            return expected
        end,
    }
end

KINDS.boolean = of_type("boolean", "true or false")
KINDS["function"] = of_type("function", "a function")

KINDS.table = of_type("table", "a table")

KINDS.list = {
    typed = true,
    read = function(declared, value)
        local good = type(value) == "table" and #value >= (declared.least or 0)
        for key in pairs(good and value or {}) do
            good = good and type(key) == "number"
        end
        return good, value
    end,
    expected = function(declared)
        return (declared.least or 0) > 0 and "a list that is not empty" or "a list"
    end,
}

KINDS.any = { -- for a declaration with its own `read`
    read = function(declared, value, ...)
        local used
        if value ~= nil and declared.read then
            used = declared.read(value, ...)
        end
        return used ~= nil, used
    end,
}

KINDS.string = {
    read = function(declared, value)
        return type(value) == "string" and (value ~= "" or declared.empty == true)
            and (declared.lines or not value:find "[%z\r\n]") and #value <= (declared.longest or math.huge)
            and (not declared.pattern or value:find(declared.pattern) ~= nil), value
    end,
    expected = function(declared)
        if declared.longest then
            return ("a text of %d to %d bytes"):format(declared.empty and 0 or 1, declared.longest)
        end
        return declared.lines and TEXT or declared.empty and "a text without line breaks"
            or "a non-empty text without line breaks"
    end,
}

KINDS.identifier = { -- what becomes a segment of a path
    read = function(_, value)
        return type(value) == "string" and #value <= LONGEST_ID and value:find "^[%w._-]+$" ~= nil
            and not value:find "^%.+$", value
    end,
    expected = function(_, value)
        if type(value) ~= "string" or value == "" then
            return TEXT
        end
        return #value > LONGEST_ID and ("at most %d characters, not %d"):format(LONGEST_ID, #value)
            or 'letters, digits, "-", "_" and "." only'
    end,
}

local function parse_number(text)
    return text:find "^[%d.]+$" and tonumber(text) or text
end

KINDS.number = {
    parse = parse_number,
    read = function(declared, value)
        return in_range(declared, value), value
    end,
    expected = function(declared)
        return range(declared, declared.noun or "a number", plain)
    end,
}

-- The limit of every integer, or length of time. A message names it only when it was exceeded.
local function beyond(value, most, declared)
    return type(value) == "number" and value > most and not declared.to
end

KINDS.integer = {
    parse = parse_number,
    read = function(declared, value)
        return in_range(declared, value) and value % 1 == 0 and value <= INT32_MAX, value
    end,
    expected = function(declared, value)
        return range(declared, declared.noun or "an integer", plain)
            .. (beyond(value, INT32_MAX, declared) and " and at most 2147483647" or "")
    end,
}

KINDS.duration = {
    parse = parse_number,
    read = function(declared, value)
        local seconds = type(value) == "string" and timestamps.duration(value) or value
        local has_unit = type(value) == "string" or not declared.unit
        return has_unit and in_range(declared, seconds) and seconds <= LONGEST_TIME, seconds
    end,
    expected = function(declared, value)
        return range(declared, "a length of time", length)
            .. (beyond(value, LONGEST_TIME, declared) and " and at most " .. length(LONGEST_TIME) or "")
            .. (declared.unit and ' with its unit: "90m", "6h", "2d"'
            or (declared.to or math.huge) <= 86400 and ': seconds, or "90s", "5m"'
            or ': seconds, or "90m", "6h", "2d"') .. meant_length(value)
    end,
}

KINDS.point = {
    read = function(declared, value, now)
        local ms = timestamps.point(value, now or 0, declared.zone)
        return ms ~= nil, ms
    end,
    expected = function(declared, value)
        return (declared.zone and "90m, 24h, 7d, yesterday, 2025-05-19, 2025-05-19T06:55:23Z"
            or "90m, 24h, 7d, 2025-05-19, 2025-05-19T06:55:23Z") .. " or milliseconds" .. meant_point(value)
    end,
}

KINDS.one_of = {
    read = function(declared, value)
        for _, allowed in ipairs(declared.values) do
            if value == allowed then
                return true, value
            end
        end
        return false
    end,
    expected = function(declared)
        local names = {}
        for i, allowed in ipairs(declared.values) do
            names[i] = tostring(allowed)
        end
        return (#names > 2 and "one of " .. table.concat(names, ", ") or table.concat(names, " or "))
    end,
}

local function refused(declared, kind, value, name)
    local expected = (declared.expected or kind.expected(declared, value)) .. (declared.off and ", or false" or "")
    if value == nil then
        return nil, ("%s is missing, expected %s"):format(name, expected)
    elseif declared.values then
        expected = expected .. M.guess(value, declared.values)
    end
    if declared.secret then
        return nil, ("%s is not %s"):format(name, expected)
    end
    return nil, ("%s is %s, expected %s"):format(name, kind.typed and "a " .. type(value) or M.shown(value), expected)
end

local function items(declared, list, name)
    local checked = {}
    for i, item in ipairs(list) do
        local message
        checked[i], message = M.value(declared.of, item, ("%s[%d]"):format(name, i))
        if message then
            return nil, message
        end
    end
    return checked
end

--- Checks one value.
-- @tparam table declared
-- @param value
-- @tparam string name as the reader of a message knows it
-- @param ... more arguments for the function `read` of the declaration
-- @return value as it is used; nil when it is wrong
-- @treturn string what is wrong with it
function M.value(declared, value, name, ...)
    if value == false and declared.off then
        return false
    elseif declared.check and value ~= nil then
        return declared.check(value, name)
    end
    local kind = KINDS[declared.kind or "any"]
    local good, used = kind.read(declared, value, ...)
    if not good then
        return refused(declared, kind, value, name)
    elseif declared.of then
        return items(declared, used, name)
    elseif declared.fields then
        local checked, problem = M.read(declared.fields, used, { path = name .. ".", noun = "field" })
        return checked, problem and M.line(problem)
    end
    return used
end

--- Checks a value that came as text, from a command line or a URL, where digits may mean a number.
-- @tparam table declared
-- @tparam string text
-- @tparam string name as the reader of a message knows it
-- @param ... more arguments for the function `read` of the declaration
-- @return value as it is used; nil when it is wrong
-- @treturn string what is wrong with it
function M.from_text(declared, text, name, ...)
    local parse = KINDS[declared.kind or "any"].parse
    return M.value(declared, parse and parse(text) or text, name, ...)
end

--- Makes what reads an option of a command line.
-- @tparam table declared
-- @tparam string name of the option, for messages
-- @treturn function text → value, or nil and what is wrong
function M.reader(declared, name)
    return function(text)
        return M.from_text(declared, text, name)
    end
end

--- The names of declared options.
-- @tparam table declared by name
-- @treturn {string,...} in alphabetical order
function M.names(declared)
    local names = {}
    for name in pairs(declared) do
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

local function unknown(name, declared, door)
    local noun, known = door.noun or "option", M.names(declared)
    local meant = nearest(tostring(name), known)
    return {
        kind = "config",
        message = ("unknown %s %s"):format(noun, quoted((door.path or "") .. tostring(name), "'")),
        hint = (meant and ("Did you mean '%s'? "):format(meant) or "") .. (#known == 0
            and ("There are no %ss."):format(noun) or ("The %ss are %s."):format(noun, table.concat(known, ", "))),
    }
end

--- Looks for a name that is not declared.
-- @tparam table given values by name
-- @tparam table declared what there is, by name
-- @tparam[opt] table door see `read`
-- @treturn table problem with `hint`, see `read`; nil when all names are known
function M.unknown(given, declared, door)
    for name in pairs(given) do
        if declared[name] == nil then
            return unknown(name, declared, door or {})
        end
    end
end

-- ---- options -----------------------------------------------------------------------------------------

--- Checks options and fills in what they leave out. What is given stays as it is.
-- @tparam table declared declarations by name
-- @tparam table given
-- @tparam[opt] table door how messages call them: `noun` ("option"), `path` (put before each name); `now`: seconds
-- since the epoch, for points in time
-- @treturn table checked; nil when something is wrong
-- @treturn table problem: `message`, `option` (its name), `hint` where there is one, and `kind`: with it dwsync.errors
-- makes an error of it
function M.read(declared, given, door)
    local unknown_name = M.unknown(given, declared, door)
    if unknown_name then
        return nil, unknown_name
    end
    return M.values(declared, given, door)
end

--- The same for options whose names are known to be right.
-- @tparam table declared declarations by name
-- @tparam table given
-- @tparam[opt] table door see `read`
-- @treturn table checked; nil when something is wrong
-- @treturn table problem, see `read`
function M.values(declared, given, door)
    local path, now = door and door.path or "", door and door.now
    local checked = {}
    for name, declaration in pairs(declared) do
        local value = given[name]
        if value ~= nil or declaration.required then
            local used, message = M.value(declaration, value, path .. name, now)
            checked[name] = used
            if message then
                return nil, { kind = "config", option = name, message = message }
            end
        elseif declaration.default ~= nil then
            checked[name] = declaration.default
        end
    end
    return checked
end

--- A text with options named as its reader knows them: the library writes them as in Lua, between backticks.
-- @tparam string text
-- @tparam function spell name → what to write for it, backticks included
-- @treturn string
function M.spelled(text, spell)
    return (text:gsub("`([%w_]+)`", spell))
end

--- A problem in one line: with its hint only when that lists the names there are.
-- @tparam table problem
-- @treturn string
function M.line(problem)
    return problem.option and problem.message or ("%s. %s"):format(problem.message, problem.hint)
end

--- Raises unless a function was given a table that holds nothing but known names.
-- @tparam table declared declarations by name
-- @tparam table given
-- @tparam string what the function's name
-- @tparam[opt] integer level whose line the error names, as for `error`: default 2, the caller of who calls this
function M.known(declared, given, what, level)
    level = (level or 2) + 1
    if type(given) ~= "table" then
        error(("%s expects a table, got a %s"):format(what, type(given)), level)
    end
    local problem = M.unknown(given, declared)
    if problem then
        error(("%s: %s"):format(what, M.line(problem)), level)
    end
end

--- Checks the options of a function; whatever is wrong raises.
-- @tparam table declared declarations by name
-- @tparam table given
-- @tparam string what the function's name
-- @tparam[opt] integer level as for `known`
-- @treturn table checked
function M.arguments(declared, given, what, level)
    level = (level or 2) + 1
    M.known(declared, given, what, level)
    local checked, problem = M.values(declared, given)
    if not checked then
        error(("%s: %s"):format(what, M.line(problem)), level)
    end
    return checked
end

return M
