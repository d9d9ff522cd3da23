local cjson = require "cjson"
local uv = require "luv"
local emulator = require "dwsync.emulator"
local patience = require "spec.support.patience"
local ports = require "spec.support.ports"
local variables = require "dwsync.credentials.variables"
local curl = dofile "spec/emulator/curl.lua"

local LUA = uv.exepath()
local CONNECTION_REFUSED = 7 -- curl's exit status

describe("the life of an emulator", function()
    local scratch, children

    before_each(function()
        -- The temporary directory of every emulator of the test: what it leaves behind shows here.
        scratch = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/dwsync-spec-XXXXXX"))
        children = {}
    end)
    after_each(function()
        for _, child in ipairs(children) do
            if not child.ended then
                child.process:kill "sigkill"
            end
            patience.wait_until(function() return child.ended end, "a killed child")
            child.process:close()
        end
        uv.run "nowait"
        curl.shell("rm -rf " .. curl.quoted(scratch))
    end)

    local function left_behind()
        return (curl.shell("ls -A " .. curl.quoted(scratch)):gsub("\n$", ""))
    end

    local function gone(pid)
        return uv.kill(pid, 0) ~= 0
    end

    -- A command with its output collected: `ended` {status, signal}, `stdout`, `stderr`.
    local function spawn(program, args, environment)
        local child = { stdout = "", stderr = "" }
        local pipes = { stdout = uv.new_pipe(false), stderr = uv.new_pipe(false) }
        local env = uv.os_environ()
        env.TMPDIR = scratch
        for name, value in pairs(environment or {}) do
            env[name] = value
        end
        local list, open = {}, 2
        for name, value in pairs(env) do
            list[#list + 1] = name .. "=" .. value
        end
        local status, signal
        child.process, child.pid = assert(uv.spawn(program, {
            args = args, env = list, stdio = { nil, pipes.stdout, pipes.stderr },
        }, function(code, number) status, signal = code, number end))
        for name, pipe in pairs(pipes) do
            pipe:read_start(function(_, data)
                if data then
                    child[name] = child[name] .. data return
                end
                pipe:close()
                open = open - 1
            end)
        end
        setmetatable(child, { __index = function(_, key)
            if key == "ended" and status and open == 0 then
                return { status = status, signal = signal }
            end
        end })
        children[#children + 1] = child
        return child
    end

    local function command(args, environment)
        local words = { "spec/emulator/command.lua", "emulator" }
        for _, word in ipairs(args) do
            words[#words + 1] = word
        end
        return spawn(LUA, words, environment)
    end

    local function ready(child)
        patience.wait_until(function() return child.stdout:find "\n" or child.ended end, "the line of JSON")
        assert(not child.ended, child.stderr)
        return cjson.decode(child.stdout)
    end

    local function ended(child)
        patience.wait_until(function() return child.ended end, "the end of the command")
        return child.ended
    end

    local function answers(info)
        return curl.get(info, curl.records_path(info, "healthy")).status
    end

    -- The pid of the nginx of the only emulator in the scratch directory.
    local function nginx_pid()
        return tonumber((curl.shell(("cat %s/*/nginx.pid"):format(curl.quoted(scratch)))))
    end

    describe("as a module", function()
        it("answers from start to stop and leaves nothing", function()
            local running = assert(emulator.start())
            assert.equal(200, answers(running.info))
            assert.equal("", running:complaints())
            local pid = running.child.pid
            assert.is_true(running:stop())
            assert.is_true(running:stop())
            assert.is_true(gone(pid))
            assert.is_nil(uv.fs_stat(running.directory))
            assert.equal(CONNECTION_REFUSED, curl.send(running.info, { path = "/", curl = "--insecure" }).exit)
        end)

        it("shows the end of what nginx wrote, harmless to print", function()
            local running = assert(emulator.start())
            local file = assert(io.open(running.directory .. "/error.log", "a"))
            file:write(("x"):rep(5000), "\n", ("y"):rep(4000), "\27[31m\tü~ \n")
            file:close()
            local text = running:complaints()
            running:stop()
            local last = ("y"):rep(4000) .. "?[31m???~ \n"
            assert.equal(("x"):rep(4096 - #last - 1) .. "\n" .. last, text)
            assert.equal("", running:complaints())
        end)

        it("runs many at a time", function()
            local first, second = assert(emulator.start()), assert(emulator.start())
            assert.not_equal(first.info.endpoint, second.info.endpoint)
            assert.same({ 200, 200 }, { answers(first.info), answers(second.info) })
            first:stop()
            assert.equal(200, answers(second.info))
            second:stop()
        end)

        it("takes the ports and keys it is given", function()
            local held, release = ports.hold(1)
            local running = assert(emulator.start { port = held[1], ak = "MYKEY", sk = "my+secret/=" })
            release()
            assert.equal("https://127.0.0.1:" .. held[1], running.info.endpoint)
            assert.same({ "MYKEY", "my+secret/=" }, { running.info.ak, running.info.sk })
            assert.equal(200, answers(running.info))
            running:stop()
        end)

        it("says when a port is taken", function()
            local socket = uv.new_tcp()
            socket:bind("127.0.0.1", 0)
            socket:listen(1, function() end)
            local port = socket:getsockname().port
            local running, err = emulator.start { port = port }
            socket:close()
            uv.run "nowait"
            assert.is_nil(running)
            assert.is_truthy(err:find(("cannot listen on 127.0.0.1:%d: EADDRINUSE"):format(port), 1, true), err)
        end)

        it("raises for options that make no sense", function()
            for message, options in pairs {
                ["start: port is 65536, expected an integer from 0 to 65535"] = { port = 65536 },
                ["start: records is 1.5, expected an integer from 0 to 10000000"] = { records = 1.5 },
                ["start: clusters is -1, expected an integer from 0 to 100000"] = { clusters = -1 },
                ["start: unknown option 'recrods'. Did you mean 'records'?"] = { recrods = 1 },
                ["start: ak is not printable text without space and comma"] = { ak = "a b" },
            } do
                local ok, err = pcall(emulator.start, options)
                assert.is_false(ok)
                assert.is_truthy(tostring(err):find(message, 1, true), err)
            end
        end)

        it("keeps its secrets to its owner", function()
            local running = assert(emulator.start())
            local function mode(path)
                return assert(uv.fs_stat(path)).mode % 512
            end
            local modes = { mode(running.directory) }
            for _, name in ipairs { "leaf.key", "emulator.json", "nginx.conf", "ca.pem" } do
                modes[#modes + 1] = mode(running.directory .. "/" .. name)
            end
            running:stop()
            assert.same({ 448, 384, 384, 384, 384 }, modes) -- octal 700 and 600
        end)
    end)

    describe("as a command", function()
        for _, name in ipairs { "sigterm", "sigint", "sighup" } do
            it("prints one line of JSON, serves, and ends well on " .. name, function()
                local child = command {}
                local info = ready(child)
                assert.is_nil(child.stdout:find("\\/", 1, true))
                for _, field in ipairs { "endpoint", "iam_endpoint", "metadata_endpoint", "ca_file", "ak", "sk" } do
                    assert.is_string(info[field], field)
                end
                for _, field in ipairs { "user", "user_id", "password", "domain", "domain_id", "agency", "idp_id" } do
                    assert.is_string(info[field], field)
                end
                assert.equal("emu-north-1", info.region)
                assert.is_truthy(info.project_id:match("^" .. ("%x"):rep(32) .. "$"))
                assert.equal(9, #info.clusters)
                assert.equal(child.pid, info.pid)
                assert.equal(200, answers(info))
                uv.kill(info.pid, name)
                assert.same({ status = 0, signal = 0 }, ended(child))
                assert.same({ "", 1 }, { child.stderr, select(2, child.stdout:gsub("\n", "")) })
                assert.equal("", left_behind())
            end)
        end

        it("takes its service and its directory along when it is killed", function()
            local child = command {}
            local info = ready(child)
            child.process:kill "sigkill"
            ended(child)
            patience.wait_until(function()
                return left_behind() == ""
                    and curl.send(info, { path = "/", curl = "--insecure" }).exit == CONNECTION_REFUSED
            end, "nginx to notice")
        end)

        it("says so when nginx dies under it, and cleans up", function()
            local child = command {}
            ready(child)
            uv.kill(nginx_pid(), "sigkill")
            assert.same({ status = 1, signal = 0 }, ended(child))
            assert.equal("dwsync emulator: nginx ended unexpectedly\n", child.stderr)
            assert.equal("", left_behind())
        end)

        it("works as a plain user, from a directory with a space in its name", function()
            local home = scratch .. "/a tree"
            local temporary = scratch .. "/tmp"
            curl.shell(("cd %s && mkdir 'a tree' && mkdir -m 1777 tmp"):format(curl.quoted(scratch))
                .. [[ && cp -r "$OLDPWD"/lua "$OLDPWD"/spec 'a tree' && chmod -R a+rX .]])
            local program = LUA
            local words = { home .. "/spec/emulator/command.lua", "emulator", "--", "sh", "-c", "id -u; curl -s "
                .. "-o /dev/null -w '%{http_code}' --cacert \"$DWSYNC_CA_FILE\" "
                .. "$HUAWEICLOUD_SDK_IAM_ENDPOINT/v3/projects" }
            if uv.getuid() == 0 then
                for i, word in ipairs { "--reuid=65534", "--regid=65534", "--clear-groups", LUA } do
                    table.insert(words, i, word)
                end
                program = "setpriv"
            end
            local child = spawn(program, words, {
                LUA_PATH = ("%s/lua/?.lua;%s/lua/?/init.lua;;"):format(home, home), TMPDIR = temporary, HOME = "/",
            })
            assert.same({ status = 0, signal = 0 }, ended(child), child.stderr)
            local uid, status = child.stdout:match "^(%d+)\n(%d+)$"
            assert.not_equal("0", uid)
            assert.equal("401", status)
            assert.same({ "", "" }, { child.stderr, (curl.shell("ls -A " .. curl.quoted(temporary))) })
        end)

        it("refuses what is not a number, or out of range", function()
            local child = command { "--port", "http" }
            assert.not_equal(0, ended(child).status)
            assert.is_truthy(child.stderr:find('--port is "http", expected an integer of 0 or more', 1, true))
            child = command { "--port", "70000" }
            assert.equal(2, ended(child).status)
            assert.equal("dwsync emulator: --port is 70000, expected an integer from 0 to 65535\n", child.stderr)
            child = command { "--regions", "north,SOUTH" }
            assert.equal(2, ended(child).status)
            assert.equal('dwsync emulator: --regions[2] is "SOUTH", expected up to 24 small letters, digits and -\n',
                child.stderr)
        end)

        it("says what to install when nginx is not there", function()
            local child = command { "--nginx", "/nonexistent/nginx" }
            assert.equal(1, ended(child).status)
            assert.equal("dwsync emulator: /nonexistent/nginx is not a program that can be run\n", child.stderr)
        end)

        it("says where it cannot make its directory, and why", function()
            local child = command({}, { TMPDIR = "/nonexistent" })
            assert.equal(1, ended(child).status)
            assert.matches("^dwsync emulator: cannot make a directory in /nonexistent: ENOENT: ", child.stderr)
        end)

        it("says what to install when Lua modules are missing", function()
            local child = command({}, { LUA_CPATH = "/nonexistent/?.so" })
            assert.equal(1, ended(child).status)
            assert.is_truthy(child.stderr:find("apt-get install lua-luv lua-luaossl lua-cjson", 1, true), child.stderr)
        end)

        -- An nginx that complains as the real one does, in the file it is told to.
        local function complaining(words)
            local path = scratch .. "/nginx"
            local real = assert(require("dwsync.emulator.nginx_program").find())
            local file = assert(io.open(path, "w"))
            file:write(([[#!/bin/sh
case $1 in -V) exec %s -V;; esac
cat >"$6" <<'E'
%s
E
exit 1
]]):format(real.path, words))
            file:close()
            uv.fs_chmod(path, tonumber("755", 8))
            return path
        end

        it("repeats nginx's own words when nginx does not start", function()
            local child = command { "--nginx", complaining "nginx: [emerg] open() failed (13: Permission denied)" }
            assert.same({ status = 1, signal = 0 }, ended(child))
            assert.equal("dwsync emulator: nginx did not start:\n"
                .. "nginx: [emerg] open() failed (13: Permission denied)\n", child.stderr)
            assert.equal("", child.stdout)
            assert.equal("nginx", left_behind())
        end)

        it("says so when nginx ends and says nothing", function()
            local path = complaining ""
            curl.shell("sed -i 's/^cat .*$/cat >\\/dev\\/null <<E/' " .. curl.quoted(path))
            local child = command { "--nginx", path }
            assert.equal(1, ended(child).status)
            assert.equal("dwsync emulator: nginx did not start:\nits error log is empty\n", child.stderr)
        end)

        it("says what to install when nginx's Lua lacks a module", function()
            local child = command { "--nginx", complaining "init_by_lua error: module 'cjson' not found:" }
            assert.equal(1, ended(child).status)
            assert.equal("dwsync emulator: nginx did not start:\ninit_by_lua error: module 'cjson' not found:\n"
                .. "nginx's Lua lacks the module cjson: apt-get install lua-cjson lua-luaossl lua-resty-core\n",
                child.stderr)
        end)
    end)

    describe("around a command", function()
        it("points the command's environment at itself and prints nothing of its own", function()
            local given = { KEPT = "yes", HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4 = "https://real" }
            for i, name in ipairs(variables.CREDENTIALS) do
                given[name] = "real" .. i
            end
            local child = command({ "--seed", "5", "--", "env" }, given)
            assert.same({ status = 0, signal = 0 }, ended(child))
            local env = {}
            for name, value in child.stdout:gmatch "([%w_]+)=([^\n]*)\n" do
                env[name] = value
            end
            local info = cjson.decode(env.DWSYNC_EMULATOR)
            for name, value in pairs {
                HUAWEICLOUD_SDK_AK = info.ak, HUAWEICLOUD_SDK_SK = info.sk,
                HUAWEICLOUD_SDK_PROJECT_ID = info.project_id, HUAWEICLOUD_SDK_IAM_ENDPOINT = info.iam_endpoint,
                HUAWEICLOUD_SDK_REGION_DWS_EMU_NORTH_1 = info.endpoint,
                DWSYNC_REGION = "emu-north-1", DWSYNC_CA_FILE = info.ca_file, KEPT = "yes",
            } do
                assert.equal(value, env[name], name)
            end
            for name, value in pairs(env) do
                assert.is_nil(value:match "^real%d" or value:match "^https://real", name)
            end
            assert.is_true(#variables.CREDENTIALS > 20)
            for _, field in ipairs { "user", "user_id", "password", "domain", "domain_id", "agency", "idp_id" } do
                assert.is_nil(info[field], field)
            end
            assert.is_nil(child.stdout:find("emulator-user", 1, true))
            assert.same({ "", "" }, { child.stderr, left_behind() })
        end)

        it("points it at each region of several accounts, and names their keys alone", function()
            local child = command { "--accounts", "2", "--regions", "north-1,south-1", "--clusters", "3", "--rate", "5",
                "--", "env" }
            assert.same({ status = 0, signal = 0 }, ended(child))
            local info = cjson.decode(child.stdout:match "DWSYNC_EMULATOR=([^\n]*)\n")
            for _, name in ipairs { "NORTH_1", "SOUTH_1" } do
                assert.equal(info.endpoint, child.stdout:match("HUAWEICLOUD_SDK_REGION_DWS_" .. name .. "=([^\n]*)\n"))
            end
            for i, name in ipairs { "emulator", "account-2" } do
                local account = info.accounts[i]
                assert.same({ name, name .. "-domain", 24 }, { account.name, account.domain, account.clusters })
                assert.is_nil(account.password)
                assert.is_truthy(account.ak and account.sk and account.projects["south-1"])
            end
            assert.equal(info.ak, child.stdout:match "HUAWEICLOUD_SDK_AK=([^\n]*)\n")
        end)

        it("ends with the command's status, or 128 and its signal", function()
            assert.equal(0, ended(command { "--", "true" }).status)
            assert.equal(7, ended(command { "--", "sh", "-c", "exit 7" }).status)
            assert.equal(128 + 15, ended(command { "--", "sh", "-c", "kill -TERM $$" }).status)
            assert.equal("", left_behind())
        end)

        it("ends as a shell would when there is no such command", function()
            local child = command { "--", "/nonexistent/command" }
            assert.equal(127, ended(child).status)
            assert.is_truthy(child.stderr:find("dwsync emulator: cannot run /nonexistent/command: ENOENT", 1, true))
            assert.equal(126, ended(command { "--", "/etc/passwd" }).status)
            assert.equal("", left_behind())
        end)

        for name, number in pairs { sigterm = 15, sigint = 2 } do
            it("passes " .. name .. " on and waits for the command", function()
                local short = name:gsub("sig", ""):upper()
                local program = "trap 'echo caught; exit 40' %s; echo up; while :; do sleep 0.05; done"
                local child = command { "--", "sh", "-c", program:format(short) }
                patience.wait_until(function() return child.stdout == "up\n" end, "the command")
                child.process:kill(number)
                assert.same({ status = 40, signal = 0 }, ended(child))
                assert.equal("up\ncaught\n", child.stdout)
                assert.equal("", left_behind())
            end)
        end

        it("gives the command its own standard input", function()
            local output, status = curl.shell(("echo hello | TMPDIR=%s %s spec/emulator/command.lua emulator -- cat")
                :format(curl.quoted(scratch), LUA))
            assert.same({ "hello\n", 0 }, { output, status })
        end)
    end)
end)
