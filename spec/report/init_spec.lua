local health = require "dwsync.health"
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
        end, "unknown row format 'nagios', expected one of table, csv, tsv, json, ndjson, markdown, html")
    end)

    it("write times as they are asked to, fractions of a millisecond, too", function()
        for time, words in pairs { iso = "2025%-05%-19[T ]06:55:23", ms = "1747637723055%.5" } do
            for _, format in ipairs { "table", "csv", "tsv", "markdown", "html" } do
                local parts = {}
                report.render(format, { name = "sync_records", rows = { { start_time = 1747637723055.5 } },
                    columns = { "start_time" }, time = time }, function(text) parts[#parts + 1] = text end)
                assert.matches(words, (table.concat(parts):gsub("\\", "")), format)
            end
        end
    end)

    it("say at the caller's line what is wrong with their arguments", function()
        local rows = { { id = "a" } }
        for message, arguments in pairs {
            ["init_spec.lua:%d+: report%.render: columns is missing, expected a list"] =
                { "csv", { name = "x", rows = rows }, nothing },
            ["init_spec.lua:%d+: report%.render: unknown option '1'%. The options are columns, every_field"] =
                { "csv", rows, nothing },
            ["init_spec.lua:%d+: report%.render: write is a nil, expected a function such as io%.write"] =
                { "csv", { name = "x", rows = rows, columns = { "id" } } },
            ["init_spec.lua:%d+: report%.render: time is \"utc\", expected one of iso, ms, local"] =
                { "csv", { name = "x", rows = rows, columns = { "id" }, time = "utc" }, nothing },
            ["init_spec.lua:%d+: report%.render expects a table, got a nil"] = { "csv", nil, nothing },
        } do
            local good, raised = pcall(function()
                report.render(arguments[1], arguments[2], arguments[3])
            end)
            assert.is_false(good)
            assert.matches(message, raised)
        end
    end)

    it("render verdicts in every format they name, and no other", function()
        for _, format in ipairs(report.health_formats) do
            assert.is_true(#overviews.render(format, overviews.stories()) > 0, format)
        end
        assert.has_error(function()
            report.render_health("pdf", overviews.stories(), nothing)
        end, "unknown verdict format 'pdf', expected one of table, csv, tsv, json, ndjson, markdown, html, status, "
            .. "prometheus, nagios")
        assert.has_error(function()
            report.render_health(nil, overviews.stories(), nothing)
        end)
    end)

    it("write the same length of time in the same words, whatever the format", function()
        for seconds, text in pairs { [5399] = "1 h 29 min", [86399] = "23 h 59 min" } do
            local ended = (overviews.NOW - seconds) * 1000
            local records = { { id = "r", identity_source_id = "s", identity_source_type = "ldap", status = "FINISHED",
                start_time = ended - 100, end_time = ended } }
            local overview = health.overview({ { cluster = { id = "c" }, records = records,
                evaluation = health.evaluate(records, { stale = { warning = 3600 } }, overviews.NOW) } }, overviews.NOW)
            for _, format in ipairs(report.health_formats) do
                local written = overviews.render(format, overview)
                assert.equal(format ~= "prometheus", written:find(text, 1, true) ~= nil, format)
                for _, other in ipairs { "1 h 30 min", "89 min", "1.5 h", "24 h ago", "1 d ago", "24.0 h" } do
                    assert.is_nil(written:find(other, 1, true), format)
                end
            end
        end
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
