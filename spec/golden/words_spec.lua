-- What the functions that write and read words make of values around their borders.
local checks = require "dwsync.checks"
local kept = require "spec.golden.kept"
local quantities = require "dwsync.quantities"
local text = require "dwsync.text"
local timestamps = require "dwsync.timestamps"

local function shown(value)
    if type(value) == "table" then
        local parts = {}
        for i, item in ipairs(value) do
            parts[i] = shown(item)
        end
        return "{ " .. table.concat(parts, ", ") .. " }"
    elseif type(value) == "number" then
        return value ~= value and "nan" or ("%.14g"):format(value)
    end
    return type(value) == "string" and ("%q"):format(value):gsub("\\\n", "\\n") or tostring(value)
end

-- A line for each call: `calls` are lists of arguments.
local function lines_of(name, call, calls)
    local lines = { "== " .. name }
    for _, arguments in ipairs(calls) do
        local given = {}
        for i, argument in ipairs(arguments) do
            given[i] = shown(argument)
        end
        local results = { call((table.unpack or unpack)(arguments)) } -- luacheck: ignore unpack
        for i, result in ipairs(results) do
            results[i] = shown(result)
        end
        lines[#lines + 1] = ("%s = %s"):format(table.concat(given, ", "),
            results[1] and table.concat(results, ", ") or "nil")
    end
    return table.concat(lines, "\n") .. "\n"
end

local function each(list, ...)
    local calls = {}
    for i, value in ipairs(list) do
        calls[i] = { value, ... }
    end
    return calls
end

local SECONDS = { 0, 0.0000001, 0.0005, 0.000999, 0.001, 0.0999, 0.9994, 0.9999, 1, 1.04, 1.05, 1.99, 9.94, 9.99,
    10, 10.9,
    59, 59.999, 60, 60.5, 61, 119.9, 120, 3599, 3600, 3659, 3660, 7199.6, 86399, 86400, 89999, 90000, 172800, 6.05e5,
    1e8, 1e15, 2e16, -0.5, -61, 1 / 0, -1 / 0, 0 / 0, "5" }

