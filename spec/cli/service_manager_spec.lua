local core = require "dwsync.core"
local notify_socket = require "spec.support.notify_socket"
local service_manager = require "dwsync.cli.service_manager"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local function manager_of(variables)
    return service_manager.new(function(name) return variables[name] end)
end

-- What arrives at an address after `use`.
local function said(address, use)
    local receiver = notify_socket.start(address)
    local good, reason = pcall(function()
        use()
        assert(core.notify(address, "END"))
        receiver:await "END\n"
    end)
    receiver:stop()
    assert(good, reason)
    return (receiver:text():gsub("END\n$", ""))
end

describe("the service manager", function()
    it("hears what a service does, at a path and at an abstract name", function()
        temporary.with_folder(function(folder)
            for _, address in ipairs { folder .. "/socket", "@dwsync-spec-" .. uv.os_getpid() } do
                assert.equal("READY=1\nSTATUS=10 clusters X\nSTOPPING=1\n", said(address, function()
                    local manager = manager_of { NOTIFY_SOCKET = address }
                    assert.is_true(manager:ready())
                    assert.is_true(manager:status "10 clusters\nX")
                    assert.is_true(manager:alive()) -- there is no watchdog
                    assert.is_true(manager:stopping())
                end))
            end
        end)
    end)

    it("hears of progress as often as its watchdog wants to, not each time", function()
        temporary.with_folder(function(folder)
            local address = folder .. "/socket"
            local manager = manager_of { NOTIFY_SOCKET = address, WATCHDOG_USEC = "3600000000" }
            assert.equal("WATCHDOG=1\n", said(address, function()
                for _ = 1, 5 do
                    manager:alive()
                end
            end))
            manager.last_alive = manager.last_alive - 900
            local monotonic = core.monotonic
            finally(function() core.monotonic = monotonic end)
            core.monotonic = function() return 1000 end
            manager.last_alive = 1000 - manager.pause
            assert.equal("WATCHDOG=1\n", said(folder .. "/other", function()
                manager.address = folder .. "/other"
                manager:alive()
            end))
        end)
    end)

    it("hears of no progress where its watchdog is off", function()
        temporary.with_folder(function(folder)
            for period, expected in pairs { ["0"] = "", ["-1"] = "", [""] = "", soon = "", ["1"] = "WATCHDOG=1\n" } do
                local address = folder .. "/socket" .. period
                assert.equal(expected, said(address, function()
                    assert.is_true(manager_of({ NOTIFY_SOCKET = address, WATCHDOG_USEC = period }):alive())
                end))
            end
        end)
    end)

    it("is not needed", function()
        for _, variables in ipairs { {}, { NOTIFY_SOCKET = "" } } do
            assert.is_true(manager_of(variables):ready())
        end
    end)
end)
