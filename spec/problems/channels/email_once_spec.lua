local channels = require "dwsync.problems.channels"
local example = require "spec.problems.channels.example"
local mail_server = require "spec.support.mail_server"
local patience = require "spec.support.patience"

local function declare(more)
    local declared = { kind = "email", server = "127.0.0.1", from = "dwsync@example.com", to = { "ops@example.com" } }
    for name, value in pairs(more or {}) do
        declared[name] = value
    end
    return declared
end

local function open(more, secret)
    local declared, problem = channels.check(declare(more))
    if not declared then
        return nil, problem
    end
    return channels.open("post", declared, { read_file = function() return secret end, getenv = os.getenv })
end

local function how(more)
    local seams = { now = function() return example.NOW end }
    for name, value in pairs(more or {}) do
        seams[name] = value
    end
    return seams
end

-- Sends, again where the server was late, as it may be on a busy machine.
local function send(channel, message)
    local outcome, reason, pause
    patience.wait_until(function()
        outcome, reason, pause = channel.send(message, how())
        return reason ~= "no answer in time"
    end, "an answer")
    return outcome, reason, pause
end

describe("a mail server", function()
    it("gets mail over STARTTLS that Python reads as it was meant", function()
        mail_server.with(true, function(server)
            local channel = assert(open({ tls = "starttls", port = server.port, ca_file = server.ca_file,
                user = mail_server.user, password = { file = "f" },
                to = { "ops@example.com", "gone@example.com", "boss@example.com" } }, mail_server.password))
            local first = example.message()
            local outcome, reason = send(channel, first)
            assert.same({ "sent", "1 of 3 recipients were refused: 550 5.1.1" }, { outcome, reason })
            local second = example.message(nil, { event = "escalated", previous = "warning" })
            assert.equal("sent", (send(channel, second)))

            local mail, reply = server.mails()[1], server.mails()[2]
            assert.same({ "dwsync@example.com", { "ops@example.com", "boss@example.com" }, true, {} },
                { mail.from, mail.to, mail.tls, mail.defects })
            assert.equal("CRITICAL: 仓库: mass delete", mail.headers.subject)
            assert.equal("2025-05-19T04:55:23+00:00", (mail.date:gsub("T06", "T04")))
            assert.equal(("<%s@example.com>"):format(first.key), mail.headers["message-id"])
            assert.is_nil(mail.headers["in-reply-to"])
            assert.equal(mail.headers.references, reply.headers["in-reply-to"])
            assert.equal("auto-generated", mail.headers["auto-submitted"])
            assert.is_true(mail.longest <= 78)
            assert.same({ "text/plain", "text/html" }, { mail.parts[1][1], mail.parts[2][1] })
            for i = 1, 2 do
                assert.is_truthy(mail.parts[i][2]:find("目录 ou=研发", 1, true))
            end
            assert.is_truthy(mail.parts[1][2]:find("<!channel> & *bold*", 1, true))
            assert.is_truthy(mail.parts[2][2]:find("&lt;!channel&gt; &amp; *bold*", 1, true))
        end)
    end)

    it("is not asked again for a day when it refuses the password", function()
        mail_server.with(true, function(server)
            local declared = { tls = "starttls", port = server.port, ca_file = server.ca_file,
                user = mail_server.user, password = { file = "f" } }
            local channel = assert(open(declared, "wrong-password"))
            local outcome, reason, pause = send(channel, example.message())
            assert.same({ "refused", example.NOW + 86400000, 1 }, { outcome, pause, server.logins() })
            assert.matches("the server refused the user and password: 535", reason)
            assert.is_nil(reason:find("wrong-password", 1, true))
            assert.not_equal(channel.mark, assert(open(declared, mail_server.password)).mark)
            assert.equal("later", (assert(open({ tls = "starttls", port = tonumber(server.port) }))
                .send(example.message(), how()))) -- a certificate that this machine does not know
            assert.same({}, server.mails())
        end)
    end)

    it("is asked later when it asks to be, and not again when nobody is there", function()
        mail_server.with(false, function(server)
            for address, expected in pairs { ["grey@example.com"] = "later", ["gone@example.com"] = "refused" } do
                local outcome, reason = send(assert(open { port = server.port, to = { address } }),
                    example.message())
                assert.equal(expected, outcome, reason)
                assert.is_nil(reason:find("@", 1, true))
            end
            assert.equal("sent", (send(assert(open { port = tonumber(server.port) }), example.message())))
            assert.equal(1, #server.mails())
            assert.is_false(server.mails()[1].tls)
        end)
    end)
end)
