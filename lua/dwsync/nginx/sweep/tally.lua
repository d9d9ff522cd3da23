--- Counters since nginx started: requests to the service by status, retries, sweeps by outcome. A line "NAME NUMBER"
-- each, kept as the state of a store. Only the owner of the lease may write it.
-- @module dwsync.nginx.sweep.tally
local M = {}

local Tally = { __name = "dwsync.nginx.sweep.tally" }
Tally.__index = Tally

--- The tally that a text holds; an empty one without a text.
-- @tparam ?string text what `text` gave
-- @treturn dwsync.nginx.sweep.tally with `counts`, by name
function M.read(text)
    local counts = {}
    for name, number in (text or ""):gmatch "(%S+) (%d+)\n" do
        counts[name] = tonumber(number)
    end
    return setmetatable({ counts = counts }, Tally)
end

--- Counts one.
-- @tparam string name without blanks
function Tally:add(name)
    self.counts[name] = (self.counts[name] or 0) + 1
end

--- Counts an event of a client: see its option `on_event`.
-- @tparam table event
function Tally:observe(event)
    if event.type == "attempt" then
        self:add("request:" .. tostring(event.status or event.error and event.error.kind or "other"))
    elseif event.type == "retry" then
        self:add "retry"
    end
end

--- Names in order.
-- @treturn {string,...}
function Tally:names()
    local names = {}
    for name in pairs(self.counts) do
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

--- The tally as a text, for `read`.
-- @treturn string
function Tally:text()
    local lines = {}
    for i, name in ipairs(self:names()) do
        lines[i] = ("%s %d\n"):format(name, self.counts[name])
    end
    return table.concat(lines)
end

return M
