local core = require "dwsync.core"
local dwsync = require "dwsync"
local processes = require "spec.support.processes"

describe("dwsync", function()
    it("is new, gather, is_error and the version", function()
        local names = {}
        for name in pairs(dwsync) do
            names[#names + 1] = name
        end
        table.sort(names)
        assert.same({ "gather", "is_error", "new", "version" }, names)
    end)

    it("has the version of its core", function()
        assert.matches("^%d+%.%d+%.%d+$", dwsync.version)
        assert.equal(core.version, dwsync.version)
        assert.matches("libcurl/", core.libraries())
        assert.matches("OpenSSL/", core.libraries())
    end)

    it("has authorities loaded ahead", function()
        assert.is_boolean(core.load_authorities())
        assert.is_false(core.load_authorities "/nonexistent/ca.pem")
        assert.is_false(core.load_authorities "/dev/null")
    end)

    it("tells its error objects from everything else", function()
        local _, err = dwsync.new { region = "cn-nowhere-9", getenv = function() end, read_file = function() end }
        assert.is_true(dwsync.is_error(err))
        local others = { "text", 1, true, {}, { kind = "config", message = "m" }, print, setmetatable({}, {}) }
        for _, other in ipairs(others) do
            assert.is_false(dwsync.is_error(other))
        end
        assert.is_false(dwsync.is_error(nil))
    end)

    it("is required without I/O, without reading the environment, without a new global, and never yields", function()
        local output, status = processes.run_lua [[
            local known = {}
            for name in pairs(_G) do known[name] = true end
            local function forbidden(name)
                return function() error(name .. " was called") end
            end
            os.getenv, os.execute, os.time = forbidden "os.getenv", forbidden "os.execute", forbidden "os.time"
            io.open, io.popen, io.lines = forbidden "io.open", forbidden "io.popen", forbidden "io.lines"
            io.read, io.write, print = forbidden "io.read", forbidden "io.write", forbidden "print"
            local loading = coroutine.create(function() return require "dwsync" end)
            assert(coroutine.resume(loading))
            assert(coroutine.status(loading) == "dead", "it yielded")
            for name in pairs(_G) do assert(known[name], "a new global: " .. name) end]]
        assert.equal(0, status, output)
        assert.equal("", output)
    end)
end)
