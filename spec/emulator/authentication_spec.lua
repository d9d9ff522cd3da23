local emulator = require "dwsync.emulator"
local curl = dofile "spec/emulator/curl.lua"

local PREFIX = "Incorrect IAM authentication information: "

describe("the gateway's authentication", function()
    local running, info, path

    setup(function()
        running = assert(emulator.start())
        info = running.info
        path = curl.records_path(info, "never")
    end)
    teardown(function() running:stop() end)
    before_each(function() curl.admin(info, "DELETE", "settings") end)

    local function refused_with(tail, response)
        assert.equal(401, response.status)
        assert.equal("APIGW.0301", response.json.error_code)
        assert.equal(PREFIX, response.json.error_msg:sub(1, #PREFIX))
        assert.equal(tail, response.json.error_msg:sub(#PREFIX + 1, #PREFIX + #tail))
        assert.equal(response.headers["x-request-id"], response.json.request_id)
        return response.json.error_msg:sub(#PREFIX + 1)
    end

    local function unsigned(headers)
        local response = curl.send(info, { path = path, headers = headers })
        response.json = require("cjson").decode(response.body)
        return response
    end

    it("lets a signed request in", function()
        local response = curl.get(info, { path = path, query = "limit=5&offset=0" })
        assert.equal(200, response.status)
        assert.equal("application/json", response.headers["content-type"])
        assert.equal(32, #response.headers["x-request-id"])
        assert.is_truthy(response.headers.date)
    end)

    it("accepts further signed headers, also with an underscore, and a signed body", function()
        local response = curl.get(info, {
            path = path, body = '{"a":1}', curl = "-X GET",
            headers = {
                ["x-project-id"] = info.project_id, ["x_odd_name"] = "1", ["content-type"] = "application/json",
            },
        })
        assert.equal(200, response.status)
    end)

    it("checks the signature against the request as it stood on the wire", function()
        local signed = curl.signed(info, { path = path, query = "limit=5&offset=0" })
        assert.equal(200, curl.send(info, { path = path, query = "offset=0&limit=5", headers = signed }).status)
        assert.equal(401, curl.send(info, { path = path, query = "offset=0&limit=6", headers = signed }).status)
    end)

    it("echoes the canonical request, with | for line ends, when the signature is wrong", function()
        local response = curl.get(info, { path = path, query = "limit=5", sk = "wrong", date = curl.date() })
        local beginning = "verify aksk signature fail,canonicalRequest:GET|" .. path .. "/|limit=5|host:127.0.0.1:"
        local ending = "||host;x-sdk-date|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        assert.equal(ending, refused_with(beginning, response):sub(-#ending))
    end)

    it("does not know a foreign access key", function()
        local response = curl.get(info, { path = path, ak = "NOSUCHKEY" })
        refused_with("Get secretKey failed,ak:NOSUCHKEY,err:ak not exist", response)
    end)

    it("refuses a date more than fifteen minutes off, either way, and names both times", function()
        for _, offset in ipairs { -16 * 60, 16 * 60 } do
            local date = curl.date(os.time() + offset)
            local response = curl.get(info, { path = path, date = date })
            local tail = refused_with("signature expired, signature time:" .. date, response)
            assert.is_truthy(tail:match "server time:%d%d%d%d%d%d%d%dT%d%d%d%d%d%dZ$")
        end
        for _, offset in ipairs { -14 * 60, 14 * 60 } do
            assert.equal(200, curl.get(info, { path = path, date = curl.date(os.time() + offset) }).status)
        end
    end)

    it("refuses a signature that does not cover the date, or a date it cannot read", function()
        local headers = { host = info.endpoint:gsub("^https://", "") }
        local date = curl.date()
        local signed = curl.authorization { path = path, headers = headers, date = date, ak = info.ak, sk = info.sk }
        refused_with("verify aksk signature fail", unsigned { "Authorization: " .. signed, "X-Sdk-Date: " .. date })
        refused_with("verify aksk signature fail", curl.get(info, { path = path, date = "2025-10-25" }))
    end)

    it("finds no credentials in a bare request or behind an algorithm it does not know", function()
        refused_with("x-auth-token not found", unsigned {})
        refused_with("x-auth-token not found", unsigned { "Authorization: Basic dTpw" })
    end)

    it("cannot decrypt a foreign token", function()
        refused_with("decrypt token fail", unsigned { "X-Auth-Token: MIIabcdef" })
    end)

    it("refuses a permanent key that comes with a security token", function()
        refused_with("decrypt token fail", curl.get(info, { path = path, headers = { ["x-security-token"] = "abc" } }))
    end)

    it("is not upset by headers that come twice", function()
        local headers = curl.signed(info, { path = path })
        for _, header in ipairs {
            "X-Sdk-Date: " .. curl.date(), "X-Sdk-Content-Sha256: a", "X-Sdk-Content-Sha256: b", "X-Auth-Token: a",
        } do headers[#headers + 1] = header end
        assert.equal(401, curl.send(info, { path = path, headers = headers }).status)
        assert.equal("", running:complaints())
    end)

    it("refuses what it cannot read, or what is too long, in its own words", function()
        local long = ("x"):rep(33000)
        for _, case in ipairs {
            { 400, { path = "/%" } }, { 414, { path = "/" .. long } },
            { 400, { path = "/", headers = { "X-A: " .. long } } },
        } do
            local response = curl.send(info, case[2])
            assert.equal(case[1], response.status)
            local body = require("cjson").decode(response.body)
            assert.same({ "APIGW.0201", response.headers["x-request-id"] }, { body.error_code, body.request_id })
        end
        assert.equal("", running:complaints())
    end)

    it("looks for the operation before it looks at the caller", function()
        local response = curl.send(info, { path = "/v1/nothing/here" })
        assert.equal(404, response.status)
        assert.is_truthy(response.body:find("APIGW.0101", 1, true))
        assert.equal(404, curl.get(info, { path = path, method = "POST" }).status)
    end)

    describe("lock", function()
        local function fail_times(times)
            for _ = 1, times do
                refused_with("verify aksk signature fail", curl.get(info, { path = path, sk = "wrong" }))
            end
        end

        it("closes after more than five failures in a row, also to right signatures", function()
            fail_times(6)
            refused_with("AK access failed to reach the limit,forbidden", curl.get(info, { path = path }))
        end)

        it("stays open after five, and a success starts the count anew", function()
            fail_times(5)
            assert.equal(200, curl.get(info, { path = path }).status)
            fail_times(5)
            assert.equal(200, curl.get(info, { path = path }).status)
        end)

        it("opens again when its time is over", function()
            curl.admin(info, "POST", "settings", { lock_seconds = 0 })
            fail_times(6)
            assert.equal(200, curl.get(info, { path = path }).status)
        end)

        it("can be switched off", function()
            curl.admin(info, "POST", "settings", { lock = false })
            fail_times(7)
            assert.equal(200, curl.get(info, { path = path }).status)
        end)

        it("is put on one key and not on another", function()
            local temporary = require("cjson").decode(curl.send(info, {
                url = info.metadata_endpoint .. "/openstack/latest/securitykey",
            }).body).credential
            local function with_temporary(sk)
                return curl.get(info, {
                    path = path, ak = temporary.access, sk = sk,
                    headers = { ["x-security-token"] = temporary.securitytoken },
                })
            end
            fail_times(5)
            for _ = 1, 6 do
                assert.equal(401, with_temporary("wrong").status)
            end
            refused_with("AK access failed to reach the limit,forbidden", with_temporary(temporary.secret))
            assert.equal(200, curl.get(info, { path = path }).status)
        end)

        it("opens on order, settings and data staying as they are", function()
            curl.admin(info, "POST", "settings", { max_limit = 3 })
            fail_times(6)
            assert.equal(200, curl.admin(info, "DELETE", "locks").status)
            local page = curl.get(info, curl.records_path(info, "healthy"))
            assert.same({ 200, 3 }, { page.status, #page.json.sync_records })
        end)
    end)

    describe("throttling", function()
        local function throttle(policy) curl.admin(info, "POST", "settings", { throttle = policy }) end

        it("refuses more DWS calls than the policy admits, and says what it admits", function()
            throttle { limit = 2, window = 60 }
            local statuses, last = {}, nil
            for i = 1, 3 do
                last = curl.get(info, { path = path })
                statuses[i] = last.status
            end
            assert.same({ 200, 200, 429 }, statuses)
            assert.same({ "APIGW.0308", "The throttling threshold has been reached: "
                .. "policy user over ratelimit,limit:2,time:1 minute" }, { last.json.error_code, last.json.error_msg })
            assert.is_nil(last.headers["retry-after"])
            assert.equal(last.headers["x-request-id"], last.json.request_id)
        end)

        it("counts neither IAM's calls nor refused ones", function()
            throttle { limit = 1, window = 60 }
            assert.equal(200, curl.get(info, "/v3/projects").status)
            assert.equal(401, curl.get(info, { path = path, sk = "wrong" }).status)
            assert.equal(200, curl.get(info, { path = path }).status)
        end)

        it("says when to come back if it is told to", function()
            throttle { limit = 0, window = 10, retry_after = 3 }
            local response = curl.get(info, { path = path })
            assert.same({ 429, "3" }, { response.status, response.headers["retry-after"] })
            assert.is_truthy(response.json.error_msg:find("limit:0,time:10 second", 1, true))
            throttle { limit = 0, window = 10, retry_after = "Fri, 31 Dec 2100 23:59:59 GMT" }
            assert.equal("Fri, 31 Dec 2100 23:59:59 GMT", curl.get(info, { path = path }).headers["retry-after"])
        end)

        it("ends with its window", function()
            throttle { limit = 0, window = 0.001 }
            assert.equal(429, curl.get(info, { path = path }).status)
            throttle { limit = 1, window = 0.001 }
            assert.equal(200, curl.get(info, { path = path }).status)
        end)

        it("begins anew with the settings", function()
            throttle { limit = 1, window = 3600 }
            curl.get(info, { path = path })
            curl.admin(info, "DELETE", "settings")
            throttle { limit = 1, window = 3600 }
            assert.equal(200, curl.get(info, { path = path }).status)
        end)
    end)

    describe("by token", function()
        local function token(scope)
            local response = curl.ask(info, { method = "POST", path = "/v3/auth/tokens", body = { auth = {
                identity = { methods = { "password" }, password = { user = {
                    name = info.user, password = info.password, domain = { name = info.domain },
                } } },
                scope = scope,
            } } })
            assert.equal(201, response.status, response.body)
            return response.headers["x-subject-token"], response.json.token
        end
        local function ask(text, what)
            return curl.ask(info, { path = what or path, headers = { "X-Auth-Token: " .. text } })
        end
        local HERE = { project = { name = "emu-north-1" } }

        it("lets in who has one for this project, and notes how they came", function()
            local text = token(HERE)
            assert.equal(200, ask(text).status)
            assert.equal(200, ask(text, "/v3/projects").status)
            local list = curl.admin(info, "GET", "requests").json.requests
            assert.same({ "X-Auth-Token", nil }, { list[#list].by, list[#list].ak })
        end)

        it("gives access to IAM but not to DWS, SMN and Cloud Eye for a domain", function()
            local text = token()
            for _, what in ipairs { "/v3/projects?name=emu-north-1", "/v3/auth/projects", "/v3/auth/domains" } do
                assert.equal(200, ask(text, what).status, what)
            end
            for _, what in ipairs { "/v1.0/PROJECT/clusters", "/v2/PROJECT/clusters",
                (path:gsub("sync%-records", "users")) } do
                assert.equal(403, ask(text, (what:gsub("PROJECT", info.project_id))).status, what)
            end
            for _, what in ipairs { "/v2/%s/notifications/topics/t/publish", "/V1.0/%s/events" } do
                local posted = { method = "POST", path = what:format(info.project_id), body = "{}",
                    headers = { "X-Auth-Token: " .. text } }
                assert.equal(403, curl.ask(info, posted).status, what)
                posted.headers = { "X-Auth-Token: " .. token { project = { name = "emu-south-1" } } }
                local response = curl.ask(info, posted)
                assert.same({ 401, "APIGW.0307" }, { response.status, response.json.error_code }, what)
                assert.is_nil(response.headers["x-iam-trace-id"])
            end
            local response = ask(text)
            assert.same({ 403, "APIGW.0306" }, { response.status, response.json.error_code })
        end)

        it("asks for a new one when it is of another region", function()
            local response = ask((token { project = { name = "emu-south-1" } }))
            assert.same({ 401, "APIGW.0307", "The token must be updated." },
                { response.status, response.json.error_code, response.json.error_msg })
        end)

        it("denies access with one for another project of the region", function()
            curl.admin(info, "POST", "settings", { projects = 2 })
            local list = curl.get(info, "/v3/projects?name=emu-north-1").json.projects
            local response = ask((token { project = { id = list[2].id } }))
            assert.same({ 403, "APIGW.0306" }, { response.status, response.json.error_code })
            assert.equal(200, ask((token { project = { id = list[1].id } })).status)
        end)

        it("tells when one expired, or asks for a new one by setting", function()
            curl.admin(info, "POST", "settings", { token_life = 100, expiry_digits = 3 })
            local text, description = token(HERE)
            curl.admin(info, "POST", "settings", { clock_offset = 101 })
            local tail = "token expires, expires_at:" .. description.expires_at
            assert.equal(tail, refused_with(tail, ask(text)))
            curl.admin(info, "POST", "settings", { expired_token = "APIGW.0307" })
            assert.equal("APIGW.0307", ask(text).json.error_code)
        end)

        it("looks at the signature when both are there", function()
            local headers = curl.signed(info, { path = path })
            headers[#headers + 1] = "X-Auth-Token: foreign"
            assert.equal(200, curl.send(info, { path = path, headers = headers }).status)
        end)
    end)
end)
