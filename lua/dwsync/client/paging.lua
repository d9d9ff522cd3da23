--- Pages → every record exactly once, or an error; never a list that silently lacks some.
--
-- The service documents offset as a page index and does not say whether `count` is the total; records may arrive or
-- expire while we read. So:
--
-- * pages are asked for by index, until as many distinct ids as `count` were seen, or an empty or short page ends it;
-- * a short first page that no larger count contradicts may be all there is, or all that the service gives at once; the
--   page after it tells, and once it did so does the length that was found whole (`known`);
-- * a service that counts rows shows itself on page 1, which then repeats page 0 from its second record on; from there
--   on pages are asked for by row, each beginning with the last record of the one before: where that record is missing,
--   rows moved or were never what offset counts, and all is read again;
-- * after more than one page the first one is read again: it has what arrived meanwhile, and if its former head is no
--   longer on it, the rows behind have moved, and all is read again;
-- * rows that come and go anywhere (`is_ordered` is false) leave no trace on the first page: without count, and where
--   pages do not overlap, all are then read again until a reading brings nothing new;
-- * after MAX_WALKS readings that do not add up the answer is an error of kind "incomplete".
-- @module dwsync.client.paging
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local quantities = require("dwsync.lazy") "dwsync.quantities"

local M = {}

local MAX_WALKS = 4

-- The documented default page size. A service may give fewer records than asked for when more than this is asked for,
-- so a page shorter than `limit` need not be the last; but one shorter than this, too, is.
local DEFAULT_PAGE_SIZE = 1000

-- With fewer than three records a shifted page of a page-counting service looks like one of a row-counting service;
-- reading a row-counting service by page index is then merely slow.
local MIN_ROWS_TO_TELL = 3

local Walk = { __name = "dwsync.client.paging" }
Walk.__index = Walk

local function begin_reading(self)
    self.walks = self.walks + 1
    self.offset = 0
    self.distinct = 0 -- records of this reading
    self.first_rows = nil -- rows of its first page
    self.pages_read = 0
    self.counts_all = nil -- whether `count` counts all records, once it is known
    self.count = nil
    self.shrunk = false
    self.by_row = self.mode == "row"
    self.overlaps = false -- whether the next page must begin with a record of this reading
    self.torn = false -- whether one did not
    self.repeated = false -- whether the last page was full and brought nothing new
    self.confirming = false
    self.probing = false -- whether the page after a short first one is asked for
end

--- Begins a walk over all pages.
-- @tparam table options `fetch`: function(offset, limit, ids) → page, place (what core.decode_page returns with these
-- ids) or nil, err; `limit`: records a page; `mode`: "auto", "page" or "row"; `max_pages`; `on_page`:
-- function(pages, records, count); `known`: a table that keeps what is found out about the service's pages,
-- for later walks over the same list; `list`: the page's field that has them; `noun`: what one of them is called;
-- `is_ordered`: whether they come and go at the ends of the list only; `about`: what errors are about,
-- see dwsync.errors.about
-- @treturn dwsync.client.paging which says after the end: `unsettled`, that nothing showed whether more follow; and
-- `ends_by_comparison`, that it ended since a whole reading brought nothing new
function M.new(options)
    -- Taken for granted, it would hide what comes and goes elsewhere.
    assert(type(options.is_ordered) == "boolean", "paging.new: is_ordered must be true or false")
    local self = setmetatable({
        fetch = options.fetch,
        limit = options.limit,
        full = math.min(options.limit, DEFAULT_PAGE_SIZE), -- a page that has as many may be followed by another
        mode = options.mode,
        max_pages = options.max_pages,
        on_page = options.on_page,
        known = options.known,
        list = options.list,
        noun = options.noun,
        is_ordered = options.is_ordered,
        about = options.about,
        ids = core.ids(), -- which records were seen, ever and in this reading
        records = 0, -- different ones, over all readings
        pages = 0,
        walks = 0,
    }, Walk)
    begin_reading(self)
    return self
end

local function incomplete(self, reason, hint)
    return errors.new {
        kind = "incomplete",
        message = ("the %s list could not be read completely: %s (%s in %s)"):format(self.noun, reason,
            quantities.count(self.records, self.noun), quantities.count(self.pages, "page")),
        hint = hint,
    }
end

-- Whether a first page of this length is known to be all there is.
local function is_whole(self, length)
    return length == 0 or length < self.full and length <= (self.known.whole or 0)
end

-- Whether `count` counts all records, or is of no use; nil while undecided, when page 0 is full and count equals its
-- length.
local function counts_all(self, count, length)
    if self.counts_all ~= nil or not count then
        return self.counts_all or false
    elseif self.pages_read == 1 then
        if count == length then
            return is_whole(self, length) or nil
        end
        return count > length
    end
    return count >= self.distinct and (count ~= length or length == 0)
end

local function note_count(self, count)
    if self.counts_all and count then
        self.shrunk = self.shrunk or (self.count ~= nil and count < self.count)
        self.count = count
    end
end

-- Page 1 of a row-counting service is page 0 without its first record, and one more.
local function counts_rows(self, place)
    return self.mode == "auto" and self.pages_read == 2 and self.first_rows >= MIN_ROWS_TO_TELL and place.follows_by_one
end

local function advance(self, place)
    self.by_row = self.by_row or counts_rows(self, place) -- its offset, 1, was then row 1
    self.overlaps = self.by_row and place.rows > 1
    self.offset = self.offset + (self.overlaps and place.rows - 1 or 1)
end

