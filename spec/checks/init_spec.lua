local checks = require "dwsync.checks"

-- A declaration, good values with what they become, and bad ones with what is said about them.
local KINDS = {
    boolean = { {}, { { true, true }, { false, false } },
        { { "yes", "it is a string, expected true or false" }, { 0, "it is a number, expected true or false" } } },
    string = { {}, { { "a b", "a b" } }, {
        { "", 'it is "", expected a non-empty text without line breaks' },
        { "a\r\nb\tc", [[it is "a\r\nb\tc", expected a non-empty text without line breaks]] },
        { 7, "it is 7, expected a non-empty text without line breaks" },
    } },
    identifier = { {}, { { "a.b_c-d", "a.b_c-d" }, { ("x"):rep(128), ("x"):rep(128) } }, {
        { "", 'it is "", expected a text that is not empty' },
        { {}, "it is a table, expected a text that is not empty" },
        { "../x", 'it is "../x", expected letters, digits, "-", "_" and "." only' },
        { "..", 'it is "..", expected letters, digits, "-", "_" and "." only' },
        { ("x"):rep(129), 'it is "' .. ("x"):rep(59) .. '…", expected at most 128 characters, not 129' },
    } },
    integer = { { from = 1, to = 9 }, { { 1, 1 }, { 9, 9 } }, {
        { 0, "it is 0, expected an integer from 1 to 9" }, { 10, "it is 10, expected an integer from 1 to 9" },
        { 1.5, "it is 1.5, expected an integer from 1 to 9" }, { "1", 'it is "1", expected an integer from 1 to 9' },
        { 1 / 0, "it is inf, expected an integer from 1 to 9" },
    } },
    number = { { above = 0, to = 0.5, noun = "a share" }, { { 0.1, 0.1 }, { 0.5, 0.5 } }, {
        { 0, "it is 0, expected a share above 0 and at most 0.5" },
        { 0.6, "it is 0.6, expected a share above 0 and at most 0.5" },
        { true, "it is true, expected a share above 0 and at most 0.5" },
    } },
    duration = { { from = 1, to = 86400 }, { { 1, 1 }, { "90m", 5400 }, { 86400, 86400 } }, {
        { 0.5, 'it is 0.5, expected a length of time from 1 s to 1 d: seconds, or "90s", "5m"' },
        { "2d", 'it is "2d", expected a length of time from 1 s to 1 d: seconds, or "90s", "5m"' },
        { "soon", 'it is "soon", expected a length of time from 1 s to 1 d: seconds, or "90s", "5m"' },
        { "5 Minutes", 'it is "5 Minutes", expected a length of time from 1 s to 1 d: seconds, or "90s", "5m"; did you '
            .. "mean 5m?" },
    } },
    one_of = { { values = { "auto", 0, "row" } }, { { "auto", "auto" }, { 0, 0 } }, {
        { "rows", 'it is "rows", expected one of auto, 0, row (did you mean \'row\'?)' },
        { "Aut", 'it is "Aut", expected one of auto, 0, row (did you mean \'auto\'?)' },
        { {}, "it is a table, expected one of auto, 0, row" },
    } },
    ["function"] = { {}, { { print, print } }, { { {}, "it is a table, expected a function" } } },
    table = { { fields = { id = { kind = "identifier", required = true }, size = { kind = "integer", default = 2 } } },
        { { { id = "a" }, { id = "a", size = 2 } } }, {
            { "a", "it is a string, expected a table" },
            { {}, "it.id is missing, expected a text that is not empty" },
            { { id = "a", size = "b" }, 'it.size is "b", expected an integer' },
            { { id = "a", sise = 1 }, "unknown field 'it.sise'. Did you mean 'size'? The fields are id, size." },
        } },
    list = { { least = 1, of = { kind = "integer" } }, { { { 1, 2 }, { 1, 2 } } }, {
        { {}, "it is a table, expected a list that is not empty" },
        { "a", "it is a string, expected a list that is not empty" },
        { { 1, "b" }, 'it[2] is "b", expected an integer' },
        { { 1, x = 2 }, "it is a table, expected a list that is not empty" },
    } },
}

