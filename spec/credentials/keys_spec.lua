local errors = require "dwsync.errors"
local fakes = require "spec.support.credentials"
local keys_of = require "dwsync.credentials.keys"

describe("keys", function()
    it("take any text as a secret: signs, spaces, other scripts, 4 kB", function()
        for _, sk in ipairs { "a%b=c", "%%20%s", "two words", "=", "schlüssel-密钥", ("x"):rep(4096), "\t" } do
            assert.equal(sk, assert(keys_of.new({ ak = "AK", sk = sk }, "test")).sk)
        end
    end)

    it("show neither secret nor token as text", function()
        assert.equal("dwsync.credentials: access key AK from test", tostring(keys_of.new({ ak = "AK", sk = "hidden",
            security_token = "hidden" }, "test")))
        assert.equal("dwsync.credentials: token from test", tostring(keys_of.new({ token = "hidden" }, "test")))
    end)

    it("list what must not show, as it is and as JSON spells it", function()
        local keys = keys_of.new({ ak = "AK", sk = 'one"two', security_token = "t" }, "test")
        assert.same({ 'one"two', 'one\\"two', "t" }, keys_of.secrets(keys))
        assert.same({ "t" }, keys_of.secrets(keys_of.new({ token = "t" }, "test")))
    end)

    it("are the same with the same fields, of the same source", function()
        local fields = { ak = "AK", sk = "hidden", security_token = "t", expires_at = 7, identity = "one" }
        local keys = keys_of.new(fields, "test")
        assert.is_true(keys_of.same(keys, fields, "test"))
        assert.is_false(keys_of.same(keys, fields, "another"))
        for name in pairs(fields) do
            local kept = fields[name]
            for _, other in ipairs { name == "expires_at" and 8 or "another", false } do
                fields[name] = other or nil
                assert.is_false(keys_of.same(keys, fields, "test"), name)
            end
            fields[name] = kept
        end
    end)

    it("with any secret stay out of an error made of an answer that repeats it", function()
        for _, secret in ipairs { "hid%den=", "hid den", 'hid"den\\', "hidé密", ("hid"):rep(1400) } do
            local secrets = keys_of.secrets(keys_of.new({ ak = "AK", sk = secret, security_token = secret }, "test"))
            for _, body in ipairs { "sk=" .. secret .. ";", '{"error_code":"X.1","error_msg":"k '
                .. secret:gsub('[\\"]', "\\%0") .. ' k"}' } do
                local err = errors.from_response({ status = 400, headers = {}, body = body }, { secrets = secrets,
                    now = 0 })
                fakes.assert_hidden(err, { secret, "hid" })
            end
        end
    end)
end)
