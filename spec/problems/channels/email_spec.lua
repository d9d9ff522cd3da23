local channels = require "dwsync.problems.channels"
local core = require "dwsync.core"
local example = require "spec.problems.channels.example"
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
        local implicit = assert(open { tls = "implicit" })
        assert.same({ "implicit", 465 }, { implicit.tls, implicit.port })
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
            refused({ server = "mail.example.com", tls = "none", user = "u", password = { file = "f" } }, "s"))
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
        local hello = { { "send", "220 here\r\n" }, { "read", "EHLO" }, { "send", "250 here\r\n" },
            { "read", "MAIL" } }
        for reply, expected in pairs {
            ["451 4.3.0 ops@example.com later\r\n"] = "later",
            ["550 5.7.1 ops@example.com no\r\n"] = "refused",
        } do
            local script = { (table.unpack or unpack)(hello) } -- luacheck: ignore 113
            script[#script + 1] = { "send", reply }
            raw_server.with({ script }, function(server)
                local outcome, reason, pause = assert(open { port = tonumber(server.port) })
                    .send(example.message(), how())
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

    describe("whatever happens to a mail,", function()
        local real, given = core.mail, nil

        after_each(function() core.mail = real end)

        local function sent(answer, err)
            core.mail = function(options)
                given = options
                return { step = function() return answer, err end, close = function() end }
            end
            return { assert(open { to = { "a@example.com", "b@example.com", "c@example.com" } })
                .send(example.message(), how()) }
        end

        it("says whether to try again, and when", function()
            local LATER = example.NOW + 86400000
            for _, case in ipairs {
                { { kind = "timeout", message = "20 s went by" }, { "later", "no answer in time" } },
                { { kind = "network", message = "nobody there" }, { "later", "nobody there" } },
                { { kind = "config", message = "no such host" }, { "refused", "no such host" } },
                { { kind = "network", code = "refused", reply = "421 4.3.2", message = "421" }, { "later", "421" } },
                { { kind = "auth", code = "refused", reply = "530 5.7.0", message = "530" },
                    { "refused", "530", LATER } },
                { { kind = "auth", code = "refused", reply = "535 5.7.8", message = "535" },
                    { "refused", "535", LATER } },
                { { kind = "auth", code = "refused", reply = "550 5.7.1", message = "550" }, { "refused", "550" } },
            } do
                assert.same(case[2], sent(nil, case[1]), case[1].message)
            end
        end)

        it("is given twenty seconds", function()
            sent { refused = 0 }
            assert.same({ 20, 20 }, { given.timeout, given.connect_timeout })
        end)

        it("is sent when one recipient gets it, and says how many do not", function()
            assert.same({ "sent" }, sent { refused = 0 })
            assert.same({ "sent", "1 of 3 recipients were refused: 550 5.1.1" },
                sent { refused = 1, refusal = "550 5.1.1" })
            assert.same({ "sent", "2 of 3 recipients were refused: 451 4.3.0" },
                sent { refused = 2, refusal = "451 4.3.0" })
        end)
    end)
end)
