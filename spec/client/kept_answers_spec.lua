-- What one client fetched serves another only when everything that decided it is the same: for whom, from where, and
-- whom the client trusts. Clients are made as programs make them, since the keys are filled there.
local cache = require "dwsync.credentials.cache"
local dwsync = require "dwsync"
local key_guard = require "dwsync.request.key_guard"

local NOW = 1761389392

local FILES = { ["/id-token"] = "hidden-jwt", ["/other"] = "hidden-other",
    ["/h/.huaweicloud/credentials"] = "[basic]\nak = AKFILE\nsk = hidden-file\n" }

local function iam_answer(request)
    if request.url:find("securit", 1, true) then
        return { status = request.method == "GET" and 200 or 201, headers = {},
            body = '{"credential":{"access":"AKTEMP","secret":"hidden-sk","securitytoken":"hidden",'
                .. '"expires_at":"2099-01-01T00:00:00Z"}}' }
    elseif request.url:find("/meta-data/", 1, true) then
        return { status = 200, headers = {}, body = "session" }
    elseif request.method == "POST" then
        return { status = 201, headers = { ["x-subject-token"] = "hidden-token" },
            body = '{"token":{"expires_at":"2099-01-01T00:00:00Z","project":{"id":"p"}}}' }
    end
    return { status = 200, headers = {}, body = '{"clusters":[],"projects":[{"id":"p1"}]}' }
end

-- How many requests beside those to DWS a client sends for one list of clusters.
local function asked(options)
    local count = 0
    local copy = { region = "cn-north-4", project_id = "p", endpoint = "https://dws.example", retries = 0,
        getenv = function() end, read_file = function(path) return FILES[path], "No such file", true end }
    for name, value in pairs(options) do
        copy[name] = value
    end
    copy.runtime = {
        now = function() return NOW end,
        sleep = function() end,
        perform = function(request)
            count = count + (request.url:find("https://dws.", 1, true) and 0 or 1)
            return iam_answer(request)
        end,
    }
    assert(assert(dwsync.new(copy)):list_clusters())
    return count
end

local function with(options, changes)
    local copy = {}
    for name, value in pairs(options) do
        copy[name] = value
    end
    for name, value in pairs(changes) do
        if name == "credentials" then
            copy.credentials = with(options.credentials, value)
        else
            copy[name] = value
        end
    end
    return copy
end

local function variables(values)
    return function(name) return values[name] end
end

local PEM = "/dev/null" -- readable, which is all that is looked at here

-- Parts of what every source asks with.
local CLIENT = {
    iam_endpoint = { iam_endpoint = "https://iam.elsewhere" },
    ["the region's IAM"] = { region = "eu-west-101" },
    ["the variable's IAM"] = { getenv = variables { HUAWEICLOUD_SDK_IAM_ENDPOINT = "https://iam.variable" } },
    ca_file = { ca_file = PEM },
    client_cert = { client_cert = PEM },
    client_key = { client_key = PEM },
    proxy = { proxy = "http://proxy.example:3128" },
    ["no proxy"] = { proxy = "" },
    allow_http = { allow_http = true },
}

local SOURCES = {
    password = {
        given = { source = "password", user = "ops", password = "hidden", domain = "acct" },
        parts = {
            user = { credentials = { user = "other" } },
            password = { credentials = { password = "hidden2" } },
            domain = { credentials = { domain = "other" } },
            ["domain's id"] = { credentials = { domain_id = "d1" } },
            ["its IAM"] = { credentials = { iam_endpoint = "https://iam.of-the-user" } },
            project = { project_id = "p2" },
            ["its project"] = { credentials = { project_id = "p3" } },
            ["project's name"] = { credentials = { project_name = "cn-north-4_sub" } },
            passcode = { credentials = { passcode = "123456", user_id = "u" } },
        },
    },
    oidc = {
        given = { source = "oidc", idp_id = "idp", id_token_file = "/id-token" },
        parts = {
            ["identity provider"] = { credentials = { idp_id = "other" } },
            file = { credentials = { id_token_file = "/other" } },
            ["its IAM"] = { credentials = { iam_endpoint = "https://iam.of-the-token" } },
            project = { credentials = { project_id = "p3" } },
        },
    },
    agency = {
        given = { source = "agency", agency_name = "a", domain = "d", from = { ak = "AKX", sk = "hidden" } },
        parts = {
            name = { credentials = { agency_name = "b" } },
            domain = { credentials = { domain = "e" } },
            duration = { credentials = { duration = 900 } },
            ["its IAM"] = { credentials = { iam_endpoint = "https://iam.of-the-agency" } },
            project = { credentials = { project_id = "p3" } },
            ["access key it is asked with"] = { credentials = { from = { ak = "AKY", sk = "hidden" } } },
            ["secret key it is asked with"] = { credentials = { from = { ak = "AKX", sk = "hidden2" } } },
            ["IAM of the keys it is asked with"] = { credentials = { from = { ak = "AKX", sk = "hidden",
                iam_endpoint = "https://iam.of-the-keys" } } },
            ["token it is asked with"] = { credentials = { from = { source = "token", token = "hidden" } } },
        },
    },
    metadata = {
        given = { source = "metadata", endpoint = "http://127.0.0.1:1" },
        parts = {
            address = { credentials = { endpoint = "http://127.0.0.1:2" } },
            project = { credentials = { project_id = "p3" } },
        },
    },
}

