--- The options that shape output, and the rendering that follows them.
-- It must not decide what is shown, only how.
-- @module dwsync.cli.output
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

--- Adds the options. @param command an argparse command
function M.configure(command)
    command:group("Output",
        command:option("-o --output", "Format.", "table", nil, 1):choices(report.formats)
            :argname "<format>",
        command:option("--columns", "Columns, separated by commas.", nil, column_list, 1):argname "<names>",
        command:option("--color", "When to use colour.", "auto", nil, 1)
            :choices { "auto", "always", "never" })
end

--- Writes rows as the options say.
-- @tparam string name the field of the service's answer @tparam {table,...} rows
-- @tparam {string,...} default_columns @tparam table args @tparam table context
function M.write(name, rows, default_columns, args, context)
    local document = {
        name = name,
        rows = rows,
        columns = args.columns or default_columns,
        every_field = not args.columns,
    }
    report.render(args.output, document, function(text)
        context.stdout:write(text)
    end, { width = context:width(), color = context:color(args.color) })
    context.stdout:flush()
end

return M
