local command = require "spec.support.command"
local processes = require "spec.support.processes"
local temporary = require "spec.support.temporary"

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

    -- Offers of the script that bash loads, where the command prints two names of clusters.
    local function offered(words, position)
        local _, out = command.run { "completion", "bash" }
        local complete = '%s\ndwsync() { [ "$*" = "completion clusters" ] && printf "dws-prod\\ndws-test\\n"; }\n'
            .. 'COMP_WORDS=(dwsync %s) COMP_CWORD=%d; _dwsync; echo "${COMPREPLY[@]}"'
        return (processes.run("bash -c " .. processes.quoted(complete:format(out, words, position))))
    end

    it("offers what the options take", function()
        assert.equal("FINISHED FAILED RUNNING\n", offered("records --status ''", 3))
        assert.equal("cn-north-4\n", offered("records --region cn-north-4", 3))
        assert.equal("start_time status\n", offered("records --columns st", 3))
        assert.equal("stale=off stuck=off\n", offered("check --set st", 3))
    end)

    it("offers the names of clusters where one is taken", function()
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

    local function names(world)
        world.environment = world.environment or { XDG_CACHE_HOME = world.folder, DWSYNC_CONFIG = "/config.lua",
            DWSYNC_REGION = "cn-north-4", HUAWEICLOUD_SDK_AK = "A", HUAWEICLOUD_SDK_SK = "hidden",
            HUAWEICLOUD_SDK_PROJECT_ID = "p1" }
        world.files = { ["/config.lua"] = 'return { clusters = { ["dws-prod"] = "a", ["a b"] = "c" } }' }
        local status, out, err = command.run({ "completion", "clusters" }, world)
        assert.same({ 0, "" }, { status, err })
        return (out:gsub("\n", " "))
    end

    it("knows the clusters of the configuration and, for five minutes, those of the service", function()
        temporary.with_folder(function(folder)
            local asked = 0
            local function service(request)
                asked = asked + 1
                return command.service { c1 = {}, c2 = {} }(request)
            end
            local function look(later)
                return names { folder = folder, service = service, clock_error = later }
            end
            assert.equal("dws-prod name-c1 name-c2 ", look(0))
            assert.equal("dws-prod name-c1 name-c2 ", look(299))
            assert.equal(1, asked)
            look(300)
            assert.equal(2, asked)
        end)
    end)

    it("knows the names in a history that is a file", function()
        temporary.with_folder(function(folder)
            local world = { environment = { XDG_CACHE_HOME = folder, DWSYNC_CONFIG = "/config.lua",
                DWSYNC_HISTORY = folder .. "/h.sqlite" } }
            assert.equal("dws-prod ", names(world))
            local store = assert(require("dwsync.history").open(folder .. "/h.sqlite"))
            assert(store:save("c1", {}, { name = "kept" }))
            assert(store:save("c2", {}, { name = "two words" }))
            store:close()
            assert.equal("dws-prod kept ", names(world))
        end)
    end)

    it("offers what it has, without a word, when the service does not answer", function()
        temporary.with_folder(function(folder)
            assert.equal("dws-prod ", names { folder = folder, service = function() return 500, "" end })
        end)
        assert.equal("", names { environment = {} })
    end)

    it("refuses another shell", function()
        local status, _, err = command.run { "completion", "csh" }
        assert.equal(2, status)
        assert.matches("must be one of 'bash', 'zsh', 'fish', 'clusters'", err, 1, true)
    end)
end)
