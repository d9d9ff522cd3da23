local cjson = require "cjson"
local core = require "dwsync.core"
local display = require "dwsync.text"
local emulators = require "spec.support.emulator"
local nginx = require "spec.support.refreshing_nginx"
local overviews = require "spec.report.overviews"
local processes = require "spec.support.processes"
local status_page = require "dwsync.report.status.page"

-- The page as readers have it: nginx, its refresher, the emulator behind it, a browser in front of it.
describe("the status page of a real nginx", function()
    local service, server, browser

    local function order(what)
        return cjson.decode(browser:ask(cjson.encode(what)))
    end

    setup(function()
        service = emulators.start()
        local client = service:options { retries = 0 }
        client.getenv = nil -- a function cannot enter a thread
        server = nginx.start { http = nginx.refreshing { interval = 1, lease = 2, timeout = 30, client = client,
            clusters = { { id = service:cluster "healthy", name = "calm" },
                { id = service:cluster "failing", name = "failing" } } } }
        browser = processes.start("node", { "spec/browser/status_live.js" }, "ready\n")
    end)
    teardown(function()
        browser:stop()
        server:stop()
        service:stop()
    end)

    -- Runs that failed, half an hour apart, until now.
    local function failures(count, reason)
        local now, list = math.floor(core.now()) * 1000, {}
        for i = 1, count do
            local start = now - i * 1800000
            list[i] = overviews.record(0, { id = ("%08d-0000-4000-8000-000000000000"):format(i), status = "FAILED",
                start_time = start, end_time = start + 1000, fail_reason = reason })
        end
        return list
    end

    it("shows the clusters once the first sweep has ended, under its policy", function()
        order { ["do"] = "open", url = ("http://127.0.0.1:%d/status"):format(server.port) }
        local seen = order { ["do"] = "until", text = "1 of 2 clusters is critical" }
        assert.same({ 2, 320, status_page.policy }, { seen.tiles, seen.width, seen.policy })
        assert.equal("1 of 2 clusters is critical – DWS identity synchronisation", seen.title)
    end)

    it("shows a change in the service without losing focus, place or what is open; hostile text stays text", function()
        order { ["do"] = "press", selector = "article.ok summary", key = "Enter" }
        service:admin("POST", "records", { cluster = service:cluster "healthy",
            records = failures(9, display.utf8(overviews.HOSTILE, "?")) })
        local seen = order { ["do"] = "until", text = "All 2 clusters are critical" }
        assert.equal("calm is now critical.", seen.news)
        assert.same({ "calm", { "calm" }, "#cluster-" .. service:cluster "healthy" },
            { seen.focus, seen.open, seen.hash })
        assert.is_truthy(seen.text:find("<script>alert(1)</script><img src=x onerror=alert(1)>", 1, true))
        assert.same({ 0, {}, 320 }, { seen.dialogs, seen.handlers, seen.width })
    end)

    it("says what is wrong while the service is down, keeps what it has, and recovers by itself", function()
        service:fault({ status = 503, body = "upstream is away" }, { times = cjson.null })
        local seen = order { ["do"] = "until", text = "The last query failed" }
        assert.is_truthy(seen.trouble:find "The data shown is %d+ m?i?n? ?%d* ?s old")
        assert.same({ 2, { "calm" }, "calm" }, { seen.tiles, seen.open, seen.focus })
        service:admin("DELETE", "faults")
        seen = order { ["do"] = "until", text = "The last query failed", gone = true }
        assert.same({ "", 2 }, { seen.trouble, seen.tiles })
    end)

    it("keeps what it has when nginx itself is gone", function()
        server:stop()
        local seen = order { ["do"] = "until", text = "No update from this page's server: no connection." }
        assert.same({ 2, { "calm" } }, { seen.tiles, seen.open })
    end)

    it("did all of it without a violation, a failure, or a request to anyone else", function()
        local seen = order { ["do"] = "look" }
        assert.same({ {}, {}, {}, 0 }, { seen.violations, seen.failures, seen.foreign, seen.dialogs })
    end)
end)
