local accounts = require "dwsync.fleet.accounts"
local problems = require "dwsync.problems"

local NOW = 1747637723000

local function account(more)
    local made = { account = "hq", rate = 2, burst = 10, tokens = 4, refilled_at = NOW, proven = 1, refusals = 0,
        under_way = 0 }
    for name, value in pairs(more or {}) do
        made[name] = value
    end
    return made
end

local COLUMNS = { "account", "rate", "burst", "tokens", "refilled_at", "proven", "refusals", "under_way", "used_at" }

-- A database that notes what it is asked, on one line each, and finds `found` in what begins with SELECT.
local function session_of(found)
    local said = {}
    return { clock = "clock", skip_locked = " SKIP", rows = function(_, sql)
        said[#said + 1] = sql:gsub("%s+", " ")
        local list = {}
        for i, row in ipairs(sql:find "^SELECT" and found or {}) do
            list[i] = row
        end
        return sql == "SELECT clock" and { { NOW + 5 } } or list
    end }, said
end

local function cells_of(made)
    local cells = {}
    for i, name in ipairs(COLUMNS) do
        cells[i] = made[name]
    end
    return cells
end

describe("what an account may ask", function()
    it("is what is in its bucket, and what a key may that nobody saw at work", function()
        for _, case in ipairs {
            { 4 }, { 4, { tokens = 4.9 } }, { 0, { tokens = -3 }, -3 }, { 5, { refilled_at = NOW - 500 } },
            { 10, { refilled_at = NOW - 3000 } }, { 10, { refilled_at = NOW - 86400000 } },
            { 4, { refilled_at = NOW + 5000 } }, { 6, { rate = 4, refilled_at = NOW - 500 } },
            { 3, { proven = 0 } }, { 2, { proven = 0, refusals = 1 } }, { 1, { proven = 0, refusals = 2 } },
            { 1, { proven = 0, refusals = 3 } }, { 1, { proven = 0, refusals = 7 } },
            { 3, { proven = 0, under_way = 2 } }, { 1, { proven = 0, under_way = 2, used_at = NOW } },
            { 1, { proven = 0, under_way = 2, used_at = NOW - 299999 } },
            { 3, { proven = 0, under_way = 2, used_at = NOW - 300000 } },
            { 0, { proven = 0, refusals = 3, under_way = 1, used_at = NOW } }, { 2, { proven = 0, tokens = 2 } },
        } do
            assert.equal(case[3] or case[1], accounts.allowance(account(case[2]), NOW))
        end
    end)

    local MAY_ASK = "SELECT " .. table.concat(COLUMNS, ", ") .. " FROM dwsync_accounts a WHERE state = 'active' AND "
        .. "coalesce(paused_until, 0) <= 1747637723000 AND coalesce(blocked_until, 0) <= 1747637723000 AND "

    it("is nothing where nothing is due, nor where a bucket is empty", function()
        local session, said = session_of { cells_of(account()), cells_of(account { account = "b", tokens = 0.9 }),
            cells_of(account { account = "c", tokens = 1 }) }
        assert.same({ "hq", "c" }, accounts.due(session, nil, NOW))
        assert.same({}, accounts.due(session_of {}, { "it's" }, NOW))
        accounts.due(session, { "it's", "b" }, NOW)
        local due = " AND EXISTS (SELECT 1 FROM dwsync_schedule s WHERE s.account = a.account AND s.due_at <= "
            .. "1747637723000 AND s.state <> 'gone') ORDER BY used_at NULLS FIRST, account"
        assert.same({ MAY_ASK .. "1 = 1" .. due, MAY_ASK .. "account IN ('it''s','b')" .. due }, said)
    end)

    it("is looked at again once it is locked, at the time of the lock", function()
        local session, said = session_of { cells_of(account { used_at = 7 }) }
        assert.same({ account { used_at = 7 }, NOW + 5 }, { accounts.lock(session, "hq", NOW) })
        assert.same({ MAY_ASK .. "account = 'hq' SKIP", "SELECT clock" }, said)
        session, said = session_of {}
        assert.same({}, { accounts.lock(session, "hq", NOW) })
        assert.equal(1, #said)
    end)

    it("is less by what was claimed", function()
        local function spent(more)
            local session, said = session_of {}
            local items = { {}, {} }
            accounts.spend(session, account(more), items, NOW)
            assert.equal(1, #said)
            local tokens, refilled, used, under_way, name = said[1]:match("^UPDATE dwsync_accounts SET tokens = (%S+), "
                .. "refilled_at = (%d+), used_at = (%d+), under_way = (%d+) WHERE account = '(%w+)'$")
            assert.same({ tostring(NOW), tostring(NOW), "hq", items[1].tries_key },
                { ("%d"):format(refilled), ("%d"):format(used), name, items[2].tries_key })
            return { tokens, under_way, items[1].tries_key }
        end
        assert.same({ "2", "0", false }, spent())
        assert.same({ "3", "0", false }, spent { refilled_at = NOW - 500, under_way = 7, used_at = NOW })
        assert.same({ "2", "2", true }, spent { proven = 0, under_way = 7 })
        assert.same({ "2", "9", true }, spent { proven = 0, under_way = 7, used_at = NOW - 299999 })
    end)

    it("is a key less on its way when a look that tries it is given back", function()
        local session, said = session_of {}
        accounts.returned(session, { account = "it's", tries_key = true })
        accounts.returned(session, { account = "other", tries_key = false })
        assert.same({ "UPDATE dwsync_accounts SET under_way = CASE WHEN under_way > 1 THEN under_way - 1 ELSE 0 END "
            .. "WHERE account = 'it''s'" }, said)
    end)
end)

describe("the refusal of a key", function()
    it("is what a service answered to it, or to what it is made from", function()
        for kind, is_refusal in pairs { auth = true, clock = true, credentials = true, network = false,
            permission = false, throttled = false } do
            assert.equal(is_refusal, accounts.is_refusal { failure = { kind = kind, status = 401 } })
            assert.is_false(accounts.is_refusal { failure = { kind = kind } })
        end
        assert.is_false(accounts.is_refusal {})
    end)

    it("is the account's, unless the key was seen at work since", function()
        local session, said = session_of { { 1 } }
        assert.is_true(accounts.is_unproven(session, "it's"))
        assert.same({ "SELECT 1 FROM dwsync_accounts WHERE proven = 0 AND account = 'it''s'" }, said)
        assert.is_false(accounts.is_unproven(session_of {}, "hq"))
    end)
end)

describe("what looks say of an account", function()
    local own = { look_in = problems.look_in, end_in = problems.end_in }

    after_each(function()
        problems.look_in, problems.end_in = own.look_in, own.end_in
    end)

    local POLICY = {}

    -- What is said to the database, and about problems, where it finds something or not.
    local function noted(looks, found)
        local session, said = session_of(found or {})
        function problems.look_in(given, item, policy, now)
            assert.same({ session, POLICY, NOW }, { given, policy, now })
            said[#said + 1] = ("look at %s: %s"):format(item.cluster.id, item.error.kind)
        end
        function problems.end_in(given, id, words, now)
            assert.same({ session, NOW }, { given, now })
            said[#said + 1] = ("end %s: %s"):format(id, words)
        end
        accounts.note(session, looks, POLICY, NOW)
        return said
    end

    local function look(result, tries_key, name)
        return { item = { account = name or "hq", tries_key = tries_key }, result = result }
    end

    local FINDS = "SELECT 1 FROM dwsync_accounts WHERE account = 'hq' AND (proven = 0 OR refusals > 0)"
    local BACK = "UPDATE dwsync_accounts SET under_way = CASE WHEN under_way > %d THEN under_way - %d ELSE 0 END "
        .. "WHERE account = 'hq'"
    local REFUSED = { failure = { kind = "auth", status = 401 }, error = "it's wrong" }
    local OFF = { kind = "permission" }

    local function refused(count)
        return ("UPDATE dwsync_accounts SET proven = 0, refusals = refusals + %d, error = 'it''s wrong', blocked_until "
            .. "= CASE WHEN refusals + %d >= 3 THEN 1747638023000 ELSE blocked_until END WHERE account = 'hq'"):format(
            count, count)
    end

    local function paused(till)
        return ("UPDATE dwsync_accounts SET paused_until = %d WHERE account = 'hq' AND coalesce(paused_until, 0) < %d")
            :format(till, till)
    end

    it("is that its key is good, which ends its problem", function()
        assert.same({ FINDS }, noted { look {} })
        local ended = { FINDS, "UPDATE dwsync_accounts SET proven = 1, refusals = 0, under_way = 0, blocked_until = "
            .. "NULL, error = NULL WHERE account = 'hq' AND (proven = 0 OR refusals > 0)",
            "end account:hq: its key is accepted again" }
        assert.same(ended, noted({ look({}, true) }, { { 1 } }))
        assert.same(ended, noted({ look({ failure = OFF, disabled = true }, true) }, { { 1 } }))
        assert.same(ended, noted({ look(REFUSED, true), look({}, true) }, { { 1 } }))
    end)

    it("is that its key is refused, which blocks it, and is its problem", function()
        assert.same({ refused(1), "look at account:hq: auth" }, noted { look(REFUSED) })
        assert.same({ BACK:format(2, 2), refused(2), "look at account:hq: auth" },
            noted { look(REFUSED, true), look(REFUSED, true) })
        assert.same({ FINDS, refused(1), "look at account:hq: auth" }, noted { look({}), look(REFUSED) })
    end)

    it("is nothing where it failed for another reason, but that looks are back", function()
        assert.same({}, noted { look { failure = OFF } })
        assert.same({ BACK:format(1, 1) }, noted { look({ failure = OFF }, true), look({ failure = OFF }) })
    end)

    it("is that it is asked too often, and what further pages cost", function()
        local function throttled(seconds)
            return look { failure = { kind = "throttled", retry_after = seconds } }
        end
        assert.same({ paused(NOW + 5000) }, noted { throttled() })
        assert.same({ paused(NOW + 7000) }, noted { throttled(2), throttled(7), throttled() })
        assert.same({}, noted { look { failure = OFF, requests = 1 } })
        assert.same({ "UPDATE dwsync_accounts SET tokens = tokens - 5 WHERE account = 'hq'" },
            noted { look { failure = OFF, requests = 4 }, look { failure = OFF, requests = 3 } })
        assert.same({ "UPDATE dwsync_accounts SET tokens = tokens - 1 WHERE account = 'hq'" },
            noted { look { failure = OFF, requests = 2 } })
    end)

    it("is written in the order of names", function()
        local said = noted { look({ failure = OFF }, true, "b"), look({ failure = OFF }, true, "c"),
            look({ failure = OFF }, true, "a") }
        for i, name in ipairs { "a", "b", "c" } do
            assert.equal(name, said[i]:match "account = '(.)'$")
        end
    end)
end)
