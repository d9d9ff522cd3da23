local channels = require "dwsync.problems.channels"
local core = require "dwsync.core"
local example = require "spec.problems.channels.example"
local mail_server = require "spec.support.mail_server"
local raw_server = require "spec.support.raw_server"

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

describe("a channel of mail", function()
    it("takes STARTTLS for granted beyond this machine", function()
        local channel = assert(open { server = "mail.example.com" })
        assert.same({ "starttls", 587, "mail.example.com:587" }, { channel.tls, channel.port, channel.host })
        assert.same({ "none", 25 }, { assert(open()).tls, assert(open()).port })
        assert.same({ "implicit", 465 }, { assert(open { tls = "implicit" }).tls, assert(open { tls = "implicit" }).port })
    end)

    it("is the same channel each time it is opened, and another for other recipients", function()
        local more = { to = { "a@example.com", "b@example.com" } }
        assert.equal(assert(open(more)).mark, assert(open(more)).mark)
        assert.not_equal(assert(open(more)).mark, assert(open()).mark)
    end)

    it("refuses what could never be sent when it is opened", function()
        local function refused(more, secret)
            local channel, err = open(more, secret)
            assert.is_nil(channel)
            return err.message
        end
        assert.matches("anyone on the way to mail%.example%.com could read the password",
            refused({ server = "mail.example.com", tls = "none", user = "u", password = { file = "f" } }, "secret"))
        assert.matches("user and password go together", refused { user = "u" })
        assert.matches("the host is not a name", refused { server = "a:b:c" })
        assert.matches("an address such as", refused { to = { "ops@example.com>\r\nRCPT TO:<x@y" } })
        assert.matches("an address such as", refused { from = "Ops <ops@example.com>" })
        assert.is_not_nil(refused { to = {} })
        assert.matches("is the secret itself", refused { password = "hunter2" })
    end)

    it("waits step by step where the runtime can sleep", function()
        raw_server.with({ { { "send", "220 here\r\n" }, { "read", "EHLO" }, { "send", "421 4.3.2 closing\r\n" } } },
            function(server)
                local pauses, channel = 0, assert(open { port = tonumber(server.port) })
                local outcome, reason = channel.send(example.message(), how { sleep = function(seconds)
                    pauses = pauses + 1
                    core.sleep(seconds)
                end })
                assert.equal("later", outcome)
                assert.matches("421 4%.3%.2", reason)
                assert.is_true(pauses > 0)
            end)
    end)

    it("tries again what is about the server, and not what is about the message", function()
        local hello = { { "send", "220 here\r\n" }, { "read", "EHLO" }, { "send", "250 here\r\n" }, { "read", "MAIL" } }
        for reply, expected in pairs {
            ["451 4.3.0 ops@example.com later\r\n"] = "later",
            ["550 5.7.1 ops@example.com no\r\n"] = "refused",
        } do
            local script = { (table.unpack or unpack)(hello) } -- luacheck: ignore 113
            script[#script + 1] = { "send", reply }
            raw_server.with({ script }, function(server)
                local outcome, reason, pause = assert(open { port = tonumber(server.port) }).send(example.message(), how())
                assert.equal(expected, outcome)
                assert.matches(reply:sub(1, 9):gsub("%.", "%%."), reason)
                assert.is_nil(reason:find("@", 1, true))
                assert.is_nil(pause)
            end)
        end
        raw_server.with({ { { "reset" } } }, function(server)
            assert.equal("later", (assert(open { port = tonumber(server.port) }).send(example.message(), how())))
        end)
    end)
end)

-- The real server is the same for every Lua.
if _VERSION == "Lua 5.4" then
    describe("a mail server", function()
        it("gets mail over STARTTLS that Python reads as it was meant", function()
            mail_server.with(true, function(server)
                local channel = assert(open({ tls = "starttls", port = server.port, ca_file = server.ca_file,
                    user = mail_server.user, password = { file = "f" },
                    to = { "ops@example.com", "gone@example.com", "boss@example.com" } }, mail_server.password))
                local first = example.message()
                local outcome, reason = channel.send(first, how())
                assert.same({ "sent", "1 of 3 recipients were refused: 550 5.1.1" }, { outcome, reason })
                local second = example.message(nil, { event = "escalated", previous = "warning" })
                assert.equal("sent", (channel.send(second, how())))

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
                local outcome, reason, pause = channel.send(example.message(), how())
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
                    local outcome, reason = assert(open { port = server.port, to = { address } })
                        .send(example.message(), how())
                    assert.equal(expected, outcome)
                    assert.is_nil(reason:find("@", 1, true))
                end
                assert.equal("sent", (assert(open { port = tonumber(server.port) }).send(example.message(), how())))
                assert.equal(1, #server.mails())
                assert.is_false(server.mails()[1].tls)
            end)
        end)
    end)
end