describe("what is written of values", function()
    it("is as kept for numbers and lengths of time", function()
        local ratios = { 0, 1e-9, 0.00049, 0.0005, 0.0006, 0.001, 0.0149, 0.015, 0.5, 0.99, 0.9994, 0.9995, 0.99999, 1,
            1.001, 12, -0.2, 0 / 0 }
        local points = {}
        for i, seconds in ipairs(SECONDS) do
            points[i] = type(seconds) == "number" and 1747637723000 - seconds * 1000 or seconds
        end
        local counts = each({ 0, 1, 1.04, 1.05, 1.5, 2, 999, 1e14, 1e15, -1, 0 / 0 }, "run")
        local values = {}
        for _, unit in ipairs { "seconds", "ratio", "accounts", "runs", "records", "times", "parsecs" } do
            values[#values + 1], values[#values + 2] = { 1, unit }, { 2.26, unit }
        end
        kept.compare("quantities.txt", table.concat {
            lines_of("number", quantities.number, each { 0, 1, 1.04, 1.06, 1.5, 99.95, 1e15, 123456789, -3, 0 / 0 }),
            lines_of("count", quantities.count, counts),
            lines_of("duration", quantities.duration, each(SECONDS)),
            lines_of("age", quantities.age, each(SECONDS)),
            lines_of("cadence", quantities.cadence, each(SECONDS)),
            lines_of("percent", quantities.percent, each(ratios)),
            lines_of("value", quantities.value, values),
            lines_of("thresholds", function(warning, critical, unit)
                return quantities.thresholds { warning = warning or nil, critical = critical or nil, unit = unit }
            end, { { 1, 2, "runs" }, { false, 0.5, "ratio" }, { 3600, false, "seconds" }, { false, false, "runs" } }),
            lines_of("distance", quantities.distance, each(points, 1747637723)),
            lines_of("due", quantities.due, each(points, 1747637723)),
        })
    end)

    it("is as kept for points in time", function()
        local milliseconds = { -62135596800001, -62135596800000, -1, -0.5, 0, 0.9, 1, 999, 1000, 1747637723055,
            951782400000, 1709164799999, 1709164800000, 4102444800000, 253402300799999, 253402300800000 }
        local dates = { "2025-05-19", "2025-02-29", "2024-02-29", "1900-02-29", "2000-02-29", "2025-04-31",
            "2025-13-01",
            "2025-00-10", "2025-10-00", "2025-12-31T23:59:59Z", "2025-12-31T23:59:60Z", "2025-12-31T23:59:61Z",
            "2025-12-31T24:00:00Z", "2025-12-31T23:60:00Z", "2025-05-19t06:55z", "2025-05-19 06:55:23",
            "2025-05-19T06:55:23.5", "2025-05-19T06:55:23.", "2025-05-19T06:55:23.055+02:00", "2025-05-19T06:55-0130",
            "2025-05-19T06:55+24:00", "2025-05-19T06:55+23:60", "2025-05-19T06:55+2", "1969-12-31T23:59:59Z",
            "0001-01-01", "25-05-19", "" }
        local lengths = { "90s", "30m", "24h", "7d", "2w", "1.5h", "1.h", ".5h", "0s", "5", "5x", "-5s", "5 s",
            "9007199254740991s", "9007199254740992s", "104249991374w", "14892855911w" }
        local points = each({ "24h", "today", "Yesterday", "2025-05-19", "2025-05-19T08:55:23+02:00", "nonsense",
            "12345678", "123456789", "1747637723", "1747637723055", 5, 99999999999, 1e11, 1 / 0, 0 / 0, true },
            1747637723)
        local skews = {}
        for _, difference in ipairs { 0, 59, 60, 61, -60, -61, 86400, 86460, 86461, -86460, -86461 } do
            skews[#skews + 1] = { 1747637723 + difference, 1747637723 }
        end
        kept.compare("timestamps.txt", table.concat {
            lines_of("to_iso", timestamps.to_iso, each(milliseconds)),
            lines_of("instant", quantities.instant, each(milliseconds)),
            lines_of("from_iso", timestamps.from_iso, each(dates)),
            lines_of("duration", timestamps.duration, each(lengths)),
            lines_of("point", timestamps.point, points),
            lines_of("skew", timestamps.skew, skews),
            lines_of("to_sdk_date", timestamps.to_sdk_date, each { 0, 0.9, 1761389392.999 }),
            lines_of("from_http", timestamps.from_http, each { "Sun, 06 Nov 1994 08:49:37 GMT",
                "Sun, 6 Dec 1970 08:49:37 GMT", "Wed, 31 Dec 1969 23:59:59 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
                "Sun, 06 Nix 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT" }),
            lines_of("from_certificate", timestamps.from_certificate, each { "Dec  1 23:59:59 2026 GMT",
                "Jan 31 00:00:00 2030 GMT", "Feb 30 00:00:00 2030 GMT", "Jan 1 00:00:00 2030" }),
        })
    end)
end)

-- Wide, composed, joined, marked, invisible and broken.
local TEXTS = { "", "a", "plain text", "研发目录", "Grüße", "e\204\129e\204\129", "👩‍👩‍👧", "🇩🇪🇫🇷", "👍🏽!", "☂️", "ｆｕｌｌ",
    "क्षि", "நி",
    "가나다", "かな カナ", "。、", "a\226\128\139b", "\226\128\174abc", "\27[31mred", "a\0b", "tab\tand\nline", "\255\254",
    "\195",
    "한" .. ("\204\129"):rep(40), "x" .. ("\204\129"):rep(31) .. "y", "http://example.com/a?b=c", "𝒳𝒴",
    "\239\187\191bom",
    ("word "):rep(12), ("目录"):rep(12) }

describe("what is made of texts", function()
    it("is as kept", function()
        local parts = {}
        for _, name in ipairs { "width", "harmless", "safe", "trim", "excerpt" } do
            parts[#parts + 1] = lines_of(name, function(...)
                return (text[name](...))
            end, each(TEXTS))
        end
        for _, name in ipairs { "cut", "elide", "wrap", "excerpt", "beginning" } do
            for _, width in ipairs { 3, 4, 9, 10 } do
                parts[#parts + 1] = lines_of(name .. " " .. width, text[name], each(TEXTS, width))
            end
        end
        parts[#parts + 1] = lines_of("utf8", function(...)
            return (text.utf8(...))
        end, each(TEXTS, "?"))
        local secret = "s3cr3t/key+value=="
        local echoes = { "the key " .. secret, "cut at s3cr3t/", "cut at s3cr3t/k", "cut at s3cr3t/ke",
            "s3cr3t\\/key+value==",
            "s3cr3t%2Fkey%2Bvalue%3D%3D", "s3cr3t%2fkey%2bvalue%3d%3d", "X-Auth-Token: abc|host:x",
            "x-security-token=1",
            "\"Authorization\": \"abc\"", "x-subject-token :y\nz", secret .. secret, "s3s3cr3t/key+value==" }
        parts[#parts + 1] = lines_of("redact", text.redact, each(echoes, { secret }))
        parts[#parts + 1] = lines_of("redact short", text.redact, each({ "ab", "an ab here", "cab", "abc", "ab ab",
            "xab",
            "ab.", "(ab)" }, { "ab" }))
        parts[#parts + 1] = lines_of("redact three", text.redact, each({ "abc", "xabcx", "ab" }, { "abc", "" }))
        kept.compare("texts.txt", table.concat(parts))
    end)

    it("is as kept for what may have been meant", function()
        local known = { "endpoint", "iam_endpoint", "region", "retries", "timeout", "page_size", "id", "ca_file" }
        kept.compare("guesses.txt", table.concat {
            lines_of("guess", checks.guess, each({ "endpont", "End", "en", "e", "regoin", "retry", "tmeout", "timeouts",
                "pagesize", "page-size", "ID", "di", "cafile", "x", "", ("e"):rep(61), 5 }, known)),
            lines_of("shown", checks.shown, each { "a\nb\r\t", ("x"):rep(80), 1.5, 2 ^ 60, true, {}, "\27[31m" }),
        })
    end)
end)
