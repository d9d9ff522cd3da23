--- What a fleet is: accounts, where their clusters are, how often and how fast they are asked.
-- It must not hold a secret: credentials name their source.
-- @module dwsync.fleet.inventory
local alert_settings = require "dwsync.problems.settings"
local checks = require "dwsync.checks"
local cluster_names = require "dwsync.cluster_names"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local fingerprint = require "dwsync.fingerprint"
local options = require "dwsync.client.options"
local rules = require "dwsync.health.rules"

local M = {}

local NAMES = { kind = "list", of = { kind = "string", longest = 200 } }
local INTERVAL = { kind = "duration", from = 1, to = 30 * 86400 }

local TOP = {
    history = { kind = "string", empty = true, secret = true, expected = "a path or a postgres:// URL" },
    accounts = { kind = "table", required = true },
    interval = { kind = "duration", from = 1, to = 30 * 86400, default = 60 },
    discovery = { kind = "duration", from = 1, to = 30 * 86400, default = 600 },
    lease = { kind = "duration", from = 1, to = 3600, default = 90 },
    exclude = NAMES,
    overrides = { kind = "table", default = {} },
    thresholds = { kind = "table", default = {} },
    alerts = { kind = "table" },
    show_accounts = { kind = "boolean" }, -- whether names of accounts may stand in verdicts: names of people
}

-- Options of dwsync.new that are an account's.
local ACCOUNT = {
    regions = NAMES,
    rate = { kind = "number", noun = "a number of requests a second", above = 0, to = 1000, default = 1 },
    burst = { kind = "number", noun = "a number of requests", from = 1, to = 10000 },
    interval = INTERVAL,
    clusters = NAMES,
    exclude = NAMES,
    list_accounts = { kind = "boolean", default = false }, -- whether to keep who is in the databases: names of people
}
for name, declared in pairs(options.PLAIN) do
    ACCOUNT[name] = ACCOUNT[name] or name ~= "region" and name ~= "project_id" and declared or nil
end

local OVERRIDE = { interval = INTERVAL, thresholds = { kind = "table" } }

local SECRET = { ak = true, sk = true, security_token = true, password = true, passcode = true, token = true }

local function refused(message, hint)
    return nil, errors.new { kind = "config", message = message, hint = hint }
end

local HOLDS_CREDENTIALS = { credentials = true, from = true }

-- Secrets are refused wherever somebody may put them: in the account, its credentials, and those they come from.
local function refuse_secrets(path, given)
    for name, value in pairs(type(given) == "table" and given or {}) do
        if SECRET[name] then
            return refused(("%s.%s is a secret, and secrets do not belong in this file"):format(path, name),
                "Name a source of them: a credentials file, an agency, the environment.")
        elseif HOLDS_CREDENTIALS[name] then
            local good, err = refuse_secrets(("%s.%s"):format(path, name), value)
            if not good then
                return nil, err
            end
        end
    end
    return true
end

local function check_account(name, given)
    local path = "accounts." .. name
    local good, err = refuse_secrets(path, given)
    if not good then
        return nil, err
    end
    local checked, problem = checks.read(ACCOUNT, given, { path = path .. ".", noun = "key" })
    if not checked then
        return nil, errors.new(problem)
    end
    checked.name, checked.client = name, {}
    for option in pairs(options.PLAIN) do
        if ACCOUNT[option] then
            checked.client[option] = given[option] -- defaults are the client's
        end
    end
    checked.burst = checked.burst or math.ceil(checked.rate)
    return checked
end

