local borders = require "spec.support.borders"
local channels = require "dwsync.problems.channels"
local example = require "spec.problems.channels.example"
local json = require "dwsync.json"
local messages = require "dwsync.problems.messages"

local function mark_of(kind, declared, values)
    local checked = assert(channels.check { kind = kind, url = declared.url, secret = declared.secret,
        keyword = declared.keyword })
    return assert(channels.open("ops", checked, { getenv = function(name) return values[name] end,
        read_file = function(path) return values[path] and values[path] .. "\n" end })).mark
end

describe("a channel", function()
    it("is declared by the options of its kind, and no others", function()
        local checked = assert(channels.check { kind = "dingtalk", url = { file = "/x" }, secret = { env = "KEY" } })
        assert.same({ "dingtalk", "/x", "KEY", false }, { checked.kind, checked.url.file, checked.secret.env,
            checked.allow_http })
        for _, case in ipairs {
            { { kind = "wecom", url = { file = "/x" }, secret = { env = "KEY" } }, "unknown option 'secret'" },
            { { kind = "dingtalk", url = { file = "/x" }, secret = "SEC1" },
                'secret is the secret itself: write { file = "…" } or { env = "NAME" }' },
            { { kind = "pagerduty", url = { file = "/x" } }, "unknown option 'url'" },
            { { kind = "pagerduty" }, "routing_key is missing" },
            { { kind = "webhook", url = { file = "/x" }, format = "xml" },
                'format is "xml", expected json or cloudevents' },
            { {}, "kind is missing" },
        } do
            local nothing, problem = channels.check(case[1])
            assert.is_nil(nothing)
            assert.is_truthy(problem.message:find(case[2], 1, true), problem.message)
        end
    end)

    it("takes the options of its kind up to their borders", function()
        local topic = "urn:smn:cn-north-4:0123456789abcdef0123456789abcdef:%s"
        for kind, case in pairs {
            email = { needs = { server = "mail", from = "a@b", to = { "a@b" } }, numbers = { port = { 1, 65535 } },
                texts = { user = 200, from = 254, server = 200, to = 254 },
                frames = { from = "%s@example.com", to = "%s@example.com" }, lists = { to = true } },
            alertmanager = { needs = { urls = { "https://am" } }, numbers = { every = { 10, 86400 } },
                texts = { user = 200, urls = 500 }, lists = { urls = true } },
            ces = { needs = {}, texts = { region = 64, project_id = 128, account = 200, endpoint = 500 } },
            smn = { needs = { topic = topic:format "ops" }, frames = { topic = topic },
                texts = { topic = 500, account = 200, endpoint = 500 } },
            dingtalk = { needs = { url = { env = "URL" } }, texts = { keyword = 64 } },
            feishu = { needs = { url = { env = "URL" } }, texts = { keyword = 64 } },
        } do
            local function is_taken(name, value)
                local declared = { kind = kind }
                for option, given in pairs(case.needs) do
                    declared[option] = given
                end
                declared[name] = case.lists and case.lists[name] and { value } or value
                return (channels.check(declared))
            end
            borders.of_numbers(case.numbers or {}, is_taken)
            borders.of_texts(case.texts, is_taken, case.frames)
        end
    end)

    it("cuts texts where its receiver would, and not before", function()
        local function lengths(kind, set, read)
            local message = example.message()
            for name, value in pairs(set) do
                message[name] = value
            end
            local list = { read(json.decode(require("dwsync.problems.channels." .. kind).render(message))) }
            for i, text in ipairs(list) do
                list[i] = #text
            end
            return list
        end
        local X, NAMES = ("x"):rep(300000), ("x"):rep(200)
        local long = { title = X, message = X, rule = NAMES, cluster_id = NAMES, cluster_name = NAMES, source = NAMES }
        for kind, case in pairs {
            ces = { { 64, 4096, 128, 128 }, function(list)
                local detail = list[1].detail
                return list[1].event_name, detail.content, detail.resource_id, detail.resource_name
            end },
            smn = { { 512, 262144 }, function(body) return body.subject, body.message end },
            pagerduty = { { 1024, 127 + #"…", 127 + #"…" }, function(body)
                return body.payload.summary, body.payload.source, body.payload.component
            end },
            slack = { { 149 + #"…", 2999 + #"…", 2999 + #"…" }, function(body)
                return body.blocks[1].text.text, body.blocks[2].text.text, body.text
            end },
            teams = { { 4000, 4000 }, function(body)
                local card = body.attachments[1].content.body
                return card[1].inlines[1].text, card[2].inlines[1].text
            end },
            feishu = { { 600, 3000 }, function(body)
                return body.card.header.title.content, body.card.elements[1].text.content
            end },
            dingtalk = { { 256, 3000 + #"****", 3000 }, function(body)
                return body.markdown.title, body.markdown.text:match "^(.-)\n\n(.-)\n"
            end },
            wecom = { { 1024 + #"****", 1024 }, function(body) return body.markdown.content:match "^(.-)\n(.-)\n" end },
        } do
            assert.same(case[1], lengths(kind, long, case[2]), kind)
        end
        -- Slack counts UTF-16, and what it shows as one character may be written as five.
        local function header(title)
            return lengths("slack", { title = title }, function(body) return body.blocks[1].text.text end)
        end
        for written, many in pairs { ["😀"] = 74, ["研"] = 149, ["x"] = 149, ["&amp;"] = 29 } do
            local one = written == "&amp;" and "&" or written
            assert.same({ many * #written }, header(one:rep(many)))
            assert.same({ many * #written + #"…" }, header(one:rep(many + 1)))
        end
    end)

    it("knows what the codes of robots mean", function()
        local kinds = {
            dingtalk = { code = "errcode", later = { [-1] = 0, [130101] = 600, [410100] = 600 },
                of_channel = { 310000, 300005, 400101, 400102, 400013 } },
            feishu = { code = "code", later = { [11232] = 60, [11233] = 60, [99991400] = 60 },
                of_channel = { 19001, 19021, 19022, 19024 } },
            wecom = { code = "errcode", later = { [-1] = 0, [45009] = 60, [45033] = 0 },
                of_channel = { 93000, 93004, 93008 } },
        }
        for kind, meant in pairs(kinds) do
            local channel = example.channel(kind, { url = "https://robot.example.com/x" })
            local function outcome(code)
                local result, _, pause, is_of_channel = channel.send(example.message(), {
                    now = function() return example.NOW end,
                    perform = function()
                        return { status = 200, headers = {}, body = ('{"%s":%d}'):format(meant.code, code) }
                    end })
                return { result, pause and (pause - example.NOW) / 1000 or 0, is_of_channel or false }
            end
            assert.same({ "sent", 0, false }, outcome(0), kind)
            assert.same({ "refused", 0, false }, outcome(1), kind)
            for code, seconds in pairs(meant.later) do
                assert.same({ "later", seconds, false }, outcome(code), kind .. code)
            end
            for _, code in ipairs(meant.of_channel) do
                assert.same({ "refused", 0, true }, outcome(code), kind .. code)
            end
        end
    end)

    it("is not declared without what its kind needs", function()
        local needs = { alertmanager = "urls", email = true, pagerduty = "routing_key", program = "program",
            smn = "topic", ces = false }
        for _, kind in ipairs(channels.KINDS) do
            local needed = needs[kind] == nil and "url" or needs[kind]
            local checked, problem = channels.check { kind = kind }
            assert.equal(needed == false, checked ~= nil, kind)
            assert.matches(needed and "^" .. (needed == true and "%l+" or needed) .. " is missing, expected " or "",
                problem and problem.message or "", kind)
        end
        for name, value in pairs { server = "mail", from = "a@b", to = { "a@b" } } do
            local declared = { kind = "email", server = "mail", from = "a@b", to = { "a@b" } }
            assert.is_table((channels.check(declared)))
            declared[name] = nil
            assert.equal(name .. " is missing", (select(2, channels.check(declared)).message:match "^[^,]*"), value)
        end
        for _, name in ipairs { "urls", "to" } do
            local _, problem = channels.check { kind = name == "to" and "email" or "alertmanager", server = "mail",
                from = "a@b", [name] = {} }
            assert.is_table(problem)
        end
    end)

    it("sends no more than its receiver takes", function()
        local rates = { dingtalk = "20 in 60 s", feishu = "5 in 3 s", slack = "5 in 5 s", wecom = "20 in 60 s" }
        for _, kind in ipairs(channels.KINDS) do
            local rate = require("dwsync.problems.channels." .. kind).RATE
            assert.equal(rates[kind], rate and ("%d in %d s"):format(rate.messages, rate.seconds), kind)
        end
    end)

    it("says whether a message may be sent again, and whether it is a state that is repeated", function()
        local url = { env = "URL" }
        local needs = { slack = { url = url }, teams = { url = url }, wecom = { url = url }, dingtalk = { url = url },
            feishu = { url = url }, webhook = { url = url }, pagerduty = { routing_key = { env = "URL" } },
            email = { server = "mail", from = "a@b", to = { "a@b" } }, alertmanager = { urls = { "https://am" } } }
        for kind, options in pairs(needs) do
            options.kind = kind
            local channel = assert(channels.open("ops", assert(channels.check(options)), {
                getenv = function() return "https://example.com/x" end }))
            assert.same({ kind == "alertmanager", false }, { channel.is_level_triggered or false,
                channel.is_not_idempotent or false }, kind)
        end
    end)

    it("has the same mark while its receiver is reached in the same way", function()
        local url, key = "https://robot.example/x?token=1", "SEC1"
        local one = mark_of("dingtalk", { url = { env = "URL" }, secret = { env = "KEY" } }, { URL = url, KEY = key })
        assert.equal(one, mark_of("dingtalk", { url = { file = "/u" }, secret = { file = "/k" } },
            { ["/u"] = url, ["/k"] = key }))
        assert.not_equal(one, mark_of("dingtalk", { url = { env = "URL" }, secret = { env = "KEY" } },
            { URL = url, KEY = "SEC2" }))
        assert.not_equal(one, mark_of("dingtalk", { url = { env = "URL" }, secret = { env = "KEY" }, keyword = "x" },
            { URL = url, KEY = key }))
        assert.matches("^%x+$", one)
        local function program()
            return assert(channels.open("ops", assert(channels.check { kind = "program", program = "/bin/sh",
                pass_environment = { "A" } }), { getenv = function() end })).mark
        end
        assert.equal(program(), program())
    end)

    it("has the same mark whatever else would be told in its place", function()
        local function mark(fallback)
            return assert(channels.open("ops", assert(channels.check { kind = "slack", url = { env = "URL" },
                fallback = fallback }), { getenv = function() return "https://x.example/hook" end })).mark
        end
        assert.equal(mark(nil), mark "post")
    end)

    it("shows the body of its requests", function()
        local message = example.message()
        for kind, declared in pairs { slack = { url = "https://x.example/hook" },
            dingtalk = { url = "https://x.example/hook", keyword = "告警" } } do
            local channel = example.channel(kind, declared)
            assert.equal(require("dwsync.problems.channels." .. kind).render(message, channel), channel.render(message))
        end
    end)

    it("has the lines of each problem that a message sums up, below its own", function()
        local message = example.message()
        message.items = { example.message { message = "the first" }, example.message { message = "the second" } }
        local texts = { messages.lines(message), messages.lines(message.items[1]), messages.lines(message.items[2]) }
        for i, lines in ipairs(texts) do
            texts[i] = table.concat(lines, "\n")
        end
        assert.equal(table.concat(texts, "\n\n"),
            json.decode(require("dwsync.problems.channels.smn").render(message)).message)
        assert.equal(table.concat({ texts[1], message.items[1].title, message.items[2].title }, "\n"),
            json.decode(require("dwsync.problems.channels.ces").render(message))[1].detail.content)
    end)

    it("does not take the page of a proxy, or one to log in, for its receiver", function()
        local page, other = "answered HTTP 200 with a web page", "answered HTTP 200, but not as %s does"
        for kind, reason in pairs { slack = page, teams = page, feishu = other:format "Feishu", webhook = false,
            dingtalk = other:format "DingTalk", wecom = other:format "WeCom" } do
            local channel = example.channel(kind, { url = "https://x.example/hook" })
            assert.same({ reason and "later" or "sent", reason or nil }, { channel.send(example.message(), {
                now = function() return example.NOW end,
                perform = function() return { status = 200, headers = {}, body = "<!DOCTYPE html><p>Log in" } end }) },
                kind)
        end
    end)

    it("of the kind webhook gets JSON, or CloudEvents where that is asked for", function()
        for format, expected in pairs { [""] = "json", json = "json", cloudevents = "cloudevents" } do
            assert.equal(expected, channels.check({ kind = "webhook", url = { env = "URL" },
                format = format ~= "" and format or nil }).format)
        end
    end)

    it("calls a secret what the receiver calls it", function()
        for kind, hints in pairs { pagerduty = { routing_key = "routing key" }, slack = { url = "address" } } do
            for option, words in pairs(hints) do
                local _, err = channels.open("ops", assert(channels.check { kind = kind, [option] = { env = "NONE" } }),
                    { getenv = function() end })
                assert.equal("Set it to the channel's " .. words .. ".", err.hint)
            end
        end
    end)

    it("names the secret that cannot be read, not its value", function()
        local checked = assert(channels.check { kind = "feishu", url = { env = "URL" }, secret = { file = "/k" } })
        local channel, err = channels.open("ops", checked, { getenv = function() return "https://x.example/hidden" end,
            read_file = function() return nil, "permission denied" end })
        assert.is_nil(channel)
        assert.same({ "config", "channel ops: cannot read /k: permission denied",
            "Write the channel's secret into this file, and let only its owner read it." },
            { err.kind, err.message, err.hint })
    end)

    it("with an empty file for a secret is wrong", function()
        local checked = assert(channels.check { kind = "feishu", url = { env = "URL" }, secret = { file = "/k" } })
        local channel, err = channels.open("ops", checked, { getenv = function() return "https://x.example/hidden" end,
            read_file = function() return " \n" end })
        assert.is_nil(channel)
        assert.equal("channel ops: /k is empty", err.message)
    end)

    it("has its files where the reader's home is", function()
        local checked = assert(channels.check { kind = "dingtalk", url = { file = "~/url" }, secret = { env = "KEY" },
            ca_file = "~/ca.pem" })
        channels.each_path(checked, function(path) return (path:gsub("^~", "/home/me")) end)
        assert.same({ "/home/me/url", "/home/me/ca.pem", "KEY" },
            { checked.url.file, checked.ca_file, checked.secret.env })
        checked = assert(channels.check { kind = "program", program = "~/notify" })
        channels.each_path(checked, function(path) return (path:gsub("^~", "/home/me")) end)
        assert.equal("/home/me/notify", checked.program)
    end)
end)
