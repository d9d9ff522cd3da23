local Lease = require "dwsync.nginx.shared.lease"
local shared_dict = require "spec.support.shared_dict"

describe("the lease", function()
    local now, stepped, dict, first, second

    local function monotonic()
        return now
    end

    before_each(function()
        now, stepped = 0, 0
        dict = shared_dict.new { now = function() return now + stepped end }
        first, second = Lease.new(dict, "first.", 10, monotonic), Lease.new(dict, "second", 10, monotonic)
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

    it("runs out neither sooner nor later when somebody sets the clock", function()
        for _, step in ipairs { 3600, -3600 } do
            assert.is_true(first:hold())
            stepped, now = stepped + step, now + 9.9
            assert.is_true(first:is_ours())
            assert.is_false(second:hold())
            now = now + 0.1
            assert.is_true(second:hold())
            second:release()
        end
    end)

    it("is replaced by one of two that find it run out", function()
        first:hold()
        now = 10
        local get = dict.get
        function dict.get(...) -- the other one comes between our look and our deed
            dict.get = get
            local value = get(...)
            assert.is_true(second:hold())
            return value
        end
        assert.is_false(first:hold())
        assert.is_true(second:is_ours())
    end)

    it("is not taken from one that took it just before", function()
        local add = dict.safe_add
        function dict.safe_add(...)
            dict.safe_add = add
            assert.is_true(second:hold())
            return add(...)
        end
        assert.same({ false }, { first:hold() })
        assert.is_true(second:is_ours())
    end)

    it("was held by anybody until it is given back, also when that one was killed", function()
        assert.is_false(Lease.was_held(dict))
        first:hold()
        now = 11
        assert.is_true(Lease.was_held(dict))
        assert.is_true(second:hold())
        second:release()
        assert.is_false(Lease.was_held(dict))
    end)

    it("is taken by one at a time, and that is no failure", function()
        local set = dict.safe_set
        function dict.safe_set(self, key, ...)
            if key == "dwsync.1:lease" then
                dict.safe_set = set
                assert.same({ false }, { second:hold() })
            end
            return set(self, key, ...)
        end
        assert.same({ true }, { first:hold() })
        now = 5
        function dict.safe_set()
            return nil, "no memory"
        end
        assert.same({ false, "no memory" }, { first:hold() })
    end)

    it("is free again a second after one was killed while it took it", function()
        local set = dict.safe_set
        function dict.safe_set(self, key, ...)
            return key == "dwsync.1:lease" and error "killed" or set(self, key, ...)
        end
        assert.is_false((pcall(first.hold, first)))
        dict.safe_set = set
        now = 0.9
        assert.is_false(second:hold())
        now = 1
        assert.is_true(second:hold())
    end)

    it("can be given back, but only by its owner", function()
        first:hold()
        second:release()
        assert.is_true(first:is_ours())
        first:release()
        assert.is_true(second:hold())
    end)

    it("says so when it cannot be written", function()
        local full = Lease.new(shared_dict.new { capacity = 5 }, "first.", 10, monotonic)
        local held, err = full:hold()
        assert.is_false(held)
        assert.equal("no memory", err)
    end)
end)
