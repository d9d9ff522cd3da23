local core = require "dwsync.core"
local programs = require "dwsync.programs"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local function with_program(text, use)
    temporary.with_folder(function(folder)
        local path = folder .. "/notify"
        local file = assert(io.open(path, "w"))
        file:write("#!/bin/sh\n" .. text)
        file:close()
        assert(uv.fs_chmod(path, tonumber("700", 8)))
        use(path, folder)
    end)
end

describe("a program", function()
    it("is found by path or in PATH", function()
        with_program("exit 0", function(path, folder)
            local function getenv() return "/nowhere:" .. folder end
            assert.equal(path, programs.find(path, getenv))
            assert.equal(path, programs.find("notify", getenv))
            assert.same({ nil, "no such program in PATH" }, { programs.find("nope", getenv) })
            assert.same({ nil, "not an executable file" }, { programs.find(folder, getenv) })
            assert.same({ nil, "not an executable file" }, { programs.find(folder .. "/nope", getenv) })
            assert.is_nil((programs.find("notify --now", getenv)))
        end)
    end)

    it("that does not end in time is killed", function()
        with_program("exec sleep 100", function(path)
            assert.same({ nil, "killed after 50 ms" }, { programs.run(path, "x", {}, core.sleep, 0.05) })
        end)
    end)

    it("says with which status it ended, or that it could not begin", function()
        with_program("cat >/dev/null; exit 65", function(path)
            assert.same({ false, "ended with status 65", 65 }, { programs.run(path, "x", {}, core.sleep) })
        end)
        local done, reason = programs.run("/nowhere/program", "x", {}, core.sleep)
        assert.is_nil(done)
        assert.matches("ENOENT", reason)
    end)
end)
