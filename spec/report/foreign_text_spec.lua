local command = require "spec.support.command"
local display = require "dwsync.text"
local errors = require "dwsync.errors"
local health = require "dwsync.health"
local json = require "dwsync.json"
local overviews = require "spec.report.overviews"
local report = require "dwsync.report"
local status_page = require "dwsync.report.status.page"

-- What people write, which every output shows as it is.
local KEPT = {
    ["Chinese"] = "目录 ou=研发 不存在",
    ["Chinese between German"] = "Gruppe Müller fehlt: 组不存在",
    ["Japanese with a variant of an ideograph"] = "葛\243\160\132\128城市の組",
    ["Korean"] = "그룹 없음",
    ["Arabic with harakat"] = "المُجَلَّد غير موجود",
    ["Persian with zero width non-joiners"] = "گروه نمی\226\128\140خواهد",
    ["Hindi with a zero width joiner"] = "क्\226\128\141ष समूह",
    ["Mongolian with a variation selector"] = "ᠮᠣᠩᠭᠣᠯ\225\160\139",
    ["combining marks"] = "Gruppe Mu\204\136ller",
    ["a composed emoji"] = "👩🏽\226\128\141💻",
    ["an emoji with selector and joiner"] = "❤\239\184\143\226\128\141🔥",
    ["flags"] = "🇨🇳🇩🇪",
}

-- What drives a terminal, turns writing, or hides: what stands in text, and how often a "?" stands for it.
local HARMFUL = {
    ["NUL"] = { "\0", 1 },
    ["BEL and backspace"] = { "\7\8", 2 },
    ["DEL"] = { "\127", 1 },
    ["ESC"] = { "\27", 1 },
    ["a C1 control"] = { "\194\155", 1 },
    ["next line (U+0085)"] = { "\194\133", 1 },
    ["a soft hyphen"] = { "\194\173", 1 },
    ["an Arabic letter mark"] = { "\216\156", 1 },
    ["a left-to-right embedding"] = { "\226\128\170", 1 },
    ["a right-to-left override"] = { "\226\128\174", 1 },
    ["a left-to-right isolate"] = { "\226\129\166", 1 },
    ["a pop directional isolate"] = { "\226\129\169", 1 },
    ["a left-to-right mark"] = { "\226\128\142", 1 },
    ["a right-to-left mark"] = { "\226\128\143", 1 },
    ["a zero width space"] = { "\226\128\139", 1 },
    ["joiners in a row"] = { "\226\128\141\226\128\141", 2 },
    ["a joiner beside a blank"] = { " \226\128\140", 1, " ?" },
    ["a selector behind a letter"] = { "\239\184\143", 1 },
    ["a word joiner"] = { "\226\129\160", 1 },
    ["invisible times"] = { "\226\129\162", 1 },
    ["a byte order mark"] = { "\239\187\191", 1 },
    ["a Hangul filler"] = { "\227\133\164", 1 },
    ["a line separator"] = { "\226\128\168", 1 },
    ["a paragraph separator"] = { "\226\128\169", 1 },
    ["an annotation anchor"] = { "\239\191\185", 1 },
    ["tag characters"] = { "\243\160\129\129\243\160\129\191", 2 },
    ["a noncharacter"] = { "\239\191\191", 1 },
    ["a noncharacter beyond plane 0"] = { "\240\159\191\190", 1 },
}

local INVALID = {
    ["a surrogate"] = "\237\160\128",
    ["an overlong slash"] = "\192\175",
    ["an overlong ESC"] = "\224\128\155",
    ["a truncated character"] = "\230\150",
    ["a stray continuation byte"] = "\155",
    ["what is beyond U+10FFFF"] = "\244\144\128\128",
    ["bytes that no character has"] = "\254\255",
}

-- Sequences of which nothing but the control bytes goes.
local SEQUENCES = {
    ["a colour"] = "\27[31mred\27[0m",
    ["a title"] = "\27]0;title\7",
    ["a link (OSC 8)"] = "\27]8;;file:tmp\7click\27]8;;\7",
    ["the clipboard (OSC 52)"] = "\27]52;c;aGk=\7",
    ["a colour with a C1 control"] = "\194\15531mred",
}


