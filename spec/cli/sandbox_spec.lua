local sandbox = require "dwsync.cli.sandbox"

-- What is wrong with a text.
local function complaint(text)
    local good, message = sandbox.evaluate(text, "c.lua")
    assert.is_false(good)
    return message
end

describe("a sandbox", function()
    it("evaluates a table, functions included", function()
        local good, value = sandbox.evaluate("local n = 6 return { a = n * 7, f = function(x) return x .. '!' end }",
            "c.lua")
        assert.is_true(good)
        assert.equal(42, value.a)
        assert.same({ true, "x!" }, { sandbox.call(value.f, "x") })
    end)

    it("gives access to nothing", function()
        for _, name in ipairs { "os", "io", "require", "print", "load", "_G", "string", "setmetatable", "getmetatable",
            "pcall", "error", "debug", "coroutine", "collectgarbage", "jit", "ffi", "package" } do
            assert.same({ true, "nil" }, { select(1, sandbox.evaluate("return " .. name, "c")),
                type((select(2, sandbox.evaluate("return " .. name, "c")))) }, name)
        end
        assert.matches("^c%.lua:1: attempt to index .*global 'os'", complaint "return os.getenv 'HOME'")
    end)

    it("gives no methods of strings, and gives them back afterwards", function()
        assert.matches("^c%.lua:1: attempt to index .*a string value", complaint "return ('x'):rep(1e9)")
        assert.matches("^c%.lua:2: attempt to index .*a string value", complaint "local s = 'x'\nreturn s.gsub")
        assert.equal("xx", ("x"):rep(2))
    end)

    it("ends a loop without end, in the text and in a function of it", function()
        assert.equal("c.lua: it runs more than 200000 instructions", complaint "while true do end")
        assert.equal("c.lua: it runs more than 200000 instructions",
            complaint "local function f() return f() end return f()")
        local _, f = sandbox.evaluate("return function() for i = 1, 1e12 do end end", "c.lua")
        assert.same({ false, "it runs more than 200000 instructions" }, { sandbox.call(f) })
    end)

    it("ends a string that grows without end", function()
        assert.equal("c.lua: it takes more than 2048 KiB of memory",
            complaint "local s = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxx' while true do s = s .. s end")
    end)

    it("ends work that few instructions do, by the time it takes", function()
        local real, looks = os.clock, 0
        os.clock = function() -- luacheck: ignore 122
            looks = looks + 1
            return looks < 100 and 5 or 6.01
        end
        local good, message = pcall(complaint, "local s = 'x' while true do local t = s .. 'y' end")
        os.clock = real -- luacheck: ignore 122
        assert.is_true(good, message)
        assert.equal("c.lua: it runs for more than 1 s", message)
        assert.equal(100, looks)
    end)

    it("takes no more memory than it may in any single instruction", function()
        local doubled = "local s = 'x' for i = 1, 18 do s = s .. s end "
        assert.is_true((sandbox.evaluate(doubled .. "return {}", "c.lua")))
        collectgarbage()
        collectgarbage()
        local before = collectgarbage "count"
        collectgarbage "stop"
        local message = complaint(doubled .. "return #(s" .. (" .. s"):rep(180) .. ")")
        local grown = collectgarbage "count" - before
        collectgarbage "restart"
        assert.equal("c.lua: it takes more than 2048 KiB of memory", message)
        assert.is_true(grown < 2300, grown)
    end)

    it("hands out no text that is longer than any use", function()
        assert.is_true((sandbox.evaluate("return { a = '" .. ("x"):rep(4096) .. "' }", "c.lua")))
        for _, text in ipairs { "return { a = { '%s' } }", "return { ['%s'] = 1 }", "return '%s'", "a = '%s'" } do
            assert.equal("c.lua: it has a text of more than 4096 bytes", complaint(text:format(("x"):rep(4097))))
        end
        local good, value = sandbox.evaluate("local t = {} t.t = t return t", "c.lua")
        assert.is_true(good)
        assert.equal(value, value.t)
    end)

    it("ends a recursion without end", function()
        local message = complaint "local function f() return 1 + f() end return f()"
        assert.is_true(message:find "stack overflow" ~= nil or message:find "KiB of memory" ~= nil
            or message:find "instructions" ~= nil, message) -- whichever comes first
    end)

    it("reads no bytecode", function()
        assert.equal("c.lua: it is bytecode, expected source text",
            complaint(string.dump(function() return {} end)))
    end)

    it("reads no more than 64 KiB", function()
        assert.is_true((sandbox.evaluate((" "):rep(64 * 1024 - 9) .. "return {}", "c.lua")))
        assert.equal("c.lua: it is larger than 64 KiB", complaint((" "):rep(64 * 1024 - 8) .. "return {}"))
    end)

    it("tells the line of a mistake, but none of the text", function()
        local message = complaint "return {\n  history = 'postgres://u:hunter2@h/d' 'hunter2'\n}"
        assert.matches("^c%.lua:2: '}' expected %(to close '{' at line 1%)$", message)
        assert.is_nil(complaint("return 'hunter2"):find "hunter2")
        assert.is_nil(complaint("return { history = ('postgres://u:hunter2@h/d'):lower() }"):find "hunter2")
    end)

    it("names the file even where Lua does not", function()
        assert.matches("^c%.lua:[^\n]*$", complaint("return " .. ("{"):rep(1000)))
    end)

    it("keeps LuaJIT from compiling what it evaluates, since compiled code has no hook", function()
        local kept, jit, off = sandbox, rawget(_G, "jit"), {}
        rawset(_G, "jit", { off = function(...) off[#off + 1] = { ... } end })
        package.loaded["dwsync.cli.sandbox"] = nil
        local good, value = pcall(function()
            return select(2, require("dwsync.cli.sandbox").evaluate("return { 7 }", "c.lua"))
        end)
        rawset(_G, "jit", jit)
        package.loaded["dwsync.cli.sandbox"] = kept
        assert.same({ true, { 7 } }, { good, value })
        assert.same({ 1, "function", true }, { #off, type(off[1][1]), off[1][2] })
    end)

    it("leaves the hook that was there", function()
        local calls = 0
        local function hook() calls = calls + 1 end
        debug.sethook(hook, "", 1000)
        sandbox.evaluate("return {}", "c.lua")
        local found = debug.gethook()
        debug.sethook()
        assert.equal(hook, found)
    end)

    it("puts no hook back that is one in C, which Lua knows by a word alone", function()
        local gethook = debug.gethook
        debug.gethook = function() return "external hook", "l", 0 end -- luacheck: ignore 122
        local found = { pcall(sandbox.evaluate, "return { 1 }", "c.lua") }
        debug.gethook = gethook -- luacheck: ignore 122
        assert.is_true(found[1], found[2])
        assert.same({ 1 }, found[3])
    end)

    it("tells the globals that were assigned to", function()
        local _, _, environment = sandbox.evaluate("profiles = {}", "c.lua")
        assert.same({ profiles = {} }, environment)
    end)
end)
