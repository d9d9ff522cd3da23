local verdicts = require "dwsync.health.verdicts"

describe("verdicts", function()
    it("come worst first, then causes, then the cluster's before its sources', then by rule", function()
        local order = {
            { "critical", nil, nil, "data" }, { "critical", nil, nil, "never" }, { "critical", nil, "a", "stale" },
            { "critical", nil, "b", "churn" }, { "critical", "failing", nil, "data" },
            { "critical", "failing", "a", "stale" }, { "warning", nil, "a", "churn" },
            { "unknown", nil, "a", "churn" }, { "ok", nil, nil, "data" }, { "ok", nil, "a", "churn" },
            { "ok", nil, "a", "data" }, { "ok", false, "b", "churn" },
        }
        for i, case in ipairs(order) do
            order[i] = { severity = case[1], follows = case[2], source = case[3], rule = case[4] }
        end
        for i, one in ipairs(order) do
            for k, other in ipairs(order) do
                assert.equal(i < k, verdicts.comes_first(one, other), ("%d, %d"):format(i, k))
            end
        end
    end)

    it("change at the earlier of the times at which one does", function()
        assert.same({ 1, 1, 1, 1 }, { verdicts.earlier(1, 2), verdicts.earlier(2, 1), verdicts.earlier(1, nil),
            verdicts.earlier(nil, 1) })
        assert.is_nil(verdicts.earlier(nil, nil))
    end)
end)
