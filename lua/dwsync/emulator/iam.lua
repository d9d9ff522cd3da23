--- The IAM operations: which project belongs to a region.
-- @module dwsync.emulator.iam

local cjson = require "cjson"
local stories = require "dwsync.emulator.stories"

local M = {}

local function project(config, id, self_link)
    local domain_id = stories.hex_id(config.seed, "domain")
    return {
        id = id, name = config.region, domain_id = domain_id, parent_id = domain_id, is_domain = false, enabled = true,
        description = "", links = {self = self_link .. "/" .. id},
    }
end

--- `GET /v3/projects?name=`; the setting `projects` decides how many bear the region's name.
function M.list_projects(service, request)
    local config = service.config
    local link = ("https://%s/v3/projects"):format(tostring(request.headers.host))
    local parts = {}
    local name = request.query.name
    if name == nil or name == config.region then
        local ids = {config.project_id, stories.hex_id(config.seed, "second project")}
        for i = 1, service.settings.projects do parts[i] = cjson.encode(project(config, ids[i], link)) end
    end
    local links = cjson.encode{self = link, next = cjson.null, previous = cjson.null}
    return {
        status = 200,
        headers = {["X-IAM-Trace-Id"] = "token_" .. request.region .. "_null_" .. request.id},
        body = ('{"projects":[%s],"links":%s}'):format(table.concat(parts, ","), links),
    }
end

return M
