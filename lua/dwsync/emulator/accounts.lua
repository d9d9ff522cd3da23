--- The accounts of one run: names that follow from the account's own, ids that follow from the seed, and the places,
-- one project in each region. It must not use a clock or randomness: the supervisor and nginx each compute this, and
-- must agree.
-- @module dwsync.emulator.accounts
local bucket = require "dwsync.emulator.bucket"
local place = require "dwsync.emulator.place"
local stories = require "dwsync.emulator.stories"

local M = {}

--- The account of an emulator that is not given any.
M.NAME = "emulator"

--- The region of an account that does not name any.
M.REGION = "emu-north-1"

--- A region where that account has a project, but whose tokens are not accepted here.
M.OTHER_REGION = "emu-south-1"

local Account = { __name = "dwsync.emulator.accounts" }
Account.__index = Account

-- Ids are made of what is distinct: of the account's name, unless it is the usual one, and of the region's.
local function id_of(config, name, what)
    return stories.hex_id(config.seed, name == M.NAME and what or name .. "/" .. what)
end

local function new_account(entry, config)
    local name = entry.name
    local self = setmetatable({
        name = name, ak = entry.ak, sk = entry.sk, password = entry.password,
        user = name .. "-user", user_id = id_of(config, name, "user"),
        domain = name .. "-domain", domain_id = id_of(config, name, "domain"),
        agency = name .. "-agency", agency_id = id_of(config, name, "agency"),
        idp_id = name .. "-idp",
        second_project = id_of(config, name, "second project"),
        elsewhere = entry.elsewhere and {
            id = id_of(config, name, "project elsewhere"), name = M.OTHER_REGION, region = M.OTHER_REGION,
        },
        bucket = entry.rate and bucket.new(entry.rate, entry.burst),
        places = {}, regions = {},
    }, Account)
    for i, region in ipairs(entry.regions) do
        local label = region == M.REGION and "project" or region .. "/project"
        local project_id = id_of(config, name, label)
        self.places[i] = place.new {
            account = self, id = project_id, region = region, seed = config.seed, stories = entry.stories == true,
            clusters = entry.clusters,
            label = not (name == M.NAME and region == M.REGION) and project_id or nil,
        }
        self.regions[region] = true
    end
    return self
end

--- Makes the accounts.
-- @tparam table config `seed` and `accounts`, a list of {name, ak, sk, password, regions, clusters, stories, rate,
--   burst, elsewhere}: `stories` for the clusters with a story each, `clusters` for how many healthy ones, both in each
--   region; `elsewhere` for a project in @{OTHER_REGION}
-- @treturn {Account,...} `name`, `ak`, `sk`, `user`, `user_id`, `password`, `domain`, `domain_id`, `agency`,
--   `agency_id`, `idp_id`, `places` (see @{dwsync.emulator.place}, the first is the account's home), `regions` (a set),
--   `bucket`
function M.list(config)
    local list = {}
    for i, entry in ipairs(config.accounts) do
        list[i] = new_account(entry, config)
    end
    return list
end

--- Says whether what an order says of a domain fits the account. Each of id and name may be nil.
-- @tparam ?string id
-- @tparam ?string name
-- @treturn boolean
function Account:is_domain(id, name)
    return (id or self.domain_id) == self.domain_id and (name or self.domain) == self.domain
end

--- Lists the projects.
-- @tparam integer count how many bear the name of the account's first region: 1, or 0 or 2, as only in a broken account
-- @treturn {{id=string,name=string,region=string},...}
function Account:projects(count)
    local home = self.places[1]
    local list = { home, { id = self.second_project, name = home.name, region = home.region } }
    for i = 2, count + 1, -1 do
        list[i] = nil
    end
    for i = 2, #self.places do
        list[#list + 1] = self.places[i]
    end
    list[#list + 1] = self.elsewhere or nil
    return list
end

--- Finds the project that a token's scope names; the id counts when both are given.
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
