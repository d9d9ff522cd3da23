local cjson = require "cjson"
local dingtalk = require "dwsync.problems.channels.dingtalk"
local example = require "spec.problems.channels.example"
local json = require "dwsync.json"
local processes = require "spec.support.processes"
local teams = require "dwsync.problems.channels.teams"
local temporary = require "spec.support.temporary"

local function messages()
    local linked = example.message({ message = ("目录 <x> "):rep(100) }, { event = "escalated", previous = "warning" })
    linked.link = "https://status.example/clusters?id=1&x=y"
    local test = example.message()
    test.event, test.cluster_id, test.cluster_name, test.rule, test.facts = "test", nil, nil, nil, {}
    return { example.message(), linked, test,
        example.message({ state = "resolved", resolved_at = example.NOW, ending = "no longer reported" },
            { event = "resolved", step = "resolved", previous = "critical", ended = example.NOW }) }
end

-- What the witnesses say of each order.
local function ask(orders)
    local verdicts
    temporary.with_folder(function(folder)
        local file = assert(io.open(folder .. "/orders", "w"))
        file:write(cjson.encode(orders))
        file:close()
        local output, status = processes.run(("node spec/witness/channels.js < %s/orders"):format(folder))
        assert(status == 0, "channels.js failed; is it installed? (npm ci --prefix spec/witness)")
        verdicts = cjson.decode(output)
    end)
    return verdicts
end

local function request_of(message)
    local sent
    example.channel("webhook", { url = "https://x.example/", format = "cloudevents" }).send(message, {
        perform = function(request)
            sent = request
            return { status = 200, body = "", headers = {} }
        end,
    })
    local headers = {}
    for name, value in pairs(sent.headers) do
        headers[name:lower()] = value
    end
    return { headers = headers, body = sent.body }
end

describe("the makers of the formats find nothing wrong", function()
    it("with our CloudEvents and Adaptive Cards", function()
        local orders, clean = {}, {}
        for _, message in ipairs(messages()) do
            orders[#orders + 1] = { cloudevent = request_of(message) }
            orders[#orders + 1] = { card = cjson.decode(teams.render(message)).attachments[1].content }
        end
        for i = 1, #orders do
            clean[i] = ""
        end
        assert.same(clean, ask(orders))
    end)

    it("but do with what is wrong", function()
        local request = request_of(example.message())
        request.body = request.body:gsub('"source":"/dwsync[^"]*",', "", 1)
        local card = json.decode(teams.render(example.message())).attachments[1].content
        card.body[1].inlines[1].color = "pink"
        local verdicts = ask { { cloudevent = request }, { card = card } }
        assert.not_equal("", verdicts[1])
        assert.matches('"pink"', verdicts[2])
    end)
end)

describe("the schema of what PagerDuty takes", function()
    local pagerduty = example.channel("pagerduty", { routing_key = ("k"):rep(32) })

    local function bodies()
        local list = {}
        for _, message in ipairs(messages()) do
            list[#list + 1] = pagerduty.render(message)
        end
        for _, event in ipairs { "escalated", "reminder", "flapping", "acknowledged" } do
            local message = example.message({ message = ("研"):rep(9000), source = ("<s>"):rep(200) })
            message.event = event
            list[#list + 1] = pagerduty.render(message)
        end
        for _, severity in ipairs { "warning", "unknown" } do
            list[#list + 1] = pagerduty.render(example.message({ severity = severity }, { severity = severity }))
        end
        return list
    end

    it("finds nothing wrong with our events", function()
        local orders, clean = {}, {}
        for i, body in ipairs(bodies()) do
            orders[i], clean[i] = { pagerduty = body }, ""
        end
        assert.same(clean, ask(orders))
    end)

    it("finds each thing wrong that is made wrong", function()
        local orders, expected = {}, {}
        for _, case in ipairs {
            { "routing_key", function(event) event.routing_key = "k" end },
            { "event_action", function(event) event.event_action = "firing" end },
            { "dedup_key", function(event) event.dedup_key = ("k"):rep(256) end },
            { "dedup_key", function(event) event.event_action, event.dedup_key = "resolve", nil end },
            { "payload", function(event) event.payload = nil end },
            { "additional", function(event) event.severity = "critical" end },
            { "severity", function(event) event.payload.severity = "unknown" end },
            { "summary", function(event) event.payload.summary = ("研"):rep(1025) end },
            { "source", function(event) event.payload.source = nil end },
            { "timestamp", function(event) event.payload.timestamp = 1747637723 end },
            { "custom_details", function(event) event.payload.custom_details = "text" end },
            { "links", function(event) event.links[1].href = "javascript:1" end },
            { "512 KB", function(event) event.payload.custom_details.message = ("x"):rep(600000) end },
        } do
            local event = json.decode(pagerduty.render(messages()[2]))
            case[2](event)
            orders[#orders + 1], expected[#expected + 1] = { pagerduty = cjson.encode(event) }, case[1]
        end
        for i, verdict in ipairs(ask(orders)) do
            assert.matches(expected[i], verdict, 1, true)
        end
    end)
end)

describe("apprise, which tells DingTalk too", function()
    local SCRIPT = [[
import json, sys, time
from apprise.plugins.NotifyDingTalk import NotifyDingTalk
from urllib.parse import unquote
found = []
for secret, milliseconds in json.load(sys.stdin):
    time.time = lambda: milliseconds / 1000
    found.append([*NotifyDingTalk(token="a" * 64, secret=secret).get_signature()])
print(json.dumps([(at, unquote(sign)) for at, sign in found]))
]]

    it("signs with the same clock as we do", function()
        local cases = { { "SEC19dd84be8c7f3cf71761974f1ed3ef77", 1747637723456 }, { "abcDEF012", 1 },
            { "SEC" .. ("0123456789abcdef"):rep(4), 1999999999999 } }
        temporary.with_folder(function(folder)
            for name, text in pairs { script = SCRIPT, cases = cjson.encode(cases) } do
                local file = assert(io.open(folder .. "/" .. name, "w"))
                file:write(text)
                file:close()
            end
            local output, status = processes.run(("/usr/bin/python3 %s/script < %s/cases"):format(folder, folder))
            assert(status == 0, "apprise failed; is it installed? (examples/setup.sh --tests)")
            for i, witness in ipairs(cjson.decode(output)) do
                local milliseconds = ("%.0f"):format(cases[i][2])
                assert.same({ milliseconds, dingtalk.signature(cases[i][1], milliseconds) }, witness)
            end
        end)
    end)
end)
