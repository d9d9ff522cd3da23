--- Who is told of a problem, and when: the first route that fits says so.
-- It must do no I/O and read no clock: the problem and the time come in.
-- @module dwsync.problems.routes
local checks = require "dwsync.checks"
local cluster_names = require "dwsync.cluster_names"
local findings = require "dwsync.problems.findings"
local rules = require "dwsync.health.rules"
local severities = require "dwsync.severity"
local windows = require "dwsync.problems.windows"

local M = {}

local NAMES_OF_RULES = { "disabled", "unreachable" }
for i, name in ipairs(rules.names) do
    NAMES_OF_RULES[i + 2] = name
end
table.sort(NAMES_OF_RULES)

-- ---- how a route is written ----------------------------------------------------------------------

-- One of something, or a list of them, read as a list.
local function one_or_more(declared, least)
    return { check = function(value, name)
        if type(value) ~= "table" then
            local one, message = checks.value(declared, value, name)
            return one ~= nil and { one } or nil, message
        end
        return checks.value({ kind = "list", of = declared, least = least or 1 }, value, name)
    end }
end

local function hours(more)
    local fields = {}
    for _, some in ipairs { windows.FIELDS, more or {} } do
        for name, declaration in pairs(some) do
            fields[name] = declaration
        end
    end
    local window = { kind = "table", fields = fields }
    return { check = function(value, name)
        if type(value) == "table" and value[1] ~= nil then
            return checks.value({ kind = "list", of = window }, value, name)
        end
        local one, message = checks.value(window, value, name)
        return one and { one }, message
    end }
end

local TEXT = { kind = "string", longest = 200 }

--- How a route is declared, see dwsync.checks. All that it names must fit; without any of them it fits everything.
M.OPTIONS = {
    cluster = one_or_more(TEXT),
    account = one_or_more(TEXT),
    source = one_or_more(TEXT),
    source_type = one_or_more(TEXT),
    rule = one_or_more { kind = "one_of", values = NAMES_OF_RULES },
    severity = { kind = "one_of", values = { "unknown", "warning", "critical" } },
    hours = hours(),
    to = one_or_more({ kind = "string" }, 0),
    after = { kind = "duration", from = 0, to = 7 * 86400 },
    recover = { kind = "duration", from = 0, to = 7 * 86400 },
    remind = { kind = "duration", from = 60, to = 30 * 86400, off = true },
    quiet = hours { hold_critical = { kind = "boolean", default = false } },
}
M.OPTIONS.to.required, M.OPTIONS.to.expected = true, "a channel or a list of them"

--- How long the ends of a route are, where it does not say so, in seconds.
M.DEFAULTS = { after = 0, recover = 0, remind = 86400 }

-- ---- which fits ----------------------------------------------------------------------------------

local function is_among(list, value)
    for _, wanted in ipairs(list) do
        if wanted == value then
            return true
        end
    end
    return false
end

local function matches_any(patterns, cluster)
    for _, pattern in ipairs(patterns) do
        if cluster_names.matches(pattern, cluster) then
            return true
        end
    end
    return false
end

-- Who wants to hear of every cluster wants to hear that they cannot be listed, or not be asked with this key.
local function are_all(patterns)
    return is_among(patterns, "*")
end

local FITS = {
    cluster = function(patterns, problem)
        return are_all(patterns) or findings.is_of_cluster(problem.cluster_id)
            and matches_any(patterns, { id = problem.cluster_id, name = problem.cluster_name })
    end,
    account = function(patterns, problem)
        return problem.account ~= nil and matches_any(patterns, { id = problem.account })
    end,
    source = function(names, problem) return is_among(names, problem.source) end,
    source_type = function(names, problem) return is_among(names, problem.source_type) end,
    rule = function(names, problem) return is_among(names, problem.rule) end,
    severity = function(least, problem)
        return severities.level(problem.severity) >= severities.level(least)
    end,
    hours = function(wanted, _, now) return windows.contain(wanted, now) end,
}

local function fits(route, problem, now)
    for name, fit in pairs(FITS) do
        if route[name] ~= nil and not fit(route[name], problem, now) then
            return false
        end
    end
    return true
end

-- ---- what it says --------------------------------------------------------------------------------

-- Until when quiet hours hold what there is to say.
local function held_until(route, problem, now)
    if not route.quiet then
        return nil
    end
    local holding = {}
    for _, window in ipairs(route.quiet) do
        holding[#holding + 1] = (problem.severity ~= "critical" or window.hold_critical) and window or nil
    end
    return windows.till(holding, now)
end

local function milliseconds(route, name)
    local value = route[name]
    if value == nil then
        value = M.DEFAULTS[name]
    end
    return value and math.floor(value * 1000) or nil
end

local Routes = { __name = "dwsync.problems.routes" }
Routes.__index = Routes

--- What is to be done about a problem.
-- @table dwsync.problem.plan
-- @tfield {string,...} to the channels to tell, each once; none where no route fits
-- @tfield ?integer route the number of the route; nil where none fits, or there are none
-- @tfield integer after how long it must last before it is told, milliseconds
-- @tfield integer recover how long it must be ok before it is over, milliseconds
-- @tfield ?integer remind when it is told again for the first time, milliseconds; nil: never
-- @tfield ?integer held_until the end of the quiet hours that hold it, milliseconds since the epoch

--- Makes the routes of a configuration.
-- @tparam ?{table,...} list of routes, checked; nil: everybody is told everything
-- @tparam {string,...} names of all channels, those of the environment and of options among them
-- @tparam[opt] {[string]=boolean} unrouted channels that are told everything whatever the routes say: those that the
-- configuration does not know
-- @treturn dwsync.problems.routes
function M.new(list, names, unrouted)
    local always = {}
    for _, name in ipairs(names) do
        always[#always + 1] = (not list or unrouted and unrouted[name]) and name or nil
    end
    return setmetatable({ list = list or {}, always = always }, Routes)
end

local function all_of(...)
    local result, seen = {}, {}
    for _, names in ipairs { ... } do
        for _, name in ipairs(names) do
            if not seen[name] then
                result[#result + 1], seen[name] = name, true
            end
        end
    end
    return result
end

--- Which route a problem takes.
-- @tparam dwsync.problem problem; of these what is known: `cluster_id`, `cluster_name`, `account`, `source`,
-- `source_type`, `rule`, `severity`
-- @tparam integer now milliseconds since the epoch
-- @treturn dwsync.problem.plan
function Routes:plan(problem, now)
    local found, number = {}, nil
    for i, route in ipairs(self.list) do
        if fits(route, problem, now) then
            found, number = route, i
            break
        end
    end
    return { to = all_of(found.to or {}, self.always), route = number, after = milliseconds(found, "after"),
        recover = milliseconds(found, "recover"), remind = milliseconds(found, "remind"),
        held_until = held_until(found, problem, now) }
end

return M
