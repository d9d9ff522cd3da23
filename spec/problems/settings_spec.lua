local borders = require "spec.support.borders"
local settings = require "dwsync.problems.settings"

local OPS = { kind = "slack", url = { file = "/etc/dwsync/slack" } }

local function refused(given)
    local checked, err = settings.check(given)
    assert.is_nil(checked)
    assert.equal("config", err.kind)
    return err.message, err.hint
end

describe("the alerts of a configuration", function()
    it("are channels, routes and a heartbeat, with what they leave out filled in", function()
        local checked = assert(settings.check {
            channels = { ops = OPS, am = { kind = "webhook", url = { env = "AM" } } },
            routes = { { cluster = "prod-*", severity = "critical", to = { "ops", "am" }, remind = "4h" },
                { to = "am" } },
            heartbeat = { url = { env = "DWSYNC_HEARTBEAT" } },
        })
        assert.is_false(checked.channels.ops.allow_http)
        assert.same({ cluster = { "prod-*" }, severity = "critical", to = { "ops", "am" }, remind = 14400 },
            checked.routes[1])
        assert.same({ url = { env = "DWSYNC_HEARTBEAT" }, every = 60, allow_http = false }, checked.heartbeat)
        local whole = { url = { env = "U" }, every = 70, ca_file = "/ca.pem", allow_http = true }
        assert.same({ channels = {}, heartbeat = whole }, settings.check { heartbeat = whole })
    end)

    it("are refused for one thing that is wrong, although what comes behind it is right", function()
        for words, wrong in pairs { ["alerts.channels.ops is a number"] = { "channels", { ops = 7 } },
            ["alerts.channels.ops.fallback: there is no channel"] = { "channels", { ops = { kind = "slack",
                url = OPS.url, fallback = "none" } } }, ["alerts.routes[1].to[1]: there is no"] = { "routes",
                { { to = "none" } } }, ["alerts.heartbeat.url is missing"] = { "heartbeat", {} } } do
            local given = { channels = { ops = OPS }, routes = { { to = "ops" } }, heartbeat = { url = { env = "U" } } }
            given[wrong[1]] = wrong[2]
            local message = refused(given)
            assert.is_truthy(message:find(words, 1, true), message)
        end
    end)

    it("may be empty: channels of options and of the environment are told everything", function()
        assert.same({ channels = {} }, settings.check {})
    end)

    it("name what there is where they name what there is not", function()
        local message, hint = refused { chanels = {} }
        assert.equal("unknown key 'alerts.chanels'", message)
        assert.equal("Did you mean 'channels'? The keys are channels, heartbeat, link, routes.", hint)
        message, hint = refused { channels = { ops = OPS }, routes = { { to = "ops" }, { to = { "ops", "osp" } } } }
        assert.equal("alerts.routes[2].to[2]: there is no channel 'osp' (did you mean 'ops'?)", message)
        assert.equal("The channels are ops.", hint)
        message, hint = refused { routes = { { to = "ops" } } }
        assert.equal("alerts.routes[1].to[1]: there is no channel 'ops'", message)
        assert.equal("Declare it in alerts.channels.", hint)
        assert.equal("unknown key 'alerts.routes[1].clustre'", (refused { channels = { ops = OPS },
            routes = { { clustre = "x", to = "ops" } } }))
    end)

    it("may hand on what a channel gives up, to another one that is owed messages", function()
        local function hint_of(ops, other)
            ops.kind, ops.url = "slack", { env = "URL" }
            return refused { channels = { ops = ops, other = other } }
        end
        assert.truthy(settings.check { channels = { ops = { kind = "slack", url = { env = "URL" }, fallback = "mail" },
            mail = OPS } })
        assert.equal("alerts.channels.ops.fallback: there is no channel 'othr' (did you mean 'other'?)",
            (hint_of({ fallback = "othr" }, OPS)))
        assert.equal("alerts.channels.ops.fallback is the channel itself", (hint_of({ fallback = "ops" }, OPS)))
        assert.equal("alerts.channels.ops.fallback: an Alertmanager is told the state, in place of messages",
            (hint_of({ fallback = "other" }, { kind = "alertmanager", urls = { "https://am" } })))
    end)

    it("name what they refuse at a length that can be read", function()
        local long = ("n"):rep(70)
        local cut = ("n"):rep(59) .. "…"
        assert.matches("^the name of alerts.channels." .. cut .. " is ", (refused { channels = { [long] = OPS } }))
        assert.equal("alerts.channels.ops is a string, expected a table", (refused { channels = { ops = "x" } }))
        assert.equal("unknown key 'alerts.channels.ops.x'",
            (refused { channels = { ops = { kind = "slack", x = 1 } } }))
        local message, hint = refused { channels = { ops = OPS, am = OPS }, routes = { { to = { long } } } }
        assert.equal("alerts.routes[1].to[1]: there is no channel '" .. cut .. "'", message)
        assert.equal("The channels are am, ops.", hint)
        assert.equal("unknown key 'alerts.heartbeat.x'", (refused { heartbeat = { url = { env = "U" }, x = 1 } }))
        local alertmanager = { kind = "alertmanager", urls = { "https://am" }, fallback = "other" }
        message, hint = refused { channels = { am = alertmanager, other = OPS } }
        assert.equal("alerts.channels.am.fallback: an Alertmanager is told the state, in place of messages", message)
        assert.equal("Let a route name it beside the others.", hint)
        hint = select(2, refused { channels = { ops = { kind = "slack", url = { env = "U" }, fallback = "ops" } } })
        assert.equal("Name another channel.", hint)
    end)

    it("may name a page about a cluster", function()
        assert.equal("https://x.example/{cluster}", settings.check { link = "https://x.example/{cluster}" }.link)
        for _, link in ipairs { "javascript:x", "https://x.example/<b>", "https://x.example/\n" } do
            assert.matches("^alerts.link is ", (refused { link = link }))
        end
    end)

    it("take a heartbeat and an address up to their borders", function()
        borders.of_numbers({ every = { 60, 86400 } }, function(name, value)
            return (settings.check { heartbeat = { url = { env = "URL" }, [name] = value } })
        end)
        borders.of_texts({ link = 500 }, function(name, value)
            return (settings.check { [name] = value })
        end, { link = "https://%s" })
    end)

    it("refuse secrets without showing them", function()
        local message = refused { heartbeat = { url = "https://hc.example/SECRET" } }
        assert.equal("alerts.heartbeat.url is the address itself, which is a secret: write { file = \"…\" } or "
            .. "{ env = \"NAME\" }", message)
        assert.equal("alerts.heartbeat.url is missing, expected { file = \"…\" } or { env = \"NAME\" }",
            (refused { heartbeat = {} }))
        message = refused { channels = { ops = { kind = "slack", url = "https://hooks.example/SECRET" } } }
        assert.is_nil(message:find("SECRET", 1, true))
    end)

    it("may hold names of any type, which are refused", function()
        assert.truthy(refused { channels = { OPS, ops = OPS } }:find("the name of alerts.channels.1 is", 1, true))
        assert.equal("alerts.routes[1] is a string, expected a table", (refused { routes = { "ops" } }))
        assert.equal("alerts.routes is a table, expected a list", (refused { routes = { to = "ops" } }))
    end)

    it("have paths that can be changed, wherever they are", function()
        local checked = assert(settings.check { channels = { ops = { kind = "slack", url = { file = "~/slack" },
            ca_file = "~/ca.pem" }, other = { kind = "webhook", url = { env = "X" } } },
            heartbeat = { url = { file = "~/heartbeat" } } })
        settings.expand_paths(checked, function(path) return (path:gsub("^~", "/home/me")) end)
        assert.equal("/home/me/slack", checked.channels.ops.url.file)
        assert.equal("/home/me/ca.pem", checked.channels.ops.ca_file)
        assert.equal("/home/me/heartbeat", checked.heartbeat.url.file)
        assert.is_nil(checked.heartbeat.ca_file)
        checked.heartbeat.ca_file, checked.heartbeat.url = "a", { env = "X" }
        settings.expand_paths(checked, function(path) return "/" .. path end)
        assert.same({ "/a", { env = "X" } }, { checked.heartbeat.ca_file, checked.heartbeat.url })
        checked.heartbeat = nil
        settings.expand_paths(checked, function(path) return "/" .. path end)
        assert.is_nil(checked.heartbeat)
    end)
end)
