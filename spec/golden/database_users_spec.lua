-- The accounts that runs made of the emulator's databases: all of a small story, some of a long one, and by hand.
local database_users = require "dwsync.emulator.database_users"
local kept = require "spec.golden.kept"
local sequence = require "dwsync.emulator.sequence"
local stories = require "dwsync.emulator.stories"

describe("the accounts of the emulator's databases", function()
    it("are as kept", function()
        local lines = {}
        for _, story in ipairs { "mass_delete", "two_sources", "large", "never" } do
            local cluster = stories.cluster(1, story, story)
            local records = sequence.new(cluster, { seed = 1, started = 1747637723055, records = 2400 })
            local users = database_users.list(cluster, records)
            lines[#lines + 1] = ("\n%s: %d"):format(story, #users)
            for i, user in ipairs(users) do
                if i % 29 == 1 or not user.name:find "%.%l+%.%x" then
                    lines[#lines + 1] = ("%d %s %s%s"):format(i, user.name, user.user_type,
                        user.login and "" or ", no login")
                end
            end
        end
        local cluster = stories.cluster(1, "never", "never")
        local records = sequence.new(cluster, { seed = 1, started = 1747637723055, records = 0 })
        local function slice(wanted, position, size)
            lines[#lines + 1] = database_users.json(cluster, records, wanted, position, size)
        end
        lines[#lines + 1] = "\nby hand"
        slice({}, 0, 9)
        database_users.change(cluster, { { name = "b", login = false }, { name = "a", user_type = "IAM" },
            { name = "a" } }, { "Ruby", "role_finance" })
        slice({}, 0, 9)
        slice({ login = true }, 1, 3)
        slice({ login = false }, 0, 9)
        slice({ user_type = "IAM" }, 0, 9)
        slice({ user_type = "IAM" }, 1, 9)
        slice({ login = true, user_type = "COMMON" }, 0, 1)
        database_users.change(cluster, {}, { "a" })
        slice({}, 0, 9)
        kept.compare("database_users.txt", table.concat(lines, "\n") .. "\n")
    end)
end)
