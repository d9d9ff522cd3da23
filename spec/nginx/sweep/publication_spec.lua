local health = require "dwsync.health"
local errors = require "dwsync.errors"
local json = require "dwsync.json"
local overviews = require "spec.report.overviews"
local record_list = require "dwsync.nginx.sweep.record_list"
local publication = require "dwsync.nginx.sweep.publication"
local snapshots = require "dwsync.nginx.shared.snapshot"
local status_page = require "dwsync.report.status.page"

local NOW = 1763971200

local function record(hours, more)
    local one = { id = "r" .. hours, identity_source_id = "s", identity_source_type = "ldap",
        start_time = (NOW - hours * 3600) * 1000, end_time = (NOW - hours * 3600 + 20) * 1000, add_count = 0,
        update_count = 1, delete_count = 0, failed_count = 0, status = "FINISHED" }
    for name, value in pairs(more or {}) do
        one[name] = value
    end
    return one
end

local function documents(items, keep)
    for _, item in ipairs(items) do
        item.evaluation = item.records and health.evaluate(item.records, nil, NOW)
        item.text, item.records = item.records and record_list.write(item.records), nil
    end
    local named = {}
    for _, document in ipairs(publication.documents(health.overview(items, NOW), keep or 100, function(text)
        return "#" .. #text
    end)) do
        document.text = table.concat(document.pieces)
        named[document.name] = document
    end
    return named
end

