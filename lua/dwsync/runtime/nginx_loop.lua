--- Transfers in nginx's event loop: a light thread looks at them every millisecond while there are any, decodes what
-- came, and wakes those who wait. While there are none it does not exist.
--
-- It runs in a timer of its own, because a request may end, and its light threads with it, while transfers of others
-- are under way. It decodes, rather than the callers, because all of them together must not hold up nginx.
-- It must not wait in libcurl.
-- @module dwsync.runtime.nginx_loop
local core = require "dwsync.core"
local turns = require "dwsync.runtime.nginx_turns"
-- luacheck: globals ngx

local M = {}

local SLICE_RECORDS = 64 -- about 0.1 ms
-- Shorter than a sweep's: answers come while other requests do, and each may have to wait for the rest of a turn.
local TURN_SECONDS = 0.0004
-- nginx drops a timer when too many run already. A driver that was not seen for so long is taken to be lost.
local LOST_SECONDS = 1
-- nginx ends the light thread of a caller whose client went away, and nobody is told.
local TURNS_BETWEEN_LOOKS = 16
-- How much later than its time limit a transfer may be answered.
local GRACE_SECONDS = 1

local Loop = { __name = "dwsync.runtime.nginx_loop" }
Loop.__index = Loop

local loops = {} -- by concurrency: runtimes that have the same one share connections and places

--- By light thread: whether a page that it asked for may be decoded now. It is asked until it says so once; without it
-- every page is decoded when it comes.
-- @tfield {[thread]=function():boolean} may_decode
M.may_decode = setmetatable({}, { __mode = "k" })

--- The transfers of this worker that have so many places.
-- @tparam integer concurrency
-- @treturn dwsync.runtime.nginx_loop
function M.of(concurrency)
    local loop = loops[concurrency]
    if not loop then
        loop = setmetatable({ concurrency = concurrency, jobs = {}, pages = {}, turns = 0 }, Loop)
        loops[concurrency] = loop
    end
    return loop
end

-- ---- the light thread ----------------------------------------------------------------------------

local function answer(self, job, response, failure)
    if self.jobs[job] then
        self.jobs[job] = nil
        job.response, job.failure, job.ended = response, failure, true
        job.done:post()
    end
end

local function answer_raised(self, job, reason)
    job.raised = tostring(reason)
    answer(self, job)
end

local function is_page(response, decode)
    return decode and response and response.status >= 200 and response.status < 300
end

local function receive(self, job, response, failure)
    if not is_page(response, job.decode) then
        return answer(self, job, response, failure)
    end
    -- Before anything else is made: the next allocation would run the collector for all of the page at once.
    turns.hold()
    job.response = response
    table.insert(self.pages, job)
end

-- Returns whether transfers are still under way.
local function receive_all(self)
    repeat
        local job, response, failure = self.pool:next(0)
        if not job then
            return response ~= "idle"
        end
        receive(self, job, response, failure)
    until not turns.goes_on()
    return true
end

-- What is done with a page at a time.
local function step(job)
    job.decoder = job.decoder or core.decoder(job.response.body, job.decode)
    return job.decoder:step(SLICE_RECORDS)
end

-- Decodes a few more records, as a pool decodes.
local function decode_some(self, job)
    local good, page, place = pcall(step, job)
    local response = job.response
    if not good then
        answer_raised(self, job, page)
    elseif page then
        response.page, response.place, response.body = page, place, nil
        answer(self, job, response)
    elseif page == nil then
        response.page_error = place
        answer(self, job, response)
    end
end

-- The first that is begun, or may be, or that nobody waits for any more.
local function next_page(self)
    for i, job in ipairs(self.pages) do
        if job.decoder or not self.jobs[job] or job.may_decode() then
            return i, job
        end
    end
end

local function decode_pages(self)
    local i, job = next_page(self)
    while job and turns.collect() do
        if self.jobs[job] then
            decode_some(self, job)
        end
        if not self.jobs[job] then
            table.remove(self.pages, i)
            i, job = next_page(self)
        end
    end
