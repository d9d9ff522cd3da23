local command = require "spec.support.command"
local context = require "dwsync.cli.context"
local credentials_variables = require "dwsync.credentials.variables"
local core = require "dwsync.core"
local hooks = require "dwsync.cli.hooks"
local uv = require "luv"

describe("a hook", function()
    local folder
    before_each(function() folder = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/dwsync-hooks-XXXXXX")) end)
    after_each(function()
        for name in uv.fs_scandir_next, assert(uv.fs_scandir(folder)) do
            uv.fs_unlink(folder .. "/" .. name)
        end
        assert(uv.fs_rmdir(folder))
    end)

    local function program(text, name)
        local path = folder .. "/" .. (name or "hook")
        local file = assert(io.open(path, "w"))
        file:write("#!/bin/sh\n" .. text:gsub("FOLDER", folder))
        file:close()
        assert(uv.fs_chmod(path, tonumber("700", 8)))
        return path
    end

    local function content(name)
        local file = io.open(folder .. "/" .. name)
        return file and file:read "*a", file and file:close()
    end

    local EVENT = { event = "verdict", time = 5, source = "s", message = "$(touch FOLDER/pwned); `id` | x\n\27[2J" }

    -- Runs a hook for an event. Returns what stderr got.
    local function run(on_change, path, event, names, variables)
        local stderr = command.stream()
        local getenv = variables and function(name) return variables[name] end or os.getenv
        hooks.new(on_change, path, names or {}, context.new { stderr = stderr, getenv = getenv }, core.sleep)(event
            or EVENT)
        return stderr.text
    end

    it("is a program that gets the event as a line of JSON, through no shell", function()
        assert.equal("", run(nil, program "cat > FOLDER/got"))
        assert.equal('{"event":"verdict","time":5,"source":"s",'
            .. '"message":"$(touch FOLDER/pwned); `id` | x\\n\\u001b[2J"}\n',
            (content "got"))
        assert.is_nil((content "pwned"))
    end)

    it("gets what any program needs of the environment, and no credentials", function()
        local variables = { PATH = os.getenv "PATH", HOME = "/home/me", LANG = "C.UTF-8", LC_TIME = "C", TZ = "UTC",
            PGPASSWORD = "hidden", HTTPS_PROXY = "http://u:hidden@proxy", DWSYNC_HISTORY = "postgres://u:hidden@h/d" }
        for _, name in ipairs(credentials_variables.CREDENTIALS) do
            variables[name] = "hidden"
        end
        assert.equal("", run(nil, program "env > FOLDER/got", nil, nil, variables))
        local got = content "got"
        for _, line in ipairs { "HOME=/home/me", "LANG=C.UTF-8", "LC_TIME=C", "TZ=UTC" } do
            assert.is_truthy(("\n" .. got):find("\n" .. line .. "\n", 1, true), line)
        end
        assert.is_nil(got:find("hidden", 1, true))
    end)

    it("gets the variables that are named, where they are set", function()
        assert.equal("", run(nil, program "env > FOLDER/got", nil, { "ONE", "UNSET", "HOME" },
            { PATH = os.getenv "PATH", HOME = "/h", ONE = "a=b c", TWO = "no" }))
        local got = "\n" .. content "got"
        assert.is_truthy(got:find("\nONE=a=b c\n", 1, true))
        assert.same({ 1 }, { select(2, got:gsub("\nHOME=/h\n", "")) })
        assert.is_nil(got:find("UNSET", 1, true))
        assert.is_nil(got:find("TWO", 1, true))
    end)

    it("may end badly, which is reported", function()
        local path = program "exit 3"
        assert.equal(("dwsync: --on-change %s: ended with status 3\n"):format(path), run(nil, path))
        assert.matches(": ended by signal 9\n$", run(nil, program "kill -9 $$"))
    end)

    it("need not read its input", function()
        local event = { event = "verdict", message = ("x"):rep(300000) }
        assert.equal("", run(nil, program "exit 0", event))
    end)

    it("is a function of the configuration, which may keep an event from the program", function()
        local path = program "cat >> FOLDER/got"
        assert.equal("", run(function(event) return event.source ~= "s" end, path))
        assert.equal("", run(function() end, nil))
        assert.is_nil((content "got"))
        run(function() end, path)
        assert.is_truthy((content "got"))
    end)

    it("is a function that cannot change the event, and fails without harm", function()
        local path = program "cat > FOLDER/got"
        local said = run(function(event) event.message = 5 return event.no.such end, path)
        assert.matches("^dwsync: on_change of the configuration file: .*attempt to index", said)
        assert.matches('"message":"$(touch', (content "got"), 1, true)
    end)
end)
