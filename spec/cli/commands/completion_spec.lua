local command = require "spec.support.command"
local processes = require "spec.support.processes"

local NAMES = { "records", "health", "check", "report", "watch", "wait", "history", "replay", "run", "clusters",
    "doctor",
    "emulator", "completion", "version" }

describe("dwsync completion", function()
    it("makes a script for each shell that knows every command", function()
        for _, shell in ipairs { "bash", "zsh", "fish" } do
            local status, out, err = command.run { "completion", shell }
            assert.equal(0, status)
            assert.equal("", err)
            for _, name in ipairs(NAMES) do
                assert.is_truthy(out:find(name, 1, true), shell .. " " .. name)
            end
            assert.is_truthy(out:find("all-clusters", 1, true))
        end
    end)

    it("makes one that bash takes", function()
        local _, out = command.run { "completion", "bash" }
        local complete = [[
            %s
            COMP_WORDS=(dwsync %s) COMP_CWORD=%d; _dwsync; echo "${COMPREPLY[@]}"]]
        local function completed(words, position)
            return (processes.run("bash -c " .. processes.quoted(complete:format(out, words, position))))
        end
        assert.matches("health history", completed("h", 1), 1, true)
        assert.matches("--all-clusters", completed("check --all", 2), 1, true)
    end)

    it("refuses another shell", function()
        local status, _, err = command.run { "completion", "csh" }
        assert.equal(2, status)
        assert.matches("must be one of 'bash', 'zsh', 'fish'", err, 1, true)
    end)
end)
