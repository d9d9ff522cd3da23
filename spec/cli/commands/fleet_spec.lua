local cjson = require "cjson"
local command = require "spec.support.command"
local errors = require "dwsync.errors"
local filled = require "spec.support.schedule"
local temporary = require "spec.support.temporary"

local INVENTORY = [[return { accounts = { hq = { credentials = { source = "environment" } } } }]]

-- Calls use(fleet, run) with a fleet in a file.
local function with_fleet(clusters, use)
    return function()
        temporary.with_folder(function(folder)
            local target = folder .. "/h.sqlite"
            local fleet = filled.fill(target, clusters)
            local good, reason = pcall(use, fleet, function(...)
                return command.run({ "fleet", ... }, { environment = { HOME = folder, DWSYNC_HISTORY = target },
                    files = { ["/fleet.lua"] = INVENTORY } })
            end)
            fleet:close()
            assert(good, reason)
        end)
    end
end

local function assert_narrow(out)
    for line in out:gmatch "[^\n]+" do
        assert.is_true(require("dwsync.text").width(line) <= 80, line)
        assert.is_nil(line:find " $", line)
    end
end

describe("dwsync fleet status", function()
    it("says in one line that all is well, and ends with 0", with_fleet({ hq = 3, shop = 1 }, function(fleet, run)
        fleet:look()
        fleet:collector("a", { looks = 4 })
        local status, out, err = run "status"
        assert.same({ 0, "" }, { status, err })
        assert.matches("^4 clusters: 4 ok; none late\n\nACCOUNT ", out)
        assert.matches("\nhq +active +3 +0 +0 +10  1 min\nshop +active +1 +0 +0 +1  1 min\n", out)
        assert.matches("\na +running +now +4 +0 +0 +0\n$", out)
        assert_narrow(out)
    end))

    it("lists the latest clusters by name, with who has them, and ends with 1", with_fleet({ hq = 8 },
        function(fleet, run)
            fleet:look()
            fleet:collector "a"
            fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 1000 * (200 + 10 * item_no) WHERE kind = 'cluster'"
            local status, out = run "status"
            assert.equal(1, status)
            assert.matches("\n! 8 clusters are late, most of all hq%-8 of account hq, by %d+ min\n"
                .. "  → dwsync fleet explain hq%-8%-id says why.\n", out)
            assert.matches("\nLATE CLUSTER .*\nhq%-8 .*\nhq%-7 .*\nhq%-6 .*\nhq%-5 .*\nhq%-4 .*  nobody\n"
                .. "and 3 more\n$", out)
            assert_narrow(out)
        end))

    it("says that a rate stretches the interval, which is not late", with_fleet({ shop = 120 }, function(fleet, run)
        fleet:look()
        fleet:collector "a"
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 130000 WHERE name = 'shop-1'"
        local status, out = run "status"
        assert.equal(0, status)
        assert.matches("\n%- account shop: at 1 request a second 120 clusters take 2 min, not 1 min\n"
            .. "  → Raise accounts.shop.rate", out)
        assert.matches("\nshop .* 2 min %(!%)\n", out)
        assert_narrow(out)
    end))

    it("says that nobody collects", with_fleet({ hq = 1 }, function(_, run)
        local status, out = run "status"
        assert.equal(1, status)
        assert.matches("^1 cluster, 1 not looked at yet; none late\n! no collector is running: ", out)
    end))

    it("is JSON for programs", with_fleet({ hq = 2 }, function(fleet, run)
        fleet:look()
        fleet:collector "a"
        fleet:sql "UPDATE dwsync_collectors SET seen_at = $now - 60000"
        local status, out = run("status", "-o", "json")
        local sum = cjson.decode(out)
        assert.equal(1, status)
        assert.same({ 2, 0, 0, "gone", true }, { sum.clusters, sum.late, sum.alive, sum.collectors[1].state,
            sum.conditions[1].attention })
        assert.equal("no collector is running: nothing is looked at", sum.conditions[1].text)
    end))

    it("says where there is no fleet", function()
        temporary.with_folder(function(folder)
            assert(require("dwsync.history").open(folder .. "/h.sqlite")):close()
            local status, out, err = command.run({ "fleet", "status", "--history", folder .. "/h.sqlite" })
            assert.same({ 2, "", "dwsync: config: there is no fleet in this history yet.\n"
                .. "        Start dwsync collect --fleet FILE, or name its history with --history.\n" },
                { status, out, err })
        end)
    end)
end)

