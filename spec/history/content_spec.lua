local content = require "dwsync.history.content"
local core = require "dwsync.core"
local display = require "dwsync.text"

local function there_and_back(record)
    return content.decode({ assert(content.encode(record)) })[1]
end

describe("the text of a record", function()
    it("is the service's JSON, its fields first and in its order, others sorted behind", function()
        assert.equal('{"id":"a","start_time":1747637723055,"status":"FAILED","fail_reason":"x","alpha":[1,2],'
            .. '"zeta":{"b":true}}', content.encode { zeta = { b = true }, alpha = { 1, 2 }, fail_reason = "x",
            status = "FAILED", start_time = 1747637723055, id = "a" })
        assert.equal("{}", content.encode {})
    end)

    it("is read by the decoder of pages as the same record", function()
        local record = { id = "a", start_time = 1, end_time = 2, status = "RUNNING", fail_reason = 'a "quote" \\ é 中\1',
            more = { { 1.5, "x" }, { y = false } } }
        local page = assert(core.decode_page('{"count":1,"sync_records":[' .. content.encode(record) .. "]}"))
        assert.same(record, page.sync_records[1])
    end)

    it("is the same for an integer and the equal float", function()
        assert.equal('{"add_count":3}', content.encode { add_count = 3.0 })
        assert.equal('{"add_count":0}', content.encode { add_count = -0.0 })
        assert.equal('{"start_time":1152921504606846976}', content.encode { start_time = 2 ^ 60 })
    end)

    it("keeps NUL and control characters, in valid UTF-8 without them", function()
        for byte = 0, 127 do
            local text = "a" .. string.char(byte) .. "é" .. string.char(byte)
            local encoded = content.encode { fail_reason = text }
            assert.is_nil(encoded:find "[%z\1-\31]")
            assert.equal(encoded, display.utf8(encoded, "?"))
            assert.equal(text, there_and_back { fail_reason = text }.fail_reason)
        end
    end)

    it("tells a byte that is not UTF-8 from the text that looks like its escape, and from U+FFFD", function()
        for _, text in ipairs { "\\ufffd", "\\\\ufffd", "\239\191\189" } do
            assert.equal(text, there_and_back { fail_reason = text }.fail_reason)
            assert.is_nil(content.encode { fail_reason = text .. "\128" })
        end
    end)

    it("is refused for overlong forms, surrogates and what is above U+10FFFF, and for nothing else", function()
        for _, text in ipairs { "\192\128", "\224\159\191", "\237\160\128", "\240\143\191\191", "\244\144\128\128",
            "\245\128\128\128", "\226\130", "\128" } do
            local encoded, reason = content.encode { fail_reason = text }
            assert.is_nil(encoded)
            assert.equal("fail_reason is text that is not UTF-8", reason)
            assert.equal("it holds text that is not UTF-8", select(2, content.encode { [text] = 1 }))
        end
        for _, text in ipairs { "\194\128", "\224\160\128", "\237\159\191", "\238\128\128", "\240\144\128\128",
            "\244\143\191\191" } do
            assert.equal(text, there_and_back { fail_reason = text }.fail_reason)
        end
    end)

    it("keeps wrong types, which the decoder of pages refuses", function()
        local record = { id = 5, start_time = "soon", status = true, add_count = { "many" }, end_time = 1.25,
            failed_count = 1e300, update_count = 0.1, delete_count = -1 / 3 }
        assert.same(record, there_and_back(record))
    end)

    it("keeps holes that nulls left in an array", function()
        assert.same({ list = { 1, nil, 3 } }, there_and_back { list = { 1, nil, 3 } })
        assert.same({ list = { nil, nil, "x" }, id = 5 }, there_and_back { list = { nil, nil, "x" }, id = 5 })
    end)

    it("is refused for what JSON cannot hold, with a reason", function()
        local circle = {}
        circle.circle = circle
        local cases = { { 5, "a number is not a record" }, { { id = 0 / 0 }, "id is a number that JSON cannot hold" },
            { { add_count = -math.huge }, "add_count is a number that JSON cannot hold" },
            { { "x" }, "it holds a value without a name" },
            { { id = print }, "id is a function" }, { { extra = print }, "it holds a function" },
            { { { 1 }, a = 2 }, "it holds a table with keys of several kinds" },
            { { id = { 1, a = 2 } }, "id is a table with keys of several kinds" },
            { { id = { [1e9] = 2 } }, "id is a table with keys of several kinds" },
            { circle, "it holds tables more than 61 levels deep" } }
        for _, case in ipairs(cases) do
            local text, reason = content.encode(case[1])
            assert.is_nil(text)
            assert.equal(case[2], reason)
        end
    end)

    it("comes back whatever a record holds", function()
        local state = 1
        local function random(n)
            state = (state * 16807) % 2147483647
            return state % n
        end
        local ODD = { "\0", "\n", "\127", '"', "\\", "é", "\194\155", "\226\128\174", "漢", "😀", "\239\187\191" }
        local function text()
            local bytes = {}
            for i = 1, random(12) do
                bytes[i] = random(3) == 0 and ODD[random(#ODD) + 1] or string.char(97 + random(26))
            end
            return table.concat(bytes)
        end
        local function value(depth)
            local kind = random(depth > 3 and 4 or 6)
            if kind == 0 then
                return text()
            elseif kind == 1 then
                return (random(2000000000) - 1000000000) * (random(2) == 0 and 1 or 4096)
            elseif kind == 2 then
                return random(1000000) / 7
            elseif kind == 3 then
                return random(2) == 0
            end
            local made = {}
            for i = 1, 1 + random(4) do
                made[kind == 4 and i or text() .. "k"] = value(depth + 1)
            end
            return made
        end
        for _ = 1, 500 do
            local record = { id = value(0), fail_reason = value(0), [text() .. "k"] = value(0) }
            local encoded = content.encode(record)
            assert.same(record, content.decode({ encoded })[1])
            assert.equal(encoded, content.encode(content.decode({ encoded })[1]))
        end
    end)
end)

describe("a record with a metatable", function()
    it("is written as it shows itself: its own fields, and the service's wherever they come from", function()
        local shown = setmetatable({ own = 1 }, { __index = { id = "a", status = "FAILED", hidden = 2 } })
        assert.equal('{"id":"a","status":"FAILED","own":1}', content.encode(shown))
        assert.same({ { '{"id":"a","status":"FAILED","own":1}', '{"id":"b"}' }, {} },
            { content.encode_all { shown, { id = "b" } } })
        assert.same({ own = 1 }, { own = rawget(shown, "own"), id = rawget(shown, "id") })
    end)

    it("that raises does so with its own error", function()
        local angry = setmetatable({}, { __index = function() error("not now", 0) end })
        assert.has_error(function() content.encode(angry) end, "not now")
    end)
end)

describe("many records", function()
    it("are as many texts, with the reasons at the places of those that have none", function()
        assert.same({ {}, {} }, { content.encode_all {} })
        assert.same({ { '{"id":"a"}' }, {} }, { content.encode_all { { id = "a" } } })
        assert.same({ { '{"id":"a"}', '{"id":"\\n"}', "{}" }, {} },
            { content.encode_all { { id = "a" }, { id = "\n" }, {} } })
        for place = 1, 3 do
            for _, case in ipairs { { 5, "a number is not a record" }, { { id = print }, "id is a function" },
                { { "x" }, "it holds a value without a name" }, { { id = "\128" }, "id is text that is not UTF-8" } } do
                local records, texts, reasons = { {}, {}, {} }, { "{}", "{}", "{}" }, {}
                records[place], texts[place], reasons[place] = case[1], false, case[2]
                assert.same({ texts, reasons }, { content.encode_all(records) })
            end
        end
    end)

    it("are the same texts however many there are", function()
        local records, long = {}, ("x"):rep(3000)
        for i = 1, 300 do
            records[i] = { id = "r" .. i, fail_reason = long }
        end
        local texts, reasons = content.encode_all(records)
        assert.same({ 300, {} }, { #texts, reasons })
        for i = 1, 300 do
            assert.equal(('{"id":"r%d","fail_reason":"%s"}'):format(i, long), texts[i])
        end
    end)

    it("are written at once where each shows nothing but its own fields, and in pieces where they are long", function()
        local write, sizes = core.write_rows, nil
        core.write_rows = function(records, ...)
            sizes[#sizes + 1] = #records
            return write(records, ...)
        end
        local shown = setmetatable({}, { __index = { id = "b" } })
        for _, case in ipairs { { { {}, {}, {} }, { 3 } }, { { {}, shown, {} }, { 1, 1, 1 } }, { {}, {} },
            { { { id = "a" } }, { 1 } }, { { {}, 7 }, { 2, 1 } } } do
            sizes = {}
            local good, reason = pcall(content.encode_all, case[1])
            assert.is_true(good, reason)
            assert.same(case[2], sizes)
        end
        core.write_rows = write
    end)

    it("are read, all or these fields alone, each damaged one as nothing", function()
        local good = { '{"id":"a","status":"FAILED"}', '{"id":"b"}' }
        assert.same({ { id = "a", status = "FAILED" }, { id = "b" } }, content.decode(good))
        assert.same({ { id = "a" }, { id = "b" } }, content.decode(good, { "id" }))
        assert.same({}, content.decode {})
        for _, damaged in ipairs { "", "{", "[]", '"x"', "7", '{"id":"c"},{"id":"d"}', "null", '{"id":"c"}]' } do
            assert.same({ { id = "a", status = "FAILED" }, false, { id = "b" } },
                content.decode { good[1], damaged, good[2] }, damaged)
        end
        assert.same({ { id = 5 }, { id = "b" } }, content.decode { '{"id":5}', good[2] })
    end)
end)

describe("two texts", function()
    it("are the same record however they are written, and damaged ones only where they are equal", function()
        assert.is_true(content.same('{"id":"a","status":"x"}', '{ "status":"x", "id":"\\u0061" }'))
        for _, damaged in ipairs { "", "{", "7" } do
            assert.is_false(content.same(damaged, '{"id":"a"}'))
            assert.is_false(content.same('{"id":"a"}', damaged))
            assert.is_true(content.same(damaged, damaged))
        end
        assert.is_false(content.same("{", "7"))
        assert.is_false(content.same(nil, '{"id":"a"}'))
    end)

    it("are the same record when they are equal", function()
        assert.is_true(content.same('{"id":"a"}', '{"id":"a"}'))
        assert.is_false(content.same('{"id":"a"}', '{"id":"b"}'))
    end)

    it("are the same where numbers cannot tell them apart: LuaJIT takes no large integer for changed", function()
        local exact = '{"start_time":9007199254740993}'
        assert.is_true(content.same(exact, content.encode(content.decode({ exact })[1])))
        assert.is_false(content.same(exact, '{"start_time":9007199254740999}'))
    end)
end)
