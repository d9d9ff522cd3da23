local cjson = require "cjson"
local emulators = require "spec.support.emulator"
local nginx = require "spec.support.refreshing_nginx"

local LOCATIONS = nginx.LOCATIONS .. [[
        location = /backend { content_by_lua_block { ngx.print("backend, stale: ", ngx.var.http_x_dwsync_stale) } }
        location = /gated {
            access_by_lua_block { require("dwsync.nginx").gate { max_age = "2h", cluster = "HEALTHY" } }
            content_by_lua_block { ngx.print("let through, stale: ", ngx.var.http_x_dwsync_stale) }
        }
        location = /gated/by/name {
            access_by_lua_block { require("dwsync.nginx").gate { max_age = "2h", cluster = "dws-healthy" } }
            content_by_lua_block { ngx.print("let through") }
        }
        location = /gated/failing {
            access_by_lua_block {
                require("dwsync.nginx").gate { max_age = "2h", cluster = "FAILING", source = "ldap" }
            }
            content_by_lua_block { ngx.print("let through") }
        }
        location = /gated/nobody {
            access_by_lua_block { require("dwsync.nginx").gate { max_age = "2h", source = "nobody" } }
            content_by_lua_block { ngx.print("let through") }
        }
        location = /gated/off {
            access_by_lua_block { require("dwsync.nginx").gate { max_age = "2h", cluster = "dws-feature-off" } }
            content_by_lua_block { ngx.print("let through") }
        }
        location = /marked/failing {
            access_by_lua_block {
                require("dwsync.nginx").gate { max_age = "2h", cluster = "FAILING", deny = false }
            }
            content_by_lua_block { ngx.print("let through, stale: ", ngx.var.http_x_dwsync_stale) }
        }
        location = /in/stream {
            content_by_lua_block {
                ngx.config.subsystem = "stream"
                local _, gate = pcall(require("dwsync.nginx").gate, { max_age = "2h" })
                local good = pcall(require("dwsync.nginx").is_fresh, { max_age = "2h" })
                ngx.config.subsystem = "http"
                ngx.print(tostring(good), " ", gate)
            }
        }
        location = /metrics/behind {
            content_by_lua_block {
                require("spec.support.application_metrics"):collect()
                require("dwsync.nginx").metrics()
            }
        }
        location = /metrics/before {
            content_by_lua_block {
                ngx.print(require("dwsync.nginx").metrics_text())
                ngx.print(require("spec.support.application_metrics"):metric_data())
            }
        }
        location = /pieces {
            content_by_lua_block {
                local nginx, cjson = require "dwsync.nginx", require "cjson"
                local fresh, age, reason = nginx.is_fresh { max_age = "2h", cluster = "FAILING" }
                local health = nginx.health_table()
                ngx.print(cjson.encode { fresh = fresh, age = type(age), reason = reason, healthy = health.healthy,
                    clusters = #health.clusters, failing = nginx.verdicts "FAILING",
                    ldap = nginx.verdicts("FAILING", "ldap"), healthy_ones = nginx.verdicts "dws-healthy",
                    unknown = { select(2, nginx.verdicts "nowhere"), select(2, nginx.verdicts("FAILING", "nobody")) },
                    misused = { select(2, pcall(nginx.verdicts)) } })
            }
        }
        location = /gated/with/verdict {
            access_by_lua_block {
                local fresh, age, reason = require("dwsync.nginx").gate { max_age = "2h", cluster = "FAILING",
                    deny = false }
                ngx.ctx.said = ("%s %s %s"):format(fresh, type(age), reason)
            }
            content_by_lua_block { ngx.print(ngx.ctx.said) }
        }
        location = /misused {
            access_by_lua_block { require("dwsync.nginx").gate { age = "2h" } }
            content_by_lua_block { ngx.print("let through") }
        }
]]

