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

-- Calls a function while every few instructions of Lua's virtual machine are noted; what C does is not in it.
local function count(note, body, ...)
    if jit then
        jit.off()
        jit.flush() -- compiled code counts nothing
    end
    debug.sethook(note, "", EVERY)
    local good, err = pcall(body, ...)
    debug.sethook()
    if jit then
        jit.on()
    end
    assert(good, err)
end

--- How many instructions of its virtual machine Lua runs in a function; what C does is not in it.
-- @tparam function body
-- @treturn integer
function M.steps(body)
    local steps = 0
    count(function() steps = steps + EVERY end, body)
    return steps
end

--- How many of them it runs at most between two pauses.
-- @tparam function body is called with a function, which it calls for each pause
-- @treturn integer
function M.steps_at_once(body)
    local steps, most = 0, 0
    local function pause()
        steps, most = 0, math.max(most, steps)
    end
    count(function() steps = steps + EVERY end, body, pause)
    pause()
    return most
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
