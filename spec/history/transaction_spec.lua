local transaction = require "dwsync.history.transaction"

local BUSY, BROKEN = { message = "locked" }, { message = "disk" }

-- An engine that notes what is asked of it; `answers` by method: {result, err, busy}, default true.
local function new_engine(answers)
    local engine = { calls = {}, answers = answers or {}, name = "fake" }
    for _, name in ipairs { "begin", "commit", "rollback", "rows" } do
        engine[name] = function(self)
            self.calls[#self.calls + 1] = name
            local answer = self.answers[name] or { true }
            return answer[1], answer[2], answer[3]
        end
    end
    return engine
end

local function run(engine, work, pauses)
    local now = 0
    local context = { shown = "test", timeout = 1, random = function() return 1 end, runtime = {
        monotonic = function() return now end,
        sleep = function(seconds)
            now = now + seconds
            if pauses then
                pauses(engine)
            end
        end,
    } }
    return transaction.run(context, engine, "write", "c", work)
end

describe("a transaction", function()
    it("hands the engine to its work, commits, and gives the work's result", function()
        local engine = new_engine()
        local result, err = run(engine, function(session)
            session:rows "a"
            return session.name
        end)
        assert.equal("fake", result)
        assert.is_nil(err)
        assert.same({ "begin", "rows", "commit" }, engine.calls)
    end)

    it("ends where a statement fails: nothing after it is done, and the error is returned", function()
        local engine = new_engine { rows = { nil, BROKEN, false } }
        local result, err = run(engine, function(session)
            session:rows "a"
            error "it went on"
        end)
        assert.is_nil(result)
        assert.equal(BROKEN, err)
        assert.same({ "begin", "rows", "rollback" }, engine.calls)
    end)

    it("fails where its work says that the database might as well have refused it", function()
        local engine = new_engine()
        local result, err = run(engine, function(session)
            session:fail(BROKEN)
            error "it went on"
        end)
        assert.same({ nil, BROKEN }, { result, err })
        assert.same({ "begin", "rollback" }, engine.calls)
    end)

    it("is rolled back when its work returns an error, and when it cannot be committed", function()
        local engine = new_engine()
        local result, err = run(engine, function() return nil, BROKEN end)
        assert.is_nil(result)
        assert.equal(BROKEN, err)
        assert.same({ "begin", "rollback" }, engine.calls)

        engine = new_engine { commit = { nil, BROKEN } }
        result, err = run(engine, function() return 1 end)
        assert.is_nil(result)
        assert.equal(BROKEN, err)
        assert.same({ "begin", "commit", "rollback" }, engine.calls)
    end)

    it("is rolled back when its work raises anything else, which is raised again", function()
        local engine = new_engine()
        local bug = { "a bug" }
        local good, raised = pcall(run, engine, function() error(bug) end)
        assert.is_false(good)
        assert.equal(bug, raised)
        assert.same({ "begin", "rollback" }, engine.calls)
    end)

    for _, method in ipairs { "begin", "rows", "commit" } do
        it(("is done again from its beginning when another writer is in the way of %s"):format(method), function()
            local engine = new_engine { [method] = { nil, BUSY, true } }
            local tries = 0
            local result = run(engine, function(session)
                tries = tries + 1
                session:rows "a"
                return tries
            end, function()
                engine.answers = {}
            end)
            assert.equal(method == "begin" and 1 or 2, result)
            assert.equal("commit", engine.calls[#engine.calls])
        end)
    end

    it("gives up after its time, and says that nothing was saved", function()
        local result, err = run(new_engine { rows = { nil, BUSY, true } }, function(session)
            session:rows "a"
        end)
        assert.is_nil(result)
        assert.equal("timeout", err.kind)
        assert.is_true(err.attempts > 1)
        assert.equal("the history test was locked by another program for 1 s", err.message)
        assert.equal("Nothing of this page was saved: try again, and end any program that hangs with the history open.",
            err.hint)
    end)

    it("waits longer each time, up to a quarter of a second, and a random half of it less", function()
        local function pauses_of(random, timeout, till)
            local now, pauses, deadlines = 100, {}, {}
            local result, err = transaction.patiently({ shown = "test", timeout = timeout, till = till,
                random = function() return random end, runtime = { monotonic = function() return now end,
                    sleep = function(seconds)
                        pauses[#pauses + 1] = ("%.4g"):format(seconds)
                        now = now + seconds
                    end } }, function(deadline)
                deadlines[#deadlines + 1] = deadline
                return nil, BUSY, true
            end)
            assert.is_nil(result)
            for _, deadline in ipairs(deadlines) do
                assert.equal(math.min(100 + timeout, till or 1000), deadline)
            end
            assert.same({ "timeout", true, #deadlines, #pauses + 1 }, { err.kind, err.retryable, err.attempts,
                #deadlines })
            return table.concat(pauses, " ")
        end
        assert.equal("0.01 0.02 0.04 0.08 0.16 0.25 0.25 0.25", pauses_of(1, 1))
        assert.equal("0.0075 0.015 0.03 0.06 0.12 0.1875", pauses_of(0.5, 0.4))
        assert.equal("0.005 0.01 0.02", pauses_of(0, 1, 100.03))
        assert.equal("", pauses_of(0, 1, 100))
    end)

    it("hands on whatever a statement is given, and rows to be copied where the engine can do that", function()
        local engine, given = new_engine(), {}
        function engine.rows(_, ...)
            given[1] = { ... }
            return {}
        end
        run(engine, function(session)
            assert.is_nil(session.copy)
            return session:rows("a", "b", "c")
        end)
        function engine.copy(_, ...)
            given[2] = { ... }
            return true
        end
        run(engine, function(session)
            return session:copy("d", "e")
        end)
        assert.same({ { "a", "b", "c" }, { "d", "e" } }, given)
    end)

    it("is left alone, and reported as late, when it goes on after another took the engine", function()
        local engine, now = new_engine(), 0
        local context = { shown = "test", timeout = 1, random = function() return 1 end,
            runtime = { monotonic = function() return now end, sleep = function() end } }
        engine.close = function()
            engine.calls[#engine.calls + 1] = "close"
        end
        local result, err = transaction.run(context, engine, "write", "c", function()
            now = 2.5
            assert.equal("second", transaction.run(context, engine, "write", "c", function() return "second" end))
            error "the connection is closed"
        end)
        assert.is_nil(result)
        assert.equal("timeout", err.kind)
        assert.is_true(err.retryable)
        assert.equal("the history test: a transaction went on only after its time of 1 s", err.message)
        assert.equal("Nothing of this page was saved. Trying again is safe.", err.hint)
        assert.same({ "begin", "close", "begin", "commit" }, engine.calls)
    end)

    it("does not begin on a history that was closed while it waited for its turn", function()
        local engine = new_engine { begin = { nil, BUSY, true } }
        local context = { shown = "test", timeout = 1, random = function() return 1 end, runtime = {
            monotonic = function() return 0 end } }
        function context.runtime.sleep()
            context.closed = true
        end
        assert.same({ false, "the history is closed" },
            { pcall(transaction.run, context, engine, "write", "c", error) })
        assert.same({ "begin", "rollback" }, engine.calls)
    end)
end)

describe("an engine that another transaction holds", function()
    it("is left to it until a second after its time", function()
        for now, calls in pairs { [0] = {}, [0.99] = {}, [1] = { "close", "begin", "commit" } } do
            local engine = new_engine()
            engine.holder = { till = 0 }
            function engine:close() self.calls[1] = "close" end
            local result, err = transaction.run({ shown = "test", timeout = 0, runtime = {
                monotonic = function() return now end } }, engine, "write", "c", function() return "done" end)
            assert.same(calls, engine.calls)
            assert.equal(calls[1] and "done" or "timeout", result or err.kind)
        end
    end)
end)

describe("a part of a transaction", function()
    local REFUSED = { kind = "storage", message = "too long" }

    -- Runs one in which a statement of its work has this answer. Returns what was asked of the engine, what the part
    -- returned, and what the transaction did.
    local function run_part(answer, raised)
        local engine, statements, part = new_engine(), {}, nil
        function engine.rows(_, sql)
            statements[#statements + 1] = sql
            if sql == "work" then
                return answer[1], answer[2], answer[3]
            end
            return {}
        end
        local result = { pcall(run, engine, function(session)
            part = { session:apart(function()
                if raised then
                    error(raised, 0)
                end
                return { session:rows "work" }
            end) }
            return "done"
        end) }
        return statements, part, result, engine.calls[#engine.calls]
    end

    it("is kept with the rest", function()
        local statements, part, result, last = run_part { "rows" }
        assert.same({ { "SAVEPOINT part", "work", "RELEASE SAVEPOINT part" }, { { "rows" } }, { true, "done" },
            "commit" }, { statements, part, result, last })
    end)

    it("is undone alone where the database refused what it was given", function()
        local statements, part, result, last = run_part { nil, REFUSED }
        assert.same({ { "SAVEPOINT part", "work", "ROLLBACK TO SAVEPOINT part", "RELEASE SAVEPOINT part" },
            { nil, REFUSED }, { true, "done" }, "commit" }, { statements, part, result, last })
    end)

    it("undoes all where something else failed", function()
        for _, err in ipairs { { kind = "storage", code = "full" }, { kind = "timeout" } } do
            local statements, part, result, last = run_part { nil, err }
            assert.same({ { "SAVEPOINT part", "work" }, nil, { true, nil, err }, "rollback" },
                { statements, part, result, last })
        end
        local statements, part, result, last = run_part({}, "not now")
        assert.same({ { "SAVEPOINT part" }, nil, { false, "not now" }, "rollback" }, { statements, part, result, last })
    end)

    it("is done again with the rest where another writer was in the way", function()
        local statements, _, result = run_part { nil, REFUSED, true }
        assert.equal("timeout", result[3].kind)
        assert.same({ "SAVEPOINT part", "work", "SAVEPOINT part", "work" }, { statements[1], statements[2],
            statements[3], statements[4] })
    end)
end)
