local health = require "dwsync.health"
local overviews = require "spec.report.overviews"
local status_page = require "dwsync.report.status.page"

-- The body of a page with one cluster that has so many sources, all of them well.
local function body_of(count)
    local records = {}
    for i = 1, count do
        for hour = 0, 5 do
            local start = (overviews.NOW - 600 - hour * 3600) * 1000 - i
            records[#records + 1] = { id = ("r%d-%d"):format(i, hour), identity_source_id = ("s%02d"):format(i),
                identity_source_type = "ldap", status = "FINISHED", start_time = start, end_time = start + 1000 }
        end
    end
    return status_page.body(health.overview({ { cluster = { id = "c" }, records = records,
        evaluation = health.evaluate(records, {}, overviews.NOW) } }, overviews.NOW))
end

describe("the tile of a cluster", function()
    it("has a line for each of six sources, then says how many more there are, and twenty panels", function()
        for count, expected in pairs { [1] = {}, [6] = {}, [7] = { 1 }, [20] = { 14 }, [21] = { 15, 1 } } do
            local html = body_of(count)
            assert.same({ expected[1], expected[2] }, { tonumber(html:match "and (%d+) more sources, none worse"),
                tonumber(html:match "(%d+) further sources are left out here") }, count)
        end
    end)
end)
