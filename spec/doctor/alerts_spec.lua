local alerts = require "dwsync.doctor.alerts"
local settings = require "dwsync.problems.settings"

local ADDRESS = "https://hooks.example.com/hidden-path"

-- The outcomes by subject; nothing of them shows the address.
local function examine(given, more)
    more = more or {}
    local requests, findings = {}, {}
    for _, check in ipairs(alerts.list(given and assert(settings.check(given)), {
        read_file = function(path)
            if path == "/missing" then
                return nil, "No such file or directory"
            end
            return more.content or ADDRESS .. "\n"
        end,
        getenv = function(name) return name == "OPS" and ADDRESS or nil end,
        mode_of = function(path) return path:find "^/" and more.mode end,
        perform = function(request)
            requests[#requests + 1] = request
            if more.failure then
                return nil, more.failure
            end
            return { status = 404, headers = {}, body = "" }
        end })) do
        assert.equal("alerts", check[1])
        local outcome, found, hint = check[2]()
        assert.is_nil((found .. tostring(hint)):find("hidden", 1, true))
        findings[#findings + 1] = { outcome, found, hint }
    end
    return findings, requests
end

local OPS = { channels = { ops = { kind = "slack", url = { file = "/slack" } } } }

describe("the doctor of alerts", function()
    it("has nothing to check where nothing is declared", function()
        assert.same({}, (examine(nil)))
        assert.same({}, (examine {}))
    end)

    it("asks the host of each channel and of the heartbeat, and sends nothing", function()
        local findings, requests = examine { channels = { ops = OPS.channels.ops,
            am = { kind = "webhook", url = { env = "OPS" } } }, heartbeat = { url = { env = "OPS" } } }
        assert.same({ { "ok", "channel am (hooks.example.com): its address can be read, its host answers" },
            { "ok", "channel ops (hooks.example.com): its address can be read, its host answers" },
            { "ok", "heartbeat (hooks.example.com): its address can be read, its host answers" } }, findings)
        for _, request in ipairs(requests) do
            assert.same({ "HEAD", "https://hooks.example.com/", nil }, { request.method, request.url, request.body })
            assert.same({ 10, 10, {} }, { request.timeout, request.connect_timeout, request.headers })
        end
    end)

    it("says what cannot be read, or is not an address", function()
        local findings, requests = examine { channels = { ops = { kind = "slack", url = { file = "/missing" } } } }
        assert.same({ "failed", "channel ops: cannot read /missing: No such file or directory" },
            { findings[1][1], findings[1][2] })
        findings = examine(OPS, { content = "hidden words" })
        assert.equal("failed", findings[1][1])
        findings = examine { heartbeat = { url = { env = "OSP" } } }
        assert.same({ "failed", "heartbeat: the variable OSP is not set" }, { findings[1][1], findings[1][2] })
        assert.equal(0, #requests)
    end)

    it("warns of a file that others can read", function()
        local findings = examine(OPS, { mode = 420 })
        assert.same({ { "warning", "channel ops (hooks.example.com): others can read /slack (mode 644)",
            "It holds a secret: chmod 600 it." } }, findings)
        for _, case in ipairs { { 384, "ok" }, { 448, "ok" }, { 385, "warning" }, { 392, "warning" } } do
            assert.equal(case[2], examine(OPS, { mode = case[1] })[1][1])
        end
        findings = examine({ channels = { ops = { kind = "dingtalk", url = { file = "/one" },
            secret = { file = "/two" } } } }, { mode = 416 })
        assert.same({ "warning", "channel ops (hooks.example.com): others can read /two (mode 640), /one (mode 640)" },
            { findings[1][1], findings[1][2] })
    end)

    it("has nobody to ask where there is no address", function()
        local findings, requests = examine { channels = { mine = { kind = "program", program = "/bin/sh" } } }
        assert.same({ { "ok", "channel mine (/bin/sh): it can be used" } }, findings)
        assert.equal(0, #requests)
    end)

    it("says that a host cannot be reached", function()
        local findings = examine(OPS, { failure = { kind = "network", message = "cannot resolve hooks.example.com" } })
        assert.same({ "failed", "channel ops (hooks.example.com): cannot resolve hooks.example.com",
            "Check that this machine may reach it: a proxy or a firewall may be in between." }, findings[1])
        findings = examine(OPS, { failure = { message = "m", hint = "Mend it." } })
        assert.equal("Mend it.", findings[1][3])
    end)
end)
