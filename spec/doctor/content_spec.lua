local access = require "dwsync.doctor.access"
local content = require "dwsync.doctor.content"
local errors = require "dwsync.errors"

describe("the doctor of content", function()
    local function page(...)
        local list = {}
        for i, id in ipairs { ... } do
            list[i] = { id = id }
        end
        return { sync_records = list }
    end

    it("compares two pages: what is the second record of the first one, or the first, or neither", function()
        local PAGES = "offset counts pages, as documented"
        local ROWS = "offset counts rows, contrary to the documentation; dwsync handles that"
        for _, case in ipairs {
            { page("a", "b"), page "b", "ok", ROWS }, { page("a", "b", "c"), page("b", "c"), "ok", ROWS },
            { page("a", "b"), page(), "ok", PAGES }, { page("a", "b"), {}, "ok", PAGES },
            { page("a", "b", "c"), page("c", "d"), "ok", PAGES }, { page("a", "b"), page "d", "ok", PAGES },
            { page("a", "b"), page("a", "b"), "warning", "offset 1 gives the records of offset 0: the service ignores "
                .. "offset, or a record arrived", "Run it again when no synchronisation is running." },
            { page("a", "b"), false, "warning", nil, "Mend it." },
        } do
            local err = errors.new { kind = "network", message = "went wrong.", hint = "Mend it." }
            local client = { list_sync_records = function(_, parameters)
                assert.same({ cluster_id = "c1", offset = 1, limit = access.PAGE }, parameters)
                return case[2] or nil, not case[2] and err or nil
            end }
            assert.same({ case[3], case[4] or access.summary(err), case[5] }, { content.paging { client = client,
                cluster_id = "c1", page = case[1] } })
        end
        for _, few in ipairs { page "a", page(), {}, false } do
            assert.same({ "skipped", "too few records", "Ask about a cluster with two records or more." },
                { content.paging { page = few or nil } })
        end
    end)

    it("says how many records there are, when the service says it", function()
        for _, case in ipairs { { 1, ", 1 in all" }, { 3e9, ", 3000000000 in all" }, { nil, "" } } do
            local one = page "a"
            one.count = case[1]
            assert.same({ "ok", "on: there are records" .. case[2] }, { content.feature { page = one } })
        end
        assert.same({ "skipped", "no cluster to look at", "Name a CLUSTER." }, { content.feature {} })
        assert.same({ "warning", "no records: it is off, or nothing was ever synchronised",
            "Enable identity-source synchronisation, or wait for the first run." }, { content.feature { page = {} } })
    end)

    it("takes for milliseconds what is of our years then, by the first record that has a time", function()
        for time, is_fine in pairs { [1e11] = true, [1e11 - 1] = false, [1e14] = false, [1e14 - 1] = true } do
            local outcome, found, hint = content.time_unit { page = { sync_records = { {}, { start_time = time },
                { start_time = 5 } } } }
            if is_fine then
                assert.same({ "ok", "times are milliseconds since the epoch" }, { outcome, found, hint })
            else
                assert.same({ "warning", ("start_time %.0f is not a time of our years in milliseconds"):format(time),
                    "Report it: dwsync shows and compares times as milliseconds." }, { outcome, found, hint })
            end
        end
        assert.same({ "skipped", "no records with a time", "Ask about a cluster that has records." },
            { content.time_unit { page = { sync_records = { {} } } } })
    end)
end)
