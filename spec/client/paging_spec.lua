local core = require "dwsync.core"
local errors = require "dwsync.errors"
local json = require "dwsync.json"
local paging = require "dwsync.client.paging"

-- A walk with what a client gives to each.
local function new_walk(options)
    local all = { mode = "auto", max_pages = 10000, known = {}, list = "sync_records", noun = "record",
        on_page = function() end }
    for name, value in pairs(options) do
        all[name] = value
    end
    return paging.new(all)
end

-- The page as it comes over the wire, and what it says about its place.
local function sent(page, ids)
    local records = {}
    for i, record in ipairs(page.sync_records) do
        records[i] = json.encode(record)
    end
    local count = page.count and (',"count":%d'):format(page.count) or ""
    return core.decode_page(('{"sync_records":[%s]%s}'):format(table.concat(records, ","), count), { ids = ids })
end

-- ---- a simulated service -------------------------------------------------------------------------

-- Records are numbered in the order of their arrival; the oldest expire first.
local Service = {}
Service.__index = Service

-- knobs: `records`; `order` "newest" or "oldest" first; `offset` "page", "row" or "ignored"; `count` "total", "page" or
-- "absent"; `cap`: most records a page; `events`: request number → {arrivals, expiries} just before it, or a function
local function new_service(knobs)
    local self = setmetatable({ knobs = knobs, low = 1, high = knobs.records, requests = 0, offsets = {} }, Service)
    self.survivor_from = 1 -- what existed during the whole walk: survivor_from .. knobs.records
    return self
end

function Service:happen()
    local events = self.knobs.events
    local event = type(events) == "function" and events(self.requests) or events and events[self.requests]
    if event then
        self.high = self.high + event[1]
        self.low = math.min(self.low + event[2], self.high + 1)
        self.survivor_from = self.low
    end
end

function Service:size()
    return self.high - self.low + 1
end

function Service:record(row)
    local number = self.knobs.order == "newest" and self.high - row or self.low + row
    return { id = "record " .. number, start_time = number }
end

