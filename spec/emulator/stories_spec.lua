local stories = require "dwsync.emulator.stories"

describe("the emulator's account", function()
    local config = { seed = 1, region = "emu-north-1", project_id = ("a"):rep(32) }

    it("has names of its own and ids that follow from the seed", function()
        assert.same(stories.identity(1), stories.identity(1))
        local one, two = stories.identity(1), stories.identity(2)
        assert.equal(one.user, two.user)
        assert.not_equal(one.user_id, two.user_id)
        for _, name in ipairs { "user_id", "domain_id", "agency_id" } do
            assert.is_truthy(one[name]:match("^" .. ("%x"):rep(32) .. "$"), name)
        end
    end)

    it("has as many projects in the region as wanted, and one elsewhere", function()
        for count = 0, 2 do
            local list = stories.projects(config, count)
            local names = {}
            for i, project in ipairs(list) do
                names[i] = project.name
            end
            local expected = {}
            for i = 1, count do
                expected[i] = "emu-north-1"
            end
            expected[count + 1] = stories.OTHER_REGION
            assert.same(expected, names)
        end
        assert.equal(config.project_id, stories.projects(config, 1)[1].id)
    end)

    it("finds a project by name, or by id whatever the name", function()
        local list = stories.projects(config, 2)
        assert.equal(list[1], stories.find_project(list, nil, "emu-north-1"))
        assert.equal(list[2], stories.find_project(list, list[2].id, stories.OTHER_REGION))
        assert.is_nil(stories.find_project(list, "another", "emu-north-1"))
        assert.is_nil(stories.find_project(list, nil, "another"))
    end)
end)
