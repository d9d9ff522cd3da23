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
        assert.matches("^Nothing of this page was saved", err.hint)
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
        assert.same({ "begin", "close", "begin", "commit" }, engine.calls)
    end)

    it("does not begin on a history that was closed while it waited for its turn", function()
        local engine = new_engine { begin = { nil, BUSY, true } }
        local context = { shown = "test", timeout = 1, random = function() return 1 end, runtime = {
            monotonic = function() return 0 end } }
        function context.runtime.sleep()
            context.closed = true
        end
        assert.has_error(function() transaction.run(context, engine, "write", "c", error) end, "the history is closed")
        assert.same({ "begin", "rollback" }, engine.calls)
    end)
end)
