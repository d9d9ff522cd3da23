local rows = require "dwsync.fleet.rows"

describe("rows of a fleet's tables", function()
    it("are written as SQL means them", function()
        for _, case in ipairs { { "NULL" }, { "NULL", 1 / 0 }, { "NULL", 0 / 0 }, { "7", 7 }, { "0.5", 0.5 },
            { "1747637723123", 1747637723123 }, { "'it''s'", "it's" }, { "'a\\x00\\\\'", "a\0\\" }, { "''", "" } } do
            assert.equal(case[1], rows.literal(case[2]))
        end
        assert.equal("1,2,1747637723123", rows.numbers { 1, 2, 1747637723123 })
        assert.equal("", rows.numbers {})
        assert.equal("name IN ('a','it''s',3)", rows.among("name", { "a", "it's", 3 }))
        assert.equal("1 = 0", rows.among("name", {}))
    end)

    it("are read by column, texts as they were written and whole numbers as such", function()
        local asked
        local found = rows.of({ rows = function(_, sql)
            asked = sql
            return { { "a\\x00\\\\", 7.0, 0.5 }, { nil, nil, "x" } }
        end }, { "a", "b", "c" }, "t WHERE x = 1")
        assert.equal("SELECT a, b, c FROM t WHERE x = 1", asked)
        assert.same({ { a = "a\0\\", b = 7, c = 0.5 }, { c = "x" } }, found)
        assert.equal("7", ("%s"):format(tostring(found[1].b)))
    end)

    it("have the database's time", function()
        assert.equal(12.5, rows.clock { clock = "the time", rows = function(_, sql)
            assert.equal("SELECT the time", sql)
            return { { "12.5" }, { "13" } }
        end })
    end)
end)
