local curl = require "dwsync.runtime.curl"
local example = require "spec.problems.channels.example"
local raw_server = require "spec.support.raw_server"

local CANARY = "canary0123456789secret"
local PATH = "/hook/" .. CANARY .. "?access_token=" .. CANARY .. "token"
local NOW = example.NOW

-- What a kind is given beside its address, what its receiver answers when all is well, and whether it asks for JSON.
local KINDS = {
    webhook = { good = "", takes_pages = true },
    slack = { good = "ok" },
    teams = { good = "", status = "202 Accepted" },
    pagerduty = { good = '{"status":"success","message":"Event processed"}', status = "202 Accepted",
        routing_key = CANARY },
    dingtalk = { good = '{"errcode":0,"errmsg":"ok"}', secret = CANARY, is_coded = true },
    feishu = { good = '{"code":0,"msg":"success","data":{}}', secret = CANARY, is_coded = true },
    wecom = { good = '{"errcode":0,"errmsg":"ok"}', is_coded = true },
}

local function channel_of(kind, url)
    local of = KINDS[kind]
    return example.channel(kind, { url = url .. PATH, endpoint = url .. PATH, secret = of.secret,
        routing_key = of.routing_key })
end

local function answering(status, body, headers)
    return { { "read", "}" }, { "send", raw_server.answer(status, body, headers) } }
end

local HANG = { { "read" }, { "hold" } }
local PAGE = "<!DOCTYPE html><title>Log in, " .. CANARY .. "</title>"

-- What a receiver does, and what becomes of the message.
local function faults_of(kind, elsewhere)
    local of = KINDS[kind]
    local unless_coded = not of.is_coded
    return {
        { answering(of.status or "200 OK", of.good), "sent" },
        { { { "read" }, { "reset" } }, "later" },
        { { { "read" } }, "later" },
        { HANG, "later", "no answer in time" },
        { answering("500 Internal Server Error", PAGE), "later", "answered HTTP 500" },
        { answering("503 Service Unavailable", "", { "Retry-After: 1200" }), "later", "answered HTTP 503",
            NOW + 1200000 },
        { answering("429 Too Many Requests", CANARY, { "Retry-After: 30" }), "later", "answered HTTP 429",
            NOW + 30000 },
        { answering("302 Found", "", { "Location: " .. elsewhere }), "later",
            "answered HTTP 302, a redirect, which is not followed" },
        { answering("308 Permanent Redirect", "", { "Location: " .. elsewhere }), "refused",
            "answered HTTP 308, a redirect, which is not followed" },
        { answering("400 Bad Request", CANARY), "refused", "answered HTTP 400" },
        { answering("404 Not Found", PAGE), "refused", "answered HTTP 404" },
        { { { "read", "}" }, { "send", "HTTP/1.1 204 No Content\r\n\r\n" } }, unless_coded and "sent" or "later" },
        { answering("200 OK", PAGE), of.takes_pages and "sent" or "later" },
        { answering("200 OK", "[" .. CANARY), unless_coded and "sent" or "later" },
    }
end

