local errors = require "dwsync.errors"
local projects = require "dwsync.client.projects"

local GIVE_IT = "Set `project_id` (console: My Credentials > API Credentials), or HUAWEICLOUD_SDK_PROJECT_ID."
local KEYS = { ak = "AK", sk = "SK" }
local LIMITS = { deadline = 1060, timeout = 60 }

-- An api that answers each GET with the same body (or error) and notes what it was asked.
local function new_api(body, err)
    local api = { asked = {} }
    function api:get(service, target, options)
        self.asked[#self.asked + 1] = { service = service, target = target, options = options }
        if err then
            return nil, err
        end
        return { status = 200, headers = { ["x-iam-trace-id"] = "t-1" }, body = body }
    end
    return api
end

local function find(body, region)
    return projects.find(new_api(body), region or "cn-north-4", KEYS, LIMITS)
end

describe("the project of a region", function()
    it("is asked for by the region's name, once, with the caller's keys and limits", function()
        local api = new_api '{"projects":[{"id":"p1","name":"cn-north-4"}]}'
        assert.equal("p1", projects.find(api, "cn-north-4", KEYS, LIMITS))
        assert.equal(1, #api.asked)
        assert.equal("iam", api.asked[1].service)
        assert.equal("/v3/projects?name=cn-north-4", api.asked[1].target)
        assert.same({ keys = KEYS, headers = {}, deadline = 1060, timeout = 60 }, api.asked[1].options)
    end)

    it("cannot be asked for without a region", function()
        local api = new_api "{}"
        local id, err = projects.find(api, nil, KEYS, LIMITS)
        assert.is_nil(id)
        assert.equal("config", err.kind)
        assert.equal("project_id is not set, and without a region it cannot be looked up", err.message)
        assert.equal(GIVE_IT, err.hint)
        assert.equal(0, #api.asked)
    end)

    it("is an error when there is none", function()
        local id, err = find '{"projects":[]}'
        assert.is_nil(id)
        assert.equal("config", err.kind)
        assert.equal('IAM has no project named "cn-north-4" for these credentials', err.message)
        assert.equal(GIVE_IT, err.hint)
    end)

    it("is an error that lists them when there are several", function()
        local id, err = find '{"projects":[{"id":"p1","name":"cn-north-4"},{"id":"p2","name":"cn-north-4_x"}]}'
        assert.is_nil(id)
        assert.equal("config", err.kind)
        assert.equal('IAM has several projects for region "cn-north-4": cn-north-4 (p1), cn-north-4_x (p2)',
            err.message)
        assert.equal(GIVE_IT, err.hint)
    end)

    it("is listed without the caller's secrets", function()
        for _, keys in ipairs { { ak = "AK", sk = "hidden" }, { token = "hidden" },
            { ak = "AK", sk = "SK", security_token = "hidden" } } do
            local _, err = projects.find(new_api '{"projects":[{"id":"p1","name":"hidden"},{"id":"p2","name":"b"}]}',
                "cn-north-4", keys, LIMITS)
            assert.equal('IAM has several projects for region "cn-north-4": *** (p1), b (p2)', err.message)
            for _, ask in ipairs { function(api) return projects.find(api, "cn-north-4", keys, LIMITS) end,
                function(api) return projects.all(api, keys, LIMITS) end } do
                local api = new_api "{}"
                local get = api.get
                function api:get(...)
                    local response = get(self, ...)
                    response.headers["x-iam-trace-id"] = "hidden"
                    return response
                end
                err = select(2, ask(api))
                assert.same({ "decode", "***" }, { err.kind, err.request_id })
            end
        end
    end)

    it("is listed harmlessly and not endlessly", function()
        local items = {}
        for i = 1, 1000 do
            items[i] = ('{"id":"p%d","name":"\\u001b[31mred\\n"}'):format(i)
        end
        local _, err = find('{"projects":[' .. table.concat(items, ",") .. "]}")
        assert.is_nil(err.message:find("%c"))
        assert.is_true(#err.message < 700)
    end)

    it("is an error when the answer is something else", function()
        local cases = {
            ["<html>"] = "Expected value but found invalid token at character 1",
            ["{}"] = "it has no projects",
            ['{"projects":"x"}'] = "it has no projects",
            ['{"projects":[1]}'] = "it has a project without id",
            ['{"projects":["x"]}'] = "it has a project without id",
            ['{"projects":[{"name":"cn-north-4"}]}'] = "it has a project without id",
            ['{"projects":[{"id":7}]}'] = "it has a project without id",
        }
        for body, reason in pairs(cases) do
            local id, err = find(body)
            assert.is_nil(id)
            assert.equal("decode", err.kind)
            assert.equal("IAM's answer is not a list of projects: " .. reason, err.message)
            assert.equal(200, err.status)
            assert.equal("t-1", err.request_id)
        end
    end)

    it("tells the way round a missing permission", function()
        local refused = errors.new { kind = "permission", message = "no" }
        local id, err = projects.find(new_api(nil, refused), "cn-north-4", KEYS, LIMITS)
        assert.is_nil(id)
        assert.equal(refused, err)
        assert.equal("Looking up the project id needs the permission iam:projects:listProjects. " .. GIVE_IT, err.hint)
    end)

    it("is one of all, whose listing is named in what it fails with", function()
        local api = new_api '{"projects":[{"id":"p1","name":"a"},{"id":"p2","name":"b"}]}'
        local list = assert(projects.all(api, KEYS, LIMITS))
        assert.same({ 2, "p2", "iam", "/v3/auth/projects" }, { #list, list[2].id, api.asked[1].service,
            api.asked[1].target })
        assert.same({ keys = KEYS, headers = {}, deadline = 1060, timeout = 60 }, api.asked[1].options)
        local _, err = projects.all(new_api(nil, errors.new { kind = "network", message = "cut" }), KEYS, LIMITS)
        assert.equal("KeystoneListAuthProjects", err.operation)
    end)

    it("passes any other error on as it is", function()
        local cut = errors.new { kind = "network", message = "cut" }
        local hint = cut.hint
        local _, err = projects.find(new_api(nil, cut), "cn-north-4", KEYS, LIMITS)
        assert.equal(cut, err)
        assert.equal(hint, err.hint)
    end)
end)
