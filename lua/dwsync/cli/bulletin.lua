--- What a collector says of itself while it runs: on stderr what begins and what ends, to the service manager that it
-- is alive and what it does, and both in its metrics.
-- @module dwsync.cli.bulletin
local conditions = require "dwsync.fleet.conditions"
local files = require "dwsync.files"
local quantities = require "dwsync.quantities"
local summaries = require "dwsync.fleet.summary"
local text = require "dwsync.text"

local M = {}

local REFRESH_EVERY, DRAW_EVERY = 10, 1 -- seconds

local Bulletin = { __name = "dwsync.cli.bulletin" }
Bulletin.__index = Bulletin

--- Makes the bulletin of a collector. Before anything happens its `collector` and `is_stopped`, a function that says
-- whether it was asked to end by a signal or its time, are set.
-- @tparam table given
-- @tparam table given.context the command's
-- @tparam dwsync.fleet.schedule given.schedule
-- @tparam table given.manager see dwsync.cli.service_manager
-- @tparam dwsync.fleet.metrics given.metrics
-- @tparam ?string given.file where the metrics are written to
-- @tparam function():number given.monotonic seconds
-- @treturn dwsync.cli.bulletin
function M.new(given)
    return setmetatable({ context = given.context, schedule = given.schedule, manager = given.manager,
        metrics = given.metrics, file = given.file, monotonic = given.monotonic,
        is_terminal = given.context.is_terminal "stderr", width = given.context:width() or 80, present = {},
        refresh_due = 0, draw_due = 0 }, Bulletin)
end

function Bulletin:clear()
    if self.drawn then
        self.context.stderr:write "\r\27[K"
        self.drawn = false
    end
end

--- Writes a message to stderr.
-- @tparam string message one line
-- @tparam[opt] string hint what to do next
function Bulletin:note(message, hint)
    self:clear()
    self.context:note(message, hint)
end

-- What it does, in one line.
function Bulletin:line()
    local sum = self.metrics.sum
    if not sum then
        return "waiting for the database"
    end
    local parts = { quantities.count(sum.clusters, "cluster"), quantities.number(math.floor(self.rate * 10 + 0.5) / 10)
        .. " looks/s here", sum.late > 0 and sum.late .. " late" or "none late",
        quantities.count(sum.alive, "collector") }
    parts[#parts + 1] = sum.failing > 0 and sum.failing .. " failing" or nil
    parts[#parts + 1] = not self.metrics.database_up and "the database does not answer" or nil
    return table.concat(parts, ", ")
end

--- Draws what it does in the last line of a terminal, once a second at most.
function Bulletin:draw()
    if self.is_terminal and self.monotonic() >= self.draw_due then
        self.draw_due = self.monotonic() + DRAW_EVERY
        self.context.stderr:write("\r\27[K" .. text.cut(self:line(), self.width - 1))
        self.context.stderr:flush()
        self.drawn = true
    end
end

function Bulletin:write_file()
    if not self.file then
        return
    end
    local written, reason = files.write(self.file, self.metrics:render())
    if not written and not self.file_failed then
        self:note(("metrics file %s: %s"):format(self.file, reason), "It is tried again every 10 s.")
    elseif written and self.file_failed then
        self:note(("metrics file %s: it is written again"):format(self.file))
    end
    self.file_failed = not written
end

-- Says what began and what ended since the last time.
function Bulletin:refresh()
    local now = self.monotonic()
    if now < self.refresh_due then
        return
    end
    local sum = summaries.read(self.schedule)
    if sum then
        local began, ended = conditions.news(self.present, conditions.of(sum))
        for _, condition in ipairs(ended) do
            self:note(condition.over)
        end
        for _, condition in ipairs(began) do
            self:note(condition.text, condition.hint)
        end
        self.metrics.sum = sum
    end
    local looks = self.collector.totals.looks
    self.rate = self.refreshed_at and (looks - self.looks) / (now - self.refreshed_at) or 0
    self.looks, self.refreshed_at, self.refresh_due = looks, now, now + REFRESH_EVERY
    self.metrics.totals = self.collector.totals
    self.manager:status(self:line())
    self:write_file()
end

function Bulletin:database(err)
    self.metrics.database_up = err == nil
    local message = err and err.message:gsub("%.$", "")
    if err and not self.told then
        self.told = {}
    end
    if err and not self.told[message] then
        local is_full = err.code == "full"
        self.told[message], self.told.is_full = true, is_full
        self:note(message .. (is_full and "; looks are kept when there is room" or "; looks go on when it answers"),
            err.hint)
    elseif not err and self.told then
        self:note(self.told.is_full and "the database can be written again" or "the database answers again")
        self.told = nil
    end
    if err and self.monotonic() >= self.refresh_due then
        self.refresh_due = self.monotonic() + REFRESH_EVERY
        self.manager:status(self:line())
        self:write_file()
    end
end

function Bulletin:tick(good)
    self.manager:alive()
    if good and not self.is_ready then
        self.is_ready = true
        self.manager:ready()
    end
    if good then
        self:refresh()
    end
    if self.collector.draining and not self.is_ending then
        self.is_ending = true
        self.manager:stopping()
        local by_drain = not self.is_stopped()
        self:note(by_drain and ("dwsync fleet drain %s: ending"):format(self.collector.name)
            or "ending: looks under way are finished, the others given back",
            by_drain and "Until dwsync fleet drain --undo it will not collect under this name." or nil)
    end
end

--- Hears what happens.
-- @tparam table event see dwsync.fleet.collector
function Bulletin:observe(event)
    if event.type == "look" then
        local item = event.item
        if item.kind == "cluster" and item.looked_at and not event.result.error then
            self.metrics:observe((event.now - item.looked_at) / 1000)
        end
    elseif event.type == "database" then
        self:database(event.error)
    elseif event.type == "tick" then
        self:tick(event.good)
    end
end

return M
