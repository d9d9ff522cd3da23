local freshness = require "dwsync.nginx.freshness"

local NOW = 1000000
local HOUR = 3600

local function success(hours)
    return (NOW - hours * HOUR) * 1000
end

local FACTS = { clusters = {
    { id = "a", sources = { { id = "one", type = "ldap", last_success = success(1) },
        { id = "two", type = "oneaccess", last_success = success(5) } } },
    { id = "b", sources = { { id = "three", type = "ldap" } } },
    { id = "c" },
} }

local function judge(query)
    query.max_age = query.max_age or 2 * HOUR
    return freshness.judge(FACTS, query, NOW)
end

describe("freshness", function()
    it("is the age of the last success of one source, by its id or its type", function()
        assert.is_true(judge { cluster = "a", source = "one" })
        local fresh, age = judge { cluster = "a", source = "LDAP" }
        assert.is_true(fresh)
        assert.equal(HOUR, age)
    end)

    it("is that of the oldest when there are several", function()
        local fresh, age, reason = judge { cluster = "a" }
        assert.is_false(fresh)
        assert.equal(5 * HOUR, age)
        assert.equal("the last success is 18000 s ago, more than 7200 s", reason)
        assert.is_true(judge { cluster = "a", max_age = 5 * HOUR })
    end)

    it("is none where nothing ever succeeded, or nothing is there", function()
        for query, expected in pairs {
            [{ cluster = "b" }] = "source three of cluster b never synchronised successfully",
            [{ cluster = "c" }] = "cluster c never synchronised",
            [{ cluster = "d" }] = "there is no such source",
            [{ source = "four" }] = "there is no such source",
        } do
            local fresh, age, reason = judge(query)
            assert.is_false(fresh)
            assert.is_nil(age)
            assert.equal(expected, reason)
        end
    end)
end)
