-- writer_process.lua TARGET CLUSTER FIRST LAST INSTRUCTIONS: saves pages FIRST to LAST and says so after each commit.
-- Page n holds records of its own, RUNNING, and the end of page n - 1's, so that half of a transaction would show.
-- With INSTRUCTIONS above 0 it kills itself, without warning, after so many instructions of Lua.
local history = require "dwsync.history"
local uv = require "luv"

local target, cluster, first, last, instructions = arg[1], arg[2], tonumber(arg[3]), tonumber(arg[4]), tonumber(arg[5])

local RECORDS = 50

local function add(list, page, status)
    for i = 1, page > 0 and RECORDS or 0 do
        list[#list + 1] = { id = ("%d-%d"):format(page, i), start_time = page * 1000 + i, status = status,
            fail_reason = ("why "):rep(20) }
    end
end

local store = assert(history.open(target))
io.write "ready\n"
io.flush()
if instructions > 0 then
    if jit then
        jit.off() -- compiled code does not count
    end
    debug.sethook(function()
        uv.kill(uv.os_getpid(), "sigkill")
    end, "", instructions)
end
for page = first, last do
    local list = {}
    add(list, page - 1, "FINISHED")
    add(list, page, "RUNNING")
    assert(store:save(cluster, list))
    io.write("saved ", page, "\n")
    io.flush()
end
store:close()
io.write "done\n"
