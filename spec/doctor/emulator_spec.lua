local cjson = require "cjson"
local cli = require "dwsync.cli"
local core = require "dwsync.core"
local emulators = require "spec.support.emulator"
local runtimes = require "dwsync.runtime"

local service

setup(function()
    service = emulators.start()
end)
teardown(function()
    service:stop()
end)
before_each(function()
    service:reset()
end)

local function environment(changes)
    local info = service.info
    local values = {
        HUAWEICLOUD_SDK_AK = info.ak,
        HUAWEICLOUD_SDK_SK = info.sk,
        HUAWEICLOUD_SDK_PROJECT_ID = info.project_id,
        HUAWEICLOUD_SDK_IAM_ENDPOINT = info.iam_endpoint,
        HUAWEICLOUD_SDK_REGION_DWS_EMU_NORTH_1 = info.endpoint,
        DWSYNC_REGION = info.region,
        DWSYNC_CA_FILE = info.ca_file,
        DWSYNC_METADATA = "off",
    }
    for name, value in pairs(changes or {}) do
        values[name] = value or nil
    end
    return values
end

-- Runs the command. Returns status and findings by name; `changes` to the environment, false unsets.
local function run(arguments, changes, runtime)
    local out, err = "", ""
    local variables = environment(changes)
    local words = { "doctor", "-o", "json", "--retries", "0" }
    for _, word in ipairs(arguments) do
        words[#words + 1] = word
    end
    local status = cli.main(words, {
        stdout = { write = function(_, text) out = out .. text return true end, flush = function() return true end },
        stderr = { write = function(_, text) err = err .. text end },
        getenv = function(name) return variables[name] end,
        read_file = function() return nil, "No such file or directory", true end,
        is_terminal = function() return false end,
        runtime = runtime,
    })
    for _, secret in ipairs { variables.HUAWEICLOUD_SDK_SK, service.info.sk } do
        assert.is_nil((out .. err):find(secret, 1, true))
    end
    local found, list = {}, cjson.decode(out)
    for _, finding in ipairs(list) do
        found[finding.check] = finding
    end
    return status, found, list
end

local function with_host(host)
    return { "--endpoint", (service.info.endpoint:gsub("127%.0%.0%.1", host)) }
end

-- The only check that failed, apart from those skipped because of it.
local function assert_cause(name, pattern, status, found)
    assert.equal(1, status)
    for check, finding in pairs(found) do
        assert.equal(check == name, finding.outcome == "failed", check .. ": " .. finding.found)
    end
    assert.matches(pattern, found[name].found)
    assert.is_true(#found[name].next > 10)
end

describe("dwsync doctor against the emulator", function()
    it("finds all well, the project id given or looked up", function()
        for _, project_id in ipairs { service.info.project_id, false } do
            local status, found = run({}, { HUAWEICLOUD_SDK_PROJECT_ID = project_id })
            for _, finding in pairs(found) do
                assert.equal("ok", finding.outcome, finding.check .. ": " .. finding.found)
            end
            assert.equal(0, status)
            assert.matches("CN = localhost.*valid until %d%d%d%d%-%d%d%-%d%d %(%d+ d[^)]*%)", found.TLS.found)
            assert.equal("9 visible", found.clusters.found)
        end
    end)

    it("names a wrong secret, after few requests", function()
        for _, project_id in ipairs { service.info.project_id, false } do
            service:reset()
            local status, found = run({}, {
                HUAWEICLOUD_SDK_SK = "wrong-secret-key", HUAWEICLOUD_SDK_PROJECT_ID = project_id,
            })
            assert_cause(project_id and "clusters" or "project id", "secret key does not match", status, found)
            local refused = 0
            for _, request in ipairs(service:journal().requests) do
                refused = refused + (request.uri ~= "/" and 1 or 0)
            end
            assert.is_true(refused >= 1 and refused <= 3, refused)
        end
    end)

    it("names a region whose endpoint does not exist", function()
        local status, found = run { "--endpoint", "https://nowhere.invalid" }
        assert_cause("name resolution", "nowhere%.invalid", status, found)
        status, found = run { "--region", "nowhere-1" }
        assert_cause("configuration", 'region "nowhere%-1" has no built%-in DWS endpoint', status, found)
    end)

    it("names a port where nobody listens", function()
        local status, found = run { "--endpoint", "https://127.0.0.1:1" }
        assert_cause("TCP", "127%.0%.0%.1:1", status, found)
    end)

    it("names a clock that is wrong", function()
        service:set { clock_offset = 3600 }
        local status, found = run {}
        assert_cause("clock", "this machine's clock is %d+ [^;]+ slow", status, found)
        local real = runtimes.new()
        service:reset()
        status, found = run({}, nil, {
            perform = real.perform, sleep = real.sleep, now = function() return core.now() + 7200 end,
        })
        assert_cause("clock", "this machine's clock is [^;]+ fast", status, found)
    end)

    it("names a certificate that expired, or is of an unknown CA, or for another host", function()
        local status, found = run(with_host "expired.localhost")
        assert_cause("TLS", "expired", status, found)
        assert.matches("The certificate has expired", found.TLS.next)
        status, found = run(with_host "unknown.localhost")
        assert_cause("TLS", "certificate", status, found)
        assert.matches("%-%-ca%-file", found.TLS.next)
        status, found = run(with_host "wronghost.localhost")
        assert_cause("TLS", "wronghost%.localhost", status, found)
        assert.matches("another host", found.TLS.next)
    end)

    it("names the lack of credentials", function()
        local status, found = run({}, { HUAWEICLOUD_SDK_AK = false, HUAWEICLOUD_SDK_SK = false })
        assert_cause("credentials", "no credentials found", status, found)
    end)

    it("names an IAM that is down, when it is needed", function()
        local status, found = run({ "--iam-endpoint", "https://127.0.0.1:1" }, { HUAWEICLOUD_SDK_PROJECT_ID = false })
        assert_cause("IAM", "127%.0%.0%.1:1", status, found)
        assert.equal("skipped", found["project id"].outcome)
        status, found = run { "--iam-endpoint", "https://127.0.0.1:1" }
        assert.equal(0, status)
        assert.equal("warning", found.IAM.outcome)
    end)

    it("tells that the feature is off, or that nothing was ever synchronised", function()
        local status, found = run { service:cluster "feature_off" }
        assert.equal(0, status)
        assert.same({ "ok", "ok", "skipped" },
            { found.permission.outcome, found.feature.outcome, found.paging.outcome })
        assert.matches("^off.*DWS%.5045", found.feature.found)
        status, found = run { service:cluster "never" }
        assert.equal(0, status)
        assert.matches("^no record", found.feature.found)
    end)

    it("looks at every cluster when it shall, and one that is refused hides no other", function()
        service:fault({ status = 403, body = '{"error_code":"APIGW.0302","error_msg":"not allowed"}' }, { times = 1 })
        local status, _, list = run { "--all-clusters" }
        assert.equal(1, status)
        local of = {}
        for _, finding in ipairs(list) do
            if finding.cluster then
                of[finding.cluster] = of[finding.cluster] or {}
                of[finding.cluster][finding.check] = finding
            end
        end
        assert.equal(9 + 9 * 4, #list)
        assert.equal("failed", of["dws-healthy"].permission.outcome)
        assert.equal("not tried: permission failed", of["dws-healthy"].feature.found)
        assert.equal("on: there are records, 168 in all", of["dws-failing"].feature.found)
        assert.matches("^no record", of["dws-never"].feature.found)
        assert.matches("DWS%.5045", of["dws-feature-off"].feature.found)
    end)

    it("looks at no cluster when the way to them is not open", function()
        local status, _, list = run({ "--all-clusters" }, { HUAWEICLOUD_SDK_SK = "wrong-secret-key" })
        assert.equal(1, status)
        assert.equal(13, #list)
        assert.equal("not tried: clusters failed", list[10].found)
    end)

    it("names the action that is missing", function()
        service:fault({ status = 403, body = '{"error_code":"APIGW.0302","error_msg":"not allowed"}' })
        local status, found = run {}
        assert_cause("permission", "not allowed", status, found)
        assert.matches("dws:cluster:listIdentifySyncRecords", found.permission.next)
    end)

    it("recognises how offset counts", function()
        for mode, pattern in pairs { page = "counts pages", row = "counts rows", ignore = "ignores offset" } do
            service:set { paging = mode }
            local status, found = run {}
            assert.equal(0, status)
            assert.matches(pattern, found.paging.found)
        end
    end)
end)
