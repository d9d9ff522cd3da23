local history = require "dwsync.history"

describe("a driver that is not installed", function()
    it("is named, with what to install, and only when it is needed", function()
        local targets = { [":memory:"] = { "sqlite3", "sqlite3" }, ["postgres://h/d"] = { "postgres", "postgres" } }
        for target, names in pairs(targets) do
            local module = "luasql." .. names[1]
            local loaded, preload = package.loaded[module], package.preload[module]
            package.loaded[module], package.preload[module] = nil, function()
                error "not here"
            end
            local store, err = history.open(target)
            package.loaded[module], package.preload[module] = loaded, preload
            assert.is_nil(store)
            assert.equal("config", err.kind)
            assert.equal(("the history needs LuaSQL's driver %s, which cannot be loaded"):format(names[1]), err.message)
            assert.equal(("Install lua-sql-%s (Debian), or luarocks install luasql-%s."):format(names[2], names[2]),
                err.hint)
        end
    end)
end)
