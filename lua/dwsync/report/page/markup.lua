--- HTML and SVG elements, with escaping that cannot be forgotten: text given as a string is always escaped, and only
-- what `element` made goes through as it is.
-- Names of elements and attributes must come from code, never from data.
-- @module dwsync.report.page.markup
local decimal = require "dwsync.decimal"
local display = require "dwsync.text"

local M = {}

local Markup = { __name = "dwsync.markup" }

function Markup:__tostring()
    return self.text
end

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- Text for an element or a quoted attribute: valid UTF-8 on one line, in which HTML sees nothing but text.
-- @tparam string text
-- @treturn string
function M.escape(text)
    return (display.safe(text):gsub("[&<>\"']", ESCAPES))
end

local function number_text(number)
    return (decimal.format("%.2f", number):gsub("0+$", ""):gsub("%.$", ""))
end

local function value_text(value)
    return type(value) == "number" and number_text(value) or M.escape(tostring(value))
end

-- In a fixed order, so that two reports of the same can be compared.
local function attribute_text(attributes)
    local names = {}
    for name in pairs(attributes) do
        names[#names + 1] = name
    end
    table.sort(names)
    local parts = {}
    for _, name in ipairs(names) do
        local value = attributes[name]
        if value == true then
            parts[#parts + 1] = " " .. name
        elseif value ~= false then
            parts[#parts + 1] = (' %s="%s"'):format(name, value_text(value))
        end
    end
    return table.concat(parts)
end

local function append(parts, child)
    if getmetatable(child) == Markup then
        parts[#parts + 1] = child.text
    elseif type(child) == "table" then
        for _, item in ipairs(child) do
            append(parts, item)
        end
    elseif child then
        parts[#parts + 1] = type(child) == "number" and number_text(child) or M.escape(child)
    end
end

local VOID = { meta = true, br = true, link = true }

--- Several pieces as one.
-- @param ... text (a string, which is escaped), a number, markup, false or nil for nothing, or a list of these, which
-- ends at its first nil
-- @treturn dwsync.markup
function M.join(...)
    local parts = {}
    for i = 1, select("#", ...) do
        append(parts, (select(i, ...)))
    end
    return setmetatable({ text = table.concat(parts) }, Markup)
end

--- The opening tag of an element that is too large to be one text.
-- @tparam string name
-- @tparam[opt] table attributes as for `element`
-- @treturn string
function M.opening(name, attributes)
    return "<" .. name .. attribute_text(attributes or {}) .. ">"
end

--- An element.
-- @tparam string name
-- @tparam[opt] table attributes by name: text, a number, or true for a bare one; false for none
-- @param ... what is in it, as for `join`
-- @treturn dwsync.markup which tostring turns into text
-- @usage element("p", { class = "advice" }, "Next: ", element("b", nil, hostile))
function M.element(name, attributes, ...)
    local open = M.opening(name, attributes)
    local text = VOID[name] and open or open .. M.join(...).text .. "</" .. name .. ">"
    return setmetatable({ text = text }, Markup)
end

--- Style rules as an element: the only text that is not escaped, so it must be a constant of the code.
-- @tparam string css
-- @treturn dwsync.markup
function M.style(css)
    assert(not css:find "<", "style rules must not contain markup")
    return setmetatable({ text = "<style>" .. css .. "</style>" }, Markup)
end

return M
