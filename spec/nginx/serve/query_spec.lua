local query = require "dwsync.nginx.serve.query"

local NOW = 1763971200

local DURATION = { kind = "duration", from = 0 }
local IDENTIFIER = { kind = "identifier" }
local TEXT = { kind = "string", longest = 200 }
local ASSET = { kind = "one_of", values = { "script", "style" } }

local function read(kind, text)
    local values, reason = query.read({ it = text }, { it = kind }, NOW)
    return values and values.it, reason
end

describe("a parameter", function()
    it("that is a length of time", function()
        assert.equal(5400, read(DURATION, "90m"))
        assert.equal(60, read(DURATION, "60"))
        for _, text in ipairs { "", "-1", "1e3", "soon", "99999999999" } do
            assert.is_nil(read(DURATION, text))
        end
        assert.equal('it is "soon", expected a length of time of 0 or more: seconds, or "90m", "6h", "2d"',
            select(2, read(DURATION, "soon")))
    end)

    it("that is a point in time", function()
        assert.equal((NOW - 86400) * 1000, read(query.point, "24h"))
        assert.equal(1747637723055, read(query.point, "1747637723055"))
        assert.is_nil(read(query.point, "noon"))
    end)

    it("that is an id", function()
        assert.equal("a-1", read(IDENTIFIER, "a-1"))
        assert.equal('it is "../x", expected letters, digits, "-", "_" and "." only',
            select(2, read(IDENTIFIER, "../x")))
    end)

    it("that is a text", function()
        assert.equal("a b", read(TEXT, "a b"))
        assert.equal('it is "", expected a text of 1 to 200 bytes', select(2, read(TEXT, "")))
        assert.is_nil(read(TEXT, ("x"):rep(201)))
    end)

    it("that is a list of names or of statuses", function()
        assert.same({ "a", "b" }, read(query.names, "a,b"))
        assert.is_nil(read(query.names, ","))
        assert.same({ "a" }, read(query.names, "a"))
        assert.equal(50, #read(query.names, ("x,"):rep(50)))
        assert.equal('it is "' .. ("x,"):rep(29) .. 'x…", expected 1 to 50 names separated by commas',
            select(2, read(query.names, ("x,"):rep(51))))
        assert.same({ ("x"):rep(2000) }, read(query.names, ("x"):rep(2000)))
        assert.equal("it is too long", select(2, read(query.names, ("x"):rep(2001))))
        assert.same({ "FAILED", "RUNNING" }, read(query.statuses, "failed,Running"))
        assert.equal('it is "FINE", expected FINISHED, FAILED, RUNNING, or several of them separated by commas',
            select(2, read(query.statuses, "FINE")))
    end)

    it("that is an integer", function()
        local kind = { kind = "integer", from = 1, to = 1000 }
        assert.equal(1000, read(kind, "1000"))
        for _, text in ipairs { "0", "1001", "1.5", "0x10", "99999999999999999999", " 1" } do
            assert.is_nil(read(kind, text))
        end
    end)

    it("that is one of a few", function()
        assert.equal("style", read(ASSET, "style"))
        assert.equal('it is "logo", expected script or style', select(2, read(ASSET, "logo")))
    end)

    it("must be known, be there once, and have a value", function()
        local function reason(arguments)
            return select(2, query.read(arguments, { it = TEXT }, NOW))
        end
        assert.equal("unknown parameter 'that'. The parameters are it.", reason { that = "1" })
        assert.equal("it is given more than once", reason { it = { "1", "2" } })
        assert.equal("it has no value", reason { it = true })
        assert.equal("it is too long", reason { it = ("x"):rep(2001) })
        assert.equal("unknown parameter '??'. There are no parameters.",
            select(2, query.read({ ["\27\200"] = "" }, {}, NOW)))
    end)
end)
