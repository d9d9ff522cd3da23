local core = require "dwsync.core"
local loops = require "dwsync.runtime.nginx_loop"
local turns = require "dwsync.runtime.nginx_turns"

local unpack = table.unpack or unpack -- luacheck: ignore 113

describe("the transfers of nginx's event loop", function()
    local own_ngx, own_semaphore, driver

    before_each(function()
        own_ngx, own_semaphore = rawget(_G, "ngx"), package.loaded["ngx.semaphore"]
        rawset(_G, "ngx", { WARN = 5, log = function() end, sleep = coroutine.yield,
            timer = { at = function(_, action, ...)
                local arguments, count = { ... }, select("#", ...)
                driver = coroutine.wrap(function() action(false, unpack(arguments, 1, count)) end)
                return true
            end } })
    end)
    after_each(function()
        rawset(_G, "ngx", own_ngx)
        package.loaded["ngx.semaphore"] = own_semaphore
    end)

    it("have their answer where it came at the moment in which the wait for it was over", function()
        package.loaded["ngx.semaphore"] = { new = function()
            local made, posted = {}, false
            function made.wait()
                while not posted do
                    driver()
                end
                return nil, "timeout"
            end
            function made.post() posted = true end
            function made.count() return -1 end
            return made
        end }
        local response, failure, reason = loops.of(1):perform({ method = "GET", url = "http://127.0.0.1:1/",
            timeout = 5 }, 0)
        assert.is_nil(response)
        assert.is_nil(reason)
        assert.equal("network", failure.kind)
    end)
end)

