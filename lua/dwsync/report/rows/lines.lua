--- Lines of text from rows, as a layout of dwsync.core.write_rows says, in pieces of some size.
-- It must not know what a format escapes: the layout's columns say that.
-- @module dwsync.report.rows.lines
local core = require "dwsync.core"

local M = {}

local FEW = 256 -- values that a function remembers

--- Remembers what a function makes of a value, for the values that come again and again.
-- @tparam function(value) make
-- @treturn function(value)
function M.remembering(make)
    local made, room = {}, FEW
    return function(value)
        local result = made[value]
        if result == nil then
            result = make(value)
            if room > 0 then
                made[value], room = result, room - 1
            end
        end
        return result
    end
end

--- Makes a layout remember what its columns make of texts.
-- @tparam table layout
-- @treturn table the same
function M.layout(layout)
    for _, column in ipairs(layout.columns) do
        local make = column.text
        local remembered = M.remembering(make)
        column.text = function(value)
            return (type(value) == "string" and remembered or make)(value)
        end
    end
    return layout
end

--- Writes lines.
-- @tparam {table,...} rows
-- @tparam table layout
-- @tparam function write
function M.write(rows, layout, write)
    local text, first = core.write_rows(rows, 1, layout)
    while text ~= "" do
        write(text)
        text, first = core.write_rows(rows, first, layout)
    end
end

return M
