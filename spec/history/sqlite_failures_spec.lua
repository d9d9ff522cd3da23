local sqlite = require "dwsync.history.sqlite"
local targets = require "dwsync.history.target"

-- The driver is replaced: what is looked at is what becomes of its words.
describe("a failure of SQLite", function()
    local engine

    before_each(function()
        engine = assert(sqlite.open(assert(targets.read ":memory:"), {}))
    end)

    -- The error of a statement, and whether another program is in the way, by what the driver says at which step.
    local function failing(step, words)
        local own = engine.connection
        engine.connection = { close = function() own:close() end, execute = function()
            if step == "execute" then
                return nil, words
            end
            return { fetch = function() return nil, words end }
        end }
        local rows, err, busy = engine:rows "SELECT 1"
        engine:close()
        assert.is_nil(rows)
        return err, busy
    end

    for _, step in ipairs { "execute", "fetch" } do
        it("is said in its own words, and whether another program is in the way: " .. step, function()
            for words, expected in pairs {
                ["LuaSQL: database is locked"] = { "database is locked", true },
                ["LuaSQL: database table is locked: x"] = { "database table is locked: x", true },
                ["database schema is locked: main"] = { "database schema is locked: main", true },
                ["LuaSQL: locking protocol\n"] = { "locking protocol", true },
                ["LuaSQL: no such column: database is locked"] = { "no such column: database is locked", false },
                ["LuaSQL: database disk image is malformed"] = { "database disk image is malformed", false },
            } do
                engine = assert(sqlite.open(assert(targets.read ":memory:"), {}))
                local err, busy = failing(step, words)
                assert.same({ "storage", "the history :memory:: " .. expected[1], expected[2] },
                    { err.kind, err.message, busy })
                assert.is_nil(err.code)
            end
        end)
    end

    it("is that its storage is full", function()
        local err, busy = failing("execute", "LuaSQL: database or disk is full")
        assert.same({ "full", "the history :memory:: its storage is full: database or disk is full", "Make room on the "
            .. "disk of the database; what was saved before is safe, and nothing else was kept.", false },
            { err.code, err.message, err.hint, busy })
    end)

    it("is what the driver says where it cannot connect", function()
        local environment = engine.environment
        engine.environment = { connect = function() return nil, "LuaSQL: unable to open database file" end }
        local opened, err, busy = engine:open()
        engine.environment = environment
        assert.same({ nil, "the history :memory:: unable to open database file", false }, { opened, err.message, busy })
        assert.is_nil(engine.connection)
    end)

    it("ends the connection where a setting of it fails", function()
        local environment, closed = engine.environment, 0
        for fails = 1, 5 do
            local count = 0
            engine.environment = { connect = function()
                return { close = function() closed = closed + 1 end, execute = function(_, sql)
                    count = count + 1
                    if count == fails then
                        return nil, "LuaSQL: database is locked"
                    end
                    local row = sql:find "journal_mode$" and { "delete" } or nil
                    return { fetch = function()
                        local one = row
                        row = nil
                        return one
                    end }
                end }
            end }
            local opened, err, busy = engine:open()
            assert.same({ nil, "the history :memory:: database is locked", true, fails },
                { opened, err.message, busy, closed })
            assert.is_nil(engine.connection)
        end
        engine.environment = environment
    end)

    it("leaves no settings out", function()
        local environment, said = engine.environment, {}
        engine.environment = { connect = function()
            return { close = function() end, execute = function(_, sql)
                said[#said + 1] = sql
                local row = sql:find "journal_mode$" and { "delete" } or nil
                return { fetch = function()
                    local one = row
                    row = nil
                    return one
                end }
            end }
        end }
        assert.equal(engine, (engine:open()))
        assert.same({ "PRAGMA busy_timeout = 0", "PRAGMA synchronous = FULL", "PRAGMA wal_autocheckpoint = 4000",
            "PRAGMA cache_size = -65536", "PRAGMA journal_mode", "PRAGMA journal_mode = WAL" }, said)
        engine.environment = environment
    end)
end)
