local core = require "dwsync.core"
local descriptors = require "spec.support.descriptors"
local raw_server = require "spec.support.raw_server"

local function mail(more)
    local fields = { host = "127.0.0.1", port = 9, tls = "none", from = "dwsync@example.com",
        to = { "ops@example.com" }, message = "Subject: x\r\n\r\ny\r\n" }
    for name, value in pairs(more or {}) do
        fields[name] = value
    end
    return fields
end

describe("core.mail", function()
    it("sends step by step, and says what the server said", function()
        raw_server.with({ {
            { "send", "220 here\r\n" }, { "read", "EHLO" }, { "send", "250 here\r\n" }, { "read", "MAIL" },
            { "send", "250 ok\r\n" }, { "read", "RCPT" }, { "send", "550 5.1.1 no\r\n" }, { "read", "RCPT" },
            { "send", "250 ok\r\n" }, { "read", "DATA" }, { "send", "354 go on\r\n" }, { "read", "\r\n.\r\n" },
            { "send", "250 2.0.0 taken\r\n" },
        } }, function(server)
                local sent = assert(core.mail(mail { port = tonumber(server.port),
                    to = { "gone@example.com", "ops@example.com" } }))
                local answer
                repeat
                    answer = sent:step(0.01)
                until answer ~= false
                assert.same({ reply = "250 2.0.0", refused = 1, refusal = "550 5.1.1" }, answer)
                assert.has_error(function() sent:step() end, "the mail is closed")
                sent:close()
            end)
    end)

    it("returns what is wrong with a mail, and raises for what is no mail", function()
        local none, err = core.mail(mail { message = "a\nb" })
        assert.is_nil(none)
        assert.same({ "config", "argument" }, { err.kind, err.code })
        for _, more in ipairs { { to = "ops@example.com" }, { to = { 1 } }, { tls = "maybe" }, { timeout = 0 },
            { connect_timeout = 0 }, { from = {} }, { ca_file = "a\nb" } } do
            assert.has_error(function() core.mail(mail(more)) end)
        end
        local many = {}
        for i = 1, 101 do
            many[i] = "ops@example.com"
        end
        assert.has_error(function() core.mail(mail { to = many }) end, "field 'to' has more than 100 recipients")
        many[101] = nil
        assert(core.mail(mail { to = many }, "and what is not looked at")):close()
        coroutine.wrap(function() -- which has a small stack at first
            assert(core.mail(mail { to = many })):close()
        end)()
    end)

    it("hands each field on as what it is", function()
        local function login(tls)
            return { host = "mail.example.com", user = "a", password = "b", tls = tls }
        end
        for _, row in ipairs {
            { { host = "a b" }, "the host is not a name or an address of a server" },
            { { from = "nobody" }, "the sender is not an address such as dwsync@example.com" },
            { { to = { "a@b", "nobody" } }, "recipient 2 is not an address such as ops@example.com" },
            { { to = {} }, "it needs 1 to 100 recipients" }, { { user = "a" }, "user and password go together" },
            { { password = "b" }, "user and password go together" },
            { { user = "\n", password = "b" }, "user or password holds a control character or is too long" },
            { { user = "a", password = "\n" }, "user or password holds a control character or is too long" },
            { login "none", "without TLS anyone on the way to mail.example.com could read the password" },
            { login "implicit" }, { login "starttls" }, { { user = "a", password = "b" } },
        } do
            local sent, err = core.mail(mail(row[1]))
            if sent then
                sent:close()
            end
            assert.same(row, { row[1], err and err.message:match("^mail: (.*)"):sub(1, #(row[2] or "")) })
        end
    end)

    it("takes the ports that there are, and no others", function()
        for _, port in ipairs { 1, 65535 } do
            assert(core.mail(mail { port = port })):close()
        end
        for _, port in ipairs { 0, 65536, -1, 0 / 0, "25", false } do
            local none, err = core.mail(mail { port = port })
            assert.is_nil(none)
            assert.equal("mail: it needs a host and a port from 1 to 65535", err.message)
        end
    end)

    it("waits for the seconds that it is given, up to a bound", function()
        local sent = assert(core.mail(mail()))
        sent:close()
        for _, seconds in ipairs { 0, 1e6 } do
            assert.has_error(function() sent:step(seconds) end, "the mail is closed")
        end
        for _, seconds in ipairs { -1e-9, 1e6 + 1, 0 / 0 } do
            assert.error_matches(function() sent:step(seconds) end, "#1 to .-seconds must be from 0 to 1e6")
        end
        sent:close()
    end)

    it("leaves no descriptor behind, whether it was closed, has ended or is collected", function()
        raw_server.with({ { { "send", "554 no\r\n" } } }, function(server)
            collectgarbage()
            local before = descriptors.count()
            for _ = 1, 3 do
                local sent = assert(core.mail(mail { port = tonumber(server.port) }))
                repeat until sent:step(1) ~= false
                assert.equal(before, descriptors.count())
                sent = assert(core.mail(mail { port = tonumber(server.port) }))
                sent:step()
                sent:close()
                assert.equal(before, descriptors.count())
            end
            assert(core.mail(mail { port = tonumber(server.port) })):step()
            collectgarbage()
            collectgarbage()
            assert.equal(before, descriptors.count())
        end)
    end)

    it("says that a server refused, with its code alone", function()
        raw_server.with({ { { "send", "554 5.7.1 ops@example.com\r\n" } } }, function(server)
            local sent = assert(core.mail(mail { port = tonumber(server.port) }))
            local answer, err
            repeat
                answer, err = sent:step(1)
            until answer ~= false
            assert.is_nil(answer)
            assert.same({ "refused", "554 5.7.1" }, { err.code, err.reply })
            assert.is_nil(err.message:find("@", 1, true))
        end)
    end)
end)
