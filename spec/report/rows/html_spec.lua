local report = require "dwsync.report"

local function render(rows, columns, name)
    local parts = {}
    report.render("html", { name = name or "sync_records", rows = rows, columns = columns }, function(text)
        parts[#parts + 1] = text
    end)
    return table.concat(parts)
end

describe("rows as a page", function()
    it("are a table with caption, headings and rows", function()
        local text = render({ { start_time = 1747637723055, add_count = 5 } }, { "start_time", "add_count" })
        assert.is_truthy(text:find("<h1>Synchronisation records</h1>", 1, true))
        assert.is_truthy(text:find("<caption>1 row, times in UTC</caption>", 1, true))
        assert.is_truthy(text:find('scope="col">Start</th>', 1, true))
        assert.is_truthy(text:find('scope="row">2025-05-19 06:55:23Z</th>', 1, true))
        assert.is_truthy(text:find('data-label="Added" role="cell">5</td>', 1, true))
    end)

    it("have a heading in words and a class for each field of a record, and for others what is known", function()
        local found, text = {}, render({}, { "id", "identity_source_id", "identity_source_type", "start_time",
            "end_time", "add_count", "update_count", "delete_count", "failed_count", "status", "fail_reason", "name",
            "version", "number_of_node", "other" })
        for attributes, heading in text:gmatch '<th([^>]*) scope="col">(.-)</th>' do
            found[#found + 1] = heading .. (attributes:match ' class="(.-)"' and " " .. attributes:match 'class="(.-)"'
                or "")
        end
        assert.same({ "ID", "Source", "Type", "Start instant", "End instant", "Added number", "Updated number",
            "Deleted number", "Failed number", "Status", "Reason wide", "Name", "Version", "Nodes number", "OTHER" },
            found)
    end)

    it("say how their times are written", function()
        for time, words in pairs { iso = "in UTC", ["local"] = "with zone", ms = "in milliseconds" } do
            local parts, document = {}, { name = "users", rows = { {}, {} }, columns = { "id" }, time = time }
            report.render("html", document, function(part)
                parts[#parts + 1] = part
            end)
            assert.matches("<h1>users</h1>.*<caption>2 rows, times " .. words .. "</caption>", table.concat(parts))
        end
    end)

    it("are a whole page even when the list is empty", function()
        local text = render({}, { "id", "name" }, "clusters")
        assert.is_truthy(text:find "^<!DOCTYPE html>\n<html lang=\"en\">")
        assert.is_truthy(text:find("<h1>Clusters</h1>", 1, true))
        assert.is_truthy(text:find("<caption>0 rows, times in UTC</caption>", 1, true))
        assert.is_truthy(text:find "</table></div></main>\n</body>\n</html>\n$")
    end)

    it("keep hostile text and hostile names of columns text", function()
        local hostile = "<script>alert(1)</script>\"'&"
        local text = render({ { id = hostile, [hostile] = hostile } }, { "id", hostile })
        assert.is_nil(text:find("<script", 1, true))
        assert.is_truthy(text:find("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;", 1, true))
    end)

    it("show a dash for what is absent, and cut what is long", function()
        local text = render({ { id = "a", fail_reason = ("x"):rep(100000) } }, { "id", "status", "fail_reason" })
        assert.is_truthy(text:find(">–</td>", 1, true))
        assert.is_true(#text < 20000)
    end)

    it("are written in pieces, however many there are", function()
        local rows, pieces, longest = {}, 0, 0
        for i = 1, 5000 do
            rows[i] = { id = tostring(i) }
        end
        report.render("html", { name = "clusters", rows = rows, columns = { "id" } }, function(text)
            pieces, longest = pieces + 1, math.max(longest, #text)
        end)
        assert.is_true(pieces > 5 and longest < 70000)
    end)

    it("have times to the second, and their empty cells a dash, the first apart", function()
        local text = render({ { id = "", status = "", fail_reason = "2025-05-19T06:55:23.055Z", end_time = "soon" } },
            { "id", "status", "fail_reason", "end_time" })
        assert.is_truthy(text:find('role="rowheader" scope="row"></th>', 1, true))
        assert.is_truthy(text:find('data-label="Status" role="cell">–</td>', 1, true))
        assert.is_truthy(text:find(">2025-05-19 06:55:23Z</td>", 1, true))
        assert.is_truthy(text:find(">soon</td>", 1, true))
    end)
end)
