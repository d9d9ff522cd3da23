local wording = require "dwsync.health.wording"

describe("wording", function()
    it("takes the teeth out of foreign words, and cuts them", function()
        assert.equal("a?[31mb c", wording.foreign("a\27[31mb\nc", 40))
        assert.equal("abcd", wording.foreign("abcd", 4))
        assert.equal("abcd...", wording.foreign("abcde", 4))
    end)

    it("names a source by its type", function()
        assert.equal("the ldap source", wording.source { type = "ldap" })
        assert.equal("the source", wording.source {})
        assert.equal("the l?x source", wording.source { type = "l\27x" })
    end)
end)
