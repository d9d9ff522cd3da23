local command = require "spec.support.command"
local history_location = require "dwsync.cli.history_location"
local json = require "dwsync.json"
local uv = require "luv"

describe("dwsync history", function()
    local folder
    before_each(function() folder = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/dwsync-history-XXXXXX")) end)

    local function remove(path)
        for name, kind in uv.fs_scandir_next, assert(uv.fs_scandir(path)) do
            if kind == "directory" then
                remove(path .. "/" .. name)
            else
                uv.fs_unlink(path .. "/" .. name)
            end
        end
        assert(uv.fs_rmdir(path))
    end
    after_each(function() remove(folder) end)

    local function run(arguments, world)
        world = world or {}
        world.environment = { XDG_DATA_HOME = folder .. "/data" }
        for name, value in pairs(command.ENVIRONMENT) do
            world.environment[name] = value
        end
        for name, value in pairs(world.more or {}) do
            world.environment[name] = value
        end
        table.insert(arguments, 1, "history")
        return command.run(arguments, world)
    end

    local function pull(records, ...)
        return run({ "pull", "c1", "-o", "tsv", ... }, { service = command.service { c1 = records } })
    end

    local HEADING = "cluster_id\tcluster_name\tinserted\tupdated\tunchanged\trevised\tlate\trefused\n"

    it("pulls what is new, and nothing twice, into a file below XDG_DATA_HOME", function()
        local status, out, err = pull(command.healthy(3))
        assert.equal(0, status, err)
        assert.equal(HEADING .. "c1\tname-c1\t3\t0\t0\t0\t0\t0\n", out)
        assert.equal("file", uv.fs_stat(folder .. "/data/dwsync/history.sqlite").type)
        assert.equal(tonumber("700", 8), uv.fs_stat(folder .. "/data/dwsync").mode % 512)
        out = select(2, pull(command.healthy(4)))
        assert.equal(HEADING .. "c1\tname-c1\t1\t0\t3\t0\t0\t0\n", out)
    end)

    it("pulls from the other clusters where synchronisation is off for some", function()
        local service = command.service { c1 = command.healthy(3), c2 = command.OFF }
        local status, out, err = run({ "pull", "--all-clusters", "-o", "tsv" }, { service = service })
        assert.equal(0, status)
        assert.equal(HEADING .. "c1\tname-c1\t3\t0\t0\t0\t0\t0\n", out)
        assert.equal("dwsync: name-c2: identity-source synchronisation is off (DWS.5045)\n", err)
        status, out, err = run({ "pull", "c2", "-o", "tsv" }, { service = service })
        assert.same({ 1, "" }, { status, out })
        assert.matches("^dwsync: permission: .*DWS%.5045.*enable it%.\n$", err)
    end)

    it("shows what fits a terminal as a table", function()
        local _, out = run({ "pull", "c1" }, { service = command.service { c1 = command.healthy(3) },
            terminal = { stdout = true } })
        local heading, row = out:gsub("\27%[[%d;]*m", ""):match "^([^\n]*)\n([^\n]*)\n"
        assert.equal("CLUSTER INSERTED UPDATED UNCHANGED REVISED", (heading:gsub(" +", " "):gsub(" $", "")))
        assert.equal("name-c1 3 0 0 0", (row:gsub(" +", " "):gsub("^ ", ""):gsub(" $", "")))
    end)

    it("reports a record that changed after its end", function()
        pull(command.healthy(2))
        local changed = command.healthy(2)
        changed[2].delete_count = 900
        local status, out, err = pull(changed)
        assert.equal(0, status)
        assert.equal(HEADING .. "c1\tname-c1\t0\t0\t1\t1\t0\t0\n", out)
        assert.equal("dwsync: name-c1: 1 record changed after the run ended, both versions are kept: r2\n", err)
    end)

    it("names at most five records that changed after their end, and how many there are", function()
        for count, said in pairs { [2] = "2 records changed after the run ended, both versions are kept: r1, r2",
            [5] = "5 records changed after the run ended, both versions are kept: r1, r2, r3, r4, r5",
            [6] = "6 records changed after the run ended, both versions are kept: r1, r2, r3, r4, r5, …" } do
            pull(command.healthy(6))
            local changed = command.healthy(6)
            for i = 1, count do
                changed[i].delete_count = 900 + count
            end
            assert.equal("dwsync: name-c1: " .. said .. "\n", (select(3, pull(changed))))
        end
    end)

    it("says which records cannot be kept, and why", function()
        local store = require "dwsync.history.page"
        local merge_into = store.merge_into
        finally(function() store.merge_into = merge_into end)
        for refused, said in pairs { [1] = "1 record cannot be kept", [2] = "2 records cannot be kept" } do
            store.merge_into = function(...)
                local summary = merge_into(...)
                summary.refused, summary.refusal = refused, "record 1 of the page: why"
                return summary
            end
            local status, _, err = pull(command.healthy(2))
            assert.same({ 0, "dwsync: name-c1: " .. said .. ": record 1 of the page: why\n" }, { status, err })
        end
    end)

    it("has of each cluster the first and the last, of which a terminal shows the last", function()
        pull(command.healthy(2))
        assert.equal("cluster_id\tcluster_name\trecords\tfirst\tlast", (select(2, run { "stats", "-o", "tsv" })
            :match "^[^\n]*"))
        assert.matches("\nCLUSTER_ID +CLUSTER +RECORDS +LAST *\n", (select(2, run { "stats" })))
    end)

    it("is used in one way at a time", function()
        local history = require "dwsync.cli.commands.history"
        local WHICH = "missing argument 'cluster' (or --all-clusters, or --input FILE)"
        local BOTH = "--all-clusters and a cluster cannot be combined"
        for _, case in ipairs {
            { "pull", {}, WHICH }, { "pull", { cluster = { "c" } } }, { "pull", { all_clusters = true } },
            { "pull", { input = "-" } }, { "pull", { cluster = { "c" }, all_clusters = true }, BOTH },
            { "pull", { input = "-", accounts = true }, "--accounts and --input cannot be combined" },
            { "pull", { cluster = { "c" }, accounts = true } },
            { "pull", { cluster = { "c" }, accept_short = true }, "--accept-short needs --accounts" },
            { "pull", { cluster = { "c" }, accept_short = true, accounts = true } },
            { "list", {} }, { "list", { cluster = { "c" } } }, { "list", { all_clusters = true } },
            { "list", { cluster = { "c" }, all_clusters = true }, BOTH }, { "stats", {} }, { "migrate", {} },
            { "prune", {}, "--older-than is missing" }, { "prune", { older_than = "126d" } },
            { "prune", { older_than = "10886399s" }, '--older-than is "10886399s", expected ' },
            { "prune", { older_than = "0s", accounts = true } }, { "prune", { older_than = "0s" },
                '--older-than is "0s", expected ' },
        } do
            local args = case[2]
            args.action, args.cluster = case[1], args.cluster or {}
            local wrong = history.wrong_usage(args) or nil
            assert.equal(case[3], wrong and wrong:sub(1, #(case[3] or "")))
        end
        local args = { action = "prune", cluster = {}, older_than = "127d" }
        assert.is_falsy(history.wrong_usage(args))
        assert.equal(127 * 86400, args.older_than)
    end)

    it("says in a table whose records they are where they are of several, and leaves that to columns of CSV", function()
        pull(command.healthy(1))
        local function headings(...)
            return (select(2, run { "list", "-o", ... }):match "^[^\n]*")
        end
        assert.is_nil(headings("markdown"):lower():find("cluster", 1, true))
        run({ "pull", "c2" }, { service = command.service { c2 = command.healthy(1) } })
        assert.matches("^| *cluster ", headings("markdown"):lower())
        assert.is_nil(headings("markdown", "c1"):lower():find("cluster", 1, true))
        for _, format in ipairs { "csv", "tsv" } do
            assert.is_nil(headings(format):find "^cluster[,\t]")
        end
    end)

    it("ends with what a part of a prune that fails says, and what went before it", function()
        pull(command.healthy(1))
        local err = require("dwsync.errors").new { kind = "storage", message = "full" }
        local said, real = {}, {} -- what the two answer: the command keeps their functions once it has called them
        for name, module in pairs { outbox = "dwsync.problems.outbox", retention = "dwsync.fleet.retention" } do
            local part = require(module)
            real[name] = part.prune_all
            part.prune_all = function(...)
                return (said[name] or real[name])(...)
            end
        end
        finally(function()
            said = {}
            require("dwsync.problems.outbox").prune_all = real.outbox
            require("dwsync.fleet.retention").prune_all = real.retention
        end)
        local function prune(...)
            local status, out, wrong = run { "prune", "--older-than", "400d", ... }
            return { status, out:match "\n(.*)$", wrong:match "^[^\n]*" }
        end
        local FULL, given = "dwsync: storage: full.", {}
        said.outbox = function(_, point, is_dry)
            given.point, given.is_dry = point, is_dry
            return nil, err, 1
        end
        said.retention = function() error "asked" end
        assert.same({ 1, "removed 1 message of alerts that are over\n", FULL }, prune())
        assert.same({ (command.NOW - 400 * 86400) * 1000, nil }, { given.point, given.is_dry })
        said.outbox = function(_, _, is_dry)
            given.is_dry = is_dry
            return 0
        end
        for i, rest in ipairs { { 0, 0, 0 }, { 1, 0, 0, "1 cluster, 0 accounts, 0 collectors" },
            { 0, 2, 0, "0 clusters, 2 accounts, 0 collectors" }, { 0, 0, 1, "0 clusters, 0 accounts, 1 collector" } } do
            said.retention = function(_, point, options)
                given.point, given.options = point, options
                local sum = { clusters = rest[1], accounts = rest[2], collectors = rest[3] }
                return i % 2 == 0 and sum or nil, err, sum
            end
            local result = prune("--dry-run")
            assert.same({ i % 2 == 0 and 0 or 1, i > 1 and "would remove from the fleet, all of them gone: "
                .. rest[4] .. "\n" or "",
                i % 2 == 1 and FULL or nil }, { result[1], result[2], result[3] ~= "" and result[3] or nil })
            assert.same({ true, (command.NOW - 400 * 86400) * 1000, { dry_run = true } }, { given.is_dry, given.point,
                given.options })
        end
    end)

    it("pulls all clusters; one that fails is told", function()
        local status, out, err = run({ "pull", "--all-clusters", "-o", "tsv", "--columns", "cluster_id,inserted" },
            { service = command.service { c1 = command.healthy(2), c2 = 403, c3 = command.healthy(1) } })
        assert.equal(1, status)
        assert.equal("cluster_id\tinserted\nc1\t2\nc3\t1\n", out)
        assert.matches("^dwsync: name%-c2: not_found: ", err)
    end)

    it("pulls records of a file, when it is known whose they are", function()
        local lines = command.lines(command.healthy(2))
        local status, out, err = run({ "pull", "--input", "-" }, { stdin = lines })
        assert.equal(2, status)
        assert.equal("", out)
        assert.matches("the records do not name their cluster: name it beside --input", err, 1,
            true)
        assert.equal(0, (run({ "pull", "c7", "--input", "-" }, { stdin = lines })))
        out = select(2, run { "list", "c7", "-o", "tsv", "--columns", "id" })
        assert.equal("id\nr1\nr2\n", out)
    end)

    it("lists what is saved, of one cluster or all, and chooses", function()
        pull(command.healthy(5))
        local function ids(...)
            local status, out, err = run { "list", "-o", "tsv", "--columns", "id", ... }
            assert.equal(0, status, err)
            return (out:gsub("^id\n", ""):gsub("\n", " "))
        end
        assert.equal("r1 r2 r3 r4 r5 ", ids())
        assert.equal("r1 r2 r3 r4 r5 ", ids "--all-clusters")
        assert.equal(2, (run { "list", "c1", "--all-clusters" }))
        assert.equal("r1 r2 ", ids("c1", "--since", "2h"))
        assert.equal("r1 r2 ", ids("c1", "--limit", "2"))
        assert.equal("r3 ", ids("--until", "2h", "--limit", "1"))
        assert.equal(2, (run { "list", "--limit", "0" }))
        assert.equal("r3 r4 r5 ", ids("c1", "--until", "2h"))
        assert.equal("", ids("c1", "--status", "FAILED"))
        assert.equal("", ids("c1", "--source", "other"))
        local _, _, err = run { "list", "c1", "--status", "FAILED" }
        assert.equal("dwsync: no saved records match; dwsync history stats shows what there is\n", err)
        assert.same({ 2, "", "dwsync: config: unknown cluster 'c2', looked for in the history.\n"
            .. "        The clusters are name-c1.\n", {} }, { run { "list", "c2" } })
    end)

    it("knows the names of what it pulled, and shows them beside the ids", function()
        local its_world = { service = command.service { c1 = command.healthy(2), c2 = command.healthy(1) } }
        assert.equal(0, (run({ "pull", "--all-clusters" }, its_world)))
        local status, out = run { "list", "name-c1", "-o", "tsv", "--columns", "id,cluster_id,cluster_name" }
        assert.same({ 0, "id\tcluster_id\tcluster_name\nr1\tc1\tname-c1\nr2\tc1\tname-c1\n" }, { status, out })
        assert.equal("cluster\nname-c2\n", select(2, run { "list", "*-c2", "-o", "tsv", "--columns", "cluster" }))
        out = select(2, run { "list", "c1", "c2" })
        assert.matches("^CLUSTER", out)
        out = select(2, run { "list", "c1" })
        assert.not_matches("CLUSTER", out)
        out = select(2, run { "stats", "-o", "tsv", "--columns", "cluster_id,cluster_name" })
        assert.equal("cluster_id\tcluster_name\nc1\tname-c1\nc2\tname-c2\n", out)
    end)

    it("says which clusters have had one name", function()
        local service = command.service { c1 = command.healthy(1), c2 = command.healthy(1) }
        run({ "pull", "--all-clusters" }, { service = service })
        local store = assert(require("dwsync.history").open(folder .. "/data/dwsync/history.sqlite"))
        assert(store:save("c2", {}, { name = "name-c1" }))
        store:close()
        assert.same({ 2, "", "dwsync: config: 2 clusters are called 'name-c1' in the history: name-c1 (c1), "
            .. "name-c1 (c2).\n        Name the one that is meant by its id.\n", {} }, { run { "list", "name-c1" } })
    end)

    it("keeps the word of a configuration or of a file only while the service's is unknown", function()
        local config = { ["/c.lua"] = "return { clusters = { mine = 'c1' } }" }
        local function name()
            return (select(2, run { "stats", "-o", "tsv", "--columns", "cluster_name" }):gsub("cluster_name\n", ""))
        end
        local service = command.service { c1 = command.healthy(2) }
        run({ "pull", "mine", "--config", "/c.lua" }, { service = service, files = config })
        assert.equal("mine\n", name())
        local lines = command.lines(command.healthy(2)):gsub("}\n", ',"cluster_id":"c1","cluster_name":"filed"}\n')
        assert.equal(0, (run({ "pull", "--input", "-" }, { stdin = lines })))
        assert.equal("mine\n", name())
        run({ "pull", "--all-clusters" }, { service = service })
        assert.equal("name-c1\n", name())
        run({ "pull", "mine", "--config", "/c.lua" }, { service = service, files = config })
        assert.equal("name-c1\n", name())
    end)

    it("shows foreign text in names harmlessly", function()
        pull(command.healthy(1))
        local store = assert(require("dwsync.history").open(folder .. "/data/dwsync/history.sqlite"))
        assert(store:save("c1", {}, { name = "evil\27[31m\nname" }))
        store:close()
        for _, words in ipairs { { "stats" }, { "list", "--columns", "cluster" }, { "list", "nobody" } } do
            local _, out, err = run(words)
            assert.matches("evil", out .. err)
            assert.not_matches("\27", out .. err)
            assert.not_matches("\nname", out .. err)
        end
    end)

    it("says why a name cannot be kept or read, and goes on", function()
        pull(command.healthy(1))
        assert(require("luasql.sqlite3").sqlite3():connect(folder .. "/data/dwsync/history.sqlite"):execute(
            "DROP TABLE dwsync_names"))
        local status, out, err = run({ "pull", "--all-clusters", "-o", "tsv" },
            { service = command.service { c1 = command.healthy(2), c2 = command.healthy(1) } })
        assert.same({ 0, HEADING .. "c1\tname-c1\t1\t0\t1\t0\t0\t0\nc2\tname-c2\t1\t0\t0\t0\t0\t0\n" },
            { status, out })
        assert.matches("^dwsync: the names of clusters cannot be kept: the history [^\n]*dwsync_names[^\n]*\n"
            .. " +[^\n]*\n$", err)
        for _, action in ipairs { "list", "stats" } do
            local asked, _, said = run { action }
            assert.equal(0, asked)
            assert.matches("^dwsync: the names of clusters cannot be read: the history .*dwsync_names", said)
        end
    end)

    it("lists what other commands read", function()
        pull(command.healthy())
        local _, lines = run { "list", "c1", "-o", "ndjson" }
        local status, out = command.run({ "check", "--input", "-" }, { stdin = lines })
        assert.equal(0, status)
        assert.matches("^OK %- ", out)
        assert.equal(0, (command.run({ "replay", "--input", "-" }, { stdin = lines })))
    end)

    it("shows how much is saved", function()
        pull(command.healthy(5))
        local status, out = run { "stats" }
        assert.equal(0, status)
        assert.matches(("history         %s/data/dwsync/history.sqlite\n"):format(folder), out, 1, true)
        assert.matches("records         5\n", out, 1, true)
        local names = {}
        for name in out:match("^(.-)\n\n"):gmatch "([%l_]+) +[^\n]+" do
            names[#names + 1] = name
        end
        assert.same({ "history", "engine", "schema_version", "clusters", "records", "versions", "first", "last",
            "bytes" }, names)
        assert.matches("\nclusters        1\nrecords         5\nversions        0\n", out, 1, true)
        assert.matches("\nlast            2025-05-19T06:25:23.000Z\n", out, 1, true)
        assert.matches("\n\nCLUSTER_ID ", out, 1, true)
        out = select(2, run { "stats", "-o", "json" })
        assert.equal(5, assert(json.decode(out)).clusters[1].records)
    end)

    it("is where --history, DWSYNC_HISTORY or the configuration file say, in this order", function()
        local files = { ["/c.lua"] = ("return { history = '%s/c.sqlite' }"):format(folder) }
        for _, name in ipairs { "c", "e", "o" } do
            require("dwsync.history").open(("%s/%s.sqlite"):format(folder, name)):close()
        end
        local function place(arguments, more)
            table.insert(arguments, 1, "stats")
            local status, out, err = run(arguments, { files = files, more = more })
            assert.equal(0, status, err)
            return out:match "([^/]+)%.sqlite"
        end
        assert.equal("c", place { "--config", "/c.lua" })
        assert.equal("e", place({ "--config", "/c.lua" }, { DWSYNC_HISTORY = folder .. "/e.sqlite" }))
        assert.equal("o", place({ "--history", folder .. "/o.sqlite" }, { DWSYNC_HISTORY = folder .. "/e.sqlite" }))
        local status, _, err = run({ "pull", "c1", "--history", folder .. "/no/x.sqlite" })
        assert.equal(1, status)
        assert.matches("Create the folder first", err, 1, true)
    end)

    it("pulls nothing when the service is not known, and says what is missing", function()
        local status, out, err = command.run({ "history", "pull", "c1" },
            { environment = { XDG_DATA_HOME = folder .. "/data" } })
        assert.same({ 2, "" }, { status, out })
        assert.matches("dwsync: config: region is not set.\n", err, 1, true)
    end)

    it("fails when the clusters cannot be listed", function()
        local status, out, err = run({ "pull", "--all-clusters", "--retries", "0" },
            { service = function() return 403, "" end })
        assert.same({ 1, "" }, { status, out })
        assert.matches("^dwsync: %l+: ListClusters", err)
    end)

    it("says what is wrong with the configuration file, or with the database", function()
        local status, out, err = run { "stats", "--config", "/none.lua" }
        assert.same({ 2, "" }, { status, out })
        assert.matches("^dwsync: config: [^\n]*/none.lua", err)
        pull(command.healthy(1))
        assert(require("luasql.sqlite3").sqlite3():connect(folder .. "/data/dwsync/history.sqlite"):execute(
            "ALTER TABLE dwsync_records RENAME TO gone"))
        status, out, err = run { "stats" }
        assert.same({ 1, "" }, { status, out })
        assert.matches("^dwsync: storage: [^\n]*dwsync_records", err)
    end)

    it("is not made by a question", function()
        for _, arguments in ipairs { { "stats" }, { "list" }, { "list", "c1" } } do
            local status, out, err = run(arguments)
            assert.same({ 2, "" }, { status, out })
            assert.matches("there is no history at " .. folder, err, 1, true)
        end
        local status, _, err = command.run({ "replay", "c1", "--from-history" },
            { environment = { XDG_DATA_HOME = folder .. "/data" } })
        assert.equal(2, status)
        assert.matches("there is no history at " .. folder, err, 1, true)
        assert.is_nil(uv.fs_stat(folder .. "/data"))
    end)

    it("is opened for writing by what writes alone", function()
        pull(command.healthy(2))
        local open = history_location.open
        finally(function() history_location.open = open end)
        local flags
        history_location.open = function(readonly, ...)
            flags[#flags + 1] = readonly
            return open(readonly, ...)
        end
        for _, case in ipairs {
            { { "list" }, { true } }, { { "stats" }, { true } },
            { { "prune", "--older-than", "400d", "--dry-run" }, { true } },
            { { "prune", "--older-than", "400d" }, { true, false } },
        } do
            flags = {}
            assert.equal(0, (run(case[1])))
            assert.same(case[2], flags)
        end
        flags = {}
        pull(command.healthy(2))
        assert.same({ false }, flags)
    end)

    it("lists and replays the others when a record is damaged, and fails", function()
        pull(command.healthy(3))
        assert(require("luasql.sqlite3").sqlite3():connect(folder .. "/data/dwsync/history.sqlite"):execute(
            "UPDATE dwsync_records SET content = '{\"id\":' WHERE record_id = 'r2'"))
        local status, out, err = run { "list", "-o", "tsv", "--columns", "id" }
        assert.same({ 1, 3 }, { status, select(2, out:gsub("\n", "")) })
        assert.matches("storage: the history .*: cluster c1: the content of record r2 is damaged", err)
        status, out, err = command.run({ "replay", "c1", "--from-history", "-o", "ndjson" },
            { environment = { XDG_DATA_HOME = folder .. "/data" } })
        assert.same({ 1, "" }, { status, out })
        assert.matches("the content of record r2 is damaged", err, 1, true)
    end)

    it("never shows the password of a database", function()
        for _, target in ipairs { "postgres://u:hunter2@127.0.0.1:1/d", "postgres://u:hunter2@127.0.0.1:x/d",
            "mysql://u:hunter2@h/d" } do
            for _, arguments in ipairs { { "stats" }, { "list", "c1" }, { "pull", "c1" } } do
                local status, out, err = run(arguments, { more = { DWSYNC_HISTORY = target },
                    service = command.service { c1 = command.healthy(1) } })
                assert.is_true(status > 0)
                assert.equal("", out)
                assert.is_true(#err > 20)
                assert.is_nil(err:find("hunter2", 1, true), err)
            end
        end
    end)

    it("wants to be told what to do", function()
        local status, _, err = run {}
        assert.equal(2, status)
        assert.matches("^dwsync: ", err)
        assert.equal(2, (run { "pull" }))
        assert.equal(2, (run { "list", "--since", "x" }))
    end)

    it("is what replay goes through on request", function()
        local failing = command.healthy()
        for i = 1, 5 do
            failing[i].status = "FAILED"
        end
        pull(failing)
        local world = { environment = { XDG_DATA_HOME = folder .. "/data" } } -- neither region nor credentials
        local status, out, err, requests = command.run({ "replay", "c1", "--from-history", "-o", "tsv", "--columns",
            "rule,severity" }, world)
        assert.equal(0, status, err)
        assert.matches("failing\tcritical\n", out, 1, true)
        assert.same({}, requests)
        status, out, err = command.run({ "replay", "c2c2c2c2-0000-4000-8000-000000000002", "--from-history", "-o",
            "ndjson" }, world)
        assert.same({ 0, "", "dwsync: no records are saved; dwsync history pull saves them\n" },
            { status, out, err })
        status, out = command.run({ "replay", "c1", "--from-history", "-o", "tsv", "--columns", "rule", "--history",
            folder .. "/data/dwsync/history.sqlite" }, { environment = {} })
        assert.equal(0, status)
        assert.matches("failing\n", out, 1, true)
        status = command.run({ "replay", "c1", "--from-history", "--input", "-" }, world)
        assert.equal(2, status)
    end)

    it("migrates a history of an older release, and says how; nothing else does", function()
        pull(command.healthy(3))
        assert.same({ 0, folder .. "/data/dwsync/history.sqlite is up to date\n", "", {} }, { run { "migrate" } })
        local schema = require "dwsync.history.schema"
        schema.migrations[2] = { "CREATE TABLE second (a $number)", compatible_from = 1 }
        finally(function() schema.migrations[2] = nil end)
        local status, _, err = pull(command.healthy(4))
        assert.equal(2, status)
        assert.matches("has the older schema version 1, this dwsync needs 2%.\n +dwsync history migrate %-%-dry%-run",
            err)
        local said = "records: version 1 to 2; programs that know version 1 go on beside it\n"
            .. "    CREATE TABLE second (a NUMERIC)\n"
        assert.same({ 0, said, "", {} }, { run { "migrate", "--dry-run" } })
        assert.equal(2, (pull(command.healthy(4))))
        said = said .. folder .. "/data/dwsync/history.sqlite is up to date now\n"
        assert.same({ 0, said, "", {} }, { run { "migrate" } })
        assert.equal(0, (pull(command.healthy(4))))
        schema.migrations[2] = nil
        assert.equal(0, (pull(command.healthy(5))))
    end)

    it("migrates no history that is not there", function()
        local status, out, err = run { "migrate" }
        assert.same({ 2, "" }, { status, out })
        assert.matches("there is no history at ", err)
        assert.is_nil(uv.fs_stat(folder .. "/data/dwsync/history.sqlite"))
    end)

    it("prunes old records, and not those that verdicts rest on", function()
        local list = command.healthy(2)
        list[3] = command.record("old", 24 * 500)
        list[4] = command.record("older", 24 * 600)
        pull(list)
        assert.same({ 0, "would remove 2 records with 0 earlier versions, of 1 cluster\n", "", {} },
            { run { "prune", "--older-than", "400d", "--dry-run" } })
        assert.same({ 0, "removed 2 records with 0 earlier versions, of 1 cluster\n", "", {} },
            { run { "prune", "--older-than", "400d" } })
        assert.equal("id\nr1\nr2\n", (select(2, run { "list", "-o", "tsv", "--columns", "id" })))
        assert.equal(2, (run { "prune", "--older-than", "125d" }))
        assert.equal(2, (run { "prune" }))
    end)

    it("prunes messages of alerts that are over", function()
        pull(command.healthy(2))
        local made = require("spec.support.told").make(folder .. "/data/dwsync/history.sqlite")
        local long_ago = (command.NOW - 401 * 86400) * 1000
        made:problem { state = "resolved" }
        made:message { state = "sent", created_at = long_ago }
        made:message { state = "sent", step = "resolved", created_at = long_ago }
        made:message { state = "sent", channel = "young", created_at = long_ago + 2 * 86400000 }
        made:message { state = "owed", channel = "slow", created_at = long_ago }
        made:close()
        for _, words in ipairs { "would remove", "removed" } do
            assert.same({ 0, ("%s 0 records with 0 earlier versions, of 0 clusters\n%s 2 messages of alerts that are "
                .. "over\n"):format(words, words), "", {} },
                { run { "prune", "--older-than", "400d", words ~= "removed" and "--dry-run" or nil } })
        end
        assert.same({ 0, "removed 0 records with 0 earlier versions, of 0 clusters\n", "", {} },
            { run { "prune", "--older-than", "400d" } })
    end)

    it("prunes what is gone from the fleet", function()
        local long_ago = (command.NOW - 401 * 86400) * 1000
        pull(command.healthy(1))
        local made = require("spec.support.kept_fleet").make(folder .. "/data/dwsync/history.sqlite",
            { { id = "c-1", name = "one" }, { id = "c-2", name = "two" } })
        made:sql(("UPDATE dwsync_schedule SET state = 'gone', gone_at = %d WHERE cluster_id = 'c-1'"):format(long_ago))
        made:sql(("UPDATE dwsync_collectors SET seen_at = %d"):format(long_ago))
        made:close()
        for _, words in ipairs { "would remove", "removed" } do
            assert.same({ 0, ("%s 0 records with 0 earlier versions, of 0 clusters\n%s from the fleet, all of them "
                .. "gone: 1 cluster, 0 accounts, 1 collector\n"):format(words, words), "", {} },
                { run { "prune", "--older-than", "400d", words ~= "removed" and "--dry-run" or nil } })
        end
        assert.same({ 0, "removed 0 records with 0 earlier versions, of 0 clusters\n", "", {} },
            { run { "prune", "--older-than", "400d" } })
    end)

    it("prunes no history that is not there", function()
        local status, _, err = run { "prune", "--older-than", "400d" }
        assert.equal(2, status)
        assert.matches("there is no history at ", err)
        assert.is_nil(uv.fs_stat(folder .. "/data/dwsync/history.sqlite"))
    end)

    describe("by itself", function()
        local clusters_chosen = require "dwsync.cli.clusters_chosen"
        local configuration = require "dwsync.cli.configuration"
        local contexts = require "dwsync.cli.context"
        local errors = require "dwsync.errors"
        local history = require "dwsync.cli.commands.history"
        local migration = require "dwsync.history.migration"
        local calls, store, context

        local replace, put_back = require("spec.support.replacements").new()

        local function note(name, ...)
            calls[#calls + 1] = { name, ... }
        end

        before_each(function()
            calls = {}
            store = { close = function() note "close" end, stats = function() return {} end,
                clusters = function() return {} end }
            context = contexts.new { now = function() return command.NOW end, stderr = command.stream(), stdout = {
                write = function(_, text) note("write", text) return true end,
                flush = function() note "flush" return true end,
            } }
            replace(configuration, "load", function() return { of = "settings" } end)
            replace(history_location, "open", function(readonly)
                note("open", readonly)
                return store, nil, "shown"
            end)
        end)

        after_each(function()
            put_back()
        end)

        it("has five words, of which its help and its completion know", function()
            assert.same({ pull = true, list = true, stats = true, migrate = true, prune = true }, history.actions)
        end)

        it("closes what it opened, also where its work raises an error, which stays what it was", function()
            local function fail() error("raised", 0) end
            for _, case in ipairs {
                { { action = "stats", output = "tsv" }, "stats", { { "open", true }, { "close" } } },
                { { action = "prune", older_than = 1 }, "prune", { { "open", true }, { "close" }, { "open", false },
                    { "close" } } },
                { { action = "prune", older_than = 1, dry_run = true }, "prune", { { "open", true }, { "close" } } },
                { { action = "prune", older_than = 1, accounts = true }, "prune_accounts", { { "open", true },
                    { "close" }, { "open", false }, { "close" } } },
            } do
                calls, store[case[2]] = {}, fail
                assert.same({ false, "raised" }, { pcall(history.run, case[1], context) })
                assert.same(case[3], calls)
            end
        end)

        it("shows each step of a migration before the first is taken", function()
            replace(history_location, "place", function() return "target", nil, "/the/place" end)
            local parts
            replace(migration, "plan", function(target, of)
                note("plan", target)
                parts = of
                return { { from = 1, to = 2, compatible_from = 2, statements = { "A  B\n C" } },
                    { name = "alerts", from = 3, to = 4, compatible_from = 3, statements = {} } }
            end)
            replace(migration, "run", function(target, of)
                note("run", target)
                assert.same(parts, of)
                return true
            end)
            assert.equal(0, history.run({ action = "migrate" }, context))
            assert.same({
                { "plan", "target" },
                { "write", "records: version 1 to 2; older programs must be upgraded\n" },
                { "write", "    A B C\n" },
                { "write", "alerts: version 3 to 4; programs that know version 3 go on beside it\n" },
                { "flush" },
                { "run", "target" },
                { "write", "/the/place is up to date now\n" },
            }, calls)
            local fleet = require "dwsync.fleet.tables"
            assert.same({ require("dwsync.problems.store").part, fleet.part, fleet.heartbeat,
                require("dwsync.history.names").part, require("dwsync.history.accounts").part }, parts)
        end)

        it("looks at accounts in what is left of the time, and says of which cluster they cannot be read", function()
            local now, took = 100, 0
            local client = {
                monotonic = function() return now end,
                sync_records = function(_, parameters) note("sync_records", parameters) return "records" end,
                all_database_users = function(_, parameters) note("all_database_users", parameters) end,
            }
            replace(clusters_chosen, "new", function()
                local chosen = { several = true, naming = function(_, cluster) return "naming " .. cluster.id end }
                function chosen.fetch(_, parameters, work)
                    note("fetch", parameters)
                    local cluster = { id = "c1", name = "one" }
                    return { { cluster = cluster, records = work(client, cluster, { timeout = 60 }) } }
                end
                return chosen
            end)
            local reported
            replace(clusters_chosen, "report_failures", function(items)
                reported = items
                return 0
            end)
            function store.pull(_, ...)
                note("pull", ...)
                now = now + took
                return { inserted = 1, updated = 2, unchanged = 3, revised = {}, late = 4, refused = 0 }
            end
            local refused = errors.new { kind = "permission", message = "may not" }
            function store.pull_accounts(_, id, read, options)
                note("pull_accounts", id, options)
                read()
                return nil, refused
            end
            for seconds, left in pairs { [0] = 60, [59] = 1, [60] = 0.001, [61] = 0.001 } do
                calls, now, took = {}, 100, seconds
                assert.equal(0, history.run({ action = "pull", output = "tsv", accounts = true, accept_short = true },
                    context))
                assert.same({
                    { "open", false }, { "fetch", {} }, { "sync_records", { cluster_id = "c1", timeout = 60 } },
                    { "pull", "c1", "records", "naming c1" }, { "pull_accounts", "c1", { accept_short = true } },
                    { "all_database_users", { cluster_id = "c1", timeout = left } },
                    { "write", "cluster_id\tcluster_name\tinserted\tupdated\tunchanged\trevised\tlate\trefused"
                        .. "\taccounts\tcame\twent\n" },
                    { "write", "c1\tone\t1\t2\t3\t0\t4\t0\t\t\t\n" }, { "close" },
                }, calls)
                local item = reported[1]
                assert.same({ 1, "one", "c1", "permission", "may not" }, { #reported, item.error.cluster,
                    item.error.cluster_id, item.error.kind, item.error.message })
                assert.same({ id = "c1", name = "one" }, item.cluster)
            end
        end)
    end)
end)
