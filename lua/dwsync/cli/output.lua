--- The options that shape output, and the rendering that follows them.
-- @module dwsync.cli.output
local checks = require "dwsync.checks"
local columns = require "dwsync.report.rows.columns"
local record_fields = require "dwsync.record_fields"
local record_options = require "dwsync.cli.record_options"
local report = require "dwsync.report"

local M = {}

local COLUMNS = { expected = "names separated by commas", read = record_options.names_in }

--- Makes the option for the format.
-- @param command an argparse command
-- @tparam {string,...} formats the first is the default
-- @tparam[opt] string otherwise what is the default instead
-- @return the option
function M.format(command, formats, otherwise)
    local text = ("Format: %s (default: %s)."):format(table.concat(formats, ", "), otherwise or formats[1])
    return command:option("-o --output", text, not otherwise and formats[1] or nil):choices(formats)
        :argname "<format>":show_default(false)
end

--- Adds the options.
-- @param command an argparse command
function M.configure(command)
    command:group("Output",
        M.format(command, report.formats),
        command:option("--time", "How times are written: iso (UTC), local, ms (default: iso).")
            :choices(columns.times):argname "<how>",
        command:option("--columns", "Columns, separated by commas.", nil,
            checks.reader(COLUMNS, "--columns")):argname "<names>",
        command:option("--color", "When to use colour.", "auto")
            :choices { "auto", "always", "never" })
end

-- The problem with a column that no row has, which is a typing error unless there are no rows to judge by.
local function unknown_column(names, rows, default_columns)
    local known = {}
    for _, column in ipairs(default_columns) do
        known[column] = true
    end
    for _, row in ipairs(rows) do
        for column in pairs(row) do
            known[column] = true
        end
    end
    for _, name in ipairs(columns.computed) do
        known[name] = known.start_time -- of records
    end
    for _, name in ipairs(#rows > 0 and names or {}) do
        if not known[name] and not record_fields.by_name[name] then
            return checks.unknown({ [name] = true }, known, { noun = "column" })
        end
    end
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
        time = args.time,
    }
    local problem = args.columns and unknown_column(args.columns, rows, default_columns)
    if problem then
        context:note("--columns: " .. problem.message, problem.hint)
        return 2
    end
    report.render(args.output, document, function(text)
        context:write(text)
    end, { width = context:width(), color = context:color(args.color) })
    return 0
end

return M
