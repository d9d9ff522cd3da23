local cases = require "spec.quantities_cases"
local quantities = require "dwsync.quantities"

local NO_NUMBERS = { 0 / 0, 1 / 0, -1 / 0, "12", {}, true }

describe("a length of time", function()
    it("has its two largest units, rounded down", function()
        for _, case in ipairs(cases.duration) do
            assert.equal(case[2], quantities.duration(case[1]))
        end
    end)

    it("may be negative, and is a dash when it is no number", function()
        assert.equal("−5 min", quantities.duration(-300))
        for _, value in ipairs(NO_NUMBERS) do
            assert.equal("–", quantities.duration(value))
        end
        assert.equal("–", quantities.duration(nil))
        assert.equal("100000000000 d", quantities.duration(8.64e15))
        assert.equal("1.16e+295 d", quantities.duration(1e300))
    end)
end)

describe("a length of time at the borders of its units", function()
    it("has the larger one from there on", function()
        for seconds, words in pairs { [9.999] = { "9.9 s", "10 s" }, [59.999] = { "59 s", "1 min" },
            [3599.999] = { "59 min 59 s", "1 h" }, [86399.999] = { "23 h 59 min", "1 d" },
            [0.999] = { "999 ms", "1 s" }, [119.999] = { "1 min 59 s", "2 min" },
            [7199.999] = { "1 h 59 min", "2 h" }, [172799.999] = { "1 d 23 h", "2 d" },
            [3659.999] = { "1 h", "1 h 1 min" }, [89999.999] = { "1 d", "1 d 1 h" } } do
            assert.same(words, { quantities.duration(seconds), quantities.duration(seconds + 0.001) })
        end
        assert.same({ "0 s", "< 1 ms", "1 ms", "2.5 s" }, { quantities.duration(0), quantities.duration(0.0009),
            quantities.duration(0.001), quantities.duration(2.59) })
        assert.equal("11574074074.1 d", quantities.duration(1e15))
        assert.same({ "59 s", "1 min" }, { quantities.age(59.9999), quantities.age(60) })
        for seconds, words in pairs { [60] = "1 min", [64.9] = "1 min", [65] = "1 min 10 s", [599] = "10 min",
            [600] = "10 min", [629] = "10 min", [630] = "11 min", [3600] = "1 h", [3749] = "1 h", [3750] = "1 h 5 min",
            [86400] = "1 d", [88199] = "1 d", [59.99] = "59 s" } do
            assert.equal(words, quantities.cadence(seconds), seconds)
        end
        for ratio, words in pairs { [0.0005] = "0.1 %", [0.00049] = "< 0.1 %", [0.9995] = "> 99.9 %",
            [0.9994] = "99.9 %", [1.0001] = "100 %" } do
            assert.equal(words, quantities.percent(ratio), ratio)
        end
    end)
end)

describe("an age", function()
    it("is a length of time in whole seconds, and from a minute on in whole minutes", function()
        for text, seconds in pairs { ["0 s"] = -5, ["3 s"] = 3.9, ["59 s"] = 59.9, ["1 min"] = 119,
            ["11 min"] = 699, ["1 h 29 min"] = 5399, ["23 h 59 min"] = 86399.9, ["2 d 7 h"] = 200000 } do
            assert.equal(text, quantities.age(seconds))
        end
        assert.equal("–", quantities.age(nil))
    end)
end)

describe("a cadence", function()
    it("leaves out the seconds by which every run differs", function()
        for text, seconds in pairs { ["1 h"] = 3599.9, ["15 min"] = 15 * 60 - 0.9, ["5 min"] = 303,
            ["1 d"] = 86400 - 30, ["2 d 14 h"] = 62 * 3600 + 400, ["1 h 5 min"] = 3900, ["1 min"] = 61,
            ["20 s"] = 20.4, ["12 min"] = 739, ["3 s"] = 3, ["59 s"] = 59.9,
            ["9 min 50 s"] = 594, ["59 min"] = 3569, ["23 h 55 min"] = 86249, ["1 d 1 h"] = 88200,
            ["250 ms"] = 0.25 } do
            assert.equal(text, quantities.cadence(seconds))
        end
        assert.equal("–", quantities.cadence(nil))
    end)
end)

