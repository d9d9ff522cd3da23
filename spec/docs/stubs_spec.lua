local core = require "dwsync.core"
local dwsync = require "dwsync"
local health = require "dwsync.health"
local history = require "dwsync.history"
local records = require "dwsync.records"

local function text_of(module)
    local file = assert(io.open(("docs/luals/%s.lua"):format(module)))
    local text = file:read "*a"
    file:close()
    return text
end

local public = assert(loadfile "docs/stubs.lua")().public

local function keys(list)
    local names = {}
    for name in pairs(list) do
        if not name:find "^__" then
            names[#names + 1] = name
        end
    end
    table.sort(names)
    return names
end

-- What the definitions declare: by name, what a second capture of the pattern holds.
local function declared(text, pattern)
    local found = {}
    for name, mark in text:gmatch("\n" .. pattern) do
        found[name] = mark or true
    end
    return found
end

local function fields_of(text, class)
    local block = assert(text:match("%-%-%-@class " .. class:gsub("%.", "%%.") .. "\n(.-)\n\n"), class)
    return declared("\n" .. block, "%-%-%-@field ([%w_]+)(%??)")
end

-- A value has no field that its class does not declare, and those that are not optional.
local function check(text, class, value)
    local fields = fields_of(text, class)
    for name in pairs(value) do
        assert.is_truthy(fields[name] or type(name) == "number", ("%s.%s"):format(class, name))
    end
    for name, mark in pairs(fields) do
        assert.is_true(mark == "?" or value[name] ~= nil, class .. "." .. name)
    end
end

local function check_all(text, class, list)
    assert.is_true(#list > 0, class)
    for _, value in ipairs(list) do
        check(text, class, value)
    end
end

describe("the definitions for LuaLS", function()
    it("declare what each public module has, and nothing else", function()
        for _, name in ipairs(public) do
            local text = text_of(name)
            local found = declared(text, "function M%.([%w_]+)%(")
            for value in pairs(declared(text, "M%.([%w_]+) = nil")) do
                found[value] = true
            end
            local module = require(name)
            for value in pairs(found) do
                assert.is_not_nil(module[value], value) -- some come when they are first used
            end
            assert.same(keys(module), keys(found), name)
        end
    end)

    it("give no function a parameter that it does not take", function()
        for _, name in ipairs(public) do
            local stub = assert(loadfile(("docs/luals/%s.lua"):format(name)))()
            for key, value in pairs(require(name)) do
                local info = type(value) == "function" and debug.getinfo(value, "Su") or { isvararg = true }
                if info.what ~= "C" and not info.isvararg then
                    assert.is_true(debug.getinfo(stub[key], "u").nparams <= info.nparams, name .. "." .. key)
                end
            end
        end
    end)

    it("declare the methods that objects have, and no other", function()
        local store = assert(history.open ":memory:")
        local objects = {
            ["dwsync.client"] = { Client = assert(dwsync.new { endpoint = "https://dws.example.com" }) },
            ["dwsync.records"] = { Sequence = records.from {} },
            ["dwsync.history"] = { Store = store },
            ["dwsync.core"] = { pool = core.pool(), ids = core.ids() },
        }
        for module, list in pairs(objects) do
            for receiver, object in pairs(list) do
                local found = declared(text_of(module), ("function %s:([%%w_]+)%%("):format(receiver))
                assert.same(keys(getmetatable(object).__index), keys(found), receiver)
            end
        end
        store:close()
    end)

    it("declare the fields of what judging gives", function()
        local text, list = text_of "dwsync.health", {}
        for i = 1, 20 do
            local start = i * 3600000
            list[i] = { id = tostring(i), identity_source_id = "ldap", identity_source_type = "ldap",
                start_time = start, end_time = start + 60000, status = i % 5 == 0 and "FAILED" or "FINISHED",
                fail_reason = "code 49", delete_count = i == 7 and 500 or 0 }
        end
        local evaluation = health.evaluate(list, {}, 30 * 3600)
        check(text, "dwsync.evaluation", evaluation)
        check_all(text, "dwsync.verdict", evaluation.verdicts)
        check_all(text, "dwsync.source", evaluation.sources)
        check_all(text, "dwsync.reason", evaluation.reasons)
        check(text, "dwsync.statistics", evaluation.statistics)
        check_all(text, "dwsync.alert", health.replay(list))
        local overview = health.overview({ { cluster = { id = "a" }, evaluation = evaluation } }, 30 * 3600)
        check(text, "dwsync.overview", overview)
        check_all(text, "dwsync.overview.item", overview.clusters)
    end)

    it("declare the fields of what a history gives", function()
        local text, store = text_of "dwsync.history", assert(history.open ":memory:")
        check(text, "dwsync.history.summary", assert(store:save("a", { { id = "1", start_time = 1 } })))
        check(text, "dwsync.history.summary", assert(store:pull("a", { { id = "2", start_time = 2 } })))
        check(text, "dwsync.history.list", assert(store:records { cluster_id = "a" }))
        check(text, "dwsync.history.stats", assert(store:stats()))
        store:close()
    end)

    it("declare the fields of what the core decodes", function()
        local text, ids = text_of "dwsync.core", core.ids()
        local page, place = core.decode_page('{"count":1,"sync_records":[{"id":"1"}]}', { ids = ids })
        check(text, "dwsync.page", page)
        check(text, "dwsync.place", place)
        local _, failure = core.decode_page "x"
        check(text, "dwsync.failure", failure)
        ids:close()
    end)

    it("name no field of a record that the core does not know", function()
        local fields = fields_of(text_of "dwsync.core", "dwsync.record")
        assert.is_truthy(fields.fail_reason)
        for name in pairs(fields) do
            assert.is_true(core.check_choice { fields = { name } }, name)
        end
    end)

    it("name no option of a client that does not exist", function()
        local options = fields_of(text_of "dwsync.client", "dwsync.client.options")
        assert.is_truthy(options.attempt_timeout)
        for name in pairs(options) do
            assert.has_no_error(function()
                dwsync.new { [name] = 0 } -- a wrong value is returned as an error, an unknown name raises
            end)
        end
    end)
end)
