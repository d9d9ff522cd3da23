local example = require "spec.problems.channels.example"
local json = require "dwsync.json"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local CANARY = "canary0123456789secret"

-- Sends a message to a shell script. Returns what became of it, and what it wrote into the file `got`.
local function send(script, more, message)
    local outcome, reason, content
    temporary.with_folder(function(folder)
        local path = folder .. "/notify"
        local file = assert(io.open(path, "w"))
        file:write("#!/bin/sh\n" .. script:gsub("FOLDER", folder))
        file:close()
        assert(uv.fs_chmod(path, tonumber("700", 8)))
        local declared = { program = path }
        for name, value in pairs(more or {}) do
            declared[name] = value
        end
        outcome, reason = example.channel("program", declared).send(message or example.message(), {})
        local got = io.open(folder .. "/got")
        content = got and got:read "*a"
        if got then
            got:close()
        end
    end)
    return outcome, reason, content
end

describe("a program", function()
    it("gets the message as a line of JSON, with its episode and state, through no shell", function()
        local message = example.message { message = "$(touch FOLDER/pwned) `id`" }
        local outcome, _, got = send("cat > FOLDER/got; [ $# = 0 ]", nil, message)
        assert.equal("sent", outcome)
        assert.matches("^{[^\n]*}\n$", got)
        local event = json.decode(got)
        assert.same({ "firing", "firing", 2, message.key, message.message }, { event.event, event.state,
            event.episode, event.key, event.message })
        message.event = "resolved"
        assert.equal("resolved", json.decode((select(3, send("cat > FOLDER/got", nil, message)))).state)
    end)

    it("gets what any program needs of the environment, and what is named", function()
        local getenv = os.getenv
        finally(function() os.getenv = getenv end) -- luacheck: ignore 122
        os.getenv = function(name) -- luacheck: ignore 122
            return name:find "^HUAWEICLOUD" and CANARY or name == "MINE" and "yes" or getenv(name)
        end
        local _, _, got = send("{ env; tr '\\0' ' ' < /proc/$$/cmdline; } > FOLDER/got",
            { pass_environment = { "MINE" } })
        assert.is_truthy(("\n" .. got):find("\nMINE=yes\n", 1, true))
        assert.is_truthy(("\n" .. got):find("\nPATH=", 1, true))
        assert.is_nil(got:find("canary", 1, true))
    end)

    it("that fails or takes too long is run again later, and one that says the message is wrong is not", function()
        assert.same({ "later", "ended with status 1" }, { send "cat >/dev/null; exit 1" })
        assert.same({ "later", "ended by signal 9" }, { send "kill -9 $$" })
        assert.same({ "later", "killed after 50 ms" }, { send("exec sleep 100", { timeout = 0.05 }) })
        assert.same({ "refused", "ended with status 65" }, { send "cat >/dev/null; exit 65" })
    end)

    it("that is not there is found out before anything is sent", function()
        local _, err = pcall(example.channel, "program", { program = "/nowhere/notify" })
        assert.equal("channel ops: /nowhere/notify: not an executable file", err.message)
    end)
end)
