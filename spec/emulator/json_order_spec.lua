local cjson = require "cjson"
local json_order = require "dwsync.emulator.json_order"

describe("a JSON order", function()
    it("is an object, or nothing", function()
        assert.same({ a = "x" }, json_order.decode '{"a":"x"}')
        for _, body in ipairs { "", "{", "1", '"x"', "null", "true" } do
            assert.is_nil(json_order.decode(body), body)
        end
        assert.is_nil(json_order.decode(nil))
    end)

    it("is read along a path that may lead nowhere", function()
        local order = { a = { b = "x", c = cjson.null, d = 1 } }
        assert.equal("x", json_order.text(order, "a", "b"))
        assert.equal(1, json_order.at(order, "a", "d"))
        assert.is_nil(json_order.text(order, "a", "d"))
        assert.is_nil(json_order.at(order, "a", "c"))
        assert.is_nil(json_order.at(order, "a", "b", "further"))
        assert.is_nil(json_order.at(nil, "a"))
    end)

    it("names its methods", function()
        local function methods(list) return json_order.methods { auth = { identity = { methods = list } } } end
        assert.same({ password = true, totp = true }, methods { "password", "totp" })
        assert.same({}, methods "password")
        assert.same({}, json_order.methods(nil))
    end)
end)