describe("a channel tells a real receiver", function()
    for kind in pairs(KINDS) do
        it("of kind " .. kind .. ", whatever that does, and says nothing of its secrets", function()
            local followed = raw_server.with(raw_server.saying(raw_server.answer("200 OK", "")), function(elsewhere)
                local script = {}
                local faults = faults_of(kind, elsewhere.url .. "/stolen")
                for i, fault in ipairs(faults) do
                    script[i] = fault[1]
                end
                local received = raw_server.with(script, function(server)
                    local channel = channel_of(kind, server.url)
                    for i, fault in ipairs(faults) do
                        local outcome, reason, paused = channel.send(example.message(), {
                            now = function() return NOW end,
                            perform = function(request)
                                request.timeout = fault[1] == HANG and 0.5 or request.timeout
                                return curl.new().perform(request)
                            end,
                        })
                        assert.same({ i, fault[2], fault[4] }, { i, outcome, paused })
                        assert.is_true(fault[3] == nil or fault[3] == reason, reason)
                        assert.equal(outcome == "sent", reason == nil)
                        assert.is_nil((reason or ""):find("canary", 1, true), reason)
                    end
                end)
                assert.equal(#faults, #received)
                for _, request in ipairs(received) do
                    assert.matches("^POST /hook/" .. CANARY .. "%?access_token=", request)
                end
            end)
            assert.same({}, followed)
        end)
    end

    it("and says which certificate, host or port is wrong, but not the address", function()
        for kind in pairs(KINDS) do
            local outcome, reason = channel_of(kind, "http://127.0.0.1:1").send(example.message(),
                { now = function() return NOW end, perform = curl.new().perform })
            assert.equal("later", outcome)
            assert.is_nil(reason:find("canary", 1, true), reason)
        end
    end)
end)

describe("an error inside an answer with status 200", function()
    -- By kind: what the receiver says → what becomes of the message, its reason, seconds of a pause.
    local CASES = {
        dingtalk = {
            ['{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}'] = { "later",
                "answered 130101: send too fast, exceed 20 times per minute", 600 },
            ['{"errcode":410100,"errmsg":"发送速度太快而限流"}'] = { "later", "answered 410100: 发送速度太快而限流", 600 },
            ['{"errcode":-1,"errmsg":"系统繁忙"}'] = { "later", "answered -1: 系统繁忙" },
            ['{"errcode":310000,"errmsg":"sign not match ' .. CANARY .. '"}'] = { "refused",
                "answered 310000: sign not match ***" },
            ['{"errcode":310000,"errmsg":"keywords not in content"}'] = { "refused",
                "answered 310000: keywords not in content" },
            ['{"errcode":300005,"errmsg":{}}'] = { "refused", "answered 300005" },
        },
        feishu = {
            ['{"code":11232,"msg":"frequency limited"}'] = { "later", "answered 11232: frequency limited", 60 },
            ['{"code":19021,"data":{},"msg":"sign match fail or timestamp is not within one hour"}'] = { "refused",
                "answered 19021: sign match fail or timestamp is not within one hour" },
            ['{"code":19024,"msg":"Key Words Not Found"}'] = { "refused", "answered 19024: Key Words Not Found" },
            ['{"code":9499,"msg":"Bad Request"}'] = { "refused", "answered 9499: Bad Request" },
            ['{"StatusCode":0,"StatusMessage":"success"}'] = { "sent" },
            ['{"StatusCode":19001,"StatusMessage":"param invalid"}'] = { "refused", "answered 19001: param invalid" },
        },
        wecom = {
            ['{"errcode":45009,"errmsg":"api freq out of limit"}'] = { "later",
                "answered 45009: api freq out of limit", 60 },
            ['{"errcode":93000,"errmsg":"invalid webhook url, key=' .. CANARY .. 'token"}'] = { "refused",
                "answered 93000: invalid webhook url, key=***" },
            ['{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}'] = { "refused",
                "answered 40058: markdown.content exceed max length 4096" },
        },
        teams = {
            ["Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"] = {
                "later", "answered HTTP 200 with HTTP 429 inside" },
            ["1"] = { "sent" },
        },
    }

    for kind, answers in pairs(CASES) do
        it("is read for " .. kind, function()
            for body, expected in pairs(answers) do
                local outcome, reason, paused = channel_of(kind, "https://robot.example").send(example.message(), {
                    now = function() return NOW end,
                    perform = function() return { status = 200, body = body, headers = {} } end,
                })
                assert.same({ expected[1], expected[2], expected[3] and NOW + expected[3] * 1000 },
                    { outcome, reason, paused })
            end
        end)
    end

    it("is one with a status of its own, too", function()
        local function send(kind, status, body)
            return (channel_of(kind, "https://robot.example").send(example.message(), {
                now = function() return NOW end,
                perform = function() return { status = status, body = body, headers = {} } end,
            }))
        end
        assert.equal("later", send("feishu", 400, '{"code":99991400,"msg":"request trigger frequency limit"}'))
        assert.equal("later", send("feishu", 429, '{"code":5,"msg":"anything"}'))
        assert.equal("refused", send("feishu", 400, '{"code":9499,"msg":"Bad Request"}'))
        assert.equal("refused", send("dingtalk", 404, '{"errcode":0,"errmsg":"ok"}'))
        assert.equal("later", send("dingtalk", 500, '{"errcode":310000,"errmsg":"x"}'))
    end)
end)
