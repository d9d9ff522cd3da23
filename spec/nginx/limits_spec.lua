local cjson = require "cjson"
local emulators = require "spec.support.emulator"
local files = require "dwsync.files"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"

local NAME_OF_HEALTHY = "dws-healthy"

describe("a refresher inside nginx", function()
    local service, server

    setup(function()
        service = emulators.start()
    end)
    teardown(function()
        service:stop()
    end)
    after_each(function()
        if server then
            server:stop()
        end
    end)

    local function setup_options(more)
        local client = service:options()
        client.getenv = nil -- a function cannot enter a thread
        local options = { clusters = "all", interval = 1, lease = 1, client = client }
        for name, value in pairs(more or {}) do
            options[name] = value
        end
        return options
    end

    -- ---- a dict that is too small ----------------------------------------------------------------

    it("leaves out records when the dict has no room for them, says so, and serves the rest", function()
        server = nginx.start { http = nginx.refreshing(setup_options()), dict = "400k" }
        server:get_until("/metrics", "\ndwsync_dict_too_small 1\n")
        server:wait_for_log "lua_shared_dict is too small"
        assert.truthy(server:log():find "not updated: [^\n]*records:")
        assert.truthy(server:log():find "make it at least %d+m")
        assert.equal(503, server:get("/health").status)
        assert.equal(9, #cjson.decode(server:get("/health").body).clusters)
        local response = server:get("/records?cluster=" .. service:cluster "large")
        assert.equal(503, response.status)
        assert.equal("no room for these records", cjson.decode(response.body).error)
    end)

    it("goes on when the dict has no room for anything, and answers 503 with the reason", function()
        server = nginx.start { http = nginx.refreshing(setup_options()), dict = "64k" }
        local response = server:get_until("/health", "nothing was published: no memory")
        assert.equal(503, response.status)
        for _, path in ipairs { "/status", "/status?part=body" } do
            response = server:get(path)
            assert.same({ 503, "5" }, { response.status, response.headers["retry-after"] })
        end
        server:wait_for_log "lua_shared_dict is too small"
        assert.equal("pong\n", server:get("/ping").body)
        local sweeps = service:asked()
        patience.wait_until(function() return service:asked() > sweeps end, "it to go on")
    end)

    it("keeps what there was when a larger publication finds no room any more", function()
        service:reset()
        local one = setup_options { clusters = { service:cluster "healthy" } }
        server = nginx.start { http = nginx.refreshing(one), dict = "200k" }
        server:get_until("/health", 200)
        local before = server:get("/records").body
        local all = {}
        for i, cluster in ipairs(service.info.clusters) do
            all[i] = cluster.id
        end
        local wanted = ('["clusters"] = ' .. nginx.code(all)):gsub("%%", "%%%%")
        server:reconfigure((server:configuration():gsub('%["clusters"%] = %b{}', wanted)))
        server:signal "sighup"
        server:wait_for_log "lua_shared_dict is too small"
        assert.equal(before, server:get("/records?cluster=" .. service:cluster "healthy").body)
    end)

    it("says that its dict is shared, and when what it published was evicted", function()
        server = nginx.start { http = nginx.refreshing(setup_options { clusters = { service:cluster "healthy" } }),
            dict = "256k", server = nginx.LOCATIONS .. [[
                location = /evict {
                    content_by_lua_block {
                        for i = 1, 8000 do
                            ngx.shared.dwsync:set("nginx_requests_" .. i, i)
                        end
                    }
                }
                location = /leave {
                    content_by_lua_block {
                        for _, key in ipairs(ngx.shared.dwsync:get_keys(0)) do
                            if key:find "^nginx" then
                                ngx.shared.dwsync:delete(key)
                            end
                        end
                    }
                }
            ]] }
        server:get_until("/health", 200)
        server:get "/evict"
        server:get_until("/health", "what was published is gone from the shared dict")
        server:wait_for_log 'is used by something else, too, which has the key \"nginx_requests_'
        server:get "/leave"
        server:get_until("/health", 200)
    end)

    -- ---- compiled code ---------------------------------------------------------------------------

    it("bounds what LuaJIT keeps of compiled code where it sweeps, since failures add to it for hours", function()
        server = nginx.start { http = nginx.refreshing(setup_options { clusters = { service:cluster "healthy" } }),
            server = nginx.LOCATIONS .. [[
                location = /compile {
                    content_by_lua_block {
                        local _, traces = ngx.run_worker_thread("dwsync", "spec.support.nginx_traces", "compile",
                            tonumber(ngx.var.arg_loops))
                        ngx.print(traces)
                    }
                }
            ]] }
        server:get_until("/health", 200)
        local function kept_after(loops)
            local traces
            server:get_until("/compile?loops=" .. loops, function(response) -- in a state of Lua that swept
                traces = tonumber(response.body)
                return traces
            end)
            return traces
        end
        local traces = kept_after(0)
        assert.is_true(traces < 10, traces .. " traces of the sweep are kept, and what they were compiled for")
        traces = kept_after(5000)
        assert.is_true(traces > 0 and traces <= 1000, traces .. " traces are kept")
    end)

    -- ---- configuration ---------------------------------------------------------------------------

    local function refused(http, pattern)
        server = nginx.start { http = http, may_fail = true }
        assert.equal(1, server.exited)
        local told = {}
        for line in server:log():gmatch "[^\n]+" do
            told[#told + 1] = line:find(pattern, 1, true) and line or nil
        end
        assert.equal(1, #told, server:log())
    end

    for _, case in ipairs {
        { { intervall = 60 }, "dwsync.nginx: unknown option 'intervall'. Did you mean 'interval'? The options are "
            .. "alerts, client, clusters, concurrency, dict, history, interval, jitter, lease, list_accounts, records, "
            .. "show_accounts, stale_after, thread_pool, thresholds, timeout." },
        { { interval = 0 }, "dwsync.nginx: interval is 0, expected a length of time from 1 s to 1 d: seconds, or "
            .. '"90s", "5m"' },
        { { dict = "nowhere" }, 'dwsync.nginx: unknown shared dict "nowhere": put "lua_shared_dict nowhere 16m;" '
            .. "into http {}" },
        { { history = "mysql://here" }, "dwsync.nginx: history: " },
        { { client = { region = "nowhere-1" } }, "dwsync.nginx: client.region " },
        { { client = { ca_file = "/nowhere" } }, "dwsync.nginx: client.ca_file /nowhere: No such file or directory" },
        { { rules = { stale = { warming = 1 } } }, "dwsync.nginx: unknown option 'thresholds.stale.warming'" },
    } do
        it("does not start with " .. nginx.code(case[1]) .. ", and one line of the log says why", function()
            refused(nginx.refreshing(setup_options(case[1])), case[2])
        end)
    end

    it("is checked without being started, whether its ports are taken or not", function()
        server = nginx.start { http = nginx.refreshing(setup_options()) }
        local check = ("DWSYNC_NGINX_CHECK=1 timeout %d %s -p %s/ -c %s/nginx.conf -e stderr 2>&1"):format(
            patience.seconds, processes.quoted(server.program.path), processes.quoted(server.directory),
            processes.quoted(server.directory))
        local said, status = processes.run(check)
        assert.same({ "dwsync.nginx: setup is fine\n", 0 }, { said:match "dwsync[^\n]+\n", status })
        server:reconfigure((server:configuration():gsub('"interval"', '"intervall"')))
        said, status = processes.run(check)
        assert.matches("dwsync.nginx: unknown option 'intervall'. Did you mean 'interval'?", said, 1, true)
        assert.equal(1, status)
        assert.equal("pong\n", server:get("/ping").body)
    end)

    it("that was never started says which line is missing", function()
        local http = nginx.refreshing(setup_options()):gsub("init_worker_by_lua_block [^\n]+", "")
        server = nginx.start { http = http }
        local response = server:get "/health"
        assert.equal(503, response.status)
        assert.equal('nothing is refreshed: put init_worker_by_lua_block { require("dwsync.nginx").start() } into '
            .. "http {}", cjson.decode(response.body).error)
    end)

    it("does nothing without a setup, and the log says so", function()
        server = nginx.start { may_fail = true, http = [[
            init_worker_by_lua_block { require("dwsync.nginx").start() }
        ]] }
        server:wait_for_log "dwsync.nginx: setup was not called in init_by_lua"
        assert.equal(500, server:get("/health").status)
    end)

    it("says in its log and in every answer that the thread pool is missing", function()
        server = nginx.start { http = nginx.refreshing(setup_options { thread_pool = "elsewhere" }) }
        server:wait_for_log "nginx could not run the sweep in a thread: thread pool elsewhere not found"
        local response = server:get "/health"
        assert.equal(503, response.status)
        assert.truthy(response.body:find("write thread_pool elsewhere threads=8; at the top", 1, true))
    end)

    it("says in its log and in every answer what a sweep found wrong that setup did not", function()
        local options = setup_options()
        local copy = os.tmpname()
        assert(files.write(copy, assert(files.read(options.client.ca_file))))
        options.client.ca_file = copy
        server = nginx.start { http = nginx.refreshing(('require("dwsync.nginx").setup %s; os.remove(%q)'):format(
            nginx.code(options), copy)) }
        local reason = "config: ca_file " .. copy .. ": No such file or directory"
        server:wait_for_log(reason)
        local response = server:get "/health"
        assert.equal(503, response.status)
        assert.truthy(response.body:find(reason, 1, true), response.body)
    end)

    it("reads keys from the environment of the master, which workers do not see", function()
        local options = setup_options { clusters = { service:cluster "healthy" } }
        options.client.credentials, options.client.project_id = nil, nil
        server = nginx.start {
            http = nginx.refreshing(options),
            env = { "HUAWEICLOUD_SDK_AK=" .. service.info.ak, "HUAWEICLOUD_SDK_SK=" .. service.info.sk },
        }
        server:get_until("/health", 200)
        -- A reload reads it again, in a master that has gone on running.
        local swept = "dwsync_refresh_timestamp_seconds ([^\n]+)"
        server:signal "sighup"
        server:wait_for_log "exited with code 0"
        local before = server:get("/metrics").body:match("\n" .. swept)
        server:get_until("/metrics", function(response)
            return response.body:match("\n" .. swept) ~= before
        end)
        assert.equal(200, server:get("/health").status)
    end)

    it("keeps what it reads in a history, when one is configured, and what the clusters are called", function()
        local path = os.tmpname()
        os.remove(path)
        server = nginx.start { http = nginx.refreshing(setup_options { history = path,
            clusters = { NAME_OF_HEALTHY, { id = service:cluster "failing", name = "mine" } } }) }
        local store, kept = assert(require("dwsync.history").open(path)), {}
        server:get_until("/metrics", function() -- it is written after the publication
            kept = store:clusters()
            return #kept > 1 and kept[1].name and kept[2].name -- of records first, then of names
        end)
        store:close()
        local found = {}
        for _, cluster in ipairs(kept) do
            found[cluster.cluster_id] = cluster
        end
        assert.equal(2, #kept)
        assert.equal(168, found[service:cluster "healthy"].records)
        assert.equal(NAME_OF_HEALTHY, found[service:cluster "healthy"].name)
        assert.equal("mine", found[service:cluster "failing"].name)
        os.remove(path)
    end)

    it("judges what is kept together with what the service has, less what is damaged, and says so", function()
        local path, cluster = os.tmpname(), service:cluster "healthy"
        os.remove(path)
        local store, now = assert(require("dwsync.history").open(path)), os.time() * 1000
        local list = {}
        for i = 1, 50 do
            list[i] = { id = "old-" .. i, identity_source_id = "retired", identity_source_type = "ldap",
                status = "FINISHED", start_time = now - (240 + i) * 3600000,
                end_time = now - (240 + i) * 3600000 + 1000 }
        end
        assert(store:save(cluster, list))
        store:close()
        server = nginx.start { http = nginx.refreshing(setup_options { clusters = { cluster }, history = path }) }
        local body = server:get_until("/health", function(response)
            return response.body:find "sources"
        end).body
        assert.matches('"records":218', body, 1, true)
        assert.matches('"rule":"stale","severity":"critical","source":"retired"', body, 1, true)
        assert.matches("\ndwsync_history_unread 0\n", server:get("/metrics").body, 1, true)
        server:stop()
        store = assert(require("dwsync.history").open(path))
        store.engine:rows "UPDATE dwsync_records SET content = '{' WHERE record_id = 'old-1'"
        store:close()
        server = nginx.start { http = nginx.refreshing(setup_options { clusters = { cluster }, history = path }) }
        body = server:get_until("/health", function(response)
            return response.body:find "sources"
        end).body
        assert.matches('"records":217', body, 1, true)
        assert.matches(("judged without the full history: cluster %s: storage: "):format(cluster), body, 1, true)
        os.remove(path)
    end)

    it("warns where synchronisation is off when the history has records of the cluster, however old", function()
        local path, cluster = os.tmpname(), service:cluster "feature_off"
        os.remove(path)
        local store, start = assert(require("dwsync.history").open(path)), (os.time() - 400 * 86400) * 1000
        assert(store:save(cluster, { { id = "old", identity_source_id = "s", identity_source_type = "ldap",
            status = "FINISHED", start_time = start, end_time = start + 1000 } }))
        store:close()
        server = nginx.start { http = nginx.refreshing(setup_options { clusters = { cluster }, history = path }) }
        local body = server:get_until("/health", 200).body
        assert.matches('"severity":"warning"', body, 1, true)
        assert.matches(('"seen_before":%.0f'):format(start), body, 1, true)
        os.remove(path)
    end)

    it("publishes what it read when the history cannot be written, and says so beside a cluster's failure", function()
        server = nginx.start { http = nginx.refreshing(setup_options {
            clusters = { service:cluster "healthy", "missing" }, history = "/no/such/folder/h.db" }) }
        server:get_until("/metrics", function(response)
            return response.body:find "\ndwsync_history_failed 1"
        end)
        local text = server:get("/health").body
        assert.matches("the history was not written: storage: ", text, 1, true)
        assert.matches("judged without the full history: storage: ", text, 1, true)
        assert.matches("\ndwsync_history_unread 1\n", server:get("/metrics").body, 1, true)
        assert.matches("cluster missing", text, 1, true)
        assert.matches('"records":168', text, 1, true)
    end)
end)
