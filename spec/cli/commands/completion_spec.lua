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

    -- Offers of the script that bash loads, with a configuration file that names two clusters.
    local function offered(words, position)
        local _, out = command.run({ "completion", "bash" }, {
            environment = { DWSYNC_CONFIG = "/config.lua" },
            files = {
                ["/config.lua"] = 'return { clusters = { ["dws-prod"] = "a", ["dws-test"] = "b", ["a b"] = "c" } }',
            },
        })
        local complete = '%s\nCOMP_WORDS=(dwsync %s) COMP_CWORD=%d; _dwsync; echo "${COMPREPLY[@]}"'
        return (processes.run("bash -c " .. processes.quoted(complete:format(out, words, position))))
    end

    it("offers what the options take", function()
        assert.equal("FINISHED FAILED RUNNING\n", offered("records --status ''", 3))
        assert.equal("cn-north-4\n", offered("records --region cn-north-4", 3))
        assert.equal("start_time status\n", offered("records --columns st", 3))
        assert.equal("stale=off stuck=off\n", offered("check --set st", 3))
    end)

    it("offers the clusters of the configuration file where one is taken", function()
        assert.equal("dws-prod dws-test\n", offered("health dws", 2))
        assert.equal("dws-prod\n", offered("history pull dws-p", 3))
        assert.equal("dws-test\n", offered("health --exclude dws-t", 3))
        assert.equal("\n", offered("run dws", 2))
    end)

    it("makes one that zsh takes, sourced as well as from a folder of fpath", function()
        local _, out = command.run { "completion", "zsh" }
        local script = "autoload -U compinit; compinit -D; source /dev/stdin; print ${_comps[dwsync]}"
        local found = processes.run(("zsh -fc %s <<'END'\n%s\nEND"):format(processes.quoted(script), out))
        assert.equal("_dwsync\n", found)
        assert.matches("^#compdef dwsync\n", out)
    end)

    it("refuses another shell", function()
        local status, _, err = command.run { "completion", "csh" }
        assert.equal(2, status)
        assert.matches("must be one of 'bash', 'zsh', 'fish'", err, 1, true)
    end)
end)
