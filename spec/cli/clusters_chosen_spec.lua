local command = require "spec.support.command"
local run = command.run

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
            assert.equal(("dwsync: %s\n        See dwsync --help, or dwsync COMMAND --help.\n"):format(WHICH), err)
        end
        local _, _, err = run { "health", "c1", "--all-clusters" }
        assert.matches("^dwsync: %-%-all%-clusters and a cluster exclude each other\n", err)
        _, _, err = run { "health", "--input", "-", "--all-clusters" }
        assert.matches("^dwsync: %-%-all%-clusters and %-%-input exclude each other\n", err)
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