describe("credentials that a client fetched", function()
    before_each(function()
        cache.shared:forget()
    end)
    after_each(function()
        cache.shared:forget()
    end)

    for name, source in pairs(SOURCES) do
        local options = { credentials = source.given }
        it(("by %s serve another client that is alike"):format(name), function()
            assert.is_true(asked(options) > 0)
            assert.equal(0, asked(options))
        end)

        for _, parts in ipairs { source.parts, CLIENT } do
            for part, changes in pairs(parts) do
                it(("by %s serve no client with another %s"):format(name, part), function()
                    local first = asked(options)
                    assert.is_true(first > 0)
                    assert.is_true(asked(with(options, changes)) > 0)
                    assert.equal(0, asked(options))
                    assert.equal(0, asked(with(options, changes)))
                end)
            end
        end
    end

    it("by an agency serve no client whose default chain has other keys", function()
        local options = { credentials = { source = "agency", agency_name = "a", domain = "d" } }
        local function of(values)
            return asked(with(options, { getenv = variables(values) }))
        end
        local one = { HUAWEICLOUD_SDK_AK = "AKONE", HUAWEICLOUD_SDK_SK = "hidden" }
        local other = { HUAWEICLOUD_SDK_AK = "AKTWO", HUAWEICLOUD_SDK_SK = "hidden" }
        assert.equal(1, of(one))
        assert.equal(1, of(other))
        assert.equal(1, of { HOME = "/h" })
        assert.equal(1, of { HW_ACCESS_KEY = "AKHW", HW_SECRET_KEY = "hidden", DWSYNC_METADATA = "off" })
        assert.same({ 0, 0, 0 }, { of(one), of(other), of { HOME = "/h" } })
    end)
end)

describe("the project id that a client found", function()
    it("is another one for a key of the same name at another IAM", function()
        local urls, endpoint = {}, nil
        local client = assert(dwsync.new {
            region = "cn-north-4", endpoint = "https://dws.example", retries = 0, getenv = function() end,
            credentials = function() return { ak = "AK", sk = "hidden", iam_endpoint = endpoint } end,
            runtime = {
                now = function() return NOW end,
                sleep = function() end,
                perform = function(request)
                    urls[#urls + 1] = request.url
                    return { status = 200, headers = {}, body = ('{"clusters":[],"projects":[{"id":"%s"}]}'):format(
                        request.url:find("one", 1, true) and "p-one" or "p-two") }
                end,
            },
        })
        for _, name in ipairs { "one", "two", "one" } do
            endpoint = "https://iam." .. name
            assert(client:list_clusters())
        end
        assert.same({
            "https://iam.one/v3/projects?name=cn-north-4", "https://dws.example/v1.0/p-one/clusters",
            "https://iam.two/v3/projects?name=cn-north-4", "https://dws.example/v1.0/p-two/clusters",
            "https://dws.example/v1.0/p-one/clusters",
        }, urls)
    end)
end)

describe("the refusals of an access key", function()
    local function refused_until_stopped(endpoint)
        local sent = 0
        local client = assert(dwsync.new {
            region = "cn-north-4", project_id = "p", endpoint = endpoint, retries = 0, getenv = function() end,
            credentials = { ak = "AK", sk = "hidden" },
            runtime = {
                now = function() return NOW end,
                sleep = function() end,
                perform = function()
                    sent = sent + 1
                    return { status = 401, headers = {},
                        body = '{"error_code":"APIGW.0301","error_msg":"verify aksk signature fail"}' }
                end,
            },
        })
        for _ = 1, 5 do
            assert.is_nil((client:list_clusters()))
        end
        return sent
    end

    it("stop it at every region of that site, and at no other site", function()
        key_guard.shared:forget()
        assert.equal(3, refused_until_stopped "https://dws.cn-north-4.myhuaweicloud.com")
        assert.equal(0, refused_until_stopped "https://dws.cn-east-3.myhuaweicloud.com")
        assert.equal(0, refused_until_stopped "https://dws.cn-north-12.myhuaweicloud.cn")
        assert.equal(3, refused_until_stopped "https://dws.eu-west-101.myhuaweicloud.eu")
        assert.equal(3, refused_until_stopped "https://dws.eu-de.otc.t-systems.com")
        assert.equal(3, refused_until_stopped "https://127.0.0.1:1")
        assert.equal(3, refused_until_stopped "https://127.0.0.1:2")
        key_guard.shared:forget()
    end)
end)
