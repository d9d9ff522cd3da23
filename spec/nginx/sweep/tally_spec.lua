local Tally = require "dwsync.nginx.sweep.tally"

describe("a tally", function()
    it("counts requests by status or by what failed, and what was tried again", function()
        local tally = Tally.read(nil)
        tally:observe { type = "attempt", status = 200 }
        tally:observe { type = "attempt", status = 200 }
        tally:observe { type = "attempt", error = { kind = "timeout" } }
        tally:observe { type = "attempt" }
        tally:observe { type = "retry" }
        tally:observe { type = "retry" }
        tally:observe { type = "page" }
        assert.same({ ["request:200"] = 2, ["request:timeout"] = 1, ["request:other"] = 1, retry = 2 }, tally.counts)
    end)

    it("goes on where its text ended", function()
        local tally = Tally.read "retry 41\nsweep:failed 2\n"
        tally:add "retry"
        assert.equal("retry 42\nsweep:failed 2\n", tally:text())
    end)
end)
