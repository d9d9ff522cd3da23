--- The options that choose among records: status, source, a period of time.
-- It must not fetch or filter: it says what was asked for.
-- @module dwsync.cli.record_options
local display = require "dwsync.text"
local timestamps = require "dwsync.timestamps"

local M = {}

local function names_in(text)
    local items = {}
    for item in text:gmatch "[^,%s]+" do
        items[#items + 1] = item
    end
    return #items > 0 and items or nil
end

local STATUSES = { FINISHED = true, FAILED = true, RUNNING = true }

-- A status that is none would find nothing, which looks as if all were well.
local function statuses(text)
    local names = names_in(text)
    for i, name in ipairs(names or {}) do
        names[i] = name:upper()
        if not STATUSES[names[i]] then
            return nil, ("--status: '%s' is none of FINISHED, FAILED, RUNNING"):format(name)
        end
    end
    return names, not names and ("--status: '%s' names nothing"):format(text) or nil
end

-- Types are written in lower case by the service; ids are compared as they are, or in lower case.
local function sources(text)
    local names = names_in(text)
    for i = 1, #(names or {}) do
        names[#names + 1] = names[i]:lower()
    end
    return names, not names and ("--source: '%s' names nothing"):format(text) or nil
end

--- The option of sources alone.
-- @param command an argparse command
-- @return the option
function M.source(command)
    return command:option("--source", "Only these sources: ids or types.", nil, sources, 1):argname "<names>"
end

--- Adds the options.
-- @param command an argparse command
-- @param ... further options of the same group
function M.configure(command, ...)
    command:group("Which records",
        command:option("--status", "Only these: FINISHED, FAILED, RUNNING.", nil, statuses, 1):argname "<names>",
        command:option("--since", "Started at or after: 90m, 24h, 7d, ISO 8601.", nil, nil, 1):argname "<when>",
        command:option("--until", "Started before: 90m, 24h, 7d, ISO 8601.", nil, nil, 1):argname "<when>",
        M.source(command), ...)
end

local function point(args, name, context)
    if not args[name] then
        return nil
    end
    local ms = timestamps.point(args[name], context.now())
    if not ms then
        context.stderr:write(("dwsync: --%s: '%s' is no point in time\n        Write 90m, 24h, 7d, 2w, 2025-05-19, "
            .. "2025-05-19T06:55:23Z or milliseconds.\n"):format(name, display.excerpt(args[name], 60)))
    end
    return ms, not ms
end

--- The period that the options since and until name.
-- @tparam table args
-- @tparam table context
-- @treturn integer milliseconds, inclusive, or nil
-- @treturn integer milliseconds, exclusive, or nil
-- @treturn boolean whether it makes no sense, which was said
function M.period(args, context)
    local since, bad_since = point(args, "since", context)
    local till, bad_till = point(args, "until", context)
    if since and till and since >= till then
        context.stderr:write "dwsync: --since is not before --until, so nothing can fit\n"
        return nil, nil, true
    end
    return since, till, bad_since or bad_till or false
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
