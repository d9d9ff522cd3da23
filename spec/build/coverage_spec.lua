local coverage = require "spec.build.coverage"

-- Of files that no map knows: what is asked for is what runs anything of them.
local LUA, C = "lua/dwsync/room/part.lua", "src/dws/part.c"

local function map_of(specs)
    local map = { specs = specs, by = { [LUA] = {} } }
    for _, spec in ipairs(specs) do
        spec.cpu, spec.wall, spec.count = spec.cpu or 1, 1, { [LUA] = spec.loads }
        spec.lines, spec.in_lua = { [C] = spec.ran }, spec.path:find "%.lua$" ~= nil
        map.by[LUA][spec] = spec.loads and true
    end
    return map
end

local function paths(specs)
    local list = {}
    for i, spec in ipairs(specs) do
        list[i] = spec.path
    end
    return table.concat(list, " ")
end

describe("specs of a change", function()
    it("in Lua are the module's own, its room's, then others, quick ones first", function()
        local map = map_of { { path = "spec/other_spec.lua", loads = 3, cpu = 1 }, { path = "spec/never_spec.lua" },
            { path = "spec/room/slow_spec.lua", loads = 2, cpu = 90 },
            { path = "spec/quick_spec.lua", loads = 3, cpu = 0.1 },
            { path = "spec/room/near_spec.lua", loads = 2, cpu = 2 },
            { path = "spec/room/part_spec.lua", loads = 2, cpu = 40 } }
        assert.equal("spec/room/part_spec.lua spec/room/near_spec.lua spec/quick_spec.lua spec/other_spec.lua "
            .. "spec/room/slow_spec.lua", paths(coverage.specs_of_lua(map, LUA, "return 1", 1)))
    end)

    it("in C are programs in C and specs in Lua, the part's own first", function()
        local map = map_of { { path = "whole_spec", ran = "1-4,9-9", cpu = 0.1 }, { path = "part_spec", ran = "7-7" },
            { path = "else_spec" }, { path = "spec/client_spec.lua", ran = "1-1", cpu = 0.1 },
            { path = "spec/core/near_spec.lua", ran = "3-3" }, { path = "spec/never_spec.lua" } }
        local c, lua = coverage.specs_of_c(map, C, "int f(void)\n{\n}\n", 2)
        assert.equal("part_spec whole_spec", paths(c))
        assert.equal("spec/core/near_spec.lua spec/client_spec.lua", paths(lua))
    end)

    it("are none where none runs it", function()
        local map = map_of { { path = "else_spec" }, { path = "spec/never_spec.lua" } }
        assert.equal("", paths(coverage.specs_of_lua(map, LUA, "return 1", 1)))
        local c, lua = coverage.specs_of_c(map, C, "", 1)
        assert.equal("", paths(c) .. paths(lua))
    end)

    it("are more where the file is newer than all that is known", function()
        local map = map_of { { path = "else_spec" }, { path = "spec/core/near_spec.lua" },
            { path = "spec/room/other_spec.lua" }, { path = "spec/far_spec.lua", cpu = 0.1 } }
        map.by = {}
        assert.equal("spec/room/other_spec.lua spec/far_spec.lua spec/core/near_spec.lua",
            paths(coverage.specs_of_lua(map, LUA, "return 1", 1)))
        map.specs[3].changed = true
        assert.equal("spec/core/near_spec.lua spec/room/other_spec.lua", paths(select(2,
            coverage.specs_of_c(map, C, "", 1))))
    end)

    it("of other programs are left alone where others run it, unless all are wanted", function()
        local map = map_of { { path = "spec/room/server_once_spec.lua", loads = 2 },
            { path = "spec/quick_spec.lua", loads = 3 } }
        map.specs[1].once = true
        assert.equal("spec/quick_spec.lua", paths(coverage.specs_of_lua(map, LUA, "return 1", 1)))
        assert.equal("spec/quick_spec.lua spec/room/server_once_spec.lua",
            paths(coverage.specs_of_lua(map, LUA, "return 1", 1, true)))
        table.remove(map.specs)
        assert.equal("spec/room/server_once_spec.lua", paths(coverage.specs_of_lua(map, LUA, "return 1", 1)))
    end)
end)