describe("dwsync fleet", function()
    -- Nobody can be listed in the databases of these, the time before last at the earliest.
    local function fail(fleet, cluster, minutes)
        local accounts, tables = require "dwsync.history.accounts", require "dwsync.history.tables"
        assert(tables.extend(fleet.store, accounts.part))
        assert(tables.run(fleet.store, "write", cluster, function(session)
            return accounts.note_failure_in(session, cluster, errors.new { kind = "permission", status = 403,
                message = "no right", request_id = cluster, hint = "Allow it." })
        end))
        fleet:sql(("UPDATE dwsync_account_trials SET next_at = $now + %d WHERE cluster_no = (SELECT cluster_no "
            .. "FROM dwsync_clusters WHERE cluster_id = '%s')"):format(minutes * 60000 + 20000, cluster))
    end

    it("says whose accounts cannot be listed, why, and when it tries again, until it can", with_fleet({ hq = 3 },
        function(fleet, run)
            fleet:look()
            fleet:collector "a"
            assert.is_nil(select(2, run("explain", "hq-1")):find "\naccounts")
            fail(fleet, "hq-1-id", 7)
            fail(fleet, "hq-2-id", 9)
            local status, out = run "status"
            assert.equal(0, status)
            assert.matches("- account hq: who is in the database of 2 clusters, hq-1 among them, cannot be listed: "
                .. "permission: no right (HTTP 403). → Allow it. The next try is in 7 min.", out:gsub("%s+", " "), 1,
                true)
            assert_narrow(out)
            assert.equal("users", cjson.decode((select(2, run("status", "-o", "json")))).failures[1].kind)
            fail(fleet, "hq-1-id", 9)
            assert.matches("accounts could not be listed, 2 in a row: permission: no right (HTTP 403, request id "
                .. "hq-1-id). Allow it. The next try is in 9 min.", select(2, run("explain", "hq-1")):gsub("%s+", " "),
                1, true)
            fail(fleet, "hq-2-id", -361)
            fleet:sql "DELETE FROM dwsync_account_trials WHERE next_at > $now"
            assert.is_nil(select(2, run "status"):find "cannot be listed")
        end))
end)

