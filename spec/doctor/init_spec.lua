local alerts = require "dwsync.doctor.alerts"
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

describe("an examination", function()
    local function answering(name)
        return { "alerts", function() return "ok", name end }
    end

    -- Runs with checks of the spec's own; returns the findings as "name outcome found cluster".
    local function run(subject, first, second, of_alerts)
        local own = { doctor.checks, doctor.cluster_checks, alerts.list }
        finally(function() doctor.checks, doctor.cluster_checks, alerts.list = own[1], own[2], own[3] end)
        doctor.checks, doctor.cluster_checks = first, second
        alerts.list = of_alerts or function() return {} end
        local list, lines = doctor.run(subject), {}
        for i, finding in ipairs(list) do
            lines[i] = ("%s %s %s %s"):format(finding.check, finding.outcome, finding.found, tostring(finding.cluster))
        end
        return lines, list
    end

    it("looks at each cluster by itself, and names it, where several are meant", function()
        local seen = {}
        local checks = { { "one", function(subject)
            seen[#seen + 1] = { subject.cluster_id, subject.cluster, subject.common, subject.page }
            subject.page = "left behind"
            return subject.cluster_id == "c2" and "failed" or "ok", "f"
        end }, { "two", function() return "ok", "f" end, "one" } }
        local subject = { common = "c", clusters = { { id = "c1", name = "prod\27" }, { id = "c2" } }, several = true }
        assert.same({ "one ok f prod?", "two ok f prod?", "one failed f c2", "two skipped not tried: one failed c2" },
            (run(subject, {}, checks)))
        assert.same({ { "c1", "prod", "c" }, { "c2", nil, "c" } }, { { seen[1][1], (seen[1][2]:gsub("%c", "")),
            seen[1][3] }, { seen[2][1], nil, seen[2][3] } })
        assert.same({ nil, nil, nil }, { seen[1][4], seen[2][2], seen[2][4] })
        checks[1][3] = "list"
        assert.same({ "list failed f nil", "one skipped not tried: list failed c2",
            "two skipped not tried: list failed c2" },
            (run({ clusters = { { id = "c2" } }, several = true }, { { "list", function() return "failed", "f" end } },
                checks)))
        subject.several = false
        assert.same({ "one ok f nil", "two ok f nil" }, (run(subject, {}, checks)))
        subject.several, subject.clusters = true, nil
        assert.same({ "one ok f nil", "two ok f nil" }, (run(subject, {}, checks)))
    end)

    it("tries what needs none of those that failed, whichever of its needs it is", function()
        local lines, list = run({}, { { "a", function() return "failed", "f", "Mend it." end },
            { "b", function() return "ok", "f" end }, { "c", function() return "warning", "f", "n" end, "b", "a" },
            { "d", function() return "ok", "f" end, "c" }, { "e", function() return "skipped", "f", "n", "x" end },
            { "g", function() return "ok", "f" end, "e" }, { "h", function() return "skipped", "f", "n" end },
            { "i", function() return "ok", "f" end, "h", "b" } }, {})
        assert.same({ "a failed f nil", "b ok f nil", "c skipped not tried: a failed nil",
            "d skipped not tried: a failed nil", "e skipped f nil", "g skipped not tried: x failed nil",
            "h skipped f nil", "i ok f nil" }, lines)
        assert.same({ check = "c", outcome = "skipped", found = "not tried: a failed", next = "Fix that first.",
            root = "a", untried = true }, list[3])
        assert.same({ check = "e", outcome = "skipped", found = "f", next = "n", root = "x" }, list[5])
    end)

    it("ends with those who are to be told, whatever failed before", function()
        local given
        assert.same({ "a failed f nil", "alerts ok channel nil" }, (run({ alerts = "the alerts", world = "the world" },
            { { "a", function() return "failed", "f" end } }, {}, function(...)
                given = { ... }
                return { answering "channel" }
            end)))
        assert.same({ "the alerts", "the world" }, given)
    end)

    it("says whether a word means no cluster", function()
        for _, is_unknown in ipairs { true, false } do
            local own = { doctor.checks, doctor.cluster_checks }
            finally(function() doctor.checks, doctor.cluster_checks = own[1], own[2] end)
            doctor.checks, doctor.cluster_checks = { { "a", function(subject)
                subject.unknown_cluster = is_unknown or nil
                return "warning", "f", "n"
            end } }, {}
            assert.same({ true, is_unknown }, { select(2, doctor.run {}) })
        end
    end)
end)

describe("the configuration", function()
    local configuration = require "dwsync.doctor.configuration"

    local function list(given, environment, said)
        local function getenv(name) return environment[name] end
        local options = { getenv = getenv, read_file = function() return nil, "none", true end, credentials = {
            ak = "AK", sk = SK } }
        for name, value in pairs(given) do
            options[name] = value
        end
        return select(2, configuration.check {
            settings = configuration.list(given, getenv, assert(dwsync.new(options)), said),
        })
    end

    it("names the file in which an option was, and the option beside it", function()
        local given = { region = "cn-north-4", endpoint = "https://e,https://f", iam_endpoint = "https://i",
            project_id = "p", ca_file = "README.md", proxy = "http://x:1", timeout = 2.5, retries = 0 }
        local said = {}
        for name in pairs(given) do
            said[name] = true
        end
        local function origin(all, except)
            local text = ("region cn-north-4 (%s), endpoint https://e,https://f (%s), IAM endpoint https://i (%s), "
                .. "project id p (%s), CA file README.md (%s), proxy http://x:1 (%s), timeout 2.5 (%s), retries 0 (%s)")
            local list_of = {}
            for i, name in ipairs { "region", "endpoint", "iam_endpoint", "project_id", "ca_file", "proxy", "timeout",
                "retries" } do
                list_of[i] = name == except and "option" or all
            end
            return text:format((table.unpack or unpack)(list_of)) -- luacheck: ignore 113
        end
        assert.equal(origin "option", list(given, {}))
        assert.equal(origin "option", list(given, {}, {}))
        for name in pairs(given) do
            said[name] = nil
            assert.equal(origin("configuration file", name), list(given, {}, said))
            said[name] = true
        end
    end)

    it("takes the first variable that is set, and an empty one for none", function()
        local function setting(name, environment, given)
            for _, entry in ipairs(configuration.list(given or {}, function(variable)
                return environment[variable]
            end)) do
                if entry[1] == name then
                    return entry[2] .. " " .. entry[3]
                end
            end
        end
        for name, variables in pairs { region = { "DWSYNC_REGION", "HW_REGION_NAME" }, ca_file = { "DWSYNC_CA_FILE" },
            proxy = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } } do
            local environment = {}
            for i = #variables, 1, -1 do
                environment[variables[i]] = "v" .. i
                local expected = ("v%d environment %s"):format(i, variables[i])
                assert.equal(expected, setting(name, environment))
                environment[variables[i - 1] or "X"] = ""
                assert.equal(expected, setting(name, environment))
            end
            assert.equal("o option", setting(name, environment, { [name] = "o" }))
        end
        assert.same({ nil, "the system's default", nil, nil }, { setting("region", {}), setting("ca_file", {}),
            setting("timeout", {}), setting("endpoint", {}) })
    end)

    it("shows where it failed as far as it got", function()
        local err = errors.new { kind = "config", message = "wrong", hint = "Mend it." }
        assert.same({ "failed", "wrong", "Mend it." }, { configuration.check { settings = {}, config_error = err } })
        assert.same({ "failed", "wrong; region r (option), timeout 0.5 (default), retries 3 (default)", "Mend it." }, {
            configuration.check { settings = { { "region", "r", "option" }, { "timeout", 0.5, "default" },
                { "retries", 6 / 2, "default" } }, config_error = err, without_effect = { { "X", "y" } } } })
        assert.same({ "ok", "region r (option)" }, { configuration.check { settings = { { "region", "r", "option" } },
            without_effect = {} } })
    end)

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
        assert.same({ "warning", "; without effect: X", "Instead: y." }, { configuration.check { settings = {},
            without_effect = { { "X", "y" } } } })
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