function Service:fetch(offset, limit)
    self.requests = self.requests + 1
    self.offsets[self.requests] = offset
    if self.requests > 1 then
        self:happen()
    end
    local length = math.min(limit, self.knobs.cap or limit)
    local first = ({ page = offset * length, row = offset, ignored = 0 })[self.knobs.offset]
    local records = {}
    for row = first, math.min(first + length, self:size()) - 1 do
        records[#records + 1] = self:record(row)
    end
    local count = ({ total = self:size(), page = #records })[self.knobs.count]
    return { count = count, sync_records = records }
end

local function reader(service, options)
    options = options or {}
    options.limit, options.is_ordered = options.limit or 5, true
    options.fetch = function(offset, limit, ids)
        return sent(service:fetch(offset, limit), ids)
    end
    return new_walk(options)
end

-- Walks to the end; returns the ids in order, or nil and the error.
local function read_all(walk)
    local ids = {}
    while true do
        local records, err = walk:next_records()
        if err then
            return nil, err
        elseif not records then
            return ids
        end
        assert(#records > 0, "an empty batch")
        for _, record in ipairs(records) do
            ids[#ids + 1] = record.id
        end
    end
end

local function knobs(changes)
    local all = { records = 12, order = "newest", offset = "page", count = "total" }
    for name, value in pairs(changes) do
        all[name] = value
    end
    return all
end

local function newest_first(high, low)
    local ids = {}
    for number = high, low, -1 do
        ids[#ids + 1] = "record " .. number
    end
    return ids
end

-- ---- readable cases ------------------------------------------------------------------------------

describe("a walk over pages", function()
    it("asks for the next page when the first is short, and once that showed the end, no more", function()
        for _, count in ipairs { "total", "page", "absent" } do
            local known = {}
            local function offsets_of(records)
                local service = new_service(knobs { records = records, count = count })
                local walk = reader(service, { known = known })
                assert.same(newest_first(records, 1), read_all(walk))
                assert.is_falsy(walk.unsettled)
                return service.offsets
            end
            assert.same({ 0, 1 }, offsets_of(3))
            assert.same({ 0 }, offsets_of(3))
            assert.same({ 0 }, offsets_of(2))
            assert.same({ 0, 1 }, offsets_of(4)) -- the service may give no more than four
            assert.same({ 0 }, offsets_of(4))
        end
    end)

    it("knows of no more than the first page of the reading that showed the end", function()
        local known = {}
        -- Before the first page is read again all eight expire, and two arrive.
        local service = new_service(knobs { records = 8, count = "absent", cap = 5, events = { [3] = { 2, 8 } } })
        assert.equal(10, #assert(read_all(reader(service, { limit = 10, known = known }))))
        assert.same({ 0, 1, 0, 1 }, service.offsets)
        service = new_service(knobs { records = 8, count = "absent", cap = 5 })
        assert.equal(8, #assert(read_all(reader(service, { limit = 10, known = known }))))
    end)

    it("is whole when the service gives fewer records at once than were asked for, whatever it counts", function()
        for _, count in ipairs { "total", "page", "absent" } do
            for _, offset in ipairs { "page", "row" } do
                for _, cap in ipairs { 1, 2, 7, 100 } do
                    for _, records in ipairs { cap - 1, cap, cap + 1, 3 * cap, 3 * cap + 1 } do
                        local known = {}
                        for _ = 1, 2 do
                            local service = new_service(knobs { records = records, count = count, offset = offset,
                                cap = cap })
                            assert.equal(records, #assert(read_all(reader(service, { limit = 1000, known = known }))))
                        end
                    end
                end
            end
        end
    end)

    it("fails when it is told to count rows and a short page shows that the service does not", function()
        local service = new_service(knobs { records = 2500, cap = 100, count = "page" })
        local ids, err = read_all(reader(service, { limit = 1000, mode = "row" }))
        assert.is_nil(ids)
        assert.equal("incomplete", err.kind)
    end)

    it("says so when nothing settles whether a short page is all", function()
        for _, options in ipairs { { offset = "ignored" }, { offset = "page", max_pages = 1 } } do
            local service = new_service(knobs { records = 3, count = "page", offset = options.offset })
            local walk = reader(service, { max_pages = options.max_pages })
            assert.same(newest_first(3, 1), read_all(walk))
            assert.is_true(walk.unsettled)
        end
    end)

    it("asks once when there is nothing", function()
        for _, count in ipairs { "total", "page", "absent" } do
            local service = new_service(knobs { records = 0, count = count })
            assert.same({}, read_all(reader(service)))
            assert.same({ 0 }, service.offsets)
        end
    end)

    it("takes a first page of exactly the limit for the end only when nothing follows it", function()
        for _, count in ipairs { "total", "page", "absent" } do
            local service = new_service(knobs { records = 5, count = count })
            assert.same(newest_first(5, 1), read_all(reader(service)))
            assert.same({ 0, 1, 0 }, service.offsets)
        end
    end)

    it("ends an exact multiple of the limit by the total, with the first page read again", function()
        local service = new_service(knobs { records = 10 })
        assert.same(newest_first(10, 1), read_all(reader(service)))
        assert.same({ 0, 1, 0 }, service.offsets)
    end)

    it("ends an exact multiple of the limit by an empty page when the total is not told", function()
        for _, count in ipairs { "page", "absent" } do
            local service = new_service(knobs { records = 10, count = count })
            assert.same(newest_first(10, 1), read_all(reader(service)))
            assert.same({ 0, 1, 2, 0 }, service.offsets)
        end
    end)

    it("goes on after a short page when the service may have lowered the limit to its default of 1,000", function()
        for _, count in ipairs { "total", "page", "absent" } do
            local service = new_service(knobs { records = 2500, cap = 1000, count = count })
            assert.equal(2500, #read_all(reader(service, { limit = 5000 })))
        end
    end)

    it("asks for the same limit every time and passes it on", function()
        local limits = {}
        local service = new_service(knobs {})
        read_all(new_walk {
            limit = 7,
            is_ordered = true,
            fetch = function(offset, limit, ids)
                limits[#limits + 1] = limit
                return sent(service:fetch(offset, limit), ids)
            end,
        })
        assert.same({ 7, 7, 7 }, limits)
    end)

    it("goes on by rows when the service shows that it counts rows", function()
        for _, count in ipairs { "total", "page", "absent" } do
            local service = new_service(knobs { records = 23, offset = "row", count = count })
            assert.same(newest_first(23, 1), read_all(reader(service)))
            -- Each page begins with the last record of the one before.
            assert.equal("0 1 5 9 13 17 21", table.concat(service.offsets, " ", 1, 7))
        end
    end)

    it("does not take a page-counting service for a row-counting one because records arrived", function()
        -- limit - 1 arrivals make page 1 look exactly like page 0 moved by one row.
        for _, count in ipairs { "total", "page", "absent" } do
            local service = new_service(knobs { records = 30, count = count, events = { [2] = { 4, 0 } } })
            local ids = assert(read_all(reader(service)))
            assert.equal(34, #ids)
        end
    end)

    it("keeps to pages, or to rows, when it is told to", function()
        local by_page = new_service(knobs { records = 12 })
        assert.same(newest_first(12, 1), read_all(reader(by_page, { mode = "page" })))
        assert.same({ 0, 1, 2, 0 }, by_page.offsets)
        local by_row = new_service(knobs { records = 12, offset = "row" })
        assert.same(newest_first(12, 1), read_all(reader(by_row, { mode = "row" })))
        assert.same({ 0, 4, 8, 0 }, by_row.offsets)
    end)

    it("reads a row-counting service by page index when it is told to: slowly, but whole", function()
        local service = new_service(knobs { records = 12, offset = "row" })
        assert.same(newest_first(12, 1), read_all(reader(service, { mode = "page" })))
        assert.same({ 0, 1, 2, 3, 4, 5, 6, 7, 0 }, service.offsets)
    end)

    it("notices that it was told to read a page-counting service by rows", function()
        for _, count in ipairs { "total", "page", "absent" } do
            local service = new_service(knobs { records = 40, count = count })
            local ids, err = read_all(reader(service, { mode = "row" }))
            assert.is_nil(ids)
            assert.equal("incomplete", err.kind)
            assert.equal("the record list could not be read completely: the pages do not join up when offset counts "
                .. "rows", err.message:match "^(.-) %(")
            assert.equal('Set `paging` to "auto", unless the service is known to count rows.', err.hint)
        end
    end)

    it("says so when the service ignores offset and tells the total", function()
        local ids, err = read_all(reader(new_service(knobs { offset = "ignored" })))
        assert.is_nil(ids)
        assert.equal("incomplete", err.kind)
        assert.equal("the record list could not be read completely: the service counts 12 records but delivered 5 in "
            .. "each of 4 readings (5 records in 9 pages)", err.message)
        assert.equal("It repeats pages: read everything in one page with `page_size` = 13.", err.hint)
        assert.is_false(err.retryable)
    end)

    it("says so when such a service also gives fewer than were asked for", function()
        local _, err = read_all(reader(new_service(knobs { offset = "ignored", cap = 5 }), { limit = 10 }))
        assert.equal("incomplete", err.kind)
        assert.matches("^It repeats pages: ", err.hint)
    end)

    it("says so when the service ignores offset and does not tell the total", function()
        for _, count in ipairs { "page", "absent" } do
            local ids, err = read_all(reader(new_service(knobs { offset = "ignored", count = count })))
            assert.is_nil(ids)
            assert.equal("the record list could not be read completely: the service repeats pages whatever the "
                .. "offset (5 records in 9 pages)", err.message)
            assert.equal("Read everything in one page with a larger `page_size`.", err.hint)
        end
    end)

    it("is not fooled when the service ignores offset while records arrive", function()
        local service = new_service(knobs { offset = "ignored", count = "absent", events = { [2] = { 1, 0 } } })
        local ids, err = read_all(reader(service))
        assert.is_nil(ids)
        assert.equal("incomplete", err.kind)
    end)

    it("fails when the service counts more than it delivers", function()
        local _, err = read_all(new_walk {
            limit = 5,
            is_ordered = true,
            fetch = function(_, _, ids) return core.decode_page('{"count":3,"sync_records":[]}', { ids = ids }) end,
        })
        assert.equal("the record list could not be read completely: the service counts 3 records but delivered 0 in "
            .. "each of 4 readings (0 records in 5 pages)", err.message)
    end)

    it("hands out what arrived meanwhile, too", function()
        local service = new_service(knobs { records = 12, events = { [2] = { 2, 0 } } })
        local ids = assert(read_all(reader(service)))
        table.sort(ids)
        local expected = newest_first(14, 1)
        table.sort(expected)
        assert.same(expected, ids)
    end)

    it("reads again when the rows moved up, so that none is skipped", function()
        -- The oldest record, which stands first, expires between page 0 and page 1: record 6 slips onto page 0.
        for _, count in ipairs { "total", "page", "absent" } do
            local service = new_service(knobs { order = "oldest", count = count, events = { [2] = { 0, 1 } } })
            local ids = assert(read_all(reader(service)))
            local found = {}
            for _, id in ipairs(ids) do
                found[id] = true
            end
            assert.is_true(found["record 6"])
            assert.equal(12, #ids)
        end
    end)

    it("reads again when the total shrinks, since the rows behind what vanished moved up", function()
        -- Record 13 vanishes from page 0 after page 1 was read: record 5 slips onto page 1, and the numbers agree.
        local ids, requests = newest_first(15, 1), 0
        local walk = new_walk {
            limit = 5,
            is_ordered = true,
            fetch = function(offset, limit, known)
                requests = requests + 1
                if requests == 3 then
                    table.remove(ids, 3)
                end
                local records = {}
                for row = offset * limit + 1, math.min((offset + 1) * limit, #ids) do
                    records[#records + 1] = { id = ids[row] }
                end
                return sent({ count = #ids, sync_records = records }, known)
            end,
        }
        local found = assert(read_all(walk))
        assert.equal(15, #found) -- all that is left, and the one that vanished
        assert.equal("record 5", found[15])
    end)

    it("gives up with a reason when the records never stand still", function()
        local service = new_service(knobs {
            order = "oldest",
            records = 12,
            count = "absent",
            events = function() return { 1, 1 } end,
        })
        local ids, err = read_all(reader(service))
        assert.is_nil(ids)
        assert.equal("the record list could not be read completely: the records kept changing during 4 readings",
            err.message:match "^(.-) %(")
        assert.equal("Try again when no synchronisation is running, or with a larger `page_size`.", err.hint)
    end)

    it("knows records without id by all that they say", function()
        local a, b = { start_time = 1, status = "FAILED" }, { start_time = 2, status = "FAILED" }
        local c, d = { start_time = 3, id = "" }, { start_time = 3, status = "FINISHED" }
        local pages = { [0] = { a, b }, { c, d }, {} }
        local walk = new_walk {
            limit = 2,
            is_ordered = true,
            fetch = function(offset, _, ids) return sent({ sync_records = pages[offset] }, ids) end,
        }
        assert.same({ a, b }, walk:next_records())
        assert.same({ c, d }, walk:next_records())
        assert.same({}, { walk:next_records() })
    end)

    it("never hands a record out twice, even when one page repeats it", function()
        local walk = new_walk {
            limit = 5,
            is_ordered = true,
            fetch = function(_, _, ids)
                return sent({ sync_records = { { id = "x" }, { id = "x" }, { id = "y" } } }, ids)
            end,
        }
        assert.same({ { id = "x" }, { id = "y" } }, walk:next_records())
        assert.same({}, { walk:next_records() })
    end)

    it("passes an error in the middle on as it is", function()
        local service = new_service(knobs {})
        local failure = errors.new { kind = "network", message = "cut" }
        local walk = new_walk {
            limit = 5,
            is_ordered = true,
            fetch = function(offset, limit, ids)
                if offset == 1 then
                    return nil, failure
                end
                return sent(service:fetch(offset, limit), ids)
            end,
        }
        assert.equal(5, #walk:next_records())
        local records, err = walk:next_records()
        assert.is_nil(records)
        assert.equal(failure, err)
    end)

    it("stays failed: a page read in part must not leave records out of what comes later", function()
        local bodies = { '{"sync_records":[{"id":"1"},{"id":"2"}', '{"sync_records":[{"id":"1"},{"id":"2"}]}' }
        local asked = 0
        local walk = new_walk {
            limit = 10,
            is_ordered = true,
            fetch = function(_, _, ids)
                asked = asked + 1
                return core.decode_page(bodies[asked], { ids = ids })
            end,
        }
        local records, err = walk:next_records()
        assert.is_nil(records)
        assert.equal("decode", err.kind)
        assert.equal(err, select(2, walk:next_records()))
        assert.equal(1, asked)
    end)

    it("stays ended after the end, without another request", function()
        local service = new_service(knobs { records = 3 })
        local walk = reader(service)
        read_all(walk)
        assert.same({}, { walk:next_records() })
        assert.equal(2, service.requests)
    end)

    it("is told whether rows come and go at the ends only: that is never taken for granted", function()
        assert.error_matches(function() new_walk { limit = 5 } end, "paging.new: is_ordered must be true or false", 1,
            true)
    end)

    it("stops at max_pages with an error that names it", function()
        local service = new_service(knobs { records = 40 })
        local ids, err = read_all(reader(service, { max_pages = 3 }))
        assert.is_nil(ids)
        assert.equal("incomplete", err.kind)
        assert.equal("the record list could not be read completely: the list did not end within max_pages = 3 pages "
            .. "(15 records in 3 pages)", err.message)
        assert.equal("Raise `max_pages` or `page_size`.", err.hint)
        assert.equal(3, service.requests)
    end)

    it("needs no more than max_pages when that is just enough", function()
        local service = new_service(knobs { records = 10 })
        assert.equal(10, #read_all(reader(service, { max_pages = 3 })))
        assert.is_nil(read_all(reader(new_service(knobs { records = 10 }), { max_pages = 2 })))
    end)

    it("reports each page as it comes", function()
        local seen = {}
        local service = new_service(knobs { records = 7 })
        read_all(reader(service, {
            on_page = function(pages, records, count)
                seen[#seen + 1] = { pages, records, count }
            end,
        }))
        assert.same({ { 1, 5, 7 }, { 2, 7, 7 }, { 3, 7, 7 } }, seen)
    end)
end)

-- ---- the promise ---------------------------------------------------------------------------------

-- A small generator of our own, so that a failing case is the same everywhere (Park and Miller, exact in doubles).
local function generator(seed)
    local state = seed
    return function(low, high)
        state = state * 16807 % 2147483647
        return low + state % (high - low + 1)
    end
end

local ORDERS, OFFSETS, COUNTS = { "newest", "oldest" }, { "page", "row", "ignored" }, { "total", "page", "absent" }
local MAX_PAGES = 400

-- What no client can read rightly, and why; everything else is promised.
--
-- A service that delivers fewer records a page than it was asked for, fewer even than its documented default of 1,000,
-- does not tell the total, and ignores offset: its only page differs in nothing from one that is all there is. The same
-- while records vanish: the page behind the first one is empty although there was more. (With a total told it is
-- promised.)
--
-- A record that vanishes from the middle (not by age) while the total is not told: nothing but reading everything until
-- two readings are the same would show it, which doubles every walk. (With a total told it is noticed.)
--
-- Two records without id that say the same of themselves are one for every client; the simulation gives all an id.
local function is_undecidable(case)
    return case.cap and case.cap < case.limit and case.count ~= "total" and (case.events or case.offset == "ignored")
end

local function random_events(random)
    local kind = random(1, 4)
    if kind == 1 then
        return nil -- nothing moves
    elseif kind == 2 then
        local arrivals, expiries = random(0, 3), random(0, 3)
        return function() return { arrivals, expiries } end
    end
    local events = {}
    for request = 2, 12 do
        if random(1, kind) == 1 then
            events[request] = { random(0, 13) * random(0, 1), random(0, 5) * random(0, 1) }
        end
    end
    return events
end

local function random_case(seed)
    local random = generator(seed)
    random(0, 1)
    local case = {
        seed = seed,
        records = random(0, 40),
        limit = random(1, 12),
        order = ORDERS[random(1, 2)],
        offset = OFFSETS[random(1, 3)],
        count = COUNTS[random(1, 3)],
        cap = random(1, 4) == 1 and random(1, 12) or nil,
    }
    case.events = random_events(random)
    return case
end

local function describe_case(case)
    return ("seed %d: %d records, limit %d, %s first, offset %s, count %s, cap %s, %s"):format(case.seed, case.records,
        case.limit, case.order, case.offset, case.count, tostring(case.cap), case.events and "moving" or "still")
end

-- The invariant. Returns what is broken, or nil; and whether the walk ended well.
local function broken_promise(case, mode)
    local service = new_service(case)
    local ids, err = read_all(reader(service, { limit = case.limit, max_pages = MAX_PAGES, mode = mode }))
    if service.requests > MAX_PAGES then
        return "too many requests"
    elseif not ids then
        return err.kind ~= "incomplete" and "an error of kind " .. err.kind or nil, false
    end
    local found = {}
    for _, id in ipairs(ids) do
        if found[id] then
            return id .. " came twice"
        end
        found[id] = true
    end
    for number = service.survivor_from, case.records do
        if not found["record " .. number] then
            return "record " .. number .. " is missing"
        end
    end
    return nil, true
end

-- Whether an honest service that stands still must be read without an error.
local function must_succeed(case, mode)
    return not case.events and (mode == "auto" or mode == case.offset)
        and (case.offset ~= "ignored" or case.records < case.limit and not case.cap)
end

describe("the promise: every record that was there all the time, once, or an error", function()
    local function check(first_seed, last_seed, mode, admits)
        local checked, succeeded = 0, 0
        for seed = first_seed, last_seed do
            local case = random_case(seed)
            if not is_undecidable(case) and admits(case) then
                local broken, ended_well = broken_promise(case, mode)
                assert(not broken, ("%s; %s"):format(tostring(broken), describe_case(case)))
                assert(ended_well or not must_succeed(case, mode), "failed without need; " .. describe_case(case))
                checked = checked + 1
                succeeded = succeeded + (ended_well and 1 or 0)
            end
        end
        assert.is_true(checked > 300)
        return succeeded / checked
    end

    local function any() return true end

    it("holds for every way to count, order, cap and move", function()
        local rate = check(1, 4000, "auto", any)
        assert.is_true(rate > 0.4, "most walks fail: " .. rate) -- a reader that always fails would keep the promise
    end)

    it("holds when the way of counting is forced, rightly", function()
        check(4001, 6000, "page", function(case) return case.offset == "page" end)
        check(4001, 6000, "row", function(case) return case.offset == "row" end)
    end)

    -- With pages of one record, an index of pages and one of rows are the same, and nothing overlaps; with larger ones
    -- a wrong mode shows itself.
    it("holds when the way of counting is forced, wrongly", function()
        check(6001, 8000, "page", function(case) return case.offset ~= "page" end)
        check(6001, 8000, "row", function(case) return case.offset ~= "row" end)
    end)

    it("needs few requests while nothing moves", function()
        for seed = 8001, 8500 do
            local case = random_case(seed)
            case.events, case.cap, case.offset = nil, nil, "page"
            local service = new_service(case)
            assert(read_all(reader(service, { limit = case.limit })))
            assert(service.requests <= math.ceil(case.records / case.limit) + 2, describe_case(case))
        end
    end)
end)

-- ---- rows that come and go anywhere --------------------------------------------------------------

-- A list of numbers in order, as accounts come: without count. `events`: request → function(numbers) before it.
local function walk_over(numbers, options)
    local requests = 0
    return new_walk { limit = options.limit or 5, is_ordered = false, noun = "account", mode = options.mode,
        fetch = function(offset, limit, ids)
            requests = requests + 1
            local event = options.events and (options.events[requests] or options.events.always)
            if event then
                event(numbers, requests)
            end
            local records, first = {}, (options.counts == "row" and offset or offset * limit)
            for row = first + 1, math.min(first + limit, #numbers) do
                records[#records + 1] = { id = ("%04d"):format(numbers[row]) }
            end
            return sent({ sync_records = records }, ids)
        end }
end

local function range(from, to)
    local numbers = {}
    for number = from, to do
        numbers[#numbers + 1] = number
    end
    return numbers
end

describe("a walk over rows that come and go anywhere", function()
    it("loses none when a row of a page that was read goes, which its first page does not show", function()
        for at = 2, 6 do
            for _, counts in ipairs { "page", "row" } do
                local walk = walk_over(range(1, 23), { counts = counts, events = { [at] = function(numbers)
                    table.remove(numbers, 3)
                end } })
                local found = {}
                for _, id in ipairs(assert(read_all(walk))) do
                    assert.is_nil(found[id])
                    found[id] = true
                end
                for number = 1, 23 do
                    assert.is_true(found[("%04d"):format(number)] or number == 3, number)
                end
            end
        end
    end)

    it("reads twice what is more than a page, and once what is one", function()
        local walk = walk_over(range(1, 12), {})
        assert.equal(12, #assert(read_all(walk)))
        assert.equal(6, walk.pages)
        local short = walk_over(range(1, 4), {})
        assert.equal(4, #assert(read_all(short)))
        assert.equal(2, short.pages)
    end)

    it("fails when no reading comes to rest, in the words of what it reads", function()
        local walk = walk_over(range(1, 30), { events = { always = function(numbers, request)
            table.insert(numbers, 1 + request * 3 % #numbers, 100 + request)
        end } })
        local ids, err = read_all(walk)
        assert.is_nil(ids)
        assert.equal("incomplete", err.kind)
        assert.matches("^the account list could not be read completely: the accounts kept changing during 4 readings "
            .. "%(%d+ accounts in %d+ pages%)$", err.message)
    end)
end)
