--- Lines of text from rows, quickly: a whole line is one call of string.format. Its format follows from what kinds of
-- values the row has, and is kept, since nearly all rows have the same.
-- It must not know what a format escapes: the columns say that.
--
-- A column is {name =, before = what precedes its value, absent = what is written for none (nil: not even a separator),
-- special = a pattern that a text must have to need more than `quote` around it (nil: every text does), integer =
-- function(value) → text, where digits are not enough, text = function(value) → text, for everything else}.
-- @module dwsync.report.rows.lines
local unpack = table.unpack or unpack -- luacheck: ignore 143
local concat, find, format, type = table.concat, string.find, string.format, type

local M = {}

local FULL = 65536 -- bytes that are written at once
local FEW = 64 -- texts of a column that are remembered: most come again and again, ids do not
local MANY = 4096 -- kinds of rows that are remembered

local ABSENT, INTEGER, PLAIN, TEXT = 1, 2, 3, 4

local EXACT = 2 ^ 53

-- "integer", or something else: whole numbers of Lua 5.1, up to where they are exact, are integers as well.
local kind_of = math.type or function(value)
    return type(value) == "number" and value % 1 == 0 and value > -EXACT and value < EXACT and "integer" or nil
end

local function literal(text)
    return (text:gsub("%%", "%%%%"))
end

local function part_of(column, kind)
    local before, quote = literal(column.before or ""), column.quote or ""
    if kind == ABSENT then
        return column.absent and literal(column.absent)
    elseif kind == INTEGER then
        return before .. "%d"
    end
    return before .. (kind == PLAIN and quote .. "%s" .. quote or "%s")
end

-- Where a column can go on from: the format of all columns before it.
local function grown(node, column, kind, shape)
    local part = part_of(column, kind)
    local so_far = node.so_far .. (part and node.parts > 0 and literal(shape.separator) or "") .. (part or "")
    return { so_far = so_far, parts = node.parts + (part and 1 or 0), line = so_far .. literal(shape.close) }
end

-- Ids are most of all texts: what is quick to see of them is looked at first.
local function is_plain(value, special)
    return find(value, "^%x[%x-]*$") or not find(value, special)
end

--- A function that makes the line of a row.
-- @tparam {table,...} columns
-- @tparam table shape `open`, `separator`, `close`: what stands before, between and behind the columns
-- @treturn function(row) → string, integer how many columns have a value
function M.maker(columns, shape)
    local empty = literal(shape.open)
    local root, nodes, args = { so_far = empty, parts = 0, line = empty .. literal(shape.close) }, 0, {}
    local count, names, integer, seen, room = #columns, {}, {}, {}, {}
    for i, column in ipairs(columns) do
        names[i], integer[i], seen[i], room[i] = column.name, column.integer or false, {}, FEW
    end

    local function text_of(i, value)
        local column = columns[i]
        if type(value) ~= "string" then
            return column.text(value), TEXT
        end
        local plain = column.special and is_plain(value, column.special)
        if plain and room[i] == 0 then
            return value, PLAIN
        end
        local text = plain and (column.quote or "") .. value .. (column.quote or "") or column.text(value)
        if room[i] > 0 then
            room[i], seen[i][value] = room[i] - 1, text
        end
        return text, TEXT
    end

    local function grow(node, i, kind)
        local next_node = grown(node, columns[i], kind, shape)
        nodes = nodes + 1
        node[kind] = nodes < MANY and next_node or nil
        return next_node
    end

    return function(row)
        local node, n = root, 0
        for i = 1, count do
            local value, kind = row[names[i]], ABSENT
            if value ~= nil then
                n = n + 1
                if kind_of(value) == "integer" then
                    local text = integer[i]
                    args[n], kind = text and text(value) or value, text and TEXT or INTEGER
                else
                    local text = seen[i][value]
                    if text then
                        args[n], kind = text, TEXT
                    else
                        args[n], kind = text_of(i, value)
                    end
                end
            end
            node = node[kind] or grow(node, i, kind)
        end
        return format(node.line, unpack(args, 1, n)), n
    end
end

--- Writes lines in pieces of some size: a call of the stream for each would cost more than making it.
-- @tparam {table,...} rows
-- @tparam function line function(row, i) → string with its end
-- @tparam function write
function M.write(rows, line, write)
    local pieces, n, size = {}, 0, 0
    for i = 1, #rows do
        n = n + 1
        pieces[n] = line(rows[i], i)
        size = size + #pieces[n]
        if size >= FULL then
            write(concat(pieces, "", 1, n))
            n, size = 0, 0
        end
    end
    if n > 0 then
        write(concat(pieces, "", 1, n))
    end
end

return M
