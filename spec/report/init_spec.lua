local overviews = require "spec.report.overviews"
local report = require "dwsync.report"

local function nothing() end

describe("reports", function()
    it("render rows in every format they name, and no other", function()
        for _, format in ipairs(report.formats) do
            local written = 0
            report.render(format, { name = "clusters", rows = { { id = "a" } }, columns = { "id" } }, function(text)
                written = written + #text
            end)
            assert.is_true(written > 0, format)
        end
        assert.has_error(function()
            report.render("nagios", { name = "x", rows = {}, columns = {} }, nothing)
        end, "'nagios' is no format of rows; there are table, csv, tsv, json, ndjson, markdown, html")
    end)

    it("render verdicts in every format they name, and no other", function()
        for _, format in ipairs(report.health_formats) do
            assert.is_true(#overviews.render(format, overviews.stories()) > 0, format)
        end
        assert.has_error(function()
            report.render_health("pdf", overviews.stories(), nothing)
        end, "'pdf' is no format of verdicts; there are table, csv, tsv, json, ndjson, markdown, html, status, "
            .. "prometheus, nagios")
        assert.has_error(function()
            report.render_health(nil, overviews.stories(), nothing)
        end)
    end)

    it("do not change what they are given", function()
        for _, format in ipairs(report.health_formats) do
            local overview = overviews.stories()
            overviews.render(format, overview)
            assert.same(overviews.stories(), overview)
        end
    end)

    it("do not fail on ids, names and reasons of any type", function()
        for _, value in ipairs { 7, true, {}, 1e300, "" } do
            local overview = overviews.hostile()
            local item = overview.clusters[1]
            local verdict, reason = item.evaluation.verdicts[1], item.evaluation.reasons[1]
            item.cluster = { id = value, name = value }
            verdict.source, verdict.source_type, verdict.record_id = value, value, value
            verdict.message, verdict.since, verdict.value = value, value, value
            item.evaluation.sources[1].id, item.evaluation.sources[1].type = value, value
            reason.sample, reason.first_seen, reason.count = value, value, value
            item.records = { { identity_source_id = value, start_time = value }, value }
            item.evaluation.statistics.last_success, item.evaluation.statistics.median_gap = value, value
            for _, format in ipairs(report.health_formats) do
                assert.has_no_error(function()
                    overviews.render(format, overview)
                end)
            end
        end
    end)
end)
