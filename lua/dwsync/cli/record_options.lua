--- The options that choose among records: status, source, a period of time.
-- @module dwsync.cli.record_options
local checks = require "dwsync.checks"
local options = require "dwsync.client.options"
local timestamps = require "dwsync.timestamps"

local M = {}

--- The names in a text, separated by commas or blanks.
-- @tparam string text
-- @treturn ?{string,...} nil when there are none
function M.names_in(text)
    local items = {}
    for item in text:gmatch "[^,%s]+" do
        items[#items + 1] = item
    end
    return #items > 0 and items or nil
end

local STATUSES = require("dwsync.record_fields").by_name.status.words

-- A misspelled status would find nothing, which looks as if all were well.
local STATUS = {
    values = checks.names(STATUSES),
    expected = "FINISHED, FAILED or RUNNING, separated by commas",
    read = function(text)
        local names = M.names_in(text)
        for i, name in ipairs(names or {}) do
            names[i] = name:upper()
            if not STATUSES[names[i]] then
                return nil
            end
        end
        return names
    end,
}

-- The service writes types in lower case; ids are compared as they are, or in lower case.
local SOURCE = {
    expected = "ids or types of identity sources, separated by commas",
    read = function(text)
        local names = M.names_in(text)
        for i = 1, #(names or {}) do
            names[#names + 1] = names[i]:lower()
        end
        return names
    end,
}

-- People type the time that their clock shows: TZ, or the machine's zone.
M.LOCAL = {
    to_utc = function(seconds)
        local date = os.date("!*t", math.floor(seconds))
        date.isdst = nil
        return os.time(date) + seconds % 1
    end,
    from_utc = function(seconds)
        return timestamps.from_iso(os.date("%Y-%m-%dT%H:%M:%S", math.floor(seconds)))
    end,
}

local POINT = { kind = "point", zone = M.LOCAL }

--- Makes the option for sources alone.
-- @param command an argparse command
-- @return the option
function M.source(command)
    return command:option("--source", "Only these sources: ids or types.", nil,
        checks.reader(SOURCE, "--source")):argname "<names>"
end

--- Makes the option for a number of records.
-- @param command an argparse command
-- @tparam[opt] boolean is_hidden where it is only understood
-- @return the option
function M.limit(command, is_hidden)
    return command:option("--limit", not is_hidden and "Only the newest so many of a cluster." or nil, nil,
        checks.reader(options.PLAIN.limit, "--limit")):argname "<n>":hidden(is_hidden or false)
end

--- Adds the options.
-- @param command an argparse command
-- @param ... further options of the same group
function M.configure(command, ...)
    command:group("Which records",
        command:option("--status", "Only these: FINISHED, FAILED, RUNNING.", nil,
            checks.reader(STATUS, "--status")):argname "<names>",
        command:option("--since", "Started at or after: 90m, 7d, yesterday, a local date or time.")
            :argname "<when>",
        command:option("--until", "Started before."):argname "<when>",
        M.source(command), ...)
end

--- The point in time that an option names.
-- @tparam string value
-- @tparam string name of the option
-- @tparam table context
-- @treturn ?integer milliseconds
-- @treturn ?string what is wrong with it
function M.point(value, name, context)
    return checks.value(POINT, value, name, context.now())
end

--- The period that the options since and until name.
-- @tparam table args
-- @tparam table context
-- @treturn ?integer milliseconds, inclusive
-- @treturn ?integer milliseconds, exclusive
-- @treturn ?string what is wrong with the two
function M.period(args, context)
    local points = {}
    for _, name in ipairs { "since", "until" } do
        local wrong
        if args[name] then
            points[name], wrong = M.point(args[name], "--" .. name, context)
        end
        if wrong then
            return nil, nil, wrong
        end
    end
    local since, till = points.since, points["until"]
    return since, till, since and till and since >= till and "--since must be before --until" or nil
end

--- Whether a record is of one of the sources asked for.
-- @tparam table record
-- @tparam {string,...} wanted nil for all
-- @treturn boolean
function M.is_of(record, wanted)
    for _, name in ipairs(wanted or {}) do
        if record.identity_source_id == name or record.identity_source_type == name then
            return true
        end
    end
    return wanted == nil
end

return M
