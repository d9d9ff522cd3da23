-- One record, and two clusters, of which every foreign text is hostile, through every output there is.
local command = require "spec.support.command"
local errors = require "dwsync.errors"
local health = require "dwsync.health"
local json = require "dwsync.json"
local overviews = require "spec.report.overviews"
local publication = require "dwsync.nginx.sweep.publication"
local query = require "dwsync.nginx.serve.query"
local report = require "dwsync.report"

local function rendered(render)
    local parts = {}
    render(function(part)
        parts[#parts + 1] = part
    end)
    return table.concat(parts)
end

-- U+061C, U+200E and F, U+202A to E, U+2066 to 9.
local DIRECTION_MARKS = { "\216\156", "\226\128\142", "\226\128\143", "\226\128\170", "\226\128\171", "\226\128\172",
    "\226\128\173", "\226\128\174", "\226\129\166", "\226\129\167", "\226\129\168", "\226\129\169" }

local MARKS = table.concat(DIRECTION_MARKS, "x")

local DECEITS = { "=HYPERLINK(1)", "+1", "-1", "@SUM(1)", '"=1"', "\t=1", "\r=1", "<!channel>", "<@U012AB>",
    "@here", "@everyone", "@所有人", "<!-- gone -->", "![x](https://evil.example/x.png)", "[x](https://evil.example)",
    "`<!channel>` <@U012AB> @here", "|<img src=x>|", "\27[2J\27]0;x\7", "x\n# x\n- x", "www.evil.example" }

local function hostile_rows(deceit)
    local text = deceit .. MARKS
    local record = { id = text, identity_source_id = text, identity_source_type = text, status = text,
        fail_reason = text, start_time = 1747637723055, end_time = text, add_count = -5, unknown = text, [text] = text,
        nested = { text } }
    local names = {}
    for name in pairs(record) do
        names[#names + 1] = name ~= text and name or nil
    end
    table.sort(names)
    return { name = "sync_records", columns = names, rows = { record } }
end

local function hostile_overview(deceit)
    local text = deceit .. MARKS
    local records = overviews.records(30, function(index)
        return { status = index < 6 and "FAILED" or index < 8 and text or nil, fail_reason = text, id = text .. index,
            identity_source_id = text, identity_source_type = text, unknown = text }
    end)
    local failure = errors.from_response({ status = 400, headers = { ["x-request-id"] = text },
        body = json.encode { error_code = text, error_msg = text } }, { now = overviews.NOW })
    return health.overview({
        { cluster = { id = text, name = text }, records = records,
            evaluation = health.evaluate(records, nil, overviews.NOW) },
        { cluster = { id = text .. 2, name = text .. 2 }, error = failure },
    }, overviews.NOW)
end

local function hostile_outputs(deceit)
    local outputs, overview = {}, hostile_overview(deceit)
    for _, format in ipairs(report.formats) do
        outputs["rows " .. format] = rendered(function(write)
            report.render(format, hostile_rows(deceit), write, {})
        end)
    end
    for _, format in ipairs(report.health_formats) do
        outputs["verdicts " .. format] = rendered(function(write)
            report.render_health(format, overview, write, { width = 120 })
        end)
    end
    for _, document in ipairs(publication.documents(overview, 100, function() return "" end)) do
        local text = table.concat(document.pieces)
        outputs["nginx " .. document.name:match "^%l+"] = document.name:find "^records:" and text:match "\n({.*)$"
            or text -- without its index
    end
    return outputs
end

local function each_hostile(wanted, check)
    local count = 0
    for _, deceit in ipairs(DECEITS) do
        for name, output in pairs(hostile_outputs(deceit)) do
            if name:find(wanted) then
                count = count + 1
                check(output, ("%s in %s: %s"):format(deceit, name, output:sub(1, 3000)))
            end
        end
    end
    assert.is_true(count >= #DECEITS)
end

-- The cells of text with tabs, and of CSV.
local function cells_of(output)
    local cells = {}
    for line in output:gmatch "[^\n]+" do
        for cell in line:gmatch "[^\t]+" do
            cells[#cells + 1] = cell
        end
    end
    return cells
end

local function csv_cells_of(output)
    local cells = {}
    output = output:gsub('""', "\1")
    for quoted in output:gmatch '"([^"]*)"' do
        cells[#cells + 1] = quoted:gsub("\1", '"')
    end
    for cell in output:gsub('"[^"]*"', ""):gmatch "[^,\n]+" do
        cells[#cells + 1] = cell
    end
    return cells
end

describe("a record of which every text is hostile", function()
    it("turns the direction of writing and drives a terminal in no output", function()
        each_hostile("", function(output, context)
            for _, mark in ipairs(DIRECTION_MARKS) do
                assert.is_nil(output:find(mark, 1, true), context)
            end
            assert.is_nil(output:find "[\7\27]", context)
        end)
    end)

    it("is run by no spreadsheet, and its numbers are numbers", function()
        local function check(cells, context)
            local numbers = 0
            for _, cell in ipairs(cells) do
                local is_number = tonumber(cell) ~= nil
                numbers = numbers + (is_number and 1 or 0)
                assert.is_true(is_number or not cell:find '^"*[=+@-]', context)
            end
            assert.is_true(numbers > 0, context)
        end
        each_hostile("tsv$", function(output, context)
            check(cells_of(output), context)
        end)
        each_hostile("csv$", function(output, context)
            check(csv_cells_of(output), context)
        end)
    end)

    it("mentions nobody, links nothing and hides nothing in Markdown, in code or not", function()
        each_hostile("markdown$", function(output, context)
            for _, forbidden in ipairs { "<!", "<@", "<img", "@here", "@everyone", "@所有人", "://", "www%." } do
                assert.is_nil(output:find(forbidden), forbidden .. " from " .. context)
            end
            for line in output:gmatch "[^\n]+" do
                local _, backticks = line:gsub("`", "")
                assert.equal(0, backticks % 2, line)
            end
            local prose = output:gsub("`[^`\n]*`", "")
            assert.is_nil(prose:find "[^\\]%]%(", context)
            assert.is_nil(prose:find "[^\\]%[x", context)
        end)
    end)

    it("is text in a page, not an element or a comment", function()
        each_hostile("html$", function(output, context)
            for _, forbidden in ipairs { "<!channel", "<@", "<img", "<!%-%-" } do
                assert.is_nil(output:find(forbidden), forbidden .. " from " .. context)
            end
        end)
        each_hostile("status$", function(output, context)
            assert.is_nil(output:find "<!channel" or output:find "<@" or output:find "<img", context)
        end)
    end)

    it("ends no line of metrics and adds none to the service's line", function()
        each_hostile("prometheus$", function(output, context)
            for line in output:gmatch "[^\n]+" do
                assert.is_truthy(line:find "^#" or line:find "^[%w_]+[{ ]", context)
            end
        end)
        each_hostile("nagios$", function(output, context)
            local _, bars = output:match "^[^\n]*":gsub("|", "")
            assert.is_true(bars <= 1, context)
        end)
    end)

    it("comes back whole from JSON", function()
        each_hostile("rows ndjson$", function(output, context)
            local record = assert(json.decode(output), context)
            assert.equal(MARKS, record.fail_reason:sub(-#MARKS), context)
        end)
    end)
end)

describe("what is said of a hostile word", function()
    it("by the command turns nothing", function()
        for _, mark in ipairs(DIRECTION_MARKS) do
            local word = "x" .. mark .. "y"
            for _, arguments in ipairs { { "records", word }, { "records", "c1", "--status", word }, { word },
                { "records", "c1", "--" .. word }, { "records", "c1", "-o", word }, { "health", "c1", "--since", word },
                { "records", "--input", "/no-folder/" .. word }, { "records", "--input", "-" },
                { "report", "c1", "--file", "/no-folder/" .. word .. ".html" },
                { "report", "c1", "--file", "/no-folder/" .. word .. ".zzz" },
                { "doctor", word }, { "clusters", "--region", word }, { "clusters", "--endpoint", word },
                { "clusters", "--config", "/no-folder/" .. word } } do
                local status, out, err = command.run(arguments, { stdin = '{"' .. word .. '":1}',
                    service = command.service { c1 = command.healthy() } })
                local context = table.concat(arguments, " ")
                assert.not_equal(0, status, context)
                assert.is_nil((out .. err):find(mark, 1, true), context .. ": " .. out .. err)
            end
        end
    end)

    it("by nginx's handlers turns nothing", function()
        for _, mark in ipairs(DIRECTION_MARKS) do
            for name, text in pairs { [mark] = "1", it = mark, point = mark } do
                local values, reason = query.read({ [name] = text }, { it = { kind = "integer" }, point = query.point },
                    overviews.NOW)
                assert.is_nil(values)
                assert.is_nil(reason:find(mark, 1, true), reason)
            end
        end
    end)
end)