describe("the handlers inside nginx", function()
    local service, server

    setup(function()
        service = emulators.start()
        local client = service:options()
        client.getenv = nil -- a function cannot enter a thread
        local locations = LOCATIONS:gsub("HEALTHY", (service:cluster "healthy")):gsub("FAILING",
            (service:cluster "failing"))
        server = nginx.start { server = locations,
            http = nginx.refreshing { clusters = "all", interval = 3600, client = client } }
        server:get_until("/metrics", 200)
    end)
    teardown(function()
        server:stop()
        service:stop()
    end)

    local function json(path)
        local response = server:get(path)
        return cjson.decode(response.body), response.status, response.headers
    end

    local function records(query)
        return json("/records?cluster=" .. service:cluster "large" .. query)
    end

    -- ---- all of them -----------------------------------------------------------------------------

    for _, path in ipairs { "/metrics", "/health", "/records?cluster=CLUSTER", "/status", "/status?asset=script" } do
        describe(path, function()
            local address
            setup(function()
                address = path:gsub("CLUSTER", (service:cluster "healthy"))
            end)

            it("answers with the usual security headers", function()
                local headers = server:get(address).headers
                assert.equal("nosniff", headers["x-content-type-options"])
                assert.equal("DENY", headers["x-frame-options"])
                assert.equal("no-referrer", headers["referrer-policy"])
                assert.equal("no-cache", headers["cache-control"])
                assert.truthy(headers["content-security-policy"]:find("default-src 'none'", 1, true))
                assert.truthy(headers["content-security-policy"]:find("frame-ancestors 'none'", 1, true))
                assert.is_nil(headers["content-security-policy"]:find("unsafe", 1, true))
            end)

            it("answers HEAD with the same length and no body", function()
                local whole = server:get(address)
                local head = server:get(address, { method = "HEAD" })
                assert.equal(whole.status, head.status)
                assert.equal("", head.body)
                if not path:find "metrics" and not path:find "health" and not path:find "status$" then
                    assert.equal(whole.headers["content-length"], head.headers["content-length"])
                end
            end)

            it("answers no other method", function()
                for _, method in ipairs { "POST", "PUT", "DELETE", "OPTIONS", "PATCH" } do
                    local response = server:get(address, { method = method })
                    assert.equal(405, response.status)
                    assert.equal("GET, HEAD", response.headers.allow)
                end
            end)

            it("refuses a parameter that it does not know", function()
                local body, status = json(address .. (address:find("?", 1, true) and "&" or "?") .. "sauce=1")
                assert.equal(400, status)
                assert.truthy(body.error:find("unknown parameter 'sauce'. ", 1, true))
            end)
        end)
    end

    it("say in stream {} that they answer HTTP, where the pieces work", function()
        assert.matches("^true .*gate answers HTTP; in stream {} use is_fresh", server:get("/in/stream").body)
    end)

    it("show no key and no secret", function()
        local all = {}
        for _, path in ipairs { "/metrics", "/health", "/status", "/status?part=body",
            "/records?limit=1000&cluster=" .. service:cluster "failing" } do
            local response = server:get(path)
            all[#all + 1] = response.body .. cjson.encode(response.headers)
        end
        all[#all + 1] = server:log()
        local text = table.concat(all)
        assert.falsy(text:find(service.info.sk, 1, true))
        assert.falsy(text:find(service.info.ak, 1, true))
        assert.falsy(text:lower():find("authorization", 1, true))
    end)

    -- ---- metrics ---------------------------------------------------------------------------------

    it("metrics() tells of every cluster and of the refresher itself", function()
        local body = server:get("/metrics").body
        for _, line in ipairs {
            ('dwsync_up{cluster="%s"} 1\n'):format(service:cluster "healthy"),
            ('dwsync_up{cluster="%s"} 1\n'):format(service:cluster "feature_off"),
            ('dwsync_cluster_disabled{cluster="%s"} 1\n'):format(service:cluster "feature_off"),
            "\ndwsync_retries_total 0\n",
            'dwsync_sweeps_total{outcome="complete"} 1\n',
            "\ndwsync_cache_stale 0\n",
            "\ndwsync_refresh_success 1\n",
            "\ndwsync_history_failed 0\n",
            "\ndwsync_dict_capacity_bytes 8388608\n",
            "\ndwsync_dict_too_small 0\n",
        } do
            assert.truthy(body:find(line, 1, true), line)
        end
        assert.truthy(body:find 'dwsync_requests_total{status="200"} %d+\n')
        for _, name in ipairs { "dwsync_refresh_duration_seconds", "dwsync_refresh_timestamp_seconds",
            "dwsync_cache_age_seconds", "dwsync_dict_free_bytes", "dwsync_dict_documents_bytes" } do
            assert.truthy(body:find("\n" .. name .. " [%d.e+-]+\n"), name)
        end
    end)

    it("metrics() is what promtool takes for metrics", function()
        local pipe = assert(io.popen("promtool check metrics 2>&1 > /dev/null <<'END'\n" .. server:get("/metrics").body
            .. "END\n"))
        local complaints = pipe:read "*a"
        pipe:close()
        assert.equal("", complaints)
    end)

    -- ---- health ----------------------------------------------------------------------------------

    it("health() is 503 while a cluster is critical, and says which and why", function()
        local health, status = json "/health"
        assert.equal(503, status)
        assert.is_false(health.healthy)
        assert.equal("critical", health.severity)
        assert.equal(9, #health.clusters)
        for _, cluster in ipairs(health.clusters) do
            if cluster.id == service:cluster "failing" then
                assert.equal("critical", cluster.severity)
                assert.equal("failing", cluster.verdicts[1].rule)
            end
        end
    end)

    it("health() is 200 for a cluster that is well", function()
        local health, status = json("/health?cluster=" .. service:cluster "healthy")
        assert.equal(200, status)
        assert.is_true(health.healthy)
        assert.equal(1, #health.sources)
    end)

    it("health() with max_age asks for a success that recent, whatever the verdicts say", function()
        local health, status = json("/health?max_age=2h&source=ldap&cluster=" .. service:cluster "mass_delete")
        assert.equal(200, status)
        assert.equal("critical", health.severity)
        health, status = json("/health?max_age=1m&cluster=" .. service:cluster "healthy")
        assert.equal(503, status)
        assert.truthy(health.reason:find "^the last success was %d+ [%w ]+ ago, more than 1 min$")
    end)

    it("health() and records() take a cluster by its name, and give name and id", function()
        local health, status = json "/health?cluster=dws-healthy"
        assert.equal(200, status)
        assert.same({ service:cluster "healthy", "dws-healthy" }, { health.sources[1].cluster,
            health.sources[1].cluster_name })
        local body
        body, status = json "/records?cluster=dws-healthy&limit=1"
        assert.equal(200, status)
        assert.same({ service:cluster "healthy", "dws-healthy" }, { body.cluster_id, body.cluster_name })
        health, status = json "/health?cluster=dws-healty"
        assert.equal(404, status)
        assert.matches("unknown cluster 'dws-healty'", health.error, 1, true)
    end)

    it("health() says the same of a source among all, among those of its type, and alone", function()
        local all, types = json("/health?max_age=1d").sources, {}
        for _, item in ipairs(all) do
            local of_type = types[item.type] or {}
            types[item.type or ""], of_type[#of_type + 1] = of_type, item
            local alone = {}
            for _, other in ipairs(all) do
                alone[#alone + 1] = other.cluster == item.cluster and other or nil
            end
            assert.same(alone, json("/health?cluster=" .. item.cluster).sources)
        end
        assert.is_true(#types.ldap < #all)
        assert.same(types.ldap, json("/health?source=ldap").sources)
    end)

    it("health() knows what it does not know", function()
        local health, status = json "/health?source=nobody"
        assert.equal(404, status)
        assert.equal("unknown cluster or source", health.error)
        health, status = json("/health?max_age=1d&cluster=" .. service:cluster "never")
        assert.equal(503, status)
        assert.equal(("cluster %s never synchronised"):format(service:cluster "never"), health.reason)
    end)

    it("health() and records() look for names of up to 200 bytes", function()
        for _, address in ipairs { "/health?source=", "/health?cluster=", "/records?cluster=" } do
            assert.equal(404, server:get(address .. ("n"):rep(200)).status, address)
            assert.equal(400, server:get(address .. ("n"):rep(201)).status, address)
        end
    end)

    it("health() is 200 for a cluster whose synchronisation is off, and says so; it has no success", function()
        local off = ("cluster dws-feature-off (%s): identity-source synchronisation is off (DWS.5045)"):format(
            service:cluster "feature_off")
        local health, status = json "/health?cluster=dws-feature-off"
        assert.same({ 200, true, "disabled", off, "disabled" }, { status, health.healthy, health.severity,
            health.reason, health.sources[1].severity })
        health, status = json "/health?cluster=dws-feature-off&source=ldap&max_age=1d"
        assert.same({ 503, false, off }, { status, health.healthy, health.reason })
    end)

    -- ---- records ---------------------------------------------------------------------------------

    it("records() are not had of a cluster whose synchronisation is off", function()
        local body, status, headers = json "/records?cluster=dws-feature-off"
        assert.equal(409, status)
        assert.equal(("cluster dws-feature-off (%s): identity-source synchronisation is off (DWS.5045)"):format(
            service:cluster "feature_off"), body.error)
        assert.is_nil(headers["retry-after"])
    end)

    it("records() gives the newest hundred of the chosen cluster", function()
        local list, status = records ""
        assert.equal(200, status)
        assert.equal(1000, list.count)
        assert.equal(100, #list.sync_records)
        assert.is_true(list.sync_records[1].start_time > list.sync_records[2].start_time)
    end)

    it("records() goes through all pages, each record once", function()
        local seen, count = {}, 0
        for offset = 0, 900, 300 do
            for _, record in ipairs(records("&limit=300&offset=" .. offset).sync_records) do
                assert.is_nil(seen[record.id])
                seen[record.id], count = true, count + 1
            end
        end
        assert.equal(1000, count)
        assert.same({}, records("&offset=1000").sync_records)
    end)

    it("records() filters by status, source and time", function()
        local failed = records "&status=failed"
        assert.equal(10, failed.count)
        for _, record in ipairs(failed.sync_records) do
            assert.equal("FAILED", record.status)
        end
        assert.equal(1000, records("&status=FAILED,finished&source=LDAP").count)
        assert.equal(0, records("&source=oneaccess").count)
        local recent = records "&since=24h&limit=1000"
        assert.is_true(recent.count >= 140 and recent.count <= 144, recent.count)
        local first = recent.sync_records[recent.count].start_time
        assert.equal(1000 - recent.count, records("&until=" .. ("%.0f"):format(first)).count)
    end)

    it("records() answers 304 to whoever has them already", function()
        local address = "/records?limit=5&cluster=" .. service:cluster "large"
        local first = server:get(address)
        local tag = first.headers.etag
        local again = server:get(address, { headers = { ["If-None-Match"] = '"other", W/' .. tag } })
        assert.equal(304, again.status)
        assert.equal("", again.body)
        assert.equal(tag, again.headers.etag)
        for _, name in ipairs { "cache-control", "x-content-type-options", "x-frame-options", "referrer-policy",
            "content-security-policy", "cross-origin-resource-policy" } do
            assert.is_string(first.headers[name], name)
            assert.equal(first.headers[name], again.headers[name])
        end
        assert.equal(200, server:get(address, { headers = { ["If-None-Match"] = '"other"' } }).status)
    end)

    it("records() says what is wrong with a request", function()
        for query, message in pairs {
            ["&limit=0"] = "limit is 0, expected an integer from 1 to 1000",
            ["&limit=1001"] = "limit is 1001, expected an integer from 1 to 1000",
            ["&offset=-1"] = 'offset is "-1", expected an integer from 0 to 1000000',
            ["&status=BROKEN"] = 'status is "BROKEN", expected FINISHED, FAILED, RUNNING, or several of them '
                .. "separated by commas",
            ["&since=tomorrow"] = 'since is "tomorrow", expected 90m, 24h, 7d, 2025-05-19, 2025-05-19T06:55:23Z '
                .. "or milliseconds",
            ["&since=6"] = 'since is "6", expected 90m, 24h, 7d, 2025-05-19, 2025-05-19T06:55:23Z '
                .. "or milliseconds; 6 what? 6m, 6h, 6d",
            ["&limit=1&limit=2"] = "limit is given more than once",
            ["&limit"] = "limit has no value",
            ["&source="] = 'source is "", expected 1 to 50 names separated by commas',
        } do
            local body, status = records(query)
            assert.equal(400, status, query)
            assert.equal(message, body.error)
        end
        local body, status = json "/records"
        assert.equal(400, status)
        assert.equal("cluster is missing: choose one of 9", body.error)
        body, status = json "/records?cluster=dws-healty"
        assert.equal(404, status)
        assert.equal("unknown cluster 'dws-healty', looked for in the last sweep (did you mean 'dws-healthy'?)",
            body.error)
        body, status = json "/records?cluster=nobody"
        assert.equal(404, status)
        assert.equal("unknown cluster 'nobody', looked for in the last sweep", body.error)
    end)

    -- ---- status ----------------------------------------------------------------------------------

    it("status() serves the page, its script and its style from one address", function()
        local page = server:get "/status"
        assert.equal(200, page.status)
        assert.equal("text/html; charset=utf-8", page.headers["content-type"])
        assert.equal("text/javascript; charset=utf-8", server:get("/status?asset=script").headers["content-type"])
        assert.equal("text/css; charset=utf-8", server:get("/status?asset=style").headers["content-type"])
        assert.falsy(page.body:find("<img src=x", 1, true))
    end)

    it("status() serves the part that changes, with its age, and 304 while it does not", function()
        local part = server:get "/status?part=body"
        assert.truthy(tonumber(part.headers["x-dwsync-age"]))
        assert.same({ "complete", nil }, { part.headers["x-dwsync-outcome"], part.headers["x-dwsync-error"] })
        local policy = part.headers["content-security-policy"]
        assert.equal(policy, server:get("/status").headers["content-security-policy"])
        for _, source in ipairs { "script-src 'self'", "style-src 'self'", "connect-src 'self'" } do
            assert.truthy(policy:find(source, 1, true), source)
        end
        local known = { headers = { ["If-None-Match"] = part.headers.etag } }
        assert.equal(304, server:get("/status?part=body", known).status)
        assert.equal(400, server:get("/status?part=head").status)
    end)

    -- ---- pieces ----------------------------------------------------------------------------------

    for _, place in ipairs { "behind", "before" } do
        it("metrics " .. place .. " those of the application are all there, and the log says nothing", function()
            local body = server:get("/metrics/" .. place).body
            assert.matches("\napplication_requests_total 7\n", "\n" .. body, 1, true)
            assert.matches("\ndwsync_cache_stale 0\n", body, 1, true)
            assert.matches(('\ndwsync_up{cluster="%s"} 1\n'):format(service:cluster "healthy"), body, 1, true)
            assert.equal("", server:complaints())
        end)
    end

    it("gives freshness, health and verdicts to a plugin that answers itself", function()
        local said = json "/pieces"
        assert.same({ false, "number", false, #service.info.clusters }, { said.fresh, said.age, said.healthy,
            said.clusters })
        assert.matches("^the last success was ", said.reason)
        assert.equal("critical", said.failing[1].severity)
        assert.equal("failing", said.ldap[1].rule)
        assert.equal("ldap", said.ldap[1].source_type)
        assert.same({}, said.healthy_ones)
        assert.matches("nowhere", said.unknown[1], 1, true)
        assert.equal("no such source", said.unknown[2])
        assert.matches("verdicts: cluster is nil, expected a text$", said.misused[1])
        assert.matches("^false number the last success was ", server:get("/gated/with/verdict").body)
    end)

    -- ---- gate ------------------------------------------------------------------------------------

    it("gate() lets through while the last success is recent, and says how old it is", function()
        local response = server:get("/gated", { headers = { ["X-Dwsync-Stale"] = "made up" } })
        assert.equal(200, response.status)
        assert.equal("let through, stale: 0", response.body)
        assert.equal("0", response.headers["x-dwsync-stale"])
        assert.equal("let through", server:get("/gated/by/name").body)
        assert.is_true(tonumber(response.headers["x-dwsync-last-success-age"]) < 7200)
    end)

    it("gate() denies with 503 when it is not, or when nobody knows", function()
        local failing, status = json "/gated/failing"
        assert.equal(503, status)
        assert.truthy(failing.error:find "^the last synchronisation is not fresh: the last success was %d+ [%w ]+ ago")
        local nobody, nobody_status, headers = json "/gated/nobody"
        assert.equal(503, nobody_status)
        assert.equal("the last synchronisation is not fresh: no such source", nobody.error)
        assert.equal("unknown", headers["x-dwsync-last-success-age"])
    end)

    it("gate() says that synchronisation is off, and does not let through", function()
        local body, status, headers = json "/gated/off"
        assert.same({ 503, "unknown", "1" }, { status, headers["x-dwsync-last-success-age"],
            headers["x-dwsync-stale"] })
        assert.equal(("the last synchronisation is not fresh: cluster dws-feature-off (%s): identity-source "
            .. "synchronisation is off (DWS.5045)"):format(service:cluster "feature_off"), body.error)
    end)

    it("gate() with deny = false only marks the request", function()
        local response = server:get "/marked/failing"
        assert.equal(200, response.status)
        assert.equal("let through, stale: 1", response.body)
    end)

    it("gate() closes when it is misused, and the log says why", function()
        assert.equal(500, server:get("/misused").status)
        server:wait_for_log "gate: unknown option 'age'. The options are cluster, deny, max_age, source."
    end)
end)
