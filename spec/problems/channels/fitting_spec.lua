local fitting = require "dwsync.problems.channels.fitting"

describe("a text within a limit", function()
    it("is cut to its bytes with an ellipsis, and within no character", function()
        assert.equal("abc", fitting.text("abc", 3))
        assert.equal("ab…", fitting.text("abcdefg", 5))
        for most = 4, 40 do
            local text = fitting.text(("研"):rep(50), most)
            assert.is_true(#text <= most)
            assert.equal("…", text:gsub("研", ""))
        end
    end)

    it("is lines, of which the last says how many are left out", function()
        local lines = { "title" }
        for i = 1, 500 do
            lines[i + 1] = "problem " .. i
        end
        local text = fitting.lines(lines, 300, "\n")
        assert.is_true(#text <= 300)
        local last = tonumber(text:match "\nproblem (%d+)\n… and %d+ more$")
        assert.equal(500 - last, tonumber(text:match "(%d+) more$"))
        assert.equal(table.concat(lines, "\n"), fitting.lines(lines, 100000, "\n"))
        lines = { "title", "problem 1", "problem 2", "problem 3" }
        for most, kept in pairs { [35] = table.concat(lines, "\n"), [34] = "title\nproblem 1\n… and 2 more",
            [30] = "title\nproblem 1\n… and 2 more", [29] = "title\n… and 3 more", [20] = "title\n… and 3 more",
            [19] = "t…\n… and 3 more" } do
            assert.equal(kept, fitting.lines(lines, most, "\n"), most)
        end
        assert.equal("a\n\nb", fitting.lines({ "a", "b" }, 4, "\n\n"))
        assert.is_true(#fitting.lines({ ("x"):rep(1000) }, 100, "\n") <= 100)
        assert.is_true(#fitting.lines({ ("x"):rep(1000), "y" }, 100, "\n") <= 100)
    end)

    it("is a body with as many facts as fit, and a last one that counts the others", function()
        local facts, seen = {}, nil
        for i = 1, 200 do
            facts[i] = { "Problem", "no. " .. i }
        end
        local body = fitting.body(facts, 1000, function(some)
            seen = some
            local parts = {}
            for i, fact in ipairs(some) do
                parts[i] = fact[1] .. fact[2]
            end
            return table.concat(parts)
        end)
        assert.is_true(#body <= 1000 and #seen > 10)
        assert.same({ "…", ("and %d more"):format(200 - #seen + 1) }, seen[#seen])
        fitting.body({ { "Reason", ("x"):rep(100) } }, 50, function(some)
            seen = some
            return some[1][1] .. some[1][2]
        end)
        assert.same({ { "…", "and 1 more" } }, seen)
    end)
end)
