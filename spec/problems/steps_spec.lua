local one = require "spec.problems.one"
local severities = require "dwsync.severity"
local steps = require "dwsync.problems.steps"
local transitions = require "dwsync.problems.transitions"

local KEY = one.KEY
local MINUTE, HOUR = 60000, 3600000

local look, seen = one.look, one.seen

-- The outbox and a sender, as they work together: `entries` is what the database holds.
local Book = {}
Book.__index = Book

local function new_book(...)
    return setmetatable({ plan = { to = { ... } }, entries = {} }, Book)
end

function Book:look(severity, now, more)
    local row = transitions.look(self.row, KEY, seen(severity, more), now) or self.row
    self.row = row and row.state ~= "forgotten" and row or nil
    return self:update(now)
end

function Book:update(now)
    for _, entry in ipairs(self.row and steps.owed(self.row, self.entries, self.plan, now) or {}) do
        table.insert(self.entries, entry)
    end
    return self
end

-- What a channel may be told next: the entry and its step. What is not true any more is dropped on the way.
function Book:next(channel, now)
    for _ = 1, #self.entries do
        for _, entry in ipairs(self.entries) do
            local free = entry.state == "owed" and entry.next_at <= now and (entry.claimed_until or 0) <= now
            if entry.channel == channel and free then
                local verdict, step = steps.due(self.row, entry, self.entries, self.plan, now)
                if verdict == "send" then
                    return entry, step
                elseif verdict == "drop" then
                    entry.state = "dropped"
                end
            end
        end
    end
end

