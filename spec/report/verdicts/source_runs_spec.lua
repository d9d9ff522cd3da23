local source_runs = require "dwsync.report.verdicts.source_runs"

describe("the runs of sources", function()
    it("are kept apart by the source's id, what is no record or has none by itself", function()
        local a, b, nameless = { identity_source_id = "a" }, { identity_source_id = "b" }, { id = "r" }
        assert.same({ a = { a }, b = { b }, [""] = { nameless, 7 } }, source_runs.by_source { a, b, nameless, 7 })
    end)
end)