describe("a publication", function()
    it("has health, metrics, the page, and the records of each cluster that has any", function()
        local all = documents { { cluster = { id = "one", name = "One" }, records = { record(1) }, fetched_at = NOW },
            { cluster = { id = "two" }, error = errors.new { kind = "network", message = "no route" } } }
        assert.truthy(all.metrics.text:find('dwsync_up{cluster="one"} 1', 1, true))
        assert.truthy(all.metrics.text:find('dwsync_up{cluster="two"} 0', 1, true))
        assert.truthy(all.page and all["records:one"])
        assert.is_nil(all["records:two"])
        assert.equal("#" .. #all.health.text, all.health.digest)
        assert.is_nil(all.health.optional)
        assert.same({ true, true }, { all["records:one"].optional, all.page.optional })
        local facts = json.decode("{" .. all.health.text .. "}")
        assert.equal("unknown", facts.severity)
        assert.equal("no route", facts.clusters[1].error.message)
        assert.equal((NOW - 3600 + 20) * 1000, facts.clusters[2].sources[1].last_success)
        assert.equal(NOW * 1000, facts.clusters[2].fetched_at)
    end)

    it("shows records of before beside the error, and the cluster as not up", function()
        local all = documents { { cluster = { id = "one" }, records = { record(1) }, fetched_at = NOW - 100,
            error = errors.new { kind = "timeout", message = "late" } } }
        assert.truthy(all.metrics.text:find('dwsync_up{cluster="one"} 0', 1, true))
        assert.truthy(all.metrics.text:find('dwsync_records_timestamp_seconds{cluster="one"} ' .. NOW - 100, 1, true))
        local cluster = json.decode("{" .. all.health.text .. "}").clusters[1]
        assert.equal("ok", cluster.severity)
        assert.equal("late", cluster.error.message)
    end)

    it("shows where synchronisation is off, and keeps what the next sweep must know", function()
        local items = { { cluster = { id = "one" }, fetched_at = NOW, seen_before = 1763000000000,
            error = errors.new { kind = "permission", code = "DWS.5045", message = "no" } },
            { cluster = { id = "two" }, fetched_at = NOW,
                unread = errors.new { kind = "network", message = "no route" },
                error = errors.new { kind = "permission", code = "DWS.5045", message = "no" } } }
        local clusters = json.decode("{" .. documents(items).health.text .. "}").clusters
        assert.same({ "warning", 1763000000000, "DWS.5045", "disabled" }, { clusters[1].severity,
            clusters[1].seen_before, clusters[1].error.code, clusters[1].verdicts[1].rule })
        assert.same({ "disabled", "DWS.5045", "no route", "disabled", NOW * 1000 }, { clusters[2].severity,
            clusters[2].error.code, clusters[2].unread.message, clusters[2].verdicts[1].severity,
            clusters[2].fetched_at })
    end)

    it("draws the runs, and keeps as many records as it shall", function()
        local all = documents({ { cluster = { id = "one" }, records = { record(1), record(3), record(5) } } }, 2)
        assert.truthy(all.page.text:find("3 runs", 1, true))
        assert.same({ "r1", "r3" }, { record_list.read(all["records:one"].text)[1].id,
            record_list.read(all["records:one"].text)[2].id })
        assert.equal(2, #record_list.read(all["records:one"].text))
    end)

    it("leaves a list that is published as it is, and draws from it; adds metrics and when a look is due", function()
        local text = record_list.write { record(1), record(3) }
        local item = { cluster = { id = "one" }, evaluation = health.evaluate({ record(1), record(3) }, nil, NOW),
            fetched_at = NOW - 5, due_at = NOW + 55, kept = function() return text end }
        local named = {}
        for _, document in ipairs(publication.documents(health.overview({ item }, NOW), 100, tostring, "more 1\n")) do
            document.text = document.pieces and table.concat(document.pieces)
            named[document.name] = document
        end
        assert.same({ name = "records:one", optional = true }, named["records:one"])
        assert.truthy(named.page.text:find("2 runs", 1, true))
        assert.equal("\nmore 1\n", named.metrics.text:sub(-8))
        assert.equal((NOW + 55) * 1000, json.decode("{" .. named.health.text .. "}").clusters[1].due_at)
        item.kept = function() end -- another publication has just replaced it
        publication.documents(health.overview({ item }, NOW), 100, tostring)
    end)

    it("keeps no records when none shall be kept", function()
        assert.is_nil(documents({ { cluster = { id = "one" }, records = { record(1) } } }, 0)["records:one"])
    end)

    it("gives every field of errors, of sources and of verdicts that are not ok", function()
        local item = overviews.failing()
        local verdict = { rule = "stale", severity = "critical", follows = "failing", source = "s",
            source_type = "ldap", message = "Late." }
        item.evaluation.verdicts = { verdict, overviews.verdict "churn" }
        item.error = { kind = "service", message = "no", hint = "Wait.", code = "DWS.0005", status = 503 }
        item.fetched_at = NOW - 7
        local overview = overviews.overview { item }
        local health_document = publication.documents(overview, 0, tostring)[1]
        assert.equal("health", health_document.name)
        local statistics = item.evaluation.sources[1].statistics
        assert.same({ severity = "critical", evaluated_at = NOW * 1000, clusters = { {
            id = item.cluster.id, name = "dws-failing", severity = "critical", fetched_at = (NOW - 7) * 1000,
            records = 168, error = item.error, verdicts = { verdict }, sources = { {
                id = "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e", type = "ldap", severity = "critical",
                last_success = statistics.last_success, last_run = statistics.last_run,
                last_status = statistics.last_status } } } } },
            json.decode("{" .. table.concat(health_document.pieces) .. "}"))
    end)

    it("is valid JSON whatever records say", function()
        local all = documents { { cluster = { id = "one", name = 'N"\\\n\200' }, records = {
            record(1, { identity_source_id = '"},{"', fail_reason = "\0\27[31m</script>", status = "FAILED" }),
            record(2, { identity_source_id = '"},{"', status = "FAILED" }) } } }
        local facts = assert(json.decode("{" .. all.health.text .. "}"))
        assert.equal('"},{"', facts.clusters[1].sources[1].id)
    end)

    it("says of each cluster what handlers decode, and where in the health text it is", function()
        local all = documents { { cluster = { id = "one", name = "Ömer" }, records = { record(1) }, fetched_at = NOW },
            { cluster = { id = "two" }, error = errors.new { kind = "network", message = "no route" } },
            { cluster = { id = "three" }, records = { record(1) }, fetched_at = NOW - 5,
                error = errors.new { kind = "timeout", message = "late" } } }
        local facts = snapshots.decode_facts(all.facts.pieces)
        local whole = json.decode("{" .. all.health.text .. "}").clusters
        for i, fact in ipairs(facts) do
            assert.same(whole[i], json.decode(all.health.pieces[fact.piece]:sub(fact.at,
                fact.at + fact.length - 1)))
            for _, name in ipairs { "id", "name", "severity", "fetched_at", "error", "sources" } do
                assert.same(whole[i][name], fact[name])
            end
            assert.is_nil(fact.verdicts)
        end
        assert.equal(3, #facts)
        local summary = json.decode(all.summary.text)
        assert.same({ (NOW - 5) * 1000, NOW * 1000, false }, { summary.oldest, summary.newest, summary.well })
    end)

    it("cuts long metrics into pieces, and lists all sources as a request for some does", function()
        local items = {}
        for i = 1, 120 do
            items[i] = { cluster = { id = ("cluster-%03d"):format(i), name = i == 1 and "One" or nil },
                records = i > 1 and { record(1), record(30), record(60, { status = "FAILED" }) } or nil,
                error = i == 1 and errors.new { kind = "network", message = "no route" } or nil, fetched_at = NOW }
        end
        local all = documents(items)
        assert.is_true(#all.metrics.pieces > 1)
        for _, document in pairs(all) do
            local length = 0
            for _, piece in ipairs(document.pieces) do
                length = length + #piece
                assert.is_true(#piece < 2 ^ 18)
            end
            assert.equal(length, document.length)
        end
        assert.equal(120, #snapshots.decode_facts(all.facts.pieces))
        local sources = json.decode(all.sources.text)
        assert.equal(120, #sources)
        assert.same({ cluster = "cluster-001", cluster_name = "One", severity = "unknown" }, sources[1])
        assert.same({ "cluster-002", "s", "ldap", "FINISHED" }, { sources[2].cluster, sources[2].id, sources[2].type,
            sources[2].last_status })
    end)

    it("lists each source with the severity of its own", function()
        local failed = { status = "FAILED", fail_reason = "no" }
        local list = {}
        for i = 1, 6 do
            list[i] = record(i, failed)
            list[i + 6] = record(i, { id = "t" .. i, identity_source_id = "t" })
        end
        local all = documents { { cluster = { id = "one" }, records = list, fetched_at = NOW } }
        local severities = {}
        for _, source in ipairs(json.decode(all.sources.text)) do
            severities[source.id] = source.severity
        end
        assert.same({ s = "critical", t = "ok" }, severities)
        assert.equal("[]", documents({}).sources.text)
    end)

    it("is written field by field", function()
        local function source(id, severity)
            return { id = id, type = "ldap", severity = severity, statistics = { last_success = 1, last_run = 2,
                last_status = "FINISHED" } }
        end
        local verdict = { rule = "stale", severity = "warning", message = "m", source = "a" }
        local items = {
            { cluster = { id = "one", name = "One" }, severity = "warning", fetched_at = NOW - 7, due_at = NOW + 53,
                seen_before = 5, error = { kind = "network", message = "e" }, unread = { kind = "timeout",
                message = "u" }, evaluation = { records = 3, sources = { source("a", "warning"), source("b", "ok") },
                verdicts = { verdict, verdict } } },
            { cluster = { id = "two" }, severity = "ok", fetched_at = NOW - 3.0004, evaluation = { records = 0,
                sources = { { severity = "ok" } }, verdicts = {} } },
        }
        local A = '{"id":"a","type":"ldap","severity":"warning","last_success":1,"last_run":2,"last_status":"FINISHED"}'
        local B = '{"id":"b","type":"ldap","severity":"ok","last_success":1,"last_run":2,"last_status":"FINISHED"}'
        local V = '{"rule":"stale","severity":"warning","source":"a","message":"m"}'
        local ONE = '{"id":"one","name":"One","severity":"warning","fetched_at":1763971193000,%s'
            .. '"error":{"kind":"network","message":"e"},%s"sources":[' .. A .. "," .. B .. "]%s}"
        local one = ONE:format('"due_at":1763971253000,"records":3,"seen_before":5,',
            '"unread":{"kind":"timeout","message":"u"},', ',"verdicts":[' .. V .. "," .. V .. "]")
        local two = '{"id":"two","severity":"ok","fetched_at":1763971196999,"records":0,"sources":[{"severity":"ok"}],'
            .. '"verdicts":[]}'
        local HEAD = '"severity":"warning","evaluated_at":1763971200000,"clusters":['
        local said = {}
        for _, document in ipairs(publication.documents({ severity = "warning", now = NOW, clusters = items, counts = {
            warning = 1, ok = 1 } }, 0, tostring)) do
            said[document.name] = table.concat(document.pieces)
        end
        assert.equal(HEAD .. one .. "," .. two .. "]", said.health)
        local place = ('"seen_before":5,"piece":1,"at":%d,"length":%d,'):format(#HEAD + 1, #one)
        assert.equal("[" .. ONE:format(place, "", "")
            .. ',{"id":"two","severity":"ok","fetched_at":1763971196999,"piece":1,"at":'
            .. #HEAD + #one + 2 .. ',"length":' .. #two .. ',"sources":[{"severity":"ok"}]}]', said.facts)
        assert.equal('[{"cluster":"one","cluster_name":"One",' .. A:sub(2) .. ',{"cluster":"one","cluster_name":"One",'
            .. B:sub(2) .. ',{"cluster":"two","severity":"ok"}]', said.sources)
        assert.equal('{"oldest":1763971193000,"newest":1763971196999,"first_due":1763971196999,'
            .. '"last_due":1763971253000,"well":true}', said.summary)
    end)

    it("sums up: well only when there are clusters and all are, as old as the oldest, due as the last", function()
        for _, case in ipairs {
            { {}, { well = false } }, { { { severity = "ok" } }, { well = true } },
            { { { severity = "warning" }, { severity = "disabled" } }, { well = true } },
            { { { severity = "critical" }, { severity = "ok" } }, { well = false } },
            { { { severity = "ok" }, { severity = "unknown" } }, { well = false } },
            { { { severity = "ok", fetched_at = 3 }, { severity = "ok", fetched_at = 1, due_at = 9 },
                { severity = "ok", fetched_at = 2 }, { severity = "ok" } }, { well = true, oldest = 1000, newest = 3000,
                first_due = 2000, last_due = 9000 } },
        } do
            assert.same(case[2], publication.summary(case[1]))
        end
    end)

    it("has sixty-four clusters in a piece of what is known, and pieces of 64 KiB else", function()
        for count, expected in pairs { [0] = { 0 }, [63] = { 63 }, [64] = { 64, 0 }, [65] = { 64, 1 } } do
            local items = {}
            for i = 1, count do
                items[i] = { cluster = { id = "c" .. i }, severity = "unknown", error = { kind = "network",
                    message = ("m"):rep(3000) } }
            end
            local counts = {}
            local all = publication.documents({ severity = "unknown", now = NOW, clusters = items, counts = {} }, 0,
                tostring)
            for i, fact in ipairs(snapshots.decode_facts(all[2].pieces)) do
                assert.equal("c" .. i, json.decode(all[1].pieces[fact.piece]:sub(fact.at,
                    fact.at + fact.length - 1)).id)
            end
            for _, document in ipairs(all) do
                if document.name == "facts" then
                    for i, piece in ipairs(document.pieces) do
                        counts[i] = #json.decode(piece)
                    end
                elseif document.name == "health" and count > 0 then
                    assert.equal(math.ceil(document.length / (2 ^ 16 + 4000)), #document.pieces)
                    for piece = 1, #document.pieces - 1 do
                        assert.is_true(#document.pieces[piece] >= 2 ^ 16 and #document.pieces[piece] < 2 ^ 16 + 4000)
                    end
                end
            end
            assert.same(expected, counts)
        end
    end)

    it("gives the page the records that were read, or those of before, with its pause", function()
        local function pause() end
        local read, write_body, given, drawn = record_list.read, status_page.write_body, {}, nil
        finally(function() record_list.read, status_page.write_body = read, write_body end)
        function status_page.write_body(overview, now, _, its_pause)
            local list = overview.clusters[1].records
            drawn = { list and #list(), now, its_pause }
        end
        function record_list.read(text, ...)
            given[#given + 1] = ...
            return read(text, ...)
        end
        local text = record_list.write { record(1), record(3) }
        local evaluation = health.evaluate({ record(1), record(3) }, nil, NOW)
        for _, case in ipairs { { text, nil, 2 }, { nil, function() return text end, 2 },
            { nil, function() end, 0 } } do
            local item = { cluster = { id = "one" }, evaluation = evaluation, fetched_at = NOW, text = case[1],
                kept = case[2] }
            publication.documents(health.overview({ item }, NOW), 100, tostring, nil, pause)
            assert.same({ case[3], NOW, pause }, drawn)
        end
        assert.same({ pause, pause }, given)
        local item = { cluster = { id = "one" }, error = errors.new { kind = "network", message = "m" } }
        publication.documents(health.overview({ item }, NOW), 100, tostring)
        assert.is_nil(drawn[1])
    end)
end)
