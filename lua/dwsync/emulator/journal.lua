--- The latest requests to the service, for tests to look at: bounded, and without secrets.
-- @module dwsync.emulator.journal
local Journal = { __name = "dwsync.emulator.journal" }
Journal.__index = Journal

local M = {}

local KEPT = 500
-- Connection numbers remembered, in two generations: far more than can be open at once, and never without bound.
local GENERATION = 10000

--- Makes an empty journal.
-- @treturn Journal
function M.new()
    return setmetatable({
        requests = {}, total = 0, connections = 0, tls_sessions_reused = 0,
        seen = {}, seen_before = {}, generation = 0,
    }, Journal)
end

--- Notes a request.
-- @tparam table request `method`, `uri`, `connection`, `status`, `ak`, `by`
-- @tparam boolean session_reused whether its connection resumed a TLS session
function Journal:add(request, session_reused)
    self.total = self.total + 1
    self.requests[(self.total - 1) % KEPT + 1] = request
    local connection = request.connection
    if self.seen[connection] then
        return
    end
    if not self.seen_before[connection] then
        self.connections = self.connections + 1
        if session_reused then
            self.tls_sessions_reused = self.tls_sessions_reused + 1
        end
    end
    if self.generation == GENERATION then
        self.seen_before, self.seen, self.generation = self.seen, {}, 0
    end
    self.seen[connection] = true
    self.generation = self.generation + 1
end

--- Lists the kept requests, oldest first.
-- @treturn {table,...}
function Journal:list()
    local list = {}
    for i = math.max(self.total - KEPT, 0), self.total - 1 do
        list[#list + 1] = self.requests[i % KEPT + 1]
    end
    return list
end

return M
