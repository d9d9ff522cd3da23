local core = require "dwsync.core"
local descriptors = require "spec.support.descriptors"
local notify_socket = require "spec.support.notify_socket"
local processes = require "spec.support.processes"
local uv = require "luv"

local NOBODY = { nil, "No such file or directory" }

describe("core.notify", function()
    it("says why nothing was sent", function()
        for address, reason in pairs { ["/nowhere/at/all"] = "No such file or directory", relative = "Invalid argument",
            [""] = "Invalid argument", ["/"] = "Invalid argument", ["@"] = "Invalid argument",
            ["@dwsync-spec-nobody"] = "Connection refused", ["@a"] = "Connection refused" } do
            assert.same({ nil, reason }, { core.notify(address, "READY=1") }, address)
        end
    end)

    it("takes the longest path that an address has room for, and no longer one", function()
        assert.same(NOBODY, { core.notify("/" .. ("x"):rep(106), "READY=1") })
        for _, length in ipairs { 107, 108, 200 } do
            assert.same({ nil, "Invalid argument" }, { core.notify("/" .. ("x"):rep(length), "READY=1") })
        end
    end)

    it("sends an empty text, too", function()
        local receiver = notify_socket.start("@dwsync-spec-empty-" .. uv.os_getpid())
        local sent = { core.notify("@dwsync-spec-empty-" .. uv.os_getpid(), "") }
        receiver:stop()
        assert.same({ true }, sent)
    end)

    it("leaves no descriptor behind", function()
        local before = descriptors.count()
        for _ = 1, 10 do
            core.notify("/nowhere/at/all", "READY=1")
        end
        assert.equal(before, descriptors.count())
    end)

    it("works where the first descriptor is free, and says so where none is", function()
        local output = processes.run(([[(ulimit -n 24; exec %s -e %s <&-)]]):format(processes.quoted(uv.exepath()),
            processes.quoted [[
                local notify = require("dwsync.core").notify
                for _ = 1, 2 do
                    print(notify("/nowhere/at/all", ""))
                    print((os.execute "test -e /proc/$PPID/fd/0") == (os.execute "true"))
                end
                local files = {}
                repeat
                    files[#files + 1] = io.open "/dev/null"
                until not io.open "/dev/null"
                print(notify("/nowhere/at/all", ""))]]))
        local nobody = "nil\tNo such file or directory\nfalse\n"
        assert.equal(nobody .. nobody .. "nil\tToo many open files\n", output)
    end)
end)
