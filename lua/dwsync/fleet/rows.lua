--- Rows of a fleet's tables: read into tables by column, and values written into SQL.
-- @module dwsync.fleet.rows
local decimal = require "dwsync.decimal"
local identity = require "dwsync.history.identity"
local reading = require "dwsync.history.reading"
local quoted = require("dwsync.history.statements").quoted

local M = {}

--- A value in SQL.
-- @tparam ?string|number value
-- @treturn string
function M.literal(value)
    if value == nil then
        return "NULL"
    elseif type(value) == "number" then
        return decimal.exact(value) or "NULL"
    end
    return quoted(identity.cell(value))
end

local function row_of(names, cells)
    local row = {}
    for i, name in ipairs(names) do
        local value = cells[i]
        row[name] = type(value) == "string" and identity.text(value) or reading.integer(value)
    end
    return row
end

--- What a query finds, as tables by column.
-- @tparam table session see dwsync.history.transaction
-- @tparam {string,...} names of the columns
-- @tparam string rest of the query, from its table on
-- @treturn {table,...}
function M.of(session, names, rest)
    local rows = session:rows(("SELECT %s FROM %s"):format(table.concat(names, ", "), rest))
    for i, cells in ipairs(rows) do
        rows[i] = row_of(names, cells)
    end
    return rows
end

--- The time, milliseconds: the database's, which is the only clock that counts.
-- @tparam table session
-- @treturn number
function M.clock(session)
    return tonumber(session:rows("SELECT " .. session.clock)[1][1])
end

--- Numbers in SQL, for IN.
-- @tparam {integer,...} numbers
-- @treturn string
function M.numbers(numbers)
    local parts = {}
    for i, number in ipairs(numbers) do
        parts[i] = decimal.exact(number)
    end
    return table.concat(parts, ",")
end

--- A condition: that a column has one of these values.
-- @tparam string column
-- @tparam {string,...} values
-- @treturn string
function M.among(column, values)
    local parts = {}
    for i, value in ipairs(values) do
        parts[i] = M.literal(value)
    end
    return parts[1] and ("%s IN (%s)"):format(column, table.concat(parts, ",")) or "1 = 0"
end

return M
