local lua_files = require "spec.support.lua_files"
local processes = require "spec.support.processes"

local SCRIPT = "spec/build/parse.lua"

for _, lua in ipairs { "lua5.1", "lua5.3", "lua5.4", "lua5.5", "luajit" } do
    local _, missing = processes.run(("command -v %s >/dev/null"):format(lua))
    if missing == 0 then
        describe(lua, function()
            it("parses every file", function()
                assert.equal("", lua_files.complaints(lua, SCRIPT))
            end)

            it("says where it cannot parse", function()
                assert.matches("^2: [^,\n]+$", lua_files.complaints_about(lua, SCRIPT, "return\nreturn ="))
            end)
        end)
    end
end
