local core = require "dwsync.core"
local command = require "spec.support.command"
local emulators = require "spec.support.emulator"
local errors = require "dwsync.errors"
local files = require "dwsync.files"
local processes = require "spec.support.processes"
local temporary = require "spec.support.temporary"

describe("what dwsync accounts says of what a history found", function()
    local history_location = require "dwsync.cli.history_location"
    local LOOK = { first_at = 1000, ended_at = (command.NOW - 3600) * 1000, accounts = 2 }

    -- Runs it with a history that finds this. Returns status, stdout, stderr and what was asked of the history.
    local function run(found, ...)
        local open, query, closed = history_location.open, nil, 0
        history_location.open = function()
            return { clusters = function() return { { cluster_id = "c1", name = "prod" } } end,
                accounts = function(_, asked)
                    query = asked
                    return found, not found and errors.new { kind = "storage", message = "full" } or nil
                end, close = function() closed = closed + 1 end }
        end
        local good, status, out, err = pcall(command.run, { "accounts", "prod", "-o", "tsv", ... })
        history_location.open = open
        assert(good, status)
        assert.equal(1, closed)
        return status, out, err, query
    end

    local function account(name, more)
        local made = { name = name, user_type = "COMMON", login = true, first_seen = 1000, came_after = 500 }
        for key, value in pairs(more or {}) do
            made[key] = value
        end
        return made
    end

    it("is in columns of what was asked for", function()
        local list = { account "a", look = LOOK }
        for _, case in ipairs { { "name\tuser_type\tlogin\tfirst_seen\n" },
            { "name\tuser_type\tlast_seen\tgone_at\n", "--gone" },
            { "name\tuser_type\tcame_after\tfirst_seen\n", "--new" },
            { "name\tuser_type\tlogin\tfirst_seen\n", "--at", "2020-01-01" } } do
            local status, out, _, query = run(list, case[2], case[3])
            assert.same({ 0, case[1], "c1" }, { status, out:match "^[^\n]*\n", query.cluster_id })
            assert.same({ case[2] == "--gone" or nil, case[2] == "--new" or nil, case[2] == "--at" or nil },
                { query.gone, query.new, query.at and true })
            list[1].change = nil
        end
    end)

    it("is how many were there when none match, and when", function()
        for _, case in ipairs { { 3600, "2 accounts were there 1 h ago" }, { 0, "2 accounts are there now" } } do
            local _, _, err = run { look = { first_at = 1, ended_at = (command.NOW - case[1]) * 1000, accounts = 2 } }
            assert.equal("dwsync: no accounts match; " .. case[2] .. "\n", err)
        end
        local status, out, err = run {}
        assert.same({ 2, "", "dwsync: config: nobody has looked at the accounts of prod.\n        dwsync history pull "
            .. "--accounts prod does; what came and went before stays unknown.\n" }, { status, out, err })
        status, out, err = run(nil)
        assert.same({ 1, "", "dwsync: storage: full." }, { status, out, err:match "^[^\n]*" })
    end)

    it("is whom the first look found, of a time before it", function()
        for later, is_before in pairs { [0] = false, [1] = true } do
            local look = { first_at = command.NOW * 1000 + later, ended_at = 3000, accounts = 1 }
            local _, _, err = run({ account "a", look = look }, "--at", "2025-05-19T06:55:23Z")
            assert.equal(is_before and "dwsync: the first look was later: those are shown whom it found\n" or "", err)
        end
    end)

    it("is how a run's counts and the looks differ, and why", function()
        local INFERENCE = "dwsync: that these are the run's is an inference from the time: the service does not say "
            .. "who made the change\n"
        for _, case in ipairs {
            { { add_count = 1, delete_count = 2 }, {}, "1 added and 2 deleted", nil },
            { { add_count = 3, delete_count = 2 }, {}, "3 added and 2 deleted",
                "the difference (-2 added, +0 deleted) came and went between the looks, or by hand" },
            { { add_count = 1, delete_count = 1 }, {}, "1 added and 1 deleted",
                "the difference (+0 added, +1 deleted) came and went between the looks, or by hand" },
            { {}, {}, "0 added and 0 deleted",
                "the difference (+1 added, +2 deleted) came and went between the looks, or by hand" },
            { { add_count = 5 }, { runs = 2, add_count = 6, delete_count = 7 }, "5 added and 0 deleted",
                "2 runs lie between the same looks and report 6 added and 7 deleted: who is whose cannot be told" },
            { { add_count = 5 }, { before = false }, "5 added and 0 deleted", "the accounts were first looked at after "
                .. "this run began: who came and went before is unknown" },
            { { add_count = 5 }, { after = false }, "5 added and 0 deleted", "the accounts have not been looked at "
                .. "since this run ended: dwsync history pull --accounts does" },
        } do
            local more = case[2]
            local status, out, err, query = run({ look = LOOK, record = case[1], came = { account "a" },
                went = { account "b", account "c" }, others = { came = { account "d" }, went = { account "e" } },
                between = { runs = more.runs or 1, add_count = more.add_count, delete_count = more.delete_count },
                watched = { before = more.before ~= false, after = more.after ~= false } }, "--run", "r1",
                "--columns", "change,name")
            assert.same({ 0, "r1" }, { status, query.run })
            assert.equal("change\tname\ncame\ta\ncame, not of this source\td\nwent\tb\nwent\tc\n"
                .. "went, not of this source\te\n", out)
            assert.equal(("dwsync: the run reports %s; the looks at the accounts show 1 added and 2 deleted\n%s%s")
                :format(case[3], case[4] and ("dwsync: %s\n"):format(case[4]) or "", INFERENCE), err)
        end
    end)
end)

