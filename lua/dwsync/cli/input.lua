--- Records from a file or from standard input: one JSON object a line, or the JSON documents that this command and the
-- service write. As strict as with the service's own answers, and errors name the line.
-- It must not skip a line that is not a record: one record less may hide what is wrong.
-- @module dwsync.cli.input
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local record_fields = require "dwsync.record_fields"
local transport = require "dwsync.runtime.transport"

local M = {}

local PATH = "Check the path; --input - reads standard input."
local WHAT = "Give what dwsync records -o ndjson or -o json prints, or the service's own answer."

--- The longest line and the largest document in bytes: as much as is taken from the service at once.
M.MOST_BYTES = transport.options.max_response_bytes.default
local MOST = ("%d MiB"):format(M.MOST_BYTES / 2 ^ 20)
local SHORTER = "Give one record a line, as -o ndjson prints them; jq -c '.sync_records[]' makes such lines of a "
    .. "document."

-- Every record goes through the decoder of pages, wrapped in this.
local BEFORE, AFTER = '{"sync_records":[', "\n]}"

local function wrong(name, place, message, hint)
    return nil, errors.new {
        kind = "config",
        message = ("%s%s: %s"):format(name, place, message),
        hint = hint or WHAT,
    }
end

-- The decoder's message without what it says about responses, and the byte that it names, if any.
local function explain(err)
    local message = err.message:gsub("^the response is not a page of records: ", "")
    local offset, rest = message:match "^at byte offset (%d+): (.*)$"
    return rest or message, tonumber(offset)
end

-- What closes our list and opens another is refused by the decoder, which says this.
local ANOTHER_LIST = "sync_records occurs twice"

local function has_known_field(record)
    for _, field in ipairs(record_fields.names) do
        if record[field] ~= nil then
            return true
        end
    end
    return false
end

local NOT_ONE = "it is not one JSON object"
local NO_FIELD = "it has none of a record's fields (id, status, start_time, …)"

-- Whether a line closed our list and opened one of another name.
local function has_more(page)
    for name in pairs(page) do
        if name ~= "sync_records" then
            return true
        end
    end
    return false
end

