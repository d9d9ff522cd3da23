local dwsync = require "dwsync"
local emulators = require "spec.support.emulator"
local files = require "dwsync.files"
local runtimes = require "spec.support.runtimes"
local uv = require "luv"

local service, healthy

setup(function()
    service = emulators.start()
    healthy = service:cluster "healthy"
end)
teardown(function()
    service:stop()
end)
before_each(function()
    service:reset()
end)

-- An error of kind "config" that names the thing, says what to do, and came before anything was sent.
local function assert_config(pattern, value, err, kind)
    assert.is_nil(value)
    assert.is_true(dwsync.is_error(err), tostring(err))
    assert.equal(kind or "config", err.kind)
    assert.matches(pattern, err.message)
    assert.is_string(err.hint)
    assert.is_true(#err.hint > 10)
    assert.is_nil(tostring(err):find "[%c]")
    assert.is_nil(tostring(err):find(service.info.sk, 1, true))
    assert.equal(0, service:asked())
end

local function here()
    return debug.getinfo(2, "l").currentline
end

describe("a client", function()
    it("says which endpoint it asks, and no secret", function()
        local client = service:client()
        assert.equal("dwsync.client: " .. service.info.endpoint, tostring(client))
    end)

    it("is made without asking anybody", function()
        service:client()
        assert.equal(0, service:asked())
    end)

    it("of a known region needs no endpoint", function()
        local client = assert(dwsync.new { region = "cn-north-4", getenv = function() end, read_file = function() end })
        assert.equal("dwsync.client: https://dws.cn-north-4.myhuaweicloud.com", tostring(client))
    end)

    it("takes its keys from the environment when none are given", function()
        local variables = {
            HUAWEICLOUD_SDK_AK = service.info.ak,
            HUAWEICLOUD_SDK_SK = service.info.sk,
            HUAWEICLOUD_SDK_PROJECT_ID = service.info.project_id,
        }
        local client = service:client {
            credentials = false,
            project_id = false,
            getenv = function(name)
                return variables[name]
            end,
        }
        assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
        assert.equal(1, service:asked())
    end)

    it("asks a function for its keys each time when that is given", function()
        local calls = 0
        local client = service:client {
            credentials = function()
                calls = calls + 1
                return { ak = service.info.ak, sk = service.info.sk }
            end,
        }
        for _ = 1, 2 do
            assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
        end
        assert.equal(2, calls)
    end)

    it("signs with a security token, and the emulator sees it signed", function()
        local runtime, requests = runtimes.noted()
        local client = service:client {
            runtime = runtime,
            credentials = { ak = service.info.ak, sk = service.info.sk, security_token = "token-from-elsewhere" },
        }
        local page, err = client:list_sync_records { cluster_id = healthy }
        assert.is_nil(page)
        assert.equal("auth", err.kind)
        assert.matches("decrypt token fail", err.message)
        assert.equal("token-from-elsewhere", requests[1].headers["X-Security-Token"])
        assert.matches("x%-security%-token", requests[1].headers.Authorization)
        assert.is_nil(tostring(err):find("token-from-elsewhere", 1, true))
    end)
end)

describe("what a client works with", function()
    it("is an option in force, given or by default", function()
        local client = service:client { timeout = 7, proxy = false }
        assert.equal(7, client:option "timeout")
        assert.equal(3, client:option "retries")
        assert.equal(service.info.project_id, client:option "project_id")
        assert.is_nil(client:option "proxy")
    end)

    it("is no secret: credentials are not an option to be read", function()
        local client = service:client()
        local good, message = pcall(client.option, client, "credentials")
        assert.is_false(good)
        assert.matches("client:option: credentials is neither a text nor a number$", message)
    end)

    it("is where a service is asked", function()
        local client = service:client()
        assert.same({ service.info.endpoint }, client:endpoints "dws")
        assert.same({ service.info.iam_endpoint }, client:endpoints "iam")
    end)

    it("is the IAM endpoint that the credentials name, unless the client was given one", function()
        local keys = { ak = "A", iam_endpoint = "https://iam.example" }
        local context = { region = "cn-north-4", getenv = function() end, read_file = function() end }
        assert.same({ "https://iam.example" }, assert(dwsync.new(context)):endpoints("iam", keys))
        assert.same({ service.info.iam_endpoint }, service:client():endpoints("iam", keys))
    end)

    it("is the credentials in use, with their source", function()
        local keys = assert(service:client():credentials())
        assert.equal(service.info.ak, keys.ak)
        assert.is_string(keys.source)
        assert.equal(0, service:asked())
    end)

    it("is an error object where there are no credentials", function()
        local keys, err = service:client({ credentials = false, metadata = false, getenv = function() end })
            :credentials()
        assert.is_nil(keys)
        assert.equal("credentials", err.kind)
    end)

    it("is the clock and the pause of its runtime", function()
        local paused
        local runtime = {
            now = function() return 1234.5 end,
            sleep = function(seconds) paused = seconds end,
            perform = function() end,
        }
        local client = service:client { runtime = runtime }
        assert.equal(1234.5, client:now())
        client:sleep(2.5)
        assert.equal(2.5, paused)
    end)

    it("lets its runtime prepare for TLS where there will be any", function()
        local prepared = {}
        local function make(endpoint, ca_file)
            assert(dwsync.new { endpoint = endpoint, ca_file = ca_file, getenv = function() end, runtime = {
                now = os.time, sleep = function() end, perform = function() end,
                prepare = function(path) table.insert(prepared, path or "the system's") end,
            } })
        end
        make "http://127.0.0.1:1"
        assert.same({}, prepared)
        make "https://127.0.0.1:1"
        make("http://127.0.0.1:1,https://127.0.0.1:2", "/dev/null")
        assert.same({ "the system's", "/dev/null" }, prepared)
    end)
end)

describe("what a client hands on to its parts", function()
    local given_requests
    before_each(function() given_requests = {} end)

    local function client(more)
        local given = {
            region = "cn-north-4", project_id = "p", credentials = { ak = "A", sk = "hidden" }, metadata = false,
            getenv = function() end,
            runtime = {
                now = os.time, sleep = function() end,
                perform = function(request)
                    given_requests[#given_requests + 1] = request
                    return { status = 200, headers = {}, body = '{"count":0,"sync_records":[]}' }
                end,
            },
        }
        for name, value in pairs(more) do
            given[name] = value or nil
        end
        return assert(dwsync.new(given))
    end

    it("are fields, or where, alone: what is wrong with one is found before anything is sent", function()
        for _, wrong in ipairs { { fields = { "sttaus" } }, { where = { sttaus = "x" } } } do
            wrong.cluster_id = "c"
            for _, method in ipairs { "list_sync_records", "all_sync_records" } do
                local made = client {}
                local result, err = made[method](made, wrong)
                assert.is_nil(result)
                assert.equal("config", err.kind)
                assert.matches("a record has no field 'sttaus'", err.message, 1, true)
            end
            local good, err = pcall(client({}).sync_records, client {}, wrong)
            assert.is_false(good)
            assert.equal("config", err.kind)
        end
        assert.same({}, given_requests)
    end)

    it("is which IAM the keys may name: none where the environment names one", function()
        local keys = { ak = "A", iam_endpoint = "https://iam.keys.example" }
        local own = { "https://iam.own.example" }
        assert.same({ keys.iam_endpoint }, client({}):endpoints("iam", keys))
        assert.same(own, client({ iam_endpoint = own[1] }):endpoints("iam", keys))
        assert.same(own, client({
            getenv = function(name) return name == "HUAWEICLOUD_SDK_IAM_ENDPOINT" and own[1] or nil end,
        }):endpoints("iam", keys))
    end)

    it("is the mode of a credentials file on this machine, but not of one that the caller reads", function()
        local path = os.tmpname()
        local text = "[basic]\nak = AKFILE\nsk = hidden\n"
        assert(files.write(path, text))
        assert(uv.fs_chmod(path, tonumber("644", 8)))
        for warnings, read_file in pairs { [0] = function() return text end, [1] = false } do
            local events = {}
            local keys = assert(client({
                credentials = { source = "file", path = path }, read_file = read_file,
                on_event = function(event) events[#events + 1] = event.type end,
            }):credentials())
            assert.equal("AKFILE", keys.ak)
            assert.equal(warnings, #events)
        end
        os.remove(path)
    end)
end)

describe("a probe", function()
    local function probe(answer, more)
        local asked = {}
        local client = service:client {
            timeout = 20, attempt_timeout = more and more.attempt_timeout, proxy = "http://proxy.example",
            runtime = {
                now = os.time, sleep = function() end,
                perform = function(request)
                    asked[#asked + 1] = request
                    if answer then
                        return answer
                    end
                    return nil, { kind = "network", code = "resolve", message = "no address" }
                end,
            },
        }
        local response, err = client:probe "https://dws.example"
        return asked, response, err
    end

    it("is one GET of / without credentials, by the way the client goes", function()
        local response = { status = 404, headers = {}, body = "" }
        local asked, got = probe(response)
        assert.equal(1, #asked)
        assert.equal(response, got)
        assert.equal("GET https://dws.example/", asked[1].method .. " " .. asked[1].url)
        assert.same({}, asked[1].headers)
        assert.equal("http://proxy.example", asked[1].proxy)
        assert.equal(service.info.ca_file, asked[1].ca_file)
        assert.is_true(asked[1].certificate_info)
    end)

    it("takes no longer than one attempt, nor than the whole call", function()
        assert.equal(20, probe(false, { attempt_timeout = 30 })[1].timeout)
        assert.equal(5, probe(false, { attempt_timeout = 5 })[1].timeout)
    end)

    it("is not repeated, and says why it failed", function()
        local asked, response, err = probe(false)
        assert.equal(1, #asked)
        assert.is_nil(response)
        assert.equal("network", err.kind)
        assert.equal("resolve", err.code)
    end)
end)

describe("list_sync_records", function()
    it("asks for one page with the parameters of the service and no others", function()
        local client = service:client()
        assert(client:list_sync_records { cluster_id = healthy, offset = 1, limit = 5 })
        assert(client:list_sync_records { cluster_id = healthy })
        assert(client:list_sync_records { cluster_id = healthy, offset = 0 })
        local path = ("/v1/%s/clusters/%s/db-manager/sync-records"):format(service.info.project_id, healthy)
        local asked = service:journal().requests
        assert.same({ path .. "?limit=5&offset=1", path, path .. "?offset=0" },
            { asked[1].uri, asked[2].uri, asked[3].uri })
        for _, request in ipairs(asked) do
            assert.same({ "GET", 200, service.info.ak }, { request.method, request.status, request.ak })
        end
    end)

    it("sends the signed headers, the project's id, and nothing of a body", function()
        local runtime, requests = runtimes.noted()
        assert(service:client({ runtime = runtime }):list_sync_records { cluster_id = healthy })
        local names = {}
        for name in pairs(requests[1].headers) do
            names[#names + 1] = name
        end
        table.sort(names)
        assert.same({ "Authorization", "Host", "X-Project-Id", "X-Sdk-Date" }, names)
        assert.equal("GET", requests[1].method)
        assert.is_nil(requests[1].body)
    end)

    it("returns the page as the service wrote it", function()
        local client = service:client()
        local page = assert(client:list_sync_records { cluster_id = healthy, offset = 0, limit = 3 })
        assert.equal(168, page.count)
        assert.equal(3, #page.sync_records)
        for _, record in ipairs(page.sync_records) do
            assert.matches("^%x+%-%x+%-4%x+%-%x+%-%x+$", record.id)
            assert.equal("FINISHED", record.status)
            assert.equal("ldap", record.identity_source_type)
            assert.is_nil(record.fail_reason)
            assert.is_true(record.end_time > record.start_time)
            if math.type then
                assert.equal("integer", math.type(record.start_time))
            end
        end
    end)

    it("takes offset as a page's index", function()
        local client = service:client()
        local first = assert(client:list_sync_records { cluster_id = healthy, offset = 0, limit = 4 })
        local second = assert(client:list_sync_records { cluster_id = healthy, offset = 1, limit = 2 })
        assert.equal(first.sync_records[3].id, second.sync_records[1].id)
    end)

    it("returns empty pages behind the end and for a cluster that never synchronised", function()
        local client = service:client()
        assert.same({}, assert(client:list_sync_records { cluster_id = healthy, offset = 999 }).sync_records)
        assert.same({ count = 0, sync_records = {} },
            assert(client:list_sync_records { cluster_id = service:cluster "never" }))
    end)

    it("takes whole floats as the integers they are", function()
        local client = service:client()
        assert(client:list_sync_records { cluster_id = healthy, offset = 1.0, limit = 2.0 })
        assert.matches("%?limit=2&offset=1$", service:journal().requests[1].uri)
    end)
end)

describe("list_clusters", function()
    it("returns the clusters with their count", function()
        local list = assert(service:client():list_clusters())
        assert.equal(#service.info.clusters, #list)
        assert.equal(#list, list.count)
        for i, cluster in ipairs(service.info.clusters) do
            assert.equal(cluster.id, list[i].id)
            assert.equal(cluster.name, list[i].name)
        end
        assert.matches("^/v1%.0/%x+/clusters$", service:journal().requests[1].uri)
    end)

    it("filters by enterprise project", function()
        local client = service:client()
        assert.equal(#service.info.clusters,
            assert(client:list_clusters { enterprise_project_id = "all_granted_eps" }).count)
        assert.equal(0, assert(client:list_clusters { enterprise_project_id = "another" }).count)
    end)

    for title, body in pairs {
        ["HTML"] = "<html>",
        ["an object without clusters"] = '{"count":1}',
        ["clusters that are none"] = '{"clusters":"none"}',
        ["clusters by name"] = '{"clusters":{"1":{"id":"a"}}}',
        ["a number among the clusters"] = '{"clusters":[{"id":"a"},7]}',
        ["a null among the clusters, which would end the list"] = '{"clusters":[{"id":"a"},null,{"id":"c"}]}',
    } do
        it("refuses " .. title, function()
            service:fault({ body = body }, { match = { path = "/clusters" } })
            local list, err = service:client():list_clusters()
            assert.is_nil(list)
            assert.same({ "decode", 200 }, { err.kind, err.status })
            assert.is_string(err.request_id)
        end)
    end

    it("refuses wrong parameters", function()
        local client = service:client()
        assert_config("^enterprise_project_id is", client:list_clusters { enterprise_project_id = "a/b" })
        assert_config("^timeout is 0", client:list_clusters { timeout = 0 })
    end)
end)

-- Each of these is wrong before anything is sent.
describe("a wrong cluster_id", function()
    for title, case in pairs {
        ["nil"] = { nil, "^cluster_id is missing" },
        ["empty"] = { "", '^cluster_id is ""' },
        ["with a slash"] = { "a/b", '^cluster_id is "a/b"' },
        ["with two dots"] = { "..", '^cluster_id is "%.%."' },
        ["one dot"] = { ".", "^cluster_id is" },
        ["a path upwards"] = { "../../other", "^cluster_id is" },
        ["with an encoded slash"] = { "a%2Fb", "^cluster_id is" },
        ["with an encoded dot"] = { "%2e%2e", "^cluster_id is" },
        ["with CR LF"] = { "a\r\nX-Injected: 1", '^cluster_id is "a\\r\\nX%-Injected: 1"' },
        ["with LF at its end"] = { "0bba9b07-9c31-4ba5-99a3-2a0f4d76b9c5\n", "^cluster_id is" },
        ["with NUL"] = { "a\0b", '^cluster_id is "a%?b"' },
        ["with a space"] = { "a b", "^cluster_id is" },
        ["with a query"] = { "a?limit=1", "^cluster_id is" },
        ["with a fragment"] = { "a#b", "^cluster_id is" },
        ["with a backslash"] = { "a\\b", "^cluster_id is" },
        ["not ASCII"] = { "\195\188", "^cluster_id is" },
        ["of 10 kB"] = { ("a"):rep(10000), "^cluster_id is .*at most 128 characters, not 10000" },
        ["a number"] = { 17, "^cluster_id is 17" },
        ["a boolean"] = { true, "^cluster_id is true" },
        ["a table"] = { {}, "^cluster_id is a table" },
    } do
        it(title .. " is refused", function()
            local client = service:client()
            assert_config(case[2], client:list_sync_records { cluster_id = case[1] })
            assert_config(case[2], client:all_sync_records { cluster_id = case[1] })
            local ok, err = pcall(client.sync_records, client, { cluster_id = case[1] })
            assert.is_false(ok)
            assert_config(case[2], nil, err)
        end)
    end
end)

describe("a wrong number", function()
    for title, case in pairs {
        ["offset -1"] = { { offset = -1 }, "^offset is %-1, expected an integer of 0 or more" },
        ["offset 1.5"] = { { offset = 1.5 }, "^offset is 1%.5, expected an integer" },
        ['offset "x"'] = { { offset = "x" }, '^offset is "x", expected an integer' },
        ['offset "1"'] = { { offset = "1" }, '^offset is "1", expected an integer' },
        ["offset 2^53"] = { { offset = 2 ^ 53 }, "^offset is 9007199254740992" },
        ["offset 2^31"] = { { offset = 2 ^ 31 }, "^offset is 2147483648" },
        ["offset infinite"] = { { offset = 1 / 0 }, "^offset is inf" },
        ["offset not a number"] = { { offset = 0 / 0 }, "^offset is %-?nan" },
        ["limit 0"] = { { limit = 0 }, "^limit is 0, expected an integer above 0" },
        ["limit -1"] = { { limit = -1 }, "^limit is %-1, expected an integer above 0" },
        ["limit 0.5"] = { { limit = 0.5 }, "^limit is 0%.5" },
        ["limit true"] = { { limit = true }, "^limit is true" },
        ["timeout 0"] = { { timeout = 0 }, "^timeout is 0, expected a number of seconds above 0" },
        ["timeout -1"] = { { timeout = -1 }, "^timeout is %-1" },
        ['timeout "1"'] = { { timeout = "1" }, '^timeout is "1"' },
    } do
        it(title .. " is refused", function()
            local parameters = { cluster_id = healthy }
            for name, value in pairs(case[1]) do
                parameters[name] = value
            end
            assert_config(case[2], service:client():list_sync_records(parameters))
        end)
    end

    for title, case in pairs {
        ["limit 0"] = { { limit = 0 }, "^limit is 0" },
        ["max_pages 0"] = { { max_pages = 0 }, "^max_pages is 0" },
        ["paging by column"] = { { paging = "column" }, '^paging is "column", expected one of auto, page, row' },
    } do
        it(title .. " is refused by all_sync_records", function()
            local parameters = { cluster_id = healthy }
            for name, value in pairs(case[1]) do
                parameters[name] = value
            end
            assert_config(case[2], service:client():all_sync_records(parameters))
        end)
    end
end)

describe("a wrong option of dwsync.new", function()
    for title, case in pairs {
        ["an unknown region"] = { { endpoint = false, region = "cn-nowhere-9" },
            'region "cn%-nowhere%-9" has no built%-in DWS endpoint' },
        ["a region with a slash"] = { { region = "a/b" }, "^region is" },
        ["no region and no endpoint"] = { { endpoint = false, region = false }, "^region is not set" },
        ["an endpoint of words"] = { { endpoint = "not a host" }, "endpoint" },
        ["an endpoint with a path"] = { { endpoint = "https://127.0.0.1/v1" }, "has a path" },
        ["an endpoint with a query"] = { { endpoint = "https://127.0.0.1?x=1" }, "endpoint" },
        ["an endpoint with a user"] = { { endpoint = "https://user:word@127.0.0.1" }, "^endpoint contains a " },
        ["an endpoint of another scheme"] = { { endpoint = "ftp://127.0.0.1" }, "is not an https URL" },
        ["an empty endpoint"] = { { endpoint = "" }, "^endpoint is" },
        ["an endpoint with CR LF"] = { { endpoint = "https://127.0.0.1\r\nX: 1" }, "^endpoint is" },
        ["plain http to another machine"] = { { endpoint = "http://dws.example.com" }, "is plain http" },
        ["plain http IAM on another machine"] = { { iam_endpoint = "http://iam.example.com" }, "is plain http" },
        ["an empty project_id"] = { { project_id = "" }, '^project_id is ""' },
        ["a project_id with a slash"] = { { project_id = "a/b" }, "^project_id is" },
        ["a project_id that is no string"] = { { project_id = 1 }, "^project_id is 1" },
        ["retries below 0"] = { { retries = -1 }, "^retries is %-1" },
        ["limit 0"] = { { limit = 0 }, "^limit is 0" },
        ["timeout 0"] = { { timeout = 0 }, "^timeout is 0" },
        ["max_response_bytes 0"] = { { max_response_bytes = 0 }, "^max_response_bytes is 0" },
        ["credentials that are a string"] = { { credentials = "sk" },
            "^credentials is a string, expected a table or a function" },
        ["an empty ca_file"] = { { ca_file = "" }, "^ca_file is" },
        ["a user agent with a line break"] = { { user_agent = "a\nb" }, "^user_agent is" },
        ["a proxy with a line break"] = { { proxy = "http://user:word@h\r\n" }, "^proxy is not a text" },
        ["allow_http that is no boolean"] = { { allow_http = 1 }, "^allow_http is a number" },
        ["a runtime that is none"] = { { runtime = "curl" }, "^runtime is a string" },
        ["paging by column"] = { { paging = "column" }, "^paging is" },
    } do
        it(title .. " is refused", function()
            local options = service:options(case[1])
            options.read_file = function() end
            assert_config(case[2], dwsync.new(options))
        end)
    end

    it("is an endpoint without a scheme, which is taken as https", function()
        local client = service:client { endpoint = service.info.endpoint:gsub("^https://", "") }
        assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
    end)

    it("may be a trailing slash of the endpoint, which changes nothing", function()
        local client = service:client { endpoint = service.info.endpoint .. "/" }
        assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
    end)
end)

describe("half a pair of keys", function()
    it("in the credentials table is refused, and nothing is sent", function()
        local given = { ak = service.info.ak }
        local client = service:client { credentials = given }
        local page, err = client:list_sync_records { cluster_id = healthy }
        assert_config("sk is missing although ak is set", page, err, "credentials")
        given.ak, given.sk = nil, service.info.sk
        page, err = client:list_sync_records { cluster_id = healthy }
        assert_config("ak is missing although sk is set", page, err, "credentials")
    end)

    it("in the environment is refused rather than looked for elsewhere", function()
        local client = service:client {
            credentials = false,
            getenv = function(name)
                return name == "HUAWEICLOUD_SDK_AK" and service.info.ak or nil
            end,
            read_file = function()
                return ("[basic]\nak = %s\nsk = %s\n"):format(service.info.ak, service.info.sk)
            end,
        }
        local page, err = client:list_sync_records { cluster_id = healthy }
        assert_config("HUAWEICLOUD_SDK_AK is set but HUAWEICLOUD_SDK_SK is not", page, err, "credentials")
    end)

    it("is not shown when it holds a line break", function()
        local client = service:client { credentials = { ak = "a", sk = "SecretPart\r\n" } }
        local page, err = client:list_sync_records { cluster_id = healthy }
        assert_config("sk is empty, not a string, or contains a line break", page, err, "credentials")
        assert.is_nil(tostring(err):find("SecretPart", 1, true))
    end)

    it("and none at all is told with every place that was looked at", function()
        local client = service:client {
            credentials = false,
            read_file = function()
                return nil, "not there", true
            end,
        }
        local page, err = client:list_sync_records { cluster_id = healthy }
        assert_config("no credentials found: environment: .*; credentials file", page, err, "credentials")
    end)
end)

describe("a name that does not exist", function()
    local function assert_raised_at(line, pattern, call)
        local ok, message = pcall(call)
        assert.is_false(ok)
        assert.matches("spec/client/init_spec%.lua:" .. line .. ": " .. pattern, message)
        assert.equal(0, service:asked())
    end

    it("raises at the line that gave it to dwsync.new", function()
        assert_raised_at(here() + 1, "dwsync%.new: unknown option 'regoin'%. Did you mean 'region'%? ", function()
            local client = dwsync.new { regoin = "cn-north-4" }
            return client
        end)
    end)

    it("raises at the line that gave it to list_sync_records", function()
        local client = service:client()
        assert_raised_at(here() + 2, "list_sync_records: unknown option 'clusterid'%. Did you mean 'cluster_id'%? ",
            function()
            local page = client:list_sync_records { clusterid = healthy }
            return page
        end)
    end)

    it("raises at the line that gave it to all_sync_records and sync_records", function()
        local client = service:client()
        assert_raised_at(here() + 1, "all_sync_records: unknown option 'offset'", function()
            local list = client:all_sync_records { cluster_id = healthy, offset = 1 }
            return list
        end)
        assert_raised_at(here() + 1, "sync_records: unknown option 'offset'", function()
            local iterator = client:sync_records { cluster_id = healthy, offset = 1 }
            return iterator
        end)
    end)

    it("raises at the line that gave it to list_clusters", function()
        local client = service:client()
        assert_raised_at(here() + 1, "list_clusters: unknown option 'name'", function()
            local list = client:list_clusters { name = "x" }
            return list
        end)
    end)

    it("raises where no table was given at all", function()
        local client = service:client()
        assert_raised_at(here() + 1, "list_sync_records expects a table, got a string", function()
            local page = client:list_sync_records(healthy)
            return page
        end)
        assert_raised_at(here() + 1, "dwsync%.new expects a table, got a string", function()
            local none = dwsync.new "cn-north-4"
            return none
        end)
    end)
end)

describe("the project's id", function()
    local function lookups()
        local paths = {}
        for i, request in ipairs(service:journal().requests) do
            assert.equal("GET", request.method)
            paths[i] = request.uri:match "^/v3/projects.*" or request.uri:match "^/v1/"
        end
        return paths
    end

    local LOOKUP = "/v3/projects?name=emu-north-1"

    it("is looked up once when it is not given, by GET", function()
        local client = service:client { project_id = false }
        for _ = 1, 2 do
            assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
        end
        assert.same({ LOOKUP, "/v1/", "/v1/" }, lookups())
    end)

    it("may stand beside the keys", function()
        local client = service:client {
            project_id = false,
            credentials = { ak = service.info.ak, sk = service.info.sk, project_id = service.info.project_id },
        }
        assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
        assert.same({ "/v1/" }, lookups())
    end)

    for count, pattern in pairs {
        [0] = 'IAM has no project named "emu%-north%-1"',
        [2] = 'IAM has several projects for region "emu%-north%-1": emu%-north%-1 %(%x+%), emu%-north%-1 %(%x+%)',
    } do
        it(("is an error when IAM finds %d, and no project is made"):format(count), function()
            service:set { projects = count }
            local page, err = service:client({ project_id = false }):list_sync_records { cluster_id = healthy }
            assert.is_nil(page)
            assert.equal("config", err.kind)
            assert.matches(pattern, err.message)
            assert.matches("Set `project_id`", err.hint)
            assert.same({ LOOKUP }, lookups())
        end)
    end

    it("is asked for by hand when the lookup is forbidden", function()
        service:fault({ status = 403, body = '{"error_code":"IAM.0003","error_msg":"Policy does not allow it."}' },
            { match = { path = "/v3/projects" } })
        local page, err = service:client({ project_id = false }):list_sync_records { cluster_id = healthy }
        assert.is_nil(page)
        assert.same({ "permission", 403, "IAM.0003" }, { err.kind, err.status, err.code })
        assert.matches("iam:projects:listProjects.* Set `project_id`", err.hint)
        assert.same({ LOOKUP }, lookups())
    end)

    for title, body in pairs {
        ["HTML"] = "<html>Sign in</html>",
        ["an object without projects"] = '{"project":1}',
        ["a list of something else"] = '{"projects":["x"]}',
        ["projects without an id"] = '{"projects":[{"name":"emu-north-1"}]}',
        ["an id that is no path segment"] = '{"projects":[{"id":"../x","name":"emu-north-1"}]}',
        ["an id that is a number"] = '{"projects":[{"id":17,"name":"emu-north-1"}]}',
    } do
        it("is not taken from " .. title, function()
            service:fault({ body = body }, { match = { path = "/v3/projects" } })
            local page, err = service:client({ project_id = false }):list_sync_records { cluster_id = healthy }
            assert.is_nil(page)
            assert.is_true(dwsync.is_error(err), tostring(err))
            assert.is_true(err.kind == "decode" or err.kind == "config", err.kind)
            assert.same({ LOOKUP }, lookups())
        end)
    end

    it("is the environment's when the credentials bring none", function()
        local requests = {}
        local client = assert(dwsync.new {
            endpoint = "https://dws.example.com",
            credentials = { ak = "access", sk = "secret-key" },
            getenv = function(name) return name == "HUAWEICLOUD_SDK_PROJECT_ID" and "from-variable" or nil end,
            runtime = {
                perform = function(request)
                    requests[#requests + 1] = request.url
                    return { status = 200, headers = {}, body = '{"count":0,"clusters":[]}' }
                end,
                sleep = function() end,
                now = os.time,
            },
        })
        assert(client:list_clusters())
        assert.same({ "https://dws.example.com/v1.0/from-variable/clusters" }, requests)
    end)

    it("cannot be looked up without a region", function()
        local client = service:client { project_id = false, region = false }
        local page, err = client:list_sync_records { cluster_id = healthy }
        assert_config("project_id is not set, and without a region it cannot be looked up", page, err)
    end)
end)
