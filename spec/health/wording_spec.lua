local wording = require "dwsync.health.wording"

describe("wording", function()
    it("names a source by its type", function()
        assert.equal("the ldap source", wording.source { type = "ldap" })
        assert.equal("the source", wording.source {})
        assert.equal("the l?x source", wording.source { type = "l\27x" })
    end)
end)