local function check_accounts(given)
    local accounts = {}
    for name, account in pairs(given) do
        if type(name) ~= "string" or not checks.value({ kind = "identifier" }, name, name) then
            return refused("accounts: names are letters, digits, '-', '_' and '.'", "Write accounts = { hq = { … } }.")
        elseif type(account) ~= "table" then
            return refused(("accounts.%s is a %s, expected a table"):format(name, type(account)))
        end
        local checked, err = check_account(name, account)
        if not checked then
            return nil, err
        end
        accounts[#accounts + 1] = checked
    end
    if #accounts == 0 then
        return refused("there are no accounts", "Write accounts = { hq = { credentials = { source = … } } }.")
    end
    table.sort(accounts, function(a, b) return a.name < b.name end)
    return accounts
end

local function merged(base, own)
    local result = {}
    for _, given in ipairs { base, own } do
        for rule, settings in pairs(given) do
            if type(settings) == "table" and type(result[rule]) == "table" then
                for option, value in pairs(settings) do
                    result[rule][option] = value
                end
            elseif type(settings) == "table" then
                result[rule] = {}
                for option, value in pairs(settings) do
                    result[rule][option] = value
                end
            else
                result[rule] = settings
            end
        end
    end
    return result
end

-- By pattern, the longest last, which beats the others.
local function check_overrides(given, thresholds)
    local list = {}
    for pattern, override in pairs(given) do
        if type(pattern) ~= "string" or type(override) ~= "table" then
            return refused("overrides: expected tables by pattern", 'Write overrides = { ["prod-*"] = { … } }.')
        end
        local path = ("overrides.%s."):format(pattern)
        local checked, problem = checks.read(OVERRIDE, override, { path = path, noun = "key" })
        if not checked then
            return nil, errors.new(problem)
        end
        local wanted, err = rules.check(merged(thresholds, checked.thresholds), { path = path .. "thresholds." })
        if not wanted then
            return nil, err
        end
        list[#list + 1] = { pattern = pattern, interval = checked.interval, rules = wanted }
    end
    table.sort(list, function(a, b)
        if #a.pattern ~= #b.pattern then
            return #a.pattern < #b.pattern
        end
        return a.pattern < b.pattern
    end)
    return list
end

-- Other rules, or another release with the same ones, may judge the same page differently.
local function mark_of(wanted)
    return core.sha256(core.version .. fingerprint.of(wanted)):sub(1, 16)
end

local Inventory = { __name = "dwsync.fleet.inventory" }
Inventory.__index = Inventory

--- Checks an inventory.
-- @tparam table given what fleet.lua returned
-- @treturn ?dwsync.fleet.inventory `history`, `accounts` (a list, by name), `interval`, `discovery`, `lease` (seconds),
-- `alerts`
-- @treturn dwsync.error kind "config"
function M.check(given)
    if type(given) ~= "table" then
        return refused(("the inventory is a %s, expected a table"):format(type(given)),
            "Write return { accounts = { … } }.")
    end
    local self, problem = checks.read(TOP, given, { noun = "key" })
    if not self then
        return nil, errors.new(problem)
    end
    local err
    self.accounts, err = check_accounts(self.accounts)
    if self.accounts then
        self.rules, err = rules.check(self.thresholds, { path = "thresholds." })
    end
    if self.rules then
        self.overrides, err = check_overrides(self.overrides, self.thresholds)
    end
    if not err and self.alerts then
        self.alerts, err = alert_settings.check(self.alerts)
    end
    if err then
        return nil, err
    end
    self.by_name = {}
    for _, account in ipairs(self.accounts) do
        self.by_name[account.name] = account
    end
    self.marks = { [self.rules] = mark_of(self.rules) }
    for _, override in ipairs(self.overrides) do
        self.marks[override.rules] = mark_of(override.rules)
    end
    return setmetatable(self, Inventory)
end

local function any_matches(patterns, cluster)
    for _, pattern in ipairs(patterns or {}) do
        if cluster_names.matches(pattern, cluster) then
            return true
        end
    end
    return false
end

--- Whether a cluster of an account belongs to the fleet.
-- @tparam string account
-- @tparam {id=string,name=?string} cluster
-- @treturn boolean
function Inventory:has(account, cluster)
    local own = self.by_name[account]
    return own ~= nil and (not own.clusters or any_matches(own.clusters, cluster))
        and not any_matches(self.exclude, cluster) and not any_matches(own.exclude, cluster)
end

--- How often a cluster is looked at, and by which rules it is judged.
-- @tparam string account
-- @tparam {id=string,name=?string} cluster
-- @treturn number seconds
-- @treturn table rules
-- @treturn string which differs where rules do
function Inventory:settings_of(account, cluster)
    local own = self.by_name[account]
    local interval, wanted = own and own.interval or self.interval, self.rules
    for _, override in ipairs(self.overrides) do
        if cluster_names.matches(override.pattern, cluster) then
            interval, wanted = override.interval or interval, override.rules
        end
    end
    return interval, wanted, self.marks[wanted]
end

return M
