local cli = require "dwsync.cli"
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local errors = require "dwsync.errors"
local json = require "dwsync.json"

local NOW = 1747637723
local C1 = "c1c1c1c1-0000-4000-8000-000000000001" -- taken as it is, so that requests can be counted
local ENVIRONMENT = {
    DWSYNC_REGION = "cn-north-4",
    HUAWEICLOUD_SDK_AK = "AKEXAMPLE",
    HUAWEICLOUD_SDK_SK = "hidden-sk",
    HUAWEICLOUD_SDK_PROJECT_ID = "p1",
}

local function record(id, status, start, source, source_type)
    return ('{"id":"%s","identity_source_id":"%s","identity_source_type":"%s","start_time":%d,"status":"%s",'
        .. '"add_count":1,"fail_reason":null}'):format(id, source or "s1", source_type or "ldap", start, status)
end

local DAY = 86400000
local RECORDS = {
    record("r1", "RUNNING", NOW * 1000 - 1),
    record("r2", "FAILED", NOW * 1000 - DAY),
    record("r3", "FINISHED", NOW * 1000 - 2 * DAY, "s2", "oneaccess"),
    record("r4", "FAILED", NOW * 1000 - 8 * DAY, "s2", "oneaccess"),
}

local function page(records, first, last)
    return ('{"count":%d,"sync_records":[%s]}'):format(#records, table.concat(records, ",", first, last))
end

-- Runs the command; `answer(request)` gives status and body, by default all records. Returns status, stdout, stderr and
-- the URLs asked for.
local function run(arguments, answer, terminal, stdout)
    local out, err, urls = "", "", {}
    table.insert(arguments, 1, "records")
    local exit = cli.main(arguments, {
        stdout = stdout or {
            write = function(_, text) out = out .. text return true end,
            flush = function() return true end,
        },
        stderr = { write = function(_, text) err = err .. text end },
        getenv = function(name) return ENVIRONMENT[name] end,
        read_file = function() return nil, "No such file or directory", true end,
        is_terminal = function(stream) return stream == terminal end,
        terminal_columns = function() return 80 end,
        now = function() return NOW end,
        random = function() return 0 end,
        runtime = {
            now = function() return NOW end,
            sleep = function() end,
            perform = function(request)
                urls[#urls + 1] = request.url
                local status, body = 200, page(RECORDS)
                if answer then
                    status, body = answer(request)
                end
                return { status = status, headers = {}, body = body }
            end,
        },
    })
    return exit, out, err, urls
end

-- The ids that the options leave.
local function ids(...)
    local status, out, err = run { C1, "-o", "tsv", "--columns", "id", ... }
    assert.equal(0, status, err)
    return (out:gsub("^id\n", ""):gsub("\n", " "))
end

describe("dwsync records", function()
    it("asks for the cluster's records and shows them", function()
        local status, out, err, urls = run { C1 }
        assert.equal(0, status)
        assert.equal("", err)
        local url = "https://dws.cn-north-4.myhuaweicloud.com/v1/p1/clusters/" .. C1
            .. "/db-manager/sync-records?limit=1000"
            .. "&offset="
        assert.same({ url .. 0, url .. 1 }, urls)
        assert.equal("START                 STATUS    TYPE       ADD  UPD  DEL  FAIL  REASON\n",
            out:match "^[^\n]*\n")
        local _, lines = out:gsub("\n", "")
        assert.equal(5, lines)
    end)

    it("shows all documented fields in CSV and TSV", function()
        local _, out = run { C1, "-o", "csv" }
        assert.equal("id,identity_source_id,identity_source_type,start_time,end_time,add_count,update_count,"
            .. "delete_count,failed_count,status,fail_reason\nr1,s1,ldap,2025-05-19T06:55:22.999Z,,1,,,,RUNNING,\n",
            out:match "^[^\n]*\n[^\n]*\n")
        local _, tsv = run { C1, "-o", "tsv" }
        assert.equal(out:match("^[^\n]*"):gsub(",", "\t"), (tsv:match "^[^\n]*"))
    end)

    it("gives JSON that reads back as the service's answer", function()
        local _, out = run { C1, "-o", "json" }
        local document = assert(json.decode(out))
        assert.equal(4, document.count)
        assert.same(assert(json.decode(page(RECORDS))).sync_records, document.sync_records)
    end)

    it("keeps the statuses asked for, in any case of letters", function()
        assert.equal("r2 r4 ", ids("--status", "failed"))
        assert.equal("r1 r2 r4 ", ids("--status", "FAILED,Running"))
    end)

    it("keeps the sources asked for, by id or type", function()
        assert.equal("r3 r4 ", ids("--source", "s2"))
        assert.equal("r1 r2 ", ids("--source", "ldap"))
    end)

    it("keeps what began since, and until", function()
        assert.equal("r1 r2 ", ids("--since", "24h"))
        assert.equal("r3 r4 ", ids("--until", "24h"))
        assert.equal("r2 r3 ", ids("--since", "7d", "--until", "1h"))
        assert.equal("r1 ", ids("--since", "2025-05-19"))
        assert.equal("r1 ", ids("--since", "1747637722999"))
    end)

    it("asks for no more than what is shown and chosen", function()
        local new, asked = clusters_chosen.new, nil
        clusters_chosen.new = function()
            return { fetch = function(_, parameters)
                asked = parameters
                return nil, errors.new { kind = "config", message = "enough" }
            end }
        end
        local SOURCE = { "identity_source_id", "identity_source_type" }
        local cases = {
            { {}, { where = {} } },
            { { "--columns", "id,status" }, { where = {}, fields = { "id", "status" } } },
            { { "--columns", "id,status", "--source", "s" },
                { where = {}, fields = { SOURCE[1], SOURCE[2], "id", "status" } } },
            { { "--columns", "id,cluster_name", "--source", "s" }, { where = {} } },
            { { "--source", "s" }, { where = {} } },
            { { "--limit", "3" }, { where = {}, limit = 3 } },
            { { "--limit", "3", "--source", "s" }, { where = {} } },
            { { "--status", "failed" }, { where = { status = { "FAILED" } } } },
            { { "--since", "1747637722999" }, { where = { start_time = { min = 1747637722999 } } } },
            { { "--until", "1747637722999" }, { where = { start_time = { max = 1747637722998 } } } },
            { { "--since", "1747637722000", "--until", "1747637722999" },
                { where = { start_time = { min = 1747637722000, max = 1747637722998 } } } },
        }
        local found = {}
        for i, case in ipairs(cases) do
            local words = { C1 }
            for _, word in ipairs(case[1]) do
                words[#words + 1] = word
            end
            local status, _, err = run(words)
            found[i] = { status, err:match "enough", asked }
        end
        clusters_chosen.new = new
        for i, case in ipairs(cases) do
            assert.same({ 2, "enough", case[2] }, found[i])
        end
    end)

    it("names the cluster where several may be meant, or are", function()
        local function head(words, answer)
            return select(2, run(words, answer)):match "^%S+"
        end
        assert.equal("START", head { C1 })
        assert.equal("CLUSTER", head({ "--all-clusters" }, function(request)
            return 200, request.url:find "sync%-records" and page(RECORDS)
                or ('{"clusters":[{"id":"%s","name":"a"}]}'):format(C1)
        end))
    end)

    it("refuses what is not a point in time, with status 2 and without asking", function()
        for _, name in ipairs { "since", "until" } do
            local status, out, err, urls = run { C1, "--" .. name, "yester\27day" }
            assert.equal(2, status)
            assert.equal("", out)
            assert.equal(('dwsync: --%s is "yester?day", expected 90m, 24h, 7d, yesterday, 2025-05-19, '
                .. "2025-05-19T06:55:23Z or milliseconds\n        See dwsync records --help.\n")
                :format(name), err)
            assert.same({}, urls)
        end
    end)

    it("notes on stderr why a list is empty", function()
        local status, out, err = run({ C1, "-o", "csv", "--columns", "id" }, function() return 200, page {} end)
        assert.equal(0, status)
        assert.equal("id\n", out)
        assert.equal("dwsync: no records: nothing was ever synchronised, or the feature is off\n", err)
        status, out, err = run { C1, "-o", "ndjson", "--until", "1000000000000" }
        assert.equal(0, status)
        assert.equal("", out)
        assert.equal("dwsync: none of the 4 records match\n", err)
        status, out, err = run({ C1, "-o", "ndjson", "--until", "1000000000000" },
            function() return 200, page { '{"id":"a","start_time":1747637723055}' } end)
        assert.same({ 0, "" }, { status, out })
        assert.equal("dwsync: the only record does not match\n", err)
        status, out, err = run { C1, "-o", "ndjson", "--source", "nope" }
        assert.equal(0, status)
        assert.equal("", out)
        assert.equal("dwsync: no records of that source\n        The sources are ldap (s1), oneaccess (s2).\n", err)
    end)

    it("refuses what could only ever find nothing", function()
        local status, out, err = run { C1, "--status", "FAILD" }
        assert.equal(2, status)
        assert.equal("", out)
        assert.matches('--status is "FAILD", expected FINISHED, FAILED or RUNNING, separated by commas', err, 1, true)
        status, out, err = run { C1, "--since", "7d", "--until", "8d" }
        assert.equal(2, status)
        assert.equal("", out)
        assert.matches("^dwsync: %-%-since must be before %-%-until\n", err)
    end)

    it("fails when the output cannot be written whole", function()
        local full = {
            write = function() return nil, "No space left on device" end,
            flush = function() return true end,
        }
        local status, _, err = run({ C1 }, nil, nil, full)
        assert.equal(1, status)
        assert.equal("dwsync: cannot write the output: No space left on device\n", err)
    end)

    local function by_page(request)
        local limit, offset = request.url:match "limit=(%d+)&offset=(%d+)$"
        local first = limit * offset + 1
        return 200, page(RECORDS, first, math.min(first + limit - 1, #RECORDS))
    end

    it("reads page by page, as large as --page-size says", function()
        local status, out, _, urls = run({ C1, "--page-size", "3", "-o", "tsv", "--columns", "id" }, by_page)
        assert.equal(0, status)
        assert.equal("id\nr1\nr2\nr3\nr4\n", out)
        assert.equal(3, #urls)
    end)

    it("prints the newest so many for one request", function()
        local status, out, err, urls = run({ C1, "--limit", "3", "-o", "tsv", "--columns", "id" }, by_page)
        assert.same({ 0, "id\nr1\nr2\nr3\n", "" }, { status, out, err })
        assert.equal(1, #urls)
        assert.equal("id\nr3\n", select(2, run({ C1, "--limit", "1", "--source", "s2", "-o", "tsv", "--columns",
            "id" }, by_page)))
        assert.equal("id\nr2\n", select(2, run({ C1, "--limit", "1", "--status", "failed", "-o", "tsv",
            "--columns", "id" }, by_page)))
    end)

    it("takes the newest of a list that is longer, and leaves one as long as it is", function()
        local path = os.tmpname()
        local file = assert(io.open(path, "w"))
        file:write(record("old", "FAILED", NOW * 1000 - DAY), "\n", record("new", "FAILED", NOW * 1000), "\n",
            record("middle", "FAILED", NOW * 1000 - 1), "\n")
        file:close()
        for limit, shown in pairs { ["1"] = "new ", ["2"] = "new middle ", ["3"] = "old new middle ",
            ["4"] = "old new middle " } do
            local _, out = run { "--input", path, "-o", "tsv", "--columns", "id", "--limit", limit }
            assert.equal(shown, (out:gsub("^id\n", ""):gsub("\n", " ")))
        end
        os.remove(path)
    end)

    it("says under --debug that all were read to find the newest", function()
        local _, out, err = run({ C1, "--limit", "1", "--debug", "-o", "tsv", "--columns", "id" }, function()
            return 200, page { RECORDS[3], RECORDS[1], RECORDS[2] }
        end)
        assert.equal("id\nr1\n", out)
        assert.is_truthy(err:find("the records do not come newest first: all are read to find the newest", 1, true))
    end)

    it("prints one page by its offset, as the service counts", function()
        local status, out, err, urls = run({ C1, "--offset", "1", "--page-size", "3", "-o", "tsv", "--columns",
            "id" }, by_page)
        assert.same({ 0, "id\nr4\n", "" }, { status, out, err })
        assert.equal(1, #urls)
        status, out, err = run({ C1, "--offset", "9", "-o", "tsv", "--columns", "id" }, by_page)
        assert.same({ 0, "id\n", "dwsync: that page has no records\n" }, { status, out, err })
    end)

    it("refuses an offset where there is more than one page", function()
        for _, arguments in ipairs {
            { C1, "--offset", "1", "--limit", "5" }, { "--all-clusters", "--offset", "1" },
        } do
            local status, _, err, urls = run(arguments)
            assert.equal(2, status)
            assert.matches("%-%-offset is for one page of one cluster", err)
            assert.same({}, urls)
        end
    end)

    it("asks what a number without a unit means", function()
        local status, _, err = run { C1, "--since", "6" }
        assert.equal(2, status)
        assert.is_truthy(err:find("milliseconds; 6 what? 6m, 6h, 6d", 1, true), err)
    end)

    it("prints nothing of a list that could not be read to its end", function()
        local requests = 0
        local status, out, err = run({ C1, "--page-size", "2", "-o", "csv" }, function(request)
            requests = requests + 1
            if requests == 2 then
                return 404, '{"error_code":"DWS.3027","error_msg":"deleted"}'
            end
            return by_page(request)
        end)
        assert.equal(1, status)
        assert.equal("", out)
        assert.equal("dwsync: not_found: ListSyncRecords of cluster " .. C1
            .. ": deleted (DWS.3027, HTTP 404).\n        The cluster was deleted.\n", err)
    end)

    it("passes --paging on", function()
        local _, _, err = run({ C1, "--page-size", "2", "--paging", "row" }, by_page)
        assert.is_truthy(err:find("the pages do not join up when offset counts rows", 1, true), err)
    end)

    it("shows progress on a terminal, and wipes it before anything else", function()
        local _, out, err = run({ C1, "--page-size", "3", "-o", "tsv", "--columns", "id" }, by_page, "stderr")
        assert.equal("id\nr1\nr2\nr3\nr4\n", out)
        assert.equal("\r\27[Kreading page 1: 3 of 4 records\r\27[Kreading page 2: 4 of 4 records"
            .. "\r\27[Kreading page 3: 4 of 4 records\r\27[K", err)
    end)

    it("shows no progress when stderr is no terminal", function()
        local _, _, err = run({ C1, "--page-size", "3" }, by_page, "stdout")
        assert.equal("", err)
    end)

    it("never asks for the records of a cluster id that fits no path", function()
        local status, out, err, urls = run({ "../../x" }, function()
            return 200, '{"clusters":[{"id":"../../x","name":"dws-prod"}]}'
        end)
        assert.same({ 2, "" }, { status, out })
        assert.is_truthy(err:find('dwsync: config: cluster_id is "../../x", expected letters', 1, true), err)
        assert.same({ "https://dws.cn-north-4.myhuaweicloud.com/v1.0/p1/clusters" }, urls)
    end)

    it("fails with status 1 when the service does, without asking too often", function()
        local status, out, err, urls = run({ C1, "--retries", "2" }, function() return 503, "" end)
        assert.equal(1, status)
        assert.equal("", out)
        assert.equal(3, #urls)
        assert.equal("dwsync: service: ListSyncRecords of cluster " .. C1
            .. ": the service answered with an empty body (HTTP 503, 3 attempts).\n"
            .. "        The service failed; try again later, and quote the request id when you report it.\n", err)
    end)
end)
