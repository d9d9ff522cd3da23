--- What a configuration file may hold, and the error that names the key which it may not.
-- It must not take a secret, nor show the value of a refused key.
-- @module dwsync.cli.configuration_keys
local checks = require "dwsync.checks"
local errors = require "dwsync.errors"
local options = require "dwsync.client.options"
local programs = require "dwsync.programs"
local text = require "dwsync.text"

local M = {}

local TOP = {
    profile = { kind = "string" },
    profiles = { kind = "table" },
    clusters = { kind = "table" },
    all_clusters = { kind = "list", least = 1, of = { kind = "string", longest = 200 },
        expected = 'a list of names, ids and patterns such as { "prod-*" }, not an empty one' },
    thresholds = { kind = "table" },
    history = { kind = "string", empty = true, secret = true, expected = "a path or a postgres:// URL" },
    show_accounts = { kind = "boolean" }, -- whether names of accounts may stand in verdicts: names of people
    on_change = { kind = "function" },
    pass_environment = { kind = "list" },
    alerts = { kind = "table" },
}

local SECRET = { ak = true, sk = true, security_token = true, password = true, passcode = true, token = true }

local MAX_DEPTH = 8

local function wrong(message, hint)
    return nil, errors.new { kind = "config", message = message, hint = hint }
end

local function key_of(key)
    return type(key) == "string" and text.excerpt(key, 60) or "[" .. tostring(key) .. "]"
end

local function below(path, key)
    return path == "" and key_of(key) or ("%s.%s"):format(path, key_of(key))
end

local function is_name(key)
    return type(key) == "string" and key:find "%S" and not key:find "%c"
end

-- A copy of plain data, so that nothing of the file's code remains in it.
local function copy(path, value, depth)
    if type(value) == "function" then
        return wrong(path .. " is a function, which only on_change may be", "Write the value itself.")
    elseif type(value) ~= "table" then
        return value
    elseif depth > MAX_DEPTH then
        return wrong(path .. " is nested too deeply", "Write a table of plain values.")
    end
    local result = {}
    for key, item in pairs(value) do
        local err
        result[key], err = copy(below(path, key), item, depth + 1)
        if err then
            return nil, err
        end
    end
    return result
end

local function refuse_secrets(path, given)
    for key in pairs(given) do
        if SECRET[key] then
            return wrong(("%s.%s is a secret, and secrets do not belong in this file"):format(path, key),
                "Name a source of them: the environment, the credentials file, the metadata service.")
        end
    end
    return true
end

local function check_credentials(path, given)
    if type(given) == "string" then
        given = { source = given }
    elseif type(given) ~= "table" then
        return wrong(("%s is a %s, expected the name of a source or a table"):format(path, type(given)),
            'Write "environment", "file", "metadata", … or { source = …, … }.')
    end
    local free, secret = refuse_secrets(path, given)
    if not free then
        return nil, secret
    elseif given.source == nil then
        return wrong(path .. " names no source", 'Write "environment", "file", "metadata", … or { source = …, … }.')
    elseif given.from ~= nil then
        local from, err = check_credentials(path .. ".from", given.from)
        if not from then
            return nil, err
        end
        given.from = from
    end
    return given
end

-- Options of dwsync.new, checked by the same declarations.
local function check_profile(path, given)
    local table_given, message = checks.value({ kind = "table" }, given, path)
    if not table_given then
        return wrong(message)
    end
    local free, secret = refuse_secrets(path, given)
    if not free then
        return nil, secret
    end
    local problem = checks.unknown(given, options.PLAIN, { noun = "key", path = path .. "." })
    if problem then
        return nil, errors.new(problem)
    end
    local _, err
    if given.credentials ~= nil then
        given.credentials, err = check_credentials(path .. ".credentials", given.credentials)
    end
    if not err then
        _, err = options.client(given)
        err = err and errors.new { kind = "config", hint = err.hint, option = err.option,
            message = path .. "." .. err.message }
    end
    return not err, err
end

-- Checks names, and with check(path, value) what has each name.
local function check_named(noun, how, check)
    return function(given)
        for name, value in pairs(given) do
            if not is_name(name) then
                return wrong(("%ss: %s is not the name of a %s"):format(noun, key_of(name), noun), how)
            end
            local good, err = check(below(noun .. "s", name), value)
            if not good then
                return nil, err
            end
        end
        return true
    end
end

local function check_thresholds(given)
    return require("dwsync.health.rules").check(given, { path = "thresholds." })
end

local function check_default_profile(name, given)
    if not given.profiles[name] then
        return wrong(("profile is '%s', which profiles does not have"):format(key_of(name)),
            "Add it to profiles, or name one of those.")
    end
    return true
end

local function check_names(given)
    for _, name in ipairs(given) do
        if not programs.VARIABLE.read(name) then
            return wrong(("pass_environment has %s, expected names of variables"):format(
                type(name) == "string" and ("'%s'"):format(key_of(name)) or "a " .. type(name)),
                'Write { "NAME", … }: the values come from the environment.')
        end
    end
    return true
end

-- Fills in what they leave out.
local function check_alerts(given, all)
    local checked, err = require("dwsync.problems.settings").check(given)
    all.alerts = checked
    return checked ~= nil, err
end

local CHECKS = {
    { "alerts", check_alerts },
    { "pass_environment", check_names },
    { "profiles", check_named("profile", "Write name = { … }.", check_profile) },
    { "clusters", check_named("cluster", 'Write name = "its id".', options.identifier) },
    { "thresholds", check_thresholds },
    { "profile", check_default_profile },
}

local function check_each(given)
    for _, check in ipairs(CHECKS) do
        local value = given[check[1]]
        if value ~= nil then
            local good, err = check[2](value, given)
            if not good then
                return nil, err
            end
        end
    end
    return given
end

-- What people put one level too high.
local function misplaced(given)
    for name in pairs(given) do
        if SECRET[name] then
            return wrong(("%s is a secret, and secrets do not belong in this file"):format(name),
                "Use the environment or the credentials file.")
        elseif not TOP[name] and options.PLAIN[name] then
            return wrong(("'%s' belongs in a profile"):format(name),
                ("Write profile = \"main\", profiles = { main = { %s = … } }."):format(name))
        end
    end
    return true
end

--- Checks what a configuration file returned.
-- @tparam table given
-- @treturn table copy, with `profiles`, `clusters` and `thresholds` present, or nil
-- @treturn dwsync.error kind "config"
function M.check(given)
    local plain, placed, err = {}, misplaced(given)
    if not placed then
        return nil, err
    end
    for name, value in pairs(given) do
        plain[name], err = value, nil
        if name ~= "on_change" then
            plain[name], err = copy(key_of(name), value, 1)
        end
        if err then
            return nil, err
        end
    end
    local checked, problem = checks.read(TOP, plain, { noun = "key" })
    if not checked then
        return nil, errors.new(problem)
    end
    checked.profiles, checked.clusters = checked.profiles or {}, checked.clusters or {}
    return check_each(checked)
end

return M
