local fakes = require "spec.support.credentials"

local function get(credentials, variables)
    return fakes.world { credentials = credentials, variables = variables }.get()
end

describe("a ready token", function()
    it("is the one given, else HW_AUTH_TOKEN's", function()
        local keys = get({ source = "token", token = "hidden", project_id = "p" }, { HW_AUTH_TOKEN = "other" })
        assert.equal("hidden", keys.token)
        assert.equal("p", keys.project_id)
        assert.equal("other", get({ source = "token" }, { HW_AUTH_TOKEN = "other" }).token)
        assert.equal("dwsync.credentials: token from a ready token", tostring(keys))
    end)

    it("may be 8 kB long, and is given as a field of the plain table, too", function()
        local long = ("MIIx"):rep(2048)
        assert.equal(long, get { source = "token", token = long }.token)
        assert.equal(long, get { token = long }.token)
    end)

    it("is told when there is none", function()
        local keys, err = get({ source = "token" }, { HW_AUTH_TOKEN = "" })
        assert.is_nil(keys)
        assert.equal("token: neither credentials.token nor HW_AUTH_TOKEN is set", err.message)
    end)

    it("with a line break is refused, and never shown", function()
        local keys, err = get { source = "token", token = "hidden\r\nX: y" }
        assert.is_nil(keys)
        assert.equal("a ready token: token is empty, not a string, or contains a line break", err.message)
        assert.is_nil(tostring(err):find("hidden", 1, true))
    end)

    it("does not go with a key pair", function()
        local keys, err = get { token = "hidden", ak = "AK", sk = "hidden" }
        assert.is_nil(keys)
        assert.same({ "credentials: both a token and an access key are set", "Set only one of the two." },
            { err.message, err.hint })
    end)
end)
