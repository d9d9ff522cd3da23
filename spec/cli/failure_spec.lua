local context = require "dwsync.cli.context"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"

-- A stream that keeps what is written.
local function new_stream()
    local stream = { text = "" }
    function stream:write(...)
        self.text = self.text .. table.concat { ... }
        return self
    end
    return stream
end

describe("an error object", function()
    local function report(err)
        local stderr = new_stream()
        local status = failure.report(err, context.new { stderr = stderr })
        return status, stderr.text
    end

    it("is two lines: what happened, what to do", function()
        local status, text = report(errors.new { kind = "service", message = "Server failure.", code = "DWS.0005",
            status = 500, request_id = "r-1", hint = "Try later.", attempts = 4 })
        assert.equal(1, status)
        assert.equal("dwsync: service: Server failure (DWS.0005, HTTP 500, request id r-1, 4 attempts).\n"
            .. "        Try later.\n", text)
    end)

    it("is status 2 when nothing was sent, 130 when it was cancelled, else 1", function()
        local statuses = { config = 2, credentials = 2, cancelled = 130 }
        for _, kind in ipairs { "config", "credentials", "auth", "clock", "permission", "not_found", "throttled",
            "request", "service", "network", "timeout", "tls", "decode", "incomplete", "cancelled" } do
            assert.equal(statuses[kind] or 1, (report(errors.new { kind = kind, message = "m" })), kind)
        end
    end)

    it("does not drive the terminal", function()
        local _, text = report(errors.new { kind = "service", message = "a\27[2Jb\194\155c", hint = "d\27e" })
        assert.equal("dwsync: service: a?[2Jb?c.\n        d?e\n", text)
    end)

    it("names its subject in front", function()
        local stderr = new_stream()
        local err = errors.new { kind = "network", message = "m", hint = "h" }
        failure.report(err, context.new { stderr = stderr }, "c1, c2")
        assert.equal("dwsync: c1, c2: network: m.\n        h\n", stderr.text)
        local about = errors.about(errors.new { kind = "network", message = "m", hint = "h", operation = "ListThings" },
            { cluster_id = "c1" })
        stderr = new_stream()
        failure.report(about, context.new { stderr = stderr }, "c1, c2")
        failure.report(about, context.new { stderr = stderr })
        assert.equal("dwsync: c1, c2: network: m.\n        h\n"
            .. "dwsync: network: ListThings of cluster c1: m.\n        h\n",
            stderr.text)
    end)
end)

describe("a bug", function()
    it("keeps the lines of its traceback, and is status 1", function()
        local stderr = new_stream()
        assert.equal(1, failure.report("boom\nstack traceback:\n\tx\27[2J", context.new { stderr = stderr }))
        assert.equal("dwsync: boom\nstack traceback:\n\tx?[2J\n", stderr.text)
    end)
end)

describe("wrong usage", function()
    it("is the reason and where to read on, and status 2", function()
        local stderr = new_stream()
        assert.equal(2, failure.wrong_usage("no \27such option", context.new { stderr = stderr }))
        assert.equal("dwsync: no ?such option\n        See dwsync --help, or dwsync COMMAND --help.\n", stderr.text)
        stderr = new_stream()
        assert.equal(2, failure.wrong_usage("no", context.new { stderr = stderr, command = "fleet status" }))
        assert.equal("dwsync: no\n        See dwsync fleet status --help.\n", stderr.text)
    end)
end)
