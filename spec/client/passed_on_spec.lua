-- What each method of a client makes of its parameters on the way to the service, which is a Lua function here.
local dwsync = require "dwsync"

local NOW = 1747637723

-- A client, and what its service was asked. `body`: of each answer.
local function client_of(body, options)
    local requests = {}
    local given = { region = "cn-north-4", project_id = "p", credentials = { ak = "A", sk = "hidden" }, retries = 0,
        runtime = {
            perform = function(request)
                requests[#requests + 1] = request
                if body == "cut" then
                    return nil, { kind = "network", code = "connect", message = "cut" }
                end
                return { status = 200, headers = {}, body = body }
            end,
            sleep = function() end,
            now = function() return NOW end,
            monotonic = function() return 7 end,
        } }
    for name, value in pairs(options or {}) do
        given[name] = value
    end
    return assert(dwsync.new(given)), requests
end

local EMPTY = '{"count":0,"sync_records":[],"users":[],"clusters":[],"projects":[]}'
local DWS, IAM = "https://dws.cn-north-4.myhuaweicloud.com", "https://iam.cn-north-4.myhuaweicloud.com"

-- By method: the path that it asks for, and the parameters that it needs.
local METHODS = {
    all_sync_records = { DWS .. "/v1/p/clusters/c/db-manager/sync-records?limit=5&offset=0",
        { cluster_id = "c", page_size = 5 }, "ListSyncRecords" },
    list_sync_records = { DWS .. "/v1/p/clusters/c/db-manager/sync-records?limit=5&offset=2",
        { cluster_id = "c", limit = 5, offset = 2 }, "ListSyncRecords" },
    list_database_users = { DWS .. "/v1/p/clusters/c/db-manager/users?limit=5&offset=2&type=ROLE&user_type=IAM",
        { cluster_id = "c", limit = 5, offset = 2, type = "ROLE", user_type = "IAM" }, "ListDatabaseUsers" },
    all_database_users = { DWS .. "/v1/p/clusters/c/db-manager/users?limit=5&offset=0&type=USER",
        { cluster_id = "c", page_size = 5, type = "USER" }, "ListDatabaseUsers" },
    newest_page = { DWS .. "/v1/p/clusters/c/db-manager/sync-records?limit=5&offset=0",
        { cluster_id = "c", limit = 5 }, "ListSyncRecords" },
    list_clusters = { DWS .. "/v1.0/p/clusters?enterprise_project_id=e", { enterprise_project_id = "e" },
        "ListClusters" },
    list_projects = { IAM .. "/v3/auth/projects", {}, "KeystoneListAuthProjects" },
}

describe("a method of a client", function()
    for method, case in pairs(METHODS) do
        it(("asks for its place, within its time, and gives errors of its own: %s"):format(method), function()
            for timeout, seconds in pairs { [false] = 30, [3] = 3, [60] = 30 } do
                case[2].timeout = timeout or nil
                local client, requests = client_of(EMPTY)
                assert(client[method](client, case[2]))
                assert.same({ "GET", case[1], seconds }, { requests[1].method, requests[1].url, requests[1].timeout })
            end
            case[2].timeout = 0
            local client, requests = client_of(EMPTY)
            local result, err = client[method](client, case[2])
            assert.same({ nil, "config", 0 }, { result, err.kind, #requests })
            case[2].timeout = nil
            client = client_of "cut"
            result, err = client[method](client, case[2])
            assert.same({ nil, "network", case[3] }, { result, err.kind, err.operation })
            client = client_of("", { credentials = function() end })
            result, err = client[method](client, case[2])
            assert.same({ nil, "credentials" }, { result, err.kind })
        end)
    end

    it("posts what a channel's service is to get", function()
        local client, requests = client_of "{}"
        for timeout, seconds in pairs { [false] = 30, [3] = 3 } do
            assert(client:post("v2", "/x", "[1]", timeout or nil))
            local request = table.remove(requests)
            assert.same({ "POST", DWS .. "/v2/p/x", "[1]", seconds, "p" }, { request.method, request.url, request.body,
                request.timeout, request.headers["X-Project-Id"] })
        end
    end)

    it("looks for the cluster that is named in what is left of its time", function()
        local client, requests = client_of(EMPTY)
        local _, err = client:list_sync_records { cluster = "prod", timeout = 3 }
        assert.equal("config", err.kind)
        assert.same({ DWS .. "/v1.0/p/clusters", 3 }, { requests[1].url, requests[1].timeout })
    end)

    it("is an iterator that asks for each page within the time that it is given", function()
        for timeout, seconds in pairs { [false] = 30, [3] = 3 } do
            local client, requests = client_of(EMPTY)
            assert.is_nil(client:sync_records { cluster_id = "c", timeout = timeout or nil, since = "7d",
                until_ = NOW * 1000 - 5 }())
            assert.equal(seconds, requests[1].timeout)
            assert.same({ start_time = { min = (NOW - 7 * 86400) * 1000, max = NOW * 1000 - 6 } },
                requests[1].decode.where)
            client, requests = client_of(EMPTY)
            assert.has_error(function() client:sync_records { cluster = "prod", timeout = timeout or nil } end)
            assert.same({ DWS .. "/v1.0/p/clusters", seconds }, { requests[1].url, requests[1].timeout })
            client, requests = client_of(EMPTY)
            assert.is_nil(client:find_clusters { clusters = { "prod" }, timeout = timeout or nil })
            assert.same({ DWS .. "/v1.0/p/clusters", seconds }, { requests[1].url, requests[1].timeout })
        end
    end)

    it("lets the runtime decode, with its choice", function()
        local client, requests = client_of(EMPTY)
        local where, fields = { status = "FAILED" }, { "id" }
        assert(client:list_sync_records { cluster_id = "c", where = where, fields = fields })
        assert.same({ where = where, fields = fields }, requests[1].decode)
        assert(client:list_database_users { cluster_id = "c" })
        assert.same({ kind = "accounts" }, requests[2].decode)
    end)

    it("decodes the newest page when that is wished, and says where it is damaged", function()
        local client = client_of '{"count":1,"sync_records":[{"id":"a"}]}'
        local found = assert(client:newest_page { cluster_id = "c", limit = 1 })
        assert.equal("a", assert(found.decode()).sync_records[1].id)
        client = client_of "{}"
        local page, err = assert(client:newest_page { cluster_id = "c", limit = 1 }).decode()
        assert.same({ nil, "decode", "c", "ListSyncRecords" }, { page, err.kind, err.cluster_id, err.operation })
    end)
end)

describe("a client", function()
    it("signs for the region that is named for that, else its own", function()
        for signing, region in pairs { [false] = "cn-north-4", ["cn-east-3"] = "cn-east-3" } do
            local client, requests = client_of(EMPTY, { algorithm = "V11-HMAC-SHA256", signing_service = "dws",
                signing_region = signing or nil })
            assert(client:list_clusters())
            assert.truthy(requests[1].headers.Authorization:find("/" .. region .. "/dws,", 1, true))
        end
    end)

    it("has its runtime's clocks, and its own error for options that show nothing", function()
        local client = client_of(EMPTY)
        assert.same({ NOW, 7, 0, 60 }, { client:now(), client:monotonic(), client:clock_skew(),
            client:option "timeout" })
        client.api.clock_offsets[DWS] = 5
        assert.equal(5, client:clock_skew())
        client.settings.getenv = os.getenv
        for _, name in ipairs { "credentials", "runtime", "getenv" } do
            local _, message = pcall(function() client:option(name) end)
            assert.matches("passed_on_spec.lua:%d+: client:option: " .. name .. " is neither a text nor a number$",
                message)
        end
    end)
end)
