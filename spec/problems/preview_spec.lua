local preview = require "dwsync.problems.preview"

local NOW, HOUR = 1747637723000, 3600000

local function made(base, more)
    for name, value in pairs(more or {}) do
        base[name] = value
    end
    return base
end

local function problem(cluster, severity, more)
    return made({ cluster_id = cluster, source = "s", rule = "failing", state = "firing", severity = severity,
        episode = 1, fired_at = NOW - HOUR, since = NOW - HOUR, told = {} }, more)
end

local function entry(step, state)
    return { channel = "hook", episode = 1, step = step, state = state, created_at = NOW - HOUR, next_at = NOW - HOUR,
        attempts = 0, doubtful = 0, sent_at = state == "sent" and NOW - HOUR or nil }
end

-- What would be sent, as "cluster event".
local function turns(rows, lists, more)
    local keyed, words = {}, {}
    for cluster, list in pairs(lists or {}) do
        keyed[cluster .. "\0s\0failing"] = list
    end
    local how = made({ plan = function() return { to = { "hook" }, levels = {} } end }, more)
    for i, turn in ipairs(preview.turns(rows, keyed, how, NOW)) do
        words[i] = ("%s %s"):format(turn.row.cluster_id, turn.step.event)
    end
    return words
end

local OVER = { state = "resolved", resolved_at = NOW }

describe("a preview", function()
    it("has the worst first, then in the order of the problems, and what is over last", function()
        assert.same({ "c firing", "f firing", "a firing", "d firing", "b firing", "e resolved" }, turns({
            problem("e", "critical", OVER), problem("a", "warning"), problem("b", "unknown"), problem("c", "critical"),
            problem("d", "warning"), problem("f", "critical") }, { e = { entry("critical", "sent") } }))
    end)

    it("has what follows from what was sent, each once", function()
        assert.same({ "a escalated" }, turns({ problem("a", "critical") }, { a = { entry("warning", "sent") } }))
        assert.same({ "a resolved", "a firing" }, turns({ problem("a", "critical", { episode = 2 }) },
            { a = { entry("critical", "sent") } }))
        assert.same({ "a firing" }, turns({ problem("a", "critical") }, { a = { entry("warning", "owed") } }))
        assert.same({}, turns({ problem("a", "critical") }, { a = { entry("critical", "sent") } }))
        local over, due = { entry("critical", "owed") }, { entry("critical", "owed") }
        assert.same({}, turns({ problem("a", "critical", OVER) }, { a = over }))
        assert.same({ "dropped" }, { over[1].state, over[1].sent_at })
        turns({ problem("a", "critical") }, { a = due })
        assert.same({ "sent", NOW }, { due[1].state, due[1].sent_at })
    end)

    it("knows what programs told that knew no outbox", function()
        local told = { hook = { step = "critical", episode = 1 } }
        assert.same({}, turns { problem("a", "critical", { told = told }) })
        local reminding = { plan = function() return { to = { "hook" }, levels = {}, remind = 1 } end }
        assert.same({}, turns({ problem("a", "critical", { told = told }) }, nil, reminding))
        assert.same({ "a resolved" }, turns { problem("a", "critical", made({ told = told }, OVER)) })
    end)

    it("is of what is meant, by the plan of its time, and empty where nobody is to be told", function()
        local rows, asked = { problem("a", "critical"), problem("b", "critical") }, nil
        assert.same({ "b firing" }, turns(rows, nil, { is_meant = function(row) return row.cluster_id == "b" end,
            plan = function(row, now)
                asked = { row.cluster_id, now }
                return { to = { "hook" }, levels = {} }
            end }))
        assert.same({ "b", NOW }, asked)
        assert.same({}, preview.turns(rows, {}, {}, NOW))
    end)
end)
