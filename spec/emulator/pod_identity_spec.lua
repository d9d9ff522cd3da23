local emulator = require "dwsync.emulator"
local curl = dofile "spec/emulator/curl.lua"

describe("the emulated pod identity agent", function()
    local running, info

    setup(function()
        running = assert(emulator.start())
        info = running.info
    end)
    teardown(function()
        assert.equal("", running:complaints())
        running:stop()
    end)
    before_each(function() curl.admin(info, "DELETE", "settings") end)

    local function ask(token, body, method)
        return curl.ask(info, {
            url = info.metadata_endpoint .. "/pod-identity", method = method or "POST", body = body or "{}",
            headers = { "Content-Type: application/json", token and "Authorization: " .. token or nil },
        })
    end

    it("hands a key to whoever shows the pod's token, the same until it is about to expire", function()
        local response = ask "emulator-pod-token"
        assert.equal(200, response.status)
        local key = response.json.credentials
        assert.is_truthy(key.expiration:match "^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%d%.575000Z$")
        assert.equal(key.accessKeyId, ask("emulator-pod-token").json.credentials.accessKeyId)
        assert.equal(200, curl.get(info, {
            path = curl.records_path(info, "never"), ak = key.accessKeyId, sk = key.secretAccessKey,
            headers = { ["x-security-token"] = key.securityToken },
        }).status)
        curl.admin(info, "POST", "settings", { key_life = 60 })
        assert.not_equal(key.accessKeyId, ask("emulator-pod-token").json.credentials.accessKeyId)
    end)

    it("refuses other tokens, and none", function()
        assert.equal(401, ask("another").status)
        assert.equal(401, ask().status)
        curl.admin(info, "POST", "settings", { pod_token = "another" })
        assert.equal(200, ask("another").status)
        assert.equal(401, ask("emulator-pod-token").status)
    end)

    it("wants a JSON object and the right method", function()
        assert.equal(400, ask("emulator-pod-token", "nonsense").status)
        assert.equal(404, ask("emulator-pod-token", "{}", "PUT").status)
    end)

    it("serves while the metadata service is silent", function()
        curl.admin(info, "POST", "settings", { metadata_answer = "hang" })
        assert.equal(200, ask("emulator-pod-token").status)
    end)

    it("is not on the TLS port", function()
        assert.equal(404, curl.send(info, { method = "POST", path = "/pod-identity", body = "{}" }).status)
    end)
end)