local function decode_line(line)
    if not line:find "^%s*{" then
        return nil, "not a JSON object"
    end
    local page, err = core.decode_page(BEFORE .. line .. AFTER)
    if not page then
        local message, offset = explain(err)
        message = message:gsub("^sync_records%[0%][. ]", ""):gsub("^" .. ANOTHER_LIST, NOT_ONE)
        -- What follows the line is ours.
        local place = offset and math.min(offset - #BEFORE, #line) + 1
        return nil, place and ("column %d: %s"):format(place, message) or message
    elseif #page.sync_records ~= 1 or has_more(page) then
        return nil, NOT_ONE
    elseif not has_known_field(page.sync_records[1]) then
        return nil, NO_FIELD
    end
    return page.sync_records[1]
end

local function line_of(text, offset)
    local _, breaks = text:sub(1, offset):gsub("\n", "")
    return breaks + 1
end

-- Documents: {"count":…,"sync_records":[…]}, or an array of records. `first` is the number of its first line.
local function decode_document(text, name, first)
    local array = text:find "^%s*%["
    local before = array and '{"sync_records":' or ""
    local page, err = core.decode_page(before .. text .. (array and "}" or ""))
    if not page then
        local message, offset = explain(err)
        message = message:gsub("^sync_records%[(%d+)%][. ]", function(index)
            return ("record %d: "):format(index + 1)
        end)
        local place = offset and (" line %d"):format(first - 1 + line_of(text, math.max(0, offset - #before))) or ""
        return wrong(name, place, message)
    elseif not array and not text:find('"sync_records"', 1, true) then
        return wrong(name, "", "it has no sync_records")
    elseif page.count and page.count ~= #page.sync_records then
        return wrong(name, "", ("it is not the whole list: %d of %d records"):format(#page.sync_records, page.count))
    end
    for i, record in ipairs(page.sync_records) do
        if not has_known_field(record) then
            return wrong(name, "", ("record %d: %s"):format(i, NO_FIELD))
        end
    end
    return page.sync_records
end

-- Whether a first line opens a document: an array, an object with our names, or one that ends on a later line.
local function opens_document(line)
    return line:find "^%s*%[" or line:find '^%s*{%s*$' or line:find '^%s*{%s*"count"'
        or line:find '^%s*{%s*"sync_records"'
end

-- ---- reading within a bound -----------------------------------------------------------------------

local BLOCK = 65536

local Reader = {}
Reader.__index = Reader

-- Sees to it that there are unread bytes. Returns whether there are, or nil and a reason.
local function fill(self)
    if self.at <= #self.block or self.ended then
        return self.at <= #self.block
    end
    local block, reason = self.stream:read(BLOCK)
    if reason then
        return nil, reason
    end
    self.block, self.at = block or "", 1
    self.ended = #self.block < BLOCK -- asking again would make a terminal wait for a second Ctrl-D
    return #self.block > 0
end

-- The bytes up to the next line end, or to the end of the input: text, or nil at the end; or nil and what is wrong:
-- "too long", or why it cannot be read. `ending` is a line feed; nil for all that is left. `before` bytes count, too.
local function take(self, ending, before)
    local parts, length = {}, before
    local more, reason = fill(self)
    local is_empty = not more
    while more do
        local stop = ending and self.block:find(ending, self.at, true)
        local part = self.block:sub(self.at, stop and stop - 1 or -1)
        parts[#parts + 1], length, self.at = part, length + #part, (stop or #self.block) + 1
        if length > M.MOST_BYTES then
            return nil, "too long"
        elseif stop then
            return table.concat(parts)
        end
        more, reason = fill(self)
    end
    if reason then
        return nil, reason
    end
    return not is_empty and table.concat(parts) or nil
end

-- Returns a line, or nil at the end, or nil and an error.
function Reader:line()
    local line, reason = take(self, "\n", 0)
    self.number = self.number + 1
    if reason == "too long" then
        return wrong(self.name, (" line %d"):format(self.number), "longer than " .. MOST, SHORTER)
    elseif reason then
        return wrong(self.name, "", reason, PATH)
    end
    return self.number == 1 and line and line:gsub("^\239\187\191", "") or line -- a byte order mark
end

-- Returns a document whose first line was read already, or nil and an error.
function Reader:document(first)
    local rest, reason = take(self, nil, #first + 1)
    if reason == "too long" then
        return wrong(self.name, (" line %d"):format(self.number),
            "the JSON document that begins here is larger than " .. MOST, SHORTER)
    elseif reason then
        return wrong(self.name, "", reason, PATH)
    end
    return first .. "\n" .. (rest or "")
end

local OPENING = ("{"):byte()
-- Lines that are decoded at once, since calling the decoder takes longer than decoding a line; and of how many bytes.
local MANY, MANY_BYTES = 500, 1024 * 1024

-- Whether a line is one object that ends where the line does, whatever surrounds the line: it has no other braces.
local function is_flat(line)
    return line:byte() == OPENING and not line:find("{", 2) and line:find "}" == #line
end

-- The records of flat lines; nil when one of them is wrong.
local function decode_flat(batch)
    local page = core.decode_page(BEFORE .. table.concat(batch, ",\n") .. AFTER)
    if not page or #page.sync_records ~= #batch or has_more(page) then
        return nil
    end
    for _, record in ipairs(page.sync_records) do
        if not has_known_field(record) then
            return nil
        end
    end
    return page.sync_records
end

-- Moves the records of the lines in a batch to a list. Returns the list, or nil and the error.
local function settle(list, batch, name)
    local found = #batch > 1 and decode_flat(batch)
    for i, line in ipairs(batch) do
        local record, message = found and found[i], nil
        if not record then
            record, message = decode_line(line)
        end
        if not record then
            return wrong(name, (" line %d"):format(batch.numbers[i]), message)
        end
        list[#list + 1] = record
    end
    return list
end

-- Returns a list of records.
local function read_stream(stream, name)
    local reader = setmetatable({ stream = stream, name = name, block = "", at = 1, number = 0 }, Reader)
    local list, batch = {}, { numbers = {}, bytes = 0 }
    while true do
        local line, err = reader:line()
        if err then
            return nil, err
        elseif not line then
            return settle(list, batch, name)
        elseif #list + #batch == 0 and opens_document(line) then
            local first = reader.number
            local document, wrong_document = reader:document(line)
            if not document then
                return nil, wrong_document
            end
            return decode_document(document, name, first)
        elseif line:find "%S" then
            local flat = is_flat(line)
            if not flat or batch.closed or #batch == MANY or batch.bytes + #line > MANY_BYTES then
                local good, wrong_line = settle(list, batch, name)
                if not good then
                    return nil, wrong_line
                end
                batch = { numbers = {}, bytes = 0, closed = not flat } -- a line that is not flat is decoded alone
            end
            batch[#batch + 1], batch.numbers[#batch + 1], batch.bytes = line, reader.number, batch.bytes + #line
        end
    end
end

local function open(path, context)
    if path == "-" then
        if context.is_terminal "stdin" then
            context:note "reading records from the terminal; Ctrl-D ends them"
        end
        return context.stdin, "standard input"
    end
    local file, reason = io.open(path, "rb")
    if not file then
        return wrong(path, "", (reason:gsub("^.*: ", "")), PATH)
    end
    return file, path
end

--- Reads records.
-- @tparam string path a file, or "-" for standard input
-- @tparam table context `stdin`, `is_terminal`, `stderr`
-- @treturn {table,...} records, or nil
-- @treturn dwsync.error kind "config": what is wrong, and in which line
function M.read(path, context)
    local stream, name = open(path, context)
    if not stream then
        return nil, name
    end
    local list, err = read_stream(stream, name)
    if stream ~= context.stdin then
        stream:close()
    end
    return list, err
end

--- Groups records by their cluster (`cluster_id` and `cluster_name`, which `dwsync records --all-clusters` adds), and
-- removes that from them.
-- @tparam {table,...} records
-- @tparam table otherwise the cluster {id =, name =} of records that name none
-- @treturn {{cluster = {id =, name =}, records = {table,...}},...} in the order of their first records
function M.by_cluster(records, otherwise)
    local items, by_id = {}, {}
    for _, record in ipairs(records) do
        local id = type(record.cluster_id) == "string" and record.cluster_id or otherwise.id
        local item = by_id[id]
        if not item then
            local name = type(record.cluster_name) == "string" and record.cluster_name or nil
            item = { cluster = id == otherwise.id and otherwise or { id = id, name = name }, records = {} }
            by_id[id], items[#items + 1] = item, item
        end
        record.cluster_id, record.cluster_name = nil, nil
        item.records[#item.records + 1] = record
    end
    if #items == 0 then
        items[1] = { cluster = otherwise, records = {} }
    end
    return items
end

return M
