local core = require "dwsync.core"
local command = require "spec.support.command"
local emulators = require "spec.support.emulator"
local files = require "dwsync.files"
local processes = require "spec.support.processes"
local temporary = require "spec.support.temporary"

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
