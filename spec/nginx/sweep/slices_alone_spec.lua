local GARBAGE_MB, BOUND_MB = 120, 60

local kept -- the newest: what nobody could see would not be made

local function megabytes()
    return collectgarbage "count" / 1024
end

-- Garbage of so many megabytes, in small pieces; returns how large memory became meanwhile.
local function litter(pause)
    local most = 0
    for i = 1, GARBAGE_MB * 16 do
        for j = 1, 64 do
            kept = { i, j, ("%d %d "):format(i, j):rep(120) }
        end
        pause()
        most = math.max(most, megabytes())
    end
    return most, kept
end

describe("slices of the event loop", function()
    local own_ngx, own_semaphore, slices, rests

    before_each(function()
        own_ngx, own_semaphore, rests = rawget(_G, "ngx"), package.loaded["ngx.semaphore"], 0
        rawset(_G, "ngx", { sleep = function() rests = rests + 1 end })
        package.loaded["ngx.semaphore"] = { new = function()
            return { wait = function() return true end, post = function() end }
        end }
        slices = require("dwsync.nginx.sweep.slices").of_event_loop()
        collectgarbage()
    end)

    after_each(function()
        rawset(_G, "ngx", own_ngx)
        package.loaded["ngx.semaphore"] = own_semaphore
        collectgarbage "restart"
    end)

    it("rest before work begins, so that it has all of a slice", function()
        assert.equal(1, slices.alone(function() return rests end))
    end)

    it("let go of their turn for light threads, which begin their own", function()
        local turns = require "dwsync.runtime.nginx_turns"
        turns.begin()
        slices.part()
        assert.same({ 1, false }, { rests, turns.finish() })
    end)

    it("keep memory within bounds while work goes on", function()
        local before = megabytes()
        assert.is_true((slices.alone(litter, slices.pause)) - before < BOUND_MB)
    end)

    it("leave the collector at work, also after work that failed", function()
        local before = megabytes()
        assert.has_error(function() slices.alone(error, "broken", 0) end, "broken")
        assert.is_true((litter(function() end)) - before < BOUND_MB)
    end)
end)
