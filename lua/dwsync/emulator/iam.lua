--- The IAM operations besides tokens: which project belongs to a region, which account the caller is in, and temporary
-- keys, for a token or for an agency.
-- @module dwsync.emulator.iam
local cjson = require "cjson"
local authentication = require "dwsync.emulator.authentication"
local json_order = require "dwsync.emulator.json_order"
local keyring = require "dwsync.emulator.keyring"
local refusals = require "dwsync.emulator.refusals"

local M = {}

local function list_json(name, items, self_link)
    local parts = {}
    for i, item in ipairs(items) do
        parts[i] = cjson.encode(item)
    end
    local links = cjson.encode { self = self_link, next = cjson.null, previous = cjson.null }
    return ('{"%s":[%s],"links":%s}'):format(name, table.concat(parts, ","), links)
end

local function link_to(request, path)
    return ("https://%s%s"):format(tostring(request.headers.host), path)
end

local function projects_json(service, request, path, name)
    local link = link_to(request, "/v3/projects")
    local account, found = request.caller.account, {}
    local domain_id = account.domain_id
    for _, project in ipairs(service:projects(account)) do
        if name == nil or name == project.name then
            found[#found + 1] = {
                id = project.id, name = project.name, domain_id = domain_id, parent_id = domain_id, is_domain = false,
                enabled = true, description = "", links = { self = link .. "/" .. project.id },
            }
        end
    end
    return { status = 200, headers = {}, body = list_json("projects", found, link_to(request, path)) }
end

--- Answers `GET /v3/projects?name=`; the setting `projects` decides how many bear the first region's name.
function M.list_projects(service, request)
    return projects_json(service, request, "/v3/projects", request.query.name)
end

--- Answers `GET /v3/auth/projects`: all projects of the caller's account.
function M.list_own_projects(service, request)
    return projects_json(service, request, "/v3/auth/projects")
end

--- Answers `GET /v3/auth/domains`.
function M.list_domains(_, request)
    local account = request.caller.account
    local domain = {
        id = account.domain_id, name = account.domain, enabled = true, description = "",
        links = { self = link_to(request, "/v3/domains/" .. account.domain_id) },
    }
    return { status = 200, headers = {}, body = list_json("domains", { domain }, link_to(request, "/v3/auth/domains")) }
end

local SHORTEST, LONGEST = 900, 86400 -- seconds; the shortest is the default

local function duration_of(order, method)
    local seconds = json_order.at(order, "auth", "identity", method, "duration_seconds")
    if seconds == nil then
        return SHORTEST
    end
    if type(seconds) ~= "number" or seconds % 1 ~= 0 or seconds < SHORTEST or seconds > LONGEST then
        return nil, refusals.make("IAM.0011",
            ("duration_seconds must be an integer from %d to %d."):format(SHORTEST, LONGEST))
    end
    return seconds
end

-- The header wins over the body's deprecated member.
local function check_token(service, request, order)
    local text = request.headers["x-auth-token"] or json_order.text(order, "auth", "identity", "token", "id")
    return authentication.check_token(service, request, text, "account")
end

--- Answers `POST /v3.0/OS-CREDENTIAL/securitytokens`. It checks the caller itself: the token may be in the body.
function M.create_temporary_key(service, request)
    local order = json_order.decode(request.body)
    local methods = json_order.methods(order)
    local method = methods.assume_role and "assume_role" or methods.token and "token"
    if not method then
        return nil, refusals.make "IAM.0011"
    end
    local caller, refusal = (method == "token" and check_token or authentication.check_agency)(service, request, order)
    if not caller then
        return nil, refusal
    end
    local seconds
    seconds, refusal = duration_of(order, method)
    if not seconds then
        return nil, refusal
    end
    local key = service.keyring:issue(service:now(), seconds, caller.account)
    return { status = 201, headers = {}, body = keyring.json(service, key, "access") }
end

return M
