-- accounts_process.lua TARGET ROUNDS DEATH NAME: looks at accounts, of which every look finds others, and says so after
-- each commit. DEATH is "never", "statements:N": it kills itself, without warning, before the Nth step of a
-- transaction, or "reading": when it has read a list and not kept it. With a NAME its lists are its own's.
local history = require "dwsync.history"
local uv = require "luv"

local target, rounds, death, name = arg[1], tonumber(arg[2]), arg[3], arg[4] or ""

local STAY, COME = 30, 20

local function die()
    uv.kill(uv.os_getpid(), "sigkill")
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
for round = 1, rounds do
    local summary = assert(store:pull_accounts("c", function()
        local list = { complete = true }
        for i = 1, STAY do
            list[i] = { name = "stays" .. i }
        end
        for i = 1, COME do
            list[STAY + i] = { name = ("%s%d.%d.%d"):format(name, uv.os_getpid(), round, i) }
        end
        if death == "reading" then
            die()
        end
        return list
    end))
    io.write(summary.is_late and "late\n" or "saved\n")
    io.flush()
end
store:close()
io.write "done\n"
