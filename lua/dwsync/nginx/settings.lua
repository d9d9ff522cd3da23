--- The options of setup: their ranges, their defaults, and the one line that says what is wrong with them.
-- It must not need nginx: `getenv` comes in.
-- @module dwsync.nginx.settings
local alert_settings = require "dwsync.problems.settings"
local checks = require "dwsync.checks"
local cluster_names = require "dwsync.cluster_names"
local dwsync = require "dwsync"
local environment = require "dwsync.nginx.environment"
local fingerprint = require "dwsync.fingerprint"
local json = require "dwsync.json"
local options = require "dwsync.client.options"
local rules = require "dwsync.health.rules"

local M = {}

-- Only looked at, not opened: that would create the file, and the master often runs as another user than its workers.
local function history(value, name)
    if type(value) ~= "string" or value == "" or value:find "%c" then
        return nil, name .. " is not a path or a postgres:// URL" -- never shown: a URL may hold a password
    end
    local good, err = require("dwsync.history.connection").check(value)
    if err and err.cause then
        return nil, ("%s: %s. %s nginx looks where lua_package_path and lua_package_cpath say."):format(name,
            err.message, err.hint)
    end
    return good and value, err and ("%s: %s"):format(name, err.message)
end

-- A thread is given texts, numbers and tables of them: a function cannot leave its Lua state.
local function without_functions(name, value)
    if type(value) == "function" or type(value) == "userdata" or type(value) == "thread" then
        return nil, ("%s is a %s, which cannot enter a thread"):format(name, type(value))
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

local function client(value, name)
    local given, message = checks.value({ kind = "table", expected = "a table of the options of dwsync.new" }, value,
        name)
    if not given then
        return nil, message
    end
    local good, err = without_functions(name, value)
    local problem = good and checks.unknown(value, options.PLAIN, { path = name .. "." })
    return good and not problem and value or nil, problem and checks.line(problem)
        or err and err .. ": use one of the sources of credentials"
end

local WORD = { kind = "string", longest = 200 }
local CLUSTER = {
    kind = "table",
    fields = { id = { kind = "identifier", required = true }, name = { kind = "string", longest = 200, empty = true } },
}

local EVERY = { all = true, fleet = true }

-- Names are looked up by the sweeps: setup contacts nobody.
local function cluster(value, name)
    if type(value) == "table" then
        return checks.value(CLUSTER, value, name)
    end
    local word, message = checks.value(WORD, value, name)
    return word and cluster_names.is_uuid(word) and { id = word } or word, message
end

local CLUSTERS = {
    kind = "list",
    least = 1,
    of = { check = cluster },
    expected = '"all", "fleet", or a list of names and ids of clusters, not an empty one',
}

local function clusters(value, name)
    if EVERY[value] then
        return value
    end
    local list, message = checks.value(CLUSTERS, value, name)
    local seen = {}
    for i, item in ipairs(list or {}) do
        local word = item.id or item
        if seen[word] then
            return nil, ("%s[%d] is a duplicate: %s"):format(name, i, word)
        end
        seen[word] = true
    end
    return list, message
end

local function thresholds(value, name)
    local good, err = rules.check(value, { path = name .. "." })
    return good and value, err and checks.line(err)
end

local NAME_OF_NGINX = "a name of letters, digits, '_', '-' and '.'"

-- A thread checks them again, since what is read of them cannot travel.
local function alerts(value, name)
    local given, message = checks.value({ kind = "table" }, value, name)
    if not given then
        return nil, message
    end
    local good, err = without_functions(name, value)
    local checked, problem
    if good then
        checked, problem = alert_settings.check(value)
    end
    if not checked then
        return nil, problem and problem.message or err
    elseif checked.heartbeat then
        return nil, name .. ".heartbeat is sent by dwsync collect, not by nginx"
    end
    for _, channel in ipairs(checks.names(checked.channels)) do
        if checked.channels[channel].kind == "program" then
            return nil, ("%s.channels.%s is a program, which nginx does not run: dwsync notify and watch do"):format(
                name, channel)
        end
    end
    if next(checked.channels) == nil then
        return nil, name .. ".channels is empty, so nobody would be told"
    end
    return value
end

local OPTIONS = {
    alerts = { check = alerts },
    dict = { kind = "string", pattern = "^[%w_.-]+$", expected = NAME_OF_NGINX, default = "dwsync" },
    thread_pool = { kind = "string", pattern = "^[%w_.-]+$", expected = NAME_OF_NGINX, default = "dwsync" },
    interval = { kind = "duration", from = 1, to = 86400, default = 60 },
    jitter = { kind = "number", noun = "a share of the interval", from = 0, to = 0.5, default = 0.1 },
    timeout = { kind = "duration", from = 1, to = 3600, default = 60 },
    stale_after = { kind = "duration", from = 1, to = 120 * 86400 },
    lease = { kind = "duration", from = 1, to = 3600, default = 10 },
    concurrency = { kind = "integer", from = 1, to = 1024, default = 16 },
    records = { kind = "integer", from = 0, to = 100000, default = 1000 },
    client = { check = client, default = {} },
    clusters = { check = clusters, required = true, expected = CLUSTERS.expected },
    thresholds = { check = thresholds, default = {} },
    history = { check = history },
    list_accounts = { kind = "boolean", default = false }, -- whether to keep who is in the databases: names of people
    show_accounts = { kind = "boolean", default = false }, -- whether they may stand in verdicts
}

