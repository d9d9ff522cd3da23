local cjson = require "cjson"
local emulator = require "dwsync.emulator"
local curl = dofile "spec/emulator/curl.lua"

describe("the emulator's own interface", function()
    local running, info, path

    setup(function()
        running = assert(emulator.start())
        info = running.info
        path = curl.records_path(info, "healthy")
    end)
    teardown(function() running:stop() end)
    before_each(function()
        curl.admin(info, "DELETE", "settings")
        curl.admin(info, "DELETE", "requests")
    end)

    it("tells what was asked and never a secret", function()
        local foreign = "sECRETtOKEN"
        curl.get(info, path .. "?limit=1")
        curl.send(info, { path = path, headers = { "X-Auth-Token: " .. foreign } })
        local reply = curl.admin(info, "GET", "requests")
        assert.equal(2, reply.json.total)
        local first, second = reply.json.requests[1], reply.json.requests[2]
        assert.same({ "GET", path .. "?limit=1", 200, info.ak }, { first.method, first.uri, first.status, first.ak })
        assert.is_number(first.connection)
        assert.same({ 401, nil }, { second.status, second.ak })
        assert.is_nil(reply.body:find(foreign, 1, true))
        assert.is_nil(reply.body:find("Signature", 1, true))
        assert.is_nil(reply.body:find(info.sk, 1, true))
    end)

    it("counts connections and resumed TLS sessions, not its own", function()
        local signed = {}
        for i, header in ipairs(curl.signed(info, { path = path })) do
            signed[i] = "-H " .. curl.quoted(header)
        end
        local one = ("%s %s -o /dev/null"):format(table.concat(signed, " "), curl.quoted(info.endpoint .. path))
        curl.shell(("curl -s --noproxy '*' --cacert %s %s --next -s --noproxy '*' --cacert %s %s"):format(
            curl.quoted(info.ca_file), one, curl.quoted(info.ca_file), one))
        local reply = curl.admin(info, "GET", "requests").json
        assert.same({ 2, 1, 0 }, { reply.total, reply.connections, reply.tls_sessions_reused })

        local session = curl.quoted(os.tmpname())
        local connect = "printf 'GET %s HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' "
            .. "| openssl s_client -quiet -connect %s %s %s 2>&1"
        local address = info.endpoint:gsub("^https://", "")
        -- TLS 1.2 hands the ticket out during the handshake, so it is certain to be in the file.
        curl.shell(connect:format(path, address, "-tls1_2 -sess_out", session))
        curl.shell(connect:format(path, address, "-tls1_2 -sess_in", session))
        curl.shell("rm -f " .. session)
        reply = curl.admin(info, "GET", "requests").json
        assert.same({ 4, 3, 1 }, { reply.total, reply.connections, reply.tls_sessions_reused })
    end)

    it("shows what others were told through it", function()
        assert.same({ notices = {} }, curl.admin(info, "GET", "notices").json)
    end)

    it("starts the journal anew", function()
        curl.get(info, path)
        assert.same({ ok = true }, curl.admin(info, "DELETE", "requests").json)
        local reply = curl.admin(info, "GET", "requests")
        assert.is_truthy(reply.body:find('"requests":[]', 1, true))
        assert.same({ 0, 0 }, { reply.json.total, reply.json.connections })
    end)

    it("replaces the records of a cluster by whatever is given", function()
        local reply = curl.admin(info, "POST", "records", cjson.encode {
            cluster = curl.cluster(info, "never"),
            records = {
                { id = "x", status = "PAUSED", start_time = 1747637723055, extra = { 1, 2 } },
                { id = "y", fail_reason = cjson.null },
            },
        })
        assert.same({ 200, 2 }, { reply.status, reply.json.records })
        local page = curl.get(info, curl.records_path(info, "never"))
        assert.equal(2, page.json.count)
        local first = page.json.sync_records[1]
        assert.same({ id = "x", status = "PAUSED", start_time = 1747637723055, extra = { 1, 2 } }, first)
        assert.is_truthy(page.body:find('"fail_reason":null', 1, true))
        assert.is_truthy(page.body:find('1747637723055', 1, true))
        curl.admin(info, "POST", "records", ('{"cluster":"%s","records":[]}'):format(curl.cluster(info, "never")))
        assert.equal(0, curl.get(info, curl.records_path(info, "never")).json.count)
    end)

    it("adds records to a cluster: so many that ran now, or given ones", function()
        local healthy = curl.cluster(info, "healthy")
        assert.equal(170, curl.admin(info, "POST", "records", { cluster = healthy, add = 2 }).json.records)
        local reply = curl.admin(info, "POST", "records", { cluster = healthy, add = { { id = "y" }, { id = "x" } } })
        assert.equal(172, reply.json.records)
        local page = curl.get(info, path).json
        assert.same({ 172, "y", "x" }, { page.count, page.sync_records[1].id, page.sync_records[2].id })
        assert.is_true(page.sync_records[3].start_time > page.sync_records[4].start_time)
        assert.is_true(page.sync_records[4].start_time > page.sync_records[5].start_time)
    end)

    describe("changes clusters while it runs:", function()
        local function order(what) return curl.admin(info, "POST", "clusters", what).json end
        local function names()
            local found = {}
            local answer = curl.get(info, "/v1.0/" .. info.project_id .. "/clusters").json
            for i, cluster in ipairs(answer.clusters) do
                found[i] = cluster.name
            end
            assert.equal(#found, answer.count)
            return table.concat(found, " ")
        end
        local function records_of(id)
            local response = curl.get(info, ("/v1/%s/clusters/%s/db-manager/sync-records"):format(info.project_id, id))
            return { response.status, response.json.error_code or response.json.count }
        end
        local usual

        setup(function() usual = names() end)

        it("one comes, another goes, a third has a new name, until the reset", function()
            local new = order { name = "dws-new", story = "failing" }
            assert.same({ "dws-new", "failing" }, { new.name, new.story })
            assert.same({ 200, 168 }, records_of(new.id))
            local never = curl.cluster(info, "never")
            order { cluster = never, delete = true }
            assert.same({ 403, "DWS.0015" }, records_of(never))
            local healthy = curl.cluster(info, "healthy")
            assert.equal(healthy, order({ cluster = healthy, name = "dws-well" }).id)
            local changed = usual:gsub("dws%-never ", ""):gsub("dws%-healthy", "dws-well") .. " dws-new"
            assert.equal(changed, names())
            curl.admin(info, "DELETE", "settings")
            assert.equal(usual, names())
            assert.same({ 403, "DWS.0015" }, records_of(new.id))
            assert.same({ 200, 0 }, records_of(never))
        end)

        it("the feature is switched off and on", function()
            local healthy, off = curl.cluster(info, "healthy"), curl.cluster(info, "feature_off")
            order { cluster = healthy, feature = false }
            assert.same({ 400, "DWS.5045" }, records_of(healthy))
            order { cluster = healthy, feature = true }
            assert.same({ 200, 168 }, records_of(healthy))
            order { cluster = off, feature = true }
            assert.same({ 200, 0 }, records_of(off))
        end)
    end)

    it("shifts the service's clock: the Date header and what counts as now", function()
        curl.admin(info, "POST", "settings", { clock_offset = 7200 })
        local began = os.time()
        local function is_now(date)
            for second = began + 7199, os.time() + 7201 do
                if date == os.date("!%a, %d %b %Y %H:%M:%S GMT", second) then
                    return true
                end
            end
            return false
        end
        local response = curl.get(info, path)
        assert.equal(401, response.status)
        assert.is_truthy(response.json.error_msg:find("signature expired", 1, true))
        assert.is_true(is_now(response.headers.date))
        assert.equal(200, curl.get(info, { path = path, date = curl.date(os.time() + 7200) }).status)
        -- What nginx answers by itself carries the service's date too.
        assert.is_true(is_now(curl.send(info, { path = "/%" }).headers.date))
    end)

    it("resets settings, data and locks together", function()
        curl.admin(info, "POST", "settings", { paging = "row", max_limit = 3 })
        curl.admin(info, "POST", "records", { cluster = curl.cluster(info, "healthy"), records = { { id = "x" } } })
        for _ = 1, 6 do
            curl.get(info, { path = path, sk = "wrong" })
        end
        assert.equal(401, curl.get(info, path).status)
        assert.equal(200, curl.admin(info, "DELETE", "settings").status)
        local page = curl.get(info, path)
        assert.same({ 200, 168 }, { page.status, page.json.count })
        assert.equal(168, #page.json.sync_records)
    end)

    it("puts one setting back with null", function()
        curl.admin(info, "POST", "settings", { max_limit = 3 })
        assert.equal(3, #curl.get(info, path).json.sync_records)
        curl.admin(info, "POST", "settings", { max_limit = cjson.null })
        assert.equal(168, #curl.get(info, path).json.sync_records)
    end)

    describe("keeps pages out that a browser on this machine has open:", function()
        local function asked(...)
            return curl.send(info, { path = "/_emulator/requests", headers = { ... } })
        end
        local address

        setup(function() address = info.endpoint:gsub("^https://", "") end)

        it("those that reach it by another name", function()
            for _, host in ipairs { "evil.example", "evil.example:" .. address:match "%d+$", "127.0.0.1.evil.example",
                "localhost.evil.example", "evil-localhost", "10.0.0.1", "127.0.0.1@evil.example" } do
                local response = asked("Host: " .. host)
                assert.equal(403, response.status, host)
                assert.equal("Host and Origin must be the emulator's own address",
                    cjson.decode(response.body).error)
            end
            assert.equal(403, curl.send(info, { path = "/_emulator/requests", headers = { "Host:" },
                curl = "--http1.0" }).status)
        end)

        it("those of another origin, whatever they ask", function()
            for _, origin in ipairs { "https://evil.example", "null", "http://" .. address, "https://127.0.0.1:1",
                "https://" .. address .. ".evil.example", "" } do
                local response = curl.send(info, { path = "/_emulator/faults", body = '{"action":{"status":500}}',
                    headers = { origin == "" and "Origin;" or "Origin: " .. origin } })
                assert.equal(403, response.status, origin)
            end
            assert.equal(200, curl.get(info, path).status)
        end)

        it("not those who call it by a name of its own, or are it", function()
            for _, host in ipairs { address, "127.0.0.1", "localhost", "LocalHost:1", "expired.localhost:1" } do
                assert.equal(200, asked("Host: " .. host).status, host)
            end
            assert.equal(200, asked("Origin: https://" .. address).status)
        end)
    end)

    describe("refuses with the reason:", function()
        local function refused(method, what, body, reason)
            local response = curl.admin(info, method, what, body)
            assert.equal(400, response.status)
            assert.equal(reason, response.json.error)
        end
        it("settings that do not exist or do not fit", function()
            local unknown = curl.admin(info, "POST", "settings", { pagign = "row" })
            assert.equal(400, unknown.status)
            assert.matches("^unknown setting 'pagign'%. Did you mean 'paging'%? The settings are ", unknown.json.error)
            for name, case in pairs {
                paging = { "rows", [[is "rows", expected one of page, row, ignore (did you mean 'row'?)]] },
                max_limit = { 0, "is 0, expected an integer of 1 or more" },
                clock_offset = { "1", 'is "1", expected a number' },
                lock_seconds = { -1, "is -1, expected a number of seconds of 0 or more" },
                projects = { 3, "is 3, expected one of 0, 1, 2" },
                lock = { 1, "is a number, expected true or false" },
                token_bytes = { 30001, "is 30001, expected an integer from 64 to 30000" },
                expiry_digits = { 1, "is 1, expected one of 0, 3, 6, 9" },
                id_token = { "", 'is "", expected a non-empty text without line breaks' },
                metadata_token = { 500, "is 500, expected one of optional, required, 404, 405, 503" },
                key_spelling = { "secret", 'is "secret", expected one of access, accessKeyId, access_key_id' },
            } do
                refused("POST", "settings", { [name] = case[1] }, ("%s %s"):format(name, case[2]))
            end
            local names = "SDK-HMAC-SHA256, SDK-HMAC-SM3, V11-HMAC-SHA256, SDK-ECDSA-P256-SHA256, SDK-SM2-SM3"
            refused("POST", "settings", { algorithms = { "SDK-HMAC-MD5" } },
                ('algorithms[1] is "SDK-HMAC-MD5", expected one of %s (did you mean \'SDK-HMAC-SM3\'?)'):format(names))
            refused("POST", "settings", { algorithms = { {} } }, "algorithms[1] is a table, expected one of " .. names)
            refused("POST", "settings", { algorithms = { a = "SDK-SM2-SM3" } },
                "algorithms is a table, expected a list")
            refused("POST", "settings", { algorithms = "SDK-SM2-SM3" }, "algorithms is a string, expected a list")
            for _, case in ipairs {
                { 1, " is a number, expected an object" },
                { { window = 1 }, ".limit is missing, expected an integer of 0 or more" },
                { { limit = 1 }, ".window is missing, expected a number of seconds above 0" },
                { { limit = 1.5, window = 1 }, ".limit is 1.5, expected an integer of 0 or more" },
                { { limit = -1, window = 1 }, ".limit is -1, expected an integer of 0 or more" },
                { { limit = 1, window = 0 }, ".window is 0, expected a number of seconds above 0" },
                { { limit = 1, window = 1, retry_after = "1\r\nX-A: b" },
                    '.retry_after is "1\\r\\nX-A: b", expected an integer or a text without line breaks' },
                { { limit = 1, window = 1, retry_after = {} },
                    ".retry_after is a table, expected an integer or a text without line breaks" },
            } do
                refused("POST", "settings", { throttle = case[1] }, "throttle" .. case[2])
            end
            refused("POST", "settings", { throttle = { limit = 1, window = 1, per = "user" } },
                "unknown field 'throttle.per'. The fields are limit, retry_after, window.")
        end)
        it("and then changes nothing of what came with them", function()
            curl.admin(info, "POST", "settings", { max_limit = 3, paging = "rows" })
            assert.equal(168, #curl.get(info, path).json.sync_records)
        end)
        it("bodies that are not a JSON object", function()
            refused("POST", "settings", nil, "the request has no body; a JSON object is expected")
            refused("POST", "settings", "12", "the body must be a JSON object")
            local response = curl.admin(info, "POST", "settings", "{")
            assert.equal(400, response.status)
            assert.is_truthy(response.json.error:find("the body is not JSON: ", 1, true))
        end)
        it("records of an unknown cluster, or what is not a record", function()
            local id = curl.cluster(info, "never")
            local stranger = "cluster must be the id of a cluster of this emulator"
            refused("POST", "records", { cluster = "x", records = {} }, stranger)
            refused("POST", "records", { records = {} }, stranger)
            refused("POST", "records", { cluster = id, records = "x" }, "records must be a list, newest first")
            refused("POST", "records", { cluster = id, records = { a = {} } }, "records must be a list, newest first")
            refused("POST", "records", { cluster = id, records = { { id = "x" }, 2 } }, "record 2 must be an object")
        end)
        it("records to add that are none", function()
            local id = curl.cluster(info, "never")
            for _, add in ipairs { 0, 1.5, -1, "x" } do
                refused("POST", "records", { cluster = id, add = add }, "add must be a list, newest first")
            end
            refused("POST", "records", { cluster = id, add = { 2 } }, "record 1 must be an object")
        end)
        it("clusters that cannot be", function()
            refused("POST", "clusters", { cluster = "x" }, "cluster must be the id of a cluster of this emulator")
            refused("POST", "clusters", { project_id = "x", name = "a" },
                "project_id must be a project of this emulator")
            refused("POST", "clusters", { story = "failing" }, "a new cluster needs a name")
            refused("POST", "clusters", { name = 'a"b' },
                [[name is "a"b", expected letters, digits, "-", "_" and "." only]])
        end)
        it("paths it does not have", function()
            local response = curl.admin(info, "POST", "fault", {})
            assert.equal(404, response.status)
            assert.equal("unknown action POST fault below /_emulator/", response.json.error)
        end)
    end)
end)
