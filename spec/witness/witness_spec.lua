local cjson = require "cjson"
local core = require "dwsync.core"
local uv = require "luv"
local emulators = require "spec.support.emulator"
local processes = require "spec.support.processes"

describe("the official SDK as a witness", function()
    local service, large, home

    setup(function()
        service = emulators.start()
        large = service:cluster "large"
        -- The SDK writes an application id below the home directory.
        home = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/dwsync-witness-XXXXXX"))
    end)
    teardown(function()
        service:stop()
        for _, name in ipairs { "/.huaweicloud/application_id", "/.huaweicloud", "" } do
            assert(os.remove(home .. name))
        end
    end)
    before_each(function()
        service:reset()
    end)

    -- Node takes a third of a second to begin, so orders go together where they can.
    -- `environment` is a list of "NAME=value".
    local function witness(orders, environment)
        for _, order in ipairs(orders) do
            order.endpoint = order.endpoint or service.info.endpoint
            order.ak = order.ak or service.info.ak
            order.sk = order.sk or service.info.sk
            order.project_id = order.project_id or service.info.project_id
        end
        local variables = { "HOME=" .. home, "NODE_EXTRA_CA_CERTS=" .. service.info.ca_file }
        for _, variable in ipairs(environment or {}) do
            variables[#variables + 1] = variable
        end
        for i, variable in ipairs(variables) do
            variables[i] = processes.quoted(variable)
        end
        local output, status = processes.run(("printf %%s %s | env %s node spec/witness/witness.js"):format(
            processes.quoted(cjson.encode(orders)), table.concat(variables, " ")))
        assert(status == 0, "witness.js failed; is it installed? (npm ci --prefix spec/witness)")
        -- The SDK logs failures to standard output; what was asked for comes last.
        return cjson.decode(output:match "([^\n]*)\n*$")
    end

    local function path()
        return ("/v1/%s/clusters/%s/db-manager/sync-records"):format(service.info.project_id, large)
    end

    -- What the SDK signs and node sends; `more` are changes to the order.
    local function signed_get(more)
        local order = {
            ["do"] = "send",
            path = path(),
            query = { limit = "7", offset = "1" },
            headers = { ["X-Project-Id"] = service.info.project_id },
        }
        for name, value in pairs(more or {}) do
            order[name] = value
        end
        return order
    end

    -- The same text with one character changed.
    local function changed(text, position)
        local old = text:sub(position, position)
        return text:sub(1, position - 1) .. (old == "a" and "b" or "a") .. text:sub(position + 1)
    end

    -- A record of the SDK as dwsync would have it: null is absent.
    local function without_null(record)
        for name, value in pairs(record) do
            if value == cjson.null then
                record[name] = nil
            end
        end
        return record
    end

    local function assert_same_records(page, body)
        assert.equal(page.count, body.count)
        assert.equal(#page.sync_records, #body.sync_records)
        for i, record in ipairs(page.sync_records) do
            assert.equal(record.id, body.sync_records[i].id)
            assert.same(record, without_null(body.sync_records[i]))
        end
    end

    it("sees the same records through its own client as dwsync does", function()
        local pages = {}
        for i, query in ipairs { { limit = 50, offset = 0 }, { limit = 50, offset = 3 }, {} } do
            pages[i] = { ["do"] = "list", cluster_id = large, query = query }
        end
        local outcomes = witness(pages)
        local client = service:client()
        for i, order in ipairs(pages) do
            assert.equal(200, outcomes[i].status, outcomes[i].message)
            local page = assert(client:list_sync_records {
                cluster_id = large, limit = order.query.limit, offset = order.query.offset,
            })
            assert_same_records(page, outcomes[i].body)
        end
    end)

    it("sees the same accounts of the database, too", function()
        local orders = {}
        for i, query in ipairs { { limit = 50, offset = 0 }, { type = "ROLE" },
            { user_type = "COMMON", limit = 3, offset = 2 } } do
            orders[i] = { ["do"] = "list", what = "users", cluster_id = large, query = query }
        end
        for i, outcome in ipairs(witness(orders)) do
            local query = orders[i].query
            assert.equal(200, outcome.status, outcome.message)
            local page = assert(service:client():list_database_users { cluster_id = large, limit = query.limit,
                offset = query.offset, type = query.type, user_type = query.user_type })
            assert.is_true(#page.users > 1)
            assert.same(outcome.body.users, page.users)
        end
    end)

    it("is refused through its own client as dwsync is", function()
        local missing = "00000000-0000-4000-8000-000000000000"
        local outcomes = witness {
            { ["do"] = "list", cluster_id = missing, query = {} },
            { ["do"] = "list", cluster_id = large, query = {}, sk = "wrong-secret" },
        }
        assert.same({ 403, "DWS.0015" }, { outcomes[1].status, outcomes[1].error_code })
        assert.same({ 401, "APIGW.0301" }, { outcomes[2].status, outcomes[2].error_code })
        local _, err = service:client():list_sync_records { cluster_id = missing }
        assert.same({ 403, "DWS.0015" }, { err.status, err.code })
    end)

    it("is let in with its signature, sent by another client", function()
        local outcome = witness({ signed_get() })[1]
        assert.equal(200, outcome.status)
        local page = assert(service:client():list_sync_records { cluster_id = large, limit = 7, offset = 1 })
        assert_same_records(page, outcome.body)
    end)

    describe("is refused when one character changed after it had signed:", function()
        local function assert_refused(more)
            local outcome = witness({ signed_get(more) })[1]
            assert.equal(401, outcome.status)
            assert.equal("APIGW.0301", outcome.body.error_code)
        end

        it("in the path", function()
            assert_refused { sent = { path = changed(path(), #"/v1/" + 5) } }
        end)

        it("in the cluster's id", function()
            assert_refused { sent = { path = changed(path(), #path() - #"/db-manager/sync-records") } }
        end)

        it("in a value of the query", function()
            assert_refused { sent = { query = { limit = "8", offset = "1" } } }
        end)

        it("in a name of the query", function()
            assert_refused { sent = { query = { limit = "7", offses = "1" } } }
        end)

        it("in a signed header", function()
            assert_refused { sent = { headers = { ["X-Project-Id"] = changed(service.info.project_id, 32) } } }
        end)

        it("in the date", function()
            local date = os.date "!%Y%m%dT%H%M%SZ"
            local other = date:gsub("%dZ$", date:find "0Z$" and "1Z" or "0Z")
            assert_refused { date = date, sent = { headers = { ["X-Sdk-Date"] = other } } }
        end)

        it("in the secret key", function()
            assert_refused { sk = changed(service.info.sk, 7) }
        end)

        it("in the access key", function()
            assert_refused { ak = changed(service.info.ak, 7) }
        end)
    end)

    it("is let in with the key it derives for a scope, through its own client and through another", function()
        -- The scope is pinned, and nothing else is accepted: the plain signature would be refused.
        service:set { algorithms = { "V11-HMAC-SHA256" }, v11_region = service.info.region, v11_service = "dws" }
        local scope = { region = service.info.region, service = "dws" }
        local outcomes = witness {
            { ["do"] = "list", cluster_id = large, query = { limit = 7, offset = 1 }, derived = scope },
            signed_get { derived = scope },
            signed_get(),
            signed_get { derived = { region = service.info.region, service = "ecs" } },
            signed_get { derived = scope, sent = { query = { limit = "8", offset = "1" } } },
        }
        local client = service:client { algorithm = "V11-HMAC-SHA256", signing_service = "dws" }
        local page = assert(client:list_sync_records { cluster_id = large, limit = 7, offset = 1 })
        for i = 1, 2 do
            assert.equal(200, outcomes[i].status, outcomes[i].message)
            assert_same_records(page, outcomes[i].body)
        end
        for i = 3, #outcomes do
            assert.same({ 401, "APIGW.0301" }, { outcomes[i].status, outcomes[i].body.error_code })
        end
    end)

    -- `derived` is the scope of V11, nil for SDK-HMAC-SHA256.
    local function assert_same_authorizations(derived)
        local DATE = "20251025T104952Z"
        local cases = {
            { path = "/v1/p/clusters/c/db-manager/sync-records", query = {}, headers = {} },
            { path = "/v1/p/clusters/c/db-manager/sync-records", query = { limit = "100", offset = "0" },
                headers = { ["X-Project-Id"] = "77b6a44cba5143ab91d13ab9a8ff44fd" } },
            { path = "/v1/p/clusters/", query = { B = "2", a = "1", A = "3" }, headers = { ["X-Language"] = "en-us" } },
            { path = "/", query = { name = "a b&c=d/e~f" }, headers = { ["X-Security-Token"] = "token+/=" } },
            { path = "/v3/projects", query = { name = "cn-north-4" },
                headers = { ["Content-Type"] = "application/json" }, endpoint = "https://iam.example.com:8443" },
        }
        local orders = {}
        for i, case in ipairs(cases) do
            -- lua-cjson writes an empty table as an object, which is what is meant.
            orders[i] = { ["do"] = "sign", path = case.path, query = case.query, headers = case.headers, date = DATE,
                endpoint = case.endpoint or "https://dws.example.com", ak = "AccessKey", sk = "SecretKey",
                derived = derived }
        end
        for i, outcome in ipairs(witness(orders)) do
            local case, pairs_of_query = cases[i], {}
            for name, value in pairs(case.query) do
                pairs_of_query[#pairs_of_query + 1] = name .. "=" .. value:gsub("[^%w~]", function(byte)
                    return ("%%%02X"):format(byte:byte())
                end)
            end
            local headers, token = {}, case.headers["X-Security-Token"]
            for name, value in pairs(case.headers) do
                headers[name] = value
            end
            headers["X-Security-Token"] = nil
            local signed = assert(core.sign({
                method = "GET",
                url = orders[i].endpoint .. case.path .. "?" .. table.concat(pairs_of_query, "&"),
                headers = headers,
            }, {
                ak = "AccessKey", sk = "SecretKey", security_token = token,
                algorithm = derived and "V11-HMAC-SHA256" or "SDK-HMAC-SHA256",
                region = derived and derived.region, service = derived and derived.service,
            }, DATE))
            assert.equal(outcome.headers.Authorization, signed.Authorization)
            assert.equal(outcome.headers.host, signed.Host)
        end
    end

    it("gives the same Authorization as core.sign for the same request and date", function()
        assert_same_authorizations()
    end)

    it("gives the same Authorization as core.sign for V11, too", function()
        assert_same_authorizations { region = "cn-north-4", service = "dws" }
    end)

    it("publishes to a topic and reports an event as our channels do", function()
        local example = require "spec.problems.channels.example"
        local message = example.message()
        message.time, message.since = math.floor(core.now() * 1000), math.floor(core.now() * 1000) - 1000
        local topic = ("urn:smn:%s:%s:ops"):format(service.info.region, service.info.project_id)
        local publish = ("/v2/%s/notifications/topics/%s/publish"):format(service.info.project_id, topic)
        local events = ("/V1.0/%s/events"):format(service.info.project_id)
        local notice = cjson.decode(require("dwsync.problems.channels.smn").render(message))
        local event = cjson.decode(require("dwsync.problems.channels.ces").render(message))
        local outcomes = witness { { ["do"] = "post", path = publish, body = notice },
            { ["do"] = "post", path = events, body = event } }
        assert.same({ 200, 201, "dwsync_mass_delete" }, { outcomes[1].status, outcomes[2].status,
            outcomes[2].body[1].event_name })
        local kept = service:admin("GET", "notices").notices
        assert.same({ notice, event[1] }, { kept[1].body, kept[2].body })

        -- Our signature of the same bytes is let in, too, and so is what it says.
        local world = { read_file = function() return nil, "no such file" end, getenv = function() return nil end,
            client = service:options() }
        for kind, declared in pairs { smn = { topic = topic }, ces = {} } do
            declared.kind, declared.endpoint = kind, service.info.endpoint
            local channels = require "dwsync.problems.channels"
            local channel = assert(channels.open(kind, assert(channels.check(declared)), world))
            assert.equal("sent", (channel.send(message, { now = function() return message.time end })))
        end
        local list = service:admin("GET", "notices").notices
        local ours = { [list[3].kind] = list[3].body, [list[4].kind] = list[4].body }
        assert.same({ smn = notice, ces = event[1] }, ours)
    end)

    describe("with credentials of its own finding,", function()
        local function listing()
            return { ["do"] = "list", cluster_id = large, query = { limit = 7 }, from_environment = true,
                region = service.info.region }
        end

        -- Lists records, and what the SDK asked the service for on the way.
        local function assert_let_in(environment, expected)
            local outcome = witness({ listing() }, environment)[1]
            assert.equal(200, outcome.status, outcome.message)
            assert.equal(7, #outcome.body.sync_records)
            local asked = {}
            for i, request in ipairs(service:journal().requests) do
                asked[i] = request.uri:match "^[^?]*"
            end
            expected[#expected + 1] = path()
            assert.same(expected, asked)
        end

        it("a key in the environment, is let in after it looked for its project", function()
            assert_let_in({
                "HUAWEICLOUD_SDK_AK=" .. service.info.ak, "HUAWEICLOUD_SDK_SK=" .. service.info.sk,
                "HUAWEICLOUD_SDK_IAM_ENDPOINT=" .. service.info.iam_endpoint,
            }, { "/v3/projects" })
        end)

        -- Fetched for it, as it asks no metadata service itself.
        it("the machine's temporary key in the environment, is let in with its security token", function()
            local text = processes.run("curl -s " .. processes.quoted(
                service.info.metadata_endpoint .. "/openstack/latest/securitykey"))
            local key = cjson.decode(text).credential
            assert_let_in({
                "HUAWEICLOUD_SDK_AK=" .. key.access, "HUAWEICLOUD_SDK_SK=" .. key.secret,
                "HUAWEICLOUD_SDK_SECURITY_TOKEN=" .. key.securitytoken,
                "HUAWEICLOUD_SDK_PROJECT_ID=" .. service.info.project_id,
            }, { "/openstack/latest/securitykey" })
        end)

        it("an identity provider's token, is let in with the temporary key it was given", function()
            local file = home .. "/id-token"
            local handle = assert(io.open(file, "w"))
            handle:write "emulator-id-token"
            handle:close()
            finally(function()
                os.remove(file)
            end)
            assert_let_in({
                "HUAWEICLOUD_SDK_IDP_ID=" .. service.info.idp_id, "HUAWEICLOUD_SDK_ID_TOKEN_FILE=" .. file,
                "HUAWEICLOUD_SDK_IAM_ENDPOINT=" .. service.info.iam_endpoint,
                "HUAWEICLOUD_SDK_PROJECT_ID=" .. service.info.project_id,
            }, {
                ("/v3/OS-FEDERATION/identity_providers/%s/protocols/oidc/auth"):format(service.info.idp_id),
                "/v3.0/OS-CREDENTIAL/securitytokens",
            })
        end)
    end)
end)
