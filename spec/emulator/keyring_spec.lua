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
        assert.is_true(math.abs(first.expires_at - (math.floor(NOW) + LIFE - 0.425)) < 1e-6)
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
        assert.is_false(keys:locked("NEVER", 0.5))
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
        assert.is_true(math.abs(first.issued_at - (math.floor(NOW) - 0.425)) < 1e-6)
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

    it("writes a key as each of its sources spells it, or as a setting says", function()
        local cjson = require "cjson"
        local service = { settings = {}, iso = function(_, time) return ("at %.3f"):format(time) end }
        local key = keys:issue(NOW, LIFE, one)
        local function written(documented)
            return cjson.decode(keyring.json(service, key, documented))
        end
        local ends = ("at %.3f"):format(key.expires_at)
        local spelt = {
            access = { credential = { access = key.ak, secret = key.secret, securitytoken = key.security_token,
                expires_at = ends } },
            accessKeyId = { credentials = { accessKeyId = key.ak, secretAccessKey = key.secret,
                securityToken = key.security_token, expiration = ends } },
            access_key_id = { credentials = { access_key_id = key.ak, secret_access_key = key.secret,
                security_token = key.security_token, expiration = ends } },
        }
        for name, expected in pairs(spelt) do
            assert.same(expected, written(name))
        end
        service.settings.key_spelling = "access"
        assert.same(spelt.access, written "access_key_id")
    end)

    it("makes keys and tokens of letters and digits that are each as likely", function()
        local key = keys:issue(NOW, LIFE, one)
        assert.same({ 20, 40, 600 }, { #key.ak, #key.secret, #key.security_token })
        local seen, count = {}, 0
        for letter in keyring.random_text(5000):gmatch "." do
            assert.matches("^[A-Z2-7]$", letter)
            count, seen[letter] = count + (seen[letter] and 0 or 1), true
        end
        assert.equal(32, count)
        seen, count = {}, 0
        for letter in keys:issue_token({ kind = "domain" }, NOW, 60, 9003).text:sub(4):gmatch "." do
            assert.matches("^[%w+-]$", letter)
            count, seen[letter] = count + (seen[letter] and 0 or 1), true
        end
        assert.equal(64, count)
        assert.equal(56, #keys:begin_session(NOW))
    end)

    it("has a key that begins with its second and is locked by the sixth failure in a row", function()
        local first = keys:current("metadata", 100, LIFE)
        assert.equal(first, keys:current("metadata", 100, LIFE))
        assert.equal(100, first.issued_at)
        assert.not_equal(first, keys:current("metadata", 99.999, LIFE))
        for i = 1, 5 do
            keys:failed("AK", NOW, 300)
            assert.is_false(keys:locked("AK", NOW), i)
        end
        keys:failed("AK", NOW, 300)
        assert.is_true(keys:locked("AK", NOW))
        for _ = 1, 5 do -- counted anew
            keys:failed("AK", NOW + 400, 300)
        end
        assert.is_false(keys:locked("AK", NOW + 400))
    end)
end)
