--- The account that the emulator plays: its domain, user, agency, identity provider, and projects.
-- Knows who is who; issues nothing. Pure.
-- @module dwsync.emulator.account

local stories = require "dwsync.emulator.stories"

local M = {}

--- A region whose project exists, and whose tokens are of no use here.
M.OTHER_REGION = "emu-south-1"

--- Who the account is: names that are the same in every run, ids that follow from the seed.
-- @tparam integer seed
-- @treturn table `user`, `user_id`, `domain`, `domain_id`, `agency`, `agency_id`, `idp_id`
function M.identity(seed)
    return {
        user = "emulator-user", user_id = stories.hex_id(seed, "user"),
        domain = "emulator-domain", domain_id = stories.hex_id(seed, "domain"),
        agency = "emulator-agency", agency_id = stories.hex_id(seed, "agency"),
        idp_id = "emulator-idp",
    }
end

--- The projects of the account.
-- @tparam table config `seed`, `region`, `project_id`
-- @tparam integer count how many are in the service's own region; the first bears the region's name, and so does the
--   second, which only a broken account can have
-- @treturn {{id=string,name=string},...}
function M.projects(config, count)
    local ids = { config.project_id, stories.hex_id(config.seed, "second project") }
    local list = {}
    for i = 1, count do
        list[i] = { id = ids[i], name = config.region, region = config.region }
    end
    list[count + 1] = {
        id = stories.hex_id(config.seed, "project elsewhere"), name = M.OTHER_REGION, region = M.OTHER_REGION,
    }
    return list
end

--- The project that a token's scope names; the id counts when both are given.
-- @tparam {{id=string,name=string},...} projects
-- @tparam ?string id
-- @tparam ?string name
-- @treturn ?table
function M.find_project(projects, id, name)
    for _, project in ipairs(projects) do
        if id and project.id == id or not id and project.name == name then
            return project
        end
    end
    return nil
end

return M
