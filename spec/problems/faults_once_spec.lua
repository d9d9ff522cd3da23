-- What can go wrong on the way to those who are told, for real: the short form of spec/build/told_faults.sh. Whole
-- processes, the same under every Lua.
local faults = require "spec.support.told_faults"
local figures = require "spec.support.figures"
local postgres = require "spec.support.postgres"

describe("a collector that tells", function()
    local function holds(list)
        assert.same({}, figures.bad(list))
    end

    it("tells nothing again when it begins again", function()
        holds(faults.restart())
    end)

    for _, point in ipairs { "before", "between", "after" } do
        it("that is killed " .. point .. " a request leaves one message in doubt at most, with the same key", function()
            holds(faults.killed(point))
        end)
    end

    it("tells once what receivers took that answer 429, 500, hang, reset or redirect at first", function()
        holds(faults.receivers())
    end)

    it("reads the error inside an answer with status 200", function()
        holds(faults.errors_inside())
    end)

    it("tries once what is refused: a wrong address, a wrong signature", function()
        holds(faults.refused())
    end)

    it("tries a wrong SMTP password once a day", function()
        holds(faults.wrong_password())
    end)

    it("leaves alone what is acknowledged until it gets worse", function()
        holds(faults.acknowledged())
    end)

    it("tells ends to who was told, and drops what a channel that is gone was owed", function()
        holds(faults.ends())
    end)

    it("sends nothing of which it could not keep that it did, when the disk is full", function()
        holds(faults.full())
    end)
end)

describe("collectors with one PostgreSQL", function()
    local server
    setup(function() server = postgres.start() end)
    teardown(function() server:stop() end)

    local function holds(list)
        assert.same({}, figures.bad(list))
    end

    it("that are killed while they send leave at most what was under way to be sent again", function()
        holds(faults.two_collectors(server:fresh_url(), 2))
    end)

    it("tell once what six writers reported again and again", function()
        holds(faults.writers(server:fresh_url(), 600, 80))
    end)

    it("go on when the database was read-only, and tell nothing twice", function()
        holds(faults.read_only(server))
    end)

    it("go on with the standby that becomes the primary", function()
        local primary = postgres.start()
        local standby = postgres.start { primary = primary.port }
        local ran, list = pcall(faults.failover, primary, standby)
        standby:stop()
        primary:stop()
        assert(ran, list)
        holds(list)
    end)
end)
