local accounts = require "dwsync.history.accounts"
local history = require "dwsync.history"
local prune = require "dwsync.history.prune"

-- What the methods hand on is looked at where it arrives.
describe("a store hands on what its methods are given:", function()
    local own = { save = accounts.save, now = accounts.now, list = accounts.list, prune = accounts.prune,
        run = prune.run }
    local store, given

    before_each(function()
        store = assert(history.open(":memory:", { runtime = { now = function() return 1000 end } }))
        given = nil
        local function take(...)
            given = { select(2, ...) }
            return "done"
        end
        accounts.save, accounts.list, accounts.prune = take, take, take
        function accounts.now() return 7 end
        function prune.run(_, _, options)
            given = options
            return "done"
        end
    end)
    after_each(function()
        accounts.save, accounts.now, accounts.list, accounts.prune = own.save, own.now, own.list, own.prune
        prune.run = own.run
        store:close()
    end)

    local function refused(call, ...)
        local good, message = pcall(call, ...)
        assert.is_false(good)
        return (message:gsub("^[^:]*options_spec%.lua:%d+: ", ""))
    end

    it("from when on accounts and records are removed, and whether they only count", function()
        assert.equal("done", store:prune_accounts { older_than = 100 })
        assert.same({ 900000, false }, given)
        assert.equal("done", store:prune_accounts { older_than = "1m", dry_run = true, now = 2000.5 })
        assert.same({ 1940500, true }, given)
        store:prune_accounts { older_than = 0 }
        assert.same({ 1000000, false }, given)
        assert.equal("done", store:prune { older_than = 400 * 86400, now = 1e9 })
        assert.same({ before = 965440000000, dry_run = false }, given)
        store:prune { older_than = "400d", dry_run = true }
        assert.same({ before = -34559000000, dry_run = true }, given)
        assert.equal("store:prune_accounts: older_than is missing, expected a length of time of 0 or more: seconds, or "
            .. '"90m", "6h", "2d"', refused(function() store:prune_accounts() end))
        assert.matches("^store:prune_accounts: older_than is %-1, ",
            refused(function() store:prune_accounts { older_than = -1 } end))
        assert.equal("done", store:prune { older_than = prune.floor })
        assert.matches("^store:prune: older_than is ", refused(function()
            store:prune { older_than = prune.floor - 1 }
        end))
        for _, name in ipairs { "prune", "prune_accounts" } do
            for option, value in pairs { dry_run = 1, now = "x" } do
                assert.matches(("^store:%s: %s is "):format(name, option), refused(function()
                    store[name](store, { older_than = "400d", [option] = value })
                end))
            end
        end
    end)

    it("a list of accounts, when it was asked for, and whether it may be short", function()
        local list = { complete = true }
        local function read() return list end
        assert.equal("done", (store:pull_accounts("c\\", read)))
        assert.same({ "c\\\\", list, 7, false }, given)
        store:pull_accounts("c", read, { accept_short = true })
        assert.same({ "c", list, 7, true }, given)
        assert.matches("^store:pull_accounts: accept_short is a number, expected true or false$", refused(function()
            store:pull_accounts("c", read, { accept_short = 1 })
        end))
        assert.equal("store:pull_accounts expects a function, got a table", refused(function()
            store:pull_accounts("c", list)
        end))
    end)

    it("nothing once it is closed, whatever is asked", function()
        store:close()
        local query = { cluster_id = "c" }
        for name, arguments in pairs { save = { "c", {} }, pull = { "c", {} }, records = { query }, each = { query },
            together = { "c", {} }, clusters = {}, versions = { "c", "r" }, stats = {},
            prune = { { older_than = "400d" } }, pull_accounts = { "c", error }, accounts = { query },
            prune_accounts = { { older_than = 1 } } } do
            local good, message = pcall(function()
                store[name](store, arguments[1], arguments[2])
            end)
            assert.is_false(good)
            assert.matches("options_spec%.lua:%d+: the history is closed$", message)
        end
    end)

    it("which accounts are asked for", function()
        local query = { cluster_id = "c\n\\", gone = true, since = 1, until_ = 2, limit = 3 }
        assert.equal("done", store:accounts(query))
        assert.same({ "c\n\\\\", { cluster_id = "c\n\\", gone = true, since = 1, until_ = 2, limit = 3 } }, given)
        for name, value in pairs { gone = false, new = true, at = 0 } do
            assert.equal("done", store:accounts { cluster_id = "c", [name] = value })
            assert.same({ "c", { cluster_id = "c", [name] = value } }, given)
        end
        for name, wrong in pairs { gone = 1, new = 1, at = "x", since = "x", until_ = "x", run = 1, limit = 0 } do
            assert.matches(("^store:accounts: %s is "):format(name), refused(function()
                store:accounts { cluster_id = "c", [name] = wrong }
            end))
        end
        local points = { "at", "since", "until_" }
        for _, name in ipairs(points) do
            assert.equal(("store:accounts: %s is \"x\", expected milliseconds since the epoch"):format(name),
                refused(function() store:accounts { cluster_id = "c", [name] = "x" } end))
        end
        assert.matches("^store:accounts: cluster_id is missing, ", refused(function() store:accounts {} end))
        for _, pair in ipairs { { gone = true, new = true }, { new = true, at = 1 }, { at = 1, run = "r" },
            { gone = true, run = "r" } } do
            pair.cluster_id = "c"
            assert.equal("store:accounts: gone, new, at and run exclude each other",
                refused(function() store:accounts(pair) end))
        end
    end)
end)
