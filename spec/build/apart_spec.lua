-- spec/build/apart.sh keeps what a changed program does away from the machine.
local processes = require "spec.support.processes"

local quoted = processes.quoted

local function make_directory(template)
    return (processes.run("mktemp -d " .. template):gsub("\n", ""))
end

local _, allowed = processes.run "unshare --user --map-root-user --mount true 2>&1 || unshare --mount true 2>&1"
local tell = allowed == 0 and it or pending

describe("a program that is kept apart", function()
    local outside, tree

    before_each(function()
        outside, tree = make_directory "/var/tmp/dwsync-apart.XXXXXX", make_directory "/tmp/dwsync-apart.XXXXXX"
    end)

    after_each(function()
        processes.run(("rm -r %s %s"):format(quoted(outside), quoted(tree)))
    end)

    -- `%s` is the directory outside, `$PWD` that from which it was started.
    local function apart(script)
        return processes.run(("spec/build/apart.sh %s sh -c %s 2>&1"):format(quoted(tree),
            quoted(script:gsub("%%s", outside))))
    end

    tell("removes and writes nothing outside its tree", function()
        processes.run("echo kept >" .. outside .. "/probe")
        apart 'rm -rf %s; mv %s/probe %s/other; echo lost >%s/probe; touch "$PWD/apart-was-here"'
        assert.equal("kept\n", (processes.run("cat " .. outside .. "/probe")))
        assert.not_equal(0, select(2, processes.run "test -e apart-was-here"))
    end)

    tell("writes to its tree, to a /tmp of its own, and to devices", function()
        local _, status = apart(("set -e; echo a >%s/a; touch /tmp/%s; echo >/dev/null"):format(tree,
            outside:match "[^/]+$"))
        assert.equal(0, status)
        assert.equal("a\n", (processes.run(("cat %s/a"):format(tree))))
        assert.not_equal(0, select(2, processes.run("test -e /tmp/" .. outside:match "[^/]+$")))
    end)

    tell("sees no other processes, and leaves none", function()
        local listed = apart "sleep 1000 & ls -d /proc/[0-9]* | wc -l"
        assert.is_true(tonumber(listed) < 8)
    end)

    tell("ends with the program's status", function()
        assert.equal(7, select(2, apart "exit 7"))
    end)
end)
