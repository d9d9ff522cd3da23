-- Everything that anybody can sign in with goes through the emulator once, rightly and wrongly; then nothing of it may
-- stand where tests or people read.
local cjson = require "cjson"
local emulator = require "dwsync.emulator"
local curl = dofile "spec/emulator/curl.lua"

describe("the emulator's records of what was asked", function()
    it("hold no secret, token or password", function()
        local running = assert(emulator.start())
        local info = running.info
        local path = curl.records_path(info, "never")
        local secrets = { info.sk, info.password, "emulator-id-token", "emulator-pod-token", "314159", "foreign-token" }
        local function keep(secret) secrets[#secrets + 1] = assert(secret) end

        curl.admin(info, "POST", "settings", { totp = "314159" })
        local function sign_in(password)
            return curl.ask(info, { method = "POST", path = "/v3/auth/tokens", body = { auth = {
                identity = {
                    methods = { "password", "totp" },
                    password = { user = { name = info.user, password = password, domain = { name = info.domain } } },
                    totp = { user = { id = info.user_id, passcode = "314159" } },
                },
                scope = { project = { name = info.region } },
            } } })
        end
        keep "wrong-password"
        assert.equal(401, sign_in("wrong-password").status)
        local token = sign_in(info.password).headers["x-subject-token"]
        keep(token)
        local federated = curl.ask(info, {
            method = "POST", path = "/v3.0/OS-AUTH/id-token/tokens", headers = { "X-Idp-Id: " .. info.idp_id },
            body = { auth = { id_token = { id = "emulator-id-token" } } },
        })
        keep(federated.headers["x-subject-token"])
        local key = curl.ask(info, {
            method = "POST", path = "/v3.0/OS-CREDENTIAL/securitytokens", headers = { "X-Auth-Token: " .. token },
            body = { auth = { identity = { methods = { "token" } } } },
        }).json.credential
        keep(key.secret)
        keep(key.securitytoken)
        local pod = curl.ask(info, {
            method = "POST", url = info.metadata_endpoint .. "/pod-identity", body = "{}",
            headers = { "Authorization: emulator-pod-token" },
        }).json.credentials
        keep(pod.secretAccessKey)
        keep(pod.securityToken)
        local session = curl.send(info, {
            method = "PUT", url = info.metadata_endpoint .. "/meta-data/latest/api/token",
            headers = { "X-Metadata-Token-Ttl-Seconds: 60" },
        }).body
        keep(session)
        local machine = cjson.decode(curl.send(info, {
            url = info.metadata_endpoint .. "/openstack/latest/securitykey",
            headers = { "X-Metadata-Token: " .. session },
        }).body).credential
        keep(machine.secret)
        keep(machine.securitytoken)

        curl.send(info, { path = path, headers = { "X-Auth-Token: " .. token } })
        curl.send(info, { path = path, headers = { "X-Auth-Token: foreign-token" } })
        local long = ("x"):rep(40000)
        keep(long)
        curl.send(info, { path = path, headers = { "X-Auth-Token: " .. long } })
        for _, sk in ipairs { key.secret, "wrong-secret" } do
            curl.get(info, {
                path = path, ak = key.access, sk = sk, headers = { ["x-security-token"] = key.securitytoken },
            })
        end
        keep "wrong-secret"

        local journal = curl.admin(info, "GET", "requests")
        assert.equal(11, journal.json.total)
        local file = assert(io.open(running.directory .. "/error.log"))
        local log = file:read "*a"
        file:close()
        running:stop()
        assert.equal(18, #secrets)
        for i, secret in ipairs(secrets) do
            assert.is_true(#secret >= 6, "secret " .. i)
            assert.is_nil(journal.body:find(secret, 1, true), "secret " .. i .. " is in the journal")
            assert.is_nil(log:find(secret, 1, true), "secret " .. i .. " is in nginx's log")
        end
    end)
end)
