local errors = require "dwsync.errors"
local options = require "dwsync.client.options"

-- The message of the error that a value gives, or nil for a good value.
local function refusal(check, given)
    local checked, err = check(given)
    if checked then
        return nil
    end
    assert.is_true(errors.is(err))
    assert.equal("config", err.kind)
    assert.is_false(err.retryable)
    return err.message
end

local TEXT = "a non-empty text without line breaks"
local SECONDS = "a number of seconds above 0 and at most 1000000"
local function nothing() end

-- For each option of dwsync.new: good values, then pairs of a bad value and how it is refused.
local CLIENT = {
    region = { { "cn-north-4" }, { { "", '"", expected ' .. TEXT }, { "a\nb", '"a\\nb", expected ' .. TEXT },
        { 4, "4, expected " .. TEXT } } },
    endpoint = { { "https://dws.example" }, { { "", '"", expected ' .. TEXT } } },
    iam_endpoint = { { "https://iam.example" }, { { true, "true, expected " .. TEXT } } },
    project_id = { { "77b6a44cba5143ab91d13ab9a8ff44fd", "a.b_c-d" }, {
        { "", '"", expected a text that is not empty' },
        { 7, "7, expected a text that is not empty" },
        { "a/b", '"a/b", expected letters, digits, "-", "_" and "." only' },
        { "..", '"..", expected letters, digits, "-", "_" and "." only' },
        { ("x"):rep(129), '"' .. ("x"):rep(59) .. '…", expected at most 128 characters, not 129' },
    } },
    timeout = { { 1, 0.5, 1e6 }, { { 0, "0, expected " .. SECONDS }, { -1, "-1, expected " .. SECONDS },
        { 1e6 + 1, "1000001, expected " .. SECONDS }, { math.huge, "inf, expected " .. SECONDS },
        { "60", '"60", expected ' .. SECONDS } } },
    attempt_timeout = { { 30 }, { { 0, "0, expected " .. SECONDS } } },
    connect_timeout = { { 10 }, { { {}, "a table, expected " .. SECONDS } } },
    retries = { { 0, 5 }, { { -1, "-1, expected an integer of 0 or more" },
        { 1.5, "1.5, expected an integer of 0 or more" }, { "3", '"3", expected an integer of 0 or more' } } },
    page_size = { { 1, 2147483647 }, { { 0, "0, expected an integer above 0" },
        { 2.5, "2.5, expected an integer above 0" },
        { 2147483648, "2147483648, expected an integer above 0 and at most 2147483647" } } },
    metadata = { { true, false, "http://127.0.0.1:8080", "http://169.254.169.254/" }, {
        { "off", '"off", expected true, false or the URL of a metadata service' },
        { "http://u:p@x", '"http://u:p@x", expected true, false or the URL of a metadata service' },
        { 1, "1, expected true, false or the URL of a metadata service" } } },
    algorithm = { { "SDK-HMAC-SHA256", "SDK-HMAC-SM3", "SDK-ECDSA-P256-SHA256", "SDK-SM2-SM3" }, { { "HMAC", '"HMAC", '
        .. "expected one of SDK-HMAC-SHA256, SDK-HMAC-SM3, V11-HMAC-SHA256, SDK-ECDSA-P256-SHA256, SDK-SM2-SM3" } } },
    signing_service = { { "dws" }, { { "", '"", expected ' .. TEXT } } },
    signing_region = { { "cn-north-4" }, { { "", '"", expected ' .. TEXT } } },
    paging = { { "auto", "page", "row" }, {
        { "rows", '"rows", expected one of auto, page, row (did you mean \'row\'?)' },
        { 1, "1, expected one of auto, page, row" } } },
    max_pages = { { 1 }, { { 0, "0, expected an integer above 0" } } },
    max_response_bytes = { { 1024 }, { { 0, "0, expected an integer above 0" } } },
    ca_file = { { "/etc/ca.pem" }, { { "", '"", expected ' .. TEXT } } },
    client_cert = { { "/etc/cert.pem" }, { { "", '"", expected ' .. TEXT } } },
    client_key = { { "/etc/key.pem" }, { { "", '"", expected ' .. TEXT } } },
    user_agent = { { "me/1.0" }, { { "a\r\nb", '"a\\r\\nb", expected ' .. TEXT } } },
}

