--- What something costs, counted and therefore the same on every machine, however busy. It must not look at a clock.
local processes = require "spec.support.processes"
local uv = require "luv"

local M = {}

local EVERY = 10 -- a look at each instruction takes long

--- What a function allocates, in KiB, with the collector at rest.
-- @tparam function body
-- @treturn number
function M.allocated(body)
    collectgarbage()
    collectgarbage "stop"
    local before = collectgarbage "count"
    local good, err = pcall(body)
    local allocated = collectgarbage "count" - before
    collectgarbage "restart"
    assert(good, err)
    return allocated
end

--- How many instructions of its virtual machine Lua runs in a function; what C does is not in it.
-- @tparam function body
-- @treturn integer
function M.steps(body)
    local steps = 0
    if jit then
        jit.off()
        jit.flush() -- compiled code counts nothing
    end
    debug.sethook(function() steps = steps + EVERY end, "", EVERY)
    local good, err = pcall(body)
    debug.sethook()
    if jit then
        jit.on()
    end
    assert(good, err)
    return steps
end

--- How many instructions of the processor a piece of Lua takes, C included, in a process of its own.
-- @tparam string code
-- @treturn integer
function M.instructions(code)
    local output, status = processes.run(("valgrind --tool=callgrind --callgrind-out-file=/dev/null %s -e %s 2>&1")
        :format(processes.quoted(uv.exepath()), processes.quoted("if jit then jit.off() end " .. code)))
    assert(status == 0, output)
    return tonumber(output:match "Collected : (%d+)")
end

return M
