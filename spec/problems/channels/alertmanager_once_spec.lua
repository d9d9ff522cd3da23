local alertmanagers = require "spec.support.alertmanagers"
local channels = require "dwsync.problems.channels"
local core = require "dwsync.core"
local patience = require "spec.support.patience"
local runtimes = require "dwsync.runtime"
local temporary = require "spec.support.temporary"

describe("a pair of Alertmanagers", function()
    it("has the alert while one is killed and after both were, and its end", function()
        temporary.with_folder(function(folder)
            local one, other, release = alertmanagers.pair(folder)
            local channel = assert(channels.open("am", assert(channels.check { kind = "alertmanager",
                urls = { one.url, other.url } }), { read_file = function() end, getenv = os.getenv }))
            local runtime = runtimes.new()
            local how = { perform = runtime.perform, now = function() return math.floor(core.now() * 1000) end }
            local began = how.now() - 60000
            local function say(ended)
                return (channel.sync({ problems = { { cluster_id = "id-1",
                    cluster_name = "仓库", rule = "stale", severity = "critical", message = "x", since = began,
                    ended = ended } }, every = 60 }, how))
            end
            local function has(peer, count)
                patience.wait_until(function() return #peer:alerts() == count end, count .. " alerts")
            end
            local good_so_far, reason = pcall(function()
                one:start()
                other:start()
                assert.equal("sent", say())
                has(one, 1)
                has(other, 1)
                assert.equal("仓库", one:alerts()[1].labels.cluster_name)
                patience.wait_until(function() -- it has an alert before it has looked at it
                    return one:alerts()[1].status.state == "active"
                end, "an active alert")
                one:stop()
                assert.equal("sent", say())
                has(other, 1)
                other:stop()
                assert.equal("later", say())
                one:start()
                other:start()
                assert.equal("sent", say())
                has(one, 1)
                has(other, 1)
                assert.equal("sent", say(how.now() - 1))
                has(one, 0)
                has(other, 0)
            end)
            one:stop()
            other:stop()
            release()
            assert(good_so_far, reason)
        end)
    end)
end)
