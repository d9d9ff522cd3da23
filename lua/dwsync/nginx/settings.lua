--- The options of setup: their ranges, their defaults, and the one line that says what is wrong with them.
-- It must not need nginx: what it has to know of it comes in.
-- @module dwsync.nginx.settings
local dwsync = require "dwsync"
local environment = require "dwsync.nginx.environment"
local fingerprint = require "dwsync.fingerprint"
local health = require "dwsync.health"
local json = require "dwsync.json"
local options = require "dwsync.client.options"
local timestamps = require "dwsync.timestamps"

local M = {}

local function shown(value)
    if type(value) == "string" then
        return ('"%s"'):format(value:sub(1, 60):gsub("[%c\127-\255]", "?"))
    end
    return type(value) == "number" and ("%.14g"):format(value) or "a " .. type(value)
end

local function expected(name, value, what)
    return nil, ("%s is %s, expected %s"):format(name, shown(value), what)
end

-- ---- kinds of values: check(name, value) → value, or nil and what is wrong --------------------------

local function duration(low, high, what)
    return function(name, value)
        local seconds = type(value) == "string" and timestamps.duration(value) or value
        if type(seconds) == "number" and seconds >= low and seconds <= high then
            return seconds
        end
        return expected(name, value, what)
    end
end

local function number(low, high, what, whole)
    return function(name, value)
        if type(value) == "number" and value >= low and value <= high and (not whole or value % 1 == 0) then
            return value
        end
        return expected(name, value, what)
    end
end

local function name_of_nginx(name, value)
    if type(value) == "string" and value:find "^[%w_.-]+$" then
        return value
    end
    return expected(name, value, "a name of letters, digits, '_', '-' and '.'")
end

-- Only read, not opened: that would make the file, and the master is often another user than its workers.
local function history(name, value)
    if type(value) ~= "string" or value == "" or value:find "%c" then
        return nil, name .. " is no path and no postgres:// URL" -- never shown: a URL may hold a password
    end
    local place, err = require("dwsync.history.target").read(value)
    return place and value, err and ("%s: %s"):format(name, err.message)
end

-- What a thread is given are texts, numbers and tables of them: a function would have to leave the VM it lives in.
local function without_functions(name, value)
    if type(value) == "function" or type(value) == "userdata" or type(value) == "thread" then
        return nil, ("%s is a %s, which cannot enter a thread: use one of the sources of credentials"):format(name,
            type(value))
    elseif type(value) == "table" then
        for key, item in pairs(value) do
            local good, err = without_functions(("%s.%s"):format(name, tostring(key)), item)
            if not good then
                return nil, err
            end
        end
    end
    return true
end

local function client(name, value)
    if type(value) ~= "table" then
        return expected(name, value, "a table of the options of dwsync.new")
    end
    local good, err = without_functions(name, value)
    return good and value, err
end

local function cluster(name, value)
    local given = type(value) == "table" and value or { id = value }
    local id, err = options.identifier(name, given.id)
    if not id then
        return nil, err.message
    end
    for key in pairs(given) do
        if key ~= "id" and key ~= "name" then
            return nil, ("%s.%s is unknown; a cluster has id and name"):format(name, tostring(key))
        end
    end
    local title = given.name
    if title ~= nil and (type(title) ~= "string" or #title > 200) then
        return expected(name .. ".name", title, "a text of at most 200 bytes")
    end
    return { id = id, name = title }
end

local function clusters(name, value)
    if value == "all" then
        return value
    elseif type(value) ~= "table" or #value == 0 then
        return expected(name, value, '"all" or a list of cluster ids, not an empty one')
    end
    local list, seen = {}, {}
    for i, item in ipairs(value) do
        local checked, err = cluster(("%s[%d]"):format(name, i), item)
        if not checked then
            return nil, err
        elseif seen[checked.id] then
            return nil, ("%s[%d] is there twice: %s"):format(name, i, checked.id)
        end
        list[i], seen[checked.id] = checked, true
    end
    return list
end

local function rules(name, value)
    if type(value) ~= "table" then
        return expected(name, value, "a table of rules")
    end
    local good, err = health.rules(value)
    return good and value, err and ("%s: %s"):format(name, err.message)
end

local OPTIONS = {
    dict = { name_of_nginx, "dwsync" },
    thread_pool = { name_of_nginx, "dwsync" },
    interval = { duration(1, 86400, 'a length of time from 1 s to a day: seconds, or "90s", "5m"'), 60 },
    jitter = { number(0, 0.5, "a share of the interval from 0 to 0.5"), 0.1 },
    timeout = { duration(1, 3600, 'a length of time from 1 s to an hour: seconds, or "90s"'), 60 },
    stale_after = { duration(1, 1e7, 'a length of time of 1 s or more: seconds, or "10m"') },
    lease = { duration(1, 3600, "a length of time from 1 s to an hour"), 10 },
    concurrency = { number(1, 1024, "an integer from 1 to 1024", true), 16 },
    records = { number(0, 100000, "an integer from 0 to 100000", true), 1000 },
    client = { client, {} },
    clusters = { clusters },
    rules = { rules, {} },
    history = { history },
}

local function names()
    local list = {}
    for name in pairs(OPTIONS) do
        list[#list + 1] = name
    end
    table.sort(list)
    return table.concat(list, ", ")
end

local function check_each(given)
    for name in pairs(given) do
        if not OPTIONS[name] then
            return nil, ("unknown option '%s'; there are %s"):format(tostring(name), names())
        end
    end
    if given.clusters == nil then
        return nil, 'clusters is missing: "all", or a list of cluster ids'
    end
    local checked = {}
    for name, option in pairs(OPTIONS) do
        local value, err = given[name], nil
        if value == nil then
            value = option[2]
        else
            value, err = option[1](name, value)
        end
        if err then
            return nil, err
        end
        checked[name] = value
    end
    return checked
end

-- Makes a client and throws it away: it says what is wrong with its options, the endpoints and the files they name.
local function try_client(checked, getenv)
    local given = {}
    for name, value in pairs(checked.client) do
        given[name] = value
    end
    given.getenv = getenv
    local made, made_client, err = pcall(dwsync.new, given)
    if not made then
        return nil, "client: " .. tostring(made_client):gsub("^.-:%d+: ", "")
    end
    return made_client and true, err and "client: " .. err.message
end

--- Checks what setup was given, and reads the environment.
-- @tparam table given
-- @tparam function getenv function(name) → text or nil
-- @treturn table with defaults, `environment` (the variables that were set), `order`: all that a thread has to know, as
-- JSON, and `identity`: a text by which two orders are compared; or nil
-- @treturn string what is wrong, in one line
function M.check(given, getenv)
    if type(given) ~= "table" then
        return nil, "setup expects a table, got " .. type(given)
    end
    local checked, err = check_each(given)
    if not checked then
        return nil, err
    end
    local variables, recorded = environment.capture(getenv)
    local good
    good, err = try_client(checked, recorded)
    if not good then
        return nil, (err:gsub("[\r\n]+", " "))
    end
    checked.stale_after = checked.stale_after or 3 * checked.interval + checked.timeout
    checked.environment = variables
    local order = {
        client = checked.client,
        clusters = checked.clusters,
        concurrency = checked.concurrency,
        dict = checked.dict,
        environment = variables,
        history = checked.history,
        records = checked.records,
        rules = checked.rules,
        timeout = checked.timeout,
    }
    checked.order, checked.identity = json.encode(order), fingerprint.of(order)
    return checked
end

return M
