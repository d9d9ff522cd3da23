local argparse = require "argparse"
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local command = require "spec.support.command"
local disabled = require "dwsync.health.disabled"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
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
        clusters_chosen.note_unnamed({ unnamed = { message = "m", hint = "h" } },
            { note = function(_, ...) notes[#notes + 1] = { ... } end })
        clusters_chosen.note_unnamed({}, {})
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

describe("the options that choose clusters", function()
    local WHOSE = "Arguments: cluster Clusters: names, ids, or patterns such as 'prod-*'. Whose records: "
        .. "--all-clusters Of every cluster of the project, or of the configuration file's all_clusters. "
        .. "--exclude <names> Not these: names, ids or patterns, separated by commas. "
    local INPUT = "--input <file> Records in a file, or - for stdin: NDJSON or JSON. "
    local SIZE = "--page-size <n> Records a request (default 1000). "
    local PAGING = "--paging {auto,page,row} How offset counts (default auto). "
    local SOURCE = "Only these sources: ids or types. "

    local function parser_with(which)
        local parser = argparse "x"
        clusters_chosen.configure(parser, which)
        return parser
    end

    it("are those of a file, too, and those of a period, where the command knows them", function()
        for _, case in ipairs {
            { nil, WHOSE .. INPUT .. "Which records: --source <names> " .. SOURCE .. SIZE .. PAGING },
            { { input = false }, WHOSE .. "Which records: --source <names> " .. SOURCE .. SIZE .. PAGING },
            { { period = true }, WHOSE .. INPUT .. "Which records: --status <names> Only these: FINISHED, FAILED, "
                .. "RUNNING. --since <when> Started at or after: 90m, 7d, yesterday, a local date or time. --until "
                .. "<when> Started before. --source <names> " .. SOURCE .. "--limit <n> Only the newest so many of a "
                .. "cluster. " .. SIZE .. "--offset <n> Only that page, as the service counts. " .. PAGING },
        } do
            assert.equal(case[2], parser_with(case[1]):get_help():gsub("%s+", " ")
                :match "(Arguments: .*)Other options:")
        end
    end)

    it("are checked when they are read", function()
        local parser = parser_with { period = true }
        for _, case in ipairs {
            { "--page-size=0", "--page-size is 0, expected an integer above 0" },
            { "--offset=-1", '--offset is "-1", expected an integer of 0 or more' },
            { "--offset=x", '--offset is "x", expected an integer of 0 or more' },
            { "--paging=x", "argument for option '--paging' must be one of 'auto', 'page', 'row'" },
        } do
            assert.same({ false, case[2] }, { parser:pparse { "c", case[1] } })
        end
        for _, paging in ipairs { "auto", "page", "row" } do
            local good, args = parser:pparse { "c", "--offset", "0", "--paging", paging }
            assert.same({ true, 0, paging }, { good, args.offset, args.paging })
        end
        local good, args = parser_with():pparse { "c", "--limit", "5" } -- of old
        assert.same({ true, 5 }, { good, args.limit })
    end)
end)

describe("a choice of clusters", function()
    local notes, shown

    before_each(function()
        notes, shown = {}, {}
    end)

    local function chosen_by(args, settings)
        args.config = settings and "/c.lua"
        local chosen = assert(clusters_chosen.new(args, { getenv = function(name)
            return command.ENVIRONMENT[name]
        end, read_file = function()
            if settings then
                return settings
            end
            return nil, "No such file or directory", true
        end, note = function(_, ...) table.insert(notes, { ... }) end, is_terminal = function() return false end }))
        if chosen.progress then
            chosen.progress.show = function(text) table.insert(shown, text) end
        end
        return chosen
    end

    -- A client for whom time passes with each cluster that is asked for its records.
    local function client_of(clusters, answers, seconds)
        local now, asked = 100, {}
        return { asked = asked, monotonic = function() return now end, option = function() return 10 end,
            find_clusters = function() return clusters, {} end,
            all_sync_records = function(_, parameters)
                asked[#asked + 1] = parameters
                now = now + (seconds or 0)
                local answer = answers[parameters.cluster_id]
                if errors.is(answer) then
                    return nil, answer
                elseif type(answer) == "string" then
                    error(answer, 0)
                end
                return answer
            end }
    end

    it("has the size of a page as --limit where the command never took one for the other", function()
        for _, args in ipairs { { command = "records" }, { from_history = true } } do
            args.limit, args.cluster = 7, { "c" }
            chosen_by(args)
            assert.same({ 7, nil, {} }, { args.limit, args.page_size, notes })
        end
        local args = { command = "health", limit = 7, cluster = { "c" } }
        chosen_by(args)
        assert.same({ nil, 7, { { "--limit is now called --page-size here" } } }, { args.limit, args.page_size, notes })
    end)

    it("is none without an account", function()
        local chosen, err = clusters_chosen.new({ cluster = { "c" } }, { getenv = function() end,
            read_file = function() return nil, "No such file or directory", true end,
            is_terminal = function() return false end })
        assert.is_nil(chosen)
        assert.is_true(errors.is(err))
    end)

    it("is among the clusters of a history, and says once what excluded none", function()
        local store = { clusters = function()
            return { { cluster_id = "c1", name = "one" }, { cluster_id = "c2" },
                unnamed = { message = "m", hint = "h" } }
        end }
        local chosen = chosen_by({ from_history = true, cluster = {}, exclude = { "gone" } },
            'return { clusters = { mine = "c2" } }')
        local EXPECTED = { { id = "c1", name = "one" }, { id = "c2", name = "mine" } }
        local UNNAMED = { "the names of clusters cannot be read: m", "h" }
        assert.same(EXPECTED, chosen:saved(store))
        assert.same(EXPECTED, chosen:saved(store))
        assert.same({ UNNAMED, { "--exclude: no cluster is called 'gone'" }, UNNAMED }, notes)
        chosen = chosen_by { from_history = true, cluster = { "three" } }
        local list, err = chosen:saved(store)
        assert.same({ nil, "config", "unknown cluster 'three', looked for in the history" }, { list, err.kind,
            err.message })
        assert.same({ nil, "locked" }, { chosen:saved { clusters = function() return nil, "locked" end } })
    end)

    it("keeps the service's word for a cluster, and else one to use where there is none", function()
        for _, case in ipairs { { {}, "prod", { name = "prod" } }, { {}, "mine", { spare_name = "mine" } },
            { { input = "-" }, "prod", { spare_name = "prod" } } } do
            case[1].cluster, case[1].from_history = { "c" }, true
            assert.same(case[3], chosen_by(case[1], 'return { clusters = { mine = "c1", prod = "c2" } }'):naming {
                id = "c1", name = case[2] })
        end
    end)

    it("has of a file each cluster's records, those of a source with all that there were", function()
        local line = '{"cluster_id":"%s","cluster_name":"%s","id":"%s","identity_source_id":"%s"}\n'
        local file = line:format("c1", "one", "r1", "s1") .. line:format("c1", "one", "r2", "s2")
            .. line:format("c2", "two", "r3", "s2")
        local function fetched(args, each)
            args.input, args.cluster = "-", args.cluster or {}
            local chosen = chosen_by(args, 'return { clusters = { mine = "c1" } }')
            chosen.context.stdin = command.reader(file)
            local items, err = chosen:fetch(nil, nil, each)
            chosen.context.stdin:close()
            return items, err
        end
        local kept, told = file, {}
        local items = assert(fetched({ source = { "s1" } }, function(item) table.insert(told, item) end))
        assert.same(items, told)
        assert.same({ 2, 2, 1 }, { #items, items[1].records.total, items[2].records.total })
        assert.same({ 1, 0, 2 }, { #items[1].records, #items[2].records, #items[1].records.before_source })
        file = kept
        items = assert(fetched { cluster = { "mine" } })
        assert.same({ { id = "c1", name = "mine" }, 2, 2 }, { items[1].cluster, #items[1].records,
            items[1].records.total })
        file = kept:match "^[^\n]+\n"
        assert.same({ nil, "unknown cluster 'tow', looked for in the configuration and in stdin" }, { nil,
            select(2, fetched { cluster = { "tow" } }).message })
        file = '{"id":"r1"}\n'
        assert.equal('cluster is "a/b", expected letters, digits, "-", "_" and "." only',
            select(2, fetched { cluster = { "a/b" } }).message)
        file = "no records"
        assert.is_true(errors.is((select(2, fetched {}))))
    end)

    it("asks for each with what is left of the time, and shows how many were read of several", function()
        local chosen = chosen_by { cluster = { "c1" }, source = { "s" } }
        chosen.client = client_of({ { id = "c1" } }, { c1 = { { id = "r", identity_source_id = "s" }, { id = "q" },
            total = 9 } }, 4)
        local items = assert(chosen:fetch { where = { id = "x" }, fields = { "id" }, limit = 3 })
        assert.same({ { cluster_id = "c1", where = { id = "x" }, fields = { "id" }, limit = 3, timeout = 10 } },
            chosen.client.asked)
        assert.same({ 1, 9, 2 }, { #items[1].records, items[1].records.total, #items[1].records.before_source })
        assert.same({}, shown)
        chosen = chosen_by { cluster = { "c1", "c2" } }
        chosen.client = client_of({ { id = "c1" }, { id = "c2" }, { id = "c3" } }, { c1 = {}, c2 = {}, c3 = {} }, 5)
        items = assert(chosen:fetch())
        assert.same({ { cluster_id = "c1", timeout = 10 }, { cluster_id = "c2", timeout = 5 } }, chosen.client.asked)
        assert.same({ {}, {}, "not started before the 10 s deadline" }, { items[1].records, items[2].records,
            items[3].error.message })
        assert.same({ "read 1 of 3 clusters", "read 2 of 3 clusters" }, shown)
        chosen.client = client_of({ { id = "c1" }, { id = "c2" } }, { c1 = {}, c2 = {} }, 9.5)
        assert(chosen:fetch())
        assert.equal(0.5, chosen.client.asked[2].timeout)
    end)

    it("shows nothing any more where the clusters cannot be listed", function()
        local chosen, cleared = chosen_by { all_clusters = true, cluster = {} }, 0
        chosen.progress.clear = function() cleared = cleared + 1 end
        chosen.client = client_of(nil, {})
        chosen.client.find_clusters = function() return nil, errors.new { kind = "network", message = "no way" } end
        local items, err = chosen:fetch()
        assert.same({ nil, "no way", 1 }, { items, err.message, cleared })
    end)

    it("has its failures reported by cluster where there are several, and up to three named", function()
        local report, told = failure.report, {}
        finally(function() failure.report = report end)
        failure.report = function(err, _, subject)
            told[#told + 1] = ("%s of %s"):format(err.message, tostring(subject))
            return #told
        end
        local bad, worse = errors.new { kind = "network", message = "bad" }, errors.new { kind = "network",
            message = "worse" }
        local function item(id, err, name)
            return { cluster = { id = id, name = name }, error = err }
        end
        assert.equal(0, clusters_chosen.report_failures({ item "a", item "b" }, {}))
        assert.equal(1, clusters_chosen.report_failures({ item("a", bad) }, {}))
        assert.equal(3, clusters_chosen.report_failures({ item("a", bad), item("b", worse, "B"), item("c", bad),
            item "d" }, {}))
        clusters_chosen.report_failures({ item("a", bad), item("b", bad), item("c", bad), item("d", bad) }, {})
        clusters_chosen.report_failures({ item("a", bad), item("b", bad), item("c", bad), item("d", bad),
            item("e", bad) }, {})
        assert.same({ "bad of nil", "bad of a, c", "worse of B", "bad of a, b, c and 1 more",
            "bad of a, b, c and 2 more" }, told)
    end)

    it("notes for which clusters synchronisation is off, once for each reason", function()
        local reason = disabled.reason
        finally(function() disabled.reason = reason end)
        disabled.reason = function(item) return item.reason end
        clusters_chosen.note_disabled({ { cluster = { id = "a" }, reason = "r" }, { cluster = { id = "b" } },
            { cluster = { id = "c" }, reason = "s" }, { cluster = { id = "d", name = "D" }, reason = "r" },
            { cluster = { id = "e" }, reason = "r", left_out = true }, { cluster = { id = "f" }, reason = "r" } },
            { note = function(_, text) table.insert(notes, text) end })
        assert.same({ "a, D, f: r", "c: s" }, notes)
    end)

    it("passes on what was raised as it is", function()
        local chosen = chosen_by { cluster = { "c1", "c2" } }
        chosen.client = client_of({ { id = "c1" }, { id = "c2" } }, { c1 = {}, c2 = "stop!" })
        assert.same({ false, "stop!" }, { pcall(chosen.fetch, chosen) })
    end)
end)
