--- The option `credentials`: which sources there are, and what each of them needs to be given.
-- @module dwsync.credentials.options
local checks = require "dwsync.checks"

local M = {}

--- How long the keys of an agency may live; see dwsync.checks.
M.DURATION = { kind = "integer", noun = "a number of seconds", from = 900, to = 86400 }

-- Values are never shown: secrets are among them.
local TEXT = { kind = "string", secret = true }
local NEEDED = { kind = "string", secret = true, required = true }

local SOURCES = {
    agency = { agency_name = NEEDED, domain = TEXT, domain_id = TEXT, project_id = TEXT, iam_endpoint = TEXT,
        duration = M.DURATION },
    environment = {},
    file = { path = TEXT },
    koocli = { path = TEXT, profile = TEXT },
    metadata = { endpoint = TEXT, project_id = TEXT },
    oidc = { idp_id = NEEDED, id_token_file = NEEDED, project_id = TEXT, iam_endpoint = TEXT },
    password = { user = NEEDED, password = { kind = "string", secret = true, required = true, lines = true },
        domain = TEXT, domain_id = TEXT, user_id = TEXT, passcode = TEXT, project_id = TEXT, project_name = TEXT,
        iam_endpoint = TEXT },
    pod_identity = { endpoint = TEXT, token_file = TEXT, project_id = TEXT },
    terraform = {},
    token = { token = TEXT, project_id = TEXT },
}
for _, declared in pairs(SOURCES) do
    declared.source = NEEDED
end

-- A key pair or a token as it is: what it holds is checked when it is used, since its owner may renew it until then.
local KEYS = { ak = TEXT, sk = TEXT, security_token = TEXT, token = TEXT, project_id = TEXT, algorithm = TEXT,
    iam_endpoint = TEXT, expires_at = TEXT, identity = TEXT }

-- An agency may be asked for with another agency's keys, and a table may hold itself.
local MAX_DEPTH = 4

--- Checks its form.
-- @tparam table|function given
-- @tparam string name of the option, for messages
-- @treturn table|function given, or nil
-- @treturn string what is wrong
function M.check(given, name)
    local _, depth = name:gsub("%.from", "")
    if depth == MAX_DEPTH then
        return nil, name .. " is nested too deeply"
    elseif type(given) ~= "table" and type(given) ~= "function" then
        return nil, ("%s is a %s, expected a table or a function"):format(name, type(given))
    elseif type(given) == "function" then
        return given
    elseif given.source == nil then
        local unknown = checks.unknown(given, KEYS, { path = name .. "." })
        return not unknown and given or nil, unknown and checks.line(unknown)
    elseif not SOURCES[given.source] then
        local names = checks.names(SOURCES)
        return nil, ("%s.source is not one of %s%s"):format(name, table.concat(names, ", "),
            checks.guess(given.source, names))
    end
    local good, problem = checks.read(SOURCES[given.source], given, { path = name .. "." })
    return good and given, problem and checks.line(problem)
end

SOURCES.agency.from = { check = M.check }

return M
