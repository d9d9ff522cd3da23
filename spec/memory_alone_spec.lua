local dwsync = require "dwsync"
local emulators = require "spec.support.emulator"

-- What a page leaves behind must be seen by Lua's collector. A page of 500 records is about 160 kB of JSON: if the
-- bodies of 300 pages stayed, the process would grow by some 47 MB. Measured growth is 1 to 4 MB; 16 pass, since the
-- allocator may keep what it likes.
local PAGES, LIMIT = 300, 500
local MAX_RSS_GROWTH_KB = 16 * 1024
local MAX_LUA_GROWTH_KB = 64

local function resident_kb()
    for line in io.lines "/proc/self/status" do
        local kb = line:match "^VmRSS:%s+(%d+) kB"
        if kb then
            return tonumber(kb)
        end
    end
    error "/proc/self/status has no VmRSS"
end

local function lua_kb()
    collectgarbage()
    collectgarbage()
    return collectgarbage "count"
end

describe("memory", function()
    local service, large, client

    setup(function()
        service = emulators.start { records = 2500 }
        large = service:cluster "large"
        client = service:client { retries = 0 }
    end)
    teardown(function()
        service:stop()
    end)

    -- Runs `body` often enough for everything to have its size, then `times` times, and looks how much was added.
    -- Between the runs nobody calls the collector: a host program does not either.
    local function assert_flat(times, body)
        for i = 1, times / 3 do
            body(i)
        end
        local lua_before = lua_kb()
        local resident_before = resident_kb()
        for i = 1, times do
            body(i)
        end
        local resident_growth = resident_kb() - resident_before
        local lua_growth = lua_kb() - lua_before
        assert.is_true(resident_growth <= MAX_RSS_GROWTH_KB, ("VmRSS grew by %.0f kB"):format(resident_growth))
        assert.is_true(lua_growth <= MAX_LUA_GROWTH_KB, ("Lua's memory grew by %.0f kB"):format(lua_growth))
    end

    it("stays flat over 300 pages through one client", function()
        assert_flat(PAGES, function(i)
            local page = assert(client:list_sync_records { cluster_id = large, offset = i % 5, limit = LIMIT })
            assert(#page.sync_records == LIMIT)
        end)
    end)

    it("stays flat over 300 refusals", function()
        assert_flat(300, function()
            local page, err = client:list_sync_records { cluster_id = "no-uuid" }
            assert(page == nil and err.code == "DWS.5064")
        end)
    end)

    it("stays flat over 300 bodies that are no page", function()
        service:fault({ body = '{"sync_records":[' .. ('{"id":"1"},'):rep(3000) .. "7]}" }, { times = 400 })
        assert_flat(300, function()
            local page, err = client:list_sync_records { cluster_id = large }
            assert(page == nil and err.kind == "decode")
        end)
    end)

    it("stays flat over 60 gathers", function()
        assert_flat(60, function()
            local functions = {}
            for i = 1, 4 do
                functions[i] = function()
                    return client:list_sync_records { cluster_id = large, offset = i, limit = 100 }
                end
            end
            local results = dwsync.gather(functions, { concurrency = 4 })
            assert(#results == 4)
        end)
    end)
end)
