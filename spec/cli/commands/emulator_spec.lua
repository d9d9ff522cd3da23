local command = require "spec.support.command"
local cli = require "dwsync.cli"
local core = require "dwsync.core"
local emulator = require "spec.support.emulator"
local json = require "dwsync.json"
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"
local uv = require "luv"

-- The command against the emulator, with the real runtime and clock.
describe("the command against the emulator", function()
    local server
    setup(function() server = emulator.start() end)
    teardown(function() server:stop() end)
    before_each(function() server:reset() end)

    local function environment()
        local region = server.info.region:upper():gsub("-", "_")
        return {
            HUAWEICLOUD_SDK_AK = server.info.ak,
            HUAWEICLOUD_SDK_SK = server.info.sk,
            HUAWEICLOUD_SDK_PROJECT_ID = server.info.project_id,
            HUAWEICLOUD_SDK_IAM_ENDPOINT = server.info.iam_endpoint,
            ["HUAWEICLOUD_SDK_REGION_DWS_" .. region] = server.info.endpoint,
            DWSYNC_REGION = server.info.region,
            DWSYNC_CA_FILE = server.info.ca_file,
        }
    end

    local function run(arguments, more)
        local stdout, stderr, variables = command.stream(), command.stream(), environment()
        local context = {
            stdout = stdout,
            stderr = stderr,
            getenv = function(name) return variables[name] end,
            read_file = function() return nil, "No such file or directory", true end,
            is_terminal = function() return false end,
            now = function() return math.floor(core.now()) end,
        }
        for name, value in pairs(more or {}) do
            context[name] = value
        end
        return cli.main(arguments, context), stdout.text, stderr.text
    end

    it("checks every story", function()
        local EXPECTED = { healthy = 0, failing = 2, mass_delete = 2, stuck = 2, partial = 1, two_sources = 0,
            never = 3,
            feature_off = 0, large = 0 }
        local WORDS = { [0] = "OK", [1] = "WARNING", [2] = "CRITICAL", [3] = "UNKNOWN" }
        for story, expected in pairs(EXPECTED) do
            local status, out, err = run { "check", server:cluster(story) }
            assert.equal(expected, status, story .. ": " .. out)
            assert.equal(WORDS[expected] .. " - ", out:match "^%a+ %- ")
            assert.equal("", err)
        end
    end)

    it("explains why a synchronisation fails", function()
        local status, out = run { "health", server:cluster "failing" }
        assert.equal(0, status)
        assert.matches("LDAP 49, data 52e", out, 1, true)
    end)

    it("asks all clusters at once, over one look and one exit status", function()
        local status, out, err = run { "health", "--all-clusters", "-o", "json" }
        assert.equal(0, status)
        assert.equal("dwsync: dws-feature-off: identity-source synchronisation is off (DWS.5045)\n", err)
        local overview = assert(json.decode(out))
        assert.equal("critical", overview.severity)
        assert.equal(#server.info.clusters, #overview.clusters)
        local last = overview.clusters[#overview.clusters]
        assert.same({ "dws-feature-off", "disabled", "DWS.5045" }, { last.name, last.severity, last.error.code })
    end)

    it("judges on stdin what it listed", function()
        for _, format in ipairs { "ndjson", "json" } do
            local _, lines = run { "records", server:cluster "mass_delete", "-o", format }
            local status, out = run({ "check", "--input", "-" }, { stdin = command.reader(lines) })
            assert.equal(2, status)
            assert.matches("accounts", out, 1, true)
        end
    end)

    it("lets a job go on, refuses it, and gives up waiting", function()
        assert.equal(0, (run { "wait", server:cluster "healthy", "--fresh", "6h", "--timeout", "0" }))
        assert.equal(1, (run { "wait", server:cluster "failing", "--timeout", "0" }))
        assert.equal(3, (run { "wait", server:cluster "stuck", "--timeout", "0.2", "--interval", "0.1" }))
        assert.equal(3, (run { "wait", server:cluster "never", "--timeout", "0" }))
    end)

    it("watches until Ctrl-C, and ends as an interrupted program does", function()
        local variables = { "PATH=" .. os.getenv "PATH" }
        for name, value in pairs(environment()) do
            variables[#variables + 1] = name .. "=" .. value
        end
        local stdout, output, ended = uv.new_pipe(false), "", nil
        local process
        process = assert(uv.spawn(uv.exepath(), {
            args = { "lua/bin/dwsync", "watch", server:cluster "failing" },
            env = variables,
            stdio = { nil, stdout, nil },
        }, function(status, signal) ended = { status = status, signal = signal } end))
        stdout:read_start(function(_, text)
            output = output .. (text or "")
            if output:find "\n" then
                process:kill "sigint"
            end
        end)
        local alarm = uv.new_timer()
        alarm:start(1000 * patience.seconds, 0, function() process:kill "sigkill" end)
        while not ended do
            uv.run "once"
        end
        for _, handle in ipairs { alarm, stdout, process } do
            handle:close()
        end
        uv.run "nowait"
        assert.same({ status = 0, signal = 2 }, ended) -- which shells call 130
        assert.equal("failing", assert(json.decode((output:match "^[^\n]+"))).rule)
    end)

    it("checks in time when the service hangs", function()
        server:fault({ delay = 600 }, { times = 1 })
        local status, out = run { "check", server:cluster "healthy", "--timeout", "0.5", "--retries", "0" }
        assert.equal(3, status)
        assert.matches("^UNKNOWN %- ", out)
    end)
end)

describe("dwsync emulator --export", function()
    it("prints what leads another shell to the emulator, away from the caller's credentials", function()
        local script = [[
            exec 3<&0
            lua/bin/dwsync emulator --export >"$1" & pid=$!
            for _ in $(seq 2400); do grep -q DWSYNC_EMULATOR "$1" && break; sleep 0.1; done
            HUAWEICLOUD_SDK_IDP_ID=mine
            . "$1"
            lua/bin/dwsync clusters -o tsv --columns name | grep -c dws-
            echo "${HUAWEICLOUD_SDK_IDP_ID-unset}"
            curl -s --cacert "$DWSYNC_CA_FILE" "$(echo "$DWSYNC_EMULATOR" | jq -r .endpoint)/_emulator/faults" \
                -o /dev/null -w '%{http_code}\n' -d '{"match":{"path":"x"},"action":{"delay":20},"times":1}'
            kill $pid
            wait $pid]]
        local path = os.tmpname()
        local shell = "env -u LUA_PATH -u LUA_CPATH sh -c %s sh %s"
        local out = processes.run(shell:format(processes.quoted(script), path))
        os.remove(path)
        assert.equal("9\nunset\n200\n", out)
    end)
end)
