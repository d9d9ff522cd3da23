--- `dwsync report [CLUSTER…]`: the verdicts as a page or a document, on stdout or in a file.
-- @module dwsync.cli.commands.report
local checks = require "dwsync.checks"
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local judgement = require "dwsync.cli.judgement"
local output = require "dwsync.cli.output"
local report = require "dwsync.report"

local M = {}

local BY_EXTENSION = { csv = "csv", htm = "html", html = "html", json = "json", md = "markdown", ndjson = "ndjson",
    prom = "prometheus", tsv = "tsv", txt = "table" }

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Write a report about a cluster."
    command:description("Writes the verdicts, and what the rules would have reported in the last 30 days, as one "
        .. "self-contained page, or in any other format.\n"
        .. "Exit status: 0 it was written, 1 that failed or a cluster could not be asked, 2 wrong usage.")
    command:epilog "Example: dwsync report --all-clusters --file report.html"
    judgement.configure(command)
    command:group("Output",
        output.format(command, report.health_formats, "the file's, else html"),
        command:option("--file", "File to write, whole or not at all.", nil,
            checks.reader({ kind = "string" }, "--file")):argname "<file>")
end

local function format_of(args)
    local extension = (args.file or ""):match "[^/]%.([^/.]+)$"
    return args.output or extension == nil and "html" or BY_EXTENSION[extension], extension
end

--- What is wrong with the options, which argparse cannot check.
-- @tparam table args
-- @treturn ?string
function M.wrong_usage(args)
    local format, extension = format_of(args)
    return not format and ("--file: unknown file extension .%s; choose the format with --output"):format(extension)
        or clusters_chosen.wrong_usage(args)
end

local function write_file(path, parts, context)
    local written, reason = require("dwsync.files").write(path, table.concat(parts))
    if written then
        return 0
    end
    context:note(("cannot write %s: %s"):format(path, reason), "Leave --file out to write to standard output.")
    return 1
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local overview, items = judgement.overview(args, context, (format_of(args)), { episodes = true })
    if not overview then
        return items
    end
    local parts = {}
    report.render_health((format_of(args)), overview, function(text)
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
