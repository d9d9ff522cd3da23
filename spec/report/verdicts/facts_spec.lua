local json = require "dwsync.json"
local overviews = require "spec.report.overviews"
local verdicts = require "dwsync.report.verdicts.facts"

local function lines_of(text)
    local lines = {}
    for line in text:gmatch "([^\n]*)\n" do
        lines[#lines + 1] = line
    end
    return lines
end

local HEADER = { "cluster_id", "cluster_name", "severity", "rule", "source", "source_type", "value", "unit", "warning",
    "critical", "since", "record_id", "message", "advice", "now" }

describe("verdicts as rows", function()
    it("are one line each with a header, in CSV", function()
        local lines = lines_of(overviews.render("csv", overviews.overview { overviews.stuck() }))
        assert.equal(table.concat(HEADER, ","), lines[1])
        assert.equal("060b5d5f-1111-4222-8333-444455556666,dws-stuck,critical,stuck,"
            .. "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e,ldap,32400,seconds,1800,7200,"
            .. "2025-11-23T23:00:00.000Z,"
            .. "00000384-4a5b-4c6d-8e7f-00000000aaaa,A run has been going on for 9 h.,"
            .. "Look at the cluster's management node; ask the service to end the run.,"
            .. "2025-11-24T08:00:00.000Z", lines[2])
        assert.equal(11, #lines)
    end)

    it("are one line each with a header and readable times, in TSV", function()
        local lines = lines_of(overviews.render("tsv", overviews.overview { overviews.stuck() }))
        assert.equal(table.concat(HEADER, "\t"), lines[1])
        assert.is_truthy(lines[2]:find("\t2025-11-23T23:00:00.000Z\t", 1, true))
        assert.is_truthy(lines[2]:find "\t2025%-11%-24T08:00:00%.000Z$")
    end)

    it("are one object each, in NDJSON", function()
        local lines = lines_of(overviews.render("ndjson", overviews.stories()))
        local first = json.decode(lines[1])
        assert.same({ "dws-failing", "critical", "failing", 72, 1763971200000 }, { first.cluster_name, first.severity,
            first.rule, first.value, first.now })
        for _, line in ipairs(lines) do
            assert.is_truthy(json.decode(line).message)
        end
        assert.equal(10 * 5 + 2, #lines)
    end)

    it("are a header alone, or nothing, when there is no cluster", function()
        assert.equal(table.concat(HEADER, ",") .. "\n", overviews.render("csv", overviews.overview {}))
        assert.equal("", overviews.render("ndjson", overviews.overview {}))
    end)

    it("tell of a cluster that could not be asked in the place of its verdicts", function()
        local row = verdicts.document(overviews.overview { overviews.unreadable() }).rows[1]
        assert.same({ "unknown", "query", "the records could not be read: no answer within 60 s",
            "Raise timeout, or check what slows the network or the service down." }, { row.severity, row.rule,
            row.message, row.advice })
    end)

    it("let no cell begin like a formula, in CSV", function()
        for _, formula in ipairs { "=1+1", "+1", "-1", "@x", "\t=1" } do
            local text = overviews.render("csv", overviews.hostile(formula))
            assert.is_nil(("," .. text):find("," .. formula, 1, true), text)
            assert.is_truthy(text:find("'" .. formula, 1, true))
        end
    end)

    it("stay on one line whatever the text, in TSV and NDJSON, and drive no terminal in any", function()
        local rows = #verdicts.document(overviews.hostile()).rows
        assert.equal(rows + 1, #lines_of(overviews.render("tsv", overviews.hostile())))
        assert.equal(rows, #lines_of(overviews.render("ndjson", overviews.hostile())))
        for _, format in ipairs { "csv", "tsv", "ndjson" } do
            local text = overviews.render(format, overviews.hostile())
            assert.is_nil(text:find "[%z\1-\8\11\12\14-\31\127]")
            assert.is_nil(text:find("\194\155", 1, true))
            assert.is_nil(text:find("\226\128\174", 1, true))
        end
    end)

    it("leave out numbers that are none", function()
        local overview = overviews.overview { overviews.stuck() }
        overview.clusters[1].evaluation.verdicts[1].value = 0 / 0
        overview.clusters[1].evaluation.verdicts[1].since = 1 / 0
        local row = verdicts.document(overview).rows[1]
        assert.is_nil(row.value)
        assert.is_nil(row.since)
    end)
end)

describe("the name of a source", function()
    it("is its type and the first group of its id", function()
        assert.equal("ldap 79d6458e", verdicts.source_name("ldap", "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e"))
        assert.equal("ldap my-directory", verdicts.source_name("ldap", "my-directory"))
        assert.equal("ldap", verdicts.source_name("ldap"))
        assert.equal("79d6458e", verdicts.source_name(nil, "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e"))
        assert.equal("unnamed source", verdicts.source_name())
    end)

    it("takes what is no text for none", function()
        assert.equal("unnamed source", verdicts.source_name({}, {}))
        assert.equal("7 8", verdicts.source_name(7, 8))
    end)
end)
