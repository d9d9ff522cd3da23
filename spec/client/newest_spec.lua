-- The newest of a list, over a service that is a Lua table: its records in some order, pages by index.
local dwsync = require "dwsync"
local cjson = require "cjson"
local newest = require "dwsync.client.newest"

local NOW = 1747637723
local HOUR = 3600000

-- Records that started an hour apart; the first one now.
local function hourly(count)
    local list = {}
    for i = 1, count do
        list[i] = {
            id = ("r%04d"):format(i),
            start_time = NOW * 1000 - (i - 1) * HOUR,
            status = i % 10 == 0 and "FAILED" or "FINISHED",
            identity_source_type = "ldap",
        }
    end
    return list
end

-- A client of a service with these records. `asked` has the path and query of each request.
local function client_of(rows, options)
    local asked, events = {}, {}
    local given = {
        region = "cn-north-4",
        project_id = "p",
        credentials = { ak = "A", sk = "S" },
        on_event = function(event)
            events[#events + 1] = event.type == "disorder" and event or nil
        end,
        runtime = {
            perform = function(request)
                local limit = tonumber(request.url:match "limit=(%d+)")
                local offset = tonumber(request.url:match "offset=(%d+)") or 0
                asked[#asked + 1] = ("%d+%d"):format(offset, limit)
                local page = {}
                for i = offset * limit + 1, math.min((offset + 1) * limit, #rows) do
                    page[#page + 1] = rows[i]
                end
                local list = #page > 0 and cjson.encode(page) or "[]"
                return { status = 200, headers = {},
                    body = ('{"count":%d,"sync_records":%s}'):format(#rows, list) }
            end,
            sleep = function() end,
            now = function() return NOW end,
        },
    }
    for name, value in pairs(options or {}) do
        given[name] = value
    end
    return assert(dwsync.new(given)), asked, events
end

local function ids(list)
    local names = {}
    for i, record in ipairs(list) do
        names[i] = record.id
    end
    return table.concat(names, " ")
end

local function shuffled(rows)
    local list = {}
    for i = 1, #rows do
        list[i] = rows[(i * 7) % #rows + 1] -- 7 and the number of rows have no common divisor
    end
    return list
end

describe("a list with a limit", function()
    it("is the newest so many, for one request of a small page", function()
        local client, asked = client_of(hourly(2500))
        local list = assert(client:all_sync_records { cluster_id = "c", limit = 5 })
        assert.equal("r0001 r0002 r0003 r0004 r0005", ids(list))
        assert.same({ "0+20" }, asked)
        assert.same({ 5, true, false }, { list.count, list.limited, list.complete })
        assert.is_nil(list.total)
    end)

    it("reads as many pages as it needs and no more", function()
        local client, asked = client_of(hourly(2500), { page_size = 100 })
        local list = assert(client:all_sync_records { cluster_id = "c", limit = 250 })
        assert.equal(250, #list)
        assert.equal("r0250", list[250].id)
        assert.same({ "0+100", "1+100", "2+100" }, asked)
    end)

    it("is complete when there are fewer than that", function()
        for _, count in ipairs { 0, 1, 4 } do
            local list = assert(client_of(hourly(count)):all_sync_records { cluster_id = "c", limit = 5 })
            assert.same({ count, count, false, true }, { #list, list.total, list.limited, list.complete })
        end
    end)

    it("is limited when there may be more, which nothing is asked to find out", function()
        for _, count in ipairs { 5, 6 } do
            local client, asked = client_of(hourly(count))
            local list = assert(client:all_sync_records { cluster_id = "c", limit = 5 })
            assert.same({ 5, true, false }, { #list, list.limited, list.complete })
            assert.equal(1, #asked)
        end
    end)

    it("reads everything, and says so, when the records are not in order", function()
        local rows = shuffled(hourly(100))
        local client, asked, events = client_of(rows, { page_size = 30 })
        local list = assert(client:all_sync_records { cluster_id = "c", limit = 5 })
        assert.equal("r0001 r0002 r0003 r0004 r0005", ids(list))
        assert.is_true(#asked >= 4)
        assert.same({ { type = "disorder", cluster_id = "c" } }, events)
        assert.same({ 100, true, false }, { list.total, list.limited, list.complete })
    end)

    it("notices disorder on a later page, before it has enough", function()
        local rows = hourly(100)
        rows[41].start_time = rows[1].start_time + HOUR
        local list = assert(client_of(rows, { page_size = 20 }):all_sync_records { cluster_id = "c", limit = 50 })
        assert.equal("r0041", list[1].id)
    end)

    it("takes a record without a start for disorder, and for the oldest", function()
        local rows = hourly(30)
        rows[2].start_time = nil
        local list = assert(client_of(rows):all_sync_records { cluster_id = "c", limit = 3 })
        assert.equal("r0001 r0003 r0004", ids(list))
        assert.equal("r0002", assert(client_of(rows):all_sync_records { cluster_id = "c", limit = 30 })[30].id)
    end)

    it("takes equal starts for order and leaves them as they came", function()
        local rows = hourly(30)
        for i = 1, 10 do
            rows[i].start_time = rows[1].start_time
        end
        local client, asked = client_of(rows)
        assert.equal("r0001 r0002 r0003", ids(assert(client:all_sync_records { cluster_id = "c", limit = 3 })))
        assert.equal(1, #asked)
    end)

    it("counts what meets the conditions, in pages of the client's size", function()
        local client, asked = client_of(hourly(2500), { page_size = 25 })
        local list = assert(client:all_sync_records { cluster_id = "c", limit = 3, where = { status = "FAILED" } })
        assert.equal("r0010 r0020 r0030", ids(list))
        assert.same({ "0+25", "1+25" }, asked)
    end)

    it("has only the fields asked for", function()
        local client = client_of(hourly(50))
        local list = assert(client:all_sync_records { cluster_id = "c", limit = 1, fields = { "id" },
            where = { status = "FAILED" } })
        assert.same({ id = "r0010" }, list[1])
    end)

    it("is as short as it comes, with only the fields asked for", function()
        local list = assert(client_of(hourly(2)):all_sync_records { cluster_id = "c", limit = 5, fields = { "id" } })
        assert.same({ { id = "r0001" }, { id = "r0002" }, count = 2, pages = 2, total = 2, limited = false,
            complete = true }, list)
    end)

    it("takes the page size that is asked for", function()
        local client, asked = client_of(hourly(50))
        assert(client:all_sync_records { cluster_id = "c", limit = 5, page_size = 2 })
        assert.same({ "0+2", "1+2", "2+2" }, asked)
    end)

    it("is an error when a page fails", function()
        local client = client_of(hourly(50), { runtime = {
            perform = function() return { status = 403, headers = {}, body = "{}" } end,
            sleep = function() end,
            now = function() return NOW end,
        } })
        local list, err = client:all_sync_records { cluster_id = "c", limit = 5 }
        assert.is_nil(list)
        assert.is_true(dwsync.is_error(err))
        assert.has_error(function() client:sync_records { cluster_id = "c", limit = 5 } end)
    end)

    it("is what the iterator yields", function()
        local found = {}
        for record in client_of(hourly(2500)):sync_records { cluster_id = "c", limit = 3 } do
            found[#found + 1] = record
        end
        assert.equal("r0001 r0002 r0003", ids(found))
    end)
end)

describe("a list of a period", function()
    it("takes lengths of time, dates and numbers, as the command does", function()
        local from = NOW * 1000 - 2 * HOUR
        for _, since in ipairs { "2h", "120m", from, from / 1000, "2025-05-19T04:55:23Z" } do
            local list = assert(client_of(hourly(50)):all_sync_records { cluster_id = "c", since = since })
            assert.equal("r0001 r0002 r0003", ids(list))
            assert.same({ 50, true }, { list.total, list.complete })
        end
    end)

    it("excludes its end", function()
        local list = assert(client_of(hourly(50)):all_sync_records { cluster_id = "c", since = "3h", until_ = "1h",
            where = { status = "FINISHED" } })
        assert.equal("r0003 r0004", ids(list))
    end)

    it("goes with a limit", function()
        local list = assert(client_of(hourly(50)):all_sync_records { cluster_id = "c", since = "30h", limit = 2,
            where = { status = "FAILED" } })
        assert.equal("r0010 r0020", ids(list))
    end)

    it("is refused where it makes no sense", function()
        local client, asked = client_of(hourly(5))
        for message, given in pairs {
            ['^since is "6", expected 90m, 24h, 7d.*; 6 what%? 6m, 6h, 6d$'] = { since = "6" },
            ["^until_ is a? ?table"] = { until_ = {} },
            ["^since is not before until_$"] = { since = "1h", until_ = "2h" },
            ["^where.start_time and since or until_ exclude each other$"] =
                { since = "1h", where = { start_time = { min = 1 } } },
        } do
            given.cluster_id = "c"
            local list, err = client:all_sync_records(given)
            assert.is_nil(list)
            assert.equal("config", err.kind)
            assert.matches(message, err.message)
        end
        assert.same({}, asked)
    end)
end)

describe("the page size of a client", function()
    it("may be called limit, as it was, with a warning", function()
        local warnings = {}
        local client = assert(dwsync.new { region = "cn-north-4", credentials = { ak = "A", sk = "S" }, limit = 7,
            on_event = function(event) warnings[#warnings + 1] = event end })
        assert.equal(7, client:option "page_size")
        assert.same({ { type = "warning",
            message = "`limit` of a client is now called `page_size`: records a request, not how many are read" } },
            warnings)
    end)

    it("is the one given as page_size when both are", function()
        local client = assert(dwsync.new { region = "cn-north-4", credentials = { ak = "A", sk = "S" }, limit = 7,
            page_size = 9 })
        assert.equal(9, client:option "page_size")
    end)
end)

describe("the fields that the newest need", function()
    it("are all when all are asked for", function()
        assert.same({ nil, {} }, { newest.fields(nil, { status = "FAILED" }) })
    end)

    it("are those asked for, the start and those of the conditions", function()
        local fields, added = newest.fields({ "id", "start_time" }, { status = "FAILED", id = "x" })
        assert.same({ "id", "start_time", "status" }, fields)
        assert.same({ status = true }, added)
    end)
end)

describe("a condition with a typing error", function()
    local METHODS = {
        ["a list"] = function(client, where)
            return client:all_sync_records { cluster_id = "c", where = where }
        end,
        ["the newest"] = function(client, where)
            return client:all_sync_records { cluster_id = "c", limit = 3, where = where }
        end,
        ["an iterator"] = function(client, where)
            local list = {}
            local good, err = pcall(function()
                for record in client:sync_records { cluster_id = "c", where = where } do
                    list[#list + 1] = record
                end
            end)
            return good and list or nil, err
        end,
    }
    for name, method in pairs(METHODS) do
        it(("is an error that names what there is: %s"):format(name), function()
            local list, err = method(client_of(hourly(30)), { status = "FAIL" })
            assert.is_nil(list)
            assert.equal("config", err.kind)
            assert.equal('where.status is "FAIL", which no record has; there are "FAILED", "FINISHED" and "RUNNING"',
                err.message)
        end)

        it(("is none when a record has the word, if only in a record that another condition leaves out: %s")
            :format(name), function()
            local rows = hourly(30)
            rows[1].status = "PAUSED"
            assert.same({}, { (assert(method(client_of(rows), { status = "PAUSED", id = "r0002" })))[1] })
            assert.equal("r0001", (assert(method(client_of(rows), { status = "PAUSED" })))[1].id)
        end)

        it(("is not looked for in an empty list, nor paid for by words that the service documents: %s"):format(name),
            function()
                assert(method(client_of {}, { status = "FAIL" }))
                local client, asked = client_of(hourly(5))
                assert(method(client, { status = "RUNNING" }))
                local without, plain = client_of(hourly(5))
                assert(method(without, { id = "none" }))
                assert.equal(#plain, #asked)
            end)
    end
end)
