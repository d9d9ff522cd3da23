local cli = require "dwsync.cli"
local core = require "dwsync.core"

describe("dwsync version", function()
    it("tells dwsync, Lua and the libraries, one a line, and reads no environment", function()
        local text = ""
        local status = cli.main({ "version" }, {
            stdout = {
                write = function(_, piece) text = text .. piece return true end,
                flush = function() return true end,
            },
            getenv = function() error "the environment was read" end,
        })
        assert.equal(0, status)
        local version, lua, libraries = text:match "^dwsync ([^\n]+)\n([^\n]+)\n([^\n]+)\n$"
        assert.equal(core.version, version)
        assert.equal(rawget(_G, "jit") and rawget(_G, "jit").version or _VERSION, lua)
        assert.equal(core.libraries(), libraries)
        assert.is_truthy(libraries:find("libcurl/", 1, true))
        assert.is_truthy(libraries:find("OpenSSL/", 1, true))
    end)

    it("takes no arguments", function()
        local err = ""
        local status = cli.main({ "version", "x" }, { stderr = { write = function(_, piece) err = err .. piece end } })
        assert.equal(2, status)
        assert.is_truthy(err:find("too many arguments", 1, true))
    end)
end)
