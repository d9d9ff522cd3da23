local dwsync = require "dwsync"
local errors = require "dwsync.errors"

local A = "aaaaaaaa-0000-4000-8000-00000000000a"

local TWO = ('{"clusters":[{"id":"%s","name":"dws-prod"},{"id":"c","name":"dws-dev"}]}'):format(A)
local PAGE = '{"count":1,"sync_records":[{"id":"r1"}]}'

describe("a client that is asked about a cluster by name", function()
    local clock, urls, answers, events

    local function client(more)
        local options = {
            region = "cn-north-4", project_id = "p", credentials = { ak = "AK", sk = "SK" }, retries = 0,
            on_event = function(event)
                events[#events + 1] = event.type == "lookup" and event or nil
            end,
            runtime = {
                now = function() return 1761389392 end,
                monotonic = function() return clock end,
                sleep = function() end,
                perform = function(request)
                    urls[#urls + 1] = request.url:match "/clusters.*$"
                    local answer = answers[request.url:find "sync%-records" and "records" or "clusters"]
                    return { status = answer[1], headers = {}, body = answer[2] }
                end,
            },
        }
        for name, value in pairs(more or {}) do
            options[name] = value
        end
        return assert(dwsync.new(options))
    end

    before_each(function()
        clock, urls, events = 100, {}, {}
        answers = { clusters = { 200, TWO }, records = { 200, PAGE } }
    end)

    local RECORDS = ("/clusters/%s/db-manager/sync-records"):format(A)

    it("looks it up in the list of clusters, in every operation on records", function()
        local subject = client()
        assert.equal(1, #assert(subject:list_sync_records { cluster = "dws-prod" }).sync_records)
        assert.same({ "/clusters", RECORDS }, urls)
        assert.equal(1, assert(subject:all_sync_records { cluster = "dws-prod" }).count)
        for record in subject:sync_records { cluster = "dws-prod" } do
            assert.equal("r1", record.id)
        end
    end)

    it("asks for the list once in five minutes, by a clock that nobody sets, and says so", function()
        local subject = client()
        subject:list_sync_records { cluster = "dws-prod" }
        clock = clock + 299
        subject:list_sync_records { cluster = "c" }
        assert.same({ "/clusters", RECORDS, "/clusters/c/db-manager/sync-records" }, urls)
        clock = clock + 1
        subject:list_sync_records { cluster = "c" }
        assert.equal("/clusters", urls[4])
        assert.same({ { type = "lookup", cluster = "dws-prod", count = 2, age = 0 },
            { type = "lookup", cluster = "c", count = 2, age = 299 },
            { type = "lookup", cluster = "c", count = 2, age = 0 } }, events)
    end)

    it("takes a cluster_id as it is, and a UUID", function()
        local subject = client()
        assert(subject:list_sync_records { cluster_id = "dws-prod" })
        assert(subject:list_sync_records { cluster = A })
        assert.same({ "/clusters/dws-prod/db-manager/sync-records", RECORDS }, urls)
    end)

    it("prefers the names that it was given", function()
        assert(client({ clusters = { ["dws-dev"] = A } }):list_sync_records { cluster = "dws-dev" })
        assert.same({ RECORDS }, urls)
        local subject, err = dwsync.new { region = "cn-north-4", clusters = { x = "../y" } }
        assert.is_nil(subject)
        assert.matches('clusters.x is "../y"', err.message, 1, true)
    end)

    it("wants either a name or an id", function()
        local _, err = client():all_sync_records {}
        assert.equal("cluster_id is missing, expected a text that is not empty", err.message)
        _, err = client():list_sync_records { cluster = "a", cluster_id = "b" }
        assert.equal("cluster and cluster_id exclude each other", err.message)
        assert.same({}, urls)
    end)

    it("asks for no records of a name that is unknown", function()
        local list, err = client():all_sync_records { cluster = "dws-prd" }
        assert.is_nil(list)
        assert.equal("config: unknown cluster 'dws-prd', looked for at the service (did you mean 'dws-prod'?). "
            .. "The clusters are dws-dev, dws-prod.", tostring(err))
        assert.same({ "/clusters" }, urls)
        local good, raised = pcall(client().sync_records, client(), { cluster = "dws-prd" })
        assert.is_false(good)
        assert.equal(tostring(err), tostring(raised))
    end)

    it("says that a name could not be looked up, and why, and asks again the next time", function()
        answers.clusters = { 403, '{"error_code":"APIGW.0302","error_msg":"not allowed"}' }
        local subject = client()
        local _, err = subject:list_sync_records { cluster = "dws-prod" }
        assert.equal("permission", err.kind)
        assert.matches("^permission: ListClusters: the cluster 'dws%-prod' could not be looked up: not allowed "
            .. "%(APIGW%.0302, HTTP 403%)%. .* An id needs no looking up%.$", tostring(err))
        answers.clusters = { 200, TWO }
        assert(subject:list_sync_records { cluster = "dws-prod" })
    end)

    it("never makes a path of an id that is none", function()
        answers.clusters = { 200, '{"clusters":[{"id":"../../x","name":"evil"}]}' }
        local _, err = client():list_sync_records { cluster = "evil" }
        assert.matches('^cluster_id is "../../x"', err.message)
        assert.same({ "/clusters" }, urls)
    end)

    it("finds clusters by names and patterns, without some", function()
        local subject = client()
        local list, idle = subject:find_clusters { clusters = { "dws-*" }, exclude = { "*-dev", "none" } }
        assert.same({ { id = A, name = "dws-prod" } }, list)
        assert.same({ "none" }, idle)
        local err
        list, err = subject:find_clusters { clusters = { "test-*" } }
        assert.is_nil(list)
        assert.is_true(errors.is(err))
        assert.same({ "/clusters" }, urls)
    end)

    it("lists the clusters anew unless an older list will do", function()
        local subject = client()
        subject:list_clusters()
        clock = clock + 10
        assert.equal(2, #subject:list_clusters { max_age = 11 })
        assert.same({ "/clusters" }, urls)
        subject:list_clusters { max_age = 10 }
        subject:list_clusters { enterprise_project_id = "0", max_age = 100 }
        subject:list_clusters()
        assert.same({ "/clusters", "/clusters", "/clusters?enterprise_project_id=0", "/clusters" }, urls)
    end)
end)

describe("an error about a cluster", function()
    local function failing(more)
        local options = { region = "cn-north-4", project_id = "p", credentials = { ak = "AK", sk = "SK" }, retries = 0,
            runtime = { now = function() return 1761389392 end, sleep = function() end, perform = function(request)
                if request.url:find "sync%-records" then
                    return { status = 403, headers = {}, body = '{"error_code":"DWS.5045","error_msg":"no"}' }
                end
                return { status = 200, headers = {}, body = TWO }
            end } }
        for name, value in pairs(more or {}) do
            options[name] = value
        end
        return assert(dwsync.new(options))
    end

    it("has the operation, the id and the name, in fields and text", function()
        local _, err = failing():list_sync_records { cluster = "dws-prod" }
        assert.same({ "ListSyncRecords", A, "dws-prod" }, { err.operation, err.cluster_id, err.cluster })
        local text = ("ListSyncRecords of cluster dws-prod (%s): no (DWS.5045, HTTP 403)"):format(A)
        assert.matches(text, tostring(err), 1, true)
        _, err = failing():all_sync_records { cluster = "dws-prod" }
        assert.matches(text, tostring(err), 1, true)
        _, err = failing():all_sync_records { cluster = "dws-prod", limit = 3 }
        assert.matches(text, tostring(err), 1, true)
        local _, raised = pcall(function()
            for _ in failing():sync_records { cluster = "dws-prod" } do error "a record" end
        end)
        assert.matches(text, tostring(raised), 1, true)
    end)

    it("has the name beside a literal id wherever that is known", function()
        local _, err = failing():list_sync_records { cluster_id = A }
        assert.is_nil(err.cluster)
        _, err = failing({ clusters = { mine = A } }):list_sync_records { cluster_id = A }
        assert.equal("mine", err.cluster)
        local subject = failing()
        subject:list_clusters()
        _, err = subject:list_sync_records { cluster_id = A }
        assert.equal("dws-prod", err.cluster)
    end)

    it("is one's own where many share it", function()
        local shared = errors.new { kind = "network", message = "m" }
        local one = errors.about(shared, { operation = "O", cluster_id = "1", cluster = "one" })
        local two = errors.about(one, { operation = "O", cluster_id = "2" })
        assert.equal("network: O of cluster one (1): m.", errors.summary(one))
        assert.equal("network: O of cluster 2: m.", errors.summary(two))
        assert.equal("network: m.", errors.summary(two, true))
        assert.equal("not an error", errors.about("not an error", {}))
    end)

    it("says nothing of it where the caller alone is wrong", function()
        local err = errors.about(errors.new { kind = "credentials", message = "none" }, { operation = "O",
            cluster_id = "1" })
        assert.equal("credentials: none.", errors.summary(err))
    end)
end)