-- Options whose values never show, with the whole message.
local HIDDEN = {
    proxy = { { "", "http://user:hidden@proxy:3128" }, {
        { "http://hidden\n", "proxy is not a text without line breaks" },
        { 3128, "proxy is not a text without line breaks" },
    } },
    credentials = { { {}, nothing }, { { "hidden", "credentials is a string, expected a table or a function" },
        { { source = "hidden" }, "credentials.source is not one of agency, environment, file, koocli, metadata, oidc, "
            .. "password, pod_identity, terraform, token" },
        { { source = "enviroment" }, "credentials.source is not one of agency, environment, file, koocli, metadata, "
            .. "oidc, password, pod_identity, terraform, token (did you mean 'environment'?)" },
        { { source = 7 }, "credentials.source is not one of agency, environment, file, koocli, metadata, oidc, "
            .. "password, pod_identity, terraform, token" },
        { { source = "environment", sk = "hidden" }, "unknown option 'credentials.sk'. The options are source." },
    } },
    allow_http = { { true, false }, { { "hidden", "allow_http is a string, expected true or false" } } },
    on_event = { { nothing }, { { {}, "on_event is a table, expected a function" } } },
    runtime = { { {} }, { { nothing, "runtime is a function, expected a table" } } },
    random = { { nothing }, { { 0.5, "random is a number, expected a function" } } },
    getenv = { { nothing }, { { {}, "getenv is a table, expected a function" } } },
    read_file = { { nothing }, { { "hidden", "read_file is a string, expected a function" } } },
}

describe("the options of dwsync.new", function()
    for name, cases in pairs(CLIENT) do
        it("accept a good " .. name .. " and refuse a bad one by name", function()
            for _, value in ipairs(cases[1]) do
                assert.equal(value, assert(options.client { [name] = value })[name])
            end
            for _, case in ipairs(cases[2]) do
                assert.equal(name .. " is " .. case[2], refusal(options.client, { [name] = case[1] }))
            end
        end)
    end

    for name, cases in pairs(HIDDEN) do
        it("accept a good " .. name .. " and refuse a bad one without showing it", function()
            for _, value in ipairs(cases[1]) do
                assert.equal(value, assert(options.client { [name] = value })[name])
            end
            for _, case in ipairs(cases[2]) do
                local message = refusal(options.client, { [name] = case[1] })
                assert.equal(case[2], message)
                assert.is_nil(message:find("hidden", 1, true))
            end
        end)
    end

    it("take the old name of page_size, which gives way to the new one", function()
        for _, case in ipairs { { nil, nil, 1000 }, { nil, 1, 1 }, { nil, 7, 7 }, { 5, 7, 5 }, { 5, nil, 5 } } do
            assert.equal(case[3], assert(options.client { page_size = case[1], limit = case[2] }).page_size)
        end
        for _, bad in ipairs { 0, 1.5 } do
            assert.equal(("limit is %s, expected an integer above 0"):format(bad),
                refusal(options.client, { limit = bad }))
        end
    end)

    it("want ids for the names of clusters", function()
        assert.same({ prod = "c1" }, assert(options.client { clusters = { prod = "c1" } }).clusters)
        local _, err = options.client { clusters = { prod = "a/b" } }
        assert.equal("clusters.prod", err.option)
        assert.matches("^clusters.prod is ", err.message)
    end)

    it("want the service's name for derived keys", function()
        local _, err = options.client { algorithm = "V11-HMAC-SHA256" }
        assert.same({ "config", "signing_service", "signing_service is missing; algorithm V11-HMAC-SHA256 needs it",
            "Set `signing_service` to the name that the service's gateway expects (and `signing_region`)." },
            { err.kind, err.option, err.message, err.hint })
        assert(options.client { algorithm = "V11-HMAC-SHA256", signing_service = "dws" })
    end)

    it("have the documented defaults and nothing else", function()
        assert.same({ timeout = 60, attempt_timeout = 30, connect_timeout = 10, retries = 3, page_size = 1000,
            paging = "auto", max_pages = 10000, max_response_bytes = 16777216 }, options.client {})
    end)

    it("do not change the table they are given", function()
        local given = { region = "cn-north-4" }
        options.client(given)
        assert.same({ region = "cn-north-4" }, given)
    end)

    it("refuse not-a-number as a number of seconds", function()
        assert.is_string(refusal(options.client, { timeout = 0 / 0 }))
        assert.is_string(refusal(options.client, { limit = 0 / 0 }))
        assert.is_string(refusal(options.client, { limit = math.huge }))
    end)

    it("make control characters of a bad value harmless", function()
        assert.equal('project_id is "?[31m?", expected letters, digits, "-", "_" and "." only',
            refusal(options.client, { project_id = "\27[31m\127" }))
    end)
end)

