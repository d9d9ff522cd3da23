local listing = require "dwsync.fleet.listing"
local problems = require "dwsync.problems"

local NOW = 1747637723000

-- A database that notes what it is asked, on one line each, and finds what `found` has of it: a text in it → rows.
local function session_of(found)
    local said = {}
    return { clock = "clock", rows = function(_, sql)
        sql = sql:gsub("%s+", " ")
        said[#said + 1] = sql
        if sql == "SELECT clock" then
            return { { NOW } }
        end
        for text, rows in pairs(found or {}) do
            if sql:find(text, 1, true) then
                local list = {}
                for i, row in ipairs(rows) do
                    list[i] = row
                end
                return list
            end
        end
        return sql:find "^SELECT count" and { { 0 } } or {}
    end }, said
end

local OPEN_PROBLEMS = "SELECT cluster_id FROM dwsync_problems p WHERE p.state IN ('pending', 'firing', 'told') AND "
    .. "p.cluster_id IN (SELECT cluster_id FROM dwsync_schedule WHERE kind = 'cluster' AND gone_at = 1747637723000) "
    .. "AND NOT EXISTS (SELECT 1 FROM dwsync_schedule s WHERE s.kind = 'cluster' AND s.cluster_id = p.cluster_id AND "
    .. "s.state <> 'gone')"
local LISTS = "SELECT account, region FROM dwsync_schedule WHERE kind <> 'cluster' AND gone_at = 1747637723000"

local function gone(condition)
    return "UPDATE dwsync_schedule SET state = 'gone', gone_at = 1747637723000, leased_by = NULL WHERE state <> 'gone' "
        .. "AND " .. condition, OPEN_PROBLEMS, LISTS
end

local function item(values)
    return "INSERT INTO dwsync_schedule (kind, account, region, cluster_id, project_id, name, state, interval_ms, "
        .. "planned_at, due_at, epoch, failures) VALUES (" .. values .. ", 1747637723000, 1747637723000, 0, 0) ON "
        .. "CONFLICT (kind, account, region, cluster_id) DO UPDATE SET interval_ms = excluded.interval_ms, name = "
        .. "coalesce(excluded.name, dwsync_schedule.name), project_id = coalesce(excluded.project_id, "
        .. "dwsync_schedule.project_id), due_at = CASE WHEN dwsync_schedule.state = 'gone' THEN excluded.due_at ELSE "
        .. "dwsync_schedule.due_at END, page_mark = CASE WHEN dwsync_schedule.state <> 'gone' THEN "
        .. "dwsync_schedule.page_mark END, state = CASE WHEN dwsync_schedule.state = 'gone' THEN 'active' ELSE "
        .. "dwsync_schedule.state END, gone_at = NULL"
end

local function account(values, rest)
    return "INSERT INTO dwsync_accounts (account, rate, burst, tokens, refilled_at, key_digest, refusals, proven, "
        .. "state, named_at) VALUES (" .. values .. ") ON CONFLICT (account) DO UPDATE SET rate = excluded.rate, "
        .. "burst = excluded.burst, state = 'active', named_at = excluded.named_at, " .. rest
end

local SAME = "CASE WHEN dwsync_accounts.key_digest = excluded.key_digest THEN dwsync_accounts.%s%s END"
local NEW_KEY = ("key_digest = excluded.key_digest, refusals = %s, proven = %s, blocked_until = %s, error = %s"):format(
    SAME:format("refusals", " ELSE 0"), SAME:format("proven", " ELSE 0"), SAME:format("blocked_until", ""),
    SAME:format("error", ""))

-- One list of what lists and texts hold.
local function flat(...)
    local list = {}
    for _, some in ipairs { ... } do
        for _, one in ipairs(type(some) == "table" and some or { some }) do
            list[#list + 1] = one
        end
    end
    return list
end

describe("the listing of a fleet says to its database", function()
    local own, ended = problems.end_in, nil

    before_each(function()
        ended = {}
        function problems.end_in(_, cluster_id, words, now)
            assert.equal(NOW, now)
            ended[#ended + 1] = cluster_id .. ": " .. words
        end
    end)
    after_each(function() problems.end_in = own end)

    local INVENTORY = { discovery = 600, accounts = { { name = "hq", rate = 2, burst = 10,
        regions = { "eu-de", "cn-north-4" } }, { name = "it's", rate = 1, burst = 5 } } }

    local function forgotten(condition)
        return { gone(("account IN (SELECT account FROM dwsync_accounts WHERE %s)"):format(condition)) },
            "SELECT account FROM dwsync_accounts WHERE state <> 'gone' AND " .. condition,
            "UPDATE dwsync_accounts SET state = 'gone' WHERE state <> 'gone' AND " .. condition
    end

    it("what an inventory names, and that the rest is gone", function()
        local function synced(found, options)
            local session, said = session_of(found)
            listing.sync(session, INVENTORY, options)
            return said
        end
        local names = "account IN ('hq','it''s')"
        local named = flat("SELECT clock", item "'place', 'hq', 'eu-de', '', NULL, NULL, 'active', 600000",
            item "'place', 'hq', 'cn-north-4', '', NULL, NULL, 'active', 600000",
            { gone "account = 'hq' AND (kind = 'account' OR NOT region IN ('eu-de','cn-north-4'))" },
            item "'account', 'it''s', '', '', NULL, NULL, 'active', 600000",
            "UPDATE dwsync_schedule SET due_at = 1747637723000 WHERE kind <> 'cluster' AND state <> 'gone' AND "
            .. "leased_by IS NULL AND due_at > 1747637723000 AND failures = 0 AND " .. names,
            account("'hq', 2, 10, 10, 1747637723000, 'k1', 0, 0, 'active', 1747637723000", NEW_KEY),
            account("'it''s', 1, 5, 5, 1747637723000, NULL, 0, 0, 'active', 1747637723000", "proven = 0"))
        local function others(name)
            return "SELECT count(*) FROM dwsync_collectors WHERE state <> 'ended' AND seen_at > 1747637703000 AND name "
                .. "<> " .. name
        end
        local alone, two, three = forgotten("NOT " .. names)
        assert.same(flat(named, others "''", alone, two, three), synced({}, { keys = { hq = "k1" } }))
        local list
        list, two, three = forgotten("NOT " .. names .. " AND named_at < 1747636823000")
        assert.same(flat(named, others "'me'", list, two, three),
            synced({ ["SELECT count"] = { { 1 } } }, { keys = { hq = "k1" }, collector = "me" }))
    end)

    it("what a complete listing names, and ends the problems of the rest", function()
        local session, said = session_of { ["FROM dwsync_problems p"] = { { "c1" }, { "c2" } },
            ["SELECT account, region"] = { { "hq", "eu-de" }, { "hq", "" } } }
        listing.take(session, { kind = "place", account = "hq", region = "eu-de" }, { { kind = "cluster",
            account = "hq", region = "eu-de", cluster_id = "a", project_id = "p", name = "one", interval = 60 },
            { kind = "cluster", account = "hq", region = "eu-de", cluster_id = "b", interval = 1.5 } }, NOW)
        assert.same({ item "'cluster', 'hq', 'eu-de', 'a', 'p', 'one', 'active', 60000",
            item "'cluster', 'hq', 'eu-de', 'b', NULL, NULL, 'active', 1500",
            gone "kind = 'cluster' AND account = 'hq' AND region = 'eu-de' AND NOT cluster_id IN ('a','b')" }, said)
        assert.same({ "c1: no longer monitored", "c2: no longer monitored", "list:hq/eu-de: no longer monitored",
            "list:hq/: no longer monitored" }, ended)
        session, said = session_of()
        listing.take(session, { kind = "account", account = "hq", region = "" }, { { kind = "place", account = "hq",
            region = "eu-de", project_id = "p", interval = 600 } }, NOW)
        assert.same({ item "'place', 'hq', 'eu-de', '', 'p', NULL, 'active', 600000",
            gone "kind <> 'account' AND account = 'hq' AND NOT region IN ('eu-de')" }, said)
        session, said = session_of()
        listing.take(session, { kind = "place", account = "hq", region = "eu-de" }, {}, NOW)
        assert.same({ gone "kind = 'cluster' AND account = 'hq' AND region = 'eu-de' AND NOT 1 = 0" }, said)
    end)

    it("who still names an account, once a minute, and forgets whom nobody names", function()
        local function again(...)
            local session, said = session_of { ["SELECT named_at, state"] = { ... },
                ["SELECT account FROM dwsync_accounts"] = { { "old" } } }
            ended = {}
            local is_forgotten = listing.name_again(session, { "a", "b" }, NOW)
            assert.equal("SELECT named_at, state FROM dwsync_accounts WHERE account IN ('a','b')",
                table.remove(said, 1))
            return is_forgotten, said
        end
        assert.same({ false, {} }, { again() })
        assert.same({ false, {} }, { again({ NOW, "active" }, { NOW - 60000, "active" }) })
        assert.same({ true, {} }, { again({ NOW, "gone" }, { NOW, "active" }) })
        assert.same({}, ended)
        local list, two, three = forgotten "named_at < 1747636823000"
        assert.same({ false, flat("UPDATE dwsync_accounts SET named_at = 1747637723000 WHERE account IN ('a','b')",
            list, two, three) }, { again({ NOW, "active" }, { NOW - 60001, "active" }) })
        assert.same({ "account:old: no longer monitored" }, ended)
    end)
end)
