local discovery = require "dwsync.fleet.discovery"
local endpoints = require "dwsync.client.endpoints"
local errors = require "dwsync.errors"
local fleets = require "spec.support.fleet"

local FAILURE = errors.new { kind = "incomplete", message = "cut short", retry_after = 3 }

describe("the discovery of projects", function()
    -- A world with one region of its own by a variable, and one by a regions file.
    local function projects(names, more)
        local list = {}
        for i, name in ipairs(names) do
            list[i] = { id = "p" .. i, name = name or nil }
        end
        local world = { environment = { HUAWEICLOUD_SDK_REGION_DWS_LAB_1 = "https://dws.lab-1.example" }, files = {} }
        for name, value in pairs(more or {}) do
            world[name] = value
        end
        return discovery.projects({ timeout = 5, inventory = fleets.inventory { hq = {} },
            client = { list_projects = function() return not world.failure and list or nil, world.failure end },
            serves = function(region)
                return endpoints.serves { region = region, getenv = function(name) return world.environment[name] end,
                    read_file = function(path) return world.files[path], "not there" end }
            end }, { kind = "account", account = "hq" })
    end

    local function regions(...)
        local found, result = projects(...)
        assert(found, result.error)
        local list = {}
        for i, item in ipairs(found) do
            assert.same({ "place", "hq", 600 }, { item.kind, item.account, item.interval })
            list[i] = item.region .. "=" .. item.project_id
        end
        return list
    end

    it("finds the main projects of regions that have an endpoint", function()
        assert.same({ "cn-north-4=p1", "eu-de=p4" }, regions { "cn-north-4", "cn-north-4_shop", "MOS", "eu-de", false,
            "xx-moon-1", "a b" })
    end)

    it("knows endpoints of the environment and of the regions file", function()
        assert.same({ "lab-1=p1" }, regions { "lab-1", "lab-2" })
        assert.same({ "lab-1=p1", "lab-2=p2" }, regions({ "lab-1", "lab-2" }, { environment = {
            HUAWEICLOUD_SDK_REGION_DWS_LAB_1 = "https://dws.lab-1.example", HUAWEICLOUD_SDK_REGIONS_FILE = "/regions" },
            files = { ["/regions"] = "DWS:\n- id: lab-2\n  endpoint: https://dws.lab-2.example\n" } }))
    end)

    it("finds nothing, rather than less, where the regions file cannot be read", function()
        local found, result = projects({ "cn-north-4", "lab-2" },
            { environment = { HUAWEICLOUD_SDK_REGIONS_FILE = "/regions" } })
        assert.is_nil(found)
        assert.equal("config", result.failure.kind)
    end)

    it("fails with the listing", function()
        local found, result = projects({}, { failure = FAILURE })
        assert.is_nil(found)
        assert.same({ FAILURE, 3 }, { result.failure, result.retry_after })
    end)
end)

describe("the discovery of clusters", function()
    local INVENTORY = fleets.inventory({ hq = { interval = 30, exclude = { "old-*" } } },
        { exclude = { "tmp-*" }, overrides = { ["prod-*"] = { interval = 10 } } })

    local function clusters(list, failure)
        return discovery.clusters({ timeout = 5, inventory = INVENTORY,
            client = { list_clusters = function() return list, failure end } },
            { kind = "place", account = "hq", region = "cn-north-4", project_id = "p" })
    end

    it("takes those that belong to the fleet, with how often each is looked at", function()
        assert.same({
            { kind = "cluster", account = "hq", region = "cn-north-4", project_id = "p", cluster_id = "1",
                name = "prod-a", interval = 10 },
            { kind = "cluster", account = "hq", region = "cn-north-4", project_id = "p", cluster_id = "4",
                interval = 30 } },
            (clusters { { id = "1", name = "prod-a" }, { id = "2", name = "tmp-b" }, { id = "3", name = "old-c" },
                { id = 4, name = 5 } }))
    end)

    it("fails where an id is none, which the database could not hold, and would hold up all other looks", function()
        for _, id in ipairs { ("x"):rep(12000), "../c", "a b", "" } do
            local found, result = clusters { { id = "1" }, { id = id } }
            assert.is_nil(found)
            assert.matches("the id of a cluster", result.error, 1, true)
            assert.equal("decode", result.failure.kind)
        end
    end)

    it("fails with the listing", function()
        local found, result = clusters(nil, FAILURE)
        assert.is_nil(found)
        assert.equal(FAILURE, result.failure)
    end)
end)
