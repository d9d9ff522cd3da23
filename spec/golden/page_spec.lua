local golden = require "spec.golden.overview"
local kept = require "spec.golden.kept"
local overviews = require "spec.report.overviews"
local outcome_strip = require "dwsync.report.page.outcome_strip"
local publication = require "dwsync.nginx.sweep.publication"
local record_list = require "dwsync.nginx.sweep.record_list"
local status_page = require "dwsync.report.status.page"
local timeline = require "dwsync.report.page.timeline"

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

describe("pictures of runs", function()
    local NOW_MS, HOUR = overviews.NOW * 1000, 3600000

    local function with(...)
        local list = {}
        for i, changes in ipairs { ... } do
            list[i] = overviews.record(changes[1], changes)
        end
        return list
    end

    local of_each_kind = with({ 0, add_count = 1 }, { 0.1, status = "FAILED", add_count = 0 },
        { 1, status = "RUNNING", delete_count = 9 }, { 2, status = "NEW", delete_count = 11, update_count = 10 },
        { 3, failed_count = 1 }, { 4, failed_count = 100 }, { 5, status = "FAILED" }, { 5.1 }, { 5.2 },
        { 6, status = "FAILED" }, { 6.1, status = "RUNNING" }, { 6.2, status = "NEW" }, { 6.3, failed_count = 1 },
        { 6.4, status = "NEW" }, { 12 }, { 12.1 }, { 13 }, { 30 })

    it("are as kept, of none, of one, of each kind and of many, in spans of hours and of days", function()
        local parts = {}
        local function add(list, hours, more)
            local options = { id = "t", title = "Runs", from = NOW_MS - hours * HOUR, till = NOW_MS }
            for name, value in pairs(more or {}) do
                options[name] = value
            end
            local picture, wide, narrow = timeline.draw(list, options)
            parts[#parts + 1] = ("%s\n<!-- %d %d %d %d %d %d -->"):format(tostring(picture), #wide, wide.step,
                wide.till - wide.from, wide.left_out, #narrow, narrow.step)
        end
        add({}, 24)
        add(with { 1 }, 1)
        add(of_each_kind, 13, { explain = true })
        add(of_each_kind, 24 * 30)
        add(overviews.records(200), 199)
        for _, limit in ipairs { 1, 2, 14, 40 } do
            parts[#parts + 1] = tostring(outcome_strip.alone(of_each_kind, NOW_MS - 13 * HOUR, NOW_MS, limit))
        end
        parts[#parts + 1] = tostring(outcome_strip.alone({}, NOW_MS - HOUR, NOW_MS, 30))
        parts[#parts + 1] = tostring(outcome_strip.legend())
        parts[#parts + 1] = tostring(timeline.definitions())
        kept.compare("pictures.html", kept.in_lines(table.concat(parts, "\n")) .. "\n")
    end)

    it("let others have their turn after some bins and some runs", function()
        local function turns(bins, runs)
            local count = 0
            outcome_strip.alone(overviews.records(runs), NOW_MS - bins * HOUR, NOW_MS, bins + 1,
                function() count = count + 1 end)
            return count
        end
        assert.same({ 0, 2, 2, 4, 0, 1, 1, 2 }, { turns(15, 0), turns(16, 0), turns(31, 0), turns(32, 0),
            turns(1, 31), turns(1, 32), turns(1, 63), turns(1, 64) })
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
