-- Lists over a service that is a Lua table: what each walk is given, and what it says on its way.
local cjson = require "cjson"
local dwsync = require "dwsync"

local NOW = 1747637723

-- A client whose service has so many records, and what it was asked and said.
local function client_of(count, options)
    local asked, events = {}, {}
    local given = { region = "cn-north-4", project_id = "p", credentials = { ak = "A", sk = "S" },
        on_event = function(event)
            events[#events + 1] = event.type == "page" and event or nil
        end,
        runtime = {
            perform = function(request)
                local limit, offset = request.url:match "limit=(%d+)&offset=(%d+)"
                asked[#asked + 1] = offset .. "+" .. limit
                local rows = {}
                for i = tonumber(offset) + 1, math.min(tonumber(offset) + tonumber(limit), count) do
                    rows[#rows + 1] = { id = "r" .. i, status = "FINISHED", start_time = NOW * 1000 - i,
                        identity_source_type = "ldap" }
                end
                return { status = 200, headers = {}, body = ('{"count":%d,"sync_records":%s}'):format(count,
                    rows[1] and cjson.encode(rows) or "[]") }
            end,
            sleep = function() end,
            now = function() return NOW end,
        } }
    for name, value in pairs(options or {}) do
        given[name] = value
    end
    return assert(dwsync.new(given)), asked, events
end

local function all(client, more)
    local parameters = { cluster_id = "c" }
    for name, value in pairs(more or {}) do
        parameters[name] = value
    end
    return client:all_sync_records(parameters)
end

describe("a list", function()
    it("takes paging, page's size and their number from the call, else from the client", function()
        for _, case in ipairs {
            { { paging = "row", page_size = 10 }, {} }, { { paging = "page", page_size = 7 },
                { paging = "row", page_size = 10 } }, { {}, { paging = "row", page_size = 10 } },
        } do
            local client, asked = client_of(25, case[1])
            assert.equal(25, #assert(all(client, case[2])))
            assert.same({ "0+10", "9+10", "18+10" }, { asked[1], asked[2], asked[3] })
        end
        for _, case in ipairs { { { max_pages = 2 }, {} }, { {}, { max_pages = 2 } },
            { { max_pages = 9 }, { max_pages = 2 } } } do
            case[1].paging, case[1].page_size = "row", 10
            local list, err = all(client_of(25, case[1]), case[2])
            assert.is_nil(list)
            assert.same({ "incomplete", "the record list could not be read completely: the list did not end within "
                .. "max_pages = 2 pages (19 records in 2 pages)" }, { err.kind, err.message })
        end
    end)

    it("says each page: how many there were, and what they hold", function()
        local client, _, events = client_of(25, { paging = "row", page_size = 10 })
        local list = assert(all(client))
        assert.same({ 25, 25, true }, { list.count, list.total, list.complete })
        for i, records in ipairs { 10, 19, 25 } do -- pages overlap by a record
            assert.same({ type = "page", pages = i, records = records, count = 25 }, events[i])
        end
        local silent = client_of(25, { paging = "row", page_size = 10 })
        silent.emit = nil
        assert.equal(25, #assert(all(silent)))
    end)

    it("is read once more for a word that no record has, and not at all when it is empty", function()
        for _, case in ipairs { { 0, {} }, { 1, { status = "FAIL" } }, { 11, { status = "FAIL" } } } do
            local client, asked = client_of(case[1], { paging = "row", page_size = 10 })
            local plain, without = client_of(case[1], { paging = "row", page_size = 10 })
            local list, err = all(client, { where = { status = "FAIL" } })
            assert(all(plain))
            if case[1] == 0 then
                assert.same({}, { list[1] })
                assert.equal(#without, #asked)
            else
                assert.equal("config", err.kind)
                assert.is_true(#asked > #without)
            end
        end
    end)

    it("is read once where its records have the words of the conditions", function()
        local function paused()
            local client, asked = client_of(25, { page_size = 10 })
            local perform = client.runtime.perform
            client.runtime.perform = function(request)
                local response = perform(request)
                response.body = response.body:gsub("FINISHED", "PAUSED")
                return response
            end
            return client, asked
        end
        local client, asked = paused()
        assert.equal(25, #assert(all(client, { where = { status = "PAUSED" } })))
        local plain, without = client_of(25, { page_size = 10 })
        assert.equal(25, #assert(all(plain)))
        assert.same(without, asked)
        client, asked = paused()
        local count = 0
        for _ in client:sync_records { cluster_id = "c", where = { status = "PAUSED" } } do
            count = count + 1
        end
        assert.equal(25, count)
        assert.same(without, asked)
    end)

    it("reads all pages once more before it calls a word mistyped", function()
        for place, found in pairs { [1] = true, [15] = true, [25] = true, [26] = false } do
            local client = client_of(25, { paging = "row", page_size = 10, retries = 0 })
            local perform = client.runtime.perform
            client.runtime.perform = function(request)
                local response = perform(request)
                response.body = response.body:gsub('{[^{}]*"id":"r' .. place .. '"[^{}]*}', function(record)
                    return (record:gsub("FINISHED", "PAUSED"))
                end)
                return response
            end
            local list, err = all(client, { where = { status = "PAUSED", id = "none" } })
            assert.equal(found, list ~= nil, place)
            assert.equal(not found and "config" or nil, err and err.kind)
        end
    end)

    it("has its points of time in order, and once", function()
        local client = client_of(25)
        local both = "where.start_time and since or until_ exclude each other"
        local day = "2025-05-18T00:00:00Z"
        for message, more in pairs {
            [both] = { since = day, where = { start_time = { min = 1 } } },
            ["since is not before until_"] = { since = day, until_ = day },
        } do
            local _, err = all(client, more)
            assert.same({ "config", message }, { err.kind, err.message })
        end
        local _, err = all(client, { until_ = day, where = { start_time = { min = 1 } } })
        assert.equal(both, err.message)
        assert.equal(25, #assert(all(client, { since = day, where = { status = "FINISHED" } })))
        assert.equal(0, #assert(all(client, { until_ = day, where = { identity_source_type = "ldap" } })))
        assert.equal(0, #assert(all(client, { since = "2025-05-17T00:00:00Z", until_ = day })))
    end)
end)

describe("what a list rests on", function()
    -- The ids of each page, the last one again and again, and the count that they name.
    local function client_over(field, pages, count, max_pages)
        return (assert(dwsync.new { region = "cn-north-4", project_id = "p", credentials = { ak = "A", sk = "S" },
            page_size = 3, max_pages = max_pages, runtime = {
                perform = function(request)
                    local rows = {}
                    local page = tonumber(request.url:match "offset=(%d+)") + 1
                    for name in (pages[page] or pages.rest or ""):gmatch "." do
                        rows[#rows + 1] = field == "users" and { name = name, user_type = "IAM" }
                            or { id = name, start_time = -name:byte() }
                    end
                    return { status = 200, headers = {}, body = ('{"count":%s,"%s":%s}'):format(count or "null", field,
                        rows[1] and cjson.encode(rows) or "[]") }
                end,
                sleep = function() end,
                now = function() return NOW end,
            } }))
    end

    it("is said where no page could show that there are no more", function()
        for _, case in ipairs {
            -- pages, count, max_pages; of records, of accounts: what it rests on, pages read
            { { "ab" }, nil, nil, nil, 2, nil, 2 }, { { "ab" }, nil, 1, "count", 1, "page", 1 },
            { { "ab", rest = "ab" }, nil, nil, "count", 2, "page", 2 },
            { { "ab", rest = "ab" }, 2, nil, "count", 2, "page", 2 },
            { { "ab", "a" }, 2, nil, "count", 2, "count", 2 },
            { { "abc", "de" }, nil, nil, nil, 3, "readings", 4 }, { { "abc", "de" }, 5, nil, nil, 3, nil, 3 },
        } do
            for i, field in ipairs { "sync_records", "users" } do
                local client = client_over(field, case[1], case[2], case[3])
                local method = i == 1 and client.all_sync_records or client.all_database_users
                local list = assert(method(client, { cluster_id = "c" }))
                local text = table.concat(case[1], ",")
                assert.equal(case[2 + 2 * i], list.rests_on, text)
                assert.same({ #list, case[3 + 2 * i], #list, true }, { list.count, list.pages, list.total,
                    list.complete }, text)
            end
            local client = client_over("sync_records", case[1], case[2], case[3])
            local list = assert(client:all_sync_records { cluster_id = "c", limit = 9 })
            assert.same({ case[4], true, false }, { list.rests_on, list.complete, list.limited })
        end
    end)
end)

describe("an iterator", function()
    it("raises the error as it is", function()
        for _, more in ipairs { {}, { limit = 3 } } do
            local client = client_of(25, { retries = 0 })
            client.runtime.perform = function()
                return nil, { kind = "network", code = "connect", message = "cut" }
            end
            more.cluster_id = "c"
            local good, err = pcall(function()
                for _ in client:sync_records(more) do
                    error "a record came"
                end
            end)
            assert.is_false(good)
            assert.equal("network", err.kind)
        end
    end)
end)
