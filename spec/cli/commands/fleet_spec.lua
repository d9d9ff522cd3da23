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

    -- What of a page depends on the moment, made the same for all.
    local function settled(out)
        return (out:gsub("%d+ s ago", function(seen)
            return (" "):rep(#seen - 3) .. "now"
        end))
    end

    it("shows whatever there is in columns, cut to their width", with_fleet({ hq = 8, shop = 61 },
        function(fleet, run)
            fleet:look()
            for _, name in ipairs { "a", "drains", "ended", "gone, drained", "gone", "of a name that is 30 columns" } do
                fleet:collector(name, { looks = 4, fenced = 1, expired = 2, throttled = 3 })
            end
            fleet:sql "UPDATE dwsync_collectors SET drain = 1 WHERE name IN ('drains', 'ended', 'gone, drained')"
            fleet:sql [[UPDATE dwsync_collectors SET seen_at = $now - 130000
                WHERE name IN ('ended', 'gone', 'gone, drained')]]
            fleet:sql "UPDATE dwsync_collectors SET state = 'ended' WHERE name = 'ended'"
            fleet:sql [[UPDATE dwsync_schedule SET due_at = $now - 60000 * (item_no + 1) - 5000
                WHERE kind = 'cluster' AND account = 'hq']]
            fleet:sql "UPDATE dwsync_schedule SET name = NULL WHERE cluster_id = 'hq-8-id'"
            fleet:sql [[UPDATE dwsync_schedule SET name = 'a cluster of a name that is 40 columns'
                WHERE cluster_id = 'hq-7-id']]
            fleet:sql [[UPDATE dwsync_schedule SET leased_by = 'a collector of 26 columns.', planned_at = due_at
                WHERE cluster_id = 'hq-6-id']]
            fleet:sql "UPDATE dwsync_schedule SET failures = 2, error = 'x' WHERE cluster_id = 'hq-1-id'"
            fleet:sql "UPDATE dwsync_schedule SET looked_at = NULL WHERE cluster_id = 'shop-1-id'"
            local _, out = run "status"
            assert.equal([[
69 clusters: 69 ok, 1 not looked at yet; 8 late
! 8 clusters are late, most of all hq-8-id of account hq, by 11 min
  → dwsync fleet explain hq-8-id says why.
- collector gone is gone, last seen 2 min ago
  → Its looks went to the others. Read its log on m1 (process 7).
- collector gone, drained is gone, last seen 2 min ago
  → Its looks went to the others. Read its log on m1 (process 7).
- account shop: at 1 request a second 61 clusters take 1 min 1 s, not 1 min
  → Raise accounts.shop.rate, if the service allows that, or its interval.
- account hq: hq-1 cannot be read: x

ACCOUNT              STATE     CLUSTERS FAILED  LATE  RATE/S  LOOKED AT EVERY
hq                   active           8      1     8      10  1 min
shop                 active          61      0     0       1  1 min 1 s (!)

COLLECTOR            STATE              SEEN     LOOKS  FENCED EXPIRED THROTTLED
a                    running             now         4       1       2         3
drains               draining            now         4       1       2         3
ended                ended         2 min ago         4       1       2         3
gone                 gone          2 min ago         4       1       2         3
gone, drained        gone          2 min ago         4       1       2         3
of a name …0 columns running             now         4       1       2         3

LATE CLUSTER                   ACCOUNT                  BY  WITH
hq-8-id                        hq                   11 min  nobody
a cluster of a … is 40 columns hq                   10 min  nobody
hq-6                           hq                    9 min  a collecto… columns.
hq-5                           hq                    8 min  nobody
hq-4                           hq                    7 min  nobody
and 3 more
]], settled(out))
            local sum = cjson.decode((select(2, run("status", "-o", "json"))))
            assert.same({ "running", "draining", "ended", "gone", "gone", "running" }, (function(states)
                for i, collector in ipairs(sum.collectors) do
                    states[i] = collector.state
                end
                return states
            end) {})
            assert.same({ text = "account hq: hq-1 cannot be read: x", attention = false }, sum.conditions[5])
            for _, name in ipairs { "now", "clusters", "late", "failing", "disabled", "unseen", "alive", "by_severity",
                "conditions", "accounts", "collectors", "latest", "failures", "messages" } do
                assert.is_not_nil(sum[name], name)
            end
        end))

    it("is short where there is nothing", with_fleet({}, function(_, run)
        local status, out = run "status"
        assert.equal(1, status)
        assert.equal([[
0 clusters; none late
! no collector is running: nothing is looked at
  → Start dwsync collect on one machine or more.

ACCOUNT              STATE     CLUSTERS FAILED  LATE  RATE/S  LOOKED AT EVERY
hq                   active           0      0     0      10  –
shop                 active           0      0     0       1  –
]], out)
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

    -- What is said of a cluster, by its heading and in one line; instants left out.
    local function facts_of(out)
        local facts, heading = {}, nil
        for line in out:gmatch "[^\n]+" do
            local begun = line:sub(1, 14):match "^(%S.-) *$"
            heading = begun or heading
            facts[heading] = (begun and "" or facts[heading] .. " ") .. line:sub(15)
        end
        for key, fact in pairs(facts) do
            facts[key] = fact:gsub("%d+%-%d+%-%d+T[%d:]+Z", "T")
        end
        return facts
    end

    it("says the state of each fact", with_fleet({ hq = 2, shop = 130 }, function(fleet, run)
        local expected = { cluster = "hq-1 (hq-1-id)", where = "region cn-north-4, account hq",
            verdict = "not judged yet", ["looked at"] = "never; every 1 min; longest gap so far not known yet",
            ["whole list"] = "not read yet", ["judged again"] = "when something new comes" }
        local function says(name, more)
            for heading, fact in pairs(more) do
                expected[heading] = fact or nil
            end
            local status, out = run("explain", name)
            local facts = facts_of(out)
            facts["next look"] = expected["next look"] and facts["next look"]
            assert.equal(0, status)
            assert.same(expected, facts)
        end
        local function set(id, values)
            fleet:sql(("UPDATE dwsync_schedule SET %s WHERE cluster_id = '%s-id'"):format(values, id))
        end
        says("hq-1", {})
        fleet:look()
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now + 95000, looked_at = $now - 125000 WHERE kind = 'cluster'"
        says("hq-1", { verdict = "ok", ["next look"] = "T (in 1 min)",
            ["looked at"] = "2 min ago; every 1 min; longest gap so far not known yet" })
        set("hq-1", "read_at = $now - 7300000, next_at = $now + 7300000, longest_gap = 125000, failures = 1, "
            .. "error = 'x'")
        says("hq-1", { ["looked at"] = "2 min ago; every 1 min; longest gap so far 2 min 5 s",
            ["whole list"] = "read 2 h 1 min ago", ["judged again"] = "T even if nothing new comes",
            failures = "1 in a row: x" })
        set("hq-1", "next_at = 0, state = 'disabled', severity = 'disabled', error = NULL")
        says("hq-1", { verdict = "disabled, synchronisation is off: looked at once an hour", failures = "1 in a row:",
            ["judged again"] = "when something new comes" })
        expected = { cluster = "shop-1 (shop-1-id)", where = "region cn-north-4, account shop", verdict = "ok",
            ["looked at"] = "2 min ago; every 1 min wanted, every 2 min 10 s at its account's rate; longest gap so far "
                .. "not known yet", ["next look"] = "T (in 1 min)", ["whole list"] = "not read yet",
            ["judged again"] = "when something new comes" }
        says("shop-1", {})
        set("shop-1", "state = 'disabled'") -- which leaves 129 to be looked at
        says("shop-1", { verdict = "ok, synchronisation is off: looked at once an hour",
            ["looked at"] = "2 min ago; every 1 min; longest gap so far not known yet" })
        set("hq-2", "state = 'gone', gone_at = $now - 7300000, severity = NULL, looked_at = NULL")
        expected = { cluster = "hq-2 (hq-2-id)", where = "region cn-north-4, account hq", verdict = "never judged",
            gone = "since T (2 h 1 min ago): the service lists it no more, or the inventory leaves it out",
            ["looked at"] = "never", ["next look"] = "when it is listed again" }
        says("hq-2", {})
    end))

    it("says why a look that is due was not made, the nearest reason first", with_fleet({ hq = 1, shop = 61 },
        function(fleet, run)
            fleet:look()
            local function says(reason, name)
                local next_look = facts_of((select(2, run("explain", name or "shop-1"))))["next look"]
                assert.equal("T (1 min overdue), " .. reason, next_look)
            end
            fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 95000 WHERE kind = 'cluster'"
            says "but no collector is running: start dwsync collect on one machine or more"
            fleet:collector "a"
            says "and waits for its turn at the rate of account shop, 1 request a second"
            says("and waits for a collector, or for its account's rate: dwsync fleet status shows both", "hq-1")
            fleet:sql "UPDATE dwsync_schedule SET state = 'disabled' WHERE cluster_id = 'shop-61-id'"
            says "and waits for a collector, or for its account's rate: dwsync fleet status shows both"
            fleet:sql "UPDATE dwsync_accounts SET refusals = 1 WHERE account = 'shop'"
            says "but the key of account shop was refused: correct its credentials"
            fleet:sql "UPDATE dwsync_collectors SET state = 'ended'"
            says "but no collector is running: start dwsync collect on one machine or more"
            fleet:sql "UPDATE dwsync_collectors SET state = 'running', seen_at = $now - 30000"
            says "but no collector is running: start dwsync collect on one machine or more"
            fleet:sql "UPDATE dwsync_accounts SET paused_until = $now + 60000"
            says "but the service asked account shop for a pause, until T"
            fleet:sql "UPDATE dwsync_accounts SET blocked_until = $now + 60000"
            says "but the key of account shop was refused: nothing is sent until T"
            fleet:sql "UPDATE dwsync_accounts SET blocked_until = $now - 1, paused_until = $now - 1"
            says "but no collector is running: start dwsync collect on one machine or more"
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

-- Of a state that is made up, to the millisecond.
describe("dwsync fleet by itself", function()
    local NOW = 1761389392000 -- 2025-10-25T10:49:52Z
    local fleet = require "dwsync.cli.commands.fleet"
    local fleet_file = require "dwsync.cli.fleet_file"
    local conditions, summaries = require "dwsync.fleet.conditions", require "dwsync.fleet.summary"
    local calls, context, schedule

    local replace, put_back = require("spec.support.replacements").new()

    before_each(function()
        calls, schedule = {}, { read = function() return false end }
        context = require("dwsync.cli.context").new { stdout = command.stream(), stderr = command.stream(),
            getenv = function() end, is_terminal = function() return false end }
        replace(fleet_file, "is_named", function() return false end)
        replace(fleet_file, "open", function(readonly)
            calls[#calls + 1] = readonly and "open to read" or "open to write"
            return { close = function() calls[#calls + 1] = "close" end }, schedule
        end)
    end)

    after_each(function()
        put_back()
    end)

    -- A status with one cluster, and others of its account.
    local function status_of(item, account, collector, others)
        local one = { kind = "cluster", cluster_id = "c1", name = "one", account = "hq", region = "r", state = "active",
            severity = "ok", interval_ms = 60000, looked_at = NOW - 5000, due_at = NOW + 55000, failures = 0 }
        for name, value in pairs(item or {}) do
            one[name] = value
        end
        local items = { one }
        for i = 1, others or 0 do
            items[i + 1] = { kind = "cluster", cluster_id = "o" .. i, name = "o" .. i, account = "hq",
                state = "active", interval_ms = 60000 }
        end
        local of_hq = { account = "hq", rate = 10, refusals = 0 }
        for name, value in pairs(account or {}) do
            of_hq[name] = value
        end
        return { now = NOW, items = items, accounts = { { account = "other", rate = 1, refusals = 9 }, of_hq },
            collectors = { collector } }
    end

    -- The text of one line of an explanation.
    local function line(heading, ...)
        local given = status_of(...)
        schedule.status = function() return given end
        context.stdout.text = ""
        assert.equal(0, fleet.run({ action = "explain", cluster = "c1" }, context))
        local first, rest = ("\n" .. context.stdout.text):match("\n" .. heading .. " +([^\n]*)\n(.*)$")
        for more in (rest or ""):gmatch "([^\n]*)\n" do
            if not more:find "^ " then
                break
            end
            first = first .. " " .. more:match "^ *(.*)$"
        end
        return first
    end

    it("says why a look is not made, by whom it is made and when it is due, to the millisecond", function()
        local ALIVE, DEAD = { state = "running", seen_at = NOW - 19999 }, { state = "running", seen_at = NOW - 20000 }
        local T = "2025-10-25T10:49:5"
        local nobody = ", but no collector is running: start dwsync collect on one machine or more"
        local waits = ", and waits for a collector, or for its account's rate: dwsync fleet status shows both"
        for _, case in ipairs {
            { T .. "2Z (now)", { due_at = NOW } },
            { T .. "1Z (now)" .. nobody, { due_at = NOW - 1 } },
            { T .. "1Z (now)" .. nobody, { due_at = NOW - 1 }, nil, DEAD },
            { T .. "1Z (now)" .. waits, { due_at = NOW - 1 }, nil, ALIVE },
            { T .. "2Z (now)", { due_at = NOW }, { blocked_until = NOW, paused_until = NOW, refusals = 1 } },
            { T .. "2Z (now), but the key of account hq was refused: nothing is sent until " .. T .. "2Z",
                { due_at = NOW }, { blocked_until = NOW + 1 } },
            { T .. "2Z (now), but the service asked account hq for a pause, until " .. T .. "2Z", { due_at = NOW },
                { paused_until = NOW + 1 } },
            { "under way, with w, who has until " .. T .. "2Z (now)", { due_at = NOW, leased_by = "w" } },
            { "w had it until " .. T .. "1Z (now) and did not come back; the next collector takes it",
                { due_at = NOW - 1, leased_by = "w" } },
            { T .. "1Z (now)" .. waits, { due_at = NOW - 1 }, { rate = 1 }, ALIVE, 59 },
            { T .. "1Z (now), and waits for its turn at the rate of account hq, 1 request a second",
                { due_at = NOW - 1 }, { rate = 1 }, ALIVE, 60 },
        } do
            assert.equal(case[1], line("next look", (table.unpack or unpack)(case, 2, 5))) -- luacheck: ignore 113
        end
        for _, case in ipairs { { ("w"):rep(60), 60 }, { ("w"):rep(59) .. "…", 61 } } do
            local by = ("w"):rep(case[2])
            assert.equal(case[1], line("next look", { due_at = NOW, leased_by = by }):match "with (%S+), who has")
            assert.equal(case[1], line("next look", { due_at = NOW - 1, leased_by = by }):match "^(%S+) had it until")
        end
    end)

    it("says how often it is looked at, wanted and made", function()
        local last = "5 s ago; every 1 min%s; longest gap so far %s"
        local function says(stretch, gap, ...)
            assert.equal(last:format(stretch, gap), line("looked at", ...))
        end
        says("", "not known yet")
        says("", "1 min 40 s", { longest_gap = 100000 })
        says("", "not known yet", nil, { rate = 100 })
        says("", "not known yet", nil, { rate = 1 }, nil, 59)
        says(" wanted, every 1 min 1 s at its account's rate", "not known yet", nil, { rate = 1 }, nil, 60)
        assert.equal("1 in a row: odd", line("failures", { failures = 1, error = "odd" }))
        assert.is_nil(line "failures")
        assert.equal("1970-01-01T00:00:00Z even if nothing new comes", line("judged again", { next_at = 1 }))
        assert.equal("when something new comes", line("judged again", { next_at = 0 }))
    end)

    it("has in JSON what needs attention and what to do, and the heartbeat", function()
        local sum = { now = NOW, clusters = 0, late = 0, failing = 0, disabled = 0, unseen = 0, alive = 0,
            by_severity = {}, accounts = {}, collectors = {}, latest = {}, failures = {}, messages = {},
            heartbeat = { name = "h" } }
        replace(summaries, "read", function() return sum end)
        replace(conditions, "of", function()
            return { { text = "a", hint = "do b", attention = true }, { text = "c" } }
        end)
        assert.equal(1, fleet.run({ action = "status", output = "json" }, context))
        local shown = cjson.decode(context.stdout.text)
        assert.same({ { text = "a", hint = "do b", attention = true }, { text = "c", attention = false } },
            shown.conditions)
        assert.same({ name = "h" }, shown.heartbeat)
        sum.collectors, sum.conditions, sum.by_severity = {}, nil, { critical = 0, warning = 0, unknown = 0, ok = 2,
            disabled = 0 }
        sum.clusters, sum.unseen, sum.late = 3, 1, 1
        sum.accounts = { { account = "hq", state = "active", clusters = 3, failing = 0, late = 1, rate = 20 / 2,
            interval = 60, paced = 60.6 } }
        context.stdout.text = ""
        assert.equal(1, fleet.run({ action = "status" }, context))
        assert.matches("^3 clusters: 2 ok, 1 not looked at yet; 1 late\n! a\n  → do b\n%- c\n", context.stdout.text)
        assert.matches("\nhq                   active           3      0     1      10  1 min\n", context.stdout.text)
    end)

    it("wraps at 80 columns, and closes what it opened as it must", function()
        replace(summaries, "read", function() return nil, errors.new { kind = "network", message = "no" } end)
        assert.equal(1, fleet.run({ action = "status" }, context))
        schedule.status = function() return nil, errors.new { kind = "network", message = "no" } end
        assert.equal(1, fleet.run({ action = "explain", cluster = "c1" }, context))
        local drained
        function schedule.drain(_, ...)
            drained = { ... }
            return true
        end
        assert.equal(0, fleet.run({ action = "drain", name = ("n"):rep(61) }, context))
        assert.same({ ("n"):rep(61), true }, drained)
        assert.equal(0, fleet.run({ action = "drain", name = ("n"):rep(60), undo = true }, context))
        assert.same({ ("n"):rep(60), false }, drained)
        assert.same({ "open to read", "close", "open to read", "close", "open to write", "close", "open to write",
            "close" }, calls)
        local short = ("n"):rep(59) .. "…"
        assert.equal("dwsync: " .. short .. " claims nothing more, and ends when its looks have\n        dwsync fleet "
            .. "status shows it as ended then. Take it back: dwsync fleet drain --undo " .. short .. "\ndwsync: "
            .. ("n"):rep(60) .. " may collect again; start it if it has ended\n",
            context.stderr.text:match "dwsync: nn.*$")
        local given = status_of { failures = 2, error = ("e"):rep(20) .. " " .. ("f"):rep(32) .. " g" }
        schedule.status = function() return given end
        fleet.run({ action = "explain", cluster = "c1" }, context)
        assert.matches("\nfailures      2 in a row: e+ f+\n              g\n", context.stdout.text)
        given.items[1].error = ("e"):rep(20) .. " " .. ("f"):rep(31) .. " g"
        context.stdout.text = ""
        fleet.run({ action = "explain", cluster = "c1" }, context)
        assert.matches("\nfailures      2 in a row: e+ f+ g\n", context.stdout.text)
    end)
end)
