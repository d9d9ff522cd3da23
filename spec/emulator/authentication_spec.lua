local emulator = require "dwsync.emulator"
local keyring = require "dwsync.emulator.keyring"
local authentication = require "dwsync.emulator.authentication"
local curl = dofile("spec/emulator/curl.lua")

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
        local response = curl.send(info, {path = path, headers = headers})
        response.json = require("cjson").decode(response.body)
        return response
    end

    it("lets a signed request in", function()
        local response = curl.get(info, {path = path, query = "limit=5&offset=0"})
        assert.equal(200, response.status)
        assert.equal("application/json", response.headers["content-type"])
        assert.equal(32, #response.headers["x-request-id"])
        assert.is_truthy(response.headers.date)
    end)

    it("accepts further signed headers, also with an underscore, and a signed body", function()
        local response = curl.get(info, {
            path = path, body = '{"a":1}', curl = "-X GET",
            headers = {["x-project-id"] = info.project_id, ["x_odd_name"] = "1", ["content-type"] = "application/json"},
        })
        assert.equal(200, response.status)
    end)

    it("checks the signature against the request as it stood on the wire", function()
        local signed = curl.signed(info, {path = path, query = "limit=5&offset=0"})
        assert.equal(200, curl.send(info, {path = path, query = "offset=0&limit=5", headers = signed}).status)
        assert.equal(401, curl.send(info, {path = path, query = "offset=0&limit=6", headers = signed}).status)
    end)

    it("echoes the canonical request, with | for line ends, when the signature is wrong", function()
        local response = curl.get(info, {path = path, query = "limit=5", sk = "wrong", date = curl.date()})
        local beginning = "verify aksk signature fail,canonicalRequest:GET|" .. path .. "/|limit=5|host:127.0.0.1:"
        local ending = "||host;x-sdk-date|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        assert.equal(ending, refused_with(beginning, response):sub(-#ending))
    end)

    it("does not know a foreign access key", function()
        local response = curl.get(info, {path = path, ak = "NOSUCHKEY"})
        refused_with("Get secretKey failed,ak:NOSUCHKEY,err:ak not exist", response)
    end)

    it("refuses a date more than fifteen minutes off, either way, and names both times", function()
        for _, offset in ipairs{-16 * 60, 16 * 60} do
            local date = curl.date(os.time() + offset)
            local response = curl.get(info, {path = path, date = date})
            local tail = refused_with("signature expired, signature time:" .. date, response)
            assert.is_truthy(tail:match("server time:%d%d%d%d%d%d%d%dT%d%d%d%d%d%dZ$"))
        end
        for _, offset in ipairs{-14 * 60, 14 * 60} do
            assert.equal(200, curl.get(info, {path = path, date = curl.date(os.time() + offset)}).status)
        end
    end)

    it("refuses a signature that does not cover the date, or a date it cannot read", function()
        local headers = {host = info.endpoint:gsub("^https://", "")}
        local date = curl.date()
        local signed = curl.authorization{path = path, headers = headers, date = date, ak = info.ak, sk = info.sk}
        refused_with("verify aksk signature fail", unsigned{"Authorization: " .. signed, "X-Sdk-Date: " .. date})
        refused_with("verify aksk signature fail", curl.get(info, {path = path, date = "2025-10-25"}))
    end)

    it("finds no credentials in a bare request or behind an algorithm it does not know", function()
        refused_with("x-auth-token not found", unsigned{})
        refused_with("x-auth-token not found", unsigned{"Authorization: Basic dTpw"})
    end)

    it("cannot decrypt a foreign token", function()
        refused_with("decrypt token fail", unsigned{"X-Auth-Token: MIIabcdef"})
    end)

    it("refuses a permanent key that comes with a security token", function()
        refused_with("decrypt token fail", curl.get(info, {path = path, headers = {["x-security-token"] = "abc"}}))
    end)

    it("is not upset by headers that come twice", function()
        local headers = curl.signed(info, {path = path})
        for _, header in ipairs{
            "X-Sdk-Date: " .. curl.date(), "X-Sdk-Content-Sha256: a", "X-Sdk-Content-Sha256: b", "X-Auth-Token: a",
        } do headers[#headers + 1] = header end
        assert.equal(401, curl.send(info, {path = path, headers = headers}).status)
        assert.equal("", running:complaints())
    end)

    it("refuses what it cannot read, or what is too long, in its own words", function()
        local long = ("x"):rep(33000)
        for _, case in ipairs{
            {400, {path = "/%"}}, {414, {path = "/" .. long}}, {400, {path = "/", headers = {"X-A: " .. long}}},
        } do
            local response = curl.send(info, case[2])
            assert.equal(case[1], response.status)
            local body = require("cjson").decode(response.body)
            assert.same({"APIGW.0201", response.headers["x-request-id"]}, {body.error_code, body.request_id})
        end
        assert.equal("", running:complaints())
    end)

    it("looks for the operation before it looks at the caller", function()
        local response = curl.send(info, {path = "/v1/nothing/here"})
        assert.equal(404, response.status)
        assert.is_truthy(response.body:find("APIGW.0101", 1, true))
        assert.equal(404, curl.get(info, {path = path, method = "POST"}).status)
    end)

    describe("lock", function()
        local function fail_times(times)
            for _ = 1, times do
                refused_with("verify aksk signature fail", curl.get(info, {path = path, sk = "wrong"}))
            end
        end

        it("closes after more than five failures in a row, also to right signatures", function()
            fail_times(6)
            refused_with("AK access failed to reach the limit,forbidden", curl.get(info, {path = path}))
        end)

        it("stays open after five, and a success starts the count anew", function()
            fail_times(5)
            assert.equal(200, curl.get(info, {path = path}).status)
            fail_times(5)
            assert.equal(200, curl.get(info, {path = path}).status)
        end)

        it("opens again when its time is over", function()
            curl.admin(info, "POST", "settings", {lock_seconds = 0})
            fail_times(6)
            assert.equal(200, curl.get(info, {path = path}).status)
        end)

        it("can be switched off", function()
            curl.admin(info, "POST", "settings", {lock = false})
            fail_times(7)
            assert.equal(200, curl.get(info, {path = path}).status)
        end)

        it("lasts five minutes of real time", function()
            local keys = keyring.new("AK", "SK")
            for _ = 1, 6 do keys:failed("AK", 1000, 300) end
            assert.is_true(keys:locked("AK", 1299))
            assert.is_false(keys:locked("AK", 1300))
        end)
    end)

    describe("by token", function()
        -- No endpoint issues tokens yet: the check is tried on a service of its own.
        local function check(token, now)
            local keys = keyring.new("AK", "SK")
            keys:add_token("known", 1761389392)
            local service = {keyring = keys, settings = {}, now = function() return now end}
            return authentication.check(service, {headers = {["x-auth-token"] = token}})
        end

        it("lets a token in that was issued here", function() assert.is_table(check("known", 1761389391)) end)

        it("tells when a token expired", function()
            local _, refusal = check("known", 1761389392)
            assert.equal(PREFIX .. "token expires, expires_at:2025-10-25T10:49:52.000000Z", refusal.message)
        end)
    end)
end)
