local cjson = require "cjson"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local health = require "dwsync.health"
local key_guard = require "dwsync.request.key_guard"
local Lease = require "dwsync.nginx.shared.lease"
local record_list = require "dwsync.nginx.sweep.record_list"
local shared_dict = require "spec.support.shared_dict"
local slices = require "dwsync.nginx.sweep.slices"
local Store = require "dwsync.nginx.shared.store"

require "dwsync.nginx.sweep.collection" -- with the dwsync of its own

local NOW = 1763971200
local PLACE = "a place"
local RECORD = { id = "r", identity_source_id = "s", start_time = (NOW - 60) * 1000, end_time = (NOW - 30) * 1000,
    status = "FINISHED" }

local function refused(message, retry_after)
    return errors.new { kind = "network", message = message, hint = "Look.", retry_after = retry_after }
end

local OFF = errors.new { kind = "permission", code = "DWS.5045", message = "not allowed" }

-- What a sweep asks is replaced: what is looked at is what it asks for, and what it says of the answers.
describe("a sweep", function()
    local sweep, order, dict, store, answers, made, asked, elapsed, exiting, own_now, own_monotonic
    local replaced = {}

    local function replace(name, module)
        replaced[name] = replaced[name] or { package.loaded[name] }
        package.loaded[name] = module
    end

    -- Calls look(order) before anything is read.
    local function when_collecting(look)
        local collection = replaced["dwsync.nginx.sweep.collection"] and replaced["dwsync.nginx.sweep.collection"][1]
            or package.loaded["dwsync.nginx.sweep.collection"]
        replace("dwsync.nginx.sweep.collection", { collect = function(given)
            look(given)
            return collection.collect(given)
        end })
    end

    local function hold()
        Lease.new(dict, "worker", 1000, function() return elapsed end):hold()
    end

    before_each(function()
        answers, made, asked, elapsed, exiting = {}, {}, {}, 100, false
        dict = shared_dict.new { now = function() return NOW end }
        store = Store.new(dict)
        hold()
        order = { client = { region = "cn-north-4" }, clusters = { { id = "one", name = "One" }, { id = "two" } },
            concurrency = 1, dict = "dwsync", environment = { HW_NAME = "its value" }, records = 5, rules = {},
            timeout = 60, list_accounts = false, show_accounts = false }
        own_now, own_monotonic = core.now, core.monotonic
        core.now, core.monotonic = function() return NOW end, function() return elapsed end
        replace("dwsync", { new = function(given)
            made[#made + 1] = given
            return {
                all_sync_records = function(_, parameters)
                    asked[#asked + 1] = parameters.cluster_id
                    given.on_event { type = "attempt", status = 200 }
                    local answer = answers[parameters.cluster_id]
                    if type(answer) == "function" then
                        return answer(parameters)
                    elseif answer then
                        return nil, answer
                    end
                    return { RECORD }
                end,
                list_clusters = function() return nil, refused "no list" end,
                all_database_users = function(_, parameters) return parameters end,
            }
        end })
        replace("dwsync.nginx.sweep", nil)
        replace("dwsync.nginx.sweep.slices", { none = slices.none, of_event_loop = function() return slices.none end })
        _G.ngx = {
            shared = { dwsync = dict }, worker = { exiting = function() return exiting end },
            md5 = function(text) return "md5:" .. #text end,
            hmac_sha1 = function(key, text) return key .. "|" .. text end,
            encode_base64 = function(text) return "64:" .. text end,
        }
        sweep = require "dwsync.nginx.sweep"
    end)
    after_each(function()
        core.now, core.monotonic = own_now, own_monotonic
        for name, module in pairs(replaced) do
            package.loaded[name] = module[1]
        end
        replaced, _G.ngx = {}, nil
        key_guard.shared.states = {}
    end)

    local function run()
        return sweep.run_in_event_loop(cjson.encode(order), "worker")
    end

    local function states(...)
        local list = {}
        for i, name in ipairs { ... } do
            list[i] = tostring(store:get_state(name))
        end
        return table.concat(list, " | ")
    end

    local function document(name)
        return store:document(store:contents(store:current()), name)
    end

    -- ---- how it went -----------------------------------------------------------------------------

    it("publishes what it read, and how it went and when", function()
        answers.two = function()
            elapsed = elapsed + 3
            return { RECORD }
        end
        assert.same({ outcome = "complete", seconds = 3 }, run())
        assert.equal("complete | nil | 3 | " .. NOW, states("outcome", "error", "seconds", "swept"))
        assert.same({ RECORD }, record_list.read((document "records:one")))
        assert.truthy(document "health":find('"severity":"ok"', 1, true))
        assert.equal("md5:" .. #document "records:one", store:contents(store:current())["records:one"].digest)
    end)

    for title, case in pairs {
        ["complete while all answer"] = { { outcome = "complete" } },
        ["complete where synchronisation is off"] = { { outcome = "complete",
            changes = { "cluster One (one): identity-source synchronisation is off (DWS.5045)" } }, one = OFF },
        ["partial where one fails"] = { { outcome = "partial", retry_after = 0,
            message = "cluster two: network: lost. Look." }, two = refused "lost" },
        ["failed where all fail, with the first of them and the longest pause"] = { { outcome = "failed",
            message = "2 of 2 clusters could not be read; cluster One (one): network: late. Look.", retry_after = 7 },
            one = refused("late", 7), two = refused("lost", 5) },
    } do
        it("is " .. title, function()
            answers = case
            local summary = run()
            summary.seconds = nil
            assert.same(case[1], summary)
            assert.equal(case[1].outcome .. " | " .. tostring(case[1].message), states("outcome", "error"))
        end)
    end

    it("has failed without a list of clusters, and is partial with those of before", function()
        order.clusters = "all"
        local summary = run()
        assert.same({ "failed", "network: no list. Look." }, { summary.outcome, summary.message })
        assert.equal("failed | network: no list. Look. | nil", states("outcome", "error", "number"))
        assert.is_nil(store:current())
        order.clusters = { { id = "one" } }
        run()
        order.clusters = "all"
        summary = run()
        assert.same({ "partial", "network: no list. Look." }, { summary.outcome, summary.message })
    end)

    it("counts requests and sweeps, on top of those before", function()
        run()
        assert.equal("request:200 2\nsweep:complete 1\n", store:get_state "tally")
        answers.one = refused "lost"
        run()
        assert.equal("request:200 4\nsweep:complete 1\nsweep:partial 1\n", store:get_state "tally")
    end)

    it("makes one client for the same order, with the variables that setup saw", function()
        run()
        run()
        assert.equal(1, #made)
        assert.equal("cn-north-4", made[1].region)
        assert.same({ "its value", nil }, { made[1].getenv "HW_NAME", made[1].getenv "OTHER" })
        order.environment.HW_NAME = "another"
        run()
        assert.same({ 2, "another" }, { #made, made[2].getenv "HW_NAME" })
    end)

    it("asks nobody when a client cannot be made, and says why", function()
        replace("dwsync", { new = function() return nil, refused "no key" end })
        assert.same({ outcome = "failed", message = "network: no key. Look." }, run())
        assert.equal("failed | network: no key. Look. | " .. NOW, states("outcome", "error", "swept"))
        assert.same({}, asked)
    end)

    it("says where a defect is", function()
        when_collecting(function() error "a defect" end)
        local summary = run()
        assert.equal("failed", summary.outcome)
        assert.matches("^defect in dwsync: .*a defect.*traceback", summary.message)
        assert.equal(summary.message, store:get_state "error")
    end)

    it("writes nothing once another worker has the lease", function()
        for _, at in ipairs { "collecting", "failing", "publishing" } do
            hold()
            local function lose()
                dict:safe_set("dwsync.1:lease", ("%017.6f other"):format(elapsed + 10))
                if at == "failing" then
                    error "a defect"
                end
            end
            if at == "publishing" then
                when_collecting(function(given)
                    local digest = given.digest
                    given.digest = function(text)
                        lose()
                        return digest(text)
                    end
                end)
            else
                when_collecting(lose)
            end
            run()
            assert.equal("nil | nil", states("outcome", "swept"), at)
            assert.is_nil(store:current())
            dict:delete "dwsync.1:lease"
        end
    end)

    -- ---- what was there before -------------------------------------------------------------------

    it("knows what was published, for what cannot be read now", function()
        local known
        when_collecting(function(given) known = given end)
        run()
        assert.is_nil(known.kept_clusters() or known.kept_cluster "one" or known.digest_of "one"
            or known.kept_text "one" or known.kept_records "one")
        answers.two, elapsed = refused "lost", 101
        run()
        assert.same({ "one", "two" }, { known.kept_clusters()[1].id, known.kept_clusters()[2].id })
        assert.equal("One", known.kept_cluster("one").name)
        assert.same({ known.kept_text "one", NOW }, { known.kept_records "one" })
        assert.same({ RECORD }, record_list.read(known.kept_text "one"))
        assert.equal("md5:" .. #known.kept_text "one", known.digest_of "one")
        assert.equal(known.digest_of "one", known.digest "x":gsub("1$", tostring(#known.kept_text "one")))
        assert.is_nil(known.kept_cluster "nobody" or known.digest_of "nobody" or known.kept_text "nobody"
            or known.kept_records "nobody")
        assert.same({ RECORD }, record_list.read((document "records:two")))
    end)

    it("has no records of a cluster that was never read", function()
        local known
        when_collecting(function(given) known = given end)
        answers.two = refused "lost"
        run()
        run()
        assert.equal("two", known.kept_cluster("two").id)
        assert.is_nil(known.kept_records "two")
        order.records = 0 -- read, but not kept
        run()
        run()
        assert.same({ NOW * 1000, {} }, { known.kept_cluster("one").fetched_at, { known.kept_records "one" } })
    end)

    it("says once that synchronisation is off, and that it is on again", function()
        answers.one = OFF
        assert.same({ "cluster One (one): identity-source synchronisation is off (DWS.5045)" }, run().changes)
        assert.is_nil(run().changes)
        answers.one = refused "lost"
        assert.is_nil(run().changes)
        answers.one = nil
        assert.same({ "cluster One (one): synchronisation is on" }, run().changes)
        assert.is_nil(run().changes)
        order.rules, answers.one = { disabled = false }, OFF
        assert.is_nil(run().changes)
        order.rules, answers.one, answers.two = { disabled = "critical" }, nil, OFF
        assert.equal(2, #run().changes)
    end)

    it("says of a fleet which clusters went, and asks no service", function()
        local gone = {}
        for i, cluster in ipairs(order.clusters) do
            gone[i] = { cluster = cluster, fetched_at = NOW, evaluation = health.evaluate({ RECORD }, nil, NOW) }
        end
        local given = {}
        order.fleet = PLACE
        replace("dwsync.nginx.sweep.fleet", { collect = function(...)
            given = { ... }
            return gone and { items = gone, metrics = "more 1\n" }, not gone and refused "no fleet"
        end })
        assert.same({ outcome = "complete", seconds = 0 }, run())
        assert.equal(cjson.encode(order), given[1])
        assert.equal(PLACE, given[2].fleet)
        assert.truthy(document "metrics":find "more 1\n$")
        table.remove(gone, 1)
        assert.same({ "cluster One (one) is no longer in the fleet" }, run().changes)
        assert.is_nil(run().changes)
        gone = nil
        local summary = run()
        assert.same({ "failed", "network: no fleet. Look." }, { summary.outcome, summary.message })
        assert.same({ 0, 0 }, { #made, #asked })
    end)

    it("does not miss a cluster that its configuration no longer names", function()
        run()
        table.remove(order.clusters)
        assert.is_nil(run().changes)
    end)

    it("shares with other workers what keys were refused, but not the secrets", function()
        local state = { ak = "AK", site = "here", sk = "secret", refusals = 3, used = NOW, outstanding = {},
            last = refused "refused" }
        when_collecting(function() key_guard.shared.states.x = state end)
        run()
        local kept = cjson.decode(store:get_state "guard")
        assert.same({ 1, "AK", "64:dwsync|secret", 3 }, { #kept, kept[1].ak, kept[1].sk_digest, kept[1].refusals })
        key_guard.shared.states = {}
        when_collecting(function()
            local _, restored = next(key_guard.shared.states)
            assert.same({ "AK", 3, "64:dwsync|other" }, { restored.ak, restored.refusals, restored.digest "other" })
            key_guard.shared.states = {}
        end)
        run()
        assert.is_nil(store:get_state "guard")
    end)

    it("hands its pause on to all that takes long", function()
        local function pause() end
        local given = {}
        local function noting(name, place)
            local module = require(name)
            local copy = setmetatable({}, { __index = module })
            for what, at in pairs(place) do
                copy[what] = function(...)
                    given[what] = given[what] or (select(at, ...)) == pause
                    return module[what](...)
                end
            end
            replace(name, copy)
        end
        noting("dwsync.nginx.shared.snapshot", { decode_facts = 2 })
        noting("dwsync.nginx.sweep.publication", { documents = 5 })
        noting("dwsync.nginx.sweep.record_list", { read = 2 })
        local methods, own = getmetatable(store).__index, {}
        finally(function()
            for name in pairs(own) do
                methods[name] = own[name]
            end
        end)
        for name, at in pairs { pieces = 4, publish = 4 } do
            own[name] = methods[name]
            methods[name] = function(...)
                given[name] = given[name] or (select(at, ...)) == pause
                return own[name](...)
            end
        end
        replace("dwsync.nginx.sweep.slices", { of_event_loop = function()
            return { pause = pause, alone = slices.none.alone, part = slices.none.part, list = slices.none.list }
        end })
        replace("dwsync.history", { open = function()
            return { together = function(_, _, records) return records end, save = function() return true end,
                close = function() end }
        end })
        replace("dwsync.nginx.sweep.telling", { rows = function() return {} end })
        order.history = PLACE
        run()
        run()
        assert.same({ decode_facts = true, documents = true, read = true, pieces = true, publish = true }, given)
    end)

    it("does not keep what was wrong with a history that it no longer has", function()
        store:set_state("history", "old")
        run()
        assert.equal("nil", states "history")
    end)

    -- ---- memory ----------------------------------------------------------------------------------

    it("says how large the dict should be", function()
        run()
        local bytes = store:usage().documents
        dict.size = dict:capacity() - dict:free_space() + 5000
        local summary = run()
        assert.same({ "failed", "nothing was published: no memory" }, { summary.outcome, summary.message })
        assert.matches("^lua_shared_dict is too small: it has " .. dict.size .. " bytes, %d+ free, for " .. bytes
            .. " bytes of documents; the last publication stays; make it at least 2m$", summary.memory)
        assert.equal("failed | nothing was published: no memory | " .. summary.memory,
            states("outcome", "error", "memory"))
    end)

    it("counts the documents that were made, and wants room for two and a half times as much", function()
        replace("dwsync.nginx.sweep.publication", { documents = function()
            return { { name = "a", pieces = { "x" }, length = 3 * 2 ^ 20, digest = "d" }, { name = "b" } }
        end })
        dict.size = 100
        assert.matches("for 3145728 bytes of documents; the last publication stays; make it at least 9m$", run().memory)
    end)

    it("says what found no room, and publishes the rest", function()
        local set, missing = dict.safe_set, nil
        function dict.safe_set(self, key, ...)
            if key:find(missing) then
                return nil, "no memory"
            end
            return set(self, key, ...)
        end
        for what, names in pairs { [":records:one"] = "records:one", [":records:"] = "records:one, records:two" } do
            dict.entries, missing = {}, what
            hold()
            local summary = run()
            assert.same({ "complete", nil }, { summary.outcome, summary.message })
            assert.matches("; not updated: " .. names .. "; make it at least 2m$", summary.memory)
            assert.equal(summary.memory, store:get_state "memory")
        end
    end)

    -- ---- its end ---------------------------------------------------------------------------------

    it("is cancelled when nginx ends meanwhile, and publishes nothing", function()
        when_collecting(function() exiting = true end)
        assert.same({ outcome = "cancelled", seconds = 0 }, run())
        assert.equal("nil | request:200 2\nsweep:cancelled 1\n", states("outcome", "tally"))
        assert.is_nil(store:current())
    end)

    it("stops half a second after nginx began to end", function()
        local stop
        when_collecting(function(given) stop = given.stop end)
        run()
        assert.is_false(stop())
        exiting, elapsed = true, 200
        assert.is_false(stop())
        elapsed = 200.4
        assert.is_false(stop())
        elapsed, exiting = 200.5, false
        assert.is_true(stop())
    end)

    -- ---- in a thread -----------------------------------------------------------------------------

    describe("in a thread", function()
        local process, said, declared, own_jit

        before_each(function()
            said, declared, own_jit = {}, "", rawget(_G, "jit")
            process = { ngx_terminate = 0, ngx_quit = 0, ngx_exiting = 0, setpriority = function(...)
                said[#said + 1] = table.concat({ "setpriority", ... }, " ")
            end }
            replace("ffi", { cdef = function(text) declared = declared .. text end, C = process })
            replace("jit.opt", { start = function(text) said[#said + 1] = text end })
        end)
        after_each(function()
            rawset(_G, "jit", own_jit)
        end)

        local function summary_in_thread()
            return cjson.decode(sweep.run(cjson.encode(order), "worker"))
        end

        it("steps back behind the event loop, and lets go of what it compiled", function()
            rawset(_G, "jit", { flush = function() said[#said + 1] = "flushed" end })
            assert.same({ outcome = "complete", seconds = 0 }, summary_in_thread())
            assert.same({ "setpriority 0 0 10", "maxtrace=1000", "flushed" }, said)
            for _, name in ipairs { "setpriority", "ngx_terminate", "ngx_quit", "ngx_exiting" } do
                assert.truthy(declared:find(name, 1, true), name)
            end
        end)

        it("notices that its process ends", function()
            rawset(_G, "jit", { flush = function() end })
            for _, name in ipairs { "ngx_terminate", "ngx_quit", "ngx_exiting" } do
                process[name] = 1
                assert.equal("cancelled", summary_in_thread().outcome, name)
                process[name] = 0
            end
            process.ngx_exiting = nil
            setmetatable(process, { __index = function() error "no such symbol" end })
            assert.equal("complete", summary_in_thread().outcome)
        end)

        it("works where there is no LuaJIT", function()
            rawset(_G, "jit", nil)
            replace("ffi", nil)
            replace("jit.opt", nil)
            local loaders = { ["ffi"] = package.preload.ffi, ["jit.opt"] = package.preload["jit.opt"] }
            finally(function() package.preload.ffi, package.preload["jit.opt"] = loaders.ffi, loaders["jit.opt"] end)
            for name in pairs { ffi = true, ["jit.opt"] = true } do
                package.preload[name] = function() error "not here" end
            end
            assert.equal("complete", summary_in_thread().outcome)
        end)
    end)

    -- ---- a history -------------------------------------------------------------------------------

    describe("with a history", function()
        local opened, saved, closed, kept, reading, opening, after_saving

        before_each(function()
            opened, saved, closed, kept, reading, opening, after_saving = {}, {}, 0, {}, nil, nil, nil
            order.history = PLACE
            replace("dwsync.history", { open = function(place, options)
                opened[#opened + 1] = { place, options.timeout, options.till, options.show_accounts }
                if opening then
                    return nil, opening
                end
                return {
                    together = function(_, id, records, options_of_reading)
                        if reading then
                            return reading(id, records, options_of_reading.now)
                        end
                        return records
                    end,
                    records = function(_, parameters)
                        kept[#kept + 1] = parameters
                        return kept.list
                    end,
                    save = function(_, id, records, names)
                        saved[#saved + 1] = { id, #records, names }
                        if after_saving then
                            return after_saving(id)
                        end
                        return true
                    end,
                    close = function() closed = closed + 1 end,
                }
            end })
            replace("dwsync.nginx.sweep.telling", { rows = function() return {} end })
        end)

        it("judges by it and then keeps what it read, each in its time, and closes it twice", function()
            order.show_accounts = true
            local at = {}
            reading = function(id, records, now)
                at[#at + 1] = { id, now }
                elapsed = 110
                return { records[1], RECORD, RECORD }
            end
            assert.same({ outcome = "complete", seconds = 10 }, run())
            assert.same({ { PLACE, 15, 115, true }, { PLACE, 50, 160, true } }, opened)
            assert.same({ { "one", NOW }, { "two", NOW } }, at)
            assert.same({ { "one", 1, { spare_name = "One" } }, { "two", 1, {} } }, saved)
            assert.equal(2, closed)
        end)

        it("gives it a second at least", function()
            order.timeout = 2
            reading = function(_, records)
                elapsed = 101.7
                return records
            end
            run()
            assert.same({ { PLACE, 1, 101, false }, { PLACE, 1, 102.7, false } }, opened)
        end)

        it("does not ask it again when it failed once, and says why it was judged without it", function()
            local times = 0
            reading = function()
                times = times + 1
                return nil, refused "gone"
            end
            local summary = run()
            assert.same({ 1, "complete", "cluster one: network: gone. Look.", nil }, { times, summary.outcome,
                summary.history_unread, summary.history })
            assert.equal("cluster one: network: gone. Look. | nil | " .. NOW, states("history_unread", "history",
                "swept"))
            assert.equal(2, #saved)
        end)

        it("uses what is left of a damaged one, says what is damaged first, and goes on", function()
            local judged = {}
            reading = function(id, records)
                judged[#judged + 1] = id
                return nil, errors.new { kind = "service", code = "damaged", message = "row of " .. id }, records
            end
            assert.equal("cluster one: " .. tostring(errors.new { kind = "service", code = "damaged",
                message = "row of one" }), run().history_unread)
            assert.same({ "one", "two" }, judged)
        end)

        it("leaves it when its share of the time is over", function()
            for seconds, message in pairs { [15] = false, [15.1] = "the sweep had no time left" } do
                local times = 0
                elapsed = 100
                hold()
                reading = function(_, records)
                    times, elapsed = times + 1, 100 + seconds
                    return records
                end
                assert.equal(message or nil, run().history_unread)
                assert.equal(message and 1 or 2, times)
            end
        end)

        it("cannot be opened: says so of reading and of writing, and publishes", function()
            opening = refused "no place"
            local summary = run()
            assert.same({ "complete", "network: no place. Look.", "network: no place. Look." }, { summary.outcome,
                summary.history_unread, summary.history })
            assert.equal("network: no place. Look. | network: no place. Look.", states("history", "history_unread"))
            assert.same({ 2, 0 }, { #opened, closed })
            assert.truthy(document "records:one")
            opening = nil
            after_saving = function()
                assert.equal("network: no place. Look. | nil", states("history", "history_unread"))
                return true
            end
            assert.is_nil(run().history)
            assert.equal("nil | nil", states("history", "history_unread"))
        end)

        it("is not opened when no cluster gave anything to judge", function()
            order.clusters = "all"
            run()
            assert.same({}, opened)
        end)

        it("says which cluster could not be kept, and keeps no more", function()
            after_saving = function(id) return id == "x", refused "full" end
            assert.equal("cluster One (one): network: full. Look.", run().history)
            assert.same({ 1, 2 }, { #saved, closed })
        end)

        it("keeps what is new, not what could not be read", function()
            run()
            saved, answers.one = {}, refused "lost"
            run()
            assert.same({ { "two", 1, {} } }, saved)
        end)

        it("keeps names that setup gave as spare ones, others as the service says them", function()
            order.clusters = { "One*" }
            replace("dwsync.nginx.sweep.collection", { collect = function()
                return { { cluster = { id = "one", name = "One" }, text = record_list.write { RECORD },
                    fetched_at = NOW, evaluation = health.evaluate({ RECORD }, nil, NOW) } }
            end })
            run()
            assert.same({ "one", 1, { name = "One" } }, saved[1])
        end)

        it("keeps nothing once the time is over, and says so", function()
            for seconds, count in pairs { [59.9] = 2, [60] = 1 } do
                elapsed, saved = 100, {}
                hold()
                after_saving = function()
                    elapsed = 100 + seconds
                    return true
                end
                assert.equal(count == 1 and "cluster two: the sweep had no time left" or nil, run().history)
                assert.equal(count, #saved)
            end
        end)

        it("knows of a cluster that is off when a run was seen last", function()
            answers.one = OFF
            for _, case in ipairs { { NOW * 1000, {} }, { 7000, { start_time = 7000, end_time = 9000 } },
                { 9000, { end_time = 9000 } }, {} } do
                dict.entries = {}
                hold()
                kept = { list = { case[2] } }
                run()
                assert.same({ { cluster_id = "one", limit = 1 }, list = { case[2] } }, kept)
                local seen = document "health":match '"seen_before":(%d+)'
                assert.equal(case[1], tonumber(seen))
            end
        end)

        describe("that keeps accounts", function()
            local is_due, pulled

            before_each(function()
                order.list_accounts, pulled = true, {}
                replace("dwsync.history.accounts", { is_due = function(_, id, records)
                    assert.same({ RECORD }, records)
                    return is_due(id)
                end })
                local history = package.loaded["dwsync.history"]
                replace("dwsync.history", { open = function(...)
                    local opened_store, err = history.open(...)
                    function opened_store.pull_accounts(_, id, ask)
                        pulled[#pulled + 1] = { id, ask() }
                        return nil, refused("no accounts of " .. id)
                    end
                    return opened_store, err
                end })
            end)

            it("asks for those that are due, in the time that is left, and says what it did not get", function()
                is_due = function(id)
                    elapsed = id == "one" and 120 or 159.5
                    return true
                end
                assert.equal("cluster One (one): network: no accounts of one. Look.", run().history)
                assert.same({ { "one", { cluster_id = "one", timeout = 40 } },
                    { "two", { cluster_id = "two", timeout = 1 } } }, pulled)
            end)

            it("asks for none that are not due, nor where that is unknown", function()
                is_due = function() return false end
                assert.is_nil(run().history)
                is_due = function() return nil, refused "no table" end
                assert.equal("cluster One (one): network: no table. Look.", run().history)
                assert.same({}, pulled)
                order.list_accounts = false
                assert.is_nil(run().history)
            end)
        end)

        describe("and channels", function()
            local told, rows

            before_each(function()
                told, rows, order.alerts = {}, {}, { channels = {} }
                replace("dwsync.nginx.sweep.telling", {
                    rows = function(history)
                        return history and rows[1] and rows or nil, not rows[1] and rows.error or nil
                    end,
                    tell = function(given, _, items, listing, till)
                        told[#told + 1] = { #items, listing, till, given.client_options, given.owner }
                        return { trouble = "a channel is slow", lost = { "lost" } }
                    end,
                })
            end)

            it("tells what it judged, and what became of that", function()
                local summary = run()
                assert.same({ { 2, nil, 160, { region = "cn-north-4" }, "worker" } }, told)
                assert.same({ "a channel is slow", { "lost" } }, { summary.alerts, summary.alerts_lost })
            end)

            it("has a second to tell at least", function()
                for seconds, till in pairs { [59.5] = 160.5, [60] = 161, [70] = 171 } do
                    elapsed, told = 100, {}
                    hold()
                    answers.two = function()
                        elapsed = 100 + seconds
                        return { RECORD }
                    end
                    run()
                    assert.equal(till, told[1][3])
                end
            end)

            it("tells of the listing, too, when there is nothing to judge", function()
                order.clusters = "all"
                run()
                assert.same({ 0, "no list" }, { told[1][1], told[1][2].error.message })
            end)

            it("says that nothing can be told without a history", function()
                opening = refused "no place"
                assert.equal("nothing can be told: the history cannot be opened", run().alerts)
                assert.same({}, told)
                order.alerts = nil
                assert.is_nil(run().alerts)
            end)

            it("shows what people did about problems", function()
                local handled
                replace("dwsync.problems.handled", { add = function(items, ...)
                    handled = { #items, ... }
                end })
                core.now = function() return NOW + 0.0006 end
                rows[1] = { rule = "failing" }
                assert.is_nil(run().history_unread)
                assert.same({ 2, rows, NOW * 1000 }, handled)
                rows = { error = refused "no table" }
                assert.equal("alerts: network: no table. Look.", run().history_unread)
                assert.same({ 2, {}, NOW * 1000 }, handled)
                order.history, order.alerts, handled = nil, nil, nil
                run()
                assert.is_nil(handled)
            end)
        end)
    end)
end)
