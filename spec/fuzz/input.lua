--- Fuzz target: what `--input` reads. A list has a record for each line, each as it is when the line comes alone; a
-- refusal names a line, the lines before it are good, and that line alone is refused, too.
local errors = require "dwsync.errors"
local input = require "dwsync.cli.input"
local ordered_json = require "dwsync.ordered_json"

-- A file that holds a text.
local function stream_of(text)
    local at = 1
    return {
        read = function(_, what)
            if type(what) == "number" or what:find "a" then
                local past = type(what) == "number" and at + what or #text + 1
                local part = text:sub(at, past - 1)
                at = math.min(past, #text + 1)
                return (part ~= "" or what == "*a" or what == "a") and part or nil
            elseif at > #text then
                return nil
            end
            local ending = text:find("\n", at, true) or #text + 1
            local line = text:sub(at, ending - 1)
            at = ending + 1
            return line
        end,
    }
end

local function is_terminal()
    return false
end

local function read(text)
    local list, err = input.read("-", { stdin = stream_of(text), is_terminal = is_terminal })
    assert((list == nil) == (err ~= nil))
    if err then
        assert(errors.is(err) and err.kind == "config", "an error object")
        assert(err.message:find "^standard input" and not err.message:find "%c" and #err.message < 4000, "one line")
    end
    return list, err
end

local function lines_of(text)
    local lines = {}
    for line in (text:gsub("^\239\187\191", "") .. "\n"):gmatch "([^\n]*)\n" do
        lines[#lines + 1] = line
    end
    return lines
end

local function is_blank(line)
    return not line:find "%S"
end

local function same(record, other)
    return ordered_json.encode(record) == ordered_json.encode(other)
end

-- Not as the first line, which may begin with a byte order mark.
local function read_alone(line)
    return read("\n" .. line)
end

-- Texts that open a document are read as a whole, which the decoder's own target is for.
local function opens_document(lines)
    for _, line in ipairs(lines) do
        if not is_blank(line) then
            local start = line:match "^%s*(.-)%s*$"
            return start == "{" or start:find "^%[" or start:find '^{%s*"count"' or start:find '^{%s*"sync_records"'
        end
    end
end

local function check_list(list, lines)
    local count = 0
    for _, line in ipairs(lines) do
        if not is_blank(line) then
            count = count + 1
            local alone = not opens_document { line } and read_alone(line)
            assert(opens_document { line } or alone and #alone == 1 and same(alone[1], list[count]), "as if alone")
        end
    end
    assert(count == #list, "a record for each line")
end

local function check_refusal(err, lines)
    local number = tonumber(err.message:match "^standard input line (%d+): ")
    assert(number and number <= #lines and not is_blank(lines[number]), "the line")
    local list = read(table.concat(lines, "\n", 1, number - 1))
    assert(list, "the lines before it are good")
    check_list(list, { table.unpack(lines, 1, number - 1) })
    assert(opens_document { lines[number] } or not read_alone(lines[number]), "refused alone")
end

local function check_groups(list)
    local count, seen = 0, {}
    for _, item in ipairs(input.by_cluster(list, { id = "other" })) do
        assert(not seen[item.cluster.id], "once")
        seen[item.cluster.id] = true
        count = count + #item.records
    end
    assert(count == #list, "none lost")
end

return {
    fuzz = function(text)
        local list, err = read(text)
        local lines = lines_of(text)
        if not opens_document(lines) then
            if list then
                check_list(list, lines)
            else
                check_refusal(err, lines)
            end
        end
        if list then
            check_groups(list)
        end
    end,
    grammar = {
        input = { "<lines>", "<lines>", "<bom><lines>", "<space>[<records>]<space>",
            '{"count":<number>,"sync_records":[<records>]}', '{\n"sync_records":[<records>]<space>}\n' },
        bom = { "\239\187\191" },
        lines = { "<line>", "<line>\n", "<line>\n<lines>", "<line>\n<line>\n<line>\n<lines>", "<lines><lines>" },
        line = { "<record>", "<record>", "<record>", "<record>\r", "<space><record><space>", "", " ", "<broken>" },
        record = { "{<members>}" },
        records = { "", "<record>", "<record>,<records>", "<record>,<space><record>" },
        members = { "<member>", "<member>,<members>", '"id":"a",<member>' },
        member = { '"id":<text>', '"status":"FAILED"', '"start_time":<number>', '"add_count":<number>', '"x":<value>',
            '"cluster_id":<text>', '"cluster_name":<text>', '"fail_reason":<text>', '"end_time":null', '"count":1',
            '"\\u0069d":"b"', '"sync_records":[]' },
        value = { "<text>", "<number>", "null", "true", "{}", "[]", "[<value>,<value>]", '{"a":<value>}' },
        text = { '"a"', '""', '"}"', '"{"', '"\\n"', '"\\u0000"', '"<word>"' },
        word = { "\195\188", "\255", "\226\128\174", "\27", "x", "<word><word>" },
        number = { "0", "1", "-1", "1747637723055", "1.5", "1e3", "1e400", "9223372036854775808", "01", "0x1" },
        broken = { '{"id":"a"}]}', '{"id":"a"},{"id":"b"}', '{"id":"a"}],"x":[{"id":"b"}', '{"id":"a"', "{}", "[]",
            "null", '"a"', '{"id":"a"}{"id":"b"}', '{"x":1}', '{"id":"a"}],"sync_records":[{"id":"b"}', "#",
            '{"id":"a"}],"count":1,"y":[{}' },
        space = { "", " ", "\t", "\n", "\v", "\f", "\160" },
    },
}
