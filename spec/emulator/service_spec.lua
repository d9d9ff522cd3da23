local service = require "dwsync.emulator.service"

local function at(clock)
    return service.new({ seed = 1, started = 0, records = 1, accounts = {
        { name = "emulator", ak = "AK", sk = "SK", regions = { "emu-north-1" }, clusters = 0, stories = true },
    } }, function() return clock.now end)
end

describe("the emulator's service", function()
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
        assert.same({ 105, true, false }, { state:now(), state:admit(policy), state:admit(policy) })
        state:reset()
        assert.same({ 100, true }, { state:now(), state:admit(policy) })
        assert.equal(key, state.keyring:find(key.ak))
        assert.equal(token, state.keyring:find_token(token.text))
    end)
end)
