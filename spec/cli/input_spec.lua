local command = require "spec.support.command"
local context = require "dwsync.cli.context"
local input = require "dwsync.cli.input"

local function read(text)
    local stdin = command.reader(text)
    local list, err = input.read("-", { stdin = stdin, is_terminal = function() return false end })
    stdin:close()
    return list, err and tostring(err)
end

local function ids(text)
    local list = assert(read(text))
    local names = {}
    for i, record in ipairs(list) do
        names[i] = record.id
    end
    return table.concat(names, " ")
end

describe("records of an input", function()
    it("may be lines of JSON, with blank ones and a UTF-8 mark", function()
        assert.equal("a b", ids '{"id":"a"}\n\n  {"id":"b"}\n')
        assert.equal("a", ids '\239\187\191{"id":"a"}')
        assert.equal("", ids "")
        assert.equal("", ids "\n\n")
    end)

    it("may be what records -o json prints, the service's answer, or an array", function()
        assert.equal("a b", ids '{"count":2,"sync_records":[\n{"id":"a"},\n{"id":"b"}\n]}\n')
        assert.equal("a", ids '{\n  "sync_records": [ {"id": "a"} ],\n  "count": 1\n}')
        assert.equal("", ids '{"count":0,"sync_records":[]}')
        assert.equal("a b", ids '\n[{"id":"a"},\n{"id":"b"}]')
        assert.equal("", ids "[]")
    end)

    it("may be many lines, of which the wrong one is named, wherever it is", function()
        local lines, names = {}, {}
        for i = 1, 1201 do
            names[i] = "r" .. i
            lines[i] = ('{"id":"r%d","status":"FAILED"%s}'):format(i, i % 400 == 7 and ',"more":{"a":[{}]}' or "")
        end
        assert.equal(table.concat(names, " "), ids(table.concat(lines, "\n")))
        for _, number in ipairs { 1, 7, 8, 499, 500, 501, 1000, 1201 } do
            for wrong, why in pairs { ['{"id":5}'] = "id", ['{"other":1}'] = "none of a record's fields",
                ['{"id":"a"},{"id":"b"}'] = "not one JSON object", ['{"id":"a","x":[}'] = "column",
                ["[]"] = "not a JSON object" } do
                local kept = lines[number]
                lines[number] = wrong
                local list, err = read("\n" .. table.concat(lines, "\n"))
                lines[number] = kept
                assert.is_nil(list)
                if number > 1 then -- at the beginning it may be a document
                    assert.is_truthy(err:find((" line %d: "):format(number + 1), 1, true), err)
                    assert.is_truthy(err:find(why, 1, true), err)
                end
            end
        end
    end)

    it("are not taken for two when one begins in the line before", function()
        for _, lines in ipairs { '{"id":"a"},{"id":"b","x":[1\n{"y":1}]}', '{"id":"{"},{"z":[{"y":"}}"}\n{"q":"{"}]}',
            '{"id":"a"\n"status":"x"}' } do
            assert.is_nil((read('{"id":"first"}\n' .. lines .. '\n{"id":"last"}')))
        end
    end)

    it("keep integers exact, drop null and keep unknown fields", function()
        local list = assert(read '{"id":"a","start_time":9007199254740991,"fail_reason":null,"x":[1]}')
        assert.equal("9007199254740991", ("%.0f"):format(list[1].start_time))
        assert.is_nil(list[1].fail_reason)
        assert.same({ 1 }, list[1].x)
    end)

    local WRONG = {
        ["a line that is not an object"] = { '{"id":"a"}\n\nnope', "standard input line 3: not a JSON object" },
        ["a line that ends early"] = { '{"id":"a"}\n{"id":"b"',
            "standard input line 2: column 10: expected ',' or '}'" },
        ["two objects on a line"] = { '{"id":"a"},{"id":"b"}', "standard input line 1: it is not one JSON object" },
        ["a line that closes our list"] = { '{"id":"a"}],"x":[{}', "standard input line 1: it is not one JSON object" },
        ["a line that closes our list and opens it again"] = { '{"id":"1"}],"sync_records":[{"id":"2"}',
            "standard input line 1: it is not one JSON object" },
        ["a later line that closes our list and opens it again"] = {
            '{"id":"0"}\n{"id":"1"}],"count":1,"sync_records":[{"id":"2"}',
            "standard input line 2: it is not one JSON object" },
        ["an array that is followed by another list"] = { '[{"id":"1"}],"sync_records":[{"id":"2"}]',
            "standard input: sync_records occurs twice" },
        ["a document with two lists"] = { '{"count":1,"sync_records":[{"id":"1"}],"sync_records":[{"id":"2"}]}',
            "standard input: sync_records occurs twice" },
        ["a document whose list is taken back"] = { '{"sync_records":[{"id":"1"}],"sync_records":null}',
            "standard input: sync_records occurs twice" },
        ["something behind an object"] = { '{"id":"a"} x', "standard input line 1: column 12: expected ',' or ']'" },
        ["a field of another type"] = { '{"id":"a"}\n{"start_time":"x"}',
            "standard input line 2: start_time is a string, expected an integer" },
        ["text that is not UTF-8"] = { '{"id":"\255"}', "line 1: column 8: the string is not valid UTF-8" },
        ["an object that is not a record"] = { '{"id":"a"}\n{"foo":1}',
            "line 2: it has none of a record's fields (id, status, start_time, …)" },
        ["a document that is broken"] = { '{"count":1,"sync_records":[\n{"id":"a"\n]}', "line 3: expected ',' or '}'" },
        ["an array that is broken"] = { '[\n{"id":"a"},\nx]', "standard input line 3: expected a value" },
        ["a document with a record of another type"] = { '{"sync_records":[{"id":"a"},{"status":5}]}',
            "standard input: record 2: status is a number, expected a string" },
        ["a document with something that is not a record"] = {
            '[{"id":"a"},{"foo":1}]', "record 2: it has none of a record's fields" },
        ["an array of arrays"] = { "[[]]", "standard input: record 1: is an array, expected an object" },
        ["a document of something else"] = { '{"count":0,"clusters":[]}', "it has no sync_records" },
        ["a page of a longer list"] = { '{"count":3,"sync_records":[{"id":"a"}]}',
            "it is not the whole list: 1 of 3 records" },
        ["something behind a document"] = { '{"count":1,"sync_records":[{"id":"a"}]}\n{"id":"b"}',
            "line 2: expected nothing more" },
    }
    for name, case in pairs(WRONG) do
        it("must not be " .. name, function()
            local list, err = read(case[1])
            assert.is_nil(list)
            assert.matches(case[2], err, 1, true)
            assert.matches("Give what dwsync records -o ndjson or -o json prints, or the service's own answer.", err, 1,
                true)
        end)
    end

    it("come from a file as well, which must be readable", function()
        local path = os.tmpname()
        local file = assert(io.open(path, "w"))
        file:write '{"id":"a"}\n'
        file:close()
        assert.equal("a", input.read(path, {})[1].id)
        os.remove(path)
        local list, err = input.read("/nope/x.ndjson", {})
        assert.is_nil(list)
        assert.equal("/nope/x.ndjson: No such file or directory", err.message)
        assert.equal("config", err.kind)
        list, err = input.read("/", {})
        assert.is_nil(list)
        assert.equal("/: Is a directory", err.message)
    end)

    it("are decoded many lines at once, where each is one object without others in it", function()
        local core = require "dwsync.core"
        local decode_page, calls = core.decode_page, 0
        finally(function() core.decode_page = decode_page end)
        core.decode_page = function(...)
            calls = calls + 1
            return decode_page(...)
        end
        local function calls_for(count, line, more)
            calls = 0
            assert.equal(count + (more and 3 or 0), #assert(read((line .. "\n"):rep(count) .. (more or ""))))
            return calls
        end
        local flat, nested = '{"id":"a"}', '{"id":"a","x":{}}'
        for count, expected in pairs { [1] = 1, [2] = 1, [500] = 1, [501] = 2, [502] = 2, [1000] = 2, [1001] = 3 } do
            assert.same({ count, expected }, { count, calls_for(count, flat) })
        end
        assert.equal(3, calls_for(3, nested))
        assert.equal(3, calls_for(2, flat, nested .. "\n" .. flat .. "\n" .. flat))
        local function of_bytes(bytes)
            return '{"id":"' .. ("a"):rep(bytes - 9) .. '"}'
        end
        assert.equal(2, calls_for(4, of_bytes(512 * 1024)))
        assert.equal(3, calls_for(4, of_bytes(512 * 1024 + 1)) - 1)
    end)

    it("name the line of a document that is wrong, wherever it is", function()
        for text, line in pairs { ['{"count":1,\n"sync_records":[\nx\n]\n}\n'] = 3, ["\n\n[\nx,\n{}\n]\n"] = 4,
            ["[x\n]\n"] = 1 } do
            assert.matches(("^config: standard input line %d: "):format(line), (select(2, read(text))))
        end
    end)

    it("are announced when they come from a terminal", function()
        local stderr = command.stream()
        input.read("-", context.new { stdin = command.reader "", stderr = stderr,
            is_terminal = function() return true end })
        assert.equal("dwsync: reading records from the terminal; Ctrl-D ends them\n", stderr.text)
    end)
end)

describe("an input without end", function()
    local MOST = 16 * 1024 * 1024
    local BLANKS = (" "):rep(65536)

    -- A stream that begins with a text and never ends; counts what was read of it.
    local function endless(beginning)
        local stream = { bytes = 0 }
        function stream:read(count)
            assert(type(count) == "number" and count <= #BLANKS, "reads without a bound")
            local text = (self.bytes == 0 and beginning or "") .. BLANKS
            self.bytes = self.bytes + count
            return text:sub(1, count)
        end
        return stream
    end

    local function refusal(beginning)
        local stream = endless(beginning)
        local list, err = input.read("-", { stdin = stream, is_terminal = function() return false end })
        assert.is_nil(list)
        assert.equal("config", err.kind)
        assert.equal("Give one record a line, as -o ndjson prints them; jq -c '.sync_records[]' makes such lines of "
            .. "a document.", err.hint)
        assert.is_true(stream.bytes <= MOST + 2 * #BLANKS, stream.bytes)
        return err.message
    end

    it("is given up at the longest line there may be, with its number", function()
        assert.equal("standard input line 1: longer than 16 MiB", refusal "")
        assert.equal("standard input line 1: longer than 16 MiB", refusal '{"count":1,"sync_records":[{"id":"')
        assert.equal("standard input line 3: longer than 16 MiB", refusal '{"id":"a"}\n\n{"id":"b","fail_reason":"')
    end)

    it("is given up at the largest document there may be, with the line where it begins", function()
        assert.equal("standard input line 1: the JSON document that begins here is larger than 16 MiB",
            refusal '{"count":1,"sync_records":[\n{"id":"')
        assert.equal("standard input line 3: the JSON document that begins here is larger than 16 MiB",
            refusal "\n\n[\n")
    end)

    it("begins behind lines and documents that may be as long as that", function()
        local function filled(text, length)
            return text .. (" "):rep(length - #text)
        end
        assert.equal("a b", ids(filled('{"id":"a"}', MOST) .. '\n{"id":"b"}'))
        assert.equal("a", ids(filled('{"sync_records":[\n{"id":"a"}]}', MOST)))
        for text, length in pairs { ['{"id":"a"}'] = MOST + 1, ['{"sync_records":[\n{"id":"a"}]}'] = MOST + 1 } do
            assert.is_nil((read(filled(text, length))))
        end
    end)

    it("may be cut into pieces anywhere", function()
        local lines, names = {}, {}
        for i = 1, 300 do
            names[i] = "r" .. i
            lines[i] = ('{"id":"r%d","fail_reason":"%s"}'):format(i, ("x"):rep(i * 7 % 1000))
        end
        local text = table.concat(lines, "\n")
        for length = 65530, 65540 do -- a line end falls on each side of the border between two pieces
            local blanks = length - #lines[1] - 1
            assert.equal(table.concat(names, " "), ids(lines[1] .. (" "):rep(blanks) .. text:sub(#lines[1] + 1)))
        end
        assert.equal("a", ids(('{"id":"a"}'):rep(1) .. (" "):rep(65536 - 10)))
    end)

    it("makes no more values of a document than there may be", function()
        local many = ("[],"):rep(300000) .. "[]"
        for text, message in pairs {
            ['{"sync_records":[{"id":"a","x":[' .. many .. "]}]}"] =
                "it has more than 250000 values in members that are not fields",
            ['{"id":"a","x":[' .. many .. "]}"] = "it has more than 250000 values in members that are not fields",
            ["[" .. ("{},"):rep(100000) .. "{}]"] = "it has more than 100000 records",
        } do
            local list, err = read(text)
            assert.is_nil(list)
            assert.is_truthy(err:find(message, 1, true), err)
        end
    end)
end)

describe("a stream of records", function()
    -- A stream that gives these pieces, the last of which may be {why it fails}.
    local function stream_of(pieces)
        local sizes, stream = {}, {}
        function stream.read(_, size)
            sizes[#sizes + 1] = size
            local piece = table.remove(pieces, 1)
            if type(piece) == "table" then
                return nil, piece[1]
            end
            return piece
        end
        return stream, sizes
    end

    local function read_from(pieces)
        local stream, sizes = stream_of(pieces)
        local list, err = input.read("-", { stdin = stream, is_terminal = function() return false end })
        return list, err, sizes
    end

    it("is read in blocks of 64 KiB, and not again after one that is shorter", function()
        local full = '{"id":"a"}' .. (" "):rep(65536 - 11) .. "\n"
        local list, _, sizes = read_from { full, '{"id":"b"}\n', '{"id":"c"}\n' }
        assert.same({ { { id = "a" }, { id = "b" } }, { 65536, 65536 } }, { list, sizes })
        list, _, sizes = read_from { full }
        assert.same({ { { id = "a" } }, { 65536, 65536 } }, { list, sizes })
        list, _, sizes = read_from { "" }
        assert.same({ {}, { 65536 } }, { list, sizes })
    end)

    it("may fail, between lines and in a document", function()
        local full = (" "):rep(65536)
        for _, first in ipairs { full, "[\n" .. full:sub(3) } do
            local _, err = read_from { first, { "Input/output error" } }
            assert.same({ "standard input: Input/output error", "Check the path; --input - reads standard input." },
                { err.message, err.hint })
        end
    end)
end)

describe("records of several clusters", function()
    it("are told apart by what they say, which is then taken out of them", function()
        local items = input.by_cluster({ { id = "a", cluster_id = "c2", cluster_name = "two" }, { id = "b" },
            { id = "c", cluster_id = "c2" }, { id = "d", cluster_id = 5, cluster_name = {} } }, { id = "stdin" })
        assert.same({
            { cluster = { id = "c2", name = "two" }, records = { { id = "a" }, { id = "c" } } },
            { cluster = { id = "stdin" }, records = { { id = "b" }, { id = "d" } } },
        }, items)
    end)

    it("are one cluster when there is none", function()
        assert.same({ { cluster = { id = "stdin" }, records = {} } }, input.by_cluster({}, { id = "stdin" }))
    end)
end)