-- Reads the environment, makes a client and throws it away: that shows what is wrong with its options, endpoints and
-- files.
local function prepare_client(checked, _, getenv)
    local given = {}
    for name, value in pairs(checked.client) do
        given[name] = value
    end
    checked.environment, given.getenv = environment.capture(getenv)
    local made, err = dwsync.new(given)
    -- DWSYNC_CA_FILE is not an option of the client.
    local is_option = err and err.option and not err.option:find "^%u"
    return made and true, err and (is_option and "client." or "client: ") .. err.message
end

-- The variables that hold addresses: a worker has none of them.
local function read_variables(checked, getenv)
    for _, name in ipairs(checks.names(checked.alerts.channels)) do
        for option, source in pairs(checked.alerts.channels[name]) do
            local variable = type(source) == "table" and source.env
            if type(variable) == "string" then
                checked.environment[variable] = getenv(variable)
                if (checked.environment[variable] or "") == "" then
                    return nil, ("alerts.channels.%s.%s: the variable %s is not set"):format(name, option, variable)
                end
            end
        end
    end
    return true
end

local function check_alerts(checked, getenv)
    if not checked.alerts then
        return true
    elseif checked.clusters == "fleet" then
        return nil, 'alerts is set, but with clusters = "fleet" the collectors tell: declare it in fleet.lua'
    elseif not checked.history then
        return nil, "alerts needs history: that is where it is kept what was told"
    end
    return read_variables(checked, getenv)
end

-- Where collectors ask the service, nginx needs their database, and none of what asking takes.
local function check_fleet(checked, given)
    if not checked.history then
        return nil, 'history is missing: clusters = "fleet" reads the database of the collectors'
    end
    for _, name in ipairs { "client", "concurrency", "list_accounts", "show_accounts" } do
        if given[name] ~= nil then
            return nil, name .. ' is set, but with clusters = "fleet" nginx does not ask the service'
        end
    end
    checked.environment = {}
    return true
end

-- What a thread needs to know.
local function order_of(checked, is_fleet)
    return {
        alerts = checked.alerts,
        client = checked.client,
        clusters = checked.clusters,
        concurrency = checked.concurrency,
        dict = checked.dict,
        environment = checked.environment,
        fleet = is_fleet and checked.history or nil,
        history = not is_fleet and checked.history or nil,
        interval = checked.alerts and checked.interval or nil,
        list_accounts = checked.list_accounts,
        show_accounts = checked.show_accounts,
        records = checked.records,
        rules = checked.thresholds,
        timeout = checked.timeout,
    }
end

-- Thresholds were called rules.
local function with_new_names(given)
    if given.rules == nil then
        return given
    elseif given.thresholds ~= nil then
        return nil, "rules is the former name of thresholds: give one of them"
    end
    local renamed = {}
    for name, value in pairs(given) do
        renamed[name == "rules" and "thresholds" or name] = value
    end
    return renamed
end

--- Checks what setup was given, and reads the environment.
-- @tparam table given
-- @tparam function getenv function(name) → text or nil
-- @treturn table with defaults, `environment` (the variables that were set), `order`: what a thread needs to know, as
-- JSON, and `identity`: a text, equal for equal orders; or nil
-- @treturn string what is wrong, in one line
function M.check(given, getenv)
    if type(given) ~= "table" then
        return nil, "setup expects a table, got a " .. type(given)
    end
    local renamed, reason = with_new_names(given)
    if not renamed then
        return nil, reason
    end
    local checked, problem = checks.read(OPTIONS, renamed)
    if not checked then
        return nil, checks.line(problem)
    end
    local is_fleet = checked.clusters == "fleet"
    if checked.list_accounts and not checked.history then
        return nil, "list_accounts needs history: accounts are kept there"
    elseif checked.show_accounts and not checked.history then
        return nil, "show_accounts needs history: accounts are kept there"
    end
    local good, err = (is_fleet and check_fleet or prepare_client)(checked, given, getenv)
    if good then
        good, err = check_alerts(checked, getenv)
    end
    if not good then
        return nil, (err:gsub("[\r\n]+", " "))
    end
    checked.stale_after = checked.stale_after or 3 * checked.interval + checked.timeout
    local order = order_of(checked, is_fleet)
    checked.order, checked.identity = json.encode(order), fingerprint.of(order)
    return checked
end

return M
