local doctor = require "dwsync.doctor"
local dwsync = require "dwsync"
local errors = require "dwsync.errors"
local key_guard = require "dwsync.request.key_guard"

local C9 = "c9c9c9c9-0000-4000-8000-000000000009"
local NOW = 1761389392 -- 2025-10-25T10:49:52Z
local DATE = "Sat, 25 Oct 2025 10:49:52 GMT"
local SK = "hidden-secret-key"

local function json(status, body)
    return { status = status, headers = { date = DATE }, body = body }
end

local function records(first, last, more)
    local list = {}
    for i = first, last do
        list[#list + 1] = ('{"id":"r%d"%s}'):format(i, more or ',"start_time":1747637723055')
    end
    return json(200, ('{"count":9,"sync_records":[%s]}'):format(table.concat(list, ",")))
end

local CERTIFICATE = { subject = "CN = dws", issuer = "CN = ca", not_after = "Dec 25 10:49:52 2025 GMT" }

-- A service where all is well; by what is asked for.
local function healthy()
    return {
        dws = { status = 404, headers = { date = DATE }, body = "", certificate = CERTIFICATE },
        iam = json(200, "{}"),
        projects = json(200, '{"projects":[{"id":"p-found","name":"cn-north-4"}]}'),
        clusters = json(200, '{"clusters":[{"id":"c1"},{"id":"c2"}]}'),
        first = records(0, 2),
        second = records(3, 5),
    }
end

local function kind_of(url)
    return url == "https://dws.example/" and "dws" or url == "https://iam.example/" and "iam"
        or url:find("/v3/projects", 1, true) and "projects" or url:find "/clusters$" and "clusters"
        or url:find("offset=0", 1, true) and "first" or "second"
end

-- Runs every check. `changes` replace answers; `more` options of the client or fields of the subject. Returns findings
-- by name, whether all is well, and the kinds of requests made.
local function examine(changes, more)
    more = more or {}
    local answers, asked = healthy(), {}
    for kind, answer in pairs(changes or {}) do
        answers[kind] = answer
    end
    key_guard.shared:forget()
    local client = assert(dwsync.new {
        endpoint = "https://dws.example",
        iam_endpoint = "https://iam.example",
        region = "cn-north-4",
        project_id = more.project_id,
        credentials = more.credentials or { ak = "AKEXAMPLE", sk = SK },
        retries = 0,
        metadata = false,
        getenv = function() end,
        read_file = function() return nil, "No such file or directory", true end,
        runtime = {
            now = function() return NOW end,
            sleep = function() end,
            perform = function(request)
                local kind = kind_of(request.url)
                asked[#asked + 1] = kind
                local answer = answers[kind]
                if answer.failure then
                    return nil, answer.failure
                end
                return answer
            end,
        },
    })
    local list, well = doctor.run { client = client, settings = {}, words = more.words }
    local found = {}
    for _, finding in ipairs(list) do
        found[finding.check] = finding
        assert.is_nil((finding.found .. (finding.next or "")):find(SK, 1, true))
        assert.is_true(finding.outcome == "ok" or #(finding.next or "") > 10, finding.check)
    end
    return found, well, asked
end

local function failing(code, message)
    return { failure = { kind = "network", code = code, message = message or "m" } }
end

local function refusal(status, code, message)
    return json(status, ('{"error_code":"%s","error_msg":"%s"}'):format(code, message))
end

describe("dwsync doctor", function()
    it("finds all well, in a fixed order", function()
        local found, well = examine()
        assert.is_true(well)
        local names = {}
        for _, checks in ipairs { doctor.checks, doctor.cluster_checks } do
            for _, check in ipairs(checks) do
                names[#names + 1] = check[1]
                assert.equal("ok", found[check[1]].outcome, check[1] .. ": " .. found[check[1]].found)
                assert.is_nil(found[check[1]].next)
            end
        end
        assert.equal("configuration, name resolution, TCP, TLS, clock, credentials, IAM, project id, clusters, "
            .. "permission, feature, paging, time unit", table.concat(names, ", "))
    end)

    it("tells each finding as soon as it is there", function()
        local told = {}
        local list, well = doctor.run({
            settings = {}, config_error = errors.new { kind = "config", message = "no region", hint = "Set region." },
        }, function(finding) told[#told + 1] = finding end)
        assert.same(list, told)
        assert.is_false(well)
        assert.same({ check = "configuration", outcome = "failed", found = "no region", next = "Set region." }, told[1])
        for i = 2, #told do
            assert.same({ "skipped", "configuration", "not tried: configuration failed" },
                { told[i].outcome, told[i].root, told[i].found })
        end
    end)

    it("skips what needs a failed check, and names the one at the root", function()
        local found, well = examine { dws = failing "resolve" }
        assert.is_false(well)
        for _, name in ipairs { "TCP", "TLS", "clock", "clusters", "permission", "feature", "paging", "time unit" } do
            assert.same({ "skipped", "name resolution" }, { found[name].outcome, found[name].root })
        end
        for _, name in ipairs { "credentials", "IAM", "project id" } do
            assert.equal("ok", found[name].outcome)
        end
    end)
end)

-- {what it is, check, outcome, pattern of found, pattern of next, answers, more}
local CASES = {
    { "a name without address", "name resolution", "failed", "^no such", "Check the region",
        { dws = failing("resolve", "no such host") } },
    { "a resolver that is silent", "name resolution", "failed", "Resolving", "DNS",
        { dws = failing("timeout", "Resolving timed out after 5 ms") } },
    { "a closed port", "TCP", "failed", "refused", "firewall", { dws = failing("connect", "refused") } },
    { "a silent host", "TCP", "failed", "timed out", ".",
        { dws = { failure = { kind = "timeout", code = "timeout", message = "Connection timed out" } } } },
    { "an expired certificate", "TLS", "failed", "expired", "has expired",
        { dws = failing("certificate", "certificate has expired") } },
    { "an unknown CA", "TLS", "failed", "issuer", "`ca_file`",
        { dws = failing("certificate", "unable to get local issuer certificate") } },
    { "a certificate for another host", "TLS", "failed", "subject name", "another host",
        { dws = failing("certificate", "no alternative certificate subject name matches") } },
    { "no TLS at all", "TLS", "failed", "wrong version", "TLS 1.2", { dws = failing("handshake", "wrong version") } },
    { "a certificate that ends soon", "TLS", "warning", "2025%-10%-30 %(5 d 9 h%)", "expires soon",
        { dws = { status = 200, headers = { date = DATE }, body = "",
            certificate = { subject = "s", issuer = "i", not_after = "Oct 30 20:00:00 2025 GMT" } } } },
    { "a certificate that nobody tells about", "TLS", "ok", "not known here", nil, { dws = json(200, "") } },
    { "a clock an hour slow", "clock", "failed", "1 h slow", "NTP",
        { dws = { status = 200, headers = { date = "Sat, 25 Oct 2025 11:49:52 GMT" }, body = "" } } },
    { "a clock two minutes fast", "clock", "warning", "2 min fast", "NTP",
        { dws = { status = 200, headers = { date = "Sat, 25 Oct 2025 10:47:52 GMT" }, body = "" } } },
    { "an answer without Date", "clock", "warning", "no Date", "NTP",
        { dws = { status = 200, headers = {}, body = "" } } },
    { "a permanent key", "credentials", "ok", "^permanent access key AKEXAMPLE from credentials$", nil, {} },
    { "a temporary key", "credentials", "ok", "^temporary access key AKT", nil, {},
        { credentials = function() return { ak = "AKT", sk = SK, security_token = SK .. "2" } end } },
    { "a token with an end", "credentials", "ok", "^token from .*, valid until 2025%-10%-25T11:49:52", nil, {},
        { credentials = function() return { token = SK, project_id = "p", expires_at = NOW + 3600 } end } },
    { "expired credentials", "credentials", "failed", "valid until", "new credentials", {},
        { credentials = function() return { ak = "AKT", sk = SK, expires_at = NOW - 1 } end } },
    { "no credentials", "credentials", "failed", "returned no credentials", "HUAWEICLOUD_SDK_AK", {},
        { credentials = function() return nil end } },
    { "IAM out of reach", "IAM", "failed", "refused", "firewall", { iam = failing("connect", "refused") } },
    { "IAM out of order", "IAM", "failed", "HTTP 503", "again later", { iam = json(503, "") } },
    { "IAM out of reach when it is not needed", "IAM", "warning", "refused", "Not needed now",
        { iam = failing("connect", "refused") }, { project_id = "p1" } },
    { "a given project", "project id", "ok", "^p1 %(given%)", nil, {}, { project_id = "p1" } },
    { "a project looked up", "project id", "ok", "^p%-found %(looked up at IAM%)", nil, {} },
    { "no project", "project id", "failed", "has no project", "Set `project_id`",
        { projects = json(200, '{"projects":[]}') } },
    { "a project that cannot be looked up", "project id", "skipped", "looked up at IAM, which failed", "`project_id`",
        { iam = failing "connect" } },
    { "visible clusters", "clusters", "ok", "^2 visible$", nil, {} },
    { "no cluster", "clusters", "warning", "^0 visible", "Check the region",
        { clusters = json(200, '{"clusters":[]}') } },
    { "no cluster to ask about", "permission", "skipped", "no cluster", "CLUSTER",
        { clusters = json(200, '{"clusters":[]}') } },
    { "a cluster that is not listed", "clusters", "warning", "2 visible, cluster c9c9c9c9%-.* is not among them",
        "cluster id", {}, { words = { C9 } } },
    { "a cluster that is named", "permission", "ok", "cluster dev %(c2%)", nil,
        { clusters = json(200, '{"clusters":[{"id":"c1","name":"prod"},{"id":"c2","name":"dev"}]}') },
        { words = { "dev" } } },
    { "a name that is unknown", "clusters", "failed", "unknown cluster 'c9', looked for at the service",
        "The clusters are", {}, { words = { "c9" } } },
    { "a list that is not allowed", "clusters", "failed", "HTTP 403", "%S",
        { clusters = refusal(403, "APIGW.0302", "no") } },
    { "a list that is not allowed though a cluster is given", "clusters", "warning", "HTTP 403", "%S",
        { clusters = refusal(403, "APIGW.0302", "no") }, { words = { C9 } } },
    { "the query allowed", "permission", "ok", "cluster c1", nil, {} },
    { "the query not allowed", "permission", "failed", "HTTP 403", "dws:cluster:listIdentifySyncRecords",
        { first = refusal(403, "APIGW.0302", "no") } },
    { "the query not allowed, of which the hint names the action", "permission", "failed", "HTTP 403",
        "^Ask for the action dws:cluster:listIdentifySyncRecords %(records%)",
        { first = refusal(403, "APIGW.0304", "no") } },
    { "the query refused for another reason", "permission", "failed", "HTTP 403",
        "^Ask for the action dws:cluster:listIdentifySyncRecords%. Ask for permission in the cluster's enterprise",
        { first = refusal(403, "EPS.0003", "no") } },
    { "the query failing", "permission", "failed", "HTTP 500", "%S", { first = refusal(500, "DWS.0005", "Server") } },
    { "the feature off", "feature", "ok", "^off", "turn it on in the console",
        { first = refusal(403, "DWS.5045", "off") } },
    { "the feature without records", "feature", "warning", "^no record", "Enable",
        { first = json(200, '{"count":0,"sync_records":[]}') } },
    { "the feature at work", "feature", "ok", "9 in all", nil, {} },
    { "offsets that count pages", "paging", "ok", "counts pages", nil, {} },
    { "offsets that count pages while a record arrives", "paging", "ok", "counts pages", nil,
        { second = records(2, 4) } },
    { "offsets that count rows", "paging", "ok", "counts rows", nil, { second = records(1, 3) } },
    { "offsets that are ignored", "paging", "warning", "ignores offset", "again", { second = records(0, 2) } },
    { "a second page that fails", "paging", "warning", "HTTP 500", "%S", { second = refusal(500, "DWS.0005", "S") } },
    { "one record", "paging", "skipped", "too few", "two records", { first = records(0, 0) } },
    { "milliseconds", "time unit", "ok", "milliseconds", nil, {} },
    { "seconds", "time unit", "warning", "1747637723 is not", "Report",
        { first = records(0, 2, ',"start_time":1747637723') } },
    { "no times", "time unit", "skipped", "no records with a time", "%S", { first = records(0, 2, "") } },
}

describe("a check of dwsync doctor", function()
    for _, case in ipairs(CASES) do
        it(("of %s: %s for %s"):format(case[2], case[3], case[1]), function()
            local found = examine(case[6], case[7])
            local finding = found[case[2]]
            assert.equal(case[3], finding.outcome, finding.found)
            assert.matches(case[4], finding.found)
            if case[5] then
                assert.matches(case[5], finding.next)
            else
                assert.is_nil(finding.next)
            end
        end)
    end

    it("that only informs does not decide the result", function()
        for _, answers in ipairs { { first = refusal(403, "DWS.5045", "off") },
            { clusters = json(200, '{"clusters":[]}') } } do
            assert.is_true((select(2, examine(answers))))
        end
    end)

    it("sends nothing more with a key once it was refused", function()
        local wrong = refusal(401, "APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail")
        local found, well, asked = examine { projects = wrong, clusters = wrong, first = wrong }
        assert.is_false(well)
        assert.same({ "dws", "iam", "projects" }, asked)
        assert.matches("verify aksk signature fail", found["project id"].found)
        found, well, asked = examine({ clusters = wrong, first = wrong }, { project_id = "p1" })
        assert.is_false(well)
        assert.same({ "dws", "iam", "clusters" }, asked)
        assert.equal("clusters", found.permission.root)
    end)

    it("makes foreign text harmless", function()
        local found = examine { dws = { status = 200, headers = { date = DATE }, body = "",
            certificate = { subject = "\27[2J", issuer = "\194\155", not_after = "" } } }
        assert.equal("certificate of ?[2J, issued by ?, expiry unknown", found.TLS.found)
    end)
end)

describe("the configuration", function()
    local configuration = require "dwsync.doctor.configuration"

    local function list(given, environment)
        local function getenv(name) return environment[name] end
        local options = { getenv = getenv, read_file = function() return nil, "none", true end, credentials = {
            ak = "AK", sk = SK } }
        for name, value in pairs(given) do
            options[name] = value
        end
        return select(2, configuration.check {
            settings = configuration.list(given, getenv, assert(dwsync.new(options))),
        })
    end

    it("says where each value came from", function()
        assert.equal("region cn-north-4 (option), endpoint https://dws.cn-north-4.myhuaweicloud.com (default), "
            .. "IAM endpoint https://iam.cn-north-4.myhuaweicloud.com (default), project id p1 (option), "
            .. "CA file the system's (default), timeout 5 (option), retries 3 (default)",
            list({ region = "cn-north-4", project_id = "p1", timeout = 5 }, {}))
        assert.equal("region cn-north-4 (environment DWSYNC_REGION), "
            .. "endpoint https://e.example (environment HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4), "
            .. "IAM endpoint https://i.example (environment HUAWEICLOUD_SDK_IAM_ENDPOINT), "
            .. "CA file README.md (environment DWSYNC_CA_FILE), timeout 60 (default), retries 3 (default)", list({}, {
            DWSYNC_REGION = "cn-north-4", HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4 = "e.example",
            HUAWEICLOUD_SDK_IAM_ENDPOINT = "https://i.example", DWSYNC_CA_FILE = "README.md" }))
    end)

    it("says that a region is Terraform's, or that of a KooCLI profile", function()
        assert.matches("^region cn%-north%-4 %(environment HW_REGION_NAME%), ", list({}, {
            HW_REGION_NAME = "cn-north-4" }))
        local text = '{"authEncrypt":"false","profiles":[{"name":"default","region":"cn-east-3"}]}'
        local koocli = list({ credentials = { source = "koocli", path = "/k" }, read_file = function(path)
            return path == "/k" and text or nil
        end }, {})
        assert.matches("^region cn%-east%-3 %(KooCLI's profile%), endpoint https://dws%.cn%-east%-3%.", koocli)
    end)

    it("warns of variables that are set without effect, and says what takes their place", function()
        local outcome, found, next_step = configuration.check { settings = { { "region", "r", "option" } },
            without_effect = { { "HW_INSECURE", "set `ca_file`" }, { "OS_CERT", "set its twin" },
                { "OS_KEY", "set its twin" } } }
        assert.same({ "warning", "region r (option); without effect: HW_INSECURE, OS_CERT, OS_KEY",
            "Instead: set `ca_file`; set its twin." }, { outcome, found, next_step })
    end)

    it("shows a file as the origin of what nothing else says", function()
        local text = "DWS:\n  - id: cn-north-4\n    endpoint: https://f.example\n"
        local found = list({ region = "cn-north-4", read_file = function(path)
            return path == "/regions" and text or nil, "none", true
        end }, { HUAWEICLOUD_SDK_REGIONS_FILE = "/regions" })
        assert.matches("endpoint https://f.example %(file%)", found)
    end)

    it("never shows the password of a proxy", function()
        for _, url in ipairs { "http://user:pass@word@proxy:3128", "user:password@proxy:3128" } do
            local found = list({ region = "cn-north-4" }, { https_proxy = url })
            assert.matches("proxy:3128 %(environment https_proxy%)", found)
            assert.is_nil(found:find("pass", 1, true))
            assert.is_nil(list({ region = "cn-north-4", proxy = url }, {}):find("pass", 1, true))
        end
        assert.matches("proxy none %(option%)", list({ region = "cn-north-4", proxy = "" }, {}))
    end)
end)
