local history = require "dwsync.history"
local postgres = require "spec.support.postgres"
local schema = require "dwsync.history.schema"
local store = require "dwsync.problems.store"
local tables = require "dwsync.history.tables"
local temporary = require "spec.support.temporary"

local server
setup(function()
    server = postgres.start()
end)
teardown(function()
    server:stop()
end)

local engines = {
    sqlite = function(use)
        temporary.with_folder(function(folder)
            use(folder .. "/history.db")
        end)
    end,
    postgres = function(use)
        use(server:fresh_url())
    end,
}

local function problem(more)
    local row = { cluster_id = "c", source = "s", rule = "failing", source_type = "ldap", cluster_name = "仓库",
        state = "told", severity = "critical", episode = 3, since = 1747637723123, seen_at = 1747637723124,
        fired_at = 1747637723125, changed_at = 1747637723126, message = "it's \\n \\\\ 目录 100 %s", advice = "look",
        told = { chat = { step = "critical", episode = 3, since = 1747637723123 } }, flips = {} }
    for name, value in pairs(more or {}) do
        row[name] = value
    end
    return row
end

for engine, with_target in pairs(engines) do
    local function with_stores(use)
        with_target(function(target)
            local one, other = assert(history.open(target)), assert(history.open(target))
            use(assert(store.open(one)), assert(store.open(other)), one, target)
            one:close()
            other:close()
        end)
    end

    describe("the table of problems in " .. engine, function()
        it("keeps what it is given, to the last byte", function()
            with_stores(function(problems, other)
                local list = { problem { source = "" }, problem { source = "a'b\\ü\0", told = {} },
                    problem { rule = "stale", resolved_at = 5, ending = "over" } }
                assert.equal("done", problems:change("c", function(rows)
                    assert.same({}, rows)
                    return list, "done"
                end))
                assert.same(list, other:rows())
            end)
        end)

        it("changes rows in their place, forgets those that are to be forgotten, and knows clusters apart", function()
            with_stores(function(problems)
                assert(problems:change("c", function() return { problem(), problem { rule = "stale" } }, true end))
                assert(problems:change("d", function() return { problem { cluster_id = "d" } }, true end))
                assert(problems:change("c", function(rows)
                    assert.equal(2, #rows)
                    rows[1].severity, rows[2].state = "warning", "forgotten"
                    return rows, true
                end))
                local rows = problems:rows()
                assert.same({ { "c", "failing", "warning" }, { "d", "failing", "critical" } },
                    { { rows[1].cluster_id, rows[1].rule, rows[1].severity },
                        { rows[2].cluster_id, rows[2].rule, rows[2].severity } })
            end)
        end)

        it("is changed by one program at a time", function()
            with_stores(function(problems, other)
                assert(problems:change("c", function() return { problem { episode = 0 } }, true end))
                local late
                assert(problems:change("c", function(rows)
                    local busy = other.history.context
                    busy.timeout = 0.01 -- it must wait for the first, which waits for it here
                    late = select(2, other:change("c", function() return {}, true end))
                    busy.timeout = 30
                    rows[1].episode = rows[1].episode + 1
                    return rows, true
                end))
                assert.equal("timeout", late.kind)
                assert(other:change("c", function(rows)
                    rows[1].episode = rows[1].episode + 1
                    return rows, true
                end))
                assert.equal(2, problems:rows()[1].episode)
            end)
        end)

        it("has a version of its own, so that the history opens as before", function()
            with_stores(function(_, _, one, target)
                assert.equal(#schema.migrations, one:stats().schema_version)
                local version, err = tables.extend(one, { name = "problems", steps = {} })
                assert.is_nil(version)
                assert.equal("config", err.kind)
                assert.is_truthy(err.message:find("schema version 2 of dwsync_problems_schema, this dwsync supports "
                    .. "versions up to 0", 1, true))
                assert(history.open(target, { readonly = true })):close()
            end)
        end)

        it("is empty where a history that may only be read has none", function()
            with_target(function(target)
                assert(history.open(target)):close()
                local readonly = assert(history.open(target, { readonly = true }))
                assert.same({}, assert(store.open(readonly)):rows())
                readonly:close()
            end)
        end)
    end)
end
