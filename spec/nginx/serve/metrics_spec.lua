local metrics = require "dwsync.nginx.serve.metrics"
local served = require "spec.support.served"

local NOW = 1763971200
local SETTINGS = { stale_after = 100 }

describe("metrics()", function()
    local nginx

    before_each(function()
        nginx = served.new(NOW)
    end)

    local function publish(fetched_at)
        nginx:publish({ { cluster = { id = "c1" }, fetched_at = fetched_at or NOW - 2.0004, records = {} } }, nil,
            "own 1\n")
    end

    local function text()
        return nginx:answer({}, metrics.text, SETTINGS, nginx.reader).results[1]
    end

    -- The lines of one metric; "" when there is none.
    local function values(name)
        local lines = {}
        for line in text():gmatch("\n(" .. name .. "[ {][^\n]*)") do
            lines[#lines + 1] = line:sub(#name + 1)
        end
        return table.concat(lines, "\n")
    end

    it("are not there before the first publication: 503, or a comment behind what is sent already", function()
        local said = nginx:answer({}, metrics.serve, SETTINGS, nginx.reader)
        assert.same({ 503, 5 }, { said.status, said.headers["Retry-After"] })
        said = nginx:answer({ headers_sent = true }, metrics.serve, SETTINGS, nginx.reader)
        assert.same({ "# dwsync: the first sweep has not ended yet\n", {}, nil }, { said.body, said.headers,
            said.status })
        assert.same({ nil, "the first sweep has not ended yet" }, nginx:answer({}, metrics.text, SETTINGS,
            nginx.reader).results)
    end)

    it("are a text of several pieces, with pauses between the long ones", function()
        publish()
        local said = nginx:answer({}, metrics.serve, SETTINGS, nginx.reader)
        assert.same({ 200, "text/plain; version=0.0.4; charset=utf-8", 3, {}, nil }, { said.status,
            said.headers["Content-Type"], said.parts, said.pauses, said.only_headers })
        assert.equal(text(), said.body)
        assert.matches("\nown 1\n# HELP dwsync_retries_total ", said.body)
        assert.matches("\ndwsync_cache_stale 0\n$", said.body)
        nginx.reader:read().texts.metrics = { "a", "b", "c" }
        said = nginx:answer({}, metrics.serve, SETTINGS, nginx.reader)
        assert.same({ 5, { 0.001, 0.001 } }, { said.parts, said.pauses })
        assert.same({ "a", "b", "c" }, nginx.reader:read().texts.metrics)
    end)

    it("answer HEAD with headers, other methods and parameters not at all, but add to what was sent", function()
        publish()
        local said = nginx:answer({ method = "HEAD" }, metrics.serve, SETTINGS, nginx.reader)
        assert.same({ 200, nil, true }, { said.status, said.body, said.only_headers })
        assert.equal(405, nginx:answer({ method = "POST" }, metrics.serve, SETTINGS, nginx.reader).status)
        assert.equal(400, nginx:answer({ args = { a = "b" } }, metrics.serve, SETTINGS, nginx.reader).status)
        said = nginx:answer({ headers_sent = true, method = "POST", args = { a = "b" } }, metrics.serve, SETTINGS,
            nginx.reader)
        assert.same({ text(), nil, {} }, { said.body, said.status, said.headers })
    end)

    it("say how old what is shown is, to the millisecond", function()
        publish()
        assert.same({ " 2.001", " 0" }, { values "dwsync_cache_age_seconds", values "dwsync_cache_stale" })
        publish(NOW - 100.25)
        assert.same({ " 100.25", " 1" }, { values "dwsync_cache_age_seconds", values "dwsync_cache_stale" })
        nginx:publish({ { cluster = { id = "c1" }, error = { kind = "network", message = "m" } } })
        assert.same({ "", " 1" }, { values "dwsync_cache_age_seconds", values "dwsync_cache_stale" })
    end)

    it("tell of the last sweep and of all, and of the dict", function()
        local STATES = { "outcome", "seconds", "swept", "history", "history_unread", "memory" }
        local NAMES = { "dwsync_refresh_success", "dwsync_refresh_duration_seconds",
            "dwsync_refresh_timestamp_seconds", "dwsync_history_failed", "dwsync_history_unread",
            "dwsync_dict_too_small" }
        for at, case in ipairs {
            { {}, { "", "", "", " 0", " 0", " 0" } },
            { { "complete", 1.5, 1 }, { " 1", " 1.5", " 1", " 0", " 0", " 0" } },
            { { "partial", 2, 2, "h" }, { " 0", " 2", " 2", " 1", " 0", " 0" } },
            { { "failed", 3, 3, nil, "u" }, { " 0", " 3", " 3", " 0", " 1", " 0" } },
            { { "complete", 4, 4, nil, nil, "m" }, { " 1", " 4", " 4", " 0", " 0", " 1" } },
        } do
            for i, name in ipairs(STATES) do
                nginx.store:set_state(name, case[1][i])
            end
            if at == 1 then
                publish()
            end
            for i, name in ipairs(NAMES) do
                assert.equal(case[2][i], values(name), name .. at)
            end
        end
        local usage = nginx.store:usage()
        assert.same({ " 1000000", " " .. usage.documents }, { values "dwsync_dict_capacity_bytes",
            values "dwsync_dict_documents_bytes" })
        assert.matches("^ %d+$", values "dwsync_dict_free_bytes")
    end)

    it("count requests, retries and sweeps, and are written anew when a sweep has ended", function()
        publish()
        assert.same({ "", " 0", "" }, { values "dwsync_requests_total", values "dwsync_retries_total",
            values "dwsync_sweeps_total" })
        nginx.store:set_state("tally", "request:200 7\nrequest:timeout 1\nretry 3\nsweep:complete 2\n")
        assert.equal("", values "dwsync_requests_total")
        nginx.store:set_state("swept", NOW)
        assert.same({ '{status="200"} 7\n{status="timeout"} 1', " 3", '{outcome="complete"} 2' },
            { values "dwsync_requests_total", values "dwsync_retries_total", values "dwsync_sweeps_total" })
        local body = text()
        for name, kind in pairs { requests_total = "counter", retries_total = "counter", sweeps_total = "counter",
            history_failed = "gauge", cache_age_seconds = "gauge" } do
            assert.truthy(body:find(("\n# TYPE dwsync_%s %s\n"):format(name, kind), 1, true), name)
        end
    end)

    it("pause while long ones are read out of the dict, and then stay with the worker", function()
        local function put()
            local documents = { { name = "summary", pieces = { '{"well":true}' }, length = 13, digest = "s" },
                { name = "metrics", pieces = { "a", "b", "c" }, length = 3, digest = "m" } }
            assert(nginx.store:publish(documents, function() return true end))
        end
        put()
        local usage, given = nginx.store.usage, nil
        function nginx.store.usage(self, contents)
            given = contents
            return usage(self, contents)
        end
        assert.equal(4, #nginx:answer({}, metrics.serve, SETTINGS, nginx.reader).pauses)
        assert.equal(nginx.reader:read().contents, given)
        assert.equal(2, #nginx:answer({}, metrics.serve, SETTINGS, nginx.reader).pauses)
        nginx.reader.kept = nil
        assert.same({}, nginx:answer({}, metrics.text, SETTINGS, nginx.reader).pauses)
        nginx.reader.kept = nil
        nginx.dict:delete "dwsync.3:1:document2:metrics"
        local said = nginx:answer({}, metrics.serve, SETTINGS, nginx.reader)
        assert.equal(503, said.status)
        assert.matches("what was published is gone", said.body)
    end)
end)
