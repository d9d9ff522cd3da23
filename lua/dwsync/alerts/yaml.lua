--- YAML of lists, maps and ASCII texts, written so that any reader takes every text for exactly that text.
-- @module dwsync.alerts.yaml
local M = {}

local write

-- Texts that no reader can take for a number, a boolean or null.
local function is_word(text)
    return text:find "^[%a_][%w_]*$" ~= nil and #text > 5
end

local function is_printable(text)
    return not text:find "[^\32-\126]"
end

local NAMED = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r" }

local function escape(character)
    return NAMED[character] or ("\\x%02X"):format(character:byte())
end

-- One line, in the quotes that keep it readable; only double quotes can hold invisible characters.
local function quoted(text)
    if is_word(text) then
        return text
    elseif is_printable(text) and text:find '["\\]' then
        return "'" .. text:gsub("'", "''") .. "'"
    end
    return '"' .. text:gsub('[%c"\\\127]', escape) .. '"'
end

-- Whether several lines can be written as they are. An indented first line, an empty line or one that ends in a blank
-- would need more.
local function is_block(text)
    return text:find "\n" and not text:find "[^\n\32-\126]" and not ("\n" .. text .. "\n"):find "\n[ \n]"
        and not text:find " \n" and not text:find " $"
end

local function scalar(text, indent)
    assert(not text:find "[\128-\255]", "text beyond ASCII")
    if is_block(text) then
        return "|-\n" .. indent .. text:gsub("\n", "\n" .. indent)
    end
    return quoted(text)
end

local function entry(value, indent)
    if type(value) == "table" then
        return "\n" .. write(value, indent)
    end
    return " " .. scalar(value, indent)
end

local function write_map(map, indent)
    local lines = {}
    for i, pair in ipairs(map) do
        lines[i] = ("%s%s:%s"):format(indent, pair[1], entry(pair[2], indent .. "  "))
    end
    return table.concat(lines, "\n")
end

local function write_list(list, indent)
    local lines = {}
    for i, item in ipairs(list) do
        local deeper = indent .. "  "
        local text = type(item) == "table" and write(item, deeper) or deeper .. scalar(item, deeper)
        lines[i] = indent .. "- " .. text:sub(#indent + 3)
    end
    return table.concat(lines, "\n")
end

write = function(value, indent)
    return (value.list and write_list or write_map)(value.list or value, indent)
end

--- Writes a document.
-- @tparam table value a map as a list of pairs {key, value}, or {list = {value, …}}; values are texts or such again,
-- and keys are words
-- @treturn string
function M.write(value)
    return write(value, "") .. "\n"
end

return M
