local Store = require "dwsync.nginx.shared.store"
local outcome = require "dwsync.nginx.sweep.outcome"
local shared_dict = require "spec.support.shared_dict"

describe("the outcome of a sweep", function()
    it("is kept field by field, when it was last of all, and nothing of the one before", function()
        local dict, order = shared_dict.new(), {}
        local set = dict.safe_set
        function dict.safe_set(self, key, ...)
            order[#order + 1] = key
            return set(self, key, ...)
        end
        local store = Store.new(dict)
        local STATES = { seconds = "seconds", error = "message", memory = "memory", history = "history",
            history_unread = "history_unread", outcome = "outcome" }
        local summary = {}
        for _, field in pairs(STATES) do
            summary[field] = "a " .. field
        end
        outcome.write(store, summary, 7)
        for state, field in pairs(STATES) do
            assert.equal("a " .. field, store:get_state(state))
        end
        assert.same({ 7, "dwsync.3:state:swept", "dwsync.3:state:outcome" }, { store:get_state "swept",
            order[#order], order[#order - 1] })
        outcome.write(store, { outcome = "failed" }, 8)
        for state in pairs(STATES) do
            assert.equal(state == "outcome" and "failed" or nil, store:get_state(state))
        end
        assert.equal(8, store:get_state "swept")
    end)
end)
