local history = require "dwsync.history"

describe("a module that an engine needs and that is not installed", function()
    it("is named, with what to install, and only when it is needed", function()
        local targets = {
            [":memory:"] = { "luasql.sqlite3",
                "Install lua-sql-sqlite3 (Debian), or luarocks install luasql-sqlite3." },
            ["postgres://h/d"] = { "dwsync.pq", "Install libpq-dev (Debian), then build and install dwsync again." },
        }
        for target, expected in pairs(targets) do
            local module, hint = expected[1], expected[2]
            local loaded, preload = package.loaded[module], package.preload[module]
            package.loaded[module], package.preload[module] = nil, function()
                error "not here"
            end
            local store, err = history.open(target)
            package.loaded[module], package.preload[module] = loaded, preload
            assert.is_nil(store)
            assert.equal("config", err.kind)
            assert.equal(("the history needs %s, which cannot be loaded"):format(module), err.message)
            assert.equal(hint, err.hint)
        end
    end)
end)
