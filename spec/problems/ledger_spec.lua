local ledger = require "dwsync.problems.ledger"
local messages = require "dwsync.problems.messages"
local outbox = require "dwsync.problems.outbox"

local NOW = 1747637723000

local function row(more)
    local made = { cluster_id = "c1", cluster_name = "prod", source = "s", rule = "stale", state = "told",
        severity = "critical", episode = 1, fired_at = NOW, seen_at = NOW, told = {} }
    for name, value in pairs(more or {}) do
        made[name] = value or nil
    end
    return made
end

local function listed(...)
    local list = {}
    for i, one in ipairs { ... } do
        list[i] = { row = one, id = messages.problem_id(one):sub(1, messages.SHORT_ID) }
    end
    return list
end

describe("what is known of problems", function()
    local read = outbox.read

    after_each(function()
        outbox.read = read
    end)

    local function entry(channel, step, created_at, more)
        local made = { channel = channel, step = step, episode = 1, created_at = created_at, next_at = created_at }
        for name, value in pairs(more or {}) do
            made[name] = value
        end
        return made
    end

    it("is the state of each as people call it, and its messages by channel and in their order", function()
        local one, other = row { silenced_until = NOW + 1 }, row { source = "t", state = "resolved" }
        local list = { entry("b", "critical", 3), entry("a", "warning", 5), entry("a", "resolved", 5),
            entry("a", "critical", 4), entry("a", "warning", 1, { episode = 2 }),
            entry("c", "x", 1, { claimed_until = NOW + 2 }) }
        local lists = { ["c1\0s\0stale"] = list }
        local damaged, given = {}, nil
        outbox.read = function(store)
            given = store
            return lists
        end
        local store = { rows = function() return { one, other }, damaged end }
        local known, wrong = ledger.read(store, NOW)
        assert.equal(store, given)
        assert.equal(damaged, wrong)
        local words = {}
        for i, message in ipairs(known[1].messages) do
            words[i] = ("%s %s %d %d"):format(message.channel, message.step, message.created_at,
                message.next_at - message.created_at)
        end
        assert.same({ "a critical 4 0", "a resolved 5 0", "a warning 5 0", "b critical 3 0",
            ("c x 1 %d"):format(NOW + 1) }, words)
        assert.same({ { one, messages.problem_id(one):sub(1, 8), "silenced" },
            { other, messages.problem_id(other):sub(1, 8), "resolved", {} } },
            { { known[1].row, known[1].id, known[1].state },
                { known[2].row, known[2].id, known[2].state, known[2].messages } })
        assert.equal("told", ledger.read(store, NOW + 1)[1].state)
    end)

    it("is nothing but the reason where problems or messages cannot be read", function()
        assert.same({ nil, "no rows" }, { ledger.read({ rows = function() return nil, "no rows" end }, NOW) })
        outbox.read = function() return nil, "no outbox" end
        assert.same({ nil, "no outbox" }, { ledger.read({ rows = function() return {}, {} end }, NOW) })
    end)

    it("has words of a length that can be read", function()
        assert.equal("stale of source s of prod", ledger.words_of(row()))
        assert.equal("stale of c1", ledger.words_of(row { source = "", cluster_name = false }))
        assert.equal(("%s… of source %s… of %s…"):format(("r"):rep(59), ("s"):rep(59), ("n"):rep(63)),
            ledger.words_of(row { rule = ("r"):rep(70), source = ("s"):rep(70), cluster_name = ("n"):rep(70) }))
    end)
end)

