local tables = require "dwsync.history.tables"
local tally = require "dwsync.problems.tally"
local worlds = require "spec.problems.world"

local with_world, NOW = worlds.with, worlds.NOW
local ONE_DAY = 86400000

local function tally_of(world, now)
    return assert(tables.run(world.store.history, "write", false, function(session)
        return tally.read(session, now or NOW)
    end))
end

local function outbox(world, changes, cluster)
    world:sql(("UPDATE dwsync_outbox SET %s WHERE cluster_id = '%s'"):format(changes, cluster or "c0001"))
end

describe("the tally of problems", function()
    it("is nothing where there are none", function()
        with_world(function(world)
            assert.same({ states = { pending = 0, firing = 0, told = 0, acknowledged = 0, silenced = 0, resolved = 0 },
                unsent = 0, oldest = 0, given_up = 0, lost = 0 }, tally_of(world))
        end)
    end)

    it("has each problem in the state that people know: what they did goes before what was sent", function()
        with_world(function(world)
            local function states_after(changes)
                world:sql("UPDATE dwsync_problems SET " .. changes)
                local counted = {}
                for name, count in pairs(tally_of(world).states) do
                    counted[#counted + 1] = count > 0 and name .. " " .. count or nil
                end
                return table.concat(counted, ", ")
            end
            world:look("critical", 1, 2)
            for _, case in ipairs {
                { "state = 'firing'", "firing 2" }, { "state = 'told'", "told 2" },
                { "acknowledged_at = 1", "acknowledged 2" },
                { ("silenced_until = %d"):format(NOW), "acknowledged 2" },
                { ("silenced_until = %d"):format(NOW + 1), "silenced 2" },
                { "state = 'resolved'", "resolved 2" }, { "state = 'pending'", "pending 2" },
            } do
                assert.equal(case[2], states_after(case[1]))
            end
        end)
    end)

    it("has what is due and not sent, and for how long", function()
        with_world(function(world)
            world:look("critical", 1, 2)
            outbox(world, "state = 'sent'", "c0002")
            local function unsent(changes, now)
                outbox(world, changes)
                local found = tally_of(world, now)
                return { found.unsent, found.oldest }
            end
            local columns = "next_at = %d, attempts = %d, created_at = %d, due_at = %s"
            assert.same({ 1, 5 }, unsent(columns:format(NOW - 5, 0, NOW - 9, "NULL")))
            assert.same({ 1, 9 }, unsent(columns:format(NOW - 5, 1, NOW - 9, "NULL")))
            assert.same({ 1, 7 }, unsent(columns:format(NOW - 5, 1, NOW - 9, ("%d"):format(NOW - 7))))
            assert.same({ 1, 0 }, unsent(columns:format(NOW, 1, NOW + 9, "NULL")))
            assert.same({ 0, 0 }, unsent(columns:format(NOW + 1, 1, NOW - 9, "NULL")))
            assert.same({ 1, 10 }, unsent(columns:format(NOW + 1, 1, NOW - 9, "NULL"), NOW + 1))
            for till, count in pairs { [NOW] = 1, [NOW + 1] = 0 } do
                world:sql(("UPDATE dwsync_problems SET silenced_until = %d"):format(till))
                assert.equal(count, unsent(columns:format(NOW, 0, NOW, "NULL"))[1])
            end
        end)
    end)

    it("has what was given up, and what of the last day nobody was told in its place", function()
        with_world(function(world)
            world.to = { "hook", "desk" }
            world:look("critical", 1, 2)
            world:sql "UPDATE dwsync_outbox SET state = 'given_up' WHERE channel = 'hook'"
            local function found()
                local now = tally_of(world)
                return { now.given_up, now.lost }
            end
            assert.same({ 2, 2 }, found())
            local desk = "UPDATE dwsync_outbox SET %s WHERE channel = 'desk' AND cluster_id = 'c0001'"
            world:sql(desk:format(("state = 'sent', sent_at = %d"):format(NOW)))
            assert.same({ 2, 1 }, found())
            world:sql(desk:format(("step = 'other', sent_at = %d"):format(NOW - 1)))
            assert.same({ 2, 2 }, found())
            world:sql(desk:format(("sent_at = %d"):format(NOW)))
            assert.same({ 2, 1 }, found())
            world:sql(desk:format "episode = 9")
            assert.same({ 2, 2 }, found())
            for created, lost in pairs { [NOW - ONE_DAY] = 1, [NOW - ONE_DAY + 1] = 2 } do
                world:sql(("UPDATE dwsync_outbox SET created_at = %d WHERE channel = 'hook' AND cluster_id = 'c0001'")
                    :format(created))
                assert.same({ 2, lost }, found())
            end
        end)
    end)
end)
