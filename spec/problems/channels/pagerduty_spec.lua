local example = require "spec.problems.channels.example"
local json = require "dwsync.json"

local KEY = "0123456789abcdef0123456789abcdef"

local function channel(more)
    return example.channel("pagerduty", { routing_key = KEY, endpoint = more })
end

-- What the schema of Events v2 demands (PagerDuty/api-schema, reference/events-v2/openapiv3.json).
local ACTIONS = { trigger = true, acknowledge = true, resolve = true }
local SEVERITIES = { critical = true, warning = true, error = true, info = true }

local function assert_valid(event)
    assert.equal(KEY, event.routing_key)
    assert.is_true(ACTIONS[event.event_action])
    assert.is_string(event.dedup_key)
    assert.is_true(#event.dedup_key <= 255)
    if event.event_action == "trigger" then
        for _, name in ipairs { "summary", "severity", "source" } do
            assert.is_string(event.payload[name])
        end
        assert.is_true(SEVERITIES[event.payload.severity])
        assert.is_true(#event.payload.summary <= 1024)
        assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$", event.payload.timestamp)
        assert.is_table(event.payload.custom_details)
    end
end

describe("an event for PagerDuty", function()
    it("triggers, acknowledges and resolves under the problem's id", function()
        for event, action in pairs { firing = "trigger", escalated = "trigger", reminder = "trigger",
            flapping = "trigger", acknowledged = "acknowledge", resolved = "resolve" } do
            local message = example.message()
            message.event = event
            local body = json.decode(channel().render(message))
            assert_valid(body)
            assert.same({ action, message.problem_id }, { body.event_action, body.dedup_key })
        end
    end)

    it("has the severity of the problem; what cannot be judged is a warning", function()
        for severity, expected in pairs { critical = "critical", warning = "warning", unknown = "warning",
            ["of a later release"] = "warning" } do
            local message = example.message()
            message.severity = severity
            assert.equal(expected, json.decode(channel().render(message)).payload.severity)
        end
    end)

    it("is valid for a test without a cluster, and with texts of any length", function()
        local message = example.message({ message = ("研"):rep(2000), cluster_name = ("仓"):rep(500) })
        message.cluster_name, message.cluster_id, message.source, message.problem_id = nil, nil, nil, nil
        assert_valid(json.decode(channel().render(message)))
        message.title, message.message = ("研"):rep(2000), ("发"):rep(9000)
        message.link = "https://status.example/"
        local body = json.decode(channel().render(message))
        assert_valid(body)
        assert.same({ { href = message.link, text = "Open" } }, body.links)
    end)

    it("goes to the service's address unless another is given", function()
        assert.same({ "events.pagerduty.com", "events.eu.pagerduty.com" },
            { channel().host, channel("https://events.eu.pagerduty.com/v2/enqueue").host })
        local _, problem = pcall(channel, "http://events.pagerduty.com/")
        assert.matches("plain http to events.pagerduty.com", tostring(problem))
    end)
end)
