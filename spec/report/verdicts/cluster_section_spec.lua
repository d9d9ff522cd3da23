local cluster_section = require "dwsync.report.verdicts.cluster_section"
local overviews = require "spec.report.overviews"

local HOUR = 3600000

-- The cells of the row of the first source, each without markup.
local function row_of(item)
    local section = tostring(cluster_section.render(item, { number = 1, now = overviews.NOW }))
    local cells = {}
    for cell in assert(section:match ">Sources<.-<tbody.->(.-)</tr>"):gmatch "<t[dh][^>]*>(.-)</t[dh]>" do
        cells[#cells + 1] = cell:gsub("<[^>]*>", "|"):gsub("[| ]*|[| ]*", "|"):match "^|?(.-)|?$"
    end
    return cells
end

describe("the section of a cluster", function()
    it("has a row for each source: state, last success, how many runs finished, and its figures", function()
        local item = overviews.healthy()
        local function window(runs, ratio)
            return { runs = runs, success_ratio = ratio }
        end
        item.evaluation.sources[1].statistics = overviews.statistics { duration_p50 = 90, duration_p95 = 7200,
            median_gap = 5 * 3600, deleted = 1234, last_success = overviews.NOW * 1000 - 3 * HOUR,
            windows = { ["24h"] = window(24, 0.5), ["7d"] = window(168, 0.25), ["30d"] = window(720, 0.125) } }
        assert.same({ "ldap|79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e", "ok", "3 h ago|2025-11-24 05:00:00Z", "50 %|of 24",
            "25 %|of 168", "12.5 %|of 720", "5 h", "1 min 30 s|95 %: 2 h", "1234" }, row_of(item))
    end)

    it("leaves a dash for what is not known", function()
        local item = overviews.healthy()
        item.evaluation.sources[1].statistics = { runs = 0 }
        assert.same({ "ldap|79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e", "ok", "never", "–", "–", "–", "–",
            "–|95 %: –", "–" }, row_of(item))
    end)
end)
