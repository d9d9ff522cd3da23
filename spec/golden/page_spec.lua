local golden = require "spec.golden.overview"
local kept = require "spec.golden.kept"
local overviews = require "spec.report.overviews"
local publication = require "dwsync.nginx.sweep.publication"
local record_list = require "dwsync.nginx.sweep.record_list"
local status_page = require "dwsync.report.status.page"

-- Without what is made of the source of style and script.
local function shown(html)
    return kept.in_lines((html:gsub('data%-version="%x+"', "data-version")))
end

describe("the served status page", function()
    local body = status_page.body(overviews.overview { overviews.never() })

    for name, state in pairs {
        waiting = {},
        ["waiting-failed"] = { error = "no answer within 60 s", interval = 5 },
        fresh = { body = body, age = 12.5, interval = 30, tag = '"abc"' },
        stale = { body = body, age = 400, interval = 30, stale = true, stale_after = 90 },
        ["stale-by-default"] = { body = body, age = 4000, stale = true },
        failed = { body = body, age = 86400, error = "IAM refused the key <b>" },
    } do
        it("is as kept when it is " .. name, function()
            kept.compare("page." .. name .. ".html", shown(status_page.document(state.body, state)))
        end)
    end

    it("is as kept with few clusters, with many, without any, and later", function()
        local few, many = {}, {}
        for i = 1, 6 do
            few[i] = overviews.healthy("dws-" .. i, i)
            few[i].records = { few[i].records[1], few[i].records[30] }
        end
        for i = 1, 24 do
            many[i] = overviews.never()
        end
        kept.compare("body.few.html", shown(status_page.body(overviews.overview(few))))
        kept.compare("body.dense.html", shown(status_page.body(overviews.overview(many))))
        table.remove(many)
        assert.is_nil(status_page.body(overviews.overview(many)):find(" dense", 1, true))
        kept.compare("body.none.html", shown(status_page.body(overviews.overview {})))
        kept.compare("body.later.html", shown(status_page.body(golden.each_kind(), overviews.NOW + 7200)))
    end)
end)

describe("the documents of a publication", function()
    it("are as kept", function()
        local parts, overview = {}, golden.each_kind()
        for _, item in ipairs(overview.clusters) do
            item.text, item.records = item.records and record_list.write(item.records), nil
        end
        for _, document in ipairs(publication.documents(overview, 3, function(text) return #text end)) do
            parts[#parts + 1] = ("== %s%s\n"):format(document.name, document.optional and ", optional" or "")
            -- The page and the metrics are kept on their own.
            parts[#parts + 1] = document.name ~= "page" and document.name ~= "metrics"
                and table.concat(document.pieces):gsub(',"', ',\n"') .. "\n" or ""
        end
        kept.compare("publication.txt", table.concat(parts))
    end)
end)
