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
local timestamps = lazy "dwsync.timestamps"

-- What is right needs no words: they are loaded with the first mistake.
local M = lazy("dwsync.checks.wording", {})

local INT32_MAX = 2147483647
local LONGEST_TIME = 10000 * 86400 -- seconds
local LONGEST_ID = 128

--- The limits of every integer, length of time and identifier.
-- @tfield integer integer
-- @tfield integer seconds
-- @tfield integer id bytes
M.limits = { integer = INT32_MAX, seconds = LONGEST_TIME, id = LONGEST_ID }

local function in_range(declared, value)
    local from, above, to = declared.from, declared.above, declared.to
    return type(value) == "number" and value - value == 0 -- neither infinite nor not-a-number
        and (not from or value >= from) and (not above or value > above) and (not to or value <= to)
end

-- ---- kinds -------------------------------------------------------------------------------------------
--
-- Each has read(declared, value) → whether it is good, the value as it is used; and, where digits in a text mean a
-- number, parse(text) → value.

local KINDS = {}

local function of_type(name)
    return {
        read = function(_, value)
            return type(value) == name, value
        end,
    }
end

KINDS.boolean, KINDS["function"], KINDS.table = of_type "boolean", of_type "function", of_type "table"

KINDS.list = {
    read = function(declared, value)
        local good = type(value) == "table" and #value >= (declared.least or 0)
        for key in pairs(good and value or {}) do
            good = good and type(key) == "number"
        end
        return good, value
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
}

KINDS.identifier = { -- what becomes a segment of a path
    read = function(_, value)
        return type(value) == "string" and #value <= LONGEST_ID and value:find "^[%w._-]+$" ~= nil
            and not value:find "^%.+$", value
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
}

KINDS.integer = {
    parse = parse_number,
    read = function(declared, value)
        return in_range(declared, value) and value % 1 == 0 and value <= INT32_MAX, value
    end,
}

KINDS.duration = {
    parse = parse_number,
    read = function(declared, value)
        local seconds = type(value) == "string" and timestamps.duration(value) or value
        local has_unit = type(value) == "string" or not declared.unit
        return has_unit and in_range(declared, seconds) and seconds <= LONGEST_TIME, seconds
    end,
}

KINDS.point = {
    read = function(declared, value, now)
        local ms = timestamps.point(value, now or 0, declared.zone)
        return ms ~= nil, ms
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
}

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
        return M.refused(declared, value, name)
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

--- Looks for a name that is not declared.
-- @tparam table given values by name
-- @tparam table declared what there is, by name
-- @tparam[opt] table door see `read`
-- @treturn table problem with `hint`, see `read`; nil when all names are known
function M.unknown(given, declared, door)
    for name in pairs(given) do
        if declared[name] == nil then
            return M.unknown_name(name, declared, door or {})
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

--- Raises unless a function was given a table that holds nothing but known names.
-- @tparam table declared declarations by name
-- @tparam table given
-- @tparam string what the function's name
-- @tparam integer level whose line the error names, as for `error`: 2 is the caller of who calls this
function M.known(declared, given, what, level)
    level = level + 1
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
-- @tparam[opt=2] integer level as for `known`
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

-- ---- what the other part does ------------------------------------------------------------------------

--- A value as messages show it: text in quotes, harmless and cut; of tables and functions only the type.
-- @function shown
-- @param value
-- @treturn string

--- What may have been meant by a word, to be put behind a message.
-- @function guess
-- @param word
-- @tparam {string,...} known
-- @treturn string " (did you mean 'x'?)", or "" when nothing is near

--- The names of declared options.
-- @function names
-- @tparam table declared by name
-- @treturn {string,...} in alphabetical order

--- A text with options named as its reader knows them: the library writes them as in Lua, between backticks.
-- @function spelled
-- @tparam string text
-- @tparam function spell name → what to write for it, backticks included
-- @treturn string

--- A problem in one line: with its hint only when that lists the names there are.
-- @function line
-- @tparam table problem
-- @treturn string

return M
