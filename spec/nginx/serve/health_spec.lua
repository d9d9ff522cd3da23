local errors = require "dwsync.errors"
local health = require "dwsync.nginx.serve.health"
local json = require "dwsync.json"
local served = require "spec.support.served"

local NOW = 1763971200
local SETTINGS = { stale_after = 1000 }

-- A run of a source that ended `ago` seconds before.
local function run(source, ago, more)
    local record = { id = source .. ago, identity_source_id = source, identity_source_type = source:match "^%a+",
        start_time = (NOW - ago - 1) * 1000, end_time = (NOW - ago) * 1000, status = "FINISHED" }
    for name, value in pairs(more or {}) do
        record[name] = value
    end
    return record
end

local FAILED = { status = "FAILED", fail_reason = "no route" }

describe("health()", function()
    local nginx

    before_each(function()
        nginx = served.new(NOW)
    end)

    -- Two clusters that are well, of which the first has two sources; then `more`.
    local function publish(...)
        local items = { { cluster = { id = "c1", name = 'pr"od' }, fetched_at = NOW - 10,
            records = { run("ldap1", 100), run("iam1", 200) } },
            { cluster = { id = "c2" }, fetched_at = NOW, records = { run("ldap2", 300) } } }
        for _, item in ipairs { ... } do
            items[#items + 1] = item
        end
        nginx:publish(items)
    end

    local function ask(args, settings, request)
        request = request or {}
        request.args = args
        local said = nginx:answer(request, health.serve, settings or SETTINGS, nginx.reader)
        return said.body and json.decode(said.body), said.status, said
    end

    local function sources(args)
        local list = {}
        for i, source in ipairs(ask(args).sources) do
            list[i] = ("%s %s %s"):format(source.cluster, tostring(source.id), source.severity)
        end
        return table.concat(list, ", ")
    end

    it("is 503 before the first publication, and for other methods and parameters refused", function()
        assert.same({ { error = "the first sweep has not ended yet", healthy = false }, 503 }, { (ask()),
            (select(2, ask())) })
        assert.equal(503, (select(2, ask { cluster = "c1" })))
        assert.same({ nil, "the first sweep has not ended yet" }, nginx:answer({}, health.as_table, SETTINGS,
            nginx.reader).results)
        publish()
        assert.equal(405, (select(2, ask(nil, nil, { method = "POST" }))))
        for name, value in pairs { max_age = "-1", source = ("n"):rep(201), cluster = ("n"):rep(201), sauce = "1" } do
            assert.equal(400, (select(2, ask { [name] = value })))
        end
        assert.equal(503, (select(2, ask { max_age = "0" })))
        for _, name in ipairs { "source", "cluster" } do
            assert.equal(404, (select(2, ask { [name] = ("n"):rep(200) })))
        end
        ask()
        assert.is_table(nginx.reader:read().texts.health)
        for _, name in ipairs { "health", "facts" } do
            nginx.reader.kept = nil
            nginx.store.dict:delete("dwsync.3:1:document:" .. name)
            local body, status = ask(name == "facts" and { cluster = "c1" } or nil)
            assert.equal(503, status)
            assert.matches("what was published is gone", body.error)
        end
    end)

    it("is 200 while all is well and new enough, with age and staleness in front", function()
        publish()
        local body, status, said = ask()
        assert.same({ 200, "application/json", true, 10, false, "ok", 2, nil }, { status,
            said.headers["Content-Type"], body.healthy, body.age, body.stale, body.severity, #body.clusters,
            body.error })
        assert.matches("^{.*}\n$", said.body)
        for age, is_stale in pairs { [10] = false, [9] = true } do
            body, status = ask(nil, { stale_after = age })
            assert.same({ not is_stale, is_stale, is_stale and 503 or 200 }, { body.healthy, body.stale, status })
            body, status = ask({ cluster = "c2" }, { stale_after = age })
            assert.same({ not is_stale, is_stale, is_stale and 503 or 200 }, { body.healthy, body.stale, status })
        end
        nginx.store:set_state("error", 'no "route"')
        assert.equal('no "route"', ask().error)
        assert.equal('no "route"', ask({ cluster = "c1" }).error)
        assert.same({ true, 2 }, { nginx:answer({}, health.as_table, SETTINGS, nginx.reader).results[1].healthy,
            #nginx:answer({}, health.as_table, SETTINGS, nginx.reader).results[1].clusters })
    end)

    it("has no age while nothing was read", function()
        nginx:publish { { cluster = { id = "c1" }, error = errors.new { kind = "network", message = "no route" } } }
        local body, status, said = ask()
        assert.same({ 503, false, nil, true }, { status, body.healthy, tonumber(body.age), body.stale })
        assert.truthy(said.body:find('"age":null', 1, true))
    end)

    it("shows the sources that are meant, in the order of all", function()
        publish({ cluster = { id = "c3" }, fetched_at = NOW, records = {} })
        local said = select(3, ask { cluster = "c1" })
        assert.same({ 0.001 }, said.pauses) -- to decode what is known
        local texts = nginx.reader:read().texts
        texts.sources = { (table.concat(texts.sources):gsub("FINISHED", "KEPT")) }
        for _, is_kept in ipairs { true, false } do
            if not is_kept then
                nginx.store.dict:delete "dwsync.3:1:document:sources" -- then they are written anew
                nginx.reader.kept.texts.sources = nil
            end
            assert.equal("c3 nil unknown, c2 ldap2 ok, c1 iam1 ok, c1 ldap1 ok", sources { max_age = "1h" })
            for _, case in ipairs { { { source = "ldap" }, "c2 ldap2 ok, c1 ldap1 ok" },
                { { source = "ldap2" }, "c2 ldap2 ok" }, { { cluster = "c2" }, "c2 ldap2 ok" },
                { { cluster = 'pr"od', source = "iam" }, "c1 iam1 ok" }, { { cluster = "c3" }, "c3 nil unknown" },
                { { cluster = "c1", source = "ldap1" }, "c1 ldap1 ok" } } do
                assert.equal(case[2], sources(case[1]))
            end
            for _, all in ipairs { { source = "ldap" }, { max_age = "1h" } } do
                local last = ask(all).sources
                assert.equal(is_kept and "KEPT" or "FINISHED", last[#last].last_status)
            end
            local one = ask({ source = "iam1" }).sources[1]
            assert.same({ cluster = "c1", cluster_name = 'pr"od', id = "iam1", type = "iam", severity = "ok",
                last_success = (NOW - 200) * 1000, last_run = (NOW - 201) * 1000,
                last_status = is_kept and "KEPT" or "FINISHED" }, one)
        end
    end)

    it("is about the sources that are meant alone", function()
        local runs = {}
        for hours = 1, 30 do
            runs[hours] = run("iam3", hours * 3600, hours < 25 and FAILED or nil)
        end
        publish({ cluster = { id = "c3", name = "bad" }, fetched_at = NOW, records = runs })
        local body, status = ask()
        assert.same({ 503, false }, { status, body.healthy })
        local worst = body.severity
        assert.not_equal("ok", worst)
        for _, case in ipairs { { { cluster = "c1" }, true, "ok" }, { { source = "ldap" }, true, "ok" },
            { { cluster = "bad" }, false, worst }, { { source = "iam" }, false, worst } } do
            body, status = ask(case[1])
            assert.same({ case[2], case[2] and 200 or 503, case[3], nil }, { body.healthy, status, body.severity,
                body.reason })
        end
    end)

    it("with max_age asks for a success that recent, and gives the reason", function()
        publish()
        for _, case in ipairs { { "300", 200 }, { "299", 503 }, { "5m", 200 } } do
            local body, status = ask { max_age = case[1] }
            assert.same({ case[2], case[2] == 200 }, { status, body.healthy })
            assert.equal(case[2] == 503 and "the last success was 5 min ago, more than 4 min 59 s" or nil, body.reason)
        end
        local body, status = ask({ max_age = "200", cluster = "c1" }, { stale_after = 1 })
        assert.same({ 200, true, true }, { status, body.healthy, body.stale })
    end)

    it("knows clusters and sources that are not there", function()
        publish()
        local body, status = ask { cluster = "nowhere" }
        assert.same({ 404, "unknown cluster 'nowhere', looked for in the last sweep", false }, { status, body.error,
            body.healthy })
        body, status = ask { source = "ldap9" }
        assert.same({ 404, "unknown cluster or source", false }, { status, body.error, body.healthy })
        assert.equal(404, (select(2, ask { cluster = "c2", source = "iam1" })))
    end)

    it("says that synchronisation is off", function()
        publish({ cluster = { id = "c3" }, fetched_at = NOW, error = errors.new { kind = "permission",
            code = "DWS.5045", message = "no" } })
        local body, status = ask { cluster = "c3" }
        assert.same({ 200, "cluster c3: identity-source synchronisation is off (DWS.5045)" }, { status, body.reason })
        assert.equal(503, (select(2, ask { cluster = "c3", max_age = "1d" })))
    end)

    describe("and verdicts()", function()
        local function verdicts(...)
            return nginx:answer({}, health.verdicts, nil, nginx.reader, ...).results
        end

        it("are those of a cluster or of one of its sources", function()
            assert.same({ nil, "the first sweep has not ended yet" }, verdicts "c1")
            publish({ cluster = { id = "c3", name = "bad" }, fetched_at = NOW, records = { run("iam3", 10, FAILED),
                run("iam3", 900, FAILED), run("iam3", 2000, FAILED), run("iam3", 4000), run("ldap3", 20, FAILED),
                run("ldap3", 900, FAILED), run("ldap3", 2000, FAILED), run("fed3", 1) } })
            assert.same({ {} }, verdicts "c1")
            local all, of_iam, of_ldap3 = verdicts("bad")[1], verdicts("c3", "iam")[1], verdicts("c3", "ldap3")[1]
            assert.is_true(#of_iam > 0 and #of_ldap3 > 0)
            assert.equal(#all, #of_iam + #of_ldap3)
            for list, source in pairs { [of_iam] = "iam3", [of_ldap3] = "ldap3" } do
                for _, verdict in ipairs(list) do
                    assert.equal(source, verdict.source)
                end
            end
            assert.same({ {} }, verdicts("bad", "fed3"))
            assert.same({ nil, "no such source" }, verdicts("bad", "iam1"))
            assert.same({ nil, "unknown cluster 'nowhere', looked for in the last sweep" }, verdicts "nowhere")
            nginx:publish { { cluster = { id = "c3", name = "bad" }, fetched_at = NOW, records = {} } }
            assert.equal("never", verdicts("bad")[1][1].rule)
            assert.same({ nil, "no such source" }, verdicts("bad", "iam"))
        end)

        it("raise where they are misused", function()
            for message, given in pairs { ["cluster is nil"] = {}, ["source is 7"] = { "c1", 7 },
                ["cluster is true"] = { true }, ["source is a table"] = { "c1", {} } } do
                local good, err = pcall(verdicts, given[1], given[2])
                assert.is_false(good)
                assert.matches("dwsync.nginx: verdicts: " .. message .. ", expected a text$", err)
            end
        end)
    end)
end)
