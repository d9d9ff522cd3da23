local columns = require "dwsync.report.rows.columns"
local record_fields = require "dwsync.record_fields"

describe("a column", function()
    it("has a heading of its own, or its name in capitals", function()
        assert.equal("START", columns.title "start_time")
        assert.equal("SOURCE", columns.title "identity_source_id")
        assert.equal("STATUS", columns.title "status")
        assert.equal("SOMETHING_NEW", columns.title "something_new")
        for name, heading in pairs { number_of_node = "NODES", cluster_name = "CLUSTER", reason_class = "CLASS",
            user_type = "TYPE", first_seen = "FIRST SEEN", came_after = "CAME AFTER", last_seen = "LAST SEEN",
            gone_at = "GONE AT" } do
            assert.equal(heading, columns.title(name))
        end
    end)

    it("holds numbers where the service counts", function()
        for _, name in ipairs { "add_count", "update_count", "delete_count", "failed_count", "number_of_node",
            "seconds", "duration", "records", "inserted", "updated", "unchanged", "revised", "late", "refused",
            "accounts", "came", "went" } do
            assert.is_true(columns.is_number(name), name)
        end
        for _, name in ipairs { "id", "start_time", "status", "something_new" } do
            assert.is_false(columns.is_number(name))
        end
    end)

    it("is shown by default only if the service has it", function()
        for _, name in ipairs(columns.records) do
            assert.is_table(record_fields.by_name[name], name)
        end
    end)
end)

describe("a value for people", function()
    it("is a time in ISO 8601 with zone, in the time columns", function()
        assert.equal("2025-05-19T06:55:23.055Z", columns.text("start_time", 1747637723055))
        assert.equal("2025-05-19T06:55:23.055Z", columns.text("end_time", 1747637723055))
        for _, name in ipairs { "first", "last", "from", "till", "since", "now", "first_seen", "came_after",
            "last_seen", "gone_at" } do
            assert.equal("2025-05-19T06:55:23.055Z", columns.text(name, 1747637723055), name)
        end
        assert.equal("1747637723055", columns.text("id", "1747637723055"))
        assert.equal("soon", columns.text("start_time", "soon"))
    end)

    it("is a whole number in the counting columns", function()
        assert.equal("5", columns.text("add_count", 5))
        assert.equal("1000000000000001", columns.text("add_count", 1000000000000001))
        assert.equal("many", columns.text("add_count", "many"))
        assert.equal("0.5", columns.text("add_count", 0.5))
    end)

    it("is empty when absent", function()
        assert.equal("", columns.text("start_time", nil))
        assert.equal("", columns.text("status", nil))
    end)

    it("is a mark for what has parts", function()
        assert.equal("{…}", columns.text("nodes", { 1, 2 }))
        assert.equal("true", columns.text("something", true))
    end)
end)

describe("a value for programs", function()
    it("is every digit of a whole number", function()
        assert.equal("1747637723055", columns.raw(1747637723055))
        assert.equal("1000000000000001", columns.raw(1000000000000001))
        assert.equal("9007199254740991", columns.raw(9007199254740991))
        assert.equal("-3", columns.raw(-3))
        assert.equal("1.5", columns.raw(1.5))
        if math.type then
            assert.equal("9223372036854775807", columns.raw(math.maxinteger))
        else
            assert.equal("9007199254740992", columns.raw(2 ^ 53))
        end
    end)

    it("is the text, empty when absent, a mark for what has parts", function()
        assert.equal("x", columns.raw "x")
        assert.equal("", columns.raw(nil))
        assert.equal("false", columns.raw(false))
        assert.equal("{…}", columns.raw {})
    end)
end)

describe("the columns that are worked out", function()
    it("are three, of which one is a cluster's name, else its id", function()
        assert.same({ "cluster", "duration", "reason_class" }, columns.computed)
        local rows = columns.complete({ { cluster_name = "n", cluster_id = "c" }, { cluster_id = "c" }, {} },
            { "cluster" })
        assert.same({ "n", "c", nil }, { rows[1].cluster, rows[2].cluster, rows[3].cluster })
    end)
end)
