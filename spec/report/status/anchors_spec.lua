local status_anchors = require "dwsync.report.status.anchors"

describe("a name for a place in the status page", function()
    it("is the id itself where HTML and addresses take it as it is", function()
        local anchors = status_anchors.new()
        assert.equal("79d6458e-52bb-4e0d", anchors:cluster "79d6458e-52bb-4e0d")
        assert.equal("c_1.LDAP-2", anchors:source("c_1", "LDAP-2"))
    end)

    it("does not depend on what else is there, so that a link to it lasts", function()
        local some, other = status_anchors.new(), status_anchors.new()
        other:cluster "another"
        assert.equal(some:cluster "a b", other:cluster "a b")
    end)

    it("has nothing of an id that might be taken for more than a name", function()
        local anchors, seen = status_anchors.new(), {}
        for _, id in ipairs { "", "\"><script>", "a b", "a.b", "#x", ("x"):rep(65), "用户", "~00000000", "%41" } do
            local name = anchors:cluster(id)
            assert.is_truthy(name:find "^~%x%x%x%x%x%x%x%x$", name)
            assert.is_nil(seen[name])
            seen[name] = true
        end
    end)

    it("is made of every byte of an id, always in the same way: people keep links", function()
        for id, digest in pairs { [""] = "00000000", a = "00000061", ab = "00000c21", ba = "00000c3f",
            ["用户"] = "92a4dcfa", [("x"):rep(65)] = "a8be2078" } do
            assert.equal(digest, status_anchors.digest(id))
        end
        assert.equal(("x"):rep(64), status_anchors.new():cluster(("x"):rep(64)))
    end)

    it("stands once, even when two have the same id", function()
        local anchors = status_anchors.new()
        assert.same({ "a", "a~2", "a~3" }, { anchors:cluster "a", anchors:cluster "a", anchors:cluster "a" })
        assert.same({ "a.s", "a.s~2", "b.s" }, { anchors:source("a", "s"), anchors:source("a", "s"),
            anchors:source("b", "s") })
    end)
end)
