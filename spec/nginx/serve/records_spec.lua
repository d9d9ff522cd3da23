local errors = require "dwsync.errors"
local json = require "dwsync.json"
local records = require "dwsync.nginx.serve.records"
local served = require "spec.support.served"

local NOW = 1763971200
local SETTINGS = { records = 1000 }

local function record(i)
    return { id = "r" .. i, identity_source_id = "s" .. i % 2, identity_source_type = i % 2 == 0 and "ldap" or "iam",
        start_time = (NOW - i * 3600) * 1000, end_time = (NOW - i * 3600 + 20) * 1000,
        status = i == 3 and "FAILED" or "FINISHED" }
end

local function list(first, last)
    local all = {}
    for i = first, last do
        all[#all + 1] = record(i)
    end
    return all
end

describe("records()", function()
    local nginx, items

    before_each(function()
        nginx = served.new(NOW)
        items = { { cluster = { id = "c1", name = "prod" }, fetched_at = NOW - 7, records = list(1, 5) } }
    end)

    local function ask(args, request, settings)
        request = request or {}
        request.args = args
        return nginx:answer(request, records.serve, settings or SETTINGS, nginx.reader)
    end

    local function ids(args)
        local body = json.decode(ask(args).body)
        local all = {}
        for i, one in ipairs(body.sync_records) do
            all[i] = one.id
        end
        return table.concat(all, " "), body.count, body.offset, body.limit
    end

    it("are those of the only cluster, with its name and its age", function()
        nginx:publish(items)
        local said = ask()
        assert.same({ 200, "application/json", "7", nil }, { said.status, said.headers["Content-Type"],
            said.headers["X-Dwsync-Age"], said.headers["X-Dwsync-Error"] })
        assert.matches('^{"cluster_id":"c1","cluster_name":"prod","count":5,"offset":0,"limit":100,"sync_records":%[\n',
            said.body)
        assert.matches("\n%]}\n$", said.body)
        assert.same({ "r1 r2 r3 r4 r5", 5, 0, 100 }, { ids() })
        items[1] = { cluster = { id = "c1" }, fetched_at = NOW, records = {} }
        nginx:publish(items)
        assert.equal('{"cluster_id":"c1","count":0,"offset":0,"limit":100,"sync_records":[\n\n]}\n', ask().body)
    end)

    it("are chosen by status, source, time and place", function()
        nginx:publish(items)
        for _, case in ipairs {
            { "r3", 1, 0, 100, { status = "failed" } }, { "r1 r2 r4 r5", 4, 0, 100, { status = "FINISHED,RUNNING" } },
            { "r1 r3 r5", 3, 0, 100, { source = "s1" } }, { "r2 r4", 2, 0, 100, { source = "ldap" } },
            { "r1 r2", 2, 0, 100, { since = "2h" } }, { "r3 r4 r5", 3, 0, 100, { ["until"] = "2h" } },
            { "r2", 1, 0, 100, { since = "2h", ["until"] = "1h" } },
            { "r2 r3", 5, 1, 2, { offset = "1", limit = "2" } },
            { "r1", 5, 0, 1, { limit = "1" } }, { "", 5, 5, 100, { offset = "5" } },
            { "r1 r2 r3 r4 r5", 5, 0, 1000, { limit = "1000", offset = "0" } },
            { "", 5, 1000000, 100, { offset = "1000000" } },
        } do
            assert.same({ case[1], case[2], case[3], case[4] }, { ids(case[5]) })
        end
        for name, values in pairs { limit = { "0", "1001" }, offset = { "-1", "1000001" }, cluster = { ("n"):rep(201) },
            status = { "x" }, source = { "" }, since = { "x" }, ["until"] = { "x" }, sauce = { "1" } } do
            for _, value in ipairs(values) do
                assert.equal(400, ask({ [name] = value }).status, name .. value)
            end
        end
    end)

    it("have a tag of what they are and of how they were chosen", function()
        nginx:publish(items)
        local first, second = ask(), ask { since = "2h" }
        assert.equal(('"%s-5-0-0"'):format(nginx.reader:read().contents["records:c1"].digest), first.headers.ETag)
        assert.same({ { 0.001 }, {} }, { first.pauses, second.pauses }) -- what is known is decoded once
        assert.not_equal(first.headers.ETag, second.headers.ETag)
        local said = ask(nil, { if_none_match = first.headers.ETag })
        assert.same({ 304, nil, "7" }, { said.status, said.body, said.headers["X-Dwsync-Age"] })
        assert.equal(200, ask({ since = "2h" }, { if_none_match = first.headers.ETag }).status)
    end)

    it("are of the cluster that is named, where there are several", function()
        items[2] = { cluster = { id = "c2" }, fetched_at = NOW, records = list(8, 8) }
        nginx:publish(items)
        assert.same({ "r8", "r8", "r1 r2 r3 r4 r5" }, { (ids { cluster = "c2" }), (ids { cluster = "c2",
            source = "ldap" }), (ids { cluster = "prod" }) })
        local said = ask()
        assert.same({ 400, '{"error":"cluster is missing: choose one of 2"}\n' }, { said.status, said.body })
        said = ask { cluster = "prd" }
        assert.equal(404, said.status)
        assert.matches("unknown cluster 'prd'", said.body)
    end)

    it("are not had where they are not kept, found no room, or were never read", function()
        nginx:publish(items, 0)
        local said = ask({}, nil, { records = 0 })
        assert.same({ 404, '{"error":"records are not kept here"}\n', nil }, { said.status, said.body,
            said.headers["Retry-After"] })
        said = ask { cluster = "c1" }
        assert.same({ 503, '{"error":"no room for these records"}\n', 5 }, { said.status, said.body,
            said.headers["Retry-After"] })
        nginx:publish { { cluster = { id = "c1" }, error = errors.new { kind = "network", message = "no route" } } }
        said = ask {}
        assert.same({ 503, '{"error":"no route"}\n', 5 }, { said.status, said.body, said.headers["Retry-After"] })
        nginx:publish { { cluster = { id = "c1" }, fetched_at = NOW, error = errors.new { kind = "permission",
            code = "DWS.5045", message = "no" } } }
        said = ask {}
        assert.same({ 409, '{"error":"cluster c1: identity-source synchronisation is off (DWS.5045)"}\n', nil },
            { said.status, said.body, said.headers["Retry-After"] })
    end)

    it("of before are shown with what went wrong since", function()
        nginx.store:set_state("error", "cluster prod: no route")
        nginx:publish(items)
        assert.is_nil(ask().headers["X-Dwsync-Error"])
        items[1].error = errors.new { kind = "network", message = "no route" }
        items[1].records = list(1, 5)
        nginx:publish(items)
        local said = ask()
        assert.same({ 200, "cluster prod: no route" }, { said.status, said.headers["X-Dwsync-Error"] })
        items[1].error = errors.new { kind = "permission", code = "DWS.5045", message = "no" }
        items[1].records = list(1, 5)
        nginx:publish(items)
        said = ask()
        assert.equal(200, said.status)
        assert.equal("cluster prod (c1): identity-source synchronisation is off (DWS.5045)",
            said.headers["X-Dwsync-Error"])
    end)

    it("are not there before the first publication, nor for other methods", function()
        assert.equal(503, ask().status)
        assert.equal(405, ask(nil, { method = "POST" }).status)
        nginx:publish(items)
        nginx.store.dict:delete "dwsync.3:1:document:facts"
        local said = ask()
        assert.equal(503, said.status)
        assert.matches("what was published is gone", said.body)
    end)
end)
