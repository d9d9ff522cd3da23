--- The options that shape output, and the rendering that follows them.
-- It must not decide what is shown, only how.
-- @module dwsync.cli.output
local display = require "dwsync.text"
local record_fields = require "dwsync.record_fields"
local report = require "dwsync.report"

local M = {}

local function column_list(text)
    local list = {}
    for name in text:gmatch "[^,%s]+" do
        list[#list + 1] = name
    end
    if #list == 0 then
        return nil, "--columns needs at least one name"
    end
    return list
end

--- Adds the options.
-- @param command an argparse command
function M.configure(command)
    command:group("Output",
        command:option("-o --output", "Format.", "table", nil, 1):choices(report.formats)
            :argname "<format>",
        command:option("--columns", "Columns, separated by commas.", nil, column_list, 1):argname "<names>",
        command:option("--color", "When to use colour.", "auto", nil, 1)
            :choices { "auto", "always", "never" })
end

-- A column that no row has is a typing error, unless there is no row to tell.
local function missing_column(names, rows)
    for _, name in ipairs(#rows > 0 and names or {}) do
        local present = false
        for _, row in ipairs(rows) do
            present = present or row[name] ~= nil
        end
        if not present and not record_fields.by_name[name] then
            return name
        end
    end
end

local function unknown_column(name, rows, default_columns, context)
    local known = {}
    for _, column in ipairs(default_columns) do
        known[column] = true
    end
    for _, row in ipairs(rows) do
        for column in pairs(row) do
            known[column] = true
        end
    end
    local names = {}
    for column in pairs(known) do
        names[#names + 1] = tostring(column)
    end
    table.sort(names)
    context.stderr:write(display.safe(("dwsync: --columns: there is no '%s'"):format(name)) .. "\n        There are: "
        .. display.safe(table.concat(names, ", ")) .. ".\n")
    return 2
end

--- Writes rows as the options say.
-- @tparam string name the field of the service's answer
-- @tparam {table,...} rows
-- @tparam {string,...} default_columns
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.write(name, rows, default_columns, args, context)
    local document = {
        name = name,
        rows = rows,
        columns = args.columns or default_columns,
        every_field = not args.columns,
    }
    local missing = missing_column(args.columns or {}, rows)
    if missing then
        return unknown_column(missing, rows, default_columns, context)
    end
    report.render(args.output, document, function(text)
        context:write(text)
    end, { width = context:width(), color = context:color(args.color) })
    return 0
end

return M
