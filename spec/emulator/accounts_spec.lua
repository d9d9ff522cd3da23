local accounts = require "dwsync.emulator.accounts"

describe("the emulator's accounts", function()
    local function made(seed, ...)
        return accounts.list { seed = seed, accounts = { ... } }
    end
    local function entry(name, more)
        local values = { name = name, ak = name .. "-ak", sk = name .. "-sk", regions = { "emu-north-1" },
            clusters = 0, stories = true }
        for key, value in pairs(more or {}) do
            values[key] = value
        end
        return values
    end
    local function names(list)
        local found = {}
        for i, project in ipairs(list) do
            found[i] = project.name
        end
        return found
    end

    it("have names of their own and ids that follow from the seed", function()
        local one, same, two = made(1, entry "emulator")[1], made(1, entry "emulator")[1], made(2, entry "emulator")[1]
        assert.equal("emulator-user", one.user)
        assert.equal(one.user, two.user)
        assert.equal(one.user_id, same.user_id)
        assert.not_equal(one.user_id, two.user_id)
        for _, name in ipairs { "user_id", "domain_id", "agency_id" } do
            assert.is_truthy(one[name]:match("^" .. ("%x"):rep(32) .. "$"), name)
        end
    end)

    it("have as many projects in the first region as wanted, and one elsewhere", function()
        local account = made(1, entry("emulator", { elsewhere = true }))[1]
        for count = 0, 2 do
            local expected = {}
            for i = 1, count do
                expected[i] = "emu-north-1"
            end
            expected[count + 1] = accounts.OTHER_REGION
            assert.same(expected, names(account:projects(count)))
        end
        assert.equal(account.places[1].id, account:projects(1)[1].id)
    end)

    it("have one project in each further region", function()
        local account = made(1, entry("hq", { regions = { "north", "south", "west" } }))[1]
        assert.same({ "south", "west" }, names(account:projects(0)))
        assert.same({ "north", "south", "west" }, names(account:projects(1)))
        assert.same({ "north", "north", "south", "west" }, names(account:projects(2)))
    end)

    it("share no id: of projects, users, or clusters", function()
        local seen = {}
        local function once(id)
            assert.is_nil(seen[id])
            seen[id] = true
        end
        local regions = { "emu-north-1", "south" }
        local one, two = entry("emulator", { regions = regions }), entry("hq", { regions = regions })
        for _, account in ipairs(made(1, one, two)) do
            once(account.user_id)
            once(account.domain_id)
            for _, project in ipairs(account:projects(2)) do
                once(project.id)
            end
            for _, place in ipairs(account.places) do
                assert.equal(9, #place:list())
                for _, cluster in ipairs(place:list()) do
                    once(cluster.id)
                end
            end
        end
    end)

    it("find a project by name, or by id whatever the name", function()
        local list = made(1, entry("emulator", { elsewhere = true }))[1]:projects(2)
        assert.equal(list[1], accounts.find_project(list, nil, "emu-north-1"))
        assert.equal(list[2], accounts.find_project(list, list[2].id, accounts.OTHER_REGION))
        assert.is_nil(accounts.find_project(list, "another", "emu-north-1"))
        assert.is_nil(accounts.find_project(list, nil, "another"))
    end)
end)
