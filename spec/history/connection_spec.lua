local connection = require "dwsync.history.connection"
local sqlite = require "dwsync.history.sqlite"

-- The engine is replaced: what is looked at is what it is opened with, and until when.
describe("the connection to a history", function()
    local own = { open = sqlite.open, driver = sqlite.driver }
    local opened, answer, closed

    before_each(function()
        opened, closed = {}, 0
        answer = { { close = function() closed = closed + 1 end } }
        sqlite.open = function(place, context)
            opened[#opened + 1] = { place.engine, context.till }
            return answer[1], answer[2], answer[3]
        end
    end)
    after_each(function() sqlite.open, sqlite.driver = own.open, own.driver end)

    local function open(options, use)
        options.runtime = { monotonic = function() return 1000 end, sleep = function() end }
        local kept
        local found = { connection.open("/h.sqlite", options, "open", function(context, engine)
            kept = context
            return (use or function() return { context.till, engine == answer[1] } end)(context)
        end) }
        return found, kept
    end

    it("has what was asked for, or what is usual", function()
        local _, context = open {}
        assert.same({ "/h.sqlite", 30, false, false, nil, math.random }, { context.shown, context.timeout,
            context.readonly, context.show_accounts, context.cache, context.random })
        _, context = open { timeout = 7, readonly = true, show_accounts = true, cache = 4096, random = print }
        assert.same({ 7, true, true, 4096, print }, { context.timeout, context.readonly, context.show_accounts,
            context.cache, context.random })
        for _, wrong in ipairs { { cache = 0 }, { cache = 4097 }, { cache = 1.5 }, { cache = true },
            { show_accounts = "yes" }, { readonly = 1 }, { timeout = "1" }, { till = "1" }, { random = 1 },
            { no = 1 } } do
            assert.is_false(pcall(open, wrong))
        end
        assert.equal(1, select(2, open { cache = 1 }).cache)
    end)

    it("is opened within its timeout or till its end, whichever comes first; only its end counts later", function()
        for _, case in ipairs { { {}, 1030, math.huge }, { { timeout = 5 }, 1005, math.huge },
            { { till = 1029 }, 1029, 1029 }, { { till = 1031 }, 1030, 1031 } } do
            opened = {}
            local found, context = open(case[1])
            assert.same({ { "sqlite", case[2] } }, opened)
            assert.same({ { case[2], true } }, found)
            assert.equal(case[3], context.till)
        end
        assert.equal(0, closed)
    end)

    it("ends with what use has against it", function()
        assert.same({ nil, "no" }, (open({}, function() return nil, "no" end)))
        assert.equal(1, closed)
    end)

    it("is none where the engine cannot be opened, or there is no such place", function()
        local used = false
        answer = { nil, { kind = "storage" } }
        assert.same({ nil, { kind = "storage" } }, (open({}, function() used = true end)))
        local nothing, err = connection.open("mysql://h/d", {}, "open", function() used = true end)
        assert.is_nil(nothing)
        assert.equal("config", err.kind)
        assert.is_false(used)
    end)

    it("can be made where its place can be read and its driver is there; nothing is opened by asking", function()
        assert.same({ true }, { connection.check "/h.sqlite" })
        local nothing, err = connection.check "mysql://h/d"
        assert.same({ nil, "config" }, { nothing, err.kind })
        sqlite.driver = function() return nil, { kind = "config" } end
        assert.same({ nil, { kind = "config" } }, { connection.check "/h.sqlite" })
        assert.same({}, opened)
    end)
end)
