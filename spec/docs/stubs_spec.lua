local core = require "dwsync.core"
local dwsync = require "dwsync"
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

-- What the definitions declare, by name.
local function declared(text, pattern)
    local found = {}
    for name in text:gmatch("\n" .. pattern) do
        found[name] = true
    end
    return found
end

local function fields_of(text, class)
    local block = assert(text:match("%-%-%-@class " .. class:gsub("%.", "%%.") .. "\n(.-)\n\n"), class)
    return declared("\n" .. block, "%-%-%-@field ([%w_]+)")
end

describe("the definitions for LuaLS", function()
    it("declare what each public module has, and nothing else", function()
        for _, name in ipairs(public) do
            local text = text_of(name)
            local found = declared(text, "function M%.([%w_]+)%(")
            for value in pairs(declared(text, "M%.([%w_]+) = nil")) do
                found[value] = true
            end
            assert.same(keys(require(name)), keys(found), name)
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