local function rendered(render)
    local parts = {}
    render(function(part)
        parts[#parts + 1] = part
    end)
    return table.concat(parts)
end

-- A text as name of a cluster, as fail reason, and as message of a failure of the service.
local function overview_of(text)
    local records = overviews.records(30, function(index)
        return index < 6 and { status = "FAILED", fail_reason = text } or nil
    end)
    return health.overview({
        { cluster = { id = "c-1", name = text }, records = records,
            evaluation = health.evaluate(records, nil, overviews.NOW) },
        { cluster = { id = "c-2", name = "second" }, error = errors.from_response({ status = 400, headers = {},
            body = json.encode { error_code = "DWS.9999", error_msg = text } }, { now = overviews.NOW }) },
    }, overviews.NOW)
end

local function rows_of(text)
    return { name = "sync_records", columns = { "id", "fail_reason" },
        rows = { { id = "a", fail_reason = text }, { id = "b", fail_reason = "plain" } } }
end

-- Every output there is of a text: name → text.
local function outputs_of(text)
    local outputs, overview = {}, overview_of(text)
    for _, format in ipairs(report.formats) do
        outputs["rows " .. format] = rendered(function(write)
            report.render(format, rows_of(text), write, {})
        end)
    end
    for _, format in ipairs(report.health_formats) do
        outputs["verdicts " .. format] = rendered(function(write)
            report.render_health(format, overview, write, { width = 120 })
        end)
    end
    outputs["the status page"] = status_page.document(status_page.body(overview), { age = 1, interval = 60,
        error = text })
    return outputs
end

-- Markdown's own escapes taken back, and lines that a table broke put together.
local function unescaped(output)
    return (output:gsub("\\([%p])", "%1"):gsub("\226\128\139", ""):gsub("%s+", " "))
end

local function shows(output, text, context)
    assert.is_truthy(unescaped(output):find(text, 1, true), context .. ": " .. output:sub(1, 2000))
end

local function is_json(name)
    return name:find "json$" ~= nil
end

-- What a JSON output says where the text was put, once decoded.
local function decoded(name, output)
    if name == "rows json" then
        return assert(json.decode(output)).sync_records[1].fail_reason
    elseif name == "rows ndjson" then
        return assert(json.decode(output:match "^[^\n]*")).fail_reason
    elseif name == "verdicts json" then
        local cluster = assert(json.decode(output)).clusters[1]
        return cluster.name
    end
    return assert(json.decode(output:match "^[^\n]*")).cluster_name
end

local function each_output(cases, check)
    for kind, case in pairs(cases) do
        local text = type(case) == "table" and case[1] or case
        local written = cases == KEPT and text or "vor" .. text .. "nach"
        for name, output in pairs(outputs_of(written)) do
            check(name, output, case, kind .. " in " .. name, written)
        end
    end
end

describe("foreign text in every output", function()
    it("stays what it was, in whatever writing", function()
        each_output(KEPT, function(name, output, text, context)
            shows(output, text, context)
            if is_json(name) then
                assert.equal(text, decoded(name, output), context)
            end
        end)
    end)

    it("drives no terminal, turns no writing and hides nothing, and JSON gives it back", function()
        each_output(HARMFUL, function(name, output, case, context, written)
            local harmful = case[1]:gsub("^ ", "")
            if not name:find "markdown$" or harmful ~= "\226\128\139" then -- Markdown's own, against mentions
                assert.is_nil(output:find(harmful, 1, true), context)
            end
            if is_json(name) then
                assert.equal(written, decoded(name, output), context)
            else
                shows(output, "vor" .. (case[3] or ("?"):rep(case[2])) .. "nach", context)
            end
        end)
    end)

    it("is valid UTF-8, whatever it was", function()
        each_output(INVALID, function(name, output, bytes, context)
            assert.is_nil(output:find(bytes, 1, true), context)
            local each = is_json(name) and "\239\191\189" or "?"
            local expected = "vor" .. each:rep(#bytes) .. "nach"
            if is_json(name) then
                assert.equal(expected, decoded(name, output), context)
            else
                shows(output, expected, context)
            end
        end)
    end)

    it("loses of escape sequences what a terminal obeys, and no visible text", function()
        each_output(SEQUENCES, function(name, output, sequence, context, written)
            assert.is_nil(output:find "[\7\27]", context)
            assert.is_nil(output:find("\194\155", 1, true), context)
            if is_json(name) then
                assert.equal(written, decoded(name, output), context)
            else
                local visible = sequence:gsub("\194\155", "?"):gsub("[\7\27]", "?")
                shows(output, "vor" .. visible .. "nach", context)
            end
        end)
    end)

    it("leaves the columns of a table aligned", function()
        local rows, starts = {}, {}
        for _, text in pairs(KEPT) do
            rows[#rows + 1] = { status = text, fail_reason = "#" .. #rows }
        end
        local output = rendered(function(write)
            report.render("table", { name = "sync_records", columns = { "status", "fail_reason" }, rows = rows }, write,
                {})
        end)
        for line in output:gmatch "[^\n]+" do
            local before = line:match "^(.*)#%d+$"
            starts[before and display.width(before) or "heading"] = true
        end
        starts.heading = nil
        local start = next(starts)
        assert.same({ [start] = true }, starts)
    end)
end)

describe("foreign text in an error of the service", function()
    local function failing(code, message)
        return errors.from_response({ status = 404, headers = { ["x-request-id"] = message }, body = json.encode {
            error_code = code, error_msg = message } }, { secrets = { "s3cret-s3cret" }, now = overviews.NOW })
    end

    it("stays what it was, in whatever writing", function()
        for kind, text in pairs(KEPT) do
            local err = failing("DWS.9999", text)
            assert.equal(text, err.message, kind)
            assert.equal(text, err.request_id, kind)
            assert.is_truthy(tostring(err):find(text, 1, true), kind)
        end
        assert.equal("集群不存在", failing("DWS.9999", "集群不存在").message)
    end)

    it("is harmless, and shows no secret beside other writing", function()
        for kind, case in pairs(HARMFUL) do
            local err = failing("DWS.9999" .. case[1], "vor" .. case[1] .. "nach")
            for _, text in ipairs { err.message, err.request_id } do
                assert.equal("vor" .. (case[3] or ("?"):rep(case[2])) .. "nach", text, kind)
            end
            assert.is_nil(tostring(err):find(case[1]:gsub("^ ", ""), 1, true), kind)
        end
        assert.equal("集群***不存在", failing("DWS.9999", "集群s3cret-s3cret不存在").message)
    end)

    it("is shown from a body that is not JSON, too", function()
        local err = errors.from_response({ status = 502, headers = {}, body = "网关错误\226\128\174\27[2J\230" },
            { now = overviews.NOW })
        assert.equal("the service answered HTTP 502: 网关错误??[2J?", err.message)
    end)
end)

describe("foreign text in the command", function()
    local function records_with(reason)
        local list = command.healthy()
        for i = 1, 4 do
            list[i].status, list[i].fail_reason = "FAILED", reason
        end
        return list
    end

    it("stays what it was in the line for Nagios", function()
        for kind, text in pairs(KEPT) do
            local world = { service = command.service { c1 = records_with(text) } }
            local status, out = command.run({ "check", "c1" }, world)
            assert.equal(2, status, kind)
            assert.is_truthy(out:find(text, 1, true), kind .. ": " .. out)
        end
    end)

    it("stays what it was, or is harmless, in the name of a file that cannot be written", function()
        local function refused(path)
            return select(3, command.run({ "report", "c1", "--file", path }, { service = command.service {
                c1 = command.healthy() } }))
        end
        for kind, text in pairs(KEPT) do
            local path = "/no-folder/" .. text .. ".html"
            assert.is_truthy(refused(path):find(path .. ":", 1, true), kind)
        end
        assert.is_truthy(refused "/no-folder/\226\128\174\27[2J\155.html":find("/no-folder/??[2J?.html:", 1, true))
    end)
end)
