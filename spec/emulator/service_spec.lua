local service = require "dwsync.emulator.service"
local stories = require "dwsync.emulator.stories"

local function at(clock, more)
    return service.new({ seed = 1, started = 0, records = 1, new_runs = more and more.new_runs, accounts = {
        { name = "emulator", ak = "AK", sk = "SK", regions = { "emu-north-1" }, clusters = 0, stories = true,
            rate = 1, burst = 2 },
    } }, function() return clock.now end)
end

describe("the emulator's service", function()
    it("shows projects, times and records as its settings and its clock say", function()
        local clock = { now = 100 }
        local state = at(clock, { new_runs = 1 })
        local account = state.accounts[1]
        assert.same({ account:projects(1), "1970-01-01T00:01:40.000000Z" }, { state:projects(account),
            state:iso(100) })
        state.settings.projects, state.settings.expiry_digits = 2, 3
        assert.same({ account:projects(2), "1970-01-01T00:01:40.000Z" }, { state:projects(account),
            state:iso(100) })
        local cluster = state.home:list()[1]
        for _, second in ipairs { 0, 99, 100, 199, 200, 1000 } do
            clock.now = second
            assert.equal(168 + stories.turns(cluster, state.config, second * 1000), state:records_of(cluster):count())
        end
        assert.equal(10, stories.turns(cluster, state.config, 1000000))
    end)

    it("admits a number of calls in a window, and again in the next", function()
        local clock = {}
        local state, policy = at(clock), { limit = 2, window = 10 }
        local admitted = {}
        for i, second in ipairs { 100, 101, 102, 109.9, 110, 111, 112 } do
            clock.now = second
            admitted[i] = state:admit(policy)
        end
        assert.same({ true, true, false, false, true, true, false }, admitted)
    end)

    it("keeps the records of those clusters only that were changed", function()
        local state = at { now = 100 }
        local clusters = state.home:list()
        for _, cluster in ipairs(clusters) do
            state:records_of(cluster):json(0, 10)
        end
        assert.same({}, state.sequences)
        local one = state:records_of(clusters[1], true)
        one:add(1, 0)
        assert.equal(one, state:records_of(clusters[1]))
        assert.equal(169, state:records_of(clusters[1]):count())
        state:reset()
        assert.equal(168, state:records_of(clusters[1]):count())
    end)

    it("finds a cluster, wherever it is, and an account that fits", function()
        local state = at { now = 100 }
        local cluster = state.home:list()[3]
        assert.same({ cluster, state.home }, { state:find_cluster(cluster.id) })
        assert.is_nil(state:find_cluster("another"))
        assert.is_nil(state:find_cluster(nil))
        assert.equal(state.home.account, state:find_account(function(one) return one.ak == "AK" end))
        assert.is_nil(state:find_account(function() return false end))
    end)

    it("begins anew when it is reset, but keeps the keys and tokens that it issued", function()
        local clock = { now = 100 }
        local state, policy = at(clock), { limit = 1, window = 10 }
        local key = state.keyring:issue(state:now(), 3600)
        local token = state.keyring:issue_token({ kind = "domain" }, state:now(), 3600, 64)
        state.settings.clock_offset = 5
        state.notices[1] = "told"
        local made = state.home:create("one-more", "healthy")
        assert.equal(made, state.home:find(made.id))
        for _ = 1, 6 do
            state.keyring:failed("AK", 100, 300)
        end
        assert.is_true(state.keyring:locked("AK", 100))
        while state.accounts[1].bucket:take(100) do end -- luacheck: ignore 542
        assert.same({ 105, true, false }, { state:now(), state:admit(policy), state:admit(policy) })
        state:reset()
        assert.same({ 100, true }, { state:now(), state:admit(policy) })
        assert.same({ 0, false, true, 9 }, { #state.notices, state.keyring:locked("AK", 100),
            (state.accounts[1].bucket:take(100)), #state.home:list() })
        assert.is_nil(state.home:find(made.id))
        assert.equal(key, state.keyring:find(key.ak))
        assert.equal(token, state.keyring:find_token(token.text))
    end)
end)