describe("dwsync fleet explain", function()
    it("says of a cluster when, by whom, and what came of it", with_fleet({ hq = 2 }, function(fleet, run)
        fleet:look()
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now + 30500"
        local status, out = run("explain", "hq-1")
        assert.equal(0, status)
        assert.matches("^cluster +hq%-1 %(hq%-1%-id%)\nwhere +region cn%-north%-4, account hq\nverdict +ok\n", out)
        assert.matches("\nlooked at +now; every 1 min; longest gap so far not known yet\n"
            .. "next look +[%d-]+T[%d:]+Z %(in ", out)
        assert_narrow(out)
    end))

    it("says why it is not looked at now", with_fleet({ hq = 1 }, function(fleet, run)
        fleet:look()
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 600000"
        assert.matches("overdue%), but no collector", (select(2, run("explain", "hq-1"))))
        fleet:collector "a"
        assert.matches("overdue%), and waits for a collector,\n", (select(2, run("explain", "hq-1"))))
        fleet:sql "UPDATE dwsync_accounts SET paused_until = $now + 60000 WHERE account = 'hq'"
        assert.matches("but the\n? *service asked", (select(2, run("explain", "hq-1"))))
        fleet:sql "UPDATE dwsync_accounts SET blocked_until = $now + 60000 WHERE account = 'hq'"
        assert.matches("the key of account hq\n +was refused", (select(2, run("explain", "hq-1"))))
        fleet:sql "UPDATE dwsync_schedule SET leased_by = 'b' WHERE kind = 'cluster'"
        assert.matches("\nnext look +b had it until .*did not\n? *come back", (select(2, run("explain", "hq-1"))))
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now + 50000, failures = 4, error = 'network: no route.'"
        local _, out = run("explain", "hq-1")
        assert.matches("\nnext look +under way, with b, who has until ", out)
        assert.matches("\nfailures +4 in a row: network: no route.\n", out)
        assert_narrow(out)
    end))

    it("says that it waits for its account's rate, and for which interval that is enough",
        with_fleet({ hq = 120 }, function(fleet, run)
            fleet:look()
            fleet:collector "a"
            fleet:sql "UPDATE dwsync_accounts SET rate = 1"
            fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 30000"
            local out = select(2, run("explain", "hq-1")):gsub("%s+", " ")
            assert.matches("; every 1 min wanted, every 2 min at its account's rate; longest", out, 1, true)
            assert.matches("and waits for its turn at the rate of account hq, 1 request a second", out, 1, true)
            fleet:sql "UPDATE dwsync_accounts SET refusals = 1"
            out = select(2, run("explain", "hq-1")):gsub("%s+", " ")
            assert.matches("but the key of account hq was refused: correct its credentials", out, 1, true)
        end))

    it("says since when a cluster is gone, by its name and its id", with_fleet({ hq = 2, shop = 1 },
        function(fleet, run)
            fleet:look()
            fleet:sql "UPDATE dwsync_schedule SET state = 'gone', gone_at = 1700000000000 WHERE cluster_id = 'hq-2-id'"
            for _, word in ipairs { "hq-2", "hq-2-id" } do
                local status, out, err = run("explain", word)
                assert.same({ 0, "" }, { status, err })
                assert.matches("^cluster +hq%-2 %(hq%-2%-id%)\nwhere +region cn%-north%-4, account hq\n"
                    .. "gone +since 2023%-11%-14T22:13:20Z %(.* ago%): ", out)
                assert.matches("\nverdict +ok, when it was last looked at\nlooked at +now\n"
                    .. "next look +when it is listed again\n$", out)
                assert_narrow(out)
            end
            assert.equal(2, (run("explain", "hq-*")))
            fleet:sql "UPDATE dwsync_schedule SET name = 'hq-2' WHERE cluster_id IN ('hq-1-id', 'shop-1-id')"
            assert.matches("2 clusters are called 'hq%-2' in the fleet", (select(3, run("explain", "hq-2"))))
        end))

    it("guesses what was meant", with_fleet({ hq = 2 }, function(_, run)
        local status, out, err = run("explain", "hq-3")
        assert.same({ 2, "" }, { status, out })
        assert.matches("unknown cluster 'hq%-3', looked for in the fleet", err)
    end))
end)

describe("dwsync fleet drain", function()
    it("lets a collector end, and takes it back", with_fleet({}, function(fleet, run)
        fleet:collector "a"
        local status, out, err = run("drain", "a")
        assert.same({ 0, "", "dwsync: a claims nothing more, and ends when its looks have\n"
            .. "        dwsync fleet status shows it as ended then. Take it back: dwsync fleet drain --undo a\n" },
            { status, out, err })
        assert.matches("\na +draining ", (select(2, run "status")))
        assert.equal(0, (run("drain", "--undo", "a")))
        assert.matches("\na +running ", (select(2, run "status")))
    end))

    it("knows its collectors", with_fleet({}, function(_, run)
        assert.same({ 2, "", "dwsync: config: there is no collector 'x'.\n        dwsync fleet status lists them.\n" },
            { (run("drain", "x")), (select(2, run("drain", "x"))), (select(3, run("drain", "x"))) })
    end))
end)
