local core = require "dwsync.core"
local programs = require "dwsync.programs"
local processes = require "spec.support.processes"
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
            local function getenv(name) return name == "PATH" and "/nowhere:" .. folder or nil end
            assert.equal(path, programs.find(path, getenv))
            assert.equal(path, programs.find("notify", getenv))
            assert.same({ nil, "no such program in PATH" }, { programs.find("nope", getenv) })
            assert.same({ nil, "not an executable file" }, { programs.find(folder, getenv) })
            assert.same({ nil, "not an executable file" }, { programs.find(folder .. "/nope", getenv) })
            assert.same({ nil, "not an executable file" }, { programs.find("/notify", getenv) })
            assert.same({ nil, "no such program in PATH" }, { programs.find("notify", function() end) })
            assert.is_nil((programs.find("notify --now", getenv)))
        end)
    end)

    it("that does not end in time is killed", function()
        with_program("exec sleep 100", function(path)
            assert.same({ nil, "killed after 50 ms" }, { programs.run(path, "x", {}, core.sleep, 0.05) })
        end)
        local spawn, pid = uv.spawn, nil
        finally(function() uv.spawn = spawn end)
        uv.spawn = function(...)
            local process, id = spawn(...)
            pid = id
            return process, id
        end
        with_program("exec sleep 100", function(path)
            programs.run(path, "x", {}, core.sleep, 0.05)
            assert.equal("ESRCH", select(3, uv.kill(pid, 0))) -- not even its remains are there
        end)
    end)

    it("gets the variables that every program needs, and those that are named, each once", function()
        local passed = { "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "TZ", "LANG", "LANGUAGE",
            "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME" }
        local function environment(names, absent)
            return programs.environment(names, function(name)
                return name ~= absent and "of " .. name or nil
            end)
        end
        local expected = {}
        for i, name in ipairs(passed) do
            expected[i] = name .. "=of " .. name
        end
        assert.same(expected, environment {})
        expected[#expected + 1] = "A=of A"
        assert.same(expected, environment({ "A", "PATH", "A", "B" }, "B"))
        table.remove(expected, 1)
        assert.same(expected, environment({ "A" }, "PATH"))
        for name, is_one in pairs { A = true, _a1 = true, ["1a"] = false, ["a-b"] = false, [""] = false } do
            assert.equal(is_one and name or nil, programs.VARIABLE.read(name))
        end
        assert.is_nil(programs.VARIABLE.read(7))
        assert.equal(30, programs.PATIENCE)
    end)

    it("gets its text and its environment, and what signal ended it is said", function()
        with_program('cat >"$OUT"; echo "$A" >>"$OUT"', function(path, folder)
            local out = folder .. "/out"
            assert.same({ true, "ended with status 0", 0 }, { programs.run(path, "text\n", { "OUT=" .. out, "A=b",
                "PATH=" .. os.getenv "PATH" }, core.sleep) })
            local file = assert(io.open(out))
            assert.equal("text\nb\n", file:read "*a")
            file:close()
        end)
        with_program("kill -9 $$", function(path)
            assert.same({ nil, "ended by signal 9" }, { programs.run(path, "x", {}, core.sleep) })
        end)
    end)

    it("leaves no handle behind, however it ended", function()
        local function handles()
            local count = 0
            uv.walk(function() count = count + 1 end) -- also those that are closed, but not gone
            return count
        end
        uv.run "nowait"
        local before = handles()
        programs.run("/nowhere/program", "x", {}, core.sleep)
        assert.equal(before, handles())
        with_program("exit 3", function(path)
            programs.run(path, "x", {}, core.sleep)
            assert.equal(before, handles())
        end)
    end)

    it("is waited for in short sleeps, and in none when it has ended", function()
        local sleeps = {}
        local function sleep(seconds)
            table.insert(sleeps, seconds)
            core.sleep(seconds)
        end
        with_program("exec sleep 100", function(path)
            programs.run(path, "x", {}, sleep, 0.05)
        end)
        assert.is_true(#sleeps > 0)
        for _, seconds in ipairs(sleeps) do
            assert.equal(0.02, seconds)
        end
        local spawn = uv.spawn
        finally(function() uv.spawn = spawn end)
        uv.spawn = function(path, options, on_exit)
            local process, id = spawn(path, options, function() end)
            on_exit(0, 0)
            return process, id
        end
        sleeps = {}
        with_program("exit 0", function(path)
            assert.is_true((programs.run(path, "x", {}, sleep)))
        end)
        assert.same({}, sleeps)
    end)

    it("may end without reading what it gets", function()
        with_program("exit 0", function(path)
            assert.equal("true ended with status 0 0\n", (processes.run_lua(([[
                local core, programs = require "dwsync.core", require "dwsync.programs"
                local text = ("x"):rep(1000000)
                print(("%%s %%s %%s"):format(programs.run(%q, text, {}, core.sleep)))]]):format(path))))
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