-- The real program, which is the same whichever Lua runs the specs.
if rawget(_G, "jit") then
    return
end

describe("dwsync accounts", function()
    local service, cluster

    setup(function()
        service = emulators.start()
        cluster = service:cluster "mass_delete"
    end)
    teardown(function()
        service:stop()
    end)
    before_each(function()
        service:reset()
    end)

    local function run(folder, ...)
        local words = { "env -i", "PATH=" .. os.getenv "PATH", "XDG_DATA_HOME=" .. folder,
            "DWSYNC_REGION=" .. service.info.region, "HUAWEICLOUD_SDK_AK=" .. service.info.ak,
            "HUAWEICLOUD_SDK_SK=" .. service.info.sk, "HUAWEICLOUD_SDK_PROJECT_ID=" .. service.info.project_id,
            "DWSYNC_CA_FILE=" .. service.info.ca_file, "HUAWEICLOUD_SDK_REGION_DWS_"
            .. service.info.region:upper():gsub("-", "_") .. "=" .. service.info.endpoint, "lua/bin/dwsync" }
        for _, argument in ipairs { ... } do
            words[#words + 1] = processes.quoted(argument)
        end
        local said = folder .. "/stderr"
        local out, status = processes.run(table.concat(words, " ") .. " 2>" .. said)
        return status, out, files.read(said)
    end

    local function pull(folder, ...)
        return run(folder, "history", "pull", "--accounts", "dws-mass-delete", "-o", "tsv", "--columns",
            "accounts,came,went", ...)
    end

    local function lines_of(text)
        return select(2, text:gsub("\n", ""))
    end

    it("lists who went with the mass deletion, against the counts that it reports", function()
        temporary.with_folder(function(folder)
            service:admin("POST", "records", { cluster = cluster, hold = 1 })
            local status, out, err = pull(folder)
            assert.equal(0, status, err)
            assert.equal("accounts\tcame\twent\n1191\t0\t0\n", out)
            service:admin("POST", "records", { cluster = cluster, release = true })
            assert.equal("accounts\tcame\twent\n718\t0\t473\n", select(2, pull(folder)))
            status, out, err = run(folder, "accounts", "dws-mass-delete", "--gone", "--since", "1h", "-o", "csv")
            assert.equal(0, status, err)
            assert.equal(474, lines_of(out))
            assert.matches("^name,user_type,last_seen,gone_at\n[%w.]+,COMMON,20", out)
            assert.equal("", err)
            local id = select(2, run(folder, "history", "list", "dws-mass-delete", "--limit", "1", "-o", "tsv",
                "--columns", "id")):match "\n(.-)\n"
            status, out, err = run(folder, "accounts", "dws-mass-delete", "--run", id, "-o", "ndjson")
            assert.equal(0, status)
            assert.equal(473, lines_of(out))
            assert.matches('"change":"went"', out)
            assert.equal("dwsync: the run reports 0 added and 473 deleted; the looks at the accounts show 0 added and "
                .. "473 deleted\ndwsync: that these are the run's is an inference from the time: the service does "
                .. "not say who made the change\n", err)
        end)
    end)

    it("has columns of its own for who is there, went or came, and for a run", function()
        temporary.with_folder(function(folder)
            pull(folder)
            local id = select(2, run(folder, "history", "list", "dws-mass-delete", "--limit", "1", "-o", "tsv",
                "--columns", "id")):match "\n(.-)\n"
            for head, choice in pairs { ["name,user_type,login,first_seen"] = {},
                ["name,user_type,last_seen,gone_at"] = { "--gone" },
                ["name,user_type,came_after,first_seen"] = { "--new" },
                ["change,name,user_type,first_seen,last_seen,gone_at"] = { "--run", id } } do
                local out = select(2, run(folder, "accounts", "dws-mass-delete", "-o", "csv", choice[1], choice[2]))
                assert.equal(head, out:match "^[^\n]*")
            end
        end)
    end)

    it("says the difference when the lists do not show what a run reports", function()
        temporary.with_folder(function(folder)
            service:admin("POST", "records", { cluster = cluster, hold = 1 })
            pull(folder)
            service:admin("POST", "accounts", { cluster = cluster, remove = { "etl_loader" },
                add = { { name = "by hand" }, { name = "typed", user_type = "IAM" } } })
            service:admin("POST", "records", { cluster = cluster, release = true })
            pull(folder)
            local id = select(2, run(folder, "history", "list", "dws-mass-delete", "--limit", "1", "-o", "tsv",
                "--columns", "id")):match "\n(.-)\n"
            local status, out, err = run(folder, "accounts", "dws-mass-delete", "--run", id, "-o", "csv", "--columns",
                "change,name")
            assert.equal(0, status)
            assert.matches("the run reports 0 added and 473 deleted; the looks at the accounts show 1 added and "
                .. "474 deleted", err, 1, true)
            assert.matches("the difference (+1 added, +1 deleted) came and went between the looks, or by hand", err, 1,
                true)
            assert.matches('\n"came, not of this source",typed\n', out, 1, true)
        end)
    end)

    it("says that nobody looked since a run ended, and how to look", function()
        temporary.with_folder(function(folder)
            pull(folder)
            local now = math.ceil(core.now() * 1000) + 1
            service:admin("POST", "records", { cluster = cluster, add = { { id = "since", status = "FINISHED",
                identity_source_id = "s", identity_source_type = "LDAP", start_time = now, end_time = now,
                add_count = 1 } } })
            run(folder, "history", "pull", "dws-mass-delete")
            local _, _, err = run(folder, "accounts", "dws-mass-delete", "--run", "since")
            assert.matches("the accounts have not been looked at since this run ended: dwsync history pull --accounts "
                .. "does", err, 1, true)
        end)
    end)

    it("says so where nobody looked, and how to look", function()
        temporary.with_folder(function(folder)
            run(folder, "history", "pull", "dws-mass-delete")
            local status, out, err = run(folder, "accounts", "dws-mass-delete")
            assert.same({ 2, "" }, { status, out })
            assert.matches("nobody has looked at the accounts of dws%-mass%-delete", err)
            assert.matches("dwsync history pull %-%-accounts dws%-mass%-delete does", err)
        end)
    end)

    it("keeps the records and fails when accounts may not be listed; no name is shown", function()
        temporary.with_folder(function(folder)
            service:set { list_users = false }
            local status, out, err = run(folder, "history", "pull", "--accounts", "dws-mass-delete", "-o", "tsv",
                "--columns", "inserted")
            assert.same({ 1, "inserted\n168\n" }, { status, out })
            assert.matches("dws:cluster:listDatabaseUser", err)
        end)
    end)

    it("shows no names in what it says with --debug", function()
        temporary.with_folder(function(folder)
            local _, _, err = pull(folder, "--debug")
            assert.matches("db%-manager/users", err)
            assert.is_nil(err:find("dbadmin", 1, true))
        end)
    end)

    -- A service that gives the same short page whatever the offset.
    local function serve(count)
        local users = {}
        for i = 1, count do
            users[i] = ('{"name":"u%03d"}'):format(i)
        end
        service:admin("DELETE", "faults")
        service:admin("POST", "faults", { match = { path = "/users" }, times = 99,
            action = { status = 200, body = '{"users":[' .. table.concat(users, ",") .. "]}" } })
    end

    it("says how a history of accounts is made where there is none", function()
        local status, _, err = command.run({ "accounts", "c", "--history", "/nowhere/h.db" },
            { environment = command.ENVIRONMENT })
        assert.equal(2, status)
        assert.equal("dwsync: config: there is no history at /nowhere/h.db.\n        Check the path or URL; "
            .. "dwsync history pull --accounts makes a history of who is there.\n", err)
    end)

    it("takes a list for whole that may go on, when somebody says so", function()
        temporary.with_folder(function(folder)
            serve(60)
            local status, out, err = pull(folder)
            assert.equal(0, status, err)
            assert.equal("accounts\tcame\twent\n60\t0\t0\n", out)
            serve(20)
            status, out, err = pull(folder)
            assert.equal(1, status, out)
            assert.matches("lacks 40 that were there", err)
            assert.matches("dwsync history pull %-%-accounts %-%-accept%-short", err)
            status, out, err = pull(folder, "--accept-short")
            assert.same({ 0, "accounts\tcame\twent\n20\t0\t40\n" }, { status, out }, err)
        end)
    end)

    it("removes those who went, when that is asked for", function()
        temporary.with_folder(function(folder)
            pull(folder)
            service:admin("POST", "accounts", { cluster = cluster, remove = { "etl_loader" } })
            pull(folder)
            local dry = { run(folder, "history", "prune", "--accounts", "--older-than", "0s", "--dry-run") }
            assert.same({ 0, "would remove 1 account that went, of 1 cluster\n" }, { dry[1], dry[2] })
            local kept = { run(folder, "history", "prune", "--accounts", "--older-than", "90d") }
            assert.same({ 0, "removed 0 accounts that went, of 0 clusters\n" }, { kept[1], kept[2] })
        end)
    end)

    it("refuses what cannot be combined", function()
        temporary.with_folder(function(folder)
            for _, case in ipairs {
                { "--gone and --new cannot be combined", "c", "--gone", "--new" },
                { "--at and --run cannot be combined", "c", "--at", "1d", "--run", "x" },
                { "--since and --until need --gone or --new", "c", "--since", "1d" },
                { "missing argument 'cluster'", "--gone" },
                { "accounts are shown of one cluster", "a", "b" },
                { '--at is "soon"', "c", "--at", "soon" },
            } do
                local unpacked = table.unpack or unpack -- luacheck: ignore 113
                local status, _, err = run(folder, "accounts", unpacked(case, 2))
                assert.equal(2, status)
                assert.is_truthy(err:find(case[1], 1, true), err)
            end
            local status, _, err = run(folder, "history", "pull", "c", "--accounts", "--input", "-")
            assert.equal(2, status)
            assert.matches("%-%-accounts and %-%-input cannot be combined", err)
            status, _, err = run(folder, "history", "pull", "c", "--accept-short")
            assert.equal(2, status)
            assert.matches("%-%-accept%-short needs %-%-accounts", err)
        end)
    end)
end)
