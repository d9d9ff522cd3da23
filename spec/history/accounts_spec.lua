-- The ledger of accounts, on both engines.
local accounts = require "dwsync.history.accounts"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local history = require "dwsync.history"
local postgres = require "spec.support.postgres"
local temporary = require "spec.support.temporary"
local transaction = require "dwsync.history.transaction"

local unpack = table.unpack or unpack -- luacheck: ignore 113

local server
setup(function()
    server = postgres.start()
end)
teardown(function()
    server:stop()
end)

local engines = {
    sqlite = function(use)
        temporary.with_folder(function(folder)
            use(folder .. "/history.db")
        end)
    end,
    postgres = function(use)
        use(server:fresh_url())
    end,
}

local clock = 1000

-- A store whose database has the clock of this spec.
local function open(target, options)
    options = options or {}
    options.runtime = { now = function() return clock end, wait = core.wait }
    local store = assert(history.open(target, options))
    local class = getmetatable(store.engine).__index
    setmetatable(store.engine, { __index = function(_, name)
        return name == "clock" and ("%d.0"):format(clock * 1000) or class[name]
    end })
    return store
end

local function list_of(...)
    local list = { complete = true }
    for i, name in ipairs { ... } do
        list[i] = type(name) == "table" and name or { name = name, login = true, user_type = "COMMON" }
    end
    list.count = #list
    return list
end

-- A look that takes a second, at a time.
local function look(store, at, ...)
    local list = list_of(...)
    clock = at
    return store:pull_accounts("c", function()
        clock = at + 1
        return list
    end)
end

local function names(list)
    local found = {}
    for i, account in ipairs(list) do
        found[i] = account.name .. (account.user_type == "COMMON" and "" or "/" .. tostring(account.user_type))
    end
    return table.concat(found, " ")
end

local function asked(store, query)
    query.cluster_id = "c"
    return names(assert(store:accounts(query)))
end

