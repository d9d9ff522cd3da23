local growth = require "spec.support.growth"
local cjson = require "cjson"
local json = require "dwsync.json"

describe("decoding JSON", function()
    it("gives objects and arrays as tables", function()
        assert.same({ a = { 1, "x", true } }, json.decode '{"a":[1,"x",true]}')
        assert.same({}, json.decode "{}")
        assert.same({}, json.decode "[]")
    end)

    it("leaves null out, at every depth", function()
        assert.same({ b = { c = 1 } }, json.decode '{"a":null,"b":{"c":1,"d":null}}')
    end)

    it("gives whole numbers as integers where Lua has them", function()
        local value = json.decode '{"a":1747637723055,"b":[9007199254740992,-9007199254740992],"c":1.5,"d":1e300}'
        assert.equal("1747637723055", ("%d"):format(value.a))
        if math.type then
            assert.equal("integer", math.type(value.a))
            assert.equal("integer", math.type(value.b[1]))
            assert.equal("integer", math.type(value.b[2]))
            assert.equal("float", math.type(value.c))
            assert.equal("float", math.type(value.d))
        end
    end)

    it("refuses what is no object and no array", function()
        for _, text in ipairs { '"text"', "1", "true", "null" } do
            local value, reason = json.decode(text)
            assert.is_nil(value)
            assert.equal("it is not a JSON object or array", reason)
        end
    end)

    it("refuses what is no JSON, with a reason that does not quote it", function()
        for _, text in ipairs { "", "<html>hidden</html>", '{"hidden":', '{"a":NaN}', '{"a":hidden}' } do
            local value, reason = json.decode(text)
            assert.is_nil(value, text)
            assert.is_string(reason)
            assert.is_nil(reason:find("hidden", 1, true))
        end
    end)

    it("refuses a depth that would exhaust the stack", function()
        assert.is_table(json.decode(("["):rep(64) .. ("]"):rep(64)))
        assert.is_nil(json.decode(("["):rep(65) .. ("]"):rep(65)))
    end)

    it("does not make of an answer what takes far more memory than it has bytes", function()
        local text = "[" .. ("[],"):rep(5000000) .. "1]"
        local value, reason
        assert.is_true(growth.allocated(function() value, reason = json.decode_answer(text) end) < 1000)
        assert.is_nil(value)
        assert.equal("it has more than 500000 values", reason)
        assert.equal(500000, #json.decode_answer("[" .. ("1,"):rep(499999) .. "1]"))
        assert.is_nil(json.decode_answer("[" .. ("1,"):rep(500000) .. "1]"))
        assert.equal(600000, #json.decode("[" .. ("1,"):rep(599999) .. "1]"))
    end)
end)

describe("encoding JSON", function()
    it("writes whole numbers exactly", function()
        assert.equal("1747637723055", json.encode(1747637723055))
        assert.equal("1000000000000001", json.encode(1000000000000001))
        assert.equal("9007199254740991", json.encode(9007199254740991))
        assert.equal("-9007199254740991", json.encode(-9007199254740991))
        assert.equal("1.5", json.encode(1.5))
        for number, text in pairs { [2 ^ 53] = "9007199254740992", [-2 ^ 53] = "-9007199254740992" } do
            assert.equal(text, json.encode(number + 0.0))
        end
        assert.equal("3", json.encode(1.5 + 1.5))
    end)

    it("writes integers beyond what a float holds exactly, where Lua has them", function()
        if math.type then
            assert.equal("9007199254740993", json.encode(math.tointeger "9007199254740993" or 9007199254740993))
            assert.equal("-9223372036854775808", json.encode(math.mininteger))
        else
            assert.equal("9007199254740992", json.encode(9007199254740992))
        end
    end)

    it("escapes what a text may not hold", function()
        assert.equal([["a\"b\\c\nd\u001be"]], json.encode 'a"b\\c\nd\27e')
        assert.equal('"é漢"', json.encode "é漢")
    end)

    it("writes an array back that was nearly all nulls", function()
        local text = "[[" .. ("null,"):rep(30) .. "1]]"
        assert.equal(text, json.encode(json.decode(text)))
    end)

    it("tells a list of objects from anything else", function()
        for text, expected in pairs {
            ["[]"] = true, ['[{"a":1},{}]'] = true, ["[1]"] = false, ['[{},"x"]'] = false, ["[null,{}]"] = false,
            ["[{},null,{}]"] = false, ['{"1":{}}'] = false, ["[null,{},{}]"] = false,
        } do
            assert.equal(expected, json.is_list(json.decode(text)), text)
        end
    end)

    it("raises for what JSON cannot hold", function()
        for _, value in ipairs { print, 0 / 0, math.huge, { print } } do
            local good, err = pcall(function()
                local text = json.encode(value)
                return text
            end)
            assert.is_false(good)
            assert.matches("json_spec.lua:%d+: Cannot serialise ", err)
        end
    end)

    it("leaves the settings of the shared cjson alone", function()
        assert.equal(cjson.null, cjson.decode "[null]"[1])
        assert.equal(1000, cjson.decode_max_depth())
    end)
end)

describe("the host program's locale", function()
    -- What is asked of it while something is done, when its numbers are written so.
    local function asked(locale, does)
        local own, calls = os.setlocale, {}
        finally(function() os.setlocale = own end) -- luacheck: ignore 122
        os.setlocale = function(...) -- luacheck: ignore 122
            calls[#calls + 1] = table.concat({ tostring((...)), (select(2, ...)) }, " ")
            return (...) == nil and locale or (...)
        end
        does()
        return table.concat(calls, ", ")
    end

    it("is left alone where its numbers are those of C, and else for as long as it takes, also where that fails",
        function()
            for _, does in ipairs { function() json.decode "[1.5]" end, function() json.decode "[" end,
                function() json.encode { 1.5 } end, function() pcall(json.encode, print) end } do
                assert.equal("nil numeric", asked("C", does))
                assert.equal("nil numeric, C numeric, de_DE.UTF-8 numeric", asked("de_DE.UTF-8", does))
            end
            assert.equal("", asked("de_DE.UTF-8", function() json.encode(7) end))
        end)
end)
