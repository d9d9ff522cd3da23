--- A history with senders to one channel, for specs of how messages are sent. Time passes only where a spec lets it.
local channels = require "dwsync.problems.channels"
local claims = require "dwsync.problems.claims"
local delivery = require "dwsync.problems.delivery"
local history = require "dwsync.history"
local outbox = require "dwsync.problems.outbox"
local problems_store = require "dwsync.problems.store"
local tables = require "dwsync.history.tables"
local transitions = require "dwsync.problems.transitions"

local assert = require "luassert"

local M = {}

--- When it begins, in milliseconds.
M.NOW = 1747637723000

local World = {}
World.__index = World

--- Calls use(world). A receiver answers what `answer` says; `sent`, `failed` and `requests` are what came of it.
function M.with(use)
    local opened = assert(history.open ":memory:")
    use(setmetatable({ store = assert(problems_store.open(opened)), now = M.NOW, monotonic = 0,
        answer = { status = 200 }, sent = {}, failed = {}, requests = 0, senders = 0, to = { "hook" } }, World))
    opened:close()
end

local function seen(severity)
    return { severity = severity, raises = severity ~= "ok", message = "it is " .. severity }
end

-- Looks at clusters from the first to the last, whose problem is so grave.
function World:look(severity, first, last)
    for i = first, last or first do
        local key = { cluster_id = ("c%04d"):format(i), source = "s", rule = "failing" }
        assert(tables.run(self.store.history, "write", key.cluster_id, function(session)
            problems_store.change_in(session, key.cluster_id, function(rows)
                local row = transitions.look(rows[1], key, seen(severity), self.now)
                outbox.add(session, { row or rows[1] }, function() return { to = self.to } end, self.now)
                return { row }
            end)
            return true
        end))
    end
end

function World:sql(statement)
    return assert(tables.run(self.store.history, "write", false, function(session)
        return session:rows(statement)
    end))
end

function World:sender(more)
    self.senders = self.senders + 1
    local opened = channels.open("hook", assert(channels.check { kind = "webhook", url = { env = "URL" } }),
        { getenv = function() return "https://x.example" end })
    local given = { store = self.store, channels = { opened }, name = "sender " .. self.senders,
        plan = function() return { to = self.to, levels = {} } end, random = function() return 1 end,
        now = function() return self.now end,
        runtime = { monotonic = function() return self.monotonic end,
            sleep = function(seconds) self:pass(seconds) end,
            perform = function()
                self.requests = self.requests + 1
                if type(self.answer) == "function" then
                    return self.answer(self)
                end
                return self.answer
            end },
        sent = function(message)
            for _, item in ipairs(message.items or { message }) do
                table.insert(self.sent, item.cluster_id .. " " .. item.event)
            end
        end,
        failed = function(message) table.insert(self.failed, message) end }
    for name, value in pairs(more or {}) do
        given[name] = value
    end
    return delivery.new(given), opened
end

-- What a sender claims, and does nothing with.
function World:claim(sender, place)
    return assert(tables.run(self.store.history, "write", false, function(session)
        return claims.claim(session, sender.owing[place or 1], sender, self.now)
    end))
end

function World:pass(seconds)
    self.now, self.monotonic = self.now + seconds * 1000, self.monotonic + seconds
end

--- How often each value is in a list.
function M.count_of(list)
    local counts = {}
    for _, what in ipairs(list) do
        counts[what] = (counts[what] or 0) + 1
    end
    return counts
end

return M
