--- The records of one cluster as one text, newest first: a head, an index of fixed width, and each record as JSON. What
-- a request wants is found by the index and cut out: nothing is decoded or encoded when it is read.
--
--    COUNT SOURCES\n        how many records, how many sources
--    ID\tTYPE\n             each source, "%" and control characters as %XX
--    STATUS SOURCE START OFFSET LENGTH    for each record, digits of fixed width and no blanks between
--    \n{…},\n{…}            the records; offsets count from the first brace
-- @module dwsync.nginx.sweep.record_list
local core = require "dwsync.core"
local ndjson = require "dwsync.report.rows.ndjson"
local ordered_json = require "dwsync.ordered_json"
local record_fields = require "dwsync.record_fields"
local records = require "dwsync.records"

local M = {}

local ENTRY, WITHOUT_START = "%s%04d%014.0f%09d%07d", "%s%04d" .. ("-"):rep(14) .. "%09d%07d"
local SOURCE_AT, START_AT, OFFSET_AT, LENGTH_AT, WIDTH = 1, 5, 19, 28, 35
local MAX_SOURCES = 9999

local STATUS = { FINISHED = "F", FAILED = "X", RUNNING = "R" }
local OTHER = "U"

--- The statuses that can be asked for.
M.statuses = STATUS

local function escaped(value)
    local text = type(value) == "string" and value or ""
    return (text:gsub("[%c%%]", function(character)
        return ("%%%02X"):format(character:byte())
    end))
end

local function entry(record, source, offset, length)
    local start, status = record.start_time, STATUS[record.status] or OTHER
    if type(start) == "number" and start >= 0 and start < 1e14 and start % 1 == 0 then
        return ENTRY:format(status, source, start, offset, length)
    end
    return WITHOUT_START:format(status, source, offset, length)
end

