local quantities = require "dwsync.quantities"
local rules = require "dwsync.health.rules"

local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
end

local PAGE = read "docs/judging.md"

local function section(rule)
    return assert(PAGE:match("\n### " .. rule .. "\n(.-)\n##"), rule)
end

local function shown(option)
    local value = option.default
    if value == nil then
        return (option.learned or not option.level) and "learned" or "off"
    elseif option.kind == "duration" then
        return quantities.duration(value)
    end
    return option.kind == "ratio" and quantities.percent(value) or quantities.number(value)
end

describe("the page on how dwsync judges", function()
    it("has a section for each rule, with each option and its default", function()
        for _, name in ipairs(rules.names) do
            local text, count = section(name), 0
            for option, default in text:gmatch "\n| `([%w_]+)` | ([^|]-) |" do
                count = count + 1
                assert.equal(shown(assert(rules.by_name[name].options[option], name .. "." .. option)), default,
                    name .. "." .. option)
            end
            for _ in pairs(rules.by_name[name].options) do
                count = count - 1
            end
            assert.equal(0, count, name)
        end
    end)

    it("says what follows from what", function()
        local source, count = read "lua/dwsync/health/relations.lua", 0
        for cause, others in source:gmatch '{ "([%w_]+)", { (.-) } },' do
            count = count + 1
            assert.is_truthy(PAGE:find(("\n| `%s` | %s |\n"):format(cause, (others:gsub('"', "`"))), 1, true), cause)
        end
        assert.is_true(count > 0)
    end)
end)
