local wording = require "dwsync.health.wording"

describe("wording", function()
    it("names a source by its type", function()
        assert.equal("the ldap source", wording.source { type = "ldap" })
        assert.equal("the source", wording.source {})
        assert.equal("the l?x source", wording.source { type = "l\27x" })
    end)

    it("names who speaks, where that is known", function()
        for speaker, says in pairs { directory = "the directory says",
            ["identity provider"] = "the identity provider says", warehouse = "the warehouse says",
            network = "the network failed", sync = "the synchronisation says" } do
            assert.equal(says, wording.says(speaker))
        end
        assert.is_nil(wording.says "somebody")
        assert.is_nil(wording.says(nil))
    end)
end)
