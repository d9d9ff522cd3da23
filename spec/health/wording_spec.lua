local wording = require "dwsync.health.wording"

describe("wording", function()
    it("writes a length of time in its two largest units", function()
        for seconds, text in pairs { [0] = "0 ms", [0.25] = "250 ms", [1] = "1 s", [59.9] = "59 s", [60] = "1 min",
            [61] = "1 min 1 s", [3600] = "1 h", [33120] = "9 h 12 min", [86400] = "1 d", [90061] = "1 d 1 h",
            [1e9] = "11574 d 1 h" } do
            assert.equal(text, wording.length(seconds))
        end
    end)

    it("counts in the singular and the plural", function()
        assert.equal("0 runs", wording.count(0, "run"))
        assert.equal("1 run", wording.count(1, "run"))
        assert.equal("2 runs", wording.count(2, "run"))
        assert.equal("2 people", wording.count(2, "person", "people"))
    end)

    it("writes ratios as percentages", function()
        assert.equal("50 %", wording.percent(0.5))
        assert.equal("4.17 %", wording.percent(1 / 24))
    end)

    it("names a source by its type", function()
        assert.equal("the ldap source", wording.source { type = "ldap" })
        assert.equal("the source", wording.source {})
        assert.equal("the l?x source", wording.source { type = "l\27x" })
    end)
end)
