--- The spelling of options on the command line, which has two dashes in front of them.
-- @module dwsync.cli.spelling
local checks = require "dwsync.checks"

local M = {}

--- The options of dwsync.new that the command line has as well.
M.ON_COMMAND_LINE = { "region", "endpoint", "iam_endpoint", "project_id", "proxy", "ca_file", "timeout", "retries",
    "page_size", "paging" }

local SPELLED = {}
for _, name in ipairs(M.ON_COMMAND_LINE) do
    SPELLED[name] = "--" .. name:gsub("_", "-")
end

local function spell(name)
    return SPELLED[name] or name .. " of a profile"
end

--- A hint with options named as on the command line and in the configuration file.
-- @tparam string text
-- @treturn string
function M.hint(text)
    return checks.spelled(text, spell)
end

--- The same for the hint of an error.
-- @param err changed in place
-- @return err
function M.hint_of(err)
    if type(err) == "table" and err.hint then
        err.hint = M.hint(err.hint)
    end
    return err
end

-- The value of an option among the arguments of a command line.
local function value_among(arguments, name)
    for i, argument in ipairs(arguments) do
        if argument == name then
            return arguments[i + 1]
        elseif argument:sub(1, #name) == name then
            return (argument:sub(#name + 1):gsub("^=", ""))
        end
    end
end

-- Commands of other tools, and words that follow another one here.
local MEANT = { list = "records", ls = "records", get = "records", show = "records", ["sync-records"] = "records",
    status = "health", verdicts = "health", pull = "history pull", prune = "history prune", migrate = "history migrate",
    ack = "alerts ack", silence = "alerts silence", unsilence = "alerts unsilence", drain = "fleet drain",
    explain = "fleet explain", metrics = "report -o prometheus" }

--- What argparse says of a command line, in the words of dwsync.checks: with the value, and what may have been meant.
-- @tparam string reason
-- @tparam {string,...} arguments
-- @treturn string
function M.usage(reason, arguments)
    for _, argument in ipairs(reason:find "^unknown option '%-%d'" and arguments or {}) do
        if argument:find "^%-%d" then
            return ("'%s' is taken for an option: write '%s', which means that long ago"):format(argument,
                argument:sub(2))
        end
    end
    local meant = MEANT[reason:match "^unknown command '(.*)'$"]
    if meant then
        return ("%s. Did you mean '%s'?"):format(reason, meant)
    end
    local name, choices = reason:match "^argument for option '(.-)' must be one of '(.*)'$"
    local value = name and value_among(arguments, name)
    if not value then
        return (reason:gsub("\nDid you mean", ". Did you mean"))
    end
    local values = {}
    for choice in (choices .. "', '"):gmatch "(.-)', '" do
        values[#values + 1] = choice
    end
    return select(2, checks.value({ kind = "one_of", values = values }, value, name)) or reason
end

--- The error about an option, with a message that names it as on the command line or in the configuration file.
-- @tparam dwsync.error err changed in place
-- @tparam table given options of dwsync.new
-- @tparam table said names of those from the profile, as keys
-- @tparam[opt] string profile
-- @treturn dwsync.error
function M.option(err, given, said, profile)
    local name = err.option
    local spelled = name and (said[name] and ("profiles.%s.%s"):format(profile, name)
        or given[name] ~= nil and SPELLED[name])
    if spelled then
        err.message = spelled .. err.message:sub(#name + 1)
    end
    return err
end

return M