end

-- Ends the transfers that nobody waits for any more.
local function end_abandoned(self)
    for job in pairs(self.jobs) do
        if job.done:count() >= 0 then
            self.jobs[job] = nil
            self.pool:cancel(job)
        end
    end
end

-- Returns whether there is more to do.
local function turn(self)
    self.turns = self.turns + 1
    if self.turns % TURNS_BETWEEN_LOOKS == 0 then
        end_abandoned(self)
    end
    local under_way = receive_all(self)
    decode_pages(self)
    return under_way or self.pages[1] ~= nil
end

-- A turn that raises, for lack of memory say, must leave nobody waiting.
local function break_down(self, reason)
    local pool = self.pool
    self.pool, self.pages = nil, {}
    pcall(pool.close, pool)
    for job in pairs(self.jobs) do
        answer_raised(self, job, reason)
    end
end

-- The timer. When it is premature nginx is about to end, but still waits for the callers.
local function drive(_, self, driver)
    while self.driver == driver do
        self.seen = core.monotonic()
        turns.begin(TURN_SECONDS)
        local good, more = pcall(turn, self)
        turns.finish()
        if not good then
            break_down(self, more)
        end
        if not good or not more then
            self.driver = nil
            return
        end
        turns.sleep()
    end
end

local function ensure_driver(self)
    local now = core.monotonic()
    if self.driver and now - self.seen < LOST_SECONDS then
        return true
    end
    local driver = {}
    local started, reason = ngx.timer.at(0, drive, self, driver)
    if started then
        self.driver, self.seen = driver, now
    end
    return started, reason
end

local said

local function new_pool(concurrency)
    if not said and not core.resolves_aside() then
        said = true
        ngx.log(ngx.WARN, "dwsync: this libcurl waits for names: a name server that is slow holds up nginx")
    end
    return core.pool { concurrency = concurrency }
end

-- ---- one transfer --------------------------------------------------------------------------------

-- Returns true when it ended; or false and "timeout", or what nginx has against waiting.
local function wait(self, job, till)
    repeat
        local left = till + GRACE_SECONDS - core.monotonic()
        local good, reason = job.done:wait(math.max(0, math.min(left, LOST_SECONDS)))
        if good or job.ended then
            return true
        elseif reason ~= "timeout" then
            return false, reason
        end
        ensure_driver(self)
    until left <= LOST_SECONDS
    return false, "timeout"
end

local function without_decode(request)
    local copy = {}
    for name, value in pairs(request) do
        copy[name] = value
    end
    copy.decode = nil
    return copy
end

local function at_once()
    return true
end

local function forget(self, job)
    if self.jobs[job] then
        self.jobs[job] = nil
        self.pool:cancel(job)
    end
end

--- Performs a request, and lets nginx do other things meanwhile.
-- @tparam dwsync.request request
-- @tparam number till when it must have ended, by core.monotonic
-- @treturn[1] dwsync.response
-- @treturn[2] nil
-- @treturn[2] dwsync.failure
-- @treturn[3] nil
-- @treturn[3] nil
-- @treturn[3] string why not: "timeout" when nobody answered, else what nginx says
-- @raise for a request that makes no sense
function Loop:perform(request, till)
    self.pool = self.pool or new_pool(self.concurrency)
    local job = { done = require("ngx.semaphore").new(), decode = request.decode,
        may_decode = M.may_decode[coroutine.running()] or at_once }
    local submitted, failure = self.pool:submit(job, without_decode(request))
    if not submitted then
        return nil, failure
    end
    self.jobs[job] = true
    local driven, reason = ensure_driver(self)
    if driven then
        local in_turn = turns.finish()
        driven, reason = wait(self, job, till)
        if in_turn then
            turns.begin()
        end
    end
    if not driven then
        forget(self, job)
        return nil, nil, tostring(reason)
    elseif job.raised then
        error(job.raised, 0)
    end
    return job.response, job.failure
end

return M
