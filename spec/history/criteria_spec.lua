local criteria = require "dwsync.history.criteria"

describe("the criteria of a query", function()
    -- What is raised about the line that calls a method which checks what it is given.
    local function raised(check, given)
        local function method()
            local checked = check(given, "store:method")
            return checked
        end
        local line
        local good, message = pcall(function()
            line = debug.getinfo(1, "l").currentline + 1
            local checked = method()
            return checked
        end)
        assert.is_false(good)
        local place, rest = message:match "criteria_spec%.lua:(%d+): store:method: (.*)$"
        assert.equal(line, tonumber(place))
        return rest
    end

    local function refuses(check, cases)
        for _, case in ipairs(cases) do
            assert.equal(case[1], raised(check, case[2]))
        end
    end

    it("are a cluster's id as a column holds it, and what else is given, a text as a list of one", function()
        assert.same({ cluster_id = "c" }, criteria.check({ cluster_id = "c" }, "m"))
        assert.same({ cluster_id = "c\n\\x00", since = -1.5, until_ = 2, source = { "a" }, status = { "x", "y" },
            limit = 1 }, criteria.check({ cluster_id = "c\n\0", since = -1.5, until_ = 2, source = "a",
            status = { "x", "y" }, limit = 1 }, "m"))
    end)

    it("are refused by their names", function()
        local function with(name, value)
            return { cluster_id = "c", [name] = value }
        end
        local points, texts = ", expected milliseconds since the epoch", ", expected a text or a list of texts"
        refuses(criteria.check, {
            { "cluster_id is missing, expected a text that is not empty", {} },
            { 'cluster_id is "", expected a text that is not empty', { cluster_id = "" } },
            { "cluster_id is 5, expected a text that is not empty", { cluster_id = 5 } },
            { 'since is "x"' .. points, with("since", "x") }, { 'until_ is "x"' .. points, with("until_", "x") },
            { "source is a table" .. texts, with("source", {}) },
            { "source is a table" .. texts, with("source", { "a", 1 }) },
            { "status is 5" .. texts, with("status", 5) },
            { "limit is 0, expected an integer above 0", with("limit", 0) },
            { "limit is 1.5, expected an integer above 0", with("limit", 1.5) },
            { "unknown option 'sinc'. Did you mean 'since'? The options are cluster_id, limit, since, source, status, "
                .. "until_.", with("sinc", 1) },
        })
    end)

    it("of what is judged together are the time, the sources, and as many records as are judged", function()
        assert.same({ limit = 20000 }, criteria.together({}, "m"))
        assert.same({ now = 0, source = { "a" }, limit = 1 }, criteria.together({ now = 0, source = "a", limit = 1 },
            "m"))
        assert.same({ now = 1e11, limit = 20000 }, criteria.together({ now = 1e11 }, "m"))
        refuses(criteria.together, {
            { "now is -1, expected seconds since the epoch", { now = -1 } },
            { "now is 100000000001, expected seconds since the epoch", { now = 1e11 + 1 } },
            { "source is a table, expected a text or a list of texts", { source = {} } },
            { "limit is 0, expected an integer above 0", { limit = 0 } },
            { "unknown option 'cluster_id'. The options are limit, now, source.", { cluster_id = "c" } },
        })
    end)
end)
