-- writer_process.lua TARGET CLUSTER FIRST LAST DEATH NAME: saves pages FIRST to LAST and says so after each commit.
-- Page n holds records of its own, RUNNING, and the end of page n - 1's, long enough for several statements: half of a
-- transaction would show. With a NAME each page also changes one record that ended, differently for each name: a change
-- that got lost would show. DEATH is "never", "instructions:N" or "statements:N": it kills itself, without warning,
-- after so many instructions of Lua, or before the Nth step of a transaction.
local history = require "dwsync.history"
local uv = require "luv"

local target, cluster, first, last, death, name = arg[1], arg[2], tonumber(arg[3]), tonumber(arg[4]), arg[5], arg[6]

local RECORDS = 20

local function die()
    uv.kill(uv.os_getpid(), "sigkill")
end

local function add(list, page, status)
    for i = 1, page > 0 and RECORDS or 0 do
        list[#list + 1] = { id = ("%d-%d"):format(page, i), start_time = page * 1000 + i, status = status,
            fail_reason = ("why "):rep(1000) }
    end
end

local store = assert(history.open(target))
local left = math.huge
local Engine = getmetatable(store.engine).__index
for _, name_of in ipairs { "begin", "rows", "commit" } do
    local method = Engine[name_of]
    Engine[name_of] = function(...)
        left = left - 1
        if left <= 0 then
            die()
        end
        return method(...)
    end
end
io.write "ready\n"
io.flush()
left = tonumber(death:match "^statements:(%d+)$") or math.huge
local instructions = tonumber(death:match "^instructions:(%d+)$")
if instructions then
    if jit then
        jit.off() -- compiled code does not count
    end
    debug.sethook(die, "", instructions)
end
for page = first, last do
    local list = {}
    add(list, page - 1, "FINISHED")
    add(list, page, "RUNNING")
    if name then
        list[#list + 1] = { id = "shared", start_time = 0, status = "FINISHED", fail_reason = name .. page }
    end
    assert(store:save(cluster, list))
    io.write("saved ", page, "\n")
    io.flush()
end
store:close()
io.write "done\n"
