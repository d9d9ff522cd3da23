-- What every command that judges makes of a history.
local command = require "spec.support.command"
local contexts = require "dwsync.cli.context"
local history = require "dwsync.history"
local json = require "dwsync.json"
local processes = require "spec.support.processes"
local saved_records = require "dwsync.cli.saved_records"
local uv = require "luv"

local WEEKS, PAGE = 24 * 30, 3

-- The newest of an hourly source is all that the service keeps.
local function page()
    return (command.healthy(PAGE))
end

local function save(path, cluster, list)
    local store = assert(history.open(path))
    assert(store:save(cluster, list))
    store:close()
end

local function environment(more)
    local all = {}
    for _, part in ipairs { command.ENVIRONMENT, more or {} } do
        for name, value in pairs(part) do
            all[name] = value
        end
    end
    return all
end

describe("a command that judges", function()
    local folder, path
    before_each(function()
        folder = assert(uv.fs_mkdtemp "/tmp/dwsync-spec-XXXXXX")
        path = folder .. "/h.sqlite"
        save(path, "c1", command.healthy(WEEKS))
    end)
    after_each(function() processes.run("rm -rf " .. processes.quoted(folder)) end)

    local function world(more, clusters)
        return { service = command.service(clusters or { c1 = page() }), environment = environment(more) }
    end

    local function records_judged(arguments, its_world)
        local status, out, err = command.run(arguments, its_world)
        assert.equal(0, status, err)
        return json.decode(out:match "{.*").clusters[1].records, err
    end

    it("takes the history together with what the service has, wherever it was named", function()
        local words = { "health", "c1", "-o", "json" }
        assert.equal(PAGE, records_judged(words, world()))
        assert.equal(WEEKS, records_judged(words, world { DWSYNC_HISTORY = path }))
        assert.equal(WEEKS, records_judged({ "health", "c1", "-o", "json", "--history", path }, world()))
        local its_world = world()
        its_world.files = { ["/c.lua"] = ("return { history = '%s' }"):format(path) }
        assert.equal(WEEKS, records_judged({ "health", "c1", "-o", "json", "--config", "/c.lua" }, its_world))
        os.execute(("mkdir -p '%s/dwsync' && mv '%s' '%s/dwsync/history.sqlite'"):format(folder, path, folder))
        assert.equal(WEEKS, records_judged(words, world { XDG_DATA_HOME = folder }))
    end)

    it("warns where synchronisation is off for a cluster of which there are records", function()
        local its_world = world({ DWSYNC_HISTORY = path }, { c1 = command.OFF, c2 = command.OFF })
        local last = "2025-05-19T06:25:23Z"
        local status, out = command.run({ "check", "--all-clusters" }, its_world)
        assert.same({ 1, "WARNING - 2 clusters: 1 warning, 1 disabled; name-c1: synchronisation was turned off or is "
            .. "refused since " .. last .. "\n" }, { status, out })
        local _, _, err = command.run({ "health", "--all-clusters" }, its_world)
        assert.equal("dwsync: name-c1: synchronisation was turned off or is refused since " .. last .. "\n"
            .. "dwsync: name-c2: identity-source synchronisation is off (DWS.5045)\n", err)
        assert.equal(0, (command.run({ "check", "c1" }, world({}, { c1 = command.OFF }))))
    end)

    it("says once that what was seen before cannot be known from a damaged history", function()
        local file = assert(io.open(path, "wb"))
        file:write(("not a database "):rep(100))
        file:close()
        local _, out, err = command.run({ "health", "--all-clusters", "-o", "json" },
            world({ DWSYNC_HISTORY = path }, { c1 = command.OFF, c2 = command.OFF }))
        assert.equal("disabled", json.decode(out).severity)
        local _, count = err:gsub("judged without the full history", "")
        assert.equal(1, count)
    end)

    it("is each of them", function()
        -- Two months ago another source died: only the history knows it.
        save(path, "c1", { command.record("x", 24 * 20, { identity_source_id = "gone" }),
            command.record("y", 24 * 21, { identity_source_id = "gone" }),
            command.record("z", 24 * 22, { identity_source_id = "gone" }) })
        local its_world = world { DWSYNC_HISTORY = path }
        for _, arguments in ipairs {
            { "check", "c1" }, { "health", "c1" }, { "report", "c1", "-o", "markdown" },
            { "replay", "c1", "-o", "ndjson" },
        } do
            local _, out = command.run(arguments, its_world)
            assert.matches("stale", out, 1, true)
            local _, alone = command.run(arguments, world())
            assert.is_nil(alone:find("gone", 1, true), arguments[1])
        end
        local looks = 0
        local _, out = command.run({ "watch", "c1", "--interval", "1" }, { environment = environment { DWSYNC_HISTORY =
            path }, service = command.service { c1 = page() }, sleep = function()
            looks = looks + 1
            return looks > 2 and error "interrupted!"
        end })
        assert.matches('"source":"gone"', out, 1, true)
    end)

    it("judges records of a file alone", function()
        local its_world = world { DWSYNC_HISTORY = path }
        its_world.stdin = command.lines(page())
        assert.equal(PAGE, records_judged({ "health", "c1", "--input", "-", "-o", "json" }, its_world))
    end)

    it("judges without a history that cannot be read, and says so once", function()
        local clusters = { c1 = page(), c2 = page(), c3 = page() }
        local file = assert(io.open(folder .. "/broken", "w"))
        file:write(("not a database\n"):rep(100))
        file:close()
        for _, broken in ipairs { folder .. "/missing.sqlite", folder .. "/broken" } do
            local status, out, err = command.run({ "check", "--all-clusters" },
                world({ DWSYNC_HISTORY = broken }, clusters))
            assert.equal(0, status)
            assert.matches("^OK %- 3 clusters: 3 ok", out)
            local _, count = err:gsub("judged without the full history: ", "")
            assert.equal(1, count, err)
        end
    end)

    it("names a cluster that was asked for by its id as it was called last", function()
        local id = "c1c1c1c1-0000-4000-8000-000000000001"
        local store = assert(history.open(path))
        assert(store:save(id, {}, { name = "dws-prod" }))
        store:close()
        local its_world = world(nil, { [id] = page() })
        local function name()
            local cluster = json.decode((select(2, command.run({ "health", id, "-o", "json" }, its_world)))).clusters[1]
            return { id = cluster.id, name = cluster.name }
        end
        local nameless = name()
        its_world = world({ DWSYNC_HISTORY = path }, { [id] = page() })
        assert.same({ id = id }, nameless)
        assert.same({ id = id, name = "dws-prod" }, name())
    end)

    it("judges a cluster and lets its records go while others are still asked for", function()
        local together = require "dwsync.history.together"
        local list, events = together.list, {}
        finally(function() together.list = list end)
        together.list = function(...)
            events[#events + 1] = "judged"
            return list(...)
        end
        local its_world = world({ DWSYNC_HISTORY = path }, { c1 = page(), c2 = page(), c3 = page() })
        local answer = its_world.service
        its_world.service = function(request)
            events[#events + 1] = request.url:find "offset=0" and "asked" or nil
            return answer(request)
        end
        for _, words in ipairs { { "check", "--all-clusters" }, { "replay", "--all-clusters" } } do
            events = {}
            command.run(words, its_world)
            assert.equal("asked judged asked judged asked judged", table.concat(events, " "), words[1])
        end
    end)

    it("judges by the rest when a record of a cluster is damaged", function()
        save(path, "c2", command.healthy(WEEKS))
        local store = assert(history.open(path))
        store.engine:rows "UPDATE dwsync_records SET content = '{' WHERE record_id = 'r9'"
        store:close()
        local _, out, err = command.run({ "health", "--all-clusters", "-o", "json" },
            world({ DWSYNC_HISTORY = path }, { c1 = page(), c2 = page() }))
        local items = json.decode(out).clusters
        assert.same({ WEEKS - 1, WEEKS - 1 }, { items[1].records, items[2].records })
        assert.matches("judged without the full history: .*record r9 is damaged", err)
    end)

    it("does not know who acknowledged what where that cannot be read, and says so once", function()
        local problems_store = require "dwsync.problems.store"
        local open, fails_late = problems_store.open, false
        finally(function() problems_store.open = open end)
        problems_store.open = function()
            local function fail() return nil, { message = "it is damaged", hint = "Restore it." } end
            if fails_late then
                return { rows = fail }
            end
            return fail()
        end
        for _, late in ipairs { false, true } do
            fails_late = late
            local context = contexts.new { stderr = command.stream(), getenv = function() end }
            local saved = saved_records.new({ history = path }, context, {})
            saved:begin(function() return 0 end, 20)
            saved:add_handled({}, command.NOW)
            saved:add_handled({}, command.NOW)
            saved:close()
            assert.equal("dwsync: not known who acknowledged what: it is damaged\n        Restore it.\n",
                context.stderr.text)
        end
    end)

    it("opens it for as long as there is time, a second at least, and small", function()
        local location = require "dwsync.cli.history_location"
        local open, given = location.open, nil
        finally(function() location.open = open end)
        location.open = function(...)
            given = { ... }
            return nil, { message = "no" }
        end
        for till, timeout in pairs { [20] = 15, [6] = 1, [5.5] = 1, [0] = 1 } do
            local context = contexts.new { stderr = command.stream(), getenv = function() end }
            local args, settings = { history = path }, {}
            local saved = saved_records.new(args, context, settings)
            saved:begin(function() return 5 end, till)
            assert.is_nil(saved:name_of "c1")
            assert.same({ true, args, context, settings, { timeout = timeout, cache = 2 } }, given)
            assert.equal("", context.stderr.text) -- an id will do
            assert.is_nil(saved:last_seen "c1")
            assert.equal("dwsync: judged without the full history: no\n", context.stderr.text)
        end
    end)

    it("reads no more of it once the time is up, but one cluster's records, until it looks again", function()
        local context = contexts.new { stderr = command.stream(), getenv = function() end }
        local saved = saved_records.new({ history = path }, context, {})
        local now = 50
        local function judged()
            return #saved:with("c1", page(), command.NOW)
        end
        saved:begin(function() return now end, 20)
        assert.same({ WEEKS, PAGE, PAGE }, { judged(), judged(), judged() })
        assert.equal("dwsync: judged without the full history: the time is up\n        Raise --timeout.\n",
            context.stderr.text)
        saved:close()
        saved:begin(function() return now end, 100)
        assert.same({ WEEKS, WEEKS }, { judged(), judged() })
        now = 101
        assert.equal(PAGE, judged())
        saved:close()
        assert.equal(1, select(2, context.stderr.text:gsub("judged", "")))
    end)
end)
