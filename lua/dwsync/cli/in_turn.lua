--- Work on items that arrive while others are still read, on one at a time: a history answers one question at a time,
-- and while it does, the records of more clusters arrive.
-- @module dwsync.cli.in_turn
local concurrent = require("dwsync.lazy") "dwsync.runtime.concurrent"

local M = {}

local MOST_WAITING = 16 -- items
local LONGEST_STEP = 0.5 -- seconds

--- Makes a function that works on the items it is given, in the order in which they come. What comes while one is
-- worked on is left to the call that is at it. As long as too many items wait, such a call waits, so that no more are
-- read than can be kept; but work that hangs, as on a history that does not answer, keeps no call waiting: the service
-- is still asked.
-- @tparam function work(item) may wait
-- @tparam[opt=0.5] number longest seconds without progress after which the work is taken to hang
-- @treturn function(item) raises what work raised, when the other items are done
function M.new(work, longest)
    local waiting, came, done, busy, hangs, bell = {}, 0, 0, false, false, nil
    local function wait()
        local number = came
        bell = bell or concurrent.bell()
        while busy and not hangs and number - done > MOST_WAITING do
            local before = done
            bell:wait(longest or LONGEST_STEP)
            hangs = done == before
        end
    end
    local function work_through()
        local failure
        while done < came do
            local item = waiting[done + 1]
            waiting[done + 1] = nil
            local good, raised = pcall(work, item)
            failure = failure or not good and { raised } or nil
            done = done + 1
            if bell then
                bell:ring(1)
            end
        end
        return failure
    end
    return function(item)
        came = came + 1
        waiting[came] = item
        if busy then
            return wait()
        end
        busy = true
        local failure = work_through()
        busy = false
        if failure then
            error(failure[1], 0)
        end
    end
end

return M
