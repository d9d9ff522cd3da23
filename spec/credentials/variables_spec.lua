local variables = require "dwsync.credentials.variables"

local function context(values)
    return { getenv = function(name) return values[name] end }
end

describe("a variable", function()
    it("that is empty is not set", function()
        assert.is_nil(variables.get(context { A = "" }, "A"))
        assert.equal(" ", variables.get(context { A = " " }, "A"))
    end)

    it("goes with another one, or not at all", function()
        assert.same({ "a", "b" }, { variables.pair(context { A = "a", B = "b" }, "test", "A", "B") })
        assert.same({}, { variables.pair(context {}, "test", "A", "B") })
        local one, err = variables.pair(context { A = "", B = "hidden" }, "test", "A", "B")
        assert.is_nil(one)
        assert.equal("test: B is set but A is not", err.message)
        assert.equal("credentials", err.kind)
        assert.is_nil(tostring(err):find("hidden", 1, true))
    end)

    it("names the home directory, under either name", function()
        assert.equal("/h", variables.home(context { HOME = "/h", USERPROFILE = "C:" }))
        assert.equal("C:", variables.home(context { USERPROFILE = "C:" }))
    end)
end)