-- The pool, the decoder, nginx and the clock are replaced: what is looked at is what the loop makes of them.
describe("the loop of nginx's transfers", function()
    local REPLACED = { [core] = { "pool", "decoder", "monotonic", "resolves_aside" },
        [turns] = { "begin", "finish", "hold", "goes_on", "collect", "sleep" } }
    local own, places = {}, 1000
    local log, now, loop, timer, driver, under_way, arrived, steps, room, refusal, raises

    local function note(...)
        local words = { ... }
        for i = 1, #words do
            words[i] = tostring(words[i])
        end
        log[#log + 1] = table.concat(words, " ")
    end

    before_each(function()
        own.ngx, own.semaphore = rawget(_G, "ngx"), package.loaded["ngx.semaphore"]
        for module, names in pairs(REPLACED) do
            own[module] = {}
            for _, name in ipairs(names) do
                own[module][name] = module[name]
            end
        end
        log, now, under_way, arrived, steps, room, places = {}, 100, {}, {}, {}, math.huge, places + 1
        timer, driver, refusal, raises = true, nil, nil, nil
        core.monotonic = function() return now end
        core.resolves_aside = function() return true end
        core.pool = function(options)
            note("pool", options.concurrency)
            return {
                submit = function(_, job, request)
                    note("submit", request.url, request.decode)
                    if refusal then
                        return nil, refusal
                    end
                    under_way[job] = true
                    if request.answer ~= nil then
                        arrived[#arrived + 1] = { job, request.answer or nil, request.failure }
                    end
                    return true
                end,
                next = function(_, seconds)
                    note("next", seconds)
                    if raises then
                        error(raises, 0)
                    end
                    local one = table.remove(arrived, 1)
                    if one then
                        under_way[one[1]] = nil
                        return unpack(one, 1, 3)
                    end
                    return nil, next(under_way) and "busy" or "idle"
                end,
                cancel = function(_, job)
                    note("cancel", job.label or "own")
                    under_way[job] = nil
                end,
                close = function(pool) note("close", type(pool)) end,
            }
        end
        core.decoder = function(body, decode)
            note("decoder", body, decode)
            return { step = function(_, records)
                note("step", records)
                local one = table.remove(steps, 1)
                if type(one) == "string" then
                    error(one, 0)
                end
                return unpack(one, 1, 2)
            end }
        end
        turns.begin = function(most) note("begin", most) end
        turns.finish = function()
            note "finish"
            return true
        end
        turns.hold = function() note "hold" end
        turns.goes_on = function()
            room = room - 1
            return room >= 0
        end
        turns.collect = function()
            note "collect"
            return true
        end
        turns.sleep = function()
            note "sleep"
            coroutine.yield()
        end
        rawset(_G, "ngx", { WARN = 5, log = function(level, text) note("log", level, text) end,
            timer = { at = function(seconds, action, ...)
                note("timer", seconds)
                local arguments, given = { ... }, select("#", ...)
                driver = timer and coroutine.wrap(function()
                    action(false, unpack(arguments, 1, given))
                    driver = nil
                end)
                return timer or nil, not timer and "too many timers" or nil
            end } })
        package.loaded["ngx.semaphore"] = { new = function()
            local made, posts = {}, 0
            function made.wait(_, seconds)
                note("wait", ("%.4g"):format(seconds))
                if made.broken then
                    return nil, made.broken
                end
                for _ = 1, 3 do
                    if driver and posts == 0 then
                        driver()
                    end
                end
                now = now + seconds
                return posts > 0 or nil, posts == 0 and "timeout" or nil
            end
            function made.post() posts = posts + 1 end
            function made.count() return -1 end
            return made
        end }
        loop = loops.of(places)
    end)

    after_each(function()
        rawset(_G, "ngx", own.ngx)
        package.loaded["ngx.semaphore"] = own.semaphore
        for module, names in pairs(REPLACED) do
            for _, name in ipairs(names) do
                module[name] = own[module][name]
            end
        end
    end)

    local function perform(answer, more)
        local request = { url = "u", answer = answer }
        for name, value in pairs(more or {}) do
            request[name] = value
        end
        return loop:perform(request, more and more.till or now + 5)
    end

    -- How often each of these was done, and which were done at all.
    local function done(what)
        local found = {}
        for _, line in ipairs(log) do
            found[#found + 1] = line:find(what) and line or nil
        end
        return found
    end

    it("is one for each number of places, whose pool has so many", function()
        assert.equal(loop, loops.of(places))
        assert.not_equal(loop, loops.of(places + 1))
        places = places + 1
        perform { status = 204 }
        perform { status = 204 }
        assert.same({ "pool " .. loop.concurrency }, done "^pool")
    end)

    it("answers what came, ends when nothing is under way, and begins and ends the turns around that", function()
        local response = { status = 200, body = "b" }
        assert.same({ response }, { perform(response) })
        assert.same({ "pool " .. places, "submit u", "timer 0", "finish", "wait 1", "begin 0.0004", "next 0",
            "next 0", "finish", "begin" }, log)
        assert.is_nil(loop.driver)
        assert.is_nil(next(loop.jobs))
        assert.equal(false, response.page or false)
    end)

    it("begins no turn again for who had none", function()
        turns.finish = function() return false end
        perform { status = 200 }
        assert.same({ "begin 0.0004" }, done "^begin")
    end)

    it("gives a failure, and what the pool has against a request, as they are", function()
        local failure = { kind = "network" }
        assert.same({ nil, failure }, { perform(false, { failure = failure, answer = false }) })
        refusal = failure
        log = {}
        assert.same({ nil, failure }, { perform { status = 200 } })
        assert.same({ "submit u" }, log)
        assert.is_nil(next(loop.jobs))
    end)

    it("decodes answers between 200 and 299 that are to be decoded, and no others", function()
        for status, decodes in pairs { [199] = false, [200] = true, [299] = true, [300] = false } do
            steps = { { { "page" }, "place" } }
            local response = perform({ status = status, body = "text" }, { decode = "records" })
            assert.same(decodes and { status = status, page = { "page" }, place = "place" }
                or { status = status, body = "text" }, response)
        end
        assert.same({ "submit u", "submit u", "submit u", "submit u" }, done "^submit")
        assert.same({ "decoder text records", "decoder text records" }, done "^decoder")
        assert.equal(2, #done "^hold")
        local failure = { kind = "timeout" }
        assert.same({ nil, failure }, { perform(nil, { decode = "records", answer = false, failure = failure }) })
    end)

    it("decodes a page by one decoder, some records at a time, as long as a turn goes on", function()
        steps = { { false }, { false }, { { "page" }, 7 } }
        assert.same({ status = 200, page = { "page" }, place = 7 },
            perform({ status = 200, body = "b" }, { decode = "d" }))
        assert.same({ "decoder b d", "step 64", "step 64", "step 64" }, done "^[ds][et]%w+ [^u]")
        log, steps = {}, { { { "page" }, 7 } }
        local turns_left = 1
        turns.collect = function()
            turns_left = turns_left - 1
            return turns_left < 0
        end
        assert.same({ "page" }, perform({ status = 200, body = "b" }, { decode = "d" }).page)
        assert.equal(1, #done "^sleep")
    end)

    it("says what is wrong with a page, and raises for who asked for it what the decoder raised", function()
        steps = { { nil, "not a page" } }
        assert.same({ status = 200, body = "b", page_error = "not a page" },
            perform({ status = 200, body = "b" }, { decode = "d" }))
        steps = { "no memory" }
        local good, reason = pcall(perform, { status = 200, body = "b" }, { decode = "d" })
        assert.same({ false, "no memory" }, { good, reason })
        assert.is_nil(loop.driver)
        assert.is_nil(loop.pages[1])
    end)

    it("decodes the page that may be decoded before one that came earlier", function()
        local may, asked, response = false, 0, nil
        local caller = coroutine.create(function()
            response = perform({ status = 200, body = "b" }, { decode = "d" })
        end)
        loops.may_decode[caller] = function()
            asked = asked + 1
            may = asked > 2
            return may
        end
        steps = { { false }, { { "page" } } }
        assert(coroutine.resume(caller))
        assert.same({ "page" }, response.page)
        assert.equal(3, asked) -- once it has begun nobody is asked
        assert.equal(2, #done "^sleep")
        local order = {}
        for i, decodes in ipairs { false, true, true } do
            local job = { done = { post = function() order[#order + 1] = i end }, decode = "d",
                response = { body = tostring(i) }, may_decode = function() return decodes or #order == 2 end }
            loop.jobs[job], loop.pages[i] = true, job
        end
        steps = { { { "page" } }, { { "page" } }, { { "page" } }, { { "page" } } }
        perform { status = 200 }
        assert.same({ 2, 3, 1 }, order)
    end)

    it("drops the page of who does not wait for it any more, undecoded", function()
        loop.pages[1] = { may_decode = function() return false end, done = {} }
        perform { status = 200 }
        assert.same({}, done "^decoder")
        assert.is_nil(loop.pages[1])
    end)

    it("takes no more of what came than a turn has time for, and goes on in the next", function()
        room = 0
        perform { status = 200 }
        assert.equal(1, #done "^next")
        assert.is_truthy(loop.driver)
        driver()
        assert.is_nil(loop.driver)
        assert.equal(2, #done "^next")
    end)

    it("ends every 16 turns the transfers that nobody waits for", function()
        perform(nil, { till = now - 1 })
        loop.jobs[{ label = "other", done = { count = function() return 0 end } }] = true
        under_way[1] = true
        while not done "^cancel other"[1] do
            driver()
        end
        assert.equal(16, #done "^begin 0.0004")
        under_way = {}
        for count, cancelled in pairs { [-1] = {}, [0] = { "cancel other" }, [1] = { "cancel other" } } do
            local other = { label = "other", done = { count = function() return count end } }
            log, loop.jobs, loop.turns, driver = {}, { [other] = true }, 14, nil
            loop.driver = nil
            perform(nil, { till = now - 1 })
            local found = done "^cancel other"
            assert.same(cancelled, found)
            assert.equal(count < 0, loop.jobs[other] or false)
            if found[1] then
                assert.matches("^sleep.*cancel other.*sleep", table.concat(log, " "):match "sleep.*")
                assert.is_nil(table.concat(log, " "):match "sleep.*sleep.*cancel other")
            end
        end
    end)

    it("leaves nobody waiting when a turn raises, and has another pool then", function()
        raises = "no memory"
        local other = { done = { post = function() note "other" end } }
        loop.jobs[other] = true
        local good, reason = pcall(perform, { status = 200 })
        assert.same({ false, "no memory" }, { good, reason })
        assert.same({ "no memory", "no memory" }, { other.raised, reason })
        assert.same({ "other" }, done "^other")
        assert.same({ "close table" }, done "^close")
        assert.is_nil(loop.driver)
        assert.same({}, loop.pages)
        raises, log = nil, {}
        assert.equal(200, perform({ status = 200 }).status)
        assert.same({ "pool " .. places }, done "^pool")
    end)

    it("says what nginx has against a timer or against waiting, and ends the transfer", function()
        timer = false
        assert.same({ n = 3, [3] = "too many timers" }, { n = select("#", perform()), [3] = select(3, perform()) })
        assert.equal("cancel own", done "^cancel"[1])
        assert.same({}, done "^wait")
        assert.is_nil(next(loop.jobs))
        timer = true
        local new = package.loaded["ngx.semaphore"].new
        package.loaded["ngx.semaphore"].new = function()
            local made = new()
            made.broken = "API disabled"
            return made
        end
        log = {}
        assert.equal("API disabled", (select(3, perform())))
        assert.same({ "cancel own" }, done "^cancel")
    end)

    it("waits a second at a time until a second after the time limit, and then ends the transfer", function()
        assert.equal("timeout", (select(3, perform(nil, { till = now + 1.5 }))))
        assert.same({ "wait 1", "wait 1", "wait 0.5" }, done "^wait")
        assert.same({ "cancel own" }, done "^cancel")
        log = {}
        assert.equal("timeout", (select(3, perform(nil, { till = now + 1 }))))
        assert.same({ "wait 1", "wait 1" }, done "^wait")
        log = {}
        assert.equal("timeout", (select(3, perform(nil, { till = now - 7 }))))
        assert.same({ "wait 0" }, done "^wait")
    end)

    it("takes a driver for lost that was not seen for a second, and begins another, which the first makes way for",
        function()
            perform(nil, { till = now - 7 })
            local first = driver
            assert.same({ "timer 0" }, done "^timer")
            now = now + 0.99
            perform(nil, { till = now - 7 })
            assert.same({ "timer 0" }, done "^timer")
            driver, now = nil, now + 1
            perform(nil, { till = now - 7 })
            assert.same({ "timer 0", "timer 0" }, done "^timer")
            local before = #done "^next"
            first()
            assert.equal(before, #done "^next")
            assert.is_false(pcall(first)) -- it has ended
        end)

    it("takes no driver for lost that goes on, and begins another while it waits for one that is lost", function()
        perform(nil, { till = now - 7 })
        under_way[1] = true
        for _ = 1, 3 do
            now = now + 0.7
            driver()
        end
        perform(nil, { till = now - 7 })
        assert.same({ "timer 0" }, done "^timer")
        log = {}
        local at = rawget(_G, "ngx").timer.at
        rawget(_G, "ngx").timer.at = function(...)
            at(...)
            driver = #done "^timer" > 2 and driver or nil -- the first two are dropped
            return true
        end
        loop.driver = nil
        assert.equal(200, perform({ status = 200 }).status)
        assert.same({ "timer 0", "timer 0", "timer 0" }, done "^timer")
        assert.same({ "wait 1", "wait 1", "wait 1" }, done "^wait")
    end)

    it("warns once of a libcurl that waits for names", function()
        core.resolves_aside = function() return false end
        perform { status = 200 }
        places = places + 1
        loop = loops.of(places)
        perform { status = 200 }
        assert.same({ "log 5 dwsync: this libcurl waits for names: a name server that is slow holds up nginx" },
            done "^log")
    end)
end)
