local cjson = require "cjson"
local dwsync = require "dwsync"
local emulators = require "spec.support.emulator"
local runtimes = require "spec.support.runtimes"

local TOTAL, LIMIT = 2500, 400

local service, large

setup(function()
    service = emulators.start { records = TOTAL }
    large = service:cluster "large"
end)
teardown(function()
    service:stop()
end)
before_each(function()
    service:reset()
end)

-- What the emulator holds now, in one page and in its order.
local function truth(cluster)
    service:set { paging = cjson.null, count = cjson.null, max_limit = cjson.null }
    service:admin("DELETE", "faults")
    local page = assert(service:client():list_sync_records { cluster_id = cluster or large, limit = 1000000 })
    assert.equal(page.count, #page.sync_records)
    return page.sync_records
end

local function index(records)
    local ids = {}
    for i, record in ipairs(records) do
        assert.is_nil(ids[record.id], "a record came twice")
        ids[record.id] = i
    end
    return ids
end

local function assert_whole(list)
    assert.is_true(list.complete)
    assert.equal(#list, list.count)
    local expected = truth()
    assert.equal(#expected, #list)
    for i, record in ipairs(expected) do
        assert.same(record, list[i])
    end
end

-- Nothing that is there at the end may be missing; what vanished meanwhile may be in it or not.
local function assert_nothing_missing(list)
    assert.is_true(list.complete)
    assert.equal(#list, list.count)
    local ids = index(list)
    for _, record in ipairs(truth()) do
        assert.is_number(ids[record.id], "a record is missing")
    end
end

local function assert_incomplete(list, err)
    assert.is_nil(list)
    assert.is_true(dwsync.is_error(err), tostring(err))
    assert.equal("incomplete", err.kind)
    assert.is_true(#err.hint > 10)
    return err
end

describe("all_sync_records", function()
    it("brings 2,500 records in pages of 400, each once, in the service's order", function()
        local list = assert(service:client():all_sync_records { cluster_id = large, page_size = LIMIT })
        assert.equal(TOTAL, list.count)
        assert.is_true(list.pages >= 7 and list.pages <= 9, list.pages)
        assert_whole(list)
    end)

    for _, paging in ipairs { "page", "row" } do
        for _, count in ipairs { "total", "page", "absent" } do
            it(("is whole when offset counts a %s and count says %s"):format(paging, count), function()
                service:set { paging = paging, count = count }
                local list, err = service:client():all_sync_records { cluster_id = large, page_size = LIMIT }
                assert_whole(assert(list, tostring(err)))
            end)

            it(("is whole when that is said beforehand (%s, %s)"):format(paging, count), function()
                service:set { paging = paging, count = count }
                local list = assert(service:client({ paging = paging }):all_sync_records {
                    cluster_id = large, page_size = LIMIT,
                })
                assert_whole(list)
            end)
        end
    end

    for _, count in ipairs { "total", "page", "absent" } do
        it("is an error when offset is ignored and count says " .. count, function()
            service:set { paging = "ignore", count = count }
            local list, err = service:client():all_sync_records { cluster_id = large, page_size = LIMIT }
            err = assert_incomplete(list, err)
            assert.matches("page_size", err.hint)
            assert.is_true(service:asked() < 40)
        end)

        it(("is whole in one large page although offset is ignored and count says %s"):format(count), function()
            service:set { paging = "ignore", count = count }
            assert_whole(assert(service:client():all_sync_records { cluster_id = large, page_size = TOTAL + 1 }))
        end)
    end

    for _, paging in ipairs { "page", "row" } do
        it(("is whole when the service lowers the limit and counts the total (%s)"):format(paging), function()
            service:set { max_limit = 300, paging = paging }
            assert_whole(assert(service:client():all_sync_records { cluster_id = large, page_size = LIMIT }))
        end)
    end

    for _, limit in ipairs { 1, 3, 7, 24, 56, 167, 168, 169 } do
        for _, count in ipairs { "total", "absent" } do
            it(("brings 168 records in pages of %d when count says %s"):format(limit, count), function()
                service:set { count = count }
                local cluster = service:cluster "healthy"
                local list = assert(service:client():all_sync_records { cluster_id = cluster, page_size = limit })
                local expected = truth(cluster)
                assert.equal(168, list.count)
                for i, record in ipairs(expected) do
                    assert.equal(record.id, list[i].id)
                end
            end)
        end
    end

    it("of a cluster that never synchronised is empty and complete", function()
        local list = assert(service:client():all_sync_records { cluster_id = service:cluster "never" })
        assert.same({ 0, 0, 1, true }, { #list, list.count, list.pages, list.complete })
        assert.equal(1, service:asked())
    end)

    it("takes the client's limit and paging when it is given none", function()
        assert(service:client({ limit = 2000 }):all_sync_records { cluster_id = large })
        assert.matches("%?limit=2000&offset=0$", service:journal().requests[1].uri)
    end)

    it("keeps records apart that have no id", function()
        local cluster = service:cluster "healthy"
        local records = {}
        for i = 1, 10 do
            records[i] = { start_time = 1747637723055 + i, status = "FINISHED" }
        end
        service:admin("POST", "records", { cluster = cluster, records = records })
        local list = assert(service:client():all_sync_records { cluster_id = cluster, page_size = 4 })
        assert.equal(10, list.count)
        for i = 1, 10 do
            assert.equal(1747637723055 + i, list[i].start_time)
        end
    end)
end)

describe("records that come and go while pages are read", function()
    local CHANGES = {
        ["3 arrive"] = { add_records = 3 },
        ["as many as a page holds arrive"] = { add_records = LIMIT },
        ["1 arrives"] = { add_records = 1 },
        ["5 vanish at the back"] = { remove_records = 5, from = "back" },
        ["5 vanish in front"] = { remove_records = 5, from = "front" },
        ["a page's worth vanishes in front"] = { remove_records = LIMIT, from = "front" },
        ["2 arrive and 2 vanish at the back"] = { add_records = 2, remove_records = 2, from = "back" },
        ["as many arrive as vanish in front"] = { add_records = 4, remove_records = 2, from = "front" },
        ["all vanish"] = { remove_records = TOTAL },
    }

    for title, action in pairs(CHANGES) do
        for _, skip in ipairs { 1, 3, 6 } do
            it(("do not make the list incomplete: %s before request %d"):format(title, skip + 1), function()
                service:fault(action, { skip = skip })
                local list, err = service:client():all_sync_records { cluster_id = large, page_size = LIMIT }
                assert_nothing_missing(assert(list, tostring(err)))
            end)
        end
    end

    for _, count in ipairs { "page", "absent" } do
        for _, title in ipairs { "3 arrive", "5 vanish at the back", "5 vanish in front" } do
            it(("do not make the list incomplete when count says %s: %s"):format(count, title), function()
                service:set { count = count }
                service:fault(CHANGES[title], { skip = 3 })
                local list, err = service:client():all_sync_records { cluster_id = large, page_size = LIMIT }
                assert_nothing_missing(assert(list, tostring(err)))
            end)
        end
    end

    for title, action in pairs {
        arriving = { add_records = 1 },
        ["vanishing at the back"] = { remove_records = 1, from = "back" },
        ["vanishing in front"] = { remove_records = 1, from = "front" },
    } do
        it(("end in a list that lacks nothing, or in an error, when they never stop %s"):format(title), function()
            service:fault(action, { times = cjson.null })
            local list, err = service:client():all_sync_records { cluster_id = large, page_size = LIMIT }
            assert.is_true(service:asked() < 60)
            if list then
                assert_nothing_missing(list)
            else
                assert_incomplete(list, err)
            end
        end)
    end
end)

describe("sync_records", function()
    local function walk(client, parameters)
        local records = {}
        local ok, err = pcall(function()
            for record in client:sync_records(parameters) do
                records[#records + 1] = record
            end
        end)
        return records, not ok and err or nil
    end

    it("yields every record once, in the service's order", function()
        local records, err = walk(service:client(), { cluster_id = large, page_size = LIMIT })
        assert.is_nil(err)
        local expected = truth()
        assert.equal(#expected, #records)
        for i, record in ipairs(expected) do
            assert.equal(record.id, records[i].id)
        end
    end)

    it("asks for a page when the loop needs it and not before", function()
        local client = service:client()
        local iterator = client:sync_records { cluster_id = large, page_size = LIMIT }
        assert.equal(0, service:asked())
        for _ = 1, LIMIT do
            assert.is_table(iterator())
        end
        assert.equal(1, service:asked())
        iterator()
        assert.equal(2, service:asked())
    end)

    it("ends with nil, again and again", function()
        local iterator = service:client():sync_records { cluster_id = service:cluster "never" }
        assert.is_nil(iterator())
        assert.is_nil(iterator())
        assert.equal(1, service:asked())
    end)

    it("raises the error object of a page that fails, after the records before it", function()
        service:fault({ status = 400, body = '{"error_code":"DWS.0001","error_msg":"No."}' }, { skip = 2 })
        local records, err = walk(service:client(), { cluster_id = large, page_size = LIMIT })
        assert.equal(2 * LIMIT, #records)
        assert.is_true(dwsync.is_error(err))
        assert.same({ "request", "DWS.0001" }, { err.kind, err.code })
        assert.equal(3, service:asked())
    end)

    it("raises the error object when the list cannot be had whole", function()
        service:set { paging = "ignore" }
        local records, err = walk(service:client(), { cluster_id = large, page_size = LIMIT })
        index(records)
        assert.is_true(dwsync.is_error(err))
        assert.equal("incomplete", err.kind)
    end)

    it("has its deadline for each page, all_sync_records for the whole list", function()
        local runtime, clock = runtimes.sleepless(), os.time()
        local perform = runtime.perform
        runtime.monotonic = function() return clock end
        runtime.perform = function(request)
            clock = clock + 20
            return perform(request)
        end
        local client = service:client { retries = 0, runtime = runtime }
        local parameters = { cluster_id = large, page_size = LIMIT, timeout = 60 }
        local records, err = walk(client, parameters)
        assert.is_nil(err)
        assert.equal(TOTAL, #records)
        local list, failure = client:all_sync_records(parameters)
        assert.is_nil(list)
        assert.equal("timeout", failure.kind)
    end)
end)

describe("a page that fails", function()
    it("makes all_sync_records fail, never return the half it had", function()
        local failures = { { status = 400 }, { truncate = 1000 }, { body = "<html>" }, { status = 204, body = "" } }
        for _, action in ipairs(failures) do
            service:reset()
            service:fault(action, { skip = 3 })
            local list, err = service:client():all_sync_records { cluster_id = large, page_size = LIMIT }
            assert.is_nil(list)
            assert.is_true(dwsync.is_error(err))
        end
    end)

    it("for a while is asked for again, and the list is whole", function()
        service:fault({ status = 503 }, { skip = 2, times = 2 })
        service:fault({ reset = "body" }, { skip = 4 })
        local list = assert(service:client({ runtime = runtimes.sleepless() }):all_sync_records {
            cluster_id = large, page_size = LIMIT,
        })
        assert_whole(list)
    end)
end)

describe("the bound on pages", function()
    it("is an error and says how to raise it", function()
        local client = service:client()
        local list, err = client:all_sync_records { cluster_id = large, page_size = LIMIT, max_pages = 3 }
        err = assert_incomplete(list, err)
        assert.matches("max_pages = 3 pages %(1200 records in 3 pages%)", err.message)
        assert.matches("max_pages", err.hint)
        assert.equal(3, service:asked())
    end)
end)

describe("progress", function()
    it("is told page by page", function()
        local told = {}
        local client = service:client {
            on_event = function(event)
                if event.type == "page" then
                    told[#told + 1] = ("%d/%d/%d"):format(event.pages, event.records, event.count)
                end
            end,
        }
        assert(client:all_sync_records { cluster_id = large, page_size = 1000 })
        assert.same({ "1/1000/2500", "2/2000/2500", "3/2500/2500" }, { told[1], told[2], told[3] })
    end)
end)
