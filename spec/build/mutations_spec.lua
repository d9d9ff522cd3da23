local mutations = require "spec.build.mutations"

-- What can be made of a source, line by line, as a set: "what: before → after".
local function changes(path, source)
    local list = {}
    for _, change in ipairs(mutations.of(path, source)) do
        list[#list + 1] = ("%s: %s → %s"):format(change.what, change.before, change.after)
        assert.is_not.equal(source, mutations.applied(source, change))
    end
    table.sort(list)
    return list
end

describe("changes of Lua", function()
    local function are(expected, source)
        assert.same(expected, changes("x.lua", source))
    end

    it("turn operators, and words for true, false and their joints", function()
        are({ "turned: local x = a == b → local x = a ~= b" }, "local x = a == b")
        are({ "turned: local x = a < -b → local x = a <= -b" }, "local x = a < -b")
        are({ "turned: local x = not a → local x = a" }, "local x = not a")
        are({ "turned: local x = a and true → local x = a and false",
            "turned: local x = a and true → local x = a or true" }, "local x = a and true")
    end)

    it("are off by one, upwards from nothing", function()
        are({ "off by one: local x = 0 → local x = 1" }, "local x = 0")
        are({ "off by one: local x = 60 → local x = 61" }, "local  x = 60")
        are({ "off by one: local x = 60 → local x = 59" }, "local x = 60")
        are({}, "local x = 0x10")
        for _, blanks in ipairs { "", " " } do -- never from 1 to 0, which find takes for 1
            are({ "argument dropped: local x = f(a, 1, true) → local x = f(a, 1)",
                "off by one: local x = f(a, 1, true) → local x = f(a, 2, true)",
                "turned: local x = f(a, 1, true) → local x = f(a, 1, false)" }, blanks .. "local x = f(a, 1, true)")
        end
    end)

    it("leave out no first character: sub takes 0 for 1, too", function()
        for _, blanks in ipairs { "", " " } do
            are({ "argument dropped: local x = a:sub(1, b) → local x = a:sub(1)",
                "off by one: local x = a:sub(1, b) → local x = a:sub(2, b)" }, blanks .. "local x = a:sub(1, b)")
        end
    end)

    it("leave a search plain where the text as a pattern says the same, and what begins at 1 where that is", function()
        are({ 'off by one: local x = f("@ ", 1, true) → local x = f("@ ", 2, true)' }, 'local x = f("@ ", 1, true)')
        are({ 'off by one: local x = f("\\n", 1, true) → local x = f("\\n", 2, true)' },
            'local x = f("\\n", 1, true)')
        are({}, 'local x = f("\\0\\r\\t", from, true)')
        for _, text in ipairs { " a.b", " a-b", "\\\\n", "%d", " a(b", "[x]", "*", "$" } do
            assert.equal(3, #mutations.of("x.lua", ('local x = f("%s", 1, true)'):format(text)), text)
        end
        assert.is_truthy(mutations.of("x.lua", "local x = a:sub(1, b)")[2].after:find("sub(2, b)", 1, true))
    end)

    it("concern strings that are names, not texts, nor modules", function()
        are({}, 'local x = { __mode = "k", __name = "some.thing" }')
        are({ 'other string: local x = "kind" → local x = "kind~"' }, 'local x = "kind"')
        are({}, 'local x = "not found: %s"')
        are({}, 'local x = require "kind"')
        are({}, "local x = [[kind]] -- \"kind\" 1 == 2\n--[[ 1\n 2 ]]")
    end)

    it("leave out statements, whole ones", function()
        are({ "statement deleted: do local x; m(function() return end) end → do local x; end" },
            "do local x; m(function() return end) end")
        are({ "argument dropped: x.y = f(a) → x.y = f()", "statement deleted: x.y = f(a) → " }, "x.y = f(a)")
        are({ "statement deleted: f{ a } local b → local b" }, "f{ a } local b")
    end)

    it("negate branches", function()
        are({ "branch negated: if a then end → if not (a) then end" }, "if a then end")
        are({ "branch negated: while a do end → while not (a) do end" }, "while a do end")
    end)

    it("return nothing, and hand over less", function()
        are({ "nil returned: return a, b → return nil" }, "return a, b")
        are({ "argument dropped: local x = f(a, g[b]) → local x = f(a)" }, "local x = f(a, g[b])")
        are({ "argument dropped: local x = f(a) → local x = f()" }, "local x = f(a)")
        are({}, "local function f(a) end")
        are({}, "function M.f:g(a) end")
    end)
end)

describe("changes of C", function()
    local function are(expected, body)
        assert.same(expected, changes("x.c", "static int f(void)\n{\n" .. body .. "\n}\n"))
    end

    it("turn operators between two operands only", function()
        are({ "turned: bool x = a == b; → bool x = a != b;" }, "bool x = a == b;")
        are({ "turned: bool x = !a; → bool x = a;" }, "bool x = !a;")
        are({}, "int *x = -a;")
    end)

    it("leave alone what makes no difference: DWS_OK is 0, and 0 its own negative", function()
        are({}, "return DWS_OK;")
        are({}, "return CURLE_OK;")
        are({}, "return CURL_PREREQFUNC_OK;")
        local function turned(comparison)
            for _, change in ipairs(changes("x.c", ("int f(void)\n{\nu x = %s;\n}\n"):format(comparison))) do
                if change:find "^turned" then
                    return true
                end
            end
            return false
        end
        assert.is_false(turned "a < 0 ? -a : a")
        assert.is_false(turned "a < 0 ? -(u)a : (u)a")
        assert.is_true(turned "a < 0 ? -a : b")
        assert.is_true(turned "a < 0 ? -a : (u)a")
    end)

    it("leave alone the room that a table of Lua's is made with", function()
        for _, sizes in ipairs { "L, 0, 3", "d->L, 2, 0", "L, LIST, 1" } do
            local call = ("lua_createtable(%s);"):format(sizes)
            are({ ("statement deleted: %s → ;"):format(call) }, call)
        end
        are({ "off by one: lua_rawseti(L, -2, 3); → lua_rawseti(L, -2, 2);",
            "off by one: lua_rawseti(L, -2, 3); → lua_rawseti(L, -3, 3);",
            "statement deleted: lua_rawseti(L, -2, 3); → ;" }, "lua_rawseti(L, -2, 3);")
    end)

    it("leave alone which of two is chosen that are the same", function()
        local function turned(statement)
            for _, change in ipairs(changes("x.c", "int f(void)\n{\n" .. statement .. "\n}\n")) do
                if change:find "^turned" then
                    return true
                end
            end
            return false
        end
        for _, statement in ipairs { "x = a < b ? a : b;", "x = a->c[1] * d > 200 ? 200 : a->c[1] * d;",
            "f(a, g(b) <= K ? (size_t)g(b) : K);", "if (a.b < c) c = a.b;", "if (a > b) a = b;" } do
            assert.is_false(turned(statement), statement)
        end
        for _, statement in ipairs { "x = a < b ? b : c;", "x = a < b ? a : c;", "x = a < b ? a : b - d;",
            "if (a < b) a = c;", "while (a < b) a = b;", "if (a < b && a) a = b;", "x = a == b ? a : b;" } do
            assert.is_true(turned(statement), statement)
        end
    end)

    it("leave out statements, but no declarations, and nothing of a loop's head", function()
        are({ "statement deleted: free(a); → ;" }, "free(a);")
        are({ "statement deleted: *a = b; → ;" }, "*a = b;")
        are({}, "struct x a = {b}; lua_State *L = b;")
        are({ "statement deleted: g(); → ;", "turned: for (i = a; i < b; i++) → for (i = a; i < b; i--)",
            "turned: for (i = a; i < b; i++) → for (i = a; i <= b; i++)" }, "for (i = a; i < b; i++)\ng();")
    end)

    it("negate branches and return 0", function()
        are({ "branch negated: if (a) → if (!(a))", "statement deleted: g(); → ;" }, "if (a)\ng();")
        are({ "0 returned: return a; → return 0;" }, "return a;")
        are({}, "return NULL;")
    end)

    it("concern no directives and comments, but what a macro stands for", function()
        assert.same({ "off by one: #define A 255 → #define A 254", "off by one: #define F(a) 0 → #define F(a) 1" },
            changes("x.c", '#include "a1.h"\n#if B > 1\n#endif\n#define A  255\n/* 1 */ // 2\n#define F(a) 0\n'))
    end)
end)

describe("the blocks of a Lua source", function()
    it("are the innermost around a position", function()
        local source = "a() local function f(x) b() if c then d() else e() end for i = 1, 2 do g() end return h end i()"
        local starts, block_of = mutations.blocks(source)
        local function block(name)
            return block_of((source:find(name, 1, true)))
        end
        assert.equal(4, #starts)
        assert.same({ 0, 1, 1, 2, 3, 4, 1, 0 }, { block "a()", block "b()", block "c then", block "d()", block "e()",
            block "g()", block "h end", block "i()" })
    end)

    it("of every file can be told", function()
        local found = assert(io.popen "find lua -name '*.lua'")
        for path in found:lines() do
            local file = assert(io.open(path))
            assert.is_true(#mutations.blocks(file:read "*a") > 0 or path:find "dwsync/" ~= nil)
            file:close()
        end
        found:close()
    end)
end)
