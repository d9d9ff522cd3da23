local lazy = require "dwsync.lazy"

describe("a module taken lazily", function()
    before_each(function()
        package.preload["dwsync_spec.part"] = function()
            return { double = function(n)
                return 2 * n
            end, limit = 7 }
        end
    end)
    after_each(function()
        package.preload["dwsync_spec.part"], package.loaded["dwsync_spec.part"] = nil, nil
    end)

    it("is not loaded before something of it is used", function()
        lazy "dwsync_spec.part"
        assert.is_nil(package.loaded["dwsync_spec.part"])
    end)

    it("has everything of the module, and nothing else", function()
        local part = lazy "dwsync_spec.part"
        assert.equal(8, part.double(4))
        assert.equal(7, part.limit)
        assert.is_nil(part.other)
        assert.is_table(package.loaded["dwsync_spec.part"])
    end)

    it("adds to a module what that lacks, once something of it is used", function()
        local own = lazy("dwsync_spec.part", { limit = 8 })
        assert.equal(8, own.limit)
        assert.is_nil(package.loaded["dwsync_spec.part"])
        assert.equal(6, own.double(3))
        assert.equal("function", type(rawget(own, "double")))
    end)

    it("is loaded with all that it takes lazily when no file may be read later", function()
        package.preload["dwsync_spec.part"] = function()
            return { inner = lazy "dwsync_spec.inner" }
        end
        package.preload["dwsync_spec.inner"] = function()
            return {}
        end
        lazy "dwsync_spec.part"
        lazy.load()
        local inner = package.loaded["dwsync_spec.inner"]
        package.preload["dwsync_spec.inner"], package.loaded["dwsync_spec.inner"] = nil, nil
        assert.is_table(package.loaded["dwsync_spec.part"])
        assert.is_table(inner)
        lazy.load() -- and not again
        assert.is_nil(package.loaded["dwsync_spec.inner"])
    end)

    it("is not loaded for those that need it later when it is in use already", function()
        local part = lazy "dwsync_spec.part"
        assert.equal(7, part.limit)
        package.loaded["dwsync_spec.part"] = nil
        lazy.load()
        assert.is_nil(package.loaded["dwsync_spec.part"])
        package.loaded["dwsync_spec.part"] = { limit = 9 }
        part = lazy "dwsync_spec.part"
        package.loaded["dwsync_spec.part"] = nil
        lazy.load()
        assert.is_nil(package.loaded["dwsync_spec.part"])
        assert.equal(7, part.limit)
    end)

    it("raises what the module raises when it cannot be loaded", function()
        local part = lazy "dwsync_spec.absent"
        assert.error_matches(function()
            return part.double
        end, "dwsync_spec.absent")
    end)
end)

describe("what require \"dwsync\" loads", function()
    -- In a process of its own: this one has loaded everything.
    local function loaded_by(code)
        local lua = jit and "luajit" or "lua" .. _VERSION:match "%d%.%d"
        local list = "for name in pairs(package.loaded) do print(name) end"
        local pipe = assert(io.popen(("%s -e '%s %s'"):format(lua, code, list)))
        local names = {}
        for name in pipe:lines() do
            names[name] = true
        end
        assert(pipe:close())
        assert.is_true(names["dwsync.core"])
        return names
    end

    it("leaves out what only messages and failures need", function()
        local names = loaded_by 'require "dwsync".new { region = "cn-north-4", credentials = { ak = "A", sk = "S" } }'
        for _, name in ipairs { "text", "quantities", "decimal", "errors.codes", "credentials.failure", "records",
            "runtime.concurrent", "client.paging", "json", "cluster_names", "timestamps", "errors.wording",
            "checks.wording", "files.writing", "record_fields", "request.failures", "credentials.variable_names" } do
            assert.is_nil(names["dwsync." .. name], name)
        end
        assert.is_nil(names.cjson)
    end)

    it("loads it all in nginx when a client is made: the event loop does not wait for files", function()
        local names = loaded_by [[
            ngx = { timer = {}, get_phase = function() return "init" end }
            require "dwsync".new { region = "cn-north-4", credentials = { ak = "A", sk = "S" } }
            local loaded = {}
            for name in pairs(package.loaded) do
                loaded[name] = true
            end
            require "dwsync.lazy".load()
            for name in pairs(package.loaded) do
                assert(loaded[name], name)
            end
        ]]
        for _, name in ipairs { "text", "errors.wording", "errors.codes", "checks.wording", "request.failures" } do
            assert.is_true(names["dwsync." .. name], name)
        end
    end)

    it("leaves out what only names of clusters need from a query by id, too", function()
        local names = loaded_by [[
            local page = { sync_records = {}, count = 0 }
            assert(require "dwsync".new { region = "cn-north-4", project_id = "p", credentials = { ak = "A", sk = "S" },
                runtime = { now = os.time, monotonic = os.clock, sleep = print, perform = function()
                    return { status = 200, page = page, place = {} }
                end } }:list_sync_records { cluster_id = "05cea375-4b7a-4ebd-a2dc-000000000001" })
        ]]
        for _, name in ipairs { "text", "cluster_names", "json", "timestamps", "credentials.cache",
            "client.cluster_lookup", "client.parameters" } do
            assert.is_nil(names["dwsync." .. name], name)
        end
    end)
end)
