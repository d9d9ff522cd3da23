-- No secret in any output: whatever a client with each kind of credentials says, tells its listener, prints as the
-- command or leaves in the emulator's logs is searched for every secret that crossed the wire or was given.
local cjson = require "cjson"
local cli = require "dwsync.cli"
local emulators = require "spec.support.emulator"
local runtimes = require "dwsync.runtime"

local WRONG = "wrong-secret-4711"
local ID_TOKEN, POD_TOKEN = "emulator-id-token", "emulator-pod-token" -- what the emulator takes

local service, healthy, secrets, outputs, sent

local function remember(text)
    if type(text) == "string" and #text >= 8 then
        secrets[text] = true
    end
end

-- Every text in a value, whatever its depth.
local function keep(value, seen)
    seen = seen or {}
    if type(value) == "table" and not seen[value] then
        seen[value] = true
        outputs[#outputs + 1] = tostring(value)
        for key, item in pairs(value) do
            keep(key, seen)
            keep(item, seen)
        end
    elseif type(value) == "string" then
        outputs[#outputs + 1] = value
    end
end

local SECRET_FIELDS = { "secret", "secretAccessKey", "secret_access_key", "securitytoken", "securityToken",
    "security_token" }

local function note_response(response)
    remember(response.headers["x-subject-token"])
    local good, body = pcall(cjson.decode, response.body or "")
    local holder = good and type(body) == "table" and (body.credential or body.credentials) or {}
    for _, name in ipairs(SECRET_FIELDS) do
        remember(type(holder) == "table" and holder[name] or nil)
    end
end

-- The real runtime, noting what is secret in what goes out and comes back.
local function spying()
    local real = runtimes.new()
    return {
        perform = function(request)
            for _, name in ipairs { "X-Auth-Token", "X-Security-Token", "X-Metadata-Token" } do
                remember(request.headers[name])
            end
            if request.url:find("/clusters", 1, true) then
                sent[#sent + 1] = request.headers["X-Auth-Token"] or request.headers["X-Security-Token"]
            end
            remember((request.headers.Authorization or ""):match "Signature=(%x+)")
            local response, err = real.perform(request)
            if response then
                note_response(response)
            end
            return response, err
        end,
        sleep = function() end,
        now = real.now,
        monotonic = real.monotonic,
    }
end

setup(function()
    service = emulators.start()
    healthy = service:cluster "healthy"
end)
teardown(function()
    service:stop()
end)
before_each(function()
    service:reset()
    secrets, outputs, sent = {}, {}, {}
    for _, text in ipairs { service.info.sk, service.info.password, WRONG, ID_TOKEN, POD_TOKEN } do
        remember(text)
    end
end)

local function assert_hidden()
    keep(service.program:complaints())
    keep(service:journal())
    local all = table.concat(outputs, "\n")
    assert.is_true(#all > 1000)
    for secret in pairs(secrets) do
        local at = all:find(secret, 1, true)
        assert.is_nil(at, at and "a secret shows: " .. all:sub(math.max(1, at - 120), at - 1) .. "[here]")
    end
end

local function sources()
    local info = service.info
    return {
        ["a key pair"] = { ak = info.ak, sk = info.sk },
        ["a wrong key pair"] = { ak = info.ak, sk = WRONG },
        ["the metadata service"] = { source = "metadata", endpoint = info.metadata_endpoint },
        ["a password"] = { source = "password", user = info.user, password = info.password, domain = info.domain },
        ["a wrong password"] = { source = "password", user = info.user, password = WRONG, domain = info.domain },
        ["a token of another site"] = { token = WRONG .. ("x"):rep(64) },
        ["an agency"] = { source = "agency", agency_name = info.agency, domain = info.domain,
            from = { ak = info.ak, sk = info.sk } },
        ["an id token"] = { source = "oidc", idp_id = info.idp_id, id_token_file = "/token" },
    }
end

-- What the service was given, as a spiteful one would say it.
local function spiteful()
    return table.concat(sent, " and ")
end

local FAULTS = {
    ["all is well"] = false,
    ["the service answers with the secrets"] = function()
        return { status = 500, body = cjson.encode { error_code = "DWS.0005", error_msg = "you sent " .. spiteful() } }
    end,
    ["something else answers with the secrets"] = function()
        return { status = 200, body = "<html>" .. spiteful() }
    end,
}

describe("no secret shows", function()
    for _, name in ipairs { "a key pair", "a wrong key pair", "the metadata service", "a password", "a wrong password",
        "a token of another site", "an agency", "an id token" } do
        for situation, fault in pairs(FAULTS) do
            it(("with %s when %s"):format(name, situation), function()
                local credentials = sources()[name]
                remember(credentials.token)
                sent[1] = credentials.sk -- a service knows it, though it is never sent
                local client = service:client {
                    credentials = credentials,
                    runtime = spying(),
                    retries = 0,
                    on_event = keep,
                    read_file = function() return ID_TOKEN end,
                }
                keep(tostring(client))
                keep { client:list_clusters() }
                if fault then
                    service:fault(fault(), { times = cjson.null })
                end
                keep { client:all_sync_records { cluster_id = healthy, page_size = 100 } }
                assert_hidden()
            end)
        end
    end
end)

describe("no secret shows in what is printed", function()
    local function print_command(sk, ...)
        local environment = {
            HUAWEICLOUD_SDK_AK = service.info.ak,
            HUAWEICLOUD_SDK_SK = sk,
            DWSYNC_METADATA = "off",
            DWSYNC_CA_FILE = service.info.ca_file,
            DWSYNC_REGION = service.info.region,
            HUAWEICLOUD_SDK_IAM_ENDPOINT = service.info.iam_endpoint,
        }
        local stream = {
            write = function(_, text)
                keep(text)
                return true
            end,
            flush = function() return true end,
        }
        cli.main({ ... }, {
            stdout = stream,
            stderr = stream,
            runtime = spying(),
            is_terminal = function() return false end,
            getenv = function(variable) return environment[variable] end,
            read_file = function() return nil, "No such file or directory", true end,
        })
    end

    for _, right in ipairs { true, false } do
        it("by the command, with --debug and by doctor, with a " .. (right and "right" or "wrong") .. " key", function()
            local sk = right and service.info.sk or WRONG
            local endpoint = service.info.endpoint
            print_command(sk, "records", healthy, "--endpoint", endpoint, "--debug")
            print_command(sk, "clusters", "--endpoint", endpoint, "--debug")
            print_command(sk, "doctor", "--endpoint", endpoint, "--debug")
            print_command(sk, "doctor", "--endpoint", endpoint, "-o", "json")
            print_command(sk, "health", healthy, "--endpoint", endpoint, "--debug")
            print_command(sk, "check", healthy, "--endpoint", endpoint)
            print_command(sk, "wait", healthy, "--endpoint", endpoint, "--fresh", "6h", "--timeout", "0")
            print_command(sk, "report", "--all-clusters", "--endpoint", endpoint, "-o", "html")
            print_command(sk, "report", "--all-clusters", "--endpoint", endpoint, "-o", "json")
            assert_hidden()
        end)
    end
end)