describe("a point in time", function()
    it("without a unit is asked for it, if it has few digits", function()
        local declared = { kind = "point" }
        assert.equal('since is "6", expected 90m, 24h, 7d, 2025-05-19, 2025-05-19T06:55:23Z or milliseconds; 6 what? '
            .. "6m, 6h, 6d", (select(2, checks.from_text(declared, "6", "since", 0))))
        for text, meant in pairs { ["7D"] = "did you mean 7d?", ["2 weeks"] = "did you mean 2w?",
            ["31.12.2025"] = "did you mean 2025-12-31?", ["2025-02-29"] = "that day does not exist" } do
            assert.matches(" or milliseconds; " .. meant, (select(2, checks.from_text(declared, text, "since", 0))), 1,
                true)
        end
        for text, asks in pairs { ["12345678"] = true, ["123456789"] = false } do
            local what = (" what? %sm, %sh, %sd"):format(text, text, text)
            local message = select(2, checks.from_text(declared, text, "since", 0)) or ""
            assert.equal(asks, message:find(what, 1, true) ~= nil)
        end
        local _, message = checks.from_text(declared, ("9"):rep(400), "since", 0)
        assert.is_true(#message < 200, message)
        assert.is_nil(message:find("what?", 1, true))
    end)
end)

describe("a value that is declared as", function()
    for kind, case in pairs(KINDS) do
        local declared = case[1]
        declared.kind = kind
        it(kind .. " is taken when it is good, and refused by name when it is not", function()
            for _, good in ipairs(case[2]) do
                assert.same({ good[2] }, { checks.value(declared, good[1], "it") })
            end
            for _, bad in ipairs(case[3]) do
                assert.same({ nil, bad[2] }, { checks.value(declared, bad[1], "it") })
            end
        end)
    end

    it("integer or length of time has a ceiling that only a message about too much names", function()
        assert.equal("it is 2147483648, expected an integer of 0 or more and at most 2147483647",
            select(2, checks.value({ kind = "integer", from = 0 }, 2147483648, "it")))
        assert.equal('it is 1e+20, expected a length of time and at most 10000 d: seconds, or "90m", "6h", "2d"',
            select(2, checks.value({ kind = "duration" }, 1e20, "it")))
        for value, declared in pairs { [2147483647] = { kind = "integer" }, [864000000] = { kind = "duration" } } do
            assert.equal(value, checks.value(declared, value, "it"))
            assert.is_nil((checks.value(declared, value + 1, "it")))
        end
        assert.equal(864000000, checks.value({ kind = "duration" }, "10000d", "it"))
        assert.is_nil((checks.value({ kind = "duration" }, "10001d", "it")))
        assert.equal("it is -1, expected an integer of 0 or more",
            select(2, checks.value({ kind = "integer", from = 0 }, -1, "it")))
    end)

    it("a number says the range that it has, and counts its ends in or out", function()
        for expected, declared in pairs {
            ["a number"] = {}, ["a number of 2 or more"] = { from = 2 }, ["a number above 2"] = { above = 2 },
            ["a number from 2 to 4"] = { from = 2, to = 4 },
            ["a number above 2 and at most 4"] = { above = 2, to = 4 },
        } do
            declared.kind = "number"
            assert.equal("it is true, expected " .. expected, select(2, checks.value(declared, true, "it")))
            for _, number in ipairs { 1.5, 2, 2.5, 4, 4.5 } do
                local good = (not declared.from or number >= 2) and (not declared.above or number > 2)
                    and (not declared.to or number <= 4)
                assert.equal(good and number or nil, (checks.value(declared, number, "it")))
            end
        end
        assert.is_nil((checks.value({ kind = "number" }, 0 / 0, "it")))
        assert.is_nil((checks.value({ kind = "number" }, -1 / 0, "it")))
    end)

    it("a length of time is explained with units that fit it, and may have to have one", function()
        for to, units in pairs { [86399] = '"90s", "5m"', [86400] = '"90s", "5m"', [86401] = '"90m", "6h", "2d"' } do
            assert.matches("d?: seconds, or " .. units .. "$",
                (select(2, checks.value({ kind = "duration", to = to }, "x", "it"))))
        end
        local declared = { kind = "duration", unit = true, above = 0 }
        assert.equal(5400, checks.value(declared, "90m", "it"))
        assert.equal('it is 90, expected a length of time above 0 with its unit: "90m", "6h", "2d"',
            select(2, checks.value(declared, 90, "it")))
    end)

    it("a length of time that is only worded otherwise is guessed, if it is short", function()
        local longest = "5 m" .. ("x"):rep(57)
        for text, meant in pairs { ["7D"] = "7d", ["7 days"] = "7d", ["- 7 d"] = "7d", ["1.5 H"] = "1.5h",
            ["7d"] = false, ["7 years"] = false, ["7 d 2"] = false, [longest] = "5m", [longest .. "x"] = false } do
            local message = select(2, checks.value({ kind = "duration", to = 1 }, text, "it"))
            assert.equal(meant, message:match "; did you mean (.*)%?$" or false)
        end
    end)

    it("a point in time counts from the moment that it is told", function()
        assert.equal((1e9 - 7 * 86400) * 1000, checks.value({ kind = "point" }, "7d", "it", 1e9))
        assert.equal(-7 * 86400 * 1000, checks.value({ kind = "point" }, "7d", "it"))
        assert.equal((1e9 - 3600) * 1000, checks.read({ since = { kind = "point" } }, { since = "1h" },
            { now = 1e9 }).since)
        assert.equal((1e9 - 3600) * 1000, checks.from_text({ kind = "point" }, "1h", "it", 1e9))
    end)

    it("a point in time may be named by a day only where the zone is known", function()
        assert.equal('it is "x", expected 90m, 24h, 7d, yesterday, 2025-05-19, 2025-05-19T06:55:23Z or milliseconds',
            select(2, checks.value({ kind = "point", zone = {} }, "x", "it", 1e9)))
    end)

    it("a point in time is one of the zone that is known", function()
        local zone = { to_utc = function(seconds) return seconds - 3600 end, from_utc = function(seconds)
            return seconds + 3600
        end }
        assert.equal(1747609200000, checks.value({ kind = "point", zone = zone }, "2025-05-19", "it", 1e9))
        assert.equal(1747612800000, checks.value({ kind = "point" }, "2025-05-19", "it", 1e9))
    end)

    it("a list may be empty unless it says how many there are at least", function()
        assert.same({}, checks.value({ kind = "list" }, {}, "it"))
        assert.equal("it is a string, expected a list", select(2, checks.value({ kind = "list" }, "a", "it")))
        assert.is_nil((checks.value({ kind = "list", least = 2 }, { 1 }, "it")))
        assert.same({ 1, 2 }, checks.value({ kind = "list", least = 2 }, { 1, 2 }, "it"))
    end)

    it("one of two has no commas", function()
        assert.equal('it is "c", expected a or b', select(2, checks.value({ kind = "one_of", values = { "a", "b" } },
            "c", "it")))
    end)

    it("a text may be empty, have line breaks, a length and a pattern", function()
        assert.equal("", checks.value({ kind = "string", empty = true }, "", "it"))
        assert.equal("a\nb", checks.value({ kind = "string", lines = true }, "a\nb", "it"))
        for expected, declared in pairs { ["a text that is not empty"] = { lines = true },
            ["a text without line breaks"] = { empty = true },
            ["a text of 0 to 2 bytes"] = { empty = true, longest = 2 } } do
            declared.kind = "string"
            assert.equal("it is 7, expected " .. expected, select(2, checks.value(declared, 7, "it")))
        end
        assert.equal("ab", checks.value({ kind = "string", longest = 2 }, "ab", "it"))
        for _, text in ipairs { "a\nb", "a\rb", "a\0b" } do
            assert.is_nil((checks.value({ kind = "string" }, text, "it")))
        end
        assert.equal('it is "abc", expected a text of 1 to 2 bytes',
            select(2, checks.value({ kind = "string", longest = 2 }, "abc", "it")))
        assert.equal('it is "a b", expected a name',
            select(2, checks.value({ kind = "string", pattern = "^%w+$", expected = "a name" }, "a b", "it")))
    end)

    it("something of its own is read by a function, or checked by one that says everything", function()
        local even = {
            read = function(value)
                return value % 2 == 0 and value or nil
            end,
            expected = "an even number",
        }
        assert.equal(4, checks.value(even, 4, "it"))
        assert.equal("it is 3, expected an even number", select(2, checks.value(even, 3, "it")))
        assert.equal("it is missing, expected an even number", select(2, checks.value(even, nil, "it")))
        local plus = { read = function(value, more) return value + more end, expected = "a number" }
        assert.equal(7, checks.value(plus, 4, "it", 3))
        assert.equal(7, checks.from_text(plus, "4", "it", 3))
        assert.equal(7, checks.values({ it = plus }, { it = 4 }, { now = 3 }).it)
        local no = { check = function(_, name) return nil, name .. " is never good" end }
        assert.equal("it is never good", select(2, checks.value(no, 3, "it")))
    end)

    it("one that may be off takes false, and says so", function()
        local level = { kind = "integer", above = 0, off = true }
        assert.is_false(checks.value(level, false, "it"))
        assert.equal("it is 0, expected an integer above 0, or false", select(2, checks.value(level, 0, "it")))
    end)

    it("secret is never shown", function()
        local _, message = checks.value({ kind = "string", secret = true }, "hunter2\n", "it")
        assert.equal("it is not a non-empty text without line breaks", message)
    end)
end)

describe("what a message shows", function()
    it("keeps foreign text, and makes harmless what drives a terminal", function()
        assert.equal('"目录"', checks.shown "目录")
        local shown = checks.shown "a\27[31mb"
        assert.is_nil(shown:find("\27", 1, true))
        assert.is_true(#checks.shown(("x"):rep(1000)) < 70)
    end)

    it("is the type of what has no text", function()
        assert.same({ "a table", "a function", "nil", "false" }, { checks.shown {}, checks.shown(print),
            checks.shown(nil), checks.shown(false) })
    end)
end)

local OPTIONS = {
    region = { kind = "string", required = true },
    retries = { kind = "integer", from = 0, default = 3 },
    timeout = { kind = "duration", above = 0 },
}

describe("a word that is not known", function()
    it("is guessed by its beginning, or by letters more, fewer, other or swapped: one in three", function()
        for _, case in ipairs {
            -- too short to say anything
            { "a", { "b" }, nil }, { "ab", { "ax" }, "ax" }, { "ab", { "xy" }, nil }, { "", { "a" }, nil },
            -- one letter
            { "rows", { "row" }, "row" }, { "row", { "rows" }, "rows" }, { "rews", { "rows" }, "rows" },
            { "rwos", { "rows" }, "rows" }, { "orws", { "rows" }, "rows" }, { "ROWS", { "rowt" }, "rowt" },
            -- two are too many in four letters, not in five
            { "roxy", { "rows" }, nil }, { "roxw", { "rows" }, nil }, { "rosx", { "rows" }, nil },
            { "rowxy", { "rowst" }, "rowst" }, { "rwosxx", { "rowsst" }, nil }, { "orwst", { "rowts" }, "rowts" },
            -- a beginning of three letters, however long the rest
            { "aut", { "automatic" }, "automatic" }, { "AUT", { "automatic" }, "automatic" },
            { "au", { "automatic" }, nil }, { "uto", { "automatic" }, nil },
            -- the nearest, and of equals the first
            { "auto", { "autxy", "auty", "autz" }, "auty" }, { "auto", { "aut", "automatic" }, "aut" },
            { ("a"):rep(60), { ("a"):rep(61) }, ("a"):rep(61) }, { ("a"):rep(61), { ("a"):rep(62) }, nil },
            { "1", { 1 }, 1 }, { "10", { 100 }, 100 }, { 10, { 100 }, nil },
        } do
            local word, known, meant = case[1], case[2], case[3]
            assert.equal(meant and (" (did you mean '%s'?)"):format(meant) or "", checks.guess(word, known))
        end
    end)
end)

describe("options", function()
    it("get defaults, and what was given stays as it is", function()
        local given = { region = "r", timeout = "90s" }
        assert.same({ region = "r", retries = 3, timeout = 90 }, checks.read(OPTIONS, given))
        assert.same({ region = "r", timeout = "90s" }, given)
    end)

    it("that are unknown are named with the nearest name and all there are", function()
        local meant = { retires = "retries", timout = "timeout", Region = "region", ["region "] = "region" }
        for name, near in pairs(meant) do
            local checked, problem = checks.read(OPTIONS, { [name] = 1 })
            assert.is_nil(checked)
            assert.same({ kind = "config", message = ("unknown option '%s'"):format(name),
                hint = ("Did you mean '%s'? The options are region, retries, timeout."):format(near) }, problem)
        end
    end)

    it("that are nothing like any name get no guess", function()
        for _, name in ipairs { "colour", 1, ("region"):rep(50) } do
            local _, problem = checks.read(OPTIONS, { [name] = 1 })
            assert.equal("The options are region, retries, timeout.", problem.hint)
        end
        assert.equal("There are no options.", select(2, checks.read({}, { a = 1 })).hint)
    end)

    it("are named as the one who gave them knows them", function()
        local door = { noun = "key", path = "profiles.p." }
        assert.equal("unknown key 'profiles.p.regoin'. Did you mean 'region'? The keys are region, retries, timeout.",
            checks.line(select(2, checks.read(OPTIONS, { regoin = "x" }, door))))
        local _, problem = checks.read(OPTIONS, { region = "x", retries = -1 }, door)
        assert.same({ kind = "config", option = "retries",
            message = "profiles.p.retries is -1, expected an integer of 0 or more" }, problem)
        assert.equal("profiles.p.region is missing, expected a non-empty text without line breaks",
            select(2, checks.read(OPTIONS, {}, door)).message)
    end)

    it("in a hint are spelled as its reader does", function()
        local function spell(name)
            return "--" .. name:gsub("_", "-")
        end
        assert.equal("Set --ca-file, or `it is`.", checks.spelled("Set `ca_file`, or `it is`.", spell))
    end)
end)

describe("a value that came as text", function()
    it("is a number where one is expected, and stays text elsewhere", function()
        assert.equal(7, checks.from_text({ kind = "integer" }, "7", "it"))
        assert.equal(90, checks.from_text({ kind = "duration" }, "90", "it"))
        assert.equal(5400, checks.from_text({ kind = "duration" }, "90m", "it"))
        assert.equal(0.5, checks.from_text({ kind = "duration" }, ".5", "it"))
        assert.equal("7", checks.from_text({ kind = "string" }, "7", "it"))
        for _, text in ipairs { "0x10", " 7", "-1", "1e3", "1.2.3", "7.5" } do
            assert.same({ nil, ('it is %s, expected an integer'):format(text == "7.5" and text or '"' .. text .. '"') },
                { checks.from_text({ kind = "integer" }, text, "it") })
        end
    end)
end)

describe("a reader of an option", function()
    it("returns the value of a text, or what is wrong with it", function()
        local read = checks.reader({ kind = "duration", above = 0 }, "--fresh")
        assert.same({ 5400 }, { read "90m" })
        assert.same({ nil, '--fresh is 0, expected a length of time above 0: seconds, or "90m", "6h", "2d"' },
            { read "0" })
    end)
end)

describe("the arguments of a function", function()
    local function open(given)
        local checked = checks.arguments(OPTIONS, given, "open")
        return checked
    end

    for message, given in pairs {
        ["open expects a table, got a string"] = "region",
        ["open: unknown option 'regio'. Did you mean 'region'? The options are region, retries, timeout."] =
            { regio = "x" },
        ["open: retries is -1, expected an integer of 0 or more"] = { region = "x", retries = -1 },
    } do
        it(("raise at the caller's line: %s"):format(message), function()
            local line = debug.getinfo(1, "l").currentline + 1
            local good, reason = pcall(function() local a = open(given) return a end)
            assert.is_false(good)
            assert.equal(("checks/init_spec.lua:%d: %s"):format(line, message),
                reason:match "checks/init_spec%.lua.*$")
        end)
    end

    it("are checked when they are good", function()
        assert.equal(3, open({ region = "x" }).retries)
    end)
end)
