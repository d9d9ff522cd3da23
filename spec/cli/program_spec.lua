--- lua/bin/dwsync: what happens before a module is loaded.
local processes = require "spec.support.processes"
local uv = require "luv"

-- What other specs of this process hold open is inherited, and would count.
local WITHOUT_INHERITED = [[for fd in /proc/$$/fd/*; do fd=${fd##*/}; [ $fd -gt 2 ] && eval "exec $fd>&-"; done]]

local function run(limit, arguments)
    return processes.run("bash -c " .. processes.quoted(("%s; ulimit -n %d; exec %s lua/bin/dwsync %s 2>&1"):format(
        WITHOUT_INHERITED, limit, processes.quoted(uv.exepath()), arguments)))
end

describe("the program, without file descriptors", function()
    it("says so for every limit that is too low, and is not ended by a library", function()
        for limit = 5, 12 do -- fewer, and the interpreter itself does not start
            local output, status = run(limit, "records c1")
            assert.equal(("dwsync: config: this process has no free file descriptors (limit %d).\n"):format(limit)
                .. "        Raise the limit of open files (ulimit -n).\n", output)
            assert.equal(2, status)
        end
    end)

    it("is UNKNOWN to Nagios", function()
        local output, status = run(8, "check c1")
        assert.matches("UNKNOWN - this process has no free file descriptors (limit 8)\n", output, 1, true)
        assert.equal(3, status)
    end)

    it("works with a few", function()
        assert.equal(0, select(2, run(20, "version")))
    end)
end)
