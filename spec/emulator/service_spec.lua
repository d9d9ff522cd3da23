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
