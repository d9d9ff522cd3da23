--- `dwsync records CLUSTER_ID`: the synchronisation records of one cluster.
-- It must not print part of a list: all records are there, or there is an error.
-- @module dwsync.cli.records
local cli = require "dwsync.cli"
local columns = require "dwsync.report.columns"
local connection = require "dwsync.cli.connection"
local display = require "dwsync.report.display"
local output = require "dwsync.cli.output"
local records = require "dwsync.records"
local timestamps = require "dwsync.timestamps"

local M = {}

local function whole(text)
    local number = text:match "^%d+$" and tonumber(text)
    if number and number > 0 then
        return number
    end
    return nil, ("--limit: '%s' is not an integer above 0"):format(text)
end

local function list(text)
    local items = {}
    for item in text:gmatch "[^,%s]+" do
        items[#items + 1] = item
    end
    if #items == 0 then
        return nil, ("'%s' names nothing"):format(text)
    end
    return items
end

local STATUSES = { FINISHED = true, FAILED = true, RUNNING = true }

-- A status that is none would find nothing, which looks as if all were well.
local function statuses(text)
    local names = list(text)
    for i, name in ipairs(names or {}) do
        names[i] = name:upper()
        if not STATUSES[names[i]] then
            return nil, ("--status: '%s' is none of FINISHED, FAILED, RUNNING"):format(name)
        end
    end
    return names, not names and ("--status: '%s' names nothing"):format(text) or nil
end

-- Types are written in lower case by the service; ids are compared as they are, or in lower case.
local function sources(text)
    local names, err = list(text)
    for i = 1, #(names or {}) do
        names[#names + 1] = names[i]:lower()
    end
    return names, err
end

--- @param command an argparse command
function M.configure(command)
    command:summary "List the synchronisation records of a cluster."
    command:description "Lists every synchronisation record of a cluster, newest first as the service gives them."
    command:epilog "Example: dwsync records CLUSTER_ID --status FAILED --since 7d -o csv"
    command:argument("cluster_id", "Cluster; dwsync clusters lists them."):argname "<cluster_id>"
    command:group("Which records",
        command:option("--status", "Only these: FINISHED, FAILED, RUNNING.", nil, statuses, 1):argname "<names>",
        command:option("--source", "Only these sources: ids or types.", nil, sources, 1):argname "<names>",
        command:option("--since", "Started at or after: 90m, 24h, 7d, ISO 8601.", nil, nil, 1):argname "<when>",
        command:option("--until", "Started before: 90m, 24h, 7d, ISO 8601.", nil, nil, 1):argname "<when>",
        command:option("--limit", "Records a request (default 1000).", nil, whole, 1):argname "<n>",
        command:option("--paging", "How offset counts (default auto).", nil, nil, 1)
            :choices { "auto", "page", "row" })
    connection.configure(command)
    output.configure(command)
end

local function point(args, name, context)
    if not args[name] then
        return nil
    end
    local ms = timestamps.point(args[name], context.now())
    if not ms then
        context.stderr:write(("dwsync: --%s: '%s' is no point in time\n        Write 90m, 24h, 7d, 2w, 2025-05-19, "
            .. "2025-05-19T06:55:23Z or milliseconds.\n"):format(name, args[name]:gsub("%c", "?")))
    end
    return ms, not ms
end

-- What the decoder can leave out; choosing by source is done afterwards, since it looks at two fields.
local function conditions(args, since, till)
    local start_time = (since or till) and { min = since, max = till and till - 1 } or nil
    return { status = args.status, start_time = start_time }
end

-- The columns asked for, when all of them are fields of a record; nil for every field.
local function fields(args)
    local wanted, known = {}, {}
    for _, name in ipairs(columns.record_fields) do
        known[name] = true
    end
    for i, name in ipairs(args.columns or {}) do
        if not known[name] then
            return nil
        end
        wanted[i] = name
    end
    wanted[#wanted + 1] = args.source and "identity_source_id" or nil
    wanted[#wanted + 1] = args.source and "identity_source_type" or nil
    return args.columns and wanted or nil
end

-- "ldap (79d6458e-…)" for each source among the records.
local function name_sources(all)
    local seen, names = {}, {}
    for _, record in ipairs(all) do
        local id = record.identity_source_id or ""
        if not seen[id] then
            seen[id] = true
            names[#names + 1] = ("%s (%s)"):format(record.identity_source_type or "?", id)
        end
    end
    return display.safe(table.concat(names, ", "))
end

-- The records of the sources named, by id or by type; all of them when none is.
local function of_sources(all, names)
    local wanted = {}
    for _, name in ipairs(names or {}) do
        wanted[name] = true
    end
    return names and records.where(all, function(record)
        return wanted[record.identity_source_id] or wanted[record.identity_source_type]
    end):to_list() or all
end

local function tell_if_empty(all, kept, context)
    if all.total == 0 then
        context.stderr:write("dwsync: no records: nothing was ever synchronised, or the feature is off\n")
    elseif #all == 0 then
        context.stderr:write(("dwsync: none of the %d records fits\n"):format(all.total))
    elseif #kept == 0 then
        context.stderr:write("dwsync: no record is of that source\n        There are: " .. name_sources(all) .. ".\n")
    end
end

--- @tparam table args @tparam table context @treturn integer exit status
function M.run(args, context)
    local since, bad_since = point(args, "since", context)
    local till, bad_till = point(args, "until", context)
    if bad_since or bad_till then
        return 2
    elseif since and till and since >= till then
        context.stderr:write "dwsync: --since is not before --until, so nothing can fit\n"
        return 2
    end
    local client, err, clear = connection.open(args, context)
    if not client then
        return cli.report_error(err, context)
    end
    local all, failure = client:all_sync_records {
        cluster_id = args.cluster_id,
        limit = args.limit,
        paging = args.paging,
        where = conditions(args, since, till),
        fields = fields(args),
    }
    clear()
    if not all then
        return cli.report_error(failure, context)
    end
    local kept = of_sources(all, args.source)
    local default = (args.output == "csv" or args.output == "tsv") and columns.record_fields or columns.records
    local status = output.write("sync_records", kept, default, args, context)
    tell_if_empty(all, kept, context)
    return status
end

return M
