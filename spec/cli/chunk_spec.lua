local chunks = require "dwsync.cli.chunk"

describe("a chunk", function()
    it("is a function of a text, whose globals are those given", function()
        local environment = { a = 7 }
        local chunk = assert(chunks.load("b = a return a + 1", "=c.lua", environment))
        assert.equal(8, chunk())
        assert.same({ a = 7, b = 7 }, environment)
        assert.is_nil(rawget(_G, "b"))
    end)

    it("is none of what is not Lua, with its name, nor of bytecode", function()
        local chunk, message = chunks.load("return {", "=c.lua", {})
        assert.is_nil(chunk)
        assert.matches("^c%.lua:1: ", message)
        chunk, message = chunks.load(string.dump(function() return 1 end), "=c.lua", {})
        assert.is_nil(chunk)
        assert.matches("attempt to load .*", message)
    end)

    -- In Lua 5.1 there are `setfenv` and `loadstring`, and LuaJIT, which has them, too, has `jit`.
    local function with_globals(given, use)
        local kept = {}
        for _, name in ipairs { "setfenv", "loadstring", "jit" } do
            kept[name] = rawget(_G, name)
            rawset(_G, name, given[name])
        end
        local good, reason = pcall(use)
        for _, name in ipairs { "setfenv", "loadstring", "jit" } do
            rawset(_G, name, kept[name])
        end
        assert(good, reason)
    end

    it("is made by what Lua 5.1 has, but refused where it is bytecode, which that would take", function()
        local asked = {}
        local lua51 = {
            loadstring = function(text, name)
                asked[#asked + 1] = { text, name }
                return text ~= "wrong" and "chunk" or nil, text == "wrong" and "why" or nil
            end,
            setfenv = function(chunk, environment) return { chunk, environment } end,
        }
        local environment = {}
        with_globals(lua51, function()
            assert.same({ { "chunk", environment } }, { chunks.load("text", "=c", environment) })
            assert.same({ nil, "why" }, { chunks.load("wrong", "=c", environment) })
            assert.same({ nil, "attempt to load bytecode" }, { chunks.load("\27Lua", "=c", environment) })
        end)
        assert.same({ { "text", "=c" }, { "wrong", "=c" } }, asked)
        lua51.jit = {}
        with_globals(lua51, function()
            assert.equal(7, chunks.load("return 7", "=c", environment)())
            assert.is_nil((chunks.load("\27Lua", "=c", environment)))
        end)
        assert.equal(2, #asked)
    end)
end)
