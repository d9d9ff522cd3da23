--- Fuzz target: what a history keeps. Records come back as they were saved, or are refused and counted. With a row that
-- something else wrote they come back, or the error is one of kind "storage" that names the record; all others come all
-- the same. The first byte says which column is written, the text behind it what with.
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local history = require "dwsync.history"
local ordered_json = require "dwsync.ordered_json"

local CLUSTER = "c'\\1"

local store = assert(history.open(":memory:", { random = function() return 0.5 end }))
local engine = store.engine

local function clear()
    for _, name in ipairs { "records", "versions", "clusters" } do
        assert(engine:rows("DELETE FROM dwsync_" .. name))
    end
end

local function text_of(record)
    return assert(ordered_json.encode(record))
end

local function listed(query)
    query.cluster_id = CLUSTER
    local list, err, partial = store:records(query)
    if not list then
        assert(errors.is(err) and err.kind == "storage", tostring(err))
        assert(not tostring(err):find "%c" and #tostring(err) < 4000, "one line")
    end
    return list or partial, err
end

-- By their texts, how often.
local function bag(records)
    local counts = {}
    for _, record in ipairs(records) do
        local text = text_of(record)
        counts[text] = (counts[text] or 0) + 1
    end
    return counts
end

-- ---- saved and read -----------------------------------------------------------------------------------

local function check_query(name, value)
    local list = listed { [name] = value }
    for _, record in ipairs(list) do
        assert(record[name] == value or record.identity_source_id == value or record.identity_source_type == value,
            "as queried")
    end
end

local function check_saved(records)
    clear()
    local summary = assert(store:save(CLUSTER, records))
    local refused = summary.refused
    assert(summary.inserted + summary.updated + summary.unchanged + summary.late + refused + #summary.revised
        == #records, "each is counted")
    local list, err = listed {}
    assert(not err and list.complete and #list == summary.inserted, "all that was inserted")
    local given = bag(records)
    for text in pairs(bag(list)) do
        assert(given[text], "as it was saved")
    end
    local again = assert(store:save(CLUSTER, records))
    local unchanged = bag(list)
    assert(again.inserted == 0 and #again.revised == 0, "saved again, nothing changes")
    for text, count in pairs(bag(listed {})) do
        assert(unchanged[text] == count, "saved again, nothing changes")
    end
    local first = list[1]
    if first then
        if type(first.status) == "string" then
            check_query("status", first.status)
        end
        if type(first.id) == "string" and first.id ~= "" then
            local versions = assert(store:versions(CLUSTER, first.id))
            assert(#versions > 0 and text_of(versions[#versions].record) == text_of(first), "the present version")
        end
    end
end

local function decoded(text)
    local page = core.decode_page('{"sync_records":[' .. text .. "]}")
    if not page then
        page = core.decode_page('{"kept":[' .. text .. '],"sync_records":[]}') -- fields of the wrong types
    end
    return page and (page.kept or page.sync_records)
end

-- ---- written by something else -------------------------------------------------------------------------

local COLUMNS = { "content", "start_time", "record_id", "version", "saved_at", "status", "content" }

local OTHERS = {}
for i = 1, 3 do
    OTHERS[i] = { id = "r" .. i, status = "FINISHED", start_time = 1750000000000 + i, end_time = 1750000000000 + i }
end

-- A value of any of SQLite's types: a number where it is one, bytes, or text.
local function literal(value, as_bytes)
    if tonumber(value) and not value:find "[xXnN]" and #value < 100 then
        return value
    elseif as_bytes or value:find "%z" then
        return "x'" .. value:gsub(".", function(byte)
            return ("%02x"):format(byte:byte())
        end) .. "'"
    end
    return "'" .. value:gsub("'", "''") .. "'"
end

local function check_written(column, value)
    clear()
    assert(store:save(CLUSTER, OTHERS))
    local written = engine:rows(("UPDATE dwsync_records SET %s = %s WHERE record_id = 'r2'"):format(column,
        literal(value, #value % 2 == 0)))
    if not written then
        return -- such as a second r1
    end
    local list, err = listed {}
    local found = bag(list)
    assert(found[text_of(OTHERS[1])] and found[text_of(OTHERS[3])], "the others come")
    assert(#list == 3 or err and #list == 2, "one record, or an error")
    assert(not err or column == "content" or column == "record_id", "only the content can be damaged")
    listed { limit = 2 }
    listed { since = 1, until_ = 2 ^ 53 }
    local versions, versions_err = store:versions(CLUSTER, "r2")
    assert(versions or errors.is(versions_err) and versions_err.kind == "storage")
    assert(store:stats())
    assert(store:clusters())
    local summary, save_err = store:save(CLUSTER, OTHERS)
    assert(summary or errors.is(save_err) and save_err.kind == "storage", tostring(save_err))
end

local function fuzz(text)
    local kind = (text:byte() or 0) % (#COLUMNS + 1)
    text = text:sub(2)
    if kind > 0 then
        check_written(COLUMNS[kind], text)
        return
    end
    local records = decoded(text)
    if records and #records < 100 then
        for _, record in ipairs(records) do
            if type(record) ~= "table" then
                return
            end
        end
        check_saved(records)
    end
end

return {
    fuzz = fuzz,
    grammar = {
        input = { "0<records>", "8<records>", "1<record>", "1<text>", "2<number>", "2<text>", "3<text>", "3<number>",
            "4<number>", "4<text>", "5<number>", "6<text>", "7<record>", "7<broken>" },
        records = { "<record>", "<record>,<records>", "<record>,<record>,<record>" },
        record = { "{<members>}", '{"id":"r1","status":"RUNNING","start_time":1}', '{"id":"r2",<members>}' },
        members = { "<member>", "<member>,<members>", '"id":<string>,"start_time":<number>,<member>' },
        member = { '"id":<string>', '"id":<number>', '"status":"RUNNING"', '"status":"FAILED"', '"status":<string>',
            '"start_time":<number>', '"end_time":<number>', '"add_count":<number>', '"identity_source_id":<string>',
            '"identity_source_type":"ldap"', '"fail_reason":<string>', '"x<word>":<value>', '"start_time":<value>',
            '"id":<value>', '"":<value>' },
        value = { "<string>", "<number>", "null", "true", "{}", "[]", "[<value>,null,<value>]", '{"a":<value>}',
            "[null]" },
        string = { '"a"', '""', '"~run:a"', "\"it's\"", '"\\\\x00"', '"\\u0000"', '"\\ufffd"', '"<word>"', '"\\n"' },
        word = { "\195\188", "\226\128\174", "x", "<word><word>", "'", "\240\159\152\128", "\\u202e" },
        number = { "0", "-0", "1", "1750000000000", "1750000000002", "0.1", "1e308", "-1e308", "9007199254740993",
            "9223372036854775807", "-9223372036854775808", "1e400", "4.9e-324", "1.5" },
        text = { "", "<word>", "inf", "-inf", "nan", "NULL", "~run:[]", "r3", "\0", "\255", "'", "1e", "{",
            "Infinity" },
        broken = { '{"id":"r2"', '{"id":"r2"},{"id":"r3"}', '{"id":"r2"}]},"x":[{', "null", "[]", '{"id":"r2"}\0', "{}",
            '{"id":"\255"}', '{"id":"r2"}],"sync_records":[{"id":"r2"}' },
    },
}