describe("a number", function()
    it("has one decimal at most, and no digits that are noise", function()
        for text, number in pairs { ["480"] = 480, ["1.5"] = 1.5, ["1.3"] = 1.26, ["2"] = 1.96, ["-0.5"] = -0.5,
            ["999999999999999"] = 1e15 - 1, ["1e+15"] = 1e15, ["-1e+15"] = -1e15 } do
            assert.equal(text, quantities.number(number))
        end
        for _, value in ipairs(NO_NUMBERS) do
            assert.equal("–", quantities.number(value))
        end
    end)
end)

describe("a share", function()
    it("has one decimal at most, and is never rounded to all or nothing", function()
        for text, ratio in pairs { ["0 %"] = 0, ["< 0.1 %"] = 0.0001, ["6.4 %"] = 0.064, ["99.9 %"] = 0.999,
            ["4.2 %"] = 1 / 24, ["> 99.9 %"] = 0.99999, ["100 %"] = 1, ["0.1 %"] = 0.0006,
            ["200 %"] = 2, ["-5 %"] = -0.05 } do
            assert.equal(text, quantities.percent(ratio))
        end
        assert.equal("–", quantities.percent(nil))
    end)
end)

describe("a count", function()
    it("has its noun, in the singular or the plural", function()
        assert.equal("0 runs", quantities.count(0, "run"))
        assert.equal("1 run", quantities.count(1, "run"))
        assert.equal("2 people", quantities.count(2, "person", "people"))
        assert.equal("– runs", quantities.count(nil, "run"))
    end)
end)

describe("a value", function()
    it("has its unit", function()
        assert.equal("480 accounts", quantities.value(480, "accounts"))
        assert.equal("1 account", quantities.value(1, "accounts"))
        assert.equal("1 time", quantities.value(1, "times"))
        assert.equal("1 run", quantities.value(1, "runs"))
        assert.equal("1 record", quantities.value(1, "records"))
        assert.equal("1.5 times", quantities.value(1.5, "times"))
        assert.equal("6 h", quantities.value(21600, "seconds"))
        assert.equal("12 %", quantities.value(0.12, "ratio"))
        assert.equal("7", quantities.value(7, nil))
        assert.equal("– runs", quantities.value({}, "runs"))
    end)

    it("tells its thresholds", function()
        assert.equal("warning from 20 accounts, critical from 50 accounts",
            quantities.thresholds { warning = 20, critical = 50, unit = "accounts" })
        assert.equal("warning from 1 run", quantities.thresholds { warning = 1, unit = "runs" })
        assert.equal("", quantities.thresholds { unit = "runs" })
    end)
end)

describe("a point in time", function()
    it("is written to the second in UTC", function()
        assert.equal("2025-05-19T06:55:23Z", quantities.instant(1747637723055))
        for _, value in ipairs(NO_NUMBERS) do
            assert.equal("–", quantities.instant(value))
        end
        assert.equal("1000000000000000000", quantities.instant(1e18)) -- no calendar holds it
    end)

    it("is so far from now", function()
        for _, case in ipairs(cases.distance) do
            assert.equal(case[2], quantities.distance(1000000 - case[1] * 1000, 1000))
        end
        assert.equal("–", quantities.distance(nil, 1000))
    end)

    it("is exact although the time of day is a float", function()
        local now = 1747637723.055
        for _, seconds in ipairs { 60, 3600, 86400, 40 * 86400 } do
            local length = quantities.duration(seconds)
            assert.equal(length .. " ago", quantities.distance(1747637723055 - seconds * 1000, now))
            assert.equal(length, quantities.duration(now - (1747637723055 - seconds * 1000) / 1000))
        end
    end)

    it("that is expected is due or overdue", function()
        assert.equal("8 h overdue", quantities.due(1000, 28801))
        assert.equal("in 48 min", quantities.due(1000000 + 2880000, 1000))
    end)
end)