-- Whether this reading has ended.
local function is_over(self, length, new)
    if length == 0 or self.torn then
        return true
    elseif new == 0 and self.pages_read > 1 then
        return true -- the service repeats itself, or the rows moved by a whole page
    elseif self.counts_all then
        return self.distinct >= self.count
    end
    return length < self.full and not self.probing
end

-- Whether the whole list was read, provided that nothing moved meanwhile.
local function adds_up(self)
    if self.torn then
        return false
    elseif self.count then
        return self.distinct == self.count
    end
    return not self.repeated
end

local function fail_or_read_again(self)
    if self.walks < MAX_WALKS then
        return nil
    end
    if self.torn and self.mode == "row" then
        return incomplete(self, "the pages do not join up when offset counts rows",
            'Set `paging` to "auto", unless the service is known to count rows.')
    elseif self.count and self.distinct < self.count then
        return incomplete(self, ("the service counts %s but delivered %d in each of %d readings"):format(
                quantities.count(self.count, self.noun), self.distinct, self.walks), self.repeated and
            ("It repeats pages: read everything in one page with `page_size` = %d."):format(self.count + 1) or nil)
    elseif self.repeated then
        return incomplete(self, "the service repeats pages whatever the offset",
            "Read everything in one page with a larger `page_size`.")
    end
    return incomplete(self, ("the %ss kept changing during %d readings"):format(self.noun, self.walks))
end

-- Whether the page after a short first one brought nothing: then that was all. A service that ignores offset repeats
-- it, which settles nothing.
local function is_settled(self, place)
    if not self.probing or self.torn or place.new_rows > 0 or self.count and self.count ~= self.distinct then
        return false
    elseif place.rows > 0 and place.begins_like_first then
        self.unsettled = true
    else
        self.known.whole = math.max(self.known.whole or 0, self.first_rows)
    end
    return true
end

-- After the last page. Returns "done", or "again": go on with another page.
local function conclude(self, place)
    if self.pages_read == 1 and adds_up(self) or is_settled(self, place) then
        return "done" -- one page is one moment
    elseif self.must_compare and self.records == self.compared and adds_up(self) then
        self.ends_by_comparison = true
        return "done"
    end
    -- Whether a whole reading, not its first page, has to show that nothing was missed.
    self.must_compare = not self.is_ordered and not self.counts_all and not self.overlaps
    self.compared = self.records
    self.confirming = true
    self.offset = 0
    return "again"
end

-- The first page, read again: nothing has moved if what headed it is still on it and the numbers agree.
local function is_confirmed(self, place)
    return not self.shrunk and adds_up(self) and (place.holds_first or place.rows == 0 and self.first_rows == 0)
end

local function read_page(self)
    if self.pages >= self.max_pages then
        return nil, incomplete(self, ("the list did not end within max_pages = %d pages"):format(self.max_pages),
            "Raise `max_pages` or `page_size`.")
    end
    local page, place = self.fetch(self.offset, self.limit, self.ids)
    if page then
        self.pages = self.pages + 1
        self.records = self.records + place.unseen_rows
    end
    return page, place
end

-- A service that ignores offset returns the whole list for every page; a page of just its default size may be only a
-- part.
local function is_all_in_one(self, rows)
    return rows > DEFAULT_PAGE_SIZE and rows < self.limit
end

local function reading_step(self, page, place)
    self.pages_read = self.pages_read + 1
    self.first_rows = self.first_rows or place.rows
    self.distinct = self.distinct + place.new_rows
    -- The only sign of a gap left by arrivals, also when they make a page-counting service look like a row-counting
    -- one.
    self.torn = self.overlaps and not place.begins_known
    self.counts_all = counts_all(self, page.count, place.rows)
    note_count(self, page.count)
    self.repeated = place.new_rows == 0 and place.rows > 0 and (place.rows >= self.full or place.begins_like_first)
        and not is_all_in_one(self, place.rows)
    if self.probing and place.new_rows > 0 then
        self.full, self.probing = math.min(self.full, self.first_rows), false -- the service gives no more at once
    elseif self.pages_read == 1 then
        self.probing = not self.counts_all and place.rows < self.full and not is_whole(self, place.rows)
        self.unsettled = self.probing and self.pages >= self.max_pages
        self.probing = self.probing and not self.unsettled
    end
    if is_over(self, place.rows, place.new_rows) then
        return conclude(self, place)
    end
    advance(self, place)
    return "again"
end

local function confirming_step(self, page, place)
    self.distinct = self.distinct + place.new_rows
    note_count(self, page.count)
    if is_confirmed(self, place) and not self.must_compare then
        return "done"
    end
    local err = fail_or_read_again(self)
    if err then
        return nil, err
    end
    -- This page is already the first of the next reading.
    begin_reading(self)
    return reading_step(self, page, self.ids:begin_again())
end

-- Fails for good: the ids may include records of a page that was not read to its end, which would be skipped later.
local function fail(self, err)
    self.failure = self.about and errors.about(err, self.about) or err
    self.ids:close()
    return nil, self.failure
end

--- Reads on until there are records that were not handed out before. An error is returned again by every later call.
-- @treturn {table,...} records; nil at the end of a complete list, or nil and an error
-- @treturn dwsync.error what `fetch` returned, or kind "incomplete"
function Walk:next_records()
    if self.failure then
        return nil, self.failure
    end
    while not self.finished do
        local page, place = read_page(self)
        if not page then
            return fail(self, place)
        end
        local step = self.confirming and confirming_step or reading_step
        local state, failure = step(self, page, place)
        if failure then
            return fail(self, failure)
        end
        self.on_page(self.pages, self.records, self.count)
        if state == "done" then
            self.finished = true
            self.ids:close()
        end
        if #page[self.list] > 0 then
            return page[self.list]
        end
    end
    return nil
end

return M
