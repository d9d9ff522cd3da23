local ces = require "dwsync.problems.channels.ces"
local channels = require "dwsync.problems.channels"
local core = require "dwsync.core"
local emulators = require "spec.support.emulator"
local example = require "spec.problems.channels.example"
local json = require "dwsync.json"

local function now()
    return math.floor(core.now() * 1000)
end

describe("a channel of Cloud Eye", function()
    local service

    setup(function() service = emulators.start() end)
    teardown(function() service:stop() end)
    before_each(function() service:reset() end)

    local function open(client)
        return assert(channels.open("eye", assert(channels.check { kind = "ces", endpoint = service.info.endpoint }), {
            read_file = function() return nil, "no such file" end, getenv = function() return nil end,
            client = service:options(client) }))
    end

    local function message(more)
        local made = example.message()
        made.time, made.since = now(), now() - 60000
        for name, value in pairs(more or {}) do
            made[name] = value
        end
        return made
    end

    it("asks the endpoint of its region unless it has one of its own", function()
        local channel = assert(channels.open("eye", assert(channels.check { kind = "ces", region = "cn-north-4",
            project_id = "p" }), { read_file = function() return nil, "no such file" end,
            getenv = function() return nil end }))
        assert.equal("ces.cn-north-4.myhuaweicloud.com", channel.host)
    end)

    it("reports an event for each change, signed with our credentials", function()
        local channel = open()
        assert.equal("sent", (channel.send(message(), { now = now })))
        assert.equal("sent", (channel.send(message { severity = "ok", event = "resolved", ended = now() - 1000 },
            { now = now })))
        local notices = service:admin("GET", "notices").notices
        local first, last = notices[1].body, notices[2].body
        assert.same({ "ces", "SDK-HMAC-SHA256", "dwsync_mass_delete", "dwsync.identity_source" },
            { notices[1].kind, notices[1].by, first.event_name, first.event_source })
        assert.same({ "incident", "Critical", "id-1", "仓库", "EVENT.CUSTOM" }, { first.detail.event_state,
            first.detail.event_level, first.detail.resource_id, first.detail.resource_name, first.detail.event_type })
        assert.same({ "normal", "Info" }, { last.detail.event_state, last.detail.event_level })
        assert.is_truthy(first.detail.content:find("目录 ou=研发", 1, true))
    end)

    it("is the same event at each try, and never older than the service takes", function()
        local at = now()
        local one = message { time = at, since = at - 60000 }
        local body = ces.render(one)
        one.time = at + 30000
        assert.equal(body, ces.render(one))
        assert.equal(at, json.decode(ces.render(message { time = at, since = at - 7200000 }))[1].time)
        for ago, reported in pairs { [3299999] = 3299999, [3300000] = 0 } do
            assert.equal(at - reported, json.decode(ces.render(message { time = at, since = at - ago }))[1].time)
        end
        assert.equal("sent", (open().send(message { since = now() - 7200000 }, { now = now })))
    end)

    it("has a state and a level of each severity", function()
        for severity, expected in pairs { critical = { "incident", "Critical" }, warning = { "warning", "Major" },
            unknown = { "warning", "Minor" }, ok = { "normal", "Info" }, odd = { "warning", "Minor" } } do
            local detail = json.decode(ces.render(message { severity = severity }))[1].detail
            assert.same(expected, { detail.event_state, detail.event_level })
        end
    end)

    it("reports again what may have been reported", function()
        service:admin("POST", "faults", { match = { path = "events" }, action = { reset = "before" } })
        local channel = open()
        assert.equal("later", (channel.send(message(), { now = now })))
        assert.equal("sent", (channel.send(message(), { now = now })))
    end)

    it("keeps the limits without cutting a character", function()
        local long = message { rule = ("r/"):rep(100), cluster_name = ("仓"):rep(200), cluster_id = ("i"):rep(300),
            message = ("究"):rep(5000) }
        assert.equal("sent", (open().send(long, { now = now })))
    end)
end)
