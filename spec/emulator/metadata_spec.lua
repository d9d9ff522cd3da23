local cjson = require "cjson"
local emulator = require "dwsync.emulator"
local curl = dofile "spec/emulator/curl.lua"

describe("the emulated metadata service", function()
    local running, info, path

    setup(function()
        running = assert(emulator.start())
        info = running.info
        path = curl.records_path(info, "never")
    end)
    teardown(function() running:stop() end)
    before_each(function() curl.admin(info, "DELETE", "settings") end)

    local function ask(method, what, ...)
        return curl.send(info, { url = info.metadata_endpoint .. what, method = method, headers = { ... } })
    end
    local function token(ttl)
        return ask("PUT", "/meta-data/latest/api/token", "X-Metadata-Token-Ttl-Seconds: " .. (ttl or 21600))
    end
    local function credential()
        local response = ask("GET", "/openstack/latest/securitykey", "X-Metadata-Token: " .. token().body)
        return cjson.decode(response.body).credential
    end
    local function query_with(key, security_token, date)
        return curl.get(info, {
            path = path, date = date, ak = key.access, sk = key.secret,
            headers = { ["x-security-token"] = security_token },
        })
    end

    local function says(status, text, response)
        assert.same({ status, "text/plain", text }, { response.status, response.headers["content-type"],
            response.body })
    end

    it("hands out a token, and a key for the token", function()
        local response = token()
        assert.equal(200, response.status)
        assert.is_truthy(response.body:match "^%w+$")
        local key = ask("GET", "/openstack/latest/securitykey", "X-Metadata-Token: " .. response.body)
        assert.equal(200, key.status)
        local content = cjson.decode(key.body).credential
        assert.is_truthy(content.expires_at:match "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d%d%d%dZ$")
        assert.equal("string", type(content.access) and type(content.secret) and type(content.securitytoken))
    end)

    it("hands out the same key until it is about to expire, then another while the first still works", function()
        local first = credential()
        assert.equal(first.access, credential().access)
        curl.admin(info, "POST", "settings", { clock_offset = 3001 })
        local second = credential()
        assert.not_equal(first.access, second.access)
        assert.equal(200, query_with(first, first.securitytoken, curl.date(os.time() + 3001)).status)
    end)

    it("wants a lifetime it can give", function()
        for _, ttl in ipairs { "0", "21601", "x", "1.5" } do
            assert.equal(400, token(ttl).status, ttl)
        end
        for _, ttl in ipairs { "1", "21600" } do
            assert.equal(200, token(ttl).status, ttl)
        end
        says(400, "X-Metadata-Token-Ttl-Seconds must be an integer from 1 to 21600",
            ask("PUT", "/meta-data/latest/api/token"))
    end)

    it("refuses a token it did not issue or that is over", function()
        says(401, "Unauthorized: a valid X-Metadata-Token is needed",
            ask("GET", "/openstack/latest/securitykey", "X-Metadata-Token: nonsense"))
        local short = token(60).body
        curl.admin(info, "POST", "settings", { clock_offset = 61 })
        assert.equal(401, ask("GET", "/openstack/latest/securitykey", "X-Metadata-Token: " .. short).status)
    end)

    it("needs no token unless it is told to insist", function()
        assert.equal(200, ask("GET", "/openstack/latest/securitykey").status)
        curl.admin(info, "POST", "settings", { metadata_token = "required" })
        assert.equal(401, ask("GET", "/openstack/latest/securitykey").status)
        assert.equal(401, ask("GET", "/openstack/latest/meta_data.json").status)
    end)

    it("can be without session tokens, in each of the ways that clients must know", function()
        for _, status in ipairs { 404, 405, 503 } do
            curl.admin(info, "POST", "settings", { metadata_token = status })
            says(status, "session tokens are not supported", token())
            assert.equal(200, ask("GET", "/openstack/latest/securitykey").status)
            assert.equal(200, ask("GET", "/openstack/latest/securitykey", "X-Metadata-Token: old").status)
        end
    end)

    it("has no key for a machine without an agency, and says what to do", function()
        curl.admin(info, "POST", "settings", { metadata_agency = false })
        local response = ask("GET", "/openstack/latest/securitykey", "X-Metadata-Token: " .. token().body)
        says(401, "Please configure Cloud Service Agency first", response)
        assert.equal(200, ask("GET", "/openstack/latest/meta_data.json").status)
        -- A wrong session token is told first.
        response = ask("GET", "/openstack/latest/securitykey", "X-Metadata-Token: nonsense")
        assert.is_nil(response.body:find("Cloud Service Agency", 1, true))
    end)

    it("can answer with a page for people", function()
        curl.admin(info, "POST", "settings", { metadata_answer = "html" })
        for method, what in pairs { PUT = "/meta-data/latest/api/token", GET = "/openstack/latest/securitykey" } do
            local response = ask(method, what)
            assert.same({ 200, "text/html" }, { response.status, response.headers["content-type"] })
            assert.equal("<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Guests, please sign in."
                .. "</body></html>\n", response.body)
        end
    end)

    it("can be silent, and serves others meanwhile", function()
        curl.admin(info, "POST", "settings", { metadata_answer = "hang" })
        local response = curl.send(info, {
            url = info.metadata_endpoint .. "/openstack/latest/securitykey", curl = "--max-time 0.3",
        })
        local TIMED_OUT = 28 -- curl's exit status
        assert.same({ TIMED_OUT, nil }, { response.exit, response.status })
        assert.equal(200, curl.get(info, path).status)
        curl.admin(info, "POST", "settings", { metadata_answer = "normal" })
        assert.equal(200, ask("GET", "/openstack/latest/securitykey").status)
    end)

    it("hands out keys that live as long as a setting says", function()
        curl.admin(info, "POST", "settings", { key_life = 6000 })
        local first = credential()
        curl.admin(info, "POST", "settings", { clock_offset = 4000 })
        assert.equal(first.access, credential().access)
        curl.admin(info, "POST", "settings", { clock_offset = 5001 })
        assert.not_equal(first.access, credential().access)
        curl.admin(info, "POST", "settings", { clock_offset = 6001 })
        assert.equal(401, query_with(first, first.securitytoken, curl.date(os.time() + 6001)).status)
    end)

    it("spells keys and times as settings say", function()
        local function reply(spelling, digits)
            curl.admin(info, "POST", "settings", { key_spelling = spelling, expiry_digits = digits })
            return cjson.decode(ask("GET", "/openstack/latest/securitykey").body)
        end
        local camel = reply("accessKeyId", 0).credentials
        local snake = reply("access_key_id", 3).credentials
        local plain = reply("access", 9).credential
        assert.same({ plain.access, plain.secret, plain.securitytoken },
            { camel.accessKeyId, camel.secretAccessKey, camel.securityToken })
        assert.same({ plain.access, plain.secret, plain.securitytoken },
            { snake.access_key_id, snake.secret_access_key, snake.security_token })
        assert.is_truthy(camel.expiration:match "^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$")
        assert.is_truthy(snake.expiration:match "^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%d%.575Z$")
        assert.is_truthy(plain.expires_at:match "^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%d%.575000000Z$")
    end)

    it("tells the machine's project, region and names", function()
        assert.same({ project_id = info.project_id, region_id = info.region, availability_zone = info.region .. "a",
            uuid = info.clusters[1].id, name = "emulated-machine", hostname = "emulated-machine.novalocal" },
            cjson.decode(ask("GET", "/openstack/latest/meta_data.json").body))
    end)

    it("knows nothing else", function()
        says(404, "404 Not Found", ask("GET", "/"))
        assert.equal(404, ask("GET", path).status)
        assert.equal(404, ask("GET", "/_emulator/requests").status)
        assert.equal(404, ask("GET", "/meta-data/latest/api/token").status)
    end)

    it("hands out keys that the gateway accepts together with their token, for an hour", function()
        local key = credential()
        assert.equal(200, query_with(key, key.securitytoken).status)
        local function tail(response)
            assert.equal(401, response.status)
            return response.json.error_msg:match "information: (.*)$"
        end
        assert.equal("decrypt token fail", tail(query_with(key, "another")))
        assert.equal("Get secretKey failed,ak:" .. key.access .. ",err:ak not exist", tail(query_with(key, nil)))
        curl.admin(info, "DELETE", "settings")
        curl.admin(info, "POST", "settings", { clock_offset = 3601 })
        assert.equal("token expires, expires_at:" .. key.expires_at,
            tail(query_with(key, key.securitytoken, curl.date(os.time() + 3601))))
    end)
end)

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
