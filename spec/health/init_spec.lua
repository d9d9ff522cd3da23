local health = require "dwsync.health"
local processes = require "spec.support.processes"
local runs = require "spec.health.runs"

local NOW = runs.NOW

describe("health", function()
    it("refuses wrong use of evaluate at its caller's line", function()
        local function refusal(...)
            local arguments = { n = select("#", ...), ... }
            return runs.refusal(function() health.evaluate(arguments[1], arguments[2], arguments[3]) end)
        end
        assert.matches("init_spec.lua:%d+: evaluate: now is missing, expected seconds since the epoch$",
            refusal({}, nil, nil))
        assert.matches("init_spec.lua:%d+: evaluate: now is 1761389392000, expected seconds since the epoch$",
            refusal({}, nil, NOW * 1000))
        assert.matches("init_spec.lua:%d+: evaluate: now is .*nan, expected seconds", refusal({}, nil, 0 / 0))
        assert.matches("init_spec.lua:%d+: evaluate: now is %-1, expected seconds", refusal({}, nil, -1))
        assert.matches("init_spec.lua:%d+: evaluate: expected a list, an iterator or a sequence of records, got nil$",
            refusal(nil, nil, NOW))
        assert.matches("init_spec.lua:%d+: config: unknown rule 'rules.stail'%. Did you mean 'stale'%? The rules "
            .. "are churn, data, ",
            refusal({}, { stail = {} }, NOW))
    end)

    it("refuses wrong use of whatever reads records, by its name", function()
        for name, takes_now in pairs { evaluate = true, explain = true, stepper = true, replay = false,
            episodes = false } do
            local function refusal(given, rules, now)
                return runs.refusal(function()
                    local result = health[name](given, rules, takes_now and now or { now = now })
                    return result
                end)
            end
            local place = "init_spec.lua:%d+: "
            assert.matches(place .. name .. ": expected a list, an iterator or a sequence of records, got string$",
                refusal("x", nil, NOW))
            assert.matches(place .. name .. ": now is " .. ("%d"):format(NOW * 1000)
                .. ", expected seconds since the epoch$", refusal({}, nil, NOW * 1000))
            assert.matches(place .. "config: unknown rule 'rules.stail'", refusal({}, { stail = {} }, NOW))
        end
    end)

    it("takes a now with a fraction", function()
        assert.equal(60.5, health.evaluate({ runs.run(60, { end_time = false }) }, nil, NOW + 0.5).verdicts[9].value)
    end)

    it("uses no clock, no randomness, no file and no environment", function()
        local output, status = processes.run_lua [[
            local runs = require "spec.health.runs"
            local health = require "dwsync.health"
            local function forbidden(name)
                return function() error(name .. " was called") end
            end
            os.time, os.clock, os.getenv, math.random = forbidden "os.time", forbidden "os.clock",
                forbidden "os.getenv", forbidden "math.random"
            io.open, io.popen, io.write, print = forbidden "io.open", forbidden "io.popen", forbidden "io.write",
                forbidden "print"
            local list = runs.history(runs.random(1), 200)
            local evaluation = health.evaluate(list, nil, runs.NOW)
            health.overview({ { cluster = { id = "a" }, evaluation = evaluation } }, runs.NOW)
            health.replay(list, nil, { now = runs.NOW })]]
        assert.equal(0, status, output)
        assert.equal("", output)
    end)

    it("is not loaded by dwsync itself", function()
        local output, status = processes.run_lua [[
            require "dwsync"
            for name in pairs(package.loaded) do
                assert(not name:find "^dwsync%.health", name)
            end]]
        assert.equal(0, status, output)
    end)
end)