-- Sources are numbered as they come; those beyond the last number share it and cannot be chosen by name.
local function numbering()
    local numbers, lines = {}, {}
    local function number(record)
        local line = escaped(record.identity_source_id) .. "\t" .. escaped(record.identity_source_type) .. "\n"
        if not numbers[line] then
            if #lines == MAX_SOURCES then
                return MAX_SOURCES
            end
            lines[#lines + 1] = line
            numbers[line] = #lines
        end
        return numbers[line]
    end
    return number, lines
end

local BETWEEN = ",\n"

local LAYOUT = ndjson.layout()

local NAMES = {}
for i, name in ipairs(record_fields.names) do
    NAMES[i] = { field = name, first = ('{"%s":'):format(name), label = (',"%s":'):format(name) }
end

-- Whether table.concat writes a number as JSON does, with thirteen digits: as it does times in milliseconds.
local has_thirteen_digits = math.type and function(value)
    return math.type(value) == "integer" and value >= 1e12 and value < 1e13
end or function(value)
    return value >= 1e12 and value < 1e13 and value % 1 == 0
end

-- Adds a value to the pieces, of which the last is at `at`. Returns where the last one is now, and the value's length.
-- Ids and times are added as they are; almost all else repeats.
local function add_value(pieces, at, value, seen)
    local text = seen[value]
    if text then
        pieces[at + 1] = text
        return at + 1, #text
    elseif type(value) == "number" and has_thirteen_digits(value) then
        pieces[at + 1] = value
        return at + 1, 13
    elseif type(value) == "string" and #value == 36 and value:find "^[%x-]+$" then
        pieces[at + 1], pieces[at + 2], pieces[at + 3] = '"', value, '"'
        return at + 3, #value + 2
    end
    text = ordered_json.encode(value)
    if type(value) ~= "number" then
        seen[value] = text
    end
    pieces[at + 1] = text
    return at + 1, #text
end

local function has_more_than(record, count)
    for _ in pairs(record) do
        count = count - 1
    end
    return count < 0
end

-- Adds to the pieces what ndjson would write, but faster: this is most of the work of a sweep. Lines never become texts
-- of their own, because LuaJIT hashes only a few bytes of a long text, and those are alike in all lines; nor do times
-- and quoted ids, because LuaJIT moves all texts at a stretch when there are too many. Returns the length.
local function add_line(pieces, record, seen)
    local first, length, known = #pieces, 0, 0
    local at = first
    for _, name in ipairs(NAMES) do
        local value = record[name.field]
        if value ~= nil then
            local label, added = known == 0 and name.first or name.label
            pieces[at + 1] = label
            at, added = add_value(pieces, at + 1, value, seen)
            length, known = length + #label + added, known + 1
        end
    end
    if has_more_than(record, known) or known == 0 then
        for i = at, first + 1, -1 do
            pieces[i] = nil
        end
        pieces[first + 1] = core.write_rows({ record }, 1, LAYOUT)
        return #pieces[first + 1]
    end
    pieces[at + 1] = "}"
    return length + 1
end

local BETWEEN_PAUSES = 32 -- records: about 0.1 ms

local function no_pause() end

-- At once, because each copy of so long a text takes a tenth of a millisecond.
local function joined(head, sources, index, chunks)
    local parts = { head }
    for _, list in ipairs { sources, index, { "\n" }, chunks } do
        for i = 1, #list do
            parts[#parts + 1] = list[i]
        end
    end
    return table.concat(parts)
end

--- Writes a list.
-- @tparam {table,...} list records
-- @tparam[opt] function pause called every tenth of a millisecond or so
-- @treturn string
function M.write(list, pause)
    pause = pause or no_pause
    local newest = records.from(list):sort_by("start_time", "desc"):to_list()
    pause()
    local number, sources = numbering()
    local index, pieces, entries, chunks, offset, seen = {}, {}, {}, {}, 0, {}
    for i, record in ipairs(newest) do
        if i > 1 then
            pieces[#pieces + 1] = BETWEEN
        end
        local length = add_line(pieces, record, seen)
        entries[#entries + 1] = entry(record, number(record), offset, length)
        offset = offset + length + #BETWEEN
        if i % BETWEEN_PAUSES == 0 or i == #newest then
            index[#index + 1], chunks[#chunks + 1] = table.concat(entries), table.concat(pieces)
            entries, pieces = {}, {}
            pause()
        end
    end
    return joined(("%d %d\n"):format(#newest, #sources), sources, index, chunks)
end

-- Returns the head {count, sources = {{id =, type =},...}, index = where the index begins, body = where records begin}.
local function read_head(text)
    local count, sources, position = text:match "^(%d+) (%d+)\n()"
    local head = { count = tonumber(count), sources = {} }
    for i = 1, tonumber(sources) do
        local id, kind, next_position = text:match("^([^\t]*)\t([^\n]*)\n()", position)
        head.sources[i] = { id = id, type = kind }
        position = next_position
    end
    head.index = position
    head.body = position + head.count * WIDTH + 1
    return head
end

-- Where a record begins and ends.
local function place(text, head, position)
    local at = head.index + (position - 1) * WIDTH
    local first = head.body + tonumber(text:sub(at + OFFSET_AT, at + LENGTH_AT - 1))
    return first, first + tonumber(text:sub(at + LENGTH_AT, at + WIDTH - 1)) - 1
end

--- The newest of a list.
-- @tparam string text
-- @tparam integer limit how many, at least 1
-- @treturn string
function M.newest(text, limit)
    local head = read_head(text)
    if head.count <= limit then
        return text
    end
    local _, last = place(text, head, limit)
    return ("%d %s%s\n%s"):format(limit, text:sub(text:find(" ", 1, true) + 1, head.index - 1),
        text:sub(head.index, head.index + limit * WIDTH - 1), text:sub(head.body, last))
end

--- Reads a list back.
-- @tparam string text
-- @tparam[opt] function pause as for `write`
-- @treturn {table,...} records
function M.read(text, pause)
    pause = pause or no_pause
    local head = read_head(text)
    local decoder = core.decoder(('{"count":%d,"sync_records":[%s]}'):format(head.count, text:sub(head.body)))
    local page, err
    repeat
        pause() -- first of all, since the text was just copied
        page, err = decoder:step(2 * BETWEEN_PAUSES)
    until page ~= false
    pause()
    return assert(page, err).sync_records
end

-- The sources with one of the names as their id or type; nil means all.
local function chosen_sources(head, names)
    if not names then
        return nil
    end
    local wanted, chosen = {}, {}
    for _, name in ipairs(names) do
        wanted[escaped(name)], wanted[escaped(name:lower())] = true, true
    end
    for number, source in ipairs(head.sources) do
        chosen[number] = wanted[source.id] or wanted[source.type]
    end
    return chosen
end

local function chosen_statuses(names)
    if not names then
        return nil
    end
    local chosen = {}
    for _, name in ipairs(names) do
        chosen[STATUS[name]:byte()] = true
    end
    return chosen
end

-- Positions in the list of the records that fit.
local function fitting(text, head, query)
    local statuses, sources = chosen_statuses(query.statuses), chosen_sources(head, query.sources)
    local since, till = query.since, query.till
    local positions = {}
    for i = 1, head.count do
        local at = head.index + (i - 1) * WIDTH
        local fits = (not statuses or statuses[text:byte(at)])
            and (not sources or sources[tonumber(text:sub(at + SOURCE_AT, at + START_AT - 1))])
        if fits and (since or till) then
            local start = tonumber(text:sub(at + START_AT, at + OFFSET_AT - 1))
            fits = start and (not since or start >= since) and (not till or start < till)
        end
        if fits then
            positions[#positions + 1] = i
        end
    end
    return positions
end

--- Chooses records.
-- @tparam string text
-- @tparam table query `limit` and `offset`; optional `statuses`, `sources` (lists of names; a source's is its id or its
-- type), `since`, `till` (milliseconds)
-- @treturn string the chosen ones of the page as JSON objects separated by commas
-- @treturn integer how many fit, on all pages
-- @treturn integer how many are on this one
-- @treturn string a name of the choice: the same for the same choice of the same list
function M.choose(text, query)
    local head = read_head(text)
    local positions
    local count = head.count
    if query.statuses or query.sources or query.since or query.till then
        positions = fitting(text, head, query)
        count = #positions
    end
    local first, last = query.offset + 1, math.min(query.offset + query.limit, count)
    local name = ("%d-%d-%d"):format(count, positions and positions[1] or 0, positions and positions[count] or 0)
    if first > last then
        return "", count, 0, name
    elseif not positions then
        local from, _ = place(text, head, first)
        local _, to = place(text, head, last)
        return text:sub(from, to), count, last - first + 1, name
    end
    local chosen = {}
    for i = first, last do
        chosen[#chosen + 1] = text:sub(place(text, head, positions[i]))
    end
    return table.concat(chosen, ",\n"), count, #chosen, name
end

return M
