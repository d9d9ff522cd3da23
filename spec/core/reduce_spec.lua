local cjson = require "cjson"
local core = require "dwsync.core"
local patience = require "spec.support.patience"
local raw_server = require "spec.support.raw_server"

local WHERE = { status = "FAILED" }

local function record(id, status, more)
    return ('{"id":%s,"identity_source_id":"s","start_time":1,"status":"%s"%s}'):format(id, status, more or "")
end

local function page(records, count)
    return ('{"count":%s,"sync_records":[%s]}'):format(count or #records, table.concat(records, ","))
end

local FEW = page { record('"a"', "FINISHED"), record('"b"', "FAILED", ',"fail_reason":"no \\u0022way\\""'),
    record('"c"', "RUNNING") }

-- What decode_page makes of the texts of one reading, one after the other, with ids.
local function decoded(bodies, options)
    local seen = {}
    local ids = core.ids()
    for i, body in ipairs(bodies) do
        local read, place = core.decode_page(body, { where = options.where, fields = options.fields, ids = ids })
        seen[i] = { read, place }
    end
    ids:close()
    return seen
end

local function reduced(bodies, options)
    local shorter = {}
    for i, body in ipairs(bodies) do
        shorter[i] = core.reduce_page(body, { where = options.where, ids = true }) or body
    end
    return shorter
end

describe("core.reduce_page", function()
    it("leaves out the records that nobody wants", function()
        local text = core.reduce_page(FEW, { where = WHERE })
        assert.is_true(#text < #FEW)
        assert.is_nil(text:find("RUNNING", 1, true))
        assert.same(core.decode_page(FEW, { where = WHERE }), core.decode_page(text, { where = WHERE }))
        assert.equal(3, core.decode_page(text).count)
    end)

    it("leaves a trace of them for ids", function()
        local text = core.reduce_page(FEW, { where = WHERE, ids = true })
        assert.equal('{"id":"a"}', text:match '{"id":"a"[^}]*}')
        assert.same(decoded({ FEW }, { where = WHERE }), decoded({ text }, { where = WHERE }))
    end)

    it("gives an empty list when none is wanted", function()
        local text = core.reduce_page(FEW, { where = { status = "OTHER" } })
        assert.same({ count = 3, sync_records = {} }, core.decode_page(text))
    end)

    it("keeps a count that is large, and the absence of one", function()
        local text = core.reduce_page(page({ record('"a"', "FAILED") }, "4503599627370497"), { where = WHERE })
        assert.matches('"count":4503599627370497}', text, 1, true)
        text = core.reduce_page('{"sync_records":[' .. record('"a"', "FAILED") .. "]}", { where = WHERE })
        assert.is_nil(core.decode_page(text).count)
    end)

    it("reduces nothing but pages that say no more than count and records", function()
        local one = record('"a"', "FAILED")
        for _, body in ipairs {
            "", "{}", "[]", "not JSON", '{"error_code":"DWS.1","error_msg":"no"}', '{"count":0,"sync_records":[]}',
            '{"count":0,"sync_records":null}', FEW .. "x", FEW:sub(1, -2),
            '{"count":1,"error_code":"DWS.1","sync_records":[' .. one .. "]}",
            '{"sync_records":[' .. one .. '],"sync_records":[' .. one .. "]}",
            '{"count":null,"sync_records":[' .. one .. "]}",
            page { '{"id":1}' },
        } do
            assert.is_nil(core.reduce_page(body, { where = WHERE }), body)
        end
    end)

    it("reduces nothing without a condition", function()
        assert.is_nil(core.reduce_page(FEW, {}))
        assert.is_nil(core.reduce_page(FEW, { where = {} }))
    end)

    it("raises for what decode_page raises for", function()
        assert.error_matches(function()
            core.reduce_page(FEW, { where = { state = "x" } })
        end, "a record has no field 'state'")
        assert.error_matches(function()
            core.reduce_page(FEW)
        end, "table expected")
    end)

    it("is done where the answer lies when a request says so", function()
        local pool = core.pool()
        local function body_of(status, body, decode)
            local response
            raw_server.with(raw_server.saying(raw_server.answer(status, body)), function(server)
                assert(pool:submit(1, { url = server.url, timeout = patience.seconds, decode = decode }))
                response = select(2, pool:next(patience.seconds))
            end)
            assert.is_nil(response.page)
            return response.body
        end
        local options = { reduce = true, where = WHERE, ids = true }
        assert.equal(core.reduce_page(FEW, options), body_of("200 OK", FEW, options))
        assert.equal("no page", body_of("200 OK", "no page", options))
        assert.equal(FEW, body_of("200 OK", FEW, { reduce = true }))
        assert.equal(FEW, body_of("500 No", FEW, options))
        pool:close()
    end)

    -- Ids of every kind, records without one, pages that repeat records; numbers of its own, so that runs are alike.
    it("changes nothing of what decode_page makes of readings", function()
        local state = 42
        local function random(n)
            state = (state * 1103515245 + 12345) % 2147483648
            return math.floor(state / 65536) % n + 1
        end
        local ids = { '"1"', '"2"', '"\\u0033"', '"3"', '""', "null", '"\\\\"', '"é"',
            '"' .. ("\\u0061"):rep(100) .. '"' }
        local statuses = { "FAILED", "FINISHED", "RUNNING" }
        local wheres = { WHERE, { id = "3" }, { id = { "1", "\\" }, status = "FINISHED" }, { start_time = { min = 5 } },
            { end_time = { max = 3 } } }
        for _ = 1, 400 do
            local bodies = {}
            for i = 1, random(3) do
                local records = {}
                for k = 1, random(6) do
                    records[k] = record(ids[random(#ids)], statuses[random(3)],
                        ({ ',"end_time":' .. random(6), ',"start_time":' .. random(9), ',"note":[1]' })[random(4)])
                end
                bodies[i] = page(records, random(9))
            end
            local options = { where = wheres[random(#wheres)], fields = random(2) == 1 and { "id", "status" } or nil }
            assert.same(decoded(bodies, options), decoded(reduced(bodies, options), options), cjson.encode(bodies))
        end
    end)
end)
