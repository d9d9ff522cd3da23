local Refresher = require "dwsync.nginx.sweep.refresher"
local Store = require "dwsync.nginx.shared.store"
local shared_dict = require "spec.support.shared_dict"

describe("a refresher", function()
    local now, stepped, dict, exiting, calls, logged, answer, begin

    before_each(function()
        now, stepped, exiting, calls, logged = 1000, 0, false, 0, {}
        dict = shared_dict.new { now = function() return now end }
        answer = function()
            return true, '{"outcome":"complete","seconds":1}'
        end
        begin = function(action)
            action(false)
            return true
        end
    end)

    local function refresher(owner, order)
        order = order or "the order"
        return Refresher.new({ dict = "dwsync", interval = 60, jitter = 0, lease = 9, order = order,
            identity = "as is " .. order }, {
            dict = dict,
            owner = owner or "owner",
            now = function() return now + stepped end,
            monotonic = function() return now end,
            random = function() return 0.5 end,
            exiting = function() return exiting end,
            digest = function(text) return text end,
            log = function(level, text) logged[#logged + 1] = level .. ": " .. text end,
            run_in_thread = function(...)
                calls = calls + 1
                return answer(...)
            end,
            begin = function(action) return begin(action) end,
        })
    end

    it("sweeps at once, and then when it is due", function()
        local it_does = refresher()
        it_does:tick(false)
        assert.equal(1, calls)
        now = 1059
        it_does:tick(false)
        assert.equal(1, calls)
        now = 1060
        it_does:tick(false)
        assert.equal(2, calls)
    end)

    it("sweeps neither sooner nor later when somebody sets the clock", function()
        for _, step in ipairs { 3600, -3600 } do
            dict = shared_dict.new { now = function() return now + stepped end }
            local it_does, before = refresher(), calls
            it_does:tick(false)
            stepped, now = stepped + step, now + 59
            it_does:tick(false)
            assert.equal(before + 1, calls)
            now = now + 1
            it_does:tick(false)
            assert.equal(before + 2, calls)
        end
    end)

    it("gives the thread the order, and who asks", function()
        local given
        answer = function(...)
            given = { ... }
            return true, '{"outcome":"complete"}'
        end
        refresher():tick(false)
        assert.same({ "dwsync.nginx.sweep", "run", "the order", "owner" }, given)
    end)

    it("leaves it to the one that has the lease, until that is gone", function()
        local first, second = refresher "first", refresher "other"
        first:tick(false)
        now = 1061
        second:tick(false)
        assert.equal(2, calls) -- the first one's lease had run out
        first:tick(false)
        assert.equal(2, calls)
    end)

    it("does not begin a sweep while one runs, and keeps the lease meanwhile", function()
        local it_does = refresher()
        answer = function()
            now = 1005
            it_does:tick(false)
            now = 1012 -- more than a lease after the beginning
            assert.is_true(it_does.lease:is_ours())
            return true, '{"outcome":"complete"}'
        end
        it_does:tick(false)
        assert.equal(1, calls)
    end)

    it("keeps the lease through a sweep where no timer runs beside another of its kind", function()
        local it_does, sweep = refresher(), nil
        begin = function(action)
            sweep = action
            return true
        end
        it_does:tick(false) -- returns although the sweep has yet to run
        for _ = 1, 5 do
            now = now + 6
            it_does:tick(false)
            assert.is_true(it_does.lease:is_ours())
        end
        sweep(false)
        assert.equal(1, calls)
        assert.truthy(Store.new(dict):get_state "due")
    end)

    it("says once that nginx has no timer for the sweep, and tries again with the next tick", function()
        local it_does, works = refresher(), begin
        begin = function() return nil, "too many pending timers" end
        it_does:tick(false)
        it_does:tick(false)
        begin = works
        it_does:tick(false)
        local message = "nginx cannot make a timer, so nothing is refreshed: too many pending timers"
        assert.same({ 1, { "error: " .. message, "info: recovered: " .. message } }, { calls, logged })
    end)

    it("does not sweep when nginx ends its worker before that began", function()
        begin = function(action)
            action(true)
            return true
        end
        local it_does = refresher()
        it_does:tick(false)
        assert.same({ 0, false }, { calls, it_does.running })
    end)

    it("that is stopped gives the lease back, publishes nothing and does not begin again", function()
        local it_does = refresher "first"
        answer = function()
            it_does:stop()
            return true, '{"outcome":"complete"}'
        end
        it_does:tick(false)
        now = now + 600
        it_does:tick(false)
        assert.same({ 1 }, { calls, Store.new(dict):get_state "due", dict:get "dwsync.1:lease" })
        refresher("second"):tick(false)
        assert.equal(2, calls)
    end)

    it("gives the lease back when nginx ends its worker", function()
        local first = refresher "first"
        first:tick(false)
        first:tick(true)
        assert.is_nil(dict:get "dwsync.1:lease")
        exiting = true
        refresher "other":tick(false)
        assert.is_nil(dict:get "dwsync.1:lease")
        assert.equal(1, calls)
    end)

    it("does not sweep again for a reload, but for another configuration", function()
        refresher("first"):tick(false)
        refresher("first"):tick(false)
        assert.equal(1, calls)
        refresher("first", "another order"):tick(false)
        assert.equal(2, calls)
    end)

    it("writes nothing when it lost the lease during a sweep", function()
        answer = function()
            dict:safe_set("dwsync.1:lease", "other", 9)
            return true, '{"outcome":"complete"}'
        end
        refresher():tick(false)
        assert.is_nil(Store.new(dict):get_state "due")
    end)

    it("tries again soon after a failure, later each time while it lasts, and soon again behind a success", function()
        local it_does = refresher()
        local function due_after(outcome)
            answer = function() return true, ('{"outcome":"%s"}'):format(outcome) end
            it_does:tick(false)
            local pause = Store.new(dict):get_state "due" - now
            now = now + pause
            return pause
        end
        assert.same({ 5, 10, 20, 40, 60, 60, 60, 5 }, { due_after "failed", due_after "failed", due_after "failed",
            due_after "failed", due_after "failed", due_after "failed", due_after "complete", due_after "failed" })
    end)

    it("goes on after a call that raised", function()
        local it_does = refresher()
        answer = function()
            error "no memory"
        end
        it_does:tick(false)
        assert.truthy(Store.new(dict):get_state("error"):find("no memory", 1, true))
        now = now + 60
        it_does:tick(false)
        assert.equal(2, calls)
    end)

    it("says once that synchronisation of a cluster is off, and never as a warning", function()
        answer = function()
            return true, calls == 1 and '{"outcome":"complete","changes":["cluster a: off"]}'
                or '{"outcome":"complete"}'
        end
        local it_does = refresher()
        for _ = 1, 3 do
            it_does:tick(false)
            now = now + 60
        end
        assert.same({ 3, { "info: cluster a: off" } }, { calls, logged })
    end)

    it("says that no thread could run, once, and that it has passed", function()
        local it_does = refresher()
        local works = answer
        answer = function()
            return false, "thread pool dwsync not found"
        end
        it_does:tick(false)
        now = now + 6
        it_does:tick(false)
        local message = "nginx could not run the sweep in a thread: thread pool dwsync not found: write thread_pool "
            .. "dwsync threads=8; at the top of nginx.conf, beside worker_processes"
        assert.same({ "error: " .. message }, logged)
        assert.equal(message, Store.new(dict):get_state "error")
        answer = works
        now = now + 60
        it_does:tick(false)
        assert.same({ "error: " .. message, "info: recovered: " .. message }, logged)
    end)

    it("says what lasts when it begins and when it ends, not at each reload in between", function()
        local works = answer
        answer = function() return true, '{"outcome":"partial","message":"no route"}' end
        for _, owner in ipairs { "first", "second", "third" } do
            local it_does = refresher(owner)
            it_does:tick(false)
            it_does:tick(true)
            now = now + 60
        end
        answer = works
        refresher("fourth"):tick(false)
        assert.same({ "warn: no route", "info: recovered: no route" }, logged)
    end)

    it("says that the lease cannot be written, and who may be to blame for it", function()
        local words = "error: the lease cannot be written, so nothing is refreshed: no memory"
        function dict.safe_set()
            return nil, "no memory"
        end
        refresher():tick(false)
        assert.same({ words }, logged)
        dict.entries.requests, logged = { value = 1 }, {}
        refresher():tick(false)
        assert.equal(words .. '; the shared dict dwsync is used by something else, too, which has the key "requests" '
            .. "in it: when that evicts, what is published goes; give dwsync a lua_shared_dict of its own", logged[1])
    end)

    it("says once that its dict is shared, and that what was published was evicted", function()
        local store, it_does = Store.new(dict), refresher()
        local shared = "the shared dict dwsync is used by something else, too, which has the key \"requests\" in it: "
            .. "when that evicts, what is published goes; give dwsync a lua_shared_dict of its own"
        local lost = "what was published is gone from the shared dict: something else that uses it evicts; give "
            .. "dwsync a lua_shared_dict of its own"
        store:set_state("stranger", "requests")
        for i = 1, 3 do
            if i == 2 then
                store:set_state("lost", 1)
            end
            it_does:tick(false)
            now = now + 60
            assert.is_nil(store:get_state "lost")
        end
        assert.same({ "warn: " .. shared, "error: " .. lost, "info: recovered: " .. lost }, logged)
    end)

    -- Sweeps once for each summary.
    local function sweep(it_does, ...)
        for _, summary in ipairs { ... } do
            answer = function() return true, summary end
            it_does:tick(false)
            now = now + 60
        end
    end

    local FINE = '{"outcome":"complete"}'
    local LASTING = { ['"outcome":"failed","message":"m"'] = "error: m",
        ['"outcome":"partial","message":"m"'] = "warn: m",
        ['"outcome":"complete","memory":"m"'] = "error: m",
        ['"outcome":"complete","history":"m"'] = "error: the history was not written: m",
        ['"outcome":"complete","history_unread":"m"'] = "error: judged without the full history: m",
        ['"outcome":"complete","alerts":"m"'] = "error: alerts: m" }

    it("says of all that lasts when it begins, when it is another thing and when it ends", function()
        for summary, line in pairs(LASTING) do
            dict, logged = shared_dict.new(), {}
            local other = summary:gsub('"m"', '"n"')
            sweep(refresher(), "{" .. summary .. "}", "{" .. summary .. "}", "{" .. other .. "}", FINE, FINE)
            local second = line:sub(1, -2) .. "n"
            assert.same({ line, second, "info: recovered: " .. second:gsub("^%a+: ", "") }, logged)
        end
    end)

    it("knows itself what it said where the dict has no room for that", function()
        for summary, line in pairs(LASTING) do
            dict, logged = shared_dict.new(), {}
            local set = dict.safe_set
            function dict.safe_set(self, key, value, ...)
                if key:find ":logged_" and value then
                    return nil, "no memory"
                end
                return set(self, key, value, ...)
            end
            sweep(refresher(), "{" .. summary .. "}", "{" .. summary .. "}", FINE, FINE)
            assert.same({ line, "info: recovered: " .. line:gsub("^%a+: ", "") }, logged)
        end
    end)

    it("says each time what was not told to somebody for good", function()
        local lost = '{"outcome":"complete","alerts_lost":["a","b"]}'
        sweep(refresher(), lost, lost, FINE)
        assert.same({ "error: alerts: a", "error: alerts: b", "error: alerts: a", "error: alerts: b" }, logged)
    end)

    it("says and keeps nothing of a sweep that was cancelled but when the next one is due", function()
        sweep(refresher(), '{"outcome":"cancelled","message":"m","memory":"m","changes":["c"],"alerts_lost":["a"]}')
        local store = Store.new(dict)
        assert.same({ {}, nil, "number" }, { logged, store:get_state "configuration", type(store:get_state "due") })
    end)

    it("looks for who else uses the dict when that is full", function()
        dict.entries.requests = { value = 1 }
        sweep(refresher(), FINE)
        assert.same({}, logged)
        sweep(refresher(), '{"outcome":"complete","memory":"m"}')
        assert.equal("error: m", logged[1])
        assert.matches('^warn: the shared dict dwsync is used by something else, too, which has the key "requests"',
            logged[2])
    end)

    it("ticks three times in the life of a lease, but once a second at least", function()
        for seconds, period in pairs { [1] = 1 / 3, [2] = 2 / 3, [3] = 1, [3.5] = 1, [60] = 1 } do
            local it_does = refresher()
            it_does.settings.lease = seconds
            assert.equal(period, it_does:period())
        end
    end)

    it("gives the lease back behind a sweep during which nginx began to end", function()
        answer = function()
            exiting = true
            return true, FINE
        end
        refresher():tick(false)
        assert.is_nil(dict:get "dwsync.1:lease")
    end)

    it("has failed when a thread gave no answer, in a moment that it notes", function()
        for _, nothing in ipairs { "", false } do
            dict, logged = shared_dict.new(), {}
            answer = function() return true, nothing or nil end
            refresher():tick(false)
            local message = "nginx could not run the sweep in a thread: no answer"
            local store = Store.new(dict)
            assert.same({ { "error: " .. message }, message, "failed", now, nothing == "" },
                { logged, store:get_state "error", store:get_state "outcome", store:get_state "swept", nothing == "" })
        end
    end)

    it("sweeps in the event loop where nginx has no threads", function()
        local own, given = package.loaded["dwsync.nginx.sweep"], nil
        finally(function() package.loaded["dwsync.nginx.sweep"] = own end)
        package.loaded["dwsync.nginx.sweep"] = { run_in_event_loop = function(...)
            given = { ... }
            return { outcome = "complete", changes = { "c" } }
        end }
        local it_does = refresher()
        it_does.host.run_in_thread = nil
        it_does:tick(false)
        assert.same({ { "the order", "owner" }, { "info: c" }, 0 }, { given, logged, calls })
    end)
end)
