local gate = require "dwsync.nginx.serve.gate"
local served = require "spec.support.served"

local NOW = 1763971200

describe("gate()", function()
    local nginx

    before_each(function()
        nginx = served.new(NOW)
    end)

    local function publish(names)
        local items = {}
        for i, name in ipairs(names or { "prod", "test" }) do
            items[i] = { cluster = { id = "c" .. i, name = name }, fetched_at = NOW, records = { { id = "r",
                identity_source_id = "s" .. i, identity_source_type = "ldap", start_time = (NOW - 100 * i - 1) * 1000,
                end_time = (NOW - 100 * i) * 1000, status = "FINISHED" } } }
        end
        nginx:publish(items)
    end

    it("knows nothing before the first publication", function()
        assert.same({ false, nil, "no data yet" }, nginx:answer({}, gate.is_fresh, nil, nginx.reader,
            { max_age = "1h" }).results)
        local said = nginx:answer({}, gate.serve, nil, nginx.reader, { max_age = "1h" })
        assert.same({ 503, 503, '{"error":"the last synchronisation is not fresh: no data yet"}\n', "unknown", "1", 5,
            "1" }, { said.status, said.exit, said.body, said.headers["X-Dwsync-Last-Success-Age"],
            said.headers["X-Dwsync-Stale"], said.headers["Retry-After"], said.request_headers["X-Dwsync-Stale"] })
    end)

    it("looks at all, at a cluster by name or id, and at a source", function()
        publish()
        for _, case in ipairs { { true, 200, {} }, { false, 200, {}, 199 }, { true, 100, { cluster = "prod" }, 100 },
            { true, 100, { cluster = "c1" }, 100 }, { false, 200, { cluster = "test" }, 199 },
            { true, 100, { source = "s1" } }, { true, 200, { source = "ldap" } },
            { true, 200, { cluster = "c2", source = "s2" } }, { false, nil, { cluster = "nowhere" } },
            { false, nil, { source = "s3" } }, { false, nil, { cluster = "c2", source = "s1" } } } do
            local given = case[3]
            given.max_age = case[4] or 300
            local results = nginx:answer({}, gate.is_fresh, nil, nginx.reader, given).results
            assert.same({ case[1], case[2] }, { results[1], results[2] })
            assert.equal(not case[1], results[3] ~= nil)
            given.deny = false
            local said = nginx:answer({}, gate.serve, nil, nginx.reader, given)
            assert.same(results, said.results)
            local mark = case[1] and "0" or "1"
            assert.same({ mark, mark, case[2] and tostring(case[2]) or "unknown", nil }, {
                said.headers["X-Dwsync-Stale"], said.request_headers["X-Dwsync-Stale"],
                said.headers["X-Dwsync-Last-Success-Age"], said.exit })
            given.deny = nil
            said = nginx:answer({}, gate.serve, nil, nginx.reader, given)
            assert.equal(not case[1] and 503 or nil, said.exit)
            assert.equal(not case[1] and '{"error":"the last synchronisation is not fresh: ' .. results[3] .. '"}\n'
                or nil, said.body)
        end
    end)

    it("does not choose between two clusters of a name", function()
        publish { "same", "same" }
        local results = nginx:answer({}, gate.is_fresh, nil, nginx.reader, { max_age = 300, cluster = "same" }).results
        assert.same({ false, "no such source" }, { results[1], results[3] })
    end)

    it("raises where it is misused, as the caller's mistake", function()
        for _, case in ipairs { { {}, "max_age is missing" }, { { max_age = 0 }, "max_age is 0" },
            { { max_age = 1, cluster = ("n"):rep(201) }, "cluster is " },
            { { max_age = 1, deny = 1 }, "deny is a number" },
            { { max_age = 1, sauce = 1 }, "unknown option 'sauce'" } } do
            local function ask()
                local function asked()
                    local result = gate.serve(nil, nginx.reader, case[1])
                    return result
                end
                return (asked()) -- what a handler's own level is
            end
            local good, message = pcall(nginx.answer, nginx, {}, ask)
            assert.is_false(good)
            assert.matches("gate_spec.lua:%d+: dwsync.nginx: gate: " .. case[2], message)
        end
        local _, message = pcall(nginx.answer, nginx, {}, gate.is_fresh, nil, nginx.reader, { max_age = 1,
            deny = true })
        assert.matches("dwsync.nginx: is_fresh: unknown option 'deny'", message)
        assert.same({ false }, { nginx:answer({}, gate.is_fresh, nil, nginx.reader, { max_age = 1,
            cluster = ("n"):rep(200), source = "" }).results[1] })
    end)
end)
