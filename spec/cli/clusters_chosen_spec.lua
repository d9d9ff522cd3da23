local command = require "spec.support.command"
local run = command.run

local unpack = table.unpack or unpack -- luacheck: ignore

local HEALTHY, FAILING = command.healthy(), {}
for i = 1, 5 do
    FAILING[i] = command.failed("f" .. i, i - 0.5)
end

local function world(clusters)
    return { service = command.service(clusters or { c1 = HEALTHY, c2 = FAILING, c3 = 403 }) }
end

local WHICH = "missing argument 'cluster' (or --all-clusters, or --input FILE)"

describe("whose records a command is about", function()
    it("must be said, once", function()
        for _, name in ipairs { "records", "health", "report", "watch", "wait", "replay" } do
            local status, out, err = run { name }
            assert.equal(2, status)
            assert.equal("", out)
            assert.equal(("dwsync: %s\n        See dwsync %s --help.\n"):format(WHICH, name), err)
        end
        local _, _, err = run { "health", "c1", "--all-clusters" }
        assert.matches("^dwsync: %-%-all%-clusters and a cluster cannot be combined\n", err)
        for _, words in ipairs { { "records" }, { "report" }, { "watch" }, { "wait" }, { "replay" }, { "check" },
            { "notify" }, { "history", "pull" } } do
            words[#words + 1] = "--all-clusters"
            words[#words + 1] = "c1"
            local status, out, complaint = run(words)
            assert.equal(words[1] == "check" and 3 or 2, status)
            assert.matches("--all-clusters and a cluster cannot be combined", out .. complaint, 1, true)
        end
        _, _, err = run { "health", "--input", "-", "--all-clusters" }
        assert.matches("^dwsync: %-%-all%-clusters and %-%-input cannot be combined\n", err)
    end)

    it("may be all clusters: one that fails hides no other, and is told", function()
        local status, out, err = run({ "records", "--all-clusters", "-o", "tsv", "--columns", "cluster_name,id",
            "--since", "1h" }, world())
        assert.equal(1, status)
        assert.equal("cluster_name\tid\nname-c1\tr1\nname-c2\tf1\n", out)
        assert.matches("^dwsync: name%-c3: not_found: no such cluster %(DWS%.0015, HTTP 403%)%.\n        Check the",
            err)
    end)

    it("says a failure of many clusters once", function()
        local clusters = { c0 = HEALTHY }
        for i = 1, 5 do
            clusters["d" .. i] = 403
        end
        local status, _, err = run({ "check", "--all-clusters", "--source", "s1" }, world(clusters))
        assert.equal(3, status)
        assert.equal("", err)
        status, _, err = run({ "records", "--all-clusters", "-o", "ndjson" }, world(clusters))
        assert.equal(1, status)
        local _, count = err:gsub("not_found", "")
        assert.equal(1, count)
        assert.matches("^dwsync: name%-d1, name%-d2, name%-d3 and 2 more: not_found: ", err)
    end)

    describe("where synchronisation is off for some", function()
        local NOTE = "dwsync: name-c2, name-c3: identity-source synchronisation is off (DWS.5045)\n"
        local OFF = { c1 = HEALTHY, c2 = command.OFF, c3 = command.OFF }

        it("is no failure of a command about several, which notes it once", function()
            for _, words in ipairs { { "records" }, { "records", "-o", "json" }, { "health" }, { "report" },
                { "report", "-o", "csv" }, { "replay" } } do
                words[#words + 1] = "--all-clusters"
                local status, out, err = run(words, world(OFF))
                assert.equal(0, status, words[1])
                assert.equal(words[1] == "replay", out == "")
                assert.matches(NOTE, err, 1, true)
                assert.is_nil(err:find "permission")
            end
            assert.equal(0, (run({ "records", "c1", "c2" }, world(OFF))))
            assert.equal(0, (run({ "records", "c*", "--exclude", "c1" }, world(OFF))))
        end)

        it("hides no failure of another", function()
            local status, _, err = run({ "records", "--all-clusters" },
                world { c1 = HEALTHY, c2 = command.OFF, c3 = command.OFF, c4 = 403 })
            assert.equal(1, status)
            assert.matches(NOTE, err, 1, true)
            assert.matches("dwsync: name%-c4: not_found: no such cluster", err)
        end)

        it("is an error, with what to do, for the one cluster that was asked for", function()
            for _, name in ipairs { "records", "replay" } do
                local status, out, err = run({ name, "c2" }, world(OFF))
                assert.same({ 1, "" }, { status, out })
                assert.matches("^dwsync: permission: ListSyncRecords of cluster name%-c2 ", err)
                assert.matches("DWS%.5045.*enable it%.\n$", err)
            end
        end)

        it("is the verdict of commands that judge, whose exit status is then 0", function()
            local status, out = run({ "health", "c2" }, world(OFF))
            assert.equal(0, status)
            assert.matches("\nDISABLED  name%-c2\n", out)
            status, out = run({ "report", "c2" }, world(OFF))
            assert.equal(0, status)
            assert.matches("<h1>name-c2 is disabled</h1>", out, 1, true)
        end)

        it("is not noted after --set disabled=off", function()
            local status, out, err = run({ "health", "--all-clusters", "--set", "disabled=off" }, world(OFF))
            assert.same({ 0, "" }, { status, err })
            assert.is_nil(out:find("DWS.5045", 1, true))
        end)
    end)

    it("ends when the clusters cannot be listed", function()
        local status, out, err = run({ "health", "--all-clusters" }, { service = function()
            return 403, '{"error_code":"APIGW.0302","error_msg":"not allowed"}'
        end })
        assert.equal(1, status)
        assert.equal("", out)
        assert.matches("^dwsync: permission: ListClusters: not allowed", err)
    end)

    it("shows how many clusters were read, on a terminal", function()
        local _, _, err = run({ "records", "--all-clusters" }, { terminal = { stderr = true },
            service = command.service { c1 = HEALTHY, c2 = FAILING } })
        assert.equal("\r\27[Kread 1 of 2 clusters\r\27[Kread 2 of 2 clusters\r\27[K", err)
    end)

    it("has one deadline for all of them", function()
        local answer = command.service { c1 = HEALTHY, c2 = HEALTHY }
        local status, _, err = run({ "records", "--all-clusters", "--timeout", "10", "--retries", "0" }, {
            service = function(request, clock)
                clock.now = clock.now + 6
                return answer(request)
            end,
        })
        assert.equal(1, status)
        assert.matches("dwsync: name-c2: timeout: not started before the 10 s deadline.\n"
            .. "        Raise --timeout.\n", err, 1, true)
    end)

    it("may be records on stdin, to every command that needs no service", function()
        local lines = command.lines(FAILING)
        local status, out = run({ "check", "--input", "-" }, { stdin = lines })
        assert.equal(2, status)
        assert.matches("^CRITICAL %- ", out)
        status, out = run({ "records", "--input", "-", "--since", "2h", "-o", "tsv", "--columns", "id" },
            { stdin = lines })
        assert.equal(0, status)
        assert.equal("id\nf1\nf2\n", out)
        local two = '{"cluster_id":"c1","id":"r1"}\n{"cluster_id":"c2","id":"r2"}\n'
        status, out = run({ "records", "--input", "-", "-o", "csv" }, { stdin = two })
        assert.equal(0, status)
        assert.matches("^cluster_id,cluster_name,id,", out)
        status, out = run({ "health", "--input", "-", "-o", "json" }, { stdin = lines })
        assert.equal(0, status)
        assert.matches('"id":"stdin"', out, 1, true)
        status = run({ "report", "--input", "-", "-o", "markdown" }, { stdin = lines })
        assert.equal(0, status)
        status = run({ "wait", "--input", "-" }, { stdin = lines })
        assert.equal(1, status)
    end)

    it("asks nobody and needs no account for records on stdin", function()
        local status, _, err, requests = run({ "health", "--input", "-" }, { stdin = "", environment = {} })
        assert.equal(0, status)
        assert.equal("", err)
        assert.same({}, requests)
    end)

    it("passes on which cluster a record is of", function()
        local _, lines = run({ "records", "--all-clusters", "-o", "ndjson" },
            { service = command.service { c1 = HEALTHY, c2 = FAILING } })
        local status, out = run({ "check", "--input", "-" }, { stdin = lines })
        assert.equal(2, status)
        assert.matches("^CRITICAL %- 2 clusters: 1 critical, 1 ok; name%-c2: ", out)
    end)

    it("takes a cluster_id beside --input as the name of what says nothing", function()
        local _, out = run({ "health", "c9", "--input", "-", "-o", "json" }, { stdin = command.lines(HEALTHY) })
        assert.matches('"id":"c9"', out, 1, true)
    end)

    it("is narrowed down by --source, to nothing if need be", function()
        local _, out = run({ "check", "c1", "--source", "s1" }, world())
        assert.matches("^OK", out)
        local status
        status, out = run({ "check", "c1", "--source", "other" }, world())
        assert.equal(3, status)
        assert.matches("^UNKNOWN", out)
    end)

    -- ---- names -----------------------------------------------------------------------------------

    local A, B = "aaaaaaaa-0000-4000-8000-00000000000a", "bbbbbbbb-0000-4000-8000-00000000000b"

    -- A service with clusters by id and name, each of which has the records that `command.service` would give.
    local function named(list, records)
        local answer = command.service(records)
        return function(request)
            if request.url:find "sync%-records" then
                return answer(request)
            end
            local parts = {}
            for i, cluster in ipairs(list) do
                parts[i] = ('{"id":"%s","name":"%s"}'):format(cluster[1], cluster[2])
            end
            return 200, '{"clusters":[' .. table.concat(parts, ",") .. "]}"
        end
    end

    local function names_in(out)
        local names = {}
        for name in (out or ""):gmatch "[^\n]+" do
            names[#names + 1] = name ~= "cluster_name" and not names[name] and name or nil
            names[name] = true
        end
        return table.concat(names, " ")
    end

    local FOUR = { { A, "prod-1" }, { B, "prod-2" }, { "c3", "prod-3" }, { "c4", "test" } }
    local OF_FOUR = { [A] = HEALTHY, [B] = HEALTHY, c3 = HEALTHY, c4 = HEALTHY }

    local function records_of(arguments, more)
        local words = { "records", "-o", "tsv", "--columns", "cluster_name" }
        for _, word in ipairs(arguments) do
            words[#words + 1] = word
        end
        local own = { service = named(FOUR, OF_FOUR) }
        for name, value in pairs(more or {}) do
            own[name] = value
        end
        local status, out, err, requests = run(words, own)
        return names_in(out), status, err, requests
    end

    -- How often the list of clusters was asked for, and of which clusters records were.
    local function asked(requests)
        local lists, ids = 0, {}
        for _, request in ipairs(requests) do
            local id = request.url:match "/clusters/([^/]+)/"
            lists = lists + (id and 0 or 1)
            ids[#ids + 1] = id ~= ids[#ids] and id or nil
        end
        return lists, table.concat(ids, " ")
    end

    it("may be said by name, by several names, and by patterns", function()
        local names, status, err, requests = records_of { "prod-2", "test" }
        assert.same({ "prod-2 test", 0, "" }, { names, status, err })
        assert.equal(1, (asked(requests)))
        assert.equal("prod-1 prod-2 prod-3", (records_of { "prod-*" }))
        assert.equal("prod-1 prod-3", (records_of { "prod-*", "--exclude", "*-2,test" }))
        assert.equal("test", (records_of { "--all-clusters", "--exclude", "prod-*" }))
    end)

    it("is a word of at most 200 bytes", function()
        local longest = ("n"):rep(200)
        assert.matches("unknown cluster 'nnn", (select(3, records_of { "test", longest })))
        local names, status, err, requests = records_of { "test", longest .. "n" }
        assert.same({ "", 2, 0 }, { names, status, #requests })
        assert.matches('^dwsync: config: cluster is "nnn', err)
    end)

    it("needs no list of clusters when it is a UUID, or in the configuration file", function()
        local _, _, _, requests = records_of { A }
        assert.same({ 0, A }, { asked(requests) })
        local names
        names, _, _, requests = records_of({ "mine", B, "--config", "/c.lua" },
            { files = { ["/c.lua"] = ('return { clusters = { mine = "%s" } }'):format(A) } })
        assert.equal(0, (asked(requests)))
        assert.equal("mine", names)
    end)

    it("is the configuration's when the service has another of that name", function()
        local _, _, _, requests = records_of({ "prod-2", "--config", "/c.lua" },
            { files = { ["/c.lua"] = ('return { clusters = { ["prod-2"] = "%s" } }'):format(A) } })
        assert.same({ 0, A }, { asked(requests) })
    end)

    it("may be set for --all-clusters by the configuration file", function()
        local files = { ["/c.lua"] = 'return { all_clusters = { "prod-*" } }' }
        local names = records_of({ "--all-clusters", "--config", "/c.lua" }, { files = files })
        assert.equal("prod-1 prod-2 prod-3", names)
        files["/c.lua"] = "return { all_clusters = {} }"
        local _, status, err = records_of({ "--all-clusters", "--config", "/c.lua" }, { files = files })
        assert.equal(2, status)
        assert.matches('all_clusters is a table, expected a list of names, ids and patterns such as { "prod-*" }', err,
            1, true)
    end)

    it("is said under --debug to be looked up", function()
        local _, _, err = records_of { "prod-2", "--debug" }
        assert.matches("\ndwsync: looking for 'prod-2' among the 4 clusters of the service, asked for now\n", err, 1,
            true)
    end)

    for what, case in pairs {
        ["a name that is mistyped"] = { { "prod-2", "tets" },
            "dwsync: config: unknown cluster 'tets', looked for at the service (did you mean 'test'?).\n"
            .. "        The clusters are prod-1, prod-2, prod-3, test.\n" },
        ["an id that is wrong"] = { { "c5" }, "dwsync: config: unknown cluster 'c5', looked for at the service.\n"
            .. "        The clusters are prod-1, prod-2, prod-3, test.\n" },
        ["a pattern that matches nothing"] = { { "dev-*" },
            "dwsync: config: no cluster matches 'dev-*' at the service.\n"
            .. "        The clusters are prod-1, prod-2, prod-3, test.\n" },
        ["excluding all of them"] = { { "prod-1", "--exclude", "prod-*" },
            "dwsync: config: all clusters that were named are excluded, too.\n        Name fewer to exclude.\n" },
    } do
        it("ends with status 2 for " .. what .. ", and asks for no records", function()
            local names, status, err, requests = records_of(case[1])
            assert.same({ "", 2, case[2] }, { names, status, err })
            assert.equal(1, #requests)
        end)
    end

    it("ends with status 2 for a list of names that has none, and asks for nothing", function()
        local _, status, err, requests = records_of { "prod-1", "--exclude", "," }
        assert.same({ 2, 'dwsync: --exclude is ",", expected names, ids or patterns of clusters, separated by commas\n'
            .. "        See dwsync records --help.\n", 0 }, { status, err, #requests })
    end)

    it("ends with status 2 for a name that two clusters have", function()
        local _, status, err, requests = records_of({ "twin" },
            { service = named({ { A, "twin" }, { B, "twin" } }, OF_FOUR) })
        assert.equal(2, status)
        assert.equal(("dwsync: config: 2 clusters are called 'twin' at the service: twin (%s), twin (%s).\n"
            .. "        Name the one that is meant by its id.\n"):format(A, B), err)
        assert.equal(1, #requests)
    end)

    it("says of each failure whose it is, and of nothing else", function()
        local errors = require "dwsync.errors"
        local about, told = errors.about, {}
        finally(function() errors.about = about end)
        errors.about = function(err, cluster)
            told[#told + 1] = { err.code, cluster.cluster_id, cluster.cluster }
            return about(err, cluster)
        end
        local answer = named({ { A, "one" }, { B, "two" } }, OF_FOUR)
        local _, status, noted = records_of({ "one", "two" }, { service = function(request)
            if request.url:find(B, 1, true) then
                return 403, '{"error_code":"APIGW.0302","error_msg":"not allowed"}'
            end
            return answer(request)
        end })
        assert.equal(1, status)
        assert.matches("^dwsync: two: permission: ", noted)
        assert.same({ "APIGW.0302", B, "two" }, told[1])
        for _, said in ipairs(told) do -- by the client, too
            assert.same(told[1], said)
        end
    end)

    it("says why a name could not be looked up", function()
        local _, status, err, requests = records_of({ "prod-2" }, { service = function()
            return 403, '{"error_code":"APIGW.0302","error_msg":"not allowed"}'
        end })
        assert.equal(1, status)
        assert.equal("dwsync: permission: ListClusters: the cluster 'prod-2' could not be looked up: not allowed "
            .. "(APIGW.0302, HTTP 403).\n        This IAM user is not allowed to call the API: ask an administrator. "
            .. "An id needs no looking up.\n", err)
        assert.equal(1, #requests)
    end)

    it("may exclude what is not there, and is told", function()
        local names, status, err = records_of { "prod-1", "test", "--exclude", "gone" }
        assert.same({ "prod-1 test", 0, "dwsync: --exclude: no cluster is called 'gone'\n" }, { names, status, err })
    end)

    it("is said with name and id by an error about the only one", function()
        local _, status, err = records_of({ "prod-2" }, { service = named(FOUR, { [B] = 403 }) })
        assert.equal(1, status)
        assert.matches(("^dwsync: not_found: ListSyncRecords of cluster prod%%-2 (%s): no such cluster (")
            :format((B:gsub("%-", "%%-"))):gsub("[()]", "%%%0"), err)
    end)

    it("chooses among the clusters of a file, by name, id and pattern", function()
        local lines = ('{"cluster_id":"%s","cluster_name":"prod-1","id":"r1"}\n'
            .. '{"cluster_id":"c3","cluster_name":"test","id":"r2"}\n'):format(A)
        local function ids(...)
            local status, out, err, requests = run({ "records", "--input", "-", "-o", "tsv", "--columns", "id", ... },
                { stdin = lines, environment = {} })
            assert.same({}, requests)
            return out:gsub("^id\n", ""):gsub("\n", " "), status, err
        end
        assert.equal("r1 ", (ids "prod-1"))
        assert.equal("r2 ", (ids "c3"))
        assert.equal("r1 ", (ids "prod-*"))
        assert.equal("r2 ", (ids("--exclude", "prod-*")))
        local _, status, err = ids "tets"
        assert.equal(2, status)
        assert.equal("dwsync: config: unknown cluster 'tets', looked for in stdin (did you mean 'test'?).\n"
            .. "        The clusters are prod-1, test.\n", err)
        _, status, err = ids(B)
        assert.equal(2, status)
        assert.matches("^dwsync: config: stdin has no records of cluster bbbbbbbb", err)
    end)

    it("is asked for anew where all clusters are meant, and to look up names from some minutes ago", function()
        local clusters_chosen = require "dwsync.cli.clusters_chosen"
        local question
        local function ask(args)
            local client = { monotonic = function() return 5 end, option = function() return 30 end,
                find_clusters = function(_, given)
                    question = given
                    return {}
                end }
            local made = assert(clusters_chosen.new(args, { getenv = function(name)
                return command.ENVIRONMENT[name]
            end, note = function() end, is_terminal = function() return false end }))
            made.client = client
            assert.same({}, made:fetch(args.parameters))
            return question
        end
        assert.same({ clusters = { "*" }, exclude = { "a" }, max_age = 0, timeout = 30 },
            ask { all_clusters = true, cluster = {}, exclude = { "a" } })
        assert.same({ clusters = { "b" }, timeout = 7 }, ask { cluster = { "b" }, parameters = { timeout = 7 } })
    end)

    it("takes --limit of old for the size of a page, and says so", function()
        for _, case in ipairs { { "7", "--limit", "7" }, { "5", "--limit", "7", "--page-size", "5" },
            { "5", "--page-size", "5" } } do
            local size = table.remove(case, 1)
            local _, _, err, requests = run({ "health", "0c1b4a2e-7d1f-4f43-a8a1-6a2b8f4f2b01", unpack(case) },
                { service = function() return 200, command.page {} end })
            assert.equal(size, requests[1].url:match "[?&]limit=(%d+)")
            assert.equal(case[1] == "--limit", err:find("--limit is now called --page-size here", 1, true) ~= nil)
        end
    end)

    it("goes without names that a history cannot tell, and says why", function()
        local notes = {}
        require("dwsync.cli.clusters_chosen").note_unnamed({ unnamed = { message = "m", hint = "h" } },
            { note = function(_, ...) notes[#notes + 1] = { ... } end })
        require("dwsync.cli.clusters_chosen").note_unnamed({}, {})
        assert.same({ { "the names of clusters cannot be read: m", "h" } }, notes)
    end)

    it("must be one where the records of a file name none", function()
        local status, _, err = run({ "health", "a", "b", "--input", "-" }, { stdin = command.lines(HEALTHY) })
        assert.equal(2, status)
        assert.equal("dwsync: config: the records of stdin do not name their cluster.\n"
            .. "        Say whose they are: one cluster, by its name or id.\n", err)
        local out
        _, out = run({ "health", "mine", "--input", "-", "-o", "json", "--config", "/c.lua" }, {
            stdin = command.lines(HEALTHY), files = { ["/c.lua"] = 'return { clusters = { mine = "c9" } }' } })
        assert.matches('"id":"c9","name":"mine"', out, 1, true)
    end)

    it("is a bug's traceback when a bug is in one of many", function()
        local status, _, err = run({ "records", "--all-clusters" }, { service = function(request)
            if request.url:find "sync%-records" then
                error "boom"
            end
            return command.service { c1 = {}, c2 = {} }(request)
        end })
        assert.equal(1, status)
        assert.matches("boom", err, 1, true)
    end)

    it("is interrupted as a whole", function()
        local status, _, err = run({ "records", "--all-clusters" }, { service = function(request)
            if request.url:find "sync%-records" then
                error("interrupted!", 0)
            end
            return command.service { c1 = {}, c2 = {} }(request)
        end })
        assert.equal(130, status)
        assert.equal("dwsync: interrupted\n", err)
    end)
end)
