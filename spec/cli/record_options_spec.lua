-- The zone is the process's, so each case has a process of its own.
local processes = require "spec.support.processes"
local uv = require "luv"

local CODE = [[
local options = require "dwsync.cli.record_options"
local since = options.period({ since = arg[1] }, { now = function() return 1747697400 end }) -- 2025-05-19T23:30:00Z
print(("%.0f"):format(since))]]

local function since_in(zone, text)
    local output = processes.run(("TZ=%s %s - %s <<'END'\n%s\nEND"):format(zone, processes.quoted(uv.exepath()),
        processes.quoted(text), CODE))
    return tonumber(output)
end

describe("a time on the command line", function()
    it("is local where it names no zone", function()
        assert.equal(1747584000000, since_in("CST-8", "2025-05-19")) -- in Shanghai it began at 16:00 of the 18th, UTC
        assert.equal(1747637723000, since_in("CST-8", "2025-05-19T14:55:23"))
        assert.equal(1747612800000, since_in("UTC0", "2025-05-19"))
    end)

    it("is what it says where it names one", function()
        assert.equal(1747637723000, since_in("CST-8", "2025-05-19T06:55:23Z"))
        assert.equal(1747637723000, since_in("CST-8", "2025-05-19T08:55:23+02:00"))
    end)

    it("knows today and yesterday of that zone", function()
        assert.equal(1747670400000, since_in("CST-8", "today")) -- the 20th
        assert.equal(1747584000000, since_in("CST-8", "yesterday"))
        assert.equal(1747612800000, since_in("UTC0", "today"))
    end)

    it("follows summer time", function()
        local berlin = "CET-1CEST,M3.5.0,M10.5.0/3"
        assert.equal(1747605600000, since_in(berlin, "2025-05-19")) -- two hours ahead
        assert.equal(1736722800000, since_in(berlin, "2025-01-13")) -- one
    end)
end)
