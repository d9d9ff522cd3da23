local accounts = require "dwsync.fleet.accounts"
local claims = require "dwsync.fleet.claims"

local function copy(list)
    local other = {}
    for name, value in pairs(list) do
        other[name] = value
    end
    return other
end

-- The database and the accounts are replaced: what is looked at is what is asked of them, and in which order.
describe("claiming what is due", function()
    local own = copy(accounts)

    after_each(function()
        for name, value in pairs(own) do
            accounts[name] = value
        end
    end)

    local COLUMNS = "item_no, kind, account, region, cluster_id, project_id, name, state, interval_ms, planned_at, "
        .. "due_at, epoch, leased_by, looked_at, failures, page_mark, read_at, next_at, severity, seen_at"

    -- What is claimed where so many are due of each account, by what it may ask: a number, or false where another
    -- collector has it. Returns the items, the time, and what was said.
    local function claimed(most, due, claimer)
        local said, names = {}, {}
        for i, one in ipairs(due) do
            names[i] = one[1]
        end
        local by_name = {}
        for _, one in ipairs(due) do
            by_name[one[1]] = one
        end
        function accounts.due(_, meant, now)
            said[#said + 1] = ("due at %d of %s"):format(now, meant and table.concat(meant, " ") or "all")
            return names
        end
        function accounts.lock(_, name, since)
            said[#said + 1] = ("lock %s since %d"):format(name, since)
            local allowed = by_name[name][3]
            return allowed and { account = name, allowed = allowed } or nil, allowed and 1001 or nil
        end
        function accounts.allowance(account, now)
            assert.equal(1001, now)
            return account.allowed
        end
        function accounts.spend(_, account, items, now)
            said[#said + 1] = ("spend %d of %s at %d"):format(#items, account.account, now)
        end
        local session = { clock = "clock", skip_locked = " SKIP", rows = function(_, sql)
            if sql == "SELECT clock" then
                return { { 1000 } }
            end
            said[#said + 1] = sql:gsub("%s+", " ")
            local name, limit = sql:match "account = '(.-)' AND .* LIMIT (%d+) SKIP$"
            local list = {}
            for i = 1, name and math.min(by_name[name][2], tonumber(limit)) or 0 do
                list[i] = { i, "cluster", name, "r", "c" .. i, "p", "n", "active", 60000, 900, 901, 5,
                    i == 1 and "dead" or nil, 800, 0, "m", 1, 2, "ok", 3 }
            end
            return list
        end }
        local items, now = claims.claim(session, claimer or { name = "one", lease_ms = 5000 }, most)
        assert.equal(1000, now)
        return items, said
    end

    it("leases the oldest items of an account, and says so of each", function()
        local items, said = claimed(3, { { "hq", 9, 100 } })
        local function item(i, expired)
            return { item_no = i, kind = "cluster", account = "hq", region = "r", cluster_id = "c" .. i,
                project_id = "p", name = "n", state = "active", interval_ms = 60000, planned_at = 900, due_at = 901,
                epoch = 6, leased_by = expired and "dead" or nil, looked_at = 800, failures = 0, page_mark = "m",
                read_at = 1, next_at = 2, severity = "ok", seen_at = 3, expired = expired, claimed_at = 1001,
                lease_ends = 6001, holder = "one" }
        end
        assert.same({ item(1, true), item(2, false), item(3, false) }, items)
        assert.same({ "due at 1000 of all", "lock hq since 1000", "SELECT " .. COLUMNS .. " FROM dwsync_schedule WHERE "
            .. "account = 'hq' AND due_at <= 1001 AND state <> 'gone' ORDER BY CASE kind WHEN 'cluster' THEN 1 ELSE 0 "
            .. "END, due_at LIMIT 3 SKIP", "UPDATE dwsync_schedule SET due_at = 6001, epoch = epoch + 1, leased_by = "
            .. "'one' WHERE item_no IN (1,2,3)", "spend 3 of hq at 1001" }, said)
    end)

    -- How many are claimed of each account, in the order in which they are locked.
    local function shares(most, due)
        local items, said = claimed(most, due)
        local counts, list = {}, {}
        for _, item in ipairs(items) do
            counts[item.account] = (counts[item.account] or 0) + 1
        end
        for _, words in ipairs(said) do
            local name = words:match "^lock (%S+)"
            list[#list + 1] = name and name .. (counts[name] or 0)
        end
        return table.concat(list, " ")
    end

    -- Accounts a, b and so on, of which so many are due.
    local function several(...)
        local list = {}
        for i, due in ipairs { ... } do
            list[i] = { ("abcdefg"):sub(i, i), due, 9 }
        end
        return list
    end

    it("shares them among accounts, a quarter each at least", function()
        for _, case in ipairs {
            { "a1", 1, { { "a", 9, 9 } } }, { "a9", 10, { { "a", 9, 9 } } }, { "a3", 10, { { "a", 9, 3 } } },
            { "a0", 10, { { "a", 9, 0 } } }, { "a0", 10, { { "a", 9, 0.5 } } }, { "a1", 10, { { "a", 9, 1 } } },
            { "a0", 10, { { "a", 0, 9 } } }, { "a0 b5", 5, { { "a", 9, false }, { "b", 9, 9 } } },
            { "a4 b4", 8, { { "a", 9, 9 }, { "b", 9, 9 } } }, { "a5 b4", 9, { { "a", 9, 9 }, { "b", 9, 9 } } },
            { "a2 b6", 8, { { "a", 2, 9 }, { "b", 9, 9 } } },
            { "a5 b5 c5 d5", 20, several(9, 9, 9, 9, 9, 9, 9) }, { "a5 b0 c5 d5 e5", 20, several(9, 0, 9, 9, 9, 9, 9) },
            { "a5 b1 c5 d5 e4", 20, several(9, 1, 9, 9, 9, 9, 9) },
        } do
            assert.equal(case[1], shares(case[2], case[3]))
        end
    end)

    it("takes those of the accounts that a collector can ask, and nothing where there is nothing", function()
        local items, said = claimed(5, {}, { name = "one", lease_ms = 5000, accounts = { "a", "b" } })
        assert.same({ {}, { "due at 1000 of a b" } }, { items, said })
        items, said = claimed(5, { { "hq", 0, 9 } })
        assert.same({}, items)
        assert.equal(3, #said) -- neither leased nor spent
        assert.equal(5, #select(2, claimed(5, { { "hq", 1, 9 } })))
    end)

    it("gives back what is still its own, and the token that tries a key", function()
        local said = {}
        function accounts.returned(_, item)
            said[#said + 1] = item
        end
        local items = { { item_no = 7, epoch = 6, holder = "it's", due_at = 901 }, { item_no = 8, epoch = 2,
            holder = "b", due_at = 902.5 } }
        claims.give_back({ rows = function(_, sql)
            said[#said + 1] = sql:gsub("%s+", " ")
            return {}
        end }, items)
        assert.same({ "UPDATE dwsync_schedule SET due_at = 901, leased_by = NULL WHERE item_no = 7 AND epoch = 6 AND "
            .. "leased_by = 'it''s'", items[1], "UPDATE dwsync_schedule SET due_at = 902.5, leased_by = NULL WHERE "
            .. "item_no = 8 AND epoch = 2 AND leased_by = 'b'", items[2] }, said)
    end)
end)
