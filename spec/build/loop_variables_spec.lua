local lua_files = require "spec.support.lua_files"
local processes = require "spec.support.processes"

local LUA, SCRIPT = "lua5.1", "spec/build/loop_variables.lua"

local function assigned_in(source)
    return lua_files.complaints_about(LUA, SCRIPT, source)
end

describe("assignments to the variables of for loops", function()
    it("are noticed, wherever they are", function()
        for source, expected in pairs {
            ["for i = 1, 9 do i = i + 1 end"] = "1: i",
            ["for i = 1, 9, 2 do\nif i then i = 2 end end"] = "2: i",
            ["for k, v in pairs {} do\nk = 1\nv = 2 end"] = "2: k, 3: v",
            ["for k in f() do while true do a, k = 1, 2 end end"] = "1: k",
            ["for k in f() do repeat local x = function() k = 1 end until x end"] = "1: k",
            ["for k in f() do g({ x = function() return h(function() k = 1 end) end }) end"] = "1: k",
            ["for _, f in ipairs(function() for i = 1, 2 do i = 1 end end) do f() end"] = "1: i",
            ["for a in f() do local a = a; do a = 1 end end for b in f() do do local b end b = 1 end"] = "1: b",
            ["#!/usr/bin/lua\nfor a in f() do a = 1 end"] = "2: a",
        } do
            assert.equal(expected, assigned_in(source), source)
        end
    end)

    it("are not seen in assignments to anything else", function()
        for _, source in ipairs {
            "for k in f() do local k = k k = 1 end",
            "for k in f() do local function k() end k = 1 end",
            "for k in f() do g(function(k) k = 1 end) end",
            "for k in f() do t.k, t[k] = 1, 2 end",
            "for k in f() do repeat local k = 1 until g(function() k = 2 end) end",
            "for k in f() do end k = 1",
            "for k in f() do if k then local k; k = 1 elseif g then local k; k = 2 else local k; k = 3 end end",
        } do
            assert.equal("", assigned_in(source), source)
        end
    end)

    it("are in no file", function()
        assert.equal("", lua_files.complaints(LUA, SCRIPT))
        assert.is_true(#processes.run(lua_files.LIST) > 1000)
    end)
end)
