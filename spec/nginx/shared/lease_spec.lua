local Lease = require "dwsync.nginx.shared.lease"
local shared_dict = require "spec.support.shared_dict"

describe("the lease", function()
    local now, dict, first, second

    before_each(function()
        now = 0
        dict = shared_dict.new { now = function() return now end }
        first, second = Lease.new(dict, "first.", 10), Lease.new(dict, "second", 10)
    end)

    it("is had by one at a time", function()
        assert.is_true(first:hold())
        assert.is_false(second:hold())
        assert.is_true(first:is_ours())
        assert.is_false(second:is_ours())
    end)

    it("lives on while its owner renews it", function()
        first:hold()
        for time = 3, 60, 3 do
            now = time
            assert.is_true(first:hold())
            assert.is_false(second:hold())
        end
    end)

    it("runs out with its owner, and then another one has it", function()
        first:hold()
        now = 9.9
        assert.is_false(second:hold())
        now = 10
        assert.is_true(second:hold())
        assert.is_false(first:is_ours())
        assert.is_false(first:hold())
    end)

    it("can be given back, but only by its owner", function()
        first:hold()
        second:release()
        assert.is_true(first:is_ours())
        first:release()
        assert.is_true(second:hold())
    end)

    it("says so when it cannot be written", function()
        local full = Lease.new(shared_dict.new { capacity = 5 }, "first.", 10)
        local held, err = full:hold()
        assert.is_false(held)
        assert.equal("no memory", err)
    end)
end)
