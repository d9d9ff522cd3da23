local keyring = require "dwsync.emulator.keyring"

local NOW, LIFE = 1761389392.25, 3600

describe("the emulator's keyring", function()
    local one, other = { ak = "AK", sk = "SK" }, { ak = "AK2", sk = "SK2" }
    local keys

    before_each(function() keys = keyring.new { one, other } end)

    it("holds one permanent key of each account", function()
        assert.same({ secret = "SK", account = one }, keys:find "AK")
        assert.same({ secret = "SK2", account = other }, keys:find "AK2")
        assert.is_nil(keys:find "OTHER")
    end)

    it("knows whose the keys are that it issues", function()
        assert.equal(other, keys:find(keys:issue(NOW, LIFE, other).ak).account)
        assert.equal(one, keys:current("metadata", NOW, LIFE, one).account)
    end)

    it("issues keys of their own, that end when asked and show a fraction", function()
        local first, second = keys:issue(NOW, LIFE), keys:issue(NOW, LIFE)
        assert.not_equal(first.ak, second.ak)
        assert.equal(first, keys:find(first.ak))
        assert.is_true(first.expires_at <= NOW + LIFE and first.expires_at > NOW + LIFE - 2)
        assert.is_true(math.abs(first.expires_at % 1 - 0.575) < 1e-6)
    end)

    it("hands out the current key of a place until a sixth of its life is left", function()
        local first = keys:current("metadata", NOW, LIFE)
        assert.equal(first, keys:current("metadata", NOW + 2999, LIFE))
        local second = keys:current("metadata", NOW + 3000, LIFE)
        assert.not_equal(first, second)
        assert.equal(first, keys:find(first.ak))
        assert.not_equal(second, keys:current("pod", NOW + 3000, LIFE))
    end)

    it("makes another when the wanted life changes or the clock goes back", function()
        local first = keys:current("metadata", NOW, LIFE)
        assert.not_equal(first, keys:current("metadata", NOW, LIFE + 1))
        first = keys:current("metadata", NOW, LIFE)
        assert.not_equal(first, keys:current("metadata", NOW - 10, LIFE))
    end)

    it("locks one key and not another, until told otherwise or the time is over", function()
        for _ = 1, 6 do
            keys:failed("AK", NOW, 300)
        end
        assert.same({ true, false }, { keys:locked("AK", NOW + 299), keys:locked("OTHER", NOW) })
        assert.is_false(keys:locked("AK", NOW + 300))
        keys:unlock()
        assert.is_false(keys:locked("AK", NOW))
    end)

    it("counts failures in a row only", function()
        for _ = 1, 5 do
            keys:failed("AK", NOW, 300)
        end
        keys:succeeded "AK"
        for _ = 1, 5 do
            keys:failed("AK", NOW, 300)
        end
        assert.is_false(keys:locked("AK", NOW))
    end)

    it("issues tokens as long as asked, which differ, and finds them again", function()
        local scope = { kind = "domain" }
        local first, second = keys:issue_token(scope, NOW, 60, 5000), keys:issue_token(scope, NOW, 60, 64)
        assert.same({ 5000, 64 }, { #first.text, #second.text })
        assert.is_truthy(first.text:match "^MII[%w+-]+$")
        assert.equal(first, keys:find_token(first.text))
        assert.is_nil(keys:find_token "MIIsomething")
        assert.equal(60, first.expires_at - first.issued_at)
        assert.is_true(first.issued_at <= NOW)
    end)

    it("keeps a session until it expires", function()
        local token = keys:begin_session(NOW)
        assert.same({ true, false, false },
            { keys:in_session(token, NOW - 1), keys:in_session(token, NOW), keys:in_session("another", NOW - 1) })
    end)

    it("forgets the oldest when a thousand came after it", function()
        local first, second = keys:begin_session(NOW), keys:begin_session(NOW)
        for _ = 1, 999 do
            keys:begin_session(NOW)
        end
        assert.same({ false, true }, { keys:in_session(first, 0), keys:in_session(second, 0) })
    end)
end)
