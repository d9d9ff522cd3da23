local channels = require "dwsync.problems.channels"
local json = require "dwsync.json"

local NOW = 1747637723000

local function problem(more)
    local row = { cluster_id = "id-1", cluster_name = "仓库", source = "s<1>", source_type = "ldap", rule = "mass_delete",
        severity = "critical", since = NOW - 7200000, message = "目录 ou=研发", advice = "Look." }
    for name, value in pairs(more or {}) do
        row[name] = value
    end
    return row
end

local function open(more, values)
    local declared = { kind = "alertmanager", urls = { "http://127.0.0.1:9093", "http://127.0.0.1:9094/am/" } }
    for name, value in pairs(more or {}) do
        declared[name] = value
    end
    return channels.open("am", assert(channels.check(declared)), { read_file = function(path)
        return (values or {})[path]
    end, getenv = os.getenv })
end

-- A channel's requests, answered by `answer(request)`.
local function seams(answer)
    local requests = {}
    return { now = function() return NOW end, perform = function(request)
        requests[#requests + 1] = request
        return answer(request)
    end }, requests
end

local function good()
    return { status = 200, headers = {}, body = "" }
end

local function sent(problems, every)
    local how, requests = seams(good)
    assert.equal("sent", (assert(open()).sync({ problems = problems, every = every or 30 }, how)))
    return requests[1] and json.decode(requests[1].body), requests
end

describe("the state for Alertmanager", function()
    it("says who, what and since when, and ends three periods ahead", function()
        local alerts, requests = sent { problem { link = "https://status.example.com/#c" } }
        assert.same({ { labels = { alertname = "DwsyncMassDelete", cluster = "id-1", cluster_name = "仓库",
            rule = "mass_delete", severity = "critical", source = "s<1>", source_type = "ldap" },
            annotations = { summary = "仓库 (id-1): mass delete", description = "目录 ou=研发", advice = "Look." },
            startsAt = "2025-05-19T04:55:23.000Z", endsAt = "2025-05-19T06:56:53.000Z",
            generatorURL = "https://status.example.com/#c" } }, alerts)
        assert.same({ "http://127.0.0.1:9093/api/v2/alerts", "http://127.0.0.1:9094/am/api/v2/alerts" },
            { requests[1].url, requests[2].url })
    end)

    it("repeats an end for a quarter of an hour, and says only that it goes on when it began again", function()
        local ended = problem { ended = NOW - 899000 }
        assert.equal("2025-05-19T06:40:24.000Z", sent({ ended })[1].endsAt)
        assert.is_nil((sent { problem { ended = NOW - 900000 } }))
        for _, order in ipairs { { ended, problem() }, { problem(), ended } } do
            local alerts = sent(order)
            assert.same({ 1, "2025-05-19T06:56:53.000Z" }, { #alerts, alerts[1].endsAt })
        end
    end)

    it("goes to every peer in parts, and one that fails is left after the first", function()
        local problems = {}
        for i = 1, 2000 do
            problems[i] = problem { cluster_id = "id-" .. i }
        end
        local how, requests = seams(function(request)
            return request.url:find(":9093", 1, true) and { status = 503, headers = {}, body = "" } or good()
        end)
        local outcome, reason = assert(open()).sync({ problems = problems, every = 60 }, how)
        assert.same({ "sent", "127.0.0.1:9093: answered HTTP 503", 1 + 8 }, { outcome, reason, #requests })
        local ids = {}
        for i = 2, #requests do
            assert.is_true(#requests[i].body < 250000)
            for _, alert in ipairs(json.decode(requests[i].body)) do
                ids[alert.labels.cluster] = true
            end
        end
        for _, one in ipairs(problems) do
            assert.is_true(ids[one.cluster_id])
        end
    end)

    it("was not said when no peer took it", function()
        local how = seams(function(request)
            return { status = request.url:find(":9093", 1, true) and 400 or 503, headers = {}, body = "" }
        end)
        assert.same({ "later", "127.0.0.1:9093: answered HTTP 400; 127.0.0.1:9094: answered HTTP 503" },
            { assert(open()).sync({ problems = { problem() }, every = 60 }, how) })
    end)

    it("is shown a password or a token that nobody else is", function()
        local function authorization(more, values)
            local channel = assert(open(more, values))
            local how, requests = seams(function() return { status = 401, headers = {}, body = "" } end)
            local _, reason = channel.sync({ problems = { problem() }, every = 60 }, how)
            assert.is_nil(reason:find("secret", 1, true))
            return requests[1].headers.Authorization
        end
        assert.equal("Basic dXNlcjpzZWNyZXQ=", authorization({ user = "user", password = { file = "p" } },
            { p = "secret\n" }))
        assert.equal("Bearer secret", authorization({ token = { file = "t" } }, { t = "secret\n" }))
        assert.is_nil(authorization())
        assert.is_nil((open { user = "user" }))
        assert.is_nil((open { urls = { "http://am.example.com:9093" } }))
        assert.equal("am.example.com:9093", assert(open { urls = { "http://am.example.com:9093" },
            allow_http = true }).host)
    end)

    it("has an alert to try it with, which ends by itself in a minute", function()
        local how, requests = seams(good)
        local message = require("dwsync.problems.messages").test("am", "ann", NOW)
        assert.equal("sent", (assert(open()).send(message, how)))
        local alert = json.decode(requests[1].body)[1]
        assert.same({ "DwsyncTest", "2025-05-19T06:55:23.000Z", "2025-05-19T06:56:23.000Z" },
            { alert.labels.alertname, alert.startsAt, alert.endsAt })
    end)
end)
