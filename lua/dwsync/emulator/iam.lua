--- The IAM operations that look things up: which project belongs to a region, which account the caller is in.
-- Nothing is ever created here.
-- @module dwsync.emulator.iam

local cjson = require "cjson"

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

--- `GET /v3/projects?name=`; the setting `projects` decides how many bear the region's name.
function M.list_projects(service, request)
    local link = link_to(request, "/v3/projects")
    local domain_id = service.config.domain_id
    local found = {}
    for _, project in ipairs(service:projects()) do
        if request.query.name == nil or request.query.name == project.name then
            found[#found + 1] = {
                id = project.id, name = project.name, domain_id = domain_id, parent_id = domain_id, is_domain = false,
                enabled = true, description = "", links = { self = link .. "/" .. project.id },
            }
        end
    end
    return { status = 200, headers = {}, body = list_json("projects", found, link) }
end

--- `GET /v3/auth/domains`
function M.list_domains(service, request)
    local config = service.config
    local domain = {
        id = config.domain_id, name = config.domain, enabled = true, description = "",
        links = { self = link_to(request, "/v3/domains/" .. config.domain_id) },
    }
    return { status = 200, headers = {}, body = list_json("domains", { domain }, link_to(request, "/v3/auth/domains")) }
end

return M
