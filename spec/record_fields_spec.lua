local core = require "dwsync.core"
local record_fields = require "dwsync.record_fields"

local WRONG = { text = 5, time = "soon", count = "many" }
local RIGHT = { text = "x", time = 1747637723055, count = 5 }

local function decode(name, value)
    return core.decode_page(('{"sync_records":[{"%s":%s}]}'):format(name,
        type(value) == "string" and '"' .. value .. '"' or ("%d"):format(value)))
end

describe("the fields of a record", function()
    it("are those that the decoder checks, with its types", function()
        for _, field in ipairs(record_fields.list) do
            assert.equal(RIGHT[field.type], assert(decode(field.name, RIGHT[field.type])).sync_records[1][field.name])
            local page, err = decode(field.name, WRONG[field.type])
            assert.is_nil(page, field.name)
            assert.is_truthy(err.message:find(field.name, 1, true))
        end
    end)

    it("are all that the decoder can choose", function()
        local body = '{"sync_records":[{"id":"x","other":1}]}'
        assert.same({ id = "x" }, assert(core.decode_page(body, { fields = record_fields.names })).sync_records[1])
    end)

    it("that there are not are guessed, of records or of accounts", function()
        for _, case in ipairs {
            { { where = { sttaus = "x" } }, "status" }, { { fields = { "id", "statsu" } }, "status" },
            { { where = { id = "x" }, fields = { "logn" } }, false },
            { { kind = "accounts", fields = { "logn" } }, "login" },
            { { kind = "accounts", fields = { "name", "user_typ", "login" } }, "user_type" },
            { { kind = "accounts", where = { nmae = "x" } }, "name" },
            { { kind = "accounts", fields = { "statsu" } }, false },
            { { where = { id = "x" }, fields = { "status" } }, false }, { {}, false },
            { { where = "sttaus", fields = "statsu" }, false },
        } do
            assert.equal(case[2] and (" (did you mean '%s'?)"):format(case[2]) or "", record_fields.guess(case[1]))
        end
    end)

    it("are there by name, in the same order, each with its type, its title, its heading and its class", function()
        local shown = {}
        for i, field in ipairs(record_fields.list) do
            assert.equal(field.name, record_fields.names[i])
            assert.equal(field, record_fields.by_name[field.name])
            shown[i] = table.concat({ field.name, field.type, field.title, field.heading, field.class }, " ")
        end
        assert.same({ "id text ID ID", "identity_source_id text SOURCE Source", "identity_source_type text TYPE Type",
            "start_time time START Start instant", "end_time time END End instant", "add_count count ADD Added number",
            "update_count count UPD Updated number", "delete_count count DEL Deleted number",
            "failed_count count FAIL Failed number", "status text STATUS Status",
            "fail_reason text REASON Reason wide" }, shown)
    end)

    it("have the words that the service documents", function()
        local words = {}
        for _, field in ipairs(record_fields.list) do
            words[field.name] = field.words
        end
        assert.same({ identity_source_type = { ldap = true, oneaccess = true },
            status = { FINISHED = true, FAILED = true, RUNNING = true } }, words)
    end)
end)
