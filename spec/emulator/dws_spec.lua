local emulator = require "dwsync.emulator"
local cjson = require "cjson"
local timestamps = require "dwsync.timestamps"
local curl = dofile "spec/emulator/curl.lua"

local HOUR = 3600 * 1000

describe("the emulated DWS", function()
    local running, info

    setup(function()
        running = assert(emulator.start { records = 2500, clusters = 3 })
        info = running.info
    end)
    teardown(function() running:stop() end)
    before_each(function() curl.admin(info, "DELETE", "settings") end)

    local function records(story, query)
        local response = curl.get(info, curl.records_path(info, story) .. (query or ""))
        assert.equal(200, response.status, response.body)
        return response.json.sync_records, response.json.count
    end

    local function now_ms() return os.time() * 1000 end

    describe("stories", function()
        it("give every record the fields of the reference, newest first, with ids of their own", function()
            for _, story in ipairs {
                "healthy", "failing", "mass_delete", "stuck", "partial", "two_sources", "large",
            } do
                local list, count = records(story)
                assert.is_true(count > 0)
                local seen, last = {}, math.huge
                for _, record in ipairs(list) do
                    assert.is_truthy(record.id:match "^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$")
                    assert.is_nil(seen[record.id])
                    seen[record.id] = true
                    assert.is_true(record.start_time < last and record.start_time < now_ms())
                    last = record.start_time
                    assert.is_truthy(record.identity_source_id:match "^%x+%-%x+%-%x+%-%x+%-%x+$")
                    assert.is_truthy(({ ldap = 1, oneaccess = 1 })[record.identity_source_type])
                    for _, field in ipairs { "add_count", "update_count", "delete_count", "failed_count" } do
                        assert.is_true(record[field] >= 0 and record[field] % 1 == 0)
                    end
                    assert.is_truthy(({ RUNNING = 1, FINISHED = 1, FAILED = 1 })[record.status])
                    assert.equal(record.status == "RUNNING", record.end_time == nil)
                    assert.is_not_nil(record.fail_reason)
                    if record.status == "FAILED" then
                        assert.is_string(record.fail_reason)
                    end
                end
            end
        end)

        it("healthy: seven days of hourly successes, the last less than an hour ago", function()
            local list, count = records "healthy"
            assert.equal(168, count)
            assert.equal(168, #list)
            for _, record in ipairs(list) do
                assert.equal("FINISHED", record.status)
            end
            assert.is_true(now_ms() - list[1].end_time < HOUR)
        end)

        it("failing: every run of the last three days refused by the directory, fine before", function()
            local list = records "failing"
            for i, record in ipairs(list) do
                assert.equal(i <= 72 and "FAILED" or "FINISHED", record.status)
            end
            assert.is_truthy(list[1].fail_reason:find("error code 49", 1, true))
            assert.is_truthy(list[1].fail_reason:find("AcceptSecurityContext error, data 52e", 1, true))
        end)

        it("mass_delete: the last run removed about half of everybody", function()
            local list = records "mass_delete"
            assert.is_true(list[1].delete_count >= 460 and list[1].delete_count <= 500)
            for i = 2, #list do
                assert.is_true(list[i].delete_count <= 1)
            end
        end)

        it("stuck: the last run has been going for nine hours, those before took two minutes", function()
            local list = records "stuck"
            assert.equal("RUNNING", list[1].status)
            assert.near(9 * HOUR, now_ms() - list[1].start_time, HOUR / 2)
            for i = 2, #list do
                assert.equal("FINISHED", list[i].status)
                assert.near(120000, list[i].end_time - list[i].start_time, 12000)
            end
        end)

        it("partial: finished with failures, and reasons that are not kind to whoever prints them", function()
            local list = records "partial"
            local all = {}
            for i, record in ipairs(list) do
                assert.equal("FINISHED", record.status)
                assert.equal("oneaccess", record.identity_source_type)
                assert.is_true(record.failed_count > 0)
                all[i] = record.fail_reason
            end
            local text = table.concat(all, "\0")
            for _, hostile in ipairs { "<img", "\27[31m", "=HYPERLINK(", "|", "\n" } do
                assert.is_truthy(text:find(hostile, 1, true), hostile)
            end
        end)

        it("two_sources: one directory and one aggregated source", function()
            local sources = {}
            for _, record in ipairs(records "two_sources") do
                sources[record.identity_source_type] = record.identity_source_id
            end
            assert.is_string(sources.ldap)
            assert.is_string(sources.oneaccess)
            assert.not_equal(sources.ldap, sources.oneaccess)
        end)

        it("never: nothing at all", function()
            local list, count = records "never"
            assert.same({ {}, 0 }, { list, count })
            assert.is_truthy(curl.get(info, curl.records_path(info, "never")).body:find('"sync_records":[]', 1, true))
        end)

        it("feature_off: refused as a function the tenant may not use", function()
            local response = curl.get(info, curl.records_path(info, "feature_off"))
            assert.equal(400, response.status)
            assert.equal("DWS.5045", response.json.error_code)
        end)

        it("are the same for the same seed and others for another", function()
            local again = assert(emulator.start())
            local other = assert(emulator.start { seed = 2 })
            local function ids(of)
                local list = {}
                for _, record in ipairs(curl.get(of, curl.records_path(of, "failing")).json.sync_records) do
                    list[#list + 1] = record.id .. record.add_count
                end
                return list
            end
            local here, there, elsewhere = ids(info), ids(again.info), ids(other.info)
            again:stop()
            other:stop()
            assert.same(here, there)
            assert.not_same(here, elsewhere)
            assert.equal(info.project_id, again.info.project_id)
            assert.not_equal(info.project_id, other.info.project_id)
        end)
    end)

    describe("pages", function()
        local function ids(query)
            local list, count = records("large", query)
            local all = {}
            for i, record in ipairs(list) do
                all[i] = record.id
            end
            return all, count
        end

        it("hold 1,000 records unless a limit is given, and count everything", function()
            local list, count = ids()
            assert.equal(1000, #list)
            assert.equal(2500, count)
            assert.equal(500, #ids "?offset=2")
            assert.equal(0, #ids "?offset=3")
            assert.equal(0, #ids "?limit=2147483647&offset=2147483647")
        end)

        it("are numbered: offset is a page index", function()
            local all = ids "?limit=40"
            local page = ids "?limit=10&offset=3"
            assert.equal(10, #page)
            for i = 1, 10 do
                assert.equal(all[30 + i], page[i])
            end
        end)

        it("can be numbered by rows, or not at all, for clients that must notice", function()
            local all = ids "?limit=40"
            curl.admin(info, "POST", "settings", { paging = "row" })
            assert.equal(all[4], ids("?limit=10&offset=3")[1])
            curl.admin(info, "POST", "settings", { paging = "ignore" })
            assert.equal(all[1], ids("?limit=10&offset=3")[1])
        end)

        it("can count themselves, or not count", function()
            curl.admin(info, "POST", "settings", { count = "page" })
            local _, count = ids "?limit=10"
            assert.equal(10, count)
            curl.admin(info, "POST", "settings", { count = "absent" })
            _, count = ids "?limit=10"
            assert.is_nil(count)
        end)

        it("can be kept short whatever limit is asked for", function()
            local all = ids "?limit=40"
            curl.admin(info, "POST", "settings", { max_limit = 20 })
            assert.equal(20, #ids "?limit=1000")
            assert.equal(all[21], ids("?limit=1000&offset=1")[1])
        end)

        it("have a blank behind each colon and comma when that is wanted, and say the same", function()
            local path = curl.records_path(info, "failing")
            local function body()
                return curl.send(info, { path = path, headers = curl.signed(info, { path = path }) }).body
            end
            local compact = body()
            curl.admin(info, "POST", "settings", { spaced = true })
            local spaced = body()
            assert.is_truthy(spaced:find '^{"sync_records": %[{"[%w_]+": ')
            assert.is_nil(spaced:find "[:,]\"")
            assert.same(cjson.decode(compact), cjson.decode(spaced))
        end)

        it("refuse offsets and limits out of range", function()
            for _, query in ipairs {
                "offset=-1", "offset=a", "offset=1.5", "offset=", "offset",
                "limit=0", "limit=-5", "limit=x", "limit=2147483648", "limit=1&limit=2",
            } do
                local canonical = query == "offset" and "offset=" or query
                local path = curl.records_path(info, "healthy")
                local response = curl.send(info, {
                    path = path, query = query, headers = curl.signed(info, { path = path, query = canonical }),
                })
                assert.equal(400, response.status, query)
                assert.is_truthy(response.body:find("DWS.0001", 1, true), query)
                assert.is_truthy(response.body:find(("The request parameter is invalid: %s."):format(
                    query:match "^%a+"), 1, true), query)
            end
        end)
    end)

    describe("accounts of a database", function()
        local function ask(query, story)
            local path = curl.records_path(info, story or "never"):gsub("sync%-records$", "users")
            return curl.get(info, path .. (query or ""))
        end
        local function names(query)
            local list = {}
            for i, user in ipairs(ask(query).json.users) do
                list[i] = user.name
            end
            return table.concat(list, " ")
        end

        it("come by name, in pages, by kind", function()
            local answer = ask()
            assert.same({ 200, { name = "Ruby", login = true, user_type = "COMMON" } }, { answer.status,
                answer.json.users[1] })
            assert.is_nil(answer.json.count)
            assert.equal("Ruby bi_reader dbadmin etl_loader role_finance role_readonly", names())
            assert.equal("Ruby bi_reader", names "?limit=2")
            assert.equal("role_finance role_readonly", names "?limit=4&offset=1")
            assert.equal("", names "?offset=1")
            assert.equal("role_finance role_readonly", names "?type=ROLE")
            assert.equal("Ruby bi_reader dbadmin etl_loader", names "?type=USER&user_type=COMMON")
            assert.equal("", names "?user_type=OneAccess")
            assert.equal("", names "?user_type=IAM")
        end)

        it("are refused by wrong parameters, without the right, and where the feature is off", function()
            for query, name in pairs { ["?type=user"] = "type", ["?user_type=common"] = "user_type",
                ["?type=x&user_type=x"] = "type", ["?type=USER&user_type=x"] = "user_type", ["?limit=0"] = "limit",
                ["?offset=-1"] = "offset" } do
                local answer = ask(query)
                assert.same({ 400, "DWS.0001", ("The request parameter is invalid: %s."):format(name) },
                    { answer.status, answer.json.error_code, answer.json.error_msg })
            end
            assert.equal("DWS.5045", ask("", "feature_off").json.error_code)
            curl.admin(info, "POST", "settings", { list_users = false })
            local answer = ask()
            assert.same({ 403, "DWS.0015" }, { answer.status, answer.json.error_code })
        end)
    end)

    describe("refusals", function()
        local function refusal(path)
            local response = curl.get(info, path)
            return { response.status, response.json.error_code }
        end
        local function path(project, cluster)
            return ("/v1/%s/clusters/%s/db-manager/sync-records"):format(project, cluster)
        end

        it("a cluster id that is no UUID", function()
            assert.same({ 400, "DWS.5064" }, refusal(path(info.project_id, "dws-healthy")))
        end)

        it("an unknown cluster, which looks like a missing permission", function()
            local response = curl.get(info, path(info.project_id, "00000000-0000-4000-8000-000000000000"))
            assert.equal(403, response.status)
            assert.equal("DWS.0015", response.json.error_code)
            assert.equal("DWS.0015", response.json.errCode)
            assert.equal(response.json.error_msg, response.json.externalMessage)
        end)

        it("another project", function()
            local other = ("0"):rep(32)
            assert.same({ 403, "APIGW.0306" }, refusal(path(other, curl.cluster(info, "healthy"))))
            assert.same({ 403, "APIGW.0306" }, refusal("/v1.0/" .. other .. "/clusters"))
            assert.same({ 403, "APIGW.0306" }, refusal("/v2/" .. other .. "/clusters"))
        end)

        it("an API that does not exist", function()
            assert.same({ 404, "APIGW.0101" }, refusal("/v1/" .. info.project_id .. "/clusters/x/db-manager/tables"))
        end)
    end)

    describe("cluster list", function()
        it("v1 counts, v2 does not, both hold every cluster", function()
            local v1 = curl.get(info, "/v1.0/" .. info.project_id .. "/clusters").json
            local v2 = curl.get(info, "/v2/" .. info.project_id .. "/clusters").json
            assert.equal(12, v1.count)
            assert.is_nil(v2.count)
            for _, list in ipairs { v1.clusters, v2.clusters } do
                assert.equal(#info.clusters, #list)
                for i, cluster in ipairs(list) do
                    assert.equal(info.clusters[i].id, cluster.id)
                    assert.equal(info.clusters[i].name, cluster.name)
                    assert.equal("AVAILABLE", cluster.status)
                    assert.is_truthy(cluster.created:match "^%d+%-%d+%-%d+T%d+:%d+:%d+Z$")
                end
            end
            assert.is_nil(v1.clusters[1].nodes[1].name)
            assert.is_string(v2.clusters[1].nodes[1].name)
        end)

        it("says the same of each cluster as the service, with names of nodes in v2 alone", function()
            local first = info.clusters[2]
            local host = first.name .. ".dws.emu-north-1.example.com:8000"
            local expected = {
                id = first.id, name = first.name, status = "AVAILABLE", sub_status = "NORMAL", task_status = "",
                version = "9.1.0.218", port = 8000, number_of_node = 3, node_type = "dwsx2.xlarge.m7",
                availability_zone = "emu-north-1a", enterprise_project_id = "0", recent_event = 2,
                vpc_id = "85b20d7e-9eb7-4b2a-98f3-3c8843ea3574", subnet_id = "374eca02-cfc4-4de7-8ab5-dbebf7d9a720",
                security_group_id = "dc3ec145-9029-4b39-b5a3-ace5a01f772b", user_name = "dbadmin",
                endpoints = { { connect_info = host, jdbc_url = "jdbc:postgresql://" .. host .. "/gaussdb" } },
                public_endpoints = { { public_connect_info = "198.51.100.7:8000",
                    jdbc_url = "jdbc:postgresql://198.51.100.7:8000/gaussdb" } },
                public_ip = { public_bind_type = "auto_assign", eip_id = "85b20d7e-9eb7-4b2a-98f3-3c8843ea3575" },
                tags = { { key = "story", value = first.story } },
            }
            for version, named in pairs { ["v1.0"] = false, v2 = true } do
                local cluster = curl.get(info, ("/%s/%s/clusters"):format(version, info.project_id)).json.clusters[2]
                expected.nodes = {}
                for i = 1, 3 do
                    expected.nodes[i] = { id = ("%s%02d"):format(first.id:sub(1, -3), i), status = "200",
                        name = named and ("%s-dws-cn-cn-%d-1"):format(first.name, i) or nil }
                end
                local days = {}
                for i, name in ipairs { "created", "updated" } do
                    days[i] = (now_ms() / 1000 - timestamps.from_iso(cluster[name])) / 86400
                    cluster[name] = nil
                end
                assert.near(400, days[1], 0.1)
                assert.near(3, days[2], 0.1)
                assert.same(expected, cluster)
            end
        end)

        it("filters by enterprise project", function()
            local function count(id)
                local path = "/v1.0/" .. info.project_id .. "/clusters?enterprise_project_id=" .. id
                return curl.get(info, path).json.count
            end
            local another = "ceb4d9a1-0000-4000-8000-000000000000"
            assert.same({ 12, 12, 0 }, { count "0", count "all_granted_eps", count(another) })
        end)

        it("names the further clusters, which are healthy", function()
            assert.same({ "bulk-001", "healthy" }, { info.clusters[10].name, info.clusters[10].story })
            local path = ("/v1/%s/clusters/%s/db-manager/sync-records"):format(info.project_id, info.clusters[12].id)
            assert.equal(168, curl.get(info, path).json.count)
        end)
    end)
end)