for engine, with in pairs(engines) do
    describe("the ledger of accounts in " .. engine, function()
        it("waits after a list that could not be had, longer each time, and changes nothing else", function()
            with(function(target)
                local store = open(target)
                look(store, 100, "a", "b")
                local run = { end_time = 150000, delete_count = 1 }
                local function is_due(at)
                    clock = at
                    return accounts.is_due(store, "c", { run })
                end
                assert.is_true(is_due(200))
                local function fail(at, kind, retry_after)
                    clock = at
                    local err = errors.new { kind = kind, message = "no", retry_after = retry_after }
                    assert.same({ nil, err }, { store:pull_accounts("c", function() return nil, err end) })
                end
                fail(200, "permission")
                assert.same({ false, true }, { is_due(499), is_due(500) })
                fail(500, "not_found")
                assert.same({ false, true }, { is_due(1099), is_due(1100) })
                fail(1100, "throttled", 5000)
                assert.same({ false, true }, { is_due(6099), is_due(6100) })
                for _ = 1, 30 do
                    fail(7000, "permission")
                end
                assert.same({ false, true }, { is_due(7000 + 6 * 3600 - 1), is_due(7000 + 6 * 3600) })
                assert.equal("a b", asked(store, {}))
                assert.equal("", asked(store, { gone = true }))
                look(store, 40000, "a")
                assert.is_false(is_due(40002))
                store:close()
            end)
        end)

        it("gives judgements names of the gone only when it was opened to show them", function()
            with(function(target)
                local store = open(target)
                look(store, 100, "a", "b", "c", { name = "d", user_type = "IAM", login = true })
                look(store, 200, "c")
                assert.is_nil(assert(store:together("c", {}, { now = clock })).ledger.gone)
                store:close()
                store = open(target, { show_accounts = true })
                assert.same({ { from = 100000, till = 201000, kind = "common", accounts = 2, names = { "a", "b" } },
                    { from = 100000, till = 201000, kind = "iam", accounts = 1, names = { "d" } } },
                    assert(store:together("c", {}, { now = clock })).ledger.gone)
                local many = { "c" }
                for i = 1, 12 do
                    many[i + 1] = ("n%02d"):format(i)
                end
                look(store, 300, unpack(many))
                look(store, 400, "c")
                local gone = assert(store:together("c", {}, { now = clock })).ledger.gone
                assert.same({ 12, 10, "n10" }, { gone[1].accounts, #gone[1].names, gone[1].names[10] })
                assert.equal(3, #gone)
                store:close()
            end)
        end)

        before_each(function()
            clock = 1000
        end)

        it("keeps who is there, who came and who went, between which looks", function()
            with(function(target)
                local store = open(target)
                assert.same({ came = 0, went = 0, accounts = 3, is_first = true }, look(store, 100, "a", "b", "c"))
                assert.same({ came = 1, went = 1, accounts = 3, is_first = false }, look(store, 200, "b", "c", "d"))
                assert.equal("b c d", asked(store, {}))
                assert.equal("a", asked(store, { gone = true }))
                assert.equal("d", asked(store, { new = true }))
                local gone = assert(store:accounts { cluster_id = "c", gone = true })
                assert.same({ name = "a", user_type = "COMMON", login = true, first_seen = 101000, last_seen = 100000,
                    gone_at = 201000 }, gone[1])
                assert.equal(3, gone.look.accounts)
                local new = assert(store:accounts { cluster_id = "c", new = true })
                assert.same({ name = "d", user_type = "COMMON", login = true, first_seen = 201000, last_seen = 201000,
                    came_after = 100000 }, new[1])
                store:close()
            end)
        end)

        it("says who was there at a time, and who came and went in a period", function()
            with(function(target)
                local store = open(target)
                look(store, 100, "a", "b")
                look(store, 200, "b", "c")
                look(store, 300, "a", "b")
                assert.equal("a b", asked(store, { at = 150000 }))
                assert.equal("b c", asked(store, { at = 250000 }))
                assert.equal("a b", asked(store, { at = 350000 }))
                assert.equal("a c", asked(store, { gone = true }))
                assert.equal("c", asked(store, { gone = true, since = 250000 }))
                assert.equal("a", asked(store, { gone = true, until_ = 250000 }))
                assert.equal("a c", asked(store, { new = true }))
                assert.equal("a", asked(store, { new = true, since = 250000 }))
                assert.equal("a", asked(store, { new = true, limit = 1 }))
                assert.is_false(assert(store:accounts { cluster_id = "c", new = true, limit = 1 }).complete)
                store:close()
            end)
        end)

        it("writes one row, the look's, when nothing changed, and takes another order for the same", function()
            with(function(target)
                local store = open(target)
                look(store, 100, "a", "b")
                local statements = {}
                local rows = store.engine.rows
                store.engine.rows = function(self, sql, ...)
                    statements[#statements + 1] = sql:match "^INSERT" or sql:match "^UPDATE"
                    return rows(self, sql, ...)
                end
                assert.same({ came = 0, went = 0, accounts = 2, is_first = false }, look(store, 200, "a", "b"))
                assert.same({ "INSERT" }, statements)
                assert.same({ came = 0, went = 0, accounts = 2, is_first = false }, look(store, 300, "b", "a"))
                assert.same({ "INSERT", "INSERT" }, statements)
                assert.equal(300000, assert(store:accounts { cluster_id = "c" }).look.began_at)
                store:close()
            end)
        end)

        it("knows why a list could not be had, in its own words, until one could", function()
            with(function(target)
                local store = open(target)
                look(store, 100, "a", "b")
                local function trial()
                    return assert(transaction.run(store.context, store.engine, "read", nil, function(session)
                        return { accounts.trial_in(session, "c") }
                    end))[1]
                end
                assert.is_nil(trial())
                for failures, hint in ipairs { "Back\\slash.", "C" } do
                    clock = 200
                    assert.is_nil((store:pull_accounts("c", function()
                        return nil, errors.new { kind = "permission", message = "no \\0 \0 text", hint = hint }
                    end)))
                    assert.same({ failures = failures, next_at = 200000 + 300000 * 2 ^ (failures - 1), hint = hint,
                        error = errors.summary(errors.new { kind = "permission", message = "no \\0 \0 text" }, true) },
                        trial())
                end
                look(store, 300, "a", "b") -- the same list as before
                assert.is_nil(trial())
                store:close()
            end)
        end)

        it("keeps names and types of up to 1024 bytes", function()
            with(function(target)
                local store = open(target)
                local most = ("x"):rep(1024)
                for at, case in ipairs { { most, nil, true }, { most .. "x", nil, false }, { "a", most, true },
                    { "a", most .. "x", false } } do
                    assert.equal(case[3], look(store, at * 100, { name = case[1], user_type = case[2] },
                        { name = "b", user_type = "COMMON" }, { name = "c", user_type = "COMMON" }) ~= nil, at)
                end
                store:close()
            end)
        end)

        it("changes nothing for a list that is not whole, is empty, or names nobody", function()
            with(function(target)
                local store = open(target)
                look(store, 100, "a", "b")
                local lists = { { complete = false, { name = "a" } }, { complete = true }, list_of("a", {}),
                    list_of({ name = ("x"):rep(1025) }), list_of({ name = 7 }) }
                for _, list in ipairs(lists) do
                    local summary, err = store:pull_accounts("c", function() return list end)
                    assert.is_nil(summary)
                    assert.equal("incomplete", err.kind)
                    assert.is_true(#err.hint > 10)
                end
                local refused = errors.new { kind = "permission", message = "no" }
                assert.same({ nil, refused }, { store:pull_accounts("c", function() return nil, refused end) })
                assert.equal("a b", asked(store, {}))
                assert.equal("", asked(store, { gone = true }))
                store:close()
            end)
        end)

        it("ignores a look that began before one that is kept: of two collectors at once", function()
            with(function(target)
                local one, other = open(target), open(target)
                look(one, 100, "a", "b")
                clock = 200
                local summary = assert(one:pull_accounts("c", function()
                    assert.same({ came = 0, went = 1, accounts = 1, is_first = false }, look(other, 250, "b"))
                    clock = 300
                    return list_of("a", "b", "late")
                end))
                assert.same({ came = 0, went = 0, accounts = 1, is_first = false, is_late = true }, summary)
                assert.equal("b", asked(one, {}))
                assert.equal("a", asked(one, { gone = true }))
                one:close()
                other:close()
            end)
        end)

        it("goes by the database's clock, even after that was set back", function()
            with(function(target)
                local store = open(target)
                look(store, 90000, "a", "b")
                assert.same({ came = 0, went = 1, accounts = 1, is_first = false }, look(store, 200, "b"))
                local gone = assert(store:accounts { cluster_id = "c", gone = true })[1]
                assert.is_true(gone.last_seen < gone.gone_at)
                store:close()
            end)
        end)

        describe("of a service that gives one page whatever the offset", function()
            local function page(store, at, count, options)
                local list = list_of()
                for i = 1, count do
                    list[i] = { name = ("u%03d"):format(i), user_type = "COMMON" }
                end
                list.rests_on = "page"
                clock = at
                return store:pull_accounts("c", function() return list end, options)
            end

            it("takes those missing for gone when somebody says so, yet from no partial list", function()
                with(function(target)
                    local store = open(target)
                    page(store, 100, 150)
                    local _, err = page(store, 200, 100, { accept_short = false })
                    assert.matches("dwsync history pull %-%-accounts %-%-accept%-short, in Lua accept_short = true",
                        err.hint)
                    assert.equal(50, page(store, 300, 100, { accept_short = true }).went)
                    assert.equal(100, #assert(store:accounts { cluster_id = "c" }))
                    local part = { { name = "u001" } }
                    assert.equal("incomplete", select(2, store:pull_accounts("c", function() return part end,
                        { accept_short = true })).kind)
                    assert.has_error(function() page(store, 400, 100, { accept = true }) end)
                    store:close()
                end)
            end)

            it("takes nobody for gone whom no run deleted, but for a few", function()
                with(function(target)
                    local store = open(target)
                    assert.equal(150, page(store, 100, 150).accounts)
                    local summary, err = page(store, 200, 100)
                    assert.is_nil(summary)
                    assert.equal("incomplete", err.kind)
                    assert.equal("the list of accounts lacks 50 that were there, 0 of which runs deleted, and the "
                        .. "service gives the same page whatever the offset: the rest may be on a page that it "
                        .. "does not give",
                        err.message)
                    assert.is_nil(err.message:find "u%d%d%d")
                    assert.same({}, { unpack(assert(store:accounts { cluster_id = "c", gone = true })) })
                    assert.equal(100000, assert(store:accounts { cluster_id = "c" }).look.began_at)
                    assert.equal(5, page(store, 300, 145).went)
                    assert.is_nil((page(store, 400, 139)))
                    store:close()
                end)
            end)

            it("takes those for gone whom runs deleted, and all when its list is known to be whole", function()
                with(function(target)
                    local store = open(target)
                    page(store, 100, 150)
                    assert(store:save("c", { { id = "mass", start_time = 110000, end_time = 120000, delete_count = 46,
                        status = "FINISHED" } }))
                    assert.is_nil((page(store, 200, 98)))
                    assert.equal(51, page(store, 200, 99).went)
                    local whole = list_of "u001"
                    assert.equal(98, assert(store:pull_accounts("c", function() return whole end)).went)
                    store:close()
                end)
            end)
        end)

        it("counts accounts by type over time, for verdicts, beyond the names", function()
            with(function(target)
                local store = open(target)
                local typed = { name = "one", user_type = "OneAccess" }
                look(store, 100, "a", "b", typed)
                look(store, 150, "a", "b", typed)
                look(store, 200, "b", "c", "d")
                look(store, 300, "b", "c", "d")
                clock = 400
                local together = assert(store:together("c", {}, { now = clock }))
                local expected = { cluster_id = "c", counts = {
                    { from = 101000, till = 150000, by_type = { common = 2, oneaccess = 1 } },
                    { from = 201000, till = 300000, by_type = { common = 3 } },
                } }
                assert.same(expected, together.ledger)
                assert.is_nil(assert(store:together("other", {}, { now = clock })).ledger)
                store:prune_accounts { older_than = 150 }
                assert.same({ expected.counts[2] }, assert(store:together("c", {}, { now = clock })).ledger.counts)
                clock = 10000
                store:prune_accounts { older_than = 1 }
                assert.same({ expected.counts[2] }, assert(store:together("c", {}, { now = clock })).ledger.counts)
                store:close()
            end)
        end)

        it("takes types that verdicts do not know apart for one, when it counts and when it names the gone", function()
            with(function(target)
                local store, list = open(target, { show_accounts = true }), {}
                for i, kind in ipairs { "COMMON", "", "IAM", "ldap", "iam", "OneAccess" } do
                    for k = 1, i == 1 and 1 or 3 do
                        list[#list + 1] = { name = ("%d-%d"):format(k, i), user_type = kind ~= "" and kind or nil,
                            login = true }
                    end
                end
                look(store, 50, "stays", list[1])
                look(store, 100, "stays", unpack(list))
                look(store, 200, "stays")
                local ledger = assert(store:together("c", {}, { now = clock })).ledger
                assert.same({ common = 2 + 2 * 3, iam = 2 * 3, oneaccess = 3 }, ledger.counts[2].by_type)
                assert.same({
                    { from = 100000, till = 201000, kind = "common", accounts = 1 + 2 * 3,
                        names = { "1-1", "1-2", "1-4", "2-2", "2-4", "3-2", "3-4" } },
                    { from = 100000, till = 201000, kind = "iam", accounts = 2 * 3,
                        names = { "1-3", "1-5", "2-3", "2-5", "3-3", "3-5" } },
                    { from = 100000, till = 201000, kind = "oneaccess", accounts = 3,
                        names = { "1-6", "2-6", "3-6" } },
                }, ledger.gone)
                store:close()
            end)
        end)

        it("gives at most ten names of a type that went, and five hundred in all, but counts them", function()
            with(function(target)
                local store, all = open(target), { "admin" }
                for i = 1, 51 do
                    for k = 1, i == 1 and 10 or 11 do
                        all[#all + 1] = { name = ("n%02d"):format(k), login = true, user_type = ("t%02d"):format(i) }
                    end
                end
                look(store, 100, unpack(all))
                clock = 200
                assert(store:pull_accounts("c", function() return list_of "admin" end, { accept_short = true }))
                assert(store.engine:rows [[UPDATE dwsync_stays SET gone_at = gone_at - 1000
                    * CAST(substr(user_type, 2) AS INTEGER) WHERE user_type <> 'COMMON']]) -- each type at its time
                local gone = assert(transaction.run(store.context, store.engine, "read", nil, function(session)
                    return accounts.counts(session, "c", 0, true)
                end)).gone
                assert.equal(50, #gone)
                for i, went in ipairs(gone) do
                    assert.same({ "common", i == 1 and 10 or 11, 10, "n01", "n10", 200000 - i * 1000 }, { went.kind,
                        went.accounts, #went.names, went.names[1], went.names[10], went.till - gone[1].till + 199000 })
                end
                store:close()
            end)
        end)

        it("is due after a run that changed something, and six hours after the last look", function()
            with(function(target)
                local store = open(target)
                assert.is_true(accounts.is_due(store, "c", {}))
                look(store, 1000, "a")
                local function due(at, run)
                    clock = at
                    return accounts.is_due(store, "c", { run })
                end
                assert.is_false(due(1100))
                assert.is_false(due(22599))
                assert.is_true(due(22600))
                assert.is_true(due(1100, { end_time = 1050000, delete_count = 1 }))
                assert.is_true(due(1100, { end_time = 1050000, add_count = 1 }))
                assert.is_false(due(1100, { end_time = 1050000, update_count = 1 }))
                assert.is_false(due(1100, { end_time = 600000, delete_count = 1 }))
                assert.is_false(due(1100, { delete_count = 1, status = "RUNNING" }))
                store:close()
            end)
        end)

        it("takes one name of two types for two, a name again in a list for one, and follows who may log in", function()
            with(function(target)
                local store = open(target)
                local common = { name = "x", login = true, user_type = "COMMON" }
                local iam = { name = "x", user_type = "IAM" }
                assert.equal(2, look(store, 100, common, iam, common).accounts)
                assert.equal("x x/IAM", asked(store, {}))
                look(store, 200, { name = "x", login = false, user_type = "COMMON" }, iam)
                local list = assert(store:accounts { cluster_id = "c" })
                assert.is_false(list[1].login)
                assert.is_nil(list[2].login)
                assert.equal("", asked(store, { gone = true }))
                look(store, 300, common)
                assert.equal("x/IAM", asked(store, { gone = true }))
                look(store, 400, common, { name = "no type" })
                assert.equal("no type/nil x", asked(store, {}))
                store:close()
            end)
        end)

        it("does not see one that vanishes and returns between two looks", function()
            with(function(target)
                local store = open(target)
                look(store, 100, "a", "b")
                look(store, 200, "a", "b")
                assert.equal("", asked(store, { gone = true }) .. asked(store, { new = true }))
                store:close()
            end)
        end)

        it("keeps every character of a name", function()
            with(function(target)
                local hostile = { "a'b", 'quo"ted', "back\\slash", "\\x41", "李娜.语", ("语"):rep(21), "tab\there", "$1 %s",
                    "\0nul", "bad\255byte", " space ", "'); DROP TABLE dwsync_stays; --" }
                table.sort(hostile)
                local store = open(target)
                assert(look(store, 100, "first"))
                assert.equal(#hostile, look(store, 200, unpack(hostile)).came)
                local found = {}
                for _, account in ipairs(assert(store:accounts { cluster_id = "c", new = true })) do
                    found[#found + 1] = account.name
                end
                table.sort(found)
                assert.same(hostile, found)
                assert.equal(#hostile, look(store, 300, "first").went)
                store:close()
            end)
        end)

        it("infers who came and went with a run, and says what else lies between the looks", function()
            with(function(target)
                local store = open(target)
                local function run(id, start, changes)
                    changes.id, changes.start_time, changes.end_time = id, start * 1000, (start + 10) * 1000
                    changes.status, changes.identity_source_type = "FINISHED", changes.identity_source_type or "ldap"
                    assert(store:save("c", { changes }))
                end
                run("early", 50, { add_count = 3, delete_count = 0 })
                run("quiet", 150, { add_count = 0, delete_count = 0 })
                run("mass", 160, { add_count = 1, delete_count = 2 })
                run("typed", 250, { add_count = 1, delete_count = 0, identity_source_type = "oneaccess" })
                look(store, 100, "a", "b", "c")
                look(store, 200, "c", "d")
                look(store, 300, "c", "d", { name = "one", user_type = "OneAccess" }, "by hand")
                local found = assert(store:accounts { cluster_id = "c", run = "mass" })
                assert.equal("a b", names(found.went))
                assert.equal("d", names(found.came))
                assert.same({ runs = 1, add_count = 1, delete_count = 2 }, found.between)
                assert.same({ before = true, after = true }, found.watched)
                assert.equal("mass", found.record.id)
                found = assert(store:accounts { cluster_id = "c", run = "typed" })
                assert.equal("one/OneAccess", names(found.came))
                assert.equal("by hand", names(found.others.came))
                found = assert(store:accounts { cluster_id = "c", run = "early" })
                assert.equal("", names(found.came) .. names(found.went))
                assert.is_false(found.watched.before)
                run("unseen", 400, { add_count = 0, delete_count = 5 })
                found = assert(store:accounts { cluster_id = "c", run = "unseen" })
                assert.same({ before = true, after = false }, found.watched)
                local _, err = store:accounts { cluster_id = "c", run = "nobody" }
                assert.equal("config", err.kind)
                assert.equal("no such record is kept", err.message)
                store:close()
            end)
        end)

        it("goes by milliseconds when it infers that, also of a run that has not ended", function()
            with(function(target)
                local store = open(target)
                local function saved(id, from, till, added)
                    assert(store:save("c", { { id = id, start_time = from, end_time = till, status = till and "FINISHED"
                        or "RUNNING", identity_source_type = "ldap", add_count = added or 0, delete_count = 0 } }))
                    return id
                end
                local function asserts(cases)
                    for i, case in ipairs(cases) do
                        local id = saved(("%d %d"):format(#cases, i), case[1], case[2])
                        local found = assert(store:accounts { cluster_id = "c", run = id })
                        assert.same({ case[3], case[4], case[5], case[6] }, { names(found.came), names(found.went),
                            found.watched.before, found.watched.after }, id)
                    end
                end
                look(store, 100, "a", "b", "c")
                asserts { { 101000, 101001, "", "", true, false }, { 100999, nil, "", "", false, false } }
                look(store, 200, "c", "d")
                asserts {
                    { 200999, 201500, "d", "a b", true, false }, { 201000, 201500, "", "", true, false },
                    { 90000, 100001, "d", "a b", true, true }, { 90000, 100000, "", "", false, true },
                    { 101000, 200000, "d", "a b", true, true }, { 101000, 200001, "d", "a b", true, false },
                    { 150000, nil, "d", "a b", true, false }, { 201000, nil, "", "", true, false },
                }
                saved("too early", 90000, 99999, 1)
                saved("early", 90000, 100000, 2)
                saved("late", 201000, 300000, 4)
                saved("too late", 201001, 300000, 8)
                saved("runs", 150000, nil, 16)
                assert.same({ runs = 3, add_count = 22, delete_count = 0 },
                    assert(store:accounts { cluster_id = "c", run = "runs" }).between)
                store:close()
            end)
        end)

        it("forgets those who went long ago, and nobody else", function()
            with(function(target)
                local store = open(target)
                local many = {}
                for i = 1, 1203 do
                    many[i] = ("u%04d"):format(i)
                end
                look(store, 100, "stays", "later", unpack(many))
                look(store, 200, "stays", "later")
                look(store, 90000, "stays")
                clock = 90100
                assert.same({ accounts = 1203, clusters = 1 },
                    store:prune_accounts { older_than = "1h", dry_run = true })
                assert.equal(1204, #assert(store:accounts { cluster_id = "c", gone = true }))
                assert.same({ accounts = 1203, clusters = 1 }, store:prune_accounts { older_than = "1h" })
                assert.equal("later", asked(store, { gone = true }))
                assert.equal("stays", asked(store, {}))
                assert.same({ accounts = 0, clusters = 0 }, store:prune_accounts { older_than = "1h" })
                store:close()
            end)
        end)

        it("is empty where nobody looked, in a history that is only read, too", function()
            with(function(target)
                open(target):close()
                local store = open(target, { readonly = true })
                assert.same({}, store:accounts { cluster_id = "c" })
                assert.same({}, store:accounts { cluster_id = "c", gone = true })
                assert.is_nil(assert(store:together("c", {}, { now = clock })).ledger)
                assert.same({ accounts = 0, clusters = 0 }, store:prune_accounts { older_than = 1, dry_run = true })
                assert.has_error(function() store:pull_accounts("c", function() end) end,
                    "the history was opened with readonly")
                store:close()
            end)
        end)

        it("refuses questions that make no sense", function()
            with(function(target)
                local store = open(target)
                assert.has_error(function() store:accounts { cluster_id = "c", gone = true, at = 1 } end,
                    "store:accounts: gone, new, at and run exclude each other")
                assert.has_error(function() store:accounts {} end)
                assert.has_error(function() store:accounts { cluster_id = "c", went = true } end)
                assert.has_error(function() store:pull_accounts("c", {}) end,
                    "store:pull_accounts expects a function, got a table")
                assert.has_error(function() store:prune_accounts {} end)
                store:close()
            end)
        end)
    end)
end
