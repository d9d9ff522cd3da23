-- How work on lists takes its turns; what becomes of memory meanwhile: slices_alone_spec.lua.
local core = require "dwsync.core"

local FAKED = { "ngx.semaphore", "dwsync.runtime.nginx_turns", "dwsync.runtime.nginx_loop",
    "dwsync.nginx.sweep.slices" }

describe("work on lists in the event loop", function()
    local kept, monotonic, calls, loop, slices

    before_each(function()
        kept, monotonic, calls, loop = {}, core.monotonic, {}, { may_decode = {} }
        for _, name in ipairs(FAKED) do
            kept[name], package.loaded[name] = package.loaded[name], nil
        end
        core.monotonic = function() return 100 end
        package.loaded["ngx.semaphore"] = { new = function() return {} end }
        package.loaded["dwsync.runtime.nginx_loop"] = loop
        package.loaded["dwsync.runtime.nginx_turns"] = setmetatable({}, { __index = function(_, name)
            return function(...) calls[#calls + 1] = table.concat({ name, ... }, " ") end
        end })
        slices = require("dwsync.nginx.sweep.slices").of_event_loop()
    end)

    after_each(function()
        core.monotonic = monotonic
        for _, name in ipairs(FAKED) do
            package.loaded[name] = kept[name]
        end
    end)

    it("begins a millisecond apart, each in a turn of its own that it ends", function()
        assert.same({ 7, 8 }, { slices.list(function(...) return ... end, 7, 8) })
        assert.has_error(function() slices.list(error, "broken", 0) end, "broken")
        assert.same({ "sleep_until 100", "begin_first", "finish", "sleep_until 100.001", "begin_first", "finish" },
            calls)
        core.monotonic = function() return 200 end
        slices.list(function() end)
        assert.equal("sleep_until 200", calls[7])
        assert.is_nil(next(loop.may_decode))
    end)

    it("has four places at most to decode, each once and until it is done", function()
        local places = 0
        local function begin()
            return coroutine.wrap(function()
                slices.list(function()
                    local _, may = next(loop.may_decode)
                    for thread, asked in pairs(loop.may_decode) do
                        may = thread == coroutine.running() and asked or may
                    end
                    local has_place = may()
                    assert.equal(has_place, may())
                    places = places + (has_place and 1 or 0)
                    coroutine.yield()
                end)
            end)
        end
        local works = {}
        for i = 1, 5 do
            works[i] = begin()
            works[i]()
        end
        assert.equal(4, places)
        works[5]() -- it had none to give back
        begin()()
        assert.equal(4, places)
        works[1]()
        begin()()
        begin()()
        assert.equal(5, places)
    end)
end)
