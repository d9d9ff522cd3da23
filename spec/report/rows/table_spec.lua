local causes = require "dwsync.health.causes"
local columns = require "dwsync.report.rows.columns"
local display = require "dwsync.text"
local growth = require "spec.support.growth"
local report = require "dwsync.report"

local function render(rows, names, options)
    local parts = {}
    report.render("table", { name = "sync_records", rows = rows, columns = names }, function(text)
        parts[#parts + 1] = text
    end, options)
    return table.concat(parts)
end

local function lines_of(text)
    local lines = {}
    for line in text:gmatch "([^\n]*)\n" do
        lines[#lines + 1] = line
    end
    return lines
end

local function record(changes)
    local fields = { id = "r", start_time = 1747637723055, status = "FINISHED", identity_source_type = "ldap",
        add_count = 1, update_count = 22, delete_count = 0, failed_count = 0 }
    for name, value in pairs(changes or {}) do
        fields[name] = value
    end
    return fields
end

describe("a table", function()
    it("shows what is not a number as such, and nothing for what is absent", function()
        assert.matches("nan", render({ { id = 0 / 0, status = "x" } }, { "id", "status" }), 1, true)
        assert.is_nil(render({ { status = "x" } }, { "id", "status" }):find("na", 1, true))
    end)

    it("does not take more than its share for texts that a hostile service made long", function()
        assert.equal(" x", render({ { fail_reason = (" "):rep(100000) .. "x" } }, { "fail_reason" }):match "(..)\n$")
        local rows = { { status = ("s"):rep(100000), id = "1" } }
        for i = 2, 1000 do
            rows[i] = { id = tostring(i) }
        end
        local text = render(rows, { "status", "id" }, { width = 80 })
        assert.is_true(#text < 200000, "one long text widened every row")
        local function cost(blanks)
            return growth.instructions(([[
                require("dwsync.report").render("table", { name = "sync_records", columns = { "fail_reason" },
                    rows = { { fail_reason = (" "):rep(%d) .. "x" } } }, function() end)]]):format(blanks))
        end
        local least = cost(1)
        assert.is_true(cost(8000) - least < 6 * (cost(2000) - least)) -- 16 times when gsub cuts blanks off
    end)

    it("is aligned, numbers flush right, times to the second, no blanks at the end", function()
        assert.equal(table.concat({
            "START                 STATUS    TYPE       ADD  UPD  DEL  FAIL  REASON",
            "2025-05-19T06:55:23Z  FINISHED  ldap         1   22    0     0",
            "2025-05-19T06:55:23Z  FAILED    oneaccess    1   22    0   300  bind failed",
            "",
        }, "\n"), render({ record(), record { status = "FAILED", identity_source_type = "oneaccess", failed_count = 300,
            fail_reason = "bind failed" } }, columns.records))
    end)

    it("is its heading when the list is empty", function()
        assert.equal("ID  NAME  STATUS  VERSION\n", render({}, columns.clusters))
    end)

    it("has the columns asked for, unknown ones empty", function()
        assert.equal("STATUS    NONSENSE  ID\nFINISHED            r\n",
            render({ record() }, { "status", "nonsense", "id" }))
    end)

    it("fits into 80 columns", function()
        local rows = { record { fail_reason = ("why "):rep(50) }, record { fail_reason = ("原因"):rep(50) } }
        for _, line in ipairs(lines_of(render(rows, columns.records, { width = 80 }))) do
            assert.is_true(display.width(line) <= 80, line)
        end
    end)

    it("is as wide as it likes when there is no terminal", function()
        local reason = ("why "):rep(50) .. "end"
        assert.is_truthy(render({ record { fail_reason = reason } }, columns.records):find(reason, 1, true))
    end)

    it("cuts the last column to the width, but never to less than eight", function()
        local rows = { { id = "abc", fail_reason = "0123456789abcdef" } }
        rows[1].status = rows[1].fail_reason
        assert.equal("ID   STATUS\nabc  012345678…\n", render(rows, { "id", "status" }, { width = 15 }))
        assert.equal("ID   STATUS\nabc  0123456…\n", render(rows, { "id", "status" }, { width = 3 }))
    end)

    it("keeps both ends of a reason that does not fit, behind its class when that is known", function()
        local function reason(text, width)
            return render({ { fail_reason = text } }, { "fail_reason" }, { width = width }):match "\n(.-)\n$"
        end
        assert.equal("01234…cdef", reason("0123456789abcdef", 10))
        local known = "javax.naming.AuthenticationException: [LDAP: error code 49 - 80090308: data 52e, v4563]"
        local class = causes.explain(known).class
        assert.equal(class .. ": javax.namin…2e, v4563]", reason(known, #class + 24))
        assert.equal(class, reason(known, #class + 4))
        assert.equal(known, reason(known, #known))
        assert.equal("目录 o…存在", reason("目录 ou=研发 不存在", 12))
    end)

    it("has the columns that are worked out of a record", function()
        local rows = { { start_time = 1000, end_time = 62500, fail_reason = "Connection refused", cluster_id = "c1" },
            { start_time = 1000, cluster_name = "prod", cluster_id = "c2" } }
        assert.equal("DURATION  CLASS       CLUSTER\n"
            .. "    61.5  connection  c1\n"
            .. "                      prod\n", render(rows, { "duration", "reason_class", "cluster" }))
        assert.is_nil(rows[1].duration) -- the rows themselves stay
    end)

    it("writes times in the way asked for", function()
        local rows = { { start_time = 1747637723055 } }
        local function with(time)
            local out = {}
            report.render("table", { name = "sync_records", rows = rows, columns = { "start_time" }, time = time },
                function(text) out[#out + 1] = text end)
            return table.concat(out):match "\n(.-)\n$"
        end
        assert.equal("2025-05-19T06:55:23Z", with(nil))
        assert.equal("1747637723055", with "ms")
        assert.matches("^2025%-05%-%d%dT%d%d:55:23[+-]%d%d:%d%d$", with "local")
    end)

    it("cuts wide characters whole and stays aligned with them", function()
        local rows = { { id = "漢字", status = "a" }, { id = "x", status = "漢字漢字漢字" } }
        assert.equal("ID    STATUS\n漢字  a\nx     漢字漢…\n", render(rows, { "id", "status" }, { width = 14 }))
    end)

    it("keeps hostile text from the terminal, and each row on one line", function()
        local text = render({ record {
            status = "\27[2J\194\155x",
            fail_reason = "a\nb\tc\r\27]0;x\7\226\128\174\155",
        } }, { "status", "fail_reason" })
        assert.equal("STATUS  REASON\n?[2J?x  a b c ?]0;x???\n", text)
    end)

    it("colours the status it knows, on request, without moving anything", function()
        local rows = {}
        for i, status in ipairs { "FINISHED", "FAILED", "RUNNING", "NEW" } do
            rows[i] = record { status = status }
        end
        local plain = render(rows, { "status", "id" })
        local painted = render(rows, { "status", "id" }, { color = true })
        assert.is_nil(plain:find("\27", 1, true))
        assert.equal("STATUS    ID\n\27[32mFINISHED\27[0m  r\n\27[31mFAILED  \27[0m  r\n\27[33mRUNNING \27[0m  r\n"
            .. "NEW       r\n", painted)
        assert.equal(plain, (painted:gsub("\27%[%d+m", "")))
    end)

    it("does not colour other columns that say the same", function()
        assert.is_nil(render({ { id = "FAILED" } }, { "id" }, { color = true }):find("\27", 1, true))
    end)

    it("writes large counts with every digit", function()
        assert.equal("             ADD\n1000000000000001\n",
            render({ { add_count = 1000000000000001 } }, { "add_count" }))
    end)
end)
