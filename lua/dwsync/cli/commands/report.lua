--- `dwsync report [CLUSTER_ID]`: the verdicts as a page or a document, to a file if one is named.
-- It must not leave half a file: it is written whole or not at all.
-- @module dwsync.cli.commands.report
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local display = require "dwsync.text"
local failure = require "dwsync.cli.failure"
local judgement = require "dwsync.cli.judgement"
local report = require "dwsync.report"

local M = {}

local BY_EXTENSION = { csv = "csv", htm = "html", html = "html", json = "json", md = "markdown", ndjson = "ndjson",
    prom = "prometheus", tsv = "tsv", txt = "table" }

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Write a report about a cluster."
    command:description("Writes the verdicts as a page that stands alone, or in any other format.\n"
        .. "Exit status: 0 it was written, 1 that failed or a cluster could not be asked, 2 wrong usage.")
    command:epilog "Example: dwsync report --all-clusters --file report.html"
    judgement.configure(command)
    command:group("Output",
        command:option("-o --output", "Format (default: the file's, else html).", nil, nil, 1)
            :choices(report.health_formats):argname "<format>",
        command:option("--file", "Write it there, whole or not at all.", nil, nil, 1):argname "<file>")
end

-- The format, or what is wrong: a name that promises another one would be opened with the wrong program.
local function format_of(args)
    local ending = (args.file or ""):match "[^/]%.([^/.]+)$"
    local format = args.output or ending == nil and "html" or BY_EXTENSION[ending]
    return format, not format and ("--file: nothing is known of files that end in .%s; choose the format with --output")
        :format(ending)
end

local function write_file(path, parts, context)
    local written, reason = require("dwsync.files").write(path, table.concat(parts))
    if written then
        return 0
    end
    context.stderr:write(display.safe(("dwsync: cannot write %s: %s"):format(path, reason))
        .. "\n        Leave --file out to write to standard output.\n")
    return 1
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local format, unknown = format_of(args)
    if unknown then
        return failure.wrong_usage(unknown, context)
    end
    local overview, items = judgement.overview(args, context)
    if not overview then
        return items
    end
    local parts = {}
    report.render_health(format, overview, function(text)
        parts[#parts + 1] = text
    end, { width = not args.file and context:width() or nil, color = not args.file and context:color() })
    local status = 0
    if args.file then
        status = write_file(args.file, parts, context)
    else
        context:write(table.concat(parts))
    end
    return math.max(status, clusters_chosen.report_failures(items, context))
end

return M