-- Tells a channel all that it is owed. Returns the steps as "event step".
function Book:tell(channel, now)
    local told = {}
    local entry, step = self:next(channel, now)
    while entry do
        entry.state, entry.sent_at = "sent", now
        self.row.state = self.row.state == "firing" and "told" or self.row.state
        told[#told + 1] = step.event .. " " .. step.step
        entry, step = self:next(channel, now)
    end
    return told
end

describe("a problem", function()
    it("is told once, and again when it gets worse, but not when it gets better", function()
        local book = new_book "chat"
        assert.same({ "firing warning" }, book:look("warning", 1):tell("chat", 2))
        assert.equal("told", book.row.state)
        assert.same({}, book:look("warning", 4):tell("chat", 4))
        assert.same({ "escalated critical" }, book:look("critical", 5):tell("chat", 6))
        assert.same({}, book:look("warning", 7):look("critical", 8):tell("chat", 9))
    end)

    it("that got worse before it was told is told once, as it is then", function()
        local book = new_book "chat"
        assert.same({ "firing critical" }, book:look("warning", 1):look("critical", 2):tell("chat", 3))
    end)

    it("tells its end to those who were told, and to no one else", function()
        local book = new_book("chat", "mail")
        book:look("critical", 1):tell("chat", 2)
        book:look("ok", 10, { message = "it is well" })
        assert.same({ "resolved", "it is well", 10 }, { book.row.state, book.row.ending, book.row.resolved_at })
        assert.same({}, book:tell("mail", 11))
        local _, step = book:next("chat", 11)
        assert.same({ "resolved", 1, 10, "critical", "ok" }, { step.event, step.episode, step.ended, step.previous,
            step.severity })
        assert.same({ "resolved resolved" }, book:tell("chat", 12))
        assert.same({}, book:look("ok", 13):tell("chat", 13))
    end)

    it("is told by another channel in place of one that gave up, until that takes something again", function()
        local book = new_book "chat"
        book.plan.fallbacks, book.plan.remind = { chat = "mail", mail = "sms", sms = "chat" }, HOUR
        book:look("warning", 1).entries[1].state = "given_up"
        assert.same({ "firing warning" }, book:update(2):tell("mail", 3))
        assert.same({}, book:update(4):tell("sms", 5))
        assert.same({ "firing critical" }, book:look("critical", 6):tell("chat", 7))
        assert.same({ "escalated critical" }, book:tell("mail", 8))
        assert.same({ { "reminder reminder-1" }, {} }, { book:update(HOUR + 7):tell("chat", HOUR + 8),
            book:update(HOUR + 9):tell("mail", HOUR + 9) })
        book:look("ok", HOUR + 10)
        assert.same({ { "resolved resolved" }, { "resolved resolved" } }, { book:tell("chat", HOUR + 11),
            book:tell("mail", HOUR + 11) })
    end)

    it("tells its end to whom a channel names that was told and gave the end up, and to nobody twice", function()
        local book = new_book("chat", "mail", "log")
        book.plan.fallbacks = { chat = "sms", sms = "mail", log = "pager" }
        book:look("critical", 1):tell("chat", 2)
        book:tell("mail", 2)
        book:look("ok", 10):next("chat", 11).state = "given_up"
        assert.same({ "resolved resolved" }, book:update(12):tell("mail", 12))
        book:next("sms", 12).state = "given_up"
        assert.same({ {}, {}, {}, {} }, { book:update(13):tell("mail", 13), book:tell("log", 13),
            book:tell("pager", 13), book:tell("chat", 13) })
    end)

    it("tells its end where nobody knows whether its beginning arrived", function()
        local book = new_book "chat"
        local entry = book:look("critical", 1):next("chat", 2)
        entry.doubtful, entry.claimed_until = 1, 60 -- the sender died
        assert.same({ "resolved resolved" }, book:look("ok", 3):tell("chat", 100))
        assert.equal("dropped", entry.state)
    end)

    it("tells its end only once the sender of its beginning has said what became of it", function()
        for outcome, told in pairs { sent = { "resolved resolved" }, given_up = {} } do
            local book = new_book "chat"
            local entry = book:look("critical", 1):next("chat", 2)
            entry.doubtful, entry.claimed_until = 1, 60
            assert.same({}, book:look("ok", 3):tell("chat", 4))
            entry.state, entry.doubtful, entry.claimed_until = outcome, 0, nil
            assert.same(told, book:tell("chat", 5))
        end
    end)

    it("counts its episodes, and tells each", function()
        local book = new_book "chat"
        book:look("warning", 1):tell("chat", 2)
        book:look("ok", 3):tell("chat", 4)
        assert.same({ "firing warning" }, book:look("warning", 5 + 60 * MINUTE):tell("chat", 6 + 60 * MINUTE))
        assert.same({ 2, 5 + 60 * MINUTE }, { book.row.episode, book.row.fired_at })
    end)

    it("tells an end that could not be told before the next begins, and then the next", function()
        local book = new_book "chat"
        book:look("warning", 1):tell("chat", 2)
        book:look("ok", 3)
        assert.same({ "resolved resolved", "firing critical" },
            book:look("critical", 60 * MINUTE + 4):tell("chat", 60 * MINUTE + 5))
        assert.equal(3, book.entries[2].created_at)
    end)

    it("is over only when it was ok for long enough", function()
        local book, slow = new_book "chat", { recover = 2 * MINUTE }
        book:look("warning", 0):tell("chat", 1)
        book:look("ok", MINUTE, slow)
        assert.same({ "told", MINUTE, 3 * MINUTE }, { book.row.state, book.row.recovering_since,
            transitions.next_look(book.row, 0, 2 * MINUTE) })
        book:look("unknown", 2 * MINUTE, slow) -- says nothing
        assert.equal(MINUTE, book.row.recovering_since)
        assert.same({ "resolved resolved" }, book:look("ok", 3 * MINUTE, slow):tell("chat", 3 * MINUTE))
        local back = look(look(look(nil, "warning", 0), "ok", MINUTE, slow), "warning", 2 * MINUTE, slow)
        assert.same({ "firing", 1 }, { back.state, back.episode })
        assert.is_nil(back.recovering_since)
    end)

    it("is owed to nobody while it is only pending", function()
        local row = look(nil, "unknown", 0, { raises = true, patience = 15 * MINUTE })
        assert.same({}, steps.owed(row, {}, { to = { "chat" } }, 1))
    end)

    it("still owes the end of an episode while the next one is only pending", function()
        local book = new_book "chat"
        book:look("critical", 1):tell("chat", 2)
        book:look("ok", 3):look("unknown", 4, { raises = true, patience = MINUTE })
        assert.equal("pending", book.row.state)
        assert.same({ "resolved resolved" }, book:tell("chat", 5))
    end)

    it("does not tell an end that is no longer news, but what began since", function()
        local book = new_book "chat"
        book:look("warning", 1):tell("chat", 2)
        book:look("ok", 3)
        local late = 3 + steps.END_IS_NEWS
        assert.same({ "firing warning" }, book:look("warning", late):tell("chat", late))
    end)

    it("is reminded of after a day, then after two, until somebody takes care of it", function()
        local book = new_book "chat"
        book.plan.remind = 24 * HOUR
        book:look("warning", 0):tell("chat", 0)
        local reminded = {}
        for hour = 1, 24 * 8 do
            for _ in ipairs(book:update(hour * HOUR):tell("chat", hour * HOUR)) do
                reminded[#reminded + 1] = hour
            end
        end
        assert.same({ 24, 72, 168 }, reminded)
        book.row = transitions.acknowledge(book.row, "li", "on it", 200 * HOUR)
        assert.same({ "acknowledged", "li", "on it" }, { transitions.state_of(book.row, 200 * HOUR),
            book.row.acknowledged_by, book.row.acknowledged_note })
        assert.same({}, book:update(2000 * HOUR):tell("chat", 2000 * HOUR))
        assert.same({ "escalated critical" }, book:look("critical", 2001 * HOUR):tell("chat", 2001 * HOUR))
        assert.equal("told", transitions.state_of(book.row, 2001 * HOUR))
        assert.same({ "reminder reminder-4" }, book:update(2025 * HOUR):tell("chat", 2025 * HOUR))
    end)

    it("that is silenced tells nothing but its end, and what there is to tell when the silence is over", function()
        local book = new_book "chat"
        book:look("warning", 0):tell("chat", 0)
        book.row = transitions.silence(book.row, HOUR, "li", 1)
        assert.equal("silenced", transitions.state_of(book.row, 2))
        assert.same({}, book:look("critical", 2):tell("chat", 3))
        assert.same({ "escalated critical" }, book:update(HOUR):tell("chat", HOUR))
        book.row = transitions.silence(book.row, 3 * HOUR, "li", HOUR + 1)
        assert.same({ "resolved resolved" }, book:look("ok", 2 * HOUR):tell("chat", 2 * HOUR))
        assert.same({}, book:look("warning", 2 * HOUR + 1):tell("chat", 2 * HOUR + 2)) -- the next one, too
        book.row = transitions.unsilence(book.row)
        assert.same({ "firing warning" }, book:update(2 * HOUR + 3):tell("chat", 2 * HOUR + 3))
        assert.is_nil(transitions.silence(book.row, 5, "li", 5))
        assert.is_nil(transitions.acknowledge(look(book.row, "ok", 4 * HOUR), "li", nil, 5 * HOUR))
    end)

    it("that changes twenty times in ten minutes is told three times, and once when it is quiet", function()
        for _, recover in ipairs { 0, 2 * MINUTE } do
            local book, told, now = new_book "chat", {}, 0
            local function go_on(severity)
                for _, step in ipairs(book:look(severity, now, { recover = recover }):tell("chat", now)) do
                    told[#told + 1] = step
                end
            end
            for i = 1, 20 do
                now = i * MINUTE / 2
                go_on(i % 2 == 1 and "warning" or "ok")
            end
            assert.same(recover == 0 and { "firing warning", "resolved resolved", "flapping flapping-warning" }
                or { "firing warning", "flapping flapping-warning" }, told)
            now = now + 14 * MINUTE
            go_on "ok"
            assert.equal("told", book.row.state)
            assert.equal(25 * MINUTE, transitions.next_look(book.row, 0, recover))
            told, now = {}, 25 * MINUTE
            go_on "ok"
            assert.same({ "resolved resolved" }, told)
        end
    end)

    it("that flapped and stays is told no more, but its end at once", function()
        local book = new_book "chat"
        for i = 1, 5 do
            book:look(i % 2 == 1 and "warning" or "ok", i * MINUTE):tell("chat", i * MINUTE)
        end
        assert.equal(1, book.row.flapping)
        assert.same({}, book:look("warning", 20 * MINUTE - 1):tell("chat", 20 * MINUTE - 1))
        assert.equal(1, book.row.flapping)
        assert.same({}, book:look("warning", 20 * MINUTE):tell("chat", 20 * MINUTE))
        assert.equal(0, book.row.flapping)
        assert.same({ "resolved resolved" }, book:look("ok", 90 * MINUTE):tell("chat", 90 * MINUTE))
    end)

    it("waits for the end of quiet hours, and then tells what is still true", function()
        local book = new_book "chat"
        book.plan.held_until = HOUR
        book:look("warning", 1)
        assert.equal(HOUR, book.entries[1].next_at)
        assert.same({ "wait", HOUR }, { steps.due(book.row, book.entries[1], book.entries, book.plan, 2) })
        book:look("ok", 3)
        book.plan.held_until = nil
        assert.same({}, book:tell("chat", HOUR))
    end)

    it("keeps what programs told that knew no outbox", function()
        local row = look(look(nil, "warning", 1), "critical", 2)
        row.told = { chat = { step = "critical", episode = 1, fired_at = 1, since = 1 },
            mail = { claimed_until = 5 } }
        local book = new_book("chat", "mail")
        book.row, book.entries = row, steps.told_before(row, 10)
        book.plan.remind = 24 * HOUR
        assert.same({}, book:update(10):tell("chat", 10))
        assert.same({ "firing critical" }, book:tell("mail", 10))
        assert.same({}, book:update(24 * HOUR):tell("chat", 24 * HOUR))
        assert.same({ "reminder reminder-1" }, book:update(25 * HOUR):tell("chat", 25 * HOUR))
        assert.same({ "resolved resolved" }, book:look("ok", 26 * HOUR):tell("chat", 26 * HOUR))
    end)

    it("keeps the end that such programs still owe", function()
        local row = look(look(look(nil, "warning", 1), "ok", 2), "warning", HOUR)
        row.told = { chat = { step = "warning", episode = 1, fired_at = 1, since = 1, ended = 2 },
            mail = { step = "resolved", episode = 1, fired_at = 1, since = 1 } }
        local book = new_book("chat", "mail")
        book.row, book.entries = row, steps.told_before(row, HOUR)
        book:update(HOUR)
        local _, step = book:next("chat", HOUR)
        assert.same({ "resolved", 1, 2 }, { step.event, step.episode, step.ended })
        assert.same({ "resolved resolved", "firing warning" }, book:tell("chat", HOUR))
        assert.same({ "firing warning" }, book:tell("mail", HOUR))
    end)
end)

-- ---- whatever happens -----------------------------------------------------------------------------

-- A generator of its own, so that each seed gives the same story under every Lua.
local function generator(seed)
    return function(below)
        seed = (seed * 16807) % 2147483647
        return seed % below
    end
end

local SEVERITIES = { "ok", "warning", "critical", "unknown" }

-- What every channel must have heard, whatever the order: per episode at most one beginning, then worse steps only,
-- then at most one end; no episode before the end of the one before. Where a sender died, nobody knows whether a
-- beginning arrived: then it may begin again as something worse, and end without having begun. Returns whether the
-- channel believes that it goes on.
local function assert_makes_sense(heard, in_doubt)
    local open, last, known = nil, 0, {}
    for _, step in ipairs(heard) do
        local id = step.episode .. " " .. step.step
        assert.is_nil(known[id])
        known[id] = true
        if step.event == "resolved" then
            assert.is_true(open ~= nil and last == step.episode or in_doubt[step.episode] == true)
            open, last = nil, step.episode
        elseif open == nil then
            assert.is_true(step.event == "firing" or step.event == "flapping")
            assert.is_true(step.episode > last)
            open, last = step.severity, step.episode
        else
            assert.equal(last, step.episode)
            assert.is_true(step.event ~= "firing" or in_doubt[step.episode] == true)
            assert.is_true(step.event == "flapping" or step.event == "reminder"
                or severities.is_worse(step.severity, open))
            open = step.severity
        end
    end
    return open
end

-- One sender's attempt: it may die before or after the message leaves, fail, or succeed, while a look goes on.
local function try(book, channel, now, random, heard, in_doubt, look_meanwhile)
    local entry, step = book:next(channel, now)
    if not entry then
        return
    end
    local doubtful = entry.doubtful
    entry.doubtful, entry.claimed_until = 1, now + MINUTE
    assert.is_not_equal(entry, (book:next(channel, now))) -- the other sender
    local what = random(6)
    in_doubt[step.episode] = in_doubt[step.episode] or what == 0 or what == 2
    if what == 0 then
        return -- it dies before the message leaves
    end
    if what > 1 then
        local again = heard[#heard]
        if not (again and again.episode == step.episode and again.step == step.step) then -- the key tells them apart
            table.insert(heard, step)
        end
    end
    look_meanwhile()
    if what == 1 then
        entry.doubtful, entry.claimed_until = doubtful, nil
    elseif what > 2 then -- at 2 it dies before it knows
        entry.state, entry.sent_at, entry.claimed_until = "sent", now, nil
        book.row.state = book.row.state == "firing" and entry.episode == book.row.episode and "told" or book.row.state
    end
end

describe("whatever the order of looks, restarts, collectors and channels, a problem", function()
    it("is told once per episode and channel, and its end to exactly those who were told", function()
        for seed = 1, 150 do
            local random, now = generator(seed), 0
            local book, heard, in_doubt = new_book("a", "b"), { a = {}, b = {} }, { a = {}, b = {} }
            book.plan.remind = HOUR
            local function some_look()
                local severity = SEVERITIES[1 + random(4)]
                book:look(severity, now, { raises = severity ~= "ok", recover = random(2) * 2 * MINUTE,
                    patience = severity == "unknown" and 3 * MINUTE or nil })
            end
            for _ = 1, 40 do
                now = now + (1 + random(20)) * MINUTE
                if random(5) > 0 then
                    some_look()
                end
                local act = random(12)
                if book.row and act == 0 then
                    book.row = transitions.acknowledge(book.row, "li", nil, now) or book.row
                elseif book.row and act == 1 then
                    book.row = transitions.silence(book.row, now + 30 * MINUTE, "li", now)
                elseif act == 2 then
                    book:update(now) -- a sender's sweep
                end
                for _, channel in ipairs { "a", "b" } do
                    try(book, channel, now, random, heard[channel], in_doubt[channel], function()
                        if random(3) == 0 then
                            now = now + 1
                            some_look()
                        end
                    end)
                end
            end
            for _, channel in ipairs { "a", "b" } do
                now = now + 20 * MINUTE
                book:look("ok", now, { is_final = true })
                now = now + 2 * MINUTE
                local entry, step = book:next(channel, now)
                while entry do
                    local last = heard[channel][#heard[channel]]
                    if not (last and last.episode == step.episode and last.step == step.step) then
                        table.insert(heard[channel], step)
                    end
                    entry.state, entry.sent_at = "sent", now
                    entry, step = book:next(channel, now)
                end
                assert.is_nil(assert_makes_sense(heard[channel], in_doubt[channel]))
            end
        end
    end)
end)

-- ---- each by itself --------------------------------------------------------------------------------

local function with(base, more)
    for name, value in pairs(more or {}) do
        base[name] = value
    end
    return base
end

local function problem(more)
    return with({ cluster_id = "c", source = "s", rule = "failing", state = "told", severity = "warning", episode = 2,
        fired_at = 5, since = 4, told = {} }, more)
end

local function entry(step, state, more)
    return with({ channel = "a", episode = 2, step = step, fired_at = 5, since = 4, created_at = 10, next_at = 10,
        attempts = 0, doubtful = 0, state = state, sent_at = state == "sent" and 10 or nil }, more)
end

describe("what is owed", function()
    -- "channel step" of what is added, "!" where its episode is another.
    local function owed(row, entries, plan, now)
        local words = {}
        for i, added in ipairs(steps.owed(row, entries, plan, now or 20)) do
            words[i] = added.channel .. " " .. added.step .. (added.episode ~= row.episode and "!" or "")
        end
        return table.concat(words, ", ")
    end

    local TO_A = { to = { "a" }, fallbacks = {} }

    it("has every field of an entry, and is held till the end of quiet hours", function()
        assert.same({ { channel = "a", episode = 2, step = "warning", fired_at = 5, since = 4, created_at = 20,
            next_at = 20, due_at = 20, attempts = 0, doubtful = 0, state = "owed" } },
            steps.owed(problem(), {}, TO_A, 20))
        for till, at in pairs { [19] = 20, [21] = 21 } do
            local added = steps.owed(problem(), {}, { to = { "a" }, held_until = till }, 20)[1]
            assert.same({ at, at, 20 }, { added.next_at, added.due_at, added.created_at })
        end
        local told = entry("warning", "sent", { episode = 1, fired_at = 2, since = 1 })
        assert.same({ { channel = "a", episode = 1, step = "resolved", fired_at = 2, since = 1, created_at = 20,
            next_at = 20, due_at = 20, attempts = 0, doubtful = 0, state = "owed" } },
            steps.owed(problem(), { told }, nil, 20))
        told.ended = 7
        assert.equal(7, steps.owed(problem(), { told }, nil, 20)[1].created_at)
    end)

    it("is the next step of an episode, unless it was added or is told", function()
        for _, case in ipairs {
            { "a warning", {} }, { "", { entry("warning", "owed") } }, { "", { entry("warning", "sent") } },
            { "", { entry("warning", "given_up") } }, { "a warning", { entry("warning", "dropped") } },
            { "", { entry("warning", "dropped", { doubtful = 1 }) } }, { "", { entry("critical", "sent") } },
            { "a warning", { entry("unknown", "sent") } },
            { "a warning", { entry("warning", "sent", { channel = "b" }) } },
            { "a resolved!, a warning", { entry("warning", "sent", { episode = 1 }) } },
            { "a warning", {}, { acknowledged_at = 1 } }, { "", { entry("warning", "sent") }, { acknowledged_at = 1 } },
            { "", {}, { state = "pending" } }, { "", {}, { silenced_until = 21 } },
            { "a warning", {}, { silenced_until = 20 } }, { "a flapping-warning", {}, { flapping = 1 } },
            { "a flapping-critical", { entry("critical", "sent") }, { flapping = 1, severity = "critical" } },
            { "", { entry("flapping-warning", "sent") }, { flapping = 1 } },
            { "", { entry("warning", "sent"), entry("flapping-warning", "owed") }, { flapping = 1 } },
            { "a critical", { entry("flapping-warning", "sent") }, { flapping = 1, severity = "critical" } },
            { "", { entry("warning", "sent") }, { flapping = 0 } },
            { "", { entry("critical", "sent"), entry("warning", "sent") }, { severity = "critical" } },
            { "", { entry("warning", "sent"), entry("critical", "owed") }, { severity = "critical" } },
            { "a critical", { entry("warning", "sent"), entry("unknown", "sent") }, { severity = "critical" } },
            { "", { entry("warning", "sent") }, { flapping = 1, acknowledged_at = 1 } },
        } do
            assert.equal(case[1], owed(problem(case[3]), case[2], TO_A), case[1])
        end
        assert.equal("", owed(problem(), {}, nil))
        assert.equal("b warning, a warning", owed(problem(), {}, { to = { "b", "a" } }))
    end)

    it("is a reminder, later and later, of what was told, as long as nothing is owed", function()
        local function first(entries)
            for now = 10, 2000 do
                local step = owed(problem(), entries, { to = { "a" }, remind = 100 }, now)
                if step ~= "" then
                    return ("%d %s"):format(now, step)
                end
            end
        end
        local function reminder(number, at, more)
            return entry("reminder-" .. number, "sent", with({ created_at = at, sent_at = at }, more))
        end
        local sent = entry("warning", "sent", { sent_at = 30 })
        assert.equal("130 a reminder-1", first { sent })
        assert.equal("110 a reminder-1", first { with(entry("warning", "sent"), { sent_at = false }) })
        assert.equal("350 a reminder-2", first { sent, reminder(1, 150) })
        assert.equal("800 a reminder-3", first { sent, reminder(1, 150), reminder(2, 400) })
        assert.equal("350 a reminder-2", first { reminder(1, 150), sent })
        assert.equal("230 a reminder-2", first { sent, reminder(1, 30) })
        assert.equal("130 a reminder-2", first { sent, reminder(1, 29) }) -- of before it got worse
        assert.equal("160 a reminder-1", first { entry("unknown", "sent", { sent_at = 60 }), sent })
        assert.equal("160 a reminder-1", first { sent, entry("unknown", "sent", { sent_at = 60 }) })
        assert.equal("350 a reminder-2", first { sent, reminder(1, 150, { sent_at = false }) })
        assert.equal("350 a reminder-2", first { sent, reminder(1, 140, { sent_at = 150 }) })
        assert.is_nil(first { sent, reminder(1, 150, { state = "owed" }) })
        assert.is_nil(first { entry("warning", "given_up") })
        assert.equal("", owed(problem(), { sent }, TO_A, 10000))
        local many = { sent }
        for i = 1, 30 do
            many[#many + 1] = reminder(i, 30)
        end
        local doubled = 30 + 100 * 2 ^ 20
        assert.equal("", owed(problem(), many, { to = { "a" }, remind = 100 }, doubled - 1))
        assert.equal("a reminder-31", owed(problem(), many, { to = { "a" }, remind = 100 }, doubled))
    end)

    it("is the end, once, of what a channel may know of, and of what is over", function()
        local over = { state = "resolved", resolved_at = 15 }
        for _, case in ipairs {
            { "a resolved", { entry("warning", "sent") } }, { "a resolved", { entry("warning", "owed") } },
            { "a resolved", { entry("warning", "given_up") } }, { "", { entry("warning", "dropped") } },
            { "a resolved", { entry("warning", "dropped", { doubtful = 1 }) } },
            { "", { entry("warning", "sent"), entry("resolved", "owed") } },
            { "", { entry("warning", "sent"), entry("resolved", "dropped") } },
            { "a resolved", { entry("warning", "sent"), entry("critical", "sent") } },
            { "a resolved, b resolved", { entry("warning", "sent"), entry("warning", "sent", { channel = "b" }) } },
            { "a resolved, a resolved!", { entry("warning", "sent"), entry("warning", "sent", { episode = 1 }) } },
        } do
            assert.equal(case[1], owed(problem(over), case[2], TO_A))
        end
    end)

    it("is handed on along the channels that are named, as far as none of them was told", function()
        local chain = { to = { "a" }, fallbacks = { a = "b", b = "c", c = "a" } }
        local function gave_up(channel, step, more)
            return entry(step or "warning", "given_up", with({ channel = channel }, more))
        end
        for _, case in ipairs {
            { "b warning", { gave_up "a" } }, { "c warning", { gave_up "a", gave_up "b" } },
            { "", { gave_up "a", gave_up "b", gave_up "c" } }, { "", { gave_up "a", entry("warning", "owed",
                { channel = "b" }) } },
            { "", { gave_up "a", entry("warning", "sent") } },
            { "", { gave_up("a", nil, { created_at = 9 }), entry("unknown", "sent"), entry("warning", "owed") } },
            { "b warning", { entry("unknown", "sent", { created_at = 9 }), gave_up "a" } },
            { "b warning", { gave_up "a", entry("warning", "dropped", { created_at = 11 }) } },
            { "a resolved!, a warning", { gave_up("a", nil, { episode = 1 }) } },
        } do
            assert.equal(case[1], owed(problem(), case[2], chain))
        end
        local ended = problem { state = "resolved", resolved_at = 15 }
        local a, over = entry("warning", "sent"), gave_up("a", "resolved", { created_at = 12, fired_at = 3 })
        assert.equal("b resolved", owed(ended, { a, over }, chain))
        local added = steps.owed(ended, { a, over }, chain, 20)[1]
        assert.same({ 12, 3, 20 }, { added.created_at, added.fired_at, added.next_at })
        assert.equal("", owed(ended, { a, over }, { to = { "a" } }))
        assert.equal("", owed(ended, { a, over }, nil))
        assert.equal("", owed(ended, { a, over, entry("resolved", "sent", { channel = "b" }) }, chain))
        assert.equal("c resolved", owed(ended, { a, over, gave_up("b", "resolved") }, chain))
        assert.equal("", owed(ended, { a, entry("resolved", "sent") }, chain))
        assert.equal("", owed(ended, { gave_up "a", over }, chain)) -- it never knew
        assert.equal("", owed(ended, { a, gave_up("a", "resolved"), gave_up("b", "resolved"),
            gave_up("c", "resolved") }, chain))
        local both = { to = {}, fallbacks = { a = "z", b = "z" } }
        assert.equal("z resolved", owed(ended, { a, over, entry("warning", "sent", { channel = "b" }),
            gave_up("b", "resolved") }, both))
    end)

    it("knows what programs told that knew no outbox", function()
        local row = problem { told = { b = { step = "warning", episode = 2 }, a = { step = "critical", episode = 1,
            fired_at = 2, since = 1, ended = 3 }, c = "x", d = { step = "warning" }, e = { episode = 1 } } }
        assert.same({ { channel = "a", episode = 1, step = "critical", fired_at = 2, since = 1, ended = 3,
            created_at = 20, next_at = 20, due_at = 20, attempts = 0, doubtful = 0, state = "sent", sent_at = 20 },
            { channel = "b", episode = 2, step = "warning", fired_at = 5, since = 4, created_at = 20, next_at = 20,
                due_at = 20, attempts = 0, doubtful = 0, state = "sent", sent_at = 20 } }, steps.told_before(row, 20))
    end)
end)

describe("an entry whose turn comes", function()
    -- "send event", "wait 30" or "drop" of the first of some entries.
    local function verdict(entries, more, plan, now)
        local what, step = steps.due(problem(more), entries[1], entries, plan, now or 20)
        return what == "send" and "send " .. step.event or what == "wait" and "wait " .. step or what, step
    end

    it("is sent as what it is by then", function()
        for _, case in ipairs {
            { "send firing", { entry("warning", "owed") } },
            { "send escalated", { entry("critical", "owed"), entry("warning", "sent") } },
            { "send firing", { entry("critical", "owed"), entry("warning", "given_up") } },
            { "send firing", { entry("critical", "owed"), entry("warning", "dropped", { doubtful = 1 }) } },
            { "send flapping", { entry("flapping-warning", "owed") } },
            { "send reminder", { entry("reminder-1", "owed"), entry("warning", "sent") } },
            { "drop", { entry("reminder-1", "owed"), entry("warning", "sent") }, { acknowledged_at = 1 } },
            { "send firing", { entry("warning", "owed") }, { acknowledged_at = 1 } },
            { "send flapping", { entry("flapping-warning", "owed") }, { acknowledged_at = 1 } },
            { "drop", { entry("warning", "owed") }, { state = "resolved" } },
            { "drop", { entry("warning", "owed", { episode = 1 }) } },
            { "drop", { entry("warning", "owed"), entry("critical", "owed", { created_at = 11 }) } },
            { "send firing", { entry("warning", "owed"), entry("reminder-1", "owed", { created_at = 11 }) } },
            { "send escalated", { entry("warning", "owed"), entry("critical", "sent", { created_at = 11 }) } },
            { "send firing", { entry("warning", "owed"), entry("critical", "owed", { channel = "b",
                created_at = 11 }) } },
            { "send firing", { entry("warning", "owed"), entry("resolved", "owed", { created_at = 11 }) } },
        } do
            assert.equal(case[1], (verdict(case[2], case[3])))
        end
        local _, step = verdict { entry("reminder-1", "owed"), entry("critical", "sent"), entry("unknown", "sent") }
        assert.same({ step = "reminder-1", event = "reminder", severity = "warning", previous = "critical", episode = 2,
            fired_at = 5, since = 4 }, step)
        _, step = verdict { entry("reminder-1", "owed"), entry("critical", "sent"), entry("warning", "sent") }
        assert.equal("critical", step.previous)
        _, step = verdict { with(entry("flapping-critical", "owed"), { fired_at = false, since = false }) }
        assert.same({ step = "flapping-critical", event = "flapping", severity = "critical", episode = 2, fired_at = 5,
            since = 4 }, step)
    end)

    it("waits for quiet hours, for the end of a silence, and for those before it", function()
        local function before(more)
            return entry("warning", "owed", with({ created_at = 9, next_at = 9 }, more))
        end
        for _, case in ipairs {
            { "wait 21", { entry("warning", "owed") }, {}, { held_until = 21 } },
            { "send firing", { entry("warning", "owed") }, {}, { held_until = 20 } },
            { "wait 22", { entry("warning", "owed") }, { silenced_until = 22 }, { held_until = 21 } },
            { "wait 1020", { entry("reminder-1", "owed"), before() } },
            { "wait 2000", { entry("reminder-1", "owed"), before { next_at = 2000 } } },
            { "wait 3000", { entry("reminder-1", "owed"), before { next_at = 2000, claimed_until = 3000 } } },
            { "send reminder", { entry("reminder-1", "owed"), before { channel = "b" } } },
            { "send reminder", { entry("reminder-1", "owed"), before { state = "given_up" } } },
            { "send reminder", { entry("reminder-1", "owed"), before { created_at = 10 } } },
            { "wait 1020", { entry("reminder-1", "owed"), before { created_at = 99, episode = 1 } } },
            { "send reminder", { entry("reminder-1", "owed"), before { episode = 3 } } },
            { "wait 1020", { entry("resolved", "owed"), before { created_at = 11, doubtful = 1 } } },
            { "send reminder", { entry("reminder-1", "owed"), entry("resolved", "owed", { created_at = 9 }) } },
        } do
            assert.equal(case[1], (verdict(case[2], case[3], case[4])), case[1])
        end
        for _, case in ipairs { { nil, entry("warning", "owed"), {} }, { 30, entry("warning", "owed"), {}, 30 },
            { 30, entry("warning", "owed"), { silenced_until = 30 } }, { 31, entry("warning", "owed"),
                { silenced_until = 30 }, 31 }, { nil, entry("resolved", "owed"), { silenced_until = 30 } },
            { 30, entry("resolved", "owed"), {}, 30 },
            { nil, entry("warning", "owed"), { silenced_until = 20 }, 20 } } do
            assert.same({ case[1] }, { (steps.held_until(problem(case[3]), case[2], case[4] and
                { held_until = case[4] }, 20)) })
        end
    end)

    it("that is an end is sent for a day to those who know of a beginning", function()
        local over, day = { state = "resolved", resolved_at = 15 }, 86400000
        local told = entry("warning", "sent")
        for _, case in ipairs {
            { "send resolved", { entry("resolved", "owed"), told }, over },
            { "send resolved", { entry("resolved", "owed"), told }, over, nil, 15 + day - 1 },
            { "drop", { entry("resolved", "owed"), told }, over, nil, 15 + day },
            { "send resolved", { entry("resolved", "owed"), told }, {}, nil, 10 + day - 1 },
            { "drop", { entry("resolved", "owed"), told }, {}, nil, 10 + day },
            { "drop", { entry("resolved", "owed"), entry("warning", "given_up") }, over },
            { "send resolved", { entry("resolved", "owed"), entry("warning", "given_up", { doubtful = 1 }) }, over },
            { "drop", { entry("resolved", "owed"), entry("warning", "sent", { channel = "b" }) }, over },
            { "drop", { entry("resolved", "owed"), entry("warning", "sent", { episode = 1 }) }, over },
            { "send resolved", { entry("resolved", "owed"), entry("warning", "sent", { channel = "b" }),
                entry("resolved", "given_up", { channel = "b" }) }, over, { fallbacks = { b = "a" } } },
            { "drop", { entry("resolved", "owed"), entry("warning", "sent", { channel = "b" }),
                entry("resolved", "given_up", { channel = "b" }) }, over, {} },
            { "drop", { entry("resolved", "owed"), entry("warning", "sent", { channel = "b" }),
                entry("resolved", "sent", { channel = "b" }) }, over, { fallbacks = { b = "a" } } },
            { "drop", { entry("resolved", "given_up"), entry("resolved", "given_up", { channel = "b" }) }, over,
                { fallbacks = { a = "b", b = "a" } } }, -- in a circle, of whom nobody knew
        } do
            assert.equal(case[1], (verdict(case[2], case[3], case[4], case[5])), case[1])
        end
        local _, step = verdict { entry("resolved", "owed", { episode = 1 }),
            entry("warning", "sent", { episode = 1 }) }
        assert.same({ step = "resolved", event = "resolved", severity = "ok", previous = "warning", episode = 1,
            fired_at = 5, since = 4, ended = 10 }, step)
        _, step = verdict({ entry("resolved", "owed"), told }, over)
        assert.equal(15, step.ended)
    end)
end)
