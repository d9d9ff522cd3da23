local quantities = require "dwsync.quantities"
local rules = require "dwsync.health.rules"

local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
end

local PAGE = read "docs/judging.md"

-- What the examples of the page print, in their order. They are one program: later ones use what earlier ones made.
local function run_examples()
    local outputs, program = {}, {}
    for code in PAGE:gmatch "\n```lua\n(.-)\n```\n" do
        program[#program + 1] = code
        program[#program + 1] = "next_example()"
    end
    local written = {}
    local environment = setmetatable({
        print = function(...)
            local parts = { ... }
            for i = 1, #parts do
                parts[i] = tostring(parts[i])
            end
            written[#written + 1] = table.concat(parts, "\t") .. "\n"
        end,
        io = { write = function(...) written[#written + 1] = table.concat { ... } end },
        next_example = function()
            outputs[#outputs + 1] = table.concat(written)
            written = {}
        end,
    }, { __index = _G })
    local source = table.concat(program, "\n")
    local chunk = _G.setfenv and _G.setfenv(assert(loadstring(source, "judging.md")), environment)
        or assert(load(source, "judging.md", "t", environment))
    chunk()
    return outputs
end

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
    it("shows what its examples print", function()
        local outputs, count = run_examples(), 0
        for text in PAGE:gmatch "\n```text\n(.-)```\n" do
            count = count + 1
            assert.equal(outputs[count], text)
        end
        assert.equal(#outputs, count)
        assert.is_true(count > 0)
    end)

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