describe("a problem that is named", function()
    local list = listed(row(), row { rule = "slow", source = "t" }, row { rule = "slow", source = "" },
        row { cluster_id = "c2", cluster_name = "dev", state = "pending" }, row { cluster_id = "c3", state = "resolved",
            cluster_name = "old" })

    local function found(wanted)
        local some, problem = ledger.find(list, wanted)
        local words = {}
        for i, item in ipairs(some or {}) do
            words[i] = ledger.words_of(item.row)
        end
        return some and table.concat(words, ", "), problem and problem.message, problem and problem.hint
    end

    it("is meant by its id, or four letters of it, or by its cluster, rule and source", function()
        local whole = messages.problem_id(list[1].row)
        for _, word in ipairs { whole, whole:upper(), whole:sub(1, 8), whole:sub(1, 4) } do
            assert.equal("stale of source s of prod", (found { word = word }))
        end
        for _, word in ipairs { whole:sub(1, 3), messages.problem_id(list[5].row) } do
            assert.is_falsy((found { word = word }))
        end
        assert.equal("stale of source s of dev", (found { word = "dev" }))
        assert.equal("stale of source s of dev", (found { word = "c2" }))
        assert.equal("stale of source s of prod", (found { word = "prod", rule = "stale" }))
        assert.equal("slow of source t of prod", (found { word = "prod", source = "t" }))
        assert.equal("slow of prod", (found { word = "prod", rule = "slow", source = "" }))
        assert.equal("stale of source s of prod, slow of source t of prod, slow of prod",
            (found { word = "prod", all = true }))
    end)

    it("is not guessed where several are meant", function()
        local some, message, hint = found { word = "prod", rule = "slow" }
        assert.is_nil(some)
        assert.equal("2 problems are meant by 'prod'", message)
        assert.equal(("Name one by its id, or add --rule and --source; --all means each of them. They are %s (slow of "
            .. "source t of prod), %s (slow of prod)."):format(list[2].id, list[3].id), hint)
    end)

    it("has to be there: what is, is named", function()
        local _, message, hint = found { word = "prod", rule = "stael" }
        assert.equal("no open problem has the rule 'stael' (did you mean 'stale'?)", message)
        assert.equal("There are slow, stale.", hint)
        _, message, hint = found { word = "dev", source = ("x"):rep(70) }
        assert.equal("no open problem has the source '" .. ("x"):rep(59) .. "…'", message)
        assert.equal("There is s.", hint)
        _, message, hint = found { word = "old" }
        assert.matches("'old'", message)
        assert.matches("among the open problems", message)
        assert.equal(("Open are %s (stale of source s of prod), %s (slow of source t of prod), %s (slow of prod), "
            .. "%s (stale of source s of dev). dwsync alerts list says more of them."):format(list[1].id, list[2].id,
            list[3].id, list[4].id), hint)
        local some, problem = ledger.find(listed(row { state = "resolved" }), { word = ("w"):rep(70) })
        assert.is_nil(some)
        assert.same({ kind = "config", message = "there is no problem '" .. ("w"):rep(63) .. "…': none is open",
            hint = "dwsync alerts list --all shows those that ended." }, problem)
        problem = select(2, ledger.find(listed(row { source = "" }), { word = "prod", source = "x" }))
        assert.same({ "no open problem has the source 'x'", nil }, { problem.message, problem.hint })
    end)

    it("is listed with seven others at most", function()
        local rows = {}
        local long = ("w"):rep(70)
        for i = 1, 8 do
            rows[i] = row { source = "s" .. i, cluster_name = long }
        end
        local unpack_ = table.unpack or unpack -- luacheck: ignore 113
        local problem = select(2, ledger.find(listed(unpack_(rows)), { word = long }))
        assert.equal("8 problems are meant by '" .. ("w"):rep(63) .. "…'", problem.message)
        assert.matches("s8 of w+…%)%.$", problem.hint)
        rows[9] = row { source = "s9", cluster_name = long }
        problem = select(2, ledger.find(listed(unpack_(rows)), { word = long }))
        assert.matches("s8 of w+…%) and 1 more%.$", problem.hint)
    end)

    it("is changed as it is by now, while it is the same one and open", function()
        local item = { row = row() }
        local given
        local function changed(rows, work)
            local store = { change = function(_, cluster_id, with)
                given = cluster_id
                return with(rows)
            end }
            return { ledger.change(store, item, work or function(one) return { was = one } end) }
        end
        local now = row { severity = "warning" }
        assert.same({ { { was = now } }, { changed = true } }, changed { row { source = "t" }, now })
        assert.equal("c1", given)
        for _, more in ipairs { { source = "t" }, { rule = "slow" }, { episode = 2 }, { state = "resolved" } } do
            assert.same({ {}, { changed = false } }, changed { row(more) })
        end
        assert.same({ {}, { changed = false } }, changed({ now }, function() end))
    end)
end)
