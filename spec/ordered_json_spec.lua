local json = require "dwsync.json"
local ordered_json = require "dwsync.ordered_json"

describe("JSON in a fixed order", function()
    it("sorts the fields of tables, at every depth, and keeps arrays and their holes", function()
        assert.equal('{"a":[1,null,{"c":true,"d":"x"}],"b":0.75}',
            ordered_json.encode { b = 0.75, a = { 1, nil, { d = "x", c = true } } })
        assert.equal("{}", ordered_json.encode {})
    end)

    it("writes the fields of an object that are asked for, in that order, and then more", function()
        assert.equal('{"b":1,"a":"x","c":[]}', ordered_json.object({ a = "x", b = 1, d = 2 }, { "b", "none", "a" },
            '"c":[]'))
        assert.equal("{}", ordered_json.object({ a = 0 / 0, b = print, c = math.huge }, { "a", "b", "c" }))
    end)

    it("escapes what is hidden or obeyed, and gives it back", function()
        local hidden = 'a"\\\8\9\10\12\13\0\27\127\194\155\216\156\226\128\139\226\128\142\226\128\168\226\128\174'
            .. "\226\129\160\226\129\166\239\187\191"
        local text = ordered_json.text(hidden)
        assert.is_nil(text:find "[%c\127-\255]")
        assert.equal(hidden, json.decode("[" .. text .. "]")[1])
    end)

    it("escapes shortly where JSON knows how, else by code point, beyond U+FFFF by two", function()
        for text, escaped in pairs { ['"'] = [[\"]], ["\\"] = [[\\]], ["\b"] = [[\b]], ["\f"] = [[\f]], ["\n"] = [[\n]],
            ["\r"] = [[\r]], ["\t"] = [[\t]], ["\0"] = [[\u0000]], ["\27"] = [[\u001b]], ["\31"] = [[\u001f]],
            ["\127"] = [[\u007f]], ["\226\128\174"] = [[\u202e]], ["\239\187\191"] = [[\ufeff]],
            ["\239\191\191"] = [[\uffff]],
            ["\243\160\128\129"] = [[\udb40\udc01]], ["\243\160\129\191"] = [[\udb40\udc7f]] } do
            assert.equal('"a' .. escaped .. 'b"', ordered_json.text("a" .. text .. "b"))
        end
    end)

    it("leaves the writing of the world as it is, with the joiners between its letters", function()
        for _, text in ipairs { "目录 ou=研发 不存在", "می\226\128\140خواهم", "👩\226\128\141💻", "é e\204\129", "a/b" } do
            assert.equal('"' .. text .. '"', ordered_json.text(text))
        end
    end)

    it("writes U+FFFD for each byte that is not UTF-8", function()
        assert.equal([["a\ufffd\ufffdb"]], ordered_json.text "a\192\128b")
    end)

    it("says what JSON cannot hold", function()
        local circle = {}
        circle.circle = circle
        for reason, value in pairs { ["a function"] = print, ["a number that JSON cannot hold"] = 0 / 0,
            ["a thread"] = { { coroutine.create(print) } }, ["a table with keys of several kinds"] = { 1, a = 2 },
            ["tables more than 61 levels deep"] = circle } do
            local text, why = ordered_json.encode(value)
            assert.is_nil(text)
            assert.equal(reason, why)
        end
        local deep = { "x" }
        for _ = 2, 61 do
            deep = { deep }
        end
        assert.equal(("["):rep(61) .. '"x"' .. ("]"):rep(61), ordered_json.encode(deep))
        assert.is_nil((ordered_json.encode { deep }))
        assert.equal(#"[1]" + 999999 * #"null,", #ordered_json.encode { [1000000] = 1 })
        assert.is_nil((ordered_json.encode { [1000001] = 1 }))
        assert.is_nil((ordered_json.encode { [0] = "x", [1] = "y" }))
        for _, key in ipairs { 0, -1, 1.5, 2 ^ 40, -0.5 } do -- places that no array has
            assert.equal("a table with keys of several kinds", (select(2, ordered_json.encode { [key] = "x" })))
        end
    end)
end)
