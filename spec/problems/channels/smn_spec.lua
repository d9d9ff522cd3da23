local channels = require "dwsync.problems.channels"
local emulators = require "spec.support.emulator"
local example = require "spec.problems.channels.example"
local json = require "dwsync.json"
local smn = require "dwsync.problems.channels.smn"

local how = { now = function() return example.NOW end }

describe("a channel of SMN", function()
    local service, topic

    setup(function()
        service = emulators.start()
        topic = ("urn:smn:%s:%s:ops"):format(service.info.region, service.info.project_id)
    end)
    teardown(function() service:stop() end)
    before_each(function() service:reset() end)

    local function open(more, client)
        local declared = { kind = "smn", topic = topic, endpoint = service.info.endpoint }
        for name, value in pairs(more or {}) do
            declared[name] = value
        end
        local checked, problem = channels.check(declared)
        if not checked then
            return nil, problem
        end
        return channels.open("cloud", checked, { read_file = function() return nil, "no such file" end,
            getenv = function() return nil end, client = service:options(client), accounts = {
                hq = service:options(client) } })
    end

    it("publishes to its topic, signed with our credentials", function()
        local message = example.message()
        assert.equal("sent", (assert(open()).send(message, how)))
        assert.equal("sent", (assert(open { account = "hq" }).send(message, how)))
        local notices = service:admin("GET", "notices").notices
        assert.same({ 2, "smn", ("/v2/%s/notifications/topics/%s/publish"):format(service.info.project_id, topic),
            "SDK-HMAC-SHA256", "CRITICAL: 仓库: mass delete" },
            { #notices, notices[1].kind, notices[1].path, notices[1].by, notices[1].body.subject })
        assert.is_truthy(notices[1].body.message:find("目录 ou=研发", 1, true))
    end)

    it("asks the endpoint of the topic's region unless it has one of its own", function()
        local channel = assert(channels.open("cloud", assert(channels.check { kind = "smn", topic = topic }), {
            read_file = function() return nil, "no such file" end, getenv = function() return nil end }))
        assert.equal(("smn.%s.myhuaweicloud.com"):format(service.info.region), channel.host)
        assert.is_true(channel.is_not_idempotent)
        assert.is_nil((open { account = "nobody" }))
        assert.is_nil((open { topic = "urn:smn:a/../b:1:x" }))
        assert.is_nil((open { endpoint = "http://smn.example.com" }))
    end)

    it("never sends again what may have been published", function()
        for _, action in ipairs { { reset = "before" }, { status = 504 } } do
            service:admin("DELETE", "requests")
            service:admin("POST", "faults", { match = { path = "publish" }, action = action })
            local outcome, reason = assert(open()).send(example.message(), how)
            assert.equal("unknown", outcome)
            assert.is_true(#reason > 0)
            assert.equal(1, service:asked(1))
        end
    end)

    it("tries later what was not, and not at all what never will be", function()
        local channel = assert(open())
        service:admin("POST", "faults", { match = { path = "publish" }, action = { status = 429,
            headers = { ["Retry-After"] = "7" } } })
        assert.same({ "later", example.NOW + 7000 }, { (function(a, _, c) return a, c end)(
            channel.send(example.message(), how)) })
        service:admin("POST", "faults", { match = { path = "publish" }, action = { status = 503 } })
        assert.equal("later", (channel.send(example.message(), how)))
        assert.equal("refused", (assert(open { topic = topic:gsub("^urn:smn:[%w-]+", "urn:smn:elsewhere-1") })
            .send(example.message(), how)))
        local wrong = { ak = service.info.ak, sk = "wrong-secret" }
        local outcome, reason, pause = assert(open(nil, { credentials = wrong })).send(example.message(), how)
        assert.same({ "later", example.NOW + 300000 }, { outcome, pause })
        assert.is_nil(reason:find("wrong-secret", 1, true))
        assert.same({}, service:admin("GET", "notices").notices)
    end)

    it("keeps the limits without cutting a character", function()
        local message = example.message()
        message.title, message.message = ("研"):rep(1000), ("究"):rep(200000)
        local body = json.decode(smn.render(message))
        assert.is_true(#body.subject <= 512 and #body.message <= 262144)
        assert.equal("sent", (assert(open()).send(message, how)))
    end)
end)
