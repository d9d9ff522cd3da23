local example = require "spec.problems.channels.example"
local json = require "dwsync.json"
local webhook = require "dwsync.problems.channels.webhook"

local message_of = example.message

describe("the body for a webhook", function()
    it("is JSON of documented fields in their order", function()
        local body = webhook.render(message_of())
        assert.matches('^{"event":"firing","key":"%x+","problem_id":"%x+","time":1747637723000,"cluster_id":"id%-1",'
            .. '"cluster_name":"仓库","source":"s<1>","source_type":"ldap","rule":"mass_delete","severity":"critical",'
            .. '"episode":2,"since":1747630523000,"message":"', body)
        local fields = json.decode(body)
        assert.is_truthy(fields.message:find("<!channel> & *bold*", 1, true))
    end)

    it("has a text in which no words are a link, and no image is fetched", function()
        local message = message_of { message = "[Reset](http://evil.example) ![](http://x/)" }
        local text = json.decode(webhook.render(message)).text
        assert.is_nil(text:find("](", 1, true))
        assert.is_truthy(text:find("[Reset] (http://evil.example)", 1, true))
    end)

    it("has a text in which nobody is mentioned", function()
        local text = json.decode(webhook.render(message_of { message = "@all <!here>" })).text
        assert.is_nil(text:find "[<>@]")
        assert.is_truthy(text:find("目录", 1, true) or text:find("仓库", 1, true))
    end)

    it("is a CloudEvent of the same fields where that is asked for", function()
        local channel, message = example.channel("webhook", { url = "https://x.example/", format = "cloudevents" }),
            example.message { cluster_id = "id 1/x" }
        local sent
        channel.send(message, { perform = function(request)
            sent = request
            return { status = 204, body = "", headers = {} }
        end })
        assert.same({ "application/cloudevents+json", message.key },
            { sent.headers["Content-Type"], sent.headers["Idempotency-Key"] })
        local event = json.decode(sent.body)
        assert.same({ "1.0", message.key, "dwsync.problem.firing", "/dwsync/clusters/id%201%2Fx", "s<1>/mass_delete",
            "2025-05-19T06:55:23.000Z", "application/json" }, { event.specversion, event.id, event.type, event.source,
            event.subject, event.time, event.datacontenttype })
        assert.same(json.decode(webhook.render(message)), event.data)
    end)
end)