local function parameters_of(method)
    return function(given)
        return options.parameters(method, given)
    end
end

describe("the parameters of the operations", function()
    local CLUSTER = "d8b4b3a2-5a3c-4c5e-8c0e-2f1b0a9c7e11"

    it("want a cluster_id that is a text fit for a path", function()
        for _, check in ipairs { parameters_of "list_sync_records", parameters_of "sync_records" } do
            assert.equal(CLUSTER, check({ cluster_id = CLUSTER }).cluster_id)
            assert.equal("cluster_id is missing, expected a text that is not empty", refusal(check, {}))
            assert.equal('cluster_id is "", expected a text that is not empty', refusal(check, { cluster_id = "" }))
            assert.equal('cluster_id is "../x", expected letters, digits, "-", "_" and "." only',
                refusal(check, { cluster_id = "../x" }))
        end
    end)

    local function with(name, value)
        return { cluster_id = CLUSTER, [name] = value }
    end

    it("want an offset of 0 or more and a limit above 0 for one page", function()
        local check = parameters_of "list_sync_records"
        assert.equal(0, check(with("offset", 0)).offset)
        assert.equal("offset is -1, expected an integer of 0 or more", refusal(check, with("offset", -1)))
        assert.equal("offset is 0.5, expected an integer of 0 or more", refusal(check, with("offset", 0.5)))
        assert.equal(1, check(with("limit", 1)).limit)
        assert.equal("limit is 0, expected an integer above 0", refusal(check, with("limit", 0)))
        assert.equal(5, check(with("timeout", 5)).timeout)
        assert.equal("timeout is 0, expected " .. SECONDS, refusal(check, with("timeout", 0)))
        assert.same({ cluster_id = CLUSTER }, check { cluster_id = CLUSTER })
    end)

    it("want what a walk needs for all pages", function()
        local check = parameters_of "sync_records"
        assert.equal(1, check(with("limit", 1)).limit)
        assert.equal("limit is 0, expected an integer above 0", refusal(check, with("limit", 0)))
        assert.equal("row", check(with("paging", "row")).paging)
        assert.equal('paging is "x", expected one of auto, page, row', refusal(check, with("paging", "x")))
        assert.equal(7, check(with("max_pages", 7)).max_pages)
        assert.equal("max_pages is 0, expected an integer above 0", refusal(check, with("max_pages", 0)))
        assert.equal(5, check(with("timeout", 5)).timeout)
        assert.equal("timeout is -5, expected " .. SECONDS, refusal(check, with("timeout", -5)))
    end)

    it("want tables for fields and where, without showing what else they got", function()
        for _, check in ipairs { parameters_of "list_sync_records", parameters_of "sync_records" } do
            for _, name in ipairs { "fields", "where" } do
                local value = {}
                assert.equal(value, check(with(name, value))[name])
                assert.equal(name .. " is a string, expected a table", refusal(check, with(name, "id")))
            end
        end
    end)

    -- What is good and what is not, border by border.
    local ID = { { "x" }, { "", "a/b", 7 } }
    local WORD = { { "x", ("x"):rep(200) }, { "", ("x"):rep(201), 7 } }
    local FROM_0, ABOVE_0 = { { 0, 1 }, { -1, 0.5, "1" } }, { { 1, 2 }, { 0, 1.5, "1" } }
    local TIME, AGE = { { 0.5, 1e6 }, { 0, 1e6 + 1, "1" } }, { { 0, 0.5 }, { -0.5, "1" } }
    local TABLE, WORDS = { { {} }, { "x" } }, { { { "x" }, { "x", "y" } }, { { 7 }, { ("x"):rep(201) }, "x" } }
    local PAGING = { { "auto", "page", "row" }, { "rows", "" } }
    local TYPE, USER_TYPE = { { "USER", "ROLE" }, { "user", "" } }, { { "COMMON", "IAM", "OneAccess" }, { "iam", "" } }
    local POINT = { { "2025-10-25T10:49:52Z" }, { "some day" } }
    local ALL = { cluster_id = ID, cluster = WORD, limit = ABOVE_0, page_size = ABOVE_0, since = POINT, until_ = POINT,
        paging = PAGING, max_pages = ABOVE_0, timeout = TIME, fields = TABLE, where = TABLE }

    for method, parameters in pairs {
        list_sync_records = { cluster_id = ID, cluster = WORD, offset = FROM_0, limit = ABOVE_0, timeout = TIME,
            fields = TABLE, where = TABLE },
        sync_records = ALL,
        all_sync_records = ALL,
        list_database_users = { cluster_id = ID, cluster = WORD, type = TYPE, user_type = USER_TYPE, timeout = TIME,
            fields = TABLE, where = TABLE, offset = FROM_0, limit = ABOVE_0 },
        all_database_users = { cluster_id = ID, cluster = WORD, type = TYPE, user_type = USER_TYPE, timeout = TIME,
            fields = TABLE, where = TABLE, page_size = ABOVE_0, paging = PAGING, max_pages = ABOVE_0 },
        list_clusters = { enterprise_project_id = ID, max_age = AGE, timeout = TIME },
        list_projects = { timeout = TIME },
        find_clusters = { clusters = WORDS, exclude = WORDS, max_age = AGE, timeout = TIME },
    } do
        it(("of %s are these, within their borders"):format(method), function()
            local names = {}
            for name, values in pairs(parameters) do
                names[#names + 1] = name
                for good, list in ipairs(values) do
                    for _, value in ipairs(list) do
                        local given = { [name] = value }
                        if parameters.cluster and name ~= "cluster" and name ~= "cluster_id" then
                            given.cluster_id = CLUSTER
                        elseif parameters.clusters and name ~= "clusters" then
                            given.clusters = { "c" }
                        end
                        local checked, err = options.parameters(method, given, function() return 1761389392 end)
                        if good == 1 then
                            assert.is_nil(err)
                            assert.is_not_nil(checked[name])
                        else
                            assert.is_nil(checked)
                            assert.matches("^" .. name .. "[%[%]%d]* is ", err.message)
                        end
                    end
                end
            end
            table.sort(names)
            local _, message = pcall(options.parameters, method, { zzzzzzzz = 1 })
            assert.equal("The options are " .. table.concat(names, ", ") .. ".", message:match "The options are.*$")
        end)
    end

    it("want an id, or all_granted_eps, for the enterprise project of clusters", function()
        local check = parameters_of "list_clusters"
        assert.same({}, check {})
        assert.equal("all_granted_eps", check({ enterprise_project_id = "all_granted_eps" }).enterprise_project_id)
        assert.equal("0", check({ enterprise_project_id = "0" }).enterprise_project_id)
        assert.equal('enterprise_project_id is "a b", expected letters, digits, "-", "_" and "." only',
            refusal(check, { enterprise_project_id = "a b" }))
        assert.equal("timeout is 0, expected " .. SECONDS, refusal(check, { timeout = 0 }))
    end)
end)

describe("wrong use", function()
    -- As the client's functions call these checks: the error must name the line of the client's caller.
    local function client_function(check, given)
        local checked, err = check(given)
        return checked, err
    end

    it("raises for an unknown name, at the line of the caller's caller", function()
        local line = debug.getinfo(1, "l").currentline + 1
        local good, message = pcall(function() local a = client_function(options.client, { regoin = "x" }) return a end)
        assert.is_false(good)
        assert.matches("dwsync%.new: unknown option 'regoin'%. Did you mean 'region'%? The options are alg", message)
        assert.equal(tostring(line), message:match "options_spec%.lua:(%d+):")
    end)

    it("raises for an unknown name of each operation", function()
        local names = { list_sync_records = "offset", sync_records = "limit", all_sync_records = "limit",
            list_clusters = "timeout" }
        for name, known in pairs(names) do
            local good, message = pcall(options.parameters, name,
                { cluster_id = name ~= "list_clusters" and "x" or nil, [known] = 1 })
            assert.is_true(good, message)
            good, message = pcall(options.parameters, name, { [1] = "x" })
            assert.is_false(good)
            assert.equal(name .. ": unknown option '1'", message:match "[%w_]+: unknown option '1'")
        end
    end)

    it("raises when there is no table", function()
        local good, message = pcall(options.parameters, "sync_records", "d8b4b3a2")
        assert.is_false(good)
        assert.equal("sync_records expects a table, got a string", message:match "sync_records expects.*$")
    end)
end)
