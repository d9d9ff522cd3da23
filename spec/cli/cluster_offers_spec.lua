local cluster_offers = require "dwsync.cli.cluster_offers"
local connection = require "dwsync.cli.connection"
local core = require "dwsync.core"
local history = require "dwsync.history"
local processes = require "spec.support.processes"
local uv = require "luv"

local NOW = 1761389392

describe("the names of clusters that a shell is offered", function()
    local open, open_history, folder, list, asked, options, variables, now, given, given_context, opened, closed

    before_each(function()
        open, folder = connection.open, assert(uv.fs_mkdtemp "/tmp/dwsync-spec-XXXXXX")
        open_history, opened, closed = history.open, {}, 0
        history.open = function(...)
            opened[#opened + 1] = { ... }
            local store = assert(open_history(...))
            local close = store.close
            function store.close(self)
                closed = closed + 1
                return close(self)
            end
            return store
        end
        list, asked, now, options = {}, 0, NOW, { region = "r", endpoint = nil, project_id = "p" }
        variables = { HOME = folder, HUAWEICLOUD_SDK_AK = "AK", DWSYNC_HISTORY = folder .. "/h.sqlite" }
        connection.open = function(args, context)
            given, given_context = args, context
            return list ~= "none" and { option = function(_, name) return options[name] end, list_clusters = function()
                asked = asked + 1
                return list
            end } or nil
        end
    end)
    after_each(function()
        connection.open, history.open = open, open_history
        processes.run("rm -rf " .. processes.quoted(folder))
    end)

    local function names(config)
        local context = { getenv = function(name) return variables[name] end,
            now = function() return now end,
            read_file = function()
                if config then
                    return config
                end
                return nil, "No such file or directory", true
            end }
        local found = table.concat(cluster_offers.names(context), " ")
        assert.equal(context, given_context)
        return found
    end

    it("are those of the service, its ids where names are missing, asked with little patience", function()
        list = { { id = "c2", name = "b" }, { id = "c1", name = "a" }, { id = "c3" }, { id = "c4", name = "two words" },
            { id = "c5", name = "a" } }
        assert.equal("a b c3", names())
        assert.same({ timeout = 2, retries = 0 }, given)
    end)

    it("are kept for five minutes, for those who ask in the same place with the same key", function()
        list = { { name = "a" } }
        names()
        list = { { name = "b" } }
        for _, case in ipairs { { 0, "a", 1 }, { 299, "a", 1 }, { 300, "b", 2 }, { 300, "b", 2 }, { 299, "b", 3 } } do
            now = NOW + case[1]
            assert.same({ case[2], case[3] }, { names(), asked })
        end
        for _, change in ipairs { function() options.region = "r2" end, function() options.endpoint = "https://e" end,
            function() options.project_id = "p2" end, function() variables.HUAWEICLOUD_SDK_AK = "AK2" end,
            function() variables.HUAWEICLOUD_SDK_PROJECT_ID = "p3" end,
            function() variables.HUAWEICLOUD_SDK_PROJECT_ID = "4p3" end,
            function() variables.HUAWEICLOUD_SDK_AK, variables.HUAWEICLOUD_SDK_PROJECT_ID = "AK24", "p3" end } do
            change()
            local before = asked
            names()
            names()
            assert.equal(before + 1, asked)
        end
    end)

    it("are the old ones where the service does not answer, and none where nothing was kept", function()
        list = nil
        assert.equal("", names())
        list = { { name = "a" }, { name = "b" } }
        names()
        list, now = nil, NOW + 1000
        assert.equal("a b", names())
        list = "none"
        assert.equal("", names())
    end)

    it("are kept in a folder of the user's own, where there is one", function()
        list = { { name = "a" } }
        names()
        local kept = assert(uv.fs_stat(folder .. "/.cache/dwsync"))
        assert.equal(448, kept.mode % 512)
        assert.equal(448, assert(uv.fs_stat(folder .. "/.cache")).mode % 512)
        assert.truthy(uv.fs_stat(("%s/.cache/dwsync/clusters-%s"):format(folder,
            core.sha256("r\0nil\0p\0AK\0"):sub(1, 16))))
        variables.XDG_CACHE_HOME = folder .. "/x"
        names()
        assert.truthy(uv.fs_stat(folder .. "/x/dwsync"))
        variables.XDG_CACHE_HOME, variables.HOME = nil, nil
        assert.equal("a", names())
        assert.equal("a", names())
        assert.equal(4, asked)
    end)

    it("are those of the configuration and of a history that is a file, too", function()
        local store = assert(open_history(variables.DWSYNC_HISTORY))
        assert(store:save("c9", {}, { name = "saved" }))
        store:close()
        list = { { name = "asked" } }
        local text = 'return { clusters = { configured = "c1", ["no word"] = "c2" } }'
        assert.equal("asked configured saved", names(text))
        assert.equal("asked saved", names "return 7")
        local target = variables.DWSYNC_HISTORY
        assert.same({ { { target, { readonly = true, timeout = 2 } }, { target, { readonly = true, timeout = 2 } } },
            2 }, { opened, closed })
        variables.DWSYNC_HISTORY = nil
        assert.equal("asked saved", names(("return { history = %q }"):format(target)))
        variables.DWSYNC_HISTORY = "postgres://127.0.0.1:1/d"
        assert.equal("asked", names "return 7")
        assert.equal(3, #opened) -- a database is not asked
        variables.DWSYNC_HISTORY = target
        assert(uv.fs_unlink(variables.DWSYNC_HISTORY))
        assert.equal("asked configured", names(text))
        assert.is_nil(uv.fs_stat(variables.DWSYNC_HISTORY)) -- asking makes none
    end)
end)
